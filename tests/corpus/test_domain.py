"""Fitting a classifier of the domain on seed documents, and extraction by it."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from metier.batch import Batch
from metier.corpus.domain import Domain, domain
from metier.corpus.fit import Fit, Seed, fit
from metier.records import Document, MetierError

DATA = Path(__file__).parents[2] / "../shared/data"
WORDS = {
    "clinic": ("fever", "dose", "nurse", "tablet", "blood", "wound", "doctor", "发热", "服药", "血压", "医生"),
    "railway": ("train", "ticket", "platform", "signal", "engine", "guard", "列车", "车票", "站台", "信号"),
}
PLAIN = ["the", "a", "of", "and", "then", "with", "many", "people", "say", "that", "it", "was", "here", "again"]


def seeds(count: int = 400, noise: float = 0.0, seed: int = 1) -> list[Document]:
    """Documents of two sources in turn; ``noise`` is the share whose source is the other one."""
    draw = Random(seed)
    made = []
    for i in range(count):
        source = ("clinic", "railway")[i % 2]
        said = draw.choices(PLAIN, k=12) + draw.choices(WORDS[source], k=4)
        draw.shuffle(said)
        named = source if draw.random() >= noise else ("railway", "clinic")[i % 2]
        made.append(Document(f"d{i}", " ".join(said), named, language=("en", "zh")[i // 2 % 2]))
    return made


CLINIC = Fit(positive=Seed(values=("clinic",)), bits=14)


def fitted(docs: list[Document], out: Path, config: Fit = CLINIC) -> dict[str, Any]:
    """The notes of a fit."""
    assert list(fit(docs, config, 7, out)) == []
    return dict(json.loads((out / "notes.json").read_text()))


def test_held_out_numbers_carry_their_n_and_interval(tmp_path: Path) -> None:
    notes = fitted(seeds(), tmp_path)
    counts = notes["documents"]
    assert sum(counts["positive"].values()) == sum(counts["negative"].values()) == 200
    recall = notes["held"]["recall"]
    assert recall["n"] == counts["positive"]["held"]
    assert 0.9 < recall["low"] <= recall["value"] <= recall["high"] <= 1
    assert notes["held"]["precision"]["value"] > 0.95
    assert notes["by language"]["en"]["recall"]["n"] + notes["by language"]["zh"]["recall"]["n"] == recall["n"]
    assert notes["languages of one side only"] == []


def test_the_strongest_features_are_readable(tmp_path: Path) -> None:
    features = fitted(seeds(), tmp_path)["features"]
    assert {"fever", "nurse", "wound"} < set(features["positive"])
    assert {"train", "ticket", "guard"} < set(features["negative"])
    assert "血 压" in features["positive"]


def test_a_language_of_one_side_is_named(tmp_path: Path) -> None:
    extra = [Document(f"x{i}", f"الطبيب {i} يصف الدواء", "clinic", language="ar") for i in range(30)]
    assert fitted([*seeds(), *extra], tmp_path)["languages of one side only"] == ["ar"]


def test_random_labels_are_reported_as_chance(tmp_path: Path) -> None:
    draw = Random(3)
    docs = [Document(d.id, d.text, draw.choice(["clinic", "railway"])) for d in seeds(600)]
    with pytest.raises(MetierError, match=r"no better than by chance \(area under the ROC curve 0\.[45]"):
        list(fit(docs, CLINIC, 7, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_precision_out_of_reach_says_the_best(tmp_path: Path) -> None:
    wished = Fit(positive=CLINIC.positive, bits=14, precision=0.999)
    with pytest.raises(MetierError, match=r"precision: 0.999 is not reached; the best is 0\.\d+ \(.* at recall "):
        list(fit(seeds(800, noise=0.25), wished, 7, tmp_path))


def test_too_few_seed_documents_are_counted(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="at least 10 of each are needed"):
        list(fit(seeds(30), CLINIC, 7, tmp_path))
    with pytest.raises(MetierError, match="0 positive and "):
        list(fit(seeds(), Fit(positive=Seed(values=("klinic",))), 7, tmp_path))


def test_what_is_neither_is_dropped_and_columns_may_be_named(tmp_path: Path) -> None:
    docs = [Document(d.id, d.text, "x", meta={"site": f"{d.source}.org"}) for d in seeds()]
    odd = [Document("odd", "nothing", meta={"site": "other.org"}), Document("empty", " ", meta={"site": "clinic.org"})]
    config = Fit(
        positive=Seed(by="site", values=("clinic*",)), negative=Seed(by="site", values=("railway.*",)), bits=14
    )
    lost = [(one.id, one.why) for one in fit([*docs, *odd], config, 7, tmp_path)]
    assert lost == [("odd", "neither positive nor negative"), ("empty", "empty")]


def test_equal_texts_and_groups_stay_on_one_side(tmp_path: Path) -> None:
    """Six texts a side, each many times: two of the three parts lack one, however the copies fall."""
    one = [Document(f"a{i}", "fever dose", "clinic") for i in range(200)]
    other = [Document(f"b{i}", "train ticket", "railway") for i in range(200)]
    with pytest.raises(MetierError, match="at least 10 of each"):
        list(fit(one + other, CLINIC, 7, tmp_path))
    docs = [Document(d.id, d.text, d.source, meta={"book": d.source}) for d in seeds()]
    with pytest.raises(MetierError, match="at least 10 of each"):
        list(fit(docs, Fit(positive=CLINIC.positive, group="book"), 7, tmp_path))
    with pytest.raises(MetierError, match="group: no document has a column 'volume'"):
        list(fit(docs, Fit(positive=CLINIC.positive, group="volume"), 7, tmp_path))


def test_documents_outside_the_domain_are_dropped_with_their_score(tmp_path: Path) -> None:
    fitted(seeds(), tmp_path)
    some = Batch.of(Document, [*seeds(40, seed=9), Document("none", "!!!", meta={"site": "x"})])
    done = domain(some, tmp_path, Domain(score_column="domain"))
    assert {id for id, _ in done.dropped()} == {f"d{i}" for i in range(1, 40, 2)} | {"none"}
    assert {why for _, why in done.dropped()} == {"outside the domain"}
    scores = {doc.id: float(doc.meta["domain"]) for doc in done.records()}
    assert scores["d0"] > scores["d1"] > scores["none"] == 0
    assert list(done.records())[-1].meta["site"] == "x"
    assert domain(some, tmp_path, Domain(threshold=0.0)).dropped() == []
    assert some.values("meta") == domain(some, tmp_path, Domain()).values("meta")


def test_a_step_without_a_classifier_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="holds no classifier"):
        domain(Batch.of(Document, seeds(2)), tmp_path / "nothing", Domain())


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
def test_medical_chats_are_told_from_general_ones(tmp_path: Path) -> None:
    docs = []
    for source, name in (("medical", "medical_sft_1K_format.jsonl"), ("general", "sharegpt_zh_1K_format.jsonl")):
        for i, line in enumerate((DATA / "dialogue" / name).read_text("utf-8").splitlines()):
            said = " ".join(turn["value"] for turn in json.loads(line)["conversations"])
            docs.append(Document(f"{source}{i}", said[:600], source, language="zh"))
    notes = fitted([doc for doc in docs if doc.text.strip()], tmp_path, Fit(positive=Seed(values=("medical",))))
    assert notes["held"]["precision"]["low"] > 0.9
    assert notes["held"]["recall"]["low"] > 0.9
