"""The scripted teacher, through the stages that ask it."""

from collections import defaultdict
from pathlib import Path

import pytest

from metier.batch import Batch
from metier.corpus.clean import Clean, clean
from metier.instruct.localize import Localize, localize
from metier.instruct.polish import Polish, polish
from metier.instruct.roleplay import RolePlay, roleplay
from metier.instruct.unify import Unify, unify
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.records import Conversation, Document, Dropped
from metier.world.cases import Cases, cases
from metier.world.drugs import make
from metier.world.wording import drug_wording
from metier.world.write import Write, write

DRUGS = 3
LANGUAGES = ["en", "zh", "ar"]
SETTINGS = Unify(questions=14, coverage=1, share=0)


def teacher(how: str = "answer") -> dict[str, Scripted]:
    return {"teacher": Scripted(function=f"metier.world.teacher:{how}")}


def pages(language: str) -> list[Document]:
    """The pages of a few drugs without the markup of the web, duplicates left out."""
    made = [
        one for one in write(7, Write(subject="drugs", drugs=DRUGS, language=language)) if isinstance(one, Document)
    ]
    batch = clean(Batch.of(Document, made), Clean(boilerplate=f"asset:world/{language}/boilerplate.txt"))
    return [one for one in batch.kept().records() if "of" not in one.meta]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_of_a_page_reaches_a_conversation(tmp_path: Path, language: str) -> None:
    docs = pages(language)
    with session(tmp_path / "replies.sqlite", teacher()) as calls:
        made = list(unify(docs, calls.llm("teacher"), SETTINGS))
    told: dict[str, list[str]] = defaultdict(list)
    for one in made:
        if isinstance(one, Conversation):
            told[one.parent].append(one.messages[-1].content)
    facts = {drug.name: drug.facts for drug in make(7, DRUGS, "fresh", drug_wording(language))}
    stated = [
        (doc.id, value)
        for doc in docs
        for value in facts[doc.meta["drug"]].values()
        if value in " ".join(doc.text.split())
    ]
    assert len(stated) > 20 * DRUGS
    missed = [(id, value) for id, value in stated if not any(value in answer for answer in told[id])]
    assert len(missed) <= 0.02 * len(stated), missed


def test_a_teacher_that_errs_is_caught_and_mended(tmp_path: Path) -> None:
    with session(tmp_path / "replies.sqlite", teacher("erring")) as calls:
        writer = calls.llm("teacher")
        made = list(unify(pages("en"), writer, SETTINGS))
        strict = list(unify(pages("en"), writer, Unify(questions=14, coverage=1, share=0, repair=False)))
    lost = [one.why for one in strict if isinstance(one, Dropped)]
    assert len([why for why in lost if why.startswith("not grounded")]) > 3
    assert len(lost) > len([one for one in made if isinstance(one, Dropped)])


@pytest.mark.parametrize("language", LANGUAGES)
def test_consultations_are_played_to_their_end(tmp_path: Path, language: str) -> None:
    cards = list(cases(7, Cases(drugs=DRUGS, language=language)))
    assert [card.meta["drug"] for card in cards] == [d.name for d in make(7, DRUGS, "fresh", drug_wording(language))]
    with session(tmp_path / "replies.sqlite", teacher()) as calls:
        model = calls.llm("teacher")
        made = list(roleplay(cards, model, model, RolePlay(known="known")))
    for card, one in zip(cards, made, strict=True):
        assert isinstance(one, Conversation), one
        assert len(one.messages) == 8 and card.meta["drug"] in one.messages[5].content


@pytest.mark.parametrize("language", LANGUAGES)
def test_replies_are_made_friendly(tmp_path: Path, language: str) -> None:
    world = write(7, Write(subject="drugs", drugs=DRUGS, language=language))
    talks = [one for one in world if isinstance(one, Conversation)]
    with session(tmp_path / "replies.sqlite", teacher()) as calls:
        made = list(polish(talks, calls.llm("teacher"), Polish()))
    assert [type(one) for one in made] == [Conversation] * len(talks)
    for before, after in zip(talks, made, strict=True):
        assert isinstance(after, Conversation) and after.parent == before.id
        assert all(one.content in other.content for one, other in zip(before.messages, after.messages, strict=True))


def test_an_invented_land_is_asked_about_in_its_languages(tmp_path: Path) -> None:
    lands = [("tilmara", "ar"), ("luoming", "zh")]
    docs = [
        one
        for culture, language in lands
        for one in write(7, Write(subject="culture", culture=culture, language=language))
        if isinstance(one, Document) and one.meta["topic"] == "places"
    ]
    with session(tmp_path / "replies.sqlite", teacher()) as calls:
        made = list(localize(calls.llm("teacher"), 7, Localize(questions=1, alike=0.95), docs))
    kept = [one for one in made if isinstance(one, Conversation)]
    assert {one.language for one in kept} == {"ar", "zh"} and len(kept) > 0.8 * len(docs)
    names = {doc.id: doc.meta["name"] for doc in docs}
    assert all(names[one.parent] in message.content for one in kept for message in one.messages)
