"""How many planted errors of doctors `instruct.doubt` finds in the world's dialogues, and how many it cries wolf over.

A tenth of the doctors' answers are made wrong: another value of the same fact, or yes for no. The leaflets come as the
world writes them, so that what the finder knows of values it has read there. A conversation counts as found where it
is dropped. Run ``python -m benchmarks.instruct_doubt``.
"""

import csv
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.bars import Bar, conclude
from metier.artefact import write_records
from metier.instruct.doubt import Doubt, doubt
from metier.proportion import wilson
from metier.records import Conversation, Document, Dropped, Message, Record
from metier.world.wording import DrugWording, drug_wording
from metier.world.write import Write, write

LANGUAGES = ("en", "zh", "ar")
SHARE = 0.1
SAID = {
    "en": (
        "It is {value}, as far as I know.",
        "You will find that it is {value}.",
        "In your case {value}, I should say.",
    ),
    "zh": ("据我所知是{value}。", "您这种情况应该是{value}，请放心。", "一般来说就是{value}。"),
    "ar": ("على حد علمي هو {value}.", "ستجد أنه {value}.", "أظن أن الجواب هو {value}، والسلامة لك."),
}
YES = {
    "en": ("Yes, that is so.", "That is right.", "Yes, you need not worry."),
    "zh": ("对的，没错。", "是的，您放心。", "没错，是这样。"),
    "ar": ("نعم، هذا صحيح.", "أجل.", "نعم، لا تقلق."),
}
NO = {
    "en": ("No, that is not so.", "No. Please ask the chemist again.", "Not at all."),
    "zh": ("不是这样的。", "不，请再问问药师。", "没有这回事。"),
    "ar": ("لا، ليس كذلك.", "لا. اسأل الصيدلي.", "كلا، هذا خطأ."),
}
"""How doctors who say more than a word put the same answers."""


class Planted(NamedTuple):
    """A world's dialogues with errors in them, and the ids of those that hold one."""

    conversations: list[Conversation]
    wrong: set[str]


class Found(NamedTuple):
    """How many conversations were planted, dropped, and both."""

    planted: int
    dropped: int
    both: int


def plant(conversations: Sequence[Conversation], wording: DrugWording, seed: int, share: float = SHARE) -> Planted:
    """Make a share of the doctors' answers wrong, each for itself."""
    facts = {value: fact.values for fact in wording.facts.values() for value in fact.values}
    turned = {wording.dialogues.yes: wording.dialogues.no, wording.dialogues.no: wording.dialogues.yes}
    made: list[Conversation] = []
    wrong: set[str] = set()
    for conversation in conversations:
        rng = random.Random(f"{seed}:{conversation.id}")
        messages = list(conversation.messages)
        for turn, message in enumerate(messages):
            if message.role != "assistant" or rng.random() >= share:
                continue
            said = message.content
            other = turned.get(said) or rng.choice([value for value in facts[said] if value != said])
            messages[turn] = Message("assistant", other)
            wrong.add(conversation.id)
        made.append(msgspec.structs.replace(conversation, messages=tuple(messages)))
    return Planted(made, wrong)


def worded(conversations: Sequence[Conversation], wording: DrugWording, language: str) -> list[Conversation]:
    """The same answers in whole sentences."""
    says = {wording.dialogues.yes: YES[language], wording.dialogues.no: NO[language]}
    made = []
    for conversation in conversations:
        rng = random.Random(conversation.id)
        messages = []
        for message in conversation.messages:
            said = message.content
            if message.role == "assistant":
                said = rng.choice(says.get(said, SAID[language])).format(value=said)
            messages.append(Message(message.role, said))
        made.append(msgspec.structs.replace(conversation, messages=tuple(messages)))
    return made


def measure(place: Path, language: str, size: tuple[int, int], leaflets: bool = True, words: bool = False) -> Found:
    """Plant errors in a world of ``size`` (drugs, dialogues each) and count what is found.

    With its leaflets or from the replies alone; the doctors answer in a word, or in ``words``.
    """
    drugs, dialogues = size
    place.mkdir(parents=True)
    world = list(write(7, Write(subject="drugs", drugs=drugs, dialogues=dialogues, language=language)))
    wording = drug_wording(language)
    planted = plant([record for record in world if isinstance(record, Conversation)], wording, 7)
    given = worded(planted.conversations, wording, language) if words else planted.conversations
    config = Doubt(patterns=f"asset:world/{language}/patterns.csv")
    if not leaflets:
        config = Doubt(patterns=str(_questions(place / "questions.csv", wording)))
        out = list(doubt(given, config, place))
    else:
        documents: list[Record] = [record for record in world if isinstance(record, Document)]
        write_records(place / "leaflets", documents)
        out = list(doubt(given, config, place, place / "leaflets"))
    dropped = {record.id for record in out if isinstance(record, Dropped)}
    return Found(len(planted.wrong), len(dropped), len(dropped & planted.wrong))


def _questions(path: Path, wording: DrugWording) -> Path:
    """The ways in which the world's patients ask, as a file of patterns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("fact", "question"))
        for name, fact in wording.facts.items():
            writer.writerows((name, question) for question in (*fact.dialogue, *fact.dialogue_yes_no))
    return path


def bars() -> list[Bar]:
    """Recall and precision by language with leaflets, in words and in sentences; from replies alone in English."""
    made: list[Bar] = []
    with tempfile.TemporaryDirectory() as place:
        for language in LANGUAGES:
            made += _bars(f"{language}, leaflets", measure(Path(place) / language, language, (150, 4)), 0.9, 0.8)
            spoken = measure(Path(place) / f"{language}-words", language, (150, 4), words=True)
            made += _bars(f"{language}, leaflets, whole sentences", spoken, 0.9, 0.8)
        alone = measure(Path(place) / "alone", "en", (40, 40), leaflets=False)
        made += _bars("en, replies alone", alone, 0.8, 0.8)
    return made


def _bars(name: str, found: Found, recall: float, precision: float) -> list[Bar]:
    shares = []
    for what, count, least in (("recall", found.planted, recall), ("precision", found.dropped, precision)):
        share = found.both / max(count, 1)
        low, high = wilson(share, max(count, 1))
        print(f"{name}: {what} {found.both}/{count} = {share:.3f} (95% {low:.3f} to {high:.3f})")
        shares.append(Bar(f"doubt {what} ({name})", share, "share", f">= {least}"))
    return shares


if __name__ == "__main__":
    sys.exit(conclude("instruct_doubt", bars()))
