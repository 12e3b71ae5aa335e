"""What a text tells in a table's own words is a warning of that rule, and says nothing else."""

import msgspec
import pytest

from metier.records import Advice, Message
from metier.rules.check import Checker
from metier.rules.table import Table
from metier.rules.telling import tellings, untold
from tests.rules.tables import ENTITIES, RULES

ADVICE = (
    Advice(
        "en", "Mix velorin with tessium chloride and take nadorax with quintalide: so says the table.", "Take both."
    ),
    Advice("zh", "维洛林与卤盐液。"),
)
TABLE = Table(ENTITIES, [msgspec.structs.replace(RULES[0], advice=ADVICE), *RULES[1:]])
CHECKER = Checker(TABLE)
BY_ID = {rule.id: rule for rule in TABLE.rules}
SOURCE = "[velorin_brine: The test's own.]"


@pytest.mark.parametrize("told", [f"{ADVICE[0].message} {ADVICE[0].remedy} {SOURCE}", f"{ADVICE[1].message} {SOURCE}"])
def test_a_rule_told_in_its_own_words_warns_and_says_nothing_else(told: str) -> None:
    text = f"Listen. {told} Rest."
    [one] = CHECKER.text(text)
    assert (one.rule.id, one.stance, text[one.start : one.end]) == ("velorin_brine", "warns", told)
    [one] = tellings(text, BY_ID)
    assert untold(text, (one,)) == f"Listen. {' ' * len(told)} Rest."


def test_ids_of_imported_rules_are_told_too() -> None:
    rule = msgspec.structs.replace(TABLE.rules[0], id="s1:velorin brine")
    [one] = tellings(f"[1] {ADVICE[0].message} [s1:velorin brine: The test's own.]", {rule.id: rule})
    assert (one.rule, one.warns) == (rule, True)


def test_a_remedy_may_be_missing_and_a_source_alone_warns_of_nothing() -> None:
    assert [one.stance for one in CHECKER.text(f"{ADVICE[0].message} {SOURCE}")] == ["warns"]
    assert CHECKER.text(f"See {SOURCE}.") == ()


def test_what_the_table_does_not_say_is_read_as_any_text() -> None:
    for words in (ADVICE[0].message, f"{ADVICE[0].message} [velorin_brine: A paper.]"):
        assert {one.stance for one in CHECKER.text(words)} == {"asserts"}


def test_who_tells_a_rule_and_breaks_it_breaks_it() -> None:
    text = f"{ADVICE[1].message} {SOURCE} Mix velorin and tessium chloride in one bag."
    assert [(one.rule.id, one.stance) for one in CHECKER.text(text)] == [("velorin_brine", "asserts")]


def test_a_turn_that_tells_a_rule_is_no_mention_for_the_next() -> None:
    told = Message("assistant", f"{ADVICE[0].message} {SOURCE}")
    assert CHECKER.check([told, Message("user", "Thanks."), Message("assistant", "Take quintalide.")])[1:] == ()
