"""What can be wrong with the entities of a table: their names, their classes."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from metier.records import Entity, Name
from metier.rules.names_forms import varied
from metier.rules.tables_finding import Finding, circle
from metier.rules.tables_read import Parsed, solid
from metier.text.suggest import did_you_mean

_HAN = re.compile("[\u4e00-\u9fff]")
MOST = 100
"""Unknown ids for which one that is like them is looked for."""
_LANGUAGE = re.compile(r"(?:[a-z]{2,3}(?:-[A-Za-z]+)*)?")
"""A language code of ISO 639, with what may follow it; empty: all languages."""


class Near:
    """Remedies for ids that are not known: where there are many, only for the first is one looked for that is like it.

    In a large table only ids that begin alike are compared.
    """

    def __init__(self, known: Mapping[str, Entity]) -> None:
        self.known = known
        self._told: dict[str, str] = {}

    def remedy(self, name: str) -> str:
        """What to do about an id."""
        if name not in self._told and len(self._told) < MOST:
            known = self.known
            alike = known if len(known) <= 5000 else [one for one in known if one[:2] == name[:2]][:5000]
            hint = did_you_mean(name, alike) if alike else ""
            self._told[name] = (
                f"add it, or {hint}" if hint.startswith("did") else "; ".join(filter(None, ["add it", hint]))
            )
        return self._told.get(name, "add it")


def entity_findings(parsed: Parsed) -> Iterator[Finding]:
    """The faults of every entity, and those that entities have together."""
    known = {entity.id: entity for entity in parsed.entities}
    near = Near(known)
    held = {one for entity in parsed.entities for one in entity.classes}
    seen = set[str]()
    for number, entity in enumerate(parsed.entities):
        place = parsed.entity_place(number)
        if entity.id in seen:
            what = f"the entity {entity.id!r} stands twice in the table"
            yield Finding("entity twice", place, what, "give one of them another id")
        seen.add(entity.id)
        yield from id_findings(place, entity.id)
        yield from _name_findings(parsed, number, entity)
        yield from _class_findings(place, entity, near)
        if entity.kind == "class" and entity.id not in held:
            what = f"no entity is of the class {entity.id!r}"
            yield Finding("empty class", place, what, "name it among the classes of an entity, or make it a thing")
    yield from _circles(parsed, known)
    yield from _collisions(parsed)


def id_findings(place: str, id: str) -> Iterator[Finding]:
    """Whether an id can stand in lists, conditions, cards and citations, and is what it looks like."""
    odd = next((one for one in id if one in "&|[]" or unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp")), "")
    if odd:
        yield Finding("bad id", place, f"the id {id!r} holds {odd!r}", "write it with letters, digits and low lines")


def _name_findings(parsed: Parsed, number: int, entity: Entity) -> Iterator[Finding]:
    if not any(any(_written(name)) for name in entity.names):
        what = f"{entity.id!r} has no name in any language"
        yield Finding("no name", parsed.entity_place(number), what, "write what it is called")
        return
    for at, name in enumerate(entity.names):
        place = parsed.entity_place(number, at)
        if not name.name:
            what = f"{entity.id!r} has a row without a name"
            yield Finding("no name", place, what, "write the name, or take the row out")
        if not _LANGUAGE.fullmatch(name.language):
            what = f"{name.language!r} is no language code"
            yield Finding("bad language", place, what, "write a code such as zh, en or ar, or leave it empty for all")
        if name.language in ("en", "ar") and (odd := next(filter(_HAN.search, _written(name)), "")):
            what = f"{odd!r}, a name of {entity.id!r} in {name.language!r}, holds Chinese characters"
            remedy = "move it to a row of the language zh, or save the file in UTF-8 where it was read wrongly"
            yield Finding("other script", place, what, remedy)
        for written in _written(name):
            if written and not solid(written):
                what = f"{written!r}, a name of {entity.id!r}, has no letter and no digit"
                yield Finding("empty name", place, what, "write one that can be found in a text, or take it out")


def _class_findings(place: str, entity: Entity, near: Near) -> Iterator[Finding]:
    known = near.known
    for name in dict.fromkeys(entity.classes):
        if name not in known:
            what = f"{entity.id!r} belongs to {name!r}, which is no entity of the table"
            yield Finding("unknown entity", place, what, near.remedy(name))
        elif known[name].kind == "thing":
            what = f"{entity.id!r} belongs to {name!r}, which is a thing and no class"
            yield Finding("thing as class", place, what, f"give {name!r} the kind class, or name a class")
        elif entity.classes.count(name) > 1 and name != entity.id:
            what = f"{entity.id!r} belongs to {name!r} twice"
            yield Finding("class twice", place, what, "name the class once")


def circles(entities: Sequence[Entity]) -> dict[str, tuple[str, ...]]:
    """The ids that contain themselves, each with a way back to it."""
    classes = {entity.id: entity.classes for entity in entities}
    found: dict[str, tuple[str, ...]] = {}
    done = set[str]()
    for start in classes:
        way: dict[str, Iterator[str]] = {} if start in done else {start: iter(classes[start])}
        while way:
            last, rest = next(reversed(way.items()))
            one = next(rest, None)
            if one is None:
                done.add(last)
                way.pop(last)
            elif one in way:
                names = list(way)
                circle = tuple(names[names.index(one) :])
                for at, name in enumerate(circle):
                    found.setdefault(name, (*circle[at:], *circle[: at + 1]))
            elif one in classes and one not in done:
                way[one] = iter(classes[one])
    return found


def _circles(parsed: Parsed, known: Mapping[str, Entity]) -> Iterator[Finding]:
    """One finding for each circle, at its first entity in the table."""
    told = set[str]()
    found = circles(list(known.values()))
    for number, entity in enumerate(parsed.entities):
        if entity.id in found and entity.id not in told:
            told.update(found[entity.id])
            what = f"the class {entity.id!r} contains itself ({circle(found[entity.id])})"
            remedy = "take one of them out of the other's classes"
            yield Finding("cyclic class", parsed.entity_place(number), what, remedy)


def _collisions(parsed: Parsed) -> Iterator[Finding]:
    """Names that mean two entities in the form in which the matcher compares them, or in another that it gives them."""
    owners: dict[str, tuple[int, str]] = {}
    told = set[tuple[int, int]]()
    written = [
        (solid(name), name, number, at)
        for number, entity in enumerate(parsed.entities)
        for at, one in enumerate(entity.names)
        for name in _written(one)
    ]
    derived = [(form, name, number, at) for own, name, number, at in written for form in varied(name, own)]
    for own, name, number, at in written:
        other, first = owners.setdefault(own, (number, name))
        if own and other != number and (other, number) not in told:
            told.add((other, number))
            yield _collision(parsed, (number, at, name), (other, first))
    for form, name, number, at in derived:
        other, first = owners.setdefault(form, (number, name))
        if other != number and solid(first) != form and (other, number) not in told:
            told.add((other, number))
            yield _collision(parsed, (number, at, name), (other, first))


def _collision(parsed: Parsed, here: tuple[int, int, str], there: tuple[int, str]) -> Finding:
    number, at, written = here
    other, first = there
    same = f" (as {first!r})" if first != written else ""
    whose = f"{parsed.entities[other].id!r}{same} at {parsed.entity_place(other)}"
    what = f"{written!r} is a name of {parsed.entities[number].id!r} and of {whose}"
    return Finding("alias of two", parsed.entity_place(number, at), what, "leave it to one of the two")


def _written(name: Name) -> tuple[str, ...]:
    return (name.name, *name.aliases, *name.brands, *name.salts)
