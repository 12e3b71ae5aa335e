"""Consultations in the fictional world, told twice: as a language model would distil them, and as doctors reply.

A reply distilled from a model is kind, tells more than was asked and sets it in points, but diagnoses nothing, asks
nothing back and is sometimes wrong. A doctor's names the illness, asks back and is right, but is curt. Both are so
mostly, not always: now and then a doctor is kind, and a model asks.
"""

import random
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from metier.records import Config, Conversation, Message
from metier.text.joined import join
from metier.world import drugs
from metier.world.consultations_wording import ILLNESS, ConsultationWording, consultation_wording
from metier.world.drugs import Drug
from metier.world.names import Partition
from metier.world.wording import DrugWording, drug_wording

Manner = Literal["distilled", "real"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
REST = 3
"""Every third drug, with its name-twin, is kept apart for `among: rest`."""
TWICE = 0.25
"""Share of the consultations in which the patient tells first and asks in a second turn."""
SLIPS = 0.1
"""Share of the distilled replies that get a fact wrong."""


class Habits(msgspec.Struct, frozen=True):
    """How often a manner of replying makes each move; ``more`` are the chances of one and of two more facts."""

    kind: float
    diagnosis: float
    asks: float
    points: float
    more: tuple[float, float]


HABITS: dict[Manner, Habits] = {
    "distilled": Habits(kind=0.8, diagnosis=0.2, asks=0.2, points=0.8, more=(0.7, 0.2)),
    "real": Habits(kind=0.2, diagnosis=0.8, asks=0.8, points=0.2, more=(0.1, 0.0)),
}


class Consultations(Config, frozen=True):
    """About which drugs, how many, and how often a doctor errs."""

    drugs: Annotated[int, msgspec.Meta(ge=1)] = 60
    """How many drugs there are: the same drugs as those of `world.write` with this seed and number."""
    among: Literal["all", "most", "rest"] = "all"
    """About all of them, about two of three (`most`), or about the others (`rest`): prompts on drugs about which no
    consultation was trained on."""
    each: Annotated[int, msgspec.Meta(ge=1)] = 8
    """Consultations about each drug."""
    first: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Number of the first: with `each: 8`, `first: 8` writes the next eight, other patients of the same drugs."""
    replies: Literal["both", "distilled", "real"] = "both"
    """Who replies: a model and a doctor in turns, or one of them to all."""
    errors: Share = 0.0
    """Share of the doctors' replies that state a wrong fact."""
    names: Partition = "fresh"
    """`fresh` names for a recipe, `throwaway` names for training a base, as in `world.write`."""
    language: Annotated[str, msgspec.Meta(extra={"files": "asset:world/{}"})] = "en"
    """The directory of `assets/world` that holds the wording."""


def consultations(seed: int, config: Consultations) -> Iterator[Conversation]:
    """Write consultations of sources `distilled` and `real`; same seed, same records."""
    world, wording = drug_wording(config.language), consultation_wording(config.language)
    for drug in drugs.make(seed, config.drugs, config.names, world):
        apart = drug.family % REST == REST - 1
        if config.among != "all" and apart != (config.among == "rest"):
            continue
        for number in range(config.first, config.first + config.each):
            manner: Manner = ("distilled", "real")[number % 2] if config.replies == "both" else config.replies
            wrong = SLIPS if manner == "distilled" else config.errors
            rng = random.Random(f"{seed}:{drug.name}:consultation:{number}")
            fact, asked = _patient(rng, drug, wording)
            told = drug if rng.random() >= wrong else _mistaken(rng, drug, fact, world)
            reply = _reply(rng, told, fact, wording, HABITS[manner])
            id = f"{drug.name}:consultation-{number}"
            id = id if config.language == "en" else f"{config.language}:{id}"
            yield Conversation(id, (*asked, Message("assistant", reply)), manner, config.language)


def _patient(rng: random.Random, drug: Drug, wording: ConsultationWording) -> tuple[str, tuple[Message, ...]]:
    """The fact that a patient asks for, and all that is said up to the reply."""
    fact = rng.choice(list(wording.questions))
    slots = {"days": rng.randint(3, 9), "age": rng.randint(20, 79)}
    opening = [rng.choice(wording.greetings)] if rng.random() < 0.75 else []
    opening.append(rng.choice(wording.stories).format(**slots))
    question = rng.choice(wording.questions[fact]).format(drug=drug.name)
    if rng.random() >= TWICE:
        return fact, (Message("user", join([*opening, question])),)
    received = Message("assistant", rng.choice(wording.receives))
    return fact, (Message("user", join(opening)), received, Message("user", question))


def _mistaken(rng: random.Random, drug: Drug, fact: str, world: DrugWording) -> Drug:
    """A drug with another value of one fact."""
    other = rng.choice([one for one in world.facts[fact].values if one != drug.facts[fact]])
    return msgspec.structs.replace(drug, facts={**drug.facts, fact: other})


def _reply(rng: random.Random, drug: Drug, asked: str, wording: ConsultationWording, habits: Habits) -> str:
    """The moves of a reply in their order, each made as often as the habit is."""
    draw = rng.random()
    more = 2 if draw < habits.more[1] else 1 if draw < sum(habits.more) else 0
    others = rng.sample([fact for fact in wording.facts if fact != asked], more)
    told = [rng.choice(wording.facts[fact]).format(drug=drug.name, value=drug.facts[fact]) for fact in (asked, *others)]
    if more and rng.random() < habits.points:
        told = [wording.point.format(number=number, sentence=one) for number, one in enumerate(told, 1)]
    illness = rng.choice(wording.diagnosis).format(drug=drug.name, value=drug.facts[ILLNESS])
    moves = [
        (habits.kind, [rng.choice(wording.openings)]),
        (habits.diagnosis, [illness]),
        (1.0, told),
        (habits.asks, [rng.choice(wording.asks)]),
        (habits.kind, [rng.choice(wording.closings)]),
    ]
    return join(sentence for often, some in moves if rng.random() < often for sentence in some)
