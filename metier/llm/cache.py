"""Everything that was ever asked and answered, in one SQLite file: resuming is running again.

A reply is kept under the key of its request alone, never of the run or the code. It is committed before anyone sees it;
what one turn of the event loop brings is one commit. Several processes may share the file.
"""

import asyncio
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard

from metier.llm.request import Reply, Request
from metier.records import MetierError

_APPLICATION, _VERSION = 0x4D455431, 1
_NETWORK = (
    "nfs nfs4 cifs smb smbfs smb2 smb3 ncpfs afs coda ceph lustre gpfs beegfs glusterfs orangefs pvfs2 fuse.sshfs "
    "fuse.glusterfs fuse.s3fs fuse.gcsfuse fuse.rclone fuse.blobfuse fuse.blobfuse2 fuse.juicefs fuse.goofys "
    "fuse.ceph fuse.ceph-fuse fuse.mount-s3 fuse.davfs davfs"
)
"""Types of file systems whose locks and shared memory are not those of one machine."""
_TABLES = """
CREATE TABLE IF NOT EXISTS requests(key BLOB NOT NULL UNIQUE, model TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS replies(key BLOB NOT NULL UNIQUE, prompt INTEGER NOT NULL, completion INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attempts(key BLOB NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL, outcome TEXT NOT NULL,
    detail TEXT NOT NULL);
"""
_PATIENCE = 60.0
"""Seconds to wait for another process that has the file."""
_SMALL = 400
"""Bytes below which packing does not pay."""
_FRAME = b"\x28\xb5\x2f\xfd"
"""How a packed body begins; JSON never does."""


class Attempt(NamedTuple):
    """One attempt: when (Unix time), how long, and ``reply`` or why there was none."""

    at: float
    seconds: float
    outcome: str
    detail: str = ""


