"""Tell one base from another: hashes of a model's weights, tokenizer and chat template."""

import json
from pathlib import Path
from typing import Any

import msgspec
import xxhash

from metier.artefact import asset
from metier.records import MetierError, fingerprint

REMOTE = "hf:"
"""What the name of a model on the public hub begins with."""
WEIGHTS = (("model*.safetensors",), ("pytorch_model*.bin",), ("adapter_model.safetensors",), ("*.safetensors", "*.bin"))
"""Where weights lie; the first of these that is there counts, as it alone is loaded: how much else was fetched of a
public model differs from machine to machine."""
SHAPES = ("config.json", "adapter_config.json", "base.json")
"""Files that say what the weights mean; of an adapter, also what its base is."""
WHERE = ("_name_or_path", "base_model_name_or_path", "path", "transformers_version", "peft_version")
"""Entries of these files that say where and by what a model was made, not what it is."""
TOKENIZER = (("tokenizer.json",), ("tokenizer.model", "vocab.json", "vocab.txt", "merges.txt"))
TEMPLATE = "chat_template.jinja"


class Identity(msgspec.Struct, frozen=True):
    """Hashes of what a model is; two models are the same where all three are."""

    weights: str
    """Of its weights and config.json; of an adapter, of its own and what its base is."""
    tokenizer: str
    """Of the vocabulary and its merges."""
    template: str
    """Of the chat template; empty where it has none."""


def home(path: str) -> Path:
    """The directory behind a model's name; of a public one, where it was fetched to."""
    if not path.startswith(REMOTE):
        return asset(path)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(path.removeprefix(REMOTE), local_files_only=True))
    except LocalEntryNotFoundError:
        raise MetierError(f"{path}: not fetched yet, so there are no files to tell it by; load it first") from None


def identity(path: str) -> Identity:
    """What a model is, by the content of its files; every byte of the weights is read (3 to 4 GB/s from memory)."""
    place = home(path)
    return Identity(_weights(place), _first(place, TOKENIZER), _template(place))


def _weights(place: Path) -> str:
    return fingerprint([_first(place, WEIGHTS), *(_plain(place / name) for name in SHAPES)])


def _first(place: Path, groups: tuple[tuple[str, ...], ...]) -> str:
    """The hash of the files of the first group that is there."""
    found = ({file for name in names for file in place.glob(name) if file.is_file()} for names in groups)
    return fingerprint([(file.name, _file(file)) for file in sorted(next(filter(None, found), ()))])


def _file(path: Path) -> str:
    hasher = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 22):
            hasher.update(piece)
    return hasher.hexdigest()


def _plain(path: Path) -> Any:
    """A JSON file without what says where it was made rather than what it is."""
    if not path.is_file():
        return None
    table = json.loads(path.read_bytes())
    return {key: value for key, value in table.items() if key not in WHERE}


def _template(place: Path) -> str:
    """A template stands in a file of its own or, as it used to, in the tokenizer's configuration."""
    if (place / TEMPLATE).is_file():
        return fingerprint((place / TEMPLATE).read_text(encoding="utf-8"))
    config = place / "tokenizer_config.json"
    held = json.loads(config.read_bytes()).get("chat_template") if config.is_file() else None
    return fingerprint(held) if held else ""
