"""Every noun survives the way to Arrow and to Parquet and back, whatever its fields hold."""

from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.artefact import Artefact, write_records
from metier.batch import Batch
from metier.records import KINDS, Advice, Checkpoint, Comparison, Example, Message, Name, Record, ToolCall, kind_name

NOUNS = (*KINDS, Advice, Checkpoint, Comparison, Example, Message, Name, ToolCall)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field, by its type."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is str:
        return TEXT
    if hint in (int, bool):
        return st.integers(-(2**63), 2**63 - 1) if hint is int else st.booleans()
    if hint is float:
        return st.floats(allow_nan=False)
    if origin is dict:
        return st.dictionaries(TEXT, TEXT, max_size=3)
    if origin is frozenset:
        return st.frozensets(TEXT, max_size=3)
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=3).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Record):
        return records(hint)
    if inner and type(None) in inner:
        return st.none() | values(next(one for one in inner if one is not type(None)))
    return st.sampled_from(inner)


def records(noun: type[Record]) -> st.SearchStrategy[Any]:
    """Records of a noun."""
    hints = get_type_hints(noun)
    return st.builds(noun, **{name: values(hints[name]) for name in noun.__struct_fields__})


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_noun_comes_back_from_arrow(noun: type[Record], data: st.DataObject) -> None:
    some = data.draw(st.lists(records(noun), max_size=4))
    assert list(Batch.of(noun, some).records()) == some


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_stored_noun_comes_back_from_parquet(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place: Path = tmp_path_factory.mktemp("artefact")
    some = [one for noun in KINDS for one in data.draw(st.lists(records(noun), min_size=1, max_size=3))]
    assert write_records(place, some) == len(some)
    for noun in KINDS:
        assert list(Artefact(place).records(noun)) == [one for one in some if type(one) is noun]
        assert (place / kind_name(noun)).is_dir()


def test_a_comparison_swaps_its_sides() -> None:
    asked = (Message("user", "p"),)
    one = Comparison(asked, "a", "b", "c")
    assert one.swap() == Comparison(asked, "b", "a", "c")
    assert one.swap().swap() == one


def test_records_are_strict_and_cannot_be_changed() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "x", "why": "y", "more": 1}, KINDS[-1])
    with pytest.raises(AttributeError):
        Comparison((), "a", "b").left = "c"  # type: ignore[misc]
