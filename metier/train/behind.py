"""What stands behind a model in a run: the steps it was made by, their records, licences and settings."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metier.artefact import Artefact, Finished, Manifest
from metier.records import Conversation, Document, Record, kind_name

REASONS = 4
"""Reasons named of what a step dropped."""
SOURCES = 50
"""Sources named with their licences, those with the most records."""
UNSTATED = "not stated"
ACCESS = re.compile(r"(?<=://)[^/\s@]*@|\?[\w.%-]+=\S*")
"""What opens an address: a name and password before the host, or a signature at the end."""
PLACE = re.compile(r"~|/[^\n]*/\S")
"""A path on this machine with the names of directories; /no_think is none."""
FILES = {"train.vocab": "a tokenizer"}
"""What a stage of training makes where it is no model."""


@dataclass(frozen=True)
class Passage:
    """One step that records went through: how many came in, what was kept, how many were dropped and why."""

    step: str
    stage: str
    came: int
    kept: str
    dropped: int
    reasons: str


@dataclass(frozen=True)
class Licence:
    """How many records of one source come under one licence."""

    source: str
    licence: str
    noun: str
    records: int


def fed(manifest: Manifest, tried: bool = False) -> Iterator[tuple[str, str]]:
    """(parameter, name of what feeds it) of a step; a snapshot is named STEP@N.

    What was picked was made from the checkpoint that was taken; the others and their exam were only ``tried``.
    """
    if (took := picked(manifest)) and not tried:
        yield "models", took
        return
    for parameter, feed in manifest.sources.items():
        groups = feed.values() if isinstance(feed, dict) else (feed,)
        for group in groups:
            yield from ((parameter, str(name)) for name in group)


def picked(manifest: Manifest) -> str:
    """The checkpoint that a step picked, as the recipe names it; empty where it picked none."""
    models, took = manifest.sources.get("models"), manifest.notes.get("picked")
    if manifest.stage != "train.pick" or not isinstance(models, dict):
        return ""
    named = {name if len(some) == 1 else f"{name}/{one}": str(one) for name, some in models.items() for one in some}
    return named.get(str(took), "")


def step_of(name: str) -> str:
    """The step that a snapshot is of; any other name is its own."""
    return name.partition("@")[0]


def behind(run: Finished, step: str, tried: bool = False) -> dict[str, Manifest]:
    """A step and every step that it was made from, in the order of the recipe; or also what was only ``tried``."""
    made = {name: one for name, artefact in run.artefacts.items() if (one := artefact.manifest) is not None}
    found, waiting = set[str](), [step]
    while waiting:
        name = waiting.pop()
        if name in made and name not in found:
            found.add(name)
            waiting += [step_of(source) for _, source in fed(made[name], tried)]
    return {name: one for name, one in made.items() if name in found}


def roots(steps: Mapping[str, Manifest]) -> list[str]:
    """The models from elsewhere that some steps began from: hf:org/name, asset:nano or a directory."""
    models = ("base", "model", "models", "adapters")
    found = [s for one in steps.values() for p, s in fed(one) if p in models and step_of(s) not in steps]
    for one in steps.values():  # adapters from elsewhere have a base that no step names
        if one.stage == "train.merge" and "base" in one.notes and any(s in found for _, s in fed(one)):
            found.append(str(one.notes["base"]))
    return list(dict.fromkeys(found))


def writers(steps: Mapping[str, Manifest]) -> list[str]:
    """The language models that wrote some of the records, with their revisions."""
    asked = [model for one in steps.values() for model in one.models.values()]
    named = [(str(one.get("model") or one.get("name")), str(one.get("revision") or "")) for one in asked]
    return list(dict.fromkeys(f"{name} ({revision})" if revision else name for name, revision in named))


def passages(steps: Mapping[str, Manifest]) -> list[Passage]:
    """The steps that documents and conversations went through, training included."""
    found = []
    for name, one in steps.items():
        kept = {noun: n for noun, n in one.counts.items() if n}
        lost = sum(one.dropped.values())
        if kept or lost or one.count_in:
            made = FILES.get(one.stage, "a model" if one.stage.startswith("train.") else "files")
            text = ", ".join(counted(n, noun) for noun, n in kept.items()) or made
            found.append(Passage(name, one.stage, one.count_in, text, lost, _reasons(one.dropped)))
    return found


def counted(n: int, noun: str) -> str:
    """A number of things: 1 document, 2,000 documents."""
    return f"{n:,} {noun}" + ("s" if n != 1 else "")


def _reasons(dropped: Mapping[str, int]) -> str:
    order = sorted(dropped.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(n for _, n in order[REASONS:])
    named = [f"{n:,} {why}" for why, n in order[:REASONS]]
    return "; ".join([*named, f"{rest:,} for other reasons"] if rest else named)


def licences(run: Finished, step: str) -> list[Licence]:
    """The licences of the records that a model was made from, by source, as the last step that knows them has them.

    A document has a licence of its own. A conversation has that of the documents it was made from, or none.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for name, kind in _nearest(run, behind(run, step), step):
        counts += _counted(run.artefacts[name], kind)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    found = [Licence(source, licence, noun, n) for (source, licence, noun), n in ordered]
    return found if len(found) <= SOURCES else [*found[:SOURCES], *_together(found[SOURCES:])]


