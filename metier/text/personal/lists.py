"""The lists of names and words that finders look things up in: files with one entry a line."""

import functools

from metier.artefact import asset


@functools.lru_cache(maxsize=32)
def entries(name: str) -> frozenset[str]:
    """The entries of a list that ships, as ``given_en``."""
    return frozenset(asset(f"asset:personal/{name}.txt").read_text("utf-8").split("\n")) - {""}
