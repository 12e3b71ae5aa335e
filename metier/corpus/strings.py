"""Lines of JSON objects that hold nothing but strings, under the same names throughout, as columns at once."""

import msgspec
import numpy as np
import pyarrow as pa

_TEXT = pa.large_string()
LONG = 1 << 18
"""Bytes of a first line from which a block is not looked at: it is one of few lines."""


def columns(block: bytes) -> pa.RecordBatch | None:
    """The columns of a block of lines, one row a line; None where anything about them is unusual."""
    from metier.corpus.json_kernels import spans, unescaped

    end = block.find(b"\n")
    names = _names(block[:end]) if 0 < end < LONG else []
    if not names:
        return None
    keys = [f'"{name}"'.encode() for name in names]
    data = np.frombuffer(block, np.uint8)
    ends = np.cumsum([len(key) for key in keys], dtype=np.int64)
    found = spans(data, np.frombuffer(b"".join(keys), np.uint8), ends)
    rows = found.shape[1]
    arrays = []
    for places in found:
        written, offsets = unescaped(data, places)
        if not rows or not len(offsets):
            return None
        array = pa.Array.from_buffers(_TEXT, rows, [None, pa.py_buffer(offsets), pa.py_buffer(written)])
        try:
            array.validate(full=True)  # whether it is UTF-8; nothing else looks at that
        except pa.ArrowInvalid:
            return None
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, names=names)


def _names(line: bytes) -> list[str]:
    """The names in the object of the first line; none where it is no object of strings or they are unusual."""
    try:
        first = msgspec.json.decode(line, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    plain = all(name.isprintable() and '"' not in name and "\\" not in name for name in first)
    return list(first) if plain else []
