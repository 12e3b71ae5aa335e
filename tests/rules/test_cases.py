"""The written cases of the benchmark, and how they are counted."""

from pathlib import Path

import pytest

from benchmarks import rules_cases
from benchmarks.rules_cases import Case, Fires, Result
from metier.records import Message
from metier.rules.table import read

KINDS = (
    "alias", "brand", "salt", "class", "order", "turns", "warning", "negation", "question", "near_miss", "answer",
    "mention", "context", "card", "mixed_script", "obfuscated", "list", "stopped",
)  # fmt: skip


def case(*fires: Fires) -> Case:
    return Case("one", "alias", "en", (Message("assistant", "Text."),), "", fires)


def test_the_cases_written_with_the_code_clear_the_bars() -> None:
    results = rules_cases.run([rules_cases.HOME / "before.jsonl"])
    assert {(one.case.kind, one.case.language) for one in results} >= {
        (kind, language) for kind in KINDS for language in ("zh", "en", "ar")
    }
    assert [bar.name for bar in rules_cases.bars(results) if not bar.holds and bar.name != "cases"] == []


@pytest.mark.parametrize(
    ("fires", "found", "missed", "alarm", "exact"),
    [
        ([Fires("a", "asserts")], {"a": "asserts"}, False, False, True),
        ([Fires("a", "asserts")], {"a": "warns"}, True, False, False),
        ([Fires("a", "asserts")], {"a": "asserts", "b": "asserts"}, False, False, False),
        ([Fires("a", "asserts"), Fires("b", "asserts")], {"a": "asserts"}, True, False, False),
        ([Fires("a", "warns")], {"a": "asserts"}, False, True, False),
        ([Fires("a", "warns")], {"a": "warns"}, False, False, True),
        ([], {"a": "asserts"}, False, True, False),
        ([], {"a": "unknown"}, False, False, False),
        ([], {}, False, False, True),
    ],
)
def test_what_counts(fires: list[Fires], found: dict[str, str], missed: bool, alarm: bool, exact: bool) -> None:
    result = Result("file", case(*fires), found)  # type: ignore[arg-type]
    assert (result.missed, result.alarm, result.exact) == (missed, alarm, exact)


def test_bars_are_those_of_the_unseen_file_where_there_is_one() -> None:
    good, bad = case(), case(Fires("a", "asserts"))
    seen = [Result("before", good, {}), Result("before", bad, {})]
    unseen = [Result("after", good, {}), Result("after", bad, {"a": "asserts"})]
    assert [bar.value for bar in rules_cases.bars(seen)] == [0.0, 0.0, 2]
    assert [bar.value for bar in rules_cases.bars([*seen, *unseen])] == [1.0, 0.0, 4]


def test_the_table_gives_each_share_with_its_count_and_interval() -> None:
    results = [Result("before", case(Fires("a", "asserts")), {"a": "asserts"}), Result("before", case(), {})]
    first = rules_cases.tables(results).splitlines()[1]
    assert first.split("  ")[0] == "before"
    assert "1.000 (1/1, 0.207-1.000)" in first
    assert "0.000 (0/1, 0.000-0.793)" in first


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (['{"id":"x","kind":"alias","language":"en","messages":[],"fires":[{"rule":"no","stance":"warns"}]}'], "'no'"),
        (['{"id":"x","kind":"alias","language":"en","messages":[]}'] * 2, "two cases"),
    ],
)
def test_a_case_that_cannot_be_is_refused(tmp_path: Path, lines: list[str], told: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        rules_cases.cases(path, read("domain:medicine"))
