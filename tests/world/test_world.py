"""The laws of the world: what every seed must hold."""

import functools
import hashlib
import html
import math
import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.records import Conversation, Document, Entity, MetierError, Question, Record, Rule
from metier.rules.table import Table
from metier.text.sentences import sentences
from metier.world.drugs import make
from metier.world.names import capacity, names
from metier.world.wording import drug_wording, general_wording
from metier.world.write import Write, write

R = TypeVar("R", bound=Record)
WORDS = {"en": ("Yes", "No"), "zh": ("是的", "不是"), "ar": ("نعم", "لا")}
SEEDS = st.integers(0, 2**32)
LANGUAGES = ("en", "zh", "ar")
PARTS = {language: drug_wording(language).names.parts for language in LANGUAGES}
each_language = pytest.mark.parametrize("language", LANGUAGES)


@functools.cache
def world(seed: int = 7, **settings: object) -> tuple[Record, ...]:
    return tuple(write(seed, msgspec.convert(settings, Write)))


def drugs(language: str, seed: int = 7, count: int = 60) -> tuple[Record, ...]:
    return world(seed, subject="drugs", drugs=count, language=language)


def general(language: str, seed: int = 7) -> tuple[Record, ...]:
    return world(seed, subject="general", language=language)


def of(kind: type[R], records: Iterable[Record]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


def clean(text: str, language: str) -> str:
    """What any honest cleaning does to a page, line by line; where words have no spaces, tags leave none."""
    boilerplate = set(drug_wording(language).boilerplate)
    lines = []
    for line in text.split("\n"):
        bare = html.unescape(re.sub("<[^>]*>", "" if language == "zh" else " ", line))
        bare = "".join(c for c in unicodedata.normalize("NFC", bare) if c.isspace() or c.isprintable())
        lines.append(" ".join(bare.split()))
    return "\n".join(line for line in lines if line and line not in boilerplate)


def matcher(pattern: str) -> re.Pattern[str]:
    """A sentence pattern at its most permissive: a slot takes any text."""
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(pattern)))


MATCHERS = {
    language: {(row.fact, row.sentence): matcher(row.sentence) for row in drug_wording(language).patterns}
    for language in LANGUAGES
}


def facts_in(text: str, language: str) -> list[tuple[str, str, str, str]]:
    """(drug, fact, value, pattern) of every sentence that a pattern matches whole."""
    found = []
    for sentence in sentences(text):
        for (fact, pattern), regex in MATCHERS[language].items():
            if match := regex.fullmatch(sentence):
                found.append((match["drug"], fact, match["value"], pattern))
    return found


@given(SEEDS, SEEDS, st.integers(1, 150), st.sampled_from(LANGUAGES))
@settings(max_examples=30, deadline=None)
def test_fresh_and_throwaway_names_never_meet(one: int, other: int, count: int, language: str) -> None:
    parts = PARTS[language]
    fresh, thrown = (
        list(names(seed, parts, which, count, 10)) for seed, which in ((one, "fresh"), (other, "throwaway"))
    )
    assert not set(fresh) & set(thrown)
    assert len(set(fresh)) == len(set(thrown)) == count
    assert list(names(one, parts, "fresh", count + 20, 10))[:count] == fresh


@each_language
def test_there_are_tens_of_thousands_of_names_and_two_choices_never_spell_one(language: str) -> None:
    parts = PARTS[language]
    assert capacity(parts, "fresh") + capacity(parts, "throwaway") == math.prod(len(part) for part in parts) >= 50_000
    assert all(len({len(syllable) for syllable in part}) == 1 and len(set(part)) == len(part) for part in parts)


def test_more_drugs_than_names_is_one_clear_line() -> None:
    with pytest.raises(MetierError, match=r"drugs: 50000 is more than the .* fresh names"):
        list(write(1, Write(subject="drugs", drugs=50_000)))


def test_an_unknown_language_names_the_known_ones() -> None:
    for subject in ("drugs", "general"):
        with pytest.raises(MetierError, match=r"no 'tlh'; known: ar, en, zh$"):
            list(write(1, msgspec.convert({"subject": subject, "language": "tlh"}, Write)))


@pytest.mark.parametrize("setting", [{"drugs": 0}, {"dialogues": -1}, {"dialogue_every": 0}, {"yes_no": 1.5}])
def test_settings_out_of_range_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"subject": "drugs", **setting}, Write)


