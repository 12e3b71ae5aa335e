"""What is wrong with a table of rules, and where: the linter's finding."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from metier.records import MetierError

Level = Literal["error", "note"]
"""An error must be mended before the table may be trusted; a note is what a reader should know."""


class Finding(msgspec.Struct, frozen=True):
    """One fault of a table: its kind, the place (``FILE:LINE``, or the record's id), what is wrong, and the remedy."""

    fault: str
    """The kind, as ``unknown entity``: the same words for every finding of the kind."""
    place: str
    message: str
    remedy: str
    level: Level = "error"

    def line(self) -> str:
        """The finding in one line of text."""
        told = "" if self.level == "error" else f"{self.level}: "
        return f"{self.place}: {told}{self.message}; {self.remedy}"


def stop(findings: Iterable[Finding]) -> None:
    """MetierError with the first error among some findings; it says how many more there are."""
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        more = f" (and {len(errors) - 1:,} more faults: metier rules DIR lists them)" if len(errors) > 1 else ""
        raise MetierError(errors[0].line() + more)


def circle(ids: Sequence[str]) -> str:
    """The classes of a circle, the first again at its end; of a long one not all."""
    return " -> ".join(ids if len(ids) <= 8 else (*ids[:6], "...", ids[-1]))
