"""Rules: cases, speed, streams, the linter and the fictional world, gathered into one table.

    python -m benchmarks.rules [cases] [load] [speed] [stream] [lint] [world]

Each section is a benchmark of its own, ``python -m benchmarks.rules_cases`` and so on.
"""

import importlib
import sys

from benchmarks.bars import Bar, conclude

SECTIONS = ("cases", "load", "speed", "stream", "lint", "world")


def main(wanted: list[str]) -> int:
    """Run the sections that are named, or all."""
    if strange := set(wanted) - set(SECTIONS):
        print(f"no section {min(strange)!r}; known: {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    bars: list[Bar] = []
    for section in wanted or SECTIONS:
        print(f"\n{section}")
        bars += importlib.import_module(f"benchmarks.rules_{section}").bars()
    print()
    return conclude("rules", bars)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
