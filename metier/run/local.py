"""The engine on one machine: shards one after another, the batches of each on threads."""

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from metier import progress
from metier.run.memory import release
from metier.run.shard import Chain, Numbered, Passed, Report, Shard, pass_batch, write_shard
from metier.sketches import Each

T = TypeVar("T")
S = TypeVar("S")


class Local:
    """Everything in this process."""

    @property
    def each(self) -> Each:
        """On as many threads as there are processors."""
        return _on_threads

    def shards(self, chain: Chain, todo: Iterator[Shard]) -> Iterator[tuple[int, Report]]:
        """A source: shard after shard, their batches on threads; parts that lie on disk: one on each thread."""
        done, threads = chain.done(), chain.context.threads
        work = functools.partial(pass_batch, chain, chain.arguments(), chain.gone())
        parts = [] if chain.unit.head.stage.flow == "source" else list(todo)
        with ThreadPoolExecutor(threads) as pool:
            if len(parts) >= threads > 1:
                whole = functools.partial(_whole, chain, work)
                for number, report in ordered(pool, whole, parts, threads):
                    release()
                    done += report.steps[chain.unit.head.name].count_in
                    progress.report(done, 0, "records", chain.unit.last.name)
                    yield number, report
                return
            for shard in parts or todo:
                results = ordered(pool, work, chain.batches(shard), 2 * threads)
                report = write_shard(chain, shard.number, results, done)
                release()
                done += report.steps[chain.unit.head.name].count_in
                yield shard.number, report


def _on_threads(function: Callable[[T], S], items: Iterable[T]) -> Iterator[S]:
    """Results in the order of the items."""
    threads = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(threads) as pool:
        yield from ordered(pool, function, items, threads)


def _whole(chain: Chain, work: Callable[[Numbered], Passed], shard: Shard) -> tuple[int, Report]:
    """One shard, a batch at a time."""
    return shard.number, write_shard(chain, shard.number, map(work, chain.batches(shard)))


def ordered(pool: ThreadPoolExecutor, work: Callable[[Any], Any], items: Iterable[Any], window: int) -> Iterator[Any]:
    """Results in the order of the items, with at most ``window`` of them under way."""
    waiting: deque[Future[Any]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= window:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
