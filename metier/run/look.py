"""Look into an artefact: some of its records, what it dropped and why, where a record came from, what a trainer saw."""

import itertools
from collections.abc import Iterator, Set
from pathlib import Path

import msgspec

from metier.artefact import Artefact, Manifest
from metier.records import Conversation, Document, MetierError, Question, Record, kind_name
from metier.run.call import tally
from metier.run.lineage import lineage
from metier.run.models import asked_for, bill
from metier.run.table import table
from metier.text.suggest import did_you_mean


def open_artefact(place: str) -> tuple[Artefact, Manifest]:
    """The finished artefact at RUN/STEP; an error names the steps that are there."""
    path = Path(place)
    artefact = Artefact(path)
    manifest = artefact.manifest
    if manifest is not None:
        return artefact, manifest
    parent = path if path.is_dir() else path.parent
    steps = sorted(p.parent.name for p in parent.glob("*/manifest.json"))
    if not steps:
        raise MetierError(f"{place}: no finished step there; run the recipe first, then look at runs/NAME/STEP")
    raise MetierError(f"{place}: no finished step; {did_you_mean(path.name, steps)}")


def overview(manifest: Manifest) -> str:
    """What an artefact is, in a few lines."""
    lines = [f"{manifest.step} ({manifest.stage}): {tally(manifest)} of {manifest.count_in:,} that came in"]
    lines += [
        f"  dropped {count:,}: {why}" for why, count in sorted(manifest.dropped.items(), key=lambda item: -item[1])
    ]
    lines += [f"  {name}: {value}" for name, value in manifest.notes.items() if isinstance(value, str | int | float)]
    lines += [f"  {line}" for line in bill(manifest)]
    if len(manifest.cells) > 1:
        lines += [f"  {line}" for line in _cells(manifest).splitlines()]
    if manifest.inner:
        lines.append("  its records were passed on to the next step, not kept (keep: true keeps them)")
    return "\n".join(lines)


def _cells(manifest: Manifest) -> str:
    """What was kept by language and kind as a table, the most tokens first."""
    ordered = sorted(manifest.cells.items(), key=lambda pair: (-pair[1].tokens, pair[0]))
    rows = [
        (*(part or "unknown" for part in name.rpartition("/")[::2]), *map(_thousands, (one.documents, one.tokens)))
        for name, one in ordered
    ]
    return table(("language", "kind", "documents", "tokens"), rows)


def _thousands(value: int) -> str:
    return f"{value:,}"


def some(artefact: Artefact, count: int) -> Iterator[str]:
    """The first few records of each noun, as people read them."""
    for kind in artefact.kinds():
        yield f"--- {kind_name(kind)}"
        for record in itertools.islice(artefact.records(kind), count):
            yield show(record)


def dropped(artefact: Artefact, count: int, why: str) -> Iterator[str]:
    """Dropped records with their reasons; ``why`` keeps the reasons that contain it."""
    chosen = (one for one in artefact.dropped() if why.lower() in one.why.lower())
    some = list(itertools.islice(chosen, count))
    records = behind(artefact, {one.id for one in some})
    for one in some:
        record = records.get(one.id)
        about = f" ({one.detail})" if one.detail else ""
        yield f"{one.id}: {one.why}{about}" + (f"\n    {_words(record)}" if record else "")


def _words(record: Document | Conversation) -> str:
    if isinstance(record, Document):
        return shorten(record.text, 300)
    return "\n    ".join(f"{turn.role}: {shorten(turn.content, 300)}" for turn in record.messages)


def behind(artefact: Artefact, wanted: Set[str]) -> dict[str, Document | Conversation]:
    """The records of these ids that fed a step, where a step before still has them."""
    manifest = artefact.manifest
    feeds = (manifest.sources if manifest else {}).values()
    found: dict[str, Document | Conversation] = {}
    for name in dict.fromkeys(name for feed in feeds if isinstance(feed, list) for name in feed):
        source = Artefact(artefact.path.parent / name)
        records: Iterator[Document | Conversation]
        records = itertools.chain(source.records(Document), source.records(Conversation))
        for record in records:
            if len(found) == len(wanted):
                return found
            if record.id in wanted:
                found[record.id] = record
    return found


def show(record: Record) -> str:
    """One record as people read it."""
    if isinstance(record, Conversation):
        turns = "\n".join(f"    {turn.role}: {shorten(turn.content, 400)}" for turn in record.messages)
        return f"{record.id}  [{record.source}]  from {record.parent or '-'}\n{turns}"
    if isinstance(record, Document):
        return f"{record.id}  [{record.source}, {record.kind}]  {record.meta}\n    {shorten(record.text, 400)}"
    if isinstance(record, Question):
        options = "".join(
            f"\n    {'*' if label in record.key else ' '} {label}. {text}" for label, text in record.options.items()
        )
        reference = f"\n    = {shorten(record.reference, 400)}" if record.reference else ""
        return f"{record.id}  [{record.kind}]  {record.labels}\n    {shorten(record.stem, 400)}{options}{reference}"
    return str(msgspec.json.encode(record).decode())


def shorten(text: str, width: int) -> str:
    """One line of at most ``width`` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def ancestry(place: str, name: str) -> str:
    """The lineage of one record as a table, newest first, and the requests that wrote it where they are kept."""
    path = Path(place)
    found = lineage(path.parent, path.name, name)
    rows = [
        (one.step, one.stage, one.id, shorten(show(one.record), 100) if one.record else "(passed on)") for one in found
    ]
    keys = {key: one.step for one in reversed(found) if (key := getattr(one.record, "request", ""))}
    asked = [_request(path.parent / step, key) for key, step in reversed(keys.items())]
    return "\n\n".join([table(("step", "stage", "id", "record"), rows), *asked])


def _request(step: Path, key: str) -> str:
    """What a model was asked under a key, and what it answered."""
    manifest = Artefact(step).manifest
    found = asked_for(step, manifest, key) if manifest is not None else None
    if found is None:
        return f"request {key}: its reply is not kept here any more"
    request, reply = found
    sampling = {name: value for name, value in msgspec.to_builtins(request.sampling).items() if value not in (None, ())}
    how = ", ".join(f"{name} {value}" for name, value in sampling.items())
    revision = f", revision {request.revision}" if request.revision else ""
    lines = [f"request {key} of {step.name} to {request.model}{revision}", f"    {how}, sample {request.sample}"]
    lines += [f"    {turn.role}: {shorten(turn.content, 2000)}" for turn in request.messages]
    if request.schema is not None:
        lines.append(f"    schema: {msgspec.json.encode(request.schema).decode()}")
    if reply is not None:
        lines += [f"    thought: {shorten(reply.thinking, 400)}"] * bool(reply.thinking)
        lines.append(f"    replied: {shorten(reply.text, 2000)} ({reply.finish})")
    return "\n".join(lines)
