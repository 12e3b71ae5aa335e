"""The six aspects of a good consultation, told exactly in the fictional world.

Doctor-like: a diagnosis, a question back, what is right. Patient-friendly: informative, patient, well presented (the
aspects by which HuatuoGPT was rated).
"""

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from metier.records import Answer, Config, Conversation, Grade, MetierError
from metier.text.normalise import fold
from metier.world import drugs
from metier.world.consultations_heard import Heard, asked, asks_back, hear, in_points, kindness, mentioned, stated
from metier.world.consultations_wording import ILLNESS
from metier.world.drugs import Drug
from metier.world.names import Partition
from metier.world.wording import drug_wording

ASPECTS = ("diagnosis", "asking", "accuracy", "informativeness", "patience", "presentation")
MORE = 2
"""Right facts beyond the one that was asked for which count as fully informative."""
RATER = "world"


class Aspects(Config, frozen=True):
    """Which world the replies are about."""

    drugs: Annotated[int, msgspec.Meta(ge=1)] = 60
    """How many drugs there are, as in `world.consultations`; the step's seed has to be that of the world, too."""
    names: Partition = "fresh"
    """`fresh` or `throwaway` names, as in `world.consultations`."""
    language: Annotated[str, msgspec.Meta(extra={"files": "asset:world/{}"})] = "en"
    """The directory of `assets/world` that holds the wording."""


class Case(msgspec.Struct, frozen=True):
    """What a prompt is about: a drug, and the fact of it that the patient asks for."""

    drug: Drug
    asked: str


def aspects(
    answers: Iterable[Answer], conversations: Iterable[Conversation], seed: int, config: Aspects
) -> Iterator[Grade]:
    """Grade every reply on each aspect, 0 to 1.

    MetierError where a reply answers none of the conversations, or a prompt speaks of no drug of this world.
    """
    known = {one.name: one for one in drugs.make(seed, config.drugs, config.names, drug_wording(config.language))}
    prompts = {one.id: one for one in conversations}
    cases: dict[str, Case] = {}
    for answer in answers:
        if answer.question not in prompts:
            raise MetierError(
                f"{answer.id}: answers {answer.question!r}, which is none of the conversations; feed those it was asked"
            )
        if answer.question not in cases:
            cases[answer.question] = _case(prompts[answer.question], known, config.language)
        for aspect, points in rate(answer.text, cases[answer.question], config.language).items():
            yield Grade(answer.id, aspect, points, RATER)


def rate(reply: str, case: Case, language: str) -> dict[str, float]:
    """The points of one reply, 0 to 1, by aspect.

    A fact counts as told where a sentence of the world's wording states it, and as wrong where any other value of it
    is named but in a question: whoever names two tells none. Saying a thing again earns nothing.
    """
    heard = hear(reply)
    named = mentioned(heard, language)
    told = stated(heard, case.drug.name, language)
    truth = {fact: frozenset({fold(value)}) for fact, value in case.drug.facts.items()}
    right = {fact for fact, values in told.items() if values == truth[fact] == named.get(fact, values)}
    wrong = {fact for fact, values in named.items() if values != truth[fact]}
    if fold(reply).strip(" .。") in truth[case.asked]:  # the bare value, as doctors of `world.write` reply
        right.add(case.asked)
    opens, closes = kindness(heard, language)
    return {
        "diagnosis": float(ILLNESS in right),
        "asking": float(asks_back(heard, language)),
        "accuracy": _accuracy(case.asked in right, len(right), len(wrong)),
        "informativeness": min(1.0, len(right - {ILLNESS, case.asked}) / MORE),
        "patience": (opens + closes) / 2,
        "presentation": float(_presented(heard, case.drug.name, language)),
    }


def _accuracy(answered: bool, right: int, wrong: int) -> float:
    """The share of the facts told that are right; 0 where what was asked is not rightly told."""
    return right / (right + wrong) if answered else 0.0


def _presented(heard: Heard, drug: str, language: str) -> bool:
    """Whether a reply is set in points each of which tells something."""
    return in_points(heard) and all(stated(heard._replace(sentences=(one,)), drug, language) for one in heard.points)


def _case(conversation: Conversation, known: dict[str, Drug], language: str) -> Case:
    """The drug and the fact that a prompt asks for."""
    said = " ".join(message.content for message in conversation.prompt)
    names = [name for name in known if name in said]
    if not names:
        raise MetierError(f"{conversation.id}: speaks of no drug of this world; give the seed and number of its drugs")
    name = max(names, key=len)
    fact = asked(conversation.prompt[-1].content, name, language)
    if not fact:
        raise MetierError(f"{conversation.id}: asks for no fact as patients of `world.consultations` do")
    return Case(known[name], fact)
