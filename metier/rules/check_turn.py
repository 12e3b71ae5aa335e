"""What one turn says of the members of one rule: the sentences that speak of them, read one by one and weighed.

A turn speaks of several things where one sentence names them, one list does, or neighbouring sentences do: at most
``NEAR`` apart, in one paragraph. What is farther apart in a text is not brought together by it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Literal

import msgspec

from metier.records import Rule
from metier.rules.check_hearing import Hearing, Link, Pick
from metier.rules.firing import Mention, Place, Stance
from metier.rules.state import Turn

PICKS = 32
"""Ways of choosing an entity for each member that are read one by one; where there are more, the first count."""
CHOICES = 8
"""Entities that are looked at for one member, such as of a long list of a class."""
LIST = 4_000
"""Characters up to which a list is read as a whole; of a longer one, from the first member to the last."""
REPLIES = 3
"""Sentences of a reply among which its yes or no is looked for."""
_RANK: Mapping[Stance, int] = {"unknown": 0, "warns": 1, "asserts": 2}
_REFERS = re.compile(
    r"\b(?:it|its|them|both|together|same|this|that|these|those|each other|alongside"
    r"|as well|the (?:\w+ )?(?:bag|bottle|line|syringe|drip|infusion|solution|mixture|glass|cup|pot|tube|vial|fluid))\b"
    r"|其|它|两|二者|一起|一同|一块|同[时瓶袋管一步服用煎]|合用|联用|并用|共用|配伍|混|进去|里面|这|该|此|[瓶袋管壶锅杯液](?:体|子)?[里中内]"
    r"|مع(?:ا|ه|ها|هما)\b|نفس|كلا|كلي|سوي|[إا]ليه|بهما|بينهما|هذا|هذه|ذات|الكيس|الزجاجة|المحقنة|الخط|المحلول|التسريب|المصل",
    re.I,
)
"""Words by which a sentence that names one thing speaks of another, too: what was named before, or its container."""
_DOSE = re.compile(
    r"[0-9٠-٩]\s?(?:mg|g|ml|l|mmol|iu|u|units?|%|毫?[克升]|单位|片|支|粒|ملغ|مل|غ|وحد)|\b(?:q[dn]|[bt]id|prn)\b", re.I
)
_PAUSE = re.compile(r"[,，、;；:：—،؛]")
_ASKS = re.compile(r"[?？؟]")


class Verdict(msgspec.Struct, frozen=True):
    """What a turn says of a rule's members: where, and by which cue."""

    stance: Stance
    places: tuple[Place, ...]
    start: int
    end: int
    why: str = ""


class Step(msgspec.Struct, frozen=True):
    """What one sentence says: of every member by itself (``whole``), as an answer, or of some members (``part``)."""

    stance: Stance
    of: Literal["whole", "answer", "part"]
    at: int
    """The number of the sentence."""
    why: str
    places: tuple[Place, ...]
    named: int = -1
    """The number of the sentence before it that names the members, where it names none itself."""

    @property
    def spoken(self) -> int:
        """The number of the sentence that says of whom it speaks."""
        return self.at if self.named < 0 else self.named


def verdict(rule: Rule, picks: Sequence[Pick], hearing: Hearing) -> Verdict | None:
    """The strongest of what a turn says of some choices of entities for the members of a rule; None: nothing."""
    best: Step | None = None
    for pick in picks:
        if rule.when and not any(hearing.concerns(rule, pick, at) for at in _spoken(pick, hearing)):
            continue
        found = _weighed([one for one in _steps(rule, pick, hearing) if hearing.concerns(rule, pick, one.spoken)])
        if found is not None and (best is None or _RANK[found.stance] > _RANK[best.stance]):
            best = found
            if best.stance == "asserts":
                break
    return None if best is None else _told(best, hearing.turn)


def _spoken(pick: Pick, hearing: Hearing) -> Iterator[int]:
    """The numbers of the sentences of a turn that may speak of some entities."""
    for one in pick:
        yield from hearing.turn.named.get(one, ())
    yield from range(min(REPLIES, len(hearing.turn.sentences)))


def picks(choices: Sequence[Sequence[str]], holds: Mapping[str, tuple[str, ...]]) -> list[Pick]:
    """The choices of entities that differ: none twice, and no class beside what belongs to it."""
    found = []
    for pick in product(*[some[:CHOICES] for some in choices]):
        different = all(
            one not in holds[other] and other not in holds[one]
            for number, one in enumerate(pick)
            for other in pick[:number]
        )
        if different:
            found.append(pick)
        if len(found) == PICKS:
            break
    return found


