"""A killed training ends with the same bits; one that is to go on with something else is refused with the reason."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from transformers import TrainerCallback

from metier.records import Checkpoint, MetierError
from metier.train.encode import Given
from metier.train.loop import make_loop, run
from metier.train.prepare import prepare
from metier.train.resume import CHECKPOINTS, last_checkpoint, step_of
from metier.train.settings import Lora
from metier.train.sft import Sft, sft
from tests.train.conftest import conversation, document
from tests.train.loops import QUICK, kill_after, prepared, same_bits, talks


@pytest.mark.parametrize("adapter", [None, Lora(rank=4, dropout=0.1)], ids=["full", "adapter"])
def test_a_killed_run_ends_with_the_same_bits(base: Checkpoint, tmp_path: Path, adapter: Lora | None) -> None:
    still, killed = tmp_path / "still", tmp_path / "killed"
    given = Given(talks(), validation=[conversation(number) for number in range(90, 100)])
    for place, seconds in ((still, 600.0), (killed, 0.0)):
        config = Sft(**{**QUICK, "save_seconds": seconds}, epochs=16, keep=3, adapter=adapter, looks=4)
        prepared(base, place, config, given)
    kill_after(killed, "kept/1/complete")
    broken = killed / CHECKPOINTS / "checkpoint-9999"
    broken.mkdir()
    (broken / "model.safetensors").write_bytes(b"half")
    run(killed)
    run(still)
    for model in (".", "kept/1", "kept/2"):
        assert same_bits(still / model, killed / model)
        assert (killed / model / "complete").exists()
    for curve in ("loss.jsonl", "validation.jsonl"):
        assert (still / curve).read_bytes() == (killed / curve).read_bytes()
    assert sorted(path.name for path in (killed / "kept").iterdir()) == ["1", "2"]
    assert not same_bits(killed / "kept" / "1", killed / "kept" / "2")
    notes = json.loads((killed / "notes.json").read_text())
    assert notes["steps_made"] == notes["step_taken"] == notes["steps"]


class Seen(TrainerCallback):  # type: ignore[misc]
    """Which whole checkpoints there are whenever another was written that has no marker yet."""

    def __init__(self, place: Path) -> None:
        self.place, self.whole = place, list[list[int]]()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.whole.append(sorted(step_of(one.parent) for one in self.place.glob("checkpoint-*/complete")))


@pytest.mark.parametrize("limit", [1, 2])
def test_there_is_always_a_whole_checkpoint_to_go_on_from(base: Checkpoint, tmp_path: Path, limit: int) -> None:
    config = Sft(**{**QUICK, "save_seconds": 0.0}, epochs=4, trainer_args={"save_total_limit": limit})
    job = prepared(base, tmp_path, config)
    loop, seen = make_loop(tmp_path, job), Seen(tmp_path / CHECKPOINTS)
    loop.callback_handler.callbacks.insert(0, seen)
    loop.train()
    assert seen.whole == [list(range(max(1, step - limit), step)) for step in range(1, job.steps)]
    assert step_of(last_checkpoint(tmp_path)) == job.steps - 1
    assert len(list((tmp_path / CHECKPOINTS).iterdir())) == limit


def test_other_settings_seed_or_records_are_refused(base: Checkpoint, tmp_path: Path) -> None:
    config = Sft(**QUICK)
    prepared(base, tmp_path, config)
    told = [
        (5, msgspec.structs.replace(config, learning_rate=1e-3), talks(), "learning_rate was 0.003 and is 0.001"),
        (5, msgspec.structs.replace(config, priorities={"notes": 1}), talks(), 'priorities was null and is {"notes"'),
        (6, config, talks(), "the seed was 5 and is 6"),
        (5, config, talks(39), "the records were others"),
        (5, config, talks()[::-1], "the records were others"),
    ]
    for seed, settings, records, why in told:
        with pytest.raises(MetierError, match=f"begun otherwise: {why}.*delete the directory to begin anew"):
            list(sft(base, seed, settings, tmp_path, records))
    with pytest.raises(MetierError, match="the records were others"):
        list(sft(base, 5, config, tmp_path, talks(), [document(1)]))
    other = msgspec.structs.replace(config, save_seconds=1.0)
    assert list(prepare(base, 5, other, tmp_path, Given(iter(talks())))) == []


def test_another_base_template_or_data_is_refused(base: Checkpoint, tmp_path: Path) -> None:
    mine, out = tmp_path / "base", tmp_path / "out"
    shutil.copytree(base.path, mine)
    moved = Checkpoint(str(mine))
    prepared(base, out, Sft(**QUICK))
    assert list(prepare(moved, 5, Sft(**QUICK), out, Given(talks()))) == []
    assert json.loads((out / "job.json").read_text())["base"] == str(mine)
    template = mine / "chat_template.jinja"
    text = template.read_text(encoding="utf-8")
    template.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(MetierError, match=f"the chat template of {mine} changed since this training was begun"):
        run(out)
    template.write_text(text, encoding="utf-8")
    weights = mine / "model.safetensors"
    raw = weights.read_bytes()
    weights.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(MetierError, match=f"the weights of {mine} changed"):
        run(out)
    weights.write_bytes(raw)
    ids = out / "data" / "ids.npy"
    ids.write_bytes(ids.read_bytes()[:-1] + b"\1")
    with pytest.raises(MetierError, match="the windows changed since this training was begun"):
        run(out)
    (out / "origin.json").unlink()
    with pytest.raises(MetierError, match=r"origin\.json: missing or damaged; delete"):
        run(out)
    assert not (out / "loss.jsonl").exists()
