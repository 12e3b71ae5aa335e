"""The training of a reward model: TRL's RewardTrainer over pairs that are encoded already, resumed where it stopped."""

import math
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch
from transformers import PrinterCallback, TrainerCallback
from transformers.trainer_utils import rotate_checkpoints
from trl import RewardConfig, RewardTrainer

from metier import progress
from metier.artefact import write_json
from metier.judge.agreement import Agreed
from metier.judge.held_out import HeldOut, held_out, together
from metier.model.load import Loaded, check_model, free, load_tokenizer, positions, quiet
from metier.model.rewards import pad_number, reward_weights, rewards
from metier.model.template import check_tokenizer
from metier.proportion import effective, wilson
from metier.records import Checkpoint, Dropped, MetierError
from metier.train import adapter
from metier.train.begun import check_begun
from metier.train.disk import writing
from metier.train.jsonl import append, rewrite
from metier.train.looks import look_steps
from metier.train.meter import Meter
from metier.train.origin import identify
from metier.train.prepare import MARKER
from metier.train.resume import CHECKPOINTS, last_checkpoint, step_of
from metier.train.reward import Reward
from metier.train.reward_curve import HELD, LOOKS, STEPS, Held, RewardLine, RewardLook, forget_after
from metier.train.reward_pairs import Given, Pairs, order, read_pairs
from metier.train.trl_data import Pair, columns


class Rewarding(RewardTrainer):  # type: ignore[misc]
    """TRL's trainer, without a model card beside every checkpoint."""

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Nothing: what a model is stands in our own card."""


class Scored(NamedTuple):
    """A held-out pair and what the trained model says of it."""

    pair: Pair
    line: Held


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What the training of a reward model says of itself."""

    pairs: int
    """Pairs that were trained on."""
    dropped: int
    held_out: int
    steps: int
    seconds: float
    longest: int
    """Tokens of the longest conversation."""
    measured: HeldOut | None
    """On the held-out pairs; None where there are none."""
    sources: dict[str, Agreed]
    """Source -> accuracy on its held-out pairs, where there is more than one source."""


def train(base: Checkpoint, seed: int, config: Reward, out: Path, given: Given) -> Iterator[Dropped]:
    """Train and measure a reward model in ``out`` unless that is done, hold it against its gate, and say what was left
    out."""
    check_model(base.path)
    if config.adapter is not None:
        adapter.check(config.adapter, base.path)
    tokenizer = load_tokenizer(base.path)
    check_tokenizer(tokenizer, base.path)
    most = min(config.max_tokens, positions(base.path) or config.max_tokens)
    pairs = read_pairs(tokenizer, given, most, seed, config.held_out)
    if config.least_accuracy is not None and not pairs.held:
        raise MetierError(
            f"least_accuracy {config.least_accuracy:g}: there are no held-out pairs to measure it on; feed validation, "
            "or raise held_out"
        )
    lasting = msgspec.structs.replace(config, least_accuracy=None, save_seconds=0.0)
    out.mkdir(parents=True, exist_ok=True)
    check_begun(out, base=identify(base.path), seed=seed, settings=lasting, preferences=pairs.mark)
    if not (out / MARKER).exists():
        with quiet(), writing(out):
            _train(base.path, seed, config, out, pairs)
        free()
    _check_gate(config, out)
    yield from pairs.dropped


def _check_gate(config: Reward, out: Path) -> None:
    """MetierError where the trained model tells held-out pairs apart less often than it has to."""
    notes = msgspec.json.decode((out / "notes.json").read_bytes(), type=Notes)
    least, measured = config.least_accuracy, notes.measured
    if least is None or measured is None or measured.accuracy.value >= least:
        return
    found = measured.accuracy
    raise MetierError(
        f"the reward model tells {found.value:.3f} of {found.n} held-out pairs apart (95% interval {found.low:.3f} to "
        f"{found.high:.3f}), below least_accuracy {least:g}; feed more preferences or more consistent ones, train "
        "longer, or lower least_accuracy: what is trained is kept"
    )


