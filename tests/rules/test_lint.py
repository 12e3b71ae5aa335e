from pathlib import Path

import pytest

from metier.records import Advice, Entity, Example, Name, Rule
from metier.rules.lint import lint, lint_records
from metier.rules.lint_entities import MOST
from tests.command import metier

ENTITIES = [
    "id,kind,language,name,aliases,brands,salts,classes",
    "velorin,thing,en,velorin,velorinum,Velox,velorin sodium,",
    "velorin,,zh,维洛林,,,,",
    "brine,class,en,brine salts,,,,",
    "tessium,thing,en,tessium chloride,,,,brine",
    "tessium,,zh,氯化泰西,,,,",
    "nadorax,thing,en,nadorax,,,,",
    "gout,condition,en,gout,,,,",
]
RULES = [
    "id,members,context,severity,when,source,message_en,remedy_en,message_zh,remedy_zh,fires,silent",
    "R1,velorin|brine,mixed,forbidden,,label,Do not mix them.,Rinse.,不得混合。,冲管。,"
    "Mix velorin with tessium chloride in one bag.,Never mix velorin with tessium chloride in one bag.",
    "R2,nadorax,patient,caution,pregnant,label,Not in pregnancy.,Wait.,孕妇不用。,等待。,"
    "[pregnant] Take nadorax 20 mg every day.,[!pregnant] Take nadorax 20 mg every day.",
]


def table(place: Path, entities: list[str], rules: list[str]) -> Path:
    (place / "entities.csv").write_text("\n".join(entities) + "\n", encoding="utf-8")
    (place / "rules.csv").write_text("\n".join(rules) + "\n", encoding="utf-8")
    return place


def faults(place: Path) -> list[tuple[str, str]]:
    """(kind, FILE:LINE) of what the linter finds."""
    return [(one.fault, one.place.rpartition("/")[2]) for one in lint(place)]


def test_a_sound_table_has_no_faults(tmp_path: Path) -> None:
    assert lint(table(tmp_path, ENTITIES, RULES)) == []


def test_the_shipped_table_has_no_faults() -> None:
    assert [one.line() for one in lint("domain:medicine")] == []


E = len(ENTITIES) + 1
"""The line on which an entity that a test adds stands."""
CASES = [
    ("unknown entity", f"entities.csv:{E}", "x,thing,en,xanor,,,,brime", ()),
    ("thing as class", f"entities.csv:{E}", "x,thing,en,xanor,,,,velorin", ()),
    ("class twice", f"entities.csv:{E}", "x,thing,en,xanor,,,,brine|brine", ()),
    ("empty class", f"entities.csv:{E}", "x,class,en,xanors,,,,", ()),
    ("no name", f"entities.csv:{E}", "x,thing,en,,,,,", ()),
    ("no name", f"entities.csv:{E}", "x,thing,en,xanor,,,,\nx,,zh,,希诺,,,", (f"entities.csv:{E + 1}",)),
    ("empty name", f"entities.csv:{E}", "x,thing,en,xanor,--,,,", ()),
    ("bad language", f"entities.csv:{E}", "x,thing,English,xanor,,,,", ()),
    ("alias of two", f"entities.csv:{E}", "x,thing,en,xanor,nadorax,,,", ()),
    ("alias of two", f"entities.csv:{E}", "x,thing,zh,希诺,Nadórax,,,", ()),
    ("alias of two", f"entities.csv:{E}", "x,thing,en,ve lorin,,,,", ()),
    ("alias of two", f"entities.csv:{E}", "x,thing,en,ｖｅｌｏｒｉｎ,,,,", ()),
    ("entity twice", f"entities.csv:{E}", "velorin,,zh,维乐林,,,,", ()),
    ("two kinds", f"entities.csv:{E}", "velorin,class,ar,فيلورين,,,,", ()),
    ("two lists of classes", f"entities.csv:{E}", "tessium,,ar,تيسيوم,,,,velorin", ()),
    ("no id", f"entities.csv:{E}", ",thing,en,xanor,,,,", ()),
    ("bad kind", f"entities.csv:{E}", "x,drug,en,xanor,,,,", ()),
    ("bad id", f"entities.csv:{E}", "x&y,thing,en,xanor,,,,", ()),
    ("bad id", f"entities.csv:{E}", "x\u200b,thing,en,xanor,,,,", ()),
    ("other script", f"entities.csv:{E}", "x,thing,ar,希诺,,,,", ()),
    ("too many cells", f"entities.csv:{E}", "x,thing,en,xanor,,,,,,", ()),
]


