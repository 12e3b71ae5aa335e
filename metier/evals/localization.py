"""How far a model is at home in a culture: statements about it, whom and what it names, the language it keeps to."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from metier.artefact import write_json
from metier.evals.entity_shares import Gazetteers, Naming, by_lists, by_model, by_rules
from metier.evals.intervals import average, proportion
from metier.evals.macro_f1 import UNPARSED, classes, f1, macro_f1, said
from metier.evals.tables import By, cells, check_by, check_same, labels, over
from metier.files import find
from metier.llm.llm import LLM
from metier.llm.prompts import Prompts, read_prompt
from metier.llm.subject import seed_of
from metier.records import Answer, Config, Files, MetierError, Question, Score
from metier.text.culture import language_code
from metier.text.detect import CODE, base, language_of, strays

SHOWN = 20
"""Names that the notes list of either side."""
SURE, ENOUGH = 48, 6
"""Bytes of letters from which the language of a reply is told, and from which its script is."""
_WORD = re.compile(r"[^\W\d_]+")
_UNIT = re.compile(r"(?<=\d) ?(?:mmHg|m?mol|mcg|kcal|bpm|[mkμµ]?g|[mdμµ]?[lL]|[kcmμµ]?m|[kM]?Hz)(?:/[a-zA-Z]+)?\b")
"""Symbols of units, which are written alike in every language."""
ASKED = "question"
"""The setting by which a reply is to be in the language of its question."""


class Localization(Config, frozen=True):
    """Whose names count, which language replies are to keep to, and what the table groups by."""

    by: By = ()
    """Labels to group by, one table each (`topic`); several in brackets are crossed."""
    cluster: str = ""
    """Label whose questions belong together in the intervals; empty: each question for itself."""
    home: Files = ()
    """YAML files of the persons, places and organisations of the culture, as domain:arabic/names.yaml; with none, names
    are not counted."""
    abroad: Files = ()
    """The same of other cultures, as domain:arabic/names-abroad.yaml: what they list is found, and is not at home."""
    unlisted: bool = False
    """Count also what no list holds but a title, a given name or a word like Hospital tells, as not at home. Arabic has
    no capitals, so that these rules find much there that is no name."""
    language: str = ""
    """Language that replies are to be in (`ar`); `question`: that of each question, by its label `language` or by its
    text; empty: not looked at."""
    culture: str = "Arab"
    """What the culture is called in the prompt of a tagger."""
    prompts: Prompts = "domain:arabic"
    """Where the prompt of a tagger is: localization-entities.en.md."""

    def __post_init__(self) -> None:
        if not self.language or self.language == ASKED:
            return
        if not CODE.fullmatch(base(self.language)) or not language_code(self.language):
            raise ValueError(f"language: {self.language!r} is no language code; write ar, zh, en, ... or {ASKED}")


class _Row(NamedTuple):
    """One answer with its question, and what it belongs to."""

    question: Question
    answer: Answer
    cluster: str
    labels: Mapping[str, str]


def localization(
    questions: Iterable[Question],
    answers: Iterable[Answer],
    task: str,
    config: Localization,
    out: Path,
    tagger: LLM | None = None,
) -> Iterator[Score]:
    """Score answers in a culture: statements judged, names of its own, and replies in the language asked.

    Yes-no statements (ACVA, Huang et al. 2024): `macro_f1`, `f1` by {class}, and `answered_as`, the share of answers of
    each class, among them `unparsed`, which is never right; `macro_f1_mean` is the plain mean of the cells of a
    grouping. Names, each once an answer (AceGPT, table 1): `entity_share`, those of the culture over all that the lists
    hold, also by {entity}, and `names_any`, the share of answers that name anything; a ``tagger`` finds and places what
    the lists do not know, and `untagged` is the share of answers that it could not read. Language: `language_fidelity`,
    also by {language}, and `replied_in` where a reply is in another; an empty reply is in none, and a number or a
    letter in every one. ``notes.json`` lists the commonest names. MetierError where none of the three can be scored.
    """
    known = {question.id: question for question in questions}
    check_by((*config.by, *([config.cluster] if config.cluster else [])), known.values())
    models: dict[str, list[_Row]] = {}
    for answer in answers:
        if (question := known.get(answer.question)) is not None:
            own, seed = labels(question), seed_of(answer)
            row = _Row(question, answer, own.get(config.cluster) or question.id, own | ({"seed": seed} if seed else {}))
            models.setdefault(answer.model, []).append(row)
    check_same({model: [row.question.id for row in rows] for model, rows in models.items()}, task)
    statements = {model: [row for row in rows if _statement(row.question)] for model, rows in models.items()}
    if not any(statements.values()) and not config.home and not config.language:
        raise MetierError(
            f"{task}: nothing to score: no yes-no question with a key, no 'home' names, no 'language'; set one of them"
        )
    if config.home and not config.abroad and not config.unlisted and tagger is None:
        raise MetierError(
            f"{task}: with 'home' alone every name found is at home; name lists of other cultures in 'abroad', such as "
            "domain:arabic/names-abroad.yaml, or a tagger"
        )
    notes: dict[str, Any] = {}
    for model, rows in models.items():
        if statements[model]:
            yield from _judged(statements[model], task, model, config)
        if config.home:
            naming = _namings(rows, config, tagger)
            notes[model] = _commonest(one for _, some in naming for one in some or ())
            yield from _named(naming, task, model, config)
        if config.language:
            yield from _spoken(rows, task, model, config)
    write_json(out / "notes.json", {"names": notes} if config.home else {})


def _statement(question: Question) -> bool:
    return question.kind == "yesno" and bool(question.key)


def _groups(rows: Sequence[_Row], by: By) -> Iterator[tuple[dict[str, str], list[_Row]]]:
    yield {}, list(rows)
    for cell, places in cells((*by, "seed"), [row.labels for row in rows]):
        yield cell, [rows[place] for place in places]


def _judged(rows: Sequence[_Row], task: str, model: str, config: Localization) -> Iterator[Score]:
    parts: dict[str, list[Any]] = {}
    for cell, some in _groups(rows, config.by):
        judged, clusters = [said(row.question, row.answer) for row in some], [row.cluster for row in some]
        made = macro_f1(judged, clusters)
        yield made.score(task, model, "macro_f1", cell)
        unread = proportion([one.chosen == UNPARSED for one in judged], clusters)
        yield unread.score(task, model, "answered_as", {**cell, "class": UNPARSED})
        if cell and "seed" not in cell:
            parts.setdefault(over(cell), []).append(made)
        for name in () if cell else classes(judged):
            yield f1(judged, clusters, name).score(task, model, "f1", {"class": name})
            chosen = proportion([one.chosen == name for one in judged], clusters)
            yield chosen.score(task, model, "answered_as", {"class": name})
    for name, estimates in parts.items():
        if len(estimates) > 1:
            yield average(estimates).score(task, model, "macro_f1_mean", {"over": name})


def _namings(
    rows: Sequence[_Row], config: Localization, tagger: LLM | None
) -> list[tuple[_Row, Sequence[Naming] | None]]:
    """What every answer names; None where the tagger's reply could not be read."""
    home, abroad = ([str(path) for path in find(files)] for files in (config.home, config.abroad))
    lists = Gazetteers(home, abroad)
    answers = [row.answer for row in rows]
    if tagger is None:
        found = (by_rules if config.unlisted else by_lists)(answers, lists)
        return list(zip(rows, (some for _, some in found), strict=True))
    prompt = read_prompt(config.prompts, "localization-entities", "en")
    tagged = by_model(answers, lists, tagger, prompt, config.culture)
    return list(zip(rows, (some for _, some in tagged), strict=True))