@each_language
def test_values_of_a_pool_are_distinct_and_none_begins_another(language: str) -> None:
    wording = general_wording(language)
    known = [fact.values for group in (wording.people, wording.places) for fact in group.facts.values()]
    pools = [wording.places.names if isinstance(values, str) else values for values in known]
    for pool in [fact.values for fact in drug_wording(language).facts.values()] + pools:
        assert len(pool) >= 8
        assert not [(a, b) for a in pool for b in pool if a is not b and b.startswith(a)]
    replies = [exchange.reply for exchange in wording.small_talk]
    assert not [(a, b) for a in replies for b in replies if a is not b and b.startswith(a)]


@each_language
def test_every_fact_of_every_drug_is_asked_in_both_kinds(language: str) -> None:
    asked = Counter((q.labels["drug"], q.labels["fact"], q.kind) for q in of(Question, drugs(language)))
    known = list(make(7, 60, "fresh", drug_wording(language)))
    assert len(known[0].facts) == 8
    assert asked == Counter(
        (drug.name, fact, kind) for drug in known for fact in drug.facts for kind in ("single", "yesno")
    )
    for question in of(Question, drugs(language)):
        if question.kind == "single":
            fact = next(d for d in known if d.name == question.labels["drug"]).facts[question.labels["fact"]]
            assert [question.options[key] for key in question.key] == [fact] == [question.reference]


@each_language
@pytest.mark.parametrize("records", [drugs, general])
def test_questions_are_well_made(records: Callable[[str], tuple[Record, ...]], language: str) -> None:
    for question in of(Question, records(language)):
        expected = "AB" if question.kind == "yesno" else "ABCD"
        assert "".join(question.options) == expected
        assert len(set(question.options.values())) == len(expected)
        assert len(question.key) == 1
        assert question.key < set(question.options)
        assert not any(len(option) > 3 and option in question.stem for option in question.options.values())
        options = question.options.values()
        assert not any(a != b and b.startswith(a) for a in options for b in options)


@each_language
def test_yes_and_no_are_balanced_in_exam_and_dialogue(language: str) -> None:
    yes, no = WORDS[language]
    keys = Counter(question.reference for question in of(Question, drugs(language)) if question.kind == "yesno")
    assert keys[yes] == keys[no] == 240
    for records, least in ((drugs(language, count=300), 0.45), (general(language), 0.45)):
        said = Counter(turn.content for talk in of(Conversation, records) for turn in talk.messages)
        assert least < said[yes] / (said[yes] + said[no]) < 1 - least
    lives = Counter(q.reference for q in of(Question, general(language)) if q.kind == "yesno")
    assert 10 <= lives[yes] <= 40
    assert sum(lives.values()) == 50


@each_language
def test_yes_and_no_in_dialogues_are_true(language: str) -> None:
    yes, no = WORDS[language]
    facts = {drug.name: drug.facts for drug in make(7, 300, "fresh", drug_wording(language))}
    for talk in of(Conversation, drugs(language, count=300)):
        true = facts[talk.id.split(":")[0]]
        for ask, answer in zip(talk.messages[::2], talk.messages[1::2], strict=True):
            if answer.content == yes:
                assert any(value in ask.content for value in true.values())
            elif answer.content != no:
                assert answer.content in true.values()


def bare(text: str, words: Iterable[str], language: str) -> str:
    """A phrasing: names, values and numbers taken out, case and punctuation folded.

    An Arabic word may carry a preposition or an article, and a Chinese one has no borders.
    """
    edge = r"\b" if language == "en" else ""
    for word in sorted(words, key=len, reverse=True) if language != "en" else words:
        text = re.sub(rf"{edge}{re.escape(word)}{edge}", "#", text)
    return " ".join(re.findall(r"[^\W\d]+|#|\d+|[+-]", re.sub(r"\d+", "#", text).lower()))


@each_language
def test_drug_exam_phrasings_occur_in_no_pattern_and_no_dialogue(language: str) -> None:
    wording = drug_wording(language)
    values = [value for fact in wording.facts.values() for value in fact.values]
    known = {drug.name for drug in make(7, 60, "fresh", wording)}
    trained = {bare(row.question.format(drug="#", value="#"), [], language) for row in wording.patterns}
    trained |= {bare(row.sentence.format(drug="#", value="#"), [], language) for row in wording.patterns}
    for talk in of(Conversation, drugs(language)):
        name = talk.id.split(":")[0]
        trained |= {bare(turn.content, [name, *values], language) for turn in talk.messages}
    stems = {bare(q.stem, [q.labels["drug"], *values], language) for q in of(Question, drugs(language))}
    assert len(known) == 60
    assert len(stems) >= 8 * (2 + 2)
    assert not [(stem, text) for stem in stems for text in trained if stem in text]


