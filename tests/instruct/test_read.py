import datetime
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metier.instruct.read import Read, read
from metier.records import Conversation, Document, Dropped, Message, MetierError, Preference, ToolCall
from tests.corpus.helpers import write

SHAREGPT = {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}
TURNS = (Message("user", "q"), Message("assistant", "a"))


def lines(path: Path, rows: Iterable[Any], encoding: str = "utf-8") -> Path:
    return write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding)


def all_of(path: Path, **settings: Any) -> list[Any]:
    out = path.parent / "out"
    out.mkdir(exist_ok=True)
    return list(read(Read(paths=str(path), **settings), out))


def notes(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path.parent / "out/notes.json").read_text())
    return found


def only(path: Path, **settings: Any) -> Any:
    [record] = all_of(path, **settings)
    return record


def why(row: Any, tmp_path: Path, **settings: Any) -> tuple[str, str]:
    dropped = all_of(lines(tmp_path / "x.jsonl", [row]), **settings)[0]
    assert isinstance(dropped, Dropped), dropped
    assert dropped.id == "x.jsonl:1"
    return dropped.why, dropped.detail


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.ndjson", "a.json"])
def test_packed_or_not(tmp_path: Path, name: str) -> None:
    assert only(lines(tmp_path / name, [SHAREGPT])) == Conversation(f"{name}:1", TURNS, "a")


FORMS: dict[str, dict[str, Any]] = {
    "sharegpt": SHAREGPT,
    "messages": {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
    "alpaca": {"instruction": "q", "input": "", "output": "a"},
    "huatuo": {"id": "7", "data": ["问：q", "答：a"]},
    "qa": {"question": "q", "answer": "a"},
    "self_instruct": {"instruction": "q", "instances": [{"input": "", "output": "a"}]},
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_one_conversation_is_found(tmp_path: Path, name: str) -> None:
    path = lines(tmp_path / "x.jsonl", [FORMS[name]])
    assert only(path) == Conversation("x.jsonl:1", TURNS, "x")
    assert notes(path)["files"][0]["format"] == name
    assert only(path, format=name) == Conversation("x.jsonl:1", TURNS, "x")


def test_one_column_one_list_also_in_a_cell(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", 'conversations\n"' + json.dumps(SHAREGPT["conversations"]).replace('"', '""') + '"'
    )
    assert only(path).messages == TURNS


def test_settings_fill_the_fields(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [SHAREGPT | {"n": 3, "origin": "ward"}])
    found = only(path, id=("origin", "n"), source_column="origin", language="zh", system="Be brief.")
    assert found == Conversation("ward:3", (Message("system", "Be brief."), *TURNS), "ward", "zh")
    assert only(path, source="mine").source == "mine"
    assert "columns left out: n, origin" in notes(path)["a.jsonl"]


def test_what_another_program_calls_things(tmp_path: Path) -> None:
    row = {"talk": [{"role": "nurse", "content": "a"}], "persona": "Kind."}
    row["talk"].insert(0, {"role": "guest", "content": "q"})  # type: ignore[attr-defined]
    path = lines(tmp_path / "a.jsonl", [row])
    columns = {"messages": "talk", "system": "persona"}
    found = only(path, columns=columns, roles={"nurse": "assistant", "guest": "user"})
    assert found.messages == (Message("system", "Kind."), *TURNS)
    with pytest.raises(MetierError, match="no row has a column 'tlak'; did you mean 'talk'"):
        all_of(path, columns={"messages": "tlak"})


def test_tools_calls_and_results_of_sharegpt(tmp_path: Path) -> None:
    call = {"name": "dose", "arguments": {"drug": "青霉素"}}
    turns = [
        {"from": "human", "value": "q"},
        {"from": "gpt", "value": "Let me look."},
        {"from": "function_call", "value": json.dumps(call, ensure_ascii=False)},
        {"from": "observation", "value": ""},
        {"from": "gpt", "value": "a"},
    ]
    row = {"conversations": turns, "tools": '[{"name": "dose"}]', "system": "Be brief."}
    assert only(lines(tmp_path / "a.jsonl", [row])).messages == (
        Message("system", 'Be brief.\n\n<tools>\n[{"name": "dose"}]\n</tools>'),
        Message("user", "q"),
        Message("assistant", "Let me look.", (ToolCall("dose", '{"drug": "青霉素"}'),)),
        Message("tool", ""),
        Message("assistant", "a"),
    )


def test_openai_parts_nulls_and_results_in_the_order_of_the_calls(tmp_path: Path) -> None:
    calls = [{"id": id, "type": "function", "function": {"name": id, "arguments": "{}"}} for id in ("one", "two")]
    turns = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "q"}, {"type": "text", "text": "r"}]},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "two", "content": "2"},
        {"role": "tool", "tool_call_id": "one", "content": "1"},
        {"role": "assistant", "content": "a", "refusal": None},
    ]
    path = lines(tmp_path / "a.jsonl", [{"messages": turns}])
    assert only(path).messages == (
        Message("system", "Be brief."),
        Message("user", "q\nr"),
        Message("assistant", "", (ToolCall("one"), ToolCall("two"))),
        Message("tool", "1"),
        Message("tool", "2"),
        Message("assistant", "a"),
    )
    assert "columns left out: messages.refusal" in notes(path)["a.jsonl"]