@pytest.mark.parametrize(("fault", "place", "row", "instead"), CASES, ids=lambda case: str(case)[:40])
def test_a_fault_of_an_entity_is_found(
    tmp_path: Path, fault: str, place: str, row: str, instead: tuple[str, ...]
) -> None:
    assert faults(table(tmp_path, [*ENTITIES, *row.split("\n")], RULES)) == [(fault, *(instead or (place,)))]


def test_a_circle_of_classes_is_found_once(tmp_path: Path) -> None:
    more = ["a,class,en,aors,,,,b", "b,class,en,bors,,,,c", "c,class,en,cors,,,,a", "d,thing,en,dor,,,,c"]
    (found,) = lint(table(tmp_path, [*ENTITIES, *more], RULES))
    assert found.fault == "cyclic class" and found.place.endswith(f"entities.csv:{E}")
    assert "a -> b -> c -> a" in found.message


def test_a_long_circle_is_not_spelt_out() -> None:
    ring = [Entity(f"c{at}", (Name("en", f"corin{at}"),), "class", (f"c{(at + 1) % 50}",)) for at in range(50)]
    (found,) = [one for one in lint_records(ring, []) if one.fault == "cyclic class"]
    assert "(c0 -> c1 -> c2 -> c3 -> c4 -> c5 -> ... -> c0)" in found.message


def test_a_table_without_rules_is_no_table(tmp_path: Path) -> None:
    assert faults(table(tmp_path, ENTITIES, RULES[:1])) == [("no rule", "rules.csv:1")]


def test_of_many_unknown_ids_the_first_are_told_what_is_like_them() -> None:
    entities = [Entity("anorin", (Name("en", "anorin"),))]
    rules = [Rule(f"R{at}", ("anorin", f"anorin{at}"), source="s") for at in range(MOST + 1)]
    found = [one for one in lint_records(entities, rules) if one.fault == "unknown entity"]
    assert [one.remedy for one in found] == ["add it, or did you mean 'anorin'?"] * MOST + ["add it"]
    (lone,) = [one for one in lint_records(entities, [Rule("R", ("anorin", "x"))]) if one.fault == "unknown entity"]
    assert lone.remedy == "add it; known: anorin"


GOOD = "label,Careful.,Wait.,小心。,等待。,{},Keep nadorax away from velorin."
FIRES = "Take nadorax 20 mg together with velorin 5 mg every day."
RULE_CASES = {
    "unknown entity": f"X,nadorax|velorine,together,note,,{GOOD}",
    "member twice": f"X,nadorax|nadorax,together,note,,{GOOD}",
    "one member": f"X,nadorax,together,note,,{GOOD}",
    "no member": f"X,,together,note,,{GOOD}",
    "condition as member": f"X,nadorax|gout,together,note,,{GOOD}",
    "no condition": f"X,nadorax,patient,note,,{GOOD}",
    "bad condition": f"X,nadorax|velorin,together,note,prgnant,{GOOD}",
    "rule id twice": f"R1,nadorax|velorin,together,note,,{GOOD}",
    "bad id": f"X],nadorax|velorin,together,note,,{GOOD}",
    "no id": f",nadorax|velorin,together,note,,{GOOD}",
    "bad context": f"X,nadorax|velorin,near,note,,{GOOD}",
    "bad severity": f"X,nadorax|velorin,together,fatal,,{GOOD}",
    "no source": f"X,nadorax|velorin,together,note,,{GOOD}".replace("label", ""),
    "message missing": f"X,nadorax|velorin,together,note,,{GOOD}".replace("小心。", ""),
    "remedy missing": f"X,nadorax|velorin,together,note,,{GOOD}".replace("等待。", ""),
    "no message": f"X,nadorax|velorin,together,note,,{GOOD}".replace("小心。", "").replace("Careful.", ""),
    "no example": f"X,nadorax|velorin,together,note,,{GOOD}".replace("{}", ""),
    "example is silent": f"X,nadorax|velorin,together,note,,{GOOD}".replace("{}", "Take nadorax every day."),
    "example fires": f"X,nadorax|velorin,together,note,,{GOOD}".replace("Keep nadorax away from velorin.", FIRES),
    "bad card": f"X,nadorax|velorin,together,note,,{GOOD}".replace("{}", f"{FIRES}|[prgnant] {FIRES}"),
    "rule twice": f"X,brine|velorin,either,note,,{GOOD}",
    "too many cells": f"X,nadorax|velorin,together,note,,{GOOD},,",
}


