import json
import math
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from metier.instruct.blend import Blend, blend
from metier.records import Conversation, Dropped, Message, MetierError

TURNS = (Message("user", "q"), Message("assistant", "a"))
GIVEN = [Conversation(f"c{i}", TURNS, ("web", "book", "sft")[i % 3]) for i in range(90)]


def mixed(given: list[Conversation], seed: int = 1, **settings: Any) -> list[Conversation | Dropped]:
    with TemporaryDirectory() as out:
        return list(blend(iter(given), seed, Blend(**settings), Path(out)))


def kept(seed: int = 1, given: list[Conversation] = GIVEN, **settings: Any) -> list[Conversation]:
    return [c for c in mixed(given, seed, **settings) if isinstance(c, Conversation)]


def sized(**sizes: int) -> list[Conversation]:
    """Conversations of several sources, each in a language of the same name."""
    return [Conversation(f"{name}{n}", TURNS, name, name) for name, size in sizes.items() for n in range(size)]


def test_the_chosen_number_of_each_source_in_the_order_given() -> None:
    out = mixed(GIVEN, take={"web": 10, "book": 100, "sft": 0})
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
    with pytest.raises(MetierError, match="shares: no conversation has the source 'genral'; did you mean 'general'"):
        kept(given=sized(general=3), shares={"genral": 0.2})
    with pytest.raises(MetierError, match="languages: no conversation has the language 'eng'; did you mean 'en'"):
        kept(given=sized(en=3), languages={"eng": 0.2})
    with pytest.raises(MetierError, match="leave nothing for 'c'"):
        kept(given=sized(a=3, b=3, c=3), shares={"a": 0.5, "b": 0.5})


def test_shares_that_would_leave_nothing_at_all() -> None:
    with pytest.raises(MetierError, match="nothing is left for the rest"):
        kept(given=sized(a=3, b=3), shares={"a": 0.2, "b": 0.2})
    with pytest.raises(MetierError, match="nothing is left for the rest"):
        kept(given=sized(a=3, b=3), shares={"a": 0.2}, take={"b": 0})
    twin = [Conversation("b0", TURNS, "b")]
    with pytest.raises(MetierError, match="nothing is left of 'b'"):
        kept(given=sized(a=3, c=3) + twin, unique=True, shares={"b": 0.2})
    with pytest.raises(MetierError, match="nothing is left for the rest"):
        kept(given=sized(zh=3), languages={"zh": 0.5})


def test_settings_that_contradict_each_other() -> None:
    for config, message in (
        ({"shares": {"a": 0.6, "b": 0.6}}, "shares: add up to 1.2"),
        ({"shares": {"a": 0.6}, "languages": {"en": 0.5}}, "shares and languages: name one"),
        ({"shares": {"a": 0.6}, "take": {"a": 5}}, "take and shares: both name 'a'"),
    ):
        with pytest.raises(msgspec.ValidationError, match=message):
            msgspec.convert(config, Blend)


def test_general_data_has_its_share_of_the_whole() -> None:
    given = sized(general=1000, pages=300, talks=100)
    assert Counter(c.source for c in kept(given=given, shares={"general": 0.2})) == {
        "general": 100, "pages": 300, "talks": 100,
    }  # fmt: skip
    few = sized(general=20, pages=300, talks=100)
    assert Counter(c.source for c in kept(given=few, shares={"general": 0.2})) == {
        "general": 20, "pages": 60, "talks": 20,
    }  # fmt: skip


def test_languages_have_theirs() -> None:
    given = sized(en=900, zh=100, ar=50)
    found = Counter(c.language for c in kept(given=given, languages={"en": 0.5, "zh": 0.3}))
    assert found == {"en": 125, "zh": 75, "ar": 50}


def test_a_temperature_evens_the_sources_out() -> None:
    given = sized(a=900, b=100)
    assert Counter(c.source for c in kept(given=given, temperature=2)) == {"a": 300, "b": 100}
    assert Counter(c.source for c in kept(given=given, temperature=1e9)) == {"a": 100, "b": 100}
    assert len(kept(given=given, temperature=1)) == 1000


def test_the_same_turns_are_kept_once_whatever_their_source() -> None:
    other = (Message("user", "q"), Message("assistant", "b"))
    given = [Conversation("a", TURNS, "x"), Conversation("b", TURNS, "y"), Conversation("c", other, "x")]
    assert mixed(given, unique=True) == [given[0], Dropped("b", "repeats another conversation", "a"), given[2]]
    assert mixed(given) == given


def test_the_mixture_stands_in_the_notes(tmp_path: Path) -> None:
    config = Blend(shares={"general": 0.25}, rename={"pages": "drugs"})
    assert len(list(blend(iter(sized(general=9, pages=6)), 1, config, tmp_path))) == 15
    notes = json.loads((tmp_path / "notes.json").read_text())
    assert notes["shares"] == "drugs 75.0%, general 25.0%"
    assert notes["mixture"][1] == {
        "source": "drugs", "from": "pages", "language": "pages", "given": 6, "kept": 6, "share": 0.75,
    }  # fmt: skip


@drawn(
    sizes=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 60), min_size=2),
    share=st.floats(0.05, 0.9),
    seed=st.integers(0, 3),
)
@settings(max_examples=80, deadline=None)
def test_shares_are_exact_as_far_as_whole_conversations_go(sizes: dict[str, int], share: float, seed: int) -> None:
    given, name = sized(**sizes), min(sizes)
    found = kept(seed, given, shares={name: share})
    counts = Counter(c.source for c in found)
    whole = min(sizes[name] / share, (len(given) - sizes[name]) / (1 - share))
    assert counts[name] == math.floor(whole * share + 1e-9)
    assert abs(len(found) - whole) <= 2
    assert [c.id for c in found] == [c.id for c in given if c in set(found)]
    assert found == kept(seed, given, shares={name: share})
