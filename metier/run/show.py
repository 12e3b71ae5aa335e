"""Show how far a run is: a live bar with rate and time left on a terminal, plain lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any


class Show:
    """Where a run's progress goes: the error stream, so that results can be piped."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.live = not quiet and sys.stderr.isatty()
        self.bar: Any = None
        self.name, self.said = "", 0.0
        self.start, self.first, self.last, self.unit = 0.0, 0, 0, ""

    def line(self, text: str) -> None:
        """One line that stays."""
        if self.quiet:
            return
        print(text, file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """While one step is made."""
        self.name, self.said, self.unit = name, time.monotonic(), ""
        if not self.live:
            yield
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[how]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            bar.add_task(name, total=None, how="")
            self.bar = bar
            try:
                yield
            finally:
                self.bar = None

    def update(self, done: int, total: int, unit: str, note: str) -> None:
        """Hear how far the step is."""
        now = time.monotonic()
        if unit != self.unit or done < self.last:  # other work, or the next model: a clock of its own
            self.start, self.first, self.unit = now, done, unit
        self.last = done
        how = rate(done, total, (done - self.first) / max(now - self.start, 1e-9), unit)
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=done, total=total or None, how=f"{how} {note}")
        elif not self.quiet and now - self.said >= 10:
            self.said = now
            self.line(f"{self.name}: {how} {note}".rstrip())


def rate(done: int, total: int, speed: float, unit: str) -> str:
    """``done / total unit, per second, time left``; ``speed`` is in units a second, 0 where it is not known yet."""
    text = f"{done:,}" + (f" / {total:,}" if total else "") + f" {unit}"
    if speed:
        text += f", {speed:,.0f}/s"
    if total and speed:
        text += f", {max(0.0, (total - done) / speed):,.0f} s left"
    return text
