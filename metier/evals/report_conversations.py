"""The conversations of each step before anyone trains on them: how long, in which languages, who is named, a sheet to
read (the layout of named entities is that of AceGPT's table 3)."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from metier.artefact import Finished, Manifest
from metier.evals.report_steps import cut, manifests
from metier.proportion import wilson
from metier.records import Conversation
from metier.scores import count, percent
from metier.text.alike import repeats
from metier.text.entities import EntityKind, Gazetteer, named
from metier.text.questions import question_kind
from metier.text.refusals import refuses
from metier.text.words import words_of

MOST, DRAWN = 100_000, 2_000
"""Conversations of a step that are counted, and those of them that are searched for names and repeats."""
TOP, SHEET, LENGTH = 5, 8, 900
"""Names of a kind, conversations on the sheet, characters of a turn on it."""
TITLES: dict[EntityKind, str] = {"person": "Persons", "organisation": "Organisations", "place": "Places"}


@dataclass(frozen=True)
class Line:
    """One source of a step in numbers; lengths are words (each character of a script without spaces is one)."""

    source: str
    n: str
    languages: str
    turns: str
    question: str
    answer: str


@dataclass(frozen=True)
class Share:
    """A part of the conversations with its 95% interval; ``width`` is in percent of the widest beside it."""

    name: str
    n: str
    share: str
    interval: str
    width: float


@dataclass(frozen=True)
class Turn:
    """One message as the sheet shows it."""

    role: str
    text: str


@dataclass(frozen=True)
class Talk:
    """The conversations of one step."""

    step: str
    stage: str
    n: str
    trained: bool
    shown: bool
    """Whether it stands open: what is trained on, or else what the last step made."""
    lines: tuple[Line, ...]
    kinds: tuple[Share, ...]
    marks: tuple[Share, ...]
    named: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    """(kind, how many namings there are, the commonest with their counts)."""
    drawn: str
    sheet: tuple[tuple[str, tuple[Turn, ...]], ...]
    """(id, turns) of a few conversations drawn by the run's seed."""


def talks(run: Finished, gazetteer: Gazetteer) -> list[Talk]:
    """The statistics of every step that holds conversations, those that are trained on first.

    ``gazetteer`` holds names beside those that are found by their looks.
    """
    made = {name: one for name, one in manifests(run).items() if one.counts.get("conversation")}
    trained = made.keys() & set(_trained(manifests(run).values()))
    order = sorted(made, key=lambda name: name not in trained)
    return [_talk(run, made[name], gazetteer, name in trained, name in (trained or order[-1:])) for name in order]


def _trained(made: Iterable[Manifest]) -> Iterable[str]:
    for one in made:
        feed = one.sources.get("conversations", []) if one.stage.startswith("train.") else []
        yield from feed if isinstance(feed, list) else []


def _talk(run: Finished, one: Manifest, gazetteer: Gazetteer, trained: bool, shown: bool) -> Talk:
    some = list(islice(run.artefacts[one.step].records(Conversation), MOST))
    drawn = sorted(some, key=lambda c: hashlib.sha256(f"{run.seed}:{c.id}".encode()).digest())[:DRAWN]
    kinds = Counter(question_kind(_first(c, "user")) for c in drawn)
    marks = {
        "refuse to answer": sum(any(refuses(text) for text in _said(c, "assistant")) for c in drawn),
        "nearly repeat another": int(repeats([_talked(c) for c in drawn]).sum()),
    }
    return Talk(
        one.step, one.stage, count(one.counts["conversation"]), trained, shown, tuple(_lines(some)),
        _shares(kinds.most_common(), len(drawn)), _shares(marks.items(), len(drawn)), tuple(_named(drawn, gazetteer)),
        count(len(drawn)) if len(drawn) < one.counts["conversation"] else "",
        tuple((c.id, tuple(Turn(m.role, cut(m.content, LENGTH)) for m in c.messages)) for c in drawn[:SHEET]),
    )  # fmt: skip


def _said(conversation: Conversation, role: str) -> list[str]:
    return [message.content for message in conversation.messages if message.role == role]


def _talked(conversation: Conversation) -> str:
    """All that is said, without the system message, which whole sets share."""
    return "\n".join(message.content for message in conversation.messages if message.role != "system")


def _first(conversation: Conversation, role: str) -> str:
    return next(iter(_said(conversation, role)), "")


def _lines(some: Sequence[Conversation]) -> Iterable[Line]:
    """Each source, the largest first, and all of them where there are several."""
    groups: dict[str, list[Conversation]] = {}
    for conversation in some:
        groups.setdefault(conversation.source or "without a source", []).append(conversation)
    for source, group in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        yield _line(source, group)
    if len(groups) > 1:
        yield _line("all", some)


def _line(source: str, group: Sequence[Conversation]) -> Line:
    languages = Counter(c.language or "unknown" for c in group).most_common()
    shown = [f"{name} {percent(n, len(group))}" if len(languages) > 1 else name for name, n in languages[:4]]
    shown += [f"{len(languages) - 4} more"] if len(languages) > 4 else []
    turns = [len(_said(c, "assistant")) for c in group]
    sizes = (_spread(_sizes([text for c in group for text in _said(c, role)])) for role in ("user", "assistant"))
    return Line(source, count(len(group)), ", ".join(shown), _spread(turns), *sizes)


def _sizes(texts: Sequence[str]) -> list[int]:
    return [int(n) for n in words_of(texts).counts] if texts else []


def _spread(numbers: Sequence[int]) -> str:
    """The median, and the twentieth and the nineteen twentieths where they differ from it."""
    if not numbers:
        return "—"
    order = sorted(numbers)
    low, middle, high = (order[round(share * (len(order) - 1))] for share in (0.05, 0.5, 0.95))
    return count(middle) if low == high else f"{count(middle)} ({count(low)}–{count(high)})"


def _shares(pairs: Iterable[tuple[str, int]], whole: int) -> tuple[Share, ...]:
    some = list(pairs)
    most = max((n for _, n in some), default=0) or 1
    made = []
    for name, n in some:
        low, high = wilson(n / whole, whole)
        made.append(Share(name, count(n), percent(n, whole), f"{100 * low:.1f}–{100 * high:.1f}%", 100 * n / most))
    return tuple(made)


def _named(
    drawn: Sequence[Conversation], gazetteer: Gazetteer
) -> Iterable[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Who and what the answers name most."""
    found = named(["\n".join(_said(c, "assistant")) for c in drawn], gazetteer)
    for kind, title in TITLES.items():
        names = Counter(name for some in found for is_kind, name in some if is_kind == kind)
        if names:
            yield title, count(names.total()), tuple((name, count(n)) for name, n in names.most_common(TOP))
