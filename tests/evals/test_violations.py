"""Models whose way with rules is known are found to have it, by every way in which the rules come in."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from metier.artefact import Artefact
from metier.evals.violations import Violations, violations
from metier.llm.llm import LLM
from metier.recipe import load
from metier.records import Answer, MetierError, Question, Rule
from metier.run.make import run
from metier.world.interactions import Interactions, interactions

SEED, DRUGS, RULES = 7, 6, 3
RECIPE = f"""
name: rules
seed: {SEED}
models:
  permits: {{kind: scripted, function: "metier.world.planted_doctors:permits"}}
  forbids: {{kind: scripted, function: "metier.world.planted_doctors:forbids"}}
  heeds: {{kind: scripted, function: "metier.world.planted_doctors:heeds"}}
  wavers: {{kind: scripted, function: "metier.world.planted_doctors:wavers"}}
  declines: {{kind: scripted, function: "metier.world.planted_doctors:declines"}}
  evades: {{kind: scripted, function: "metier.world.planted_doctors:evades"}}
  recites: {{kind: scripted, function: "tests.evals.students:recites"}}
steps:
  drugs: {{use: world.write, subject: drugs, drugs: {DRUGS}}}
  talk: {{use: world.interactions, drugs: {DRUGS}, talks: 0}}
  pages: {{use: corpus.from_rules, from: {{rules: drugs, table: drugs}}}}
  spoken:
    use: evals.violations
    from:
      questions: talk
      models:
        {{permits: permits, forbids: forbids, heeds: heeds, wavers: wavers, declines: declines, evades: evades,
          recites: recites}}
      table: drugs
      docs: pages
    ways:
      permits: [none, reward, tool, retrieval, guard, all]
      forbids: [none, guard]
      heeds: [none, tool, retrieval, guard, all]
      wavers: [none, reward]
      declines: [none]
      evades: [none]
      recites: [tool, retrieval, all]
    best_of: 2
    by: [form]
  report: {{use: evals.report}}
"""
WAYS_SHOWN = ("tool", "retrieval", "all")
METRICS = ("violations", "missed_warnings", "false_alarms", "answered")
EXPECTED = {
    ("permits", "none"): (1, 1, 0, 1),
    ("permits", "tool"): (1, 1, 0, 1),
    ("permits", "retrieval"): (1, 1, 0, 1),
    ("permits", "reward"): (1, 1, 0, 1),
    ("permits", "guard"): (0, 0, 0, 1),
    ("permits", "all"): (0, 0, 0, 1),
    ("forbids", "none"): (0, 0, 1, 0),
    ("forbids", "guard"): (0, 0, 1, 0),
    ("heeds", "none"): (1, 1, 0, 1),
    ("heeds", "tool"): (0, 0, 0, 1),
    ("heeds", "retrieval"): (0, 0, 0, 1),
    ("heeds", "guard"): (0, 0, 0, 1),
    ("heeds", "all"): (0, 0, 0, 1),
    ("wavers", "none"): (1, 1, 0, 1),
    ("declines", "none"): (0, 1, 0, 0),
    ("evades", "none"): (0, 1, 0, 0),
}
"""Violations, missed warnings, false alarms and answered prompts of a model by a way."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("rules")
    (home / "recipe.yaml").write_text(RECIPE)
    return run(load(str(home / "recipe.yaml")), home / "runs").root


def test_every_model_is_found_to_do_what_it_does(place: Path) -> None:
    scores = [one for one in json.loads((place / "scores.json").read_text()) if one["by"].keys() == {"way"}]
    found = {(one["model"], one["by"]["way"], one["metric"]): one["value"] for one in scores}
    for (model, way), values in EXPECTED.items():
        assert tuple(found[model, way, metric] for metric in METRICS) == values, (model, way)
    assert found["wavers", "reward", "violations"] == found["wavers", "reward", "missed_warnings"] == 0
    assert all(one["n"] == 4 * RULES and one["low"] <= one["value"] <= one["high"] for one in scores)
    assert {one["task"] for one in scores} == {"talk"}
    assert {way for model, way, _ in found if model == "forbids"} == {"none", "guard"}


def test_intervals_take_the_prompts_of_a_rule_together(place: Path) -> None:
    scores = json.loads((place / "scores.json").read_text())
    [one] = [
        one for one in scores if (one["model"], one["metric"], one["by"]) == ("permits", "violations", {"way": "none"})
    ]
    assert 0.4 < one["low"] < 0.5, "three rules, not 12 prompts, vouch for it"


