"""What rules only doubt is put to a judge, who has the last word; what is final is not."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metier.artefact import Writer
from metier.instruct.ground import Ground, ground
from metier.instruct.judging import FINAL, NoVerdict, Verdict, in_doubt, read_judging, verdict
from metier.instruct.polish import Polish, polish
from metier.instruct.unify import Unify, unify
from metier.llm.budget import Spent
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.records import Conversation, Document, Dropped, Message, MetierError, Record
from metier.run.account import Ledger
from metier.text.grounding import Finding

Made = list[Conversation | Dropped]
PAGES = {
    "en": (
        "Adults take 200 mg of Lovitan twice daily after meals. Lovitan must not be given to children. "
        "It contains aspirin. Keep it below 25 °C."
    ),
    "zh": "洛维坦每日两次，每次200毫克，饭后服用。儿童不得使用。",
    "ar": "يتناول البالغون 200 ملغ من لوفيتان مرتين في اليوم. لا يعطى لوفيتان للأطفال.",
}
FINE = {
    "en": "Adults take 200 mg of Lovitan twice daily after meals.",
    "zh": "每次200毫克，每日两次，饭后服用。",
    "ar": "يتناول البالغون 200 ملغ من لوفيتان مرتين في اليوم.",
}
DENIED = {
    "en": "Lovitan may be given to children.",
    "zh": "儿童可以使用洛维坦。",
    "ar": "يعطى لوفيتان للأطفال.",
}
NUMBER = {
    "en": "Adults take 400 mg of Lovitan twice daily after meals.",
    "zh": "每次400毫克，每日两次，饭后服用。",
    "ar": "يتناول البالغون 400 ملغ من لوفيتان مرتين في اليوم.",
}
JUDGES = "tests.instruct.grounding_judges"


def said(*answers: str, id: str = "en?0", language: str = "en") -> Conversation:
    turns = tuple(turn for one in answers for turn in (Message("user", "How?"), Message("assistant", one)))
    return Conversation(id, turns, "web", language, id.partition("?")[0])


def asked(
    stage: Callable[..., Iterable[Record]], place: Path, models: dict[str, str], **fed: Any
) -> tuple[Made, dict[str, Spent]]:
    """What a stage yields, held to the law that every record is accounted for, and what its models were asked."""
    ledger = Ledger(stage.__name__)
    records = next(name for name in ("conversations", "docs") if name in fed)
    fed[records] = ledger.take(records, iter(fed[records]))
    made: list[Any] = []
    with session(place / "replies.sqlite", {name: Scripted(function=one) for name, one in models.items()}) as calls:
        for record in stage(**fed, **{name: calls.llm(name) for name in models}):
            ledger.give(record)
            made.append(record)
        spent = calls.spent()
    ledger.close(accounts=True)
    return made, spent


def grounded(place: Path, judge: str, *some: Conversation, **config: Any) -> tuple[Made, Spent]:
    if not (place / "pages").is_dir():
        writer = Writer(place / "pages")
        for language, text in PAGES.items():
            writer.add(Document(language, text, language=language))
        writer.close()
    models = {"judge": f"{JUDGES}:{judge}"} if judge else {}
    made, spent = asked(ground, place, models, conversations=some, pages=place / "pages", config=Ground(**config))
    return made, spent.get("judge", Spent())


def reasons(made: Made) -> dict[str, str]:
    return {one.id: one.why for one in made if isinstance(one, Dropped)}


def sent(spent: Spent) -> int:
    return spent.replies + spent.cached


@pytest.mark.parametrize("language", PAGES)
def test_a_doubt_is_put_to_the_judge_and_nothing_else_is(tmp_path: Path, language: str) -> None:
    some = [
        said(one[language], id=f"{language}?{number}", language=language)
        for number, one in enumerate((FINE, DENIED, NUMBER))
    ]
    alone, _ = grounded(tmp_path, "", *some)
    assert reasons(alone) == {
        f"{language}?1": "not grounded: negation",
        f"{language}?2": "not grounded: number",
    }
    made, spent = grounded(tmp_path, "agreeing", *some, judged="doubted")
    assert made[:2] == some[:2] and reasons(made) == {f"{language}?2": "not grounded: number"}
    assert (sent(spent), spent.counts) == (1, {"doubted": 1, "doubted but supported": 1})


@pytest.mark.parametrize("language", PAGES)
def test_a_judge_who_refuses_drops_by_the_rule_with_words_of_both(tmp_path: Path, language: str) -> None:
    made, spent = grounded(
        tmp_path, "refusing", said(DENIED[language], id=f"{language}?0", language=language), judged="doubted"
    )
    [gone] = made
    assert isinstance(gone, Dropped) and gone.why == "not grounded: negation"
    found, _, seen = gone.detail.partition(" | judge: seen ")
    assert found.startswith(DENIED[language]) and seen.startswith("- ")
    there = PAGES[language].replace("。", ".").split(".")
    assert any(one and one in seen for one in map(str.strip, there)) and DENIED[language].strip(".。") in seen
    assert spent.counts == {"doubted": 1}


def test_a_language_that_is_not_said_is_told_by_the_passage(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "pages")
    writer.add(Document("en", PAGES["en"]))
    writer.close()
    made, spent = grounded(tmp_path, "agreeing", said(DENIED["en"], language=""), judged="doubted")
    assert reasons(made) == {} and sent(spent) == 1


def test_a_judge_without_a_verdict_keeps_nothing_and_is_counted(tmp_path: Path) -> None:
    made, spent = grounded(tmp_path, "vague", said(FINE["en"]), said(DENIED["en"], id="en?1"), judged="doubted")
    assert reasons(made) == {"en?1": "no verdict of the judge"}
    assert next(one.detail for one in made if isinstance(one, Dropped)) == "It seems mostly fine to me."
    assert spent.counts == {"doubted": 1, "without a verdict": 1}
    made, _ = grounded(tmp_path, "gone", said(DENIED["en"]), judged="doubted")
    assert reasons(made) == {"en?0": "timed out"}


def test_one_final_finding_costs_no_question(tmp_path: Path) -> None:
    both = said(DENIED["en"], NUMBER["en"])
    made, spent = grounded(tmp_path, "agreeing", both, judged="doubted")
    assert reasons(made) == {"en?0": "not grounded: number"} and sent(spent) == 0
    made, spent = grounded(tmp_path, "agreeing", said(DENIED["en"]), judged="doubted", final=("negation",))
    assert reasons(made) == {"en?0": "not grounded: negation"} and sent(spent) == 0
    made, spent = grounded(tmp_path, "agreeing", said(NUMBER["en"]), judged="doubted", final=())
    assert reasons(made) == {} and sent(spent) == 1
    made, spent = grounded(tmp_path, "refusing", said(DENIED["en"]), judged="doubted", rules=("number",))
    assert reasons(made) == {} and sent(spent) == 0


def test_of_several_turns_only_the_doubtful_are_asked_about(tmp_path: Path) -> None:
    made, spent = grounded(tmp_path, "agreeing", said(FINE["en"], DENIED["en"], FINE["en"]), judged="doubted")
    assert reasons(made) == {} and sent(spent) == 1
    made, spent = grounded(tmp_path, "agreeing", said(FINE["en"], DENIED["en"]), judged="every")
    assert reasons(made) == {} and sent(spent) == 2 and spent.counts["doubted but supported"] == 1
    made, _ = grounded(tmp_path, "refusing", said(FINE["en"]), judged="every")
    [gone] = made
    assert isinstance(gone, Dropped) and (gone.why, gone.detail) == ("not grounded: judge", "seen (nothing)")


def test_across_languages_the_judge_is_asked_as_before_and_about_names_too(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("lovitan | لوفيتان\nheparin | هيبارين\n", "utf-8")
    fine = said(FINE["ar"], id="en?0", language="ar")
    named = said("يحتوي على هيبارين.", id="en?1", language="ar")
    wrong = said(NUMBER["ar"], id="en?2", language="ar")
    first = {"en?1": "not grounded: drug", "en?2": "not grounded: number"}
    for judged, lost, questions in (("across", first, 1), ("doubted", {"en?2": first["en?2"]}, 2)):
        made, spent = grounded(tmp_path, "agreeing", fine, named, wrong, names=str(names), judged=judged)
        assert (reasons(made), sent(spent)) == (lost, questions)
    made, _ = grounded(tmp_path, "refusing", fine, named, names=str(names), judged="doubted")
    assert reasons(made) == {"en?0": "not grounded: judge", "en?1": "not grounded: drug"}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([one["en"] for one in (FINE, DENIED, NUMBER)]), max_size=4),
    st.sampled_from(["agreeing", "refusing", "vague", "gone"]),
    st.sampled_from(["across", "doubted", "every"]),
)
def test_every_conversation_is_accounted_for_and_no_changed_number_passes(
    tmp_path: Path, answers: list[str], judge: str, judged: str
) -> None:
    some = [said(one, id=f"en?{number}") for number, one in enumerate(answers)]
    made, spent = grounded(tmp_path, judge, *some, judged=judged)
    assert [one.id for one in made] == [one.id for one in some]
    assert all(isinstance(one, Dropped) for one, answer in zip(made, answers, strict=True) if answer == NUMBER["en"])
    if judge in ("refusing", "vague", "gone") and judged != "across":
        denied = [one for one, answer in zip(made, answers, strict=True) if answer == DENIED["en"]]
        assert all(isinstance(one, Dropped) for one in denied)
    assert spent.counts.get("doubted", 0) <= sent(spent)


# unify ----------------------------------------------------------------------------------------------------------------
def unified(place: Path, judge: str, **config: Any) -> tuple[Made, dict[str, Spent]]:
    models = {"writer": "tests.instruct.unify_teachers:rephrasing"}
    models |= {"judge": f"{JUDGES}:{judge}"} if judge else {}
    doc = Document("d", "Xol is a drug against river cough. Take 5 mg of Xol at noon.", language="en")
    return asked(unify, place, models, docs=[doc], config=Unify(questions=1, share=0, **config))


def test_a_doubt_that_the_judge_lifts_costs_no_repair(tmp_path: Path) -> None:
    made, spent = unified(tmp_path / "a", "agreeing", judged="doubted")
    assert [one.messages[1].content for one in made if isinstance(one, Conversation)] == ["Never take Xol at noon."]
    assert (sent(spent["writer"]), sent(spent["judge"])) == (2, 1), "a question, an answer, a verdict"
    assert spent["judge"].counts == {"doubted": 1, "doubted but supported": 1}


def test_a_doubt_that_the_judge_shares_is_mended_with_the_words_of_both(tmp_path: Path) -> None:
    made, spent = unified(tmp_path, "refusing", judged="doubted")
    assert [one.messages[1].content for one in made if isinstance(one, Conversation)] == ["Take 5 mg of Xol at noon."]
    assert (sent(spent["writer"]), sent(spent["judge"])) == (3, 1), "the mended answer is not doubted"
    [gone], spent = unified(tmp_path, "refusing", judged="doubted", repair=False)
    assert isinstance(gone, Dropped) and (gone.id, gone.why) == ("d", "not grounded: negation")
    assert "judge 'seen - " in gone.detail and "Never take Xol" in gone.detail


def test_a_verdict_that_cannot_be_read_is_the_reason(tmp_path: Path) -> None:
    [gone], spent = unified(tmp_path, "vague", judged="doubted")
    assert isinstance(gone, Dropped) and (gone.id, gone.why) == ("d", "no verdict of the judge")
    assert gone.detail.startswith("It seems mostly fine to me. | ")
    assert sent(spent["writer"]) == 2 and spent["judge"].counts == {"doubted": 1, "without a verdict": 1}


def test_the_writer_judges_where_no_judge_is_named(tmp_path: Path) -> None:
    alone, spent = unified(tmp_path / "a", "")
    assert sent(spent["writer"]) == 3 and not reasons(alone) and not spent["writer"].counts, "mended by rules"
    made, spent = unified(tmp_path / "b", "", judged="doubted")
    assert sent(spent["writer"]) == 3 and spent["writer"].counts == {"doubted": 1, "doubted but supported": 1}
    assert [one.messages[1].content for one in made if isinstance(one, Conversation)] == ["Never take Xol at noon."]


def test_what_is_final_is_mended_without_a_judge(tmp_path: Path) -> None:
    _, spent = unified(tmp_path, "agreeing", judged="doubted", final=("number", "unit", "negation"))
    assert (sent(spent["writer"]), sent(spent["judge"])) == (3, 0)
    _, spent = unified(tmp_path / "every", "agreeing")
    assert spent["judge"].counts == {"doubted": 1, "doubted but supported": 1}, "a judge that is named judges every one"
    _, spent = unified(tmp_path / "across", "agreeing", judged="across")
    assert sent(spent["judge"]) == 0


# polish ---------------------------------------------------------------------------------------------------------------
SHORT = Conversation(
    "c",
    (Message("user", "I feel dizzy."), Message("assistant", "Please do not drink alcohol. Take 20 mg a day and rest.")),
    "dialogue",
    "en",
)


def polished(place: Path, writer: str, judge: str, **config: Any) -> tuple[Made, dict[str, Spent]]:
    models = {"writer": f"tests.instruct.dialogue_teachers:{writer}"}
    models |= {"judge": f"{JUDGES}:{judge}"} if judge else {}
    return asked(polish, place, models, conversations=[SHORT], config=Polish(**config))


def test_a_negation_that_seems_changed_is_put_to_the_judge(tmp_path: Path) -> None:
    made, _ = polished(tmp_path, "flips", "")
    assert reasons(made) == {"c~polished:1": "negation changed"}
    made, spent = polished(tmp_path, "flips", "agreeing")
    assert [one.id for one in made] == ["c~polished"]
    assert (sent(spent["writer"]), sent(spent["judge"])) == (1, 1)
    made, spent = polished(tmp_path, "flips", "refusing")
    assert reasons(made) == {"c~polished:1": "negation changed"}
    made, spent = polished(tmp_path, "flips", "vague")
    assert reasons(made) == {"c~polished:1": "no verdict of the judge"} and made[0] == SHORT
    made, spent = polished(tmp_path, "flips", "gone")
    assert reasons(made) == {"c~polished:1": "timed out"}


def test_a_number_that_changed_is_not(tmp_path: Path) -> None:
    made, spent = polished(tmp_path, "changes_dose", "agreeing")
    assert reasons(made) == {"c~polished:1": "number changed"} and sent(spent["judge"]) == 0


# the words ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("reply", ["SUPPORTED", "Supported.", "**SUPPORTED**"])
def test_a_verdict_that_bears_out(reply: str) -> None:
    assert verdict(reply) == Verdict(True)


@pytest.mark.parametrize(("reply", "why"), [("UNSUPPORTED: 400 mg", "400 mg"), ("unsupported", "")])
def test_a_verdict_that_refuses(reply: str, why: str) -> None:
    assert verdict(reply) == Verdict(False, why)


@pytest.mark.parametrize("reply", ["I think it is SUPPORTED", "", "Yes."])
def test_every_other_reply_is_none(reply: str) -> None:
    with pytest.raises(NoVerdict, match="no verdict of the judge"):
        verdict(reply)


def test_only_readings_of_meaning_are_in_doubt() -> None:
    negation, number, cut = (Finding(rule, "x") for rule in ("negation", "number", "cut"))
    assert in_doubt([negation]) and in_doubt([Finding(one, "") for one in ("drug", "invented", "omitted")])
    assert not in_doubt([]) and not in_doubt([negation, number]) and not in_doubt([cut])
    assert in_doubt([number], ()) and FINAL == ("number", "unit")


@pytest.mark.parametrize("where", ["domain:medicine", "domain:arabic"])
@pytest.mark.parametrize("language", ["en", "zh", "ar"])
def test_every_language_has_words_for_every_finding(where: str, language: str) -> None:
    if (where, language) in (("domain:arabic", "en"), ("domain:arabic", "zh")):
        with pytest.raises(MetierError, match="is there in ar"):
            read_judging(where, "ground-judge", language)
        return
    words = read_judging(where, "ground-judge", language).doubts
    rules = ("number", "unit", "drug", "negation", "invented", "omitted", "cut", "there", "none", "other")
    assert [one for one in rules if one not in words] == []
    assert all("{span}" in words[one] for one in rules if one != "none")
