"""The units and numerals that ship: ``assets/grounding/units.txt`` and ``numerals.txt``."""

import functools
import re

from metier.text.wordings import folded, listed, shown

SCALES = {
    "": 1, "百": 100, "千": 1000, "万": 10_000, "亿": 1e8, " thousand": 1000, " million": 1e6,
    " الف": 1000, " الاف": 1000, " مليون": 1e6, " ملايين": 1e6,
}  # fmt: skip
"""What a word behind digits multiplies them by."""


@functools.cache
def units() -> tuple[dict[str, tuple[str, float]], re.Pattern[str]]:
    """(dimension, factor) of every alias, and a pattern that finds the longest."""
    table: dict[str, tuple[str, float]] = {}
    for line in listed("units"):
        head, _, names = line.partition(":")
        dimension, factor, *_ = head.split()
        for name in names.split(","):
            table.setdefault(folded(shown(name.strip())), (dimension, float(factor)))
    joined = "|".join(re.escape(name) for name in sorted(table, key=len, reverse=True))
    return table, re.compile(rf"(?P<unit>{joined})(?:(?<=[a-z])(?![a-z])|(?<=[ء-ي])(?![ء-ي])|(?<=[^a-zء-ي]))")


@functools.cache
def numerals() -> dict[str, float]:
    out: dict[str, float] = {}
    for line in listed("numerals"):
        value, _, words = line.partition(":")
        out |= {folded(word.strip()): float(value) for word in words.split(",") if word.strip()}
    return out | {"واحدا": 1.0}


@functools.cache
def duals() -> dict[str, tuple[str, float]]:
    """Arabic units that say two by their ending."""
    out: dict[str, tuple[str, float]] = {}
    for name, unit in units()[0].items():
        if re.fullmatch("[ء-ي]{3,}", name) and unit[0] not in ("people", "degree", "percent", "fold", "length"):
            stem = name[:-1] + "ت" if name.endswith("ه") else name
            out |= {stem + "ين": unit, stem + "ان": unit}
    return {name: unit for name, unit in out.items() if name not in units()[0]}
