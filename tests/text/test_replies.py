import pytest

from metier.text.replies import bare, beyond, echo, unfit


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("  您好。\n", "您好。"),
        ("```\nHello.\n```", "Hello."),
        ("```markdown\nHello.\n```", "Hello."),
        ("<reply>\nHello.\n</reply>", "Hello."),
        ("“您好。”", "您好。"),
        ("```\n<answer>«مرحبا»</answer>\n```", "مرحبا"),
        ('"Yes" and "no"', '"Yes" and "no"'),
        ("Take `x` ```y```", "Take `x` ```y```"),
        ("", ""),
    ],
)
def test_what_models_put_round_a_reply(reply: str, text: str) -> None:
    assert bare(reply) == text


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("I'm sorry, but I can't help with that.", "refused"),
        ("抱歉，我无法提供这方面的帮助。", "refused"),
        ("عذرا، لا أستطيع الإجابة عن هذا.", "refused"),
        ("Je suis désolé, je ne peux pas vous aider.", "refused"),
        ("申し訳ありませんが、お答えできません。", "refused"),
        ("You should rest. I am just an AI, ask a doctor too.", "program"),
        ("多休息。作为一个人工智能，我建议您就医。", "program"),
        ("استرح. أنا مجرد نموذج لغوي.", "program"),
        ("Here is the rewritten reply: rest.", "task"),
        ("以下是润色后的回复：多休息。", "task"),
        ("إليك الرد المنقح: استرح.", "task"),
    ],
)
def test_replies_that_cannot_be_used(reply: str, why: str) -> None:
    rule, words = unfit(reply)
    assert rule == why and words


@pytest.mark.parametrize(
    "reply",
    [
        "I'm sorry to hear that you slept badly. You cannot drink with these tablets.",
        "您好，这种情况在网上无法确诊，建议到医院检查。不能喝酒。",
        "对不起让您久等了。不能提重物，注意休息。",
        "لا يمكن تناول هذا الدواء مع الكحول. آسف لتأخري.",
        "Here is what to do: rest and drink.",
        "以下几点要注意：多休息，少吃油腻。",
        "Artificial intelligence is the subject of this book.",
    ],
)
def test_what_a_doctor_may_well_say(reply: str) -> None:
    assert unfit(reply) == ("", "")


def test_an_answer_to_a_free_instruction_may_speak_of_itself() -> None:
    assert unfit("Here is the rewritten answer: rest.", task=False) == ("", "")


def test_stuck_models_and_instructions_beyond_text() -> None:
    assert echo("Take a rest now. Take a rest now. Take a rest now. ") == "Take a rest now"
    assert echo("多喝水，多休息，别担心。\n多喝水，多休息，别担心。\n") == ""
    assert echo("No. No. No. No. ") == ""
    assert beyond("Describe the attached photo") and beyond("根据上面的文章回答") and beyond("ارسم مخططا")
    assert beyond("What helps against a cough?") == ""