@pytest.mark.parametrize("fault", RULE_CASES)
def test_a_fault_of_a_rule_is_found(tmp_path: Path, fault: str) -> None:
    row = RULE_CASES[fault].replace("{}", FIRES)
    if fault == "rule twice":
        row = row.replace(FIRES, "Mix velorin with tessium chloride in one bag.")
    found = faults(table(tmp_path, ENTITIES, [*RULES, row]))
    assert (fault, f"rules.csv:{len(RULES) + 1}") in found
    assert {kind for kind, _ in found} <= {fault, "example is silent"}


def test_a_condition_names_what_the_table_has(tmp_path: Path) -> None:
    rows = [f"X{at},nadorax,patient,note,{when},{GOOD}".replace("{}", FIRES) for at, when in enumerate(
        ("condition=gut", "condition=velorin", "allergy=gout", "age<<3")
    )]  # fmt: skip
    found = [one for one in lint(table(tmp_path, ENTITIES, [*RULES, *rows])) if "example" not in one.fault]
    assert [one.fault for one in found] == ["unknown entity", "bad condition", "bad condition", "bad condition"]
    assert "did you mean 'gout'" in found[0].remedy and "which is a thing" in found[1].message


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    entities = [*ENTITIES, "x,thing,en,xanor,,,,brime", "y,class,en,yanors,,,,y"]
    wrong = ("unknown entity", "no source", "bad condition", "example is silent")
    rows = [RULE_CASES[fault].replace("X,", f"X{at},", 1) for at, fault in enumerate(wrong)]
    kinds = {kind for kind, _ in faults(table(tmp_path, entities, [*RULES, *rows]))}
    assert {*wrong, "cyclic class", "rule twice"} >= kinds >= {*wrong, "cyclic class"}


def test_imported_rules_need_no_examples() -> None:
    entities = [Entity("a", (Name("en", "anorin"),)), Entity("b", (Name("en", "borin"),))]
    rules = [
        Rule("R", ("a", "b"), advice=(Advice("en", "No.", "Wait."),), source="a table"),
        Rule("S", ("b",), "patient", advice=(Advice("zh", "不。"),), source="a table", when="pregnant"),
    ]
    strict, loose = lint_records(entities, rules), lint_records(entities, rules, imported=True)
    assert [one.fault for one in strict] == [one.fault for one in loose]
    assert {one.fault for one in strict} == {"no example", "message missing"}
    assert {one.level for one in strict} == {"error"} and {one.level for one in loose} == {"note"}
    assert strict[0].place == "rule 'R'"


def test_examples_without_a_text_are_found() -> None:
    entities = [Entity("a", (Name("en", "anorin"),)), Entity("b", (Name("en", "borin"),))]
    rule = Rule("R", ("a", "b"), advice=(Advice("en", "No."),), source="s", examples=(Example("", True),))
    assert "bad example" in {one.fault for one in lint_records(entities, [rule])}


def test_the_command_lists_faults_and_ends_with_2(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    clean = metier("rules", ".", cwd=tmp_path)
    assert (clean.code, clean.out) == (0, ".: 5 entities, 2 rules: no faults\n")
    table(tmp_path, [*ENTITIES, "x,thing,en,xanor,nadorax,,,"], RULES)
    faulty = metier("rules", ".", cwd=tmp_path)
    assert faulty.code == 2 and faulty.out.endswith(".: 6 entities, 2 rules: 1 fault\n")
    assert f"entities.csv:{E}: 'nadorax' is a name of 'x' and of 'nadorax'" in faulty.out
