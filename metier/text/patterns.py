"""Sentence patterns with {named} slots, matched over whole sentences."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from metier.text.normalise import nfc, squeeze
from metier.text.sentences import sentences

_SLOT = re.compile(r"\{(\w+)\}")
_MARK = re.compile(r"^(?:[-*•·▪◦]|#{1,6}|\(?\d{1,2}[.)、])\s*")
_TITLES = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St)\.\s")
_TWO_SENTENCES = re.compile(r"[.!?؟۔]\s+\S|[。！？]\s*\S")


def slots(template: str) -> list[str]:
    """The names of the slots of a template, in order."""
    return _SLOT.findall(template)


def fill(template: str, values: Mapping[str, str]) -> str:
    """A template with its slots filled; KeyError with the slot's name where a value is missing."""
    return _SLOT.sub(lambda match: values[match[1]], template)


@dataclass(frozen=True)
class Pattern:
    """A sentence pattern, the longest text that every match holds, and its compiled form."""

    sentence: str
    anchor: str
    regex: re.Pattern[str]

    def match(self, sentence: str) -> dict[str, str] | None:
        """The slots of a sentence that is this pattern as a whole; a slot never spans two sentences."""
        if self.anchor not in sentence or not (found := self.regex.fullmatch(sentence)):
            return None
        values = {name: value.strip() for name, value in found.groupdict().items()}
        crossing = any(_TWO_SENTENCES.search(_TITLES.sub("", value)) for value in values.values())
        return None if crossing or not all(values.values()) else values


def compile_pattern(sentence: str) -> Pattern:
    """A pattern from its text; a slot that stands twice must hold the same text twice."""
    sentence = nfc(squeeze(sentence))
    pieces = _SLOT.split(sentence)
    parts: list[str] = []
    seen: set[str] = set()
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            parts.append(re.escape(piece))
        else:
            parts.append(f"(?P={piece})" if piece in seen else f"(?P<{piece}>.+?)")
            seen.add(piece)
    return Pattern(sentence, max(pieces[::2], key=len).strip(), re.compile("".join(parts)))


def readings(text: str) -> Iterator[tuple[list[str], str]]:
    """Each sentence of a text as (the sentences of its single lines, the whole on one line), list marks taken off.

    Lines come first because a heading without a full stop would otherwise run into the sentence below it.
    """
    for sentence in sentences(text):
        pieces = (piece for line in sentence.split("\n") for piece in sentences(line)) if "\n" in sentence else ()
        yield [_MARK.sub("", squeeze(piece)) for piece in pieces], _MARK.sub("", squeeze(sentence))


def matches(text: str, patterns: Sequence[Pattern]) -> Iterator[tuple[str, Pattern, dict[str, str]]]:
    """Every (sentence, pattern, slots) of a text, in the order of the sentences."""
    flat = nfc(squeeze(text))
    likely = [pattern for pattern in patterns if pattern.anchor in flat]
    if not likely:
        return
    for lines, whole in readings(nfc(text)):
        found = [match for line in lines for match in _match(line, likely)]
        yield from found or _match(whole, likely)


def _match(sentence: str, patterns: Sequence[Pattern]) -> Iterator[tuple[str, Pattern, dict[str, str]]]:
    for pattern in patterns:
        if (values := pattern.match(sentence)) is not None:
            yield sentence, pattern, values


def unknown_slot(templates: Iterable[str], pattern: str) -> str:
    """The first slot of the templates that the sentence pattern lacks, or nothing."""
    known = set(slots(pattern))
    return next((name for template in templates for name in slots(template) if name not in known), "")
