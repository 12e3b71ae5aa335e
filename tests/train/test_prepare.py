"""The prepared job holds every token, isolates its items, and says what it mixed."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from metier.model.load import load, load_tokenizer
from metier.records import Checkpoint, Conversation, Document, Dropped, Message, MetierError
from metier.train.encode import Given, encode
from metier.train.mixing import Mixture
from metier.train.one_stage import OneStage
from metier.train.prepare import Job, Notes, prepare
from metier.train.pretrain import Pretrain
from metier.train.settings import Train
from metier.train.sft import Sft
from metier.train.windows import Windows
from tests.train.conftest import conversation, document

SMALL = {"window": 128, "batch_tokens": 1024}


def made(base: Checkpoint, out: Path, settings: Train, talks: int = 60, pages: int = 20) -> tuple[Job, Notes, Mixture]:
    records = [conversation(number) for number in range(talks)], [document(number) for number in range(pages)]
    list(prepare(base, 1, settings, out, Given(*records)))
    return (
        msgspec.json.decode((out / "job.json").read_bytes(), type=Job),
        msgspec.json.decode((out / "notes.json").read_bytes(), type=Notes),
        msgspec.json.decode((out / "mixture.json").read_bytes(), type=Mixture),
    )


def test_every_trained_token_is_in_the_windows_once(base: Checkpoint, tmp_path: Path) -> None:
    job, notes, _ = made(base, tmp_path, Sft(**SMALL))
    records = Given(map(conversation, range(60)), map(document, range(20)))
    items = encode(load_tokenizer(base.path), records, Sft(**SMALL), tmp_path / "items")
    encoded = [items.read(number) for number in range(80)]
    expected = [token for one in encoded for token, mark in zip(one.ids, one.mask, strict=True) if mark]
    ids, trained = (np.load(tmp_path / "data" / f"{name}.npy") for name in ("ids", "trained"))
    assert sorted(ids[trained].tolist()) == sorted(expected)
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
    list(prepare(base, 1, Sft(**SMALL), tmp_path, Given([talk])))
    items = encode(load_tokenizer(base.path), Given([talk]), Sft(**SMALL), tmp_path / "items")
    ids, trained = (np.load(tmp_path / "data" / f"{name}.npy") for name in ("ids", "trained"))
    head = int(items.repeats[0])
    assert len(ids) > 2
    assert all(row[:head].tolist() == items.read(0).ids[:head] for row in ids)
    assert ids[trained].tolist() == items.read(0).ids[head:]


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
    first = list(prepare(base, 1, Sft(**SMALL), tmp_path, Given([conversation(1), mute])))
    assert first == [Dropped("mute", "no assistant turn to train on")]
    assert list(prepare(base, 1, Sft(**SMALL), tmp_path, Given([conversation(1), mute]))) == first


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
        list(prepare(base, 1, Sft(**SMALL), tmp_path, Given()))
    with pytest.raises(MetierError, match="all 1 records were left out, first 'a: no messages'"):
        list(prepare(base, 1, Sft(**SMALL), tmp_path, Given([Conversation("a", ())])))


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

    with pytest.raises(MetierError, match=r"^c1500: priorities: the source 'web' has none"):
        list(prepare(base, 1, Sft(**SMALL, priorities={"notes": 1}), tmp_path, Given(talks())))
    assert seen[-1] == 1500
    with pytest.raises(MetierError, match=r"^d1: priorities: the source 'book' has none"):
        list(prepare(base, 1, Sft(**SMALL, priorities={"notes": 1}), tmp_path, Given(talks(), iter([document(1)]))))
    assert seen[-1] == 0


def test_the_pieces_lie_where_their_table_says(base: Checkpoint, tmp_path: Path) -> None:
    talks = [conversation(number, 3 + 97 * (number % 10 == 0)) for number in range(60)]
    list(prepare(base, 1, Sft(**SMALL), tmp_path, Given(talks, map(document, range(20)))))
    rows = pq.read_table(tmp_path / "data" / "items.parquet").to_pylist()
    ids, positions = (np.load(tmp_path / "data" / f"{name}.npy") for name in ("ids", "positions"))
    used = np.load(tmp_path / "data" / "tokens.npy")
    items = encode(load_tokenizer(base.path), Given(talks, map(document, range(20))), Sft(**SMALL), tmp_path / "items")
    whole = dict(zip(items.names().to_pylist(), (items.read(number).ids for number in range(80)), strict=True))
    before = (0, 0)
    for row in rows:
        at, size = row["at"], row["size"]
        assert (row["window"], at) == (before if row["window"] == before[0] else (before[0] + 1, 0))
        before = (row["window"], at + size)
        head = size - (row["end"] - row["begin"])
        told = whole[row["id"]]
        assert ids[row["window"], at : at + size].tolist() == told[:head] + told[row["begin"] : row["end"]]
        assert positions[row["window"], at : at + size].tolist() == list(range(size))
        assert row["source"] == ("book" if row["id"][0] == "d" else talks[int(row["id"][1:])].source)
    ends = {row["window"]: row["at"] + row["size"] for row in rows}
    assert [ends[window] for window in range(len(ids))] == used.tolist()
    assert any(row["begin"] for row in rows)


def test_records_to_look_at_lie_beside_the_data_in_their_order(base: Checkpoint, tmp_path: Path) -> None:
    looks = [msgspec.structs.replace(conversation(100 + number), source=f"exam{number % 2}") for number in range(30)]
    config = OneStage(**SMALL, priorities={"meetings": 2, "notes": 1}, epochs={"notes": 2}, tokens=2000)
    dropped = list(prepare(base, 1, config, tmp_path, Given(map(conversation, range(60)), validation=looks)))
    job = msgspec.json.decode((tmp_path / "job.json").read_bytes(), type=Job)
    rows = pq.read_table(tmp_path / "validation" / "items.parquet").to_pylist()
    assert sorted(row["id"] for row in rows) == sorted(one.id for one in looks)
    assert {row["id"]: row["source"] for row in rows} == {one.id: one.source for one in looks}
    assert job.validation == len(np.load(tmp_path / "validation" / "ids.npy")) == rows[-1]["window"] + 1
    mixture = msgspec.json.decode((tmp_path / "mixture.json").read_bytes(), type=Mixture)
    assert set(mixture.sources) == {"meetings", "notes"}
    assert dropped == []
    assert {one.name for one in (tmp_path / "validation").iterdir()} == {
        "ids.npy", "trained.npy", "positions.npy", "tokens.npy", "items.parquet",
    }  # fmt: skip


def test_what_cannot_be_looked_at_is_told(base: Checkpoint, tmp_path: Path) -> None:
    mute = Conversation("mute", (Message("user", "Hm?"),))
    given = Given([conversation(1), mute], validation=[mute, conversation(2), Conversation("none", ())])
    assert list(prepare(base, 1, Sft(**SMALL), tmp_path / "some", given)) == [
        Dropped("mute", "no assistant turn to train on"),
        Dropped("none", "validation: no messages"),
    ]
    with pytest.raises(
        MetierError, match="validation: nothing to look at: all 1 records were left out, first 'mute: no ass"
    ):
        list(prepare(base, 1, Sft(**SMALL), tmp_path / "none", Given([conversation(1)], validation=[mute])))


def test_a_record_left_out_twice_is_told_once(base: Checkpoint, tmp_path: Path) -> None:
    given = Given([conversation(1), Conversation("same", ())], [Document("same", " ")])
    assert list(prepare(base, 1, Sft(**SMALL), tmp_path, given)) == [Dropped("same", "no messages")]


def test_a_preparation_that_was_killed_starts_clean(base: Checkpoint, tmp_path: Path) -> None:
    def cut_short() -> Iterator[Conversation]:
        yield from map(conversation, range(3000))
        raise KeyboardInterrupt

    config = Sft(**SMALL)
    looks = [conversation(200)]
    with pytest.raises(KeyboardInterrupt):
        list(prepare(base, 1, config, tmp_path / "cut", Given(cut_short(), validation=looks)))
    assert list((tmp_path / "cut" / "data").iterdir())
    for name in ("cut", "whole"):
        list(prepare(base, 1, config, tmp_path / name, Given(map(conversation, range(50)))))
    files = {
        name: sorted(one.relative_to(tmp_path / name) for one in (tmp_path / name).rglob("*"))
        for name in ("cut", "whole")
    }
    assert files["cut"] == files["whole"]
    for file in files["cut"]:
        if (tmp_path / "cut" / file).is_file():
            assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_a_sequence_is_trained_source_after_source(base: Checkpoint, tmp_path: Path) -> None:
    config = Sft(**SMALL, sequential=("book", "notes", "meetings"), caps={"meetings": 200})
    _, notes, mixture = made(base, tmp_path, config, 900, 400)
    assert mixture.items == {"notes": 300, "meetings": 200, "book": 400}
    assert (notes.items, notes.undrawn) == (900, 400)
    assert np.abs(np.array(mixture.deciles) - np.array(mixture.expected)).max() < 0.2  # packing moves items
    assert mixture.expected[0] == [0, 0, 1]
    assert mixture.deciles[-1][mixture.sources.index("meetings")] == 1


def test_sources_of_a_group_share_its_priority(base: Checkpoint, tmp_path: Path) -> None:
    talk = {"weight": 16, "sources": {"meetings": 1, "notes": 4}}
    config = msgspec.convert({**SMALL, "priorities": {"talk": talk, "book": 2}}, OneStage)
    _, _, mixture = made(base, tmp_path, config, 900, 400)
    assert np.abs(np.array(mixture.deciles) - np.array(mixture.expected)).max() < 0.12
    assert mixture.expected[0] == pytest.approx([0.6, 0.3, 0.05], abs=0.06)


def test_a_temperature_evens_the_sources_out(base: Checkpoint, tmp_path: Path) -> None:
    _, notes, mixture = made(base, tmp_path, Sft(**SMALL, temperature=1e9), 600, 100)
    assert notes.items == 700
    assert sorted(mixture.items.values()) == [233, 233, 234]


def test_a_tokenizer_that_ends_no_text_is_told(base: Checkpoint, tmp_path: Path) -> None:
    shutil.copytree(base.path, tmp_path / "base")
    config = tmp_path / "base" / "tokenizer_config.json"
    known = json.loads(config.read_text())
    config.write_text(json.dumps({key: value for key, value in known.items() if key != "eos_token"}))
    with pytest.raises(MetierError, match="base: the tokenizer has no eos_token"):
        list(prepare(Checkpoint(str(tmp_path / "base")), 1, Sft(**SMALL), tmp_path / "out", Given([conversation(1)])))
