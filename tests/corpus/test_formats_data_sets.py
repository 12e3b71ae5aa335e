import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metier.records import MetierError
from tests.corpus.helpers import kept, read_all


def arrow(path: Path, texts: list[str]) -> None:
    """An Arrow stream file as ``datasets`` writes it."""
    table = pa.table({"text": texts, "label": list(range(len(texts))), "deep": [[1]] * len(texts)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def saved(folder: Path, *shards: list[str]) -> Path:
    """A split as ``save_to_disk`` lays it out."""
    names = [f"data-{number:05d}-of-{len(shards):05d}.arrow" for number in range(len(shards))]
    for name, texts in zip(names, shards, strict=True):
        arrow(folder / name, texts)
    state = {"_data_files": [{"filename": name} for name in names], "_fingerprint": "0", "_format_type": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": {}}))
    return folder


def test_a_saved_data_set_is_read_by_its_directory(tmp_path: Path) -> None:
    folder = saved(tmp_path / "set", ["one", "two", "three"], ["four"])
    documents = kept(folder)
    assert [d.text for d in documents] == ["one", "two", "three", "four"]
    assert documents[2].id == "data-00000-of-00002.arrow:3"
    assert documents[2].meta == {"label": "2"}
    assert kept(folder / "data-00000-of-00002.arrow") == documents[:3]


def test_a_saved_data_set_with_splits_is_read_split_by_split(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    saved(folder / "train", ["one"])
    saved(folder / "test", ["two"])
    (folder / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    ids = ["train/data-00000-of-00001.arrow:1", "test/data-00000-of-00001.arrow:1"]
    assert [d.id for d in kept(folder)] == ids
    assert [d.text for d in kept(folder / "test")] == ["two"]


def test_a_copy_of_a_hub_repository_is_read_by_its_directory(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    for number, text in enumerate(("one", "two")):
        pq.write_table(pa.table({"text": [text]}), folder / "data" / f"train-{number:05d}-of-00002.parquet")
    pq.write_table(pa.table({"text": ["three"]}), folder / "data" / "test-00000-of-00001.parquet")
    documents = kept(folder)
    assert {d.text for d in documents} == {"one", "two", "three"}
    assert documents[-1].id == "train-00001-of-00002.parquet:1"
    (folder / "data" / "train-00000-of-00002.parquet").unlink()
    with pytest.raises(MetierError, match=r"train-00000-of-00002\.parquet: a shard of the data set is missing"):
        read_all(folder)


def test_a_shard_that_is_missing_or_damaged_is_an_error(tmp_path: Path) -> None:
    folder = saved(tmp_path / "set", ["one", "two", "three"], ["four"])
    last = folder / "data-00001-of-00002.arrow"
    data = last.read_bytes()
    last.write_bytes(data[: len(data) // 2])
    with pytest.raises(MetierError, match=r"data-00001-of-00002\.arrow: (damaged after row|not a readable Arrow)"):
        read_all(folder)
    last.unlink()
    with pytest.raises(MetierError, match=r"00001-of-00002\.arrow: a shard of the data set is missing"):
        read_all(folder)
    (folder / "state.json").write_text("{")
    with pytest.raises(MetierError, match=r"state\.json: cannot be read"):
        read_all(folder)


def test_a_file_in_arrow_s_own_format_and_one_with_another_column(tmp_path: Path) -> None:
    table = pa.table({"text": ["one", "two"]})
    with pa.OSFile(str(tmp_path / "a.feather"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    assert [d.text for d in kept(tmp_path / "a.feather")] == ["one", "two"]
    with pytest.raises(MetierError, match=r"no column 'txet'; did you mean 'text'"):
        read_all(tmp_path / "a.feather", text="txet")


def test_another_directory_is_still_an_error(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"text": ["one"]}), tmp_path / "data" / "some.parquet")
    with pytest.raises(MetierError, match="is a directory; name the files in it"):
        read_all(tmp_path)
