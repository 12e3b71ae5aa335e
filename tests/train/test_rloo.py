"""A policy is trained by TRL on replies of its own: towards what is rewarded, on our tokens, and on after a kill."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from metier.artefact import Artefact
from metier.judge.extras import Extras
from metier.model.load import load_tokenizer
from metier.model.rewards import load_reward, rewards
from metier.model.template import prompt, turn_ends
from metier.recipe import load
from metier.records import Checkpoint, Conversation, Dropped, Message, MetierError, Score
from metier.run.make import run
from metier.train.resume import CHECKPOINTS
from metier.train.rloo import Rloo, rloo
from metier.train.samples import Sample
from metier.train.settings import Lora
from metier.train.trl_findings import found
from metier.train.trl_lines import RlooLine
from metier.train.trl_points import distinct, points
from metier.train.trl_prompts import prepare
from metier.train.trl_task import load as load_task
from metier.train.trl_task import rows
from metier.train.trl_tokens import Numbers, spell
from tests.train.loops import same_bits, weights
from tests.train.policies import asked, rewarding
from tests.train.test_dpo import killed_at

QUICK: dict[str, Any] = {
    "samples": 96, "rollout": 16, "device_replies": 8, "max_tokens": 8, "learning_rate": 1e-2, "warmup": 0.0,
    "schedule": "constant", "kl": 0.02, "save_seconds": 600.0,
}  # fmt: skip
MUTE = "asks nothing: no message of the user stands before the reply"
RECIPE = """\
name: aligned
seed: 3
steps:
  pairs: {{use: "tests.train.pairs:write", count: 16}}
  asked: {{use: "tests.train.policies:ask", count: 20}}
  picked: {{use: train.dpo, from: {{preferences: pairs, base: {base}}}, learning_rate: 3e-3, batch_pairs: 8}}
  heard:
    use: train.rloo
    from: {{conversations: asked, base: {base}, reward: {reward}}}
    samples: 16
    rollout: 16
    max_tokens: 8
  moved:
    use: evals.kl
    from: {{conversations: asked, models: {{picked: picked, heard: heard}}, base: {base}}}
    max_tokens: 8
"""


@pytest.fixture(scope="module")
def reward(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return rewarding(base, tmp_path_factory.mktemp("reward"))


@pytest.fixture(scope="module")
def aligned(base: Checkpoint, reward: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy after six rollouts of two steps each."""
    out = tmp_path_factory.mktemp("aligned")
    config = Rloo(chunk=8, extras=Extras(asks=1.0), **QUICK)
    assert list(rloo(base, reward, talks(), 7, config, out)) == []
    return out


def talks(count: int = 20) -> list[Conversation]:
    return [asked(number) for number in range(count)]


def lines(out: Path) -> list[RlooLine]:
    """The curve, without the time it took."""
    some = [msgspec.json.decode(one, type=RlooLine) for one in (out / "rloo.jsonl").read_bytes().splitlines()]
    return [msgspec.structs.replace(one, seconds=0.0) for one in some]


def looks(out: Path) -> dict[int, list[Sample]]:
    """What the policy said before and after, by the number of rollouts."""
    some = [msgspec.json.decode(one, type=Sample) for one in (out / "samples.jsonl").read_bytes().splitlines()]
    return {step: [one for one in some if one.step == step] for step in sorted({one.step for one in some})}


def test_the_policy_comes_to_say_what_is_rewarded(aligned: Path) -> None:
    course = lines(aligned)
    assert [(one.step, one.replies) for one in course] == [(n, 16 * n) for n in range(1, 7)]
    assert course[0].kl == pytest.approx(0, abs=1e-5) and (course[-1].kl or 0) > 0.05
    assert all(0 <= one.ended <= 1 and 0 < one.tokens <= 8 and one.entropy > 0 for one in course)
    for one in course:
        assert one.total == pytest.approx(one.score + one.extra - (1 - one.ended) - 0.02 * (one.kl or 0), abs=1e-4)
    before, after = looks(aligned).values()
    assert [one.id for one in before] == [one.id for one in after]
    assert min(b.score - a.score for a, b in zip(before, after, strict=True)) > 0
    notes = json.loads((aligned / "notes.json").read_bytes())
    assert (notes["prompts"], notes["dropped"], notes["steps"], notes["replies"]) == (20, 0, 12, 96)
    assert notes["score_last"] == course[-1].score and notes["findings"] == len(json.loads(findings(aligned)))
    assert not (aligned / CHECKPOINTS).exists() and not (aligned / "README.md").exists()


