"""The words that carry no claim, turn one round or say the same as others: what ``assets/grounding`` lists.

A phrase is looked up in folded text; the longest one wins. English words are also found by their stem, Arabic ones
without their joined prefixes.
"""

import functools
import re
import unicodedata
from dataclasses import dataclass

from metier.artefact import asset
from metier.text.normalise import bare_arabic

_FOLDS = {
    ord(one): other
    for some, other in (
        ("أإآٱ", "ا"), ("ىیے", "ي"), ("ةۀ", "ه"), ("ک", "ك"), ("،٬", ","), ("؛", ";"), ("٪", "%"), ("٫", "."),
        ("−–—‐‑", "-"), ("〜∼", "~"), ("∶", ":"), ("’‘`´", "'"), ("؟", "?"), ("۔", "."), ("µ", "μ"),
    )
    for one in some
}  # fmt: skip
"""Spellings that are not told apart, each for one character, so that places in a text stay what they are."""
_DIGITS = {ord(char): str(unicodedata.decimal(char)) for char in "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"}
_HAN = re.compile("[一-鿿]")
_WORD = re.compile(r"[a-zα-ωà-ÿ]+(?:'[a-z]+)?|[ء-ي]+")
EMPTY_HAN = frozenset(
    "的了和与及或而且但也都就还又再才只很更最太把被让使对从到由于为以之其所者这那此该每各若则因并等我你他她它们有不是在一个要可会能用大小上下中"
)
"""Characters that stand in every text."""
LONGEST = 8
"""Characters of the longest Chinese phrase; words of the longest phrase of other scripts are ``WORDS``."""
WORDS = 5


@dataclass(frozen=True)
class Wording:
    """What a phrase does in a claim; several may be true of one."""

    denies: str = ""
    """before, after (it stands behind what it denies too), plain (looks like a denial), only, hinders (keeps it from
    happening: says what a denial says, and is none)."""
    generic: bool = False
    """A verb or auxiliary that says no more than that something is done."""
    sides: tuple[tuple[int, bool], ...] = ()
    """(pair of opposites, whether it is the first of the two)."""
    groups: tuple[int, ...] = ()
    """The meanings that it shares with others."""
    common: bool = False
    courtesy: bool = False


EMPTY = Wording()


def shown(text: str) -> str:
    """A text as findings quote it: compatible forms made plain, vowel signs left out."""
    return bare_arabic(unicodedata.normalize("NFKC", text)).replace("İ", "I")


@functools.lru_cache(maxsize=1 << 14)
def _folded(text: str) -> str:
    lower = text.lower()
    return (lower if len(lower) == len(text) else text).translate(_FOLDS).translate(_DIGITS)


def folded(text: str) -> str:
    """What ``shown`` made, in lower case with one digit script and one Arabic spelling; of the same length."""
    return _folded(text)


@dataclass(frozen=True)
class Wordings:
    """Every listed phrase with what it does, by its folded form and by the stem of a single word."""

    phrases: dict[str, Wording]
    stems: dict[str, Wording]
    times: frozenset[int]
    """Which of the opposites are times of day and of meals."""

    def word(self, word: str) -> Wording | None:
        """What a single word does, by its form, without its joined prefix, or by its stem; None if it is not listed."""
        if found := self.phrases.get(word):
            return found
        for bare in _unjoined(word):
            if found := self.phrases.get(bare):
                return found
        return self.stems.get(stem(word))


def _unjoined(word: str) -> list[str]:
    """An Arabic word without the particles and the article joined to its front, the longest rest first."""
    if not "ء" <= word[:1] <= "ي":
        return []
    out = []
    rest = word
    for some in (("و", "ف"), ("ب", "ل", "ك"), ("ال",)):
        for one in some:
            if rest.startswith(one) and len(rest) - len(one) >= 2:
                rest = rest[len(one) :]
                out.append(rest)
                break
    if word.startswith("لل") and len(word) > 4:
        out.append(word[2:])
    return out


