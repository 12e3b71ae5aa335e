"""Conversations from documents without any model: question columns, headings, sentences of a known form."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import xxhash

from metier.artefact import asset
from metier.records import Config, Conversation, Document, Dropped, File, Message, MetierError
from metier.text.normalise import squeeze
from metier.text.patterns import Pattern, compile_pattern, fill, matches, slots, unknown_slot
from metier.text.suggest import did_you_mean

_HEADING = re.compile(
    r"#{1,6}\s+(?P<marked>.+?)\s*#*|\*\*(?P<bold>[^*]{2,80})\*\*:?|(?P<short>[^\s.:!?][^.:!?：]{1,60})[:：]"
)


class Extract(Config, frozen=True):
    """Where questions and answers are found; several ways may be named at once."""

    question: str = ""
    """Column that holds a question."""
    answer: str = "text"
    """Column that holds its answer; text is the document's text."""
    headings: bool = False
    """Make a question of every heading (## X, **X**, a short line that ends in a colon), answered by what follows."""
    heading_question: str = "{heading}?"
    """How a heading becomes a question; columns may stand in it, as in What is the {heading} of {drug}?"""
    heading_pattern: str = ""
    """Regular expression of a heading line, its first group the heading; by default the three forms above."""
    patterns: File = ""
    """CSV with the columns sentence, question, answer: a sentence with {slots}, and templates that use them."""
    per_sentence: Annotated[int, msgspec.Meta(ge=0)] = 0
    """How many of the question templates a matched sentence gets, drawn by a hash; 0 is all."""
    system: str = ""
    """System message of every conversation."""

    def __post_init__(self) -> None:
        if not self.question and not self.headings and not self.patterns:
            raise ValueError("nothing says where questions are; name question, headings or patterns")
        _heading_regex(self.heading_pattern)


class Fact(NamedTuple):
    """A sentence pattern with the (question, answer) templates it feeds; an empty answer is the sentence itself."""

    pattern: Pattern
    templates: tuple[tuple[str, str], ...]


def extract(docs: Iterable[Document], config: Extract) -> Iterator[Conversation | Dropped]:
    """One document gives as many conversations as it holds, ids ID?0, ID?1, ...; one that holds none is dropped."""
    facts = {fact.pattern: fact for fact in read_patterns(asset(config.patterns))} if config.patterns else {}
    heading = _heading_regex(config.heading_pattern)
    system = (Message("system", config.system),) if config.system else ()
    missing = {name for name in (config.question, config.answer if config.question else "") if name not in ("", "text")}
    columns: set[str] = set()
    for doc in docs:
        columns.update(doc.meta)
        missing.difference_update(doc.meta)
        pairs = list(_columns(doc, config))
        if config.headings:
            pairs.extend(_headings(doc, heading, config.heading_question))
        if facts:
            pairs.extend(_facts(doc, facts, config.per_sentence))
        count = -1
        for count, (question, answer) in enumerate(dict.fromkeys(pairs)):
            messages = (*system, Message("user", question), Message("assistant", answer))
            yield Conversation(f"{doc.id}?{count}", messages, doc.source, doc.language, doc.id)
        if count < 0:
            yield Dropped(doc.id, "nothing to extract")
    if columns and (name := next(iter(sorted(missing)), "")):
        raise MetierError(f"no document has a column {name!r}; {did_you_mean(name, columns)}")


def _columns(doc: Document, config: Extract) -> Iterator[tuple[str, str]]:
    if config.question:
        question = _value(doc, config.question)
        answer = _value(doc, config.answer)
        if question and answer:
            yield question, answer


def _value(doc: Document, column: str) -> str:
    return (doc.text if column == "text" else doc.meta.get(column, "")).strip()


