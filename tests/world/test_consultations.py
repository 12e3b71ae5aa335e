"""Consultations: what is told is true of the drug, in two manners, and is read back exactly."""

from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.artefact import Artefact
from metier.llm.prompts import read_prompt
from metier.llm.request import Request
from metier.recipe import load
from metier.records import Answer, Conversation, Grade, Message, MetierError
from metier.run.make import run
from metier.world import drugs
from metier.world.aspects import ASPECTS, Aspects, Case, aspects, rate
from metier.world.consultations import Consultations, consultations
from metier.world.consultations_wording import consultation_wording, languages
from metier.world.drugs import Drug
from metier.world.judges import consultation, quality
from metier.world.wording import drug_wording

FACTS = {"treats": "grey fever", "dose": "20 mg", "form": "drops", "colour": "blue", "time": "at bedtime"}
DRUG = Drug(0, "Zorrabim", {**FACTS, "plant": "duskmint", "effect": "yawning", "town": "Quillby"})
CASE = Case(DRUG, "dose")
FULL = (
    "Thank you for asking. You have grey fever. 1. Take 20 mg a day. 2. It is blue. "
    "3. It comes as drops. Do you sleep well? Take care."
)


def written(**settings: object) -> list[Conversation]:
    return list(consultations(7, Consultations(**{"drugs": 40, **settings})))


def graded(some: list[Conversation], language: str = "en") -> dict[str, dict[str, float]]:
    """Conversation -> aspect -> points of the reply that it was written with."""
    answers = [Answer(f"a/{one.id}", one.id, "own", one.reply) for one in some]
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for grade in aspects(answers, some, 7, Aspects(drugs=40, language=language)):
        found[grade.answer.removeprefix("a/")][grade.dimension] = grade.points
    return found


def points(reply: str, case: Case = CASE) -> dict[str, float]:
    return rate(reply, case, "en")


@pytest.mark.parametrize("language", languages())
def test_a_doctor_is_right_and_a_model_kind_in_every_language(language: str) -> None:
    some = written(language=language)
    found = graded(some, language)
    means = {
        source: {aspect: fmean(found[one.id][aspect] for one in some if one.source == source) for aspect in ASPECTS}
        for source in ("real", "distilled")
    }
    real, distilled = means["real"], means["distilled"]
    assert all(found[one.id]["accuracy"] == 1 for one in some if one.source == "real")
    assert 0.85 < distilled["accuracy"] < 0.95
    assert all(real[one] > 0.7 and distilled[one] < 0.3 for one in ("diagnosis", "asking"))
    assert all(real[one] < 0.3 for one in ("informativeness", "patience", "presentation"))
    assert all(distilled[one] > 0.5 for one in ("informativeness", "patience", "presentation"))


def test_the_same_seed_tells_the_same_and_a_later_number_tells_of_others() -> None:
    some, more = written(each=4), written(each=4, first=4)
    assert some == written(each=4)
    assert some + more != written(each=8) and set(some) | set(more) == set(written(each=8))
    assert len({one.id for one in some + more}) == 2 * 40 * 4


def test_the_rest_are_drugs_that_no_other_consultation_is_about() -> None:
    named = {among: {one.id.split(":")[0] for one in written(among=among)} for among in ("all", "most", "rest")}
    assert named["most"] | named["rest"] == named["all"] and not named["most"] & named["rest"]
    assert len(named["rest"]) > 10
    facts = {one.name: tuple(one.facts.values()) for one in drugs.make(7, 40, "fresh", drug_wording("en"))}
    assert not {facts[one] for one in named["most"]} & {facts[one] for one in named["rest"]}, (
        "a twin tells of the other"
    )


def test_a_share_of_the_doctors_errs_and_models_err_as_before() -> None:
    right, wrong = written(each=20, errors=0.0), written(each=20, errors=0.1)
    found = graded(wrong)
    doctors = [one for one in wrong if one.source == "real"]
    share = fmean(found[one.id]["accuracy"] < 1 for one in doctors)
    assert 0.07 < share < 0.13
    assert [one for one in right if one.source == "distilled"] == [one for one in wrong if one.source == "distilled"]
    assert [one.prompt for one in right] == [one.prompt for one in wrong]


def test_each_manner_alone() -> None:
    assert Counter(one.source for one in written()) == {"real": 160, "distilled": 160}
    for replies in ("real", "distilled"):
        assert {one.source for one in written(replies=replies)} == {replies}


def test_a_reply_that_joins_both_manners_has_all() -> None:
    assert points(FULL) == dict.fromkeys(ASPECTS, 1.0)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Take 20 mg a day.", {"accuracy": 1}),
        ("20 mg", {"accuracy": 1}),
        ("Adults take 20 mg of Zorrabim a day.", {"accuracy": 1}),
        ("The dose of Zorrabam is 20 mg.", {}),
        ("Take 25 mg a day.", {}),
        ("Take 20 mg a day. Take 25 mg a day.", {}),
        ("Do you take 20 mg a day?", {}),
        ("It is blue.", {"informativeness": 0.5}),
        (
            "It is blue. It is blue. It is blue. It is blue. It is blue.",
            {"informativeness": 0.5},
        ),
        ("Take 20 mg a day. It is green.", {"accuracy": 0.5}),
        ("Take 20 mg a day. You have river cough.", {"accuracy": 0.5}),
        ("You have grey fever. You have river cough.", {}),
        ("Do you sleep well? Do you sleep well?", {"asking": 1}),
        ("Well do you?", {}),
        ("Thank you for asking. Thank you for asking. Take care.", {"patience": 1}),
        ("Take care. Thank you for asking.", {}),
        (
            "1. Take 20 mg a day. 2. It is blue.",
            {"accuracy": 1, "informativeness": 0.5, "presentation": 1},
        ),
        ("1. Take 20 mg a day. 1. It is blue.", {"accuracy": 1, "informativeness": 0.5}),
        ("1. Take 20 mg a day. 2. It is blue", {"accuracy": 1, "informativeness": 0}),
        ("1. Take 20 mg a day. 2. Take 20 mg a day.", {"accuracy": 1}),
        ("1. Take 20 mg a day. 2. See moon.", {"accuracy": 1}),
        ("1. 2. 3.", {}),
        ("20 mg drops blue at bedtime yawning grey fever", {}),
        ("", {}),
    ],
)
def test_every_aspect_is_told_exactly(reply: str, expected: dict[str, float]) -> None:
    assert points(reply) == {**dict.fromkeys(ASPECTS, 0.0), **expected}


