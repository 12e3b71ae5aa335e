"""What one clause says: its cues weighed, with what negates, soothes or questions them."""

import re
from typing import NamedTuple

from metier.rules.stance_cues import Token
from metier.rules.stance_text import Clause, Masked, marks

_ORDER = (
    "neutral", "takes", "rhetoric", "forbid", "avoid", "ban", "clash", "harm", "apart", "stop", "switch", "instead",
    "good", "relief", "cause", "ill", "mix", "join", "give", "dose", "vessel", "modal", "neg",
)  # fmt: skip
"""Where one cue may be several things, the first of these is what it does."""
_BRINGS = frozenset(("mix", "join", "give", "dose", "vessel"))
_OPERATES = frozenset(("neg", "forbid", "rhetoric", "avoid"))
_REASONS = frozenset(("harm", "clash", "ill", "ban", "cause", "neg", "forbid", "avoid", "stop", "modal", "apart"))
_ILLS = frozenset(("harm", "clash", "ill"))
_SHARED = re.compile(r"[\s,、]*(?:\b(?:or|nor|and)\b|或者?|和|也|及|且|、|او|ولا|و)[^,;。]{0,14}$")
"""What stands between two predicates that one negation governs."""


class Weight(NamedTuple):
    """What a clause says, before its sentence is considered: ``value`` is 1 for bringing together, -1 against it."""

    value: int
    why: str
    kinds: frozenset[str]
    """Of all its cues."""
    brought: frozenset[str] = frozenset()
    """Which of mix, join, give and dose it says in the affirmative."""
    sure: bool = False
    """Whether a judgement (safe, compatible, allowed) speaks for it and not only the bringing together."""
    mere: bool = False
    """Whether all that speaks against it is a prohibition to mix."""
    against: frozenset[str] = frozenset()
    """Kinds of what speaks against it."""
    stopped: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    """Signs of things that are to be stopped, or not to be given."""


class _Said(NamedTuple):
    token: Token
    kind: str
    value: int
    flipped: bool


def kind_of(token: Token) -> str:
    """What a cue does in its clause; empty where it is nothing that weighs."""
    return next((kind for kind in _ORDER if kind in token.kinds), "")


def weigh(masked: Masked, clause: Clause, caused: bool = False, skip: frozenset[int] = frozenset()) -> Weight:
    """The weight of a clause; ``caused``: the clause before it says that something is brought about.

    ``skip`` are starts of cues to pass over.
    """
    tokens = [token for token in clause.tokens if token.start not in skip]
    every = frozenset().union(*(token.kinds for token in tokens)) if tokens else frozenset()
    said, open_sign = _said(masked.text, tokens, caused, clause)
    against = [one for one in said if one.value < 0]
    favour = [one for one in said if one.value > 0]
    stopped, refused = _objects(masked, clause, said, open_sign)
    if open_sign is not None and _forbids_alone(masked, clause, open_sign, refused):
        against.append(_Said(open_sign, "forbid", -1, True))
    if (
        "limit" in every
        and not {"mix", "join"} & every
        and against
        and all(one.flipped and one.kind in _BRINGS for one in against)
    ):
        return Weight(1, "limit", every, brought=frozenset(("give",)))
    value = -1 if against else 1 if favour else 0
    if any("reject" in one.token.kinds for one in said):
        every -= {"reject"}
    deciding = (against or favour)[:1]
    why = masked.text[deciding[0].token.start : deciding[0].token.end] if deciding else ""
    kinds_against = frozenset("forbid" if one.flipped and one.kind in _BRINGS else one.kind for one in against)
    mixes = bool({"mix", "vessel"} & every)
    mere = mixes and bool(against) and all(one.kind in ("mix", "vessel", "forbid") for one in against)
    return Weight(
        value, why, every,
        brought=frozenset(one.kind for one in favour if one.kind in _BRINGS),
        sure=any(one.kind not in _BRINGS and one.kind not in ("switch", "modal") for one in favour),
        mere=mere and not {"join"} & every, against=kinds_against, stopped=stopped, refused=refused,
    )  # fmt: skip


