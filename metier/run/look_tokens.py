"""What a trainer's loss was taken on: the packed windows with their trained tokens marked."""

from collections.abc import Iterator

from metier.artefact import Artefact
from metier.records import MetierError

GREEN, DIM, PLAIN = "\x1b[32m", "\x1b[2m", "\x1b[0m"


def coloured(artefact: Artefact, count: int, colour: bool) -> Iterator[str]:
    """The first few items of the packed windows; trained text in green, or in [brackets] where there is no colour."""
    import numpy as np
    import pyarrow.parquet as pq

    data = artefact.path / "data"
    if not (data / "ids.npy").exists():
        raise MetierError(
            f"{artefact.path}: holds no training data; name a step of the train room, such as runs/NAME/sft"
        )
    from metier.model.load import load_tokenizer

    tokenizer = load_tokenizer(str(artefact.path))
    ids, trained, positions = (np.load(data / f"{name}.npy", mmap_mode="r") for name in ("ids", "trained", "positions"))
    items = pq.read_table(data / "items.parquet").slice(0, count).to_pylist()
    window, place = -1, 0
    for item in items:
        if item["window"] != window:
            window, starts, place = item["window"], np.flatnonzero(positions[item["window"]] == 0), 0
        begin = int(starts[place])
        end = int(starts[place + 1]) if place + 1 < len(starts) else ids.shape[1]
        place += 1
        yield f"--- {item['id']}  [{item['source']}]  window {window}, tokens {begin} to {end}"
        yield marked(tokenizer, ids[window, begin:end].tolist(), trained[window, begin:end].tolist(), colour)


def marked(tokenizer: object, ids: list[int], trained: list[bool], colour: bool) -> str:
    """The text of some tokens, runs of trained ones marked."""
    runs: list[tuple[bool, list[int]]] = []
    for token, kept in zip(ids, trained, strict=True):
        if not runs or runs[-1][0] != kept:
            runs.append((kept, []))
        runs[-1][1].append(token)
    opening, closing = (GREEN, PLAIN) if colour else ("[", "]")
    text = ""
    for kept, some in runs:
        piece = tokenizer.decode(some)  # type: ignore[attr-defined]
        quiet = f"{DIM}{piece}{PLAIN}" if colour else piece
        text += f"{opening}{piece}{closing}" if kept else quiet
    return text
