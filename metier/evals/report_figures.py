"""The geometry of the page's drawings: plain numbers that a template turns into SVG."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from metier.scores import short

Tick = tuple[float, str]
Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom."""
TALL = 12.0
"""Pixels that a label is tall."""
AWAY = (7.0, 13.0, 20.0, 28.0, 37.0, 47.0, 58.0, 70.0)
"""How far a label may stand from its mark; beyond the first a line leads to it."""
TURNS = (0.125, 0.375, 0.875, 0.625, 0.25, 0.75, 0.1875, 0.3125, 0.8125, 0.6875, 0.0, 0.5)
"""Where it may stand, in turns from the right upwards: rather above than below, and to the right than to the left."""


@dataclass(frozen=True)
class Strip:
    """A value with its interval on a line: in pixels; ``dots`` are single seeds, ``marks`` reference lines."""

    width: int
    value: float
    low: float
    high: float
    dots: tuple[float, ...] = ()
    marks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Axis:
    """A range of values drawn over a number of pixels."""

    low: float
    high: float
    pixels: float
    start: float = 0.0

    def at(self, value: float) -> float:
        """The place of a value, kept within the axis."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + min(1.0, max(0.0, share)) * self.pixels, 1)

    def strip(self, low: float, value: float, high: float, dots: Sequence[float], marks: Sequence[float]) -> Strip:
        """A value with its interval on this axis, which starts four pixels in."""
        places = (tuple(self.at(one) for one in dots), tuple(self.at(one) for one in marks))
        return Strip(int(self.pixels + 2 * self.start), self.at(value), self.at(low), self.at(high), *places)


def axis(values: Sequence[float], pixels: float, span: tuple[float, float] | None) -> Axis:
    """An axis that holds all values with a little room, or a fixed one."""
    if span is None:
        low, high = min(values), max(values)
        room = (high - low or abs(high) or 1.0) * 0.08
        span = low - room, high + room
    return Axis(*span, pixels - 8, 4)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values between low and high, about so many."""
    rough = (high - low) / about or 1.0
    size = 10.0 ** math.floor(math.log10(rough))
    step = min((size * factor for factor in (1, 2, 2.5, 5, 10)), key=lambda one: abs(math.log(one / rough)))
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 10) for place in range(first, math.floor(high / step + 1e-9) + 1)]


@dataclass(frozen=True)
class Frame:
    """The box of a drawing and where its axes lie in it, in pixels; ``bottom`` is counted from above."""

    width: int = 520
    height: int = 240
    left: int = 40
    bottom: int = 202
    top: int = 14
    right: int = 24

    def across(self, low: float, high: float) -> Axis:
        """The level axis."""
        return Axis(low, high, self.width - self.left - self.right, self.left)

    def up(self, low: float, high: float) -> Axis:
        """The upright axis: of the value turned round, as pixels are counted downwards."""
        return Axis(-high, -low, self.bottom - self.top, self.top)


@dataclass(frozen=True)
class Line:
    """A curve with axes; everything in pixels. ``level`` is the height of a level line that it is measured by."""

    frame: Frame
    points: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    end: tuple[float, float]
    last: str
    label: str
    level: float | None = None


def line(xs: Sequence[float], ys: Sequence[float], label: str, most: int = 300, level: float | None = None) -> Line:
    """A curve of finite values over x, thinned to at most ``most`` points by the mean of neighbours."""
    frame = Frame(top=26, right=44)
    size = math.ceil(len(xs) / most)
    groups = [slice(start, start + size) for start in range(0, len(xs), size)]
    xs = [sum(xs[part]) / len(xs[part]) for part in groups] if size > 1 else xs
    last = ys[-1]
    ys = [sum(ys[part]) / len(ys[part]) for part in groups] if size > 1 else ys
    shown = [*ys, *([] if level is None else [level])]
    low, high = min(shown), max(shown)
    room = (high - low or abs(high) or 1.0) * 0.06
    across, up = frame.across(min(0.0, xs[0]), xs[-1] or 1.0), frame.up(low - room, high + room)
    points = [(across.at(x), up.at(-y)) for x, y in zip(xs, ys, strict=True)]
    return Line(
        frame,
        " ".join(f"{x},{y}" for x, y in points),
        tuple((across.at(x), short(x)) for x in ticks(across.low, across.high, 5)),
        tuple((up.at(-y), f"{y:.3g}") for y in ticks(low - room, high + room, 4)),
        points[-1],
        f"{last:.3f}",
        label,
        None if level is None else up.at(-level),
    )


