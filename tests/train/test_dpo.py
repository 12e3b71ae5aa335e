"""A policy is trained on preferences by TRL: on our tokens, away from its reference, and on after a kill."""

import contextlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metier import progress
from metier.model.load import load, load_tokenizer
from metier.model.questions import answered
from metier.model.replies import token_logs
from metier.model.template import turn_ends
from metier.records import Checkpoint, Message, MetierError, Preference
from metier.train.dpo import Dpo, dpo
from metier.train.resume import CHECKPOINTS
from metier.train.settings import Launch, Lora
from metier.train.trl_findings import found
from metier.train.trl_lines import DpoLine
from metier.train.trl_pairs import prepare
from metier.train.trl_task import load as load_task
from metier.train.trl_task import orders
from metier.train.trl_tokens import Numbers, read, spell
from metier.train.trl_trainers import make, silent
from tests.train.loops import same_bits, weights
from tests.train.pairs import pair, pairs

QUICK: dict[str, Any] = {"batch_pairs": 8, "device_pairs": 4, "learning_rate": 3e-3, "save_seconds": 600.0}


class Killed(BaseException):
    """What a kill is to the training: nothing of it goes on."""


@contextlib.contextmanager
def killed_at(step: int) -> Iterator[None]:
    """End a training as soon as it reports a step."""

    def stop(done: int, total: int, unit: str, note: str) -> None:
        if unit == "steps" and done == step:
            raise Killed

    with pytest.raises(Killed), progress.listening(stop):
        yield


def lines(out: Path) -> list[DpoLine]:
    """The curve, without the time it took."""
    some = [msgspec.json.decode(one, type=DpoLine) for one in (out / "dpo.jsonl").read_bytes().splitlines()]
    return [msgspec.structs.replace(one, seconds=0.0) for one in some]


def likelihood(path: str, some: list[Preference]) -> list[tuple[float, float]]:
    """The log-probability of the chosen and of the rejected reply of each pair, by our own rendering and scoring."""
    loaded = load(path)
    both = [(one.prompt, text) for one in some for text in (one.chosen, one.rejected)]
    tokens = answered(loaded.tokenizer, both)
    logs = [float(one.sum()) for one in token_logs(loaded, [a for a, _ in tokens], [b for _, b in tokens])]
    return list(zip(logs[::2], logs[1::2], strict=True))


