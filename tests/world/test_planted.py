"""The laws of the planted corpus: what it says of itself is true."""

import functools
import itertools
import json
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import pytest

from metier.records import Document, MetierError, Question
from metier.stage import find
from metier.world.planted import COUNTS, Planted, jaccard, planted, shingles
from metier.world.planted_grammar import grammar, read_grammar
from metier.world.planted_measure import words

LANGUAGES = ("zh", "ar", "en")
SIZE = 0.2


@functools.cache
def corpus(seed: int = 7, size: float = SIZE) -> tuple[Document | Question, ...]:
    return tuple(planted(Planted(size=size), seed))


def documents(**meta: str) -> list[Document]:
    """The documents whose meta holds these values."""
    return [one for one in corpus() if isinstance(one, Document) and meta.items() <= one.meta.items()]


@functools.cache
def by_id() -> dict[str, Document | Question]:
    return {one.id: one for one in corpus()}


def base(copy: Document) -> Document:
    """What a document was made from."""
    found = by_id()[copy.meta["of"]]
    assert isinstance(found, Document) and found.meta["truth"] == "original" and found.language == copy.language
    return found


def changed(one: list[str], other: list[str]) -> tuple[list[str], list[str]]:
    """What is left of two lists without their common beginning and end."""
    start = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    one, other = one[start:], other[start:]
    end = sum(
        1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one[::-1], other[::-1], strict=False))
    )
    return one[: len(one) - end], other[: len(other) - end]


def test_it_is_a_stage_that_takes_a_seed() -> None:
    stage = find("world.planted")
    assert stage.config is Planted
    assert stage.given == {"seed"}
    assert stage.yields == (Document, Question)


def test_same_seed_same_records_and_another_seed_others() -> None:
    small = Planted(size=0.03)
    one, same, other = (msgspec.json.encode(list(planted(small, seed))) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_ids_are_plain_and_every_class_has_its_count_in_every_language() -> None:
    assert [one.id for one in corpus()] == [f"w{number:04}" for number in range(1, len(corpus()) + 1)]
    of_its_own = Counter(
        (one.language, one.meta["class"]) for one in documents() if one.meta["truth"] in (one.meta["class"], "leak")
    )
    members = {"exact": 2, "twin": 5}
    for language in LANGUAGES:
        for name, count in COUNTS.items():
            if name != "exam":
                assert of_its_own[language, name] == round(count * SIZE) * members.get(name, 1), (language, name)
    exam = Counter(one.labels["language"] for one in corpus() if isinstance(one, Question))
    assert exam == dict.fromkeys(LANGUAGES, COUNTS["exam"] * SIZE)


def test_fewer_classes_and_languages_leave_the_texts_as_they_are() -> None:
    some = Planted(size=SIZE, languages=("en",), classes=("twin", "good"))
    assert {one.text for one in planted(some, 7) if isinstance(one, Document)} == {
        one.text for name in ("twin", "good") for one in documents(**{"class": name}) if one.language == "en"
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_originals_share_less_than_a_tenth_of_their_5_grams(language: str) -> None:
    texts = [one.text for one in documents(truth="original") if one.language == language]
    assert len(texts) > 100
    sets = [shingles(text) for text in texts]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, some in enumerate(sets):
        for gram in some:
            holders[gram].append(number)
    shared = Counter(pair for held in holders.values() if len(held) > 1 for pair in itertools.combinations(held, 2))
    for (one, other), count in shared.items():
        assert count / (len(sets[one]) + len(sets[other]) - count) < 0.1, (texts[one], texts[other])


def test_originals_have_80_to_700_words() -> None:
    for one in documents(**{"class": "original"}):
        assert 80 <= len(words(one.text)) <= 700, one.text


def form_free(text: str) -> str:
    """A text without what exact copies may change."""
    plain = unicodedata.normalize("NFKC", text.replace("ـ", "")).casefold()
    return " ".join("".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c)).split())


