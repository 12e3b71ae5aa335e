"""Extend the vocabulary of a base: tokens of a domain or a language, appended so that old text is cut as before."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import xxhash

from metier.artefact import write_json
from metier.records import Checkpoint, Config, Conversation, Document, MetierError
from metier.train.disk import writing
from metier.train.freeze import FIRST
from metier.train.settings import Whole
from metier.train.vocab_append import Fertility, Start, append_rows, append_tokens, compare
from metier.train.vocab_growth import New, grow
from metier.train.vocab_words import Words

MEASURED = 1_000_000
"""Characters on which the tokens are counted before and after."""
FEW = 20
"""With fewer records than this, each line of a record counts as a text of its own."""


class Extend(Config, frozen=True):
    """How many new tokens, from how much text, and how their embeddings begin."""

    tokens: Whole = 2000
    """Most tokens to add."""
    uses: Annotated[int, msgspec.Meta(ge=2)] = 50
    """Fewest uses of a new token in the text given, those in the one record that has the most of them not counted: a
    token that is seen less often gets no trained embedding."""
    characters: Whole = 20_000_000
    """Characters to learn from; of a longer text as many records as fit, drawn by their ids."""
    start: Start = "mean"
    """How the embedding of a new token starts. `plain_mean`: as the mean of the old tokens it replaces; `mean`: the
    same, a hundred or more of them moved so that their average is that of the old ones; `random`: as in a fresh model;
    `library`: as transformers does, all but alike."""


class Listed(msgspec.Struct, frozen=True):
    """A new token in ``new_tokens.jsonl``."""

    id: int
    token: str
    """As the vocabulary spells it."""
    text: str
    parts: tuple[int, ...]
    """The base's tokens that it replaces."""
    uses: int


class Extended(msgspec.Struct, frozen=True):
    """What the vocabulary has become."""

    first: int
    """Number of the first new token."""
    added: int
    rare: int
    """New tokens used less often than asked for, kept because others are merged from them."""
    fertility: Fertility
    """Tokens before and after, on at most a million characters of the text that was learnt from."""


def extend(
    base: Checkpoint,
    seed: int,
    config: Extend,
    out: Path,
    docs: Iterable[Document] = (),
    conversations: Iterable[Conversation] = (),
) -> None:
    """Add the tokens of a corpus to a model that save most of its tokens, and write it as a plain model directory.

    The base has byte-level or byte-fallback BPE. A text in which no new token occurs is cut as before, any other into
    the same tokens, some of them joined. Train an adapter on this directory, never on the base, or they do not merge.
    ``new_tokens.jsonl`` lists what was added.
    """
    from metier.model.load import check_model, load_tokenizer

    check_model(base.path)
    tokenizer = load_tokenizer(base.path)
    words = Words(tokenizer, base.path)
    texts = _sample(_texts(docs, conversations), config.characters)
    new = grow(words, texts, config.tokens, config.uses)
    if not new:
        raise MetierError(
            f"train.extend: no new token stands {config.uses} times in {sum(map(len, texts))} characters, the one of "
            f"{len(texts)} texts that has the most of it left out; give more texts, or lower uses"
        )
    out.mkdir(parents=True, exist_ok=True)
    first = append_tokens(tokenizer, new, out)
    before, after = load_tokenizer(base.path), load_tokenizer(str(out))
    fertility = compare(before, after, new, first, _beginning(texts))
    _write_model(base, seed, config, new, first, out)
    listed = [
        Listed(number, one.text, after.decode([number]), one.parts, one.uses) for number, one in enumerate(new, first)
    ]
    (out / "new_tokens.jsonl").write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in listed))
    rare = sum(one.uses < config.uses for one in new)
    write_json(out / "notes.json", Extended(first, len(new), rare, fertility))


def _texts(docs: Iterable[Document], conversations: Iterable[Conversation]) -> Iterator[tuple[str, str]]:
    """Every record's id and text."""
    for doc in docs:
        yield doc.id, doc.text
    for conversation in conversations:
        yield conversation.id, "\n".join(message.content for message in conversation.messages)


def _sample(texts: Iterable[tuple[str, str]], characters: int) -> list[str]:
    """The texts in their order; if they are too long, as many as fit of those whose ids have the lowest hashes."""
    limit, size, kept = 1 << 64, 0, list[tuple[int, int, str]]()
    for number, (name, text) in enumerate(texts):
        mark = xxhash.xxh64_intdigest(name.encode())
        if mark >= limit or not text.strip():
            continue
        heapq.heappush(kept, (-mark, number, text))
        size += len(text)
        while size > characters and len(kept) > 1:
            gone = heapq.heappop(kept)
            limit, size = -gone[0], size - len(gone[2])
    found = [text for _, text in sorted((number, text) for _, number, text in kept)]
    if len(found) >= FEW:
        return found
    lines = [line for text in found for line in text.splitlines() if line.strip()]
    return lines[:: -(-size // characters)]  # of a single text that is too long


def _beginning(texts: Sequence[str]) -> list[str]:
    """An even choice of the texts, at most MEASURED characters in all (but one at least)."""
    step = -(-sum(map(len, texts)) // MEASURED)
    return [text[:MEASURED] for text in texts[::step]]


def _write_model(base: Checkpoint, seed: int, config: Extend, new: Sequence[New], first: int, out: Path) -> None:
    from metier.model.load import load_weights, quiet

    model = load_weights(base.path, "auto")
    append_rows(model, first, [one.parts for one in new], config.start, seed)
    setattr(model.config, FIRST, first)
    with quiet(), writing(out):
        model.save_pretrained(out)
