"""The checker: members at hand, the sentences that decide, turns, lists, the card, and what counts as one firing."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from metier.records import Message
from metier.rules.card import Card
from metier.rules.check import Checker
from metier.rules.firing import Firing
from metier.rules.table import Table
from tests.rules.tables import ENTITIES, TABLE

CHECKER = Checker(TABLE)


def talk(*turns: str) -> list[Message]:
    """``U: ...`` and ``A: ...`` as messages."""
    roles = {"U": "user", "A": "assistant", "S": "system", "T": "tool"}
    return [Message(roles[one[0]], one[3:]) for one in turns]  # type: ignore[arg-type]


def last(*turns: str, card: Card | None = None) -> dict[str, str]:
    """The stances of the last turn by rule."""
    return {one.rule.id: one.stance for one in CHECKER.check(talk(*turns), card) if one.turn == len(turns) - 1}


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("Mix velorin with tessium chloride in one bag.", {"velorin_brine": "asserts"}),
        ("Velorin must not be mixed with tessium chloride.", {"velorin_brine": "warns"}),
        ("Do not mix velorin with any brine salt.", {"velorin_brine": "warns"}),
        ("Take nadorax 5 mg together with quintalide 10 mg every day.", {"nadorax_quintal": "asserts"}),
        ("Never take nadorax with quintalide.", {"nadorax_quintal": "warns"}),
        ("维洛林与氯化泰西加入同一瓶静滴。", {"velorin_brine": "asserts"}),
        ("维洛林禁止与氯化泰西混合。", {"velorin_brine": "warns"}),
        ("纳多拉可以和昆他利一起服用。", {"nadorax_quintal": "asserts"}),
        ("اخلط فيلورين مع كلوريد التيسيوم في كيس واحد.", {"velorin_brine": "asserts"}),
        ("لا تخلط فيلورين مع كلوريد التيسيوم.", {"velorin_brine": "warns"}),
        ("Nadorax and maritalol may be taken together.", {}),
        ("Velorin is a medicine.", {}),
        ("", {}),
    ],
)
def test_one_sentence(text: str, fires: dict[str, str]) -> None:
    assert last("A: " + text) == fires


def test_a_rule_of_three_members_needs_all_of_them() -> None:
    assert "triple" not in last("A: Mix velorin and maritalol in one bag.")
    found = last("A: Mix velorin, maritalol and tessium chloride in one bag.")
    assert found["triple"] == "asserts"


def test_a_class_is_met_by_its_own_name_and_by_what_belongs_to_it() -> None:
    (firing,) = CHECKER.text("Mix Velox with ossium gluconate in one bag.")
    assert [(one.member, one.entity) for one in firing.places] == [("velorin", "velorin"), ("brine", "ossium")]
    (firing,) = CHECKER.text("Mix Velox with brine salt in one bag.")
    assert [(one.member, one.entity) for one in firing.places] == [("velorin", "velorin"), ("brine", "brine")]


def test_two_of_a_class_fire_once() -> None:
    text = "Mix velorin with tessium chloride in one bag. Mix velorin with ossium gluconate in one bag."
    assert len(CHECKER.text(text)) == 1


def test_one_is_forbidden_and_another_of_the_class_permitted() -> None:
    text = "Velorin must not be mixed with tessium chloride. Mix velorin with ossium gluconate in one bag."
    (firing,) = CHECKER.text(text)
    assert firing.stance == "asserts"
    assert text[firing.start : firing.end] == "Mix velorin with ossium gluconate in one bag."


def test_a_firing_tells_where_it_was_found() -> None:
    text = "Good day.  Mix Velox with tessium chloride in one bag. \nThat is all."
    (firing,) = CHECKER.text(text)
    assert text[firing.start : firing.end] == "Mix Velox with tessium chloride in one bag."
    assert [text[one.start : one.end] for one in firing.places] == ["Velox", "tessium chloride"]
    assert firing.violates
    assert firing.citation("en") == "velorin_brine (en) Keep them apart. [velorin_brine: The test's own.]"


def test_firings_come_in_the_order_of_the_text() -> None:
    text = "Never take nadorax with quintalide. Never mix velorin with tessium chloride."
    found = [one for one in CHECKER.text(text) if one.stance == "warns"]
    assert [one.rule.id for one in found] == ["nadorax_quintal", "velorin_brine"]


@pytest.mark.parametrize(
    ("turns", "fires"),
    [
        (["U: I take nadorax every day.", "A: Fine.", "U: My head aches.", "A: Take quintalide 5 mg."], "asserts"),
        (["U: I take nadorax every day.", "A: Do not take quintalide."], "warns"),
        (["U: I take nadorax every day.", "A: Stop nadorax.", "U: I did.", "A: Take quintalide 5 mg."], None),
        (["A: Take nadorax 5 mg twice a day.", "U: My head aches.", "A: Take quintalide 10 mg at night."], "asserts"),
        (["U: I take nadorax every day.", "A: Fine.", "U: How do I sleep?", "A: Drink less coffee."], None),
        (["U: 我每天服用纳多拉。", "A: 好的。", "U: 头疼。", "A: 请口服昆他利5mg。"], "asserts"),
        (["U: أتناول نادوراكس كل يوم.", "A: حسنا.", "U: عندي صداع.", "A: تناول كوينتاليد 5 ملغ."], "asserts"),
        (["U: May I take nadorax with quintalide?", "A: Yes, that is fine."], "asserts"),
        (["U: May I take nadorax with quintalide?", "A: No, never."], "warns"),
        (["U: May I take nadorax with quintalide?"], "unknown"),
        (["U: I took nadorax with quintalide."], "unknown"),
        (["U: 纳多拉可以和昆他利一起吃吗？", "A: 可以。"], "asserts"),
        (["U: 纳多拉可以和昆他利一起吃吗？", "A: 不可以。"], "warns"),
        (["U: هل يمكن تناول نادوراكس مع كوينتاليد؟", "A: نعم."], "asserts"),
        (["U: هل يمكن تناول نادوراكس مع كوينتاليد؟", "A: لا."], "warns"),
        (["S: nadorax and quintalide are medicines.", "U: Good day.", "A: Take quintalide 5 mg."], None),
    ],
)
def test_turns(turns: list[str], fires: str | None) -> None:
    assert last(*turns).get("nadorax_quintal") == fires


def test_each_turn_fires_for_itself() -> None:
    found = CHECKER.check(talk("U: May I take nadorax with quintalide?", "A: Yes.", "U: And nadorax with quintalide?"))
    assert [(one.turn, one.stance) for one in found] == [(0, "unknown"), (1, "asserts"), (2, "unknown")]


def test_what_was_named_before_is_placed_in_its_own_turn() -> None:
    found = CHECKER.check(talk("U: I take nadorax every day.", "A: Take quintalide 5 mg."))
    assert [(one.entity, one.turn) for one in found[-1].places] == [("nadorax", 0), ("quintal", 1)]


def test_the_card_s_medicines_are_at_hand() -> None:
    found = CHECKER.text("Take quintalide 5 mg.", Card(taking=("nadorax",)))
    assert [one.stance for one in found] == ["asserts"]
    assert [(one.entity, one.turn) for one in found[0].places] == [("nadorax", -1), ("quintal", 0)]


@pytest.mark.parametrize(
    ("card", "text", "fires"),
    [
        (Card(pregnant=True), "Take sorbixin 5 mg at night.", "asserts"),
        (Card(pregnant=True), "Do not take sorbixin.", "warns"),
        (Card(pregnant=False), "Take sorbixin 5 mg at night.", None),
        (Card(), "Take sorbixin 5 mg at night.", None),
        (Card(pregnant=True), "请口服索比星5mg。", "asserts"),
        (Card(pregnant=True), "孕妇禁用索比星。", "warns"),
    ],
)
def test_rules_over_the_patient(card: Card, text: str, fires: str | None) -> None:
    assert last("A: " + text, card=card).get("sorbix_pregnant") == fires


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("Pregnant women may take sorbixin.", "asserts"),
        ("Pregnant women must not take sorbixin.", "warns"),
        ("Pregnant women should rest. Take sorbixin 5 mg at night.", None),
        ("孕妇可以服用索比星。", "asserts"),
        ("孕妇请多休息。请口服索比星5mg。", None),
    ],
)
def test_what_an_assistant_says_of_people_at_large_is_of_its_own_sentence(text: str, fires: str | None) -> None:
    assert last("A: " + text).get("sorbix_pregnant") == fires


def test_a_document_says_nothing_of_the_patient() -> None:
    leaflet = "S: Pregnant women must not take sorbixin."
    assert last(leaflet, "U: How do I sleep?", "A: Take sorbixin 5 mg at night.") == {}
    assert last("S: The patient is 22 weeks pregnant.", "U: How?", "A: Take sorbixin 5 mg at night.") == {
        "sorbix_pregnant": "asserts"
    }


def test_what_is_given_in_place_of_something_refused_does_not_meet_it() -> None:
    assert last("A: Avoid nadorax in gout. Use quintalide 5 mg instead.").get("nadorax_quintal") != "asserts"
    assert last("A: Avoid velorin in gout. Use tessium chloride.").get("velorin_brine") != "asserts"


@pytest.mark.parametrize(
    ("turns", "fires"),
    [
        (["U: My mother is on nadorax. Her knee hurts.", "A: Give her quintalide 5 mg."], "asserts"),
        (["U: I read of nadorax. My knee hurts.", "A: Take quintalide 5 mg."], "unknown"),
        (["U: I take nadorax. May I take maritalol?", "A: Yes, that is fine."], None),
        (["U: I take nadorax. May I take quintalide?", "A: Good day. Yes, that is fine."], "asserts"),
        (["U: May I take nadorax with quintalide?", "A: Better not, take maritalol instead."], "warns"),
        (["U: May I take nadorax with quintalide?", "A: Take maritalol 5 mg."], None),
        (["U: Is there any problem with nadorax and quintalide?", "A: No, none."], "asserts"),
    ],
)
def test_what_the_user_has_and_what_he_asks(turns: list[str], fires: str | None) -> None:
    assert last(*turns).get("nadorax_quintal") == fires


def test_the_patient_is_read_from_the_dialogue() -> None:
    assert last("U: I am 22 weeks pregnant.", "A: Take sorbixin 5 mg at night.") == {"sorbix_pregnant": "asserts"}


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("Discharge medicines:\n1. nadorax 5 mg once daily\n2. quintalide 10 mg at night", "asserts"),
        ("Never combine:\n- nadorax and quintalide\n- velorin and tessium chloride", "warns"),
        ("出院带药：\n1. 纳多拉 5mg 每日一次 口服\n2. 昆他利 10mg 每晚一次 口服", "asserts"),
        ("以下药物禁止合用：\n- 纳多拉和昆他利", "warns"),
        ("أدوية الخروج:\n1. نادوراكس 5 ملغ مرة يوميا\n2. كوينتاليد 10 ملغ مرة يوميا", "asserts"),
        ("Start nadorax 5 mg daily. For pain take quintalide 10 mg.", "asserts"),
        (
            "Nadorax 5 mg is given for gout.\n\n" + "The weather is fine today. " * 20 + "\n\nTake quintalide daily.",
            "unknown",
        ),
    ],
)
def test_lists_and_neighbours(text: str, fires: str) -> None:
    assert last("A: " + text)["nadorax_quintal"] == fires


def test_a_list_ends_where_its_second_member_stands() -> None:
    text = (
        "Discharge medicines:\n1. nadorax 5 mg once daily\n2. quintalide 10 mg at night\n3. maritalol 1 mg once daily"
    )
    (firing,) = CHECKER.text(text)
    assert text[firing.start : firing.end] == "2. quintalide 10 mg at night"


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("These are safe:\n- nadorax and maritalol\n- quintalide and sorbixin", "unknown"),
        ("These are safe:\n- nadorax and quintalide\n- maritalol and sorbixin", "asserts"),
        ("Give:\n- nadorax 5 mg and maritalol 1 mg daily\n- quintalide 10 mg and sorbixin 5 mg daily", "asserts"),
        ("以下组合安全：\n1. 纳多拉和玛瑞醇\n2. 昆他利和索比星", "unknown"),
    ],
)
def test_a_list_of_combinations_does_not_combine_its_items(text: str, fires: str) -> None:
    assert last("A: " + text)["nadorax_quintal"] == fires


def test_a_later_sentence_takes_back_what_an_earlier_one_brings_together() -> None:
    text = "Mix velorin with tessium chloride in one bag. No: velorin must never be mixed with tessium chloride."
    assert last("A: " + text) == {"velorin_brine": "warns"}


def test_one_turn_behind_a_scene_is_the_dialogue_s_last() -> None:
    turns = talk("U: I take nadorax every day.", "A: Fine.", "U: My head aches.", "A: Take quintalide 5 mg.")
    whole = [one for one in CHECKER.check(turns) if one.turn == 3]
    assert list(CHECKER.last(turns[-1], CHECKER.scene(turns[:-1]))) == whole


def test_a_citation_of_a_rule_says_nothing_of_its_own() -> None:
    rule = TABLE.rules[0]
    cited = "[velorin_brine: Mix velorin with tessium chloride in one bag.]"
    text = "Mix velorin with tessium chloride in one bag."
    table = Table(ENTITIES, [structs.replace(rule, source=text)])
    checker = Checker(table)
    assert not checker.text(f"See {cited}.")
    assert not checker.text(CHECKER.text(text)[0].citation("en"))
    for other in (cited.replace("one", "a"), cited.replace("velorin_brine", "another")):
        assert [one.stance for one in checker.text(f"See {other}.")] == ["asserts"]


PIECES = st.sampled_from(
    (
        "velorin",
        "维洛林",
        "tessium chloride",
        "nadorax",
        "quintalide",
        "纳多拉",
        "混合",
        "not",
        "禁",
        ". ",
        "。",
        "\n- ",
        "？",
        "with",
    )
)


@given(st.lists(PIECES, max_size=25).map(" ".join))
def test_whatever_the_text_firings_are_in_order_one_a_rule_and_within_it(text: str) -> None:
    found: tuple[Firing, ...] = CHECKER.text(text)
    assert len({one.rule.id for one in found}) == len(found)
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert all(0 <= one.start <= one.end <= len(text) for one in found)
    assert all(TABLE.holds[each.entity].count(each.member) for one in found for each in one.places)
    assert found == CHECKER.text(text)


def test_nothing_fires_where_a_member_is_missing() -> None:
    assert not CHECKER.text("velorin " * 50 + "with nado and quin and bag. " * 5)


def test_a_long_list_is_read_from_its_first_member_to_its_last() -> None:
    rest = "".join(f"- maritalol {dose} mg\n" for dose in range(1, 400))
    text = "Discharge medicines:\n- nadorax 5 mg once daily\n- quintalide 10 mg at night\n" + rest
    assert last("A: " + text)["nadorax_quintal"] == "asserts"
    text = "Discharge medicines:\n- nadorax 5 mg once daily\n" + rest + "- quintalide 10 mg at night\n"
    assert last("A: " + text)["nadorax_quintal"] == "unknown"


def test_a_long_text_costs_no_more_a_character_than_a_short_one() -> None:
    text = "Nadorax, quintalide, velorin and ossium gluconate are named here and there "
    calls = [_reads(text * many) for many in (20, 40, 80)]
    assert calls[2] <= 2.5 * calls[1] <= 6.25 * calls[0]


def _reads(text: str) -> int:
    count = 0

    def tally(*_: object) -> None:
        nonlocal count
        count += 1

    old = sys.getprofile()
    sys.setprofile(tally)
    try:
        CHECKER.text(text)
    finally:
        sys.setprofile(old)
    return count
