"""Prompts: Markdown files in the language of the answer, with parts ``# system`` and ``# user``, and {slots}."""

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated

import msgspec

from metier.artefact import asset
from metier.records import Message, MetierError
from metier.text.patterns import fill, slots
from metier.text.suggest import did_you_mean

Prompts = Annotated[str, msgspec.Meta(extra={"files": "{}/prompts"})]
"""A setting that names the domain whose prompts are used: ``domain:medicine``, or a directory of yours that has a
directory ``prompts``. The content of its files enters the step's fingerprint."""

_PART = re.compile(r"^# (system|user|notes)[ \t]*$", re.M)


class Prompt(msgspec.Struct, frozen=True):
    """One prompt; ``version`` is a hash of its file."""

    name: str
    language: str
    system: str
    user: str
    version: str
    file: str = ""

    def messages(self, **values: str) -> tuple[Message, ...]:
        """The prompt with its slots filled: what stands in a slot is never read as another slot.

        MetierError where the file has a slot that nothing fills, or lacks one that is to be filled.
        """
        there = dict.fromkeys(slots(self.system) + slots(self.user))
        place = self.file or f"{self.name}.{self.language}.md"
        for slot in there:
            if slot not in values:
                raise MetierError(f"{place}: nothing fills the slot {{{slot}}}; {did_you_mean(slot, values)}")
        for slot in values:
            if slot not in there:
                raise MetierError(f"{place}: the slot {{{slot}}} is missing; write it where it belongs")
        system = (Message("system", fill(self.system, values)),) if self.system else ()
        return (*system, Message("user", fill(self.user, values)))


def read_prompt(where: str, name: str, language: str) -> Prompt:
    """The prompt NAME.LANGUAGE.md below ``where``/prompts; MetierError names the languages that are there."""
    directory = asset(where) / "prompts"
    if not directory.is_dir():
        raise MetierError(f"{where}: has no directory 'prompts'; name a domain that ships, or a directory of yours")
    path = directory / f"{name}.{language}.md"
    if not path.is_file():
        files = sorted(directory.glob("*.*.md"))
        spoken = [file.name.split(".")[1] for file in files if file.name.split(".")[0] == name]
        if not spoken:
            known = dict.fromkeys(file.name.split(".")[0] for file in files)
            raise MetierError(f"{where}: has no prompt {name!r}; {did_you_mean(name, known)}")
        there = ", ".join(spoken)
        raise MetierError(f"{where}: the prompt {name!r} is there in {there}, not in {language!r}; write {path.name}")
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise MetierError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise MetierError(f"{path}: byte {error.start} is not valid UTF-8; save the file as UTF-8") from None
    before, *pieces = _PART.split(text)
    parts = dict(zip(pieces[::2], (piece.strip() for piece in pieces[1::2]), strict=True))
    if before.strip():
        raise MetierError(f"{path}:1: text before the first part; begin with a line '# system' or '# user'")
    if len(parts) * 2 < len(pieces):
        twice = next(part for part in parts if pieces[::2].count(part) > 1)
        raise MetierError(f"{path}: has two parts '# {twice}'; keep one")
    if not parts.get("user"):
        raise MetierError(f"{path}: has no part '# user'; write below such a line what the model is asked")
    version = hashlib.sha256(content).hexdigest()[:16]
    return Prompt(name, language, parts.get("system", ""), parts["user"], version, str(path))


def between(messages: Iterable[Message], mark: str) -> str | None:
    """What stands between ``<mark>`` and ``</mark>`` in a conversation, the last place where it does; else None.

    For scripted models: they read what a prompt's slots were filled with.
    """
    found = None
    for message in messages:
        start = message.content.find(f"<{mark}>")
        stop = message.content.rfind(f"</{mark}>")
        if 0 <= start < stop:
            found = message.content[start + len(mark) + 2 : stop].strip()
    return found
