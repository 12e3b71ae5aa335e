"""Export a model: a plain Hugging Face directory with a model card written from the run, pushed to a hub on request."""

import os
import re
from pathlib import Path
from typing import Annotated

import msgspec

from metier.artefact import Finished, write_json
from metier.records import Checkpoint, MetierError
from metier.train.card import TRIAL, About, Subject, card, shown
from metier.train.plain import Precision

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
TOKEN = "HF_TOKEN"
"""Variable of the environment that holds the token of the hub; it is written nowhere."""
OURS = ("complete", "notes.json", "manifest.json", "dropped/*")
"""What an artefact says of its own making, which is no part of a model."""


class Export(About, frozen=True):
    """How the model is written, what its card adds to the run, and where it is pushed to."""

    dtype: Precision = "base"
    """Type of the numbers in the weights."""
    shard_gb: Annotated[float, msgspec.Meta(gt=0)] = 5.0
    """Largest file of weights, in GB."""
    push: str = ""
    """Repository of the hub that the directory is pushed to, as org/name, with the token of HF_TOKEN; a trial run
    (--limit) pushes nothing."""
    private: bool = True
    """Whether a repository that the push creates is private."""

    def __post_init__(self) -> None:
        if self.push and not REPOSITORY.fullmatch(self.push):
            raise ValueError(f"push is {self.push!r}; write the repository as org/name")


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What was written where."""

    model: str
    parameters: int
    numbers: str
    """Their type."""
    pushed: str = ""
    """The address of the commit."""


def export(model: Checkpoint, run: Finished, config: Export, out: Path) -> None:
    """Write a model as transformers loads it: safetensors, generation config, tokenizer, chat template and model card.

    An adapter is merged into its base. The card (README.md) says what the run says: scores with n and interval, losses
    beside gains, what every step dropped, training, licences and limits. With ``push`` the directory goes to a hub.
    """
    trial = bool(TRIAL.search(run.name))
    if config.push and not trial:
        _token(config)
    from metier.model.load import load_tokenizer, quiet
    from metier.train.disk import writing
    from metier.train.plain import load_as, write_plain

    named = model.base or model.path
    weights = load_as(model.path, config.dtype)
    with quiet(), writing(out):
        tokenizer, numbers = load_tokenizer(model.path), "" if config.dtype == "base" else config.dtype
        write_plain(weights, tokenizer, config.dtype, out, f"{config.shard_gb:g}GB")
        subject = Subject(named, config.push or "PATH", numbers, bool(tokenizer.chat_template))
        text = card(run, subject, config)
        (out / "README.md").write_text(text, encoding="utf-8")
        pushed = push(out, config, f"{run.name}: {shown(named)}") if config.push and not trial else ""
    held = str(weights.dtype).removeprefix("torch.")
    notes = Notes(model=named, parameters=weights.num_parameters(), numbers=held, pushed=pushed)
    write_json(out / "notes.json", notes)


def push(out: Path, config: Export, message: str) -> str:
    """Put an exported directory into a repository of the hub, made where it is missing; the address of the commit."""
    from huggingface_hub import HfApi

    token = _token(config)
    try:
        hub = HfApi(token=token)
        hub.create_repo(config.push, private=config.private, exist_ok=True)
        made = hub.upload_folder(
            repo_id=config.push, folder_path=out, ignore_patterns=list(OURS), commit_message=message
        )
    except Exception as error:  # every layer below raises types of its own
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        remedy = f"check the name and the rights of {TOKEN}, then run again"
        raise MetierError(f"push {config.push}: the hub did not take it ({said}); {remedy}") from None
    return str(made.commit_url)


def _token(config: Export) -> str:
    """The token of the hub; one that no request could carry would be told by the library that refuses it."""
    token = os.environ.get(TOKEN, "").strip()
    if not re.fullmatch(r"[!-~]+", token):
        what = f"the {TOKEN} of the environment is no token" if token else f"the environment has no {TOKEN}"
        raise MetierError(f"push {config.push}: {what}; set it to a token that may write there")
    return token
