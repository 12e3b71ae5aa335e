"""The corpus part of the report: what each step kept and dropped, contradictions, and exam items that were found."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.artefact import Artefact, Cell, Example, Finished
from metier.evals.report import Report, report
from metier.records import MetierError, Question
from metier.run.look import overview
from metier.scores import compact, percent
from tests.evals.runs import artefact, finished, page, text

HOSTILE = '"><img src=x onerror=alert(1)>'
ARABIC = "ذهب الطبيب إلى المستشفى"


def step(home: Path, name: str, stage: str, cells: dict[str, tuple[int, int]], *sources: str, **more: Any) -> Artefact:
    """A step of a corpus chain that kept so many documents and tokens of each language and kind."""
    kept = {key: Cell(documents, tokens * 6, tokens) for key, (documents, tokens) in cells.items()}
    counts = {"document": sum(one.documents for one in kept.values())}
    feeds = {"batch": list(sources)} if sources else {}
    return artefact(home, name, stage, cells=kept, counts=counts, sources=feeds, **more)


def fields(html: str) -> list[list[str]]:
    """The rows of every funnel table: what is written in each field."""
    rows = re.findall(r'<tr class="(?:language|kind|all)">(.*?)</tr>', html, re.S)
    return [[unescape(text(x)).strip() for x in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def test_every_language_and_kind_stands_in_the_funnel_with_the_numbers_of_the_manifests(tmp_path: Path) -> None:
    read = {"zh/web": (1000, 4_100_000), "zh/book": (200, 900_000), "en/web": (12_345, 2_000_000)}
    kept = {"zh/web": (500, 2_050_000), "zh/book": (200, 899_999), "en/web": (9_876, 1_000_000)}
    steps = [
        step(tmp_path, "pages", "corpus.read", read),
        step(tmp_path, "clean", "corpus.clean", kept, "pages", count_in=13_545),
    ]
    html = page(finished(tmp_path, steps), tmp_path)
    assert fields(html) == [
        ["zh", "1,200 5.0M", "700 58.3% 2.9M 59.0%"],
        ["web", "1,000 4.1M", "500 50.0% 2.0M 50.0%"],
        ["book", "200 900.0k", "200 100% 900.0k >99.9%"],
        ["en · web", "12.3k 2.0M", "9,876 80.0% 1.0M 50.0%"],
        ["all", "13.5k 7.0M", "10.6k 78.1% 3.9M 56.4%"],
    ]
    for one in steps:
        for cell in (one.manifest or pytest.fail("unfinished")).cells.values():
            exact = f"{cell.documents:,} documents, {cell.tokens:,} tokens, {cell.characters:,} characters"
            assert f'title="{exact}"' in html


def test_one_source_of_one_language_is_one_line(tmp_path: Path) -> None:
    steps = [
        step(tmp_path, "pages", "corpus.read", {"en/web": (10, 900)}),
        step(tmp_path, "clean", "corpus.clean", {}, "pages", count_in=10),
    ]
    assert fields(page(finished(tmp_path, steps), tmp_path)) == [["en · web", "10 900", "0 0% 0 0%"]]


def test_shares_of_a_language_start_at_the_step_that_found_it(tmp_path: Path) -> None:
    steps = [
        step(tmp_path, "pages", "corpus.read", {"/web": (100, 1000)}),
        step(
            tmp_path, "language", "corpus.language", {"en/web": (60, 700), "ar/web": (30, 200)}, "pages", count_in=100
        ),
        step(tmp_path, "unique", "corpus.dedup", {"en/web": (30, 350), "ar/web": (30, 200)}, "language", count_in=90),
    ]
    html = page(finished(tmp_path, steps), tmp_path)
    assert fields(html) == [
        ["en · web", "—", "60 700", "30 50.0% 350 50.0%"],
        ["ar · web", "—", "30 200", "30 100% 200 100%"],
        ["unknown · web", "100 1,000", "—", "—"],
        ["all", "100 1,000", "90 90.0% 900 90.0%", "60 60.0% 550 55.0%"],
    ]
    assert "language gave documents their language" in text(html)


def test_passages_are_called_so_and_have_no_share(tmp_path: Path) -> None:
    steps = [
        step(tmp_path, "pages", "corpus.read", {"en/book": (2, 1000)}),
        step(tmp_path, "passages", "corpus.segment", {"en/book": (30, 1000)}, "pages", count_in=2),
        step(tmp_path, "unique", "corpus.dedup", {"en/book": (15, 500)}, "passages", count_in=30),
    ]
    html = page(finished(tmp_path, steps), tmp_path)
    assert fields(html) == [["en · book", "2 1,000", "30 1,000 100%", "15 500 50.0%"]]
    assert html.count('title="15 passages, 500 tokens') == 1
    assert "From passages on the documents are passages" in text(html)


def test_sources_that_meet_are_a_funnel_each_and_one_for_what_follows(tmp_path: Path) -> None:
    steps = [
        step(tmp_path, "web", "corpus.read", {"en/web": (100, 1000)}),
        step(tmp_path, "tidy", "corpus.clean", {"en/web": (50, 600)}, "web", count_in=100),
        step(tmp_path, "books", "corpus.read", {"en/book": (10, 2000)}),
        step(tmp_path, "unique", "corpus.dedup", {"en/web": (40, 500), "en/book": (10, 2000)}, "tidy", "books"),
    ]
    html = page(finished(tmp_path, steps), tmp_path)
    assert fields(html) == [
        ["en · web", "100 1,000", "50 50.0% 600 60.0%"],
        ["en · book", "10 2,000"],
        ["en", "60 2,600", "50 83.3% 2,500 96.2%"],
        ["book", "10 2,000", "10 100% 2,000 100%"],
        ["web", "50 600", "40 80.0% 500 83.3%"],
    ]
    assert "tidy + books came in" in text(html)
    assert "Of the 3,000 tokens of web + books 83.3% are left." in text(html)


def test_many_languages_are_folded_and_none_is_lost(tmp_path: Path) -> None:
    cells = {f"l{n}/web": (1, 1000 - n) for n in range(40)}
    rows = fields(page(finished(tmp_path, [step(tmp_path, "pages", "corpus.read", cells)]), tmp_path))
    assert [row[0] for row in rows] == [*(f"l{n} · web" for n in range(12)), "28 others · web", "all"]
    assert rows[-2][1] == f"28 {compact(sum(1000 - n for n in range(12, 40)))}"


def test_a_source_that_nobody_counted_shows_how_many_documents_it_had(tmp_path: Path) -> None:
    steps = [
        artefact(tmp_path, "drugs", "world.write", counts={"document": 50}),
        step(tmp_path, "clean", "corpus.clean", {"en/web": (40, 700)}, "drugs", count_in=50),
    ]
    html = page(finished(tmp_path, steps), tmp_path)
    assert fields(html) == [["en · web", "50", "40 80.0% 700 100%"]]
    assert "drugs was not counted" in text(html)


def test_a_run_without_corpus_steps_has_no_funnel(tmp_path: Path) -> None:
    run = finished(tmp_path, [artefact(tmp_path, "exam", "evals.read", [Question("q", "Which?")])])
    seen = text(page(run, tmp_path))
    assert not [word for word in ("Corpus funnel", "Conflicts", "Exam items") if word in seen]


def dropping(home: Path, reasons: dict[str, int], examples: dict[str, list[Example]]) -> str:
    lost = sum(reasons.values())
    kept = {"en/web": (200 - lost, 1000)}
    one = step(home, "unique", "corpus.dedup", kept, count_in=200, dropped=reasons, examples=examples)
    return page(finished(home, [one]), home)


def test_reasons_have_counts_shares_and_examples_with_their_details(tmp_path: Path) -> None:
    some = [
        Example("w0034", f"{ARABIC} {'و' * 500}", "of w0012, similarity 0.871"),
        Example("w0099", "开处方前必须检查肝脏"),
    ]
    html = dropping(tmp_path, {"exact duplicate": 1, "near duplicate": 20}, {"near duplicate": some})
    seen = text(html)
    assert "21 dropped (10.5%)" in seen
    assert "20 10.0% near duplicate" in seen
    assert "1 0.5% exact duplicate" in seen
    assert "w0034 of w0012, similarity 0.871" in seen
    assert "开处方前必须检查肝脏" in seen
    assert f'<q class="excerpt" dir="auto">{ARABIC}' in html
    assert "و" * 500 not in html
    assert seen.index("near duplicate") < seen.index("exact duplicate")


def test_rare_reasons_are_summed_up(tmp_path: Path) -> None:
    seen = text(dropping(tmp_path, {f"reason {n}": 16 - n for n in range(16)}, {}))
    assert "reason 11" in seen
    assert "reason 12" not in seen
    assert "and 10 for 4 rarer reasons" in seen


def test_a_step_that_drops_nothing_shows_no_reasons(tmp_path: Path) -> None:
    masked = step(tmp_path, "mask", "corpus.mask", {"en/web": (5, 50)}, count_in=5)
    assert 'class="reason' not in page(finished(tmp_path, [masked]), tmp_path)


def with_files(home: Path, **files: str) -> Finished:
    exam = artefact(home, "exam", "evals.read", [Question("q1", f"What {HOSTILE} helps?"), Question("q2", ARABIC)])
    named = {f"{name}.json{'' if name == 'items' else 'l'}": content for name, content in files.items()}
    return finished(home, [exam, step(home, "checked", "corpus.dedup", {"en/web": (5, 50)}, files=named)])


def test_contradictions_stand_side_by_side_with_their_total(tmp_path: Path) -> None:
    pair = {"entity": HOSTILE, "documents": ["w1", "w2"], "similarity": 0.91}
    lines = [{**pair, "differences": [["赞 利 西 林", HOSTILE], ["5 mg", ""]]}]
    lines += [{**pair, "entity": f"drug {n}", "differences": [[f"w{n}", "x"]] * 9} for n in range(30)]
    html = page(with_files(tmp_path, conflicts="\n".join(json.dumps(one) for one in lines)), tmp_path)
    seen = text(html)
    assert "31 pairs, the first 20 here" in seen
    assert "similarity 0.910 w1 w2 赞利西林" in seen
    assert "5 mg nothing" in seen
    assert "drug 18" in seen
    assert "drug 19" not in seen
    assert "and 3 more" in seen
    assert "<img" not in html
    assert html.count("&lt;img src=x") == 2


def test_exam_items_found_are_counted_by_exam_with_their_stems(tmp_path: Path) -> None:
    exams = {
        "exam": {
            "questions": 8,
            "hit": 2,
            "ids": ["q1", "q2"],
            "common phrases": ["q3"],
            "too short to search": ["q4"],
        },
        "other": {"questions": 5, "hit": 0, "ids": [], "common phrases": [], "too short to search": []},
    }
    found = [("d1", "q1", "stem", 0.75), ("d2", "q1", "stem", 1.0), ("d2", "q2", "short stem", 1.0)]
    found += [("a page with a common phrase", "q3", "common phrase", 1.0)]
    hits = [dict(zip(("document", "question", "how", "share"), one, strict=True)) for one in found]
    lines = "\n".join(json.dumps(one) for one in hits)
    html = page(with_files(tmp_path, items=json.dumps(exams), hits=lines), tmp_path)
    seen = text(html)
    assert "2 of 8 questions found (25.0%), in 2 documents by stem 2, short stem 1" in seen
    assert "0 of 5 questions found (0%), in 0 documents" in seen
    assert "q1 What &#34;&gt;&lt;img src=x onerror=alert(1)&gt; helps? d1 and 1 more stem 75.0%" in seen
    assert f'dir="auto">{ARABIC}' in html
    assert "1 more stand in so many documents" in seen
    assert "1 are too short" in seen
    assert "a page with" not in seen


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"conflicts": '{"entity": "x"}'}, r"conflicts.jsonl:1: damaged .*run the step again"),
        ({"items": "{}", "hits": '\n{"document"'}, r"hits.jsonl:2: damaged"),
        ({"items": '{"exam": 3}'}, r"items.json: damaged"),
    ],
)
def test_a_damaged_file_is_an_error_that_names_its_line(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(MetierError, match=said):
        report(with_files(tmp_path, **files), Report(), tmp_path)


def test_look_shows_what_was_kept_by_language_and_kind_where_there_are_several(tmp_path: Path) -> None:
    several = step(tmp_path, "pages", "corpus.read", {"/web": (7, 1234), "zh/book": (3, 5000)})
    one = step(tmp_path, "few", "corpus.read", {"en/web": (7, 1234)})
    assert [line.split() for line in overview(several.manifest or pytest.fail("unfinished")).splitlines()[-2:]] == [
        ["zh", "book", "3", "5,000"],
        ["unknown", "web", "7", "1,234"],
    ]
    assert "language" not in overview(one.manifest or pytest.fail("unfinished"))


@given(st.integers(0, 10**10), st.integers(1, 10**10))
def test_short_numbers_are_near_the_exact_ones_and_all_or_nothing_is_said_of_nothing_else(
    part: int, whole: int
) -> None:
    size = {"k": 1e3, "M": 1e6, "B": 1e9}.get(compact(part)[-1], 1)
    assert float(compact(part).rstrip("kMB").replace(",", "")) * size == pytest.approx(part, rel=0.051)
    assert "1000." not in compact(part)
    part = min(part, whole)
    assert (percent(part, whole) == "100%") == (part == whole)
    assert (percent(part, whole) == "0%") == (part == 0)