def test_exact_copies_differ_in_form_only() -> None:
    edits = Counter()
    for copy in documents(truth="exact"):
        edits[copy.meta["edit"]] += 1
        original = base(copy)
        assert (copy.text == original.text) == (copy.meta["edit"] == "copy"), copy
        one, other = form_free(copy.text), form_free(original.text)
        if copy.language == "zh":
            one, other = one.replace(" ", ""), other.replace(" ", "")
        assert one == other
    assert edits.keys() == {"copy", "space", "case", "form", "width", "vowels", "tatweel"}


def test_the_stated_similarity_of_near_copies_is_true_by_recount() -> None:
    for copy in documents(truth="near") + documents(truth="conflict"):
        assert copy.meta["jaccard"] == f"{jaccard(base(copy).text, copy.text, 5):.4f}"
        assert ("jaccard3" in copy.meta) == (copy.language == "zh")
        if copy.language == "zh":
            assert copy.meta["jaccard3"] == f"{jaccard(base(copy).text, copy.text, 3):.4f}"


def test_near_copies_come_near_every_wished_level_in_every_language() -> None:
    levels: dict[tuple[str, str], list[float]] = defaultdict(list)
    for copy in documents(truth="near", edit="words"):
        levels[copy.language, copy.meta["level"]].append(float(copy.meta["jaccard"]))
    assert len(levels) == 8 * len(LANGUAGES)
    for (language, level), found in levels.items():
        assert all(abs(one - float(level)) < 0.07 for one in found), (language, level, found)