def _together(some: Sequence[Licence]) -> Iterator[Licence]:
    """The records of several sources under each licence, as one."""
    for licence, noun in dict.fromkeys((one.licence, one.noun) for one in some):
        alike = [one.records for one in some if (one.licence, one.noun) == (licence, noun)]
        yield Licence(f"{len(alike)} other sources", licence, noun, sum(alike))


def _nearest(run: Finished, steps: Mapping[str, Manifest], step: str) -> list[tuple[str, type[Record]]]:
    """The steps nearest to a model that hold documents, or conversations that were made from no documents."""
    found: dict[tuple[str, type[Record]], None] = {}
    waiting, seen = list(fed(steps[step])) if step in steps else [], set[tuple[str, str]]()
    while waiting:
        parameter, name = waiting.pop(0)
        name = step_of(name)
        if (parameter, name) in seen or name not in steps or parameter == "validation":
            continue
        seen.add((parameter, name))
        talks = parameter == "conversations" and "conversation" in steps[name].counts
        before = [one for one in behind(run, name) if one != name]
        if talks and not any(run.artefacts[one].parts(Document) for one in before):
            found[name, Conversation] = None
        elif not talks and run.artefacts[name].parts(Document):
            found[name, Document] = None
        else:
            waiting += fed(steps[name])
    return list(found)


def _counted(artefact: Artefact, kind: type[Record]) -> Counter[tuple[str, str, str]]:
    """(source, licence, noun) -> how many records of an artefact."""
    import pyarrow.parquet as pq

    columns = ["source", "kind", "licence"] if kind is Document else ["source"]
    counts: Counter[tuple[str, str, str]] = Counter()
    for part in artefact.parts(kind):
        with pq.ParquetFile(part) as file:
            for rows in file.iter_batches(batch_size=1 << 16, columns=columns):
                values = zip(*(rows.column(name).to_pylist() for name in columns), strict=True)
                counts += Counter(_key(one, kind) for one in values)
    return counts


def _key(values: Sequence[str], kind: type[Record]) -> tuple[str, str, str]:
    if kind is Document:
        return values[0] or values[1], values[2] or UNSTATED, kind_name(kind)
    return values[0] or kind_name(kind), UNSTATED, kind_name(kind)


def languages(run: Finished, step: str) -> list[str]:
    """The languages of the documents that a model was made from, those with the most text first, where they are known.

    Those of documents that an earlier step still held and a later one dropped are not among them.
    """
    steps, sizes = behind(run, step), Counter[str]()
    for name, _ in _nearest(run, steps, step):
        for key, cell in steps[name].cells.items():
            sizes[key.partition("/")[0]] += cell.tokens
    return [language for language, _ in sizes.most_common() if language]


def recipe(steps: Mapping[str, Manifest], seed: int) -> str:
    """The steps as a recipe in YAML, with every setting; of a path on this machine its last part.

    Of the language models that steps asked it names the model and its revision; where they answer it does not say.
    """
    lines = [f"seed: {seed}", "steps:"]
    for name, one in steps.items():
        lines.append(f"  {name}:")
        lines.append(f"    use: {one.stage}")
        if one.sources:
            lines.append(f"    from: {_flow(one.sources)}")
        if one.seed not in (None, seed):
            lines.append(f"    seed: {one.seed}")
        lines += [f"    {key}: {_asked(model)}" for key, model in one.models.items()]
        lines += [f"    {key}: {_flow(value)}" for key, value in one.config.items()]
    return "\n".join(lines)


def _asked(model: Mapping[str, Any]) -> str:
    said = " ".join(str(model[key]) for key in ("model", "revision") if model.get(key))
    return f"{model['name']}  # {said}" if said else str(model["name"])


def _flow(value: Any) -> str:
    return json.dumps(_shown(value), ensure_ascii=False)


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shown(inner) for inner in value]
    if isinstance(value, str) and PLACE.match(value):
        return value.rstrip("/").rsplit("/", 1)[-1]
    return ACCESS.sub("", value) if isinstance(value, str) and "://" in value else value
