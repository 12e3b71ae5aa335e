from pathlib import Path

import msgspec
import pytest

from metier.artefact import Artefact
from metier.llm.request import Sampling
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.preferences.sample import CUT, EMPTY, NO_PROMPT, Sample, drawn, sample
from metier.recipe import load
from metier.records import Answer, Checkpoint, Conversation, Message, MetierError
from metier.run.make import run
from tests.preferences.judged import conversation

NANO = Checkpoint("asset:nano")
ASKED = [conversation("p1"), conversation("p2")]


def sampled(place: Path, writer: str, given: list[Conversation], seed: int = 7, **config: object) -> list[Answer]:
    """What a scripted writer answers, at temperature 0.5 where the settings say nothing."""
    spec = Scripted(function=f"tests.preferences.judged:{writer}", sampling=Sampling(temperature=0.5))
    with session(place / "replies.sqlite", {"w": spec}) as calls:
        return list(sample(iter(given), {"w": (calls.llm("w"),)}, "asked", seed, Sample(**config)))


def test_every_prompt_is_asked_n_times_under_ids_that_stay(tmp_path: Path) -> None:
    made = sampled(tmp_path, "draws", ASKED, n=3)
    assert [one.id for one in made] == ["w/p1", "w/p1~2", "w/p1~3", "w/p2", "w/p2~2", "w/p2~3"]
    assert [one.question for one in made] == ["p1"] * 3 + ["p2"] * 3
    assert len({one.text for one in made}) == 6, "every draw is another reply"
    assert all("at 0.5/1 " in one.text and "Rest." not in one.text for one in made), "the standard answer is not shown"
    assert sampled(tmp_path, "draws", ASKED, n=2) == [one for one in made if not one.id.endswith("~3")]
    warm = sampled(tmp_path, "draws", ASKED, n=1, temperature=0.9, top_p=0.8)
    assert all("at 0.9/0.8" in one.text for one in warm)


def test_a_conversation_that_is_called_like_a_draw_of_another_is_an_error(tmp_path: Path) -> None:
    given = [conversation("p1"), conversation("p1~2")]
    with pytest.raises(MetierError, match="'p1~2' would share its answers' ids with draw 2 of 'p1'; rename it"):
        sampled(tmp_path, "draws", given, n=2)
    assert len(sampled(tmp_path, "draws", given, n=1)) == 2


def test_a_checkpoint_draws_by_seed_conversation_and_number_alone() -> None:
    def texts(n: int, seed: int = 7, given: list[Conversation] = ASKED) -> dict[str, str]:
        config = Sample(n=n, max_tokens=4)
        return {one.id: one.text for one in sample(iter(given), {"m": (NANO,)}, "asked", seed, config)}

    many = texts(4)
    assert len(set(many.values())) > 2
    assert {id: many[id] for id in ("m/p2", "m/p2~2")} == texts(2, given=ASKED[1:])
    assert texts(2) != texts(2, seed=8)


def test_several_models_and_seeds_answer_under_their_own_names() -> None:
    models = {"a": (NANO,), "b": (Checkpoint("asset:nano", seed=1), Checkpoint("asset:nano", seed=2))}
    made = list(sample(iter(ASKED[:1]), models, "asked", 7, Sample(n=2, max_tokens=4)))
    assert [one.id for one in made] == ["a/p1", "a/p1~2", "b/1/p1", "b/1/p1~2", "b/2/p1", "b/2/p1~2"]


def test_what_has_no_reply_is_an_answer_that_says_why(tmp_path: Path) -> None:
    open_ended = Conversation("none", (Message("assistant", "Good morning."),))
    made = sampled(tmp_path, "silent_at_first", [*ASKED[:1], open_ended], n=2)
    assert {one.id: one.rule for one in made} == {"w/none": NO_PROMPT, "w/p1": EMPTY, "w/p1~2": ""}
    long = conversation("long", "What helps against fever? " * 500)
    made = list(sample(iter([long, *ASKED]), {"m": (NANO,)}, "asked", 7, Sample(n=1, max_tokens=2)))
    assert [one.rule for one in made] == ["longer than the model takes", CUT, CUT]
    assert [bool(one.text) for one in made] == [False, True, True]
    with pytest.raises(
        MetierError, match="m: every one of 2 conversations is longer than the model takes; take a model"
    ):
        list(sample(iter([long]), {"m": (NANO,)}, "asked", 7, Sample(n=2, max_tokens=2)))
    with pytest.raises(MetierError, match="asked: none of 1 conversations has a message of the user"):
        sampled(tmp_path, "draws", [open_ended])


def test_greedy_draws_are_refused_where_they_would_repeat_themselves(tmp_path: Path) -> None:
    with pytest.raises(msgspec.ValidationError, match="temperature: 0 draws the same reply n times"):
        msgspec.convert({"n": 2, "temperature": 0}, Sample)
    with session(tmp_path / "replies.sqlite", {"w": Scripted(function="tests.preferences.judged:draws")}) as calls:
        models = {"w": (calls.llm("w"),)}
        with pytest.raises(MetierError, match="'w' draws at temperature 0 and would give the same reply 4 times"):
            list(sample(iter(ASKED), models, "asked", 7, Sample()))
        assert len(list(sample(iter(ASKED), models, "asked", 7, Sample(n=1)))) == 2


def test_a_limit_keeps_the_same_prompts_as_a_larger_one(tmp_path: Path) -> None:
    given = [conversation(f"p{number}") for number in range(30)]
    few, more = ([one.id for one in drawn(given, limit, 7)] for limit in (5, 9))
    assert len(few) == 5 and set(few) < set(more) and more == sorted(more, key=lambda id: int(id[1:]))
    assert len(sampled(tmp_path, "draws", given, n=2, limit=5)) == 10
    with pytest.raises(MetierError, match="asked: no conversation to ask"):
        sampled(tmp_path, "draws", [])


def test_in_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"question": "What helps?", "answer": "Rest."}\n')
    (tmp_path / "r.yaml").write_text(
        "name: r\nmodels:\n"
        "  w: {kind: scripted, function: 'tests.preferences.judged:draws', sampling: {temperature: 1}}\n"
        f"steps:\n  talk: {{use: instruct.read, paths: {tmp_path}/d.jsonl}}\n"
        "  said: {use: preferences.sample, from: {conversations: talk, models: {w: w}}, n: 2}\n"
    )
    done = run(load(str(tmp_path / "r.yaml")), tmp_path / "runs")
    assert [one.id for one in Artefact(done.root / "said").records(Answer)] == ["w/d.jsonl:1", "w/d.jsonl:1~2"]
