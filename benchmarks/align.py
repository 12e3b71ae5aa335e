"""Preferences and alignment: judges, reward models, PPO and its peers, planted faults, gathered into one table.

    python -m benchmarks.align [math] [judges] [resume] [faults] [real] [transfer] [ppo] [culture]

Each section is a benchmark of its own, ``python -m benchmarks.align_math`` and so on; ``ppo`` trains five seeds.
"""

import sys

from benchmarks.bars import gather

SECTIONS = ("math", "judges", "resume", "faults", "real", "transfer", "ppo", "culture")

if __name__ == "__main__":
    sys.exit(gather("align", SECTIONS, sys.argv[1:]))
