import pytest

from metier.text.roles import closes, concludes, leak, questions, takes_leave, unlabelled


@pytest.mark.parametrize(
    ("turn", "asked"),
    [
        ("您好，头痛多久了？有没有发烧？", 2),
        ("请您描述一下疼痛的位置。", 1),
        ("多喝水，多休息。您还有其他问题吗？", 0),
        ("How long have you had it? Does light bother you? Is that clear?", 2),
        ("Please tell me more about the pain.", 1),
        ("منذ متى تعاني من الصداع؟", 1),
        ("هل لديك أسئلة أخرى؟", 0),
        ("Rest and drink.", 0),
    ],
)
def test_questions_of_a_doctor(turn: str, asked: int) -> None:
    assert questions(turn) == asked


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ("根据您说的，这是偏头痛。", True),
        ("建议您口服洛维坦，每天三次。", True),
        ("您是不是得了感冒以后才头痛的？", False),
        ("我理解您很难受。疼了几天？", False),
        ("This is most likely a migraine.", True),
        ("Take Lovitan 20 mg twice a day.", True),
        ("I see, you have had it for two days. Did you take tablets twice a day?", False),
        ("الأرجح أنك مصاب بنزلة برد.", True),
        ("تناول لوفيتان مرتين يوميا.", True),
        ("هل تعاني من التهاب في الحلق؟", False),
    ],
)
def test_a_diagnosis_or_a_treatment(turn: str, expected: bool) -> None:
    assert concludes(turn) is expected


@pytest.mark.parametrize(
    "turn",
    [
        "我头痛三天了，吃了洛维坦没有用。", "上次医生建议我多喝水。", "我应该多休息吗？", "您可以给我开点药吗？",
        "I have a headache, a fever (39 degrees) and a cough.", "Should I take more?", "Can you recommend something?",
        "My doctor told me that I should rest.", "I take Lovitan [20 mg] daily.", "عندي صداع منذ يومين.",
        "هل يجب أن أتناول الدواء؟", "قال لي الطبيب: استرح.",
    ],
)  # fmt: skip
def test_what_a_patient_may_say(turn: str) -> None:
    assert leak(turn, "patient") == ("", "")


@pytest.mark.parametrize(
    "turn",
    [
        "您头痛几天了？", "我理解您很难受，别担心。", "您说头晕，是转的那种吗？", "您的症状像是着凉了。",
        "I understand that your head hurts.", "You have a fever, as you say.", "Take it (one tablet) before meals.",
        "What should you avoid? Alcohol.", "هل تشعر بألم في الصدر؟", "أفهم أنك تعاني من الصداع.",
    ],
)  # fmt: skip
def test_what_a_doctor_may_say(turn: str) -> None:
    assert leak(turn, "doctor") == ("", "")


@pytest.mark.parametrize(
    ("turn", "speaker", "rule"),
    [
        ("我建议您多喝水。", "patient", "advises"),
        ("You should take two tablets.", "patient", "advises"),
        ("أنصحك بالراحة.", "patient", "advises"),
        ("谢谢医生，我头痛。", "doctor", "complains"),
        ("Thanks, doctor. I have a headache.", "doctor", "complains"),
        ("أعاني من الصداع يا دكتور.", "doctor", "complains"),
        ("（叹气）我睡不好。", "patient", "staged"),
        ("*nods* Go on.", "doctor", "staged"),
        ("(يتنهد) نعم.", "patient", "staged"),
        ("疼。\n医生：多久了？", "patient", "scripted"),
        ("It hurts.\nDoctor: Since when?", "patient", "scripted"),
        ("يؤلمني.\nالطبيب: منذ متى؟", "patient", "scripted"),
        ("病例卡上写我发烧。", "patient", "card"),
        ("According to my card I have a fever.", "patient", "card"),
        ("في البطاقة أني محموم.", "patient", "card"),
        ("I feel <card> dizzy.", "patient", "mark"),
        ("Take {dose} daily.", "doctor", "mark"),
    ],
)
def test_falling_out_of_the_part(turn: str, speaker: str, rule: str) -> None:
    found, words = leak(turn, speaker)  # type: ignore[arg-type]
    assert found == rule and words


def test_leave_is_taken_by_who_asks_nothing_more() -> None:
    assert closes("祝您早日康复！") and closes("Take care!") and closes("مع السلامة.")
    assert not closes("Take care. Where does it hurt?") and not closes("多喝水。")
    assert takes_leave("好的，谢谢医生。") and takes_leave("Thank you, bye.") and takes_leave("شكرا لك.")
    assert not takes_leave("谢谢，那要忌口吗？") and not takes_leave("I still feel dizzy.")


def test_the_speakers_own_label_is_taken_off() -> None:
    assert unlabelled("医生：您好", "doctor") == "您好"
    assert unlabelled("**Patient:** I am ill", "patient") == "I am ill"
    assert unlabelled("المريض: أنا مريض", "patient") == "أنا مريض"
    assert unlabelled("Doctor: hello", "patient") == "Doctor: hello"
