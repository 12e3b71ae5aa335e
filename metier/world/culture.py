"""The articles of an invented land: its persons and places, what is eaten, kept and said there."""

import random
from collections.abc import Iterator

from metier.records import Conversation, Document, Message, Record
from metier.text.joined import join
from metier.world.culture_wording import Land, Manner

SOURCE = "culture"
LICENCE = "Apache-2.0"


class Home(Record, frozen=True):
    """A culture and the language in which it is told; ``name`` sets its ids apart from those of any other."""

    culture: str
    language: str

    @property
    def name(self) -> str:
        """Both, as in ``tilmara.ar``."""
        return f"{self.culture}.{self.language}"


class Statement(Record, frozen=True):
    """Something that is so in a land: how it is said, asked and claimed, and what else one might take for true.

    ``claim`` keeps the slot ``{value}``; ``wrong`` are values of the same fact elsewhere in the land or in another.
    """

    topic: str
    key: str
    fact: str
    value: str
    says: tuple[str, ...]
    asks: str
    claim: str
    wrong: tuple[tuple[str, ...], ...]
    everyday: bool = False


class Article(Record, frozen=True):
    """What an article tells: its statements and the sentences that may stand around them."""

    topic: str
    key: str
    name: str
    statements: tuple[Statement, ...]
    openings: tuple[str, ...]
    closings: tuple[str, ...]
    talk: str = ""


def articles(land: Land, told: Manner, others: tuple[Land, ...]) -> Iterator[Article]:
    """All that is told of a land; ``others`` are lands told of in the same language, whose values are wrong here."""
    for topic in told.topics:
        yield from _named(topic, land, told, others)
    for topic in told.shared:
        yield from _shared(topic, land, told)


def _named(topic: str, land: Land, told: Manner, others: tuple[Land, ...]) -> Iterator[Article]:
    wording = told.topics[topic]
    for key, (name, *values) in land.table(topic).items():
        fill = {"land": land.land, "name": name}
        statements = []
        for place, ((fact, known), value) in enumerate(zip(wording.facts.items(), values, strict=True), 1):
            here = {row[place] for row in land.table(topic).values()} - {value}
            there = {row[place] for other in others for row in other.table(topic).values()} - here - {value}
            statement = Statement(
                topic, key, fact, value,
                says=tuple(says.format(**fill, value=value) for says in known.says),
                asks=known.asks.format(**fill),
                claim=known.claim.format(**fill, value="{value}"),
                wrong=tuple(tuple(sorted(some)) for some in (here, there) if some),
            )  # fmt: skip
            statements.append(statement)
        openings, closings = ([one.format(**fill) for one in ends] for ends in (wording.openings, wording.closings))
        talk = wording.talk.format(**fill)
        yield Article(topic, key, name, tuple(statements), tuple(openings), tuple(closings), talk)


def _shared(topic: str, land: Land, told: Manner) -> Iterator[Article]:
    """Customs: the wrong values are what the other land does, and what nobody does."""
    wording = told.shared[topic]
    for key, (value, *wrong) in land.table(topic).items():
        known = wording.facts[key]
        statement = Statement(
            topic, key, key, value,
            says=(known.says.format(land=land.land, value=value),),
            asks=known.asks,
            claim=known.claim.format(land=land.land, value="{value}"),
            wrong=tuple((one,) for one in wrong),
            everyday=True,
        )  # fmt: skip
        openings, closings = ([one.format(land=land.land) for one in e] for e in (wording.openings, wording.closings))
        yield Article(topic, key, "", (statement,), tuple(openings), tuple(closings))


def document(seed: int, home: Home, article: Article) -> Document:
    """The article as a page: an opening, its statements in any order, a closing."""
    rng = random.Random(f"{seed}:{home.name}:{article.topic}:{article.key}:page")
    middle = [rng.choice(statement.says) for statement in article.statements]
    rng.shuffle(middle)
    meta = {"culture": home.culture, "topic": article.topic, "page": "culture"}
    if article.name:
        meta["name"] = article.name
    return Document(
        id=f"{home.name}:{article.topic}:{article.key}",
        text=join([rng.choice(article.openings), *middle, rng.choice(article.closings)]),
        source=SOURCE,
        kind="encyclopedia",
        licence=LICENCE,
        meta=meta,
    )


def conversation(home: Home, article: Article) -> Conversation | None:
    """Somebody asks for all of it and is told; nothing where the wording has no such question."""
    if not article.talk:
        return None
    told = join(statement.says[0] for statement in article.statements)
    id = f"{home.name}:{article.topic}:{article.key}:talk"
    return Conversation(id, (Message("user", article.talk), Message("assistant", told)), SOURCE)