@functools.lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The stem of an English or Arabic word by its affixes, shared by its forms (light10, Larkey et al. 2002)."""
    if "ء" <= word[0] <= "ي":
        return _stem_arabic(word)
    word = word.removesuffix("'s").replace("ae", "e").replace("oe", "e").replace("our", "or")
    for suffix, rest in _ENDINGS:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: len(word) - len(suffix)] + rest
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiousl":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


@functools.lru_cache(maxsize=1 << 16)
def root_of(key: str) -> str:
    """What the kin of a word shares with it; empty where a word is too short to tell."""
    key = key.lstrip("@")
    if key.isascii():
        return key[:5] if len(key) >= 6 and key.isalpha() else ""
    if "ء" <= key[0] <= "ي":
        bare = _SKELETON.sub("", key.removeprefix("م") if len(key) > 4 else key)
        return "~" + bare if len(bare) >= 3 else ""
    return ""


@functools.lru_cache(maxsize=1 << 16)
def roots_of(key: str) -> tuple[str, ...]:
    """``root_of`` a word and, in Arabic, of what is left without a letter that may be a joined particle."""
    bare = key.lstrip("@")
    forms = (bare, bare[1:]) if len(bare) >= 4 and bare[0] in "وفبلك" else (bare,)
    return tuple(root for root in map(root_of, forms) if root)


@functools.lru_cache(maxsize=1 << 16)
def weak_root(word: str) -> str:
    """The consonants of an Arabic word without its affixes, two at least; empty where there are fewer."""
    if not "ء" <= word[:1] <= "ي":
        return ""
    for prefix in ("وال", "بال", "فال", "كال", "لل", "ال", "است", "وي", "وت", "في", "فت", "و", "ف"):
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            word = word[len(prefix) :]
            break
    for suffix in ("هما", "وها", "تها", "ته", "يه", "ها", "هم", "كم", "ين", "ون", "ات", "ان", "وا", "ي", "ه", "ك", "ا"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 2:
            word = word[: -len(suffix)]
            break
    if word[0] in "يتنم" and len(word) >= 3:
        word = word[1:]
    bare = re.sub("[اويءئؤ]", "", word)
    bare = re.sub("(?<=..)ت|^ت(?=..)", "", bare)
    return bare if len(bare) >= 2 else ""


_SKELETON = re.compile("[اويتءئؤ]|(?<=.)ه$")
_ENDINGS = (
    ("iness", "y"), ("fulness", "ful"), ("ations", "at"), ("ation", "at"), ("ating", "at"), ("ated", "at"),
    ("ates", "at"), ("ate", "at"), ("ities", "ity"), ("ically", "ic"), ("ingly", ""), ("edly", ""), ("ies", "y"),
    ("ied", "y"), ("ily", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ss", "ss"),
    ("us", "us"), ("is", "is"), ("s", ""), ("ing", ""), ("eed", "eed"), ("ed", ""), ("ly", ""), ("est", ""), ("er", ""),
)  # fmt: skip
_PREFIXES = ("وال", "فال", "بال", "كال", "ولل", "لل", "ال")
_SUFFIXES = (
    "هما",
    "تهم",
    "تها",
    "ها",
    "ان",
    "ات",
    "ون",
    "ين",
    "يه",
    "هم",
    "هن",
    "كم",
    "نا",
    "ته",
    "تك",
    "ه",
    "ي",
    "ا",
    "ك",
    "ت",
)


def _stem_arabic(word: str) -> str:
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            word = word[len(prefix) :]
            break
    else:
        if word[0] in "وف" and len(word) >= 4:
            word = word[1:]
        if word[0] in "بلك" and len(word) >= 5:
            word = word[1:]
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    if word[0] in "يتن" and len(word) >= 4:
        word = word[1:]
    return word


@functools.cache
def wordings() -> Wordings:
    """The lists that ship, read once."""
    found: dict[str, dict[str, object]] = {}
    pairs = _listed("opposites")
    opposites = tuple((_side(line.removeprefix("when:"), 0), _side(line.removeprefix("when:"), 1)) for line in pairs)
    times = frozenset(number for number, line in enumerate(pairs) if line.startswith("when:"))
    for number, sides in enumerate(opposites):
        for first, side in zip((True, False), sides, strict=True):
            for phrase in side:
                entry = found.setdefault(phrase, {})
                entry["sides"] = (*entry.get("sides", ()), (number, first))  # type: ignore[misc]
    for number, line in enumerate(_listed("same")):
        for phrase in _phrases(line):
            entry = found.setdefault(phrase, {})
            entry["groups"] = (*entry.get("groups", ()), number)  # type: ignore[misc]
    for line in _listed("negations"):
        kind, _, rest = line.partition(":")
        for phrase in _phrases(rest):
            entry = found.setdefault(phrase, {})
            if kind == "generic":
                entry["generic"] = True
            elif entry.get("denies") != "plain":
                entry["denies"] = kind
    _deny(found)
    ordinary = [*_listed("common"), *_ordinary()]
    for phrase in (folded(shown(word)) for line in ordinary for word in line.split()):
        found.setdefault(phrase, {})["common"] = True
    for line in _listed("courtesies"):
        for phrase in _phrases(line):
            found.setdefault(phrase, {})["courtesy"] = True
    for entry in found.values():
        if entry.get("denies") in ("before", "after"):
            # what denies is compared as a denial, not as an opposite as well
            entry.pop("sides", None)
    phrases = {phrase: Wording(**entry) for phrase, entry in found.items()}  # type: ignore[arg-type]
    stems: dict[str, Wording] = {}
    for phrase, wording in phrases.items():
        if _WORD.fullmatch(phrase) and not wording.denies and not wording.courtesy:
            stems.setdefault(stem(phrase), wording)
    return Wordings(phrases, stems, times)


def _deny(found: dict[str, dict[str, object]]) -> None:
    """A phrase that begins with a denial denies, too, where the lists do not say otherwise."""
    before = {phrase for phrase, entry in found.items() if entry.get("denies") == "before"}
    doubtful = [phrase for phrase, entry in found.items() if entry.get("denies") == "plain" and len(phrase) > 1]
    for phrase, entry in found.items():
        first = phrase.split(" ")[0]
        begins = first in before and first != phrase
        han = is_han(phrase) and len(phrase) > 1 and phrase[0] in "不未勿无禁忌别莫"
        plain = any(phrase.startswith(one) for one in doubtful)
        if "denies" not in entry and "sides" not in entry and (begins or han) and not plain:
            entry["denies"] = "before"


def _side(line: str, number: int) -> frozenset[str]:
    return frozenset(_phrases(line.split("<>")[number]))


def _phrases(line: str) -> list[str]:
    return [folded(shown(phrase.strip())) for phrase in line.split(",") if phrase.strip()]


def _listed(name: str) -> list[str]:
    text = (asset("asset:grounding") / f"{name}.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _ordinary() -> list[str]:
    text = (asset("asset:facts") / "ordinary.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


listed = _listed


def is_han(text: str) -> bool:
    """Whether the first character is Chinese."""
    return bool(_HAN.match(text))
