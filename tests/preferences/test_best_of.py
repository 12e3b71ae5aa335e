import json
import math
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact, write_records
from metier.judge.extras import Extras
from metier.preferences.best_of import BestOf, best_of
from metier.recipe import load
from metier.records import Answer, Conversation, Dropped, MetierError
from metier.run.make import run as make
from tests.preferences.judged import conversation, of, replying, run

GIVEN = [conversation("p1", source="clinic"), conversation("p2"), conversation("p3")]
TEXTS = {"p1": ("one two", "one two three", "one"), "p2": ("one", "one two", "one two"), "p3": ("", " ", "")}
REPLIES = [
    Answer(f"{model}/{id}" + (f"~{n + 1}" if n else ""), id, model.partition("/")[0], f"{text} {behind}".strip())
    for model, behind in (("m", ""), ("s/1", "x"), ("s/2", ""))
    for id, some in TEXTS.items()
    for n, text in enumerate(some)
    if text.strip() or model == "m"
]


def best(place: Path, replies: list[Answer] = REPLIES, given: list[Conversation] = GIVEN, **config: Any) -> list[Any]:
    settings = BestOf(**{"by": "length"} | config)
    return run(best_of, place, {}, answers=replies, conversations=given, config=settings, out=place)


def test_the_best_reply_of_every_model_answers_under_a_name_of_its_own(tmp_path: Path) -> None:
    made = {one.id: one for one in of(best(tmp_path), Answer)}
    assert {id: one.text for id, one in made.items()} == {
        "m-best-of-3/p1": "one two three", "m-best-of-3/p2": "one two", "m-best-of-3/p3": "",
        "s-best-of-3/1/p1": "one two three x", "s-best-of-3/1/p2": "one two x", "s-best-of-3/2/p1": "one two three",
        "s-best-of-3/2/p2": "one two",
    }  # fmt: skip
    assert made["m-best-of-3/p1"].model == "m-best-of-3" and made["m-best-of-3/p3"].rule == "empty reply"


def test_the_best_of_all_models_is_a_conversation_to_train_on(tmp_path: Path) -> None:
    made = best(tmp_path)
    first, second = of(made, Conversation)
    assert (first.id, first.parent, first.source, first.language) == ("p1~best", "p1", "clinic", "en")
    assert first.prompt == GIVEN[0].prompt and first.reply == "one two three x" and second.reply == "one two x"
    assert of(made, Dropped) == [Dropped("p3", "no reply to choose")]


def test_the_notes_tell_how_the_best_grows_with_the_draws(tmp_path: Path) -> None:
    best(tmp_path, [one for one in REPLIES if one.model == "m"])
    notes = json.loads((tmp_path / "notes.json").read_text())
    assert [row["points"] for row in notes["best of k"]] == [1.5, 2.5, 2.5]
    assert [row["kl at most"] for row in notes["best of k"]] == [0, math.log(2) - 1 / 2, math.log(3) - 2 / 3]
    assert (notes["prompts"], notes["with n replies"], notes["fewer"], notes["with fewer"]) == (3, 2, 1, ["p3"])
    best(tmp_path, n=2)
    assert json.loads((tmp_path / "notes.json").read_text())["n"] == 2


def test_fewer_draws_leave_the_later_ones_aside(tmp_path: Path) -> None:
    made = of(best(tmp_path, [one for one in REPLIES if one.model == "m"], n=1), Answer)
    assert [(one.id, one.text) for one in made][:2] == [("m-best-of-1/p1", "one two"), ("m-best-of-1/p2", "one")]


def test_extras_may_turn_the_choice(tmp_path: Path) -> None:
    replies = replying("m/p1", "p1", "Does it ache?", "It may pass with some rest, and it may not.")
    assert "pass" in of(best(tmp_path, replies, GIVEN[:1]), Answer)[0].text
    assert "ache" in of(best(tmp_path, replies, GIVEN[:1], extras=Extras(asks=20)), Answer)[0].text


def test_what_cannot_be_chosen_from(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="by: reward needs a reward model"):
        best(tmp_path, by="reward")
    with pytest.raises(MetierError, match="n: 4, and no prompt has more than 3 replies of a model; sample m"):
        best(tmp_path, n=4)
    with pytest.raises(MetierError, match="none of the answers has a reply that length can read"):
        best(tmp_path, [one for one in REPLIES if one.question == "p3"])
    with pytest.raises(MetierError, match="answer 'x~0' is to 'p9', which is none of the 3 conversations"):
        best(tmp_path, replying("x", "p9", "a"))
    with pytest.raises(MetierError, match="'p1' has no standard answer, which by: rouge_l needs"):
        best(tmp_path, given=[conversation(one.id, reply="") for one in GIVEN], by="rouge_l")


def test_in_a_recipe(tmp_path: Path) -> None:
    write_records(tmp_path / "replies", [*GIVEN, *REPLIES])
    (tmp_path / "r.yaml").write_text(
        f"name: r\nsteps:\n  given: {{use: 'tests.preferences.judged:given', place: {tmp_path}/replies}}\n"
        "  best: {use: preferences.best_of, from: {answers: given, conversations: given}, by: rouge_l, n: 2}\n"
    )
    manifest = Artefact(make(load(str(tmp_path / "r.yaml")), tmp_path / "runs").root / "best").manifest
    assert manifest is not None and manifest.counts == {"answer": 7, "conversation": 2}
    assert manifest.dropped == {"no reply to choose": 1} and manifest.notes["n"] == 2
