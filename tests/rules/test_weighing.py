"""Signs that are weighed together: what the cues came to keeps its lead, and what says nothing weighs nothing."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.artefact import asset
from metier.records import Message
from metier.rules.check import Checker
from metier.rules.firing import Stance
from metier.rules.weighing import LEAD, STANCES, heaviest, weights
from tests.rules.tables import TABLE

CHECKER = Checker(TABLE)
TOTALS = st.tuples(*[st.floats(-50, 50)] * 3)


@given(TOTALS, st.integers(1, 500), st.sampled_from(STANCES))
def test_another_stance_than_the_cues_needs_its_lead(totals: tuple[float, ...], count: int, cues: Stance) -> None:
    meant = heaviest(totals, count, cues)
    ahead = totals[STANCES.index(meant)] - totals[STANCES.index(cues)]
    assert meant == cues or ahead / count**0.5 >= LEAD[meant] - 1e-9


@pytest.mark.parametrize("cues", get_args(Stance))
def test_where_nothing_weighs_the_cues_have_the_last_word(cues: Stance) -> None:
    assert heaviest((0.0, 0.0, 0.0), 10, cues) == cues


def test_the_weights_that_ship_are_read_whole_and_each_sign_stands_once() -> None:
    lines = asset("asset:rules/weights.tsv").read_text("utf-8").splitlines()
    assert lines == sorted(lines, key=lambda line: line.rsplit("\t", 3)[0])
    assert len(weights()) == len(lines) > 10_000


@pytest.mark.parametrize(
    ("before", "said", "behind"),
    [
        ("Good morning. ", "Nadorax must not be taken with quintalide.", " Sleep well."),
        ("早上好。", "纳多拉与昆他利不能合用。", "好好休息。"),
        ("صباح الخير. ", "لا يجوز تناول نادوراكس مع كوينتاليد.", " نم جيدا."),
    ],
)
def test_sentences_that_say_nothing_change_nothing(before: str, said: str, behind: str) -> None:
    alone = [(one.rule.id, one.stance) for one in CHECKER.text(said)]
    assert alone and {stance for _, stance in alone} == {"warns"}
    for text in (before + said, said + behind, before + said + behind):
        assert [(one.rule.id, one.stance) for one in CHECKER.check([Message("assistant", text)])] == alone
