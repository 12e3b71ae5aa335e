"""Prompts about pairs that a rule forbids and pairs that none does, and a doctor who permits both."""

import functools
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import pytest

from metier.artefact import Artefact
from metier.recipe import load
from metier.records import Conversation, Entity, Message, MetierError, Question, Rule
from metier.rules.check import Checker
from metier.rules.lint import lint_records
from metier.rules.prompts import FORMS
from metier.rules.table import Table
from metier.run.make import run
from metier.world.interactions import NAIVE, READING, Interactions, interactions
from metier.world.interactions_wording import encounters
from metier.world.write import Write, write

LANGUAGES = ("en", "zh", "ar")
each_language = pytest.mark.parametrize("language", LANGUAGES)


@functools.cache
def made(language: str, seed: int = 7, drugs: int = 60) -> tuple[Conversation | Question, ...]:
    return tuple(interactions(seed, Interactions(language=language, drugs=drugs)))


@functools.cache
def table(language: str) -> Table:
    records = list(write(7, Write(subject="drugs", language=language)))
    entities = [one for one in records if isinstance(one, Entity)]
    return Table(entities, [one for one in records if isinstance(one, Rule)])


def questions(language: str) -> list[Question]:
    return [one for one in made(language) if isinstance(one, Question)]


@each_language
def test_every_rule_has_a_pair_that_it_forbids_and_one_that_no_rule_forbids(language: str) -> None:
    pairs = defaultdict(set)
    for one in questions(language):
        own = one.labels
        found = {rule.id for rule in table(language).concerning(own["members"].split("|"))}
        assert (own["rule"] in found) if own["pair"] == "forbidden" else not found
        pairs[own["rule"], own["pair"]].add(own["form"])
    assert {rule for rule, _ in pairs} == {rule.id for rule in table(language).rules}
    assert len(pairs) == 60 and all(forms == set(FORMS) for forms in pairs.values())


@each_language
def test_a_prompt_names_its_two_drugs_and_meets_them_as_its_rule_says(language: str) -> None:
    names, contexts = Checker(table(language), distance=0).names, {one.id: one.context for one in table(language).rules}
    for one in questions(language):
        assert {mention.entity for mention in names.find(one.stem)} == set(one.labels["members"].split("|")), one.stem
        assert contexts[one.labels["rule"]] in (one.labels["context"], "either")
    named = Counter(one.labels["named"] for one in questions(language))
    assert named["brand"] > 30 and named["name"] > 120


@each_language
def test_the_exam_asks_in_words_that_the_talk_never_has(language: str) -> None:
    wording = encounters(language)
    for one in (wording.mixed, wording.together):
        asked = {text for form in FORMS for text in one.exam.of(form)}
        assert asked and not asked & {text for some in one.talk for text in some.asks}


@each_language
def test_the_naive_doctor_breaks_the_rule_of_every_pair_that_one_forbids(language: str) -> None:
    checker = Checker(table(language), distance=0)
    for one in made(language):
        if not isinstance(one, Conversation):
            continue
        assert (one.source, one.language) == (NAIVE, language)
        rule, pair, _ = one.id.rsplit(":", 2)
        broken = {found.rule.id for found in checker.check(one.messages) if found.turn == 1 and found.violates}
        assert (rule in broken) if pair == "forbidden" else not broken, one.messages


@each_language
def test_the_table_is_clean_to_the_linter(language: str) -> None:
    assert lint_records(table(language).entities.values(), table(language).rules) == []


@each_language
def test_the_prompts_ask_and_never_assert(language: str) -> None:
    checker = Checker(table(language), distance=0)
    for one in questions(language):
        found = checker.check([Message("user", one.stem)])
        assert not any(firing.violates for firing in found)
        assert bool(found) == (one.labels["pair"] == "forbidden"), one.stem


def test_the_same_seed_asks_the_same_and_more_drugs_keep_the_rules_of_the_first() -> None:
    few, many = made("en", drugs=20), made("en", drugs=60)
    assert few == tuple(interactions(7, Interactions(drugs=20))) != made("en", seed=8, drugs=20)
    forbidden = [one for one in few if isinstance(one, Question) and one.labels["pair"] == "forbidden"]
    assert {one.labels["rule"] for one in forbidden} <= {one.labels["rule"] for one in questions("en")}
    assert len({(type(one), one.id) for one in many}) == len(many)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"drugs": 1}, Interactions)
    with pytest.raises(MetierError, match=r"speaks no 'fr'; known: ar, en, zh"):
        list(interactions(7, Interactions(language="fr")))


def test_a_recipe_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("name: talk\nseed: 7\nsteps:\n  talk: {use: world.interactions, drugs: 4, talks: 2}\n")
    run(load(str(file)), tmp_path / "runs")
    written = Artefact(tmp_path / "runs" / "talk" / "talk")
    assert len(list(written.records(Question))) == 16
    assert len(list(written.records(Conversation))) == 8


@each_language
def test_a_doctor_who_is_shown_the_rule_heeds_it(language: str) -> None:
    checker = Checker(table(language), distance=0)
    read = [
        one
        for one in interactions(7, Interactions(language=language, talks=0, heeds=2))
        if isinstance(one, Conversation)
    ]
    assert len(read) == 120 and {one.source for one in read} == {READING}
    for one in read:
        rule, pair, number = one.id.rsplit(":", 2)
        last = len(one.messages) - 1
        found = {firing.rule.id: firing.stance for firing in checker.check(one.messages) if firing.turn == last}
        assert (found.get(rule) == "warns") if pair == "forbidden" else not found, one.messages
        told = any(message.role == "tool" for message in one.messages)
        assert told == (number == "reading-1") == any(message.tool_calls for message in one.messages)
        assert (one.messages[0].role == "system") == (pair == "forbidden" or told)
