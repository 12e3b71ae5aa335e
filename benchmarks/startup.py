"""How long the first answers take: help, a plan, and every mistake that can be known before training.

python -m benchmarks.startup [--runs 5]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bars import Bar, conclude

MISTAKES = {
    "unknown recipe": ["run", "quikstart"],
    "unknown setting": ["run", "quickstart", "--set", "steps.clean.min_char=3"],
    "wrong type": ["run", "quickstart", "--set", "steps.clean.min_chars=many"],
    "unknown stage": ["run", "quickstart", "--set", "steps.clean.use=corpus.claen"],
    "missing file": ["run", "medquad", "--set", "steps.pages.paths=nowhere.jsonl"],
    "required setting": ["run", "medquad"],
    "not a model": ["run", "quickstart", "--set", "steps.specialist.from.base=./empty"],
    "wrong record": ["run", "quickstart", "--set", "steps.specialist.from.conversations=clean"],
    "unwritable directory": ["run", "quickstart", "--runs", "/proc/nowhere"],
    "empty file": ["run", "medquad", "--set", "steps.pages.paths=empty.jsonl"],
    "binary file": ["run", "medquad", "--set", "steps.pages.paths=binary.jsonl"],
}


PROBE = """
import runpy, sys
sys.argv[1:] = {words!r}
try:
    runpy.run_module("metier.cli", run_name="__main__")
except SystemExit:
    pass
print("torch" in sys.modules)
"""


def imports_torch(words: list[str], place: Path) -> bool:
    """Whether a command imports torch, from inside its process."""
    script = PROBE.format(words=words)
    done = subprocess.run([sys.executable, "-c", script], cwd=place, capture_output=True, text=True, check=True)
    return {"True": True, "False": False}[done.stdout.strip().splitlines()[-1]]


def timed(command: list[str], place: Path, times: int) -> tuple[float, int, str]:
    """Median seconds of a command, its exit code and the last line it printed."""
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        done = subprocess.run(command, cwd=place, capture_output=True, text=True)
        took.append(time.perf_counter() - begin)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return statistics.median(took), done.returncode, lines[-1] if lines else ""


def main() -> int:
    """Time them all; torch must stay out of every one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    times = parser.parse_args().runs
    metier = [sys.executable, "-m", "metier.cli"]
    bars = []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "empty").mkdir()
        (place / "empty.jsonl").touch()
        (place / "binary.jsonl").write_bytes(bytes(range(128, 256)) * 4)
        seconds, code, _ = timed([*metier, "--help"], place, times)
        bars.append(Bar("metier --help", seconds if code == 0 else float("inf"), "s", "<= 0.2"))
        timed([*metier, "plan", "quickstart"], place, 1)
        seconds, code, _ = timed([*metier, "plan", "quickstart"], place, times)
        bars.append(Bar("metier plan quickstart", seconds if code == 0 else float("inf"), "s", "<= 0.5"))
        for what, words in MISTAKES.items():
            seconds, code, line = timed([*metier, *words], place, times)
            print(f"{what}: {line}")
            bars.append(Bar(what, seconds if code == 2 else float("inf"), "s", "<= 1"))
        commands = [["plan", "quickstart"], *MISTAKES.values()]
        heavy = sum(imports_torch(words, place) for words in commands)
        bars.append(Bar("commands above that import torch", heavy, "commands", "= 0"))
    return conclude("startup", bars)


if __name__ == "__main__":
    sys.exit(main())
