from pathlib import Path

import pytest

from metier.artefact import Writer
from metier.instruct.ground import Ground, ground
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.records import Conversation, Document, Dropped, Message, MetierError
from metier.run.account import Ledger

PASSAGE = (
    "Adults take 200 mg of Lovitan twice daily after meals. Lovitan must not be given to children. "
    "It contains aspirin. Keep it below 25 °C."
)


def pages(place: Path, *docs: Document) -> Path:
    writer = Writer(place / "pages")
    for doc in docs or (Document("page", PASSAGE, language="en"),):
        writer.add(doc)
    writer.close()
    return place / "pages"


def said(answer: str, id: str = "page?0", parent: str = "page", language: str = "en") -> Conversation:
    return Conversation(id, (Message("user", "How?"), Message("assistant", answer)), "web", language, parent)


def run(place: Path, *given: Conversation, judge: str = "", docs: tuple[Document, ...] = (), **config: object) -> list:
    ledger = Ledger("ground")
    made = []
    home = pages(place, *docs)
    specs = {"judge": Scripted(function=f"tests.instruct.grounding_judges:{judge}")} if judge else {}
    with session(place / "replies.sqlite", specs) as calls:
        some = ledger.take("conversations", iter(given))
        for record in ground(some, home, Ground(**config), calls.llm("judge") if judge else None):
            ledger.give(record)
            made.append(record)
    ledger.close(accounts=True)
    return made


def reasons(made: list) -> dict[str, str]:
    return {one.id: one.why for one in made if isinstance(one, Dropped)}


def test_what_the_passage_bears_out_stays_and_each_error_is_dropped_by_its_rule(tmp_path: Path) -> None:
    some = [
        said("You take 200 mg of Lovitan two times a day, after meals.", "page?0"),
        said("Adults take 400 mg of Lovitan twice daily after meals.", "page?1"),
        said("Lovitan may be given to children.", "page?2"),
        said("It was invented by two famous brothers who loved mountains.", "page?3"),
        said("It contains heparin.", "page?4"),
        said("Keep it below 25 g.", "page?5"),
        said("Adults take 200 mg of Lovitan twice daily and", "page?6"),
    ]
    made = run(tmp_path, *some)
    assert made[0] == some[0]
    assert reasons(made) == {
        f"page?{number}": f"not grounded: {rule}"
        for number, rule in enumerate(("number", "negation", "invented", "drug", "unit", "omitted"), 1)
    }


def test_only_the_rules_that_are_named_drop(tmp_path: Path) -> None:
    some = [said("Adults take 400 mg of Lovitan twice daily after meals."), said("It contains heparin.", "page?1")]
    made = run(tmp_path, *some, rules=("drug",))
    assert made[0] == some[0]
    assert reasons(made) == {"page?1": "not grounded: drug"}


def test_a_share_of_the_passage_can_be_asked_for(tmp_path: Path) -> None:
    whole = said("Adults take 200 mg of Lovitan twice daily after meals.")
    assert run(tmp_path / "a", whole) == [whole]
    assert run(tmp_path / "b", whole, share=0.6)[0].why == "not grounded: omitted"


def test_passages_are_found_through_what_a_conversation_was_derived_from(tmp_path: Path) -> None:
    docs = (Document("page", "Nothing."), Document("page#1", PASSAGE))
    wrong = "Adults take 400 mg of Lovitan twice daily after meals."
    some = [
        said(wrong, "page#1?0~polished", "page#1?0"),
        said(wrong, "x", "page#1"),
        said("Nothing.", "page#2?0", "page#2"),
        said("Nothing.", "y", "elsewhere"),
    ]
    made = run(tmp_path, *some, docs=docs)
    assert reasons(made) == {
        "page#1?0~polished": "not grounded: number",
        "x": "not grounded: number",
        "y": "no passage",
    }


def test_every_reply_is_checked_with_the_question_before_it(tmp_path: Path) -> None:
    turns = (
        Message("user", "I am 40 years old. May I take Lovitan?"),
        Message("assistant", "At 40 years adults take 200 mg of Lovitan twice daily."),
        Message("user", "And my children?"),
        Message("assistant", "Lovitan may be given to children."),
    )
    fine = Conversation("page?0", turns[:2], parent="page")
    wrong = Conversation("page?1", turns, parent="page")
    made = run(tmp_path, fine, wrong)
    assert made[0] == fine
    assert reasons(made) == {"page?1": "not grounded: negation"}


def test_across_languages_rules_check_numbers_and_names_and_a_judge_the_rest(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("lovitan | لوفيتان\n", "utf-8")
    some = [
        said("يتناول البالغون 200 ملغ من لوفيتان مرتين في اليوم.", "page?0", language="ar"),
        said("يتناول البالغون 400 ملغ من لوفيتان مرتين في اليوم.", "page?1", language="ar"),
        said("يحتوي على هيبارين.", "page?2", language="ar"),
        said("يؤخذ لوفيتان على القمر.", "page?3", language="ar"),
    ]
    names = str(tmp_path / "names.txt")
    alone = run(tmp_path / "a", *some, names=names)
    assert reasons(alone) == {"page?1": "not grounded: number", "page?2": "not grounded: drug"}
    judged = run(tmp_path / "b", *some, judge="strict", names=names)
    assert reasons(judged) == reasons(alone) | {"page?3": "not grounded: judge"}
    assert judged[0] == some[0]
    assert next(one.detail for one in judged if one.id == "page?3") == "the moon"


def test_a_judge_is_asked_about_every_answer_where_that_is_wanted(tmp_path: Path) -> None:
    moon = said("Adults take 200 mg of Lovitan twice daily after meals. (Not on the moon.)")
    assert run(tmp_path / "a", moon, judge="strict", rules=("number",)) == [moon]
    every = run(tmp_path / "b", moon, judge="strict", rules=("number",), judged="every")
    assert reasons(every) == {"page?0": "not grounded: judge"}


def test_a_reply_without_a_verdict_keeps_nothing(tmp_path: Path) -> None:
    made = run(tmp_path, said("يؤخذ لوفيتان.", language="ar"), judge="vague")
    assert reasons(made) == {"page?0": "no verdict of the judge"}


def test_a_passage_in_a_language_without_prompts_is_told(tmp_path: Path) -> None:
    docs = (Document("page", "Une phrase.", language="fr"),)
    made = run(tmp_path, said("A phrase.", language="en"), judge="strict", docs=docs)
    assert reasons(made) == {"page?0": "no prompts in its language"}


def test_a_step_without_documents_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MetierError, match="holds no documents"):
        list(ground(iter(()), tmp_path / "empty", Ground()))
