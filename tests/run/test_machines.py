"""Two machines train one step together: the first makes all else, the further one joins it and leaves."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

from metier.recipe import load
from metier.run.describe import outlook
from metier.run.plan import plan
from metier.train.profiles import may_have_gpus
from tests.command import CHECKOUT, metier

RECIPE = """\
name: together
seed: 3
steps:
  drugs: {use: world.write, subject: drugs, drugs: 4}
  facts: {use: instruct.extract, patterns: "asset:world/en/patterns.csv"}
  student:
    use: train.sft
    from: {conversations: facts, base: "asset:nano"}
    window: 128
    batch_tokens: 512
    launch: {nodes: 2, processes: 1}
"""


def write(tmp_path: Path, old: str = "name", new: str = "name") -> str:
    file = tmp_path / "recipe.yaml"
    file.write_text(RECIPE.replace(old, new, 1))
    return str(file)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_two_machines_share_a_training(tmp_path: Path) -> None:
    recipe = write(tmp_path)
    around = {**os.environ, "PYTHONPATH": str(CHECKOUT), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    around["OMP_NUM_THREADS"] = "1"
    words = [sys.executable, "-m", "metier.cli", "run", recipe]
    both = [
        subprocess.Popen(words, cwd=tmp_path, env={**around, "NODE_RANK": rank}, text=True, stdout=PIPE, stderr=PIPE)
        for rank in "01"
    ]
    heard = [process.communicate(timeout=300) for process in both]
    said = [error for _, error in heard]
    assert [process.returncode for process in both] == [0, 0], said
    root = tmp_path / "runs" / "together"
    assert "--nnodes=2 --node-rank=0" in said[0]
    assert "student: waits for the first machine to prepare it, then trains with it" in said[1]
    assert "facts:" not in said[1]
    assert "this machine has done its part" in heard[1][0]
    assert (root / "student" / "complete").exists()
    assert json.loads((root / "student" / "manifest.json").read_bytes())["config"]["launch"]["nodes"] == 2
    assert not list(root.glob(".*.partial"))
    steps = [json.loads(line)["step"] for line in (root / "student" / "loss.jsonl").read_text().splitlines()]
    assert steps == list(range(1, len(steps) + 1))


FAILS = """\
name: fails
steps:
  letters: {use: "tests.run.steps:letters", count: 40, fail_at: 9}
  student: {use: train.pretrain, from: {docs: letters, base: "asset:nano"}, launch: {nodes: 2, processes: 1}}
"""


def test_a_machine_that_waits_is_told_that_the_first_has_failed(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(FAILS)
    around = {**os.environ, "PYTHONPATH": str(CHECKOUT), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    words = [sys.executable, "-m", "metier.cli", "run", "./recipe.yaml"]
    second = subprocess.Popen(words, cwd=tmp_path, env={**around, "NODE_RANK": "1"}, text=True, stderr=PIPE)
    assert second.stderr is not None
    assert "waits for the first machine" in second.stderr.readline()
    first = subprocess.run(
        words, cwd=tmp_path, env={**around, "NODE_RANK": "0"}, text=True, capture_output=True, timeout=300
    )
    assert first.returncode != 0
    said = second.communicate(timeout=300)[1]
    assert second.returncode == 2
    assert "step 'student': the first machine has failed: " in said
    assert "start all of them again" in said


def test_a_machine_that_does_not_say_which_it_is_is_told_how(tmp_path: Path) -> None:
    said = metier("run", write(tmp_path), cwd=tmp_path, before="unset NODE_RANK MASTER_ADDR MASTER_PORT")
    assert said.code == 2
    assert "launch: 2 nodes, but the environment has no NODE_RANK; start the same command on each" in said.last
    assert not list((tmp_path / "runs").glob("*/*")), "known before anything is made"


def test_a_plan_shows_the_command_and_launching_otherwise_makes_nothing_again(tmp_path: Path) -> None:
    first = plan(load(write(tmp_path)), tmp_path / "runs")
    shown = next(line for line in outlook(first).splitlines() if line.startswith("student: "))
    assert "-m torch.distributed.run --nnodes=2" in shown
    assert "--nproc-per-node=1 -m metier.train.loop" in shown
    assert shown.endswith(f".student.{first.mark('student')}.partial")
    other = plan(load(write(tmp_path, "{nodes: 2, processes: 1}", "{processes: 4}")), tmp_path / "runs")
    assert "--standalone --nproc-per-node=4" in outlook(other)
    assert other.mark("student") == first.mark("student")
    single = plan(load(write(tmp_path, "{nodes: 2, processes: 1}", "{processes: 1}")), tmp_path / "runs")
    assert ("torch.distributed.run" in outlook(single)) == may_have_gpus(), "one processor needs no launcher"