def _weighed(steps: list[Step]) -> Step | None:
    """The one of several sentences that counts.

    What brings things together does, unless a later sentence takes it back that speaks of all of them, or any later
    warning where it is an answer; and where it names only a part of them, unless any sentence warns of them all.
    """
    warned = [one for one in steps if one.stance == "warns"]
    whole = [one for one in warned if one.of != "part"]
    for one in steps:
        if one.stance != "asserts":
            continue
        against = whole if one.of == "whole" else warned
        if not any(other.at > one.at or (one.of == "part" and other.of != "part") for other in against):
            return one
    return next(iter(whole or warned or steps), None)


def _told(step: Step, turn: Turn) -> Verdict:
    """A step as the verdict on its turn: what a user asks, wishes or reports brings nothing together."""
    meant: Stance = "unknown" if turn.role == "user" and step.stance == "asserts" else step.stance
    sentence, text = turn.sentences[step.at], turn.said(step.at)
    start, end = sentence.start + len(text) - len(text.lstrip()), sentence.start + len(text.rstrip())
    return Verdict(meant, step.places, min(start, end), end, step.why)


def _steps(rule: Rule, pick: Pick, hearing: Hearing) -> Iterator[Step]:
    """What the sentences of a turn say of some entities: what it answers first, then in order."""
    turn = hearing.turn
    named = set(pick)
    done = set[int]()
    yield from _answer(rule, pick, hearing)
    for at in sorted({at for one in pick for at in turn.named.get(one, ())}):
        block = turn.sentences[at].block
        here = {one.entity for one in turn.sentences[at].mentions} & named
        if here == named and _apart(turn.inside(at, named), pick):
            yield from _alone(rule, pick, at, hearing)
        elif block in done:
            continue
        elif block >= 0 and (step := _listed(rule, pick, block, hearing)):
            done.add(block)
            yield step
        elif here != named:
            yield _joined(rule, pick, at, hearing)


def _apart(mentions: Sequence[Mention], pick: Pick) -> bool:
    """Whether the entities stand at different places: one name may mean two things."""
    spans = [{(one.start, one.end) for one in mentions if one.entity == entity} for entity in pick]
    return len(set.union(*spans)) >= len(pick)


def _alone(rule: Rule, pick: Pick, at: int, hearing: Hearing) -> Iterator[Step]:
    """A sentence that names every member; where it leaves it open, the next, which names nothing, may tell."""
    turn = hearing.turn
    text, mentions, before = _with_header(at, set(pick), hearing)
    reading = hearing.read(text, mentions, before, rule)
    meant = reading.stance
    places = tuple([hearing.placed(one, at) for one in pick])
    yield Step(meant, "whole", at, reading.why, places)
    after = at + 1
    if meant != "unknown" or after == len(turn.sentences):
        return
    if turn.sentences[after].mentions or turn.sentences[after].block >= 0 or turn.role == "user":
        return
    reading = hearing.read(turn.said(after), (), (turn.said(at),), rule)
    meant = reading.stance
    if meant == "warns" or (meant == "asserts" and _ASKS.search(turn.said(at))):
        yield Step(meant, "answer", after, reading.why, places, at)


def _with_header(at: int, named: set[str], hearing: Hearing) -> tuple[str, list[Mention], tuple[str, ...]]:
    """A sentence with the header of its list before it, its mentions, and the sentences that lead up to it."""
    turn = hearing.turn
    header, said, mentions = turn.sentences[at].header, turn.said(at), turn.inside(at, named)
    if header < 0:
        return said, mentions, hearing.before(at)
    head = turn.said(header).rstrip() + " "
    moved = [Mention(each.entity, each.start + len(head), each.end + len(head), each.way) for each in mentions]
    return head + said, moved, hearing.before(header)


def _listed(rule: Rule, pick: Pick, block: int, hearing: Hearing) -> Step | None:
    """A list that names every member: read as one text, with its header and what refers back to it."""
    turn, named = hearing.turn, set(pick)
    numbers = hearing.listed(block)
    first = [next((at for at in turn.named.get(one, ()) if turn.sentences[at].block == block), -1) for one in pick]
    if min(first) < 0:
        return None
    before = hearing.before(numbers[0])
    if turn.sentences[numbers[-1]].end - turn.sentences[numbers[0]].start > LIST:
        before, numbers = (turn.said(numbers[0]),), range(min(first), max(first) + 1)
    start, stop = turn.sentences[numbers[0]].start, turn.sentences[numbers[-1]].end
    mentions = [
        Mention(one.entity, one.start - start, one.end - start, one.way)
        for at in numbers
        for one in turn.sentences[at].mentions
        if one.entity in named
    ]
    if not _apart(mentions, pick):
        return None
    places = tuple([hearing.placed(one, at) for one, at in zip(pick, first, strict=True)])
    apart = len(set(first)) > 1 and all(_combination(turn, at) for at in first)
    if apart or stop - start > LIST:
        return Step("unknown", "part", max(first), "", places)
    reading = hearing.read(turn.text[start:stop].rstrip(), mentions, before, rule)
    return Step(reading.stance, "whole", max(first), reading.why, places)


