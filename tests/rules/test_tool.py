"""The tool that a model calls: what fires, what depends on the patient, what it did not know or read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from metier.records import Advice, Rule, ToolCall
from metier.rules.card import Card
from metier.rules.check import Checker
from metier.rules.table import Table
from metier.rules.tool import TOOL, Asked, answered, check_interactions
from tests.rules.tables import ENTITIES, RULES, TABLE, entity

CHECKER = Checker(TABLE)


EMPTY: dict[str, Any] = {"findings": [], "open": [], "known": [], "unknown": []}


def told(asked: Asked | str, checker: Checker = CHECKER) -> dict[str, Any]:
    """The reply to some arguments, with what it leaves out."""
    arguments = asked if isinstance(asked, str) else asked.call().arguments
    reply: dict[str, Any] = json.loads(check_interactions(checker, arguments))
    return reply if "error" in reply else EMPTY | reply


def fired(asked: Asked, checker: Checker = CHECKER) -> list[str]:
    return [one["rule"] for one in told(asked, checker)["findings"]]


def test_what_does_not_go_together_is_told_with_advice_and_source() -> None:
    reply = told(Asked(("Velox", "氯化泰西"), "mixed"))
    assert reply["verdict"] == "forbidden"
    assert reply["findings"] == [
        {
            "rule": "velorin_brine",
            "members": ["velorin", "tessium chloride"],
            "context": "mixed",
            "severity": "forbidden",
            "message": "velorin_brine (en)",
            "remedy": "Keep them apart.",
            "source": "The test's own.",
        }
    ]
    assert reply["known"] == [
        {"said": "Velox", "id": "velorin", "name": "velorin"},
        {"said": "氯化泰西", "id": "tessium", "name": "tessium chloride"},
    ]


def test_the_advice_is_in_the_language_asked_for() -> None:
    finding = told(Asked(("nadorax", "quintalide"), language="zh"))["findings"][0]
    assert (finding["members"], finding["message"]) == (["纳多拉", "昆他利"], "nadorax_quintal (zh)")
    assert told(Asked(("nadorax", "quintalide"), language="sw"))["findings"][0]["message"] == "nadorax_quintal (en)"
    assert told(Asked(("nadorax", "quintalide"), language="zh-CN"))["findings"][0] == finding
    first = structs.replace(RULES[1], advice=RULES[1].advice[::-1])  # the Arabic advice stands first
    other = told(Asked(("nadorax", "quintalide"), language="sw"), Checker(Table(ENTITIES, [first])))
    assert other["findings"][0]["message"] == "nadorax_quintal (en)"


def test_the_context_decides_which_rules_count() -> None:
    assert fired(Asked(("velorin", "tessium chloride"), "together")) == []
    assert fired(Asked(("nadorax", "quintalide"), "mixed")) == ["nadorax_quintal"]
    assert fired(Asked(("nadorax", "quintalide"), "together")) == ["nadorax_quintal"]
    assert fired(Asked(("velorin", "maritalol", "tessium chloride"))) == ["velorin_brine", "triple"]


def test_what_the_patient_takes_counts_and_what_only_they_take_does_not() -> None:
    assert fired(Asked(("nadorax",), patient=Card(taking=("quintalide",)))) == ["nadorax_quintal"]
    assert fired(Asked(("sorbixin",), patient=Card(taking=("quintalide", "nadorax")))) == []
    assert fired(Asked(("nadorax",), patient="taking=quintal & age=40")) == ["nadorax_quintal"]


def test_a_thing_does_not_meet_its_own_class() -> None:
    rule = Rule("salts", ("brine", "brine"), "mixed", "caution", (Advice("en", "One salt is enough."),))
    checker = Checker(Table(ENTITIES, (*RULES, rule)))
    assert fired(Asked(("brine salt", "tessium chloride")), checker) == []
    assert fired(Asked(("ossium gluconate", "tessium chloride")), checker) == ["salts"]


@pytest.mark.parametrize(
    ("patient", "verdict", "found", "left"),
    [
        (Card(pregnant=True), "forbidden", ["sorbix_pregnant"], []),
        (Card(week=22), "forbidden", ["sorbix_pregnant"], []),
        (Card(sex="male"), "no rule known", [], []),
        (Card(age=25, sex="female"), "depends on the patient", [], ["pregnant"]),
        ("", "depends on the patient", [], ["pregnant"]),
    ],
)
def test_rules_over_a_patient_need_the_card(
    patient: Card | str, verdict: str, found: list[str], left: list[str]
) -> None:
    reply = told(Asked(("sorbixin",), patient=patient))
    assert reply["verdict"] == verdict
    assert [one["rule"] for one in reply["findings"]] == found
    assert [one["depends_on"] for one in reply["open"]] == left


def test_the_worst_comes_first() -> None:
    note = Rule("note", ("nadorax", "sorbix"), "together", "note", (Advice("en", "Mind the taste."),))
    checker = Checker(Table(ENTITIES, (note, *RULES)))
    assert fired(Asked(("nadorax", "sorbixin", "quintalide")), checker) == ["nadorax_quintal", "note"]
    assert told(Asked(("nadorax", "sorbixin")), checker)["verdict"] == "note"


def test_what_is_empty_is_left_out() -> None:
    reply = check_interactions(CHECKER, Asked(("nadorax",)).call().arguments)
    assert reply == '{"verdict":"no rule known","known":[{"said":"nadorax","id":"nadorax"}]}'


def test_unknown_names_are_told_with_the_nearest() -> None:
    reply = told(Asked(("velorinum", "nadorax", "没有这个")))
    assert reply["verdict"] == "not checked"
    assert reply["unknown"] == [
        {"said": "velorinum", "did_you_mean": ["velorin"]}, {"said": "没有这个"},
    ]  # fmt: skip
    assert told(Asked(("氯化泰酉",)))["unknown"][0]["did_you_mean"] == ["氯化泰西"]
    assert told(Asked(("nadorax",), patient=Card(allergies=("zzz",))))["unknown"][0]["said"] == "zzz"


def test_a_misspelt_name_is_read_and_said_to_be_so() -> None:
    assert told(Asked(("quintallide", "nadorax")))["known"] == [
        {"said": "quintallide", "id": "quintal", "name": "quintalide", "misspelt": True},
        {"said": "nadorax", "id": "nadorax"},
    ]


def test_an_id_of_the_table_is_a_name() -> None:
    table = Table((entity("x_1", "", "", ""), *ENTITIES), RULES)
    assert told(Asked(("x_1", "quintal")), Checker(table))["known"][0]["id"] == "x_1"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("", "truncated"),
        ("names", "malformed"),
        ("[" * 5000, "names|object|depth|recursion"),
        ('["velorin"]', "Expected `object`"),
        ("{}", "missing required field `names`"),
        ('{"names": "velorin"}', "Expected `array`"),
        ('{"names": []}', "length >= 1"),
        ('{"names": ["velorin"], "dose": 1}', "unknown field `dose`"),
        ('{"names": ["velorin"], "context": "in soup"}', "Invalid enum value 'in soup'"),
        ('{"names": ["velorin"], "patient": {"age": "old"}}', "patient.age"),
        ('{"names": ["velorin"], "patient": {"age": -5}}', "age=-5"),
        ('{"names": ["velorin"], "patient": {"sex": "either"}}', "sex=female or sex=male"),
        ('{"names": ["velorin"], "patient": "agee=3"}', "did you mean 'age'"),
        (json.dumps({"names": ["x" * 201]}), "length <= 200"),
        ('{"names": ["\ud800"]}', "surrogates"),
    ],
)
def test_arguments_that_cannot_be_read_are_told_so(arguments: str, why: str) -> None:
    reply = told(arguments)
    assert set(reply) == {"error"}
    assert any(one.casefold() in reply["error"].casefold() for one in why.split("|"))
    assert 'such as {"names":["NAME","OTHER"]' in reply["error"]


def test_numbers_written_as_texts_are_numbers() -> None:
    assert told('{"names": ["sorbixin"], "patient": {"week": "22"}}')["verdict"] == "forbidden"


@given(st.text(max_size=40))
def test_no_text_raises(arguments: str) -> None:
    assert isinstance(told(arguments), dict)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=4), st.sampled_from(("mixed", "together", "either")))
def test_every_name_is_known_or_unknown(names: list[str], context: Any) -> None:
    reply = told(Asked(tuple(names), context))
    assert {one["said"] for one in (*reply["known"], *reply["unknown"])} == set(names)


def test_the_schema_says_what_is_read() -> None:
    """Every field that the schema offers is a field of what is read, and what it requires is required."""
    offered = TOOL.parameters["properties"]
    assert set(offered) == set(Asked.__struct_fields__)
    assert set(offered["patient"]["properties"]) <= set(Card.__struct_fields__)
    required = {one.name for one in structs.fields(Asked) if one.required}
    assert set(TOOL.parameters["required"]) == required


def test_a_call_is_answered_by_a_message() -> None:
    reply = answered(CHECKER, Asked(("nadorax", "quintalide")).call())
    assert (reply.role, json.loads(reply.content)["verdict"]) == ("tool", "forbidden")
    other = answered(CHECKER, ToolCall("search", "{}"))
    assert json.loads(other.content) == {"error": "there is no tool 'search'; call check_interactions"}