def _heading_regex(pattern: str) -> re.Pattern[str]:
    """The pattern of a heading line; ValueError where it cannot be one."""
    if not pattern:
        return _HEADING
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"heading_pattern: {pattern!r} is not a regular expression ({error})") from None
    if not regex.groups:
        raise ValueError(f"heading_pattern: {pattern!r} has no group; put the heading in parentheses")
    return regex


def _headings(doc: Document, regex: re.Pattern[str], template: str) -> Iterator[tuple[str, str]]:
    """Each heading as a question, with the lines up to the next heading as its answer."""
    heading, body = "", list[str]()
    for line in (*doc.text.split("\n"), None):
        found = regex.fullmatch(line.strip()) if line is not None else None
        if line is not None and not found:
            body.append(line)
            continue
        if heading and (answer := "\n".join(body).strip()):
            values = doc.meta | {"heading": heading}
            try:
                yield fill(template, values), answer
            except KeyError as error:
                name = error.args[0]
                hint = did_you_mean(name, values)
                raise MetierError(f"heading_question: document {doc.id} has no column {name!r}; {hint}") from None
        heading = squeeze(next((group for group in found.groups() if group), "")) if found else ""
        body = []


def _facts(doc: Document, facts: dict[Pattern, Fact], per_sentence: int) -> Iterator[tuple[str, str]]:
    """Each sentence of a known form, asked by its question templates."""
    for number, (sentence, pattern, values) in enumerate(matches(doc.text, list(facts))):
        templates = facts[pattern].templates
        if 0 < per_sentence < len(templates):
            draws = [xxhash.xxh64_intdigest(f"{doc.id}:{number}:{i}".encode()) for i in range(len(templates))]
            chosen = sorted(range(len(templates)), key=draws.__getitem__)[:per_sentence]
            templates = tuple(templates[i] for i in sorted(chosen))
        for question, answer in templates:
            yield fill(question, values), fill(answer, values) if answer else sentence


def read_patterns(path: Path) -> list[Fact]:
    """The patterns of a CSV file, those of one sentence together; a row that cannot work is an error at its line."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for column in ("sentence", "question", "answer"):
                if column not in (reader.fieldnames or ()):
                    hint = did_you_mean(column, reader.fieldnames or ())
                    raise MetierError(f"{path}:1: no column {column!r}; {hint}")
            for row in reader:
                _check(row, f"{path}:{reader.line_num}")
                grouped.setdefault(squeeze(row["sentence"]), []).append(
                    (squeeze(row["question"]), squeeze(row["answer"]))
                )
    except OSError as error:
        raise MetierError(f"{path}: cannot be read ({error.strerror}); name a CSV file of patterns") from None
    except UnicodeDecodeError as error:
        raise MetierError(f"{path}: byte {error.start} is not valid UTF-8; save the file as UTF-8") from None
    except csv.Error as error:
        raise MetierError(f"{path}: malformed CSV ({error}); mend the quotes") from None
    if not grouped:
        raise MetierError(f"{path}: holds no pattern; add a row with sentence, question, answer")
    return [Fact(compile_pattern(sentence), tuple(dict.fromkeys(rows))) for sentence, rows in grouped.items()]


def _check(row: dict[str, str], place: str) -> None:
    if None in row or None in row.values():
        raise MetierError(f"{place}: not as many cells as columns; put cells with commas in quotes")
    if not row["sentence"].strip() or not row["question"].strip():
        raise MetierError(f"{place}: an empty sentence or question; fill both")
    if not slots(row["sentence"]):
        raise MetierError(f"{place}: the sentence has no slot; put what varies in braces, as in {{drug}}")
    if name := unknown_slot((row["question"], row["answer"]), row["sentence"]):
        hint = did_you_mean(name, slots(row["sentence"]))
        raise MetierError(f"{place}: slot {{{name}}} is not in the sentence; {hint}")
    if not re.sub(r"\{\w+\}|\W", "", row["sentence"]):
        raise MetierError(f"{place}: the sentence is nothing but slots; write the words around them")
