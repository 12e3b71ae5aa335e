"""The engine on one machine: shards one after another, the batches of each on threads."""

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from metier.artefact import Each
from metier.run.shard import Chain, Report, Shard, pass_batch, write_shard


class Local:
    """Everything in this process."""

    @property
    def each(self) -> Each:
        """One item after another."""
        return map

    def shards(self, chain: Chain, todo: Iterator[Shard]) -> Iterator[tuple[int, Report]]:
        """One shard after another."""
        done, threads = chain.done(), chain.context.threads
        work = functools.partial(pass_batch, chain, chain.arguments(), chain.gone())
        with ThreadPoolExecutor(threads) as pool:
            for shard in todo:
                results = ordered(pool, work, chain.batches(shard), 2 * threads)
                report = write_shard(chain, shard.number, results, done)
                done += report.steps[chain.unit.head.name].count_in
                yield shard.number, report


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
