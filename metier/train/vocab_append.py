"""Append new tokens to a base: behind the tokenizer's merges, and as rows of the embeddings."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from metier.model.load import quiet
from metier.records import MetierError
from metier.train.vocab_growth import New

Start = Literal["mean", "plain_mean", "random", "library"]
MANY = 100
"""New rows from which on they are moved together: of fewer the average says more of themselves than of a language."""
TOKENIZER = "tokenizer.json"


class Fertility(msgspec.Struct, frozen=True):
    """How many tokens the same text takes before and after, and how long it is."""

    characters: int
    words: int
    before: int
    after: int


def append_tokens(tokenizer: Any, new: Sequence[New], out: Path) -> int:
    """Write a tokenizer with new tokens into a directory; return the number of the first of them.

    New merges stand behind all old ones: a text is first cut as before, and then some of its tokens become one.
    """
    tokenizer.save_pretrained(out)
    data = json.loads((out / TOKENIZER).read_bytes())
    vocab, merges = data["model"]["vocab"], data["model"]["merges"]
    # tokens added later count from the end of the vocabulary when the file is read, unless they stand in it too
    vocab |= {one["content"]: one["id"] for one in data["added_tokens"]}
    first = int(max(vocab.values())) + 1
    vocab |= {one.text: number for number, one in enumerate(new, first)}
    merges += [list(one.pair) for one in new if one.pair is not None]
    (out / TOKENIZER).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return first


def compare(old: Any, extended: Any, new: Sequence[New], first: int, texts: Sequence[str]) -> Fertility:
    """The tokens of texts before and after; MetierError unless the new ones are the old ones, some of them joined."""
    there, now = old.get_vocab(), extended.get_vocab()
    parts = {number: one.parts for number, one in enumerate(new, first)}
    whole = len(extended) == len(old) + len(new) and all(now.get(text) == number for text, number in there.items())
    before, after = _cut(old, texts), _cut(extended, texts)
    for one, other in zip(before, after, strict=True):
        whole = whole and one == [part for number in other for part in parts.get(number, (number,))]
    if not whole:
        raise MetierError(
            f"{type(old).__name__} does not read back what was appended to its {TOKENIZER}: the vocabulary of this "
            "base cannot be extended"
        )
    sizes = (sum(map(len, some)) for some in (texts, [text.split() for text in texts], before, after))
    return Fertility(*sizes)


def _cut(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    if not texts:
        return []
    return list(tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)["input_ids"])


def append_rows(model: Any, first: int, parts: Sequence[tuple[int, ...]], start: Start, seed: int) -> None:
    """Give a model rows for new tokens in its input and output embeddings, in place; old rows keep their bits.

    ``plain_mean``: a row is the mean of the rows of the old tokens it replaces. ``mean``: the same, and then all new
    rows are moved together until their average is that of all old rows, if there are ``MANY``. What the tokens of one
    language have in common otherwise makes every new token likely wherever one is. ``random``: as in a fresh model.
    ``library``: transformers' default, all rows but the same; rows that the base has to spare stay as they are.
    """
    import torch

    rows = max(model.get_input_embeddings().weight.shape[0], first + len(parts))
    with torch.random.fork_rng(devices=[]), torch.no_grad(), quiet():
        torch.manual_seed(seed)
        model.resize_token_embeddings(rows, mean_resizing=start == "library")
        if start == "library":
            return
        ends = [end for end in (model.get_input_embeddings(), model.get_output_embeddings()) if end is not None]
        tables = {id(weight): weight for end in ends for weight in end.parameters(recurse=False)}
        spread = getattr(model.config.get_text_config(), "initializer_range", 0.02)
        for table in tables.values():
            new = table[first : first + len(parts)]
            if start == "random":
                new.normal_(0.0, spread if new.dim() > 1 else 0.0)  # the biases of a fresh model are 0
                continue
            means = torch.stack([table[list(some)].float().mean(0) for some in parts])
            if start == "mean" and len(parts) >= MANY:
                means += table[:first].mean(0, dtype=torch.float32) - means.mean(0)
            new.copy_(means)
