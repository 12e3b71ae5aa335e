"""Label pairs of replies by a judge asked in both orders, and keep those on which it does not contradict itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from metier.artefact import write_json
from metier.judge.asked import Asked, Form
from metier.judge.compare import Judge, Judged, compare
from metier.judge.extras import Extras
from metier.llm.llm import LLM
from metier.llm.prompts import Prompts
from metier.preferences.judges import LIKENESS, Points, check, judge_of, need_references
from metier.preferences.label_notes import Key, Labelled, fruitless, human_lead, human_leads, notes, silence
from metier.preferences.pairing import Pairs, pairings
from metier.records import Answer, Checkpoint, Config, Conversation, File, MetierError, Preference, Side, Verdict
from metier.text.listed import read_text

PATIENCE = 64
"""Pairs after which a judge none of whose replies could be read is asked no more."""
IDENTICAL = "identical replies"
"""Why a pair is a tie that nobody was asked about."""


class Label(Config, frozen=True):
    """Who judges by what, which pairs are made, and which survive."""

    by: Literal["judge"] | Points = "judge"
    """`judge` asks the language model that the step names as its judge. The others read each reply for itself: a
    `reward` model, the likeness to the standard answer (`rouge_l`, `bleu4`), `length`, or the `rules` of a table."""
    form: Form = "rating"
    """What a judge is asked: to rate both replies from 1 to 10 beside the standard answer (`rating`), which follows the
    culture better (`preference`), or which is better (`plain`)."""
    prompts: Prompts = "domain:medicine"
    """Domain or directory whose prompts `judge-FORM.LANGUAGE.md` the judge is asked by."""
    language: str = ""
    """Language of the judge's prompt; empty: that of each conversation."""
    culture: File = ""
    """Text that describes the place and its people, by whose culture `preference` judges."""
    table: Annotated[str, msgspec.Meta(extra={"files": "{}"})] = ""
    """Directory of the rules' table (`domain:medicine`) where `by` is rules."""
    margin: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Points by which the better reply must lead, in the mean of both orders; below it is a tie."""
    pairs: Literal["all", "best_worst"] | Annotated[int, msgspec.Meta(ge=1)] = "all"
    """`all` pairs of replies to one prompt that differ; a number: so many of them, by a hash of their ids;
    `best_worst`: all are compared, and of each prompt the preference with the largest lead is kept."""
    keep: Literal["consistent", "all"] = "consistent"
    """`consistent`: pairs on which both orders agree. `all` takes the word of the order asked first, as if it had been
    the only one: it shows what the other order is worth, and is not meant for training."""
    extras: Extras = Extras()
    """Points for what the judge does not look at; off by default, and only where each reply is read for itself."""

    def __post_init__(self) -> None:
        check(self.by, self.table, self.extras)
        named = {"form": self.form != "rating", "language": self.language, "culture": self.culture}
        if self.by != "judge" and (name := next((name for name, said in named.items() if said), "")):
            raise ValueError(f"{name}: by: {self.by} asks no model; leave it out, or set by: judge")


def label(
    answers: Iterable[Answer],
    conversations: Iterable[Conversation],
    config: Label,
    out: Path,
    judge: LLM | None = None,
    reward: Checkpoint = Checkpoint(""),
    human: Iterable[Verdict] = (),
) -> Iterator[Preference | Verdict]:
    """Compare replies to one prompt in both orders; the consistent ones become preferences.

    Yields the verdict on every pair, and a preference where one reply won. Nobody is asked about replies that say the
    same, which are a tie, nor about a pair that says what another says, which has its verdict. Which of two is shown
    first in the first order is drawn by a hash of their ids. The notes say how many survive, how the judge leans (first
    shown, longer), and, where ``human`` verdicts on some of the pairs are fed, how far it agrees with them before and
    after the filter. MetierError where an answer is to no conversation, where a judge's replies cannot be read, and
    where no pair survives.
    """
    if (config.by == "judge") != (judge is not None):
        told = "judge: name a language model of the recipe" if judge is None else f"by: {config.by} asks no model"
        raise MetierError(f"{told}; give both `judge` and by: judge, or neither")
    given = {one.id: one for one in conversations}
    some = list(answers)
    most = config.pairs if isinstance(config.pairs, int) else None
    paired = list(pairings(some, given, most))
    _need(paired, config)
    leads = human_leads(human, some)
    if leads and not any(human_lead(match, leads) is not None for one in paired for match in one.matches):
        raise MetierError("human: no verdict is on a pair that is compared; feed those on these answers, or pairs: all")
    yield from _ties(paired, judge.name if judge else judge_of(config.by, config.table, config.extras, reward).name)
    rows: list[Labelled] = []
    count = 0
    for one, labelled in _labelled(paired, config, judge, reward, leads):
        best: list[Preference] = []
        for row in labelled:
            rows.append(row)
            if len(rows) == PATIENCE and all(one.babble for one in rows):
                raise fruitless(notes(paired, rows, 0))
            yield row.judged.verdict
            yield from _repeated(one, row)
            if side := _side(row.judged, config):
                best.append(_preference(row, side, config.keep))
        if config.pairs == "best_worst":
            best = sorted(best, key=_lead, reverse=True)[:1]
        count += len(best)
        yield from best
    found = notes(paired, rows, count)
    if not count:
        raise fruitless(found)
    write_json(out / "notes.json", found)


def _need(paired: Sequence[Pairs], config: Label) -> None:
    """MetierError where there is nothing to compare, or a standard answer is missing that the judge needs."""
    if not any(one.matches for one in paired):
        told, silent = f"prompts with answers: {len(paired):,}", sum(len(one.silent) for one in paired)
        told += f"; answers without a reply: {silent:,}, {silence(paired)}" if silent else ""
        raise MetierError(f"no two replies to one prompt differ ({told}); sample more of them, or more freely")
    if config.by in LIKENESS or (config.by == "judge" and config.form == "rating"):
        what = f"by: {config.by}" if config.by != "judge" else "form: rating"
        need_references((one.conversation for one in paired if one.matches), what)


def _ties(paired: Sequence[Pairs], rater: str) -> Iterator[Verdict]:
    """The verdicts on replies that say the same."""
    for one in paired:
        for left, right in one.identical:
            yield Verdict(one.conversation.id, left, right, "tie", True, rater, why=IDENTICAL)


def _repeated(pairs: Pairs, row: Labelled) -> Iterator[Verdict]:
    """The verdict on a pair for those that say the same, left for left."""
    said = (row.match.comparison.left.strip(), row.match.comparison.right.strip())
    for one in pairs.repeated:
        if (one.comparison.left.strip(), one.comparison.right.strip()) == said:
            yield msgspec.structs.replace(row.judged.verdict, left=one.left, right=one.right)


def _labelled(
    paired: Sequence[Pairs], config: Label, judge: LLM | None, reward: Checkpoint, leads: Mapping[Key, float]
) -> Iterator[tuple[Pairs, Iterator[Labelled]]]:
    """The judged pairs of one conversation after another; a model is asked in one language after another."""
    groups: dict[str, list[Pairs]] = defaultdict(list)
    for one in paired:
        if one.matches:
            groups[_language(one.conversation, config) if judge else ""].append(one)
    for language, some in groups.items():
        rater: Judge
        if judge is not None:
            rater = Asked(judge, config.form, config.prompts, language, read_text(config.culture))
        else:
            rater = judge_of(config.by, config.table, config.extras, reward)
        judged = compare(rater, (match for one in some for match in one.matches), config.margin)
        for one in some:
            yield (
                one,
                (Labelled(one.conversation, match, next(judged), human_lead(match, leads)) for match in one.matches),
            )
        next(judged, None)  # a judge tells at its end which replies were lost


def _language(conversation: Conversation, config: Label) -> str:
    if not (config.language or conversation.language):
        raise MetierError(f"conversation {conversation.id!r} names no language; set `language`, that of the judge")
    return config.language or conversation.language


def _side(one: Judged, config: Label) -> Side | None:
    """Who won, or None where the pair does not survive."""
    if config.keep == "consistent":
        return one.verdict.winner if one.verdict.winner != "tie" else None
    lead = one.orders[0].lead
    if not lead or abs(lead) < config.margin:
        return None
    return "left" if lead > 0 else "right"


def _preference(row: Labelled, side: Side, keep: str) -> Preference:
    of, shown = row.conversation, row.match.comparison
    verdict = row.judged.verdict
    if keep == "all":
        verdict = msgspec.structs.replace(verdict, winner=side, margin=row.judged.orders[0].lead or 0.0)
    ids, replies = (verdict.left, verdict.right), (shown.left, shown.right)
    if side == "right":
        ids, replies = ids[::-1], replies[::-1]
    own = f"{verdict.rater}: {ids[0]} > {ids[1]}"
    return Preference(own, of.prompt, *replies, verdict, of.source, of.language, of.id)


def _lead(preference: Preference) -> float:
    return abs(preference.verdict.margin) if preference.verdict else 0.0
