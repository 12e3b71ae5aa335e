"""Whether a reply refuses to answer."""

import functools
import re

from metier.artefact import asset
from metier.text.normalise import bare_arabic, straight

BEGINNING = 200
"""Characters of a reply in which a refusal has to begin."""


def refuses(text: str) -> bool:
    """True where a reply in English, Chinese or Arabic begins by declining to answer."""
    return bool(_phrases().search(straight(bare_arabic(text[:BEGINNING]))))


@functools.cache
def _phrases() -> re.Pattern[str]:
    lines = (asset("asset:talk") / "refusals.txt").read_text("utf-8").splitlines()
    return re.compile("|".join(bare_arabic(line) for line in lines if line and not line.startswith("#")), re.I)
