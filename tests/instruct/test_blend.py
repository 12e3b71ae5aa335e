from collections import Counter

import msgspec
import pytest

from metier.instruct.blend import Blend, blend
from metier.records import Conversation, Dropped, Message, MetierError

TURNS = (Message("user", "q"), Message("assistant", "a"))
GIVEN = [Conversation(f"c{i}", TURNS, ("web", "book", "sft")[i % 3]) for i in range(90)]


def kept(seed: int = 1, **settings: dict[str, int] | dict[str, str]) -> list[Conversation]:
    return [c for c in blend(iter(GIVEN), seed, Blend(**settings)) if isinstance(c, Conversation)]


def test_the_chosen_number_of_each_source_in_the_order_given() -> None:
    out = list(blend(iter(GIVEN), 1, Blend(take={"web": 10, "book": 100, "sft": 0})))
    left = [c for c in out if isinstance(c, Conversation)]
    assert Counter(c.source for c in left) == {"web": 10, "book": 30}
    assert [record.id for record in out] == [c.id for c in GIVEN]
    assert {d.why for d in out if isinstance(d, Dropped)} == {"beyond the share of its source"}


def test_the_draw_follows_the_seed_and_grows_with_the_number() -> None:
    ten, twenty = kept(take={"web": 10}), kept(take={"web": 20})
    assert {c.id for c in ten} < {c.id for c in twenty}
    assert kept(take={"web": 10}) == ten
    assert kept(seed=2, take={"web": 10}) != ten


def test_sources_are_renamed_after_the_draw() -> None:
    out = kept(take={"web": 10}, rename={"web": "pages", "sft": "pages"})
    assert Counter(c.source for c in out) == {"pages": 40, "book": 30}


def test_nothing_said_changes_nothing() -> None:
    assert kept() == GIVEN


def test_unknown_sources_and_numbers() -> None:
    with pytest.raises(MetierError, match="take: no conversation has the source 'bok'; did you mean 'book'"):
        kept(take={"bok": 1})
    with pytest.raises(MetierError, match="rename: no conversation has the source 'x'; known: book, sft, web"):
        kept(rename={"x": "y"})
    with pytest.raises(msgspec.ValidationError, match=r"Expected `int` >= 0 - at `\$.take"):
        msgspec.convert({"take": {"web": -1}}, Blend)
