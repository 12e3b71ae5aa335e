"""What a text says of a patient: age, sex, pregnancy, kidneys, conditions, allergies, medicines; and of whom."""

import functools
import itertools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import Literal, NamedTuple

from metier.rules.card_conditions import Topic
from metier.rules.card_numbers import number, trimester, years
from metier.rules.card_words import GROUPS, PERSONS, Person, folded, sections
from metier.rules.firing import Mention
from metier.rules.table import Table

_CLAUSE = re.compile(r"(?:(?<!\d)[.]|[.](?!\d)|[!?؟。！？\n;；؛,，،:：])\s*")
_STOP = re.compile("[。！？；，、.!?;,؟؛،\n]")
_AGES = {"newborn": 0.03, "infant": 0.5, "child": 5.0, "adolescent": 15.0, "elderly": 75.0}
"""Years that stand for a group which is named without a number."""
_NEAR = 0.02
"""How far inside a bound a number is taken to be: under 8 is 7.98."""
_OLDEST = 120
REACH = 160
"""Characters within which a clause is looked for."""
_SPAN = re.compile(r"\s*(?:ago|history|of experience)|前|之?后|以后|以来|病?史|时|起|开始|那年")
"""What makes a number of years a span or a point of time and no age of today."""
_CAUSE = re.compile("因")
"""Without a cause: that denies the cause, and not what follows from it."""
_CLOSE = 6
"""Characters before a word within which a Chinese question asks whether it is so."""
_FAMILY = 24
"""Characters before an illness within which it may be called one of the family."""
_SPOKEN = 90
"""Characters before a statement within which somebody is named whom it may be about."""
_LOW = re.compile("<|≤|less|below|under|lower|低|小|不足|اقل|دون|تحت")
_LISTING = re.compile(
    r"(?:[\s,:：、(\-]|to|and|or|but|但|而|是|对|بل|لكن|the|both|any|either|no|not|is|am|reactions?|severe|mild|list|known|history"
    r"|hypersensitivity|和|及|与|或|也|均|都|不|有|药物?|类|等|曾|史|试|后|会|就|过"
    r"|شديده|خفيفه|معروفه|قديمه|موثقه|مثبته|من|بعد|بسبب|تجاه|ضد|او|لل?|ال|و|ادويه|دواء)*"
)
"""What may stand between a name and its allergy: other names, and words that join them."""
_BUT = re.compile(r"\bbut\b|但|而是|بل|لكن")
_NO = re.compile(r"不|无|\bno\b|\bnot\b")
_NEGATIVE = re.compile("阴性|negative")
_PERMITTED = re.compile("可以|能行|行不行|行吗|好吗|[吗么]")


class Said(NamedTuple):
    """One thing that a text says of somebody; ``start`` is where, in characters of the text."""

    topic: Topic
    value: float | bool | str
    person: Person
    general: bool
    """Whether it is said of people at large: an age group, women who are pregnant."""
    denied: bool = False
    start: int = 0
    asked: bool = False
    """Whether it is asked and not said: the answer tells."""


def facts(text: str, mentions: Sequence[Mention], table: Table) -> tuple[Said, ...]:
    """What a text says of patients, in the order of the text; ``mentions`` are the entities that it names."""
    flat = folded(text)
    if len(flat) != len(text):  # vowel marks are gone: read as if it had been written without
        at = [place for place, char in enumerate(text) for _ in folded(char)]
        bare = [Mention(one.entity, bisect_left(at, one.start), bisect_left(at, one.end)) for one in mentions]
        return tuple(one._replace(start=at[one.start]) for one in facts(flat, bare, table))
    reader = _Reader(flat)
    found = [
        *reader.pregnancy(), *reader.breastfeeding(), *reader.ages(), *reader.sexes(), *reader.kidneys(),
        *reader.weight(), *listed(reader, mentions, table),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.start))


def asks_for_self(text: str) -> bool:
    """Whether who writes asks what he may take himself."""
    return sections()["asks"].search(folded(text))


def polar(text: str) -> Literal["yes", "no", ""]:
    """Whether a message begins with a yes or a no."""
    head = folded(text[:40])
    return "yes" if sections()["yes"].search(head) else "no" if sections()["no"].search(head) else ""


