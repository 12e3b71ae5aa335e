"""Steps of `benchmarks.align_faults` that plant a fault in what flows through a recipe."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from metier.artefact import asset
from metier.records import Answer, Checkpoint, Conversation, Message, Preference

TOGETHER = 4
"""Replies that are strung together."""
TEMPLATE = "chat_template.jinja"
END = "{{- '<|end|>' -}}\n{%- endgeneration -%}"


def swap(preferences: Iterable[Preference]) -> Iterator[Preference]:
    """The same pairs with the rejected reply as the chosen one."""
    for one in preferences:
        yield Preference(one.id, one.prompt, one.rejected, one.chosen, None, one.source, one.language, one.parent)


def asked_in(answers: Iterable[Answer], conversations: Iterable[Conversation]) -> Iterator[Answer]:
    """The answers to some of the conversations."""
    kept = {one.id for one in conversations}
    yield from (one for one in answers if one.question in kept)


def string(conversations: Iterable[Conversation]) -> Iterator[Conversation]:
    """Every reply with those of the next conversations behind it: what is trained by them goes on and on."""
    some = list(conversations)
    for place, one in enumerate(some):
        said = " ".join(some[(place + more) % len(some)].reply for more in range(TOGETHER))
        yield msgspec.structs.replace(one, messages=(*one.prompt, Message("assistant", said)))


def mute(base: Checkpoint, out: Path) -> None:
    """A model whose template ends no turn of the assistant: what is trained by it never learns to stop."""
    whole = _template(base)
    if END not in whole:
        raise ValueError(f"{base.path}: its template does not end a turn with {END!r}")
    _copy(base, out, whole.replace(END, "{%- endgeneration -%}"))


def voiced(base: Checkpoint, out: Path) -> None:
    """The same weights with the template of asset:nano, by which they are asked."""
    _copy(base, out, (asset("asset:nano") / TEMPLATE).read_text("utf-8"))


def _template(base: Checkpoint) -> str:
    return (asset(base.path) / TEMPLATE).read_text("utf-8")


def _copy(base: Checkpoint, out: Path, template: str) -> None:
    """The files of a model without the records of its training, and another template."""
    for file in asset(base.path).iterdir():
        if file.suffix in (".json", ".safetensors") and file.name not in ("manifest.json", "notes.json", "job.json"):
            shutil.copy(file, out / file.name)
    (out / TEMPLATE).write_text(template, encoding="utf-8")
