"""TRL's SFTTrainer on the same model, records and settings; run by ``benchmarks.train_speed`` in TRL's own environment.

PYTHON benchmarks/train_peer.py MODEL RECORDS.jsonl WINDOW STEPS ROWS {bfd|wrapped}

ROWS windows are taken at a time, and sixteen make a step.

Prints one JSON line: tokens trained that are no padding, seconds of the steps after the first two, and the loss.
"""

import json
import sys
import time
from pathlib import Path

SKIP = 2
"""Steps that are not timed: memory is laid out in them."""


def main() -> int:
    """Train and print what it took."""
    model, records, window, steps, rows, how = sys.argv[1:]
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(2)
    marks: list[float] = []
    counts: list[int] = []

    class Clock(TrainerCallback):
        def on_step_end(self, args, state, control, **_):  # type: ignore[no-untyped-def]
            marks.append(time.perf_counter())

    class Counted(SFTTrainer):
        def training_step(self, model, inputs, *more):  # type: ignore[no-untyped-def]
            mask = inputs.get("attention_mask")
            if len(marks) >= SKIP:
                counts.append(int(mask.sum()) if mask is not None else inputs["input_ids"].numel())
            return super().training_step(model, inputs, *more)

    talks = [{"messages": json.loads(line)["messages"]} for line in Path(records).read_text().splitlines()]
    config = SFTConfig(
        output_dir="/tmp/trl-out",
        max_length=int(window),
        packing=True,
        packing_strategy=how,
        max_steps=int(steps),
        per_device_train_batch_size=int(rows),
        gradient_accumulation_steps=16 // int(rows),
        learning_rate=1e-3,
        assistant_only_loss=True,
        bf16=False,
        use_cpu=True,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        seed=1,
    )
    tokenizer = AutoTokenizer.from_pretrained(model)
    trainer = Counted(
        model=AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32),
        args=config,
        train_dataset=Dataset.from_list(talks),
        processing_class=tokenizer,
        callbacks=[Clock()],
    )
    out = trainer.train()
    seconds = marks[-1] - marks[SKIP - 1]
    print(json.dumps({"tokens": sum(counts), "seconds": seconds, "loss": out.training_loss}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
