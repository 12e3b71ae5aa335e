"""The drugs of the pharmacopoeia as entities that rules speak of: their names and brands, and their classes."""

from collections.abc import Iterable, Iterator

from metier.records import Entity, Name
from metier.world.drugs import Drug
from metier.world.wording import DrugWording


def plant_class(plant: str) -> str:
    """The id of the class of all drugs that are made of a plant."""
    return f"plant:{plant}"


def each(drugs: Iterable[Drug], wording: DrugWording, language: str) -> Iterator[tuple[Drug, tuple[Entity, ...]]]:
    """Every drug with its own entity and, where it is the first of its class, that of the class.

    A brand is spelt from the ends of a name; the first drug that could have it has it, so that no two share one.
    """
    brands, classes = set[str](), set[str]()
    for drug in drugs:
        plant, brand = drug.facts["plant"], _brand(drug.name, wording)
        own = (brand,) if brand not in brands else ()
        name = Name(language, drug.name, brands=own)
        made = [Entity(drug.name, (name,), classes=(plant_class(plant),))]
        if plant not in classes:
            said = wording.rules.classes
            aliases = tuple(one.format(plant=plant) for one in said.aliases)
            both = Name(language, said.name.format(plant=plant), aliases)
            made.append(Entity(plant_class(plant), (both,), kind="class"))
        brands.add(brand)
        classes.add(plant)
        yield drug, tuple(made)


def _brand(name: str, wording: DrugWording) -> str:
    """The first and the last part of a name, each of a length of its own."""
    first, *_, last = (len(part[0]) for part in wording.names.parts)
    return wording.rules.brand.format(first=name[:first], last=name[-last:])