def test_near_copies_change_several_words_and_no_number_unit_or_name() -> None:
    units = {language: set(grammar(language).values("unit")) for language in LANGUAGES}
    number = re.compile(r"\d+(?:[.٫]\d+)?")
    for copy in documents(truth="near", edit="words"):
        one, other = words(base(copy).text), words(copy.text)
        assert sum(((Counter(one) - Counter(other)) + (Counter(other) - Counter(one))).values()) > 1, copy
        assert Counter(number.findall(base(copy).text)) == Counter(number.findall(copy.text))
        for unit in units[copy.language]:
            if copy.language == "zh":
                assert base(copy).text.count(unit) == copy.text.count(unit)
            else:
                assert one.count(unit) == other.count(unit)
        names = re.findall(r"(?<=[a-z] )[A-Z][a-zé]+(?: [A-Z][a-zé]+)+", base(copy).text)
        assert all(name in copy.text for name in names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_ordinary_word_is_or_holds_a_number_a_unit_or_a_negation(language: str) -> None:
    facts = {
        "en": r"\b(one|two|three|four|five|ten|first|second|third|half|twice|no|not|never|mg|g|ml)\b|\d",
        "zh": "[零一二三四五六七八九十百千万两半双不无未非勿克升]|毫|\\d",
        "ar": r"\b(أول|أولى|ثاني|نصف|ربع|لا|لم|لن|غير|ليس|دون|ملغ|غرام|مل)\b|\d",
    }
    banks = grammar(language).banks
    kinds = {part.kind for items in banks.values() for item in items for part in item}
    ordinary = [word for kind in kinds if kind.startswith("~") for word in grammar(language).values(kind[1:])]
    assert len(ordinary) > 300
    assert [word for word in ordinary if re.search(facts[language], word)] == []


def test_three_percent_of_the_characters_are_exchanged_and_no_digit() -> None:
    copies = documents(truth="near", edit="3%")
    assert copies
    for copy in copies:
        original = base(copy).text
        other = [at for at, (a, b) in enumerate(zip(original, copy.text, strict=True)) if a != b]
        assert abs(len(other) / len(words(original)) - 0.03) < 0.005
        assert not any(original[at].isdigit() or copy.text[at].isdigit() for at in other)


def test_near_copies_come_from_one_source_and_from_two() -> None:
    assert {copy.source == base(copy).source for copy in documents(truth="near")} == {True, False}


def test_a_twin_differs_from_its_original_in_exactly_one_place_of_the_stated_kind() -> None:
    kinds = Counter()
    for twin in documents(truth="twin"):
        kinds[twin.language, twin.meta["edit"]] += 1
        one, other = changed(list(base(twin).text), list(twin.text))
        before, after = changed(words(base(twin).text), words(twin.text))
        assert "\n" not in one and "\n" not in other
        assert (before or after) and max(len(before), len(after)) <= (16 if twin.language == "zh" else 6), twin
        if twin.meta["edit"] == "dose":
            assert re.fullmatch(r"[\d.٫零一二三四五六七八九十百两]*", "".join(one + other)), (one, other)
        if twin.meta["edit"] == "negation":
            gap = "" if twin.language == "zh" else " "
            pairs = grammar(twin.language).pairs("negation_pairs")
            assert any(gap.join(before) in one and gap.join(after) in other for one, other in pairs.items()), twin
    assert len(kinds) == 15 and min(kinds.values()) >= 4
    assert sum(kinds.values()) / SIZE >= 200


def test_numbers_of_twins_stand_in_european_arabic_and_chinese_figures() -> None:
    doses = {"".join(changed(list(base(t).text), list(t.text))[1]) for t in documents(truth="twin", edit="dose")}
    for pattern in (r"[0-9]", r"[٠-٩]", r"[一二三四五六七八九十百两]"):
        assert any(re.search(pattern, dose) for dose in doses), (pattern, doses)


def test_twins_of_one_entity_contradict_it_and_say_so() -> None:
    for twin in documents(truth="twin") + documents(truth="conflict"):
        same = twin.text.split("\n")[0] == base(twin).text.split("\n")[0]
        assert same == (twin.meta.get("conflict") == "yes") == (twin.meta["title"] == base(twin).meta["title"])
    for conflict in documents(truth="conflict"):
        assert conflict.source != base(conflict).source
        assert conflict.meta["edit"] in ("dose", "unit")


def test_one_text_answers_two_questions() -> None:
    pairs = documents(truth="question")
    assert pairs
    for one in pairs:
        assert one.text == base(one).text
        assert one.meta["question"] != base(one).meta["question"]


def test_boilerplate_stands_around_the_clean_text_line_by_line() -> None:
    for one in documents(truth="boilerplate"):
        lines = iter(one.text.split("\n"))
        assert all(line in lines for line in one.meta["clean"].split("\n"))
        assert not one.text.startswith(one.meta["clean"]) and not one.text.endswith(one.meta["clean"])


def test_bad_texts_have_every_fault_in_every_language_and_good_ones_are_short() -> None:
    assert len({(one.language, one.meta["fault"]) for one in documents(truth="bad")}) == 8 * len(LANGUAGES)
    assert all(10 <= len(words(one.text)) <= 250 for one in documents(truth="good"))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"classes": ("leak",)}, "add exam"),
        ({"languages": ("zh", "zh")}, "names one twice"),
        ({"counts": {"good": 0}}, "leave the class out"),
        ({"counts": {"leak": 300}}, "leaked once"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(MetierError, match=problem):
        next(iter(planted(msgspec.convert(settings, Planted), 1)))


def test_jaccard_of_equal_empty_and_short_texts() -> None:
    assert jaccard("One two, three.", "one TWO three", 5) == 1
    assert jaccard("", "", 5) == 1
    assert jaccard("a b c d e f", "a b c d e g", 5) == pytest.approx(1 / 3)
    assert shingles("药片5mg", 2) == {("药", "片"), ("片", "5mg")}
    assert json.loads(json.dumps(sorted(words("Ünï ١٢")))) == ["ünï", "١٢"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = x | y\na = z\n", "stands there twice"),
        ("[tale]\nA {dragon} came.\n", "'dragon', which is no bank"),
        ("a line of its own\n", "belongs to no bank"),
    ],
)
def test_wording_that_breaks_a_rule_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "words.txt").write_text(text, "utf-8")
    with pytest.raises(MetierError, match=problem):
        read_grammar(tmp_path, "en")
