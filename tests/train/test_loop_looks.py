"""The loss on validation records is taken along the way, by source; training stops where it no longer falls."""

import json
from itertools import pairwise
from pathlib import Path

import hypothesis.strategies as st
import msgspec
import pytest
import torch
from hypothesis import given as forall
from transformers import AutoModelForCausalLM

from metier.model.load import load, load_tokenizer
from metier.model.template import encode
from metier.records import Checkpoint, Conversation, Message, MetierError
from metier.train.curves import Look, looks, means
from metier.train.encode import Given
from metier.train.looks import best_step, look_steps, time_to_stop
from metier.train.loop import run
from metier.train.settings import Launch, Lora, Stop
from metier.train.sft import Sft, sft
from tests.train.conftest import conversation
from tests.train.loops import QUICK, prepared, same_bits, talks, weights

HELD = [conversation(number, words) for number, words in zip(range(300, 312), (2, 60, 5) * 4, strict=True)]


def own_loss(path: str, some: list[Conversation]) -> tuple[float, int]:
    """The mean loss of what the assistants say, each conversation alone, and the number of those tokens."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(path), load_tokenizer(path)
    total, count = 0.0, 0
    for talk in some:
        item = encode(tokenizer, talk.messages)
        ids = torch.tensor([item.ids])
        with torch.inference_mode():
            logs = model(ids).logits[0, :-1].log_softmax(-1)
        own = -logs.gather(1, ids[0, 1:, None])[:, 0][torch.tensor(item.mask[1:]) > 0]
        total, count = total + float(own.sum()), count + len(own)
    return total / count, count


def test_looks_tell_the_loss_of_every_source_before_along_and_after(base: Checkpoint, tmp_path: Path) -> None:
    config = Sft(**QUICK, epochs=3, looks=3)
    job = prepared(base, tmp_path, config, Given(talks(), validation=HELD))
    run(tmp_path)
    lines = list(looks(tmp_path))
    steps = [0, round(job.steps / 3), round(2 * job.steps / 3), job.steps]
    assert [(line.step, line.source) for line in lines] == [(s, k) for s in steps for k in ("meetings", "notes")]
    for path, step in ((base.path, 0), (str(tmp_path), job.steps)):
        for line in lines:
            if line.step == step:
                loss, count = own_loss(path, [talk for talk in HELD if talk.source == line.source])
                assert line.tokens == count
                assert line.loss == pytest.approx(loss, abs=2e-5)
    assert means(lines)[job.steps] < means(lines)[0]


def test_two_processes_look_as_one_does_and_stop_together(base: Checkpoint, tmp_path: Path) -> None:
    config = Sft(**{**QUICK, "learning_rate": 0.02}, epochs=60, looks=60, stop=Stop(patience=2))
    given = {"conversations": talks(12), "validation": HELD[:7]}
    for name, launch in (("one", None), ("two", Launch(processes=2))):
        settings = msgspec.structs.replace(config, launch=launch, device_tokens=256)
        list(sft(base, 5, settings, tmp_path / name, **given))
    one, two = (list(looks(tmp_path / name)) for name in ("one", "two"))
    assert [(line.step, line.source, line.tokens) for line in one] == [(x.step, x.source, x.tokens) for x in two]
    assert [line.loss for line in one] == pytest.approx([line.loss for line in two], abs=1e-3)
    notes = [json.loads((tmp_path / name / "notes.json").read_text()) for name in ("one", "two")]
    assert notes[0]["step_taken"] == notes[1]["step_taken"] < notes[0]["steps_made"] == notes[1]["steps_made"]
    first, second = (weights(tmp_path / name) for name in ("one", "two"))
    assert all(torch.allclose(first[name], second[name], atol=1e-4) for name in first)


def test_looking_changes_nothing_of_what_is_learnt(base: Checkpoint, tmp_path: Path) -> None:
    lora = Lora(rank=4, dropout=0.2)
    for name, often in (("blind", 0), ("looking", 5)):
        config = Sft(**QUICK, epochs=2, looks=often, adapter=lora)
        prepared(base, tmp_path / name, config, Given(talks(), validation=HELD))
        run(tmp_path / name)
    assert same_bits(tmp_path / "blind", tmp_path / "looking")
    assert not (tmp_path / "blind" / "validation.jsonl").exists()


def test_training_stops_early_with_the_best_weights(base: Checkpoint, tmp_path: Path) -> None:
    """Few records learnt by heart at a high rate: the loss on others falls and rises again."""
    settings = {**QUICK, "learning_rate": 0.02, "epochs": 60, "looks": 60}
    config = Sft(**settings, stop=Stop(patience=4))
    job = prepared(base, tmp_path / "stopped", config, Given(talks(12), validation=HELD))
    run(tmp_path / "stopped")
    notes = json.loads((tmp_path / "stopped" / "notes.json").read_text())
    seen = means(looks(tmp_path / "stopped"))
    best = min(seen, key=lambda step: (seen[step], step))
    assert 0 < best == notes["step_taken"] < notes["steps_made"] < job.steps
    assert sum(step > best for step in seen) == 4
    assert not (tmp_path / "stopped" / "best").exists()
    loss, _ = own_loss(str(tmp_path / "stopped"), HELD)
    assert loss == pytest.approx(seen[best], abs=2e-5)
    assert all(abs(loss - other) > 1e-4 for step, other in seen.items() if step != best)
    assert weights(tmp_path / "stopped").keys() == weights(Path(base.path)).keys()


def test_where_nothing_gets_better_the_base_is_kept(base: Checkpoint, tmp_path: Path) -> None:
    config = Sft(**QUICK, epochs=4, looks=8, adapter=Lora(rank=4), stop=Stop(patience=2, least=50.0))
    prepared(base, tmp_path, config, Given(talks(), validation=HELD))
    run(tmp_path)
    notes = json.loads((tmp_path / "notes.json").read_text())
    assert notes["step_taken"] == 0 < notes["steps_made"] < notes["steps"]
    assert not (tmp_path / "best").exists()
    ids = torch.arange(40)[None]
    with torch.inference_mode():
        before, after = (load(path).model(ids).logits for path in (base.path, str(tmp_path)))
    assert torch.equal(before, after)


def test_a_look_that_is_no_number_names_the_source(base: Checkpoint, tmp_path: Path) -> None:
    """A base with a broken row for a token that only the records of validation have."""
    tokenizer = load_tokenizer(base.path)
    odd = msgspec.structs.replace(
        HELD[0], messages=(Message("user", "%%"), Message("assistant", "Arvo.")), source="odd"
    )
    usual = {number for talk in [*talks(), *HELD] for number in encode(tokenizer, talk.messages).ids}
    only = set(encode(tokenizer, odd.messages).ids) - usual
    assert only
    model = AutoModelForCausalLM.from_pretrained(base.path)
    rows = model.get_input_embeddings().weight.detach().clone()
    model.lm_head.weight, model.config.tie_word_embeddings = torch.nn.Parameter(rows.clone()), False
    rows[sorted(only)] = float("nan")
    model.get_input_embeddings().weight = torch.nn.Parameter(rows)
    model.save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    with pytest.raises(MetierError, match="validation: after step 0 the loss on the records of 'odd' is nan; look at"):
        list(sft(Checkpoint(str(tmp_path / "base")), 5, Sft(**QUICK), tmp_path / "out", talks(), validation=[odd]))
    assert not (tmp_path / "out" / "validation.jsonl").exists()
    assert not (tmp_path / "out" / "loss.jsonl").exists()


def test_stopping_needs_records_of_validation(base: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="stop: there are no records of validation to stop by; feed"):
        list(sft(base, 5, Sft(**QUICK, stop=Stop()), tmp_path, talks()))
    assert not list(tmp_path.iterdir())


@forall(st.integers(1, 500), st.integers(0, 40))
def test_looks_are_spread_evenly_from_the_base_to_the_end(steps: int, often: int) -> None:
    taken = sorted(look_steps(steps, often))
    if not often:
        assert taken == []
        return
    assert (taken[0], taken[-1]) == (0, steps)
    assert len(taken) == min(often, steps) + 1
    gaps = [later - earlier for earlier, later in pairwise(taken)]
    assert max(gaps) - min(gaps) <= 1


@forall(st.lists(st.floats(0.1, 9.0), min_size=1, max_size=30), st.integers(1, 5), st.floats(0, 0.5))
def test_training_stops_when_patience_is_spent_and_not_before(values: list[float], patience: int, least: float) -> None:
    stop, lines = Stop(patience=patience, least=least), [Look(step, "a", loss, 7) for step, loss in enumerate(values)]
    best = best_step(lines, stop)
    assert best is not None
    assert all(value > values[best] - least or value >= values[best] for value in values[best:])
    assert time_to_stop(lines, stop) == (len(values) - 1 - best >= patience)
    assert best_step([], stop) is None
    assert not time_to_stop([], stop)
