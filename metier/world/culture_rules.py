"""The rules that every invented land keeps, checked when it is read."""

import itertools
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from metier.world.wording_rules import check_sentences, check_templates, fail

if TYPE_CHECKING:
    from metier.world.culture_wording import Land, Manner

TOPICS = ("persons", "places", "organisations", "foods", "festivals", "proverbs")
SHARED = ("customs", "courtesies")
WAYS = 3
"""What a custom is here, what it is elsewhere, and what it is nowhere: the options of a question."""


def check_manner(path: Path, told: "Manner") -> None:
    """MetierError at the first entry of a language's wording that breaks a rule."""
    for name, known, some in (("topics", TOPICS, told.topics), ("shared", SHARED, told.shared)):
        if set(some) != set(known):
            fail(path, name, f"holds {', '.join(some)}; write {', '.join(known)}")
    for name, topic in told.topics.items():
        for entry, ends in (("openings", topic.openings), ("closings", topic.closings)):
            check_templates(path, f"topics.{name}.{entry}", ends, "name", "land")
            check_sentences(path, f"topics.{name}.{entry}", ends)
        for key, fact in topic.facts.items():
            entry = f"topics.{name}.facts.{key}"
            if fact.of and fact.of not in TOPICS:
                fail(path, f"{entry}.of", f"{fact.of!r} is no topic, known: {', '.join(TOPICS)}")
            check_templates(path, f"{entry}.says", fact.says, "name value", "land")
            check_sentences(path, f"{entry}.says", fact.says)
            if not fact.asks and not fact.claim:
                continue
            check_templates(path, f"{entry}.asks", [fact.asks], "name", "land")
            check_templates(path, f"{entry}.claim", [fact.claim], "name value", "land")
            check_sentences(path, f"{entry}.claim", [fact.claim])
            if fact.claim in fact.says:
                fail(path, f"{entry}.claim", "is what articles say; claim it in other words")
    for name, habits in told.shared.items():
        for entry, ends in (("openings", habits.openings), ("closings", habits.closings)):
            check_templates(path, f"shared.{name}.{entry}", ends, "", "land")
            check_sentences(path, f"shared.{name}.{entry}", ends)
        for key, habit in habits.facts.items():
            entry = f"shared.{name}.facts.{key}"
            check_templates(path, f"{entry}.says", [habit.says], "land value")
            check_templates(path, f"{entry}.claim", [habit.claim], "land value")
            check_templates(path, f"{entry}.asks", [habit.asks], "")
            check_sentences(path, entry, (habit.says, habit.claim))
            if habit.claim == habit.says:
                fail(path, f"{entry}.claim", "is what articles say; claim it in other words")


def check_land(path: Path, land: "Land", told: "Manner") -> None:
    """MetierError at the first row of a land that breaks a rule."""
    for name, topic in told.topics.items():
        rows = land.table(name)
        _check_rows(path, name, rows, 1 + len(topic.facts))
        if twice := next((one for one, n in Counter(row[0] for row in rows.values()).items() if n > 1), ""):
            fail(path, name, f"names {twice!r} twice")
        for place, (fact, known) in enumerate(topic.facts.items(), 1):
            names = {row[0] for row in land.table(known.of).values()} if known.of else set[str]()
            if strange := next((row[place] for row in rows.values() if known.of and row[place] not in names), ""):
                fail(path, f"{name}, {fact}", f"{strange!r} is none of the {known.of}")
            if telling := next((row[0] for row in rows.values() if known.asks and row[place] in row[0]), ""):
                fail(path, f"{name}, {fact}", f"the name {telling!r} tells it, and the exam asks for it")
            if len({row[place] for row in rows.values()}) < 2:
                fail(path, f"{name}, {fact}", "has one value, a wrong one is needed")
    for name, habits in told.shared.items():
        rows = land.table(name)
        if set(rows) != set(habits.facts):
            odd = ", ".join(sorted(set(rows) ^ set(habits.facts)))
            fail(path, name, f"{odd}: stands here or in the wording, but not in both")
        _check_rows(path, name, rows, WAYS)
        for key, row in rows.items():
            if begun := next((pair for pair in itertools.permutations(row, 2) if pair[1].startswith(pair[0])), None):
                fail(path, f"{name}.{key}", f"{begun[0]!r} is the beginning of {begun[1]!r}")


def _check_rows(path: Path, topic: str, rows: dict[str, tuple[str, ...]], width: int) -> None:
    if len(rows) < 2:
        fail(path, topic, f"{len(rows)} rows; write at least two")
    for key, row in rows.items():
        if len(row) != width or not all(row):
            fail(path, f"{topic}.{key}", f"{len(row)} entries where {width} belong, none of them empty")
