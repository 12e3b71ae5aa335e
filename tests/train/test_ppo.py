"""PPO through its front door: it learns, says what it did, goes on after a kill, and refuses what is off."""

import json
import math
import statistics
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from metier.artefact import Artefact
from metier.judge.extras import Extras
from metier.model.load import load, load_tokenizer, load_weights
from metier.model.rewards import encode_pair, load_reward, rewards
from metier.progress import listening
from metier.recipe import load as load_recipe
from metier.records import Checkpoint, Conversation, Message, MetierError, Preference
from metier.run.make import run
from metier.train.ppo import Ppo, ppo
from metier.train.ppo_line import PpoLine, PpoStart
from metier.train.ppo_looks import rank_correlation
from metier.train.ppo_task import check, make
from metier.train.samples import Sample
from metier.train.settings import Lora
from metier.train.vocab import Vocab, vocab
from tests.train.conftest import conversation
from tests.train.pairs import pairs
from tests.train.policies import asked, rewarding

QUICK: dict[str, Any] = {
    "samples": 48, "rollout": 16, "epochs": 2, "max_tokens": 6, "learning_rate": 1e-3, "probe_prompts": 4,
    "save_seconds": 600.0,
}  # fmt: skip
LONG = Ppo(
    samples=320, rollout=32, chunk=16, epochs=2, max_tokens=4, learning_rate=1e-2, critic_rate=3e-3, kl=0.01,
    no_end=0.0, probe_prompts=4, probe_every=5, extras=Extras(length=0.5),
)  # fmt: skip
VOCABULARY = 410
"""Tokens of the base, about."""
RECIPE = """\
name: policy
seed: 3
steps:
  pairs: {{use: "tests.train.pairs:write", count: 8}}
  asked: {{use: "tests.train.policies:ask", count: 20}}
  heard:
    use: train.ppo
    from: {{conversations: asked, probes: pairs, base: {base}, reward: {reward}}}
    samples: 16
    rollout: 16
    epochs: 1
    max_tokens: 4
"""


