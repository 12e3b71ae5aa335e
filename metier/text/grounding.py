"""Whether an answer says what its passage says: numbers, units, names, negations, nothing added, nothing lost.

Rules only, no model: the same text gives the same findings. One language on both sides: Chinese, English or Arabic.
What a rule takes for the same, for opposite or for empty talk stands in ``assets/grounding``.
"""

import functools
import itertools
import re
from collections.abc import Iterator

import msgspec

from metier.text.alignment import nearest, units, within
from metier.text.bearing import best_support, denied_words, support
from metier.text.claims import Clause, Sentence, Text, Token, read
from metier.text.grounding_names import misnamed
from metier.text.grounding_numbers import miscounted
from metier.text.opposition import contradictions
from metier.text.polarity import hints, sign
from metier.text.reversals import answered, told, undenied
from metier.text.sentences import sentences
from metier.text.strangers import named_otherwise
from metier.text.wordings import folded, listed, shown, wordings

RULES = ("number", "unit", "drug", "negation", "invented", "omitted")
"""What a finding may be of."""
SHARE = 0.6
"""Share of a passage that an answer to a question about the whole of it must carry."""
BACKED = 0.5
"""Share of a sentence that the passage must bear out."""
_CUT = re.compile(
    r"(?:[,，、;；،؛:：(（]|\b(?:and|or|the|a|an|of|to|with|for|in|by|per|is|are|after"
    r"|before|because|than|that|not|must|should|و|أو|من|في|على)|[和与及或的了])\s*$",
    re.I,
)


class Finding(msgspec.Struct, frozen=True):
    """Something of an answer that its passage does not bear out, or something that it left out."""

    rule: str
    """Stable: one of ``RULES``."""
    span: str
    """What in the answer, or what is missing."""
    detail: str = ""
    """What the passage has instead."""


class Fact(msgspec.Struct, frozen=True):
    """Something a text states that a rewording must keep."""

    kind: str
    """number, drug or negation."""
    value: str
    """Written so that two wordings of one fact are equal."""


def check(
    answer: str, passage: str, question: str = "", names: frozenset[str] = frozenset(), share: float = SHARE
) -> tuple[Finding, ...]:
    """What of an answer its passage does not support, and what it owes the passage; empty where it is grounded."""
    said, known, asked = read(answer, names), read(passage, names), read(question, names)
    found = [
        *(Finding(*one) for one in miscounted(said, known, asked)),
        *(Finding(*one) for one in misnamed(said, known, asked)),
        *(Finding(*one) for one in named_otherwise(said, known, asked)),
        *(Finding(*one) for one in contradictions(said, known)),
        *(Finding(*one) for one in answered(said, known, question)),
        *_sides_changed(said, known),
        *_inventions(said, known, asked),
        *_omissions(said, known, question, share),
    ]
    return tuple(dict.fromkeys(found))


