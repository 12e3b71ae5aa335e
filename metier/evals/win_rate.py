"""How often the replies of one model are better than those of another to the same prompts, by points or verdicts.

A win counts 1, a tie one half; wins, ties and losses stand beside it, and whether it is the longer reply that wins.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from statistics import fmean
from typing import Annotated, NamedTuple

import msgspec

from metier.evals.intervals import Estimate, mean, paired
from metier.records import Answer, Config, Grade, MetierError, Score, Verdict
from metier.text.suggest import did_you_mean

OUTCOMES = {"win": 1.0, "tie": 0.5, "loss": 0.0}


class WinRate(Config, frozen=True):
    """Beside which model, and what a win is."""

    against: str
    """The model that every other is compared with."""
    aspects: tuple[str, ...] = ()
    """Of grades: the dimensions whose mean decides; empty: all of them."""
    margin: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Of grades: points by which the better reply must lead; up to this it is a tie."""
    by_aspect: bool = True
    """Of grades: whether each dimension is scored for itself as well."""


class Duel(NamedTuple):
    """Replies of two models to one prompt: 1 where the first wins, one half for a tie; which was longer."""

    prompt: str
    result: float
    longer: float


def win_rate(
    answers: Iterable[Answer],
    task: str,
    config: WinRate,
    grades: Iterable[Grade] = (),
    verdicts: Iterable[Verdict] = (),
) -> Iterator[Score]:
    """Score every model beside the reference model.

    ``win_rate`` has the interval of a mean over prompts, ``outcome`` the shares of wins, ties and losses, ``longer``
    how often the reply is the longer of the two, ``longer_won`` how often the longer one wins where one does. Of
    grades, ``points`` are the means themselves. A judge is not asked about a reply that says nothing: beside one that
    says something it has lost. MetierError where both grades and verdicts are fed, or neither, where a model is
    missing, and, of grades, where one did not reply to a prompt that another replied to.
    """
    said = {one.id: one for one in answers}
    models = dict.fromkeys(one.model for one in said.values())
    if config.against not in models:
        raise MetierError(f"{task}: no replies of {config.against!r}; {did_you_mean(config.against, models)}")
    if len(models) < 2:
        raise MetierError(f"{task}: replies of {config.against!r} alone; feed those of the models beside it as well")
    given, judged = list(grades), list(verdicts)
    graded = _points(given, said)
    if given and not graded:
        raise MetierError(f"{task}: no grade is of one of the answers, {given[0].answer!r} for one; feed theirs")
    if bool(graded) == bool(judged):
        what = "both grades and verdicts" if judged else "neither grades nor verdicts"
        raise MetierError(f"{task}: {what} are fed; feed the step that says which reply is better, one of them")
    if judged:
        yield from _by_verdicts(judged, said, task, config)
    else:
        yield from _by_grades(graded, said, task, config)


