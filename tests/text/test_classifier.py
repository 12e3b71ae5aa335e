"""The hashed linear classifier on small made-up texts of two topics."""

from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.records import MetierError
from metier.text.classifier import Classifier, calibrated, train
from metier.text.words import words_of

SIDES = (
    [
        "the nurse gives tablets after fever",
        "a dose lowers blood pressure",
        "患者发热三天服药后好转",
        "ألم في الصدر وحمى",
    ],
    ["the train leaves after noon", "a ticket opens the gate", "列车三点从站台出发", "القطار يغادر المحطة"],
)
FILLER = ["every day", "as we know", "it is said", "很多人说", "كل يوم"]


def texts(count: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Texts of either topic in turn, among words that say nothing."""
    draw = Random(seed)
    made = [" ".join(draw.sample(SIDES[i % 2], 1) + draw.sample(FILLER, 2)) + f" {draw.random()}" for i in range(count)]
    return made, np.arange(count) % 2 == 0


def fitted(seed: int = 1) -> Classifier:
    some, labels = texts(200, 1)
    return train(words_of(some), labels, seed, bits=14)


def test_new_texts_of_a_topic_are_told_apart_in_every_language() -> None:
    new, labels = texts(100, 2)
    assert ((fitted().margins(words_of(new)) > 0) == labels).all()


def test_the_same_seed_gives_the_same_weights() -> None:
    assert fitted(5).weights.tobytes() == fitted(5).weights.tobytes()
    assert fitted(5).weights.tobytes() != fitted(6).weights.tobytes()


@given(st.lists(st.text("ab 中文ثم.", max_size=30), min_size=1, max_size=6))
@settings(deadline=None, max_examples=40)
def test_a_score_is_of_its_text_alone(said: list[str]) -> None:
    model = fitted()
    together = model.scores(words_of(said))
    assert together.tolist() == [float(model.scores(words_of([one]))[0]) for one in said]
    assert ((together >= 0) & (together <= 1)).all()


def test_the_passing_sum_is_that_of_the_stored_features() -> None:
    from metier.text.classifier_kernels import features

    model = fitted()
    some = words_of([*texts(20, 3)[0], "fever " * 400, "fever"])
    places, values, offsets = features(some.hashes, some.sizes, some.starts, some.stops, 14)
    expected = [
        model.header.bias + float(np.dot(model.weights[places[a:b]].astype(float), values[a:b]))
        for a, b in pairwise(offsets)
    ]
    np.testing.assert_allclose(model.margins(some), expected, rtol=1e-4, atol=1e-5)
    norms = [float((values[a:b] ** 2).sum()) for a, b in pairwise(offsets)]
    np.testing.assert_allclose(norms, 1, rtol=1e-4)


def test_a_saved_classifier_scores_as_before(tmp_path: Path) -> None:
    model = fitted()
    model.save(tmp_path / "model")
    again = Classifier.load(tmp_path / "model")
    some = words_of(texts(20, 3)[0])
    assert again.header == model.header
    assert again.scores(some).tobytes() == model.scores(some).tobytes()


def test_a_missing_or_damaged_classifier_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="holds no classifier; feed from a corpus"):
        Classifier.load(tmp_path)
    fitted().save(tmp_path)
    weights = tmp_path / "classifier.npy"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(MetierError, match="damaged classifier"):
        Classifier.load(tmp_path)
    fitted().save(tmp_path)
    header = tmp_path / "classifier.json"
    header.write_text(header.read_text().replace("version 1", "version 0"))
    with pytest.raises(MetierError, match="another version"):
        Classifier.load(tmp_path)


def test_a_text_without_words_has_the_score_0() -> None:
    assert fitted().scores(words_of(["", "... !"])).tolist() == [0, 0]


def test_one_side_alone_teaches_nothing() -> None:
    some, _ = texts(10, 1)
    with pytest.raises(MetierError, match="one side is empty"):
        train(words_of(some), np.ones(10, bool), 1)


def test_calibrated_scores_are_shares() -> None:
    """Where a quarter of the texts with a cue are mislabelled, their score is about three quarters."""
    draw = Random(4)

    def noisy(count: int, seed: int) -> tuple[list[str], np.ndarray]:
        some, labels = texts(count, seed)
        return some, np.array([label if draw.random() < 0.75 else not label for label in labels])

    some, labels = noisy(800, 5)
    held, noise = noisy(800, 6)
    model = calibrated(train(words_of(some), labels, 1, bits=14, epochs=3), words_of(held), noise)
    new, truth = texts(400, 7)
    scores = model.scores(words_of(new))
    assert 0.65 < scores[truth].mean() < 0.85
    assert 0.15 < scores[~truth].mean() < 0.35
