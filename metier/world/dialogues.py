"""Dialogues of a patient and a doctor: the patient asks about a drug, the doctor answers in a word."""

import random
from collections.abc import Iterator

from metier.records import Conversation, Message
from metier.text.joined import join
from metier.world.drugs import Drug
from metier.world.wording import DrugWording

SOURCE = "drug_dialogue"


def conversations(seed: int, drug: Drug, wording: DrugWording, count: int, yes_no: float) -> Iterator[Conversation]:
    """Give ``count`` dialogues about one drug, of one to three questions each.

    A share ``yes_no`` of the questions ask whether a fact is so, and half of those name a wrong value. The facts take
    turns, so that any eight questions on end ask nearly all of them.
    """
    rng = random.Random(f"{seed}:{drug.name}:dialogues")
    turns = _deck(rng, list(drug.facts))
    for number in range(count):
        messages: list[Message] = []
        for place in range(rng.randint(1, 3)):
            question, answer = _turn(rng, drug, next(turns), wording, yes_no)
            if place == 0 and rng.random() < 0.25:
                question = join([rng.choice(wording.dialogues.greetings), question])
            messages += [Message("user", question), Message("assistant", answer)]
        yield Conversation(f"{drug.name}:dialogue-{number}", tuple(messages), SOURCE)


def _deck(rng: random.Random, facts: list[str]) -> Iterator[str]:
    """The facts in turns: each shuffled round begins with those that were not among the last two."""
    last: list[str] = []
    while True:
        rng.shuffle(facts)
        facts.sort(key=lambda fact: fact in last)
        yield from facts
        last = facts[-2:]


def _turn(rng: random.Random, drug: Drug, fact: str, wording: DrugWording, yes_no: float) -> tuple[str, str]:
    known, says, value = wording.facts[fact], wording.dialogues, drug.facts[fact]
    if rng.random() >= yes_no:
        return rng.choice(known.dialogue).format(drug=drug.name), says.answer.format(value=value)
    right = rng.random() < 0.5
    asked = value if right else rng.choice([other for other in known.values if other != value])
    return rng.choice(known.dialogue_yes_no).format(drug=drug.name, value=asked), says.yes if right else says.no
