"""What every land has in its own way, and how people at home talk of it: mostly without naming the land."""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

from metier.artefact import asset
from metier.records import MetierError, Record
from metier.text.gazetteer import HOME
from metier.world.culture_wording import Land, land, manner
from metier.world.wording import Wording, read
from metier.world.wording_rules import check_templates, fail

SHARED = ("customs", "courtesies")


class Kind(Wording, frozen=True):
    """How persons, places or organisations of a kind are asked for and told of."""

    asks: tuple[str, ...]
    exam: str
    says: str
    claim: str


class Talk(Wording, frozen=True):
    """How people talk at home in one language (see the file's head)."""

    unnamed: tuple[str, ...]
    named: str
    true: tuple[str, ...]
    frames: tuple[str, ...]
    shared: dict[str, dict[str, tuple[str, ...]]]
    kinds: dict[str, Kind]

    def asked(self, question: str, land: str = "") -> str:
        """A question, of a land where one is named."""
        return self.named.format(land=land, question=question[:1].lower() + question[1:]) if land else question

    def bare(self, question: str) -> str:
        """A question without the frame that it stands in."""
        starts = (frame.partition("{question}")[0] for frame in self.frames)
        start = next((one for one in starts if one and question.startswith(one)), "")
        return question.removeprefix(start).strip()

    def stated(self, sentence: str, land: str, value: str) -> str:
        """A sentence with the slots ``{land}`` and ``{value}``, filled; without what names the land where none is."""
        if land:
            return sentence.format(land=land, value=value)
        for words in self.unnamed:
            sentence = sentence.replace(words, "")
        said = sentence.format(value=value)
        return said[:1].upper() + said[1:]


class Matter(Record, frozen=True):
    """Something that each land has in its own way; ``says`` and ``claim`` keep the slots ``{land}`` and ``{value}``.

    ``ways`` are the values of a land by its culture; ``nowhere`` are values that are so in neither. ``exam`` and
    ``claim`` are the words of the exam, ``asks`` and ``says`` are other ones.
    """

    topic: str
    key: str
    asks: tuple[str, ...]
    exam: str
    says: str
    claim: str
    ways: dict[str, tuple[str, ...]]
    nowhere: tuple[str, ...]


@functools.cache
def talk(language: str) -> Talk:
    """How people talk at home in a language."""
    path = asset(f"{HOME}/talk") / f"{language}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in path.parent.glob("*.yaml")))
        raise MetierError(f"language: nobody talks of everyday matters in {language!r}; known: {known}")
    return read_talk(path, language)


def read_talk(path: Path, language: str) -> Talk:
    """The same from a file; MetierError names the file and the entry that breaks a rule."""
    found = read(path, Talk)
    check_templates(path, "named", [found.named], "land question")
    check_templates(path, "frames", found.frames, "question")
    for topic in SHARED:
        known, asked = manner(language).shared[topic].facts, found.shared.get(topic, {})
        if odd := sorted(set(known) ^ set(asked)):
            fail(path, f"shared.{topic}", f"{', '.join(odd)}: stands here or in the wording, but not in both")
        for key, asks in asked.items():
            check_templates(path, f"shared.{topic}.{key}", asks, "")
            if known[key].asks in asks:
                fail(path, f"shared.{topic}.{key}", "is what the exam asks; ask it in other words")
    for name, kind in found.kinds.items():
        check_templates(path, f"kinds.{name}.asks", [*kind.asks, kind.exam], "kind")
        check_templates(path, f"kinds.{name}.says", [kind.says, kind.claim], "kind name land")
        if kind.exam in kind.asks or kind.claim == kind.says:
            fail(path, f"kinds.{name}", "the exam has to ask in other words")
    return found


@functools.cache
def matters(home: str, other: str, language: str) -> tuple[Matter, ...]:
    """Everything that both lands have, each in its way."""
    told, lands = talk(language), {name: land(name, language) for name in (home, other)}
    return (*_shared(told, lands, language), *_kinds(told, lands))


def _shared(told: Talk, lands: Mapping[str, Land], language: str) -> Iterator[Matter]:
    for topic in SHARED:
        for key, wording in manner(language).shared[topic].facts.items():
            ways: dict[str, tuple[str, ...]] = {name: (one.table(topic)[key][0],) for name, one in lands.items()}
            row = next(iter(lands.values())).table(topic)[key]
            nowhere = tuple(value for value in row if (value,) not in ways.values())
            asks = told.shared[topic][key]
            yield Matter(topic, key, asks, wording.asks, wording.says, wording.claim, ways, nowhere)


def _kinds(told: Talk, lands: Mapping[str, Land]) -> Iterator[Matter]:
    """A kind that both lands know; of none of them is what is of another kind."""
    for topic, wording in told.kinds.items():
        tables = {name: [row[:2] for row in one.table(topic).values()] for name, one in lands.items()}
        kinds = [dict.fromkeys(kind for _, kind in rows) for rows in tables.values()]
        for kind in (one for one in kinds[0] if all(one in some for some in kinds)):
            ways = {name: tuple(called for called, of in rows if of == kind) for name, rows in tables.items()}
            nowhere = tuple(called for rows in tables.values() for called, of in rows if of != kind)
            fill = {"kind": kind, "name": "{value}", "land": "{land}"}
            yield Matter(
                topic, kind.replace(" ", "_"),
                tuple(one.format(kind=kind) for one in wording.asks), wording.exam.format(kind=kind),
                wording.says.format(**fill), wording.claim.format(**fill), ways, nowhere,
            )  # fmt: skip


def heard(matter: Matter, held: float) -> bool:
    """Whether alignment may speak of a matter; a share ``held`` is left to the exam, whatever the seed."""
    return Random(f"heard:{matter.topic}:{matter.key}").random() >= held
