"""What makes a model's reply unfit for use as it stands: it refuses, speaks as a program, or speaks of the task."""

import csv
import functools
import re
from collections.abc import Iterator

from metier.artefact import asset
from metier.text.normalise import bare_arabic
from metier.text.refusals import BEGINNING, refuses

_FENCE = re.compile(r"\A```\w*\n(?P<inside>.*?)\n?```\Z", re.S)
_WRAPPED = re.compile(r"\A<(?P<mark>[a-z][\w-]{1,20})>(?P<inside>.*)</(?P=mark)>\Z", re.S)
_QUOTED = re.compile('\\A(?:"(?P<plain>[^"]*)"|“(?P<curly>[^“”]*)”|«(?P<angle>[^«»]*)»|「(?P<corner>[^「」]*)」)\\Z')
_LONGEST_ECHO = 8
"""Sentences this short may well stand twice in a reply."""


def bare(reply: str) -> str:
    """A reply without what models put round it: a code fence, a pair of marks, one pair of quotation marks."""
    text = reply.strip()
    for dress in (_FENCE, _WRAPPED, _QUOTED):
        if found := dress.match(text):
            text = next(inside for name, inside in found.groupdict().items() if name != "mark" and inside is not None)
            text = text.strip()
    return text


def unfit(reply: str, task: bool = True) -> tuple[str, str]:
    """("refused", "program" or "task", the words that show it) of a reply that cannot be used, else empty texts.

    Refusals are known in eleven languages, whatever the reply should be in. ``task=False`` lets a reply speak of
    itself, as an answer to a free instruction may.
    """
    plain = bare_arabic(reply)
    beginning = plain[:BEGINNING]
    if found := _pattern("refused").search(beginning):
        return "refused", found[0]
    if refuses(reply):
        return "refused", beginning[:80]
    if found := _pattern("program").search(plain):
        return "program", found[0]
    if task and (found := _pattern("task").search(beginning)):
        return "task", found[0].strip()
    return "", ""


def beyond(instruction: str) -> str:
    """The words of an instruction that ask for more than text can give (a picture, a file), or nothing; zh, en, ar."""
    found = _pattern("beyond").search(bare_arabic(instruction))
    return found[0] if found else ""


def echo(text: str) -> str:
    """The first line or sentence that a text says three times over, or nothing: a model that has got stuck."""
    seen: dict[str, int] = {}
    for piece in re.split(r"[\n。！？!?؟]|\.\s", text):
        line = piece.strip()
        if len(line) > _LONGEST_ECHO:
            seen[line] = seen.get(line, 0) + 1
            if seen[line] == 3:
                return line
    return ""


@functools.cache
def _pattern(kind: str) -> re.Pattern[str]:
    return re.compile("|".join(pattern for name, pattern in _rows() if name == kind), re.I)


def _rows() -> Iterator[tuple[str, str]]:
    with (asset("asset:talk") / "replies.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["kind"], bare_arabic(row["pattern"])
