"""Dialogues written from a table of rules: what they say, that they are checked, and what is held out."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact
from metier.instruct.from_rules import FromRules, from_rules
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.recipe import load
from metier.records import Advice, Conversation, Dropped, MetierError, Rule
from metier.rules.check import Checker
from metier.rules.table import Table
from metier.rules.tables_write import write as write_table
from metier.rules.talk import Talk, languages, talk
from metier.run.account import Ledger
from metier.run.make import run
from tests.corpus.helpers import write
from tests.instruct.asked import kept, lost
from tests.rules.tables import ENTITIES

WRITERS = "tests.instruct.rule_writers"
SOURCE = "The test's own."


def rule(id: str, members: str, context: str, tells: dict[str, tuple[str, str]], when: str = "") -> Rule:
    advice = tuple(Advice(language, *said) for language, said in tells.items())
    return Rule(id, tuple(members.split()), context, "forbidden", advice, SOURCE, when)  # type: ignore[arg-type]


RULES = (
    rule("velorin_brine", "velorin brine", "mixed", {
        "en": ("Velorin must not be mixed with brine salts: a precipitate forms.", "Give them one after the other."),
        "zh": ("维洛林不得与卤盐液混合：会析出沉淀。", "分开先后输注。"),
        "ar": ("يمنع خلط فيلورين مع ملح البرين لأنه يترسب.", "يعطى كل منهما وحده."),
    }),
    rule("nadorax_quintal", "nadorax quintal", "together", {
        "en": ("Nadorax must not be taken with quintalide: the heart may stop.", "Use another medicine for the cough."),
        "zh": ("纳多拉不得与昆他利合用：可致心脏骤停。", "改用其他止咳药。"),
        "ar": ("يمنع تناول نادوراكس مع كوينتاليد لأن القلب قد يتوقف.", "يستعمل دواء آخر للسعال."),
    }),
    rule("sorbix_pregnant", "sorbix", "patient", {
        "en": ("Sorbixin is contraindicated in pregnancy: it harms the child.", "Wait until the child is born."),
        "zh": ("孕妇禁用索比星：对胎儿有害。", "分娩后再用。"),
        "ar": ("يمنع سوربيكسين في الحمل لأنه يضر الجنين.", "ينتظر حتى الولادة."),
    }, "pregnant"),
)  # fmt: skip
CHECKER = Checker(Table(ENTITIES, RULES))


@pytest.fixture(name="table")
def table_of_two_files(tmp_path: Path) -> Path:
    write_table(ENTITIES, RULES, tmp_path / "table")
    return tmp_path / "table"


def made(table: Path, *rules: Rule, seed: int = 7, writer: str = "", **settings: Any) -> list[Conversation | Dropped]:
    """What the stage yields, held to the law that every rule is accounted for."""
    ledger, found = Ledger("from_rules"), list[Conversation | Dropped]()
    specs = {"writer": Scripted(function=f"{WRITERS}:{writer}")} if writer else {}
    with session(table / "replies.sqlite", specs) as calls:
        model = calls.llm("writer") if writer else None
        taken = ledger.take("rules", iter(rules or RULES))
        for one in from_rules(taken, table, seed, FromRules(**settings), model):
            ledger.give(one)
            found.append(one)
    ledger.close(accounts=True)
    return found


def asked(found: list[Conversation | Dropped]) -> set[str]:
    """The last question of each conversation."""
    return {one.messages[-2].content for one in kept(found)}


def test_each_rule_is_taught_in_each_language_and_beside_it_what_is_allowed(table: Path) -> None:
    found = kept(made(table))
    counts = Counter((one.parent, one.language) for one in found)
    assert set(counts) == {(rule.id, language) for rule in RULES for language in ("en", "zh", "ar")}
    assert min(counts.values()) >= 6
    assert {one.source for one in found} == {"rule_dialogue"}
    assert all(
        [message.role for message in one.messages] in (["user", "assistant"] * n for n in (1, 2)) for one in found
    )
    assert not any("{" in message.content for one in found for message in one.messages)


def test_what_is_forbidden_is_warned_of_and_what_is_allowed_is_not(table: Path) -> None:
    warned, free = 0, 0
    for one in kept(made(table)):
        last = len(one.messages) - 1
        firings = [each for each in CHECKER.check(one.messages) if each.turn == last]
        assert not any(each.violates for each in firings)
        if int(one.id.rsplit(".", 1)[1]) < 5:
            assert one.parent in {each.rule.id for each in firings if each.stance == "warns"}
            warned += 1
        else:
            assert not any(each.stance == "warns" for each in firings)
            free += 1
    assert warned > 30 and free > 15


def test_names_differ_and_sources_are_cited_as_often_as_is_said(table: Path) -> None:
    words = " ".join(asked(made(table, RULES[0], each=20, languages=("en",))))
    assert all(name in words for name in ("velorin", "Velox", "brine salt", "tessium chloride", "ossium gluconate"))
    cited = [
        one.messages[-1].content.endswith(f"[velorin_brine: {SOURCE}]") for one in kept(made(table, RULES[0], cite=1))
    ]
    assert sum(cited) >= 10 and not all(cited)  # what is allowed cites nothing
    assert not any(SOURCE in one.messages[-1].content for one in kept(made(table, cite=0)))


def test_the_same_seed_writes_the_same_and_another_writes_otherwise(table: Path) -> None:
    assert made(table) == made(table)
    alone = [one for one in made(table) if not isinstance(one, Dropped) and one.parent == RULES[1].id]
    assert alone == kept(made(table, RULES[1]))
    assert made(table, seed=8) != made(table)


def test_wordings_that_are_held_out_are_never_taught(table: Path) -> None:
    names = re.compile(
        "|".join(re.escape(name) for one in ENTITIES for each in one.names for name in [each.name, "Velox"])
    )

    def forms(wordings: str) -> set[str]:
        some = made(table, languages=("en",), each=40, allowed=10, wordings=wordings)
        return {names.sub("X", text) for text in asked(some)}

    taught, held = forms("taught"), forms("held")
    assert len(taught) > 20 and len(held) > 8 and not taught & held


def test_a_rule_that_nothing_can_be_written_about_says_why(table: Path) -> None:
    mute = Rule("mute", ("velorin", "brine"))
    foreign = rule("foreign", "velorin brine", "mixed", {"sw": ("Usichanganye.", "")})
    twice = rule("twice", "velorin velorin", "mixed", {"en": ("Never mix velorin with velorin.", "")})
    why = lost(made(table, mute, foreign, twice))
    assert why == {"mute": "tells nothing", "foreign": "no wording in its language", "twice": "cannot be asked about"}


def test_an_answer_that_does_not_warn_or_breaks_a_rule_is_dropped(table: Path) -> None:
    vague = rule("nadorax_quintal", "nadorax quintal", "together", {"en": ("Both are medicines.", "")})
    why = Counter(lost(made(table, vague, forms=("remedy",), allowed=0)).values())
    assert set(why) == {"does not warn"}
    wrong = rule("nadorax_quintal", "nadorax quintal", "together", {"en": ("Take nadorax with quintalide daily.", "")})
    why = Counter(lost(made(table, wrong, forms=("remedy",), allowed=0)).values())
    assert set(why) == {"breaks a rule"}


def test_a_rule_over_a_patient_is_asked_about_such_patients_and_others(table: Path) -> None:
    old = rule("sorbix_old", "sorbix", "patient", {"en": ("Sorbixin is contraindicated here.", "")}, "age<8 & egfr<30")
    new = Rule("sorbix_new", ("sorbix",), "patient", "forbidden", old.advice, SOURCE, "age<28d")
    texts = asked(made(table, RULES[2], languages=("en",), each=10, allowed=10))
    assert any("not pregnant" in text for text in texts) and any("I am pregnant" in text for text in texts)
    write_table(ENTITIES, (old, new), other := table / "other")
    both = asked(made(other, old, each=10))
    assert any(re.search(r"\d (?:year|month)s old, eGFR \d+", text) for text in both)
    assert any(re.search(r"\d+ days old", text) for text in asked(made(other, new, each=10)))


def test_a_yes_is_said_only_where_the_table_is_complete(table: Path) -> None:
    def answers(**settings: Any) -> set[str]:
        some = made(table, RULES[1], languages=("en",), each=1, allowed=30, **settings)
        return {one.messages[-1].content for one in kept(some) if int(one.id.rsplit(".", 1)[1]) >= 1}

    assert answers() == set(talk("en").beyond)
    assert not any(re.match("yes", answer, re.I) for answer in talk("en").beyond)
    assert answers(complete=True) <= {*talk("en").allowed, *talk("en").passed}


def test_a_patient_is_permitted_what_no_rule_may_forbid(table: Path) -> None:
    kidneys = Rule("sorbix_kidneys", ("sorbix",), "patient", "forbidden", RULES[2].advice, SOURCE, "egfr<30")
    write_table(ENTITIES, (*RULES, kidneys), other := table / "other")
    found = [one for one in kept(made(other, RULES[2], each=2, allowed=20)) if int(one.id.rsplit(".", 1)[1]) >= 2]
    said = [" ".join(message.content for message in one.messages[:-1]) for one in found]
    assert len(said) > 30
    assert all(re.search(r"(?:eGFR|الكبيبي)\D*\d+", one) for one in said)


def test_what_is_given_by_mouth_is_not_asked_about_in_a_drip(table: Path) -> None:
    either = rule("nadorax_quintal", "nadorax quintal", "either", {"en": (
        "Nadorax must not be given with quintalide: the heart may stop.", "Use another medicine for the cough."
    )})  # fmt: skip
    poured = rule("velorin_brine", "velorin brine", "either", {"en": (
        "Velorin must not be given with brine salts: a precipitate forms.", "Give them one after the other."
    )})  # fmt: skip
    drip = re.compile(r"\b(?:bag|bottle|line|syringe|infusion|drip|250 ml)\b")
    settings: dict[str, Any] = {"each": 30, "allowed": 0, "languages": ("en",)}
    assert not any(drip.search(one) for one in asked(made(table, either, **settings)))
    assert any(drip.search(one) for one in asked(made(table, poured, **settings)))


def test_an_order_is_answered_as_an_order_and_a_question_as_a_question(table: Path) -> None:
    for one in kept(made(table, RULES[2], each=20, allowed=0, cite=0, languages=("en",))):
        ordered = re.search("[Oo]rder|sign|written up", one.messages[-2].content)
        openings = talk("en").check if ordered else talk("en").no
        assert any(one.messages[-1].content.startswith(way.split("{")[0]) for way in openings)


def test_arabic_counts_years_as_arabic_does(table: Path) -> None:
    tells = {"ar": ("يمنع سوربيكسين دون 18 سنة لأنه يضر الطفل.", "ينتظر حتى يكبر.")}
    young = rule("sorbix_young", "sorbix", "patient", tells, "age<18")
    write_table(ENTITIES, (young,), other := table / "other")
    texts = " ".join(asked(made(other, young, each=60, allowed=0)))
    assert re.search(r"\b(?:[3-9]|10) سنوات", texts) and re.search(r"\b1[1-7] سنة", texts)
    assert not re.search(r"\b(?:1[1-9]) سنوات|\b[2-9] سنة", texts)


def test_a_writer_rewords_and_says_where_its_words_come_from(table: Path) -> None:
    found = kept(made(table, RULES[1], writer="polite", languages=("en",)))
    assert len(found) >= 6
    assert all(one.messages[-2].content.startswith("Hello, ") for one in found)
    assert all(re.fullmatch("[0-9a-f]{32}", one.request) for one in found)


@pytest.mark.parametrize(
    ("writer", "why"),
    [("careless", "breaks a rule"), ("silent", "does not warn"), ("renaming", "names other things")],
)
def test_what_a_writer_spoils_is_dropped(table: Path, writer: str, why: str) -> None:
    found = made(table, RULES[1], writer=writer, languages=("en",), allowed=0, repair=0)
    assert set(lost(found).values()) == {why} and not kept(found)


def test_a_writer_is_asked_again(table: Path) -> None:
    settings: dict[str, Any] = {"languages": ("en",), "allowed": 0}
    assert kept(made(table, RULES[1], writer="learning", repair=1, **settings))
    assert not kept(made(table, RULES[1], writer="learning", repair=0, **settings))


def test_a_recipe_teaches_a_table(tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = """\
name: taught
seed: 7
steps:
  table: {use: rules.read, paths: [table/entities.csv, table/rules.csv]}
  talk: {use: instruct.from_rules, from: {rules: table, table: table}, languages: [en, zh], each: 2, allowed: 1}