def _train(base: str, seed: int, config: Reward, out: Path, pairs: Pairs) -> None:
    model, tokenizer = _model(base, seed, config), load_tokenizer(base)
    ranked = order(pairs.trained, config.epochs, config.batch_pairs, seed)
    trainer = Rewarding(
        model=model,
        args=arguments(out, seed, config, len(ranked)),
        train_dataset=columns(pairs.trained, config.margin).select(ranked),
        processing_class=_padded(tokenizer, pad_number(tokenizer)),
    )
    trainer.remove_callback(PrinterCallback)
    course = Course(out, config, trainer, pairs)
    trainer.add_callback(course)
    last = last_checkpoint(out)
    forget_after(out, step_of(last))
    course.meter.go_on(last)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    model = trainer.accelerator.unwrap_model(trainer.model)
    if config.adapter is not None:
        model = model.merge_and_unload()
    _save(model, base, out)
    measure(out, Loaded(model.eval(), tokenizer, str(out)), pairs, course)
    (out / MARKER).touch()
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)


def _model(base: str, seed: int, config: Reward) -> Any:
    """The weights that are trained, in float32: all of the base's, or those of an adapter beside the head."""
    model = reward_weights(base, torch.float32)
    if config.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model if config.adapter is None else adapter.attach_rewarding(model, config.adapter, base, seed)


def arguments(out: Path, seed: int, config: Reward, pairs: int) -> RewardConfig:
    """What TRL is told for so many pairs, which lie in their order: nothing is shuffled, cut, pushed or saved."""
    on_gpu = torch.cuda.is_available()
    size = max(n for n in range(1, min(config.batch_pairs, config.device_pairs) + 1) if config.batch_pairs % n == 0)
    args = RewardConfig(
        output_dir=str(out / CHECKPOINTS),
        seed=seed % (1 << 32),
        max_length=None,
        num_train_epochs=1,
        train_sampling_strategy="sequential",
        per_device_train_batch_size=size,
        gradient_accumulation_steps=config.batch_pairs // size,
        learning_rate=config.learning_rate,
        lr_scheduler_type="constant_with_warmup" if config.schedule == "constant" else config.schedule,
        warmup_steps=round(config.warmup * math.ceil(pairs / config.batch_pairs)),
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_norm,
        center_rewards_coefficient=config.center or None,
        gradient_checkpointing=config.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        bf16=on_gpu and torch.cuda.is_bf16_supported(),
        use_cpu=not on_gpu,
        dataloader_pin_memory=on_gpu,
        dataloader_num_workers=0,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        report_to="none",
        push_to_hub=False,
        disable_tqdm=True,
    )
    args._n_gpu = min(1, args.n_gpu)
    return args


def _padded(tokenizer: Any, number: int) -> Any:
    tokenizer.pad_token = tokenizer.convert_ids_to_tokens(number)
    return tokenizer


def _save(model: Any, base: str, out: Path) -> None:
    """The model with its tokenizer as plain files; the tokenizer's files are the base's but for the padding."""
    tokenizer = load_tokenizer(base)
    number = pad_number(tokenizer)
    model.config.get_text_config().pad_token_id = number
    model.config.use_cache = True
    model.save_pretrained(out)
    (_padded(tokenizer, number) if tokenizer.pad_token_id != number else tokenizer).save_pretrained(out)


