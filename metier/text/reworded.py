"""What a light rewording changed that ``grounding.survives``, made for free ones, lets pass: numbers and negations."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from metier.text.claims import read
from metier.text.grounding import Finding
from metier.text.normalise import bare_arabic, fold, squeeze

_SAME = 0.7
"""Overlap (Dice) of what two clauses say from which they are one clause reworded."""
_CLOSE = 0.95
"""Share of the best overlap from which a clause is as good a match as the best."""
_EDGE = re.compile(r"[,，。;；!！?？:：、…\n؟؛،()（）]|(?<!\d)\.|\.(?!\d)")
_MARK = re.compile(r"^\W*\d{1,2}\s*(?:[.)、．]|$)")
_HAN = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_HARMLESS = re.compile(
    "特别|分别|区别|差别|性别|级别|类别|个别|鉴别|辨别|识别|别的|别人|未来|不断|不仅|不但|不过|不同|不少|不久|不管|不论|不如|不妨|无论|"
    "不适|不良|不足|不定期|不孕|不育|非常|是非|并非常|除非|莫沙必利|莫西沙星|要不要|是不是|能不能|会不会|有没有|需不需要?|可不可以|"
    "免疫|避孕|禁忌症"
)
"""Words with a sign of negation that deny nothing, or ask."""
_DENIES = re.compile("不|没|无|未|勿|莫|别|非(?!典|洛|那|布|甾|凡)|禁|忌|避免|防止|以防|以免|戒|严禁|否")
_FILLS = re.compile("[有要能会可以应该当需得宜够止的地得了您你我他她们吧呢啊]")
"""What a negation drags along: without it, the two sides of a turned statement say the same."""
_DENYING = frozenset(
    re.findall(
        r"\w+",
        "not no never without cannot none nor neither avoid avoids avoiding stop refrain"
        " لا لم لن ليس ليست ليسوا بلا دون بدون غير تجنب تجنبي تجنبوا يمنع ممنوع امتنع توقف فلا ولا ولم ولن وليس",
    )
)
_AUXILIARY = frozenset(
    re.findall(
        r"\w+",
        "do does did is are was were be been can could may might must should shall will would have has had to the a an"
        " of and please you your it قد أن إن ان في من على إلى يجب ينبغي يمكن يمكنك عليك",
    )
)
_ONE = (("", 1.0), ("time", 86400.0))
"""One, and one day: "a day" and "1 day" are written for each other."""


class _Said(NamedTuple):
    """A clause as it is compared: what it says without its negations, and whether they turn it round."""

    text: str
    pieces: frozenset[str]
    """Two neighbouring characters of Chinese each, or a word."""
    keys: frozenset[str]
    """What the grounding check compares it by: words of one meaning have one key."""
    denied: bool


def turned(rewritten: str, original: str) -> tuple[Finding, ...]:
    """The clauses of a rewording that deny what the original affirms in nearly the same words, or the other way round.

    For rewordings that stay near the words, in Chinese, English or Arabic; one that says all of it anew is for
    ``grounding.survives``.
    """
    new, old = _clauses(rewritten), _clauses(original)
    return tuple(Finding("negation", one.text) for one in dict.fromkeys((*_against(new, old), *_against(old, new))))


def recounted(rewritten: str, original: str) -> tuple[Finding, ...]:
    """The numbers with their units that stand in one of two texts only, as they are written there.

    Ones are seldom meant as numbers: of these, only a span of time that stands in another's place is told.
    """
    new, old = amounts(rewritten), amounts(original)
    new_ones, old_ones = amounts(rewritten, ones=True), amounts(original, ones=True)
    added = [written for amount, written in new.items() if amount not in old_ones]
    missing = [written for amount, written in old.items() if amount not in new_ones]
    spans = [written for amount, written in new_ones.items() if _is_span(amount) and amount not in {**old_ones, **new}]
    past = [written for amount, written in old_ones.items() if _is_span(amount) and amount not in {**new_ones, **old}]
    if spans and past:
        added, missing = added + spans, missing + past
    return (
        *(Finding("number", written) for written in added),
        *(Finding("number", written, "is missing") for written in missing),
    )


def amounts(text: str, ones: bool = False) -> dict[tuple[str, float], str]:
    """(dimension, value) -> as written, of every number in a text; ones, which count lists too, only where wanted."""
    tokens = [token for clause in read(text).clauses for token in clause.tokens]
    found = {one.quantity.forms()[0]: one.text for one in tokens if one.quantity and (ones or not one.quantity.weak)}
    return {amount: written for amount, written in found.items() if ones or amount not in _ONE}


def _is_span(amount: tuple[str, float]) -> bool:
    return amount[0] in ("time", "month") and amount not in _ONE


def _clauses(text: str) -> list[_Said]:
    found = (_said(squeeze(_MARK.sub("", piece))) for piece in _EDGE.split(text))
    return [said for said in found if said.pieces]


def _said(text: str) -> _Said:
    tokens = [token for clause in read(text).clauses for token in clause.tokens if not token.wording.denies]
    keys = frozenset(key for token in tokens for key in token.keys)
    if _HAN.search(text):
        plain = _HARMLESS.sub("", fold(text))
        left = _FILLS.sub("", _DENIES.sub("", fold(text)))
        pieces = frozenset(left[place : place + 2] for place in range(len(left) - 1))
        return _Said(text, pieces, keys, len(_DENIES.findall(plain)) % 2 == 1)
    words = _WORD.findall(bare_arabic(fold(text)).replace("’", "'"))
    denials = sum(word in _DENYING or word.endswith("n't") for word in words)
    said = (word.removesuffix("n't") for word in words if word not in _DENYING)
    return _Said(text, frozenset(word for word in said if word and word not in _AUXILIARY), keys, denials % 2 == 1)


def _against(some: Sequence[_Said], others: Sequence[_Said]) -> Iterator[_Said]:
    """The clauses whose every close match says the opposite."""
    for one in some:
        scores = [max(_overlap(one.pieces, other.pieces), _overlap(one.keys, other.keys)) for other in others]
        best = max(scores, default=0.0)
        if best < _SAME:
            continue
        near = [other for score, other in zip(scores, others, strict=True) if score >= _CLOSE * best]
        if all(other.denied != one.denied for other in near):
            yield one


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient of two sets."""
    return 2 * len(one & other) / ((len(one) + len(other)) or 1)
