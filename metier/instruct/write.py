"""Hand instruction data on to the programs that train on it: LLaMA-Factory, axolotl, TRL, HuatuoGPT's own code."""

import csv
import io
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from metier.artefact import write_json
from metier.files import is_url
from metier.instruct.formats_write import PAIRED, Written, pair_row, row
from metier.records import Config, Conversation, Dropped, MetierError, Preference
from metier.text.formats import Bad

_CHAT = {"messages": "conversations", "tools": "tools"}
_PROMPT = {"prompt": "instruction", "query": "input", "system": "system", "history": "history"}
_REPLIES = {"chosen": "chosen", "rejected": "rejected"}


class Write(Config, frozen=True):
    """Which format, under which name, and where."""

    to: str = ""
    """Folder to write to, as LLaMA-Factory's data folder; by default `files` in the step's directory."""
    name: str = "metier"
    """Name of the data set: files are called NAME.jsonl and NAME-preferences.jsonl."""
    format: Written = "messages"
    """`messages` (TRL, axolotl; preferences as TRL has them), `sharegpt` (LLaMA-Factory, axolotl; preferences as its
    rankings), `alpaca` (LLaMA-Factory; axolotl passes over its history and system message; no tools), `huatuo` and
    `sources` (HuatuoGPT; neither system message nor tools), `qa` (CSV of single questions and answers)."""
    fields: bool = True
    """Write id, source, language, parent and request beside the turns; `instruct.read` takes them with `fields: true`.
    `sources` has no place for them."""
    overwrite: bool = False
    """Replace files of this name that stand in the folder already."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w[\w.-]*", self.name) or self.name == "dataset_info":
            raise ValueError(f"name: {self.name!r} cannot be a file's name; use letters, digits, - and _")
        if is_url(self.to):
            raise ValueError(f"to: {self.to!r} is in a store; write to a folder here and copy it")


def write(
    config: Write, out: Path, conversations: Iterable[Conversation] = (), preferences: Iterable[Preference] = ()
) -> Iterator[Dropped]:
    """Write every conversation and preference that the format can hold; the others are dropped with what it lacks.

    Beside ``sharegpt``, ``alpaca`` and ``qa`` stands ``dataset_info.json`` (other entries in it stay), beside each file
    ``NAME.axolotl.yaml``. Tools at the end of a system message become a column of their own; the arguments of a call
    keep their JSON value in ``sharegpt``, not their spacing. A verdict behind a preference has no place in any format.
    Files come under their names when all are whole. In ``qa`` a carriage return before a line feed is lost.
    """
    folder = Path(config.to) if config.to else out / "files"
    places = {noun: folder / f"{config.name}{behind}.{_suffix(config.format)}" for noun, behind in _BEHIND.items()}
    info = _known(folder, config, places)
    made: dict[str, int] = {}
    for noun, some in (("conversations", conversations), ("preferences", preferences)):
        to_row = _writer(noun, config)
        with _part(places[noun]).open("wb") as file:
            made[noun] = yield from _written(some, to_row, file, config.format)
        if not made[noun]:
            _part(places[noun]).unlink()
    if not any(made.values()):
        raise MetierError(f"no record that {config.format} can hold; there is nothing to write")
    kept = {noun: places[noun] for noun, count in made.items() if count}
    for noun, place in kept.items():
        _part(place).replace(place)
        place.with_suffix(".axolotl.yaml").write_text(_axolotl(noun, place, config.format), "utf-8")
        if entry := _entry(noun, config.format, place.name):
            info[place.stem] = entry
    if info or (folder / "dataset_info.json").exists():
        write_json(folder / "dataset_info.json", info)
    files = {noun: place.name for noun, place in kept.items()}
    write_json(out / "notes.json", {"to": config.to or "files", "format": config.format, **made, "files": files})


_BEHIND = {"conversations": "", "preferences": "-preferences"}
Row = Callable[[Any], dict[str, Any]]


def _suffix(format: Written) -> str:
    return {"sources": "json", "qa": "csv"}.get(format, "jsonl")


def _part(place: Path) -> Path:
    return place.with_name(f".{place.name}.partial")


def _known(folder: Path, config: Write, places: dict[str, Path]) -> dict[str, Any]:
    """What LLaMA-Factory knows of the folder's data sets; MetierError where this one would be written over."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MetierError(f"to: {folder}: cannot be made ({error.strerror}); name another folder") from None
    there = next((place for place in places.values() if place.exists()), None)
    remedy = "remove it, name another place in to, or say overwrite: true"
    if there is not None and not config.overwrite:
        raise MetierError(f"{there}: is there already; {remedy}")
    listed = folder / "dataset_info.json"
    if not listed.exists():
        return {}
    try:
        info = msgspec.json.decode(listed.read_bytes(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise MetierError(f"{listed}: malformed JSON ({error}); mend it or write elsewhere") from None
    for place in places.values():
        if info.pop(place.stem, None) is not None and not config.overwrite:
            raise MetierError(f"{listed}: has an entry {place.stem!r} already; {remedy}")
    return info


def _writer(noun: str, config: Write) -> Row:
    fields = config.fields
    if noun == "conversations":
        return lambda one: (
            row(one, config.format, fields and config.format != "sources")
            | ({"source": one.source} if config.format == "sources" else {})
        )
    return lambda one: pair_row(one, config.format, fields)


def _written(some: Iterable[Any], to_row: Row, file: BinaryIO, format: Written) -> Generator[Dropped, None, int]:
    """Write records as they come and return how many; those that the format cannot hold are dropped."""
    count, grouped = 0, dict[str, list[list[str]]]()
    encode = msgspec.json.Encoder().encode
    for record in some:
        if isinstance(record, Preference) and format not in PAIRED:
            raise MetierError(f"format: {format} has no form for preferences; say {', '.join(PAIRED)}")
        try:
            values = to_row(record)
        except Bad as bad:
            yield Dropped(record.id, bad.why, bad.detail)
            continue
        if format == "sources":
            grouped.setdefault(values["source"], []).append(values["turns"])
        elif format == "qa":
            file.write(_csv(values, names=not count))
        else:
            file.write(encode(values) + b"\n")
        count += 1
    if grouped:
        file.write(encode(grouped) + b"\n")
    return count


def _csv(values: dict[str, Any], names: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    if names:
        writer.writerow(values)
    writer.writerow(values.values())
    return text.getvalue().encode()


def _entry(noun: str, format: Written, file: str) -> dict[str, Any] | None:
    """What LLaMA-Factory has to know of a file, or None where it is not for it (its data/README.md).

    ``messages`` is left to TRL and axolotl: LLaMA-Factory 0.9.5 reads them with a system message of its own added, or,
    as sharegpt with other tags, with tool calls left empty.
    """
    ranking = {"ranking": True} if noun == "preferences" else {}
    replies = _REPLIES if ranking else {}
    if format == "sharegpt":
        return {"file_name": file, "formatting": "sharegpt", **ranking, "columns": _CHAT | replies}
    if format == "alpaca":
        columns = _PROMPT | (replies or {"response": "output"})
        return {"file_name": file, "formatting": "alpaca", **ranking, "columns": columns}
    if format == "qa":
        return {"file_name": file, "formatting": "alpaca", "columns": {"prompt": "question", "response": "answer"}}
    return None


def _axolotl(noun: str, place: Path, format: Written) -> str:
    """What an axolotl configuration has to say of a file (its docs/dataset-formats and docs/rlhf.qmd)."""
    kind = _AXOLOTL.get((noun, format))
    if kind is None:
        return f"# axolotl has no type for {format}; write messages, sharegpt or alpaca\n"
    lines = ["# Put this into an axolotl configuration; the path is taken from where axolotl is started."]
    lines += ["# Of alpaca, axolotl reads neither history nor system; write messages for these."] * (format == "alpaca")
    lines += ["rl: dpo"] if noun == "preferences" else []
    written = "csv" if place.suffix == ".csv" else "json"
    lines += ["datasets:", f"  - path: {place.name}", f"    ds_type: {written}", "    split: train"]
    return "\n".join([*lines, *(f"    {line}" for line in kind)]) + "\n"


_ROLES = (
    "roles:",
    "  user: [human]",
    "  assistant: [gpt, function_call]",
    "  system: [system]",
    "  tool: [observation]",
)
_FROM = ("message_property_mappings:", "  role: from", "  content: value", *_ROLES)
_TRAINED = ("roles_to_train: [assistant]", "train_on_eos: turn")
_PAIR = ("field_chosen: chosen", "field_rejected: rejected")
_AXOLOTL: dict[tuple[str, Written], tuple[str, ...]] = {
    ("conversations", "messages"): (
        "type: chat_template", "field_messages: messages", "field_tools: tools", *_TRAINED,
    ),
    ("conversations", "sharegpt"): (
        "type: chat_template", "field_messages: conversations", *_FROM, *_TRAINED,
    ),
    ("conversations", "alpaca"): ("type: alpaca",),
    ("conversations", "qa"): (
        "type:", "  field_instruction: question", "  field_output: answer", '  format: "{instruction}"',
        '  no_input_format: "{instruction}"',
    ),
    ("preferences", "messages"): ("type: chat_template.default", "field_messages: prompt", *_PAIR),
    ("preferences", "sharegpt"): ("type: chat_template.default", "field_messages: conversations", *_PAIR, *_FROM),
}  # fmt: skip
