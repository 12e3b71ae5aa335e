"""The general world: a few people and places, sums of one-digit numbers, and small talk."""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from metier.records import Conversation, Document, Message, Record, Role
from metier.text.joined import join
from metier.world.wording import General, GeneralFact, People, Places

SOURCE = "general"
LICENCE = "Apache-2.0"
LIVES = 3
"""Pages about one person or place; as many as a fact has sentences, so that each is said."""


class Being(Record, frozen=True):
    """A person or a place with its facts, and for each fact a rumour: the wrong value that people ask about."""

    topic: str
    name: str
    facts: dict[str, str]
    rumours: dict[str, str]


class Problem(Record, frozen=True):
    """A sum or difference of two one-digit numbers that is not negative."""

    sign: str
    a: int
    b: int
    result: int


def values(fact: GeneralFact, wording: General) -> tuple[str, ...]:
    """What a fact can be."""
    return wording.places.names if isinstance(fact.values, str) else fact.values


def others(fact: GeneralFact, value: str, wording: General) -> list[str]:
    """What a fact could be and is not."""
    return [other for other in values(fact, wording) if other != value]


def people(seed: int, wording: General) -> list[Being]:
    """Everybody who lives in the general world of a seed: each given name once."""
    rng = random.Random(f"{seed}:people")
    some = wording.people.names
    names = [some.whole.format(given=given, family=rng.choice(some.family)) for given in some.given]
    return [_being(seed, "people", name, wording.people.facts, wording) for name in names]


def places(seed: int, wording: General) -> list[Being]:
    """Every place of the general world of a seed."""
    return [_being(seed, "places", name, wording.places.facts, wording) for name in wording.places.names]


def _being(seed: int, topic: str, name: str, facts: Mapping[str, GeneralFact], wording: General) -> Being:
    rng = random.Random(f"{seed}:{topic}:{name}")
    true = {fact: rng.choice(values(known, wording)) for fact, known in facts.items()}
    rumours = {fact: rng.choice(others(facts[fact], value, wording)) for fact, value in true.items()}
    return Being(topic, name, true, rumours)


def problems() -> Iterator[Problem]:
    """All sums of two one-digit numbers, and all differences that are not negative."""
    for a, b in product(range(10), repeat=2):
        yield Problem("plus", a, b, a + b)
        if a >= b:
            yield Problem("minus", a, b, a - b)


def documents(seed: int, being: Being, wording: People | Places) -> Iterator[Document]:
    """Short pages about a person or a place; over all of them every sentence of every fact is said once."""
    rng = random.Random(f"{seed}:{being.name}:pages")
    orders = {fact: rng.sample(known.sentences, len(known.sentences)) for fact, known in wording.facts.items()}
    for page in range(LIVES):
        middle = [
            orders[fact][page % len(orders[fact])].format(name=being.name, value=value)
            for fact, value in being.facts.items()
        ]
        rng.shuffle(middle)
        ends = [rng.choice(some).format(name=being.name) for some in (wording.openings, wording.closings)]
        meta = {"person" if being.topic == "people" else "place": being.name, "page": "general"}
        yield Document(
            id=f"{being.name}:{page}",
            text=join([ends[0], *middle, ends[1]]),
            source=SOURCE,
            kind="general",
            licence=LICENCE,
            meta=meta,
        )


def _said(id: str, *turns: str) -> Conversation:
    roles: tuple[Role, Role] = ("user", "assistant")
    messages = tuple(Message(roles[place % 2], turn) for place, turn in enumerate(turns))
    return Conversation(id, messages, SOURCE)


def talk_of(
    seed: int, being: Being, facts: Mapping[str, GeneralFact], yes_no: tuple[str, str]
) -> Iterator[Conversation]:
    """Everything that is ever asked about a person or place in training.

    Each question of each fact, each yes-no question once with the right value and once with the rumour, and two
    conversations of two questions.
    """
    rng = random.Random(f"{seed}:{being.name}:talk")
    for fact, value in being.facts.items():
        known = facts[fact]
        for number, question in enumerate(known.questions):
            yield _said(f"{being.name}:{fact}:{number}", question.format(name=being.name), value)
        for number, question in enumerate(known.yes_no):
            right = question.format(name=being.name, value=value)
            yield _said(f"{being.name}:{fact}:yes-{number}", right, yes_no[0])
            no = question.format(name=being.name, value=being.rumours[fact])
            yield _said(f"{being.name}:{fact}:no-{number}", no, yes_no[1])
    for number in range(2):
        turns: list[str] = []
        for fact in rng.sample(list(being.facts), 2):
            turns += [rng.choice(facts[fact].questions).format(name=being.name), being.facts[fact]]
        yield _said(f"{being.name}:two-{number}", *turns)


def small_talk(wording: General) -> Iterator[Conversation]:
    """Every way to say every piece of small talk, with its reply."""
    for number, exchange in enumerate(wording.small_talk):
        for way, prompt in enumerate(exchange.prompts):
            yield _said(f"small-talk-{number}:{way}", prompt, exchange.reply)


def arithmetic(wording: General) -> Iterator[Conversation]:
    """Every sum and difference in every trained phrasing."""
    asked: dict[str, Sequence[str]] = {
        "plus": wording.arithmetic.plus.questions,
        "minus": wording.arithmetic.minus.questions,
    }
    for problem in problems():
        for way, question in enumerate(asked[problem.sign]):
            id = f"{problem.a}-{problem.sign}-{problem.b}:{way}"
            yield _said(id, question.format(a=problem.a, b=problem.b), str(problem.result))
