"""What the words around a rule's members weigh together, where single cues mislead.

The cues say what a sentence does to the things in it; a sentence has many, and the last word is had by none of them. So
what the cues came to is one sign among others: runs of words and of cues in the sentences nearby, how the reply begins,
what was asked. Each sign has a weight for every stance, fitted to written cases (``benchmarks.rules_weights``); the
stance with the greatest sum is meant.
"""

import functools
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, get_args

from metier.artefact import asset
from metier.rules.check_hearing import Hearing, Pick
from metier.rules.firing import Mention, Stance
from metier.rules.stance_clauses import kind_of
from metier.rules.stance_cues import FIRST, cues
from metier.rules.stance_text import mask
from metier.rules.state import Turn

STANCES: tuple[Stance, ...] = get_args(Stance)
NEARBY, NAMING = 1, 4
"""Sentences before the one that decides that are looked at, and how many of those that name a member."""
ASKED = 3
"""Sentences of the turn before, the last ones, that are looked at."""
KEPT = 4096
"""Sentences whose sums are kept: over a reply that grows, each is looked at again with every sentence behind it."""
LEAD: Mapping[Stance, float] = {"asserts": 1.2, "warns": 0.5, "unknown": 0.8}
"""By how much more must speak for another stance than for the one that the cues came to.

Chosen on the fourth to sixth round of cases, each with weights fitted to the others.
"""
MEMBER, OTHER = "⒳", "⒠"
"""What stands for a member of the rule, and for any other entity."""
_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[一-鿿]|[⒳⒠]|[^\W\d_一-鿿]+|[^\w\s]")
_ASKS = re.compile(r"[?？؟]|吗|么")
_RUNS = {"zh": 4}
_CUES = 4
"""Words, and cues, of the longest run that is a sign."""

Sum = tuple[float, float, float]


class Sums(NamedTuple):
    """The weights of some signs added up, and how many signs there were."""

    stances: Sum
    signs: int


class Decided(NamedTuple):
    """What the cues say of a rule: by which sentence, and by which words."""

    stance: Stance
    at: int
    why: str
    pick: Pick
    context: str
    settled: bool
    """Whether how the turn is built decides it, and not the wording of one sentence."""


@functools.cache
def weights() -> dict[str, Sum]:
    """The weights of every sign that has any, for each of ``STANCES``."""
    lines = asset("asset:rules/weights.tsv").read_text("utf-8").splitlines()
    rows = [line.rsplit("\t", 3) for line in lines]
    return {sign: (int(one) / 100, int(two) / 100, int(three) / 100) for sign, one, two, three in rows}


def weighed(decided: Decided, hearing: Hearing) -> Stance:
    """The stance that all signs together speak for; that of the cues where the turn names no member or is settled."""
    if decided.settled or not any(one in hearing.turn.named for one in decided.pick):
        return decided.stance
    one = two = three = 0.0
    count = 0
    for sums in (*_sentences(decided, hearing), *_framed(decided, hearing)):
        one, two, three = one + sums.stances[0], two + sums.stances[1], three + sums.stances[2]
        count += sums.signs
    return heaviest((one, two, three), count, decided.stance)


def heaviest(totals: Sequence[float], count: int, cues: Stance) -> Stance:
    """The stance with the greatest total of ``count`` signs, where the cues came to ``cues``."""
    margins = [
        total / math.sqrt(count) - (LEAD[stance] if stance != cues else 0.0)
        for stance, total in zip(STANCES, totals, strict=True)
    ]
    return STANCES[margins.index(max(margins))]


def signs(decided: Decided, hearing: Hearing) -> list[str]:
    """All signs of a decision, for whoever fits their weights."""
    some = [sign for text, members, others, asked in _nearby(decided, hearing)
            for sign in _signs(text, members, others, asked)]  # fmt: skip
    return [*some, *_cues(*_outcome(decided, hearing)), *_frame(*_beginning(decided, hearing))]


def _sentences(decided: Decided, hearing: Hearing) -> Iterator[Sums]:
    for text, members, others, asked in _nearby(decided, hearing):
        yield _sums(text, members, others, asked)


def _before(hearing: Hearing) -> Turn | None:
    """The turn that is answered: what a tool or the system says is no talk."""
    return next((one for one in reversed(hearing.scene.turns) if one.role in ("user", "assistant")), None)


def _said(turn: Turn, numbers: Iterable[int]) -> list[int]:
    """The first of some sentences that say anything: what tells a rule in the table's own words is read as blanks."""
    said = (at for at in numbers if not turn.said(at).isspace())
    return list(itertools.islice(said, NEARBY))


Spans = tuple[tuple[int, int], ...]


def _nearby(decided: Decided, hearing: Hearing) -> Iterator[tuple[str, Spans, Spans, bool]]:
    """The sentence that decides, what leads up to it, and the last sentences of the turn before.

    Nothing behind it counts: what has left a guard must not become another thing by what is written later.
    """
    turn = hearing.turn
    named = set(decided.pick)
    ahead = _said(turn, range(decided.at - 1, -1, -1))
    naming = {at for one in decided.pick for at in turn.named.get(one, ()) if at <= decided.at}
    for at in sorted({decided.at, *ahead, *sorted(naming)[-NAMING:]}):
        one = turn.sentences[at]
        yield turn.said(at), *_spans(one.mentions, one.start, named), False
    if before := _before(hearing):
        for at in range(max(0, len(before.sentences) - ASKED), len(before.sentences)):
            one = before.sentences[at]
            yield before.said(at), *_spans(one.mentions, one.start, named), True


