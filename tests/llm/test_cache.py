"""The file of replies: what it is found under, what it survives, and what it refuses."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.llm.cache import Attempt, Cache, file_system, look
from metier.llm.request import Reply, Request, Sampling, Usage
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.records import Message, MetierError, ToolCall

ROOT = Path(__file__).parents[2]
MOUNTS = """22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 22 0:44 / /mnt/lab rw,relatime shared:5 - nfs4 server:/lab rw,vers=4.2
32 22 0:45 / /mnt/lab/scratch rw - xfs /dev/vdb rw
33 22 0:46 / /mnt/my\\040share rw - cifs //server/share rw
34 22 0:47 / /mnt/数据 rw - nfs4 server:/data rw
"""


def test_a_file_system_is_told_by_the_nearest_mount() -> None:
    found = [file_system(Path(path), MOUNTS) for path in ("/home", "/mnt/lab/a", "/mnt/lab/scratch/a", "/mnt/labor")]
    assert found == ["ext4", "nfs4", "xfs", "ext4"]
    assert file_system(Path("/mnt/my share/a"), MOUNTS) == "cifs"
    assert file_system(Path("/mnt/数据/a"), MOUNTS) == "nfs4"


def test_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"31 22 0:44 / {tmp_path} rw - nfs4 server:/lab rw\n")
    with pytest.raises(MetierError, match=r"lies on nfs4, where .* put it on a disk of this machine"):
        Cache(tmp_path / "replies.sqlite", mounts)
    mounts.write_text(f"31 22 0:44 / {tmp_path} rw - ext4 /dev/vdb rw\n")
    Cache(tmp_path / "replies.sqlite", mounts).close()


@pytest.mark.parametrize("content", [b"not a database, but as long as one " * 60, b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "replies.sqlite"
    path.write_bytes(content)
    with pytest.raises(MetierError, match=r"replies.sqlite: damaged \(.*\); move it away") as caught:
        Cache(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_damage_within_is_told_where_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    ask(path, 200)
    content = bytearray(path.read_bytes())
    content[8192:-8192] = b"\xa5" * (len(content) - 16384)
    path.write_bytes(content)
    with pytest.raises(MetierError, match="damaged"):
        ask(path, 200)


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "app.sqlite"
    file = sqlite3.connect(path)
    file.execute("CREATE TABLE theirs(x)")
    file.close()
    with pytest.raises(MetierError, match="a SQLite file of another program"):
        Cache(path)


def test_another_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    ask(path, 1)
    file = sqlite3.connect(path)
    file.execute("PRAGMA user_version = 9")
    file.close()
    with pytest.raises(MetierError, match="replies of version 9, this is version 1"):
        Cache(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "replies.sqlite").mkdir()
    with pytest.raises(MetierError, match=r"replies.sqlite: cannot be used"):
        Cache(tmp_path / "replies.sqlite")


def test_many_may_begin_the_file_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(10):
            together = Barrier(8)

            def begin(place: Path, together: Barrier = together) -> None:
                together.wait()
                Cache(place / "replies.sqlite").close()

            list(pool.map(begin, [tmp_path / str(number)] * 8))


FULL = """
import resource, signal, sys
from pathlib import Path
from random import Random
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.records import Message, MetierError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    with session(Path(sys.argv[1]), {"teacher": Scripted(function="tests.llm.teachers:echo")}) as calls:
        writer = calls.llm("teacher")
        texts = [Random(n).randbytes(9000).hex() for n in range(100)]
        for text, reply in writer.map(texts, lambda text: writer.ask((Message("user", text),)), window=1):
            print(reply.request, flush=True)
except MetierError as error:
    print(error)
"""


def test_a_full_disk_is_told_and_what_was_given_out_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    ran = subprocess.run([sys.executable, "-c", FULL, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    *keys, last = ran.stdout.splitlines()
    assert re.search(
        r"replies.sqlite: cannot be used \((disk I/O error|database or disk is full)\); check the disk", last
    )
    assert keys
    cache = Cache(path)
    assert all(cache.find(key) for key in keys)
    cache.close()


def test_what_cannot_be_kept_is_told_to_those_who_wait(tmp_path: Path) -> None:
    spec = Scripted(function="tests.llm.teachers:uncountable")
    with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
        writer = calls.llm("teacher")
        with pytest.raises(MetierError, match=r"replies.sqlite: what came cannot be kept \(.*too large"):
            list(writer.map(["q"], lambda text: writer.ask((Message("user", text),))))


def test_of_two_processes_the_first_reply_counts(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    request = Request("m", (Message("user", "q"),))

    async def keep(cache: Cache, text: str) -> bool:
        return await cache.keep(request.key, request, Attempt(0.0, 1.0, "reply"), Reply(text, request.key))

    one, two = Cache(path), Cache(path)
    assert [asyncio.run(keep(one, "first")), asyncio.run(keep(two, "second"))] == [False, True]
    found = two.find(request.key)
    assert found is not None and found.text == "first"
    one.close()
    two.close()


def ask(path: Path, count: int) -> None:
    """Ask a scripted model so many questions."""
    with session(path, {"teacher": Scripted(function="tests.llm.teachers:echo")}) as calls:
        writer = calls.llm("teacher")
        assert len(list(writer.map(range(count), lambda n: writer.ask((Message("user", f"q{n} " * 9),))))) == count


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=4), max_leaves=8,
)  # fmt: skip


def turned(value: object) -> object:
    """The same value with every dict in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(one) for key, one in reversed(value.items())}
    return [turned(one) for one in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=5), st.text(), st.integers(0, 9))
