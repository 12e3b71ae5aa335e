"""A sentence as the stance reader sees it: folded, every mention one sign, its language known, cut into clauses."""

import functools
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from metier.rules.firing import Mention
from metier.rules.stance_cues import ARABIC, FIRST, Token, cues, variants

_QUOTES = {"’": "'", "‘": "'", "“": '"', "”": '"', "。": "。", "、": "、"}
_TITLE = re.compile(r"《[^《》\ue000-\uf8ff]*》")
"""The title of a book: it says what the book is about, and nothing of what is named beside it."""
_HAN_GAP = re.compile(r"(?<=[一-鿿]) +(?=[一-鿿])")
_BREAK = re.compile(r"[;!?。\n()\[\]…]|——|[—–](?=\s)|(?<!\d)[,.]|(?<![\n\s]\d)[,.](?!\d)|(?<=\s)-(?=\s)")
_ASIDE = re.compile(r"\s?\(([^()\n]*)\)")
_BARE_ASIDE = re.compile(
    r"\s?\(((?:内?含有?|即|又名|也叫|俗称|主?要?成分[为是:]?)?"
    r"(?:[\ue000-\uf8ff]|\s|,|/|and|or|和|、|与|و)*[\ue000-\uf8ff]\s?(?:\d[\d.,/]*\s?(?:mg|mcg|g|ml|%|iu|units?)?\s?)?)\)"
)
"""A bracket that holds names only, or one and its dose, is read where it stands."""
_WATCHED = {
    "en": re.compile(
        r"\b(?:monitor|watch|check|measure|correct|control|monitoring|checking|correcting)"
        r" (?:the |serum |plasma |for )*{X}"
        r"|{X} (?:poisoning|toxicity|deficiency|allergy|overdose)\b"
    ),
    "zh": re.compile(r"(?:监测|监护|观察|检测|测定|复查|纠正)[的中]?(?:血清?)?{X}|{X}(?:中毒|过量|缺乏)"),
    "ar": re.compile(
        r"(?:مراقبه|راقب|قياس|فحص|تصحيح|يصحح|متابعه|تابع|معايره) (?:ال|(?:مستوي|مستويات|تركيز|نسبه) (?:ال)?)?{X}"
        r"|(?<!رفع )(?<!زيد )(?<!خفض )(?<!زياده )(?<!ارتفاع )(?<!ضاعف )(?:مستوي|مستويات) (?:ال)?{X}"
    ),
}  # fmt: skip
"""Something that is watched or measured, and not given."""
ENDS = frozenset("!?。\n.")
"""Marks that end a sentence: a question mark asks of what stands since the one before it."""


