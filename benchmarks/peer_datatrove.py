"""Datatrove's four MinHash stages over some files, run by a Python that has datatrove[processing] and spacy.

PYTHON benchmarks/peer_datatrove.py JOBS.json prints a JSON list: for each job its CPU and wall seconds by stage, the
ids it keeps and how many pairs met in a bucket. A job is {file, language, buckets, hashes}; each is run on a few
records first, so that no library, model or dictionary is loaded while the clock runs. The stages are called one after
another in this process: what an executor adds (processes, logs, statistics) is not counted against them.
"""

import itertools
import json
import resource
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

WARM = 20
SOME = 8
"""Words alone are split for every eighth text."""
STAGES = ("read", "read and write", "signature", "buckets", "cluster", "filter")


def clock() -> tuple[float, float]:
    """CPU seconds of this process and its children so far, and wall seconds."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime, time.monotonic()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of something."""
    start = clock()
    work()
    end = clock()
    return end[0] - start[0], end[1] - start[1]


def drained(items: Iterable[Any] | None) -> None:
    """Let a stage do its work."""
    deque(items or (), maxlen=0)


def job(one: dict[str, Any], home: Path) -> dict[str, Any]:
    """One file through the four stages."""
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.text import simplify_text

    config = MinhashConfig(num_buckets=one["buckets"], hashes_per_bucket=one["hashes"])
    signatures, buckets, removed, out, copy = (
        str(home / name) for name in ("signatures", "buckets", "remove", "out", "copy")
    )

    def read() -> Iterator[Any]:
        file = Path(one["file"])
        documents: Iterator[Any] = JsonlReader(str(file.parent), glob_pattern=file.name).run()
        return documents

    def buckets_one_by_one() -> None:
        for rank in range(config.num_buckets):
            drained(MinhashDedupBuckets(signatures, buckets, config=config).run(None, rank, config.num_buckets))

    signature = MinhashDedupSignature(signatures, config=config, language=one["language"])
    work: list[Callable[[], object]] = [
        lambda: drained(read()),
        lambda: drained(JsonlWriter(copy, compression=None).run(read())),
        lambda: drained(signature.run(read())),
        buckets_one_by_one,
        lambda: drained(MinhashDedupCluster(buckets, removed, config=config).run()),
        lambda: drained(JsonlWriter(out, compression=None).run(MinhashDedupFilter(removed).run(read()))),
    ]

    def split_words() -> None:
        for document in itertools.islice(read(), 0, None, SOME):
            signature.word_tokenizer.word_tokenize(simplify_text(document.text, config.norm_config))

    seconds = {name: timed(some) for name, some in zip(STAGES, work, strict=True)}
    cpu, wall = timed(split_words)
    seconds["words"] = (cpu * SOME, wall * SOME)
    kept = [json.loads(line)["id"] for path in Path(out).rglob("*.jsonl") for line in path.open(encoding="utf-8")]
    pairs = {data[at : at + 16] for path in Path(buckets).glob("*.dups") for data in (path.read_bytes(),)
             for at in range(0, len(data), 16)}  # fmt: skip
    return {"seconds": seconds, "kept": kept, "pairs": len(pairs)}


def main() -> None:
    """Every job, each after a short one on the beginning of its file."""
    found = []
    for one in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        with tempfile.TemporaryDirectory() as folder:
            some = Path(folder) / "warm.jsonl"
            with Path(one["file"]).open(encoding="utf-8") as file:
                lines = [line for line, _ in zip(file, range(WARM), strict=False)]
            some.write_text("".join([*lines, lines[0]]), encoding="utf-8")
            job({**one, "file": str(some)}, Path(folder) / "warm")
            found.append(job(one, Path(folder) / "all"))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
