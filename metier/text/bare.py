"""The bare form of a text, in which names are looked up: letters and digits with every disguise taken off.

Case, accents, width, digit scripts, Arabic vowel signs, stretching and spelling variants, as in ``letters``; ligatures
and letters in another dress (NFKC); characters that are not seen; look-alikes of other scripts (Unicode TR 39,
"confusables", those of Latin letters); Han of one shape for simplified and traditional writing.
"""

import functools
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from metier.artefact import asset
from metier.text.letters import PLAIN, SKIPPED, STOP, folded

_UNSEEN, _SEVERAL = "\x00", "\x01"
_SIMILAR = (
    "аa вb сc ԁd еe ғf ԍg һh нh іi їi јj кk ӏl мm оo рp ԛq ѕs тt υu ѵv ԝw хx уy зz "  # Cyrillic
    "αa βb ϲc ɛe ηn ιi κk νv οo ρp τt υu χx ωw ϳj "  # Greek
    "ɑa ɡg ıi ȷj øo đd ħh łl ŧt ƅb ƈc ƒf ǀl ſs ꭓx "  # Latin
    "ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz "  # small capitals
    "ցg հh յj ոn օo զq սu "  # Armenian
    "ⲁa ⲃb ⲥc ⲉe ⲓi ⲕk ⲙm ⲛn ⲟo ⲣp ⲧt ⲩy ⲭx "  # Coptic
    "ꭺa ꮟb ꮯc ꭰd ꮷd ꭼe ꮐg ꮋh ꭵi ꮖi ꭻj ꮶk ꮮl ꮇm ꮲp ꭱr ꮢr ꮥs ꮪs ꭲt ꮩv ꮃw ꮤw ꮍy ꮓz "  # Cherokee
    "ꓮa ꓐb ꓚc ꓓd ꓰe ꓝf ꓖg ꓧh ꓲi ꓙj ꓗk ꓡl ꓟm ꓠn ꓳo ꓑp ꓣr ꓢs ꓔt ꓴu ꓦv ꓪw ꓫx ꓬy ꓜz "  # Lisu
    "ڤف پب چج گك ژز ہه ھه ەه ۃه ڪك ۍي ېي ٮب ڡف ٯق ںن"  # Arabic letters of other languages, and letters without dots
)
_IGNORED = frozenset(
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180F, 0x3164, 0xFFA0,
     *range(0x180B, 0x180E), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)  # fmt: skip
"""Default_Ignorable_Code_Point of Unicode that are no format characters: fillers and variation selectors."""


_BADGES = (0x1F150, 0x1F170)
"""Where the letters A to Z in black circles and squares begin, which have no plain form in Unicode."""


class Bare(NamedTuple):
    """A text in bare form: letters and digits, and one blank for each sign between them."""

    text: str
    at: Sequence[int]
    """Where each character stands in the text as it was written."""


def bare(text: str) -> Bare:
    """The bare form of a text; every character knows where it came from."""
    plain = text.translate(_TABLE)
    if _UNSEEN not in plain and _SEVERAL not in plain:
        return Bare(plain, range(len(text)))
    parts = [_bare_char(char) if one == _SEVERAL else one for char, one in zip(text, plain, strict=True)]
    at = [place for place, part in enumerate(parts) for _ in part if part != _UNSEEN]
    return Bare("".join(part for part in parts if part != _UNSEEN), at)


def bare_text(text: str) -> str:
    """The bare form of a text, where only the letters matter."""
    plain = text.translate(_TABLE)
    return bare(text).text if _UNSEEN in plain or _SEVERAL in plain else plain


def solid(texts: Sequence[str]) -> list[str]:
    """The bare forms of many short texts without blanks, all at once: what names are looked up by."""
    lines = "\n".join([text.replace("\n", " ") for text in texts]).translate(_LINES)
    plain = lines.replace(_UNSEEN, "").replace(" ", "").split("\n") if texts else []
    if _SEVERAL not in lines:
        return plain
    pairs = zip(plain, texts, strict=True)
    return [bare_text(text).replace(" ", "") if _SEVERAL in one else one for one, text in pairs]


@functools.cache
def _similar() -> dict[str, str]:
    return {pair[0]: pair[1:] for pair in _SIMILAR.split()} | {"æ": "ae", "œ": "oe", "ß": "ss"}


@functools.cache
def _variants() -> dict[str, str]:
    """The simplified form of traditional and variant Han characters."""
    lines = asset("asset:rules/variants.txt").read_text("utf-8").splitlines()
    pairs = [pair for line in lines if not line.startswith("#") for pair in line.split()]
    found = {old: pair[-1] for pair in pairs for old in pair[:-1]}
    return {old: found.get(new, new) for old, new in found.items()}


def _bare_char(char: str) -> str:
    """What a character is in bare form: letters, a blank, or nothing to be seen."""
    if char.isspace():
        return " "
    if ord(char) in _IGNORED or unicodedata.category(char) == "Cc":
        return _UNSEEN
    if char in "®™":
        return " "
    if letter := next((chr(ord("a") + ord(char) - first) for first in _BADGES if 0 <= ord(char) - first < 26), ""):
        return letter
    if char in _similar():
        return _similar()[char]
    dressed = unicodedata.normalize("NFKC", char)
    if dressed != char:
        return "".join(part for part in map(_bare_char, dressed) if part != _UNSEEN) or _UNSEEN
    value = folded(char) & PLAIN
    if value <= STOP:
        return _UNSEEN if value == SKIPPED else " "
    plain = chr(value)
    return _similar().get(plain) or _variants().get(plain, plain)


class _Table(dict[int, str]):
    """The bare form as ``str.translate`` takes it, one character for one, filled as characters are met."""

    def __missing__(self, point: int) -> str:
        part = _bare_char(chr(point))
        self[point] = part if len(part) == 1 else _SEVERAL
        return self[point]


_TABLE = _Table()
_LINES = _Table({10: "\n"})
"""The same, with the ends of lines as they are."""
