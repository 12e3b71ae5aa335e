import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metier.preferences.read import Read, read
from metier.records import Dropped, Message, MetierError, Preference, Verdict
from tests.preferences.judged import of, run

REAL = Path(__file__).parents[2] / "../shared/data/dialogue/dpo_zh_500.jsonl"
PROMPT = (Message("user", "Does tea help?"),)
TURNS = [{"role": "user", "content": "Does tea help?"}]


def rows(place: Path, *rows: dict[str, Any], name: str = "pairs.jsonl", **config: Any) -> list[Any]:
    """What rows give that lie in a file."""
    (place / name).write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return run(read, place, {}, config=Read(paths=str(place / name), **config), out=place)


@pytest.mark.parametrize(
    "row",
    [
        {"conversations": [{"from": "human", "value": "Does tea help?"}], "chosen": "Yes.", "rejected": "No."},
        {
            "system": "",
            "history": [],
            "question": "Does tea help?",
            "response_chosen": "Yes.",
            "response_rejected": "No.",
        },
        {"prompt": "Does tea help?", "chosen": "Yes.", "rejected": "No."},
        {"prompt": TURNS, "chosen": [{"role": "assistant", "content": "Yes."}], "rejected": "No."},
        {
            "chosen": [*TURNS, {"role": "assistant", "content": "Yes."}],
            "rejected": [*TURNS, {"role": "assistant", "content": "No."}],
        },
        {
            "chosen": "\n\nHuman: Does tea help?\n\nAssistant: Yes.",
            "rejected": "\n\nHuman: Does tea help?\n\nAssistant: No.",
        },
    ],
    ids=["sharegpt", "medicalgpt", "texts", "trl", "trl whole", "hh"],
)
def test_pairs_as_they_are_published(tmp_path: Path, row: dict[str, Any]) -> None:
    made = rows(tmp_path, row, language="en", source="web")
    assert made == [Preference("pairs.jsonl:1", PROMPT, "Yes.", "No.", None, "web", "en", "pairs.jsonl:1")]


def test_history_and_system_are_part_of_the_prompt(tmp_path: Path) -> None:
    row = {
        "system": "Be kind.",
        "history": [["Hello?", "Hello."]],
        "question": "And tea?",
        "chosen": "a",
        "rejected": "b",
    }
    (one,) = rows(tmp_path, row)
    assert [message.content for message in one.prompt] == ["Be kind.", "Hello?", "Hello.", "And tea?"]


def test_rated_replies_make_pairs(tmp_path: Path) -> None:
    replies = [{"response": text, "overall_score": score} for text, score in (("a", 3), ("b", 9), ("c", "5"), ("a", 1))]
    row = {"instruction": "Does tea help?", "completions": replies}
    made = rows(tmp_path, row)
    assert [(one.id, one.chosen, one.rejected, one.verdict.margin) for one in made] == [
        ("pairs.jsonl:1?0", "b", "c", 4), ("pairs.jsonl:1?1", "b", "a", 6), ("pairs.jsonl:1?2", "b", "a", 8),
        ("pairs.jsonl:1?3", "c", "a", 2), ("pairs.jsonl:1?4", "c", "a", 4),
    ]  # fmt: skip
    assert {one.parent for one in made} == {"pairs.jsonl:1"} and made[0].prompt == PROMPT
    assert [one.chosen + one.rejected for one in rows(tmp_path, row, pairs="best_worst")] == ["ba"]
    assert len(rows(tmp_path, row, margin=4)) == 4
    even = {"instruction": "q", "completions": [{"response": "a", "score": 1}, {"response": "b", "score": 1}]}
    bare = {"instruction": "q", "completions": ["a", "b"]}
    assert [one.why for one in rows(tmp_path, row, even, bare) if isinstance(one, Dropped)] == [
        "no two replies are rated apart",
        "a reply has no rating",
    ]
    both = {"prompt": "q", "chosen": "a", "rejected": "b", "score_chosen": 8.5, "score_rejected": 6.0}
    assert rows(tmp_path, both)[0].verdict.margin == 2.5
    assert rows(tmp_path, both, both | {"score_chosen": 1})[1].why == "the rejected reply is rated higher"
    assert rows(tmp_path, both, both | {"score_chosen": "6"})[1].why == "no two replies are rated apart"
    assert of(rows(tmp_path, both, both | {"score_chosen": 9}, margin=3), Preference)[0].verdict.margin == 3


@pytest.mark.parametrize("rating", ["nan", "inf", "-inf", "good"])
def test_a_rating_that_is_no_number_is_none(tmp_path: Path, rating: str) -> None:
    good = {"prompt": "q", "chosen": "a", "rejected": "b"}
    replies = [{"response": "a", "rating": 3}, {"response": "b", "rating": rating}]
    made = rows(
        tmp_path, good, good | {"score_chosen": rating, "score_rejected": 3}, {"prompt": "q", "responses": replies}
    )
    assert [(type(one), one.id) for one in made[1:]] == [(Dropped, "pairs.jsonl:2"), (Dropped, "pairs.jsonl:3")]
    assert {one.why for one in made[1:]} == {"a reply has no rating"}


def test_votes_are_verdicts_and_preferences(tmp_path: Path) -> None:
    base = {"prompt": "Does tea help?", "response_a": "Yes.", "response_b": "No."}
    made = rows(tmp_path, base | {"winner": "model_b"}, base | {"winner": "Tie"}, rater="nurse")
    verdict, tie = of(made, Verdict)
    assert (verdict.question, verdict.left, verdict.right) == (
        "pairs.jsonl:1",
        "pairs.jsonl:1/left",
        "pairs.jsonl:1/right",
    )
    assert (verdict.winner, verdict.rater, verdict.consistent, verdict.margin) == ("right", "nurse", True, -1)
    assert tie.winner == "tie"
    assert of(made, Preference) == [
        Preference("pairs.jsonl:1", PROMPT, "No.", "Yes.", verdict, "pairs", parent="pairs.jsonl:1")
    ]