def _said(text: str, tokens: list[Token], caused: bool, clause: Clause) -> tuple[list[_Said], Token | None]:
    """The predicates of a clause with their values, and the last negation or prohibition that governs none."""
    said: list[_Said] = []
    sign, shuns, soothes = 1, False, False
    pending: Token | None = None
    modal: Token | None = None
    vessel: Token | None = None
    for token in tokens:
        kind = kind_of(token)
        if pending and sign < 0 and kind in _REASONS and _governs_other(text, pending, token):
            said.append(_Said(pending, "ban", -1, True))  # what is forbidden stands before the reason
            sign, pending, shuns = 1, None, False
        if "reject" in token.kinds:
            if sign < 0:  # "it is not wrong to ..."
                said.append(_Said(token, "good", 1, True))
                sign, pending = 1, None
        elif kind == "neg" and _inside_word(text, token, tokens):
            continue
        elif kind in ("neg", "forbid", "rhetoric"):
            sign, pending = -sign, token
        elif kind == "avoid":
            sign, shuns, pending = -sign, True, token
        elif "belittles" in token.kinds:
            said = [one._replace(value=1, kind="good") if one.kind in _ILLS and one.value < 0 else one for one in said]
        elif kind == "relief":
            soothes = True
        elif kind == "cause":
            caused = True
        elif kind == "modal":
            modal = token
        elif kind == "vessel" and sign > 0:
            vessel = vessel or token
        elif pending and sign < 0 and kind in _BRINGS and _sees(text, pending, token, tokens):
            continue
        elif kind and kind not in ("neutral", "takes"):
            value = _worth(text, clause, token, caused, shuns or soothes)
            if not value:
                if value is not None:
                    sign, pending, shuns = 1, None, False
                continue
            shared = sign > 0 and bool(said) and _shares(text, said[-1], token, value)
            flipped = sign < 0 or shared
            if kind in _BRINGS and not flipped and said and any(o.flipped and o.kind in _BRINGS for o in said):
                value = 0  # "must not be mixed and infused": one prohibition for both
            said.append(_Said(token, kind, -value if flipped else value, flipped))
            sign, pending, shuns = 1, None, False
    said = [one for one in said if one.value]
    implied = _implied(text, clause, bool(said), pending, modal, vessel, sign)
    if implied is not None:
        return [*said, implied], pending if sign < 0 and implied.kind == "mix" else None
    return said, pending if sign < 0 else None


def _implied(
    text: str, clause: Clause, said: bool, pending: Token | None, modal: Token | None, vessel: Token | None, sign: int
) -> _Said | None:
    """What a clause says by a container alone, by a modal that ends it, or by two negations."""
    if vessel and not said:
        return _Said(vessel, "mix", sign, sign < 0)
    last = not said or (sign < 0 and pending and modal and pending.end < modal.end)
    if modal and last and _stands_alone(text, modal, clause.end):
        harms = any(token.kinds & {"ill", "cause", "harm"} for token in clause.tokens)
        return None if harms else _Said(modal, "modal", sign, sign < 0)
    return _Said(pending, "good", 1, True) if pending and sign > 0 and not said else None


def _worth(text: str, clause: Clause, token: Token, caused: bool, soothed: bool) -> int | None:
    """The value of a predicate; 0: it weighs nothing but takes up a negation; None: it is passed over."""
    kind = kind_of(token)
    if kind == "dose" and any("takes" in one.kinds for one in clause.tokens):
        return None
    if kind == "instead" and not _near(text, token, clause):
        return None
    if kind == "switch" and _replaces(text, clause.start, token):
        return -1
    return _value(kind, caused, soothed)


_ALONE = re.compile(
    r"[\s.,!。的了啊呀吧嘛\"')]*(?:be |do |do so|to |it|so|that|this|[\ue000-\uf8ff]|\s)*[\s.,!。的了啊呀吧\"')]*"
)


def _stands_alone(text: str, modal: Token, end: int) -> bool:
    """Whether no verb follows a modal in its clause: "you can", "that is not advised"."""
    return _ALONE.fullmatch(text, modal.end, end) is not None


def _inside_word(text: str, token: Token, tokens: list[Token]) -> bool:
    """Whether a single Chinese negator belongs to a word such as "incomplete", and negates nothing that follows."""
    if token.end - token.start > 1 or text[token.start] not in "不无未没":
        return False
    behind = text[token.end : token.end + 1]
    return (
        bool(behind)
        and behind not in _NEGATED
        and not any(other.start == token.end and kind_of(other) for other in tokens)
    )


_NEGATED = frozenset("与和跟同把将给再被曾见有任何明显著和跟,。 ") | {chr(point) for point in range(0xE000, 0xE010)}


def _value(kind: str, caused: bool, soothed: bool) -> int:
    if kind in _BRINGS or kind in ("good", "switch", "vessel"):
        return 1
    if kind in ("harm", "clash"):
        return 0 if soothed else -1
    if kind == "ill":
        return -1 if caused and not soothed else 0
    return -1 if kind in ("ban", "apart", "stop", "instead") else 0


_SEES = frozenset((
    "未见", "未发现", "未观察到", "尚未", "没有", "没有任何", "并没有", "无", "并无", "从未", "未", "未出现", "未发生",
    "no", "none", "without", "لم يلاحظ", "لم يسجل", "لا يوجد", "لا توجد",
))  # fmt: skip
"""What denies that something is seen: where a harm follows, it is the harm, whatever is mixed in between."""


def _sees(text: str, pending: Token, token: Token, tokens: list[Token]) -> bool:
    """Whether a negation passes over what is mixed to the harm that is not seen: "no change when A is mixed with B"."""
    if text[pending.start : pending.end] not in _SEES or token.start - pending.end < 2:
        return False
    return any(kind_of(other) in ("harm", "clash", "ill") for other in tokens if other.start > token.start)


_SAYING = re.compile(r"\b(?:that|think|say|says|believe|mean|means|claim)\b|说|认为|意味|觉得|(?:^|\s)ان\s")


