"""The prepared job holds every token, isolates its items, and says what it mixed."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from metier.model.load import load, load_tokenizer
from metier.records import Checkpoint, Conversation, Dropped, Message, MetierError
from metier.train.encode import encode
from metier.train.loop import Windows
from metier.train.one_stage import OneStage
from metier.train.prepare import Job, Mixture, Notes, prepare
from metier.train.pretrain import Pretrain
from metier.train.settings import Train
from metier.train.sft import Sft
from tests.train.conftest import conversation, document

SMALL = {"window": 128, "batch_tokens": 1024}


def made(base: Checkpoint, out: Path, settings: Train, talks: int = 60, pages: int = 20) -> tuple[Job, Notes, Mixture]:
    records = [conversation(number) for number in range(talks)], [document(number) for number in range(pages)]
    list(prepare(base, 1, settings, out, records))
    return (
        msgspec.json.decode((out / "job.json").read_bytes(), type=Job),
        msgspec.json.decode((out / "notes.json").read_bytes(), type=Notes),
        msgspec.json.decode((out / "mixture.json").read_bytes(), type=Mixture),
    )


def test_every_trained_token_is_in_the_windows_once(base: Checkpoint, tmp_path: Path) -> None:
    job, notes, _ = made(base, tmp_path, Sft(**SMALL))
    items = encode(
        load_tokenizer(base.path), map(conversation, range(60)), map(document, range(20)), 128, answers_only=True
    )
    ids, trained = (np.load(tmp_path / "data" / f"{name}.npy") for name in ("ids", "trained"))
    assert sorted(ids[trained].tolist()) == sorted(items.ids[items.trained].tolist())
    assert notes.trained_tokens == trained.sum()
    assert job.windows == len(ids) == notes.windows
    assert notes.items == 80
    assert notes.max_displacement <= 64


def test_packed_items_do_not_see_each_other(base: Checkpoint, tmp_path: Path) -> None:
    made(base, tmp_path, Sft(**SMALL))
    model = load(base.path).model
    windows = Windows(tmp_path / "data", 1)
    batch = windows.collate([0, 1])
    labels = batch.pop("labels")
    with torch.inference_mode():
        packed = model(**batch, use_cache=False).logits
        changed = {**batch, "input_ids": batch["input_ids"].clone()}
        starts = (batch["position_ids"][0] == 0).nonzero()[:, 0].tolist()
        changed["input_ids"][0, starts[1] : starts[2]] = 9
        other = model(**changed, use_cache=False).logits
        for first, last in zip(starts, [*starts[1:], 128], strict=True):
            alone = model(batch["input_ids"][:1, first:last], use_cache=False).logits[0]
            assert (packed[0, first:last] - alone).abs().max() <= 1e-5
            if first != starts[1]:
                assert torch.equal(other[0, first:last], packed[0, first:last])
    assert len(starts) > 4
    assert not torch.equal(other[0], packed[0])
    assert (labels[batch["position_ids"] == 0] == -100).all()


def test_a_continued_answer_repeats_its_prompt_untrained(base: Checkpoint, tmp_path: Path) -> None:
    talk = conversation(1, 400)
    list(prepare(base, 1, Sft(**SMALL), tmp_path, ([talk], [])))
    items = encode(load_tokenizer(base.path), [talk], [], 128, True)
    ids, trained = (np.load(tmp_path / "data" / f"{name}.npy") for name in ("ids", "trained"))
    head = int(items.repeats[0])
    assert len(ids) > 2
    assert all(row[:head].tolist() == items.ids[:head].tolist() for row in ids)
    assert ids[trained].tolist() == items.ids[head:].tolist()


def test_a_budget_cuts_or_repeats_the_order(base: Checkpoint, tmp_path: Path) -> None:
    _, less, _ = made(base, tmp_path / "less", Sft(**SMALL, tokens=500))
    job, more, mixture = made(base, tmp_path / "more", Sft(**SMALL, tokens=9000))
    assert 500 <= less.tokens < 500 + 128
    assert 9000 <= more.tokens < 9000 + 128
    assert less.epochs < 1 < more.epochs
    assert job.epochs == 1
    assert sum(mixture.tokens.values()) == pytest.approx(9000, abs=400)


def test_epochs_repeat_passes_or_copies(base: Checkpoint, tmp_path: Path) -> None:
    job, notes, _ = made(base, tmp_path / "passes", Sft(**SMALL, epochs=2.5))
    assert (job.epochs, notes.items) == (2.5, 200)
    job, notes, mixture = made(base, tmp_path / "copies", Sft(**SMALL, epochs={"book": 3}))
    assert (job.epochs, notes.items, mixture.items["book"]) == (1, 120, 60)


def test_the_mixture_follows_the_priorities(base: Checkpoint, tmp_path: Path) -> None:
    config = OneStage(**SMALL, priorities={"book": 30, "meetings": 2, "notes": 1})
    _, notes, mixture = made(base, tmp_path, config, 900, 400)
    deciles, expected = np.array(mixture.deciles), np.array(mixture.expected)
    assert deciles.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert np.abs(deciles - expected).max() < 0.12
    assert deciles[0, mixture.sources.index("book")] > 0.6
    assert deciles[-1, mixture.sources.index("book")] < 0.05
    assert mixture.items == {"notes": 300, "meetings": 600, "book": 400}
    assert notes.padding < 0.06


def test_a_finished_preparation_is_not_done_again(base: Checkpoint, tmp_path: Path) -> None:
    mute = Conversation("mute", (Message("user", "Hm?"),))
    first = list(prepare(base, 1, Sft(**SMALL), tmp_path, ([conversation(1), mute], [])))
    assert first == [Dropped("mute", "no assistant turn to train on")]
    assert list(prepare(base, 1, Sft(**SMALL), tmp_path, ([], []))) == first


def test_preparing_twice_gives_the_same_bytes(base: Checkpoint, tmp_path: Path) -> None:
    for name in ("a", "b"):
        made(base, tmp_path / name, Pretrain(**SMALL))
    for file in ("data/ids.npy", "data/trained.npy", "data/positions.npy", "mixture.json", "job.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Sft(**SMALL, priorities={"book": 1, "meeting": 1, "notes": 1}), "the source 'meetings' has none"),
        (Sft(**SMALL, epochs={"bok": 2}), "no item has the source 'bok'"),
    ],
)
def test_a_source_that_is_not_there_is_an_error(base: Checkpoint, tmp_path: Path, settings: Sft, said: str) -> None:
    with pytest.raises(MetierError, match=said):
        made(base, tmp_path, settings)


def test_nothing_to_train_on_is_an_error(base: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="nothing to train on; check"):
        list(prepare(base, 1, Sft(**SMALL), tmp_path, ([], [])))
    with pytest.raises(MetierError, match="all 1 records were left out, first 'no messages'"):
        list(prepare(base, 1, Sft(**SMALL), tmp_path, ([Conversation("a", ())], [])))


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"learning_rate": 0}, {"window": 500}, {"epochs": -1}, {"tokens": 0}, {"warmup": 1}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, Sft)
    with pytest.raises(msgspec.ValidationError, match="priorities"):
        msgspec.convert({}, OneStage)
    with pytest.raises(msgspec.ValidationError, match="epochs 3 and tokens 500: give epochs or tokens, not both"):
        msgspec.convert({"epochs": 3, "tokens": 500}, Sft)
    with pytest.raises(msgspec.ValidationError, match="the source 'bok', which has no priority; did you mean 'book'"):
        msgspec.convert({"epochs": {"bok": 3}, "priorities": {"book": 1}}, OneStage)
    both = msgspec.convert({"epochs": {"book": 3}, "tokens": 500}, Sft)
    assert (both.epochs, both.tokens) == ({"book": 3}, 500)


def test_an_unknown_source_ends_the_reading_where_it_first_appears(base: Checkpoint, tmp_path: Path) -> None:
    seen: list[int] = []

    def talks() -> Iterator[Conversation]:
        for number in range(5000):
            seen.append(number)
            yield msgspec.structs.replace(conversation(1), id=f"c{number}", source="web" if number == 1500 else "notes")

    with pytest.raises(MetierError, match="priorities: the source 'web' has none"):
        list(prepare(base, 1, Sft(**SMALL, priorities={"notes": 1}), tmp_path, (talks(), ())))
    assert seen[-1] == 1500
    with pytest.raises(MetierError, match="priorities: the source 'book' has none"):
        list(prepare(base, 1, Sft(**SMALL, priorities={"notes": 1}), tmp_path, (talks(), iter([document(1)]))))
    assert seen[-1] == 0
