import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.instruct_doubt import LANGUAGES, measure
from metier.artefact import write_records
from metier.instruct.doubt import Doubt, doubt
from metier.records import Advice, Conversation, Document, Dropped, Message, MetierError, Record, Rule
from metier.text.named import Finder, amounts, plain
from tests.corpus.helpers import write
from tests.rules.tables import ENTITIES
from tests.rules.tables import RULES as TABLE_RULES

PATTERNS = "fact,sentence,question\ntreats,{drug} treats {value}.,\ndose,The dose of {drug} is {value}.,\n"
LEAFLETS = [
    Document("zorbex", "Zorbex treats river cough. The dose of Zorbex is 40 mg.", meta={"drug": "Zorbex"}),
    Document("plimo", "Plimo treats moon rash. Plimo must not be taken by pregnant women.", meta={"drug": "Plimo"}),
    Document("库奈", "库奈的剂量为每次50毫克。孕妇禁用。", language="zh", meta={"drug": "库奈"}),
]
RULES = [Rule("Z+P", ("Zorbex", "Plimo"), advice=(Advice("en", "Zorbex and Plimo must not meet."),))]


def talk(id: str, *said: str) -> Conversation:
    roles = ("user", "assistant") * len(said)
    return Conversation(id, tuple(Message(role, text) for role, text in zip(roles, said, strict=False)))  # type: ignore[arg-type]


def run(tmp_path: Path, conversations: list[Conversation], leaflets: bool = True, **settings: Any) -> list[Any]:
    records: list[Record] = [*LEAFLETS, *RULES]
    write_records(tmp_path / "leaflets", records)
    patterns = str(write(tmp_path / "patterns.csv", PATTERNS))
    config = Doubt(**({"patterns": patterns} | settings))
    return list(doubt(iter(conversations), config, tmp_path, *([tmp_path / "leaflets"] if leaflets else [])))


def why(tmp_path: Path, *said: str, **settings: Any) -> str:
    [record] = run(tmp_path, [talk("c", *said)], **settings)
    return record.why if isinstance(record, Dropped) else ""


LEAFLET, RULE, REPLIES = "contradicts a leaflet", "contradicts a rule", "contradicts other replies"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (("What does Zorbex treat?", "Zorbex treats river cough."), ""),
        (("What does Zorbex treat?", "Zorbex treats moon rash."), LEAFLET),
        (("What is Zorbex for?", "It helps against moon rash."), LEAFLET),
        (("What is Zorbex for?", "Not moon rash, as many think, but river cough."), ""),
        (("Is Zorbex good for moon rash?", "No, it is not."), ""),
        (("Is Zorbex good for moon rash?", "Yes, it is."), LEAFLET),
        (("Is Zorbex good for river cough?", "No."), LEAFLET),
        (("How much Zorbex?", "40 mg."), ""),
        (("How much Zorbex?", "0.04 g."), ""),
        (("How much Zorbex?", "400 mg."), LEAFLET),
        (("How much Zorbex?", "Please ask the chemist."), ""),
        (("Tell me of Zorbex.", "Gladly.", "What is it for?", "For moon rash."), LEAFLET),
        (("Is it for moon rash?", "Yes."), ""),
        (("I take Zorbex and Plimo.", "One is for moon rash."), ""),
        (("I am pregnant. May I take Plimo?", "Yes, it is safe."), LEAFLET),
        (("I am pregnant. May I take Plimo?", "No, it must not be taken."), ""),
        (("I am pregnant. Should I avoid Plimo?", "Yes, avoid it."), ""),
        (("I am pregnant. Must I avoid Plimo?", "No."), LEAFLET),
        (("I am pregnant and may need Plimo.", "Others may take it, but you mustn’t; please don’t."), ""),
        (("怀孕了可以吃库奈吗？", "可以，放心。"), LEAFLET),
        (("怀孕了可以吃库奈吗？", "孕妇禁用。"), ""),
        (("怀孕了可以吃库奈吗？", "可以咨询医生。"), ""),
        (("怀孕了可以吃库奈吗？", "对于这个问题，先多喝水，可以物理降温。"), ""),
        (("怀孕了可以吃库奈吗？", "对，可以吃。"), LEAFLET),
        (("What does Zorbex treat?", "Zorbex treats your river cough."), ""),
        (("What does Zorbex treat?", "Zorbex treats your river cough and moon rash."), LEAFLET),
        (("库奈一次吃多少？", "一次500毫克。"), LEAFLET),
        (("库奈一次吃多少？", "一次0.05克。"), ""),
        (("May I take Zorbex with Plimo?", "Yes, they go together."), RULE),
        (("May I take Zorbex with Plimo?", "No, they must not be combined."), ""),
        (("May I take Zorbex with Plimo?", "Avoid that: both lose their strength."), ""),
    ],
)  # fmt: skip
def test_what_is_in_doubt(tmp_path: Path, said: tuple[str, ...], reason: str) -> None:
    assert why(tmp_path, *said) == reason


