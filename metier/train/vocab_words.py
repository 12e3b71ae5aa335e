"""Texts as a base's tokens, in the words that its merges never cross."""

import json
import unicodedata
from typing import Any

from metier.records import MetierError

PIECES = "[ \u2581]?[\\p{L}\\p{M}]+|[^\\p{L}\\p{M}]"
"""Where bytes are a fallback: letters and their marks with the space (or its sign in SentencePiece) before them, else
single characters."""
CACHED = 1 << 20
FIRST, HOLE, BEYOND = 0x3400, 0xD800, 0x10000
"""Characters that stand for tokens: from FIRST to the surrogates, then from BEYOND on; none of them is a space."""


class Words:
    """Cuts texts into words and spells them in symbols, one character for each token of the base.

    Where the base spells an unknown character in bytes (byte fallback), that character is one symbol: its bytes cannot
    be merged, but it can become a token itself, letter or not. MetierError where a vocabulary cannot grow at its end.
    """

    def __init__(self, tokenizer: Any, path: str) -> None:
        from tokenizers import Regex, pre_tokenizers

        self.backend = _backend(tokenizer, path)
        self.taken: dict[str, int] = self.backend.get_vocab(with_added_tokens=True)
        self.fallback = bool(self.backend.model.byte_fallback)
        self._known: dict[str, int] = self.backend.get_vocab(with_added_tokens=False)
        self._names = {number: text for text, number in self._known.items()}
        self._pieces = pre_tokenizers.Split(Regex(PIECES), behavior="removed", invert=True)
        self._cache: dict[str, str] = {}
        self._symbols: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._parts: dict[str, tuple[int, ...]] = {}

    @property
    def symbols(self) -> list[str]:
        """Every symbol used so far."""
        return list(self._texts)

    def spell(self, text: str) -> str:
        """The words of a text in symbols, a space between two."""
        if self.backend.normalizer is not None:
            text = self.backend.normalizer.normalize_str(text)
        pieces = [(text, (0, len(text)))]
        if self.backend.pre_tokenizer is not None:
            pieces = self.backend.pre_tokenizer.pre_tokenize_str(text)
        if not self.fallback:
            words = [piece for piece, (first, last) in pieces if _worth(text[first:last])]
        else:
            words = [word for piece, _ in pieces for word, _ in self._pieces.pre_tokenize_str(piece)]
            words = [word for word in words if len(word) > 1 or word not in self._known]
        return " ".join(map(self._word, words))

    def text(self, symbols: str) -> str:
        """How the vocabulary spells a token made of these symbols."""
        return "".join(self._texts[symbol] for symbol in symbols)

    def parts(self, symbols: str) -> tuple[int, ...]:
        """The numbers of the base's tokens that these symbols stand for."""
        return tuple(number for symbol in symbols for number in self._parts[symbol])

    def _word(self, word: str) -> str:
        spelt = self._cache.get(word)
        if spelt is None:
            if len(self._cache) >= CACHED:
                self._cache.clear()
            spelt = self._cache[word] = "".join(self._spell(word))
        return spelt

    def _spell(self, word: str) -> list[str]:
        if not self.fallback:
            return self._tokens(word)
        spelt, known = [], ""
        for sign in word:
            if sign in self._known:
                known += sign
                continue
            spelt += [*self._tokens(known), self._symbol(sign, self._bytes(sign))]
            known = ""
        return spelt + self._tokens(known)

    def _tokens(self, word: str) -> list[str]:
        return [self._symbol(self._names[one.id], (one.id,)) for one in self.backend.model.tokenize(word)]

    def _bytes(self, sign: str) -> tuple[int, ...]:
        return tuple(self._known[f"<0x{byte:02X}>"] for byte in sign.encode())

    def _symbol(self, text: str, parts: tuple[int, ...]) -> str:
        symbol = self._symbols.get(text)
        if symbol is None:
            code = FIRST + len(self._symbols)
            symbol = self._symbols[text] = chr(code if code < HOLE else code - HOLE + BEYOND)
            self._texts[symbol], self._parts[symbol] = text, parts
        return symbol


def _worth(piece: str) -> bool:
    """Whether new tokens may be made of a piece: neither numbers of several digits nor runs of ASCII signs."""
    kinds = {unicodedata.category(sign)[0] for sign in piece}
    return len(piece) == 1 or ("N" not in kinds and (not piece.isascii() or "L" in kinds))


def _backend(tokenizer: Any, path: str) -> Any:
    """The tokenizer behind transformers' own; MetierError says why one cannot be extended."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise MetierError(f"{path}: its tokenizer has no tokenizer.json, so its vocabulary cannot be extended")
    data = json.loads(backend.to_str())
    model, kind = data["model"], data["model"]["type"]
    why = ""
    if kind == "Unigram":
        why = "weighs all its pieces against each other, so that new ones would cut old text differently"
    elif kind != "BPE":
        why = "has no merges that new ones could follow"
    elif model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        why = "marks the inside or the end of words, which new merges would have to cross"
    elif model.get("dropout"):
        why = f"leaves out merges at random (dropout {model['dropout']})"
    elif not (model.get("byte_fallback") or _byte_level(data["pre_tokenizer"])):
        why = "is neither byte-level nor spells unknown characters in bytes"
    if why:
        raise MetierError(f"{path}: its {kind} tokenizer {why}; extend a base with byte-level or byte-fallback BPE")
    if model.get("byte_fallback") and any(f"<0x{byte:02X}>" not in model["vocab"] for byte in range(256)):
        raise MetierError(f"{path}: its tokenizer spells unknown characters in bytes but lacks some of the 256 bytes")
    return backend


def _byte_level(shape: dict[str, Any] | None) -> bool:
    if shape is None:
        return False
    return shape["type"] == "ByteLevel" or any(map(_byte_level, shape.get("pretokenizers", [])))
