from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.evals.asking import Asking, written
from metier.llm.subject import subjects
from metier.records import Checkpoint, Message, MetierError, Question, QuestionKind
from metier.text.extract import extract

ZH = Question("z", "下列哪种药物每日服用一次？", options={"A": "左韦司", "B": "马林"}, key=frozenset("A"))
AR = Question("a", "أي دواء يؤخذ مرة يوميا؟", options={"A": "زورفكس", "B": "مالين"}, key=frozenset("B"))
EN = Question(
    "e", "Which are taken at night?", passage="Two drugs.", options={"A": "Zorvex", "B": "Malin", "C": "Tibro"},
    key=frozenset("CA"), kind="multiple",
)  # fmt: skip
YES = Question("y", "Is Malin taken daily?", options={"A": "Yes", "B": "No"}, key=frozenset("B"), kind="yesno")


def asking(**given: object) -> Asking:
    return Asking(**({"prompts": "asset:asking", "language": "", "reasons": False, "system": ""} | given))  # type: ignore[arg-type]


def test_each_question_is_put_in_its_own_language_with_all_it_needs() -> None:
    (said,) = asking().messages(EN)
    assert said.role == "user"
    assert said.content.startswith(
        "Two drugs.\n\nWhich are taken at night?\n\nA. Zorvex\nB. Malin\nC. Tibro\n\nOne or more"
    )
    assert "只有一个选项" in asking().messages(ZH)[0].content
    assert "واحد فقط من هذه الخيارات" in asking().messages(AR)[0].content
    (said,) = asking().messages(YES)
    assert said.content == "Is Malin taken daily?\n\nReply with one of these alone: Yes, No."
    stated = msgspec.structs.replace(YES, stem="Malin is taken daily.")
    (said,) = asking().messages(stated)
    assert said.content.endswith("daily.\n\nIs this statement true? Reply with one of these alone: Yes, No.")
    (said,) = asking(language="zh").messages(YES)
    assert said.content.endswith("请只回答以下之一：Yes、No。")


def test_examples_are_turns_before_the_question_and_answer_as_is_asked() -> None:
    turns = asking(system="Be brief.").messages(ZH, [EN, YES, AR])
    assert [one.role for one in turns] == ["system", *["user", "assistant"] * 3, "user"]
    assert [one.content for one in turns[2::2]] == ["A, C", "No", "B"]
    assert turns[0] == Message("system", "Be brief.") and turns[-1].content.startswith(ZH.stem)


def test_reasons_are_asked_for_and_shown_by_the_examples() -> None:
    worked = Question(
        "w", ZH.stem, options=ZH.options, key=ZH.key, reference="左韦司每日一次。", labels={"language": "zh"}
    )
    user, reply, last = asking(reasons=True).messages(AR, [worked])
    assert "逐步分析" in user.content and "خطوة بخطوة" in last.content
    assert reply.content == "左韦司每日一次。\n答案：A"
    with pytest.raises(MetierError, match="example 'a' gives no reasons for its answer; give examples whose reference"):
        asking(reasons=True).messages(ZH, [AR])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("关于 HIV-1 reverse transcriptase 抑制剂 zidovudine 的叙述，错误的是", "zh"),
        ("ما هي آلية عمل دواء metformin hydrochloride؟", "ar"),
        ("What does 黄芪 mean in English medical texts?", "en"),
        ("Welches Mittel hilft?", "en"),
        ("12 + 3 =", "en"),
        ("1．LDL\n与动脉粥样硬化有关\n促进胆固醇的逆向转运", "zh"),
    ],
)
def test_the_language_is_told_by_the_letters(text: str, language: str) -> None:
    assert written(text) == language


LABELS = {"en": "ABCDE", "zh": "ABCDE", "ar": "أبجده"}
WORDS = {
    "en": ("aspirin", "a rash", "once daily", "no change", "Vitamin A"),
    "zh": ("阿司匹林", "皮疹", "每日一次", "无变化", "维生素A"),
    "ar": ("الأسبرين", "طفح جلدي", "مرة يوميا", "لا تغيير", "فيتامين أ"),
}
TRUTH = {"en": ("Yes", "No"), "zh": ("是", "否"), "ar": ("نعم", "لا")}


@given(
    language=st.sampled_from(["en", "zh", "ar"]),
    kind=st.sampled_from(["single", "multiple", "yesno"]),
    reasons=st.booleans(),
    places=st.sets(st.integers(0, 3), min_size=1),
    size=st.integers(4, 5),
)
def test_the_answer_of_a_worked_example_is_read_as_its_key(
    language: str, kind: QuestionKind, reasons: bool, places: set[int], size: int
) -> None:
    words, labels = (TRUTH[language], "AB") if kind == "yesno" else (WORDS[language][:size], LABELS[language])
    options = dict(zip(labels, words, strict=False))
    some = sorted(places) if kind == "multiple" else [min(places) % len(options)]
    key = frozenset(labels[place] for place in some)
    told = (
        "The others do not fit." if language == "en" else "其他都不符合。" if language == "zh" else "الباقي لا يناسب."
    )
    example = Question("x", "?", options=options, key=key, kind=kind, reference=told, labels={"language": language})
    reply = asking(reasons=reasons).messages(EN, [example])[1].content
    assert extract(reply, options, kind).labels == key, reply


@pytest.mark.parametrize("language", ["en", "zh", "ar"])
@pytest.mark.parametrize("reasons", [True, False])
@pytest.mark.parametrize(
    ("kind", "stem"), [("single", "X?"), ("multiple", "X?"), ("yesno", "Is X so?"), ("yesno", "X is so.")]
)
def test_who_repeats_the_prompt_or_its_end_has_answered_nothing(
    language: str, reasons: bool, kind: QuestionKind, stem: str
) -> None:
    words, labels = (TRUTH[language], "AB") if kind == "yesno" else (WORDS[language], LABELS[language])
    options = dict(zip(labels, words, strict=True))
    question = Question("q", stem, options=options, key=frozenset(labels[0]), kind=kind, labels={"language": language})
    said = asking(reasons=reasons).messages(question)[-1].content
    for text in (said, said.partition("\n\n")[2], said.rpartition("\n\n")[2]):
        assert not extract(text, options, kind).labels, text


def test_an_example_is_written_once_for_all_questions_that_share_it() -> None:
    own = asking()
    one, other = own.messages(EN, [ZH, YES]), own.messages(AR, [YES])
    assert one[2] is other[0] and one[3] is other[1]


def test_a_short_stem_is_put_in_the_language_of_its_options() -> None:
    assert "只有一个选项" in asking().messages(msgspec.structs.replace(ZH, stem="5-Fu"))[0].content


def test_own_prompts_are_used_and_a_missing_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "single.fr.md").write_text("# system\nTu réponds.\n\n# user\n{question} ({options})")
    own = asking(prompts=str(tmp_path), language="fr")
    assert own.messages(AR) == (Message("system", "Tu réponds."), Message("user", f"{AR.stem} (A. زورفكس\nB. مالين)"))
    with pytest.raises(MetierError, match="has no prompt 'multiple'"):
        own.messages(EN)
    with pytest.raises(MetierError, match=r"'single' is there in fr, not in 'ar'; write single\.ar\.md"):
        asking(prompts=str(tmp_path)).messages(AR)


def test_a_list_of_checkpoints_is_told_by_its_seeds() -> None:
    one, two = Checkpoint("a", seed=1), Checkpoint("b", seed=2)
    assert subjects({"m": (one, two), "n": (one,)}) == [("m", "1", one), ("m", "2", two), ("n", "", one)]