def _combination(turn: Turn, at: int) -> bool:
    """Whether an item of a list names several things without a dose: it speaks of these, not of other items'."""
    several = len({one.start for one in turn.sentences[at].mentions}) > 1
    return several and not _DOSE.search(turn.said(at))


def _joined(rule: Rule, pick: Pick, at: int, hearing: Hearing) -> Step:
    """A sentence that names some of the members, where others were named before it or are taken already."""
    turn = hearing.turn
    here = {one.entity for one in turn.sentences[at].mentions} & set(pick)
    links = {one: hearing.link(one, at) for one in pick if one not in here}
    text, mentions, before = _with_header(at, here, hearing)
    lead = (*[link.said for link in links.values() if link.said and link.said not in before], *before)
    given = all(link.state == "given" for link in links.values())
    reading = hearing.read(text, mentions, lead, rule)
    if reading.stance == "unknown" and given:
        reading = hearing.read(text, mentions, (), rule)
    meant: Stance = reading.stance
    if meant == "warns" and not given:
        alone = hearing.read(text, mentions, (), rule)
        meant = "warns" if alone.stance != "warns" or _asked_of(links.values(), hearing) else "unknown"
    if meant == "asserts" and not (given and rule.context != "mixed"):
        kept = all(link.said and link.state in ("given", "mentioned") for link in links.values())
        meant = "asserts" if kept and _REFERS.search(text) else "unknown"
    places = tuple([links[one].place if one in links else hearing.placed(one, at) for one in pick])
    return Step(meant, "part", at, reading.why, places)


def _asked_of(links: Iterable[Link], hearing: Hearing) -> bool:
    """Whether things were named by the question that the turn answers."""
    return hearing.question is not None and any(link.place.turn == hearing.number - 1 for link in links)


def _answer(rule: Rule, pick: Pick, hearing: Hearing) -> Iterator[Step]:
    """The reply to a question that named what the reply does not: yes or no, within its first sentences.

    The question names a member, and the others are named in it or given; or it names nothing, and they stand before it.
    """
    turn, asked = hearing.turn, hearing.question
    if asked is None or not any(one in asked.named for one in pick):
        return
    asks = [at for at in range(len(asked.sentences)) if _ASKS.search(asked.said(at))] or [len(asked.sentences) - 1]
    question = asks[-1]
    names = {one.entity for one in asked.sentences[question].mentions}
    missing = [one for one in pick if one not in names]
    if names and (len(missing) == len(pick) or not all(_given(one, hearing) for one in missing)):
        return
    if not names and not all(one in asked.named or _given(one, hearing) for one in pick):
        return
    before = tuple([asked.said(at) for at in range(max(0, question - 1), len(asked.sentences))])
    for at in range(min(REPLIES, len(turn.sentences))):
        said = {one.entity for one in turn.sentences[at].mentions}
        if said >= set(pick):
            return
        text = turn.said(at) if not said or said & set(pick) else _opening(turn, at)
        reading = hearing.read(text, (), before, rule)
        meant = reading.stance
        if meant != "unknown":
            yield Step(meant, "answer", at, reading.why, tuple([_stood(one, hearing) for one in pick]))
            return


def _opening(turn: Turn, at: int) -> str:
    """What a sentence that names something else says before it comes to it: the yes or no of an answer."""
    start = turn.sentences[at].start
    before = turn.text[start : turn.sentences[at].mentions[0].start]
    pauses = [match.end() for match in _PAUSE.finditer(before)]
    return before[: pauses[-1]] if pauses else ""


def _given(entity: str, hearing: Hearing) -> bool:
    stood = hearing.stand(entity)
    return entity in hearing.taking or (stood is not None and stood.state == "given")


def _stood(entity: str, hearing: Hearing) -> Place:
    """Where an entity stands before the turn."""
    stood = hearing.stand(entity)
    return Place(entity, entity, -1) if stood is None else Place(entity, entity, stood.turn, stood.start, stood.end)
