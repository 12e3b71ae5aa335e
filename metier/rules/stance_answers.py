"""Yes and no: what a reply says to the question before it."""

import re
from collections.abc import Sequence

from metier.rules.stance_cues import Token, cues
from metier.rules.stance_sentence import Context, Judged, judge
from metier.rules.stance_text import Masked, mask

_MARKS = " ,.。!;:、\"'\n?—–-"
_STANDS_ALONE = re.compile(
    r"(?<=نعم)\s|(?<=لا يا)\s|\s*(?:[,.。!;:、\"'—–\n-]|$)|\s+(?:it|they|you|this|that|these|both|we|i|there|the two)\b"
    r"|\s+يا\s|\s+(?:for that|at all|indeed|please|so|of course|لذلك|لهذا|بذلك|يا|ابدا|اطلاقا|مطلقا)(?![a-zء-ي])"
)
_DOUBTED = re.compile(
    r"(?:^|[.,;!?]\s)\s*(?:can(?:not| not)|is not|are not|should not|could not|does not|do not|will not|would not)\b"
)
_TAIL = re.compile(r"(?:对吗|对吧|是吗|是吧|好吗|行吗|可以吗|, ?right|, ?ok|, ?correct|, ?yes|صح|صحيح)[?吗\s]*$")


def _opening(masked: Masked) -> Token | None:
    """The yes or no that a sentence begins with, standing by itself."""
    text = masked.text
    start = len(text) - len(text.lstrip(_MARKS))
    if start == len(text):
        return None
    answers = cues(masked.language, answers=True)
    token = answers.at(text, start)
    if token is None or not token.kinds & {"yes", "no"}:
        return None
    if _STANDS_ALONE.match(text, token.end):
        return token
    begin = len(text) - len(text[token.end :].lstrip(_MARKS))
    again = answers.at(text, begin) if begin < len(text) else None
    return token if again and again.kinds & token.kinds and not text[again.end :].strip(_MARKS) else None


def answered(masked: Masked) -> int:
    """1 where a sentence begins with a yes, -1 with a no, 0 with neither."""
    token = _opening(masked)
    if token is None:
        return 0
    return 1 if "yes" in token.kinds else -1


def rest(masked: Masked) -> Masked:
    """A sentence without the yes or no that it begins with."""
    while (token := _opening(masked)) is not None:
        masked = masked._replace(text=masked.text[token.end :].lstrip(_MARKS))
    return masked


_NEGATED = re.compile(r"不(?:能|可以?|行|许|让|会|应该?)[^,。]*[吗?]")


def negated(before: Sequence[str]) -> bool:
    """Whether the last question is asked in the negative, as Chinese does: then "cannot" agrees with it."""
    return bool(before) and _NEGATED.search(mask(before[-1], ()).text) is not None


def question(before: Sequence[str], context: Context) -> Judged | None:
    """What is asked, as a statement; None where the sentences before ask nothing."""
    for text in reversed(before):
        masked = mask(text, ())
        plain = _TAIL.sub("", masked.text)
        if masked.language == "en":
            plain = _DOUBTED.sub(lambda match: match[0].replace("not", ""), plain)
        judged = judge(masked._replace(text=plain), "either", asking=True)
        if "?" in masked.text or judged.asked or _asks(masked):
            return judged if judged.value else judged._replace(value=1)
    return None


def _asks(masked: Masked) -> bool:
    return judge(masked, "either").asked
