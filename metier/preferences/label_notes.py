"""What labelling came to: how many pairs survive, how the judge leans, and how far it agrees with people."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import msgspec

from metier.judge.agreement import Agreed, accuracy, kappa, pearson, spearman
from metier.judge.compare import Judged, Match
from metier.preferences.pairing import Pairs
from metier.proportion import effective, wilson
from metier.records import Answer, Conversation, MetierError, Side, Verdict

UNPARSED = "unparsed: "
"""How a judge that was asked begins to say why there are no points, where there was a reply."""
SAID = 80
"""Characters of that reply that a finding and an error show."""
Key = tuple[str, str, str]
"""A question and two replies to it, by their texts."""
ALWAYS, LEANS, LONGER, FEW, UNREAD, TIED = 0.9, 0.6, 0.8, 0.2, 0.05, 0.5
"""Beyond which share a judge is said to name one place always, to lean to it, and to go by length; below which few
pairs survive; above which too many replies are unread or missing, and too many pairs are ties."""


class Labelled(NamedTuple):
    """One pair as it was judged, and the lead that people give its left reply, where they were asked."""

    conversation: Conversation
    match: Match
    judged: Judged
    human: float | None = None

    @property
    def unread(self) -> bool:
        """Whether the judge's reply could not be read in one order or in both."""
        return any(one.lead is None for one in self.judged.orders)

    @property
    def babble(self) -> bool:
        """Whether the judge did reply, and no verdict could be read from what it said."""
        return self.unread and self.judged.verdict.why.startswith(UNPARSED)

    @property
    def survives(self) -> bool:
        """Whether both orders agree on a winner that leads far enough."""
        return self.judged.verdict.winner != "tie"


class Found(msgspec.Struct, frozen=True):
    """Something about the judge that a reader must know: its name, the number, and what it means."""

    name: str
    value: float
    says: str


class Agreement(msgspec.Struct, frozen=True):
    """How far the judge agrees with people: by leads, by their ranks, by winners beyond chance, and by winners."""

    pearson: Agreed
    spearman: Agreed
    kappa: Agreed
    accuracy: Agreed


