"""Names of an answer that its passage does not have, or has of something else."""

import difflib
import re
from collections.abc import Iterator

from metier.text.bearing import ALIKE, best_support, match
from metier.text.claims import Clause, Text, Token
from metier.text.wordings import EMPTY, is_han

Found = tuple[str, str, str]
_LETTERED = re.compile(
    r"(?P<head>vitamins?|hepatitis|type|grade|stage|group|class|phase|factor|virus|فيتامين|الكبد|النوع|نوع|维生素|维他命)"
    r"\s*(?P<tail>[a-z]{1,2}\d{0,2}|\d{1,2}|[ivx]{1,3}|[ء-ي])(?![a-z\dء-ي])"
)
_HAN_TYPED = re.compile("(?P<tail>[一-鿿])(?P<head>[型氏]|(?<=[一二三四五六甲乙丙丁早中晚])[级期类])")
_OWNED = re.compile(r"(?P<tail>[a-z]{3,})(?:'s) (?P<head>syndrome|disease)")
_SYNDROME = re.compile(r"(?P<head>متلازمه|داء) (?P<tail>[ء-ي]{2,})")
_CODE = re.compile(r"(?<![a-z\d])[a-z]{1,8}-?\d{1,4}[a-z]{0,2}(?![a-z\d])")
"""Letters with a number, such as a gene or a vitamin."""


def misnamed(said: Text, known: Text, asked: Text) -> Iterator[Found]:
    """(rule, span, detail) of every name of the first text that the passage lacks or that took another's place."""
    there = known.keys | asked.keys
    flat = known.folded + "\n" + asked.folded
    names = {token.text for clause in known.clauses for token in clause.tokens if token.name}
    yield from _lettered(said, flat)
    for code in sorted(set(_CODE.findall(said.folded)) - set(_CODE.findall(flat))):
        yield "drug", code, ""
    for clause in said.clauses:
        for token in clause.tokens:
            if token.name and f"@{token.name}" not in there and token.text not in flat:
                yield "drug", token.text, ""
            elif not token.name and (name := _near_miss(token, names, known, asked)):
                yield "drug", token.text, f"not {name}"
            elif (token.capital and _strange(token, known, asked)) or (
                _measured(clause, token) and _strange(token, known, asked)
            ):
                yield "drug", token.text, ""
    yield from _exchanged(said, known, asked)


def _strange(token: Token, known: Text, asked: Text) -> bool:
    """Whether no list and no text has a word."""
    return not token.quantity and token.wording is EMPTY and not best_support(token, (known, asked))


def _measured(clause: Clause, token: Token) -> bool:
    """Whether a word is what a number is of: 15 units of it."""
    before = clause.tokens[max(0, token.at - 2) : token.at]
    if len(before) < 2 or not before[0].quantity or before[1].text not in ("of", "من"):
        return False
    return before[0].quantity.dimension not in ("", "time", "month", "times", "times a day")


def _lettered(said: Text, flat: str) -> Iterator[Found]:
    """Vitamin C for vitamin D, 甲型 for 乙型: a name that differs in one letter."""
    for pattern in (_LETTERED, _HAN_TYPED, _OWNED, _SYNDROME):
        there: dict[str, set[str]] = {}
        for found in pattern.finditer(flat):
            there.setdefault(found["head"], set()).add(found["tail"])
        for found in pattern.finditer(said.folded):
            some = there.get(found["head"])
            if some and found["tail"] not in some:
                yield "drug", found[0], ""


def _near_miss(token: Token, names: set[str], known: Text, asked: Text) -> str:
    """The name of the passage that an unknown word all but is."""
    if token.quantity or token.wording is not EMPTY or token.weight < 0.8:
        return ""
    if is_han(token.text):
        return _near_han(token.text, names, known, asked)
    word = token.text
    if len(word) < 5 or best_support(token, (known, asked)) == 1.0:
        return ""
    for name in names:
        if len(name) < 5 or name[:1].isascii() != word[:1].isascii():
            continue
        bare = re.sub(r"^(?:وال|بال|ال|لل|[وبلف])", "", word)
        for form in (word, bare):
            if name not in form and difflib.SequenceMatcher(None, form, name).ratio() >= 0.75:
                return name
    return ""


def _near_han(run: str, names: set[str], known: Text, asked: Text) -> str:
    for name in names:
        size = len(name)
        if not is_han(name) or size < 2:
            continue
        for at in range(len(run) - size + 1):
            piece = run[at : at + size]
            if piece in known.folded or piece in asked.folded:
                continue
            same = sum(one == other for one, other in zip(piece, name, strict=True))
            strange = [char for char in piece if char not in known.folded]
            if (same * 2 >= size and strange) or (size > 2 and sorted(piece) == sorted(name)):
                return name
    return ""


def _exchanged(said: Text, known: Text, asked: Text) -> Iterator[Found]:
    """Clauses that say of one name what the passage says of another, known or not."""
    for sentence in (one for one in said.sentences if not one.heading):
        held = frozenset(name for clause in sentence.clauses for name in clause.names)
        for clause in sentence.clauses:
            if sum(token.weight for token in clause.tokens if not token.name) < 0.7:
                continue
            matches = [(match(clause, other, names=False), other) for other in known.clauses]
            likely = [(one, other) for one, other in matches if one.share >= ALIKE]
            if not likely:
                continue
            best = max(one.score for one, _ in likely)
            near = [(one, other) for one, other in likely if one.score >= 0.85 * best]
            if any(not (other.names - held) for _, other in near):
                continue
            _, other = max(near, key=lambda pair: pair[0].score)
            if found := _in_place(clause, other, other.names - held, known, asked):
                yield found


def _in_place(clause: Clause, other: Clause, missing: frozenset[str], known: Text, asked: Text) -> Found | None:
    """What stands in a clause where the passage has a name that the answer's sentence lacks."""
    around: set[str] = set()
    for token in other.tokens:
        if token.name in missing:
            around |= beside(other, token.at)
    for token in clause.tokens:
        if token.quantity or (token.name in other.names and token.name):
            continue
        foreign = bool(token.name) or (token.weight >= 0.8 and best_support(token, (known, asked)) < 0.5)
        if foreign and around & beside(clause, token.at):
            return "drug", token.text, f"not {', '.join(sorted(missing))}"
    return None


def beside(clause: Clause, place: int) -> set[str]:
    """The keys of the two words before and behind one."""
    out: set[str] = set()
    for token in clause.tokens:
        if 0 < abs(token.at - place) <= 2 and (token.weight or token.wording.generic):
            out.update(token.keys)
    return out
