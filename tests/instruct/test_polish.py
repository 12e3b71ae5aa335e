import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metier.instruct.polish import Polish, polish
from metier.records import Conversation, Dropped, Message, MetierError, ToolCall
from tests.instruct.asked import kept, lost, run

REPLIES = {
    "zh": ("我头晕怎么办？", "这种情况不能喝酒。每天口服洛维坦 20 mg，连用7天，多休息。"),
    "en": (
        "I feel dizzy. What can I do?",
        "Please do not drink alcohol. Take Lovitan 20 mg a day for 7 days and rest.",
    ),
    "ar": ("أشعر بدوار، فماذا أفعل؟", "لا تتناول الكحول. خذ لوفيتان 20 mg كل يوم مدة 7 أيام واسترح."),
}


def said(language: str = "zh", id: str = "c1") -> Conversation:
    question, answer = REPLIES[language]
    return Conversation(id, (Message("user", question), Message("assistant", answer)), "dialogue", language)


def polished(place: Path, teacher: str, *given: Conversation, **config: object) -> list[Conversation | Dropped]:
    return run(polish, place, {"writer": teacher}, conversations=list(given), config=Polish(**config))


@pytest.mark.parametrize("language", ["zh", "en", "ar"])
def test_a_reply_is_rewritten_and_says_where_it_comes_from(tmp_path: Path, language: str) -> None:
    (one,) = polished(tmp_path, "polisher", said(language))
    assert isinstance(one, Conversation)
    assert (one.id, one.parent, one.source, one.language) == ("c1~polished", "c1", "dialogue", language)
    assert re.fullmatch("[0-9a-f]{32}", one.request)
    question, answer = REPLIES[language]
    assert one.messages[0].content == question
    assert one.messages[1].content.endswith(answer) and len(one.messages[1].content) > len(answer)


@pytest.mark.parametrize("language", ["zh", "en", "ar"])
@pytest.mark.parametrize(
    ("teacher", "why"),
    [
        ("drops_dose", "number changed"),
        ("changes_dose", "number changed"),
        ("flips", "negation changed"),
        ("strange", "in another language"),
        ("refuser", "refused"),
        ("empty", "empty reply"),
        ("cut", "cut short"),
        ("chatty", "speaks of the task"),
        ("curt", "shorter than the original"),
    ],
)
def test_a_bad_rewriting_leaves_the_reply_as_it_was_and_is_counted(
    tmp_path: Path, language: str, teacher: str, why: str
) -> None:
    made = polished(tmp_path, teacher, said(language))
    assert kept(made) == [said(language)]
    assert lost(made) == {"c1~polished:1": why}


@pytest.mark.parametrize("language", ["zh", "en", "ar"])
def test_a_drug_that_is_named_must_survive_and_none_may_come_in(tmp_path: Path, language: str) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# ours\n洛维坦\nLovitan\nلوفيتان\n泽洛平\nZeloprin\nزيلوبرين\n", encoding="utf-8")
    assert lost(polished(tmp_path, "adds_drug", said(language), names=str(names))) == {"c1~polished:1": "drug changed"}
    assert lost(polished(tmp_path, "polisher", said(language), names=str(names))) == {}


def test_what_was_wrong_is_named_when_it_is_asked_again(tmp_path: Path) -> None:
    assert [one.id for one in polished(tmp_path, "mends", said())] == ["c1~polished"]
    assert [one.id for one in polished(tmp_path, "listens", said())] == ["c1~polished"]
    assert lost(polished(tmp_path, "mends", said(), repair=0)) == {"c1~polished:1": "number changed"}


def test_marks_fences_and_labels_round_a_reply_are_taken_off(tmp_path: Path) -> None:
    (one,) = kept(polished(tmp_path, "dressed", said()))
    assert one.messages[1].content.startswith("您好") and "<" not in one.messages[1].content


def test_conversations_may_be_dropped_instead(tmp_path: Path) -> None:
    made = polished(tmp_path, "changes_dose", said(), said(id="c2"), fallback="drop")
    assert lost(made) == {"c1": "number changed", "c2": "number changed"} and kept(made) == []


