"""The corpus of the world through the stages that every recipe cleans with."""

from collections import Counter
from pathlib import Path

import pytest

from metier.batch import Batch
from metier.corpus.clean import Clean, clean
from metier.corpus.dedup import Dedup
from metier.instruct.extract import Extract, extract
from metier.records import Conversation, Document
from metier.world.drugs import make
from metier.world.wording import drug_wording
from metier.world.write import Write, write
from tests.corpus.helpers import deduplicated


@pytest.mark.parametrize("language", ["en", "zh", "ar"])
def test_cleaning_and_deduplication_drop_the_duplicates_and_nothing_else(tmp_path: Path, language: str) -> None:
    config = Write(subject="drugs", drugs=60, language=language)
    pages = [record for record in write(7, config) if isinstance(record, Document)]
    kinds = Counter(page.meta["page"] for page in pages)
    twins = {page.id for page in pages if "twin" in page.meta}
    assert min(kinds[kind] for kind in ("duplicate", "near_duplicate", "dose_twin")) >= 12
    assert len(twins) >= 6 * 4

    cleaned = clean(Batch.of(Document, pages), Clean(boilerplate=f"asset:world/{language}/boilerplate.txt"))
    assert cleaned.dropped() == []
    halves = [Batch(cleaned.kind, cleaned.rows.slice(at, 100), cleaned.why.slice(at, 100)) for at in range(0, 400, 100)]
    dropped = [(one.id, one.why) for one in deduplicated(tmp_path, [half for half in halves if len(half)], Dedup())]

    duplicates = {page.id for page in pages if page.meta["page"] == "duplicate"}
    assert sorted(dropped) == sorted((id, "exact duplicate") for id in duplicates)
    gone = {id for id, _ in dropped}
    left = Counter(page.meta["page"] for page in pages if page.id not in gone)
    assert left == {kind: count for kind, count in kinds.items() if kind != "duplicate"}
    assert twins - duplicates <= {page.id for page in pages} - gone


@pytest.mark.parametrize("language", ["en", "zh", "ar"])
def test_every_fact_of_a_leaflet_is_found_again_and_nothing_that_is_wrong(language: str) -> None:
    config = Write(subject="drugs", drugs=60, language=language)
    written = (record for record in write(7, config) if isinstance(record, Document))
    pages = [page for page in written if page.kind in ("leaflet", "web")]
    boilerplate = f"asset:world/{language}/boilerplate.txt"
    cleaned = list(clean(Batch.of(Document, pages), Clean(boilerplate=boilerplate)).records())
    wording = drug_wording(language)
    truth = {
        (row.question.format(drug=drug.name), drug.facts[row.fact]): (drug.name, row.fact)
        for drug in make(7, 60, "fresh", wording)
        for row in wording.patterns
    }
    found = set()
    told = [page for page in cleaned if page.meta["page"] != "dose_twin"]
    for talk in extract(told, Extract(patterns=f"asset:world/{language}/patterns.csv")):
        assert isinstance(talk, Conversation), "a page gave nothing"
        found.add(truth[talk.messages[0].content, talk.messages[1].content])
    assert found == set(truth.values())
    assert len(found) == 60 * 8
