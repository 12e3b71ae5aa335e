"""How every benchmark ends: a table for people, and one JSON line for programs."""

import importlib
import json
import operator
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

COMPARE = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "=": operator.eq}


@dataclass(frozen=True)
class Bar:
    """One measured number beside the bar it has to clear, such as ``<= 0.5``."""

    name: str
    value: float
    unit: str
    bar: str

    @property
    def holds(self) -> bool:
        """Whether the number clears its bar."""
        sign, limit = self.bar.split()
        return bool(COMPARE[sign](self.value, float(limit)))


def conclude(benchmark: str, bars: Sequence[Bar]) -> int:
    """Print the table and, as the last line, one JSON object; the exit code says whether every bar holds."""
    width = max((len(bar.name) for bar in bars), default=0)
    for bar in bars:
        print(
            f"{bar.name:<{width}}  {bar.value:>12.6g} {bar.unit:<8} {bar.bar:<10} {'holds' if bar.holds else 'MISSED'}"
        )
    print(json.dumps({"benchmark": benchmark, "bars": [{**asdict(bar), "holds": bar.holds} for bar in bars]}))
    return 0 if all(bar.holds for bar in bars) else 1


def gather(benchmark: str, sections: Sequence[str], wanted: Sequence[str]) -> int:
    """Run the named sections of a benchmark, or all, each a module of its own, and conclude with their bars."""
    if strange := set(wanted) - set(sections):
        print(f"no section {min(strange)!r}; known: {', '.join(sections)}", file=sys.stderr)
        return 2
    bars: list[Bar] = []
    for section in wanted or sections:
        print(f"\n{section}")
        bars += importlib.import_module(f"benchmarks.{benchmark}_{section}").bars()
    print()
    return conclude(benchmark, bars)
