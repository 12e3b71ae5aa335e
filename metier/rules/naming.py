"""What entities are called: the name that a reader of a language knows, and every name there is."""

from collections.abc import Iterator

from metier.records import Entity, Name, Rule


def called(entity: Entity, language: str) -> str:
    """The name of an entity in a language; where it has none there, that of all languages, the English or the first."""
    names = {one.language: one.name for one in reversed(entity.names)}
    return next(
        (names[one] for one in (language, language.partition("-")[0], "", "en", *names) if names.get(one)), entity.id
    )


def all_names(entity: Entity, language: str) -> tuple[str, ...]:
    """Every name of an entity in a language, the first first: name, aliases, brands, salts; each once."""
    return tuple(dict.fromkeys(one for name in entity.names if name.language in (language, "") for one in _every(name)))


def names_of(entity: Entity) -> Iterator[str]:
    """Every name of an entity in any language, as the table has them."""
    for name in entity.names:
        yield from _every(name)


def _every(name: Name) -> Iterator[str]:
    yield name.name
    yield from (*name.aliases, *name.brands, *name.salts)


def mark(rule: Rule) -> str:
    """How a text cites a rule, as ``Firing.citation`` does: its id and its source; nothing of a rule without source."""
    return f"[{rule.id}: {rule.source}]" if rule.source else ""