def test_every_reply_or_the_last(tmp_path: Path) -> None:
    first, second = said(), said()
    system = (Message("system", "你是医生。"),)
    whole = Conversation("c1", (*system, *first.messages, *second.messages), "dialogue", "zh")
    (every,) = kept(polished(tmp_path, "polisher", whole))
    assert [a == b for a, b in zip(every.messages, whole.messages, strict=True)] == [True, True, False, True, False]
    (last,) = kept(polished(tmp_path, "polisher", whole, turns="last"))
    assert [a == b for a, b in zip(last.messages, whole.messages, strict=True)] == [True, True, True, True, False]


def test_one_reply_may_fail_and_the_other_pass(tmp_path: Path) -> None:
    plain = (Message("user", "好的，还要注意什么？"), Message("assistant", "注意休息，清淡饮食，保持心情舒畅就好。"))
    whole = Conversation("c1", (*said().messages, *plain), "dialogue", "zh")
    made = polished(tmp_path, "changes_dose", whole)
    (one,) = kept(made)
    assert one.id == "c1~polished" and lost(made) == {"c1~polished:1": "number changed"}
    assert one.messages[1] == whole.messages[1] and one.messages[3] != whole.messages[3]


def test_one_reply_may_find_no_answer_and_the_other_be_kept(tmp_path: Path) -> None:
    plain = (Message("user", "好的，还要注意什么？"), Message("assistant", "注意休息，清淡饮食，保持心情舒畅就好。"))
    whole = Conversation("c1", (*said().messages, *plain), "dialogue", "zh")
    made = polished(tmp_path, "speechless", whole)
    (one,) = kept(made)
    assert one.id == "c1~polished" and lost(made) == {"c1~polished:1": "empty reply"}
    assert one.messages[1] == whole.messages[1] and one.messages[3] != whole.messages[3]


def test_one_slip_of_the_original_excuses_no_other(tmp_path: Path) -> None:
    acted = Conversation(
        "c1", (Message("user", "怎么办？"), Message("assistant", "（微笑）多休息，多喝水。")), "d", "zh"
    )
    assert len(kept(polished(tmp_path, "polisher", acted))) == 1
    assert lost(polished(tmp_path, "whispering", acted)) == {"c1~polished:1": "several speakers in one turn"}


def test_what_cannot_be_asked_goes_on_and_is_counted(tmp_path: Path) -> None:
    silent = Conversation("silent", (Message("user", "?"),), "d", "zh")
    calling = Conversation("tool", (Message("user", "?"), Message("assistant", "", (ToolCall("look"),))), "d", "zh")
    foreign = Conversation("fr", (Message("user", "Que faire?"), Message("assistant", "Reposez-vous bien.")), "d", "fr")
    made = polished(tmp_path, "polisher", silent, calling, foreign)
    assert kept(made) == [silent, calling, foreign]
    assert lost(made) == {
        "silent~polished": "no reply to polish",
        "tool~polished": "no reply to polish",
        "fr~polished": "no prompt in its language",
    }


def test_a_language_that_is_not_said_is_told_by_the_text(tmp_path: Path) -> None:
    (one,) = kept(polished(tmp_path, "polisher", Conversation("c1", said("ar").messages, "d")))
    assert one.messages[1].content.startswith("أهلا")


def test_settings_that_cannot_work(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match=r"nothere\.txt: cannot be read"):
        polished(tmp_path, "polisher", said(), names="nothere.txt")
    (tmp_path / "prompts").mkdir()
    with pytest.raises(MetierError, match="has no prompt 'polish'"):
        polished(tmp_path, "polisher", said(), prompts=str(tmp_path))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["zh", "en", "ar"]), max_size=4),
    st.sampled_from(["polisher", "changes_dose", "anything", "empty", "mends"]),
    st.sampled_from(["original", "drop"]),
)
def test_every_conversation_is_accounted_for_and_no_question_is_touched(
    tmp_path: Path, languages: list[str], teacher: str, fallback: str
) -> None:
    given = [said(language, f"c{number}") for number, language in enumerate(languages)]
    made = polished(tmp_path, teacher, *given, fallback=fallback)
    by_id = {one.id: one for one in given}
    for one in kept(made):
        before = by_id[one.parent or one.id]
        assert [m.role for m in one.messages] == [m.role for m in before.messages]
        assert one.messages[0] == before.messages[0] and all(m.content for m in one.messages)