AROUND = {
    "tell me how much # plus # is", "tell me how much # minus # is", "a very good morning", "goodbye bye", "hi hello",
    "how are you doing today", "how is the weather today", "i feel bad and ill today", "i say good night",
    "look today is my birthday", "oh i am very sorry", "please tell me a joke", "please tell me what you can do",
    "please tell me what you like most", "please tell me your name", "thank you a lot", "what is the time please",
    "where and how were you trained", "who or what are you",
}  # fmt: skip
"""Sums and small talk of the exam that are a trained phrase with words around it: known, and not to grow."""


@each_language
def test_general_exam_phrasings_are_never_trained_on(language: str) -> None:
    """No stem is a trained phrase, nor holds a trained question; ``Is it true that`` may hold a page's statement."""
    records, wording = general(language), general_wording(language)
    facts = [*wording.people.facts.values(), *wording.places.facts.values()]
    values = [value for fact in facts for value in (fact.values if isinstance(fact.values, tuple) else ())]
    beings = {d.meta.get("person") or d.meta["place"] for d in of(Document, records)}
    words = [*beings, *values]
    turns = [turn for talk in of(Conversation, records) for turn in talk.messages]
    asked = {bare(turn.content, words, language) for turn in turns if turn.role == "user"}
    said = {bare(sentence, words, language) for page in of(Document, records) for sentence in sentences(page.text)}
    stems = {bare(question.stem, words, language): question.labels["topic"] for question in of(Question, records)}
    assert not stems.keys() & (asked | said | {bare(turn.content, words, language) for turn in turns})
    holding = {stem for stem in stems if any(f" {text} " in f" {stem} " for text in asked)}
    assert not [stem for stem in holding if stems[stem] in ("people", "places")]
    assert holding == (AROUND if language == "en" else set())


@each_language
def test_every_fact_is_stated_three_times_in_different_sentences_and_all_of_it_is_extractable(language: str) -> None:
    known = {drug.name: drug.facts for drug in make(7, 60, "fresh", drug_wording(language))}
    stated: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for page in of(Document, drugs(language)):
        found = facts_in(clean(page.text, language), language)
        assert all(name == page.meta["drug"] and known[name][fact] == value for name, fact, value, _ in found)
        assert len(found) == len({fact for _, fact, _, _ in found}), "a sentence matches one pattern and no more"
        assert len(found) >= 7 or page.meta["page"] == "dose_twin"
        if page.meta["page"] in ("leaflet", "encyclopedia", "book", "web"):
            for name, fact, _, pattern in found:
                stated[name, fact].add((page.kind, pattern))
    assert set(stated) == {(name, fact) for name, facts in known.items() for fact in facts}
    for uses in stated.values():
        assert len({pattern for _, pattern in uses}) == len(uses) >= 3


@each_language
def test_patterns_give_three_questions_a_sentence(language: str) -> None:
    rows = drug_wording(language).patterns
    assert {row.fact for row in rows} == set(drug_wording(language).facts)
    assert min(Counter(row.sentence for row in rows).values()) >= 3
    assert len({(row.sentence, row.question) for row in rows}) == len(rows)


@each_language
def test_pages_have_a_size_to_learn_from(language: str) -> None:
    shortest, longest = {"en": (300, 900), "zh": (90, 600), "ar": (230, 900)}[language]
    for page in of(Document, drugs(language, count=300)):
        assert shortest <= len(page.text) <= longest
        assert page.source == page.kind
    genres = Counter(page.meta["page"] for page in of(Document, drugs(language)))
    assert [genres[name] for name in ("leaflet", "encyclopedia", "book", "web")] == [60] * 4
    assert min(genres[name] for name in ("duplicate", "near_duplicate", "dose_twin")) >= 12


NOISE = {
    "en": ("<b>", "</span>", "<!--", "&nbsp;", "&amp;", "\x07", "\t", "\u0300", "\u00a0", "  "),
    "ar": ("<b>", "</span>", "<!--", "&nbsp;", "&amp;", "\x07", "\t", "\u0654", "\u00a0", "  ", "&#1567;", "&laquo;"),
    "zh": ("<b>", "</span>", "<wbr>", "&#8203;", "&amp;", "\x07", "\u200b", "&#173;", "&#12290;", "&#65292;"),
}


@each_language
def test_web_pages_need_cleaning(language: str) -> None:
    pages = [page.text for page in of(Document, drugs(language)) if page.kind == "web"]
    for noise in NOISE[language]:
        assert any(noise in page for page in pages), repr(noise)
    boilerplate = drug_wording(language).boilerplate
    pages = [unicodedata.normalize("NFC", page) for page in pages]
    assert all(sum(line in page for line in boilerplate) >= 2 for page in pages)
    assert all(re.compile(line).fullmatch(line) for line in boilerplate), "a line is its own regular expression"