@pytest.fixture(scope="module")
def reward(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return rewarding(base, tmp_path_factory.mktemp("reward"))


def talks(count: int = 24) -> list[Conversation]:
    return [asked(number) for number in range(count)]


def lines(out: Path) -> list[PpoLine]:
    """The curve, without the time it took."""
    some = [msgspec.json.decode(one, type=PpoLine) for one in (out / "ppo.jsonl").read_bytes().splitlines()]
    return [msgspec.structs.replace(one, seconds=0.0) for one in some]


def samples(out: Path) -> list[Sample]:
    return [msgspec.json.decode(one, type=Sample) for one in (out / "samples.jsonl").read_bytes().splitlines()]


@pytest.fixture(scope="module")
def learnt(base: Checkpoint, reward: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy after ten rollouts."""
    out = tmp_path_factory.mktemp("learnt")
    assert list(ppo(base, reward, talks(), 7, LONG, out, pairs(12))) == []
    return out


def test_it_learns_what_the_reward_model_likes_and_says_how_far_it_went(learnt: Path) -> None:
    curve = lines(learnt)
    start = msgspec.json.decode((learnt / "ppo_start.json").read_bytes(), type=PpoStart)
    assert [one.step for one in curve] == list(range(1, 11)) and curve[-1].replies == 320
    assert curve[-1].score > curve[0].score + start.score_deviation
    assert all(one.first_ratio < 1e-4 for one in curve)
    assert curve[0].kl == pytest.approx(0.0, abs=1e-5) and curve[0].kl_estimate == pytest.approx(0.0, abs=1e-5)
    assert curve[-1].kl > 0.5 and curve[-1].kl_estimate > 0.5
    assert curve[0].entropy == pytest.approx(math.log(VOCABULARY), rel=0.02) and curve[-1].entropy < curve[0].entropy
    assert all(one.extra > 0 and 0 < one.tokens <= 4 and 0 < one.distinct <= 1 for one in curve)
    probed = [(one.step, one.probe) for one in curve if one.probe is not None]
    shown = [statistics.fmean(one.score for one in samples(learnt) if one.step == step) for step in (0, 5, 10)]
    assert probed == [(step, pytest.approx(score)) for step, score in zip((1, 5, 10), shown, strict=True)]
    assert all(one.total == pytest.approx(one.score + one.extra - one.beta * one.kl) for one in curve)


def test_it_shows_the_same_prompts_before_and_after(learnt: Path, reward: Checkpoint) -> None:
    shown = samples(learnt)
    assert [one.step for one in shown] == [0] * 4 + [5] * 4 + [10] * 4
    assert shown[0].id == shown[4].id == shown[8].id and shown[0].reply != shown[8].reply
    judge, one = load_reward(reward.path), shown[-1]
    assert one.prompt[-1].role == "user"
    again = rewards(judge, [encode_pair(judge.tokenizer, one.prompt, one.reply)])
    assert one.score == pytest.approx(again[0], abs=1e-4)


def test_what_it_leaves_is_a_model_and_what_it_says_of_itself(learnt: Path) -> None:
    loaded, notes = load(str(learnt)), json.loads((learnt / "notes.json").read_bytes())
    assert loaded.model.config.use_cache and loaded.tokenizer.chat_template
    assert (notes["prompts"], notes["fixed"], notes["probes"], notes["dropped"]) == (20, 4, 12, 0)
    assert notes["steps"] == 10 and notes["seconds"] > 0
    assert notes["findings"] == len(json.loads((learnt / "findings.json").read_bytes()))
    assert not (learnt / "checkpoints").exists()


def test_the_reward_model_is_tried_on_pairs_before_it_is_obeyed(learnt: Path, reward: Checkpoint) -> None:
    start = msgspec.json.decode((learnt / "ppo_start.json").read_bytes(), type=PpoStart)
    judge = load_reward(reward.path)
    better = [
        rewards(judge, [encode_pair(judge.tokenizer, one.prompt, text)])[0]
        for one in pairs(12)
        for text in (one.chosen, one.rejected)
    ]
    wins = sum(one > other for one, other in zip(better[::2], better[1::2], strict=True))
    assert start.probes == 12 and start.probe_accuracy == pytest.approx(wins / 12)


def test_what_is_finished_is_not_trained_again(learnt: Path, base: Checkpoint, reward: Checkpoint) -> None:
    before = (learnt / "model.safetensors").stat().st_mtime_ns
    assert list(ppo(base, reward, talks(), 7, LONG, learnt)) == []
    assert (learnt / "model.safetensors").stat().st_mtime_ns == before


class Killed(Exception):
    """What ends a training in a test."""


@pytest.mark.parametrize(("adapter", "bound"), [(None, 3.0), (Lora(rank=4), None)], ids=["full", "adapter"])
def test_a_killed_run_ends_with_the_same_bits(
    base: Checkpoint, reward: Checkpoint, tmp_path: Path, adapter: Lora | None, bound: float | None
) -> None:
    more: dict[str, Any] = {"kl_target": 0.5, "kl_horizon": 100, "score_clip": bound, "warmup": 0.5, "adapter": adapter}
    some = [*talks(), *(msgspec.structs.replace(conversation(number), source="old") for number in range(100, 110))]
    still, killed = tmp_path / "still", tmp_path / "killed"
    config = Ppo(**QUICK, **more, general=("old",))
    often = msgspec.structs.replace(config, save_seconds=0.0)
    for place in (still, killed):
        place.mkdir()

    def stop(done: int, total: int, unit: str, note: str) -> None:
        if unit == "rollouts" and done == 2:
            raise Killed

    list(ppo(base, reward, some, 5, config, still))
    with pytest.raises(Killed), listening(stop):
        list(ppo(base, reward, some, 5, often, killed))
    assert len(lines(killed)) == 2 and [one.name for one in (killed / "checkpoints").iterdir()] == ["checkpoint-1"]
    with pytest.raises(MetierError, match="begun with other settings"):
        list(ppo(base, reward, some, 6, config, killed))
    list(ppo(base, reward, some, 5, config, killed))
    assert lines(killed) == lines(still) and samples(killed) == samples(still)
    name = "model.safetensors" if adapter is None else "adapter_model.safetensors"
    assert (killed / name).read_bytes() == (still / name).read_bytes()
    curve = lines(still)
    assert curve[0].general_loss > 0 and len({one.beta for one in curve}) == 3
    if bound:
        assert curve[0].total == pytest.approx(-(1 - curve[0].ended), abs=0.4)


def test_an_adapter_is_its_own_reference(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    before = load_file(Path(base.path) / "model.safetensors")
    list(ppo(base, reward, talks(), 5, Ppo(**QUICK, adapter=Lora(rank=4)), tmp_path))
    curve = lines(tmp_path)
    assert curve[0].kl == 0.0 and curve[-1].kl_estimate > 0
    after = load_file(Path(base.path) / "model.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before)
    trained = load(str(tmp_path)).model.state_dict()
    assert any(not torch.equal(trained[name], before[name]) for name in before)


def test_the_critic_alone_learns_first(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    list(ppo(base, reward, talks(), 5, Ppo(**QUICK, critic_first=2, kl_target=1.0), tmp_path))
    curve = lines(tmp_path)
    assert [one.kl for one in curve] == [0.0, 0.0, 0.0]
    assert [one.policy_loss != 0 for one in curve] == [False, False, True]
    assert [one.beta for one in curve] == [0.1] * 3, "nothing is learnt of a policy that stays where it is"
    assert curve[2].value_loss < curve[0].value_loss


def test_a_reply_is_drawn_by_the_policys_probabilities_alone(
    base: Checkpoint, reward: Checkpoint, learnt: Path, tmp_path: Path
) -> None:
    home = tmp_path / "base"
    model = load(str(learnt))
    model.model.generation_config.repetition_penalty = 5.0
    model.model.save_pretrained(home)
    model.tokenizer.save_pretrained(home)
    config = Ppo(**{**QUICK, "samples": 16})
    for number, path in enumerate((str(learnt), str(home))):
        (tmp_path / str(number)).mkdir()
        list(ppo(Checkpoint(path), reward, talks(), 5, config, tmp_path / str(number)))
    assert samples(tmp_path / "0") == samples(tmp_path / "1") and lines(tmp_path / "0") == lines(tmp_path / "1")
    assert load(str(tmp_path / "1")).model.generation_config.repetition_penalty == 5.0


def test_log_probabilities_do_not_depend_on_what_stands_beside(base: Checkpoint, reward: Checkpoint) -> None:
    from metier.train.ppo_models import Reply

    task = make(base, reward, talks(6), (), 5, Ppo(**{**QUICK, "probe_prompts": 0}))
    replies = [Reply(one, list(range(9, 9 + 2 * n)), "", True) for n, one in enumerate(task.given.prompts, 1)]
    team = task.team
    with torch.no_grad():
        together, values = team.log_probs(team.rows(replies)), team.values(team.rows(replies))
        for row, one in enumerate(replies):
            ids = torch.tensor([[*one.prompt.ids, *one.ids]])
            spread = team.policy.model(ids).logits[0].log_softmax(-1)[len(one.prompt.ids) - 1 : -1]
            alone = spread.gather(1, torch.tensor(one.ids)[:, None])[:, 0]
            assert torch.allclose(together[row, : len(one.ids)], alone, atol=1e-5)
            assert not together[row, len(one.ids) :].any()
            assert torch.allclose(values[row, : len(one.ids)], team.values(team.rows([one]))[0], atol=1e-5)


def test_what_cannot_be_asked_is_dropped_with_the_reason(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    long = Conversation("long", (Message("user", "Who meets number 1? " * 60),))
    silent, system = Conversation("silent", ()), Conversation("system", (Message("system", "Be kind."),))
    same = Preference("same", (Message("user", "Who?"),), "Arvo.", "Arvo.")
    wide = Preference("wide", (Message("user", "Who?"),), "Arvo. " * 300, "Arvo.")
    config = Ppo(**{**QUICK, "samples": 16})
    lost = {
        one.id: one.why
        for one in ppo(base, reward, [*talks(), long, silent, system], 5, config, tmp_path, [same, wide])
    }
    assert lost == {
        "long": "longer than the context (256 tokens less max_tokens)",
        "silent": "asks nothing: no message of the user stands before the reply",
        "system": "asks nothing: no message of the user stands before the reply",
        "same": "probes: chosen and rejected are the same",
        "wide": "probes: longer than the context (256 tokens)",
    }
    with pytest.raises(MetierError, match=r"no prompt to train on: all 2 .* first long: .*lower max_tokens"):
        list(ppo(base, reward, [long, silent], 5, config, tmp_path / "none"))


def test_a_prompt_that_is_looked_at_is_not_trained_on(base: Checkpoint, reward: Checkpoint) -> None:
    twice = [*talks(), *(msgspec.structs.replace(one, id=f"again {one.id}") for one in talks())]
    given = make(base, reward, twice, (), 5, Ppo(**QUICK)).given
    assert len(given.fixed) == 4 and len(given.prompts) == 2 * 20
    assert not {tuple(one.ids) for one in given.fixed} & {tuple(one.ids) for one in given.prompts}
    passes = [sorted(one.id for one in given.ask(range(40 * turn, 40 * turn + 40), 5)) for turn in (0, 1)]
    assert passes[0] == passes[1] == sorted(one.id for one in given.prompts)
    across = given.ask(range(30, 50), 5)
    assert across == given.ask(range(40), 5)[30:] + given.ask(range(40, 50), 5)
    assert given.ask(range(40), 5) != given.ask(range(40, 80), 5)


def test_what_is_off_is_one_clear_line(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    config = Ppo(**QUICK)
    vocab(Vocab(size=300), tmp_path / "words", conversations=talks())
    other = tmp_path / "other"
    other.mkdir()
    for file in Path(reward.path).iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    load_tokenizer(str(tmp_path / "words")).save_pretrained(other)
    with pytest.raises(MetierError, match=r"of another tokenizer than .*train\.reward"):
        check(base, Checkpoint(str(other)), config, 1)
    with pytest.raises(MetierError, match="writes, not one that rewards"):
        check(base, base, config, 1)
    with pytest.raises(MetierError, match="rewards, not one that writes"):
        check(reward, reward, config, 1)
    with pytest.raises(MetierError, match=r"WORLD_SIZE is 2; for several devices use train\.rloo"):
        check(base, reward, config, 2)
    with pytest.raises(MetierError, match=r"no conversation is of the source 'meeting'; did you mean 'meetings'\?"):
        list(ppo(base, reward, talks(), 5, Ppo(**QUICK, general=("meeting",)), tmp_path))
    with pytest.raises(ValueError, match=r"dropout 0\.1"):
        Ppo(adapter=Lora(dropout=0.1))
    long = msgspec.structs.replace(asked(1), messages=(Message("user", "Who? " * 300), Message("assistant", "I.")))
    with pytest.raises(MetierError, match=r"general: no conversation of 'meetings' can be trained on, first c1: 'long"):
        list(ppo(base, reward, [asked(0), long], 5, Ppo(**QUICK, general=("meetings",)), tmp_path))
    with pytest.raises(MetierError, match=r"no prompt to train on: all 2 conversations are general; feed others"):
        list(ppo(base, reward, [asked(1), asked(2)], 5, Ppo(**QUICK, general=("meetings",)), tmp_path))
    with pytest.raises(MetierError, match=r"family bloom does not tell texts apart .*train\.rloo"):
        list(ppo(bloom(base, tmp_path / "bloom"), reward, talks(), 5, config, tmp_path / "out"))


def bloom(base: Checkpoint, home: Path) -> Checkpoint:
    """A model of a family that goes by the distance of tokens, whatever positions it is given."""
    from transformers import BloomConfig, BloomForCausalLM

    tokenizer = load_tokenizer(base.path)
    shape = {"vocab_size": len(tokenizer), "hidden_size": 16, "n_layer": 1, "n_head": 2, "initializer_range": 0.5}
    torch.manual_seed(3)
    BloomForCausalLM(BloomConfig(**shape)).save_pretrained(home)
    tokenizer.save_pretrained(home)
    return Checkpoint(str(home))


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ({"rollout": 4}, "chunk 8 is more than a rollout of 4"),
        (
            {"samples": 48, "rollout": 16, "critic_first": 3},
            r"critic_first 3: of 3 rollouts \(samples / rollout\) none",
        ),
        ({"kl": 0.0, "kl_target": 1.0}, "kl 0: nothing adapts a coefficient of 0"),
        ({"kl_target": 1.0, "kl_horizon": 10}, "kl_horizon 10 is less than a rollout of 64"),
    ],
)
def test_settings_that_would_train_nothing_or_the_wrong_way_are_refused(off: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Ppo(**off)


def test_all_of_a_policy_is_trained_that_was_made_as_an_adapter(
    base: Checkpoint, reward: Checkpoint, learnt: Path, tmp_path: Path
) -> None:
    places = [tmp_path / "adapter", tmp_path / "whole"]
    list(ppo(base, reward, talks(), 5, Ppo(**QUICK, adapter=Lora(rank=4)), places[0]))
    list(ppo(Checkpoint(str(places[0])), reward, talks(), 5, Ppo(**QUICK), places[1]))
    below, above = (load_weights(str(place), torch.float32).state_dict() for place in places)
    assert lines(places[1])[0].kl == 0.0 and not any(torch.equal(below[name], above[name]) for name in below)


def test_a_loss_that_is_no_number_stops_with_the_step(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    broken, out = tmp_path / "broken", tmp_path / "out"
    broken.mkdir()
    for file in Path(reward.path).iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    held = load_file(broken / "model.safetensors")
    held["score.weight"] *= float("nan")
    save_file(held, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(MetierError, match="the reward model gives nan to a reply to c"):
        list(ppo(base, Checkpoint(str(broken)), talks(), 5, Ppo(**QUICK), out))
    with pytest.raises(MetierError, match=r"no number at step \d .*lower learning_rate, now 1e\+30"):
        list(ppo(base, reward, talks(), 5, Ppo(**{**QUICK, "learning_rate": 1e30}), out))


def test_ranks_share_their_ties() -> None:
    assert rank_correlation([1, 2, 3, 4], [10, 20, 30, 45]) == pytest.approx(1.0)
    assert rank_correlation([1, 2, 3], [3, 3, 1]) == pytest.approx(-math.sqrt(0.75))
    assert rank_correlation([1, 1, 1], [3, 2, 1]) == 0.0


def test_a_recipe_trains_a_policy(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(RECIPE.format(base=base.path, reward=reward.path))
    run(load_recipe(str(file)), tmp_path / "runs")
    manifest = Artefact(tmp_path / "runs" / "policy" / "heard").manifest
    assert manifest is not None and manifest.notes["steps"] == 1 and manifest.notes["probes"] == 8
    assert len(lines(tmp_path / "runs" / "policy" / "heard")) == 1
