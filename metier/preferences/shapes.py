"""One row of a file of preferences as what it holds: two replies of which one is chosen, a vote, or rated replies."""

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, Literal, NamedTuple, get_args

from metier.records import Message, Side
from metier.text.formats import Bad, Column, Names, listed
from metier.text.formats_rows import cell, parse

Pairs = Literal["all", "best_worst"]
Own = Literal["left", "right", "winner", "question", "left_id", "right_id", "replies", "reply", "rating"]
Wanted = Literal["prompt", "input", "history", "system", "tools", "chosen", "rejected"] | Own
OWN: dict[Own, tuple[str, ...]] = {
    "left": ("left", "response_a", "answer_a", "reply_a", "conversation_a", "output_1", "response_0"),
    "right": ("right", "response_b", "answer_b", "reply_b", "conversation_b", "output_2", "response_1"),
    "winner": ("winner", "better", "vote", "preference", "choice"),
    "question": ("question_id", "conversation_id"),
    "left_id": ("left_id", "answer_a_id", "response_a_id"),
    "right_id": ("right_id", "answer_b_id", "response_b_id"),
    "replies": ("completions", "responses", "answers", "replies"),
    "reply": ("response", "text", "content", "answer", "output"),
    "rating": ("overall_score", "score", "rating", "fine-grained_score", "rank_score"),
}
"""Names that a column goes by where the settings name none; `reply` and `rating` stand in each of the `replies`."""
CHOSEN, REJECTED = ("chosen", "response_chosen"), ("rejected", "response_rejected")
WINNERS: dict[str, Side] = {
    **dict.fromkeys(("left", "a", "model_a", "response_a"), "left"),
    **dict.fromkeys(("right", "b", "model_b", "response_b"), "right"),
    **dict.fromkeys(("tie", "equal", "both", "draw", "tie (bothbad)", "both_bad", "bothbad", "neither"), "tie"),
}
"""What a winner goes by, case aside."""
FROM_NOUGHT = "response_0"
"""A reply whose name says that its file counts replies from 0 on; others count from 1."""
NO_PAIR = "no pair of replies"
SAME, ALIKE, UNRATED = "both replies are the same", "no two replies are rated apart", "a reply has no rating"


class Two(NamedTuple):
    """Two replies to a prompt, or two answers by their ids, and which is better; ``lead`` is how far left is ahead."""

    prompt: tuple[Message, ...]
    left: str
    right: str
    winner: Side
    lead: float
    how: Literal["chosen", "voted", "rated"] = "chosen"
    question: str = ""
    ids: tuple[str, str] = ("", "")


