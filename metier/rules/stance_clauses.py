"""What one clause says: its cues weighed, with what negates, soothes or questions them."""

import re
from typing import NamedTuple

from metier.rules.stance_cues import Token
from metier.rules.stance_objects import governed, named_before, near, replaces
from metier.rules.stance_text import Clause, Masked, marks

_ORDER = (
    "neutral", "takes", "rhetoric", "forbid", "avoid", "ban", "clash", "harm", "apart", "stop", "switch", "instead",
    "other", "good", "relief", "cause", "ill", "mix", "join", "give", "dose", "vessel", "modal", "neg",
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
    if any(masked.text.endswith("هما", token.start, token.end) for token in tokens):
        every |= {"ana"}  # "take them both"
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
    if value > 0 and _unknown_verb(masked, clause, favour):
        value, favour = 0, []
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


_NOMINAL = re.compile(
    r"\s*[وف]?(?:ان )?(?:ال)?(?:[\ue000-\uf8ff]"
    r"|(?:تناول|اخذ|استعمال|استخدام|اعطاء|جمع|مزج|خلط|اضافه|شرب|حقن|وصف|صرف|دمج)\b)"
)
"""An Arabic clause that begins with what it is about: what it says of that is a verb behind the names."""
_FINITE = re.compile(r"(?<![ء-ي])(?:قد ت|قد ي|سوف ي|سي|ي)(?!وم|سار|مين|د\b|ليه|ليها)[ء-ي]{3,}")


def _unknown_verb(masked: Masked, clause: Clause, favour: list[_Said]) -> bool:
    """Whether a clause begins with its subject and says of it, by a verb that is no cue, nobody knows what."""
    if masked.language != "ar" or any(one.kind not in _BRINGS or one.kind == "dose" for one in favour):
        return False
    if any("modal" in one.kinds and masked.text[one.start : one.end] != "قد" for one in clause.tokens):
        return False
    if not _NOMINAL.match(masked.text, clause.start, clause.end):
        return False
    last = max((mark.end() for mark in marks().finditer(masked.text, clause.start, clause.end)), default=clause.end)
    found = _FINITE.search(masked.text, last, clause.end)
    if found is None:
        return False
    return not any(one.start < found.end() and found.end() <= one.end for one in clause.tokens)


def _said(text: str, tokens: list[Token], caused: bool, clause: Clause) -> tuple[list[_Said], Token | None]:
    """The predicates of a clause with their values, and the last negation or prohibition that governs none."""
    said: list[_Said] = []
    sign, shuns, soothes = 1, False, False
    pending: Token | None = None
    modal: Token | None = None
    vessel: Token | None = None
    hurts = 0
    for token in tokens:
        kind = kind_of(token)
        if pending and _else_negated(text, pending, token, kind):
            sign, pending, shuns = 1, None, False
        if pending and sign < 0 and kind in _REASONS and _governs_other(text, pending, token):
            said.append(_Said(pending, "ban", -1, True))  # what is forbidden stands before the reason
            sign, pending, shuns = 1, None, False
        if "reject" in token.kinds:
            if sign < 0:  # "it is not wrong to ..."
                said.append(_Said(token, "good", 1, True))
                sign, pending = 1, None
        elif kind == "neg" and (_inside_word(text, token, tokens) or _nor(text, token, sign)):
            continue
        elif kind == "other" and (pending is None or kind_of(pending) != "neg"):
            said.append(_Said(token, kind, -1, False))
        elif kind in _OPERATES:
            sign, pending, shuns = -sign, token, shuns or kind == "avoid"
        elif "belittles" in token.kinds:
            said = [one._replace(value=1, kind="good") if one.kind in _ILLS and one.value < 0 else one for one in said]
        elif kind == "relief":
            soothes = True
            if pending and kind_of(pending) == "neg" and token.start - pending.end < 2:
                sign, pending = 1, None
        elif kind == "cause":
            caused, hurts = True, hurts or (sign if "hurts" in token.kinds else 0)
            soothes = soothes and not ("hurts" in token.kinds and text[token.start - 1 : token.start] in _MAY)
        elif kind == "modal":
            modal = token
        elif kind == "vessel" and sign > 0:
            vessel = vessel or token
        elif pending and sign < 0 and kind in _BRINGS and _sees(text, pending, token, tokens):
            continue
        elif kind and kind not in ("neutral", "takes") and not (sign > 0 and _names(token, tokens)):
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
    said = [one for one in (*said, *_hurt(tokens, said, 0 if soothes else hurts)) if one.value]
    implied = _implied(text, clause, bool(said), pending, modal, vessel, sign)
    left = pending if sign < 0 and (implied is None or implied.kind == "mix") else None
    return said if implied is None else [*said, implied], left


def _names(token: Token, tokens: list[Token]) -> bool:
    """Whether a cue is a noun that says nothing by itself: "the combination of"."""
    return "noun" in token.kinds and not any("modal" in other.kinds for other in tokens)


def _hurt(tokens: list[Token], said: list[_Said], hurts: int) -> list[_Said]:
    """That something is done harm, where no other cue of the clause names the harm; ``hurts`` is negative if denied."""
    if not hurts or any(kind_of(one.token) in _ILLS for one in said):
        return []
    cause = next(token for token in tokens if "hurts" in token.kinds)
    return [_Said(cause, "harm" if hurts > 0 else "good", -hurts, hurts < 0)]


def _nor(text: str, token: Token, sign: int) -> bool:
    """Whether an Arabic "nor" goes on with the negation before it."""
    return sign < 0 and text.startswith("ولا", token.start)


_VERB = re.compile(r"\s?[يتن][ء-ي]{2,}\s")


def _else_negated(text: str, pending: Token, token: Token, kind: str) -> bool:
    """Whether an Arabic negation ends before a colon, or with a verb before "and": "does not help and does harm"."""
    if not "ء" <= text[pending.start] <= "ي":
        return False
    if ": " in text[pending.end : token.start]:
        return True
    coupled = text[token.start] == "و" and kind in ("harm", "clash", "ban", "good")
    return coupled and kind_of(pending) == "neg" and bool(_VERB.match(text, pending.end, token.start))


def _implied(
    text: str, clause: Clause, said: bool, pending: Token | None, modal: Token | None, vessel: Token | None, sign: int
) -> _Said | None:
    """What a clause says by a container alone, by a modal that ends it, or by two negations."""
    if vessel and not said:
        return _Said(vessel, "mix", sign, sign < 0)
    last = not said or (sign < 0 and pending and modal and pending.end < modal.end)
    if modal and last and _stands_alone(text, modal, clause.end):
        if text[modal.start : modal.end] in _POLITE:
            return None
        harms = any(token.kinds & {"ill", "cause", "harm"} for token in clause.tokens)
        return None if harms else _Said(modal, "modal", sign, sign < 0)
    twice = pending and sign > 0 and not said and not "ء" <= text[pending.start] <= "ي"
    return _Said(pending, "good", 1, True) if pending and twice else None


def _worth(text: str, clause: Clause, token: Token, caused: bool, soothed: bool) -> int | None:
    """The value of a predicate; 0: it weighs nothing but takes up a negation; None: it is passed over."""
    kind = kind_of(token)
    if kind == "dose" and any("takes" in one.kinds and one.start < token.start for one in clause.tokens):
        return None
    if kind == "instead" and not near(text, token, clause):
        return None
    if kind == "switch" and replaces(text, clause.start, token):
        return -1
    return _value(kind, caused, soothed)


_MAY = frozenset("会可易能常却反")
"""What stands before a Chinese verb of doing harm where it is no part of what is to be relieved."""
_POLITE = frozenset(("please", "من فضلك", "الرجاء", "يرجي", "请", "务必"))
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
    return -1 if kind in ("ban", "apart", "stop", "instead", "other") else 0


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
    refers = refers or masked.text[token.start : token.end].endswith(("ه", "ها", "هما"))
    empty = not rest if kind == "avoid" else _EMPTY.fullmatch(rest) is not None
    return empty or bool(refused) or refers or _shunned(masked, clause, token, rest)


def _shunned(masked: Masked, clause: Clause, token: Token, rest: str) -> bool:
    """Whether something is denied to what a clause is about by a verb that is no cue: "it should not be the first"."""
    if masked.language != "en" or not _DENIES.search(masked.text, token.start, token.end) or _SOOTHES.match(rest):
        return False
    behind = marks().search(rest)
    ordered = token.start == clause.start + len(masked.text[clause.start :]) - len(masked.text[clause.start :].lstrip())
    return (ordered and behind is not None) or marks().search(masked.text, clause.start, token.start) is not None


_DENIES = re.compile(
    r"(?:(?:should|must|may|shall|ought|would|could)(?: \w+)? (?:not|never)|cannot|not to be|never|do not)"
    r"(?: (?:recommend|advise|suggest|advocate|endorse|support|favou?r|encourage|condone))?$"
)
_SOOTHES = re.compile(
    r"(?:(?:be|let|get|give|take|too|so|that|really|make|have|cause|in any way|necessarily) )*"
    r"(?:worr|fear|forg|hesit|mind|matter"
    r"|bother|concern|alarm|surpris|affect|alter|chang|influenc|upset|delay|deter|put|miss|neglect|expect|need|problem|issue"
    r"|barrier|reason|long|last|amount|exceed|cost|complain|rush|overlook|afraid|think|say|mean|know|see|help|understand"
    r"|caus|ignore|panic|stress|lose|wait|leave|trouble|harm|hurt|pay|ask|tell|beat|go wrong|go far|been|lower"
    r"|stop|shy|scared)"
)
"""What a prohibition may govern that forbids nothing of what a clause is about."""
_EMPTY = re.compile(
    r"(?:be |have |get )?"
    r"(?:be|do|done|do so|do it|do that|do this|so|this|it|given|used|tried|allowed|happen|together|recommended)?"
    r"(?: at all| again| any ?more| here| together| for (?:you|him|her|this patient|the patient))?|.{0,4}$(?<![a-z])"
)
"""What may follow a prohibition that stands for a whole sentence: "it should not be"."""
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
            stopped |= governed(masked, clause, one.token) or named_before(masked, clause, one.token)
        elif one.value < 0 and (one.kind in ("instead", "switch") or (one.flipped and one.kind in ("give", "dose"))):
            refused |= governed(masked, clause, one.token)
    if open_sign is not None:
        gap = masked.text[open_sign.end : clause.end]
        found = marks().search(gap)
        if found and (found.start() <= (1 if masked.language == "zh" else 8) or _LISTED.search(gap[: found.start()])):
            refused |= {found[0]}
    return frozenset(stopped), frozenset(refused)
