"""The patterns of ``asset:rules/patient.txt``: how texts speak of a patient, in Chinese, English and Arabic."""

import functools
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from metier.artefact import asset
from metier.text.normalise import bare_arabic
from metier.text.personal.digits import ascii_digits

Person = Literal["self", "child", "partner", "parent"]
PERSONS: tuple[Person, ...] = ("child", "partner", "parent", "self")
GROUPS = ("newborn", "infant", "child", "adolescent", "elderly")
"""Groups of an age that a text names without a number, the youngest first."""
_ARABIC = str.maketrans("أإآٱىة", "اااايه")
_HOLDS = {
    "han": re.compile("[一-鿿]"),
    "arabic": re.compile("[ء-ي]"),
    "latin": re.compile("[a-z]"),
    "digit": re.compile(r"\d"),
}
_NUMBER, _OTHERWISE = r"(?P<n>\d", re.compile(r"\?P<(?:word|han|ordinal|ones|m)>")
"""A number in digits, and the groups that may stand in its place."""
_HEADER = re.compile(r"\[\w+\]", re.A)
_PIECE = re.compile(r"\{([a-z]+)\}")


class Pattern(NamedTuple):
    """One pattern, and what a text must hold for it to find anything: names of ``_HOLDS``."""

    regex: re.Pattern[str]
    needs: frozenset[str]


class Section(NamedTuple):
    """The patterns of one section, and the stems one of which a text must hold."""

    stems: tuple[str, ...]
    patterns: tuple[Pattern, ...]

    def find(self, flat: str) -> Iterator[re.Match[str]]:
        """What each pattern finds in a folded text, pattern by pattern."""
        if not self.stems or any(stem in flat for stem in self.stems):
            held = _held(flat)
            for pattern in self.patterns:
                if pattern.needs <= held:
                    yield from pattern.regex.finditer(flat)

    def search(self, flat: str, begin: int = 0, end: int | None = None) -> bool:
        """Whether a pattern finds anything between two places of a folded text."""
        stop = len(flat) if end is None else end
        return any(pattern.regex.search(flat, begin, stop) for pattern in self.patterns)


@functools.lru_cache(maxsize=16)
def _held(flat: str) -> frozenset[str]:
    """What a folded text holds, so that patterns of another script are not tried."""
    return frozenset(name for name, sign in _HOLDS.items() if sign.search(flat))


@functools.cache
def sections() -> dict[str, Section]:
    """The sections of the file by name."""
    lines: dict[str, list[str]] = {}
    for line in (asset("asset:rules") / "patient.txt").read_text("utf-8").splitlines():
        if _HEADER.fullmatch(line):
            lines[line[1:-1]] = []
        elif line and not line.startswith("#"):
            lines[list(lines)[-1]].append(line)
    pieces = dict(line.split(" ", 1) for line in lines.pop("pieces"))
    return {name: _section(some, pieces) for name, some in lines.items()}


def _section(lines: list[str], pieces: dict[str, str]) -> Section:
    """A section of its lines; those that name no groups are joined, script by script."""
    stems = [stem.replace("_", " ") for line in lines if line.startswith("? ") for stem in line[2:].split()]
    whole = [_PIECE.sub(lambda one: pieces[one[1]], line) for line in lines if not line.startswith("? ")]
    joined: dict[frozenset[str], list[str]] = {}
    for number, line in enumerate(whole):
        apart = {str(number)} if "(?P<" in line else set[str]()
        joined.setdefault(_needs(line) | apart, []).append(line)
    known = frozenset(_HOLDS)
    return Section(
        tuple(stems), tuple(Pattern(re.compile("|".join(some)), needs & known) for needs, some in joined.items())
    )


def _needs(line: str) -> frozenset[str]:
    """What a text must hold for a pattern to find anything: the script that it is written in, a number's digits."""
    scripts = {name for name in ("han", "arabic") if _HOLDS[name].search(line)} or {"latin"}
    digits = {"digit"} if _NUMBER in line and not _OTHERWISE.search(line) else set[str]()
    return frozenset((scripts if len(scripts) == 1 else set[str]()) | digits)


def folded(text: str) -> str:
    """A text as the patterns read it: lower case, ASCII digits, Arabic without vowel marks and with one alef, ya and
    ha; as long as before unless it holds such marks or letters that grow."""
    return bare_arabic(ascii_digits(text).lower().translate(_ARABIC))
