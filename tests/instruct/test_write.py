import csv
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from metier.instruct.read import Read, read
from metier.instruct.write import Write, write
from metier.records import Conversation, Dropped, Message, MetierError, Preference, ToolCall

Record = Conversation | Preference
TALK = Conversation(
    "c1", (Message("system", "Be brief."), Message("user", "q"), Message("assistant", "a")), "ward", "en", "p1", "r1"
)
PAIR = Preference("p1", TALK.messages[:2], "good", "bad")
CALLS = (ToolCall("dose", '{"drug":"x","mg":5}'),)
TOOLED = Conversation(
    "c2",
    (
        Message("system", 'Be brief.\n\n<tools>\n[{"name": "dose"}]\n</tools>'),
        Message("user", "q"),
        Message("assistant", "", CALLS),
        Message("tool", "5"),
        Message("assistant", "a"),
    ),
)


def put(out: Path, records: Sequence[Record], **config: Any) -> list[Dropped]:
    out.mkdir(exist_ok=True)
    talks = [record for record in records if isinstance(record, Conversation)]
    pairs = [record for record in records if isinstance(record, Preference)]
    return list(write(Write(**config), out, talks, pairs))


def back(out: Path, name: str, **config: Any) -> list[Any]:
    return list(read(Read(paths=str(out / "files" / name), **({"fields": True} | config)), out))


