"""A reward model is trained on preferences, measured on pairs that it has not seen, and held against its gate."""

import contextlib
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForSequenceClassification

from metier import progress
from metier.artefact import Artefact
from metier.model.rewards import encode_pair, load_reward, rewards
from metier.recipe import load
from metier.records import Checkpoint, Message, MetierError, Preference, Score
from metier.run.make import run
from metier.train.dpo import Dpo
from metier.train.installed import check_installed
from metier.train.jsonl import read
from metier.train.reward import Reward, reward
from metier.train.reward_curve import HELD, LOOKS, STEPS, Held, RewardLine, RewardLook
from metier.train.reward_pairs import order, split
from metier.train.settings import Lora
from metier.train.sft import Sft, sft
from metier.train.trl_data import Pair
from tests.train.loops import same_bits, talks
from tests.train.pairs import pair, pairs

QUICK = {"batch_pairs": 8, "device_pairs": 4, "learning_rate": 1e-2, "epochs": 2, "save_seconds": 600.0, "looks": 2}


RECIPE = """\
name: rewarded
seed: 3
steps:
  pairs: {use: "tests.train.pairs:write", count: 40}
  fresh: {use: "tests.train.pairs:write", count: 20, first: 1000}
  short: {use: train.reward, from: {preferences: pairs, base: "asset:nano"}, learning_rate: 1e-3, batch_pairs: 8}
  long:
    use: train.reward
    from: {preferences: pairs, validation: fresh, base: short}
    learning_rate: 1e-3
    batch_pairs: 8
    least_accuracy: 0.8
  told: {use: evals.preferred, from: {preferences: fresh, models: {short: short, long: long}}, by: [source]}
"""


class Killed(BaseException):
    """What a kill is to the training: nothing of it goes on."""


@contextlib.contextmanager
def killed_at(step: int) -> Iterator[None]:
    """End a training as soon as it reports a step."""

    def stop(done: int, total: int, unit: str, note: str) -> None:
        if unit == "steps" and done == step:
            raise Killed

    with progress.listening(stop), pytest.raises(Killed):
        yield


