"""Gazetteers: the names of the persons, places and organisations that belong to a culture."""

import functools
from pathlib import Path
from typing import Any

from metier.artefact import asset
from metier.records import MetierError
from metier.text.normalise import nfc
from metier.text.suggest import did_you_mean

HOME = "asset:world/cultures"
KINDS = ("persons", "places", "organisations")


def cultures() -> tuple[str, ...]:
    """The cultures that ship."""
    return tuple(sorted({path.name.split(".")[0] for path in asset(HOME).glob("*.yaml")}))


def spoken(culture: str) -> tuple[str, ...]:
    """The languages in which a culture that ships is told."""
    return tuple(sorted(path.name.split(".")[1] for path in asset(HOME).glob(f"{culture}.*.yaml")))


def gazetteer(culture: str, language: str = "") -> dict[str, tuple[str, ...]]:
    """The names of a culture by kind (``persons``, ``places``, ``organisations``), in one language or in all of its.

    ``culture`` is the name of one that ships or the path of a YAML file with these keys, each a list of names.
    """
    if Path(culture).suffix in (".yaml", ".yml"):
        return _read(str(asset(culture)))
    if culture not in cultures():
        raise MetierError(f"culture: no {culture!r}; {did_you_mean(culture, cultures())}, or name a YAML file of names")
    languages = spoken(culture)
    if language and language not in languages:
        raise MetierError(f"culture: {culture} is not told in {language!r}; known: {', '.join(languages)}")
    tables = [_read(str(asset(f"{HOME}/{culture}.{one}.yaml"))) for one in languages if language in ("", one)]
    return {kind: tuple(dict.fromkeys(name for table in tables for name in table[kind])) for kind in KINDS}


@functools.lru_cache(maxsize=16)
def _read(path: str) -> dict[str, tuple[str, ...]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value: Any = YAML(typ="safe", pure=True).load(Path(path).read_text("utf-8"))
    except OSError as error:
        raise MetierError(f"{path}: cannot be read ({error.strerror}); name a YAML file of names") from None
    except UnicodeDecodeError as error:
        raise MetierError(f"{path}: byte {error.start} is not valid UTF-8; save the file as UTF-8") from None
    except YAMLError as error:
        raise MetierError(f"{path}: {' '.join(str(error).split())}; mend the file") from None
    if not isinstance(value, dict) or not any(kind in value for kind in KINDS):
        raise MetierError(f"{path}: names no {', '.join(KINDS)}; write at least one of these keys with a list of names")
    return {kind: tuple(_names(path, kind, value.get(kind) or ())) for kind in KINDS}


def _names(path: str, kind: str, some: Any) -> list[str]:
    """The names of a list, or of a table whose rows begin with a name."""
    rows: list[Any] = [None] if isinstance(some, str) else list(some.values() if isinstance(some, dict) else some)
    names: list[Any] = [row[0] if isinstance(row, list) and row else row for row in rows]
    if strange := next((number for number, name in enumerate(names, 1) if not isinstance(name, str) or not name), 0):
        raise MetierError(f"{path}: {kind}: entry {strange} is no name; write a list of names")
    return [nfc(name) for name in names]