def test_alpaca_with_input_history_and_system(tmp_path: Path) -> None:
    row = {"instruction": "q", "input": "more", "output": "a", "history": [["q0", "a0"]], "system": "s"}
    roles = ("system", "user", "assistant", "user", "assistant")
    said = ("s", "q0", "a0", "q\nmore", "a")
    expected = tuple(Message(role, text) for role, text in zip(roles, said, strict=True))  # type: ignore[arg-type]
    assert only(lines(tmp_path / "a.jsonl", [row])).messages == expected


def test_sources_of_huatuo(tmp_path: Path) -> None:
    path = write(tmp_path / "sft.json", json.dumps({"polished": [["q", "a"], ["q", "a", "q2", "a2"]], "real": [["q"]]}))
    one, two, bad = all_of(path)
    assert one == Conversation("sft.json:1?polished.0", TURNS, "polished")
    assert [message.content for message in two.messages] == ["q", "a", "q2", "a2"]
    assert (bad.id, bad.why) == ("sft.json:1?real.0", "does not end with the assistant")


def test_marks_of_speakers_come_off_where_all_turns_have_them(tmp_path: Path) -> None:
    rows = [{"data": ["问:q", "答：a"]}, {"data": ["问：q", "a"]}, {"data": ["患者： q", "医生：答：a"]}]
    one, two, three = all_of(lines(tmp_path / "a.jsonl", rows))
    assert one.messages == TURNS
    assert two.messages[0].content == "问：q"
    assert [message.content for message in three.messages] == [" q", "答：a"]


def test_chinese_columns_in_gb18030_with_a_template(tmp_path: Path) -> None:
    rows = "department,title,ask,answer\n心血管科,能吃党参吗？,高血压多年。,可以。\n心血管科,,只有这里,好。\n"
    path = write(tmp_path / "a.csv", rows + "内科,标题,,\n", "gb18030")
    one, two, bad = all_of(path, source_column="department")
    assert one == Conversation(
        "a.csv:2", (Message("user", "能吃党参吗？\n高血压多年。"), Message("assistant", "可以。")), "心血管科"
    )
    assert two.messages[0].content == "只有这里"
    assert bad == Dropped("a.csv:4", "no answer")
    assert all_of(path, question="ask", answer="{title}：{answer}")[0].messages[1].content == "能吃党参吗？：可以。"
    with pytest.raises(MetierError, match="no row has a column 'aks'; did you mean 'ask'"):
        all_of(path, question="{title} {aks}", answer="answer")


def test_instances_of_one_instruction(tmp_path: Path) -> None:
    row = {"id": "seed_0", "instruction": "Add.", "instances": [{"input": "1 1", "output": "2"}, {"output": ""}, 3]}
    one, two, three = all_of(lines(tmp_path / "a.jsonl", [row]), id="id")
    assert (one.id, one.messages[0].content) == ("seed_0?0", "Add.\n1 1")
    assert two == Dropped("a.jsonl:1?1", "no answer")
    assert three == Dropped("a.jsonl:1?2", "an instance is not an object")


