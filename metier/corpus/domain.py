"""Keep documents of the domain, as a classifier fitted on seed documents tells them."""

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from metier.batch import Batch
from metier.records import Config, Document

if TYPE_CHECKING:
    from metier.text.classifier import Classifier

WHY = "outside the domain"


class Domain(Config, frozen=True):
    """From which score on a document is of the domain, and where the score is kept."""

    threshold: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] | None = None
    """Lowest probability of the domain that is kept. Empty: the one that corpus.fit chose."""
    score_column: str = ""
    """Column of `meta` that takes the score. Empty: it is not kept."""


def domain(batch: Batch[Document], model: Path, config: Domain) -> Batch[Document]:
    """Drop documents whose probability of the domain lies below the threshold; ``model`` is a corpus.fit step."""
    from metier.text.words import words

    classifier = _load(str(model), (model / "classifier.json").stat().st_mtime_ns if model.is_dir() else 0)
    scores = classifier.scores(words(batch)).tolist()
    threshold = classifier.header.threshold if config.threshold is None else config.threshold
    if config.score_column:
        batch = batch.replace(
            meta=[
                json.dumps({**json.loads(meta), config.score_column: f"{score:.4f}"}, ensure_ascii=False)
                for meta, score in zip(batch.values("meta"), scores, strict=True)
            ]
        )
    return batch.drop([None if score >= threshold else WHY for score in scores])


@functools.lru_cache(maxsize=4)
def _load(model: str, changed: int) -> "Classifier":
    """The classifier of a finished step; ``changed`` tells one that was made anew."""
    from metier.text.classifier import Classifier

    return Classifier.load(Path(model))
