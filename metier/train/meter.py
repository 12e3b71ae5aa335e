"""What a training costs: its time and its memory, over all the processes that it took."""

import resource
import sys
import time
from pathlib import Path

import msgspec
import torch

SPENT = "spent.json"


class Spent(msgspec.Struct):
    """Time that a training took so far; the first step after a start is slower than the others and counts apart."""

    seconds: float = 0.0
    """Of everything: steps, looks at validation records, checkpoints."""
    step_seconds: float = 0.0
    """Of the steps but the first after each start."""
    step_tokens: int = 0
    """Forward tokens of the same steps, padding not counted."""
    first_seconds: float = 0.0
    first_tokens: int = 0

    @property
    def tokens_per_second(self) -> float:
        """Forward tokens of a second of steps; 0 before the first."""
        if self.step_seconds:
            return self.step_tokens / self.step_seconds
        return self.first_tokens / self.first_seconds if self.first_seconds else 0.0


class Meter:
    """The clock of a training; what it says goes into every checkpoint, so that a killed run counts what stayed."""

    def __init__(self) -> None:
        self.spent = Spent()
        self.begun = self.step_begun = time.monotonic()
        self.steps = 0

    def go_on(self, checkpoint: Path | None) -> None:
        """Start from what a checkpoint had cost, or from nothing; what this process held before does not count."""
        self.begun = time.monotonic()
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        if checkpoint is not None and (checkpoint / SPENT).exists():
            self.spent = msgspec.json.decode((checkpoint / SPENT).read_bytes(), type=Spent)

    def step_begins(self) -> None:
        """Note when a step begins."""
        self.step_begun = time.monotonic()

    def step_ends(self, tokens: int) -> None:
        """Count a step and its forward tokens."""
        took, self.steps = time.monotonic() - self.step_begun, self.steps + 1
        if self.steps == 1:
            self.spent.first_seconds, self.spent.first_tokens = took, tokens
        else:
            self.spent.step_seconds += took
            self.spent.step_tokens += tokens

    def read(self) -> Spent:
        """What was spent up to now."""
        now = time.monotonic()
        self.spent.seconds, self.begun = self.spent.seconds + now - self.begun, now
        return self.spent

    def write(self, checkpoint: Path) -> None:
        """Put what was spent into a checkpoint."""
        (checkpoint / SPENT).write_bytes(msgspec.json.encode(self.read()))


def peak_bytes() -> int:
    """Most memory held at a time: of this process's GPU, or of the process itself where there is none."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