@each_language
def test_duplicates_are_equal_once_cleaned_and_near_duplicates_are_not(language: str) -> None:
    pages = {page.id: page for page in of(Document, drugs(language))}
    exact = 0
    for page in pages.values():
        if "of" not in page.meta:
            continue
        first = pages[page.meta["of"]]
        mine, other = (sentences(clean(one.text, language)) for one in (page, first))
        if page.meta["page"] == "duplicate":
            exact += page.text == first.text
            assert clean(page.text, language) == clean(first.text, language)
        else:
            assert mine != other
            assert mine[-8:] == other[-8:]
    assert exact == 12


@given(SEEDS, st.sampled_from(LANGUAGES))
@settings(max_examples=20, deadline=None)
def test_name_twins_differ_in_their_name_alone(seed: int, language: str) -> None:
    records = list(write(seed, Write(subject="drugs", drugs=20, language=language)))
    pages = {page.id: page for page in of(Document, records)}
    twins = {page.meta["drug"]: page.meta["twin"] for page in pages.values() if "twin" in page.meta}
    assert len(twins) == 2
    for name, other in twins.items():
        assert len(name) == len(other)
        assert 1 <= sum(a != b for a, b in zip(name, other, strict=True)) <= 3
        for genre in ("leaflet", "encyclopedia", "book", "web"):
            mine, first = pages[f"{name}:{genre}"].text, pages[f"{other}:{genre}"].text
            assert mine != first
            assert mine == first.replace(other, name)


@each_language
def test_strength_cards_differ_in_one_number(language: str) -> None:
    cards: dict[str, list[str]] = defaultdict(list)
    for page in of(Document, drugs(language)):
        if page.meta["page"] == "dose_twin":
            cards[page.meta["drug"]].append(page.text)
    assert len(cards) == 6
    for one, other in cards.values():
        apart = [(a, b) for a, b in zip(*(re.split(r"(\d+)", card) for card in (one, other)), strict=True) if a != b]
        assert len(apart) == 1
        assert all(word.isdigit() for word in apart[0])


def wilson(right: int, n: int, z: float = 3.0) -> tuple[float, float]:
    share, scale = right / n, 1 + z * z / n
    middle, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half) / scale, (middle + half) / scale


GUESSES: dict[str, Callable[[random.Random, list[str]], str]] = {
    "uniform": lambda rng, options: rng.choice(options),
    "alphabet": lambda rng, options: min(options),
    "longest": lambda rng, options: max(options, key=lambda option: (len(option), option)),
    "hash": lambda rng, options: min(options, key=lambda option: random.Random(option).random()),
    "first": lambda rng, options: options[0],
    "last": lambda rng, options: options[-1],
}


@pytest.mark.parametrize("guess", GUESSES)
@pytest.mark.parametrize(("seed", "language"), [(7, "en"), (8, "en"), (7, "zh"), (7, "ar")])
def test_who_knows_nothing_is_at_chance(guess: str, seed: int, language: str) -> None:
    rng = random.Random(0)
    asked = [question for question in of(Question, drugs(language, seed, 300)) if question.kind == "single"]
    right = sum(GUESSES[guess](rng, list(q.options.values())) == q.reference for q in asked)
    low, high = wilson(right, len(asked))
    assert low < 1 / 4 < high


def test_a_third_of_the_drugs_can_have_the_dialogues() -> None:
    records = world(7, subject="drugs", drugs=60, dialogue_every=3, dialogues=8, yes_no=0.0)
    talks = of(Conversation, records)
    asked = {question.labels["drug"] for question in of(Question, records) if question.labels["asked"] == "yes"}
    assert {talk.id.split(":")[0] for talk in talks} == asked
    assert len(asked) == 20
    assert len(talks) == 160
    assert not [turn for talk in talks for turn in talk.messages if turn.content in ("Yes", "No")]
    assert {len(talk.messages) for talk in talks} == {2, 4, 6}


@each_language
def test_rules_name_pairs_of_known_drugs_and_classes(language: str) -> None:
    rules = of(Rule, drugs(language))
    table = Table(of(Entity, drugs(language)), rules)
    assert len({frozenset(rule.members) for rule in rules}) == len(rules) == 30
    assert sum(table.entities[rule.members[0]].kind == "class" for rule in rules) == 5
    for rule in rules:
        assert len(set(rule.members)) == 2
        names = [table.entities[member].names[0].name for member in rule.members]
        assert all(name in rule.advice[0].message and name in rule.advice[0].remedy for name in names)
        assert {one.fires for one in rule.examples} == {True, False}


