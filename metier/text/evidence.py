"""What several weak signs are worth together: one logistic model for each kind of finding, its weights as data.

``assets/grounding/weights.csv`` is written by ``python -m benchmarks.grounding_weights``, from planted errors and
honest rewordings. What the weights of a kind add up to is compared with its row ``least``.
"""

import csv
import functools
from collections.abc import Mapping

from metier.artefact import asset

Signs = Mapping[str, float]
"""The value of each sign, by its name in the table."""


@functools.cache
def weights() -> dict[str, dict[str, float]]:
    """The weight of every sign, by kind and name."""
    table: dict[str, dict[str, float]] = {}
    with (asset("asset:grounding") / "weights.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            table.setdefault(row["kind"], {})[row["sign"]] = float(row["weight"])
    return table


def enough(kind: str, signs: Signs) -> bool:
    """Whether the signs of a finding add up to what its kind asks for."""
    table = weights()[kind]
    return table["constant"] + sum(table[name] * value for name, value in signs.items()) > table["least"]
