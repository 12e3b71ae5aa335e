import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metier.artefact import Artefact
from metier.preferences.prompts import Prompts, prompts
from metier.recipe import load
from metier.records import Conversation, Dropped, Message, MetierError, Question
from metier.run.make import run as make
from metier.text.letters import split
from tests.preferences.judged import conversation, of, run


def chosen(place: Path, given: list[Conversation], seed: int = 7, **settings: Any) -> list[Any]:
    fed = {name: settings.pop(name) for name in ("questions", "apart") if name in settings}
    return run(prompts, place, {}, conversations=given, seed=seed, config=Prompts(**settings), out=place, **fed)


def whys(made: list[Any]) -> dict[str, tuple[str, str]]:
    return {one.id: (one.why, one.detail) for one in of(made, Dropped)}


def notes(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "notes.json").read_text())
    return found


def talk(id: str, *turns: str, source: str = "clinic") -> Conversation:
    """A conversation of turns that begin with the user."""
    messages = (Message(("user", "assistant")[number % 2], text) for number, text in enumerate(turns))
    return Conversation(id, tuple(messages), source, "en")


ASKED = ["Does tea help", "May I swim", "头痛怎么办", "هل أشرب الماء"]
MANY = [conversation(f"c{n}", f"What is {n * 7919} good for, and how is it taken?") for n in range(200)]


def test_one_prompt_a_conversation_with_its_standard_answer(tmp_path: Path) -> None:
    given = [talk("a", "How are you?", "Well.", "And your back?", "It aches."), talk("b", "Is it open?")]
    assert chosen(tmp_path, given) == given
    assert notes(tmp_path)["prompts"] == {"prompts": 2} and notes(tmp_path)["with_reference"] == {"prompts": 1}


def test_every_turn_is_a_prompt_under_a_name_of_its_own(tmp_path: Path) -> None:
    given = [
        Conversation(
            "a", (Message("system", "Be kind."), *talk("", "My back aches.", "Since when?", "Monday.").messages)
        ),
        talk("b", "And my knee?", "Rest it."),
        talk("c"),
    ]
    made = chosen(tmp_path, given, turns="every")
    assert [(one.id, one.parent, len(one.messages), one.reply) for one in of(made, Conversation)] == [
        ("a:0", "a", 3, "Since when?"), ("a:1", "a", 4, ""), ("b:0", "b", 2, "Rest it."),
    ]  # fmt: skip
    assert whys(made) == {"c": ("no prompt", "")}


def test_shares_are_apart_and_together_all(tmp_path: Path) -> None:
    settings = {"shares": {"preferences": 2, "policy": 1}}
    kept = {name: of(chosen(tmp_path, MANY, keep=name, **settings), Conversation) for name in settings["shares"]}
    assert 110 < len(kept["preferences"]) < 155 and sum(map(len, kept.values())) == 200
    assert {one.id for one in kept["preferences"]}.isdisjoint(one.id for one in kept["policy"])
    assert all(one.source == "clinic" for one in kept["policy"])
    turned = {"shares": dict(reversed(settings["shares"].items()))}
    assert of(chosen(tmp_path, MANY, keep="policy", **turned), Conversation) == kept["policy"], "in any order"
    made = chosen(tmp_path, MANY, keep="policy", **settings)
    assert set(whys(made).values()) == {("in another share", "preferences")}
    assert [one.id for one in of(chosen(tmp_path, MANY, seed=8, keep="policy", **settings), Conversation)] != [
        one.id for one in kept["policy"]
    ]
    assert notes(tmp_path)["prompts"].keys() == {"preferences", "policy"} and notes(tmp_path)["common"] == 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.tuples(st.sampled_from(ASKED), st.sampled_from("?!. ")),
        min_size=1, max_size=12,
    ),
    turns=st.sampled_from(["last", "every"]),
)  # fmt: skip
def test_no_text_is_in_two_shares_however_often_it_comes(
    tmp_path: Path, texts: list[tuple[str, str]], turns: str
) -> None:
    given = [talk(f"c{n}", text + mark, "Yes.", text + mark) for n, (text, mark) in enumerate(texts)]
    shares = {"a": 1.0, "b": 1.0}
    found = []
    for keep in shares:
        some = of(chosen(tmp_path, given, shares=shares, keep=keep, turns=turns), Conversation)
        found.append({tuple(split("\n".join(m.content for m in one.prompt if m.role == "user"))) for one in some})
        assert len(found[-1]) == len(some)
    assert found[0].isdisjoint(found[1]) and (found[0] or found[1])


