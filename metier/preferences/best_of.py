"""Choose the best of several replies to one prompt, to answer with it or to train on it."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, NamedTuple

import msgspec

from metier.artefact import write_json
from metier.judge.extras import Extras
from metier.llm.subject import answer_id, seed_of
from metier.preferences.judges import LIKENESS, Points, check, judge_of, need_references, points
from metier.preferences.pairing import by_conversation
from metier.preferences.sample import EMPTY
from metier.records import Answer, Checkpoint, Config, Conversation, Dropped, Message, MetierError

SHOWN = 10
"""Prompts with too few replies that the notes name."""


class BestOf(Config, frozen=True):
    """Of how many, and by whom they are ranked."""

    by: Points = "reward"
    """What ranks the replies: a `reward` model, the likeness to the standard answer (`rouge_l`, `bleu4`), `length`, or
    the `rules` of a table."""
    n: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Replies of a model to a prompt among which the best is chosen, the first that were drawn; None: all there are."""
    table: Annotated[str, msgspec.Meta(extra={"files": "{}"})] = ""
    """Directory of the rules' table (`domain:medicine`) where `by` is rules."""
    extras: Extras = Extras()
    """Points for what the judge does not look at; off by default."""

    def __post_init__(self) -> None:
        check(self.by, self.table, self.extras)


class Group(NamedTuple):
    """The replies of one model, in one seed, to one prompt, in the order they were drawn."""

    conversation: Conversation
    model: str
    seed: str
    answers: tuple[Answer, ...]


class Scored(NamedTuple):
    """A reply and its points."""

    answer: Answer
    points: float


def best_of(
    answers: Iterable[Answer],
    conversations: Iterable[Conversation],
    config: BestOf,
    out: Path,
    reward: Checkpoint = Checkpoint(""),
) -> Iterator[Answer | Conversation | Dropped]:
    """Keep the reply with the highest reward: as an answer, and as a conversation to train on.

    A model of which the best of 4 is taken is called MODEL-best-of-4 from here on. There is one conversation a prompt,
    with the best reply of all models, called CONVERSATION~best. Of equal replies the first is taken; a prompt without
    any reply is dropped, and has an answer that says so. The notes tell the mean points of the best of the first 1, 2
    ... n, with log n - (n - 1) / n nats, above which its divergence from the model is not (Beirami et al. 2024), and
    how many prompts have fewer replies than n.
    """
    given = {one.id: one for one in conversations}
    groups = _groups(answers, given, config.n)
    most = max((len(one.answers) for one in groups), default=0)
    if config.n and most < config.n:
        raise MetierError(
            f"n: {config.n}, and no prompt has more than {most} replies of a model; sample more, or n: {most}"
        )
    if config.by in LIKENESS:
        need_references((one.conversation for one in groups), f"by: {config.by}")
    judge = judge_of(config.by, config.table, config.extras, reward)
    worth = points(judge, [(one.conversation, answer.text) for one in groups for answer in _spoken(one)])
    scored = [(one, _scored(one, [next(worth) for _ in _spoken(one)])) for one in groups]
    if not any(some for _, some in scored):
        raise MetierError(
            f"none of the answers has a reply that {judge.name} can read; feed those of preferences.sample"
        )
    n = config.n or most
    write_json(out / "notes.json", _notes(scored, n))
    best: dict[str, Scored] = {}
    for one, some in scored:
        yield _answer(one, some, n)
        for found in some:
            if found.points > best.get(one.conversation.id, Scored(found.answer, -math.inf)).points:
                best[one.conversation.id] = found
    for id, conversation in given.items():
        if id in best:
            turns = (*conversation.prompt, Message("assistant", best[id].answer.text))
            yield msgspec.structs.replace(conversation, id=f"{id}~best", messages=turns, parent=id, request="")
        else:
            yield Dropped(id, "no reply to choose")


def _groups(answers: Iterable[Answer], given: dict[str, Conversation], most: int | None) -> list[Group]:
    """The replies of each model and seed to each prompt, models in the order they come."""
    found: dict[tuple[str, str], dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for question, some in by_conversation(answers, given).items():
        for answer in some:
            found[answer.model, seed_of(answer)][question].append(answer)
    return [
        Group(given[question], model, seed, tuple(some[:most]))
        for (model, seed), questions in found.items()
        for question, some in questions.items()
    ]


def _spoken(group: Group) -> list[Answer]:
    return [one for one in group.answers if one.text.strip()]


def _scored(group: Group, worth: Sequence[float | None]) -> list[Scored]:
    """The replies that have points, in the order they were drawn."""
    pairs = zip(_spoken(group), worth, strict=True)
    return [Scored(answer, value) for answer, value in pairs if value is not None]


def _answer(group: Group, some: Sequence[Scored], n: int) -> Answer:
    model, question = f"{group.model}-best-of-{n}", group.conversation.id
    own = answer_id(model, group.seed, question)
    if not some:
        return Answer(own, question, model, "", rule=EMPTY)
    return msgspec.structs.replace(max(some, key=lambda one: one.points).answer, id=own, model=model)


def _notes(scored: Sequence[tuple[Group, Sequence[Scored]]], n: int) -> dict[str, object]:
    """How the points of the best grow with the number of replies, over the prompts that have all n."""
    whole = [[one.points for one in some] for _, some in scored if len(some) >= n]
    fewer = [one.conversation.id for one, some in scored if len(some) < n]
    growth = [
        {
            "k": k, "points": fmean(max(some[:k]) for some in whole), "kl at most": math.log(k) - (k - 1) / k,
        }
        for k in range(1, n + 1) if whole
    ]  # fmt: skip
    return {
        "prompts": len(scored), "n": n, "with n replies": len(whole), "best of k": growth, "fewer": len(fewer),
        "with fewer": fewer[:SHOWN],
    }  # fmt: skip
