"""Which rules a dialogue touches, and what each turn says of them: names, turns, card and stance in one place."""

from collections.abc import Sequence

from metier.records import Message
from metier.rules.card import Card
from metier.rules.firing import Firing
from metier.rules.table import Table


class Checker:
    """A table ready to be held against text; it keeps nothing between calls and may be shared by threads."""

    def __init__(self, table: Table, distance: int = 0) -> None:
        raise NotImplementedError

    def check(self, messages: Sequence[Message], card: Card | None = None) -> tuple[Firing, ...]:
        """The firings of a dialogue, turn by turn, in the order of the text; at most one per rule and turn."""
        raise NotImplementedError

    def text(self, text: str, card: Card | None = None) -> tuple[Firing, ...]:
        """The firings of a single text, taken as what an assistant says."""
        return self.check([Message("assistant", text)], card)