def test_the_key_does_not_depend_on_the_order_of_a_dict(schema: dict[str, object], text: str, sample: int) -> None:
    one = Request("m", (Message("user", text),), schema=schema, sample=sample)
    two = Request("m", (Message("user", text),), schema=turned(schema), sample=sample)  # type: ignore[arg-type]
    assert one.key == two.key


def test_everything_that_can_change_the_answer_changes_the_key() -> None:
    plain = Request("m", (Message("user", "q"),))
    others = [
        Request("n", plain.messages), Request("m", plain.messages, "r2"), Request("m", (Message("user", "q "),)),
        Request("m", (Message("system", "q"),)), Request("m", plain.messages, sampling=Sampling(temperature=0.5)),
        Request("m", plain.messages, sampling=Sampling(thinking=False)), Request("m", plain.messages, schema={}),
        Request("m", plain.messages, sample=1),
    ]  # fmt: skip
    assert len({request.key for request in (plain, *others)}) == 9


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    """One file for all examples of a law."""
    opened = Cache(tmp_path_factory.mktemp("law") / "replies.sqlite")
    yield opened
    opened.close()


@given(text=st.text(max_size=3000), thinking=st.text(max_size=40), tokens=st.integers(0, 2**40), name=st.text())
def test_a_reply_comes_back_as_it_was(cache: Cache, text: str, thinking: str, tokens: int, name: str) -> None:
    request = Request("m", (Message("user", text),), revision=repr((thinking, tokens, name)))
    reply = Reply(text, request.key, Usage(tokens, 1), "tool_calls", (ToolCall(name, '{"a":1}'),), thinking)

    async def keep() -> None:
        await cache.keep(request.key, request, Attempt(0.0, 1.0, "reply"), reply)

    asyncio.run(keep())
    assert cache.find(request.key) == reply
    assert cache.request(request.key) == request


def test_a_reply_can_be_looked_up_by_its_key(tmp_path: Path) -> None:
    ask(tmp_path / "replies.sqlite", 2)
    request = Request("tests.llm.teachers:echo", (Message("user", "q1 " * 9),))
    found = look(tmp_path / "replies.sqlite", request.key)
    assert found is not None and found[0] == request
    assert found[1] is not None and found[1].text == ("q1 " * 9)[::-1]


def test_looking_for_what_was_never_asked_finds_nothing(tmp_path: Path) -> None:
    assert look(tmp_path / "none.sqlite", "0" * 32) is None
    ask(tmp_path / "replies.sqlite", 1)
    assert look(tmp_path / "replies.sqlite", "0" * 32) is None
    assert look(tmp_path / "replies.sqlite", "no key") is None
    assert look(tmp_path / "replies.sqlite", "z" * 32) is None
    assert not (tmp_path / "none.sqlite").exists()


KILLED = """
import os, sys
from pathlib import Path
from metier.llm.session import session
from metier.llm.spec import Limits, Scripted
from metier.records import Message

with session(Path(sys.argv[1]), {"teacher": Scripted(function="tests.llm.teachers:echo")}) as calls:
    writer = calls.llm("teacher")

    async def write(number):
        reply = await writer.ask((Message("user", f"q{number}"),))
        print(number, flush=True)
        if number == 37:
            os.kill(os.getpid(), 9)

    list(writer.map(range(100), write, window=3))
"""


def test_what_was_given_to_a_caller_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert killed.returncode == -9
    given_out = [int(line) for line in killed.stdout.split()]
    assert 37 in given_out
    cache = Cache(path)
    for number in given_out:
        reply = cache.find(Request("tests.llm.teachers:echo", (Message("user", f"q{number}"),)).key)
        assert reply is not None and reply.text == f"q{number}"[::-1]
    cache.close()


ASKING = """
import sys
from tests.llm.test_cache import ask
from pathlib import Path
ask(Path(sys.argv[1]), 300)
"""


def test_processes_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    both = [subprocess.Popen([sys.executable, "-c", ASKING, str(path)], cwd=ROOT) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    file = sqlite3.connect(path)
    assert file.execute("SELECT count(*) FROM replies").fetchone() == (300,)
    assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()


def test_no_word_of_the_run_is_in_the_file(tmp_path: Path) -> None:
    ask(tmp_path / "replies.sqlite", 3)
    file = sqlite3.connect(tmp_path / "replies.sqlite")
    schema = " ".join(row[0] for row in file.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    file.close()
    assert not re.search(r"\brun\b|stage|step|code", schema)