def _points(grades: Iterable[Grade], said: Mapping[str, Answer]) -> dict[str, dict[str, float]]:
    """Answer -> dimension -> points; the mean where several raters gave some."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for grade in grades:
        if grade.answer in said:
            found[grade.answer][grade.dimension].append(grade.points)
    return {answer: {one: fmean(points) for one, points in some.items()} for answer, some in found.items()}


def _by_grades(
    graded: Mapping[str, Mapping[str, float]], said: Mapping[str, Answer], task: str, config: WinRate
) -> Iterator[Score]:
    known = list(dict.fromkeys(aspect for some in graded.values() for aspect in some))
    if unknown := [one for one in config.aspects if one not in known]:
        raise MetierError(f"{task}: no grades of the aspect {unknown[0]!r}; {did_you_mean(unknown[0], known)}")
    deciding = config.aspects or tuple(known)
    if missing := next((one for one in said if not graded.get(one, {}).keys() >= set(deciding)), None):
        raise MetierError(
            f"{task}: the answer {missing!r} is not graded on every aspect; feed the grades of all answers"
        )
    replies = _by_prompt(said, task)
    columns = [("", deciding), *((one, (one,)) for one in deciding if config.by_aspect)]
    for aspect, some in columns:
        by = {"aspect": aspect} if aspect else {}
        points = {answer: fmean(graded[answer][one] for one in some) for answer in said}
        for model, own in replies.items():
            rows = [(points[one.id], prompt) for prompt, several in own.items() for one in several]
            value = mean([one for one, _ in rows], [prompt for _, prompt in rows])
            yield value.score(task, model, "points", by)
            if model == config.against:
                continue
            duels = [
                Duel(prompt, _result(points[one.id] - points[other.id], config.margin), _longer(one, other))
                for prompt, several in own.items()
                for one, other in product(several, replies[config.against][prompt])
            ]
            yield from _scores(duels, (task, model), {"against": config.against, **by}, whole=not aspect)


def _by_prompt(said: Mapping[str, Answer], task: str) -> dict[str, dict[str, list[Answer]]]:
    """Model -> prompt -> its replies; MetierError where one model has no reply to a prompt of another."""
    replies: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    prompts = dict.fromkeys(one.question for one in said.values())
    for one in said.values():
        replies[one.model][one.question].append(one)
    for model, own in replies.items():
        if missing := [prompt for prompt in prompts if prompt not in own]:
            raise MetierError(
                f"{task}: {model!r} has no reply to {missing[0]!r} and {len(missing) - 1:,} more prompts; "
                "ask all models the same"
            )
    return {model: dict(own) for model, own in replies.items()}


def _by_verdicts(
    verdicts: Sequence[Verdict], said: Mapping[str, Answer], task: str, config: WinRate
) -> Iterator[Score]:
    """One reply beside another, as a judge saw them; what flips with the order is a tie."""
    found: dict[tuple[str, str], list[Duel]] = defaultdict(list)
    for verdict in verdicts:
        if stray := next((one for one in (verdict.left, verdict.right) if one not in said), None):
            raise MetierError(
                f"{task}: a verdict on the answer {stray!r}, which is none of these; feed those it judged"
            )
        left, right = said[verdict.left], said[verdict.right]
        if (left.model == config.against) == (right.model == config.against):
            continue
        first, second = (right, left) if left.model == config.against else (left, right)
        result = {"left": 1.0, "tie": 0.5, "right": 0.0}[verdict.winner]
        result = result if first is left else 1 - result
        found[first.model, verdict.rater].append(Duel(first.question, result, _longer(first, second)))
    if not found:
        raise MetierError(f"{task}: no verdict sets a reply beside one of {config.against!r}; judge such pairs")
    raters, silent = {rater for _, rater in found}, _silent(said.values(), config.against)
    for (model, rater), judged in found.items():
        duels = [*judged, *silent[model]]
        by = {"against": config.against, **({"rater": rater} if len(raters) > 1 else {})}
        yield from _scores(duels, (task, model), by, whole=True)


def _silent(answers: Iterable[Answer], against: str) -> Mapping[str, list[Duel]]:
    """Model -> its duels in which one of the two replies says nothing; nobody judges those."""
    by: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        by[answer.model][answer.question].append(answer)
    pairs = (pair for own in by.values() for prompt in own for pair in product(own[prompt], by[against][prompt]))
    found: dict[str, list[Duel]] = defaultdict(list)
    for one, other in pairs:
        speaks = bool(one.text.strip())
        if speaks != bool(other.text.strip()):
            found[one.model].append(Duel(one.question, float(speaks), float(speaks)))
    return found


def _scores(duels: Sequence[Duel], key: tuple[str, str], by: Mapping[str, str], whole: bool) -> Iterator[Score]:
    """What the duels of two models come to; a prompt counts once, however many replies it has."""
    results: dict[str, list[float]] = defaultdict(list)
    for one in duels:
        results[one.prompt].append(one.result)
    yield _share([fmean(some) for some in results.values()]).score(*key, "win_rate", dict(by))
    if not whole:
        return
    prompts = [one.prompt for one in duels]
    for outcome, result in OUTCOMES.items():
        hits = mean([float(one.result == result) for one in duels], prompts)
        yield hits.score(*key, "outcome", {**by, "outcome": outcome})
    yield _inside(mean([one.longer for one in duels], prompts)).score(*key, "longer", dict(by))
    told = [one for one in duels if one.result != 0.5 and one.longer != 0.5]
    if told:
        wins = mean([float(one.result == one.longer) for one in told], [one.prompt for one in told])
        yield _inside(wins).score(*key, "longer_won", dict(by))


def _share(values: Sequence[float]) -> Estimate:
    """The mean of shares, one a prompt, with an interval that stays honest where all are alike."""
    found = paired([2 * one - 1 for one in values])
    return Estimate((found.value + 1) / 2, found.n, (found.low + 1) / 2, (found.high + 1) / 2)


def _inside(one: Estimate) -> Estimate:
    """The same with an interval that stays between 0 and 1."""
    return Estimate(one.value, one.n, max(0.0, one.low), min(1.0, one.high))


def _result(lead: float, margin: float) -> float:
    """1, one half or 0 for how far ahead a reply is; what rounding leaves of equal means is no lead."""
    return 0.5 if abs(lead) <= max(margin, 1e-9) else float(lead > 0)


def _longer(one: Answer, other: Answer) -> float:
    """1 where the first reply is the longer in characters, one half where both are as long."""
    return _result(len(one.text) - len(other.text), 0)
