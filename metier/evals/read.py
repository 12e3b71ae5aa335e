"""Questions from files, or from documents that have a question and an answer."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from metier.evals.columns import check, first, rows, text
from metier.files import find
from metier.records import Config, Document, Dropped, Files, MetierError, Question, QuestionKind

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Read(Config, frozen=True):
    """Where the questions are, and what their columns are called."""

    paths: Files = ()
    """Question files: one JSON object a line (.gz and .zst too) or one .json array; globs allowed. Empty: documents."""
    question: str = ""
    """Column of the question; of documents it must be named. Empty: `stem`, or `question`."""
    answer: str = ""
    """Column of the right open answer; `text` is a document's text. Empty: `reference`."""
    options: str = "options"
    """Column of the options: a table {"A": text, ...} or a list of texts, which are then called A, B, C, ..."""
    key: str = ""
    """Column of the right labels: "B", "AC", ["A", "C"], the text of an option, or its place in a list from 0.
    Empty: `key`, or `answer_idx`."""
    id: str = ""
    """Column of the id. Empty: `id`; a row without one is called after its file and line."""
    labels: tuple[str, ...] = ()
    """Columns that become labels, which tables group by."""
    strict: bool = False
    """Stop at the first malformed row instead of dropping it."""


def read(config: Read, docs: Iterable[Document] = ()) -> Iterator[Question | Dropped]:
    """Read questions from files, and open questions from documents (parent = the document's id).

    A row that is no question is dropped under "file:line" (or under the document's id) with its reason. MetierError
    where a named column is in no row, or a file is missing, empty, damaged or neither UTF-8 nor GB18030.
    """
    seen: set[str] = set()
    fed = False
    for place, found in _documents(docs, config):
        fed = True
        yield _new(place, found, seen, config)
    for place, found in _files(config):
        fed = True
        yield _new(place, found, seen, config)
    if not fed:
        raise MetierError("evals.read has nothing to read; name `paths:`, or feed it documents with `from:`")


def _new(place: str, found: Question | str, seen: set[str], config: Read) -> Question | Dropped:
    """A question under an id not seen before, or why there is none."""
    if isinstance(found, Question):
        if found.id not in seen:
            seen.add(found.id)
            return found
        found = "repeated id"
    if config.strict:
        raise MetierError(f"{place}: {found}; mend the row, or remove `strict: true` to drop such rows")
    return Dropped(place, found)


def _documents(docs: Iterable[Document], config: Read) -> Iterator[tuple[str, Question | str]]:
    some = list(docs)
    if not some:
        return
    if not config.question or not config.answer:
        missing = "question" if not config.question else "answer"
        known = ", ".join(sorted({name for doc in some for name in doc.meta} | {"text"}))
        raise MetierError(f"evals.read needs `{missing}:`, the column of the documents that holds it; known: {known}")
    known_columns = {name for doc in some for name in _columns(doc)}
    check((config.question, config.answer, *config.labels), known_columns, f"the document {some[0].id!r}")
    for doc in some:
        row = _columns(doc)
        stem, reference = text(row, config.question), text(row, config.answer)
        if not stem or not reference:
            yield doc.id, "no question" if not stem else "no answer"
            continue
        labels = {name: text(row, name) for name in config.labels if text(row, name)}
        yield doc.id, Question(f"{doc.id}/question", stem, doc.id, reference=reference, kind="open", labels=labels)


def _columns(doc: Document) -> dict[str, str]:
    """What a recipe may name of a document: its own fields, and before them the columns in its meta."""
    return {"text": doc.text, "source": doc.source, "kind": doc.kind, "language": doc.language, **doc.meta}


def _files(config: Read) -> Iterator[tuple[str, Question | str]]:
    paths = find(config.paths)
    names = [path.name for path in paths]
    for path in paths:
        name = path.name if names.count(path.name) == 1 else str(path)
        table = list(rows(path))
        good = [row for _, row in table if not isinstance(row, Dropped)]
        known = {column for row in good for column in row} | {name for row in good for name in _labels(row, ())}
        if good:
            options = "" if config.options == "options" else config.options
            check((config.question, config.answer, options, config.key, config.id, *config.labels), known, str(path))
        for place, row in table:
            own = f"{name}:{place.rpartition(':')[2]}"
            yield place, row.why if isinstance(row, Dropped) else _question(own, row, config)


def _labels(row: Mapping[str, Any], named: Iterable[str]) -> dict[str, str]:
    """The labels of a row: its own table of them, and the columns named."""
    own = row.get("labels")
    labels = {str(name): str(value) for name, value in own.items()} if isinstance(own, dict) else {}
    return labels | {name: text(row, name) for name in named if text(row, name)}


def _question(own: str, row: Mapping[str, Any], config: Read) -> Question | str:
    """One row as a question, called ``own`` where it has no id, or why it is none."""
    stem = text(row, config.question or first(row, "stem", "question"))
    if not stem:
        return "no question"
    options = _options(row.get(config.options))
    if options is None:
        return "malformed options"
    reference = text(row, config.answer or "reference")
    key: frozenset[str] = frozenset()
    if options:
        key = _key(row.get(config.key or first(row, "key", "answer_idx")), options, row.get(config.options))
        if not key:
            return "no key"
        if not key <= options.keys():
            return "key names no option"
    elif not reference:
        return "no answer"
    kind = text(row, "kind") or _kind(options, key)
    if kind not in get_args(QuestionKind):
        return "unknown kind"
    return Question(
        text(row, config.id or "id") or own,
        stem,
        text(row, "parent"),
        text(row, "passage"),
        options,
        key,
        reference,
        kind,  # type: ignore[arg-type]
        _labels(row, config.labels),
    )


def _options(value: Any) -> dict[str, str] | None:
    """Options by label; empty where a row has none, None where they are malformed."""
    if not value:
        return {}
    if isinstance(value, list) and len(value) <= len(LETTERS):
        value = dict(zip(LETTERS, value, strict=False))
    if (
        not isinstance(value, dict)
        or len(value) < 2
        or any(isinstance(v, dict | list) or v is None for v in value.values())
    ):
        return None
    return {str(label): str(option).strip() for label, option in value.items()}


def _key(value: Any, options: Mapping[str, str], given: Any) -> frozenset[str]:
    """The right labels, however they are written: compared as a set, never as a string."""
    if isinstance(value, list):
        return frozenset(str(label).strip() for label in value)
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(given, list):
        return frozenset([LETTERS[value] if 0 <= value < len(given) else str(value)])
    word = "" if value is None else str(value).strip()
    if not word:
        return frozenset()
    if word in options:
        return frozenset([word])
    if named := [label for label, option in options.items() if option == word]:
        return frozenset(named[:1])
    letters = re.split(r"[\s,;、，；]+", word) if re.search(r"[\s,;、，；]", word) else list(word)
    return frozenset(letters) if set(letters) <= options.keys() else frozenset([word])


def _kind(options: Mapping[str, str], key: frozenset[str]) -> str:
    if not options:
        return "open"
    if {option.casefold().rstrip(".") for option in options.values()} == {"yes", "no"}:
        return "yesno"
    return "single" if len(key) == 1 else "multiple"
