"""A run that is killed with -9 again and again ends like one left in peace, and makes nothing twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.command import CHECKOUT, metier

RECIPE = """\
name: killed
shard_mb: 0.2
steps:
  pages: {use: corpus.read, paths: pages.jsonl, kind: book}
  clean: {use: corpus.clean, min_chars: 30}
  passages: {use: corpus.segment, max_chars: 400, min_chars: 50}
  unique: {use: corpus.dedup}
  half: {use: corpus.split, by: topic, held: 0.5}
  facts: {use: instruct.extract, question: q}
"""
PATIENCE = 120
"""Seconds after which a run that writes nothing counts as stuck."""


def write(place: Path) -> None:
    """A recipe and thirty shards of pages, some of them alike, short or malformed."""
    draw = random.Random(1)
    words = ["salt", "river", "clinic", "amber", "dose", "leaf", "winter", "pulse"]
    with (place / "pages.jsonl").open("w") as file:
        for number in range(12_000):
            text = " ".join(draw.choice(words) for _ in range(draw.choice([3, 60, 120]))) + "."
            row = {
                "text": text if number % 7 else "The same sentence stands here again and again.",
                "topic": f"t{number % 40}",
            }
            file.write("{broken\n" if number % 1000 == 999 else json.dumps({**row, "q": f"What of {number}?"}) + "\n")
    (place / "recipe.yaml").write_text(RECIPE)


def log(place: Path) -> list[str]:
    file = place / "runs" / "killed" / "log.jsonl"
    return file.read_text().splitlines() if file.exists() else []


def stop_after(place: Path, lines: int, how: signal.Signals) -> "subprocess.Popen[str]":
    """Start the run and send it a signal once its log has so many lines."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, "-m", "metier.cli", "run", "./recipe.yaml"]
    process = subprocess.Popen(command, cwd=place, env=environment, stdout=-1, stderr=-1, text=True)
    end = time.monotonic() + PATIENCE
    while process.poll() is None and len(log(place)) < lines:
        assert time.monotonic() < end
        time.sleep(0.001)
    process.send_signal(how)
    return process


def files(place: Path) -> dict[str, bytes]:
    """Everything below the run but its log, its lock and its memory of file contents."""
    root = place / "runs" / "killed"
    found = [path for path in root.rglob("*") if path.is_file() and path.name not in ("log.jsonl", ".lock")]
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def test_killed_again_and_again(tmp_path: Path) -> None:
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    for place in (calm, wild):
        place.mkdir()
        write(place)
    assert metier("run", "./recipe.yaml", cwd=calm).code == 0
    most = len(log(calm))
    assert most > 15, "enough shards to be killed between"
    kills = 0
    for lines in range(1, most + 1, 2):
        stopped = stop_after(wild, lines, signal.SIGKILL)
        stopped.communicate()
        kills += stopped.returncode == -signal.SIGKILL
    assert kills >= 5
    done = metier("run", "./recipe.yaml", cwd=wild)
    assert done.code == 0, done
    assert files(wild) == files(calm)
    events = [json.loads(line) for line in log(wild)]
    made = Counter((one["event"], one["step"], one.get("shard"), one["fingerprint"]) for one in events)
    assert [what for what, count in made.items() if count > 1] == []


def test_stopped_by_the_user_says_so(tmp_path: Path) -> None:
    write(tmp_path)
    stopped = stop_after(tmp_path, 1, signal.SIGINT)
    said = stopped.communicate()[1]
    assert stopped.returncode == 130, said
    assert said.strip().splitlines()[-1] == "metier: stopped; the same command goes on from here"
    assert "Traceback" not in said
