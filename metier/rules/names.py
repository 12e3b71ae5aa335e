"""The names of entities in a text: Aho-Corasick over its normal form, with offsets into the text as written."""

from collections.abc import Iterable

from metier.records import Entity
from metier.rules.firing import Mention


class Names:
    """Finds every name of some entities, leftmost-longest, at word boundaries where the script has words."""

    def __init__(self, entities: Iterable[Entity], distance: int = 0) -> None:
        """``distance``: edits (Damerau-Levenshtein) within which a long name counts as misspelt; 0: none."""
        raise NotImplementedError

    def find(self, text: str) -> tuple[Mention, ...]:
        """The mentions of a text in order, none overlapping; of a name that two entities share, both."""
        raise NotImplementedError
