"""Distil instructions: a stronger model answers seeds, and new instructions that it grows from them."""

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, NamedTuple

import msgspec

from metier.instruct.asking import Fault, Wording, ask_until, failed, nearest, read_wordings, settled, usable
from metier.instruct.expand import Expansion, Seed, expand
from metier.llm.llm import LLM, Failed, ReplyError
from metier.llm.prompts import Prompts
from metier.llm.request import Reply
from metier.records import Config, Conversation, Document, Dropped, Message, MetierError
from metier.text.culture import language_name
from metier.text.detect import language_of
from metier.text.longest import Seen
from metier.text.normalise import fold
from metier.text.suggest import did_you_mean

Count = Annotated[int, msgspec.Meta(ge=0)]


class Distil(Config, frozen=True):
    """How often seeds are answered, and how many new instructions grow from them."""

    prompts: Prompts = "domain:medicine"
    """Where the prompts are: a domain that ships, or a directory of yours with a directory `prompts`."""
    language: str = ""
    """Language of replies and new instructions; by default that of the seed, told by its text where it has none."""
    input: str = ""
    """Column of documents with the material that an instruction is about; it follows the text."""
    samples: Annotated[int, msgspec.Meta(ge=1)] = 1
    """Replies to each instruction; one that repeats another is dropped. More than one wants a temperature above 0."""
    expand: Count = 0
    """New instructions to grow from the seeds."""
    shown: Annotated[int, msgspec.Meta(ge=1)] = 8
    """Instructions that the model sees when it writes new ones, up to a quarter of them its own."""
    at_once: Annotated[int, msgspec.Meta(ge=1)] = 8
    """New instructions asked for in one call."""
    alike: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.7
    """ROUGE-L with any earlier instruction from which a new one is dropped (.7 in Self-Instruct)."""
    repair: Annotated[int, msgspec.Meta(ge=0, le=3)] = 1
    """How often a reply that breaks a rule is asked for again, naming what was wrong."""


class Work(NamedTuple):
    """What answering takes."""

    writer: LLM
    wordings: Mapping[str, Wording]
    config: Distil


def distil(
    writer: LLM,
    seed: int,
    config: Distil,
    docs: Iterable[Document] = (),
    conversations: Iterable[Conversation] = (),
) -> Iterator[Conversation | Dropped]:
    """Answer each instruction, as ID?0, ID?1, ..., then grow new ones from those answered and answer them too.

    An instruction is a document, or what the user of a conversation says first. New instructions are SEED+N, after
    one of the seeds that the model was shown (Self-Instruct, Wang et al. 2023); one that is too like an earlier one,
    or that needs a picture or a file, is dropped. The draws follow the seed and the ids.
    """
    names = ("distil", "distil-expand") if config.expand else ("distil",)
    work = Work(writer, read_wordings(config.prompts, names, config.repair), config)
    seen, kept, fed = Seen(config.alike), list[Seed](), False
    for one, made in _answered(_seeds(docs, conversations, config), work):
        fed = True
        if isinstance(one, Seed):
            seen.add(one.text)
        yield from made
        if isinstance(one, Seed) and any(isinstance(child, Conversation) for child in made):
            kept.append(one)
    if not fed:
        raise MetierError(
            "no instruction to answer; feed documents or conversations, as instruct.read makes from seeds"
        )
    if not config.expand:
        return
    if not kept:
        raise MetierError(
            "expand: no seed has a reply, so that there is nothing to grow from; look at what was dropped"
        )
    settings = Expansion(config.expand, config.shown, config.at_once, seed)
    for new in expand(kept, seen, work.writer, work.wordings, settings):
        if isinstance(new, Dropped):
            yield new
        else:
            for _, made in _answered(new, work):
                yield from made


def _answered(
    seeds: Iterable[Seed | Dropped], work: Work
) -> Iterator[tuple[Seed | Dropped, list[Conversation | Dropped]]]:
    """Each seed with its conversations and drops, in order."""

    async def answer(one: Seed | Dropped) -> list[Conversation | Dropped]:
        if isinstance(one, Dropped):
            return [one]
        replies = await asyncio.gather(*(_reply(one, work, number) for number in range(work.config.samples)))
        return list(settled(one.id, _children(one, replies)))

    for one, made in work.writer.map(seeds, answer):
        yield one, [Dropped(one.id, made.why, made.detail)] if isinstance(made, Failed) else made


async def _reply(one: Seed, work: Work, sample: int) -> tuple[str, str] | Fault:
    """(text, key of the call) of one reply to an instruction."""
    wording = nearest(work.wordings, one.language)

    def accept(reply: Reply) -> str | Fault:
        return usable(reply, one.language, task=False)

    name = language_name(one.language, wording.language)
    asked = wording.prompts["distil"].messages(instruction=one.text, language=name)
    try:
        return await ask_until(work.writer, asked, accept, wording.again, sample)
    except ReplyError as error:
        return failed(error)


def _children(one: Seed, replies: Iterable[tuple[str, str] | Fault]) -> Iterator[Conversation | Dropped]:
    """The conversations of one instruction; a reply given before is dropped."""
    given: set[str] = set()
    for number, reply in enumerate(replies):
        id = f"{one.id}?{number}"
        if isinstance(reply, Fault):
            yield Dropped(id, reply.why, reply.detail)
        elif fold(reply[0]) in given:
            yield Dropped(id, "same as another sample")
        else:
            given.add(fold(reply[0]))
            messages = (*one.system, Message("user", one.text), Message("assistant", reply[0]))
            yield Conversation(id, messages, one.source, one.language, one.parent or one.id, reply[1])


def _seeds(docs: Iterable[Document], conversations: Iterable[Conversation], config: Distil) -> Iterator[Seed | Dropped]:
    """The instructions of documents and conversations; the column for their material must be there."""
    columns: set[str] = set()
    for doc in docs:
        columns.update(doc.meta)
        material = doc.meta.get(config.input, "").strip()
        text = f"{doc.text.strip()}\n\n{material}" if material else doc.text.strip()
        yield _seed(doc.id, text, doc.source, config.language or doc.language)
    if config.input and columns and config.input not in columns:
        raise MetierError(f"input: no document has a column {config.input!r}; {did_you_mean(config.input, columns)}")
    for one in conversations:
        first = next((message.content.strip() for message in one.messages if message.role == "user"), "")
        system = tuple(itertools.takewhile(lambda message: message.role == "system", one.messages))
        found = _seed(one.id, first, one.source, config.language or one.language)
        yield found._replace(system=system) if isinstance(found, Seed) else found


def _seed(id: str, text: str, source: str, language: str) -> Seed | Dropped:
    if not text:
        return Dropped(id, "no instruction")
    spoken = language or language_of(text)
    return Seed(id, text, source, spoken) if spoken else Dropped(id, "language unknown", text[:80])
