"""What a reply in a consultation says: the moves it makes and the facts it states, read from its words."""

import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

from metier.text.normalise import fold
from metier.world.consultations_wording import ILLNESS, ConsultationWording, consultation_wording
from metier.world.wording import drug_wording

_ENDS = ".!?。！？؟"
_SENTENCE = re.compile(rf"[^{_ENDS}\n]+[{_ENDS}]*")
_NUMBER = re.compile(r"\s*(\d{1,2})[.)、．]?\s*")
_ASKS = ("?", "？", "؟")


class Heard(NamedTuple):
    """A reply taken apart; ``points`` are the sentences set as points behind their numbers, in order."""

    sentences: tuple[str, ...]
    numbers: tuple[int, ...]
    points: tuple[str, ...]
    ends: bool

    @property
    def stated(self) -> tuple[str, ...]:
        """The sentences that are no questions."""
        return tuple(one for one in self.sentences if not one.endswith(_ASKS))


def hear(text: str) -> Heard:
    """Take a reply apart into sentences; a number with its full stop before a sentence makes it a point."""
    sentences: list[str] = []
    numbers: list[int] = []
    points: list[str] = []
    pending: int | None = None
    for found in _SENTENCE.finditer(text):
        sentence = found[0].strip()
        number = _NUMBER.fullmatch(sentence)
        if number:
            pending = int(number[1])
        elif sentence:
            sentences.append(fold(sentence))
            if pending is not None:
                numbers.append(pending)
                points.append(fold(sentence))
            pending = None
    return Heard(tuple(sentences), tuple(numbers), tuple(points), text.rstrip().endswith(tuple(_ENDS)))


def mentioned(heard: Heard, language: str) -> Mapping[str, frozenset[str]]:
    """Fact -> its values that the sentences which are no questions name, in whatever form."""
    pattern, facts = _values(language)
    found: dict[str, set[str]] = {}
    for sentence in heard.stated:
        for match in pattern.finditer(sentence):
            found.setdefault(facts[match[0]], set()).add(match[0])
    return {fact: frozenset(values) for fact, values in found.items()}


def stated(heard: Heard, drug: str, language: str) -> Mapping[str, frozenset[str]]:
    """Fact -> its values that sentences of the world's wording state: of a drug, or of "it"."""
    known = _statements(drug, language)
    found: dict[str, set[str]] = {}
    for sentence in heard.stated:
        if fact := known.get(sentence):
            found.setdefault(fact[0], set()).add(fact[1])
    return {fact: frozenset(values) for fact, values in found.items()}


def kindness(heard: Heard, language: str) -> tuple[bool, bool]:
    """Whether a reply opens kindly and whether it closes kindly."""
    says = _folded(language)
    if not heard.sentences:
        return False, False
    return heard.sentences[0] in says["openings"], heard.sentences[-1] in says["closings"]


def asks_back(heard: Heard, language: str) -> bool:
    """Whether a reply asks one of the questions that doctors ask."""
    return any(one in _folded(language)["asks"] for one in heard.sentences)


def in_points(heard: Heard) -> bool:
    """Whether a reply is set in points: two at least, counted from 1, nothing said twice, all of it ended."""
    counted = heard.numbers == tuple(range(1, len(heard.numbers) + 1)) and len(heard.numbers) > 1
    return counted and heard.ends and len(set(heard.sentences)) == len(heard.sentences)


def asked(question: str, drug: str, language: str) -> str:
    """The fact of a drug that a patient's message asks for, or nothing."""
    said = fold(question)
    known = consultation_wording(language).questions
    return next((fact for fact, some in known.items() if any(fold(one.format(drug=drug)) in said for one in some)), "")


@functools.cache
def _folded(language: str) -> Mapping[str, frozenset[str]]:
    """The moves of the wording as they are compared."""
    wording = consultation_wording(language)
    parts = {"openings": wording.openings, "closings": wording.closings, "asks": wording.asks}
    return {name: frozenset(map(fold, some)) for name, some in parts.items()}


@functools.cache
def _values(language: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """A pattern of all values of all facts that consultations tell, longest first, and the fact of each."""
    facts = drug_wording(language).facts
    told = [*consultation_wording(language).facts, ILLNESS]
    of = {fold(value): fact for fact in told for value in facts[fact].values}
    longest = "|".join(re.escape(one) for one in sorted(of, key=len, reverse=True))
    return re.compile(longest if language == "zh" else rf"(?<!\w)(?:{longest})(?!\w)"), of


@functools.lru_cache(maxsize=1024)
def _statements(drug: str, language: str) -> Mapping[str, tuple[str, str]]:
    """Every sentence that states a fact, of consultations and of pages, and the fact and value that it states."""
    world, wording = drug_wording(language), consultation_wording(language)
    return {
        fold(sentence.format(value=value, drug=drug)): (fact, fold(value))
        for fact in (*wording.facts, ILLNESS)
        for sentence in (*_forms(wording, fact), *world.sentences(fact))
        for value in world.facts[fact].values
    }


def _forms(wording: ConsultationWording, fact: str) -> tuple[str, ...]:
    return wording.diagnosis if fact == ILLNESS else wording.facts[fact]
