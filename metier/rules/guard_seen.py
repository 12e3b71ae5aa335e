"""What a dialogue and the reply so far bring to a sentence that is about to leave."""

from collections.abc import Sequence

from metier.records import Message
from metier.rules.card import Card
from metier.rules.check import Checker
from metier.rules.firing import Firing
from metier.rules.state import Scene

CHAPTER, LONG = 2_000, 6_000
"""Characters of a reply after which it goes on as another turn: at its next paragraph, and in any case. What is so far
apart meets as what stands from turn to turn, so that a long reply is checked in linear time."""
MEANT = 400
"""Characters behind a blocked sentence within which "them" and "it" may mean what it named."""
BLOCKED = 32
"""Blocked sentences after which those before the last are forgotten, so that a reply of many takes linear time."""
_SEAM = 64
"""Characters before a part of a sentence that are read with it: a name may lie across the cut."""


class Seen:
    """A dialogue and the reply to it, sentence by sentence: what has left, and what was written and blocked."""

    def __init__(self, checker: Checker, messages: Sequence[Message], card: Card | None) -> None:
        self._checker, self._card = checker, card
        self._asked = messages[-1] if messages and messages[-1].role == "user" else None
        self._before = checker.scene(messages[:-1] if self._asked else messages)
        self._scene = self._then(self._before, self._asked) if self._asked else self._before
        self._behind: Scene | None = None
        self._blocked = 0
        self._named = {*self._scene.named, *(card.taking if card else ())}
        self._near = bool(checker.table.concerning(self._named))
        self._left = self._since = self._written = ""

    def asked(self) -> tuple[Firing, ...]:
        """The firings of the user's turn that is answered."""
        return self._checker.last(self._asked, self._before, self._card) if self._asked else ()

    def firings(self, text: str) -> tuple[Firing, ...]:
        """The firings of the reply if one more piece of it left.

        Behind a blocked sentence the piece is also read as an answer to what was written up to there: it may speak of
        things that only the blocked sentence named, as "mix them" does. Nothing fires before all members of a rule were
        named.
        """
        names = self._read(text)
        if not self._near or not text.strip():
            return ()
        self._turn_page(text)
        found = self._checker.last(Message("assistant", self._left + text), self._scene, self._card)
        if self._behind is None or not (names or len(self._since) < MEANT):
            return found
        known = {one.rule.id for one in found if one.violates}
        more = self._checker.last(Message("assistant", self._since + text), self._behind, self._card)
        return (*found, *(one for one in more if one.violates and one.rule.id not in known))

    def leave(self, text: str) -> None:
        """One more piece has left."""
        self._left, self._since, self._written = self._left + text, self._since + text, self._written[-_SEAM:] + text

    def tell(self, line: str) -> None:
        """A line of the guard's own has left."""
        self._left, self._since = self._left + line, self._since + line

    def block(self, said: str) -> None:
        """One more piece was written and did not leave."""
        scene = self._scene if self._behind is None or self._blocked % BLOCKED == 0 else self._behind
        self._blocked += 1
        self._behind = self._then(scene, Message("user", self._since + said))  # what is answered is read as a user's
        self._since, self._written = "", said[-_SEAM:]

    def _turn_page(self, text: str) -> None:
        """Begin another turn where the reply has become long and another paragraph begins."""
        left = self._left
        gap = left[len(left.rstrip()) :] + text[: len(text) - len(text.lstrip())]
        if len(left) > LONG or (len(left) > CHAPTER and gap.count("\n") > 1):
            self._scene = self._then(self._scene, Message("assistant", left))
            self._behind = self._then(self._behind, Message("assistant", self._since)) if self._behind else None
            self._left = self._since = ""

    def _then(self, scene: Scene, message: Message) -> Scene:
        return scene.then(self._checker.turn(message))

    def _read(self, text: str) -> bool:
        """Take in what a piece names, if anything, together with the end of what was written where that broke off.

        Where a rule may fire already and nothing is blocked, what else is named makes no difference.
        """
        if self._near and self._behind is None:
            return True
        tail = self._written[-1:]
        if tail.isalnum() or tail.isspace():
            text = self._written[-_SEAM:] + text
        names = {one.entity for one in self._checker.names.find(text)}
        if not names <= self._named:
            self._named |= names
            self._near = self._near or bool(self._checker.table.concerning(self._named))
        return bool(names)
