"""The corpus recipe in small, from the command line: what becomes of every kind of document whose truth is known."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from metier.artefact import Artefact
from metier.recipe import load
from metier.records import Document
from tests.command import metier

SIZE = 0.1


class Made(NamedTuple):
    """What one run made of its corpus."""

    root: Path
    documents: dict[str, Document]
    """Every document as it was planted."""
    gone: dict[str, str]
    """Id of a document that was left out -> why."""
    passages: dict[str, str]
    """Id of a document -> its text at the end, passages joined."""

    def of(self, truth: str) -> list[Document]:
        """The planted documents of one class."""
        found = [one for one in self.documents.values() if one.meta["truth"] == truth]
        assert len(found) >= 3, truth
        return found

    def kept(self, some: Iterable[Document]) -> float:
        """The share that was kept."""
        found = [one.id not in self.gone for one in some]
        return sum(found) / len(found)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = tmp_path_factory.mktemp("corpus")
    said = metier("run", "corpus", "--set", f"steps.world.size={SIZE}", cwd=place)
    assert said.code == 0, said
    root = place / "runs" / "corpus"
    documents = {one.id: one for one in Artefact(root / "world").records(Document)}
    gone = {one.id: one.why for step in load("corpus").steps for one in Artefact(root / step).dropped()}
    passages: dict[str, list[str]] = defaultdict(list)
    for one in Artefact(root / "passages").records(Document):
        passages[one.parent or one.id].append(one.text)
    return Made(root, documents, gone, {id: "\n".join(some) for id, some in passages.items()})


def test_every_document_is_kept_or_dropped_with_a_reason(made: Made) -> None:
    assert made.gone.keys() | made.passages.keys() == made.documents.keys()
    assert not made.gone.keys() & made.passages.keys()
    assert all(made.gone.values())


def test_of_exact_copies_one_stays(made: Made) -> None:
    families = defaultdict(list)
    for copy in made.of("exact"):
        families[copy.meta["of"]].append(copy.id)
    for original, copies in families.items():
        assert sum(id not in made.gone for id in (original, *copies)) == 1


def test_of_near_copies_one_stays_and_what_is_further_apart_stays_whole(made: Made) -> None:
    close, far = [], []
    for copy in made.of("near"):
        alike = float(copy.meta.get("jaccard3", copy.meta["jaccard"]))
        lost = sum(id in made.gone for id in (copy.id, copy.meta["of"]))
        (close if alike >= 0.8 else far if alike < 0.7 else []).append(lost)
    assert sum(close) >= 0.85 * len(close) and set(close) <= {0, 1}
    assert set(far) == {0}


@pytest.mark.parametrize("truth", ["twin", "conflict", "question"])
def test_what_differs_in_a_fact_or_answers_another_question_stays(made: Made, truth: str) -> None:
    pairs = [one for copy in made.of(truth) for one in (copy, made.documents[copy.meta["of"]])]
    assert {made.gone.get(one.id) for one in pairs} == {None}


def test_contradictions_are_listed(made: Made) -> None:
    lines = (made.root / "unique" / "conflicts.jsonl").read_text(encoding="utf-8").splitlines()
    listed = {frozenset(json.loads(line)["documents"]) for line in lines}
    planted = {
        frozenset((one.id, one.meta["of"])) for one in made.documents.values() if one.meta.get("conflict") == "yes"
    }
    assert len(planted) > 10
    assert len(planted & listed) >= 0.95 * len(planted)


def test_leaks_go_and_pages_on_the_same_topic_stay(made: Made) -> None:
    assert {one.id for one in made.of("leak")} <= made.gone.keys()
    assert "holds an exam item" in {made.gone[one.id] for one in made.of("leak")}
    assert made.kept(made.of("topic")) >= 0.99


def test_bad_pages_go_and_good_ones_stay(made: Made) -> None:
    assert made.kept(made.of("bad")) <= 0.05
    for truth in ("good", "boilerplate", "personal"):
        assert made.kept(made.of(truth)) >= 0.95, truth
    plain = [one for one in made.of("original") if one.meta["class"] == "original"]
    assert made.kept(plain) == 1.0


@pytest.mark.parametrize("language", ["zh", "ar", "en"])
def test_personal_data_is_gone_from_the_text(made: Made, language: str) -> None:
    """Numbers of beds are left out of account: a value of two digits may stand elsewhere in the text."""
    left: dict[str, list[bool]] = defaultdict(list)
    for one in made.of("personal"):
        for _, _, kind, value in json.loads(one.meta["personal"]) if one.language == language else ():
            left[kind].append(value in made.passages.get(one.id, ""))
    assert {"name", "date", "phone", "email"} <= left.keys()
    for kind, found in left.items():
        assert kind == "bed" or sum(found) <= 0.05 * len(found), (kind, found)


def test_menus_and_cookie_notices_are_taken_out(made: Made) -> None:
    """More than half of the lines around a text go: the shipped lists know other sites than the planted ones."""
    lost, planted = 0, 0
    for one in made.of("boilerplate"):
        if one.id not in made.gone:
            after = {" ".join(line.split()) for line in made.passages[one.id].split("\n")}
            own = {" ".join(line.split()) for line in one.meta["clean"].split("\n")}
            around = {" ".join(line.split()) for line in one.text.split("\n")} - own
            planted += len(around)
            lost += len(around - after)
    assert planted > 50 and lost >= 0.5 * planted


def test_the_report_shows_the_funnel(made: Made) -> None:
    page = (made.root / "report.html").read_text(encoding="utf-8")
    for step, reason in (("unique", "near duplicate"), ("decontaminated", "holds an exam item")):
        assert step in page and reason in page
    assert "<script" not in page
    assert list((made.root / "files" / "files").glob("part-*.jsonl.gz"))