class Course(TrainerCallback):  # type: ignore[misc]
    """After every step: note how pairs were told apart, look at those held out, and ask for a checkpoint when due."""

    def __init__(self, out: Path, config: Reward, trainer: Any, pairs: Pairs) -> None:
        self.out, self.config, self.trainer, self.pairs = out, config, trainer, pairs
        self.groups = together([one.record for one in pairs.held])
        self.meter, self.steps, self.rate = Meter(), frozenset[int](), 0.0
        self.saved = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Settle when to look, and look at the base itself."""
        self.steps = look_steps(int(state.max_steps), self.config.looks)
        self.saved = time.monotonic()
        if state.global_step == 0 and 0 in self.steps:
            self._look(0)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Note the learning rate of the step."""
        self.rate = self.trainer.optimizer.param_groups[0]["lr"]

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any) -> None:
        """Write a line of ``reward.jsonl``; MetierError where the loss or its gradient is no number."""
        state.log_history.clear()
        if "loss" not in logs:
            return
        step = int(state.global_step)
        for name in ("loss", "grad_norm"):
            if not math.isfinite(logs.get(name, 0.0)):
                raise MetierError(
                    f"the {name.replace('grad_norm', 'gradient')} of step {step} of the reward model is {logs[name]}; "
                    f"lower learning_rate {self.config.learning_rate:g}, or look at the pairs"
                )
        pairs = min(step * self.config.batch_pairs, len(self.trainer.train_dataset))
        loss, accuracy, lead = (round(float(logs[name]), 6) for name in ("loss", "accuracy", "margin"))
        append(self.out / STEPS, [RewardLine(step, pairs, loss, accuracy, lead, float(f"{self.rate:.6g}"))])
        progress.report(step, int(state.max_steps), "steps", f"loss {logs['loss']:.3f}")

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Look at the held-out pairs when it is time, and ask for a checkpoint when one is due."""
        step = int(state.global_step)
        if step in self.steps:
            self._look(step)
        if time.monotonic() - self.saved >= self.config.save_seconds and step < state.max_steps:
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint as whole, and only then remove older ones: without the marker it does not count."""
        checkpoint = self.out / CHECKPOINTS / f"checkpoint-{state.global_step}"
        self.meter.write(checkpoint)
        (checkpoint / MARKER).touch()
        rotate_checkpoints(str(self.out / CHECKPOINTS), 1)
        self.saved = time.monotonic()

    def _look(self, step: int) -> None:
        """Write a line of ``reward_looks.jsonl``."""
        if not self.pairs.held:
            return
        model = self.trainer.accelerator.unwrap_model(self.trainer.model)
        whole = model.get_base_model() if self.config.adapter is not None else model
        model.eval()
        both = score_pairs(Loaded(whole, self.trainer.processing_class, str(self.out)), self.pairs.held)
        model.train()
        leads = [chosen - rejected for chosen, rejected in both]
        hits = [((lead > 0) - (lead < 0) + 1) / 2 for lead in leads]
        right, trials = sum(hits) / len(hits), effective(hits, self.groups)
        loss = sum(math.log1p(math.exp(-abs(lead))) + max(0.0, -lead) for lead in leads) / len(leads)
        append(self.out / LOOKS, [RewardLook(step, len(leads), round(loss, 6), right, *wilson(right, trials))])


def score_pairs(loaded: Loaded, pairs: Sequence[Pair]) -> list[tuple[float, float]]:
    """The rewards of the chosen and of the rejected reply of every pair."""
    found = rewards(loaded, [row for one in pairs for row in one.rows])
    return list(zip(found[::2], found[1::2], strict=True))


def measure(out: Path, loaded: Loaded, pairs: Pairs, course: Course) -> None:
    """Write ``held_out.jsonl``, the rewards of every held-out pair, and ``notes.json``."""
    some = [
        Scored(one, Held(one.record.id, *given, len(one.chosen), len(one.rejected)))
        for one, given in zip(pairs.held, score_pairs(loaded, pairs.held), strict=True)
    ]
    rewrite(out / HELD, [one.line for one in some])
    sources = sorted({one.pair.record.source for one in some})
    parts = {name: [one for one in some if one.pair.record.source == name] for name in sources}
    notes = Notes(
        pairs=len(pairs.trained),
        dropped=len(pairs.dropped),
        held_out=len(pairs.held),
        steps=int(course.trainer.state.global_step),
        seconds=round(course.meter.read().seconds, 3),
        longest=max(len(row) for one in (*pairs.trained, *pairs.held) for row in one.rows),
        measured=measured(some) if some else None,
        sources={name: measured(part).accuracy for name, part in parts.items()} if len(parts) > 1 else {},
    )
    write_json(out / "notes.json", notes)


def measured(some: Sequence[Scored]) -> HeldOut:
    """The measures of a reward model from the rewards of held-out pairs; pairs of one prompt belong together, as in the
    split."""
    return held_out(
        [one.line.id for one in some],
        [one.line.chosen for one in some],
        [one.line.rejected for one in some],
        [(one.line.chosen_tokens, one.line.rejected_tokens) for one in some],
        together([one.pair.record for one in some]),
    )
