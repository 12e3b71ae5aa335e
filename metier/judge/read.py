"""Read what a judge replied: two ratings, or which reply is better. What may mean two things is not read at all."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, NamedTuple

from metier.llm.thinking import split_thinking
from metier.text.normalise import bare_arabic

LEAST, MOST = 1.0, 10.0
"""The ends of the scale of ratings."""

Vote = Literal["A", "B", "tie"]


class Points(NamedTuple):
    """What a judge gives the reply that it was shown as A, and the one shown as B."""

    a: float
    b: float


VOTES: dict[Vote, Points] = {"A": Points(1.0, 0.0), "B": Points(0.0, 1.0), "tie": Points(0.5, 0.5)}
"""The points of a judge that says no more than which reply is better."""

_MARKUP = re.compile(r'[*_`~#>"“”«»(){}\[\]|「」\\]+')
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "؛": ";", "،": ",", "٫": ".", "٪": "%", "’": "'"})
_LETTERS = re.compile(r"(?<![ء-ي])[اب](?![ء-ي])")
"""A and B as lists in Arabic have them, where no word has one letter."""
_REPLY = re.compile(
    r"\b(?:repl(?:y|ies)|responses?|answers?|assistants?)\b|回复|回答|答案|答复"
    r"|(?<![ء-ي])(?:لل|ال)?(?:رد|جواب|اجابه)(?![ء-ي])",
    re.I,
)
_RATING = re.compile(
    r"\b(?:ratings?|scores?)\b|评分|打分|得分|分数|(?<![ء-ي])(?:ال)?(?:تقييم|تقدير|درجه)(?![ء-ي])", re.I
)
_SIDE = r"(?<![A-Za-z'])(?:[AB](?![A-Za-z])|[ab](?=\s*[:=]))"
_ITEM = (
    rf"(?P<side>{_SIDE})" + r"(?:'s)?{word}\s*(?:[:=]|[-–—](?=\s)|is\b|为|是|得|هو|هي)?\s*"
    r"(?P<points>\d+(?:[.,]\d+)?)(?![.,]?\d|\.\.|[eE⁄+^])(?!\s*(?:%|→|->))(?!\s*(?:[-–—]|至|到|to\b|or\b|或|او)\s*\d)"
    r"(?:\s*(?:/|out of\b|من)\s*(?P<most>\d+|عشره))?(?:\s*(?:分|points?\b))?"
)
"""A reply, its rating, and of how many points: a range, a share and a rating that is cut off are none."""
_RATED = (
    re.compile(r"§\s*(?:of\b|for\b|的)?\s*" + _ITEM.format(word="")),
    re.compile(_ITEM.format(word=r"\s*的?\s*§")),
)
"""Ratings that are called so, wherever they stand; § is the word for a rating, words for a reply are left out."""
_PLAIN = re.compile(_ITEM.format(word=""))
_NOTHING = re.compile(r"[§\s;,.:&-]*(?:(?:and|和|و)[\s;,.:&]*)?")
"""What is left of a line of bare ratings, as in ``A: 8/10, B: 6/10``, when these are taken out."""

_TIE = (
    r"(?i:(?:it is |it's )?(?:a )?(?:tie|draw)|(?:both |they |both are |they are )?(?:equal(?:ly good)?|tied)"
    r"|neither(?: is better)?|平局?|平手|一样好?|两者一样好?|相当|不分(?:高下|上下)|不相上下"
    r"|تعادل|متعادلان|متساويان|لا فرق)"
)
_VOTE = rf"(?P<vote>(?<![A-Za-z'])[AB](?![A-Za-z'])|(?<![a-z]){_TIE}(?![a-z]))"
_END = r"(?=\s*(?:$|[.!,;:。]|[-–—]\s|because\b|since\b|因为|由于|لان))"
_OTHER = rf"(?!\s*(?:[/,;]|or\b|and\b|或|和|او|و|、)\s*(?:or\b|and\b)?\s*(?:[AB]\b|{_TIE}))"
_BETTER = re.compile(
    r"(?i:\b(?:better|best|winner|verdict|preferred|preference|choice|decision)\b|(?:更|较|最)好的?|更优的?|优胜者?|结论|选择"
    r"|(?<![ء-ي])(?:ال)?(?:افضل|فائز|حكم|اختيار)(?![ء-ي]))(?:\s+one)?"
    rf"\s*(?:[:=]|is\b|是|为|هو|هي)\s*(?:the\s+)?{_VOTE}{_END}{_OTHER}"
)
"""A verdict that is called so."""
_SAYS = re.compile(
    r"(?P<vote>[AB])\s*(?:(?i:is)\s+(?:(?i:clearly|much|slightly|the)\s+)*(?i:better|best)(?:\s+(?i:one))?"
    r"(?:\s+(?i:than)\s+[AB])?|(?:比\s*[AB]\s*)?(?:更|要|较)好|(?:هو\s+)?(?:ال)?افضل(?:\s+من\s+[AB])?)"
)
_ALONE = re.compile(_VOTE)


def ratings(reply: str) -> Points | None:
    """Both ratings of a reply, from 1 to 10; None where one is missing, out of that, or given twice otherwise.

    Read are ``Rating A: 8; Rating B: 6`` in any order, in English, Chinese and Arabic, in whatever digits and markup,
    and lines of nothing but ``A: 8/10, B: 6``.
    """
    given: dict[str, set[float]] = {"A": set(), "B": set()}
    for line in _lines(reply):
        for found in _items(_RATING.sub("§", line)):
            if found["most"] not in (None, "10", "عشره"):
                return None
            given[found["side"].upper()].add(float(found["points"].replace(",", ".")))
    if any(len(some) != 1 for some in given.values()):
        return None
    points = Points(given["A"].pop(), given["B"].pop())
    return points if all(LEAST <= one <= MOST for one in points) else None


def choice(reply: str) -> Vote | None:
    """Which reply is better by a judge's words; None where they do not say so, or say two things.

    Read are ``Better: A`` and the like, a line that says no more than that A is better, and A, B or a word for a tie
    where that is the last line; where it is every line, they must all say the same.
    """
    lines = [line.strip(" .!。:;,-\t") for line in _lines(reply)]
    lines = [line for line in lines if line]
    said = [found["vote"] for line in lines for found in _BETTER.finditer(line)]
    said += [found["vote"] for line in lines if (found := _SAYS.fullmatch(line))]
    alone = [_ALONE.fullmatch(line) for line in lines]
    said += [found[0] for found in (alone if all(alone) else alone[-1:]) if found]
    votes = {_vote(one) for one in said}
    return votes.pop() if len(votes) == 1 else None


def voted(reply: str) -> Points | None:
    """The points of what a judge says is better: 1 and 0, in a tie one half each."""
    vote = choice(reply)
    return VOTES[vote] if vote else None


def _vote(word: str) -> Vote:
    return "A" if word == "A" else "B" if word == "B" else "tie"


def _items(line: str) -> Iterator[re.Match[str]]:
    """The ratings of a line."""
    for form in _RATED:
        yield from form.finditer(line)
    if not _NOTHING.sub("", _PLAIN.sub("", line)):
        yield from _PLAIN.finditer(line)


def _lines(reply: str) -> list[str]:
    """The lines of an answer: markup and words for a reply left out, one form of every digit, sign and letter."""
    text = unicodedata.normalize("NFKC", bare_arabic(split_thinking(reply)[1])).translate(_ARABIC)
    text = "".join(str(unicodedata.decimal(one, one)) for one in text)
    text = _LETTERS.sub(lambda found: "A" if found[0] == "ا" else "B", text)
    return [_REPLY.sub(" ", _MARKUP.sub(" ", line)).strip() for line in text.splitlines()]