@dataclass(frozen=True)
class Mark:
    """A value with its interval along both axes, in pixels; along x there may be none."""

    x: float
    y: float
    left: float
    right: float
    top: float
    bottom: float
    colour: int
    label: str
    tip: str


@dataclass(frozen=True)
class Label:
    """What is written beside a mark, its middle at (x, y); ``lead`` is the line to its mark where it stands apart."""

    x: float
    y: float
    text: str
    colour: int
    lead: tuple[float, float, float, float] | None


@dataclass(frozen=True)
class Plane:
    """Marks between two axes; ``curves`` join those of one series; ``rules`` are an upright and a level line."""

    frame: Frame
    marks: tuple[Mark, ...]
    curves: tuple[tuple[int, str], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    rules: tuple[float | None, float | None]
    across: str
    upward: str
    label: str

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels of the marks, each where it lies on no mark and on no other label.

        One for which there is no such place near its mark is left out: the mark still tells it when pointed at.
        """
        taken = [(mark.x - 5, mark.y - 5, mark.x + 5, mark.y + 5) for mark in self.marks]
        made = []
        for mark in sorted(self.marks, key=lambda one: (one.x, one.y)):
            label = self._beside(mark, taken) if mark.label else None
            if label is not None:
                half = width(label.text) / 2
                taken.append((label.x - half, label.y - TALL / 2, label.x + half, label.y + TALL / 2))
                made.append(label)
        return tuple(made)

    def _beside(self, mark: Mark, taken: Sequence[Rectangle]) -> Label | None:
        """The label at the nearest free place around its mark."""
        half, low = width(mark.label) / 2, TALL / 2
        for far in AWAY:
            for turn in TURNS:
                right, up = math.cos(turn * math.tau), math.sin(turn * math.tau)
                x, y = mark.x + right * (far + half), mark.y - up * (far + low)
                box = x - half, y - low, x + half, y + low
                inside = box[0] >= self.frame.left and box[2] <= self.frame.width and box[1] >= 0
                if inside and box[3] < self.frame.bottom and not any(_meet(box, other) for other in taken):
                    ends = (mark.x + right * 5, mark.y - up * 5, x - right * half, y + up * low)
                    a, b, c, d = (round(one, 1) for one in ends)
                    place = round(x, 1), round(y, 1)
                    return Label(*place, mark.label, mark.colour, (a, b, c, d) if far > AWAY[0] else None)
        return None


def width(text: str) -> float:
    """Pixels that a label takes with some room around it."""
    return 4 + sum(11.5 if unicodedata.east_asian_width(sign) in "WF" else 6.6 for sign in text)


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@dataclass(frozen=True)
class Box:
    """One piece of a stacked bar: its rectangle, the number of its colour, and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    tip: str


@dataclass(frozen=True)
class Stack:
    """Stacked bars, tenth by tenth of a training: what was realised, and beside it what was expected."""

    frame: Frame
    realised: tuple[Box, ...]
    expected: tuple[Box, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def stack(sources: Sequence[str], realised: Sequence[Sequence[float]], expected: Sequence[Sequence[float]]) -> Stack:
    """Shares per source and tenth as stacked bars; ``expected`` may be empty."""
    frame = Frame(top=26, right=16)
    step = (frame.width - frame.left - frame.right) / max(1, len(realised))
    wide = step * (0.56 if expected else 0.84)

    def boxes(rows: Sequence[Sequence[float]], start: float, own: float, word: str) -> tuple[Box, ...]:
        made = []
        for tenth, shares in enumerate(rows):
            y = float(frame.bottom)
            for place, (name, share) in enumerate(zip(sources, shares, strict=False)):
                tall = share * (frame.bottom - frame.top)
                y -= tall
                if share > 0:
                    tip = f"{name}, {tenth * 10}–{tenth * 10 + 10}%: {share:.3f} {word}"
                    x = frame.left + tenth * step + start
                    made.append(Box(round(x, 1), round(y, 1), round(own, 1), round(tall, 1), place, tip))
        return tuple(made)

    upright = frame.up(0.0, 1.0)
    return Stack(
        frame,
        boxes(realised, step * 0.08, wide, "realised"),
        boxes(expected, step * 0.08 + wide + 2, step * 0.28 - 2, "expected"),
        tuple((round(frame.left + tenth * step, 1), f"{tenth * 10}%") for tenth in range(0, len(realised) + 1, 2)),
        tuple((upright.at(-share), f"{share * 100:.0f}%") for share in (0, 0.25, 0.5, 0.75, 1)),
    )
