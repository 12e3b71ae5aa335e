"""A text with its misspelt words set right, each letter still knowing where it came from."""

import re
from collections.abc import Sequence

from metier.rules.spelling import ONE, Spelling
from metier.text.bare import Bare

_WORD = re.compile(rf"[a-z](?:[a-z]|[0134578](?=[a-z]{{2}})){{{ONE - 1},}}|[ء-ي]{{{ONE},}}")
"""Words long enough to be known though misspelt; digits stand for letters only among letters."""
_LONGEST = 64
"""Letters of the longest word that is looked up."""
_CLITICS = re.compile(r"[وف]?(?:[بكل]?ال|لل|[بكل])?")
"""And, so; by, as, for; the."""


_READ = dict(zip("@€$!×|", "aesixl", strict=True))
"""Signs that are read as letters where they stand between letters."""
_SIGN = re.compile(rf"(?<=[^\W\d_])[{re.escape(''.join(_READ))}](?=[^\W\d_])")


def lettered(text: str) -> str:
    """A text of the same length with letters for the signs that are read as such, as in ``ceftri@xone``."""
    return _SIGN.sub(lambda sign: _READ[sign[0]], text) if any(sign in text for sign in _READ) else text


def corrected(form: Bare, taken: Sequence[tuple[int, int]], spelling: Spelling) -> Bare | None:
    """A bare text whose misspelt words are the known ones, outside of what is taken; None where there are none."""
    parts: list[str] = []
    at: list[int] = []
    done = 0
    held = iter(sorted(taken))
    one = next(held, None)
    for found in _WORD.finditer(form.text):
        meant = _meant(found[0], spelling)
        if not meant:
            continue
        start, stop = form.at[found.start()], form.at[found.end() - 1] + 1
        while one and one[1] <= start:
            one = next(held, None)
        if one and one[0] < stop:
            continue
        parts += (form.text[done : found.start()], meant)
        at += form.at[done : found.start()]
        at += [min(start + number, stop - 1) for number in range(len(meant) - 1)] + [stop - 1]
        done = found.end()
    if not parts:
        return None
    return Bare("".join(parts) + form.text[done:], [*at, *form.at[done:]])


def _meant(word: str, spelling: Spelling) -> str:
    """The word set right; of an Arabic one what is written together with it before it stays."""
    if len(word) > _LONGEST:
        return ""
    if (meant := spelling.nearest(word)) or word[0] < "\u0621" or word in spelling.words:
        return meant
    for cut in range(1, 5):
        if _CLITICS.fullmatch(word, 0, cut) and (meant := spelling.nearest(word[cut:])):
            return word[:cut] + meant
    return ""
