"""The cues of a language, read from their files, and the scan that finds them in a sentence."""

import functools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from metier.artefact import asset
from metier.records import MetierError

FIRST = 0xE000
"""The sign that stands for the first mention's entity in a masked sentence: the private use area of Unicode."""
ANSWERS = frozenset(("yes", "no"))
MENTION = "\ue000-\uf8ff"
ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ؤ": "و", "ئ": "ي", "،": ",",
          "؛": ";", "؟": "?", "٪": "%"}  # fmt: skip
"""Spelling variants and marks, and what they count as in a text and in a cue."""
_MACRO = re.compile(r"\{([a-zX]+)\}")
_SPECIAL = re.compile(r"[\\()\[\]{}?*+|.^$]")
_LOOKS = re.compile(r"\(\?[=!](?:[^()]|\([^()]*\))*\)$")
"""The end of a cue that says itself what must follow."""
_WORD = r"[^\W_]"
_CLITICS = ("و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "فال", "كال", "لل", "ولل", "فل", "ول", "وب", "فب", "وس", "س")


_SUBJECTS = ("", "ا", "ي", "و", "وا", "ون", "ين", "ان", "ن", "نا", "ت")
_OBJECTS = ("", "ه", "ها", "هما", "هم", "هن", "ك", "كم", "ني", "نا")
_INFLECTED = frozenset(one + other for one in _SUBJECTS for other in _OBJECTS)
"""What an Arabic verb or noun may end with: its person, and the pronoun of its object."""
_LONGEST = max(map(len, _INFLECTED))


class Token(NamedTuple):
    """A cue found in a masked sentence: where, and what it may do there."""

    start: int
    end: int
    kinds: frozenset[str]


class Cues:
    """The cues of one language by the character they begin with, so that a scan tries only what may match."""

    def __init__(self, language: str, answers: bool = False) -> None:
        """``answers``: only what says yes or no, else all but these."""
        self.spaced = language != "zh"
        self.clitics = _CLITICS if language == "ar" else ()
        words, kinds = _load(language)
        self.plain: dict[str, dict[str, set[str]]] = {}
        self.lengths: dict[str, tuple[int, ...]] = {}
        self.prefixes: dict[str, dict[str, set[str]]] = {}
        self.stems: dict[str, dict[str, set[str]]] = {}
        self.patterns: dict[str, list[tuple[str, str, re.Pattern[str]]]] = {}
        for kind, lines in kinds.items():
            for line in lines if (kind in ANSWERS) == answers else ():
                for text in _opened(line, words):
                    self._add(kind, text, words)
        self.some = {
            first: re.compile("|".join(f"(?:{pattern.pattern})" for _, _, pattern in several))
            for first, several in self.patterns.items()
            if len(several) >= _SEVERAL
        }
        """Whether any of several patterns matches is asked at once."""
        heard = {*self.plain, *self.patterns}
        self.silent = frozenset(chr(point) for point in range(0x4E00, 0xA000) if not self.spaced) - heard
        """Chinese characters that no cue begins with."""
        self.sizes = {first: tuple(sorted({len(text) for text in some})) for first, some in self.prefixes.items()}
        for first, some in self.plain.items():
            self.lengths[first] = tuple(sorted({len(text) for text in some}, reverse=True))

    def _add(self, kind: str, text: str, words: dict[str, str]) -> None:
        first = text[0] if text[0] != "\\" else text[1]
        if text.startswith("{X}"):
            first = chr(FIRST)
        elif text.startswith(r"\d"):
            first = "0"
        if text == r"\+" or not (_SPECIAL.search(text) or "~" in text):
            self.plain.setdefault(first, {}).setdefault(text.removeprefix("\\"), set()).add(kind)
        elif self.spaced and text[-1] in "*~" and text[:-1].isalnum():
            stems = self.stems.setdefault(first, {}) if text[-1] == "~" else self.prefixes.setdefault(first, {})
            stems.setdefault(text[:-1], set()).add(kind)
        else:
            head = "" if self.spaced else _head(text)
            self.patterns.setdefault(first, []).append((kind, head, re.compile(_regex(text, words, self.spaced))))

    def scan(self, text: str) -> list[Token]:
        """The cues of a masked, folded sentence from left to right, the longest at each place, none overlapping."""
        found: list[Token] = []
        at, size = 0, len(text)
        while at < size:
            if self.spaced and at and text[at].isalnum() and text[at - 1].isalnum():
                at += 1
                continue
            if text[at] in self.silent:
                at += 1
                continue
            token = self.at(text, at) or (self._behind_clitic(text, at) if self.clitics else None)
            if token is None or (not self.spaced and _inside_latin(text, token)):
                at += 1
            else:
                found.append(token)
                at = max(token.end, at + 1)
        return found

    def _behind_clitic(self, text: str, at: int) -> Token | None:
        """The cue behind a conjunction, preposition or article that is written as one word with it."""
        for clitic in self.clitics:
            if text.startswith(clitic, at) and at + len(clitic) < len(text):
                token = self.at(text, at + len(clitic))
                if token is not None:
                    return Token(at, token.end, token.kinds)
        return None

    def at(self, text: str, at: int) -> Token | None:
        """The longest cue that begins at a place, with every kind that it is of."""
        first = text[at]
        if first >= "\ue000" and first <= "\uf8ff":
            first = chr(FIRST)
        elif first.isdecimal():
            first = "0"
        best, kinds = at, set()
        some = self.plain.get(first)
        if some:
            for length in self.lengths[first]:
                here, end = some.get(text[at : at + length]), min(at + length, len(text))
                if here and self.clitics and length > 3 and text.startswith("ا", end):
                    end += 1  # an accusative
                if here and (not self.spaced or _ends(text, end)):
                    best, kinds = end, set(here)
                    break
        if first in self.prefixes or first in self.stems:
            run = _RUN.match(text, at)
            end = run.end() if run else at
            if end >= best and (inflected := self._inflections(first, text[at:end])):
                best, kinds = end, inflected if end > best else kinds | inflected
        asked = self.some.get(first)
        for kind, head, pattern in self.patterns.get(first, ()) if asked is None or asked.match(text, at) else ():
            if text.startswith(head, at) and (match := pattern.match(text, at)):
                best, kinds = _longer(best, kinds, match.end(), kind)
        return Token(at, best, frozenset(kinds)) if best > at else None

    def _inflections(self, first: str, word: str) -> set[str]:
        """The kinds of the cues whose beginning a word has, with any ending or with one of an inflection."""
        found: set[str] = set()
        loose = self.prefixes.get(first, {})
        for size in self.sizes.get(first, ()):
            if size > len(word):
                break
            if word[:size] in loose:
                found |= loose[word[:size]]
        stems = self.stems.get(first)
        if stems:
            for size in range(max(1, len(word) - _LONGEST), len(word) + 1):
                if word[:size] in stems and word[size:] in _INFLECTED:
                    found |= stems[word[:size]]
        return found


_SEVERAL = 4
"""Patterns with one first character from which on they are asked together first."""
_RUN = re.compile(r"[^\W_]+")


def _inside_latin(text: str, token: Token) -> bool:
    """Whether a Latin cue in Chinese is a part of a longer Latin word."""
    start, end = token.start, token.end
    if not "a" <= text[start] <= "z":
        return False
    before, behind = text[start - 1 : start], text[end : end + 1]
    return "a" <= before <= "z" or ("a" <= text[end - 1] <= "z" and "a" <= behind <= "z")


def _head(text: str) -> str:
    """The characters that a Chinese cue begins with whatever follows: told apart faster than by its pattern."""
    match = re.match("(?:[一-鿿](?![?*{+]))*", text)
    return match[0] if match else ""


def _longer(best: int, kinds: set[str], end: int, kind: str) -> tuple[int, set[str]]:
    if end > best:
        return end, {kind}
    return (best, kinds | {kind}) if end == best else (best, kinds)


def _ends(text: str, end: int) -> bool:
    return end >= len(text) or not (text[end].isalnum() and text[end - 1].isalnum())


def _opened(line: str, words: dict[str, str]) -> Iterator[str]:
    """A cue that begins with a named list, once for each of its words."""
    match = _MACRO.match(line)
    if match and match[1] != "X":
        for word in words[match[1]].split("|"):
            yield word + line[match.end() :]
    elif match := re.match(r"\(\?:([^()]*)\)", line):
        if line[match.end() : match.end() + 1] in ("?", "*", "+"):
            raise MetierError(f"a cue must begin with what it cannot lack: {line!r}")
        for word in match[1].split("|"):
            yield word + line[match.end() :]
    else:
        yield line


_ENDING = f"(?:{'|'.join(sorted(_INFLECTED, key=len, reverse=True))})"


def _regex(text: str, words: dict[str, str], spaced: bool) -> str:
    text = _MACRO.sub(lambda match: f"[{MENTION}]" if match[1] == "X" else f"(?:{words[match[1]]})", text)
    if not spaced:
        return text
    text = text.replace(r"\w+ ", r"[^\s,;:.!?()]+ ")
    text = re.sub(r"(?<=[^\W\d_])\*|(?<=\))\*", lambda _: rf"{_WORD}*", text)
    text = text.replace("~", _ENDING)
    if _LOOKS.search(text):
        return text
    return text + r"(?![^\W_])" if not text.endswith(("+", ")")) or text.endswith("*)") else text + r"(?![a-zء-ي])"


@functools.cache
def _file(language: str) -> dict[str, Any]:
    from ruamel.yaml import YAML

    return dict(YAML(typ="safe", pure=True).load(asset("asset:rules") / f"cues.{language}.yaml"))


def _load(language: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    data, fold = _file(language), str.maketrans(ARABIC)
    lines = {kind: [line.translate(fold) for line in some.split("\n") if line] for kind, some in data["cues"].items()}
    return {name: words.translate(fold) for name, words in data["words"].items()}, lines


@functools.cache
def variants() -> dict[str, str]:
    """Traditional characters of the cues, and the simplified ones that they count as."""
    return {pair[0]: pair[1] for pair in str(_file("zh")["variants"]).split()}


@functools.cache
def cues(language: str, answers: bool = False) -> Cues:
    """The cues of ``zh``, ``en`` or ``ar``; ``answers``: those that say yes or no by themselves."""
    return Cues(language, answers)
