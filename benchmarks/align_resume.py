"""Kill PPO in the middle, let it go on, and hold every line and every weight to a run left in peace.

python -m benchmarks.align_resume [--kills 3] [--rollouts 12]

A process of its own trains nano with train.ppo against a reward model with a random head, with all that a training may
carry on: an adapted coefficient, scores taken in deviations, general conversations beside, looks along the way. It is
killed (SIGKILL) as soon as it has written so many lines and there is a checkpoint older than the last of them, so that
it has to go on from there and write some lines again; the seconds of a line, which no two runs share, are left out of
the comparison.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.bars import Bar, conclude
from metier.train.resume import last_checkpoint, step_of

LARGEST = 1e-5
SECONDS = 1.0
"""Between two checkpoints: a kill then costs some rollouts whose lines are written already."""


def bars(kills: int = 3, rollouts: int = 12) -> list[Bar]:
    """Both runs, compared."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        reward(home / "reward")
        calm, wild = home / "calm", home / "wild"
        finish(start(home, calm, rollouts))
        hits, again = 0, 0
        for number in range(kills):
            lost = kill(start(home, wild, rollouts), wild, (number + 1) * rollouts // (kills + 1))
            hits, again = hits + bool(lost), again + lost
        finish(start(home, wild, rollouts))
        ours, theirs = lines(calm), lines(wild)
        worst = max(
            abs(one[name] - other[name])
            for one, other in zip(ours, theirs, strict=True)
            for name in one
            if name != "seconds" and one[name] is not None
        )
        same = (calm / "model.safetensors").read_bytes() == (wild / "model.safetensors").read_bytes()
        looks = (calm / "samples.jsonl").read_bytes() == (wild / "samples.jsonl").read_bytes()
        left = len(list((wild / "checkpoints").glob("*")))
    print(f"{len(ours)} lines of {len(ours[0])} numbers compared, {again} of which were written again after a kill")
    return [
        Bar("kills after which it went on from a checkpoint", hits, "kills", f"= {kills}"),
        Bar("rewards and all else of a line, largest difference", worst, "", f"<= {LARGEST:g}"),
        Bar("final weights that differ", float(not same), "files", "= 0"),
        Bar("looks that differ", float(not looks), "files", "= 0"),
        Bar("checkpoints left behind", left, "", "= 0"),
    ]


def reward(out: Path) -> None:
    """A reward model from nano with a head drawn at random."""
    import torch

    from metier.model.load import load_tokenizer, quiet
    from metier.model.rewards import reward_weights

    model = reward_weights("asset:nano", torch.float32)
    torch.manual_seed(8)
    torch.nn.init.normal_(model.score.weight, std=0.05)
    with quiet():
        model.save_pretrained(out)
        load_tokenizer("asset:nano").save_pretrained(out)


def train(home: Path, out: Path, rollouts: int) -> None:
    """The training that is killed."""
    from metier.records import Checkpoint, Conversation, Message
    from metier.train.ppo import Ppo, ppo

    asked = [Conversation(f"p{n}", (Message("user", f"What is sold in shop {n}?"),)) for n in range(60)]
    told = (Message("user", "Who lives here?"), Message("assistant", "Nobody that I know of."))
    general = [Conversation(f"g{n}", told, source="general") for n in range(8)]
    config = Ppo(
        samples=16 * rollouts, rollout=16, chunk=4, epochs=2, max_tokens=16, learning_rate=3e-5, warmup=0.2, kl=0.1,
        kl_target=1.0, kl_horizon=200, score_clip=3.0, general=("general",), probe_prompts=8, probe_every=4,
        save_seconds=SECONDS,
    )  # fmt: skip
    list(ppo(Checkpoint("asset:nano"), Checkpoint(str(home / "reward")), [*asked, *general], 7, config, out))


def start(home: Path, out: Path, rollouts: int) -> "subprocess.Popen[bytes]":
    """The training in a process of its own."""
    out.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.align_resume", "--train", str(home), str(out), str(rollouts)]
    )


def finish(process: "subprocess.Popen[bytes]") -> None:
    """Wait for its end, which has to be a good one."""
    if process.wait():
        sys.exit(f"the training ended with {process.returncode}")


def kill(process: "subprocess.Popen[bytes]", out: Path, count: int) -> int:
    """Kill a training once it has written so many lines, some after its last checkpoint: how many; 0: too late."""
    while process.poll() is None and (len(lines(out)) < count or not 0 < checkpoint(out) < len(lines(out))):
        time.sleep(0.002)
    if process.poll() is not None:
        return 0
    process.send_signal(signal.SIGKILL)
    process.wait()
    return len(lines(out)) - checkpoint(out)


def checkpoint(out: Path) -> int:
    """Rollouts that the last checkpoint holds; 0 where there is none."""
    return step_of(last_checkpoint(out, clean=False))


def lines(out: Path) -> list[dict[str, Any]]:
    """The lines of a training that are whole."""
    path = out / "ppo.jsonl"
    found = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in found if line.endswith("\n")]


def main() -> int:
    """Compare and conclude; or be the training itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--rollouts", type=int, default=12)
    parser.add_argument("--train", nargs=3, metavar=("HOME", "OUT", "ROLLOUTS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.train:
        train(Path(given.train[0]), Path(given.train[1]), int(given.train[2]))
        return 0
    return conclude("align_resume", bars(given.kills, given.rollouts))


if __name__ == "__main__":
    sys.exit(main())