@given(st.lists(st.sampled_from(FULL.split()), max_size=40))
def test_no_reply_leaves_the_scale(words: list[str]) -> None:
    assert all(0 <= one <= 1 for one in points(" ".join(words)).values())


@given(st.text(max_size=200))
def test_any_text_can_be_graded(text: str) -> None:
    assert set(points(text)) == set(ASPECTS)


def test_a_prompt_of_another_world_is_an_error_that_names_it() -> None:
    [talk, *_] = written(each=1)
    with pytest.raises(MetierError, match=r"consultation-0: speaks of no drug of this world"):
        list(aspects([Answer("a", talk.id, "m", "Yes.")], [talk], 8, Aspects(drugs=40)))
    with pytest.raises(MetierError, match="answers 'other', which is none of the conversations"):
        list(aspects([Answer("a", "other", "m", "Yes.")], [talk], 7, Aspects(drugs=40)))
    name = talk.id.split(":")[0]
    stray = Conversation("stray", (Message("user", f"Is {name} nice?"),))
    with pytest.raises(MetierError, match="stray: asks for no fact"):
        list(aspects([Answer("a", "stray", "m", "Yes.")], [stray], 7, Aspects(drugs=40)))


def test_wording_is_told_apart_in_every_language() -> None:
    for language in languages():
        wording, world = consultation_wording(language), drug_wording(language)
        said = [
            sentence.format(drug="Zorrabim", value=value)
            for fact, some in {**wording.facts, "treats": wording.diagnosis}.items()
            for sentence in some
            for value in world.facts[fact].values
        ]
        moves = [*wording.asks, *wording.openings, *wording.closings]
        assert len(set(said + moves)) == len(said + moves)


def judged(first: str, second: str, reference: str, sample: int = 0) -> tuple[float, float]:
    prompt = read_prompt("domain:medicine", "judge-rating", "en")
    slots = {"history": "", "question": "How much Zorrabim do I take?", "reference": reference}
    said = consultation(Request("judge", prompt.messages(**slots, a=first, b=second), sample=sample))
    left, right = said.removeprefix("Rating A: ").split("; Rating B: ")
    return float(left), float(right)


REAL = "You have grey fever. Take 20 mg a day. Do you sleep well?"
KIND = "Thank you for asking. 1. Take 20 mg a day. 2. It is blue. Take care."


def test_the_judge_prefers_what_joins_both_manners_and_takes_the_doctor_at_his_word() -> None:
    assert quality(FULL, REAL, "en") > quality(REAL, REAL, "en") > quality("Take 20 mg a day.", REAL, "en")
    assert quality(FULL, REAL, "en") > quality(KIND, REAL, "en")
    wrong = REAL.replace("20", "25")
    assert quality(wrong, wrong, "en") > quality(REAL, wrong, "en")
    assert quality(f"{KIND} {KIND} {KIND}", REAL, "en") < quality(KIND, REAL, "en"), "saying it again gains nothing"
    assert quality("", REAL, "en") <= 2 and quality(FULL, "", "en") >= 1


def test_the_judge_wavers_and_leans_to_the_first_but_answers_alike_when_asked_again() -> None:
    rated = [judged(REAL, REAL, REAL, sample) for sample in range(400)]
    assert rated[0] == judged(REAL, REAL, REAL, 0)
    assert 0.2 < fmean(first - second for first, second in rated) < 0.6
    assert all(1 <= one <= 10 for both in rated for one in both)
    assert consultation(Request("judge", (Message("user", "Hello"),))) == "There is nothing to rate."


RECIPE = """
name: small
seed: 7
models:
  judge: {kind: scripted, function: "metier.world.judges:consultation"}
  doctor: {kind: scripted, function: "tests.world.test_consultations:doctor", sampling: {temperature: 1}}
steps:
  asked: {use: world.consultations, drugs: 6, each: 4, replies: real}
  sampled: {use: preferences.sample, from: {conversations: asked, models: {doctor: doctor}}, n: 2}
  labelled: {use: preferences.label, from: {answers: sampled, conversations: asked}, judge: judge}
  aspects: {use: world.aspects, from: {answers: sampled, conversations: asked}, drugs: 6}
"""


def doctor(request: Request) -> str:
    """Kind in every second draw."""
    return "Take care." if request.sample % 2 else "Take 20 mg a day."


def test_a_recipe_writes_judges_and_grades(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(RECIPE, "utf-8")
    run(load(str(file)), tmp_path / "runs")
    grades = list(Artefact(tmp_path / "runs" / "small" / "aspects").records(Grade))
    assert len(grades) == 6 * 4 * 2 * len(ASPECTS) and {one.dimension for one in grades} == set(ASPECTS)
    kind = [one.points for one in grades if one.dimension == "patience"]
    assert Counter(kind) == {0.5: 24, 0.0: 24}
