"""The steps of a run as the page shows them: what went in and out, what was dropped and why, and every setting."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from metier.artefact import Artefact, Finished, Manifest
from metier.records import Conversation, Document, Question, Record, kind_name, several
from metier.scores import count, percent

SHOWN: tuple[type[Record], ...] = (Document, Conversation, Question)
REASONS, EXAMPLES = 12, 3
"""Reasons shown of a step, and dropped records of each."""
TEXTS: tuple[tuple[type[Record], str], ...] = ((Document, "text"), (Question, "stem"), (Conversation, "messages"))
"""Where the text of a noun stands."""
ROWS = 200_000
"""Rows of one step that are searched for the text of dropped records."""
LENGTH = 220
"""Characters shown of a dropped record."""


@dataclass(frozen=True)
class Example:
    """A dropped record: its id, how its text begins where a step holds it, and what concerns it alone."""

    id: str
    text: str
    detail: str


@dataclass(frozen=True)
class Reason:
    """Why records were dropped, how many, and a few of them; ``width`` is in percent of the commonest reason."""

    why: str
    n: str
    share: str
    width: float
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Flow:
    """One step of the funnel; ``kept`` and ``lost`` are widths in percent of the widest step."""

    step: str
    stage: str
    came: str
    made: str
    dropped: str
    share: str
    kept: float
    lost: float
    reasons: tuple[Reason, ...]
    rest: str
    """How many were dropped for reasons that are not shown, and how many reasons these are."""


@dataclass(frozen=True)
class Detail:
    """Everything that made one step's artefact, as lines of (name, value)."""

    step: str
    stage: str
    fingerprint: str
    sources: str
    settings: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]


def manifests(run: Finished) -> dict[str, Manifest]:
    """The manifest of every finished step, in the order of the recipe."""
    return {name: made for name, artefact in run.artefacts.items() if (made := artefact.manifest) is not None}


def flows(run: Finished) -> list[Flow]:
    """The steps through which records flow: sources, those that pass records on, and those that drop some."""
    steps = {name: one for name, one in manifests(run).items() if _passed(one) or one.dropped}
    shown = [x for one in steps.values() for some in one.examples.values() for x in some[:EXAMPLES]]
    found = texts(run, {x.id for x in shown if not x.text})
    widest = max((max(_passed(one), one.count_in) for one in steps.values()), default=1) or 1
    made = []
    for name, one in steps.items():
        lost = sum(one.dropped.values())
        whole = lost + _stayed(one, lost)
        order = sorted(one.dropped.items(), key=lambda pair: -pair[1])
        rest = order[REASONS:] if len(order) > REASONS + 1 else []
        made.append(
            Flow(
                name,
                one.stage,
                count(one.count_in) if one.count_in else "—",
                _made(one.counts),
                count(lost) if lost else "—",
                percent(lost, whole) if lost else "",
                round(100 * _stayed(one, lost) / widest, 2),
                round(100 * lost / widest, 2),
                tuple(_reasons(one, order[: len(order) - len(rest)], whole, found)),
                f"{count(sum(n for _, n in rest))} for {count(len(rest))} rarer reasons" if rest else "",
            )
        )
    return made


def _passed(one: Manifest) -> int:
    return sum(one.counts.get(kind_name(kind), 0) for kind in SHOWN)


def _stayed(one: Manifest, lost: int) -> int:
    """How many of the records that came in were kept; of a source, what it made."""
    return max(0, one.count_in - lost) if one.count_in else _passed(one)


def _made(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{count(n)} {noun if n == 1 else several(noun)}" for noun, n in counts.items() if n) or "files"


def _reasons(one: Manifest, order: Sequence[tuple[str, int]], whole: int, found: Mapping[str, str]) -> Iterable[Reason]:
    most = order[0][1] if order else 1
    for why, n in order:
        some = one.examples.get(why, [])[:EXAMPLES]
        examples = tuple(Example(x.id, cut(x.text) or found.get(x.id, ""), cut(x.detail)) for x in some)
        yield Reason(why, count(n), percent(n, whole), round(100 * n / most, 1), examples)


def texts(run: Finished, wanted: set[str], nouns: Sequence[tuple[type[Record], str]] = TEXTS) -> dict[str, str]:
    """How the wanted records begin, wherever a step of the run still holds them."""
    found: dict[str, str] = {}
    for artefact in run.artefacts.values():
        for kind, column in nouns:
            missing = wanted - found.keys()
            if missing:
                found |= _search(artefact, kind, column, missing)
    return found


def _search(artefact: Artefact, kind: type[Record], column: str, wanted: set[str]) -> dict[str, str]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found: dict[str, str] = {}
    seen = 0
    for part in artefact.parts(kind):
        with pq.ParquetFile(part) as file:
            for rows in file.iter_batches(columns=["id", column]):
                some = rows.filter(pc.is_in(rows.column("id"), value_set=pa.array(sorted(wanted), pa.large_string())))
                for id, value in zip(some.column("id").to_pylist(), some.column(column).to_pylist(), strict=True):
                    found[id] = cut(value if isinstance(value, str) else " / ".join(turn["content"] for turn in value))
                seen += rows.num_rows
                if seen >= ROWS or found.keys() >= wanted:
                    return found
    return found


def cut(text: str, length: int = LENGTH) -> str:
    """The beginning of a text, white space squeezed."""
    flat = " ".join(text[: 4 * length].split())
    return flat if len(flat) <= length else f"{flat[:length].rstrip()} …"


def squeezed(text: str, length: int) -> str:
    """A text without its middle where it is long, white space squeezed: what is asked often stands at the end."""
    flat = " ".join(text.split())
    if len(flat) <= length:
        return flat
    return f"{flat[: length * 2 // 3].rstrip()} … {flat[-(length // 3) :].lstrip()}"


def details(run: Finished) -> list[Detail]:
    """Every step with its settings, what fed it, and what its manifest says."""
    made = []
    for name, one in manifests(run).items():
        facts = [("seed", str(one.seed))] if one.seed is not None else []
        facts += [("made", _made(one.counts)), ("code", one.code)]
        facts += [(f"file {path}", mark) for path, mark in one.files.items()]
        facts += [(key.replace("_", " "), plain(value)) for key, value in one.notes.items()]
        settings = tuple((key, plain(value)) for key, value in one.config.items())
        sources = " · ".join(f"{key}: {plain(value)}" for key, value in one.sources.items())
        made.append(
            Detail(name, one.stage, one.fingerprint, sources, settings, tuple(pair for pair in facts if pair[1]))
        )
    return made


def plain(value: Any) -> str:
    """A setting or a note as a reader writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value or "“”"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items()) or "none"
    return msgspec.json.encode(value).decode()
