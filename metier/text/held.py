"""The draw that holds records out: a pure function of the value, so that every stage and every run agrees."""

import xxhash

from metier.text.normalise import fold

SALT = "held"
"""The salt where none is named: two stages that split by one value agree."""


def position(value: str, salt: str) -> float:
    """Where a value falls in [0, 1): a salted 64-bit hash of its folded form (NFC, case, white space)."""
    return float(xxhash.xxh64_intdigest(f"{salt}\0{fold(value)}".encode()) / 2**64)


def held(value: str, share: float, salt: str) -> bool:
    """Whether this value is held out at this share; whoever is held at a share is held at every larger one."""
    return position(value, salt) < share
