"""What preparing a million conversations costs: memory, seconds, padding.

python -m benchmarks.train_data [--count N]

They are written as they are read, so that nothing of them is in memory beforehand: questions of about ten words and
answers whose lengths are lognormal, one in a thousand longer than the window, in three sources with priorities.
"""

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.bars import Bar, conclude
from metier import progress
from metier.records import Checkpoint, Conversation, Message
from metier.train.encode import Given
from metier.train.one_stage import OneStage
from metier.train.pack import Shape, pack
from metier.train.prepare import Notes, prepare

COUNT, WINDOW = 1_000_000, 512
SETTINGS = OneStage(priorities={"web": 8, "book": 4, "talk": 1}, window=WINDOW)
WORDS = [
    "the", "of", "a", "patient", "with", "fever", "takes", "two", "tablets", "daily", "before", "meals", "and",
    "should", "not", "drive", "because", "this", "medicine", "causes", "drowsiness", "in", "some", "older", "people",
]  # fmt: skip


def conversations(count: int) -> Iterator[Conversation]:
    """Questions and answers, different for every number."""
    draw = random.Random(1)
    for number in range(count):
        question = " ".join(draw.choices(WORDS, k=draw.randint(5, 15)))
        answer = " ".join(draw.choices(WORDS, k=max(3, min(2000, round(draw.lognormvariate(3.6, 0.8))))))
        messages = (Message("user", f"{number}: {question}?"), Message("assistant", f"{answer}."))
        yield Conversation(f"conversation-{number:08d}", messages, source=draw.choice(["web", "book", "talk"]))


def memory() -> float:
    """What this process holds now, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def made(count: int, home: Path) -> tuple[Notes, dict[str, float]]:
    """Prepare a job; its notes, and the second at which each of its phases ended."""
    phases, start = dict[str, float](), time.perf_counter()
    with progress.listening(lambda done, total, unit, note: phases.update({note: time.perf_counter() - start})):
        list(prepare(Checkpoint("asset:nano"), 1, SETTINGS, home, Given(conversations(count))))
    phases["whole"] = time.perf_counter() - start
    return msgspec.json.decode((home / "notes.json").read_bytes(), type=Notes), phases


def packing(count: int) -> float:
    """Seconds of packing so many items, without laying them out."""
    lengths = np.minimum(np.random.default_rng(1).lognormal(4.2, 0.8, count).astype(np.int32) + 10, WINDOW)
    start = time.perf_counter()
    for _ in pack(Shape.of(lengths), WINDOW):
        pass
    return time.perf_counter() - start


def main() -> int:
    """Warm up, prepare once, print the numbers and the bars; the exit code is 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_data", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="how many conversations")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as home:
        made(5000, Path(home) / "warm")
        packing(5000)
        idle = memory()
        notes, phases = made(count, Path(home) / "job")
    above = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6 - idle
    seconds = packing(count)
    print(
        f"{count:,} conversations, {notes.tokens:,} tokens, {notes.windows:,} windows of {WINDOW}: encoded in "
        f"{phases['encoding']:.0f} s, ordered, packed and laid out in {phases['packing'] - phases['encoding']:.0f} s, "
        f"{count / phases['whole']:,.0f} a second in all; {idle:.0f} MB idle, {above:.0f} MB above it; "
        f"{notes.continued:,} continued pieces, displacement at most {notes.max_displacement}"
    )
    bars = [
        Bar(f"{count:,} conversations prepared, memory above idle", round(above), "MB", "<= 1000"),
        Bar("padding", round(notes.padding, 5), "share", "<= 0.01"),
        Bar("displacement", notes.max_displacement, "places", "<= 64"),
        Bar(f"{count:,} items packed", round(seconds, 2), "s", "<= 10"),
    ]
    return conclude("train_data", bars)


if __name__ == "__main__":
    sys.exit(main())