class Shape(NamedTuple):
    """What the columns, the roles and the winners of a file are called, and which rated replies make pairs."""

    columns: Mapping[Wanted, str]
    roles: Mapping[str, str]
    winners: Mapping[str, Side]
    pairs: Pairs
    margin: float

    def value(self, row: Mapping[str, Any], column: Own) -> Any:
        """What a row has in a column, or None."""
        name = self.columns.get(column)
        names = (name,) if name else OWN[column]
        return next((row[one] for one in names if row.get(one) not in (None, "")), None)

    def kind(self, row: Mapping[str, Any]) -> Literal["pair", "vote", "rated", ""]:
        """What a row holds, or nothing."""
        if all(row.get(name) is not None for name in self._replies(row).values()):
            return "pair"
        sides = any(self.value(row, one) is not None for one in ("left", "left_id"))
        if sides and self.value(row, "winner") is not None:
            return "vote"
        return "rated" if isinstance(listed(self.value(row, "replies")), list) else ""

    def read(self, row: Mapping[str, Any]) -> Iterator[Two]:
        """Everything that a row holds; Bad where it is no preference."""
        kind = self.kind(row)
        if kind == "pair":
            two, lead = self._two(row, self._replies(row)), _lead(row)
            if lead is not None and lead < 0:
                raise Bad("the rejected reply is rated higher", f"by {-lead:g}")
            if lead is not None and (not lead or lead < self.margin):
                raise Bad(ALIKE, f"by {lead:g}")
            yield two if lead is None else two._replace(lead=lead, how="rated")
        elif kind == "vote":
            yield self._vote(row)
        elif kind == "rated":
            yield from self._rated(row)
        else:
            raise Bad(NO_PAIR)

    def _replies(self, row: Mapping[str, Any]) -> dict[Column, str]:
        named: dict[Column, str] = {}
        for column, known in (("chosen", CHOSEN), ("rejected", REJECTED)):
            given = self.columns.get(column)  # type: ignore[call-overload]
            named[column] = given or next((one for one in known if row.get(one) is not None), known[0])  # type: ignore[index]
        return named

    def _two(self, row: Mapping[str, Any], replies: Mapping[Column, str]) -> Two:
        """The prompt with the two replies of a row, the chosen as left, however prompt and replies are written."""
        known = get_args(Column)
        given = {name: said for name, said in self.columns.items() if name in known}
        names = Names({**given, **replies}, self.roles)  # type: ignore[dict-item]
        for _, found in parse("preferences", row, names):
            if isinstance(found, Bad):
                raise found
            if found.chosen.strip() == found.rejected.strip():  # type: ignore[union-attr]
                raise Bad(SAME)
            if found.prompt[-1].role not in ("user", "tool"):  # type: ignore[union-attr]
                raise Bad("the prompt does not end with the user", found.prompt[-1].role)  # type: ignore[union-attr]
            return Two(found.prompt, found.chosen, found.rejected, "left", 1.0)  # type: ignore[union-attr]
        raise Bad(NO_PAIR)

    def _vote(self, row: Mapping[str, Any]) -> Two:
        said = cell(self.value(row, "winner"), "winner").strip()
        first = 0 if FROM_NOUGHT in row else 1
        counted: dict[str, Side] = {str(first): "left", str(first + 1): "right"}
        winner = self.winners.get(said) or WINNERS.get(said.casefold()) or counted.get(said)
        if winner is None:
            raise Bad("unknown winner", repr(said))
        question = cell(self.value(row, "question"), "question")
        ids = tuple(cell(self.value(row, one), "id") for one in ("left_id", "right_id"))
        left, right = self.value(row, "left"), self.value(row, "right")
        if left is None and right is None:
            if not (question and all(ids)):
                raise Bad("no replies, and no ids of the question and both answers")
            if ids[0] == ids[1]:
                raise Bad(SAME, ids[0])
            two = Two((), "", "", winner, 0.0)
        else:
            two = self._two({**row, "chosen": left, "rejected": right}, {"chosen": "chosen", "rejected": "rejected"})
        lead = {"left": 1.0, "tie": 0.0, "right": -1.0}[winner]
        return two._replace(winner=winner, lead=lead, how="voted", question=question, ids=(ids[0], ids[1]))

    def _rated(self, row: Mapping[str, Any]) -> Iterator[Two]:
        """The pairs of rated replies that are far enough apart, the better as left."""
        rated = []
        for number, one in enumerate(listed(self.value(row, "replies")), 1):
            if not isinstance(one, dict):
                raise Bad(UNRATED, f"reply {number}")
            text, rating = self.value(one, "reply"), _number(self.value(one, "rating"))
            if rating is None or not isinstance(text, str):
                raise Bad(UNRATED, f"reply {number}")
            rated.append((rating, text))
        rated.sort(key=lambda one: -one[0])
        pairs = [(rated[0], rated[-1])] if self.pairs == "best_worst" and len(rated) > 1 else combinations(rated, 2)
        apart = [(one, other) for one, other in pairs if one[0] - other[0] > 0 and one[0] - other[0] >= self.margin]
        apart = [(one, other) for one, other in apart if one[1].strip() != other[1].strip()]
        if not apart:
            raise Bad(ALIKE)
        names: dict[Column, str] = {"chosen": "chosen", "rejected": "rejected"}
        for one, other in apart:
            two = self._two({**row, "chosen": one[1], "rejected": other[1]}, names)
            yield two._replace(lead=one[0] - other[0], how="rated")


def _lead(row: Mapping[str, Any]) -> float | None:
    """How far the chosen reply's rating is ahead, where a row has both ratings (as UltraFeedback's pairs)."""
    given = [row.get(f"score_{name}") for name in ("chosen", "rejected")]
    if any(one in (None, "") for one in given):
        return None
    chosen, rejected = map(_number, given)
    if chosen is None or rejected is None:
        raise Bad(UNRATED, f"{given[0]!r}, {given[1]!r}")
    return chosen - rejected


def _number(value: Any) -> float | None:
    """A rating; None where it is none, or one that no other is ahead of or behind."""
    try:
        number = None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) else None