def findings(out: Path) -> bytes:
    return (out / "findings.json").read_bytes()


def test_a_killed_training_goes_on_to_the_same_bits(
    base: Checkpoint, reward: Checkpoint, aligned: Path, tmp_path: Path
) -> None:
    config = Rloo(chunk=8, extras=Extras(asks=1.0), **QUICK | {"save_seconds": 0.0})
    with killed_at(8):
        rloo(base, reward, talks(), 7, config, tmp_path)
    assert [one.name for one in (tmp_path / CHECKPOINTS).iterdir()] == ["checkpoint-6"]
    with pytest.raises(MetierError, match="begun otherwise: not the same reward"):
        rloo(base, rewarding(base, tmp_path / "other", 2), talks(), 7, config, tmp_path)
    rloo(base, reward, talks(), 7, config, tmp_path)
    assert lines(tmp_path) == lines(aligned) and looks(tmp_path) == looks(aligned)
    assert same_bits(tmp_path, aligned)


def test_grpo_trains_an_adapter(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    before = weights(Path(base.path))
    config = Rloo(method="grpo", adapter=Lora(rank=4), **QUICK)
    list(rloo(base, reward, talks(), 7, config, tmp_path))
    course = lines(tmp_path)
    assert [one.replies for one in course] == [16, 32, 48, 64, 80, 96] and (course[-1].kl or 0) > 0
    assert course[0].total == pytest.approx(course[0].score - (1 - course[0].ended), abs=1e-4)
    first, last = looks(tmp_path).values()
    assert sum(one.score for one in last) > sum(one.score for one in first)
    assert (tmp_path / "adapter_model.safetensors").exists() and not (tmp_path / "ref").exists()
    after = weights(Path(base.path))
    assert all(before[name].equal(after[name]) for name in before)


def test_trl_reads_the_prompts_that_our_template_writes(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(base.path)
    some = [
        Conversation(f"c{n}", (Message("user", f"1 {tokenizer.eos_token} 2"), Message("assistant", " So "),
                               Message("user", f"{n}?"), Message("assistant", "x")))
        for n in range(4)
    ]  # fmt: skip
    assert prepare(base, reward, some, 7, Rloo(**QUICK), tmp_path) == []
    told = Numbers(tokenizer)(rows(tmp_path).column("prompt").to_pylist())["input_ids"]
    by_id = {one.id: prompt(tokenizer, one.prompt) for one in some}
    assert told == [by_id[id] for id in rows(tmp_path).column("id").to_pylist()]
    assert len(told) == 6 * 4


def test_the_parts_of_a_reward(base: Checkpoint, reward: Checkpoint) -> None:
    tokenizer = load_tokenizer(base.path)
    ends = turn_ends(tokenizer)
    score, extra, end = points(reward.path, ends, Rloo(no_end=2.0, extras=Extras(asks=3.0, length=1.0)))
    asked_of = prompt(tokenizer, (Message("user", "Who?"),))
    replies = [[9, 10, *ends], [9, 10, 11]]
    told: dict[str, float] = {}
    found = score([spell(asked_of)] * 2, replies, log_metric=told.__setitem__)
    assert found == rewards(load_reward(reward.path), [[*asked_of, *one] for one in replies])
    assert told == {"length_correlation": 0.0, "distinct": 1.0}
    assert distinct("aabb", [[1], [1], [2], [3]]) == 1.0, "to one prompt the same may be said twice"
    assert distinct("aabb", [[1], [2], [1], [3]]) == 0.5
    messages = [msgspec.json.encode((Message("user", "Who?"),)).decode()] * 2
    assert extra(["Who are you?", "a" * 50], messages) == [pytest.approx(3.12), 0.5]
    assert end(replies) == [0.0, -2.0]


def test_what_cannot_be_asked_is_told(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    mute = Conversation("mute", (Message("assistant", "Arvo."),))
    long = Conversation("long", (Message("user", "Who meets Arvo? " * 60),))
    config = Rloo(**QUICK)
    assert prepare(base, reward, [*talks(), mute, long], 7, config, tmp_path) == [
        Dropped("mute", MUTE), Dropped("long", "no room for 8 tokens in 256 positions")
    ]  # fmt: skip
    with pytest.raises(MetierError, match="all 2 were left out, first mute: 'asks nothing"):
        rloo(base, reward, [mute, long], 7, config, tmp_path)
    with pytest.raises(MetierError, match="asks 4 prompts, and there are 3; lower rollout to 12"):
        rloo(base, reward, talks(3), 7, config, tmp_path)
    with pytest.raises(MetierError, match="a model that writes, not one that rewards"):
        rloo(base, base, talks(), 7, config, tmp_path)
    with pytest.raises(MetierError, match="a reward model, which gives points and cannot write"):
        rloo(reward, reward, talks(), 7, config, tmp_path)
    with pytest.raises(MetierError, match=r"has another tokenizer than the policy asset:nano; train\.reward one"):
        rloo(Checkpoint("asset:nano"), reward, talks(), 7, config, tmp_path)
    (tmp_path / "odd").mkdir()
    odd = Rloo(trainer_args={"reward_weights": [1.0]}, **QUICK)
    with pytest.raises(MetierError, match=r"TRL does not take .'reward_weights': \[1\.0\]. \(Number of reward weights"):
        rloo(base, reward, talks(), 7, odd, tmp_path / "odd")
    with pytest.raises(MetierError, match="vllm: colocate needs vLLM, which is not installed"):
        rloo(base, reward, talks(), 7, Rloo(vllm="colocate", **QUICK), tmp_path)


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="rollout 30 is not a multiple of the 4 generations; use 32"):
        Rloo(rollout=30)
    with pytest.raises(ValueError, match="rollout 64 is not a multiple of chunk 48"):
        Rloo(chunk=48)
    with pytest.raises(ValueError, match="give `colocate`, or the URL of a server"):
        Rloo(vllm="somewhere")


def test_what_is_off_is_named(aligned: Path) -> None:
    task, course = load_task(aligned), lines(aligned)
    healthy = [
        msgspec.structs.replace(course[0], step=n + 1, replies=16 * (n + 1), ended=1.0, score=0.1 * n, kl=0.02 * n,
                                length_correlation=0.1, deviation=1.0, alike=0.1)
        for n in range(20)
    ]  # fmt: skip
    assert found(task, healthy) == []
    assert found(task, [msgspec.structs.replace(one, kl=-0.1) for one in healthy]) == []  # 16 replies: that is chance
    astray = [msgspec.structs.replace(one, kl=-0.5 * one.step) for one in healthy]
    assert [one.name for one in found(task, astray)] == ["negative divergence"]
    (falls,) = found(task, [msgspec.structs.replace(one, score=-0.2 * one.step) for one in healthy])
    assert falls.name == "score falls" and "critic" not in falls.says and falls.says.endswith("`epochs`.")
    alike = [msgspec.structs.replace(one, alike=1.0) for one in healthy]
    assert [one.name for one in found(task, alike)] == ["nothing to compare"]
    longer = [msgspec.structs.replace(one, length_correlation=0.99) for one in healthy]
    assert "reward is length" in [one.name for one in found(task, longer)]


def test_a_recipe_aligns_and_measures_how_far_it_went(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    file = tmp_path / "aligned.yaml"
    file.write_text(RECIPE.format(base=base.path, reward=reward.path))
    run(load(str(file)), tmp_path / "runs")
    scores = list(Artefact(tmp_path / "runs" / "aligned" / "moved").records(Score))
    assert {(one.model, one.metric) for one in scores} == {
        (model, metric) for model in ("picked", "heard") for metric in ("kl", "kl_estimate", "kl_per_token")
    }
    (far,) = [one for one in scores if (one.model, one.metric) == ("picked", "kl_estimate")]
    assert far.task == "asked" and far.n == 20 and 0 < far.low < far.value < far.high
    notes = Artefact(tmp_path / "runs" / "aligned" / "heard").manifest
    assert notes is not None and notes.notes["replies"] == 16


def test_replies_that_a_kill_cut_short_are_written_anew(base: Checkpoint, reward: Checkpoint, tmp_path: Path) -> None:
    config = Rloo(**QUICK | {"samples": 16})
    with killed_at(1):
        rloo(base, reward, talks(), 7, config, tmp_path)
    whole = (tmp_path / "samples.jsonl").read_bytes()
    (tmp_path / "samples.jsonl").write_bytes(whole[: len(whole) // 2])
    rloo(base, reward, talks(), 7, config, tmp_path)
    assert (tmp_path / "samples.jsonl").read_bytes().startswith(whole)
    assert [len(some) for some in looks(tmp_path).values()] == [4, 4]
