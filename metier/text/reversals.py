"""How two clauses may differ in what they deny; a yes or no against its passage; denials that a text lost.

Two signs are compared only where the clauses say the same otherwise: an unlike polarity alone proves nothing.
"""

import re
from collections.abc import Iterator

from metier.text.alignment import fit, nearest, within
from metier.text.bearing import denied_words
from metier.text.claims import Clause, Text, Token, read
from metier.text.polarity import (
    ABSENT,
    ALLOWS,
    ASKS,
    COMFORTS,
    FORBIDS,
    GOES_ON,
    HINGES,
    LIMITS,
    MERE,
    NEGATES,
    STOPS,
    UNDER,
    VERBS,
    hinged,
    hints,
    sign,
)
from metier.text.wordings import folded, shown, weak_root


def _besides(clause: Clause, pair: int) -> bool:
    """Whether a clause says something besides one of two opposites, or only that."""
    rest = [
        token for token in clause.tokens if token.content and pair not in {number for number, _ in token.wording.sides}
    ]
    return any(token.text not in _ORDER for token in rest) or not rest


_AND = frozenset(["and", "or", "و", "او", "和", "或", "、"])
_ORDER = frozenset(["after", "following", "before", "prior", "بعد", "قبل", "之后", "以后", "之前", "以前", "后", "前"])


def _spelt(token: Token, clause: Clause) -> bool:
    """Whether a clause has a form of the very word."""
    root = weak_root(token.text)
    return any(token.text == other.text or (len(root) > 2 and root == weak_root(other.text)) for other in clause.tokens)


def minimal(one: Clause, other: Clause) -> bool:
    """Whether two clauses are the same apart from a negator."""
    lines = [folded(clause.text) for clause in (one, other)]
    counts = [negators(clause) for clause in (one, other)]
    if {count % 2 for count in counts} != {0, 1} or 0 not in counts or flips(one, other):
        return False
    close = fit(one, other)
    if min(close.share, close.back) < 0.75 or one.weight < 1.2:
        return False
    plain, denying = (one, other) if not counts[0] else (other, one)
    if hinged(plain) != hinged(denying) or any(LIMITS.search(line) or MERE.search(line) for line in lines):
        return False
    if not any(within(token, plain) >= 0.5 for token in told(denying, 1)):
        return False
    if plain.under or NEGATES.search(_HARMLESS.sub("", folded(plain.text))) or ASKS.search(plain.text):
        return False
    bare = [
        {hit for found in (VERBS, STOPS, ABSENT, FORBIDS, LIMITS) for hit in _hits(found, _NOT.sub("", line))}
        for line in lines
    ]
    odd = {token.text for token in plain.tokens if token.at in plain.denials} - {
        token.text for token in (other if plain is one else one).tokens
    }
    return bare[0] == bare[1] and not odd and not any(ALLOWS.search(line) or COMFORTS.search(line) for line in lines)


def negators(clause: Clause) -> int:
    """How many words of a clause turn it round."""
    return len(_NOT.findall(_HARMLESS.sub("", folded(clause.text))))


def _hits(pattern: re.Pattern[str], line: str) -> list[str]:
    return [found[0] for found in pattern.finditer(line)]


_NOT = re.compile(
    r"\b(?:not|no|never|without|cannot|nor|neither)\b|n't\b|不(?:需要?|必|用(?!的)|要|能"
    r"|可以?|会|得|宜|应该?|许|准)?|没有?|无(?:需|须|法)?|未|勿|别|莫"
    r"|(?<![ء-ي])[وف]?(?:لا|لم|لن|ليس[ء-ي]*|الا(?= [يتن][ء-ي]{2})|(?<!^)غير|بلا|بدون"
    rf"|دون(?! {UNDER}))(?![ء-ي])"
)
_HARMLESS = re.compile(
    "特别|分别|区别|差别|性别|级别|类别|个别|鉴别|辨别|识别|别的|别人|未来|不断|不仅|不但"
    "|不过|不同(?!意)|不少|不久|不管|不论|不如|不妨|无论|不适(?![合宜用应])|不良|不足|是不是|能不能|会不会"
    "|有没有|要不要"
    "|莫沙|莫西|不变|不超过|不到|没问题|没有问题|无妨|不要紧|لا سيما|غير ان|لا بد|لا "
    "[يت]زال|no (?:more|less|longer)|not (?:more|less|only)|no doubt"
)


def targets(clause: Clause) -> list[Token]:
    """The word that a denial is about: the one behind it, or the one before where it is said of that."""
    after = [token for token in clause.tokens if token.at in clause.denials[:1] and token.wording.denies == "after"]
    phrase = any(token.at in clause.denials[:1] and " " in token.text for token in clause.tokens)
    if phrase:
        place = clause.denials[0]
        cut = max((token.at for token in clause.tokens[:place] if token.text in _AND), default=-1)
        return [token for token in clause.tokens[cut + 1 :] if token.content and not token.quantity]
    if after or not clause.denials:
        told = [token for token in clause.tokens if token.content and not token.quantity]
        return told[:2] if not after else [t for t in told if t.at < after[0].at][-2:] or told[:1]
    return denied_words(clause, 1)[:1]


def signs_of(one: Clause, other: Clause) -> tuple[int, int]:
    """The signs of two clauses; where both tell to stop something, whether each denies that."""
    lines = folded(one.text), folded(other.text)
    if all(STOPS.search(line) for line in lines):
        signs = [-1 if GOES_ON.search(line) else 1 for line in lines]
        hinged = [HINGES.match(line) or LIMITS.search(line) for line in lines]
        return (0, 0) if any(hinged) else (signs[0], signs[1])
    return sign(one), sign(other)


