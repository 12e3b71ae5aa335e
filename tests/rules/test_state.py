"""A dialogue as the rules see it: sentences with their names, lists, and what stands from turn to turn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.records import Message
from metier.rules.names import Names
from metier.rules.state import LONGEST, Scene, Turn, turn
from tests.rules.tables import ENTITIES

NAMES = Names(ENTITIES)
PIECES = (
    "velorin ",
    "维洛林",
    "فيلورين ",
    "tessium chloride",
    "。",
    ". ",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    ": ",
    "：",
    "and ",
    "x" * 90,
)


def said(text: str, role: str = "assistant") -> Turn:
    return turn(Message(role, text), NAMES)  # type: ignore[arg-type]


def scene(*messages: str) -> Scene:
    """User and assistant in turn, the user first."""
    found = Scene()
    for number, text in enumerate(messages):
        found = found.then(said(text, "assistant" if number % 2 else "user"))
    return found


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_sentences_cover_a_turn_and_hold_every_mention_once(text: str) -> None:
    found = said(text)
    assert "".join(found.said(number) for number in range(len(found.sentences))) == text
    mentions = [one for sentence in found.sentences for one in sentence.mentions]
    assert mentions == list(NAMES.find(text))
    for number, sentence in enumerate(found.sentences):
        assert all(sentence.start <= one.start < sentence.end for one in sentence.mentions)
        assert {one.entity for one in sentence.mentions} == {id for id, some in found.named.items() if number in some}


@given(
    st.lists(st.sampled_from(("velorin", "and", "maritalol", "维洛林和", ", ")), min_size=300, max_size=600).map(
        " ".join
    )
)
def test_a_sentence_without_an_end_is_cut(text: str) -> None:
    assert max(one.end - one.start for one in said(text).sentences) <= LONGEST


def test_an_empty_message_is_one_empty_sentence() -> None:
    assert [(one.start, one.end) for one in said("").sentences] == [(0, 0)]


@pytest.mark.parametrize(
    ("text", "blocks", "headers"),
    [
        ("Take:\n- velorin\n- nadorax\nSleep well.", [0, 0, 0, -1], [-1, 0, 0, -1]),
        ("处方：\n1. 维洛林\n2. 纳多拉\n以上同瓶静滴。\n祝好。", [0, 0, 0, 0, -1], [-1, 0, 0, -1, -1]),
        ("أدوية:\n• فيلورين\n• نادوراكس\n", [0, 0, 0], [-1, 0, 0]),
        ("Rest. Drink water. Sleep.", [-1, -1, -1], [-1, -1, -1]),
        ("- velorin\n- nadorax", [0, 0], [-1, -1]),
        ("First:\n- velorin\n\nSecond:\n- nadorax", [0, 0, 1, 1], [-1, 0, -1, 2]),
    ],
)
def test_lists_have_a_header_and_what_refers_back_to_them(text: str, blocks: list[int], headers: list[int]) -> None:
    found = said(text).sentences
    assert [one.block for one in found] == blocks
    assert [one.header for one in found] == headers


def test_a_blank_line_ends_a_paragraph() -> None:
    assert [one.paragraph for one in said("One. Two.\n\nThree.\n\nFour.").sentences] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("talk", "state"),
    [
        (["I take nadorax every day."], "given"),
        (["我每天服用纳多拉。"], "given"),
        (["أتناول نادوراكس كل يوم."], "given"),
        (["I take nadorax.", "Stop nadorax today."], "stopped"),
        (["我在吃纳多拉。", "请停用纳多拉。"], "stopped"),
        (["أتناول نادوراكس.", "أوقف نادوراكس اليوم."], "stopped"),
        (["I take nadorax.", "Stop nadorax.", "My nadorax leaflet is lost."], "stopped"),
        (["My head aches.", "Do not take nadorax."], "refused"),
        (["Can I take nadorax?", "No, never."], "refused"),
        (["Can I take nadorax?", "Yes, you can."], "given"),
        (["可以吃纳多拉吗？", "可以。"], "given"),
        (["What is nadorax?"], "mentioned"),
    ],
)
def test_a_thing_stands_by_what_was_said_of_it_last(talk: list[str], state: str) -> None:
    stood = scene(*talk).standing("nadorax")
    assert stood is not None
    assert stood.state == state


def test_where_a_thing_stands_is_told_in_characters_of_its_turn() -> None:
    talk = ["Good day. I take Velox every day.", "Fine."]
    stood = scene(*talk).standing("velorin")
    assert stood is not None
    assert talk[stood.turn][stood.start : stood.end] == "Velox"
    assert stood.said == "I take Velox every day."


def test_what_is_not_named_does_not_stand() -> None:
    assert scene("I take nadorax.").standing("velorin") is None


@pytest.mark.parametrize("role", ["system", "tool"])
def test_what_was_looked_up_is_no_turn(role: str) -> None:
    found = Scene().then(said("nadorax is a medicine.", role))
    assert not found.named
    assert len(found.turns) == 1


def test_a_question_is_the_user_s_last_turn() -> None:
    talk = scene("One.", "Two.", "Three.")
    asked = talk.asked()
    assert asked is not None
    assert asked.text == "Three."
    assert scene("One.", "Two.").asked() is None
    assert talk.then(said("{}", "tool")).asked() is asked
