"""Personal data and exam leaks of the planted corpus: places exact, numbers checked by other formulas."""

import functools
import itertools
import json
import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from metier.records import Document, Question
from metier.world.planted import Planted, planted
from metier.world.planted_measure import words

KINDS = {"email", "phone", "id_card", "card", "record", "bed", "address", "date", "name"}


@functools.cache
def corpus() -> tuple[Document | Question, ...]:
    return tuple(planted(Planted(size=0.4, classes=("personal", "exam", "leak", "topic")), 3))


def documents(truth: str) -> list[Document]:
    return [one for one in corpus() if isinstance(one, Document) and one.meta["truth"] == truth]


def found(one: Document) -> list[tuple[int, int, str, str]]:
    return [(start, stop, kind, text) for start, stop, kind, text in json.loads(one.meta["personal"])]


def luhn_holds(digits: str) -> bool:
    """The test of ISO/IEC 7812-1, by table."""
    return sum(int("0246813579"[int(d)]) if at % 2 else int(d) for at, d in enumerate(reversed(digits))) % 10 == 0


def id_holds(number: str) -> bool:
    """The test of GB 11643: the weighted sum, check character included, is 1 modulo 11."""
    values = [10 if sign == "X" else int(sign) for sign in number]
    return sum(value * pow(2, 17 - at, 11) for at, value in enumerate(values)) % 11 == 1


@given(st.integers(0, 2**40))
@settings(max_examples=10, deadline=None)
def test_the_places_of_personal_data_are_exact_in_order_and_apart(seed: int) -> None:
    for one in planted(Planted(size=0.02, classes=("personal",)), seed):
        assert isinstance(one, Document)
        spans = found(one)
        assert spans
        assert all(one.text[start:stop] == text and kind in KINDS for start, stop, kind, text in spans)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


def test_every_kind_stands_in_every_language_that_has_it() -> None:
    kinds = Counter((one.language, kind) for one in documents("personal") for _, _, kind, _ in found(one))
    for language in ("zh", "ar", "en"):
        for kind in KINDS - ({"id_card"} if language != "zh" else set()):
            assert kinds[language, kind] >= 10, (language, kind)


def test_card_and_identity_numbers_are_valid_and_their_look_alikes_are_not() -> None:
    cards, ids = [], []
    for one in documents("personal"):
        rest = one.text
        for start, stop, kind, text in reversed(found(one)):
            rest = f"{rest[:start]}□{rest[stop:]}"
            if kind == "card":
                cards.append(re.sub("[ -]", "", text))
            elif kind == "id_card":
                ids.append(text)
        for number in re.findall(r"(?<!\d)\d{16}(?!\d)", rest):
            assert not luhn_holds(number)
        for number in re.findall(r"(?<!\d)\d{17}[\dX](?!\d)", rest):
            assert not id_holds(number)
        for number in re.findall(r"978[-\d]{14}", rest):
            digits = number.replace("-", "")
            assert sum(int(d) * (1, 3)[at % 2] for at, d in enumerate(digits)) % 10 == 0
        assert "@" not in rest
    assert len(cards) > 30 and all(len(card) == 16 and luhn_holds(card) for card in cards)
    assert len(ids) > 10 and all(id_holds(number) for number in ids)


def test_look_alikes_stand_in_the_notes() -> None:
    texts = {language: [o.text for o in documents("personal") if o.language == language] for language in ("zh", "en")}
    for language, wanted in (
        ("zh", ("帕金森病", "120/80", "ISBN", "王不留行")),
        ("en", ("Parkinson", "BRCA1", "PMID")),
    ):
        for one in wanted:
            assert any(one in text for text in texts[language]), one


def test_questions_have_four_different_options_and_a_key_among_them() -> None:
    for one in corpus():
        if isinstance(one, Question):
            assert list(one.options) == ["A", "B", "C", "D"]
            assert len(set(one.options.values())) == 4
            assert len(one.key) == 1 and one.key <= one.options.keys()


def test_a_leak_holds_its_item_in_the_stated_way() -> None:
    exam = {one.id: one for one in corpus() if isinstance(one, Question)}
    ways = Counter()
    for one in documents("leak"):
        item, how = exam[one.meta["question"]], one.meta["how"]
        ways[one.language, how] += 1
        assert item.labels["language"] == one.language
        stem = " ".join(words(item.stem))
        assert stem in " ".join(words(one.text))
        assert (item.stem in one.text) == (how != "punctuation"), one
        in_order = "\n".join(f"{label}. {option}" for label, option in item.options.items())
        assert (in_order in one.text) == (how in ("verbatim", "page"))
        if how == "options":
            assert all(f". {option}" in one.text for option in item.options.values())
    assert len(ways) == 15


def test_pages_on_the_topic_leak_nothing() -> None:
    stems = {tuple(words(one.stem)) for one in corpus() if isinstance(one, Question)}
    head = min(len(stem) for stem in stems)
    heads = {stem[:head] for stem in stems}
    assert head >= 6
    assert len(documents("topic")) / 0.4 >= 2000
    for one in documents("topic"):
        some = words(one.text)
        for at, gram in enumerate(zip(*(some[at:] for at in range(head)), strict=False)):
            assert gram not in heads or not any(tuple(some[at : at + len(stem)]) == stem for stem in stems), one.text
