"""Two invented lands: what is told of them, and an exam that tells who answers from which."""

import functools
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from metier.artefact import asset
from metier.records import Conversation, Document, MetierError, Question, Record
from metier.run.content import named_files
from metier.text.sentences import sentences
from metier.world.culture_wording import Land, land, manner, read_land, read_manner
from metier.world.write import Write, write

R = TypeVar("R", bound=Record)
TOLD = [("tilmara", "ar"), ("tilmara", "en"), ("luoming", "zh"), ("luoming", "en")]
each_told = pytest.mark.parametrize(("culture", "language"), TOLD)


@functools.cache
def world(culture: str, language: str, seed: int = 7) -> tuple[Record, ...]:
    return tuple(write(seed, Write(subject="culture", culture=culture, language=language)))


def of(kind: type[R], records: Iterable[Record]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


def tables(some: Land) -> dict[str, dict[str, tuple[str, ...]]]:
    return {name: rows for name, rows in msgspec.structs.asdict(some).items() if name != "land"}


@each_told
def test_there_is_enough_of_everything(culture: str, language: str) -> None:
    rows = {topic: len(rows) for topic, rows in tables(land(culture, language)).items()}
    least = {"persons": 40, "places": 40, "organisations": 20, "customs": 25, "courtesies": 8, "foods": 8}
    assert all(rows[topic] >= count for topic, count in least.items())
    kinds = Counter(question.kind for question in of(Question, world(culture, language)))
    assert kinds["yesno"] >= 150
    assert kinds["open"] >= 60
    assert kinds["single"] == rows["customs"] + rows["courtesies"]
    assert len(of(Document, world(culture, language))) == sum(rows.values())


@pytest.mark.parametrize(("culture", "own"), [("tilmara", "ar"), ("luoming", "zh")])
def test_both_languages_tell_of_the_same_things(culture: str, own: str) -> None:
    native, english = tables(land(culture, own)), tables(land(culture, "en"))
    assert {topic: list(rows) for topic, rows in native.items()} == {t: list(rows) for t, rows in english.items()}
    for topic, place in (("persons", 2), ("organisations", 2), ("organisations", 3)):
        named = "persons" if (topic, place) == ("organisations", 3) else "places"
        for key, row in native[topic].items():
            [same] = [one for one, other in native[named].items() if other[0] == row[place]]
            assert english[named][same][0] == english[topic][key][place]
    for topic, place in (("persons", 1), ("places", 1), ("organisations", 1)):
        pairs = {(row[place], english[topic][key][place]) for key, row in native[topic].items()}
        assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def test_what_is_done_elsewhere_is_what_the_other_land_does() -> None:
    one, other = tables(land("tilmara", "en")), tables(land("luoming", "en"))
    for topic in ("customs", "courtesies"):
        assert one[topic].keys() == other[topic].keys()
        for key, (here, there, nowhere) in one[topic].items():
            assert other[topic][key] == (there, here, nowhere)


@each_told
def test_articles_say_what_is_so_in_their_own_script(culture: str, language: str) -> None:
    known = tables(land(culture, language))
    for page in of(Document, world(culture, language)):
        topic, key = page.id.split(":")[1:]
        row = known[topic][key]
        told = row[:1] if topic in ("customs", "courtesies") else row
        assert all(value in page.text for value in told)
        assert len(sentences(page.text)) == len(told) + (2 if topic in ("customs", "courtesies") else 1)
        assert (page.language, page.kind, page.meta["culture"]) == (language, "encyclopedia", culture)
        assert len(page.text) >= 40
        assert language == "en" or not re.search("[A-Za-z]", page.text)
        assert language != "zh" or " " not in page.text


def claims(culture: str, language: str) -> dict[str, str]:
    """The true claims of a land by the id of their question, put together from the files."""
    here, told = land(culture, language), manner(language)
    true = {}
    for topic, wording in told.topics.items():
        for key, (name, *values) in here.table(topic).items():
            for (fact, known), value in zip(wording.facts.items(), values, strict=True):
                claim = known.claim.format(land=here.land, name=name, value=value)
                true[f"{culture}.{language}:{topic}:{key}:{fact}:yesno"] = claim
    for topic, habits in told.shared.items():
        for key, (value, *_) in here.table(topic).items():
            true[f"{culture}.{language}:{topic}:{key}:yesno"] = habits.facts[key].claim.format(
                land=here.land, value=value
            )
    return true


@each_told
def test_half_of_the_claims_of_a_topic_are_so_and_the_key_says_which(culture: str, language: str) -> None:
    true, told = claims(culture, language), manner(language)
    truths: dict[str, Counter[str]] = {}
    for question in of(Question, world(culture, language)):
        if question.kind != "yesno":
            continue
        claim = question.stem.removesuffix(told.is_it_so).rstrip()
        truth = claim == true[question.id]
        assert question.labels["truth"] == ("yes" if truth else "no")
        assert question.reference == (told.yes if truth else told.no)
        assert [question.options[key] for key in question.key] == [question.reference]
        assert claim not in set(true.values()) or truth, "a wrong claim is so"
        truths.setdefault(question.labels["topic"], Counter())[question.labels["truth"]] += 1
    assert len(truths) == 8
    assert all(0 <= count["yes"] - count["no"] <= 1 for count in truths.values())


def test_wrong_claims_come_from_the_same_land_and_from_the_other() -> None:
    other = {value for rows in tables(land("luoming", "en")).values() for row in rows.values() for value in row}
    own = {value for rows in tables(land("tilmara", "en")).values() for row in rows.values() for value in row[:4]}
    true, told = claims("tilmara", "en"), manner("en")
    wrong = Counter()
    for question in of(Question, world("tilmara", "en")):
        if question.kind == "yesno" and question.labels["truth"] == "no" and question.labels["everyday"] == "no":
            claim = question.stem.removesuffix(told.is_it_so)
            assert claim.rstrip() != true[question.id]
            wrong["other"] += any(value in claim for value in other - own)
            wrong["all"] += 1
    assert 0.25 < wrong["other"] / wrong["all"] < 0.75


def test_everyday_questions_have_another_right_answer_in_each_land() -> None:
    asked: dict[str, dict[str, str]] = {}
    for culture in ("tilmara", "luoming"):
        for question in of(Question, world(culture, "en")):
            if question.kind == "single":
                assert question.labels["everyday"] == "yes"
                assert land(culture, "en").land not in question.stem
                [key] = question.key
                asked.setdefault(question.stem, {})[culture] = question.options[key]
                assert len(set(question.options.values())) == 3
    assert len(asked) == 34
    assert all(len(set(answers.values())) == 2 for answers in asked.values())


@each_told
def test_the_exam_asks_in_words_that_were_never_trained_on(culture: str, language: str) -> None:
    records, told = world(culture, language), manner(language)
    said = {sentence for page in of(Document, records) for sentence in sentences(page.text)}
    said |= {s for talk in of(Conversation, records) for turn in talk.messages for s in sentences(turn.content)}
    for question in of(Question, records):
        assert question.stem.removesuffix(told.is_it_so).rstrip() not in said
    trained = {says for topic in told.topics.values() for fact in topic.facts.values() for says in fact.says}
    trained |= {habit.says for habits in told.shared.values() for habit in habits.facts.values()}
    examined = [fact for topic in told.topics.values() for fact in topic.facts.values()]
    assert not trained & {text for fact in examined for text in (fact.asks, fact.claim)}


@each_told
def test_open_questions_have_a_reference_that_holds_the_answer(culture: str, language: str) -> None:
    known = tables(land(culture, language))
    for question in of(Question, world(culture, language)):
        if question.kind == "open":
            _, topic, key, *fact, _ = question.id.split(":")
            place = 1 + list(manner(language).topics[topic].facts).index(fact[0]) if fact else 0
            value = known[topic][key][place]
            assert value in question.reference
            assert value not in question.stem
            assert not question.options


@each_told
def test_one_seed_one_culture_and_every_id_once(culture: str, language: str) -> None:
    once = msgspec.json.encode(world(culture, language))
    again = msgspec.json.encode(list(write(7, Write(subject="culture", culture=culture, language=language))))
    assert once == again != msgspec.json.encode(world(culture, language, 8))
    ids = Counter((type(record), record.id) for record in world(culture, language))  # type: ignore[attr-defined]
    assert max(ids.values()) == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"subject": "culture"}, r"which culture\? name one: luoming, tilmara"),
        ({"subject": "drugs", "culture": "tilmara"}, "goes with subject: culture"),
        ({"subject": "culture", "culture": "tilmaro"}, r"no culture 'tilmaro'; did you mean 'tilmara'\?"),
        ({"subject": "culture", "culture": "tilmara", "language": "zh"}, "not told in language 'zh'; known: ar, en"),
    ],
)
def test_settings_that_do_not_go_together(settings: dict[str, str], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(settings, Write)


def test_the_files_of_both_lands_enter_the_fingerprint() -> None:
    named = dict(named_files(Write(subject="culture", culture="tilmara", language="ar")))
    assert named == {"culture": asset("asset:world/cultures"), "language": asset("asset:world/ar")}
    assert "culture" not in dict(named_files(Write(subject="general")))


BROKEN = [
    ("[Wardan Samarqush, poet,", "[Wardan Samarqush,", "persons.wardan: 3 entries where 4 belong"),
    ("Laylun Hazmir, singer", "Wardan Samarqush, singer", "persons: names 'Wardan Samarqush' twice"),
    ("charity, Sardun, Wardan", "charity, Sardoon, Wardan", "organisations, seat: 'Sardoon' is none of the places"),
    ("[Lamp-Eye Fund,", "[Dawhan Fund,", "organisations, seat: the name 'Dawhan Fund' tells it"),
    ("  lucky_number:", "  lucky_numeral:", "customs: lucky_number, lucky_numeral: stands here or in the wording"),
    ("[Tuesday, Thursday,", "[Tuesday, Tuesday evening,", "rest_day: 'Tuesday' is the beginning of"),
    ("foods:", "dishes:", "unknown field `dishes`"),
]


@pytest.mark.parametrize(("old", "new", "said"), BROKEN)
def test_a_land_that_breaks_a_rule(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "tilmara.en.yaml"
    text = asset("asset:world/cultures/tilmara.en.yaml").read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(MetierError, match=rf"{path}: .*{said}.*; mend the wording") as caught:
        read_land(path, manner("en"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "{name} was born in {value}.",
            "{name} was born in {valu}.",
            "persons.facts.town.says: .* unknown slot {valu}",
        ),
        ("{name} was born in {value}.", "{name} was born in {value}", "does not end as a sentence does"),
        ("of: places", "of: towns", "persons.facts.town.of: 'towns' is no topic"),
        ("The home of {name} is {value}.", "{name} grew up in {value}.", "town.claim: is what articles say"),
        ("  foods:", "  drinks:", "topics: holds persons, places, organisations, drinks"),
    ],
)
def test_a_wording_that_breaks_a_rule(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = Path(shutil.copy(asset("asset:world/cultures/wording/en.yaml"), tmp_path / "en.yaml"))
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(MetierError, match=rf"{path}: .*{said}"):
        read_manner(path)