def test_what_is_dropped_says_what_and_is_listed_for_a_person(tmp_path: Path) -> None:
    good, bad = talk("good", "What is Zorbex for?", "River cough."), talk("bad", "What is Zorbex for?", "Moon rash.")
    out = run(tmp_path, [good, bad])
    assert out == [good, Dropped("bad", LEAFLET, "zorbex, treats: moon rash; leaflet: river cough")]
    [line] = (tmp_path / "doubts.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "id": "bad", "turn": 1, "why": LEAFLET, "detail": "zorbex, treats: moon rash; leaflet: river cough",
        "question": "What is Zorbex for?", "reply": "Moon rash.",
    }  # fmt: skip
    twice = talk("twice", "What is Zorbex for?", "For moon rash. Not for river cough.", "Thanks.", "Gladly.")
    run(tmp_path, [good, bad, twice])
    counts = {"replies with claims": 3, "in doubt": 2, "drugs": 3}
    assert json.loads((tmp_path / "notes.json").read_text()) == counts
    assert run(tmp_path, [good, bad], flag="list") == [good, bad]
    assert len((tmp_path / "doubts.jsonl").read_text().splitlines()) == 1


def test_the_entities_of_a_step_say_by_which_names_its_rules_are_broken(tmp_path: Path) -> None:
    records: list[Record] = [*ENTITIES, *TABLE_RULES]
    write_records(tmp_path / "rules", records)
    asked = talk("asked", "维洛林可以加入葡萄糖酸奥西吗？", "可以，将两药加入同一瓶静滴。")
    turns = talk("turns", "I take nadorax.", "Well.", "And for my cough?", "Take quintalide as well.")
    warns = talk("warns", "May I take nadorax with quintalide?", "No, never take them together.")
    out = list(doubt(iter([asked, turns, warns]), Doubt(), tmp_path, tmp_path / "rules"))
    told = "nadorax_quintal: nadorax_quintal (en)"
    assert out[1:] == [Dropped("turns", RULE, told), warns]
    assert isinstance(out[0], Dropped)
    assert (out[0].why, out[0].detail.split(":")[0]) == (RULE, "velorin_brine")


def test_replies_are_compared_where_no_leaflet_speaks(tmp_path: Path) -> None:
    patterns = str(
        write(tmp_path / "asked.csv", "fact,question\ncolour,What colour is {drug}?\ncolour,Is {drug} {value}?\n")
    )
    asked = "Good morning. What colour is Hesdu?"
    some = [talk(f"c{n}", asked, colour) for n, colour in enumerate(("Blue.", "blue", "green", "blue"))]
    some += [talk("no", "Is Hesdu blue?", "No."), talk("yes", "Is Hesdu blue?", "Yes.")]
    out = run(tmp_path, some, leaflets=False, patterns=patterns)
    assert [record.id for record in out if isinstance(record, Dropped)] == ["c2", "no"]
    assert {record.why for record in out if isinstance(record, Dropped)} == {REPLIES}
    assert run(tmp_path, some, leaflets=False, patterns=patterns, least=6) == some
    assert run(tmp_path, some, leaflets=False, patterns=patterns, several=("colour",)) == some


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_errors_planted_in_the_world_are_found(tmp_path: Path, language: str, words: bool) -> None:
    found = measure(tmp_path / "world", language, (60, 4), words=words)
    assert found.planted >= 30
    assert found.both >= 0.9 * found.planted
    assert found.both >= 0.8 * found.dropped


def test_files_that_cannot_serve(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match=r"p.csv:1: no column 'fact'; did you mean 'facts'"):
        run(tmp_path, [], patterns=str(write(tmp_path / "p.csv", "facts,sentence\nx,{drug} is {value}.\n")))
    with pytest.raises(MetierError, match=r"p.csv:2: 'It is {value}.' needs the slots {drug} and {value}"):
        run(tmp_path, [], patterns=str(write(tmp_path / "p.csv", "fact,sentence\nx,It is {value}.\n")))
    for row, message in (
        ("{drug} is {value}.", "p.csv:2: names no fact"),
        ("{drug} is {value}, mostly.,x", "p.csv:2: more cells than columns"),
        ('"{drug} is {value}.,x', "p.csv:2: malformed CSV"),
    ):
        with pytest.raises(MetierError, match=message):
            run(tmp_path, [], patterns=str(write(tmp_path / "p.csv", f"sentence,fact\n{row}\n")))
    with pytest.raises(MetierError, match=r"p.csv:1: no column 'sentence' or 'question'; did you mean 'sentense'"):
        run(tmp_path, [], patterns=str(write(tmp_path / "p.csv", "fact,sentense\nx,{drug} is {value}.\n")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(MetierError, match="holds no document of these kinds and no rule"):
        list(doubt([], Doubt(), tmp_path, tmp_path / "empty"))


def test_names_are_found_as_words_where_words_are_set_apart() -> None:
    finder = Finder(("amber", "ab", "بني", "紫色", "a"))
    assert [name for _, _, name in finder.find("chamber amber, ambers ab")] == ["amber", "ab"]
    assert [name for _, _, name in finder.find("لونه البني وليس بنيان وبالبني")] == ["بني", "بني"]
    assert [name for _, _, name in finder.find("酒紫色的a")] == ["紫色", "a"]


def test_amounts_in_all_units_and_no_concentrations() -> None:
    text = plain("Take 1,5 to 2 g; 1,500 mg; 500 mcg, 0.5毫克, ٤٠ ملغ, 5 mg/kg, 3 mL, 2 grams")
    assert [amount.milligrams for amount in amounts(text)] == [1500, 2000, 1500, 0.5, 0.5, 40, 2000]
