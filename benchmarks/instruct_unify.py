"""What of the leaflets' facts reaches a conversation: the fictional world in three languages, real pages beside it.

A fact of a drug counts as stated on a page that holds its value, and as told where the answer of a conversation made
from that page holds it. The teacher is a program (``metier.world.teacher``); one arm makes no mistake, the other gets
every tenth reply wrong, and what it gets wrong and is kept is counted too. On real pages (MedQuAD, where its file lies
beside the checkout) the extractive writer is measured: what is kept, why the rest is not, how much of the passages is
told, how long it takes. Run ``python -m benchmarks.instruct_unify``.
"""

import gzip
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.bars import Bar, conclude
from metier.batch import Batch
from metier.corpus.clean import Clean, clean
from metier.corpus.segment import Segment, segment
from metier.instruct.coverage import measured
from metier.instruct.unify import Unify, unify
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.proportion import wilson
from metier.records import Conversation, Document, Dropped
from metier.world.drugs import make
from metier.world.wording import drug_wording
from metier.world.write import Write, write

LANGUAGES = ("en", "zh", "ar")
DRUGS, SEED = 20, 11
SETTINGS = Unify(questions=14, coverage=1, share=0)
PASSAGES = 2000
DATA = Path(__file__).parents[2] / "shared/data/corpus/medquad_qa.jsonl.gz"


class Told(NamedTuple):
    """Facts stated and told, answers kept and those of them without any true value."""

    stated: int
    told: int
    kept: int
    wrong: int
    dropped: Counter[str]


def facts_told(language: str, teacher: str) -> Told:
    """Unify a small world and count its facts, page by page."""
    docs = _pages(language)
    made = _unified(docs, f"metier.world.teacher:{teacher}", SETTINGS)
    answers: dict[str, list[str]] = defaultdict(list)
    for one in made:
        if isinstance(one, Conversation):
            answers[one.parent].append(one.messages[-1].content)
    facts = {drug.name: drug.facts for drug in make(SEED, DRUGS, "fresh", drug_wording(language))}
    fillers = [text.split("{drug}") for text in drug_wording(language).pages.genres["leaflet"].fillers]
    stated = told = wrong = 0
    for doc in docs:
        text, values = " ".join(doc.text.split()), facts[doc.meta["drug"]].values()
        there = [value for value in values if value in text]
        stated += len(there)
        told += sum(any(value in answer for answer in answers[doc.id]) for value in there)
        wrong += sum(not _right(answer, there, fillers) for answer in answers[doc.id])
    dropped = Counter(one.why for one in made if isinstance(one, Dropped))
    return Told(stated, told, sum(map(len, answers.values())), wrong, dropped)


def _right(answer: str, values: Sequence[str], advice: Sequence[Sequence[str]]) -> bool:
    return any(value in answer for value in values) or any(all(part in answer for part in some) for some in advice)


def _pages(language: str) -> list[Document]:
    """The pages about each drug, the markup of the web taken off; strength cards state no fact of the table."""
    made = [
        one for one in write(SEED, Write(subject="drugs", drugs=DRUGS, language=language)) if isinstance(one, Document)
    ]
    batch = clean(Batch.of(Document, made), Clean(boilerplate=f"asset:world/{language}/boilerplate.txt"))
    return [one for one in batch.kept().records() if "of" not in one.meta and one.meta["page"] != "dose_twin"]


def _unified(docs: Sequence[Document], function: str, config: Unify) -> list[Conversation | Dropped]:
    models = {"writer": Scripted(function=function)}
    with tempfile.TemporaryDirectory() as place, session(Path(place) / "replies.sqlite", models) as calls:
        return list(unify(docs, calls.llm("writer"), config))


def bars() -> list[Bar]:
    """The share of facts told in every language, by a teacher that is right and by one that errs."""
    found = []
    for language in LANGUAGES:
        for teacher in ("answer", "erring"):
            one = facts_told(language, teacher)
            low, high = wilson(one.told / one.stated, one.stated)
            print(
                f"{language} {teacher}: {one.told} of {one.stated} facts told (95% {low:.3f} - {high:.3f}), "
                f"{one.kept} answers kept, {one.wrong} of them wrong, dropped {dict(one.dropped)}"
            )
            found.append(Bar(f"facts told, {language}, teacher {teacher}", one.told / one.stated, "share", ">= 0.98"))
    return found


def real_pages(path: Path) -> None:
    """Unify passages of real pages with the extractive writer; print what became of them."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    random.Random(SEED).shuffle(rows)
    docs = [
        Document(row["id"], row["answer"], row["source"], "encyclopedia", "en", meta={"title": row["focus"]})
        for row in rows
    ]
    batch = segment(clean(Batch.of(Document, docs[:PASSAGES]), Clean()), Segment(max_chars=1200))
    passages = list(islice(batch.kept().records(), PASSAGES))
    for title in ("title", ""):
        start = time.perf_counter()
        made = _unified(passages, "metier.instruct.extractive:write", Unify(title=title))
        seconds = time.perf_counter() - start
        children: dict[str, list[Conversation]] = defaultdict(list)
        for one in made:
            if isinstance(one, Conversation):
                children[one.parent].append(one)
        found = [measured(doc, children[doc.id]) for doc in passages]
        facts = sum(one.facts_told for one in found) / sum(one.facts for one in found)
        sentences = sum(one.sentences_told for one in found) / sum(one.sentences for one in found)
        dropped = Counter(one.why for one in made if isinstance(one, Dropped))
        print(
            f"MedQuAD, {len(passages)} passages, {'with' if title else 'without'} their titles: "
            f"{sum(map(len, children.values()))} conversations from {len(children)} passages in {seconds:.1f} s, "
            f"facts told {facts:.3f}, sentences {sentences:.3f}, dropped {dict(dropped)}"
        )


def main() -> int:
    """Print the table and the bars."""
    if DATA.is_file():
        real_pages(DATA)
    return conclude("instruct_unify", bars())


if __name__ == "__main__":
    sys.exit(main())
