"""Content hashes of files and directories, remembered by (path, size, modification time), and of files in stores."""

import contextlib
import glob
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
import xxhash

from metier.artefact import SHELVES, Artefact, asset, write_json
from metier.files import Remote, is_url, match, state
from metier.records import Config, MetierError, fingerprint


class Contents:
    """Hash files by content; a file whose size and time are unchanged is not read again."""

    def __init__(self, cache: Path) -> None:
        self.cache, self.changed = cache, False
        self.known: dict[str, tuple[int, int, str]] = {}
        try:
            self.known = msgspec.json.decode(cache.read_bytes(), type=dict[str, tuple[int, int, str]])
        except (OSError, msgspec.DecodeError):
            self.known = {}

    def file(self, path: Path) -> str:
        """XXH3-128 of a file's bytes, as hex."""
        try:
            stat = path.stat()
            name = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links, and costs more
            size, time, mark = self.known.get(name, (-1, -1, ""))
            if (size, time) != (stat.st_size, stat.st_mtime_ns):
                hasher = xxhash.xxh3_128()
                with path.open("rb") as stream:
                    while piece := stream.read(1 << 22):
                        hasher.update(piece)
                mark = hasher.hexdigest()
                self.known[name] = (stat.st_size, stat.st_mtime_ns, mark)
                self.changed = True
        except OSError as error:
            raise MetierError(f"{path}: cannot be read: {error.strerror}") from None
        return mark

    def path(self, path: Path) -> str:
        """The hash of a file, or of every file below a directory; a finished artefact is its own fingerprint.

        A file in a store is what the store says of it (size and checksum); it is not fetched where that is enough.
        """
        if isinstance(path, Remote):
            return state(path)
        if not path.is_dir():
            return self.file(path)
        manifest = Artefact(path).manifest
        if manifest is not None:
            return manifest.fingerprint
        inside = [file for file in sorted(path.rglob("*")) if file.is_file() and "__pycache__" not in file.parts]
        return fingerprint([(str(file.relative_to(path)), self.file(file)) for file in inside])

    def save(self) -> None:
        """Keep what was learnt, where the place can be written; it is only a memory."""
        if not self.changed or not self.cache.parent.is_dir():
            return
        own = self.cache.with_name(f"{self.cache.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            write_json(own, self.known)
            own.replace(self.cache)
            self.changed = False


def named_files(config: Config | None) -> Iterable[tuple[str, Path]]:
    """(setting, path) for every file that a step's settings name; MetierError where a name matches nothing."""
    if config is None:
        return
    for field, hint in get_type_hints(type(config), include_extras=True).items():
        form, value = _mark(hint, "files"), getattr(config, field)
        if isinstance(value, Config):
            yield from ((f"{field}.{inner}", path) for inner, path in named_files(value))
        if not form:
            continue
        for name in (value,) if isinstance(value, str) else value or ():
            if name:
                place = form.format(name) if isinstance(form, str) else name
                yield from ((field, path) for path in expand(place))


def expand(name: str) -> list[Path]:
    """The files that one name stands for: a file, a directory, what ships, a pattern or a URL; an error for none."""
    if name.startswith(tuple(SHELVES)):
        return [asset(name)]
    if is_url(name):
        return match(name)
    found = [Path(name)] if Path(name).exists() else [Path(one) for one in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207
    if not found:
        kind = "no file matches" if any(sign in name for sign in "*?[") else "no such file"
        raise MetierError(f"{name}: {kind}; paths start at the working directory {Path.cwd()}")
    for path in found:
        if path.is_file() and path.stat().st_size == 0:
            raise MetierError(f"{path}: the file is empty; remove it or name another")
        if not os.access(path, os.R_OK):
            raise MetierError(f"{path}: cannot be read; change its permissions")
    return found


def settings(config: Config | None) -> dict[str, Any]:
    """A step's settings as plain data, just as a manifest gives them back."""
    return dict(msgspec.json.decode(msgspec.json.encode(config))) if config is not None else {}


def lasting(config: Config | None) -> dict[str, Any]:
    """The settings that change a result: those that only say how a step is launched are left out."""
    plain = settings(config)
    hints = get_type_hints(type(config), include_extras=True) if config is not None else {}
    return {key: value for key, value in plain.items() if not _mark(hints[key], "launch")}


def _mark(hint: Any, mark: str) -> Any:
    """What a type (or a member of a union) carries in ``Meta(extra={mark: ...})``; None where it carries nothing."""
    if get_origin(hint) is Annotated:
        base, *metas = get_args(hint)
        extras = [m.extra or {} for m in metas if isinstance(m, msgspec.Meta)]
        found = [extra[mark] for extra in extras if mark in extra]
        return found[0] if found else _mark(base, mark)
    return next((one for one in (_mark(inner, mark) for inner in get_args(hint)) if one), None)
