"""Preferences and alignment: judges, reward models, PPO and its peers, planted faults, gathered into one table.

    python -m benchmarks.align [math] [judges] [resume] [faults] [real] [transfer] [ppo] [culture]

Each section is a benchmark of its own, ``python -m benchmarks.align_math`` and so on; ``ppo`` trains five seeds.
"""

import importlib
import sys

from benchmarks.bars import Bar, conclude

SECTIONS = ("math", "judges", "resume", "faults", "real", "transfer", "ppo", "culture")


def main(wanted: list[str]) -> int:
    """Run the sections that are named, or all."""
    if strange := set(wanted) - set(SECTIONS):
        print(f"no section {min(strange)!r}; known: {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    bars: list[Bar] = []
    for section in wanted or SECTIONS:
        print(f"\n{section}")
        bars += importlib.import_module(f"benchmarks.align_{section}").bars()
    print()
    return conclude("align", bars)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