def flips(one: Clause, other: Clause) -> list[tuple[int, bool]]:
    """The words of the first clause that have their opposite in the other."""
    kept = {
        side for token in one.tokens if token.wording.sides and _spelt(token, other) for side in token.wording.sides
    }
    return [
        (pair, side)
        for pair, side in one.sides - kept
        if _besides(one, pair)
        and (pair, not side) in other.sides
        and (pair, side) not in other.sides
        and (pair, not side) not in one.sides
    ]


_YES = re.compile(
    r"\s*(?:yes\b|certainly\b|是的|对|能(?!不)|可以(?!不)|要(?!不|是)|需要|会(?!不)|有"
    r"(?!没)|好的|收|نعم|بلي|اجل)",
    re.I,
)
_NO = re.compile(
    r"\s*(?:no\b(?=[,.;! ]*[,.;!])|不是|不能|不可以|不用|不需要|不必|不会|不要|不行|不收"
    r"|没有|不一定|لا(?=[,.;]))",
    re.I,
)
_YES_NO = re.compile(
    r"(?:and |but |so )?(?:do|does|did|is|are|was|were|can|could|may|might|should|shall"
    r"|will|would|must|has|have|am) (?P<en>[^?]+)\?"
    r"|(?P<zh>[^?,]*)(?:吗|么)\?|(?P<zh2>[^?,]*(?:要不要|能不能|可不可以|会不会|是不是|有没有|需不需要)[^?]*)\?"
    r"|(?:ف|و)?هل (?P<ar>[^?]+)\?"
)
_EITHER = (
    ("要不要", "要"),
    ("能不能", "能"),
    ("可不可以", "可以"),
    ("会不会", "会"),
    ("是不是", ""),
    ("有没有", "有"),
    ("需不需要", "需要"),
)


def answered(said: Text, known: Text, question: str) -> Iterator[tuple[str, str, str]]:
    """(rule, span, detail) of a yes or no that the passage answers the other way."""
    yes, no = _YES.match(said.folded), _NO.match(said.folded)
    found = _YES_NO.search(folded(shown(question)))
    if not found or bool(yes) == bool(no):
        return
    asked = next(some for some in found.groups() if some)
    for some, one in _EITHER:
        asked = asked.replace(some, one)
    clauses = [clause for clause in read(asked).clauses if clause.weight >= 0.5]
    if not clauses or LIMITS.search(asked):
        return
    statement = max(clauses, key=lambda clause: clause.weight)
    means = (-1 if statement.denied or FORBIDS.search(asked) else 1) * (1 if yes else -1)
    first = next((token for token in statement.tokens if token.content), statement.tokens[0])
    near = [
        (other, one)
        for other, one in nearest(statement, known.clauses)
        if one.share >= 0.55 and _common(statement, other) >= 2 and within(first, other) >= 0.6
    ]
    signs = [sign(other) for other, _ in near]
    if near and -means in signs and means not in signs:
        yield "negation", said.sentences[0].text, near[signs.index(-means)][0].text


def _common(one: Clause, other: Clause) -> int:
    """How many words that say something two clauses share."""
    return sum(token.content and within(token, other) >= 0.6 for token in one.tokens)


def undenied(old: Text, new: Text) -> Iterator[tuple[str, str, str]]:
    """(rule, span, detail) of what one text denies and the other, which denies it nowhere, says plainly."""
    others = new.clauses
    for clause in old.clauses:
        if not (clause.denied or FORBIDS.search(folded(clause.text))) or COMFORTS.search(folded(clause.text)):
            continue
        if GOES_ON.search(folded(clause.text)):
            stops = [other for other in others if STOPS.search(folded(other.text))]
            own = [other for other in old.clauses if STOPS.search(folded(other.text))]
            if len(own) == 1 and stops and not any(NEGATES.search(folded(other.text)) for other in stops):
                yield "negation", clause.text, stops[0].text
            continue
        if sign(clause) >= 0 and not STOPS.search(folded(clause.text)):
            continue
        targets = told(clause, 1)
        if not targets:
            continue
        held = [
            other
            for other in others
            if all(within(token, other) >= 0.6 for token in targets) and (hinged(clause) or not hinged(other))
        ]
        if not held or any(hints(other) for other in held):
            continue
        if not any(
            other is not clause and not hints(other) and all(within(token, other) >= 0.6 for token in targets)
            for other in old.clauses
        ):
            yield "negation", clause.text, held[0].text


def told(clause: Clause, most: int) -> list[Token]:
    """The words nearest to a denial that say something, those behind it first."""
    place = clause.denials[0] if clause.denials else -1
    some = [token for token in clause.tokens if not token.quantity and token.at not in clause.denials]
    best = [token for token in some if token.content and not token.wording.common]
    best = best or [
        token for token in some if len(token.text) > 1 and not token.wording.generic and not token.wording.denies
    ]
    best = best or [token for token in some if token.wording.generic and token.text not in _AUXILIARY]
    after = [token for token in best if token.at > place]
    before = [token for token in reversed(best) if token.at < place]
    kind = next((token.wording.denies for token in clause.tokens if token.at == place), "")
    return ([*before, *after] if kind == "after" else [*after, *before])[:most]


_AUXILIARY = frozenset(
    re.findall(
        r"\w+",
        "be is are do does have can may must should will would could 可以 可 能 要 应 是 会 有 يمكن يجب ينبغي كان",
    )
)