@pytest.fixture(scope="module")
def made(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reward model that tells the pairs apart."""
    out = tmp_path_factory.mktemp("reward")
    assert list(reward(base, pairs(), 3, Reward(**QUICK), out)) == []
    return out


def measured(out: Path) -> dict[str, dict[str, float]]:
    return dict(json.loads((out / "notes.json").read_text())["measured"])


def test_it_tells_pairs_apart_that_it_has_not_seen(made: Path) -> None:
    notes = json.loads((made / "notes.json").read_text())
    assert (notes["pairs"], notes["held_out"], notes["dropped"]) == (56, 8, 0)
    found = notes["measured"]["accuracy"]
    assert found["value"] > 0.9
    assert found["low"] < found["value"] <= found["high"]
    assert {*notes["sources"]} == {"meetings", "notes"}
    held = list(read(made / HELD, Held))
    right = sum(one.chosen > one.rejected for one in held) / len(held)
    assert found["value"] == pytest.approx(right)


def test_before_the_first_step_nothing_is_told_apart(made: Path) -> None:
    first, *_, last = read(made / LOOKS, RewardLook)
    assert (first.step, first.accuracy, first.loss) == (0, 0.5, pytest.approx(math.log(2), abs=1e-6))
    lines = list(read(made / STEPS, RewardLine))
    assert [one.step for one in lines] == list(range(1, last.step + 1))
    assert lines[0].loss == pytest.approx(math.log(2), abs=1e-6)
    assert lines[-1].pairs == 112
    assert last.loss < 0.2 > lines[-1].loss
    found = json.loads((made / "notes.json").read_text())["measured"]["accuracy"]
    assert (last.accuracy, last.low, last.high) == (found["value"], found["low"], found["high"])


def theirs(place: Path, rows: list[list[int]]) -> list[float]:
    """What transformers itself says of rows that are padded to one length."""
    model = AutoModelForSequenceClassification.from_pretrained(place)
    width, pad = max(map(len, rows)), model.config.pad_token_id
    ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    with torch.inference_mode():
        return list(model(input_ids=ids, attention_mask=mask).logits[:, 0].tolist())


def test_transformers_reads_the_same_rewards_from_the_directory(made: Path) -> None:
    loaded = load_reward(str(made))
    rows = [encode_pair(loaded.tokenizer, pair(7).prompt, reply) for reply in ("Arvo.", "", "Who meets Dunja?")]
    assert rewards(loaded, rows) == pytest.approx(theirs(made, rows), abs=1e-5)


def test_a_tokenizer_that_pads_with_its_end_of_turn_is_read_to_the_end(base: Checkpoint, tmp_path: Path) -> None:
    odd = shutil.copytree(base.path, tmp_path / "odd")
    said = json.loads((odd / "tokenizer_config.json").read_text())
    (odd / "tokenizer_config.json").write_text(json.dumps(said | {"pad_token": "<|end|>"}))
    list(reward(Checkpoint(str(odd)), pairs(16), 3, Reward(**QUICK), tmp_path / "out"))
    loaded = load_reward(str(tmp_path / "out"))
    rows = [encode_pair(loaded.tokenizer, pair(7).prompt, reply) for reply in ("Arvo.", "Who meets Dunja?")]
    ends = rewards(loaded, rows)
    assert ends == pytest.approx(theirs(tmp_path / "out", rows), abs=1e-5)
    assert ends != pytest.approx(rewards(loaded, [row[:-1] for row in rows]), abs=1e-5)


def test_a_base_in_fewer_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="quantize 4bit: a reward model is not held in fewer bits"):
        Reward(adapter=Lora(quantize="4bit"))


def test_a_package_that_is_missing_is_named() -> None:
    check_installed("torch", "trl")
    with pytest.raises(MetierError, match="no_such_package is not installed; install the extra"):
        check_installed("torch", "no_such_package")


@pytest.mark.parametrize("kind", [Reward, Dpo])
def test_passes_without_end_are_refused(kind: type[Reward | Dpo]) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"<= 1000"):
        msgspec.convert({"epochs": math.inf}, kind)


def test_a_killed_training_ends_with_the_same_bits(base: Checkpoint, made: Path, tmp_path: Path) -> None:
    config = Reward(**{**QUICK, "save_seconds": 0.0})
    with killed_at(7):
        list(reward(base, pairs(), 3, config, tmp_path))
    assert not (tmp_path / "complete").exists()
    assert list(tmp_path.glob("checkpoints/*/complete"))
    list(reward(base, pairs(), 3, config, tmp_path))
    assert same_bits(made, tmp_path)
    for curve in (STEPS, LOOKS, HELD):
        assert (made / curve).read_bytes() == (tmp_path / curve).read_bytes()
    assert not (tmp_path / "checkpoints").exists()


def test_a_gate_refuses_and_lowered_it_trains_nothing_again(base: Checkpoint, tmp_path: Path) -> None:
    turned = [msgspec.structs.replace(one, chosen=one.rejected, rejected=one.chosen) for one in pairs(12)]
    fed = [msgspec.structs.replace(one, prompt=(Message("user", f"{one.id}?"),)) for one in turned]
    config = Reward(**QUICK, least_accuracy=0.6)
    with pytest.raises(MetierError, match=r"tells 0\.\d+ of 12 .*pairs apart .* below least_accuracy 0\.6; feed more"):
        list(reward(base, pairs(), 3, config, tmp_path, fed))
    before = (tmp_path / "model.safetensors").stat().st_mtime_ns
    list(reward(base, pairs(), 3, Reward(**QUICK, least_accuracy=0.0), tmp_path, fed))
    assert (tmp_path / "model.safetensors").stat().st_mtime_ns == before


def test_what_cannot_be_used_is_told(base: Checkpoint, tmp_path: Path) -> None:
    same = msgspec.structs.replace(pair(200), chosen="Arvo.", rejected="Arvo.")
    long = msgspec.structs.replace(pair(202), chosen="Arvo Dunja Goran. " * 60)
    bare = msgspec.structs.replace(pair(204), prompt=())
    fed = [pair(1), pair(300), msgspec.structs.replace(pair(302), rejected=pair(302).chosen)]
    lost = list(reward(base, [*pairs(20), same, long, bare], 3, Reward(**QUICK, max_tokens=64), tmp_path, fed))
    assert [(one.id, one.why) for one in lost] == [
        ("p200", "chosen equals rejected"),
        ("p202", "longer than 64 tokens"),
        ("p204", "no prompt"),
        ("p302", "validation: chosen equals rejected"),
        ("p1", "validation: its prompt is trained on"),
    ]
    assert lost[1].detail.endswith(" tokens")
    assert json.loads((tmp_path / "notes.json").read_text())["held_out"] == 1


def test_nothing_to_train_on_is_an_error(base: Checkpoint, tmp_path: Path) -> None:
    same = msgspec.structs.replace(pair(200), chosen="Arvo.", rejected="Arvo.")
    with pytest.raises(MetierError, match=r"nothing to train a reward model on: all 1 pairs .* 'p200: chosen equals"):
        list(reward(base, [same], 3, Reward(), tmp_path))
    with pytest.raises(MetierError, match=r"least_accuracy 0\.8: there are no held-out pairs"):
        list(reward(base, pairs(4), 3, Reward(held_out=0, least_accuracy=0.8), tmp_path))
    with pytest.raises(MetierError, match="validation: no pair is left to measure by: all 1"):
        list(reward(base, pairs(4), 3, Reward(), tmp_path, [pair(1)]))


def test_it_goes_on_from_a_reward_model(made: Path, tmp_path: Path) -> None:
    list(reward(Checkpoint(str(made)), pairs(), 3, Reward(**QUICK), tmp_path))
    first = next(iter(read(tmp_path / LOOKS, RewardLook)))
    assert first.accuracy == measured(made)["accuracy"]["value"] > 0.9


def test_an_adapter_is_merged_at_the_end(base: Checkpoint, tmp_path: Path) -> None:
    list(reward(base, pairs(), 3, Reward(**{**QUICK, "epochs": 4}, adapter=Lora(rank=4)), tmp_path))
    assert measured(tmp_path)["accuracy"]["value"] > 0.9
    last = [*read(tmp_path / LOOKS, RewardLook)][-1]
    held = list(read(tmp_path / HELD, Held))
    assert last.accuracy == sum(one.chosen > one.rejected for one in held) / len(held)
    assert len(rewards(load_reward(str(tmp_path)), [[1, 2, 3]])) == 1


def test_a_margin_is_what_the_rewards_have_to_be_apart(base: Checkpoint, tmp_path: Path) -> None:
    some = [pair(number, margin=-2.0) for number in range(16)]
    list(reward(base, some, 3, Reward(**QUICK, margin=0.5), tmp_path))
    first = next(iter(read(tmp_path / STEPS, RewardLine)))
    assert first.loss == pytest.approx(math.log(1 + math.exp(0.5 * 2.0)), abs=1e-5)


def test_a_model_that_rewards_cannot_be_trained_to_write(made: Path, tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="a reward model, which gives points and cannot write"):
        list(sft(Checkpoint(str(made)), 3, Sft(), tmp_path, talks()))


def test_a_recipe_trains_one_from_another_and_measures_both(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    root = run(load(str(tmp_path / "recipe.yaml")), tmp_path / "runs").root
    scores = {(one.model, one.metric, *one.by.values()): one for one in Artefact(root / "told").records(Score)}
    assert scores["long", "reward_accuracy"].value > 0.8
    assert scores["long", "reward_accuracy"].n == 20
    assert {one.n for key, one in scores.items() if key[2:] == ("notes",)} == {6, 12}
    noted = msgspec.json.decode((root / "long" / "notes.json").read_bytes())["measured"]["accuracy"]
    assert scores["long", "reward_accuracy"].value == noted["value"]


def test_other_pairs_do_not_go_on_with_what_was_begun(base: Checkpoint, made: Path) -> None:
    with pytest.raises(MetierError, match="begun otherwise: not the same preferences"):
        list(reward(base, pairs(40), 3, Reward(**QUICK), made))
    with pytest.raises(MetierError, match="begun otherwise: not the same seed"):
        list(reward(base, pairs(), 4, Reward(**QUICK), made))


@given(st.integers(1, 40), st.floats(0.1, 3), st.integers(1, 9), st.integers())
def test_every_pass_has_every_pair_once(count: int, epochs: float, step: int, seed: int) -> None:
    some = [Pair(pair(number), [1], [2] * (number % 5 + 1), [3]) for number in range(count)]
    ranked = order(some, epochs, step, seed)
    assert len(ranked) == max(1, round(epochs * count))
    whole = int(epochs)
    assert sorted(ranked[: whole * count]) == sorted([*range(count)] * whole) or whole * count % step
    assert max(ranked.count(number) for number in range(count)) <= math.ceil(epochs)
    first = [len(some[number].chosen) for number in ranked[:step]]
    assert first == sorted(first, reverse=True)


@given(st.lists(st.integers(0, 20), min_size=2, max_size=60), st.floats(0.01, 0.9), st.integers())
def test_pairs_of_a_prompt_stay_together(parents: list[int], share: float, seed: int) -> None:
    some = [
        Pair(Preference(f"p{n}", (Message("user", f"{n}"),), "a", "b", parent=f"c{parent}"), [1], [2], [3])
        for n, parent in enumerate(parents)
    ]
    trained, held = split(some, share, seed)
    assert sorted(one.record.id for one in (*trained, *held)) == sorted(one.record.id for one in some)
    assert not {one.record.parent for one in trained} & {one.record.parent for one in held}
    assert trained
    assert bool(held) == (len({*parents}) > 1)
    assert split(some[::-1], share, seed)[1] == held[::-1]


@given(st.lists(st.tuples(st.integers(-1, 9), st.integers(0, 9)), min_size=2, max_size=30), st.integers())
def test_a_prompt_that_was_made_twice_is_in_one_part(made: list[tuple[int, int]], seed: int) -> None:
    some = [
        Pair(
            Preference(f"p{n}", (Message("user", f"{said}?"),), "a", "b", parent=f"c{of}" if of >= 0 else ""),
            [1],
            [2],
            [3],
        )
        for n, (of, said) in enumerate(made)
    ]
    trained, held = split(some, 0.4, seed)
    assert not {one.record.prompt for one in trained} & {one.record.prompt for one in held}
    assert not {one.record.parent for one in trained} & {one.record.parent for one in held} - {""}
    assert len(trained) + len(held) == len(some)
    assert split(some[::-1], 0.4, seed)[1] == held[::-1]
