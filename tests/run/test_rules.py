import json
from pathlib import Path
from typing import Any

import pytest

from metier.records import MetierError
from metier.run.rules import admitted, check, checked, json_line, report, shown, told, turns
from tests.command import metier
from tests.rules.test_lint import ENTITIES, RULES, table


def fired(place: Path, *texts: str, card: str = "") -> list[dict[str, Any]]:
    """What fires, as a program reads it from the command line."""
    found: list[dict[str, Any]] = json.loads(json_line(shown(str(place), texts, card)))
    return found


def test_a_text_is_shown_with_what_fires(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    said = metier("rules", ".", "--text", "Good. Mix Velox with tessium chloride in one bag.", cwd=tmp_path)
    assert said.code == 0
    first, sentence, citation = said.out.splitlines()
    assert first.startswith("R1 [forbidden]: asserts (") and first.endswith("the text breaks it")
    assert sentence == "  Mix [Velox] with [tessium chloride] in one bag."
    assert citation == "  Do not mix them. Rinse. [label]"
    assert told(shown(str(tmp_path), ["Drink a glass of water."], "")) == ["no rule is touched"]


def test_the_citation_speaks_the_language_of_the_text(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    [one] = fired(tmp_path, "维洛林不能与氯化泰西在同一瓶中混合。")
    assert (one["rule"], one["stance"], one["message"], one["remedy"]) == ("R1", "warns", "不得混合。", "冲管。")
    spans = one["spans"]
    assert isinstance(spans, list) and [(span["member"], span["text"]) for span in spans] == [
        ("velorin", "维洛林"), ("brine", "氯化泰西"),
    ]  # fmt: skip


def test_several_texts_are_the_turns_of_a_dialogue(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    words = ("--text", "Can I mix velorin with tessium chloride in one bag?", "--text", "No, never.", "--json")
    [one] = json.loads(metier("rules", ".", *words, cwd=tmp_path).out)
    assert (one["stance"], one["turn"], one["sentence"]) == ("warns", 1, "No, never.")
    assert [message.role for message in turns(["a", "b", "c"])] == ["assistant", "user", "assistant"]


def test_a_card_says_whom_a_text_is_for(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, RULES)
    text = "Take nadorax 20 mg every day."
    assert [one["rule"] for one in fired(tmp_path, text, card="age=25 & pregnant")] == ["R2"]
    assert fired(tmp_path, text, card="age=25 & !pregnant") == []
    wrong = metier("rules", ".", "--text", text, "--card", "prgnant", cwd=tmp_path)
    assert wrong.code == 2 and "did you mean 'pregnant'" in wrong.last


def test_findings_are_printed_for_programs(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, [*RULES, "X,velorin|gold,together,note,,label,A.,B.,C.,D.,,"])
    said = metier("rules", ".", "--imported", "--json", cwd=tmp_path)
    found = json.loads(said.out)
    assert said.code == 2 and (found["entities"], found["rules"]) == (5, 3)
    assert [(one["fault"], one["level"]) for one in found["findings"]] == [
        ("unknown entity", "error"), ("no example", "note"), ("no example", "note"),
    ]  # fmt: skip
    plain = report(checked(str(tmp_path), imported=True))
    assert plain[-2:] == [f"{tmp_path}: note: no example, 2 times", f"{tmp_path}: 5 entities, 3 rules: 1 fault"]


def test_a_card_says_which_things_of_a_class_may_be_given(tmp_path: Path) -> None:
    table(tmp_path, [*ENTITIES, "acids,class,en,acids,,,,", "xanor,thing,en,xanor,,,,acids"], RULES)
    entities = (tmp_path / "entities.csv").read_text(encoding="utf-8").replace("nadorax,,,,", "nadorax,,,,acids")
    (tmp_path / "entities.csv").write_text(entities, encoding="utf-8")
    words = ("rules", ".", "--class", "acids", "--class", "velorin", "--card", "pregnant")
    assert metier(*words, cwd=tmp_path).out.splitlines() == [
        "nadorax (nadorax): admissible",
        "  Not in pregnancy. Wait. [R2: label]",
        "xanor (xanor): admissible",
        "velorin (velorin): admissible",
    ]


def test_what_a_card_does_not_say_is_told(tmp_path: Path) -> None:
    table(tmp_path, ENTITIES, [row.replace("patient,caution", "patient,forbidden") for row in RULES])
    [one] = admitted(str(tmp_path), "week=22", ["nadorax"], "zh")
    assert (one.verdict, one.reasons) == ("not", ["孕妇不用。 等待。 [R2: label]"])
    [one] = admitted(str(tmp_path), "age=25 & sex=female", ["nadorax"], "en")
    assert (one.verdict, one.reasons) == (
        "unknown",
        ["Not in pregnancy. Wait. [R2: label] (the card does not say: pregnant)"],
    )
    with pytest.raises(MetierError, match="no class 'brin' in the table; did you mean 'brine'"):
        admitted(str(tmp_path), "", ["brin"], "en")
    with pytest.raises(MetierError, match="'gout' is a condition of patients"):
        admitted(str(tmp_path), "", ["gout"], "en")


def test_no_option_is_passed_over(tmp_path: Path) -> None:
    wrong = metier("rules", "--card", "pregnant", cwd=tmp_path)
    said = "metier: --card 'pregnant' has nothing to be held against; add --text or --class"
    assert (wrong.code, wrong.last) == (2, said)
    with pytest.raises(MetierError, match="--text and --class ask two things; give one of them"):
        check(["x"], "", ["brine"])
    with pytest.raises(MetierError, match="--text ' ' is empty; give what is to be held against the table"):
        check([" "], "", None)
    with pytest.raises(MetierError, match=r"--text 'Mix .udcc4' is not UTF-8; convert it first"):
        check(["Mix \udcc4"], "", None)
