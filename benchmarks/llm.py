"""Model calls: CPU a request beside the official client, a rerun out of the cache, kills with -9, and a storm.

python -m benchmarks.llm [--peer PYTHON] [--rows 5000] [--cached 100000] [--kills 6] [--storm 3000] [--seed 1]

Everything goes over a loopback server that answers by a script. PEER is a Python that has ``openai`` installed; without
it the comparison is left out, and with it its bar.
"""

import argparse
import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from benchmarks.bars import Bar, conclude
from benchmarks.llm_client import MODEL, answer, question, rows
from metier.llm.endpoint import body
from metier.llm.llm import Failed
from metier.llm.request import Request
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.llm.stub import Faults, Stub, serving

CONCURRENCY, LATENCY = 256, 0.02
RATE = 200
"""Requests a second that the stormy endpoint allows."""


@contextlib.contextmanager
def elsewhere(faults: Faults) -> Iterator[str]:
    """An endpoint in a process of its own; its address."""
    command = [sys.executable, "-m", "metier.llm.stub", "--function", MODEL, "--faults"]
    process = subprocess.Popen([*command, msgspec.json.encode(faults).decode()], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def client(url: str, cache: Path, *options: object) -> "subprocess.Popen[str]":
    """A process that asks."""
    words = ["-m", "benchmarks.llm_client", url, str(cache), *map(str, options)]
    return subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)


