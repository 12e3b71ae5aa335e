"""Chinese names with a character for another that sounds or looks like it: what misspelling is in Chinese."""

import functools
from collections.abc import Iterable, Sequence

from metier.artefact import asset
from metier.rules.names_forms import Written
from metier.text.bare import solid

ENOUGH = 4
"""Han characters with which a name begins that is known by those that are like its own."""


class _Table(dict[int, str]):
    """What each character is compared as, as ``str.translate`` takes it, the others filled in as they are met."""

    def __missing__(self, point: int) -> str:
        self[point] = chr(point)
        return self[point]


@functools.cache
def alike_table() -> dict[int, str]:
    """The character that each is compared as, as ``str.translate`` takes it."""
    lines = asset("asset:rules/alike.txt").read_text("utf-8").splitlines()
    groups = [group for line in lines if not line.startswith("#") for group in line.split()]
    return _Table({ord(old): group[-1] for group in groups for old in group[:-1]})


def alike(written: Iterable[Written]) -> dict[str, Sequence[Written]]:
    """The names long enough, traps too, by the form in which like characters are one; none that two entities share."""
    table = alike_table()
    some = [one for one in written if _long(one[0])]
    shared: dict[str, list[Written]] = {}
    for one, form in zip(some, solid([name for name, _ in some]), strict=True):
        shared.setdefault(form.translate(table), []).append(one)
    return {form: names for form, names in shared.items() if len({entity for _, entity in names}) == 1}


def _long(name: str) -> bool:
    first = name[:ENOUGH]
    return len(first) == ENOUGH and min(first) >= "\u4e00" and max(first) <= "\u9fff"
