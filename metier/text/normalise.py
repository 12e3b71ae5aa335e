"""Normal forms of a text, from the one that is kept (NFC) to the one that is only compared (fold)."""

import re
import unicodedata

_ARABIC_MARKS = re.compile("[\u0640\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]")


def nfc(text: str) -> str:
    """Canonical composition: one code point for one letter wherever Unicode has it."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", text)


def squeeze(text: str) -> str:
    """All white space, line breaks included, as single spaces."""
    return " ".join(text.split())


def fold(text: str) -> str:
    """What counts as the same: composed, case-folded, white space squeezed; digits and punctuation stay."""
    if text.isascii():
        return squeeze(text.lower())
    return squeeze(nfc(nfc(text).casefold()))


def bare_arabic(text: str) -> str:
    """Arabic without its vowel marks and stretching, so that pointed and unpointed spellings agree."""
    return text if text.isascii() else _ARABIC_MARKS.sub("", text)


def straight(text: str) -> str:
    """A text of the same length whose curved apostrophes are straight, so that don’t and don't agree."""
    return text if text.isascii() else text.replace("\u2019", "'").replace("\u2018", "'")
