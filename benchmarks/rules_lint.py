"""Faults planted in the shipped table of rules, one at a time: is each found, at its line, by its name?

python -m benchmarks.rules_lint [--times 4] [--seed 0]

A planted fault counts as found when the linter names it at the row it was planted in. The table itself must be clean.
"""

import argparse
import csv
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.bars import Bar, conclude
from metier.rules.lint import lint
from metier.rules.table import files
from metier.rules.tables_csv import rows

Rows = list[dict[str, str]]
DOMAIN = "domain:medicine"
WIDE = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}


class Sheet:
    """The two files as rows, to plant a fault in."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.entities, self.rules = (load(path) for path in files(DOMAIN))
        first = {row["id"]: row for row in reversed(self.entities)}
        self.things = [row for row in first.values() if row["kind"] == "thing"]
        self.classes = [row for row in first.values() if row["kind"] == "class"]
        self.conditions = [row for row in first.values() if row["kind"] == "condition"]

    def entity(self) -> dict[str, str]:
        """The first row of any thing."""
        return self.draw.choice(self.things)

    def rule(self, *contexts: str) -> dict[str, str]:
        """Any rule of a context."""
        return self.draw.choice([row for row in self.rules if not contexts or row["context"] in contexts])

    def added(self, **cells: str) -> dict[str, str]:
        """A further row of entities."""
        self.entities.append(dict.fromkeys(self.entities[0], "") | cells)
        return self.entities[-1]


def load(path: Path) -> Rows:
    """The rows of a file by name."""
    (_, names), *rest = rows(path)
    return [dict(zip(names, cells, strict=True)) for _, cells in rest]


def put(row: dict[str, str], **cells: str) -> dict[str, str]:
    """Change a row and return it."""
    row.update(cells)
    return row


def circle(sheet: Sheet) -> dict[str, str]:
    """A class that belongs to a class of its own class, itself, or a new one below it."""
    outer = sheet.draw.choice(sheet.classes)
    added = sheet.added(id="planted", kind="class", language="en", name="planted class", classes=outer["id"])
    sheet.added(id="planted thing", kind="thing", language="en", name="planted thing", classes="planted")
    outer["classes"] = "|".join(filter(None, [outer["classes"], "planted"]))
    return outer if sheet.entities.index(outer) < sheet.entities.index(added) else added


def collision(sheet: Sheet, way: Callable[[str], str]) -> dict[str, str]:
    """An alias that another entity goes by, in a disguise that the matcher sees through."""
    latin = [row for row in sheet.entities if row["name"].isascii() and len(row["name"]) > 4]
    one, other = sheet.draw.sample(latin, 2)
    while one["id"] == other["id"]:
        one, other = sheet.draw.sample(latin, 2)
    first, second = sorted((one, other), key=sheet.entities.index)
    return put(second, aliases="|".join(filter(None, [second["aliases"], way(first["name"])])))


def repeated(sheet: Sheet) -> dict[str, str]:
    """A rule that says what an earlier one says, under an id of its own."""
    sheet.rules.append(sheet.rule() | {"id": "planted"})
    return sheet.rules[-1]


def nameless(sheet: Sheet) -> dict[str, str]:
    """An entity that no language has a name for."""
    row = sheet.entity()
    for one in [one for one in sheet.entities if one["id"] == row["id"] and one is not row]:
        sheet.entities.remove(one)
    return put(row, name="", aliases="", brands="", salts="")


def told(sheet: Sheet, what: str) -> dict[str, str]:
    """A rule that lacks one of its messages, or a remedy of several."""
    row = sheet.rule()
    names = [name for name, cell in row.items() if name.startswith(what) and cell]
    return put(row, **{sheet.draw.choice(names): ""})


PLANTS: dict[str, list[Callable[[Sheet], dict[str, str]]]] = {
    "unknown entity": [
        lambda s: put(s.entity(), classes="no_such_class"),
        lambda s: put(row := s.rule(), members=f"{row['members']}|no_such_thing"),
        lambda s: put(s.rule("patient"), when="condition=no_such_condition"),
    ],
    "thing as class": [lambda s: put(s.entity(), classes=s.entity()["id"])],
    "cyclic class": [circle, lambda s: put(row := s.draw.choice(s.classes), classes=row["id"])],
    "empty class": [lambda s: s.added(id="planted", kind="class", language="en", name="planted class")],
    "no name": [nameless, lambda s: put(s.draw.choice(s.entities), name="")],
    "alias of two": [
        lambda s: collision(s, str),
        lambda s: collision(s, str.upper),
        lambda s: collision(s, lambda name: "".join(WIDE.get(letter, letter) for letter in name)),
        lambda s: collision(s, lambda name: "\u200b".join(name)),
        lambda s: collision(s, lambda name: name.replace("a", "а").replace("e", "е").replace("o", "о")),
        lambda s: collision(s, lambda name: f"{name[:3]}-{name[3:]}"),
    ],
    "entity twice": [lambda s: s.added(id=(row := s.entity())["id"], language=row["language"], name="planted")],
    "two kinds": [lambda s: s.added(id=s.entity()["id"], kind="condition", language="xx", name="planted")],
    "bad language": [lambda s: put(s.draw.choice(s.entities), language="English")],
    "other script": [lambda s: put(s.draw.choice([row for row in s.entities if row["language"] == "ar"]), name="药")],
    "bad id": [
        lambda s: s.added(id="plan\u200bted", kind="thing", language="en", name="planted"),
        lambda s: put(s.rule(), id="a|b"),
    ],
    "bad kind": [lambda s: put(s.entity(), kind="drug")],
    "no id": [lambda s: put(s.entity(), id=""), lambda s: put(s.rule(), id="")],
    "member twice": [lambda s: put(s.rule(), members="|".join([s.entity()["id"]] * 2))],
    "one member": [lambda s: put(row := s.rule("mixed", "together"), members=row["members"].split("|")[0])],
    "no member": [lambda s: put(s.rule(), members="")],
    "condition as member": [lambda s: put(s.rule(), members=f"{s.entity()['id']}|{s.draw.choice(s.conditions)['id']}")],
    "no condition": [lambda s: put(s.rule("patient"), when="")],
    "bad condition": [
        lambda s: put(s.rule("patient"), when="prgnant"),
        lambda s: put(s.rule("patient"), when="age<<12"),
        lambda s: put(s.rule("patient"), when=f"condition={s.entity()['id']}"),
    ],
    "rule id twice": [lambda s: put(s.rules[-1], id=s.draw.choice(s.rules[:-1])["id"])],
    "bad context": [lambda s: put(s.rule(), context="near")],
    "bad severity": [lambda s: put(s.rule(), severity="forbiden")],
    "no source": [lambda s: put(s.rule(), source="")],
    "message missing": [lambda s: told(s, "message_")],
    "remedy missing": [lambda s: told(s, "remedy_")],
    "no example": [lambda s: put(s.rule(), fires=""), lambda s: put(s.rule(), silent="")],
    "example is silent": [lambda s: put(s.rule(), fires="Drink a glass of water."), lambda s: swapped(s, "silent")],
    "example fires": [lambda s: swapped(s, "fires")],
    "bad card": [lambda s: put(row := s.rule(), fires=f"[age is 3] {row['fires']}")],
    "rule twice": [repeated],
    "too many cells": [lambda s: put(s.rule(), planted="x"), lambda s: put(s.entity(), planted="x")],
}


def swapped(sheet: Sheet, column: str) -> dict[str, str]:
    """A rule whose examples of one kind stand in both columns."""
    row = sheet.rule()
    return put(row, fires=row[column], silent=row[column])


def save(place: Path, sheet: Sheet) -> None:
    """Write both files, a planted further cell at the end of its row."""
    for path, some in zip(files(DOMAIN), (sheet.entities, sheet.rules), strict=True):
        with (place / path.name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(name for name in some[0] if name != "planted")
            writer.writerows(row.values() for row in some)


def found(fault: str, plant: Callable[[Sheet], dict[str, str]], seed: str) -> bool:
    """Whether a fault is named at the row it is planted in."""
    sheet = Sheet(random.Random(seed))
    row = plant(sheet)
    some = next(some for some in (sheet.entities, sheet.rules) if any(one is row for one in some))
    number = next(number for number, one in enumerate(some) if one is row)
    with tempfile.TemporaryDirectory() as name:
        save(Path(name), sheet)
        path = Path(name) / files(DOMAIN)[some is sheet.rules].name
        place = f"{path}:{list(rows(path))[number + 1][0]}"
        return any(one.fault == fault and one.place == place for one in lint(name))


def bars(times: int = 4, seed: int = 0) -> list[Bar]:
    """Plant every fault so many times."""
    faults = len(lint(DOMAIN))
    planted = missed = 0
    for fault, plants in PLANTS.items():
        for way, plant in enumerate(plants):
            for time in range(times):
                planted += 1
                if not found(fault, plant, f"{seed}:{fault}:{way}:{time}"):
                    missed += 1
                    print(f"missed: {fault}, way {way}, time {time}")
    print(f"{planted} faults of {len(PLANTS)} kinds planted")
    return [
        Bar(f"faults of {DOMAIN}", faults, "faults", "= 0"),
        Bar("planted faults missed", missed, "faults", "= 0"),
    ]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    return conclude("rules_lint", bars(options.times, options.seed))


if __name__ == "__main__":
    sys.exit(main())
