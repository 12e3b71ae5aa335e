"""Sixty-four bytes at a time, for compiled kernels: which of them lie in a range, as the bits of one number.

The first byte is the lowest bit. Each question becomes an instruction or two where the processor has wide vectors.
"""

from typing import Any

import numpy as np

from metier.jit import numba as nb

LANES = 64


@nb.extending.intrinsic
def _within(typing, data, at, low, high):  # type: ignore[no-untyped-def]
    """The bits of the 64 bytes from ``at`` on that are at least ``low`` and at most ``high``."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        from llvmlite import ir

        array, at, low, high = values
        lanes = ir.VectorType(ir.IntType(8), LANES)
        place = builder.gep(context.make_array(signature.args[0])(context, builder, array).data, [at])
        bytes_ = builder.load(builder.bitcast(place, lanes.as_pointer()))
        bytes_.align = 1
        all_low, span = _splat(builder, low, lanes), _splat(builder, builder.sub(high, low), lanes)
        inside = builder.icmp_unsigned("<=", builder.sub(bytes_, all_low), span)
        return builder.bitcast(inside, ir.IntType(64))

    byte = nb.types.uint8
    return nb.types.uint64(data, nb.types.int64, byte, byte), code


def _splat(builder: Any, value: Any, lanes: Any) -> Any:
    """One byte in every lane."""
    from llvmlite import ir

    one = builder.insert_element(ir.Constant(lanes, ir.Undefined), value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
    return builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), zeros)


@nb.extending.intrinsic
def eight(typing, data, at):  # type: ignore[no-untyped-def]
    """The eight bytes from ``at`` on as one number, the first byte lowest; all of them must be there."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        from llvmlite import ir

        place = builder.gep(context.make_array(signature.args[0])(context, builder, values[0]).data, [values[1]])
        number = builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()))
        number.align = 1
        return number

    return nb.types.uint64(data, nb.types.int64), code


@nb.extending.intrinsic
def ones(typing, bits):  # type: ignore[no-untyped-def]
    """How many bits are set."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.ctpop(values[0])

    return nb.types.int64(nb.types.uint64), code


@nb.extending.intrinsic
def first(typing, bits):  # type: ignore[no-untyped-def]
    """The place of the lowest bit that is set; 64 where none is."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        from llvmlite import ir

        return builder.cttz(values[0], ir.IntType(1)(0))

    return nb.types.int64(nb.types.uint64), code


@nb.extending.intrinsic
def last(typing, bits):  # type: ignore[no-untyped-def]
    """The place of the highest bit that is set; -1 where none is."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        from llvmlite import ir

        return builder.sub(ir.IntType(64)(63), builder.ctlz(values[0], ir.IntType(1)(0)))

    return nb.types.int64(nb.types.uint64), code


@nb.njit(nogil=True, inline="always")
def within(data, at, low, high):  # type: ignore[no-untyped-def]
    """The bits of the 64 bytes from ``at`` on that lie between two values, both included."""
    return _within(data, np.int64(at), np.uint8(low), np.uint8(high))


@nb.njit(nogil=True, inline="always")
def below(count):  # type: ignore[no-untyped-def]
    """The lowest ``count`` bits; all of them where it is 64 or more."""
    return (np.uint64(1) << np.uint64(count)) - np.uint64(1) if count < LANES else ~np.uint64(0)


@nb.extending.intrinsic
def lent(typing, array):  # type: ignore[no-untyped-def]
    """The same array without a count of its references, which costs at every call of a function that takes it.

    Only for what is held meanwhile: a parameter of the outermost function, or an array that is used again afterwards.
    """

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        form = context.make_array(signature.args[0])
        array = form(context, builder, values[0])
        array.meminfo = array.meminfo.type(None)
        return array._getvalue()

    return array(array), code


@nb.njit(nogil=True, forceinline=True)
def next_of(data, at, stop, byte):  # type: ignore[no-untyped-def]
    """The first place of a byte from ``at`` on and before ``stop``, else ``stop``."""
    while at < stop and at + LANES <= len(data):
        bits = within(data, at, byte, byte)
        if bits:
            return min(at + first(bits), stop)
        at += LANES
    while at < stop and data[at] != byte:
        at += 1
    return min(at, stop)


@nb.njit(nogil=True, forceinline=True)
def count_of(data, at, stop, low, high):  # type: ignore[no-untyped-def]
    """How many bytes from ``at`` on and before ``stop`` lie between two values, both included."""
    count = 0
    while at < stop and at + LANES <= len(data):
        count += ones(within(data, at, low, high) & below(stop - at))
        at += LANES
    while at < stop:
        count += low <= data[at] <= high
        at += 1
    return count


@nb.extending.intrinsic
def _copy(typing, data, at, out, to):  # type: ignore[no-untyped-def]
    """Copy the 64 bytes from ``at`` on to ``to`` in another array."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        from llvmlite import ir

        lanes = ir.VectorType(ir.IntType(8), LANES).as_pointer()
        kinds = signature.args
        source = builder.gep(context.make_array(kinds[0])(context, builder, values[0]).data, [values[1]])
        target = builder.gep(context.make_array(kinds[2])(context, builder, values[2]).data, [values[3]])
        builder.store(builder.load(builder.bitcast(source, lanes), align=1), builder.bitcast(target, lanes), align=1)
        return context.get_dummy_value()

    return nb.types.void(data, nb.types.int64, out, nb.types.int64), code


@nb.njit(nogil=True, inline="always")
def copy(data, at, out, to):  # type: ignore[no-untyped-def]
    """Copy the 64 bytes from ``at`` on to ``to`` in another array; there must be as many in both."""
    _copy(data, np.int64(at), out, np.int64(to))
