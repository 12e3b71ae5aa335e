"""How metrics are named, written for a reader and compared between models, for the report and the model card."""

import math
from dataclasses import dataclass
from typing import Literal

from metier.records import Score


@dataclass(frozen=True)
class Metric:
    """A metric as the page shows it; ``better`` says which way is better, ``span`` is a fixed axis."""

    title: str
    unit: Literal["percent", "number"] = "number"
    digits: int = 3
    better: Literal["more", "less", ""] = ""
    span: tuple[float, float] | None = None
    note: str = ""
    headline: bool = True


METRICS = {
    "accuracy": Metric(
        "Accuracy", "percent", 1, "more", (0.0, 1.0), "Share of questions answered with the right option."
    ),
    "bits_per_byte": Metric(
        "Bits per byte",
        better="less",
        note="Bits the model needs for one byte of the right answers, after their question; fewer is better.",
    ),
    "bits_per_byte_gap": Metric(
        "Gap to a wrong question",
        digits=4,
        better="more",
        note="Bits per byte after another row's question minus after its own; above 0 the model uses the question.",
    ),
    "bits_per_byte_wrong_question": Metric(
        "Bits per byte after a wrong question",
        better="less",
        note="The same answers after another row's question: what is left is how such pages sound.",
        headline=False,
    ),
    "facts_told": Metric(
        "Facts told",
        "percent",
        1,
        "more",
        (0.0, 1.0),
        "Numbers, names and negations of the passages that stand in a conversation made from them.",
        headline=False,
    ),
    "sentences_told": Metric(
        "Sentences told",
        "percent",
        1,
        "more",
        (0.0, 1.0),
        "Sentences of the passages whose facts and half of whose words a conversation tells.",
        headline=False,
    ),
    "unparsed": Metric("Not answered", "percent", 1, "less", (0.0, 1.0), "Counted as wrong.", headline=False),
    "overlap_share": Metric("Overlap with training", "percent", 1, headline=False),
    "tax": Metric("Domain tax", "percent", 1, "less", headline=False),
    "gain": Metric("Gain in the domain", "percent", 1, "more", headline=False),
}
"""Metrics by name; any other is shown as a plain number."""


def metric(name: str) -> Metric:
    """How a metric is shown."""
    return METRICS.get(name) or Metric(name.replace("_", " ").capitalize())


def number(value: float, how: Metric, signed: bool = False) -> str:
    """A value in the metric's unit: 97.2%, 1.139."""
    scaled = value * 100 if how.unit == "percent" else value
    text = f"{abs(scaled):.{how.digits}f}"
    if how.unit == "percent" and scaled in (0, 100):
        text = f"{abs(scaled):.0f}"
    zero = float(text) == 0
    sign = "" if zero else "−" if scaled < 0 else "+" if signed else ""
    return f"{sign}{text}{'%' if how.unit == 'percent' and not signed else ''}"


def span(low: float, high: float, how: Metric, signed: bool = False) -> str:
    """An interval in the metric's unit; an interval of no width says that there is none."""
    if low == high:
        return "no interval"
    return f"{number(low, how, signed).rstrip('%')} to {number(high, how, signed)}"


def count(value: int) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}"


def short(value: float) -> str:
    """A large number in few characters: 1.38 M, 20 k."""
    for size, mark in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{mark}"
    return f"{value:.3g}"


def compact(value: int) -> str:
    """A count in few characters: 9,870, then 12.3k, 4.1M, 1.2B."""
    for least, size, mark in ((999_950_000, 1e9, "B"), (999_950, 1e6, "M"), (10_000, 1e3, "k")):
        if value >= least:
            return f"{value / size:.1f}{mark}"
    return count(value)


def percent(part: int, whole: int) -> str:
    """A share in percent: 100% and 0% are said only of all and of nothing."""
    if not whole:
        return ""
    share = 100 * part / whole
    if part and share < 0.1:
        return "<0.1%"
    if part < whole and share > 99.9:
        return ">99.9%"
    return f"{share:.0f}%" if share in (0, 100) else f"{share:.1f}%"


def between(first: Score, second: Score) -> tuple[float, float, float]:
    """First minus second with an interval made of both intervals, as if they were independent.

    The square-and-add rule (Newcombe 1998, method 10; Zou and Donner 2008); over the same questions it errs on the
    wide side.
    """
    value = first.value - second.value
    low = value - math.hypot(first.value - first.low, second.high - second.value)
    high = value + math.hypot(first.high - first.value, second.value - second.low)
    return value, low, high


@dataclass(frozen=True)
class Change:
    """A score beside the base's: what changed, within which interval, and whether that is better or worse."""

    text: str
    interval: str
    tone: Literal["better", "worse", "even"]


def change(score: Score, base: Score) -> Change:
    """How a score differs from the base's: points of percent, or percent of the base's bits."""
    how = metric(score.metric)
    value, low, high = between(score, base)
    tone: Literal["better", "worse", "even"] = "even"
    if how.better and (low > 0 or high < 0):
        tone = "better" if (value > 0) == (how.better == "more") else "worse"
    if how.unit == "percent":
        return Change(f"{number(value, how, signed=True)} points", span(low, high, how, signed=True), tone)
    if score.metric.startswith("bits_per_byte") and how.better == "less" and base.value > 0:
        share = Metric("", "percent", 1)
        parts = (value / base.value, low / base.value, high / base.value)
        return Change(f"{number(parts[0], share, signed=True)}%", f"{span(*parts[1:], share, signed=True)}%", tone)
    return Change(number(value, how, signed=True), span(low, high, how, signed=True), tone)
