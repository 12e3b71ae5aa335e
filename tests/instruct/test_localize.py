from collections import Counter
from pathlib import Path

import msgspec
import pytest

from metier.instruct.localize import Localize, localize
from metier.records import Conversation, Document, Dropped, MetierError
from tests.instruct.asked import kept, lost, run

HOSPITALITY = Document("t1", "الضيافة", "topics", language="ar")


def localized(
    place: Path, teacher: str, *docs: Document, seed: int = 7, **config: object
) -> list[Conversation | Dropped]:
    return run(localize, place, {"writer": teacher}, seed=seed, config=Localize(**config), docs=list(docs))


def names(place: Path, file: str, text: str) -> str:
    path = place / file
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_questions_of_a_topic_and_their_answers(tmp_path: Path) -> None:
    made = localized(tmp_path, "local", HOSPITALITY)
    assert [one.id for one in kept(made)] == ["t1?0", "t1?1"]
    assert lost(made) == {"t1?2": "like an earlier question"}
    one = kept(made)[0]
    assert (one.parent, one.source, one.language) == ("t1", "topics", "ar") and len(one.request) == 32
    assert [m.role for m in one.messages] == ["user", "assistant"]


def test_a_conversation_ends_with_an_answer_before_the_farewell(tmp_path: Path) -> None:
    (one,) = kept(localized(tmp_path, "local", HOSPITALITY, form="conversation", questions=1, turns=5))
    assert [m.role for m in one.messages] == ["user", "assistant"] * 2
    assert "شكرا" not in one.messages[-1].content
    (one,) = kept(localized(tmp_path, "local", HOSPITALITY, form="conversation", questions=1, turns=2))
    assert [m.role for m in one.messages] == ["user", "assistant"] * 2


def test_a_conversation_that_is_not_opened_takes_no_other_along(tmp_path: Path) -> None:
    made = localized(tmp_path, "shy", HOSPITALITY, form="conversation", questions=3, turns=2, alike=1)
    assert [one.id for one in kept(made)] == ["t1?0", "t1?2"]
    assert lost(made) == {"t1?1": "empty reply"}


def test_one_model_may_ask_and_another_answer(tmp_path: Path) -> None:
    models = {"writer": "refuser", "asker": "local"}
    made = run(localize, tmp_path, models, seed=7, config=Localize(), docs=[HOSPITALITY])
    assert set(lost(made).values()) == {"refused"} and lost(made)["t1"] == "refused"
    models = {"writer": "local", "asker": "refuser"}
    made = run(localize, tmp_path, models, seed=7, config=Localize(), docs=[HOSPITALITY])
    assert lost(made) == {"t1": "refused"}


def test_topics_come_from_a_file_too_and_the_culture_is_told(tmp_path: Path) -> None:
    topics, culture = tmp_path / "topics.txt", tmp_path / "culture.txt"
    topics.write_text("# first\nالضيافة\n\nالأسواق الشعبية\n", encoding="utf-8")
    culture.write_text("مدينة على الساحل.", encoding="utf-8")
    made = localized(
        tmp_path, "knows_place", topics=str(topics), culture=str(culture), source="native", questions=1, alike=1
    )
    assert [(one.id, one.source) for one in kept(made)] == [("topics.txt:0?0", "native"), ("topics.txt:1?0", "native")]
    assert all("مدينة على الساحل" in one.messages[1].content for one in kept(made))


def test_languages_without_their_own_prompt_are_named_in_the_english_one(tmp_path: Path) -> None:
    made = localized(tmp_path, "local", HOSPITALITY, languages={"sw": 1})
    assert {one.language for one in kept(made)} == {"sw"} and "kupika" in kept(made)[0].messages[0].content


def test_languages_are_drawn_by_weight_the_same_for_the_same_seed(tmp_path: Path) -> None:
    docs = [Document(f"t{number}", f"موضوع {number}", "topics", language="ar") for number in range(300)]
    drawn = Counter(
        one.language for one in kept(localized(tmp_path, "echoing", *docs, languages={"ar": 3, "sw": 1}, alike=1))
    )
    assert drawn["ar"] + drawn["sw"] == 300 and 195 <= drawn["ar"] <= 255
    both = kept(localized(tmp_path, "echoing", *docs[:5], languages={"ar": 3, "sw": 1}, per_topic=2, alike=1))
    assert Counter(one.language for one in both) == {"ar": 5, "sw": 5}


@pytest.mark.parametrize(
    ("teacher", "why"),
    [
        ("translated", "reads as a translation"),
        ("answers_in_english", "in another language"),
        ("lists_nothing", "no numbered list"),
        ("empty", "empty reply"),
    ],
)
def test_what_is_not_native_is_dropped(tmp_path: Path, teacher: str, why: str) -> None:
    made = localized(tmp_path, teacher, HOSPITALITY, questions=1)
    assert lost(made) == {"t1": why}


def test_names_of_another_place_unless_they_were_asked_about(tmp_path: Path) -> None:
    abroad = names(tmp_path, "abroad.yaml", "places: [نيويورك, القرية]\n")
    home = names(tmp_path, "home.yaml", "places: [القرية]\npersons: [ليلى]\n")
    given = {"home": home, "abroad": (abroad,), "questions": 1}
    assert lost(localized(tmp_path, "foreign", HOSPITALITY, **given)) == {"t1": "names another culture"}
    assert lost(localized(tmp_path, "foreign", HOSPITALITY, **given, foreign=1)) == {}
    assert lost(localized(tmp_path, "echoing", HOSPITALITY, **given)) == {}
    travel = Document("t2", "السفر إلى نيويورك", "topics", language="ar")
    assert lost(localized(tmp_path, "foreign", travel, **given)) == {}


def test_settings_that_cannot_work(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match=r"abroad\.yaml: names no persons, places, organisations"):
        localized(tmp_path, "local", HOSPITALITY, abroad=names(tmp_path, "abroad.yaml", "cities: [x]\n"))
    with pytest.raises(msgspec.ValidationError, match="'Swahili' is not a language code"):
        msgspec.convert({"languages": {"Swahili": 1}}, Localize)
    with pytest.raises(MetierError, match="nothing to ask about"):
        localized(tmp_path, "local")
    unknown = Document("t", "123", "topics")
    assert lost(localized(tmp_path, "local", unknown)) == {"t": "language unknown"}
