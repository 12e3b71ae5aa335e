"""Tokenizers alone, without a model: load one, and cut texts by their length in its tokens."""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from metier.artefact import asset
from metier.records import MetierError
from metier.text.passages import Limits, Tokens, cut
from metier.text.sentences import starts

_TOGETHER = 1 << 20
"""Characters encoded at a time: an encoding takes a hundred times the room of its text."""


def load(name: str) -> Any:
    """The tokenizer of a checkpoint directory, a tokenizer.json or an asset, to be used from several threads."""
    path = asset(name)
    path = path / "tokenizer.json" if path.is_dir() else path
    if not path.is_file():
        raise MetierError(f"tokenizer: {name}: no such file, or no tokenizer.json in it; name a checkpoint directory")
    return _load(str(path), path.stat().st_mtime_ns)


def with_template(home: Path) -> Any:
    """The tokenizer of a checkpoint directory with its chat template, for ``template``, loaded without torch.

    None where it has no tokenizer.json, as those that only torch's door opens.
    """
    if not (home / "tokenizer.json").is_file():
        return None
    from transformers import PreTrainedTokenizerFast

    try:
        return PreTrainedTokenizerFast.from_pretrained(home, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise MetierError(f"{home}: its tokenizer cannot be loaded ({str(error).splitlines()[0][:200]})") from None


@functools.lru_cache(maxsize=4)
def _load(path: str, _changed: int) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(path)
    except Exception as error:  # the library raises nothing narrower
        raise MetierError(f"{path}: not a tokenizer ({error}); name the tokenizer.json of a checkpoint") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def cut_by_tokens(texts: Sequence[str], limits: Limits, tokenizer: Any) -> list[list[str]]:
    """The passages of each text; each has at most ``limits.most`` tokens when it is encoded alone.

    With ``limits.whole``, a single sentence may have more.
    """
    parts: list[list[str]] = []
    pieces: list[str] = []
    of: list[int] = []
    for number, (text, encoding) in enumerate(_encoded(texts, tokenizer)):
        parts.append([text])
        if len(encoding) > limits.most:
            found = cut(text, limits, Tokens(encoding.offsets, len(text)))
            pieces += found
            of += [number] * len(found)
            parts[number] = []
    for number, some in zip(of, _fitting(pieces, limits, limits.most, tokenizer), strict=True):
        parts[number] += some
    return parts


def _fitting(pieces: Sequence[str], limits: Limits, aim: int, tokenizer: Any) -> list[list[str]]:
    """Each piece, or what it is cut into because it has more tokens alone than it had within its text."""
    fitting: list[list[str]] = []
    for piece, encoding in _encoded(pieces, tokenizer):
        excess = len(encoding) - limits.most
        if excess <= 0 or len(piece) == 1 or (limits.whole and not starts(piece)):
            fitting.append([piece])
            continue
        smaller = max(1, min(aim - 1, limits.most - excess))
        found = cut(piece, limits._replace(most=smaller, least=0), Tokens(encoding.offsets, len(piece)))
        done = len(found) == 1 or smaller == 1
        parts = [found] if done else _fitting(found, limits, smaller, tokenizer)
        fitting.append([part for some in parts for part in some])
    return fitting


def _encoded(texts: Sequence[str], tokenizer: Any) -> Iterator[tuple[str, Any]]:
    """Each text with its encoding, a bounded number of characters at a time."""
    group: list[str] = []
    size = 0
    for number, text in enumerate(texts, 1):
        group.append(text)
        size += len(text)
        if size >= _TOGETHER or number == len(texts):
            yield from zip(group, tokenizer.encode_batch(group, add_special_tokens=False), strict=True)
            group, size = [], 0