class _Folds(dict[int, str]):
    """``str.translate`` table: width, case, vowel signs, invisible signs and spelling variants folded away."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        if FIRST <= point <= 0xF8FF:
            self[point] = char
        elif unicodedata.category(char) in ("Mn", "Cf") or char == "ـ":
            self[point] = ""
        else:
            plain = _QUOTES.get(char) or ARABIC.get(char) or unicodedata.normalize("NFKC", char).lower()
            digit = unicodedata.decimal(char, None)
            plain = str(digit) if digit is not None else plain
            self[point] = variants().get(plain, plain)
        return self[point]


_FOLDS = _Folds()


class Masked(NamedTuple):
    """A folded sentence whose mentions are single signs; ``entities[sign]`` are the entities that a sign names."""

    text: str
    entities: dict[str, frozenset[str]]
    language: str


def mask(text: str, mentions: Sequence[Mention]) -> Masked:
    """The sentence with a sign for each mention."""
    spans: dict[tuple[int, int], set[str]] = {}
    for one in mentions:
        spans.setdefault((one.start, one.end), set()).add(one.entity)
    signs: dict[frozenset[str], str] = {}
    pieces, at = [], 0
    for (start, end), some in sorted(spans.items()):
        if start < at:
            continue
        sign = signs.setdefault(frozenset(some), chr(FIRST + len(signs)))
        pieces += [text[at:start], sign]
        at = end
    folded = "".join((*pieces, text[at:])).translate(_FOLDS)
    language = language_of(folded if any(char.isalpha() for char in folded) else text)
    if language == "en":
        folded = _spelled_out(_PLURAL.sub("", folded))
    elif language == "zh":
        folded = _TITLE.sub("《》", _HAN_GAP.sub("", folded))
    folded = _asides_last(_unwatched(folded, language))
    return Masked(folded, {sign: some for some, sign in signs.items()}, language)


def _asides_last(text: str) -> str:
    """What stands in brackets follows its line, so that it does not cut a clause in two."""
    if "(" not in text or ")" not in text:
        return text
    lines = []
    for line in text.split("\n"):
        line = _BARE_ASIDE.sub(r" \1", line)
        asides = [aside for aside in _ASIDE.findall(line) if aside.strip()]
        lines.append(_ASIDE.sub("", line) + "".join(f" ({aside})" for aside in asides))
    return "\n".join(lines)


def _unwatched(text: str, language: str) -> str:
    return _watched(language).sub(lambda match: marks().sub("#", match[0]), text)


@functools.cache
def _watched(language: str) -> re.Pattern[str]:
    return re.compile(_WATCHED[language].pattern.replace("{X}", "[\ue000-\uf8ff]"))


def _spelled_out(text: str) -> str:
    text = text.replace("can't", "cannot").replace("won't", "will not").replace("shan't", "shall not")
    text = text.replace("n't", " not").replace("'re ", " are ").replace("'ll ", " will ").replace("'ve ", " have ")
    text = _WOULD.sub(r"\1 would ", text)
    return _IS.sub(r"\1 is", _HAS.sub(r"\1 has", text))


_PLURAL = re.compile(r"(?<=[\ue000-\uf8ff])(?:'s|s'|s)(?![a-z])")
_WOULD = re.compile(
    r"\b(i|you|we|he|she|they|it|that|there)'d (?!better\b|been\b|had\b|gone\b|\w+ed\b|taken\b|given\b|put\b)"
)
_HAS = re.compile(
    r"\b(he|she|it|that|there|who|what|this)'s(?= (?:\w+ly )?(?:been|had|got|taken|gone|never|already had)\b)"
)
_IS = re.compile(r"\b(he|she|it|that|there|who|what|this|here|where|everything|nothing)'s\b")
"""Short for "has" and "is", and no genitives."""


def language_of(text: str) -> str:
    """``zh``, ``ar`` or ``en`` by script; Latin names inside Chinese or Arabic text do not count for much."""
    han = arabic = latin = 0
    for char in text:
        if "一" <= char <= "鿿":
            han += 1
        elif "ء" <= char <= "ي":
            arabic += 1
        elif "a" <= char <= "z":
            latin += 1
    if han * 8 > latin and han * 2 >= arabic:
        return "zh" if han else "en"
    return "ar" if arabic * 3 > latin else "en"


class Clause(NamedTuple):
    """A stretch of a sentence with its cues; ``opener`` are the kinds of the cue that begins it."""

    start: int
    end: int
    tokens: tuple[Token, ...]
    opener: frozenset[str]
    close: str
    """The mark that ends it, empty where a word begins the next one."""


_OPENERS = frozenset(("contrast", "concede", "because", "proviso", "granted", "if", "then"))
_TAILS = frozenset("时的之")
"""Chinese words for "when" that stand behind what they govern begin with these."""


def clauses(masked: Masked) -> list[Clause]:
    """The clauses of a sentence in order, cut at marks and at the words that open one."""
    text = masked.text
    tokens = cues(masked.language).scan(text)
    edges: dict[int, tuple[str, frozenset[str], int]] = {}
    for mark in _BREAK.finditer(text):
        if mark[0] == "," and any(token.start < mark.start() < token.end for token in tokens):
            continue  # "never, ever"
        edges[mark.start()] = (mark[0], frozenset(), mark.end())
    for number, token in enumerate(tokens):
        opens = token.kinds & _OPENERS
        if token.start and text.startswith("while ", token.start):
            opens = frozenset(("because",))  # at the same time; a concession where it begins the sentence
        if opens and not (text[token.start] in _TAILS and "if" in opens) and "neutral" not in token.kinds:
            edges.setdefault(token.start, ("", frozenset(opens), token.start))
        elif _begins(masked, token, tokens[number - 1] if number else None):
            edges.setdefault(token.start, ("", frozenset(), token.start))
    found: list[Clause] = []
    start, opener, rest = 0, frozenset[str](), list(tokens)
    for at in (*sorted(edges), len(text)):
        close, next_opener, begin = edges.get(at, ("", frozenset(), at))
        if text[start:at].strip():
            inside = tuple(token for token in rest if start <= token.start < at)
            found.append(Clause(start, at, inside, opener, close))
            opener = frozenset()
        elif found and close:
            found[-1] = found[-1]._replace(close=found[-1].close + close)
        if not close:
            opener = next_opener
        start = begin
    return found


_IMPERATIVES = re.compile(
    r"(?:give|take|use|start|continue|infuse|inject|administer|prescribe|run|keep|add|mix|do not|avoid|stop|flush"
    r"|rinse)\b"
)


def _begins(masked: Masked, token: Token, before: Token | None) -> bool:
    """Whether a clause begins at a cue, by its subject, its "then", or as an order of its own."""
    if masked.language == "en":
        return bool(_SUBJECT.match(masked.text, token.start)) or _orders(masked.text, token, before)
    return _follows(masked, token)


def _follows(masked: Masked, token: Token) -> bool:
    """Whether an Arabic cue begins with the "then" that opens what follows from a condition or a reason."""
    if masked.language != "ar" or masked.text[token.start] != "ف" or not token.start:
        return False
    if _TOPIC.search(masked.text, 0, token.start):
        return False
    bare = cues("ar").at(masked.text, token.start + 1)
    return bare is not None and bare.end == token.end


_TOPIC = re.compile(r"(?<![ء-ي])و?اما\s[^,.;:\n]{1,40}$")
"""A topic behind "as for", whose "then" opens nothing."""
_SUBJECT = re.compile(r"and (?:nobody|no one|it|this|they|he|she|we|i|you|there|that|these)\b")


def _orders(text: str, token: Token, before: Token | None) -> bool:
    """Whether an English imperative begins a clause behind "and"."""
    return (
        before is not None
        and text[before.start : before.end] in ("and", "then")
        and before.end + 1 == token.start
        and bool(_IMPERATIVES.match(text, token.start))
    )


@functools.lru_cache(maxsize=1)
def marks() -> re.Pattern[str]:
    """Any mention sign."""
    return re.compile("[\ue000-\uf8ff]")