class _Reader:
    """A folded text with whom it speaks of where."""

    def __init__(self, flat: str) -> None:
        self.flat = flat
        self.words = sections()
        self.weeks: list[tuple[int, int]] = []

    @functools.cached_property
    def cues(self) -> list[tuple[int, Person]]:
        """Where the text names whom it speaks of, in order."""
        some = ((one.start(), person) for person in PERSONS for one in self.words[f"of_{person}"].find(self.flat))
        return sorted(some)

    @functools.cached_property
    def persons(self) -> tuple[list[int], list[Person], list[Person]]:
        """Where each cue begins, whom it names, and whom the last one up to it names who may give the breast."""
        persons = [person for _, person in self.cues]
        grown: list[Person] = ["self"]
        for one in persons:
            grown.append(grown[-1] if one == "child" else one)
        return [begin for begin, _ in self.cues], ["self", *persons], grown

    @functools.cached_property
    def allergic(self) -> list[tuple[int, int]]:
        """Where the text speaks of an allergy, in order."""
        return sorted(self.spans("allergic"))

    @functools.cached_property
    def takes(self) -> list[tuple[int, int]]:
        """Where the text says that something is taken, in order."""
        return sorted(self.spans("taking"))

    def person(self, start: int, topic: Topic) -> Person:
        """Whom the text speaks of at a place: the last one named before it or around it; no child gives the breast."""
        begins, persons, grown = self.persons
        return (grown if topic == "breastfeeding" else persons)[bisect_right(begins, start)]

    def said(
        self, topic: Topic, value: float | bool | str, start: int, *, general: bool = False, denied: bool = False
    ) -> Said:
        """One thing said at a place, of whoever is spoken of there."""
        return Said(topic, value, self.person(start, topic), general, denied, start)

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """The bounds of the clause around a place, at most ``REACH`` away."""
        begin = max((one.end() for one in _CLAUSE.finditer(self.flat, max(0, start - REACH), start)), default=0)
        stop = _CLAUSE.search(self.flat, end, end + REACH)
        return max(begin, start - REACH), stop.start() if stop else min(len(self.flat), end + REACH)

    def asked(self, start: int, end: int) -> bool:
        """Whether the clause around a place asks whether it is so."""
        begin, stop = self.clause(start, end)
        close = self.words["asked_before"].search(self.flat, max(begin, start - _CLOSE), start)
        return close or self.words["asked"].search(self.flat, begin, min(stop + 1, len(self.flat)))

    def general(self, start: int, end: int) -> bool:
        """Whether the clause around a place speaks of people at large, or of nobody."""
        begins = self.persons[0]
        spoken = bisect_left(begins, start - _SPOKEN) < bisect_right(begins, end)
        return not spoken or self.words["general"].search(self.flat, *self.clause(start, end))

    def excepted(self, start: int, end: int) -> bool:
        """Whether the clause takes whom it names at a place out of what it says."""
        begin, stop = self.clause(start, end)
        before, behind = self.flat[max(begin, start - 48) : start], self.flat[end : stop + 1]
        return self.words["excepted"].search(before) or self.words["excluded"].search(behind)

    def familial(self, start: int) -> bool:
        """Whether what stands at a place runs in the family."""
        return self.words["family"].search(self.flat, max(0, start - _FAMILY), start)

    def negated(self, start: int, begin: int, mentions: Sequence[Mention] = ()) -> bool:
        """Whether a negation stands before a place in its clause, which begins at ``begin``.

        One that has a medicine or its use behind it denies that and nothing of the patient: "do not give it in asthma".
        """
        found = [
            one.end()
            for pattern in self.words["not"].patterns
            for one in pattern.regex.finditer(self.flat, begin, start)
        ]
        last = max(found, default=-1)
        if last < 0 or _CAUSE.search(self.flat, last, start) or self.words["used"].search(self.flat, last, start):
            return False
        low = bisect_right(mentions, last, key=attrgetter("end"))
        return not (low < len(mentions) and mentions[low].start < start)

    def covered(self, spans: Sequence[tuple[int, int]]) -> bytearray:
        """For each place of the text whether one of some spans covers it."""
        mask = bytearray(len(self.flat) + 1)
        for begin, end in spans:
            mask[begin:end] = b"\1" * (end - begin)
        return mask

    def spans(self, *names: str) -> list[tuple[int, int]]:
        """Where sections find something."""
        return [one.span() for name in names for one in self.words[name].find(self.flat)]

    def pregnancy(self) -> Iterator[Said]:
        """Pregnancy, its week, and that there is none."""
        held = self.spans("not_pregnant")
        yield from (self.said("pregnant", False, at, general=self.general(at, end)) for at, end in held)
        for value, begin, end in self._weeks():
            self.weeks.append((begin, end))
            yield self.said("week", value, begin)
        yield from self._named("pregnant", [*held, *self.spans("plans")])

    def _weeks(self) -> Iterator[tuple[float, int, int]]:
        for factor, name in ((1.0, "week"), (365.25 / 84, "month")):
            for one in self.words[name].find(self.flat):
                value = number(one)
                if value is not None and 0 < value * factor <= 45:
                    yield value * factor, one.start(), one.end()
        for one in self.words["trimester"].find(self.flat):
            yield trimester(one), one.start(), one.end()

    def breastfeeding(self) -> Iterator[Said]:
        """That the patient breastfeeds, or does not."""
        held = self.spans("not_breastfeeding")
        yield from (self.said("breastfeeding", False, at, general=self.general(at, end)) for at, end in held)
        yield from self._named("breastfeeding", held)

    def _named(self, topic: Literal["pregnant", "breastfeeding"], held: list[tuple[int, int]]) -> Iterator[Said]:
        """A state of the patient, where it is named outside of the places that are spoken for and not asked for."""
        spoken_for = self.covered(held)
        for one in self.words[topic].find(self.flat):
            begin, end = one.span()
            if not (spoken_for[begin] or spoken_for[end - 1] or self.excepted(begin, end)):
                found = self.said(topic, True, begin, general=self.general(begin, end))
                yield found._replace(asked=self.asked(begin, end))

    def ages(self) -> Iterator[Said]:
        """Ages: as numbers, as bounds, and as groups where no number is said."""
        taken, found = self.covered(self.weeks), False
        for shift, name in ((-_NEAR, "under"), (_NEAR, "over"), (0.0, "age")):
            for one in self.words[name].find(self.flat):
                value = number(one)
                if value is None or taken[one.start()] or taken[one.end() - 1]:
                    continue
                taken[one.start() : one.end()] = b"\1" * len(one[0])
                age = value * years(one)
                if age <= _OLDEST and not _SPAN.match(self.flat, one.end()) and not self.excepted(*one.span()):
                    found = True
                    inside = max(0.0, age + shift * min(1.0, age))
                    yield self.said("age", inside, one.start(), general=shift != 0)
        for one in self.words["initial"].find(self.flat):
            found = True
            yield self.said("age", float(one["n"] or one["m"]), one.start())
            yield self.said("sex", "female" if "f" in (one["word"], one["other"]) else "male", one.start())
        for group in () if found else GROUPS:
            named = next((one for one in self.words[group].find(self.flat) if not self.excepted(*one.span())), None)
            if named is not None:
                yield self.said("age", _AGES[group], named.start(), general=True)
                return

    def sexes(self) -> Iterator[Said]:
        """Men and women; of relatives only where somebody is named as one."""
        for sex, names in (("female", ("female", "women")), ("male", ("male", "men"))):
            for name in names:
                for one in self.words[name].find(self.flat):
                    yield self.said("sex", sex, one.start(), general=self.general(one.start(), one.end()))

    def kidneys(self) -> Iterator[Said]:
        """The filtration of the kidneys, as a number, a bound or a stage."""
        for one in self.words["egfr"].find(self.flat):
            sign, after = one["sign"] or "", (one["after"] or "").strip()
            low = after == "以下" or bool(_LOW.match(sign))
            high = after == "以上" or (bool(sign) and not low)
            value = float(one["n"]) + (_NEAR if high else -_NEAR if low else 0.0)
            yield self.said("egfr", value, one.start(), general=low or high)
        for value in (10.0, 20.0):
            for one in self.words[f"kidneys_{value:.0f}"].find(self.flat):
                begin, _ = self.clause(*one.span())
                if not (self.negated(one.start(), begin) or self.asked(*one.span()) or self.excepted(*one.span())):
                    yield self.said("egfr", value, one.start(), general=self.general(*one.span()))

    def weight(self) -> Iterator[Said]:
        """Weight in kilograms."""
        for one in self.words["weight"].find(self.flat):
            factor = {"斤": 0.5, "l": 0.4536, "p": 0.4536}.get(one["unit"][0], 1.0)
            yield self.said("weight", float(one["n"]) * factor, one.start())


