"""Kinds of questions, refusals, names and repeats in conversations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.text.alike import repeats
from metier.text.entities import named
from metier.text.questions import question_kind
from metier.text.refusals import refuses


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is it for?", "what"), ("Doctor, is it safe to take it?", "whether"), ("Why does my head ache?", "why"),
        ("What is the dose of it?", "how much"), ("Write a poem on rain.", "task"), ("I have a fever.", "other"),
        ("How do I take it?", "how"), ("Who found it?", "who"), ("Where is it sold?", "where"), ("When?", "when"),
        ("What should I do when I have a fever?", "how"), ("When I cough, what helps?", "what"),
        ("My son, who is five, coughs. Is it safe?", "whether"), ("When’s it taken?", "when"),
        ("高血压患者能吃吗？", "whether"), ("为什么会头疼", "why"), ("一天吃几次", "how much"), ("怎么吃", "how"),
        ("这是什么药", "what"), ("请写一首诗", "task"), ("我发烧了", "other"), ("什么时候吃", "when"),
        ("كم مرة آخذ الدواء؟", "how much"), ("هل يمكنني أكل هذا؟", "whether"), ("لماذا يؤلمني رأسي؟", "why"),
        ("كَيْفَ أستعمله؟", "how"), ("ما هذا؟", "what"), ("اكتب قصيدة", "task"), ("من أين تأتي؟", "where"),
    ],
)  # fmt: skip
def test_the_kind_of_a_question(question: str, kind: str) -> None:
    assert question_kind(question) == kind


@pytest.mark.parametrize(
    "reply",
    ["I'm sorry, but I can't help with that.", "I’m sorry, but I can’t help with that.", "I’m afraid I am unable to.",
     "As an AI language model, I cannot say.", "I must decline.",
     "抱歉，我无法回答这个问题。", "作为一个人工智能，我不能给出诊断。", "عذرًا، لا أستطيع المساعدة.",
     "كنموذج لغوي لا رأي لي."],
)  # fmt: skip
def test_refusals_are_told(reply: str) -> None:
    assert refuses(reply)


@pytest.mark.parametrize(
    "reply",
    ["Sorry to hear that you are ill. Take it twice a day.",
     "I'm sorry to hear that you cannot sleep. Take it at six.", "You cannot take it with milk.", "不能和牛奶一起吃。",
     "抱歉让您久等了，一天三次。", "لا يمكن أخذه مع الحليب.", "آسف لسماع ذلك، خذه مرتين."],
)  # fmt: skip
def test_a_reply_that_answers_is_no_refusal(reply: str) -> None:
    assert not refuses(reply)


def test_a_gazetteer_decides_what_its_names_are() -> None:
    text = "Nadir Vale met Anna Miller in Port Sable."
    assert ("place", "Nadir Vale") in named([text], {"Nadir Vale": "place", "Port Sable": "place"})[0]
    assert named(["白银价格上涨"], {"白银价格": "organisation"}) == [[("organisation", "白银价格")]]
    assert named(["I saw Dr Omar Halabi."], {"Dr Omar Halabi": "person"}) == [[("person", "Dr Omar Halabi")]]
    assert named([""]) == [[]] and named([]) == []


@given(st.lists(st.text("abc de", min_size=0, max_size=60), max_size=20))
def test_the_first_of_equal_texts_stays_and_the_rest_repeat(texts: list[str]) -> None:
    found = repeats([*texts, *texts])
    assert found[len(texts) :].all()
    assert not found[: min(1, len(texts))].any()


def test_texts_on_either_side_of_the_similarity() -> None:
    base = [f"w{n}" for n in range(200)]
    near, far = [*base[:195], "x", "y", "z", "u", "v"], [*base[:100], *(f"v{n}" for n in range(100))]
    assert repeats([" ".join(base), " ".join(near), " ".join(far)]).tolist() == [False, True, False]