def data(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_messages_as_trl_has_them(tmp_path: Path) -> None:
    assert put(tmp_path, [TALK, TOOLED, PAIR]) == []
    plain, tooled = data(tmp_path / "files/metier.jsonl")
    assert plain["messages"][0] == {"role": "system", "content": "Be brief."}
    assert plain["tools"] is None
    assert json.loads(tooled["tools"]) == [{"name": "dose"}]
    call, result = tooled["messages"][2:4]
    assert call["tool_calls"][0]["function"] == {"name": "dose", "arguments": CALLS[0].arguments}
    assert result["tool_call_id"] == call["tool_calls"][0]["id"]
    [pair] = data(tmp_path / "files/metier-preferences.jsonl")
    assert [turn["role"] for turn in pair["prompt"]] == ["system", "user"]
    assert pair["chosen"] == [{"role": "assistant", "content": "good"}]


def test_sharegpt_as_llama_factory_has_it(tmp_path: Path) -> None:
    put(tmp_path, [TALK, TOOLED, PAIR], format="sharegpt", name="ward")
    plain, tooled = data(tmp_path / "files/ward.jsonl")
    assert [turn["from"] for turn in plain["conversations"]] == ["system", "human", "gpt"]
    assert [turn["from"] for turn in tooled["conversations"][1:]] == ["human", "function_call", "observation", "gpt"]
    assert json.loads(tooled["conversations"][2]["value"]) == {"name": "dose", "arguments": {"drug": "x", "mg": 5}}
    assert plain["tools"] is None
    [pair] = data(tmp_path / "files/ward-preferences.jsonl")
    assert pair["tools"] is None
    assert pair["rejected"] == {"from": "gpt", "value": "bad"}
    [axolotl] = YAML(typ="safe").load((tmp_path / "files/ward.axolotl.yaml").read_text())["datasets"]
    known = {name for names in axolotl["roles"].values() for name in names}
    assert {turn["from"] for turn in (*plain["conversations"], *tooled["conversations"])} == known
    info = json.loads((tmp_path / "files/dataset_info.json").read_text())
    columns = {"messages": "conversations", "tools": "tools"}
    assert info["ward"] == {"file_name": "ward.jsonl", "formatting": "sharegpt", "columns": columns}
    assert info["ward-preferences"]["ranking"] is True
    assert info["ward-preferences"]["columns"] == columns | {"chosen": "chosen", "rejected": "rejected"}


@pytest.mark.parametrize("format", ["messages", "sharegpt", "alpaca"])
def test_every_column_that_is_declared_stands_in_every_row(tmp_path: Path, format: str) -> None:
    put(tmp_path, [TALK, PAIR], format=format)
    listed = tmp_path / "files/dataset_info.json"
    info = json.loads(listed.read_text()) if listed.exists() else {}
    assert len(info) == (0 if format == "messages" else 2)
    for entry in info.values():
        for row in data(tmp_path / "files" / entry["file_name"]):
            assert set(entry["columns"].values()) <= row.keys()
    for name, rl in (("metier", None), ("metier-preferences", "dpo")):
        told = (tmp_path / f"files/{name}.axolotl.yaml").read_text()
        assert ("reads neither history nor system" in told) == (format == "alpaca" and name == "metier")
        snippet = YAML(typ="safe").load(told)
        if format == "alpaca" and rl:
            assert snippet is None
            continue
        [one] = snippet["datasets"]
        assert (snippet.get("rl"), one["path"]) == (rl, f"{name}.jsonl")
        for key, column in one.items():
            assert not key.startswith("field_") or column in data(tmp_path / "files" / one["path"])[0]


def test_what_a_format_cannot_hold_is_dropped_and_says_so(tmp_path: Path) -> None:
    both = Message("assistant", "Let me look.", CALLS)
    beside = Conversation("c3", (*TOOLED.messages[:2], both, *TOOLED.messages[3:]))
    twice = Conversation("c4", (*TOOLED.messages[:4], Message("tool", "6"), TOOLED.messages[4]))
    open_ended = Conversation("c5", TALK.messages[:2])
    short = Conversation("c6", TALK.messages[1:])
    whole = [TALK, TOOLED, beside, twice, open_ended, short]
    out = {d.id: d.why for d in put(tmp_path / "a", whole, format="sharegpt")}
    assert out == {
        "c3": "sharegpt cannot hold words beside a tool call",
        "c4": "sharegpt cannot hold two tool results on end",
        "c5": "does not end with the assistant",
    }
    out = {d.id: d.why for d in put(tmp_path / "b", whole, format="messages")}
    assert out == {"c4": "more tool results than calls", "c5": "does not end with the assistant"}
    out = {d.id: d.why for d in put(tmp_path / "c", whole, format="huatuo")}
    assert out["c1"] == "huatuo cannot hold a system message"
    assert out["c2"] == "huatuo cannot hold tool calls"
    long = Conversation("c7", (*short.messages, *short.messages))
    assert put(tmp_path / "d", [short, long], format="qa") == [Dropped("c7", "qa cannot hold more than one question")]


def test_files_and_entries_of_others_stay(tmp_path: Path) -> None:
    files = tmp_path / "data"
    files.mkdir()
    (files / "dataset_info.json").write_text('{"other": {"file_name": "other.json"}}')
    put(tmp_path, [TALK], to=str(files), name="mine", format="sharegpt")
    assert set(json.loads((files / "dataset_info.json").read_text())) == {"other", "mine"}
    with pytest.raises(MetierError, match=r"mine.jsonl: is there already; remove it, name another place"):
        put(tmp_path, [TALK], to=str(files), name="mine", format="sharegpt")
    before = (files / "mine.jsonl").read_bytes()
    with pytest.raises(MetierError, match="no record that alpaca can hold"):
        put(tmp_path, [TOOLED], to=str(files), name="mine", format="alpaca", overwrite=True)
    assert (files / "mine.jsonl").read_bytes() == before
    put(tmp_path, [TALK, PAIR], to=str(files), name="mine", format="alpaca", overwrite=True)
    assert set(json.loads((files / "dataset_info.json").read_text())) == {"other", "mine", "mine-preferences"}
    assert not [path for path in files.iterdir() if path.name.endswith(".partial")]


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name: 'a/b' cannot be a file's name"):
        Write(name="a/b")
    with pytest.raises(ValueError, match=r"name: '\.\.' cannot be a file's name"):
        Write(name="..")
    with pytest.raises(ValueError, match="to: 's3://x' is in a store"):
        Write(to="s3://x")
    with pytest.raises(MetierError, match="format: qa has no form for preferences; say messages, sharegpt, alpaca"):
        put(tmp_path, [PAIR], format="qa")


TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(str.strip)
JSON = st.dictionaries(TEXT, st.integers(0, 9) | TEXT, max_size=2).map(
    lambda value: json.dumps(value, ensure_ascii=False)
)
SYSTEM = st.lists(TEXT.map(lambda text: Message("system", text)), max_size=1)
EXCHANGE = st.tuples(TEXT, TEXT).map(lambda two: [Message("user", two[0]), Message("assistant", two[1])])
CALL = st.tuples(TEXT, st.lists(st.builds(ToolCall, TEXT, JSON), min_size=1, max_size=2), TEXT, TEXT).map(
    lambda four: [
        Message("user", four[0]),
        Message("assistant", "", tuple(four[1])),
        *([Message("tool", four[2])] * len(four[1])),
        Message("assistant", four[3]),
    ]
)


def talks(exchange: st.SearchStrategy[list[Message]], head: Any = SYSTEM) -> st.SearchStrategy[list[Conversation]]:
    turns = st.tuples(head, st.lists(exchange, min_size=1, max_size=3)).map(
        lambda two: (*two[0], *(message for some in two[1] for message in some))
    )
    one = st.builds(Conversation, st.just(""), turns, TEXT, TEXT, TEXT, TEXT)
    return st.lists(one, min_size=1, max_size=3).map(
        lambda some: [
            Conversation(f"c{n}", o.messages, o.source, o.language, o.parent, o.request) for n, o in enumerate(some)
        ]
    )


NONE = st.just([])
HOLDS = {
    "messages": talks(EXCHANGE | CALL),
    "sharegpt": talks(EXCHANGE),
    "alpaca": talks(EXCHANGE),
    "huatuo": talks(EXCHANGE, NONE),
}


@pytest.mark.parametrize("format", HOLDS)
@given(given_data=st.data())
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back(format: str, given_data: st.DataObject) -> None:
    conversations = given_data.draw(HOLDS[format])
    with TemporaryDirectory() as place:
        assert put(Path(place), conversations, format=format) == []
        assert back(Path(place), "metier.jsonl") == conversations


@given(conversations=talks(EXCHANGE, NONE))
@settings(max_examples=30, deadline=None)
def test_sources_keep_turns_and_sources(conversations: list[Conversation]) -> None:
    with TemporaryDirectory() as place:
        assert put(Path(place), conversations, format="sources") == []
        found = back(Path(place), "metier.json", fields=False)
    grouped = sorted(conversations, key=lambda one: [c.source for c in conversations].index(one.source))
    assert [(one.source, one.messages) for one in found] == [(one.source, one.messages) for one in grouped]


@given(pairs=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_questions_and_answers_as_csv(pairs: list[tuple[str, str]]) -> None:
    clean = [(q.replace("\r", ""), a.replace("\r", "")) for q, a in pairs]
    given_talks = [
        Conversation(f"c{n}", (Message("user", f"q{q}"), Message("assistant", f"a{a}")), "s")
        for n, (q, a) in enumerate(clean)
    ]
    with TemporaryDirectory() as place:
        assert put(Path(place), given_talks, format="qa") == []
        assert back(Path(place), "metier.csv") == given_talks
        with (Path(place) / "files/metier.csv").open(newline="", encoding="utf-8") as file:
            assert len(list(csv.reader(file))) == len(pairs) + 1


@pytest.mark.parametrize("format", ["messages", "sharegpt", "alpaca"])
@given(
    system=SYSTEM,
    turns=st.lists(EXCHANGE, max_size=2),
    asked=TEXT,
    replies=st.lists(TEXT, min_size=2, max_size=2, unique=True),
)
@settings(max_examples=40, deadline=None)
def test_preferences_are_read_back(
    format: str, system: list[Message], turns: list[list[Message]], asked: str, replies: list[str]
) -> None:
    prompt = (*system, *(message for some in turns for message in some), Message("user", asked))
    pair = Preference("p", prompt, f"r{replies[0]}", f"r{replies[1]}")
    with TemporaryDirectory() as place:
        assert put(Path(place), [pair], format=format) == []
        assert back(Path(place), "metier-preferences.jsonl", fields=False, id="id") == [pair]


def test_tools_of_sharegpt_are_read_back(tmp_path: Path) -> None:
    put(tmp_path, [TOOLED], format="sharegpt")
    [found] = back(tmp_path, "metier.jsonl")
    assert found.messages[0] == TOOLED.messages[0]
    assert json.loads(found.messages[2].tool_calls[0].arguments) == json.loads(CALLS[0].arguments)


DATA = Path(__file__).parents[2] / "../shared/data/dialogue"


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
@pytest.mark.parametrize("format", ["messages", "sharegpt", "alpaca"])
def test_published_conversations_go_out_and_come_back(tmp_path: Path, format: str) -> None:
    names = ("glaive_toolcall_zh_demo.jsonl", "dpo_zh_500.jsonl", "self_instruct_seed_tasks.jsonl")
    records = list(read(Read(paths=tuple(str(DATA / name) for name in names)), tmp_path))
    given = [one for one in records if not isinstance(one, Dropped)]
    dropped = put(tmp_path, given, format=format)
    assert {one.why for one in dropped} == ({"alpaca cannot hold tool calls"} if format == "alpaca" else set())
    kept = [one for one in given if one.id not in {lost.id for lost in dropped}]
    assert [*back(tmp_path, "metier.jsonl"), *back(tmp_path, "metier-preferences.jsonl", fields=False, id="id")] == [
        *(one for one in kept if isinstance(one, Conversation)),
        *(one for one in kept if isinstance(one, Preference)),
    ]