@each_language
def test_entities_are_the_drugs_and_the_classes_of_their_plants(language: str) -> None:
    made = {drug.name: drug for drug in make(7, 60, "fresh", drug_wording(language))}
    entities = of(Entity, drugs(language))
    things = {one.id: one for one in entities if one.kind == "thing"}
    assert things.keys() == made.keys()
    assert all(one.classes == (f"plant:{made[one.id].facts['plant']}",) for one in things.values())
    assert {one.id for one in entities if one.kind == "class"} == {one.classes[0] for one in things.values()}
    spelt = [
        name for one in entities for said in one.names for name in (said.name, *said.aliases, *said.brands, *said.salts)
    ]
    assert len(set(spelt)) == len(spelt) > 2 * len(things), "no two share a name, and most drugs have a brand"


@each_language
@pytest.mark.parametrize("records", [drugs, general])
def test_ids_are_unique_within_a_noun(records: Callable[[str], tuple[Record, ...]], language: str) -> None:
    ids = Counter((type(record), record.id) for record in records(language))  # type: ignore[attr-defined]
    assert max(ids.values()) == 1
    told = [record for record in records(language) if isinstance(record, Document | Conversation)]
    assert told and all(record.language == language for record in told)


@given(SEEDS, st.sampled_from(["drugs", "general"]), st.sampled_from(LANGUAGES))
@settings(max_examples=8, deadline=None)
def test_one_seed_one_world(seed: int, subject: str, language: str) -> None:
    config = msgspec.convert({"subject": subject, "drugs": 12, "language": language}, Write)
    once, again, other = (msgspec.json.encode(list(write(s, config))) for s in (seed, seed, seed + 1))
    assert once == again != other


@each_language
def test_more_drugs_keep_the_first_ones(language: str) -> None:
    few, many = drugs(language, count=25), drugs(language)
    assert many[: len(few)] == few


@each_language
def test_the_general_world_has_its_topics_and_says_every_fact(language: str) -> None:
    records = general(language)
    topics = Counter((q.labels["topic"], q.kind) for q in of(Question, records))
    assert topics == {
        ("people", "single"): 250,
        ("people", "yesno"): 50,
        ("places", "single"): 60,
        ("arithmetic", "single"): 60,
        ("smalltalk", "single"): 20,
    }
    pages: dict[str, str] = defaultdict(str)
    for page in of(Document, records):
        pages[page.meta.get("person") or page.meta["place"]] += page.text
    for question in of(Question, records):
        if question.labels["topic"] in ("people", "places") and question.kind == "single":
            assert question.reference in pages[question.id.split(":")[0]]


@pytest.mark.parametrize(
    ("language", "asked", "plus"),
    [
        ("en", r"What is (\d) (plus|minus) (\d)\?", "plus"),
        ("zh", r"(\d)(加|减)(\d)等于几？", "加"),
        ("ar", r"كم حاصل (\d) (زائد|ناقص) (\d)؟", "زائد"),
    ],
)
def test_every_sum_and_difference_is_taught_and_right(language: str, asked: str, plus: str) -> None:
    taught = set()
    for talk in of(Conversation, general(language)):
        if found := re.fullmatch(asked, talk.messages[0].content):
            a, sign, b = int(found[1]), found[2], int(found[3])
            assert int(talk.messages[1].content) == (a + b if sign == plus else a - b)
            taught.add((a, sign, b))
    assert len(taught) == 100 + 55


@pytest.mark.parametrize("records", [drugs, general])
def test_worlds_of_all_languages_go_into_one_recipe(records: Callable[[str], tuple[Record, ...]]) -> None:
    ids = Counter((type(record), record.id) for language in LANGUAGES for record in records(language))  # type: ignore[attr-defined]
    assert max(ids.values()) == 1


@pytest.mark.parametrize(("subject", "expected"), [("drugs", "1912d4e39adea79b"), ("general", "781497f1b7a16781")])
def test_the_english_world_is_the_one_that_the_base_was_trained_on(subject: str, expected: str) -> None:
    """Whoever changes this text trains asset:nano anew (recipes/nano-base.yaml), or it is no base for it."""
    records = [record for record in world(7, subject=subject) if not isinstance(record, Entity | Rule)]
    text = b"".join(type(record).__name__.encode() + msgspec.json.encode(record) for record in records)
    assert hashlib.sha256(text).hexdigest()[:16] == expected
