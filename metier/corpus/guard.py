"""Keep from a model what breaks a rule: documents that bring together what a table of rules keeps apart."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from metier.batch import Batch
from metier.records import Config, Document
from metier.rules.firing import Firing
from metier.rules.loaded import checker

WHY = "breaks a rule"
Severity = Literal["note", "caution", "forbidden"]


class Guard(Config, frozen=True):
    """Which rules count, and what becomes of a document that breaks one."""

    severities: Annotated[tuple[Severity, ...], msgspec.Meta(min_length=1)] = ("caution", "forbidden")
    """Severities of the rules that count."""
    flag: Literal["drop", "mark"] = "drop"
    """Drop a document that breaks a rule, or keep it; its detail names the rule and the sentence."""
    column: str = "breaks"
    """Column of `meta` that takes the ids of the rules which a kept document breaks, separated by `|`."""


def guard(batch: Batch[Document], table: Path, config: Guard) -> Batch[Document]:
    """Drop or mark documents in which a sentence asserts what a rule forbids; one that warns of it passes.

    ``table`` is a step that makes entities and rules, a directory with ``entities.csv`` and ``rules.csv``, or
    ``domain:medicine``. A document counts as what an assistant says.
    """
    ready = checker(table)
    texts: list[str] = batch.values("text")
    broken = [
        [one for one in ready.text(text) if one.violates and one.rule.severity in config.severities] for text in texts
    ]
    if config.flag == "drop":
        details = [_detail(text, found) if found else None for text, found in zip(texts, broken, strict=True)]
        return batch.drop([WHY if found else None for found in broken], details)
    if not any(broken):
        return batch
    metas = [
        json.dumps({**json.loads(meta), config.column: "|".join(one.rule.id for one in found)}, ensure_ascii=False)
        if found
        else meta
        for meta, found in zip(batch.values("meta"), broken, strict=True)
    ]
    return batch.replace(meta=metas)


def _detail(text: str, found: Sequence[Firing]) -> str:
    """The first rule that a document breaks, and the sentence that does."""
    first = found[0]
    return f"{first.rule.id}: {text[first.start : first.end].strip()}"
