"""What a verb of stopping, refusing or replacing governs: the things named about it."""

import re

from metier.rules.stance_cues import Token
from metier.rules.stance_text import Clause, Masked, marks

_GAP = {"en": 26, "ar": 20, "zh": 8}
"""How many characters may stand between a verb and the thing that it governs."""


def near(text: str, token: Token, clause: Clause) -> bool:
    """Whether what is to be given up is one of the things named: behind its word, or just before it."""
    behind = marks().search(text, token.end, clause.end)
    lead = 0 if text[token.start].isascii() else 4
    ahead = marks().search(text, max(clause.start, token.start - lead), token.end)
    return (behind is not None and behind.start() - token.end <= 20) or ahead is not None


def replaces(text: str, start: int, token: Token) -> bool:
    """Whether something named is replaced: it stands before what takes its place, or something unnamed does."""
    if text[token.end : token.end + 2].strip()[:1].isdigit():
        return False  # a dose is changed
    if marks().search(text, start, token.end):
        return True
    behind = marks().search(text, token.end)
    arabic = "ء" <= text[token.start] <= "ي"
    return behind is None or (arabic and behind.start() - token.end <= 4)


def governed(masked: Masked, clause: Clause, token: Token) -> set[str]:
    """What a verb governs: the thing behind it, or the one before it where nothing but helping words lie between."""
    text, reach = masked.text, _GAP[masked.language]
    behind = marks().search(text, token.end, clause.end)
    if behind and behind.start() - token.end <= reach:
        return {behind[0]}
    ahead = list(marks().finditer(text, clause.start, token.start))
    if ahead and token.start - ahead[-1].end() <= reach + 6:
        return {one[0] for one in ahead}
    within = marks().search(text, token.start, token.end)
    return {within[0]} if within else set()


_NOTHING = {
    "en": re.compile(
        r"\s*(?:$|[,.;!?)]|(?:it|them|last|in|on|ago|because|since|two|three|one|a|some|years?|months?|before|when|already|now"
        r"|yesterday|after|altogether|completely|long|by|as|for|due|at|this|that|taking it|taking them"
        r"|immediately|while|until"
        r"|pending|during|given|today|tonight|here|tomorrow|straight away|entirely|when|if)\b)"
    ),
    "zh": re.compile(
        r"(?:了|过|掉|服|药|用|它|这|已|的|吧|啦|后|之后|以后|一|两|三|几|半)*(?:$|[,。;!?)]|周|天|个|年|月|小时)"
    ),
    "ar": re.compile(
        r"\s*(?:$|[,.;!?)]|عن تناول[هها]+|عنه|عنها|منذ|العام|الشهر|الاسبوع|قبل|بعد|فورا|تماما|بسبب|امس|الطبيب|الان)"
    ),
}
"""What may stand behind a verb that stops something named in an earlier clause."""


def named_before(masked: Masked, clause: Clause, token: Token) -> set[str]:
    """What was named last before a clause that stops something and names nothing."""
    if not _NOTHING[masked.language].match(masked.text, token.end):
        return set()
    ahead = marks().findall(masked.text, 0, clause.start)
    return set(ahead[-1:])
