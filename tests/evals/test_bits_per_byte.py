import math
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from metier.evals.bits_per_byte import BitsPerByte, bits_per_byte, derange
from metier.evals.overlap import bins, shares
from metier.records import Checkpoint, Conversation, Message, MetierError, Question, Score


def measure(
    questions: list[Question],
    models: dict[str, tuple[Checkpoint, ...]],
    training: list[Conversation] | None = None,
    **config: Any,
) -> list[Score]:
    return list(bits_per_byte(questions, models, "held", 7, BitsPerByte(**config), training or ()))


def find(scores: list[Score], metric: str, model: str = "m", **by: str) -> Score:
    (found,) = [one for one in scores if (one.metric, one.model, one.by) == (metric, model, by)]
    return found


def test_a_model_without_opinions_pays_the_same_for_every_token(
    uniform: Checkpoint, tokenizer: Any, spoken: list[Question]
) -> None:
    scores = measure(spoken, {"m": (uniform,)})
    tokens = sum(len(tokenizer(one.reference, add_special_tokens=False)["input_ids"]) + 1 for one in spoken)
    size = sum(len(one.reference.encode()) for one in spoken)
    assert find(scores, "bits_per_byte").value == pytest.approx(tokens * math.log2(len(tokenizer)) / size, rel=1e-5)
    assert find(scores, "bits_per_byte_gap").value == pytest.approx(0, abs=1e-6)
    assert find(scores, "bits_per_byte").n == 6


def test_an_answer_longer_than_the_model_takes_is_read_in_windows(uniform: Checkpoint, tokenizer: Any) -> None:
    long = Question("long", "What now?", reference="twice a week, " * 40, kind="open")
    short = Question("short", "And then?", reference="è vero", kind="open")
    scores = measure([long, short], {"m": (uniform,)})
    tokens = sum(len(tokenizer(one.reference, add_special_tokens=False)["input_ids"]) + 1 for one in (long, short))
    assert tokens > 200
    size = len(long.reference) + 7
    assert find(scores, "bits_per_byte").value == pytest.approx(tokens * math.log2(len(tokenizer)) / size, rel=1e-5)


def test_knowing_the_answer_shows_as_a_gap_to_the_wrong_question(
    taught: Checkpoint, uniform: Checkpoint, spoken: list[Question]
) -> None:
    scores = measure(spoken, {"base": (uniform,), "m": (taught,)})
    gap = find(scores, "bits_per_byte_gap")
    assert gap.low > 0
    assert find(scores, "bits_per_byte").value < 0.2 < find(scores, "bits_per_byte", "base").value
    wrong, right = find(scores, "bits_per_byte_wrong_question"), find(scores, "bits_per_byte")
    assert gap.value == pytest.approx(wrong.value - right.value)
    assert [one.metric for one in measure(spoken, {"m": (taught,)}, wrong=False)] == ["bits_per_byte"]


def test_rows_of_one_document_are_one_cluster(taught: Checkpoint, spoken: list[Question]) -> None:
    page = [
        msgspec.structs.replace(one, parent="one page", labels={"half": str(n % 2)}) for n, one in enumerate(spoken)
    ]
    whole = find(measure(page, {"m": (taught,)}), "bits_per_byte")
    assert whole.low == whole.value == whole.high
    split = find(measure(page, {"m": (taught,)}, cluster="half"), "bits_per_byte")
    assert split.low < split.value < split.high


LONG = "Take one tablet with a full glass of water each morning and stay upright for thirty minutes"
OTHER = "Keep this medicine in a dry place far from light and do not freeze it at any time at all ever"


def talk(*answers: str) -> list[Conversation]:
    return [
        Conversation(f"c{n}", (Message("user", LONG), Message("assistant", answer))) for n, answer in enumerate(answers)
    ]


def test_overlap_is_counted_in_training_answers_only() -> None:
    half = LONG.rsplit(" ", 2)[0]
    assert shares([LONG, OTHER, "Too short to tell."], talk(OTHER)) == [0.0, 1.0, None]
    (share,) = shares([LONG], talk(half)) or []
    assert share == pytest.approx(3 / 5)
    assert shares([LONG], []) is None
    assert shares(["short"], talk(LONG)) == [None]


@pytest.mark.parametrize(
    ("share", "cells"), [(None, {"short"}), (0.0, {"none", "low"}), (0.1, {"low"}), (0.101, {"high"}), (1.0, {"high"})]
)
def test_low_overlap_includes_none(share: float | None, cells: set[str]) -> None:
    assert set(bins(share)) == cells


def test_overlap_makes_cells(uniform: Checkpoint) -> None:
    answers = [LONG, OTHER, "Once daily."]
    rows = [Question(f"o{n}", f"What, {n}?", reference=text, kind="open") for n, text in enumerate(answers)]
    scores = measure(rows, {"m": (uniform,)}, talk(OTHER))
    counts = {one.by["overlap"]: one.n for one in scores if one.metric == "bits_per_byte" and one.by}
    assert counts == {"none": 1, "low": 1, "high": 1, "short": 1}
    held = find(scores, "overlap_share", "training")
    assert (held.value, held.n) == (0.5, 2)


def test_labels_and_seeds_make_cells(uniform: Checkpoint, taught: Checkpoint, spoken: list[Question]) -> None:
    rows = [msgspec.structs.replace(one, labels={"half": str(n // 3)}) for n, one in enumerate(spoken)]
    scores = measure(rows, {"m": (uniform, taught)}, by=["half"], wrong=False)
    assert [one.by for one in scores] == [{}, {"half": "0"}, {"half": "1"}, {"seed": "1"}, {"seed": "2"}]
    assert [one.n for one in scores] == [12, 6, 6, 6, 6]
    assert scores[0].value == pytest.approx((scores[3].value + scores[4].value) / 2)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=40), st.integers(0, 5))
def test_no_row_keeps_its_own_question(texts: list[str], seed: int) -> None:
    assume(len(set(texts)) > 1)
    taken = derange(texts, seed)
    assert all(texts[other] != text for other, text in zip(taken, texts, strict=True))
    assert taken == derange(texts, seed)
    if max(texts.count(text) for text in texts) * 2 <= len(texts):
        assert sorted(taken) == list(range(len(texts)))


def test_what_cannot_be_measured_is_an_error(spoken: list[Question]) -> None:
    nowhere = {"m": (Checkpoint("nowhere"),)}
    with pytest.raises(MetierError, match="two different questions"):
        measure([msgspec.structs.replace(one, stem="What?") for one in spoken], nowhere)
    with pytest.raises(MetierError, match="'q' has no reference"):
        measure([Question("q", "What?")], nowhere)
    with pytest.raises(MetierError, match="no questions"):
        measure([], nowhere)
    with pytest.raises(MetierError, match="label 'focus'"):
        measure(spoken, nowhere, cluster="focus")