@pytest.fixture(scope="module")
def aligned(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy after a pass and a half over forty pairs."""
    out = tmp_path_factory.mktemp("aligned")
    assert list(dpo(base, pairs(40), 7, Dpo(epochs=1.5, **QUICK), out)) == []
    return out


def test_the_policy_leaves_its_reference_for_what_is_preferred(base: Checkpoint, aligned: Path) -> None:
    course, some = lines(aligned), pairs(40)
    assert [one.pairs for one in course] == [8, 16, 24, 32, 40, 48, 56, 60]
    assert course[0].loss == pytest.approx(math.log(2), abs=1e-5) and course[0].margin == 0
    assert course[-1].loss < 0.55 and course[-1].accuracy == 1 and (course[-1].margin or 0) > 0.3
    before, after = likelihood(base.path, some), likelihood(str(aligned), some)
    gains = [(new[0] - new[1]) - (old[0] - old[1]) for old, new in zip(before, after, strict=True)]
    assert min(gains) > 3
    assert not (aligned / "README.md").exists() and not (aligned / CHECKPOINTS).exists()
    notes = json.loads((aligned / "notes.json").read_bytes())
    assert (notes["pairs"], notes["dropped"], notes["steps"]) == (40, 0, 8) and notes["seconds"] > 0
    assert notes["margin_last"] == course[-1].margin


def test_trl_sees_the_likelihood_that_we_measure(base: Checkpoint, aligned: Path) -> None:
    some = pairs(40)
    first = [some[number] for number in orders([one.id for one in some], 7, 8)]
    ours = likelihood(base.path, first)
    assert lines(aligned)[0].chosen_log == pytest.approx(sum(one for one, _ in ours) / 8, rel=1e-5)
    assert lines(aligned)[0].rejected_log == pytest.approx(sum(one for _, one in ours) / 8, rel=1e-5)


def test_trl_is_given_our_tokens_and_no_others(base: Checkpoint, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(base.path)
    prompt = (
        Message("user", f"Say {tokenizer.eos_token} 12 34."), Message("assistant", " Well "), Message("user", "And?")
    )  # fmt: skip
    some = [Preference(f"p{n}", prompt, f"Yes {n}{tokenizer.eos_token}x", f" {n}\n") for n in range(4)]
    assert prepare(base, some, 7, Dpo(**QUICK), tmp_path) == []
    with silent():
        trainer = make(tmp_path, load_task(tmp_path))
    assert len(trainer.train_dataset) == 4
    ranked = [some[number] for number in orders([one.id for one in some], 7, 4)]
    for one, row in zip(ranked, trainer.train_dataset, strict=True):
        both = answered(tokenizer, [(prompt, one.chosen), (prompt, one.rejected)])
        assert [(row["prompt_ids"], row["chosen_ids"]), (row["prompt_ids"], row["rejected_ids"])] == both
        assert [row["chosen_ids"][-1], row["rejected_ids"][-1]] == turn_ends(tokenizer) * 2
    batch = trainer.data_collator([trainer.train_dataset[0]])
    wanted = [trainer.train_dataset[0][name] for name in ("chosen_ids", "rejected_ids")]
    said = [[id for id, own in zip(*row, strict=True) if own] for row in zip(*batch_of(batch), strict=True)]
    assert said == wanted


def batch_of(batch: Any) -> tuple[list[list[int]], list[list[int]]]:
    return batch["input_ids"].tolist(), batch["completion_mask"].tolist()


@given(st.lists(st.integers(0, 300_000)), st.lists(st.integers(0, 300_000)))
def test_a_text_of_numbers_is_read_as_it_was_spelt(first: list[int], second: list[int]) -> None:
    assert read(spell(first) + spell(second)) == first + second


def test_the_end_that_trl_writes_behind_a_reply_is_not_read(base: Checkpoint) -> None:
    own = load_tokenizer(base.path)
    numbers = Numbers(own)
    assert numbers(spell([4, 5]) + own.eos_token) == {"input_ids": [4, 5]}
    assert numbers([spell([7]), spell([])]) == {"input_ids": [[7], []]}
    assert numbers.eos_token_id == own.eos_token_id and numbers.pad_token_id == own.pad_token_id
    assert len(numbers) == len(own)


@given(st.integers(1, 30), st.integers(0, 100), st.integers(1, 90))
def test_every_pass_takes_every_record_once(count: int, seed: int, wanted: int) -> None:
    ranked = list(orders([f"r{number}" for number in range(count)], seed, wanted))
    assert len(ranked) == wanted
    for start in range(0, wanted - count + 1, count):
        assert sorted(ranked[start : start + count]) == list(range(count))


def test_a_killed_training_goes_on_to_the_same_bits(base: Checkpoint, aligned: Path, tmp_path: Path) -> None:
    config = Dpo(epochs=1.5, **QUICK | {"save_seconds": 0.0})
    with killed_at(5):
        dpo(base, pairs(40), 7, config, tmp_path)
    assert [one.name for one in (tmp_path / CHECKPOINTS).iterdir()] == ["checkpoint-4"]
    with pytest.raises(MetierError, match="begun otherwise: not the same learning_rate"):
        dpo(base, pairs(40), 7, Dpo(epochs=1.5, **QUICK | {"learning_rate": 1e-3}), tmp_path)
    with pytest.raises(MetierError, match="begun otherwise: not the same base"):
        dpo(Checkpoint("asset:nano"), pairs(40), 7, config, tmp_path)
    with pytest.raises(MetierError, match="begun otherwise: not the same records"):
        dpo(base, pairs(38), 7, config, tmp_path)
    dpo(base, pairs(40), 7, Dpo(epochs=1.5, **QUICK), tmp_path)
    assert lines(tmp_path) == lines(aligned)
    assert same_bits(tmp_path, aligned)


def test_kto_takes_each_reply_for_itself(base: Checkpoint, tmp_path: Path) -> None:
    list(dpo(base, pairs(24), 7, Dpo(loss="kto", epochs=2, **QUICK), tmp_path))
    course = lines(tmp_path)
    assert course[0].loss == pytest.approx(0.5, abs=1e-5) and course[0].accuracy is None and course[0].kl == 0
    assert course[-1].loss < 0.47 and (course[-1].margin or 0) > 0.3
    assert [one.pairs for one in course] == [8, 16, 24, 32, 40, 48]


def test_an_adapter_alone_is_trained(base: Checkpoint, tmp_path: Path) -> None:
    before = weights(Path(base.path))
    list(dpo(base, pairs(16), 7, Dpo(adapter=Lora(rank=2), epochs=2, **QUICK | {"learning_rate": 3e-2}), tmp_path))
    assert {"adapter_config.json", "adapter_model.safetensors", "base.json"} <= {one.name for one in tmp_path.iterdir()}
    assert not (tmp_path / "ref").exists() and not (tmp_path / "model.safetensors").exists()
    after = weights(Path(base.path))
    assert all(before[name].equal(after[name]) for name in before)
    some = pairs(16)
    gains = [new[0] - new[1] - old[0] + old[1] for old, new in zip(*both(base, tmp_path, some), strict=True)]
    assert min(gains) > 0.5
    further = tmp_path / "further"
    further.mkdir()
    list(dpo(Checkpoint(str(tmp_path)), pairs(16), 7, Dpo(**QUICK), further))
    assert lines(further)[0].margin == 0, "the reference of a policy that was an adapter is that policy"
    assert lines(further)[0].chosen_log != pytest.approx(lines(tmp_path)[0].chosen_log)
    assert not (further / ".base").exists() and (further / "model.safetensors").exists()


def test_two_processes_go_on_from_an_adapter_as_one_does(base: Checkpoint, tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("adapter", "one", "two")]
    for place in places:
        place.mkdir()
    list(dpo(base, pairs(8), 7, Dpo(adapter=Lora(rank=2), **QUICK), places[0]))
    for place, launch in zip(places[1:], (None, Launch(processes=2)), strict=True):
        list(dpo(Checkpoint(str(places[0])), pairs(16), 7, Dpo(launch=launch, **QUICK), place))
    one, two = (weights(place) for place in places[1:])
    assert all(torch.allclose(one[name], two[name], atol=1e-4) for name in one)
    assert [line.loss for line in lines(places[1])] == pytest.approx([line.loss for line in lines(places[2])], abs=1e-5)
    assert not (places[2] / ".base").exists()


def both(base: Checkpoint, out: Path, some: list[Preference]) -> tuple[list[tuple[float, float]], ...]:
    return likelihood(base.path, some), likelihood(str(out), some)


def test_what_cannot_be_trained_on_is_told(base: Checkpoint, tmp_path: Path) -> None:
    same = msgspec.structs.replace(pair(1), rejected=pair(1).chosen)
    long = msgspec.structs.replace(pair(2), chosen="Arvo " * 200)
    mute = msgspec.structs.replace(pair(3), prompt=())
    given = [pair(0), same, long, mute]
    dropped = prepare(base, given, 7, Dpo(max_tokens=60, **QUICK), tmp_path)
    assert [(one.id, one.why) for one in dropped] == [
        ("p1", "chosen equals rejected"), ("p2", "longer than 60 tokens"), ("p3", "no prompt")
    ]  # fmt: skip
    with pytest.raises(MetierError, match=r"no pairs to train on: all 2 were left out, first p1: 'chosen equals"):
        dpo(base, [same, mute], 7, Dpo(**QUICK), tmp_path)
    with pytest.raises(MetierError, match="no pairs to train on; check"):
        dpo(base, [], 7, Dpo(**QUICK), tmp_path)
    with pytest.raises(MetierError, match="no such model directory"):
        dpo(Checkpoint(str(tmp_path / "nowhere")), given, 7, Dpo(**QUICK), tmp_path)
    (tmp_path / "odd").mkdir()
    with pytest.raises(MetierError, match=r"TRL does not take .'optim': 'odd'"):
        dpo(base, given, 7, Dpo(trainer_args={"optim": "odd"}, **QUICK), tmp_path / "odd")


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="kto has none"):
        Dpo(loss="kto", label_smoothing=0.1)
    with pytest.raises(ValueError, match="trainer_args: beta is decided"):
        Dpo(trainer_args={"beta": 0.2})
    for name in ("epsilon", "eval_strategy", "logging_first_step", "save_only_model"):
        with pytest.raises(ValueError, match=f"trainer_args: {name} is decided by this step; take it out"):
            Dpo(trainer_args={name: 1})
    with pytest.raises(ValueError, match="trainer_args: TRL has no 'los_type'; did you mean 'loss_type'"):
        Dpo(trainer_args={"los_type": "ipo"})
    assert Dpo(trainer_args={"loss_type": "ipo", "adam_beta2": 0.98, "sync_ref_model": True}).trainer_args
    with pytest.raises(ValueError, match="runs on one machine"):
        Dpo(launch=Launch(nodes=2))


def course_of(chosen: float, margin: float, accuracy: float) -> list[DpoLine]:
    """Twenty steps that end so, from nothing."""
    shares = [step / 20 for step in range(20)]
    return [
        DpoLine(
            step=step + 1, pairs=8 * (step + 1), seconds=0.1, loss=0.6, lr=1e-3, norm=1.0, chosen=chosen * share,
            rejected=(chosen - margin) * share, margin=margin * share, accuracy=accuracy, chosen_log=-20.0,
            rejected_log=-20.0, kl=None,
        )
        for step, share in enumerate(shares)
    ]  # fmt: skip


def test_what_is_off_is_named(base: Checkpoint, aligned: Path) -> None:
    task = load_task(aligned)
    assert found(task, lines(aligned)) == []
    (one,) = found(task, course_of(-1.0, 0.4, 1.0))
    assert one.name == "chosen replies unlearnt" and one.value == pytest.approx(-8.5, abs=1)
    assert found(task, course_of(-0.2, 0.4, 1.0)) == []
    (other,) = found(task, course_of(0.01, 0.0, 0.5))
    assert other.name == "nothing learnt" and "as a coin would have it" in other.says
    assert found(task, course_of(0.5, 1.0, 0.95)) == []
