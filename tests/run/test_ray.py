"""The engine on Ray, through its front door: the same files as the local engine, broken and gone on with."""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact
from metier.recipe import load
from metier.records import Document, MetierError
from metier.run.make import run
from tests.command import CHECKOUT

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: metier[ray]")
PATIENCE = 120
"""Seconds after which a run that writes nothing counts as stuck."""
RECIPE = """\
name: NAME
shard_mb: 0.2
steps:
  pages: {use: corpus.read, paths: pages.jsonl, kind: book}
  clean: {use: corpus.clean, min_chars: 30}
  passages: {use: corpus.segment, max_chars: 400, min_chars: 50}
  unique: {use: corpus.dedup, near: {}}
  half: {use: corpus.split, by: topic, held: 0.3}
"""
OWN = """\
from pathlib import Path

from metier.batch import Batch
from metier.records import Document, MetierError


class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def shout(batch: Batch[Document]) -> Batch[Document]:
    if Path("stop").exists() and "a20" in batch.values("id"):
        word = Path("stop").read_text()
        raise {"metier": MetierError("the flag 'stop' stands; remove it"), "odd": Odd(1, 2)}.get(word, KeyError(word))
    return batch.replace(text=[text.upper() for text in batch.values("text")])
"""
BROKEN = """\
name: NAME
steps:
  letters: {use: "tests.run.steps:letters", count: 60}
  shout: {use: "beside_the_recipe:shout"}
  odd: {use: "tests.run.steps:odd"}
  unlike: {use: "tests.run.unlike:unlike"}
"""
TINY = "shard_mb=0.000001"
"""Every batch a shard of its own."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """One cluster on this machine for all tests here: it takes seconds to start."""
    from metier.run.ray_engine import started

    with started():
        yield


def pages(place: Path, count: int = 8500) -> None:
    """Pages in several shards: some of them alike, nearly alike, short or malformed."""
    draw = random.Random(1)
    words = [a + b for a in ("salt", "river", "clinic", "amber", "dose", "leaf") for b in ("", "s", "ed", "ing", "er")]
    seen = ["The same sentence stands here again and again, in every shard of this run."]
    with (place / "pages.jsonl").open("w") as file:
        for number in range(count):
            text = " ".join(draw.choice(words) for _ in range(draw.choice([3, 60, 150]))) + "."
            if number % 10 == 0:
                text = draw.choice(seen)
            elif number % 10 == 1:
                some = draw.choice(seen).split()
                for word in ("also", "the"):
                    some.insert(draw.randrange(len(some)), word)
                text = " ".join(some)
            seen.append(text)
            row = {"text": text, "topic": f"t{number % 40}"}
            file.write("{broken\n" if number % 500 == 499 else json.dumps(row) + "\n")


def make(place: Path, text: str, name: str, engine: Any, change: tuple[str, ...] = ()) -> Path:
    """Run a recipe under a name; its run directory."""
    (place / "recipe.yaml").write_text(text)
    run(load("./recipe.yaml", change, run=name), Path("runs"), engine=engine)
    return place / "runs" / name


def files(root: Path) -> dict[str, bytes]:
    """Everything below a run but its log and its lock."""
    found = [path for path in root.rglob("*") if path.is_file() and path.name not in ("log.jsonl", ".lock")]
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def log(root: Path) -> list[tuple[str, Any]]:
    """(step, shard) of every shard that the log says was made."""
    lines = (root / "log.jsonl").read_text().splitlines() if (root / "log.jsonl").exists() else []
    events = [json.loads(line) for line in lines]
    return [(one["step"], one["shard"]) for one in events if one["event"] == "shard"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a module of the user's own in it."""
    (tmp_path / "beside_the_recipe.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("beside_the_recipe", None)
    return tmp_path


@needs_ray
def test_both_engines_make_the_same_files(cluster: None, place: Path) -> None:
    pages(place)
    here, there = (make(place, RECIPE, name, name) for name in ("local", "ray"))
    assert files(here) == files(there)
    assert len(Artefact(there / "half").parts(Document)) > 3
    unique, read = Artefact(there / "unique").manifest, Artefact(there / "pages").manifest
    assert unique is not None and read is not None
    assert unique.dropped.keys() == {"exact duplicate", "near duplicate"} and sum(read.dropped.values()) == 17
    assert not list(there.glob(".*.partial")) and not list(there.rglob("*.arrow"))


@needs_ray
def test_a_barrier_after_steps_that_stand_takes_its_sketches_on_ray(cluster: None, place: Path) -> None:
    for name in ("local", "ray"):
        make(place, BROKEN.split("  unlike")[0], name, name, (TINY,))
        make(place, BROKEN, name, name, (TINY,))
    assert log(place / "runs" / "ray") == [(step, number) for step in ("odd", "unlike") for number in range(15)]
    assert files(place / "runs" / "ray") == files(place / "runs" / "local")


@needs_ray
def test_no_cluster_at_the_address_is_one_line_and_what_stands_needs_none(place: Path) -> None:
    (place / "recipe.yaml").write_text(BROKEN)
    command = [sys.executable, "-m", "metier.cli", "run", "./recipe.yaml", "--engine", "ray"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "RAY_ADDRESS": "nowhere"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert said.returncode == 2 and said.stderr.count("\n") == 1
    assert said.stderr.startswith("metier: ray does not start: ") and "check RAY_ADDRESS" in said.stderr
    make(place, BROKEN, "NAME", "local")
    assert subprocess.run(command, env=environment, capture_output=True).returncode == 0


@needs_ray
def test_a_broken_kernel_says_the_same_and_finished_shards_stand(cluster: None, place: Path) -> None:
    (place / "stop").write_text("metier")
    said = {}
    for engine in ("local", "ray"):
        with pytest.raises(MetierError) as error:
            make(place, BROKEN, engine, engine, (TINY,))
        said[engine] = str(error.value)
    assert said["ray"] == said["local"] == "recipe.yaml:5: step 'odd': the flag 'stop' stands; remove it"
    (place / "stop").unlink()
    # the cut goes on as it was begun, whatever is said of it now
    here, there = (make(place, BROKEN, name, name, ("shard_mb=0.001",)) for name in ("local", "ray"))
    assert len(Artefact(there / "odd").parts(Document)) == 15
    assert sorted(set(log(there))) == sorted(log(there)), "a shard was made twice"
    assert files(here) == files(there)


@needs_ray
@pytest.mark.parametrize(
    ("word", "kind", "text"), [("other", KeyError, "other"), ("odd", RuntimeError, "Odd: 1 and 2")]
)
def test_any_error_of_a_worker_comes_up_here(cluster: None, place: Path, word: str, kind: Any, text: str) -> None:
    (place / "stop").write_text(word)
    with pytest.raises(kind, match=text) as error:
        make(place, BROKEN, "ray", "ray", (TINY,))
    assert "beside_the_recipe.py" in str(error.value.__cause__), "the traceback of the worker"


@needs_ray
def test_a_broken_source_leaves_the_shards_before_it(cluster: None, place: Path) -> None:
    text = BROKEN.replace("count: 60", "count: 60, fail_at: 30")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="the source broke"):
            make(place, text, "ray", "ray", (TINY,))
        assert log(place / "runs" / "ray") == [("odd", number) for number in range(7)]


@needs_ray
def test_interrupted_on_ray_and_finished_here(tmp_path: Path) -> None:
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    for directory in (calm, wild):
        directory.mkdir()
        pages(directory)
        (directory / "recipe.yaml").write_text(RECIPE)
    command = [sys.executable, "-m", "metier.cli", "run", "./recipe.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    process = subprocess.Popen([*command, "--engine", "ray"], cwd=wild, env=environment, stderr=-1, text=True)
    end = time.monotonic() + PATIENCE
    while process.poll() is None and not log(wild / "runs" / "NAME"):
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 130, said
    assert said.strip().splitlines()[-1] == "metier: stopped; the same command goes on from here"
    assert "Traceback" not in said
    assert not [one for one in Path("/proc").glob("[0-9]*/cwd") if place_of(one) == wild], "a worker lives on"
    for directory in (calm, wild):
        subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True)
    assert files(wild / "runs" / "NAME") == files(calm / "runs" / "NAME")


def place_of(link: Path) -> Path | None:
    """Where a process works, while it lives."""
    try:
        return link.readlink()
    except OSError:
        return None


def test_without_ray_the_remedy_is_one_line(place: Path) -> None:
    (place / "recipe.yaml").write_text(BROKEN)
    script = "import sys\nsys.modules['ray'] = None\nfrom metier.cli import main\nmain()"
    command = [sys.executable, "-c", script, "run", "./recipe.yaml", "--engine", "ray"]
    environment = {**os.environ, "PYTHONPATH": f"{CHECKOUT}:{place}"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert said.returncode == 2
    assert said.stderr == "metier: --engine ray needs ray; install the extra: pip install 'metier[ray]'\n"
    assert not (place / "runs" / "NAME").exists()