def test_what_repeats_or_nearly_repeats_another_goes(tmp_path: Path) -> None:
    long = "For three weeks my left knee has been swollen after every walk that is longer than an hour or so"
    given = [
        *MANY,
        conversation("again", "WHAT is 7919 good for and how is it taken"),
        conversation("long", long),
        conversation("near", long.replace("swollen", "sore")),
        conversation("none", " ?! "),
    ]
    made = chosen(tmp_path, given, alike=0.7)
    assert whys(made) == {
        "again": ("repeats another prompt", "c1"), "near": ("nearly another prompt", "long"), "none": ("no prompt", ""),
    }  # fmt: skip
    assert notes(tmp_path)["dropped"] == {"nearly another prompt": 1, "no prompt": 1, "repeats another prompt": 1}
    assert whys(chosen(tmp_path, given, alike=1)).keys() == {"again", "none"}


def test_questions_of_an_exam_never_become_prompts(tmp_path: Path) -> None:
    stem = "A man of 54 comes with a cough and night sweats after a journey by ship; which test should come first?"
    exam = [
        Question("q1", "What does Zelopan treat?"),
        Question("q2", stem),
        Question("q3", "Gout?"),
        Question("q4", "And which test is next?", passage="A girl of nine has had a rash on both arms since Monday."),
    ]
    given = [
        *MANY,
        conversation("is", "what does ZELOPAN treat"),
        conversation("holds", "Doctor, tell me: what does Zelopan treat? My aunt asks."),
        conversation("nearly", stem.replace("night sweats", "cold sweats")),
        conversation("passage", "A girl of nine has had a rash on both arms since Monday. Is it bad?"),
        conversation("word", "My father has gout? Since when may he walk again"),
        conversation("other", "What does Miralin treat, and for how long?"),
    ]
    made = chosen(tmp_path, given, questions=exam, alike=0.7)
    held = "holds an exam item"
    assert whys(made) == {"is": (held, "q1"), "holds": (held, "q1"), "nearly": (held, "q2"), "passage": (held, "q4")}
    proof = notes(tmp_path)
    assert proof["questions"] == 5 and proof["common"] == 0 and proof["dropped"] == {held: 4}
    (nearest,) = proof["nearest"]
    assert {nearest["one"], nearest["other"]} == {"exam", "prompts"} and 0 < nearest["similarity"] < 0.7
    assert set(nearest["ids"]) == {"q1", "other"}


def test_conversations_kept_apart_never_become_prompts(tmp_path: Path) -> None:
    apart = [talk("x", "May I eat bread with it?", "Yes.", "And cheese?", "No.")]
    given = [
        *MANY,
        talk("same", "May I eat bread with it", "No.", "And cheese?", "Yes."),
        talk("start", "May I eat bread?"),
    ]
    made = chosen(tmp_path, given, apart=apart)
    assert whys(made) == {"same": ("holds a prompt kept apart", "x")}


def test_a_long_prompt_that_holds_half_of_a_case_is_found(tmp_path: Path) -> None:
    case = " ".join(f"word{n}" for n in range(60))
    given = [*MANY, conversation("half", "Hello. " + " ".join(case.split()[:40]) + " " + "and more of mine " * 30)]
    assert whys(chosen(tmp_path, given, questions=[Question("q", case)])) == {"half": ("holds an exam item", "q")}


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"shares": {"a": 1, "b": 2}}, "keep: '' is none of the shares; name one of a, b"),
        ({"shares": {"a": 1}, "keep": "c"}, "keep: 'c' is none of the shares"),
        ({"keep": "a"}, "keep: 'a' needs shares"),
        ({"shares": {"a": 0}, "keep": "a"}, "> 0"),
    ],
)
def test_settings_that_cannot_be(config: dict[str, Any], error: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=error):
        msgspec.convert(config, Prompts)


def test_nothing_fed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="no conversation to take prompts from"):
        chosen(tmp_path, [])


def test_in_a_recipe_beside_an_exam(tmp_path: Path) -> None:
    rows = [{"question": f"What is {n} times {n * 37}?", "answer": "A number."} for n in range(40)]
    (tmp_path / "talk.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "exam.jsonl").write_text(
        json.dumps({"id": "e1", "stem": "What is 3 times 111?", "options": {"A": "333", "B": "3"}, "key": ["A"]})
    )
    step = "use: preferences.prompts, from: {conversations: talk, questions: exam}, shares: {a: 1, b: 1}"
    (tmp_path / "r.yaml").write_text(
        f"name: r\nseed: 7\nsteps:\n  talk: {{use: instruct.read, paths: {tmp_path}/talk.jsonl}}\n"
        f"  exam: {{use: evals.read, paths: {tmp_path}/exam.jsonl}}\n"
        f"  one: {{{step}, keep: a}}\n  two: {{{step}, keep: b}}\n"
    )
    done = make(load(str(tmp_path / "r.yaml")), tmp_path / "runs")
    one, two = ({c.id for c in Artefact(done.root / name).records(Conversation)} for name in ("one", "two"))
    assert one.isdisjoint(two) and len(one | two) == 39 and "talk.jsonl:4" not in one | two
