"""A hashed linear classifier of texts: word n-grams in 2^18 buckets, logistic regression, calibrated, small and fast.

It says of a text whether it is of a class (a domain, a route) with a probability. On disk it is a directory's
``classifier.json`` (what it was made with, and the threshold) and ``classifier.npy`` (float32 weights).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from metier.artefact import write_json
from metier.records import MetierError
from metier.text.words import Words

FEATURES = "words and pairs of words, three single characters in a row; log counts, unit length; version 1"
"""How a text becomes numbers: a classifier of another version cannot be read."""
HEADER, WEIGHTS = "classifier.json", "classifier.npy"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to the weights."""

    bits: int
    """There are 2^bits buckets."""
    bias: float
    scale: float = 1.0
    shift: float = 0.0
    """A margin m is the probability 1 / (1 + exp(-(scale m + shift))) (Platt 1999)."""
    threshold: float = 0.5
    """From this probability on a text is of the class."""
    languages: tuple[str, ...] = ()
    """Languages of the texts it was trained on."""
    features: str = FEATURES


@dataclass(frozen=True)
class Classifier:
    """Weights, one a bucket, and what belongs to them."""

    header: Header
    weights: NDArray[np.float32]

    def margins(self, words: Words) -> NDArray[np.float64]:
        """Bias plus weights times values of every text, shape (rows,); above 0 is the class before calibration."""
        from metier.text import classifier_kernels as kernels

        at = self.header
        got: NDArray[np.float64] = kernels.margins(
            words.hashes, words.sizes, words.starts, words.stops, self.weights, at.bits, at.bias
        )
        return got

    def scores(self, words: Words) -> NDArray[np.float32]:
        """The probability of the class for every text, shape (rows,); 0 for a text without words."""
        logits = self.header.scale * self.margins(words) + self.header.shift
        return np.where(words.counts > 0, _logistic(logits), 0.0).astype(np.float32)

    def save(self, directory: Path) -> None:
        """Write both files; the header comes last, so a classifier that can be found is whole."""
        directory.mkdir(parents=True, exist_ok=True)
        np.save(directory / WEIGHTS, self.weights, allow_pickle=False)
        write_json(directory / HEADER, self.header)

    @classmethod
    def load(cls, directory: Path) -> "Classifier":
        """Read a classifier from its directory; MetierError where there is none, or it is damaged."""
        file = directory / HEADER
        try:
            header = msgspec.json.decode(file.read_bytes(), type=Header)
            weights = np.load(directory / WEIGHTS, allow_pickle=False)
        except (FileNotFoundError, NotADirectoryError):
            raise MetierError(f"{directory} holds no classifier; feed from a corpus.fit step") from None
        except (msgspec.DecodeError, ValueError, OSError, EOFError) as error:
            raise MetierError(f"{directory}: damaged classifier ({error}); delete it and fit again") from None
        if header.features != FEATURES or weights.dtype != np.float32 or weights.shape != (1 << header.bits,):
            raise MetierError(f"{directory}: a classifier of another version; fit it again")
        return cls(header, weights)


def train(
    words: Words, labels: NDArray[np.bool_], seed: int, bits: int = 18, epochs: int = 20, rate: float = 0.3
) -> Classifier:
    """A classifier of texts into those with a label and those without; both sides weigh the same in all.

    The same words, labels and seed give the same weights. MetierError where all labels agree.
    """
    from metier.text import classifier_kernels as kernels

    share = float(labels.mean()) if len(labels) else 0.0
    if not 0 < share < 1:
        raise MetierError("a classifier needs texts of the class and texts that are not; one side is empty")
    draw = np.random.default_rng(seed)
    orders = np.stack([draw.permutation(len(labels)) for _ in range(epochs)])
    costs = np.where(labels, 0.5 / share, 0.5 / (1 - share))
    some = kernels.features(words.hashes, words.sizes, words.starts, words.stops, bits)
    weights = np.zeros(1 << bits, np.float32)
    bias = kernels.learn(some, labels.astype(np.float64), costs, orders, rate, weights)
    return Classifier(Header(bits=bits, bias=float(bias)), weights)


def calibrated(classifier: Classifier, words: Words, labels: NDArray[np.bool_]) -> Classifier:
    """The same classifier with probabilities fitted on texts that it was not trained on.

    Newton steps on the two parameters, targets drawn in by one count a side (Platt 1999; Lin, Lin and Weng 2007).
    """
    margins = classifier.margins(words)
    yes, no = int(labels.sum()), int((~labels).sum())
    targets = np.where(labels, (yes + 1) / (yes + 2), 1 / (no + 2))
    spread = float(margins.std()) or 1.0
    unit = np.stack([margins / spread, np.ones_like(margins)], axis=1)
    both = np.array([1.0, float(np.log((yes + 1) / (no + 1)))])
    for _ in range(50):
        chance = _logistic(unit @ both)
        slope = unit.T @ (chance - targets)
        curve = (unit * (chance * (1 - chance))[:, None]).T @ unit + 1e-6 * np.eye(2)
        step = np.linalg.solve(curve, slope)
        both = both - step * min(1.0, 5.0 / float(np.abs(step).max() + 1e-12))
    header = msgspec.structs.replace(classifier.header, scale=float(both[0] / spread), shift=float(both[1]))
    return Classifier(header, classifier.weights)


def _logistic(x: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60, 60))), np.float64)