def test_a_winner_by_number_is_counted_as_its_file_counts(tmp_path: Path) -> None:
    nought = {"prompt": "q", "response_0": "a", "response_1": "b"}
    made = rows(tmp_path, *(nought | {"winner": at} for at in range(3)))
    assert [one.chosen for one in of(made, Preference)] == ["a", "b"]
    assert of(made, Dropped) == [Dropped("pairs.jsonl:3", "unknown winner", "'2'")]
    one = {"prompt": "q", "output_1": "a", "output_2": "b"}
    made = rows(tmp_path, *(one | {"winner": at} for at in range(3)))
    assert [one.chosen for one in of(made, Preference)] == ["a", "b"]
    assert of(made, Dropped) == [Dropped("pairs.jsonl:1", "unknown winner", "'0'")]


def test_votes_on_answers_known_by_their_ids(tmp_path: Path) -> None:
    row = {"question_id": "p1", "left_id": "m/p1", "right_id": "m/p1~2", "verdict": "0"}
    made = rows(tmp_path, row, columns={"winner": "verdict"}, winners={"0": "left"})
    assert made == [Verdict("p1", "m/p1", "m/p1~2", "left", True, "human", margin=1.0)]
    made = rows(tmp_path, row | {"question_id": ""}, columns={"winner": "verdict"}, winners={"0": "left"})
    assert made == [Dropped("pairs.jsonl:1", "no replies, and no ids of the question and both answers")]


def test_rows_that_are_no_preference_are_dropped_under_their_line(tmp_path: Path) -> None:
    good = {"prompt": "q", "chosen": "a", "rejected": "b"}
    bad: list[tuple[dict[str, Any], str]] = [
        (good | {"rejected": "a "}, "both replies are the same"),
        (good | {"chosen": ""}, "no chosen reply"),
        (good | {"prompt": ""}, "no prompt"),
        (good | {"prompt": [{"role": "wizard", "content": "q"}]}, "unknown role"),
        ({"prompt": "q", "chosen": "a"}, "no pair of replies"),
        ({"prompt": "q", "left": "a", "right": "b", "winner": "perhaps"}, "unknown winner"),
        ({"question_id": "p", "left_id": "x", "right_id": "x", "winner": "A"}, "both replies are the same"),
        (good | {"prompt": [{"role": "assistant", "content": "Hello."}]}, "the prompt does not end with the user"),
    ]
    made = rows(tmp_path, good, *(row for row, _ in bad))
    assert [(one.id, one.why) for one in made[1:]] == [
        (f"pairs.jsonl:{number}", why) for number, (_, why) in enumerate(bad, 2)
    ]
    notes = json.loads((tmp_path / "notes.json").read_text())
    assert notes == {"pairs.jsonl": {"rows": 9, "preference": 1, "dropped": 8}}


def test_columns_roles_ids_and_sources_by_name(tmp_path: Path) -> None:
    turn = [{"role": "nurse", "content": "Good day."}, {"role": "user", "content": "Does tea help?"}]
    row = {"n": 7, "asked": turn, "good": "Yes.", "poor": "No.", "where": "ward"}
    columns = {"prompt": "asked", "chosen": "good", "rejected": "poor"}
    (one,) = rows(tmp_path, row, columns=columns, roles={"nurse": "assistant"}, id="n", source_column="where")
    assert (one.id, one.source, one.chosen, [m.role for m in one.prompt]) == (
        "7",
        "ward",
        "Yes.",
        ["assistant", "user"],
    )
    made = rows(tmp_path, row, row, columns=columns, roles={"nurse": "assistant"}, id="n")
    assert made[1] == Dropped("pairs.jsonl:2", "repeated id", "7")
    with pytest.raises(MetierError, match=r"no row has a column 'god' \(chosen\); did you mean 'good'"):
        rows(tmp_path, row, columns={"chosen": "god"})
    with pytest.raises(MetierError, match="columns asked, good, n, poor, where hold no pair of replies; name them"):
        rows(tmp_path, row)
    with pytest.raises(msgspec.ValidationError, match="source and source_column: name one"):
        msgspec.convert({"paths": "x", "source": "a", "source_column": "b"}, Read)


def test_tables_and_packed_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt,chosen,rejected\nDoes tea help?,Yes.,No.\n")
    pq.write_table(pa.table({"prompt": ["q"], "chosen": ["a"], "rejected": ["b"]}), tmp_path / "b.parquet")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(b'{"prompt": "q", "chosen": "a", "rejected": "b"}\n{"bro'))
    paths = tuple(str(tmp_path / name) for name in ("a.csv", "b.parquet", "c.jsonl.gz"))
    made = run(read, tmp_path, {}, config=Read(paths=paths), out=tmp_path)
    assert [(one.id, one.source) for one in of(made, Preference)] == [
        ("a.csv:2", "a"), ("b.parquet:1", "b"), ("c.jsonl.gz:1", "c"),
    ]  # fmt: skip
    assert [(one.id, one.why) for one in of(made, Dropped)] == [("c.jsonl.gz:2", "malformed JSON")]


@pytest.mark.skipif(not REAL.exists(), reason="the published Chinese pairs are not here")
def test_published_chinese_pairs(tmp_path: Path) -> None:
    made = run(read, tmp_path, {}, config=Read(paths=str(REAL), language="zh"), out=tmp_path)
    assert len(of(made, Preference)) == len(made) == 500
    assert all(one.prompt[-1].role == "user" and one.chosen != one.rejected for one in made)