class Part(msgspec.Struct, frozen=True):
    """What became of the pairs of one source."""

    source: str
    asked: int
    survivors: int


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one labelling; ``asked`` is the sum of unparsed, inconsistent, ties and survivors."""

    prompts: int
    answers: int
    with_reference: int
    """Prompts with a standard answer."""
    silent: int
    """Answers without a reply, which nothing is compared with."""
    silent_why: str
    """The commonest reason of that."""
    pairs: int
    """Pairs of replies to one prompt: those asked, and the next three."""
    identical: int
    repeated: int
    """Pairs that say what another pair of the same prompt says, and have its verdict."""
    undrawn: int
    asked: int
    unparsed: int
    """Pairs to which the judge gave no points, or none that could be read, in one order or in both."""
    unparsed_why: str
    """The commonest reason of that, with what the judge said where it was asked."""
    inconsistent: int
    ties: int
    """Pairs on which both orders agree that neither is better, or whose lead is below the margin."""
    survivors: int
    preferences: int
    """Preferences that were yielded: the survivors, unless `keep` or `pairs` says otherwise."""
    survival: Agreed | None
    """Survivors among the pairs asked."""
    first_wins: Agreed | None
    """Orders, of those with a winner, in which the reply shown first won: half of them by a judge without a lean."""
    first_points: float | None
    """Mean points of the reply shown first, and of the one shown second."""
    second_points: float | None
    longer_wins: Agreed | None
    """Survivors, of those of two lengths in characters, that the longer reply won."""
    sources: tuple[Part, ...]
    before: Agreement | None = None
    """Agreement of the first order alone with people, over the pairs that they judged."""
    after: Agreement | None = None
    """Agreement of the survivors with people."""
    findings: tuple[Found, ...] = ()


def notes(paired: Sequence[Pairs], rows: Sequence[Labelled], preferences: int) -> Notes:
    """Count what was compared and what came of it."""
    read = [one for one in rows if not one.unread]
    kept = [one for one in rows if one.survives]
    told = [one for one in rows if one.human is not None]
    counts = Notes(
        prompts=len(paired),
        answers=sum(one.spoken + len(one.silent) for one in paired),
        with_reference=sum(bool(one.conversation.reply) for one in paired),
        silent=sum(len(one.silent) for one in paired),
        silent_why=silence(paired),
        pairs=sum(len(one.matches) + len(one.identical) + len(one.repeated) + one.undrawn for one in paired),
        identical=sum(len(one.identical) for one in paired),
        repeated=sum(len(one.repeated) for one in paired),
        undrawn=sum(one.undrawn for one in paired),
        asked=len(rows),
        unparsed=len(rows) - len(read),
        unparsed_why=_why(rows),
        inconsistent=sum(not one.judged.verdict.consistent for one in read),
        ties=sum(one.judged.verdict.consistent and not one.survives for one in read),
        survivors=len(kept),
        preferences=preferences,
        survival=_share([(one.match.question, one.survives) for one in rows]),
        first_wins=_first_wins(rows),
        first_points=_points(rows, 0),
        second_points=_points(rows, 1),
        longer_wins=_longer_wins(kept),
        sources=tuple(_sources(rows)),
        before=_agreement([(one, one.judged.orders[0].lead) for one in told]),
        after=_agreement([(one, one.judged.verdict.margin) for one in told if one.survives]),
    )
    return msgspec.structs.replace(counts, findings=tuple(findings(counts)))


def findings(notes: Notes) -> Iterable[Found]:
    """What is off with a judge, in a sentence each; nothing where all is as it should be."""
    first, longer, survival = notes.first_wins, notes.longer_wins, notes.survival
    if first is not None and (lean := _lean(first)):
        place, share, always = lean
        how = "names" if always else "leans to"
        yield Found(
            "position", first.value,
            f"the judge {how} the reply shown {place} in {share:.0%} of the orders with a winner, where half are due: "
            + ("it does not read the replies; take another judge or prompt" if always
               else "the second order removes this from the labels; a better judge or prompt keeps more pairs"),
        )  # fmt: skip
    if longer is not None and longer.low > LONGER:
        yield Found(
            "length", longer.value,
            f"the longer reply wins {longer.value:.0%} of the survivors (n = {longer.n:,}): a reward model learns "
            "length from them; ask for conciseness, or sample replies of like length",
        )  # fmt: skip
    if survival is not None and survival.high < FEW:
        yield Found(
            "survival", survival.value,
            f"only {survival.value:.0%} of {survival.n:,} pairs survive ({notes.inconsistent:,} inconsistent, "
            f"{notes.ties:,} ties, {notes.unparsed:,} unparsed): what is left may not stand for the rest",
        )  # fmt: skip
    if notes.silent > UNREAD * notes.answers:
        yield Found(
            "silent", notes.silent / notes.answers,
            f"{notes.silent:,} of {notes.answers:,} answers hold no reply ({notes.silent_why}): what is labelled may "
            "not stand for the rest; mend the step that sampled them",
        )  # fmt: skip
    if notes.asked and notes.unparsed > UNREAD * notes.asked:
        yield Found(
            "unparsed", notes.unparsed / notes.asked,
            f"no verdict on {notes.unparsed:,} of {notes.asked:,} pairs ({notes.unparsed_why}): " + _mended(notes),
        )  # fmt: skip
    if notes.asked and notes.ties > TIED * notes.asked:
        yield Found(
            "ties", notes.ties / notes.asked,
            f"{notes.ties:,} of {notes.asked:,} pairs are ties: the replies are too alike, or the margin is too wide",
        )  # fmt: skip


def fruitless(notes: Notes) -> MetierError:
    """The error of a labelling that leaves nothing to train on."""
    first = notes.first_wins
    lean = "" if first is None else f"; the reply shown first won {first.value:.0%} of {first.n:,} orders"
    remedy = "take another judge or prompt"
    if not notes.inconsistent:
        remedy = "sample more freely, lower the margin, or take another judge"
    if notes.unparsed == notes.asked:
        lean, remedy = f" ({notes.unparsed_why})", _mended(notes)
    return MetierError(
        f"none of {notes.asked:,} pairs survives: {notes.unparsed:,} unparsed, {notes.inconsistent:,} inconsistent, "
        f"{notes.ties:,} ties{lean}; {remedy}"
    )


def silence(paired: Iterable[Pairs]) -> str:
    """Why most of the answers without a reply have none."""
    return next((why for why, _ in Counter(why for one in paired for why in one.silent).most_common(1)), "")


def _mended(notes: Notes) -> str:
    """What helps against pairs without a verdict."""
    if notes.unparsed_why.startswith(UNPARSED):
        return (
            "the judge does not answer as its prompt asks; give it more max_tokens, a plainer prompt, or take another"
        )
    return "leave such replies out, or take a judge that can read them"


def _why(rows: Sequence[Labelled]) -> str:
    """The commonest reason why there is no verdict, that of replies which could not be read with the first of them."""
    some = [one.judged.verdict.why for one in rows if one.unread]
    kinds = Counter(UNPARSED if one.startswith(UNPARSED) else one for one in some)
    kind = kinds.most_common(1)[0][0] if kinds else ""
    return next((one[:SAID] for one in some if one.startswith(kind)), "")


def human_leads(human: Iterable[Verdict], answers: Sequence[Answer]) -> dict[Key, float]:
    """(question, left, right) by the replies' texts -> the mean lead that people give to left; both ways round.

    MetierError where people judged an answer that is not there.
    """
    texts = {one.id: one.text.strip() for one in answers}
    leads: dict[Key, list[float]] = defaultdict(list)
    for one in human:
        for id in (one.left, one.right):
            if id not in texts:
                raise MetierError(f"human: the verdict on {one.question!r} names {id!r}, which is none of the answers")
        left, right = texts[one.left], texts[one.right]
        lead = _lead(one)
        leads[one.question, left, right].append(lead)
        leads[one.question, right, left].append(-lead)
    return {key: fmean(some) for key, some in leads.items()}


def human_lead(match: Match, leads: Mapping[Key, float]) -> float | None:
    """The lead that people give the left reply of a match; None where they did not judge it."""
    return leads.get((match.question, match.comparison.left.strip(), match.comparison.right.strip()))


def _lead(verdict: Verdict) -> float:
    if verdict.winner == "tie":
        return 0.0
    return abs(verdict.margin or 1.0) * (1 if verdict.winner == "left" else -1)


def _share(hits: Sequence[tuple[str, bool]]) -> Agreed | None:
    """The share of hits, each given with its prompt: pairs of one prompt belong together in the interval."""
    if not hits:
        return None
    prompts, some = [prompt for prompt, _ in hits], [hit for _, hit in hits]
    share = sum(some) / len(some)
    return Agreed(share, len(some), *wilson(share, effective(some, prompts)))


def _first_wins(rows: Sequence[Labelled]) -> Agreed | None:
    """Left is shown first in the first order, right in the second."""
    return _share(
        [
            (one.match.question, lead > 0)
            for one in rows
            for lead in (one.judged.orders[0].lead, one.judged.orders[1].swap().lead)
            if lead
        ]
    )


def _points(rows: Sequence[Labelled], place: int) -> float | None:
    """Mean points of the replies shown in a place, over all orders that could be read."""
    shown = [order for one in rows for order in (one.judged.orders[0], one.judged.orders[1].swap())]
    some = [(one.left, one.right)[place] for one in shown]
    read = [one for one in some if one is not None]
    return fmean(read) if read else None


def _longer_wins(rows: Sequence[Labelled]) -> Agreed | None:
    wins = []
    for one in rows:
        ahead = len(one.match.comparison.left) - len(one.match.comparison.right)
        if ahead:
            wins.append((one.match.question, (ahead > 0) == (one.judged.verdict.winner == "left")))
    return _share(wins)


def _sources(rows: Sequence[Labelled]) -> Iterable[Part]:
    groups: dict[str, list[Labelled]] = defaultdict(list)
    for one in rows:
        groups[one.conversation.source].append(one)
    for source, some in sorted(groups.items()):
        yield Part(source, len(some), sum(one.survives for one in some))


def _agreement(rows: Sequence[tuple[Labelled, float | None]]) -> Agreement | None:
    """Of leads that could be read with those of people; None where there are none."""
    some = [(lead, one.human) for one, lead in rows if lead is not None and one.human is not None]
    if not some:
        return None
    mine, theirs = [one for one, _ in some], [other for _, other in some]
    sides, others = [_side(one) for one in mine], [_side(one) for one in theirs]
    return Agreement(
        pearson(mine, theirs), spearman(mine, theirs), kappa(sides, others), accuracy(sides, others)
    )  # fmt: skip


def _side(lead: float) -> Side:
    return "left" if lead > 0 else "right" if lead < 0 else "tie"


def _lean(first: Agreed) -> tuple[str, float, bool] | None:
    """The place that a judge prefers, how often, and whether always."""
    if first.low > LEANS:
        return "first", first.value, first.low > ALWAYS
    if first.high < 1 - LEANS:
        return "second", 1 - first.value, first.high < 1 - ALWAYS
    return None
