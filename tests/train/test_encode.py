"""Records become items; what cannot be trained is dropped with its reason, and nothing is cut silently."""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from metier.artefact import Artefact
from metier.model.load import load_tokenizer
from metier.model.template import encode as encode_one
from metier.model.template import encode_text
from metier.records import Checkpoint, Conversation, Document, Dropped, Message
from metier.train.encode import Given, Items, encode
from metier.train.pack import WHOLE
from metier.train.sft import Sft
from tests.train.conftest import conversation, document

THINKING = """{%- for message in messages -%}<|{{ message.role }}|>{{ '' }}
{%- if message.role == 'assistant' and not loop.last -%}{{ message.content.split('</think>')[-1] }}
{%- else -%}{{ message.content }}{%- endif -%}<|end|>{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}"""
"""It drops what was thought in earlier turns."""


@pytest.fixture(scope="module")
def tokenizer(base: Checkpoint) -> Any:
    return load_tokenizer(base.path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "encoded"


def made(
    tokenizer: Any,
    home: Path,
    talks: Iterable[Conversation],
    pages: Iterable[Document] = (),
    **settings: Any,
) -> Items:
    config = msgspec.convert({"window": 128, "batch_tokens": 1024, **settings}, Sft)
    return encode(tokenizer, Given(talks, pages), config, home)


def names(items: Items) -> list[str]:
    return list(items.names().to_pylist())


def test_items_are_what_the_template_gives(tokenizer: Any, home: Path) -> None:
    talks, pages = [conversation(number) for number in range(20)], [document(number) for number in range(5)]
    items = made(tokenizer, home, iter(talks), iter(pages))
    expected = [encode_one(tokenizer, talk.messages) for talk in talks]
    expected += [encode_text(tokenizer, page.text) for page in pages]
    assert [items.read(number) for number in range(len(items))] == expected
    assert items.lengths.tolist() == [len(one.ids) for one in expected]
    assert [items.sources[code] for code in items.codes] == [talk.source for talk in talks] + ["book"] * 5
    assert items.repeats.tolist() == [WHOLE] * 20 + [0] * 5
    assert names(items) == [one.id for one in (*talks, *pages)]
    assert (items.records, items.dropped) == (25, 0)


def test_sources_are_numbered_as_they_come(tokenizer: Any, home: Path) -> None:
    talks = [msgspec.structs.replace(conversation(n), id=f"{n}", source=name) for n, name in enumerate("bab")]
    items = made(tokenizer, home, [*talks, msgspec.structs.replace(conversation(3), source="")])
    assert (items.sources, items.codes.tolist()) == (["b", "a", "conversation"], [0, 1, 0, 2])


def test_more_records_than_are_encoded_at_a_time(tokenizer: Any, home: Path) -> None:
    pages = [Document(f"d{number}", f"page {number}") for number in range(40_000)]
    items = made(tokenizer, home, map(conversation, range(2500)), pages)
    assert (len(items), items.records) == (42_500, 42_500)
    assert names(items) == [f"c{number}" for number in range(2500)] + [page.id for page in pages]
    assert items.read(42_499) == encode_text(tokenizer, "page 39999")
    assert items.read(2400) == encode_one(tokenizer, conversation(2400).messages)


def test_all_tokens_of_a_conversation_can_be_trained(tokenizer: Any, home: Path) -> None:
    items = made(tokenizer, home, [conversation(1)], answers_only=False)
    assert set(items.read(0).mask) == {1}


def test_a_long_document_becomes_several_items(tokenizer: Any, home: Path) -> None:
    page = document(1, 200)
    whole = encode_text(tokenizer, page.text).ids
    items = made(tokenizer, home, [], [page], window=64)
    assert len(items) > 2
    assert max(items.lengths) <= 64
    parts = [items.read(number).ids for number in range(len(items))]
    assert parts[0] + [token for part in parts[1:] for token in part[1:]] == whole
    assert names(items) == ["d1"] * len(items)
    assert items.records == 1


def test_what_cannot_be_trained_is_dropped(tokenizer: Any, home: Path) -> None:
    strict = copy.deepcopy(tokenizer)
    refusal = "{%- if messages[0].role == 'tool' -%}{{ raise_exception('a tool first') }}{%- endif -%}"
    strict.chat_template = refusal + tokenizer.chat_template
    long = Conversation("long", (Message("user", "why " * 200), Message("assistant", "So.")))
    mute = Conversation("mute", (Message("user", "Hm?"),))
    odd = Conversation("odd", (Message("tool", "4"), Message("assistant", "Four.")))
    talks = [Conversation("empty", ()), mute, odd, long, conversation(1)]
    items = made(strict, home, talks, [Document("blank", " \n")], window=64)
    assert names(items) == ["c1"]
    lost = {one.id: one.why for one in Artefact(home).dropped()}
    assert "a tool first" in lost.pop("odd")
    assert lost == {
        "empty": "no messages",
        "mute": "no assistant turn to train on",
        "long": "longer than the window of 64 tokens",
        "blank": "empty text",
    }
    assert (items.dropped, items.first_why) == (5, "empty: no messages")


def test_a_conversation_without_an_answer_can_be_pre_trained_on(tokenizer: Any, home: Path) -> None:
    mute = Conversation("mute", (Message("user", "Who meets number 7?"),))
    items = made(tokenizer, home, [mute], answers_only=False)
    assert (names(items), items.dropped) == (["mute"], 0)


def test_a_long_answer_is_kept_to_be_continued(tokenizer: Any, home: Path) -> None:
    items = made(tokenizer, home, [conversation(1, 100)], window=64)
    assert len(items) == 1
    assert 0 < items.repeats[0] < 32
    assert items.lengths[0] > 64


def test_a_turn_that_is_written_otherwise_once_past_is_an_item_of_its_own(tokenizer: Any, home: Path) -> None:
    forgetful = copy.deepcopy(tokenizer)
    forgetful.chat_template = THINKING
    said = ("Who?", "<think>so</think>Arvo.", "And then?", "<think>hm</think>Belinda.")
    talk = Conversation("c", tuple(Message("assistant" if n % 2 else "user", one) for n, one in enumerate(said)))
    items = made(forgetful, home, [talk, conversation(1)], window=256)
    trained = [
        forgetful.decode([token for token, mark in zip(one.ids, one.mask, strict=True) if mark])
        for one in map(items.read, range(len(items)))
    ]
    assert set(trained[:-1]) == {f"{said[1]}<|end|>", f"{said[3]}<|end|>"}
    assert (names(items), items.records) == (["c", "c", "c1"], 2)


def test_the_switch_for_thinking_reaches_the_template(tokenizer: Any, tmp_path: Path) -> None:
    switched = copy.deepcopy(tokenizer)
    switched.chat_template = "{% if enable_thinking is false %}no {% endif %}" + tokenizer.chat_template
    some = [conversation(1)]
    plain, on, off = (
        made(switched, tmp_path / f"{thinking}", some, thinking=thinking).read(0).ids
        for thinking in (None, True, False)
    )
    assert plain == on == made(tokenizer, tmp_path / "plain", some).read(0).ids
    assert switched.decode(off).startswith("no ") and len(off) > len(plain)


def test_a_dropped_record_says_what_it_was(tokenizer: Any, home: Path) -> None:
    made(tokenizer, home, [Conversation("empty", ())])
    assert list(Artefact(home).dropped()) == [Dropped("empty", "no messages")]