def _spans(mentions: Sequence[Mention], start: int, named: set[str]) -> tuple[Spans, Spans]:
    if not mentions:
        return (), ()
    members = {(one.start - start, one.end - start) for one in mentions if one.entity in named}
    others = {(one.start - start, one.end - start) for one in mentions} - members
    return tuple(sorted(members)), tuple(sorted(others))


def _framed(decided: Decided, hearing: Hearing) -> Iterator[Sums]:
    yield _cue_sums(*_outcome(decided, hearing))
    yield _frame_sums(*_beginning(decided, hearing))


@functools.lru_cache(maxsize=KEPT)
def _sums(text: str, members: Spans, others: Spans, asked: bool) -> Sums:
    return _summed(_signs(text, members, others, asked))


def _summed(some: Sequence[str]) -> Sums:
    table = weights()
    known = [table[sign] for sign in some if sign in table]
    one, two, three = map(sum, zip(*known, strict=True)) if known else (0.0, 0.0, 0.0)
    return Sums((one, two, three), len(some))


def _signs(text: str, members: Spans, others: Spans, asked: bool) -> tuple[str, ...]:
    """The signs of one sentence: runs of its words and of its cues."""
    mentions = [Mention(MEMBER, *span) for span in members] + [Mention(OTHER, *span) for span in others]
    masked = mask(text, mentions)
    said = masked.text
    for sign, entities in masked.entities.items():
        said = said.replace(sign, MEMBER if MEMBER in entities else OTHER)
    words = ["#" if word[0].isdigit() else word for word in _TOKEN.findall(said)]
    if asked:
        return tuple(dict.fromkeys(f"p:{run}" for run in _runs(words, 3)))
    found = [f"t:{run}" for run in _runs(words, _RUNS.get(masked.language, 3))]
    if masked.language != "zh":
        found += [f"s:{word[:5]}" for word in words if len(word) > 5]
    if masked.language == "ar":
        found += [f"c:{word[at : at + 4]}" for word in words if len(word) > 4 for at in range(len(word) - 3)]
    kinds = _kinds(masked.text, masked.language, said)
    found += [f"k:{run}" for run in _runs(kinds, _CUES)]
    if members:
        found += [f"x:{kind}" for kind in sorted(set(kinds))]
        found.append("X:" + "_".join(kind for kind in kinds if kind not in ("be", "person")))
    return tuple(dict.fromkeys(found))


def _kinds(masked: str, language: str, said: str) -> list[str]:
    """What a sentence does, in order: its cues, the things in it, and the marks that end it."""
    events = [(token.start, kind_of(token) or "/".join(sorted(token.kinds))) for token in cues(language).scan(masked)]
    for at, (char, shown) in enumerate(zip(masked, said, strict=True)):
        if FIRST <= ord(char) <= 0xF8FF:
            events.append((at, shown))
        elif char in ".!?;。":
            events.append((at, "?" if char == "?" else "."))
    return [kind for _, kind in sorted(events)]


def _runs(words: Sequence[str], longest: int) -> Iterator[str]:
    for size in range(1, longest + 1):
        for at in range(len(words) - size + 1):
            yield "_".join(words[at : at + size])


def _outcome(decided: Decided, hearing: Hearing) -> tuple[Stance, str, str, str, str]:
    """What the cues came to, of which rule and in whose turn, by which words, and how many members the turn names."""
    named = [one in hearing.turn.named for one in decided.pick]
    why = "".join("@" if FIRST <= ord(char) <= 0xF8FF else char for char in decided.why[:20]).replace("\t", " ")
    which = "all" if all(named) else "some" if any(named) else "none"
    return decided.stance, decided.context, hearing.turn.role, why, which


def _cues(stance: Stance, context: str, role: str, why: str, named: str) -> tuple[str, ...]:
    came = (f"f:{stance}", f"f:{stance}_{context}", f"f:{stance}_{role}", f"w:{why}_{stance}")
    return (*came, f"r:{context}", f"r:{role}", f"r:{context}_{role}", f"n:{named}")


@functools.lru_cache(maxsize=KEPT)
def _cue_sums(stance: Stance, context: str, role: str, why: str, named: str) -> Sums:
    return _summed(_cues(stance, context, role, why, named))


def _beginning(decided: Decided, hearing: Hearing) -> tuple[str, bool, bool, str]:
    """How the turn begins, whether it asks up to the sentence that decides, and what kind of turn it follows."""
    text = hearing.turn.text[: hearing.turn.sentences[decided.at].end]
    before = _before(hearing)
    led = "" if before is None else "Q" if _asks(before.text) else "N"
    return text[:60].lower(), _asks(text), text.rstrip()[-1:] in "?？؟", led


@functools.lru_cache(maxsize=KEPT)
def _asks(text: str) -> bool:
    return _ASKS.search(text) is not None


def _frame(head: str, asks: bool, ends: bool, led: str) -> tuple[str, ...]:
    first = _TOKEN.findall(head)[:3]
    return (f"q:{asks}_{ends}", *(f"b{led}:{'_'.join(first[:size])}" for size in range(1, len(first) + 1)))


@functools.lru_cache(maxsize=KEPT)
def _frame_sums(head: str, asks: bool, ends: bool, led: str) -> Sums:
    return _summed(_frame(head, asks, ends, led))