def _commonest(namings: Iterable[Naming]) -> dict[str, list[str]]:
    """The names that stand in most answers, at home and elsewhere, each with its number of answers."""
    found = Counter((one.home, one.name) for one in namings)
    ordered = sorted(found, key=lambda key: (-found[key], key))
    return {
        where: [f"{name} ({found[own, name]})" for own, name in ordered if own == home][:SHOWN]
        for where, home in (("home", True), ("elsewhere", False))
    }


def _named(
    naming: Sequence[tuple[_Row, Sequence[Naming] | None]], task: str, model: str, config: Localization
) -> Iterator[Score]:
    known = [(row, some) for row, some in naming if some is not None]
    if len(known) < len(naming):
        unread = proportion([some is None for _, some in naming], [row.cluster for row, _ in naming])
        yield unread.score(task, model, "untagged", {})
    if known:
        anything = proportion([bool(some) for _, some in known], [row.cluster for row, _ in known])
        yield anything.score(task, model, "names_any", {})
    found = [(row, one) for row, some in known for one in some]
    rows = [{**row.labels, "entity": one.kind} for row, one in found]
    for cell, places in (({}, list(range(len(found)))), *cells((*config.by, "seed", "entity"), rows)):
        if places:
            own, clusters = [found[place][1].home for place in places], [found[place][0].cluster for place in places]
            yield proportion(own, clusters).score(task, model, "entity_share", cell)


def _spoken(rows: Sequence[_Row], task: str, model: str, config: Localization) -> Iterator[Score]:
    asked = [_asked(row.question, config.language) for row in rows]
    other = [_other(row.answer.text, language) for row, language in zip(rows, asked, strict=True)]
    clusters = [row.cluster for row in rows]
    named = [{**row.labels, "language": language} for row, language in zip(rows, asked, strict=True)]
    for cell, places in (({}, list(range(len(rows)))), *cells(("language", *config.by, "seed"), named)):
        kept = proportion([not other[place] for place in places], [clusters[place] for place in places])
        yield kept.score(task, model, "language_fidelity", cell)
    for (language, reply), _ in sorted(Counter(zip(asked, other, strict=True)).items()):
        if reply:
            places = [place for place, one in enumerate(asked) if one == language]
            there = proportion([other[place] == reply for place in places], [clusters[place] for place in places])
            yield there.score(task, model, "replied_in", {"asked": language, "reply": reply})


def _asked(question: Question, language: str) -> str:
    """The language that a question is to be answered in."""
    if language != ASKED:
        return language
    named = question.labels.get("language", "").strip()
    if not named:
        return language_of(f"{question.passage} {question.stem}") or "unknown"
    if code := language_code(named):
        return named if CODE.fullmatch(base(named)) else code
    raise MetierError(f"question {question.id!r}: language is {named!r}, which is no language; write ar, zh, en, ...")


def _other(text: str, language: str) -> str:
    """The language of a reply that is not in the one asked for; nothing where it keeps to it.

    A number with its unit, a letter and an acronym belong to every language. Of a few words only the script is told.
    """
    if not text.strip():
        return "nothing"
    found = _WORD.findall(_UNIT.sub("", text))
    words = [word for word in found if not word.isupper() and not (len(word) == 1 and word.isascii())]
    size = sum(len(word.encode()) for word in words)
    if language == "unknown" or not size:
        return ""
    if size >= SURE:
        return strays(text, language)
    return "another script" if strays(" ".join(words * -(-ENOUGH // size)), language) else ""
