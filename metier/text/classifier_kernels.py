"""Compiled kernels of the hashed linear classifier: word n-grams to buckets, their sum, and the training.

A feature is a word, a pair of neighbours, or three neighbours of one character each (so a script without spaces, whose
characters are words, gets trigrams as well). A bucket's value is the logarithm of one plus its count; a text's values
have the length one. All release the interpreter's lock.
"""

import numpy as np

from metier.jit import numba as nb

_PAIR = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
_MOST = 255
"""Counts above this are not told apart: four bytes hold a row's mark and its count."""


@nb.njit(nogil=True, inline="always")
def bucket(key, bits):  # type: ignore[no-untyped-def]
    """The bucket of a feature's 64 bits: the high bits of a product (Knuth's multiplicative hashing)."""
    return (key * _SPREAD) >> np.uint64(64 - bits)


@nb.njit(nogil=True, inline="always")
def _ending(word, before, pair, first, singles):  # type: ignore[no-untyped-def]
    """The features that end with a word, shortest first, and how many of them there are.

    ``before`` is the word before it, ``pair`` the one that ends there; ``singles`` counts words of one character.
    """
    keys = (word, before * _PAIR + word, pair * _PAIR + word)
    return keys, 1 if first else (3 if singles >= 3 else 2)


@nb.njit(cache=True, nogil=True)
def log_steps(count):  # type: ignore[no-untyped-def]
    """log(1 + c) for c from 0 to ``count``, shape (count + 1,)."""
    return np.log1p(np.arange(count + 1).astype(np.float64))


@nb.njit(cache=True, nogil=True)
def margins(hashes, sizes, starts, stops, weights, bits, bias):  # type: ignore[no-untyped-def]
    """bias + (weights . values) of every text, float64 of shape (rows,); one pass, the values are never stored."""
    rows = len(starts)
    out = np.empty(rows, np.float64)
    steps = log_steps(_MOST + 1)
    gains = steps[1:] - steps[:-1]
    squares = steps[1:] ** 2 - steps[:-1] ** 2
    cells = np.zeros(1 << bits, np.uint32)
    mark = np.uint32(0)
    for row in range(rows):
        mark += np.uint32(256)
        if mark == 0:
            cells[:] = 0
            mark = np.uint32(256)
        total, norm = 0.0, 0.0
        before, pair, singles = np.uint64(0), np.uint64(0), 0
        for at in range(starts[row], stops[row]):
            singles = singles + 1 if sizes[at] == 1 else 0
            keys, orders = _ending(hashes[at], before, pair, at == starts[row], singles)
            for order in range(orders):
                place = bucket(keys[order], bits)
                cell = cells[place]
                count = cell & np.uint32(255) if cell & np.uint32(0xFFFFFF00) == mark else np.uint32(0)
                if count < _MOST:
                    cells[place] = mark | (count + np.uint32(1))
                    total += weights[place] * gains[count]
                    norm += squares[count]
            before, pair = keys[0], keys[1]
        out[row] = bias + (total / np.sqrt(norm) if norm > 0 else 0.0)
    return out


@nb.njit(cache=True, nogil=True)
def features(hashes, sizes, starts, stops, bits):  # type: ignore[no-untyped-def]
    """(bucket, value, offsets of shape (rows + 1,)) of every text's features, each bucket once a text."""
    rows = len(starts)
    room = 0
    for row in range(rows):
        room += 3 * (stops[row] - starts[row])
    places = np.empty(room, np.int32)
    values = np.empty(room, np.float32)
    offsets = np.zeros(rows + 1, np.int64)
    seen = np.full(1 << bits, -1, np.int64)
    end = 0
    for row in range(rows):
        first = end
        before, pair, singles = np.uint64(0), np.uint64(0), 0
        for at in range(starts[row], stops[row]):
            singles = singles + 1 if sizes[at] == 1 else 0
            keys, orders = _ending(hashes[at], before, pair, at == starts[row], singles)
            for order in range(orders):
                place = bucket(keys[order], bits)
                if seen[place] < first or seen[place] >= end:
                    seen[place] = end
                    places[end] = place
                    values[end] = 0
                    end += 1
                if values[seen[place]] < _MOST:
                    values[seen[place]] += 1
            before, pair = keys[0], keys[1]
        norm = 0.0
        for i in range(first, end):
            values[i] = np.log1p(values[i])
            norm += values[i] ** 2
        for i in range(first, end):
            values[i] /= np.sqrt(norm)
        offsets[row + 1] = end
    return places[:end].copy(), values[:end].copy(), offsets


@nb.njit(cache=True, nogil=True)
def learn(features, targets, costs, orders, rate, weights):  # type: ignore[no-untyped-def]
    """Logistic regression by Adagrad (Duchi et al. 2011), one text a step; fills ``weights`` and gives the bias.

    ``features`` are what the function of that name gives.
    ``orders`` has one row an epoch: the order in which the texts are seen; ``costs`` weighs each text.
    """
    places, values, offsets = features
    squares = np.zeros(len(weights), np.float32)
    bias, bias_square = 0.0, 0.0
    for epoch in range(len(orders)):
        for row in orders[epoch]:
            total = bias
            for i in range(offsets[row], offsets[row + 1]):
                total += weights[places[i]] * values[i]
            slope = (1.0 / (1.0 + np.exp(-total)) - targets[row]) * costs[row]
            for i in range(offsets[row], offsets[row + 1]):
                step = slope * values[i]
                squares[places[i]] += step * step
                weights[places[i]] -= rate * step / (np.sqrt(squares[places[i]]) + 1e-6)
            bias_square += slope * slope
            bias -= rate * slope / (np.sqrt(bias_square) + 1e-6)
    return bias


@nb.njit(cache=True, nogil=True)
def occurrences(hashes, sizes, starts, stops, wanted, bits):  # type: ignore[no-untyped-def]
    """(bucket, position of the last word, words) of every feature whose bucket is ``wanted``, shape (found, 3)."""
    found = [(np.int64(0), np.int64(0), np.int64(0)) for _ in range(0)]
    for row in range(len(starts)):
        before, pair, singles = np.uint64(0), np.uint64(0), 0
        for at in range(starts[row], stops[row]):
            singles = singles + 1 if sizes[at] == 1 else 0
            keys, orders = _ending(hashes[at], before, pair, at == starts[row], singles)
            for order in range(orders):
                place = bucket(keys[order], bits)
                if wanted[place]:
                    found.append((np.int64(place), np.int64(at), np.int64(order + 1)))
            before, pair = keys[0], keys[1]
    out = np.empty((len(found), 3), np.int64)
    for i in range(len(found)):
        out[i, 0], out[i, 1], out[i, 2] = found[i]
    return out
