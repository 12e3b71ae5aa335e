"""Prompts made from a table: every pair that a rule forbids is asked about, in every language that it has names in."""

from collections import Counter
from pathlib import Path

import pytest

from metier.artefact import Artefact
from metier.evals.rule_prompts import RulePrompts, rule_prompts
from metier.recipe import load
from metier.records import MetierError, Question
from metier.rules.names import Names
from metier.rules.prompts import meeting
from metier.rules.table import read
from metier.run.make import run

ENTITIES = """id,kind,language,name,aliases,brands,salts,classes
melbudor,thing,en,Melbudor,,Melbunal,,
melbudor,,zh,美布多,,,,
zelvorane,thing,en,Zelvorane,,,,marsh
zelvorane,,zh,泽佛兰,,,,
tarnivex,thing,en,Tarnivex,,,,marsh
quonulex,thing,en,Quonulex,,,,
quonulex,,zh,阔努来,,,,
hilltea,thing,en,Hilltea,,,,
marsh,class,en,marsh drugs,,,,
"""
HEAD = "id,members,context,severity,when,source,message_en,remedy_en,fires,silent\n"
RULES = f"""{HEAD}mixing,melbudor|marsh,mixed,forbidden,,us,They must not be mixed.,Use two bags.,,
taking,melbudor|quonulex|marsh,together,caution,,us,They must not be taken together.,Leave one out.,,
alone,zelvorane,patient,forbidden,pregnant,us,Not in pregnancy.,Leave it out.,,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "entities.csv").write_text(ENTITIES, "utf-8")
    (tmp_path / "rules.csv").write_text(RULES, "utf-8")
    return tmp_path


def test_a_prompt_names_what_it_is_about_in_its_own_language(table: Path) -> None:
    made = list(rule_prompts(table, 7, RulePrompts(languages=("en", "zh"))))
    names = Names(read(table).entities.values())
    forbidden = [one for one in made if one.labels["pair"] == "forbidden"]
    assert {(one.labels["rule"], one.labels["language"]) for one in forbidden} == {
        ("mixing", "en"), ("mixing", "zh"), ("taking", "en"), ("taking", "zh")
    }  # fmt: skip
    for one in made:
        assert {found.entity for found in names.find(one.stem)} == set(one.labels["members"].split("|")), one.stem
        if one.labels["language"] == "zh":
            assert "tarnivex" not in one.labels["members"], "it has no Chinese name"
    assert {one.labels["form"] for one in made} == {"yesno", "open", "order", "story"}
    assert len({one.id for one in made}) == len(made)


def test_pairs_that_nothing_forbids_stand_beside_them_or_are_left_out(table: Path) -> None:
    rules = read(table)
    made = list(rule_prompts(table, 7, RulePrompts()))
    pairs = Counter(one.labels["pair"] for one in made)
    assert pairs == {"forbidden": 8, "allowed": 8}
    for one in made:
        things = [rules.entities[member] for member in one.labels["members"].split("|")]
        found = {rule.id for rule in meeting(rules, things)}
        assert (one.labels["rule"] in found) if one.labels["pair"] == "forbidden" else not found
    assert made == list(rule_prompts(table, 7, RulePrompts())) != list(rule_prompts(table, 8, RulePrompts()))
    assert {one.labels["pair"] for one in rule_prompts(table, 7, RulePrompts(allowed=False))} == {"forbidden"}


def test_what_no_rule_pours_is_not_asked_about_in_a_syringe(table: Path) -> None:
    for seed in range(20):
        for one in rule_prompts(table, seed, RulePrompts()):
            assert "hilltea" not in one.labels["members"], "no rule speaks of it"
            assert "quonulex" not in one.labels["members"] or one.labels["context"] == "together"


def test_what_cannot_be_asked_is_one_clear_line(table: Path) -> None:
    with pytest.raises(MetierError, match=r"no prompts in 'fr'; known: ar, en, zh"):
        list(rule_prompts(table, 7, RulePrompts(languages=("fr",))))
    (table / "rules.csv").write_text(HEAD + RULES.splitlines()[-1] + "\n", "utf-8")
    with pytest.raises(MetierError, match=r"none of its 1 rules is about two things"):
        list(rule_prompts(table, 7, RulePrompts()))


def test_a_recipe_asks_about_a_table_of_its_own(table: Path) -> None:
    (table / "recipe.yaml").write_text(
        f"name: own\nseed: 1\nsteps:\n  asked: {{use: evals.rule_prompts, from: '{table}'}}\n"
    )
    run(load(str(table / "recipe.yaml")), table / "runs")
    assert len(list(Artefact(table / "runs/own/asked").records(Question))) == 16
