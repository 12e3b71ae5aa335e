"""Leave out conversations whose answers their passage does not bear out: by rules, and across languages by a judge."""

import collections
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from metier.artefact import Artefact, asset
from metier.batch import decode
from metier.instruct.listed import read_lines
from metier.llm.llm import LLM, Failed
from metier.llm.prompts import Prompt, Prompts, read_prompt
from metier.records import Config, Conversation, Document, Dropped, File, Message, MetierError
from metier.text.detect import base
from metier.text.grounding import Finding, check, check_across

Rule = Literal["number", "unit", "drug", "negation", "invented", "omitted"]
HELD = 8
"""Groups of rows of the pages that are held in memory; conversations come in about the order of their pages."""
_DERIVED = re.compile(r"[?~#][^?~#/]*$")
_VERDICT = re.compile(r"\W*(?P<verdict>supported|unsupported)\W*(?P<why>.*)", re.I | re.S)


class Ground(Config, frozen=True):
    """Which rules hold, and how a model is asked where the answer is in another language than its passage."""

    rules: tuple[Rule, ...] = ("number", "unit", "drug", "negation", "invented", "omitted")
    """Findings that drop a conversation."""
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of its passage that an answer must carry unless its question asks for one thing only; 0 asks only that no
    answer breaks off."""
    names: File = ""
    """Names of drugs, persons, ... that must not be confused, one a line; `aspirin | 阿司匹林` are two names of one."""
    judged: Literal["across", "every"] = "across"
    """Which conversations the judge is asked about: those in another language than their passage, or every one."""
    prompts: Prompts = "domain:medicine"
    """Where the prompt `ground-judge` is, for the judge."""


class Pages:
    """The documents of an earlier step by id; only an index of them and a few groups of rows are held."""

    def __init__(self, home: Path) -> None:
        import pyarrow.parquet as pq

        self.parts = Artefact(home).parts(Document)
        if not self.parts:
            raise MetierError(f"{home}: holds no documents; name the step whose passages the answers were made from")
        self.places: dict[str, tuple[int, int]] = {}
        self.held: collections.OrderedDict[tuple[int, int], dict[str, Document]] = collections.OrderedDict()
        for number, part in enumerate(self.parts):
            with pq.ParquetFile(part) as file:
                for group in range(file.num_row_groups):
                    ids = file.read_row_group(group, columns=["id"]).column("id").to_pylist()
                    self.places.update(dict.fromkeys(ids, (number, group)))

    def find(self, name: str) -> Document | None:
        """The document that a conversation was made from: what its id or parent names, what it was derived from."""
        while name:
            if name in self.places:
                return self._group(self.places[name])[name]
            shorter = _DERIVED.sub("", name)
            if shorter == name:
                return None
            name = shorter
        return None

    def _group(self, place: tuple[int, int]) -> dict[str, Document]:
        import pyarrow.parquet as pq

        if place not in self.held:
            with pq.ParquetFile(self.parts[place[0]]) as file:
                batches = file.read_row_group(place[1]).to_batches()
            self.held[place] = {doc.id: doc for batch in batches for doc in decode(Document, batch)}
            if len(self.held) > HELD:
                self.held.popitem(last=False)
        self.held.move_to_end(place)
        return self.held[place]


class Pair(NamedTuple):
    """A question and its answer."""

    question: str
    answer: str


def ground(
    conversations: Iterable[Conversation], pages: Path, config: Ground, judge: LLM | None = None
) -> Iterator[Conversation | Dropped]:
    """Check each conversation against the passage it was made from, which is among the documents of ``pages``.

    Every answer is checked with the question before it: its numbers, units, names and negations, and whether the
    passage says what it says. Where the languages differ, rules check numbers, units and names; a judge, if there is
    one, is asked about the rest.
    """
    known, names, prompts = Pages(pages), frozenset(read_lines(config.names)), dict[str, Prompt]()

    def checked(conversation: Conversation) -> tuple[Dropped | None, Document | None]:
        doc = known.find(conversation.parent) or known.find(conversation.id)
        if doc is None:
            return Dropped(conversation.id, "no passage", conversation.parent), None
        for pair in pairs(conversation.messages):
            for one in findings(pair, conversation, doc, config, names):
                if one.rule in config.rules:
                    return Dropped(conversation.id, f"not grounded: {one.rule}", _detail(one)), doc
        return None, doc

    if judge is None:
        for conversation in conversations:
            yield checked(conversation)[0] or conversation
        return
    asker = judge

    async def decide(conversation: Conversation) -> Conversation | Dropped:
        dropped, doc = checked(conversation)
        if dropped or doc is None or not (config.judged == "every" or across(conversation, doc)):
            return dropped or conversation
        language = base(doc.language or conversation.language)
        if not (asset(config.prompts) / "prompts" / f"ground-judge.{language}.md").is_file():
            return Dropped(conversation.id, "no prompts in its language", language or "no language is known")
        if language not in prompts:
            prompts[language] = read_prompt(config.prompts, "ground-judge", language)
        prompt = prompts[language]
        for pair in pairs(conversation.messages):
            reply = await asker.ask(prompt.messages(passage=doc.text, question=pair.question, answer=pair.answer))
            if refused := verdict(reply.text):
                return Dropped(conversation.id, *refused)
        return conversation

    for conversation, made in asker.map(conversations, decide):
        yield Dropped(conversation.id, made.why, made.detail) if isinstance(made, Failed) else made


def pairs(messages: Sequence[Message]) -> Iterator[Pair]:
    """Every reply with the message before it."""
    question = ""
    for message in messages:
        if message.role == "user":
            question = message.content
        elif message.role == "assistant" and message.content.strip():
            yield Pair(question, message.content)


def findings(
    pair: Pair, conversation: Conversation, doc: Document, config: Ground, names: frozenset[str]
) -> tuple[Finding, ...]:
    """What the rules find in an answer."""
    if across(conversation, doc):
        return check_across(pair.answer, doc.text, pair.question, names)
    return check(pair.answer, doc.text, pair.question, names, config.share)


def across(conversation: Conversation, doc: Document) -> bool:
    """Whether a conversation is in another language than its passage; unknown languages are taken for the same."""
    return bool(conversation.language and doc.language) and base(conversation.language) != base(doc.language)


def verdict(reply: str) -> tuple[str, str] | None:
    """(reason, detail) of the drop that a judge's reply asks for, None where it bears the answer out.

    The reply must begin with SUPPORTED or UNSUPPORTED; one that does not is no verdict, and the answer is not kept.
    """
    found = _VERDICT.match(reply.strip())
    if not found:
        return "no verdict of the judge", reply.strip()[:200]
    if found["verdict"].lower() == "supported":
        return None
    return "not grounded: judge", found["why"].strip()[:200]


def _detail(finding: Finding) -> str:
    return f"{finding.span} ({finding.detail})" if finding.detail else finding.span