def listed(reader: _Reader, mentions: Sequence[Mention], table: Table) -> Iterator[Said]:
    """Conditions, allergies and medicines among the entities that a text names."""
    for begin, end in reader.spans("no_allergy"):
        to = (one.start for one in mentions if end <= one.start <= end + 3)
        if not any(not _STOP.search(reader.flat, end, at) for at in to):  # no allergy to what is named: below
            yield reader.said("allergy", "", begin, denied=True)
    for begin, _ in reader.spans("any_allergy"):
        yield reader.said("allergy", "", begin)._replace(asked=True)
    kinds = {one.entity: table.entities[one.entity].kind for one in mentions if one.entity in table.entities}
    things = [one for one in mentions if kinds.get(one.entity) != "condition"]
    for one in mentions:
        if one.entity in kinds:
            for found in _named(reader, one, mentions, things if kinds[one.entity] == "condition" else None):
                asked = reader.asked(one.start, one.end)
                yield found._replace(asked=asked, denied=found.denied and not asked)


def _named(
    reader: _Reader, one: Mention, mentions: Sequence[Mention], things: Sequence[Mention] | None
) -> Iterator[Said]:
    """What a text says of one entity: that somebody has it, is allergic to it, takes it, or does not.

    ``things`` are the medicines among the mentions; None where the entity is one itself.
    """
    general = reader.general(one.start, one.end)
    if things is not None:
        if not reader.excepted(one.start, one.end) and not reader.familial(one.start):
            begin, _ = reader.clause(one.start, one.end)
            denied = reader.negated(one.start, begin, things)
            yield reader.said("condition", one.entity, one.start, general=general, denied=denied)
        return
    sort = _allergy(reader, one, mentions)
    if sort:
        yield reader.said("allergy", one.entity, one.start, general=general, denied=sort == "denied")
    elif _taken(reader, one):
        yield reader.said("taking", one.entity, one.start, general=general)


