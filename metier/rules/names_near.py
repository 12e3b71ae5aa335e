"""Did you mean: the names of a table that are most like one it does not have."""

import difflib
import heapq
from collections.abc import Iterable, Iterator

from metier.text.bare import bare_text

ENOUGH = 0.6
"""The share of letters that two names have in common in the same order (Ratcliff and Obershelp) to be told as near."""


def near(said: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """At most so many of the names that are like one: those with its first letter or two of its letters together."""
    wanted = bare_text(said).replace(" ", "")
    match = difflib.SequenceMatcher(None, "", wanted, autojunk=False)
    scored = list(_scored(wanted, names, match))
    return tuple(dict.fromkeys(name for _, name in heapq.nlargest(most, scored, key=lambda one: one[0])))


def _scored(wanted: str, names: Iterable[str], match: "difflib.SequenceMatcher[str]") -> Iterator[tuple[float, str]]:
    pairs = {wanted[at : at + 2] for at in range(len(wanted) - 1)}
    for name in names:
        solid = bare_text(name).replace(" ", "")
        shared = solid[:1] == wanted[:1] if solid[:1] < "\u2e80" else any(pair in solid for pair in pairs)
        if shared and 2 * min(len(solid), len(wanted)) >= ENOUGH * (len(solid) + len(wanted)):
            match.set_seq1(solid)
            if match.quick_ratio() >= ENOUGH and (ratio := match.ratio()) >= ENOUGH:
                yield ratio, name
