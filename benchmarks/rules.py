"""Rules: cases, speed, streams, the linter and the fictional world, gathered into one table.

    python -m benchmarks.rules [cases] [load] [speed] [stream] [lint] [world]

Each section is a benchmark of its own, ``python -m benchmarks.rules_cases`` and so on.
"""

import sys

from benchmarks.bars import gather

SECTIONS = ("cases", "load", "speed", "stream", "lint", "world")

if __name__ == "__main__":
    sys.exit(gather("rules", SECTIONS, sys.argv[1:]))