PROMPT = [{"role": "user", "content": "q"}]
PAIRS: dict[str, dict[str, Any]] = {
    "strings behind turns": {"conversations": [{"from": "human", "value": "q"}], "chosen": "a", "rejected": "b"},
    "rankings": {
        "conversations": [{"from": "human", "value": "q"}],
        "chosen": {"from": "gpt", "value": "a"},
        "rejected": {"from": "gpt", "value": "b"},
    },
    "strings": {"prompt": "q", "chosen": "a", "rejected": "b"},
    "instruction": {"instruction": "q", "input": "", "chosen": "a", "rejected": "b"},
    "lists": {
        "prompt": PROMPT,
        "chosen": [{"role": "assistant", "content": "a"}],
        "rejected": [{"role": "assistant", "content": "b"}],
    },
    "whole conversations": {
        "chosen": [*PROMPT, {"role": "assistant", "content": "a"}],
        "rejected": [*PROMPT, {"role": "assistant", "content": "b"}],
    },
    "a prompt beside whole conversations": {
        "prompt": "q",
        "chosen": [*PROMPT, {"role": "assistant", "content": "a"}],
        "rejected": [*PROMPT, {"role": "assistant", "content": "b"}],
    },
    "transcripts": {"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b"},
}


@pytest.mark.parametrize("name", PAIRS)
def test_every_form_of_one_preference(tmp_path: Path, name: str) -> None:
    assert only(lines(tmp_path / "x.jsonl", [PAIRS[name]])) == Preference("x.jsonl:1", TURNS[:1], "a", "b")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rejected": "a"}, "both replies are the same"),
        ({"rejected": ""}, "no rejected reply"),
        ({"chosen": 3}, "a reply is not text"),
        ({"prompt": ""}, "no prompt"),
        ({"prompt": [{"role": "assistant", "content": "x"}]}, "does not begin with the user"),
        ({"prompt": ["q", "r"]}, "the prompt is not text"),
        ({"chosen": {"role": "assistant", "content": "a", "tool_calls": [{"name": "f"}]}}, "a reply calls a tool"),
        ({"prompt": None, "chosen": "\n\nHuman: q\n\nAssistant: a"}, "the prompts of the two replies differ"),
    ],
)
def test_preferences_that_are_none(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    assert why({"prompt": "q", "chosen": "a", "rejected": "b"} | change, tmp_path)[0] == reason


def test_no_words_of_a_prompt_are_joined_to_the_replies(tmp_path: Path) -> None:
    prompt = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "Well,"}]
    path = lines(tmp_path / "x.jsonl", [{"prompt": prompt, "chosen": "a", "rejected": "b"}])
    assert only(path, mend=("repeated",)).why == "two turns of one role on end"
    assert notes(path)["files"][0]["counts"] == {"rows": 1, "dropped": 1}


def test_a_reply_that_begins_like_a_list_stays_text(tmp_path: Path) -> None:
    row = {"prompt": "[1, 2]", "chosen": '["a"]', "rejected": "[]"}
    assert only(lines(tmp_path / "x.jsonl", [row])) == Preference(
        "x.jsonl:1", (Message("user", "[1, 2]"),), '["a"]', "[]"
    )


def test_cases_and_questions_become_documents(tmp_path: Path) -> None:
    cases = lines(tmp_path / "cases.jsonl", [{"id": 7, "medical_case": "Cough.", "doctor_diagnosis": "Cold", "x": [1]}])
    meta = {"id": "7", "doctor_diagnosis": "Cold", "x": "[1]"}
    assert only(cases, id="id", language="en") == Document("7", "Cough.", "cases", "dialogue", "en", meta=meta)
    questions = write(tmp_path / "q.json", json.dumps([{"id": "s5", "label": "功效作用", "query": "有什么作用？"}]))
    assert only(questions) == Document(
        "q.json:1", "有什么作用？", "q", "dialogue", meta={"id": "s5", "label": "功效作用"}
    )