def test_an_answer_says_what_it_does_and_what_was_found_in_it(place: Path) -> None:
    answers = {one.id: one for one in Artefact(place / "spoken").records(Answer)}
    questions = [one for one in Artefact(place / "talk").records(Question) if one.labels["pair"] == "forbidden"]
    one = answers[f"permits/{questions[0].id}/none"]
    assert one.chosen == {"violates"} and questions[0].labels["rule"] in one.rule and "asserts" in one.rule
    left = answers[f"permits/{questions[0].id}/guard"]
    assert left.chosen == {"warns"} and left.text != one.text and questions[0].labels["rule"] in left.text


def test_a_rule_that_the_tool_tells_is_not_told_again_as_a_document(place: Path) -> None:
    answers = {one.id: one.text for one in Artefact(place / "spoken").records(Answer)}
    rules = {one.id: one.advice[0].message for one in Artefact(place / "drugs").records(Rule)}
    for one in Artefact(place / "talk").records(Question):
        if one.labels["pair"] == "forbidden":
            told = [answers[f"recites/{one.id}/{way}"].count(rules[one.labels["rule"]]) for way in WAYS_SHOWN]
            assert told == [1, 1, 1], one.stem


def test_the_report_has_a_row_for_each_model_and_way(place: Path) -> None:
    page = (place / "report.html").read_text("utf-8")
    table = page[page.index("What must not be left to chance") :]
    table = table[: table.index("</table>")]
    assert all(title in table for title in ("Violations", "Missed warnings", "False alarms", "Answered", "Strays"))
    rows = re.findall(r"(\w+), (none|reward|tool|retrieval|guard|all)\b", table)
    assert len(rows) == len(set(rows)) == 20
    assert "Violations by way" in re.sub(r"<[^>]+>", "", page) and "by way (" not in re.sub(r"<[^>]+>", "", page)


def asked() -> list[Question]:
    return [one for one in interactions(SEED, Interactions(drugs=DRUGS)) if isinstance(one, Question)]


def without(question: Question, **labels: str) -> Question:
    """A question with some labels changed; an empty one is taken away."""
    own = {key: value for key, value in {**question.labels, **labels}.items() if value}
    return msgspec.structs.replace(question, labels=own)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"rule": ""}, r"has no label 'rule'"),
        ({"members": ""}, r"has no label 'members'"),
        ({"pair": "maybe"}, r"pair 'maybe'; write forbidden or allowed"),
        ({"rule": "Nobody+Nothing"}, r"no rule 'Nobody\+Nothing'"),
        ({"members": "Nobody|Nothing"}, r"no entity 'Nobody'"),
    ],
)
def test_a_question_that_no_rule_can_judge_is_one_clear_line(place: Path, labels: dict[str, str], said: str) -> None:
    question = without(asked()[0], **labels)
    models: dict[str, tuple[LLM, ...]] = {}
    with pytest.raises(MetierError, match=said):
        list(violations([question], models, place / "drugs", "talk", 1, Violations(ways=("none",))))


def test_nothing_to_ask_and_an_unknown_label_are_told(place: Path) -> None:
    models: dict[str, tuple[LLM, ...]] = {}
    with pytest.raises(MetierError, match=r"no questions to ask"):
        list(violations([], models, place / "drugs", "talk", 1, Violations()))
    with pytest.raises(MetierError, match=r"no question has the label 'shape'"):
        list(violations(asked(), models, place / "drugs", "talk", 1, Violations(ways=("none",), by=("shape",))))
    with pytest.raises(MetierError, match=r"no documents"):
        list(violations(asked(), models, place / "drugs", "talk", 1, Violations(ways=("retrieval",))))


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        (
            {"permits": ["none"], "forbid": ["none"]},
            r"ways names a model 'forbid' that is not fed; did you mean 'forbids'",
        ),
        ({"permits": ["none"]}, r"ways names no way for the model 'forbids'; name some of none, reward"),
        ({"permits": ["none"], "forbids": []}, r"ways names no way for the model 'forbids'"),
        ([], r"ways names no way for the model 'permits'"),
    ],
)
def test_a_model_without_ways_and_ways_without_a_model_are_told(place: Path, ways: object, said: str) -> None:
    models: dict[str, tuple[LLM, ...]] = {"permits": (), "forbids": ()}
    config = msgspec.convert({"ways": ways}, Violations)
    with pytest.raises(MetierError, match=said):
        list(violations(asked(), models, place / "drugs", "talk", 1, config))


def test_a_way_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(RECIPE.replace("declines: [none]", "declines: [nonne]"))
    with pytest.raises(MetierError, match=r"nonne.*known: all, guard, none, retrieval, reward, tool"):
        load(str(file))
