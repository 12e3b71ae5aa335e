"""The table of entities and rules: read from two CSV files or made of records, with every class resolved once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from metier.artefact import asset
from metier.records import Entity, MetierError, Rule
from metier.rules.tables_finding import circle, stop
from metier.rules.tables_read import ENTITIES, RULES, parse
from metier.text.suggest import did_you_mean


class Table:
    """Entities by id and the rules over them; ``holds[id]`` are all ids that an entity counts as, itself first."""

    entities: Mapping[str, Entity]
    rules: tuple[Rule, ...]
    holds: Mapping[str, tuple[str, ...]]

    def __init__(self, entities: Iterable[Entity], rules: Iterable[Rule]) -> None:
        """MetierError at an id used twice, an unknown class or member, and classes that contain themselves."""
        listed = list(entities)
        known = {entity.id: entity for entity in listed}
        if len(known) < len(listed):
            twice = _twice(entity.id for entity in listed)
            raise MetierError(f"entity {twice!r} stands twice in the table; give one of them another id")
        self.entities = known
        self.holds = _closed(known)
        self.rules = tuple(rules)
        self._check()
        self._partners = self._index()

    def concerning(self, entities: Iterable[str]) -> tuple[Rule, ...]:
        """The rules whose members are all among some entities, each member a different one, in the table's order.

        A class among the members is met by any entity of the class, and by the class itself. Ids that the table does
        not know are passed over.
        """
        bearers = self._bearers(entities)
        found = set[int]()
        for one in bearers:
            partners = self._partners.get(one)
            if partners is not None:
                for other in partners.keys() & bearers.keys():
                    numbers = partners[other]
                    found.update(numbers if isinstance(numbers, tuple) else (numbers,))
        rules = self.rules
        return tuple([rules[at] for at in sorted(found) if _placed(rules[at].members, bearers)])

    def placements(self, rule: Rule, entities: Iterable[str]) -> Iterator[tuple[str, ...]]:
        """Every way in which different entities can stand for the members of a rule, in the members' order."""
        return _placements(rule.members, self._bearers(entities))

    def _bearers(self, entities: Iterable[str]) -> dict[str, list[str]]:
        """What some entities count as, each with those of them that count as it."""
        bearers: dict[str, list[str]] = {}
        for entity in dict.fromkeys(entities):
            for one in self.holds.get(entity, ()):
                bearers.setdefault(one, []).append(entity)
        return bearers

    def _check(self) -> None:
        """MetierError at a rule that is told twice, has no members, or names what the table does not hold."""
        if len({rule.id for rule in self.rules}) < len(self.rules):
            twice = _twice(rule.id for rule in self.rules)
            raise MetierError(f"rule {twice!r} stands twice in the table; give one of them another id")
        if {member for rule in self.rules for member in rule.members} - self.holds.keys():
            rule, member = next((rule, one) for rule in self.rules for one in rule.members if one not in self.holds)
            raise MetierError(_unknown(f"rule {rule.id!r} names", member, self.entities))
        if bare := next((rule for rule in self.rules if not rule.members), None):
            raise MetierError(f"rule {bare.id!r} has no members; name the entities or classes that it is about")

    def _index(self) -> dict[str, dict[str, int | tuple[int, ...]]]:
        """The numbers of the rules by their first member and, under it, by their last, or one that is not the same."""
        index: dict[str, dict[str, int | tuple[int, ...]]] = {}
        for number, rule in enumerate(self.rules):
            members = rule.members
            first, other = members[0], members[-1]
            if first == other:
                other = next((one for one in members if one != first), first)
            partners = index.get(first)
            if partners is None:
                partners = index[first] = {}
            if other in partners:
                before = partners[other]
                partners[other] = (*before, number) if isinstance(before, tuple) else (before, number)
            else:
                partners[other] = number
        return index


def read(place: str | Path) -> Table:
    """The table of a directory that holds ``entities.csv`` and ``rules.csv`` (``domain:medicine`` ships).

    MetierError, with FILE:LINE, at the first thing that is wrong with a row; the linter lists them all.
    """
    parsed = parse(*files(place))
    stop(parsed.findings)
    return Table(parsed.entities, parsed.rules)


def files(place: str | Path) -> tuple[Path, Path]:
    """The two files of a table's directory; MetierError where one is missing."""
    directory = asset(str(place))
    both = directory / ENTITIES, directory / RULES
    for path in both:
        if not path.is_file():
            remedy = f"a table of rules is a directory with {ENTITIES} and {RULES}, or domain:medicine"
            raise MetierError(f"{place}: no file {path.name}; {remedy}")
    return both


def _closed(entities: Mapping[str, Entity]) -> dict[str, tuple[str, ...]]:
    """What every entity counts as: itself, its classes, and theirs."""
    closed: dict[str, tuple[str, ...]] = {}
    for id, entity in entities.items():
        if not entity.classes:
            closed[id] = (id,)
    for id, entity in entities.items():
        if len(entity.classes) == 1 and entity.classes[0] in closed:
            closed[id] = (id, *closed[entity.classes[0]])
        elif id not in closed:
            _close(id, entities, closed)
    return closed


def _close(start: str, entities: Mapping[str, Entity], closed: dict[str, tuple[str, ...]]) -> None:
    """Close one entity and all that it belongs to, however deep the classes lie in each other."""
    way = {start: iter(entities[start].classes)}
    while way:
        id, rest = next(reversed(way.items()))
        name = next((one for one in rest if one not in closed), None)
        if name is None:
            held = (one for name in entities[id].classes for one in closed[name])
            closed[id] = tuple(dict.fromkeys((id, *held)))
            way.pop(id)
        elif name in way:
            names = list(way)
            what = f"the class {name!r} contains itself ({circle([*names[names.index(name) :], name])})"
            raise MetierError(f"{what}; take one of them out of the other's classes")
        elif name not in entities:
            raise MetierError(_unknown(f"entity {id!r} belongs to", name, entities))
        else:
            way[name] = iter(entities[name].classes)


def _twice(ids: Iterable[str]) -> str:
    """The first id that comes more than once."""
    return next(id for id, count in Counter(ids).items() if count > 1)


def _unknown(whose: str, name: str, entities: Mapping[str, Entity]) -> str:
    """What to say of an id that the table does not hold."""
    known = sorted(entities) if len(entities) <= 5000 else [one for one in entities if one[:1] == name[:1]][:5000]
    return f"{whose} {name!r}, which is no entity of the table; {did_you_mean(name, known)}"


def _placed(members: Sequence[str], bearers: Mapping[str, Sequence[str]]) -> bool:
    """Whether there is a different entity for each member (augmenting paths: Kuhn 1955), however many there are."""
    stands: dict[str, int] = {}
    return all(_settled(number, members, bearers, stands, set()) for number in range(len(members)))


def _settled(
    number: int, members: Sequence[str], bearers: Mapping[str, Sequence[str]], stands: dict[str, int], tried: set[str]
) -> bool:
    """Find an entity for one member, by moving others to other entities where needed."""
    for entity in bearers.get(members[number], ()):
        if entity not in tried:
            tried.add(entity)
            if entity not in stands or _settled(stands[entity], members, bearers, stands, tried):
                stands[entity] = number
                return True
    return False


def _placements(
    members: Sequence[str], bearers: Mapping[str, Sequence[str]], taken: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    if not members:
        yield taken
        return
    for entity in bearers.get(members[0], ()):
        if entity not in taken:
            yield from _placements(members[1:], bearers, (*taken, entity))