def _allergy(reader: _Reader, one: Mention, mentions: Sequence[Mention]) -> str:
    """Whether a clause says that somebody is allergic to what is named: yes, denied or nothing."""
    begin, end = reader.clause(one.start, one.end)
    low = bisect_left(reader.allergic, begin - REACH, key=itemgetter(0))
    high = bisect_right(reader.allergic, end, low, key=itemgetter(0))
    for start, stop in reader.allergic[low:high]:
        first, last = (stop, one.start) if start < one.start else (one.end, start)
        between = _without(reader.flat, first, last, mentions)
        if _LISTING.fullmatch(between) and len(between) < REACH:
            before = not _BUT.search(between) and reader.negated(min(start, one.start), begin, mentions)
            behind = start > one.start and _NO.search(between)
            return "denied" if before or behind or _NEGATIVE.search(reader.flat, start, stop) else "yes"
        begin = max(begin, stop) if stop <= one.start else begin
    return ""


def _without(flat: str, first: int, last: int, mentions: Sequence[Mention]) -> str:
    """A piece of a text without the names in it."""
    pieces, at = [], first
    low = bisect_left(mentions, first, key=attrgetter("start"))
    for one in itertools.takewhile(lambda one: one.start < last, itertools.islice(mentions, low, None)):
        if one.start >= at and one.end <= last:
            pieces.append(flat[at : one.start])
            at = one.end
    return "".join([*pieces, flat[at:last]])


def _taken(reader: _Reader, one: Mention) -> bool:
    """Whether a clause says that somebody takes what is named."""
    begin, end = reader.clause(one.start, one.end)
    low = bisect_left(reader.takes, begin, key=itemgetter(0))
    high = bisect_right(reader.takes, one.start, low, key=itemgetter(0))
    before = [span for span in reader.takes[low:high] if span[1] <= one.start]
    if not before or _PERMITTED.search(reader.flat, one.end, min(end + 4, len(reader.flat))):
        return False
    start, stop = before[-1]
    far = len(reader.flat[stop : one.start].split()) > 8
    return not far and not reader.words["stopped"].search(reader.flat, max(begin, start - 14), stop)
