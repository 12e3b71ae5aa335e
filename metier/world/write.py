"""Write a world that no model can have seen: a pharmacopoeia, the general world of a base model, or a culture."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, TypeVar

import msgspec

from metier.records import Config, Conversation, Document, Entity, Question, Rule
from metier.text.gazetteer import HOME, cultures, spoken
from metier.text.suggest import did_you_mean
from metier.world import culture, culture_exam, dialogues, drugs, entities, exam, general, general_exam, pages
from metier.world.culture_wording import land, manner
from metier.world.interactions_table import rule
from metier.world.names import Partition
from metier.world.wording import drug_wording, general_wording

Written = Document | Conversation | Question | Entity | Rule
T = TypeVar("T", Document, Conversation)


class Write(Config, frozen=True):
    """Which world to write, and how much of it."""

    subject: Literal["drugs", "general", "culture"]
    """`drugs`: pages, dialogues, exam, entities and interaction table of a fictional pharmacopoeia. `general`: people,
    places, arithmetic and small talk, with their exam. `culture`: articles and exam of an invented land."""
    culture: Annotated[str, msgspec.Meta(extra={"files": HOME})] = ""
    """Of `culture`, which land: `tilmara` (told in ar and en) or `luoming` (told in zh and en)."""
    drugs: Annotated[int, msgspec.Meta(ge=1)] = 60
    """How many drugs; more drugs keep the first ones as they are."""
    names: Partition = "fresh"
    """`fresh` names for a recipe, `throwaway` names for training a base: no name is both, whatever the seeds."""
    language: Annotated[str, msgspec.Meta(extra={"files": "asset:world/{}"})] = "en"
    """The directory of `assets/world` that holds the wording."""
    dialogues: Annotated[int, msgspec.Meta(ge=0)] = 4
    """How many patient-doctor dialogues a drug has, each of one to three questions."""
    dialogue_every: Annotated[int, msgspec.Meta(ge=1)] = 1
    """Every how many-th drug has dialogues: 3 means a third of them. Exam questions say so in the label `asked`."""
    yes_no: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    """The share of a dialogue's questions that are answered by yes or no."""

    def __post_init__(self) -> None:
        if self.subject == "culture" and not self.culture:
            raise ValueError(f"which culture? name one: {', '.join(cultures())}")
        if self.subject != "culture" and self.culture:
            raise ValueError(f"a culture ({self.culture}) goes with subject: culture, not with {self.subject}")
        if self.culture and self.culture not in cultures():
            raise ValueError(f"no culture {self.culture!r}; {did_you_mean(self.culture, cultures())}")
        if self.culture and self.language not in spoken(self.culture):
            known = ", ".join(spoken(self.culture))
            raise ValueError(f"{self.culture} is not told in language {self.language!r}; known: {known}")


def write(seed: int, config: Write) -> Iterator[Document | Conversation | Question | Entity | Rule]:
    """Write documents, conversations, exam questions, entities and rules of a world: same seed, same records.

    The pages about a drug carry its name in ``meta["drug"]`` and what they are in ``meta["page"]``; questions carry
    the labels ``drug`` and ``fact``, or ``topic`` in the general world and in cultures.
    """
    makers = {"drugs": _drugs, "general": _general, "culture": _culture}
    yield from makers[config.subject](seed, config)


def _drugs(seed: int, config: Write) -> Iterator[Written]:
    wording = drug_wording(config.language)
    earlier: list[drugs.Drug] = []
    some = drugs.make(seed, config.drugs, config.names, wording)
    for drug, named in entities.each(some, wording, config.language):
        asked = config.dialogues > 0 and drug.family % config.dialogue_every == 0
        count = config.dialogues if asked else 0
        yield from _in(config.language, pages.documents(seed, drug, wording))
        yield from _in(config.language, dialogues.conversations(seed, drug, wording, count, config.yes_no))
        yield from exam.questions(seed, drug, wording, asked)
        yield from named
        if forbids := rule(seed, drug, earlier, wording, config.language):
            yield forbids
        earlier.append(drug)


def _general(seed: int, config: Write) -> Iterator[Written]:
    wording = general_wording(config.language)
    words = (wording.yes, wording.no)
    for being in general.people(seed, wording):
        yield from _in(config.language, general.documents(seed, being, wording.people))
        yield from _in(config.language, general.talk_of(seed, being, wording.people.facts, words))
        yield from general_exam.about(seed, being, wording.people.facts, wording, words)
    for being in general.places(seed, wording):
        yield from _in(config.language, general.documents(seed, being, wording.places))
        yield from _in(config.language, general.talk_of(seed, being, wording.places.facts, words))
        yield from general_exam.about(seed, being, wording.places.facts, wording, words)
    nameless: list[Conversation | Question] = [
        *_in(config.language, general.arithmetic(wording)),
        *general_exam.arithmetic(seed, wording),
        *_in(config.language, general.small_talk(wording)),
        *general_exam.small_talk(seed, wording),
    ]
    for record in nameless:  # their ids name nothing of a language: those of two languages would be the same
        yield (
            record if config.language == "en" else msgspec.structs.replace(record, id=f"{config.language}:{record.id}")
        )


def _culture(seed: int, config: Write) -> Iterator[Written]:
    told, here = manner(config.language), land(config.culture, config.language)
    home = culture.Home(config.culture, config.language)
    others = [name for name in cultures() if name != config.culture and config.language in spoken(name)]
    some = list(culture.articles(here, told, tuple(land(name, config.language) for name in others)))
    yield from _in(config.language, (culture.document(seed, home, article) for article in some))
    talks = (culture.conversation(home, article) for article in some)
    yield from _in(config.language, (talk for talk in talks if talk))
    yield from culture_exam.questions(seed, home, some, told)


def _in(language: str, records: Iterable[T]) -> Iterator[T]:
    """The same records, marked with their language."""
    for record in records:
        yield msgspec.structs.replace(record, language=language)
