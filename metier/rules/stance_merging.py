"""Clauses that are one with the clause beside them: a predicate may stand behind a comma."""

import re

from metier.rules.stance_text import ENDS, Clause, Masked, marks

_PREDICATES = frozenset((
    "forbid", "rhetoric", "avoid", "ban", "clash", "harm", "apart", "stop", "switch", "instead", "good", "mix", "join",
    "vessel", "give", "dose", "modal", "ill", "belief", "reject", "past", "tells", "takes",
))  # fmt: skip


def merged(masked: Masked, some: list[Clause]) -> list[Clause]:
    """Clauses without a predicate go with the one before them in their sentence, else with the one behind."""
    found: list[Clause] = []
    for clause in some:
        bare = not any(token.kinds & _PREDICATES and "neutral" not in token.kinds for token in clause.tokens)
        named = marks().search(masked.text, clause.start, clause.end) is not None
        before = found[-1] if found else None
        plain = not clause.opener and not any("neg" in token.kinds for token in clause.tokens)
        if (
            before
            and not ENDS & set(before.close)
            and not _supposes(before)
            and plain
            and "(" not in before.close
            and ")" not in clause.close
        ):
            open_before = not _predicated(before)
            goes_on = (bare and not named) or _verbal(masked, clause)
            if goes_on and before.close == "," and _BROKEN.search(masked.text, before.start, before.end):
                found[-1] = Clause(before.start, clause.end, before.tokens + clause.tokens, before.opener, clause.close)
                continue
            goes_in = before.close == "," and named and _mixes(before) and _doses(clause)
            if (
                goes_in
                or (bare and named and "concede" not in before.opener)
                or (open_before and named_in(masked, before))
            ):
                found[-1] = Clause(before.start, clause.end, before.tokens + clause.tokens, before.opener, clause.close)
                continue
        found.append(clause)
    return found


def _mixes(clause: Clause) -> bool:
    return any("mix" in token.kinds for token in clause.tokens)


def _doses(clause: Clause) -> bool:
    """Whether all that a clause says is how much: an item of the list that the verb before it governs."""
    kinds = frozenset().union(*(token.kinds for token in clause.tokens)) & _PREDICATES
    return kinds == {"dose"}


def _verbal(masked: Masked, clause: Clause) -> bool:
    """Whether a clause begins with a verb of giving or mixing."""
    at = clause.end - len(masked.text[clause.start : clause.end].lstrip())
    return any(token.start == at and {"mix", "join", "give", "stop"} & token.kinds for token in clause.tokens)


def _supposes(clause: Clause) -> bool:
    return any("if" in token.kinds for token in clause.tokens)


_BROKEN = re.compile(
    r"\b(?:(?:do|does|must|should|may|can|will|would) ?not|(?:must|should|may|can|will) never)(?:,[^,]{0,40})?$"
)
"""A prohibition that an inserted phrase parts from its verb."""


def _predicated(clause: Clause) -> bool:
    return any(token.kinds & _PREDICATES and "neutral" not in token.kinds for token in clause.tokens)


def named_in(masked: Masked, clause: Clause) -> bool:
    """Whether a clause names something and opens nothing."""
    return not clause.opener and marks().search(masked.text, clause.start, clause.end) is not None