class Cache:
    """The file, open. Used by one thread at a time."""

    def __init__(self, path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = file_system(path, mounts.read_text(errors="replace")) if mounts.exists() else ""
        if kind and kind in _NETWORK.split():
            raise MetierError(f"{path}: {_elsewhere(kind)}")
        self._encoder = msgspec.json.Encoder()
        self._replies = msgspec.json.Decoder(Reply)
        self._pack = zstandard.ZstdCompressor(level=1)
        self._unpack = zstandard.ZstdDecompressor()
        self._fresh: list[tuple[bytes, Request, Attempt, Reply | None]] = []
        self._committed: asyncio.Future[bool] | None = None
        self._file = self._open()

    def find(self, key: str) -> Reply | None:
        """The reply to a request, where there is one."""
        try:
            row = self._file.execute("SELECT body FROM replies WHERE key = ?", (bytes.fromhex(key),)).fetchone()
        except sqlite3.Error as error:
            raise self._trouble(error) from None
        if row is None:
            return None
        try:
            reply = self._replies.decode(self._text(row[0]))
        except (msgspec.DecodeError, zstandard.ZstdError) as error:
            raise MetierError(f"{self.path}: the reply to {key} is damaged ({error}); {_AWAY}") from None
        return msgspec.structs.replace(reply, request=key)

    def request(self, key: str) -> Request | None:
        """What was asked under a key."""
        try:
            row = self._file.execute("SELECT body FROM requests WHERE key = ?", (bytes.fromhex(key),)).fetchone()
        except sqlite3.Error as error:
            raise self._trouble(error) from None
        return msgspec.json.decode(self._text(row[0]), type=Request) if row is not None else None

    def attempts(self, key: str) -> Iterator[Attempt]:
        """Every attempt at a request, the oldest first; reads the whole table."""
        found = self._file.execute(
            "SELECT at, seconds, outcome, detail FROM attempts WHERE key = ? ORDER BY rowid", (bytes.fromhex(key),)
        )
        return (Attempt(*row) for row in found)

    def keep(self, key: str, request: Request, attempt: Attempt, reply: Reply | None = None) -> "asyncio.Future[bool]":
        """Note an attempt and what came of it; done when it is committed, with all else of this turn of the loop.

        True where another process was first with one of these replies: its reply is the one that is kept.
        """
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self._commit)
        self._fresh.append((bytes.fromhex(key), request, attempt, reply))
        return self._committed

    def close(self) -> None:
        """Commit what is left and close the file."""
        try:
            if self._fresh:
                self._write()
        except sqlite3.Error as error:
            raise self._trouble(error) from None
        finally:
            self._file.close()

    def _commit(self) -> None:
        committed, self._committed = self._committed, None
        assert committed is not None
        try:
            late = self._write()
        except sqlite3.Error as error:
            committed.set_exception(self._trouble(error))
        except Exception as error:  # else those who wait would wait for ever
            self._fresh = []
            committed.set_exception(MetierError(f"{self.path}: what came cannot be kept ({error})"))
        else:
            committed.set_result(late)
            return
        committed.exception()  # who waits hears of it; for a failed attempt nobody does

    def _write(self) -> bool:
        """Commit what is new; what the disk does not take stays for the next time. Whether a reply was there before."""
        fresh = self._fresh
        replies = [
            (key, reply.usage.prompt, reply.usage.completion, self._body(msgspec.structs.replace(reply, request="")))
            for key, _, _, reply in fresh
            if reply is not None
        ]
        requests = [(key, request.model, self._body(request)) for key, request, _, _ in fresh]
        file = self._file
        file.execute("BEGIN IMMEDIATE")
        try:
            file.executemany("INSERT OR IGNORE INTO requests VALUES (?, ?, ?)", requests)
            file.executemany("INSERT INTO attempts VALUES (?, ?, ?, ?, ?)", [(row[0], *row[2]) for row in fresh])
            kept = file.executemany("INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?)", replies).rowcount
            file.execute("COMMIT")
        except BaseException:
            if file.in_transaction:  # a full disk has ended it already
                file.execute("ROLLBACK")
            raise
        self._fresh = []
        return bool(replies) and kept < len(replies)

    def _body(self, record: Request | Reply) -> bytes:
        text = self._encoder.encode(record)
        return self._pack.compress(text) if len(text) > _SMALL else text

    def _text(self, body: bytes) -> bytes:
        return self._unpack.decompress(body) if body.startswith(_FRAME) else body

    def _open(self) -> sqlite3.Connection:
        try:
            file = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._trouble(error) from None
        try:
            if self._prepared(file) != "wal":
                raise MetierError(f"{self.path}: {_elsewhere('a file system without shared memory')}")
            file.execute("PRAGMA synchronous = NORMAL")
            file.execute("PRAGMA cache_size = -65536")
            file.execute("PRAGMA mmap_size = 1073741824")
        except sqlite3.Error as error:
            file.close()
            raise self._trouble(error) from None
        except MetierError:
            file.close()
            raise
        return file

    def _prepared(self, file: sqlite3.Connection) -> str:
        """The file's journal mode once it is ours; several processes may begin it at the same time."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                self._check(file)
                return str(file.execute("PRAGMA journal_mode = WAL").fetchone()[0])
            except sqlite3.OperationalError as error:  # this switch of modes does not wait for others by itself
                if not _held(error) or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def _check(self, file: sqlite3.Connection) -> None:
        """Whether the file is ours and of this version; an empty one becomes so, at once or not at all."""
        application, version, tables = file.execute(
            "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master) "
            "FROM pragma_application_id, pragma_user_version"
        ).fetchone()
        if not application and not tables:
            file.executescript(
                "BEGIN IMMEDIATE; "
                f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_VERSION}; {_TABLES} COMMIT;"
            )
        elif application != _APPLICATION:
            raise MetierError(f"{self.path}: a SQLite file of another program; name another place for the replies")
        elif version != _VERSION:
            raise MetierError(
                f"{self.path}: replies of version {version}, this is version {_VERSION}; "
                "use the version of Metier that wrote it, or move the file away to begin anew"
            )

    def _trouble(self, error: sqlite3.Error) -> MetierError:
        """One line for what SQLite says."""
        said = str(error)
        if _held(error):
            return MetierError(f"{self.path}: another process held it for a minute; let that one finish")
        if isinstance(error, sqlite3.OperationalError):
            return MetierError(f"{self.path}: cannot be used ({said}); check the disk and the permissions")
        return MetierError(f"{self.path}: damaged ({said}); {_AWAY}")


_AWAY = "move it away to begin anew, or save what it holds with: sqlite3 FILE .recover"


def _held(error: sqlite3.Error) -> bool:
    """Whether another process has the file."""
    return isinstance(error, sqlite3.OperationalError) and ("locked" in str(error) or "busy" in str(error))


def _elsewhere(kind: str) -> str:
    return (
        f"lies on {kind}, where a shared SQLite file is not safe; "
        "put it on a disk of this machine: replies: /var/tmp/replies.sqlite in the recipe, or METIER_REPLIES"
    )


def look(path: Path, key: str) -> tuple[Request, Reply | None] | None:
    """What was asked under a key and what came back, out of a file that another process may be writing."""
    if not re.fullmatch("[0-9a-f]{32}", key) or not path.exists():
        return None
    cache = Cache(path)
    try:
        request = cache.request(key)
        return (request, cache.find(key)) if request is not None else None
    finally:
        cache.close()


def file_system(path: Path, mounts: str) -> str:
    """The type of the file system that a path lies on, by the text of /proc/self/mountinfo (see proc(5)); else ""."""
    place = os.path.realpath(path)
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if "-" not in fields[6:]:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])  # spaces and the like
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[fields.index("-", 6) + 1]
    return kind