"""
    write(tmp_path / "recipe.yaml", recipe)
    run(load("./recipe.yaml"), tmp_path / "runs")
    step = Artefact(tmp_path / "runs" / "taught" / "talk")
    assert {one.parent for one in step.records(Conversation)} == {rule.id for rule in RULES}


def test_the_wording_of_every_language_says_the_same_things() -> None:
    assert languages() == ("ar", "en", "zh")
    assert talk("sw") == talk("en")

    def slots(some: Talk) -> list[list[set[str]]]:
        lists = [
            some.no,
            some.check,
            some.instead,
            some.allowed,
            some.passed,
            some.heard,
            some.also,
            some.patient.self,
            some.patient.child,
            some.patient.note,
            some.patient.order,
            some.beyond,
        ]
        for meeting in (some.mixed, some.together):
            lists += [meeting.questions, meeting.stories, meeting.orders, meeting.remedies, meeting.first, meeting.then]
        return [[set(re.findall(r"\{\w+\}", way)) for way in ways] for ways in lists]

    english = slots(talk("en"))
    for language in ("zh", "ar"):
        other = slots(talk(language))
        assert [len(ways) for ways in other] == [len(ways) for ways in english]
        assert other == english
        counted = {fact for fact in talk(language).facts if not fact.endswith(("_two", "_few"))}
        assert counted == set(talk("en").facts)
    assert all(len(ways) >= 4 for ways in english)


def test_settings_that_cannot_be_are_refused(table: Path) -> None:
    with pytest.raises(MetierError, match="has no directory 'prompts'"):
        made(table, RULES[1], writer="polite", prompts=str(table))
