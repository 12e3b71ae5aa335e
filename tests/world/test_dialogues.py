"""What a dialogue says is true of its drug, by the question that was asked."""

import functools
import re
from collections import Counter

import pytest

from metier.records import Conversation, Question, Record
from metier.world.drugs import make
from metier.world.wording import drug_wording
from metier.world.write import Write, write

DRUGS = 300
WORDS = {"en": ("Yes", "No"), "zh": ("是的", "不是"), "ar": ("نعم", "لا")}


@functools.cache
def world(every: int = 1, language: str = "en") -> tuple[Record, ...]:
    return tuple(write(7, Write(subject="drugs", drugs=DRUGS, dialogue_every=every, language=language)))


def asked_of(template: str, name: str) -> re.Pattern[str]:
    """A question about one drug, a greeting before it allowed."""
    text = re.escape(template).replace(r"\{drug\}", re.escape(name)).replace(r"\{value\}", "(?P<value>.+)")
    return re.compile(rf"(?:.*(?:[.!] |[。！]))?{text}")


def read_question(text: str, name: str, language: str) -> tuple[str, str]:
    """The fact that a question asks about, and the value that it proposes, or nothing."""
    found = set()
    for fact, known in drug_wording(language).facts.items():
        for template in known.dialogue:
            if asked_of(template, name).fullmatch(text):
                found.add((fact, ""))
        for template in known.dialogue_yes_no:
            match = asked_of(template, name).fullmatch(text)
            if match and match["value"] in known.values:
                found.add((fact, match["value"]))
    [(fact, value)] = found
    return fact, value


@pytest.mark.parametrize("language", ["en", "zh", "ar"])
def test_every_answer_is_the_truth_about_the_fact_that_was_asked(language: str) -> None:
    yes, no = WORDS[language]
    facts = {drug.name: drug.facts for drug in make(7, DRUGS, "fresh", drug_wording(language))}
    said: Counter[tuple[str, str]] = Counter()
    for talk in world(language=language):
        if not isinstance(talk, Conversation):
            continue
        name = talk.id.split(":")[0]
        for ask, answer in zip(talk.messages[::2], talk.messages[1::2], strict=True):
            fact, proposed = read_question(ask.content, name, language)
            true = facts[name][fact]
            right = (yes if proposed == true else no) if proposed else true
            assert answer.content == right, ask.content
            said[fact, answer.content if proposed else "value"] += 1
    for fact in drug_wording(language).facts:
        assert min(said[fact, word] for word in (yes, no, "value")) > 30


@pytest.mark.parametrize("every", [3, 4, 7])
def test_a_drug_and_its_name_twin_are_asked_about_both_or_neither(every: int) -> None:
    twins = {drug.name: drug.twin for drug in make(7, DRUGS, "fresh", drug_wording("en")) if drug.twin}
    records = world(every)
    sides: dict[str, set[str]] = {}
    for question in records:
        if isinstance(question, Question):
            sides.setdefault(question.labels["drug"], set()).add(question.labels["asked"])
    told = {record.id.split(":")[0] for record in records if isinstance(record, Conversation)}
    assert len(sides) == DRUGS
    assert len(twins) == DRUGS // 10
    assert all(len(side) == 1 for side in sides.values())
    assert all(sides[name] == sides[other] for name, other in twins.items())
    assert {name for name, side in sides.items() if side == {"yes"}} == told
    assert {side for name in twins for side in sides[name]} == {"yes", "no"}
