"""Records become items; what cannot be trained is dropped with its reason, and nothing is cut silently."""

import copy
from typing import Any

import pytest

from metier.model.load import load_tokenizer
from metier.model.template import encode as encode_one
from metier.model.template import encode_text
from metier.records import Checkpoint, Conversation, Document, Dropped, Message
from metier.train.encode import encode
from metier.train.pack import WHOLE
from tests.train.conftest import conversation, document


@pytest.fixture(scope="module")
def tokenizer(base: Checkpoint) -> Any:
    return load_tokenizer(base.path)


def test_items_are_what_the_template_gives(tokenizer: Any) -> None:
    talks, pages = [conversation(number) for number in range(20)], [document(number) for number in range(5)]
    items = encode(tokenizer, iter(talks), iter(pages), 128, True)
    expected = [encode_one(tokenizer, talk.messages) for talk in talks]
    expected += [encode_text(tokenizer, page.text) for page in pages]
    for number, one in enumerate(expected):
        span = slice(items.start[number], items.start[number + 1])
        assert items.ids[span].tolist() == one.ids
        assert items.trained[span].tolist() == [bool(mark) for mark in one.mask]
    assert [items.sources[code] for code in items.codes] == [talk.source for talk in talks] + ["book"] * 5
    assert items.repeats.tolist() == [WHOLE] * 20 + [0] * 5
    assert items.names[-1] == "d4"


def test_all_tokens_of_a_conversation_can_be_trained(tokenizer: Any) -> None:
    items = encode(tokenizer, [conversation(1)], [], 128, False)
    assert items.trained.all()


def test_a_long_document_becomes_several_items(tokenizer: Any) -> None:
    page = document(1, 200)
    whole = encode_text(tokenizer, page.text).ids
    items = encode(tokenizer, [], [page], 64, True)
    assert len(items) > 2
    assert max(items.lengths) <= 64
    parts = [items.ids[items.start[n] : items.start[n + 1]].tolist() for n in range(len(items))]
    assert parts[0] + [token for part in parts[1:] for token in part[1:]] == whole


def test_what_cannot_be_trained_is_dropped(tokenizer: Any) -> None:
    long = Conversation("long", (Message("user", "why " * 200), Message("assistant", "So.")))
    talks = [Conversation("empty", ()), Conversation("mute", (Message("user", "Hm?"),)), long, conversation(1)]
    items = encode(tokenizer, talks, [Document("blank", " \n")], 64, True)
    assert items.names == ["c1"]
    assert items.dropped == [
        Dropped("empty", "no messages"),
        Dropped("mute", "no assistant turn to train on"),
        Dropped("long", "longer than the window of 64 tokens"),
        Dropped("blank", "empty text"),
    ]


def test_a_long_answer_is_kept_to_be_continued(tokenizer: Any) -> None:
    items = encode(tokenizer, [conversation(1, 100)], [], 64, True)
    assert len(items) == 1
    assert 0 < items.repeats[0] < 32
    assert items.lengths[0] > 64


def test_the_switch_for_thinking_reaches_the_template(tokenizer: Any) -> None:
    switched = copy.deepcopy(tokenizer)
    switched.chat_template = "{% if enable_thinking is false %}no {% endif %}" + tokenizer.chat_template
    some = [conversation(1)]
    plain, on, off = (encode(switched, some, (), 512, True, thinking).ids for thinking in (None, True, False))
    assert plain.tolist() == on.tolist() == encode(tokenizer, some, (), 512, True).ids.tolist()
    assert switched.decode(off).startswith("no ") and len(off) > len(plain)
