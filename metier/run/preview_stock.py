"""What the records that will feed a trainer come to as items and tokens: counted by source, judged by a sample."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metier.batch import decode
from metier.model.template import Encoded, Refused, encode_many, encode_texts
from metier.model.token_passages import with_template
from metier.records import Conversation, Document
from metier.run.preview_trial import Feeding
from metier.train.mixing import source_of
from metier.train.settings import Train

SAMPLE, CHARACTERS = 2048, 1 << 20
"""Records of a step that are encoded to judge the others by, and their characters at most."""


class Stock(msgspec.Struct):
    """What a source holds; tokens are 0 where no tokenizer is at hand."""

    records: float = 0.0
    items: float = 0.0
    tokens: float = 0.0


class Mean(msgspec.Struct):
    """What was found of the records of a sample."""

    records: int = 0
    items: int = 0
    tokens: int = 0

    def add(self, lengths: Sequence[int]) -> None:
        """Count one more record with the lengths of its items."""
        self.records, self.items, self.tokens = self.records + 1, self.items + len(lengths), self.tokens + sum(lengths)

    def of(self, records: float) -> Stock:
        """What so many such records come to."""
        return Stock(records, records * self.items / self.records, records * self.tokens / self.records)


def stocks(feeds: Sequence[Feeding], home: Path | None, settings: Train) -> dict[str, Stock]:
    """What every source holds in all feeds; ``home`` is the directory of the tokenizer, None where it is not known yet.

    MetierError where the tokenizer has no chat template that can be read.
    """
    tokenizer = None if home is None else with_template(home)
    found: defaultdict[str, Stock] = defaultdict(Stock)
    for feed in feeds:
        means = _means(feed, tokenizer, settings) if tokenizer is not None else {}
        every = Mean()
        for mean in means.values():
            every = Mean(every.records + mean.records, every.items + mean.items, every.tokens + mean.tokens)
        for source, count in _counts(feed).items():
            records = count * feed.times
            mean = means.get(source, every)
            own = mean.of(records) if mean.records else Stock(records, records)
            old = found[source]
            found[source] = Stock(old.records + own.records, old.items + own.items, old.tokens + own.tokens)
    return dict(found)


def _counts(feed: Feeding) -> Counter[str]:
    """Records of each source, by the columns that name it alone."""
    counts: Counter[str] = Counter()
    columns = ["source"] if feed.kind is Conversation else ["source", "kind"]
    for part in feed.artefact.parts(feed.kind):
        with pq.ParquetFile(part) as file:
            for rows in file.iter_batches(1 << 16, columns=columns):
                other = rows.column("kind") if len(columns) > 1 else "conversation"
                names = pc.if_else(pc.equal(rows.column("source"), ""), other, rows.column("source"))
                for one in pc.value_counts(names).to_pylist():
                    counts[one["values"]] += one["counts"]
    return counts


def _means(feed: Feeding, tokenizer: Any, settings: Train) -> dict[str, Mean]:
    means: defaultdict[str, Mean] = defaultdict(Mean)
    sample = list(_sample(feed))
    talks = [one for one in sample if isinstance(one, Conversation) and one.messages]
    pages = [one for one in sample if isinstance(one, Document) and one.text.strip()]
    told = encode_many(tokenizer, [one.messages for one in talks], settings.thinking)
    lengths = {talk.id: _of_conversation(found, settings) for talk, found in zip(talks, told, strict=True)}
    for page, item in zip(pages, encode_texts(tokenizer, [one.text for one in pages]), strict=True):
        starts = range(0, max(1, len(item.ids) - 1), settings.window - 1)
        lengths[page.id] = [len(item.ids[at : at + settings.window]) for at in starts]
    for record in sample:
        means[source_of(record)].add(lengths.get(record.id, []))
    return means


def _of_conversation(found: Encoded | Refused, settings: Train) -> list[int]:
    """The tokens that a conversation's items take; none where ``metier.train.encode`` would leave it out.

    One that is cut repeats its prompt in every window that it goes on in.
    """
    lengths = []
    for one in (found, *found.earlier) if isinstance(found, Encoded) else ():
        head = one.mask.index(1) if 1 in one.mask else len(one.ids)
        if settings.answers_only and head == len(one.ids):
            continue
        if len(one.ids) <= settings.window:
            lengths.append(len(one.ids))
            continue
        if head >= settings.window // 2:
            return []
        again = (len(one.ids) - head) // (settings.window - head)
        lengths.append(len(one.ids) + again * head)
    return lengths


def _sample(feed: Feeding) -> Iterator[Conversation | Document]:
    """Records from all over an artefact, the same ones every time, from each stretch as many as its share."""
    groups = [
        (part, group, about.row_group(group).num_rows)
        for part in feed.artefact.parts(feed.kind)
        for about in (pq.read_metadata(part),)
        for group in range(about.num_row_groups)
    ]
    draw = Random(len(groups))
    chosen = [groups[number] for number in sorted(draw.sample(range(len(groups)), min(len(groups), 16)))]
    every = sum(rows for _, _, rows in chosen)
    found = []
    for part, group, count in chosen:
        with pq.ParquetFile(part) as file:
            rows = file.read_row_group(group)
        places = sorted(draw.sample(range(count), min(count, math.ceil(SAMPLE * count / every))))
        found += list(decode(feed.kind, rows.take(places)))
    draw.shuffle(found)
    sizes = itertools.accumulate(_size(one) for one in found)
    return (one for one, before in zip(found, itertools.chain([0], sizes), strict=False) if before < CHARACTERS)


def _size(record: Conversation | Document) -> int:
    if isinstance(record, Document):
        return len(record.text)
    return sum(len(message.content) for message in record.messages)
