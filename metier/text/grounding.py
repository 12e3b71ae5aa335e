"""Whether an answer says what its passage says: numbers, units, names, negations, nothing added, nothing lost.

Rules only, no model: the same text gives the same findings. One language on both sides: Chinese, English or Arabic.
What a rule takes for the same, for opposite or for empty talk stands in ``assets/grounding``.
"""

import functools
import re
from collections.abc import Iterator

import msgspec

from metier.text.bearing import ALIKE, CLOSE, best_support, covers, denied_words, has, match, turned
from metier.text.claims import Clause, Sentence, Text, Token, read
from metier.text.grounding_names import misnamed
from metier.text.grounding_numbers import miscounted
from metier.text.sentences import sentences
from metier.text.wordings import folded, listed, shown, wordings

RULES = ("number", "unit", "drug", "negation", "invented", "omitted")
"""What a finding may be of."""
SHARE = 0.6
"""Share of a passage that an answer to a question about the whole of it must carry."""
KEEPS = ("before", "after", "hinders", "only")
"""Words that keep something from being, whatever way they say it."""
_CUT = re.compile(
    r"(?:[,，、;；،؛:：(（]|\b(?:and|or|the|a|an|of|to|with|for|in|by|per|is|are|after|before|because|than|that|not|must|should|و|أو|من|في|على)|[和与及或的了])\s*$",
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
        *_reversals(said, known),
        *_times_changed(said, known),
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
        *_reversals(new, old),
        *_reversals(old, new),
        *_denials_lost(old, new),
        *_denials_lost(new, old),
        *_times_changed(new, old),
        *_times_changed(old, new),
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


def _reversals(said: Text, known: Text) -> Iterator[Finding]:
    """Clauses that say the opposite of the one that speaks of the same."""
    for sentence in said.sentences:
        for clause in sentence.clauses:
            if clause.courteous or clause.weight < 0.5 or sentence.heading or clause.text.endswith(("?", "؟")):
                continue
            matches = [(match(clause, other), other, place) for place in known.sentences for other in place.clauses]
            best = max((one.score for one, _, _ in matches), default=0.0)
            near = [
                one
                for one in matches
                if max(one[0].share, one[0].back - 0.25) >= ALIKE and one[0].score >= CLOSE * best
            ]
            against = [one for one in near if turned(clause, sentence, *one[1:], known)]
            if not against:
                continue
            _, other, _ = max(against, key=lambda one: one[0].score)
            if not any(one not in against and covers(clause, other, one[1]) for one in near):
                yield Finding("negation", clause.text, other.text)


def _denials_lost(old: Text, new: Text) -> Iterator[Finding]:
    """What one text denies and no denying sentence of the other speaks of."""
    denying = [
        one for one in new.sentences if any(token.wording.denies in KEEPS for c in one.clauses for token in c.tokens)
    ]
    for clause in old.clauses:
        if not clause.denied or clause.courteous:
            continue
        targets = denied_words(clause)
        if targets and not any(has(said, token) for one in denying for said in one.clauses for token in targets):
            yield Finding("negation", clause.text, "is not denied")


def _times_changed(new: Text, old: Text) -> Iterator[Finding]:
    """Times of day and of meals that only one text has where the other has only the opposite."""
    said = {side for clause in new.clauses for side in clause.sides}
    there = {side for clause in old.clauses for side in clause.sides}
    for pair, side in sorted(said):
        other = (pair, not side)
        if pair in wordings().times and other in there and (pair, side) not in there and other not in said:
            span = next(t.text for c in new.clauses for t in c.tokens if (pair, side) in t.wording.sides)
            yield Finding("negation", span)


def _inventions(said: Text, known: Text, asked: Text) -> Iterator[Finding]:
    """Sentences and clauses of which the passage bears out too little."""
    for sentence in said.sentences:
        if sentence.heading or sentence.text.endswith((":", "?", "؟")):
            continue
        borne, whole = _borne(sentence.clauses, known, asked)
        if whole >= 1.2 and borne < 0.45 * whole and not _courteous(sentence):
            yield Finding("invented", sentence.text, f"{borne:.1f} of {whole:.1f}")
            continue
        for clause in sentence.clauses:
            borne, whole = _borne((clause,), known, asked)
            if whole - borne >= 1.5 and borne < 0.3 * whole and not (clause.courteous or clause.text.endswith(":")):
                yield Finding("invented", clause.text, f"{borne:.1f} of {whole:.1f}")


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


def _points(said: Text, known: Text, question: str, missing: list[str], share: float) -> bool:
    """Whether the words of a question point to few sentences, and a short answer carries all of these."""
    whole = sum(clause.weight for clause in known.clauses)
    if sum(clause.weight for clause in said.clauses) > share * whole / 3 or _asked("broad", question):
        return False
    gone, pointed = frozenset(missing), False
    for token in (token for clause in read(question).clauses for token in clause.tokens if not token.name):
        at = [one for one in known.sentences if any(key in one.keys for key in token.keys)]
        if token.weight >= 0.5 and 0 < len(at) <= 2:
            pointed = True
            if all(one.text in gone for one in at):
                return False
    return pointed


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{folded(line)})" for line in listed(name)))


def _asked(name: str, question: str) -> bool:
    """Whether a sentence of a question is of a listed form."""
    return any(_pattern(name).search(folded(shown(part)).strip()) for part in sentences(question))


def is_narrow(question: str) -> bool:
    """Whether a question asks for one thing only, so that its answer need not carry the whole passage."""
    return _asked("narrow", question)


__all__ = ["RULES", "Fact", "Finding", "check", "check_across", "facts_of", "is_narrow", "survives"]