def test_nested_columns_of_parquet(tmp_path: Path) -> None:
    rows = [FORMS["messages"], {"messages": None}, {"messages": [{"role": "user", "content": "q"}]}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    one, two, three = all_of(tmp_path / "a.parquet")
    assert one == Conversation("a.parquet:1", TURNS, "a")
    assert two == Dropped("a.parquet:2", "no turns")
    assert three.why == "does not end with the assistant"


def test_what_a_table_leaves_empty_counts_as_absent(tmp_path: Path) -> None:
    other = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]
    rows = [FORMS["messages"] | {"system": None}, {"messages": other, "day": None}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    assert [record.messages for record in all_of(tmp_path / "a.parquet")] == [TURNS, TURNS]
    assert notes(tmp_path / "a.parquet")["files"][0]["left_out"] == []


def test_a_date_is_text_without_quotes(tmp_path: Path) -> None:
    rows = [{"medical_case": "Cough.", "day": datetime.date(2020, 1, 2)}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    assert only(tmp_path / "a.parquet", id="day") == Document(
        "2020-01-02", "Cough.", "a", "dialogue", meta={"day": "2020-01-02"}
    )


def test_every_row_of_sources_is_accounted_for(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{"s": [["q", "a"]]}, {"s": []}, {}, {"s": "q"}])
    assert [(record.id, getattr(record, "why", "")) for record in all_of(path)] == [
        ("a.jsonl:1?s.0", ""),
        ("a.jsonl:2?s", "no turns"),
        ("a.jsonl:3", "no turns"),
        ("a.jsonl:4?s", "the turns are not a list"),
    ]


def test_fields_that_are_no_text(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [SHAREGPT | {"id": [1]}, SHAREGPT | {"id": "x", "source": {"a": 1}}])
    assert [record.why for record in all_of(path, fields=True)] == ["the id is not text", "the source is not text"]


def talk(*pairs: tuple[str, Any]) -> dict[str, Any]:
    return {"conversations": [{"from": role, "value": value} for role, value in pairs]}


Q, A = ("human", "q"), ("gpt", "a")
WRONG: dict[str, tuple[Any, str]] = {
    "gap": (talk(Q, ("gpt", " ")), "an empty turn"),
    "null": (talk(("human", None), A), "an empty turn"),
    "first": (talk(A, Q, A), "does not begin with the user"),
    "last": (talk(Q, A, Q), "does not end with the assistant"),
    "twice": (talk(Q, Q, A), "two turns of one role on end"),
    "late system": (talk(Q, ("system", "s"), A), "a system message after the first turn"),
    "call": (talk(Q, ("function_call", '{"name": "f"}'), A), "a tool call without its result"),
    "result": (talk(Q, A, ("observation", "x"), A), "a tool result without its call"),
    "half a call": (talk(Q, ("function_call", '{"name"'), A), "malformed tool call"),
    "role": (talk(("alien", "q"), A), "unknown role"),
    "number": (talk(("human", 5), A), "a turn is not text"),
    "text": ({"conversations": "q"}, "the turns are not a list"),
    "strings": ({"conversations": [*talk(Q)["conversations"], "a"]}, "a turn is not an object"),
    "nothing": ({"conversations": []}, "no exchange of user and assistant"),
    "image": (
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}, {"role": "assistant", "content": "a"}]},
        "a turn is not text",
    ),
    "history": ({"instruction": "q", "output": "a", "history": [["q"]]}, "malformed history"),
    "nested answer": ({"question": "q", "answer": {"text": "a"}}, "the answer is not text"),
    "empty answer": ({"question": "q", "answer": " "}, "no answer"),
    "no instance": ({"instruction": "q", "instances": []}, "no instances"),
}


@pytest.mark.parametrize("name", WRONG)
def test_rows_that_are_no_conversation_say_why(tmp_path: Path, name: str) -> None:
    row, reason = WRONG[name]
    assert why(row, tmp_path)[0] == reason
    with pytest.raises(MetierError, match=rf"x.jsonl:1: {reason}.*mend the row, or leave strict out"):
        all_of(tmp_path / "x.jsonl", strict=True)


@pytest.mark.parametrize(
    ("row", "mend", "said"),
    [
        (talk(A, Q, A), ("start",), ["q", "a"]),
        (talk(Q, A, Q), ("end",), ["q", "a"]),
        (talk(Q, Q, A, A), ("repeated",), ["q\n\nq", "a\n\na"]),
        (talk(Q, ("gpt", ""), Q, A), ("empty", "repeated"), ["q\n\nq", "a"]),
        (talk(Q, A, Q, ("function_call", '{"name": "f"}'), ("observation", "x")), ("end",), ["q", "a"]),
    ],
)
def test_what_can_be_mended(tmp_path: Path, row: Any, mend: tuple[str, ...], said: list[str]) -> None:
    path = lines(tmp_path / "x.jsonl", [row, SHAREGPT])
    mended, untouched = all_of(path, mend=mend)
    assert [message.content for message in mended.messages] == said
    assert untouched.messages == TURNS
    assert notes(path)["files"][0]["counts"] == {"rows": 2, "mended": 1, "conversation": 2}


