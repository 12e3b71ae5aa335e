"""Documents of rules, found by the entities that a dialogue names, for who answers with the rule before his eyes."""

from collections.abc import Iterable, Sequence

from metier.records import Document, Message
from metier.rules.card import Card, applies, told
from metier.rules.check import Checker
from metier.rules.table import Table

RULE, MEMBERS, WHEN = "rule", "members", "when"
"""Columns of ``meta``: the id of the rule that a document tells, the ids of its members, separated by ``|``, and its
condition over the patient's card."""
_SCRIPTS = (("zh", "一", "鿿"), ("ar", "\u0600", "ۿ"))


def relevant(
    checker: Checker, documents: Iterable[Document], messages: Sequence[Message], partly: bool = False, most: int = 5
) -> tuple[Document, ...]:
    """The documents of the rules that a dialogue touches, the nearest first, one for each rule.

    A rule is touched where all its members are named, each by another entity; with ``partly`` also where some are, the
    larger share first. One over a patient is left out where the dialogue says that the patient is another, and comes
    after the others where it does not say. What the last message names comes before what stands in earlier ones; then
    the order of the documents. Of the documents of one rule, that in the language of the last message is taken.
    """
    named: dict[str, int] = {}
    for number, message in enumerate(messages):
        if message.role in ("user", "assistant"):
            named |= {one.entity: number for one in checker.names.find(message.content)}
    if not named:
        return ()
    bearers: dict[str, list[str]] = {}
    for one in named:
        for group in checker.table.holds.get(one, ()):
            bearers.setdefault(group, []).append(one)
    language, card = _language(messages[-1].content), told(messages, checker.names, checker.table, Card())
    best: dict[str, tuple[tuple[float, bool, int, int], Document]] = {}
    for number, document in enumerate(documents):
        rule, members = document.meta.get(RULE, ""), document.meta.get(MEMBERS, "").split("|")
        some = [bearers[member] for member in members if member in bearers]
        if not some or (len(some) < len(members) and not partly):
            continue
        share, latest = _apart(some) / len(members), max(named[one] for ones in some for one in ones)
        meant = _meant(document.meta.get(WHEN, ""), card, some, checker.table)
        if (share < 1 and not partly) or meant is False:
            continue
        held = best.get(rule)
        if held is None or (document.language == language and held[1].language != language):
            best[rule] = (held[0] if held else (-share, meant is None, -latest, number)), document
    ranked = sorted(best.values(), key=lambda one: one[0])
    return tuple(document for _, document in ranked[:most])


def _meant(when: str, card: Card, bearers: Sequence[Sequence[str]], table: Table) -> bool | None:
    """Whether a condition holds of the patient with any of the entities named; None where nothing says so."""
    if not when:
        return True
    answers = [applies(when, card, table, one) for ones in bearers for one in ones]
    return True if True in answers else None if None in answers else False


def _apart(bearers: Sequence[Sequence[str]]) -> int:
    """The most members that different entities can stand for at once: a matching of two sides, by augmenting paths."""
    taken: dict[str, int] = {}

    def placed(member: int, tried: set[str]) -> bool:
        for one in bearers[member]:
            if one not in tried:
                tried.add(one)
                if one not in taken or placed(taken[one], tried):
                    taken[one] = member
                    return True
        return False

    return sum(placed(member, set()) for member in range(len(bearers)))


def _language(text: str) -> str:
    """zh or ar where a fifth of the letters is of their script, else en."""
    letters = [char for char in text if char.isalpha()]
    for language, first, last in _SCRIPTS:
        if 5 * sum(first <= char <= last for char in letters) >= len(letters) > 0:
            return language
    return "en"
