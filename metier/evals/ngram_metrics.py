"""Free answers beside their reference: BLEU, GLEU, ROUGE, chrF and Distinct over one tokenizer for every language."""

import functools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from metier import progress
from metier.artefact import write_json
from metier.evals.intervals import Estimate, proportion
from metier.evals.jackknife import averaged, jackknife, summed
from metier.evals.tables import By, cells, check_by, check_same, labels
from metier.llm.subject import seed_of
from metier.records import Answer, Config, File, Grade, MetierError, Question, Score, fingerprint
from metier.text import tokens
from metier.text.listed import read_lines
from metier.text.longest import rouge_l
from metier.text.matches import BETA, CHARACTERS, Counts, bleu, chrf, counts, gleu, grams, rouge

Smooth = Literal["exp", "none"]
CORPUS = ("bleu1", "bleu2", "bleu3", "bleu4", "gleu", "chrf")
"""Metrics with a value of the whole corpus, from the sum of all counts, and a mean over the answers (``_document``)."""
MEANS = ("rouge_1", "rouge_2", "rouge_l", "rouge_l_facts")
"""Metrics of single answers, of which the mean is the score."""
GRADED = ("bleu4", "gleu", "chrf", *MEANS)
"""What every answer gets a grade in, so that models can be compared answer by answer."""
DISTINCT = (1, 2)
FACTS = ("drug", "number")
"""The kinds of facts that answers are held to."""
CHUNK = 256
"""Answers counted between two reports of progress."""


class NgramMetrics(Config, frozen=True):
    """How texts are cut into words, and what the table groups by."""

    tokenizer: tokens.Tokenizer = "words"
    """`words`: ours, for Chinese, Arabic, English and mixtures; `13a` and `zh`: as sacrebleu cuts, case kept."""
    smooth: Smooth = "exp"
    """What BLEU makes of an n-gram order without any match: `exp`, as sacrebleu, or `none`, which is 0."""
    names: File = ""
    """Names that `rouge_l_facts` holds answers to, one thing a line with its aliases (aspirin | 阿司匹林), beside those
    that ship."""
    by: By = ()
    """Labels to group by, one table each; several in brackets are crossed; `kind` is the kind of question."""
    cluster: str = ""
    """Label whose questions belong together in the intervals (a disease); empty: the question itself."""


class _Row(NamedTuple):
    """One answer beside its reference."""

    question: Question
    answer: Answer
    words: list[str]
    counts: Counts
    values: dict[str, float]
    cluster: str


def ngram_metrics(
    questions: Iterable[Question], answers: Iterable[Answer], task: str, config: NgramMetrics, out: Path
) -> Iterator[Score | Grade]:
    """Score how much free answers share with their references, each metric from 0 to 1.

    `bleu1` to `bleu4`, `gleu` and `chrf` are of the corpus; `bleu4_document` and the like, overall only, are means of
    the single answers, as `rouge_1`, `rouge_2` and `rouge_l` are. `rouge_l_facts` is ROUGE-L times the F1 of the names
    and the F1 of the numbers with units that both texts state: a fluent answer about another drug earns nothing, where
    a list (``names``, or those that ship) knows the drugs. ``notes.json`` says how many references name or number
    something; on the others it is ROUGE-L.
    `distinct_1` and `distinct_2` are the share of different n-grams among all that a model wrote (Li et al. 2016); they
    fall as answers grow, so compare answers of like length. `empty` counts answers without a word, which share nothing.
    Each score stands once by nothing, once by its {signature}: tokenizer, settings and lists, which the notes have too;
    scores of two signatures are two metrics. Every answer also gets a grade. MetierError where a question has no
    reference or the models answered different questions.
    """
    known = {question.id: question for question in questions}
    check_by((*config.by, *([config.cluster] if config.cluster else [])), known.values())
    models: dict[str, list[_Row]] = {}
    judge, given = _Judge(config), [answer for answer in answers if answer.question in known]
    for place, answer in enumerate(given):
        if not place % CHUNK:
            progress.report(place, len(given), "answers", answer.model)
        models.setdefault(answer.model, []).append(judge.row(known[answer.question], answer, task))
    check_same({model: [row.question.id for row in rows] for model, rows in models.items()}, task)
    marks = signatures(config, judge.names)
    for model, rows in models.items():
        for row in rows:
            yield from (Grade(row.answer.id, name, row.values[name], marks[name]) for name in GRADED)
        for cell, some in _groups(rows, config.by):
            for name, made in _estimates(some, config.smooth):
                if not cell or not name.endswith("_document"):
                    yield made.score(task, model, name, cell)
                if not cell and name in marks:
                    yield made.score(task, model, name, {"signature": marks[name]})
    answered = {name: len(rows) for name, rows in models.items()}
    write_json(out / "notes.json", {"signatures": marks, "answers": answered, "references": judge.counted()})


def signatures(config: NgramMetrics, names: frozenset[str] = frozenset()) -> dict[str, str]:
    """Metric -> all that its value depends on beside the texts; ``names`` are those of the setting's file."""
    from metier.text.claims import name_table
    from metier.text.units import units

    own = {"bleu": f"smooth:{config.smooth}|order:effective", "chrf": f"characters:{CHARACTERS}|beta:{BETA:g}"}
    held = f"lists:{fingerprint([name_table(names), units()[0]])[:8]}"
    made = {}
    for name in (*CORPUS, *(f"{name}_document" for name in CORPUS), *MEANS, *(f"distinct_{n}" for n in DISTINCT)):
        extra = own.get(name.split("_")[0].rstrip("1234"), "f1" if name.startswith("rouge") else "")
        level = "mean" if name.endswith("_document") or name in MEANS else "corpus"
        parts = (f"tokens:{tokens.name(config.tokenizer)}", extra, held if name == "rouge_l_facts" else "", level)
        made[name] = "|".join(filter(None, parts))
    return made