def told(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """What a process that asked prints at its end."""
    printed, _ = process.communicate()
    if process.returncode:
        sys.exit(f"the client ended with {process.returncode}")
    found: dict[str, Any] = json.loads(printed)
    return found


def cost(place: Path, count: int, peer: str) -> Iterator[Bar]:
    """CPU a request, ours and the official client's, in turns against one endpoint; the lower of two."""
    bodies = place / "bodies.json"
    asked = [msgspec.json.decode(body(Request(MODEL, question(row)))) for row in range(count + 20)]
    bodies.write_text(json.dumps(asked))
    ours, theirs = [], []
    with elsewhere(Faults(latency=LATENCY)) as url:
        for turn in range(2):
            ours.append(told(client(url, place / f"cost-{turn}.sqlite", "--rows", count, "--concurrency", CONCURRENCY)))
            if peer:
                words = [peer, "-m", "benchmarks.llm_peer", url, str(count), str(CONCURRENCY), str(bodies)]
                printed = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
                theirs.append(json.loads(printed))
    mine = min(1000 * one["cpu"] / count for one in ours)
    yield Bar("replies of our client", min(one["made"] for one in ours), "replies", f"= {count}")
    yield Bar("CPU a request, whole path with cache", mine, "ms", "<= 1")
    print(f"our wall: {', '.join(format(one['seconds'], '.2f') for one in ours)} s for {count} requests")
    if theirs:
        other = min(1000 * one["cpu"] / count for one in theirs)
        print(f"openai: {other:.3f} ms of CPU a request; {min(one['made'] for one in theirs)} replies")
        yield Bar("CPU of the openai client / ours", other / mine, "times", ">= 5")


def again(place: Path, count: int) -> Iterator[Bar]:
    """Fill the cache by a script, then make every conversation again with an endpoint that counts what it is asked."""
    cache = place / "again.sqlite"
    with session(cache, {"teacher": Scripted(function=MODEL)}) as calls:
        begin = time.perf_counter()
        filled = sum(not isinstance(one, Failed) for one in rows(calls.llm("teacher"), count))
        print(f"filled: {filled / (time.perf_counter() - begin):,.0f} a second, {cache.stat().st_size >> 20} MB")
    with serving(answer) as stub:
        made = told(client(stub.url, cache, "--rows", count))
        sent = stub.counts().requests
    yield Bar("conversations made again out of the cache", made["made"], "", f"= {count}")
    yield Bar("requests sent for them", sent, "requests", "= 0")
    yield Bar("cached conversations", count / made["seconds"], "/s", ">= 5000")


def crash(place: Path, kills: int, draw: Random) -> Iterator[Bar]:
    """Kill the client at random moments; what it had recorded must never be asked again."""
    count, width, cache = 1500 * kills, 64, place / "crash.sqlite"
    marks = {request.key: blake2b(body(request), digest_size=16).hexdigest() for request in map(ask, range(count))}
    options = ("--rows", count, "--concurrency", width)
    asked_again = hits = flying = 0
    with serving(answer, Faults(latency=0.05)) as stub:
        for number in range(kills):
            recorded = {marks[key] for key in replies(cache)}
            before, process = dict(stub.asked), client(stub.url, cache, *options)
            asked = stub.asked.total()
            while process.poll() is None and stub.asked.total() == asked:
                time.sleep(0.001)
            time.sleep(draw.uniform(0.02, 0.9))
            hits += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait()
            settle(stub)
            after = {marks[key] for key in replies(cache)}
            lost = [mark for mark, times in stub.asked.items() if times != before.get(mark, 0) and mark not in after]
            asked_again += sum(stub.asked[mark] != before[mark] for mark in recorded)
            flying += len(lost)
            print(f"kill {number + 1}: {len(after)} recorded, {len(lost)} in flight", flush=True)
        before, recorded = dict(stub.asked), {marks[key] for key in replies(cache)}
        made = told(client(stub.url, cache, *options))
        asked_again += sum(stub.asked[mark] != before[mark] for mark in recorded)
        twice = sum(times - 1 for times in stub.asked.values())
    yield Bar("kills that hit a running client", hits, "kills", f"= {kills}")
    yield Bar("recorded replies that were asked again", asked_again, "requests", "= 0")
    yield Bar("asked again, less those in flight at a kill", twice - flying, "requests", "= 0")
    yield Bar("rows lost", count - made["made"], "rows", "= 0")
    print(f"in flight at {hits} kills, so asked again: {flying} of {count} (at most {hits * width})")


def ask(row: int) -> Request:
    """The request of a row."""
    return Request(MODEL, question(row))


def replies(cache: Path) -> list[str]:
    """The keys of all replies recorded."""
    if not cache.exists():
        return []
    file = sqlite3.connect(cache)
    try:
        return [row[0].hex() for row in file.execute("SELECT key FROM replies")]
    except sqlite3.OperationalError:  # killed before the tables were there
        return []
    finally:
        file.close()


def settle(stub: Stub) -> None:
    """Wait until the endpoint has nothing under way."""
    while stub.open:
        time.sleep(0.01)


def storm(place: Path, count: int, aware: bool) -> Iterator[Bar]:
    """Every fault at once, and a limit on the rate: told to the client, or only kept by the endpoint."""
    faults = Faults(
        refused=0.2, retry_after=0.2, errors=0.05, cut=0.02, malformed=0.01, slow=0.1, slow_seconds=0.5,
        latency=LATENCY, per_second=RATE,
    )  # fmt: skip
    name = "told" if aware else "not told"
    with serving(answer, faults) as stub:
        more = ("--per-minute", 60 * RATE) if aware else ()
        made = told(client(stub.url, place / f"storm-{aware}.sqlite", "--rows", count, "--concurrency", 64, *more))
        seen = stub.counts()
    taken = seen.requests - seen.outcomes.get("limited", 0)
    failed = sum(made["failed"].values())
    print(f"storm, rate {name}: {made['seconds']:.1f} s, {seen.outcomes}, failed {made['failed']}", flush=True)
    yield Bar(f"storm, rate {name}: rows with neither reply nor reason", count - made["made"] - failed, "rows", "= 0")
    yield Bar(f"storm, rate {name}: rows with a reply", made["made"] / count, "", ">= 0.99")
    yield Bar(f"storm, rate {name}: of the allowed rate", taken / made["seconds"] / RATE, "", ">= 0.8")
    yield Bar(f"storm, rate {name}: longest silence", seen.longest_silence, "s", "<= 5")


def main() -> int:
    """All four."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default="", help="a Python that has openai")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--cached", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--storm", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        room = Path(place)
        bars = [
            *cost(room, given.rows, given.peer),
            *again(room, given.cached),
            *crash(room, given.kills, Random(given.seed)),
            *storm(room, given.storm, aware=True),
            *storm(room, given.storm, aware=False),
        ]
    return conclude("llm", bars)


if __name__ == "__main__":
    sys.exit(main())