def _governs_other(text: str, pending: Token, token: Token) -> bool:
    """Whether something named stands between a prohibition and a harm, which is then its reason."""
    found = marks().search(text, pending.end, token.start)
    near = (2 if text[pending.start] < "一" else 1) if kind_of(pending) == "neg" else len(text)
    if _SAYING.search(text, pending.start, token.start):
        return False
    if text[pending.start : pending.end] in _SEES - {"no", "none", "without"}:
        return False
    return found is not None and found.start() - pending.end < near


def _near(text: str, token: Token, clause: Clause) -> bool:
    """Whether what is to be given up is one of the things named: behind its word, or just before it."""
    behind = marks().search(text, token.end, clause.end)
    lead = 0 if text[token.start].isascii() else 4
    ahead = marks().search(text, max(clause.start, token.start - lead), token.end)
    return (behind is not None and behind.start() - token.end <= 20) or ahead is not None


def _replaces(text: str, start: int, token: Token) -> bool:
    """Whether something named is replaced: it stands before what takes its place, or something unnamed does."""
    if text[token.end : token.end + 2].strip()[:1].isdigit():
        return False  # a dose is changed
    if marks().search(text, start, token.end):
        return True
    behind = marks().search(text, token.end)
    arabic = "ء" <= text[token.start] <= "ي"
    return behind is None or (arabic and behind.start() - token.end <= 4)


def _shares(text: str, last: _Said, token: Token, value: int) -> bool:
    """Whether a predicate stands beside a negated one under the same negation."""
    return last.flipped and (last.value < 0) == (value > 0) and bool(_SHARED.match(text[last.token.end : token.start]))


def _forbids_alone(masked: Masked, clause: Clause, token: Token, refused: frozenset[str]) -> bool:
    """Whether a prohibition that governs no verb is one of what the text is about."""
    kind = kind_of(token)
    if kind == "neg":
        return bool(refused)
    rest = masked.text[token.end : clause.end].strip(" ,.。!的了啊呀吧\"'")
    refers = any("ana" in other.kinds for other in clause.tokens if other.start >= token.end)
    return bool(_EMPTY.fullmatch(rest)) or bool(refused) or refers


_EMPTY = re.compile(
    r"(?:be |have |get )?"
    r"(?:be|do|done|do so|do it|do that|do this|so|this|it|given|used|tried|allowed|happen|together|recommended)?"
    r"(?: at all| again| any ?more| here| together| for (?:you|him|her|this patient|the patient))?|.{0,4}$(?<![a-z])"
)
"""What may follow a prohibition that stands for a whole sentence: "it should not be"."""
_GAP = {"en": 26, "ar": 20, "zh": 8}
"""How many characters may stand between a verb and the thing that it governs."""
_LISTED = re.compile(
    r"(?:^|\s)(?:and|or|including|especially|such as|like)\s(?:the )?$"
    r"|(?:包括|例如|比如|尤其是?|特别是?|如)$|[、或和及]$|\sاو\s?$|\sو$"
)
"""The end of a list whose next item is named: a prohibition of its items is one of this one, too."""


def _objects(
    masked: Masked, clause: Clause, said: list[_Said], open_sign: Token | None
) -> tuple[frozenset[str], frozenset[str]]:
    """The signs of things that a clause stops, and of those that it says are not given."""
    stopped: set[str] = set()
    refused: set[str] = set()
    for one in said:
        if one.kind == "stop" and one.value < 0:
            stopped |= _object(masked, clause, one.token) or _before(masked, clause, one.token)
        elif one.value < 0 and (one.kind in ("instead", "switch") or (one.flipped and one.kind in ("give", "dose"))):
            refused |= _object(masked, clause, one.token)
    if open_sign is not None:
        gap = masked.text[open_sign.end : clause.end]
        found = marks().search(gap)
        if found and (found.start() <= (1 if masked.language == "zh" else 8) or _LISTED.search(gap[: found.start()])):
            refused |= {found[0]}
    return frozenset(stopped), frozenset(refused)


def _object(masked: Masked, clause: Clause, token: Token) -> set[str]:
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
        r"|yesterday|after|altogether|completely|long|by|as|for|due|at|this|that|taking it|taking them|immediately)\b)"
    ),
    "zh": re.compile(
        r"(?:了|过|掉|服|药|用|它|这|已|的|吧|啦|后|之后|以后|一|两|三|几|半)*(?:$|[,。;!?)]|周|天|个|年|月|小时)"
    ),
    "ar": re.compile(
        r"\s*(?:$|[,.;!?)]|عن تناول[هها]+|عنه|عنها|منذ|العام|الشهر|الاسبوع|قبل|بعد|فورا|تماما|بسبب|امس|الطبيب|الان)"
    ),
}
"""What may stand behind a verb that stops something named in an earlier clause."""


def _before(masked: Masked, clause: Clause, token: Token) -> set[str]:
    """What was named last before a clause that stops something and names nothing."""
    if not _NOTHING[masked.language].match(masked.text, token.end):
        return set()
    ahead = marks().findall(masked.text, 0, clause.start)
    return set(ahead[-1:])