class _Judge:
    """Cuts and counts; references are read once for all models."""

    def __init__(self, config: NgramMetrics) -> None:
        self.config = config
        self.names = frozenset(read_lines(config.names))
        self.due = functools.lru_cache(maxsize=1 << 14)(self._due)
        self.known: dict[str, str] = {}
        self.stated: dict[str, dict[str, frozenset[str]]] = {}

    def row(self, question: Question, answer: Answer, task: str) -> _Row:
        """One answer counted against its reference."""
        said, (meant, facts) = self._cut(answer.text), self.due(question.reference)
        if not meant:
            held = f"a reference without a word: {question.reference!r}" if question.reference else "no reference"
            raise MetierError(
                f"{task}: question {question.id!r} has {held}; give it one, or score it by evals.multiple_choice"
            )
        self.stated[question.id] = facts
        found = counts(said, meant, (self._written(answer.text, said), self._written(question.reference, meant)))
        values = {name: _formula(name, found, self.config.smooth) for name in CORPUS}
        values |= {f"rouge_{n}": rouge(found, n) for n in (1, 2)} | {"rouge_l": rouge_l(said, meant)}
        agreed = _agreement(self._facts(answer.text), facts) if values["rouge_l"] else 0.0
        values["rouge_l_facts"] = values["rouge_l"] * agreed
        cluster = labels(question).get(self.config.cluster, "") or question.id
        return _Row(question, answer, said, found, values, cluster)

    def counted(self) -> dict[str, int]:
        """The references that were read, and how many of them name or number something."""
        told = {f"with a {kind}": sum(bool(facts[kind]) for facts in self.stated.values()) for kind in FACTS}
        return {"all": len(self.stated), **told}

    def _due(self, reference: str) -> tuple[list[str], dict[str, frozenset[str]]]:
        return self._cut(reference), self._facts(reference)

    def _cut(self, text: str) -> list[str]:
        """The words of a text, each different one held once, for those of all answers are kept."""
        return [self.known.setdefault(word, word) for word in tokens.TOKENIZERS[self.config.tokenizer](text)]

    def _facts(self, text: str) -> dict[str, frozenset[str]]:
        """The names and the numbers that a text states."""
        from metier.text.grounding import facts_of  # reads many lists of words

        some = facts_of(text, self.names)
        return {kind: frozenset(one.value for one in some if one.kind == kind) for kind in FACTS}

    def _written(self, text: str, words: Sequence[str]) -> str:
        """What chrF runs over: letters without white space, folded where the words are."""
        return "".join(words if self.config.tokenizer == "words" else text.split())


def _agreement(said: Mapping[str, frozenset[str]], meant: Mapping[str, frozenset[str]]) -> float:
    """F1 of the names times F1 of the numbers that two texts state; 1 where neither states any."""
    share = 1.0
    for kind in FACTS:
        some, others = said[kind], meant[kind]
        share *= 2 * len(some & others) / (len(some) + len(others)) if some or others else 1.0
    return share


def _groups(rows: list[_Row], by: By) -> Iterator[tuple[dict[str, str], list[_Row]]]:
    yield {}, rows
    seeds = [seed_of(row.answer) for row in rows]
    named = [labels(row.question) | ({"seed": seed} if seed else {}) for row, seed in zip(rows, seeds, strict=True)]
    for cell, places in cells((*by, "seed"), named):
        yield cell, [rows[place] for place in places]


def _estimates(rows: Sequence[_Row], smooth: Smooth) -> Iterator[tuple[str, Estimate]]:
    """Every metric of one cell with its interval."""
    clusters = [row.cluster for row in rows]
    table = np.array([row.counts for row in rows])
    for name in CORPUS:
        yield name, summed(table, clusters, functools.partial(_formula, name, smooth=smooth))
    for name in CORPUS:
        yield f"{name}_document", averaged([row.values[name] for row in rows], clusters)
    for name in MEANS:
        yield name, averaged([row.values[name] for row in rows], clusters)
    for n in DISTINCT:
        if (made := distinct([row.words for row in rows], clusters, n)) is not None:
            yield f"distinct_{n}", made
    yield "empty", proportion([not row.words for row in rows], clusters)


def _formula(name: str, found: Counts, smooth: Smooth) -> float:
    if name.startswith("bleu"):
        return bleu(found, int(name[-1]), smooth == "exp")
    return gleu(found) if name == "gleu" else chrf(found)


def distinct(texts: Sequence[Sequence[str]], clusters: Sequence[Hashable], n: int) -> Estimate | None:
    """Distinct-n: different n-grams over all n-grams of some texts; nothing where there is no n-gram."""
    places = {cluster: place for place, cluster in enumerate(dict.fromkeys(clusters))}
    owners: dict[tuple[str, ...], int] = {}
    whole, shared = np.zeros(len(places)), -1
    for text, cluster in zip(texts, clusters, strict=True):
        own = grams(text, n)
        whole[places[cluster]] += len(own)
        for gram in own:
            if owners.setdefault(gram, places[cluster]) != places[cluster]:
                owners[gram] = shared
    if not owners:
        return None
    alone = np.bincount([place for place in owners.values() if place != shared], minlength=len(places))
    total = float(whole.sum())
    counted = zip(alone.tolist(), whole.tolist(), strict=True)
    rest = [(len(owners) - own) / (total - size) for own, size in counted if total > size]
    return jackknife(len(owners) / total, rest, len(texts))
