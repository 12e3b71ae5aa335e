"""The patient's card: who is treated, and which rules that makes apply."""

from collections.abc import Sequence

import msgspec

from metier.records import Message
from metier.rules.names import Names
from metier.rules.table import Table


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a patient; None and empty: not known."""

    age: float | None = None
    """Years."""
    sex: str = ""
    """``female`` or ``male``."""
    pregnant: bool | None = None
    week: float | None = None
    """Completed weeks of pregnancy."""
    breastfeeding: bool | None = None
    egfr: float | None = None
    """Estimated glomerular filtration rate, mL/min/1.73 m²."""
    weight: float | None = None
    """Kilograms."""
    conditions: tuple[str, ...] = ()
    """Ids of entities of the kind ``condition``."""
    allergies: tuple[str, ...] = ()
    """Ids of entities or classes."""
    taking: tuple[str, ...] = ()
    """Ids of what the patient takes already."""


def applies(when: str, card: Card, table: Table, entity: str) -> bool | None:
    """Whether the condition of a rule holds for a patient and the entity given; None where the card does not say."""
    raise NotImplementedError


def told(messages: Sequence[Message], names: Names, table: Table, card: Card) -> Card:
    """The card with what a dialogue says of the patient (age, sex, weeks, conditions, allergies, eGFR, medicines)."""
    raise NotImplementedError
