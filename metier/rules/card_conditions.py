"""The conditions of a rule over the patient's card, and the card as text: ``pregnant & week<13``, ``age=25``."""

import functools
import re
from typing import Literal

import msgspec

from metier.records import MetierError
from metier.text.suggest import did_you_mean

Topic = Literal["age", "week", "egfr", "weight", "pregnant", "breastfeeding", "sex", "condition", "allergy", "taking"]
NUMBERS = ("age", "week", "egfr", "weight")
FLAGS = ("pregnant", "breastfeeding")
LISTS = ("condition", "allergy", "taking")
SEXES = ("female", "male")
TOPICS = (*NUMBERS, *FLAGS, "sex", *LISTS)
_TERM = re.compile(r"(!?)\s*([A-Za-z]+)\s*(?:(<=|>=|<|>|=|≤|≥)\s*(\S(?:.*\S)?))?")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([dwmy]?)")
_YEARS = {"d": 1 / 365.25, "w": 7 / 365.25, "m": 1 / 12, "y": 1.0, "": 1.0}
_SIGNS = {"≤": "<=", "≥": ">="}


class Condition(msgspec.Struct, frozen=True):
    """One term of a condition: a topic of the card, what it is held against, and whether it is negated."""

    topic: Topic
    sign: str = ""
    """One of ``<``, ``<=``, ``>``, ``>=``, ``=``; empty: the topic alone, as in ``pregnant``."""
    value: str = ""
    """The id or word behind the sign."""
    number: float = 0.0
    """The number behind the sign; ages in years."""
    negated: bool = False


@functools.lru_cache(maxsize=4096)
def conditions(text: str) -> tuple[Condition, ...]:
    """The terms of a condition; MetierError at one that cannot be read.

    Ages are years, or with a unit behind the number days, weeks or months: ``age<28d``, ``age<6m``.
    """
    terms = [term.strip() for term in text.split("&")] if text.strip() else []
    return tuple(_condition(term, text) for term in terms)


def _condition(term: str, whole: str) -> Condition:
    found = _TERM.fullmatch(term)
    if found is None:
        raise MetierError(f"{term!r} in {whole!r} is no condition; write age<18, pregnant or condition=ID, joined by &")
    no, name, sign, value = found[1], found[2].lower(), found[3] or "", found[4] or ""
    if name not in TOPICS:
        raise MetierError(f"unknown condition {name!r} in {whole!r}; {did_you_mean(name, TOPICS)}")
    topic = msgspec.convert(name, Topic)
    sign = _SIGNS.get(sign, sign)
    if name in NUMBERS:
        return Condition(topic, sign, value, _number(name, sign, value, whole), bool(no))
    if name in FLAGS and sign:
        raise MetierError(f"{term!r} in {whole!r}: {name} takes no value; write {name} or !{name}")
    if sign not in ("", "="):
        raise MetierError(f"{term!r} in {whole!r}: {name} is no number; write {name}=... ")
    if name == "sex" and value not in SEXES:
        raise MetierError(f"{term!r} in {whole!r}: write sex=female or sex=male")
    if name in ("condition", "taking") and not value and not no:
        raise MetierError(f"{term!r} in {whole!r}: {name} needs an id; write {name}=ID")
    return Condition(topic, sign, value, negated=bool(no))


def _number(name: str, sign: str, value: str, whole: str) -> float:
    found = _NUMBER.fullmatch(value)
    if found is None or not sign or (found[2] and name != "age"):
        what = "a number of years, or 28d, 6w, 3m" if name == "age" else "a number"
        more = "; terms are joined by &" if re.search(r"[,;，；\s]", value) else ""
        raise MetierError(f"{name}{sign}{value} in {whole!r}: {name} is held against {what}, as in {name}<18{more}")
    return float(found[1]) * _YEARS[found[2]]
