"""What the matcher finds: names of entities, and rules that fire on them with a stance."""

from typing import Literal

import msgspec

from metier.records import Message, Rule

Stance = Literal["asserts", "warns", "unknown"]
"""Whether a text brings the members of a rule together as if that were well, says that it is not to be done, or leaves
it open: a question, a report, a mere mention."""
Way = Literal["name", "class", "short", "misspelt"]


class Mention(msgspec.Struct, frozen=True):
    """An entity that a text names: ``start`` and ``end`` are offsets into the text as it was written."""

    entity: str
    start: int
    end: int
    way: Way = "name"


class Place(msgspec.Struct, frozen=True):
    """Where one member of a rule stands: ``turn`` is a message's number, -1 the patient's card."""

    member: str
    """The member of the rule, a class or the entity itself."""
    entity: str
    turn: int
    start: int = 0
    end: int = 0


class Firing(msgspec.Struct, frozen=True):
    """A rule that a turn of a dialogue touches, and what the turn says of it.

    ``start`` and ``end`` bound the sentence that decides the stance, in characters of the turn's text; ``why`` is the
    cue that decided, for a reader.
    """

    rule: Rule
    turn: int
    stance: Stance
    places: tuple[Place, ...]
    start: int
    end: int
    why: str = ""

    @property
    def violates(self) -> bool:
        """Whether the turn does what the rule forbids."""
        return self.stance == "asserts"

    def citation(self, language: str) -> str:
        """The rule's message, remedy and source in one line of a language."""
        said = self.rule.told(language)
        parts = [said.message, said.remedy, f"[{self.rule.id}: {self.rule.source}]"]
        return " ".join(part for part in parts if part)


Talk = tuple[Message, ...]
