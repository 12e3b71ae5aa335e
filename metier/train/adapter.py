"""Train an adapter: low-rank matrices beside the linear layers of a base that stays as it is (LoRA; Hu et al. 2021)."""

import importlib.util
import json
from pathlib import Path
from typing import Any

from metier.artefact import asset
from metier.model.adapters import CONFIG, is_adapter, name_base
from metier.model.identity import REMOTE
from metier.records import MetierError
from metier.text.suggest import did_you_mean
from metier.train.settings import Lora


def check(lora: Lora, base: str) -> None:
    """MetierError where this machine cannot train such an adapter: known before anything is encoded."""
    if not importlib.util.find_spec("peft"):
        raise MetierError("adapter: it needs peft; install the extra: pip install 'metier[train]'")
    if lora.quantize is None:
        return
    if not importlib.util.find_spec("bitsandbytes"):
        raise MetierError(
            f"adapter: quantize {lora.quantize} needs bitsandbytes; pip install bitsandbytes, or leave quantize out"
        )
    if is_adapter(base):
        raise MetierError(f"adapter: quantize {lora.quantize}: {base} is an adapter itself; train.merge it first")
    import torch

    if not torch.cuda.is_available():
        raise MetierError(f"adapter: quantize {lora.quantize} needs a GPU, and there is none; leave quantize out")


def load_base(path: str, lora: Lora, dtype: Any) -> Any:
    """The weights of a base that an adapter is to be trained on, in the precision that its settings name.

    In four bits they are normal floats with quantized constants, as in QLoRA (Dettmers et al. 2023).
    """
    from metier.model.load import load_weights

    if lora.quantize is None:
        return load_weights(path, dtype)
    import torch
    from peft import prepare_model_for_kbit_training
    from transformers import BitsAndBytesConfig

    if lora.quantize == "4bit":
        how = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16,
        )
    else:
        how = BitsAndBytesConfig(load_in_8bit=True)
    model = load_weights(path, "auto", how)
    return prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)


def attach(model: Any, lora: Lora, base: str, seed: int) -> Any:
    """A model with a fresh adapter, whose weights alone are trained; before the first step it answers as the base does.

    MetierError where a target is no linear layer of the model. The draws depend on the seed alone.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    from metier.model.load import quiet

    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=_targets(model, lora, base),
    )
    with quiet(), torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        made = get_peft_model(model, config)
    # where peft and its like look for the base; where we look, and how it is known again, stands in base.json
    config.base_model_name_or_path = base.removeprefix(REMOTE) if base.startswith(REMOTE) else _absolute(base)
    return made


def attach_rewarding(model: Any, lora: Lora, base: str, seed: int) -> Any:
    """A reward model with a fresh adapter, which is trained together with its head (see ``attach``)."""
    import torch
    from peft import LoraConfig, get_peft_model

    from metier.model.load import quiet

    config = LoraConfig(
        task_type="SEQ_CLS",
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=_targets(model.base_model, lora, base),
        modules_to_save=["score"],
    )
    with quiet(), torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        return get_peft_model(model, config)


def save(model: Any, base: str, out: Path, state: Any = None) -> None:
    """Write an adapter as a directory that peft and ``metier.model.load`` can read, without the tokenizer.

    ``state`` are the weights where the model itself holds only a part of them (several devices).
    """
    model.save_pretrained(str(out), save_embedding_layers=False, state_dict=state)
    (out / "README.md").unlink(missing_ok=True)
    config = json.loads((out / CONFIG).read_bytes())
    plain = {key: sorted(value) if key == "target_modules" else value for key, value in sorted(config.items())}
    (out / CONFIG).write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")  # a set has no order of its own
    name_base(out, base)


def _absolute(base: str) -> str:
    return str(asset(base).absolute())


def _targets(model: Any, lora: Lora, base: str) -> list[str]:
    """The names of the layers that get an adapter: those named, or the last part of every linear layer's name."""
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    last = model.get_output_embeddings()
    linear = [name for name, one in model.named_modules() if isinstance(one, Linear | Conv1D) and one is not last]
    known = {name.rsplit(".", 1)[-1] for name in linear}
    for target in lora.targets:
        if target not in known and not any(name.endswith(f".{target}") for name in linear):
            hint = did_you_mean(target, known)
            raise MetierError(f"adapter: targets: {base} has no linear layer {target!r} in its body; {hint}")
    return sorted(lora.targets or known)
