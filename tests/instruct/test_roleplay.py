import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metier.instruct.roleplay import RolePlay, roleplay
from metier.records import Conversation, Document, Dropped, MetierError
from metier.text.roles import questions
from tests.instruct.asked import kept, lost, run
from tests.instruct.dialogue_teachers import DOCTOR, PATIENT

CARDS = {
    "zh": "头晕三天（3天），晚上厉害。没发烧。平时吃洛维坦，每天1片。去年做过检查，结果正常，家里没有人得过这种病。",
    "en": "Dizzy for 3 days, worse at night. No fever. Takes Lovitan, 1 tablet a day. Was examined last year, the "
    "result was normal, and nobody in the family has had such a thing before.",
    "ar": "دوار منذ 3 أيام، يشتد في الليل. لا توجد حمى. يتناول لوفيتان، قرص 1 كل يوم. أجري له فحص في العام الماضي "
    "وكانت النتيجة سليمة ولم يصب أحد من الأسرة بمثل هذا من قبل.",
}


def card(language: str = "en", id: str = "case", **meta: str) -> Document:
    return Document(id, CARDS[language], "cards", language=language, meta=meta)


def played(place: Path, doctor: str, patient: str, *docs: Document, **config: object) -> list[Conversation | Dropped]:
    models = {"doctor": doctor, "patient": patient}
    return run(roleplay, place, models, docs=list(docs), config=RolePlay(**config))


@pytest.mark.parametrize("language", ["zh", "en", "ar"])
@pytest.mark.parametrize("doctor", ["doctor", "farewell_doctor"])
def test_a_consultation_ends_by_itself_without_its_mark(tmp_path: Path, language: str, doctor: str) -> None:
    (one,) = kept(played(tmp_path, doctor, "patient", card(language)))
    assert (one.id, one.parent, one.source, one.language) == ("case?0", "case", "cards", language)
    assert re.fullmatch("[0-9a-f]{32}", one.request)
    expected = [text for pair in zip(PATIENT[language], DOCTOR[language], strict=True) for text in pair]
    expected[-1] = expected[-1].replace("[END]", "").strip()
    assert [message.content for message in one.messages] == expected
    assert [message.role for message in one.messages] == ["user", "assistant"] * 4


@pytest.mark.parametrize("language", ["zh", "en", "ar"])
@pytest.mark.parametrize(
    ("doctor", "patient", "why"),
    [
        ("doctor", "doctor_like_patient", "patient gives medical advice"),
        ("doctor", "acting_patient", "stage direction"),
        ("doctor", "telling_patient", "mentions the card"),
        ("doctor", "reciting_patient", "card recited"),
        ("doctor", "inventing_patient", "not on the card"),
        ("doctor", "both_speakers", "several speakers in one turn"),
        ("doctor", "strange", "in another language"),
        ("doctor", "empty", "empty reply"),
        ("stubborn_doctor", "patient", "concludes before asking"),
        ("patient_like_doctor", "patient", "doctor speaks as the patient"),
        ("refuser", "patient", "refused"),
        ("leaving_doctor", "patient", "takes leave before asking"),
        ("marking_doctor", "patient", "mark left in the text"),
    ],
)
def test_who_falls_out_of_the_part_ends_the_consultation(
    tmp_path: Path, language: str, doctor: str, patient: str, why: str
) -> None:
    assert lost(played(tmp_path, doctor, patient, card(language))) == {"case": why}


@pytest.mark.parametrize("language", ["zh", "en", "ar"])
def test_a_machine_in_the_place_of_a_patient(tmp_path: Path, language: str) -> None:
    (why,) = lost(played(tmp_path, "doctor", "program_patient", card(language))).values()
    assert why in ("speaks as a program", "refused")


@pytest.mark.parametrize("language", ["zh", "en", "ar"])
def test_one_that_does_not_end_is_dropped(tmp_path: Path, language: str) -> None:
    made = played(tmp_path, "endless_doctor", "endless_patient", card(language), most_turns=3)
    assert lost(made) == {"case": "did not end"}


def test_a_doctor_who_concludes_too_soon_is_told_to_ask_first(tmp_path: Path) -> None:
    (one,) = kept(played(tmp_path, "hasty_doctor", "patient", card()))
    assert one.messages[1].content == DOCTOR["en"][0]
    made = played(tmp_path, "hasty_doctor", "patient", card(), repair=0)
    assert lost(made) == {"case": "concludes before asking"}
    (one,) = kept(played(tmp_path, "hasty_doctor", "patient", card(), asks=0))
    assert one.messages[1].content == "This is probably a mild infection."


def test_the_patient_sees_the_card_and_the_doctor_alone_what_is_known(tmp_path: Path) -> None:
    doc = card(age="age 51", diagnosis="an ear infection")
    (one,) = kept(played(tmp_path, "knowing_doctor", "reading_patient", doc, columns=("age",), known="diagnosis"))
    assert one.messages[0].content == "I am dizzy. (51)"
    assert "This is an ear infection" in one.messages[5].content


def test_a_short_card_may_be_told_at_once(tmp_path: Path) -> None:
    doc = Document("case", "Hello, I feel dizzy.", "cards", language="en")
    made = played(tmp_path, "doctor", "patient", doc)
    assert lost(made) == {"case": "not on the card"}  # the three days of the second turn
    assert kept(played(tmp_path, "doctor", "reciting_patient", doc, most_turns=1, asks=0)) == []


def test_a_mark_may_be_of_signs_that_stand_after_marks(tmp_path: Path) -> None:
    (one,) = kept(played(tmp_path, "sighing_doctor", "patient", card(), mark="***"))
    assert one.messages[-1].content == "Take care!"


def test_several_samples_of_a_card(tmp_path: Path) -> None:
    made = played(tmp_path, "doctor", "patient", card(), samples=2)
    assert [one.id for one in kept(made)] == ["case?0", "case?1"]
    made = played(tmp_path, "refuser", "patient", card(), samples=2)
    assert lost(made) == {"case?0": "refused", "case?1": "refused", "case": "refused"}


def test_cards_that_cannot_be_played(tmp_path: Path) -> None:
    french = Document("f", "Fièvre depuis trois jours, toux sèche et maux de tête.", "cards", language="fr")
    assert lost(played(tmp_path, "doctor", "patient", french)) == {"f": "no prompt in its language"}
    with pytest.raises(MetierError, match="no document has a column 'ages'; did you mean 'age'"):
        played(tmp_path, "never", "never", card(age="51"), columns=("ages",))  # and nobody is asked before that


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 4), st.integers(0, 3), st.integers(1, 6), st.integers(0, 10**6))
def test_whatever_models_say_turns_alternate_and_the_doctor_ends(
    tmp_path: Path, cards: int, asks: int, most_turns: int, number: int
) -> None:
    docs = [
        Document(f"{number}:{n}", f"{CARDS['en']} Number {number}. 7 weeks.", "cards", language="en")
        for n in range(cards)
    ]
    made = played(tmp_path, "anything", "anything", *docs, asks=asks, most_turns=most_turns, samples=2)
    for one in kept(made):
        roles = [message.role for message in one.messages]
        assert roles == ["user", "assistant"] * (len(roles) // 2) and 2 <= len(roles) <= 2 * most_turns
        assert not any("[END]" in message.content or not message.content for message in one.messages)
        assert sum(questions(message.content) for message in one.messages[1:-1:2]) >= asks