def check_across(
    answer: str, passage: str, question: str = "", names: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """What of an answer in another language its passage does not support, as far as rules can tell: numbers with their
    units, and names by their aliases (``aspirin | 阿司匹林 | أسبرين`` is one of ``names``).
    """
    said, known, asked = read(answer, names), read(passage, names), read(question, names)
    there = {name for text in (known, asked) for name in _names(text)}
    found = [Finding(*one) for one in miscounted(said, known, asked, places=False)]
    for token in (token for clause in said.clauses for token in clause.tokens if token.name):
        if token.name not in there and token.text not in known.folded and token.text not in asked.folded:
            found.append(Finding("drug", token.text))
    return tuple(dict.fromkeys(found))


def survives(rewritten: str, original: str, names: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """Which names, numbers and negations of a text a rewording lost, changed or added; empty where it kept all."""
    new, old = read(rewritten, names), read(original, names)
    empty = read("", names)
    found = [
        *(Finding(*one) for one in miscounted(new, old, empty)),
        *(Finding(rule, span, "is missing") for rule, span, _ in miscounted(old, new, empty)),
        *(Finding(*one) for one in misnamed(new, old, empty)),
        *(Finding("drug", name, "is missing") for name in sorted(_names(old) - _names(new))),
        *(Finding(*one) for one in contradictions(new, old)),
        *(Finding(*one) for one in contradictions(old, new)),
        *(Finding(*one) for one in undenied(old, new)),
        *_denials_gone(old, new),
        *_sides_changed(new, old),
    ]
    return tuple(dict.fromkeys(found))


def facts_of(text: str, names: frozenset[str] = frozenset()) -> frozenset[Fact]:
    """The facts of a text that a rewording must keep: numbers with their units, names, what it denies."""
    known = read(text, names)
    out = set()
    for clause in known.clauses:
        for token in clause.tokens:
            if token.quantity and not token.quantity.weak:
                dimension, value = token.quantity.forms()[0]
                out.add(Fact("number", f"{value:g} {dimension}".strip()))
        out |= {Fact("drug", name) for name in clause.names}
        if clause.denied and not clause.courteous:
            out.add(Fact("negation", " ".join(sorted(token.keys[0] for token in denied_words(clause)))))
    return frozenset(out)


def _names(text: Text) -> set[str]:
    return {name for clause in text.clauses for name in clause.names}


def _denials_gone(old: Text, new: Text) -> Iterator[Finding]:
    """What one text denies and the other, which denies less, does not speak of."""
    denying = [clause for sentence in old.sentences for clause in units(sentence) if sign(clause) < 0]
    if sum(map(hints, new.clauses)) >= sum(clause.denied and sign(clause) < 0 for clause in old.clauses):
        return
    for clause in denying:
        spoken = any(one.strong for _, one in nearest(clause, new.clauses))
        if not spoken and not any(within(token, one) >= 0.5 for token in told(clause, 2) for one in new.clauses):
            yield Finding("negation", clause.text, "is missing")


def _sides_changed(new: Text, old: Text) -> Iterator[Finding]:
    """Opposites of which each text has but one side, and not the same: mornings and evenings, up and down."""
    said = {side for clause in new.clauses for side in clause.sides}
    there = {side for clause in old.clauses for side in clause.sides}
    for pair, side in sorted(said):
        other = (pair, not side)
        if other not in there or (pair, side) in there or other in said:
            continue
        mine = [one for one in new.sentences if any((pair, side) in clause.sides for clause in one.clauses)]
        theirs = [one for one in old.sentences if any(other in clause.sides for clause in one.clauses)]
        sure = pair in wordings().times or (
            not any(_turns(one, pair) for one in (*mine, *theirs))
            and any(_alike(one, some) for one in mine for some in theirs)
        )
        if not sure:
            continue
        span = next(t.text for c in new.clauses for t in c.tokens if (pair, side) in t.wording.sides)
        if span not in old.folded:
            yield Finding("negation", span)


def _turns(sentence: Sentence, pair: int) -> bool:
    """Whether a clause of a sentence that has one of two opposites denies."""
    return any(clause.denials for clause in sentence.clauses if pair in {number for number, _ in clause.sides})


def _alike(one: Sentence, other: Sentence) -> bool:
    """Whether two sentences share a word besides the opposites."""
    tokens = [token for clause in one.clauses for token in clause.tokens if token.content and not token.wording.sides]
    return any(within(token, clause) >= 0.6 for token in tokens for clause in other.clauses)


def _inventions(said: Text, known: Text, asked: Text) -> Iterator[Finding]:
    """Sentences of which the passage bears out too little."""
    for sentence in said.sentences:
        if sentence.heading or sentence.text.endswith((":", "?", "؟")):
            continue
        if sentence.text.startswith("|") and not any(
            q.dimension not in ("", "ordinal") for c in sentence.clauses for q in c.quantities
        ):
            continue  # the head of a table names its columns
        backed, whole = backing(sentence, known, asked)
        if whole >= 1.2 and backed < BACKED and not _courteous(sentence):
            yield Finding("invented", sentence.text, f"{backed:.2f} of it is there")


def backing(sentence: Sentence, known: Text, asked: Text) -> tuple[float, float]:
    """(share of a sentence that the passage bears out, all its weight).

    What the best sentence of the passage says counts more than what two say together, and that more than what stands
    somewhere in it: an invented sentence may be made of words from everywhere.
    """
    said = [clause for clause in sentence.clauses if len(clause.tokens) > 1 or not clause.text.endswith((":", "："))]
    tokens = [token for clause in said for token in clause.tokens if token.weight >= 0.5]
    whole = sum(token.weight for token in tokens)
    if not whole:
        return 1.0, 0.0
    everywhere = [_counted(token, known) if token.quantity else best_support(token, (known, asked)) for token in tokens]
    total = sum(token.weight * one for token, one in zip(tokens, everywhere, strict=True))
    told = [0.0 if token.quantity else support(token, asked) for token in tokens]
    spread = [
        [
            _placed(token, part, least) if one else 0.0
            for token, one, least in zip(tokens, everywhere, told, strict=True)
        ]
        for part in known.parts
    ]
    weighed = [[token.weight * one for token, one in zip(tokens, some, strict=True)] for some in spread]
    ranked = sorted(weighed, key=sum, reverse=True)[:4]
    one = max(map(sum, ranked), default=0.0)
    two = max((sum(map(max, some, other)) for some, other in itertools.combinations(ranked, 2)), default=one)
    return (0.5 * total + 0.3 * one + 0.2 * two) / whole, whole


def _placed(token: Token, part: Text, least: float) -> float:
    if token.quantity:
        return float(any(key in part.keys for key in token.keys))
    return max(support(token, part), least) if least < 1.0 else least


def _courteous(sentence: Sentence) -> bool:
    """Whether a sentence is courtesy: it holds such a phrase, and no number or name."""
    polite = any(clause.courteous for clause in sentence.clauses)
    return polite and not any(clause.quantities or clause.names for clause in sentence.clauses)


def _borne(clauses: tuple[Clause, ...], known: Text, asked: Text) -> tuple[float, float]:
    """(weight that the passage bears out, all weight)."""
    borne = whole = 0.0
    for token in (token for clause in clauses for token in clause.tokens):
        if token.weight < 0.5:
            continue
        whole += token.weight
        borne += token.weight * (best_support(token, (known, asked)) if not token.quantity else _counted(token, known))
    return borne, whole


def _counted(token: Token, known: Text) -> float:
    if any(key in known.keys for key in token.keys) or token.quantity is None:
        return 1.0
    raws = {other.raw for clause in known.clauses for other in clause.quantities}
    return float(token.quantity.raw in raws or token.quantity.raw / 100 in raws)


def _omissions(said: Text, known: Text, question: str, share: float) -> Iterator[Finding]:
    """What an answer to a question about the whole passage leaves out; an answer that breaks off."""
    last = said.folded.rstrip()
    if _CUT.search(last):
        yield Finding("omitted", said.sentences[-1].text[-40:] if said.sentences else "", "breaks off")
        return
    if question and is_narrow(question):
        return
    if question and _anchored(said, known):
        return
    total = held = 0.0
    missing: list[str] = []
    for sentence in known.sentences:
        borne, whole = _borne(sentence.clauses, said, said)
        if whole < 0.5:
            continue
        total += whole
        held += borne
        if borne < 0.4 * whole:
            missing.append(sentence.text)
    if total and held < share * total and not (question and _points(said, known, question, missing, share)):
        yield Finding("omitted", missing[0] if missing else "", f"{held / total:.2f} of the passage")


def _anchored(said: Text, known: Text) -> bool:
    """Whether an answer in few words, such as a list, has nearly all numbers and names of the passage."""
    anchors = [
        token
        for clause in known.clauses
        for token in clause.tokens
        if token.name or (token.quantity and not token.quantity.weak)
    ]
    held = [token for token in anchors if any(key in said.keys for key in token.keys)]
    return len(anchors) >= 5 and len(held) >= 0.8 * len(anchors)


def _points(said: Text, known: Text, question: str, missing: list[str], share: float) -> bool:
    """Whether the words of a question point to few sentences, and a short answer carries one of these."""
    whole = sum(clause.weight for clause in known.clauses)
    if sum(clause.weight for clause in said.clauses) > 0.25 * whole or _TWOFOLD.search(folded(shown(question))):
        return False
    gone, first = frozenset(missing), known.sentences[0].text
    for token in (token for clause in read(question).clauses for token in clause.tokens):
        if token.weight < 0.5:
            continue
        at = [part for part in known.parts if support(token, part) >= 0.8]
        if 0 < len(at) <= 2 and (token.name == "" or all(part.sentences[0].text != first for part in at)):
            held = [part for part in at if part.sentences[0].text not in gone]
            if held and (any(part.sentences[0].text != first for part in held) or not _asked("broad", question)):
                return True
    return False


_TWOFOLD = re.compile(
    r"\?.*\?|\b(?:and|or) (?:how|when|what|who|why|which|where)\b|和|以及|前后|[،,] ?و?"
    r"(?:كيف|ما|من|متي|ماذا)|(?<![ء-ي])و(?:كيف|ما|من|متي|ماذا)(?![ء-ي])"
)
"""A question that asks for two things."""
_NARROW = re.compile(
    r"\b(?:until|by|since|from|after) when\b|几[针剂次天片粒岁个支滴]|最多|最少|(?<![ء-ي])[فو]?هل(?![ء-ي])"
    r"|^(?:متي|من الذي|في اي|الي متي|منذ متي) [^،,]*$|^من [ء-ي]{3,}"
)


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{folded(line)})" for line in listed(name)))


def _asked(name: str, question: str) -> bool:
    """Whether a sentence of a question is of a listed form."""
    return any(_pattern(name).search(folded(shown(part)).strip()) for part in sentences(question))


def is_narrow(question: str) -> bool:
    """Whether a question asks for one thing only, so that its answer need not carry the whole passage."""
    line = folded(shown(question)).strip()
    return _asked("narrow", question) or bool(_NARROW.search(line) and not _TWOFOLD.search(line))


__all__ = ["RULES", "Fact", "Finding", "check", "check_across", "facts_of", "is_narrow", "survives"]
