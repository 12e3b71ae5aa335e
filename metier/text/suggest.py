"""Did you mean: the nearest known name to one that is not known."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The tail of an error message: the nearest known name, or all of them where none is near."""
    names = sorted(set(known))
    if not names:
        return "there are none"
    near = difflib.get_close_matches(name.casefold(), [n.casefold() for n in names], n=1)
    listed = ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")
    if not near:
        return f"known: {listed}"
    best = next(n for n in names if n.casefold() == near[0])
    return f"did you mean {best!r}?"
