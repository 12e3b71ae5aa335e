"""Judges that read each reply for itself, so that no order can sway them: a reward model, a metric, rules."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal

from metier.artefact import asset
from metier.judge.compare import Rated
from metier.records import Checkpoint, Comparison, Message, MetierError
from metier.text.longest import rouge_l
from metier.text.normalise import squeeze

Row = tuple[tuple[Message, ...], str, str]
"""Prompt, reply and reference."""
Score = Callable[[Sequence[Row]], Sequence[float | None]]
"""The points of each of many replies; None where one cannot have any."""
Metric = Literal["rouge_l", "bleu4", "length"]
"""Likeness to the standard answer, 0 to 1, over the words that all metrics of the house compare; number of words."""
CHUNK = 256
"""Comparisons whose replies are scored in one call."""
UNSCORED = "longer than the reward model reads, or not what its template writes"
"""Why a comparison has no points."""


class Pointwise:
    """A judge from points that every reply has for itself; equal replies are scored once."""

    def __init__(self, name: str, score: Score) -> None:
        self.name, self._score = name, score

    def rate(self, comparisons: Iterable[Comparison]) -> Iterator[Rated]:
        """The points of both replies of every comparison, many at a time; MetierError where some are no number."""
        known: dict[Row, float | None] = {}
        given = iter(comparisons)
        while some := list(islice(given, CHUNK)):
            rows = [(_row(one, one.left), _row(one, one.right)) for one in some]
            fresh = [row for row in dict.fromkeys(row for two in rows for row in two) if row not in known]
            for row, points in zip(fresh, self._score(fresh), strict=True):
                if points is not None and not math.isfinite(points):
                    raise MetierError(f"{self.name}: gives {points} points to {squeeze(row[1])[:80]!r}; it is broken")
                known[row] = points
            for left, right in rows:
                both = known[left], known[right]
                yield Rated(None, None, UNSCORED) if None in both else Rated(*both)


def by_reward(checkpoint: Checkpoint) -> Pointwise:
    """A reward model as a judge; it is loaded when it is first asked, and gives no points to what it cannot read."""
    loaded: list[Any] = []

    def score(rows: Sequence[Row]) -> list[float | None]:
        from metier.model.load import positions
        from metier.model.rewards import encode_pairs, load_reward, rewards
        from metier.model.template import Refused

        loaded.extend([] if loaded else [load_reward(checkpoint.path)])
        most = positions(checkpoint.path)
        pairs = encode_pairs(loaded[0].tokenizer, [(prompt, reply) for prompt, reply, _ in rows])
        ids = [None if isinstance(one, Refused) else one.ids for one in pairs]
        fit = [one for one in ids if one is not None and (most is None or len(one) <= most)]
        given = iter(rewards(loaded[0], fit))
        return [next(given) if one is not None and (most is None or len(one) <= most) else None for one in ids]

    return Pointwise(checkpoint.base or checkpoint.path, score)


def by_metric(metric: Metric) -> Pointwise:
    """The likeness of a reply to the standard answer as a judge; MetierError where a comparison has no reference."""
    from metier.text.tokens import words

    def score(rows: Sequence[Row]) -> list[float]:
        if metric == "length":
            return [float(len(words(reply))) for _, reply, _ in rows]
        return [_like(metric, words(row[1]), words(_reference(metric, row))) for row in rows]

    return Pointwise(metric, score)


def by_rules(table: str) -> Pointwise:
    """The reward for keeping the rules of a table as a judge, -1 to 1."""

    def score(rows: Sequence[Row]) -> list[float]:
        from metier.rules.loaded import checker
        from metier.rules.reward import reward

        held = checker(asset(table))
        return [reward(held, (*prompt, Message("assistant", reply))).value for prompt, reply, _ in rows]

    return Pointwise("rules", score)


def _row(one: Comparison, reply: str) -> Row:
    return one.prompt, reply, one.reference


def _reference(metric: Metric, row: Row) -> str:
    if not row[2].strip():
        asked = squeeze(row[0][-1].content)[:80] if row[0] else ""
        raise MetierError(
            f"{metric}: the prompt {asked!r} has no standard answer to compare replies with; "
            "end its conversation with one, or judge by something else"
        )
    return row[2]


def _like(metric: Metric, said: Sequence[str], meant: Sequence[str]) -> float:
    if metric == "rouge_l":
        return rouge_l(said, meant)
    from metier.text.matches import bleu, counts

    return bleu(counts(said, meant, ("", "")))