def test_nothing_is_lost_of_a_damaged_file(tmp_path: Path) -> None:
    good = json.dumps(SHAREGPT)
    text = f'\ufeff{good}\n{{"conversations": [\n\n[1]\n{{"conversations": "\\ud800"}}\n{good}'
    path = write(tmp_path / "a.jsonl", text)
    records = all_of(path)
    assert [(record.id, getattr(record, "why", "")) for record in records] == [
        ("a.jsonl:1", ""),
        ("a.jsonl:2", "malformed JSON"),
        ("a.jsonl:4", "not a JSON object"),
        ("a.jsonl:5", "malformed JSON"),
        ("a.jsonl:6", ""),
    ]
    assert notes(path)["a.jsonl"] == "sharegpt, 5 rows: 2 conversations, 3 dropped"


def test_an_id_counts_once_over_all_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        lines(tmp_path / f"{name}.jsonl", [SHAREGPT | {"key": "k"}, SHAREGPT | {"key": None}])
    out = all_of(tmp_path / "*.jsonl", id="key")
    assert [(record.id, getattr(record, "why", "")) for record in out] == [
        ("k", ""),
        ("a.jsonl:2", "the id is empty"),
        ("b.jsonl:1", "repeated id"),
        ("b.jsonl:2", "the id is empty"),
    ]
    assert [record.id for record in all_of(tmp_path / "*.jsonl")] == [f"{n}.jsonl:{i}" for n in "ab" for i in (1, 2)]


def test_a_row_of_another_format_is_dropped(tmp_path: Path) -> None:
    rows = [SHAREGPT, SHAREGPT, {"instruction": "q", "output": "a"}]
    assert [getattr(record, "why", "") for record in all_of(lines(tmp_path / "a.jsonl", rows))] == ["", "", "no turns"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", "", "a.jsonl: is empty"),
        ("a.jsonl", '{"body": "x", "n": 1}', "a.jsonl: columns body, n are of no known format; name its format"),
        ("a.docx", "x", "a.docx: the name does not tell the format; end it in csv, json"),
        ("a.parquet", "x", "a.parquet: not a readable Parquet file"),
        ("a.parquet.gz", "x", "a.parquet.gz: Parquet is read where it lies here unpacked"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(MetierError, match=message):
        all_of(write(tmp_path / name, text))


def test_settings_that_contradict_each_other() -> None:
    for settings, message in (
        ({"question": "q"}, "question and answer: name both"),
        ({"source": "a", "source_column": "b"}, "name one of the two"),
        ({"fields": True, "id": "key"}, "fields: names the columns of id"),
    ):
        with pytest.raises(ValueError, match=message):
            Read(paths="x", **settings)  # type: ignore[arg-type]


DATA = Path(__file__).parents[2] / "../shared/data/dialogue"
HELD: dict[str, tuple[str, dict[str, int]]] = {
    "KUAKE-QIC_100.json": ("questions", {"Document": 100}),
    "Med-dialog_100.json": ("cases", {"Document": 100}),
    "dpo_zh_500.jsonl": ("preferences", {"Preference": 500}),
    "glaive_toolcall_zh_demo.jsonl": ("sharegpt", {"Conversation": 298, "a tool result without its call": 2}),
    "medical_sft_1K_format.jsonl": ("sharegpt", {"Conversation": 1000}),
    "self_instruct_seed_tasks.jsonl": ("self_instruct", {"Conversation": 175}),
    "self_instruct_user_oriented.jsonl": ("self_instruct", {"Conversation": 252}),
    "sharegpt_zh_1K_format.jsonl": (
        "sharegpt",
        {"Conversation": 992, "does not end with the assistant": 7, "an empty turn": 1},
    ),
    "toyhom_sample_gb18030.csv": ("qa", {"Conversation": 7644}),
}


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
@pytest.mark.parametrize("name", HELD)
def test_published_files(tmp_path: Path, name: str) -> None:
    format, counts = HELD[name]
    records = list(read(Read(paths=str(DATA / name)), tmp_path))
    assert Counter(r.why if isinstance(r, Dropped) else type(r).__name__ for r in records) == counts
    [note] = json.loads((tmp_path / "notes.json").read_text())["files"]
    assert note["format"] == format
    assert note["counts"]["rows"] == len(records) == len({record.id for record in records})
