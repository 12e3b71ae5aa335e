"""A reward model on real preferences: Chinese instructions, each with a reply that was preferred and one that was not.

    python -m benchmarks.align_real [--data FILE] [--folds 5] [--epochs 2]

The pairs are those of MedicalGPT's `dpo_zh_500.jsonl`. All pairs of a fold are held out from a model that is trained on
the other folds, so that every pair is told once by a model that has not seen it. Each fold's base is nano, an English
model of a million parameters, with a vocabulary extended on the texts of the fold's training pairs. Nothing was chosen
by these numbers, and such a model has hardly read Chinese: what it can learn is what shows on the surface.

Beside the accuracy stands what the length alone would have told. Pairs longer than nano's 512 positions are left out
and counted.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.bars import Bar, conclude
from metier.judge.held_out import HeldOut, held_out
from metier.records import Checkpoint, Document, Message, Preference, Role
from metier.train.extend import Extend, extend
from metier.train.jsonl import read
from metier.train.reward import Reward, reward
from metier.train.reward_curve import HELD, Held

DATA = Path("../shared/data/dialogue/dpo_zh_500.jsonl")
ROLES: dict[str, Role] = {"human": "user", "gpt": "assistant", "system": "system"}
SETTINGS = Reward(batch_pairs=16, device_pairs=4, learning_rate=5e-4, warmup=0.1, looks=0)


@dataclass(frozen=True)
class Told:
    """Every pair that a model which had not seen it was asked about, and the ids of those that were too long."""

    held: list[Held]
    long: list[str]
    seconds: float


def pairs(path: Path) -> list[Preference]:
    """The pairs of a file of ShareGPT's shape."""
    made = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        prompt = tuple(Message(ROLES[one["from"]], one["value"]) for one in row["conversations"])
        made.append(Preference(f"dpo{number}", prompt, row["chosen"], row["rejected"], language="zh"))
    return made


def base(trained: Sequence[Preference], place: Path) -> Checkpoint:
    """Nano with the tokens of these texts."""
    place.mkdir(parents=True)
    texts = ["\n".join([*(said.content for said in one.prompt), one.chosen, one.rejected]) for one in trained]
    docs = [Document(one.id, text) for one, text in zip(trained, texts, strict=True)]
    extend(Checkpoint("asset:nano"), 7, Extend(tokens=4000, uses=5), place, docs=docs)
    return Checkpoint(str(place))


def tell(some: Sequence[Preference], folds: int, epochs: float, home: Path) -> Told:
    """Train a model a fold and gather what each says of the pairs held out from it."""
    held, long, begun = list[Held](), list[str](), time.monotonic()
    for fold in range(folds):
        apart = [one for number, one in enumerate(some) if number % folds == fold]
        rest = [one for number, one in enumerate(some) if number % folds != fold]
        made = base(rest, home / f"base{fold}")
        config = msgspec.structs.replace(SETTINGS, epochs=epochs)
        lost = list(reward(made, rest, 7, config, home / f"reward{fold}", apart))
        long += [one.id for one in lost if one.why.startswith("validation: longer than")]
        held += centred(list(read(home / f"reward{fold}" / HELD, Held)))
        print(f"fold {fold + 1} of {folds}: {len(held)} pairs told, {time.monotonic() - begun:.0f} s", flush=True)
    return Told(held, long, time.monotonic() - begun)


def centred(some: Sequence[Held]) -> list[Held]:
    """Rewards less their mean, as two models do not count from the same nought."""
    mean = sum(one.chosen + one.rejected for one in some) / (2 * len(some))
    return [msgspec.structs.replace(one, chosen=one.chosen - mean, rejected=one.rejected - mean) for one in some]


def measured(held: Sequence[Held]) -> HeldOut:
    """The measures over the pairs of all folds."""
    lengths = [(one.chosen_tokens, one.rejected_tokens) for one in held]
    return held_out([one.id for one in held], [one.chosen for one in held], [one.rejected for one in held], lengths)


def bars(path: Path = DATA, folds: int = 5, epochs: float = 2) -> list[Bar]:
    """The table, whatever its numbers are; the bars are that every pair is told once or too long, and the time."""
    if not path.is_file():
        print(f"skipped: there is no {path}; name it with --data")
        return []
    some = pairs(path)
    with tempfile.TemporaryDirectory() as home:
        told = tell(some, folds, epochs, Path(home))
    found = measured(told.held)
    print(f"\n{len(some)} pairs, {len(told.long)} longer than the model reads, {told.seconds:.0f} s")
    rows = (
        ("accuracy on held-out pairs", found.accuracy),
        ("the longer reply is the chosen one", found.longer_wins),
        ("correlation of reward and length", found.length_correlation),
        ("calibration error", found.calibration),
        ("Brier score (guessing: .25)", found.brier),
    )
    for name, one in rows:
        print(f"{name:<36} {one.value:6.3f}  ({one.low:.3f} to {one.high:.3f}, n = {one.n})")
    once = Counter([*(one.id for one in told.held), *told.long])
    return [
        Bar("pairs told once, or too long", sum(once[one.id] == 1 for one in some), "pairs", f"= {len(some)}"),
        Bar("minutes", told.seconds / 60, "min", "<= 6"),
    ]


def main() -> int:
    """Read the command line, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=float, default=2)
    given = parser.parse_args()
    return conclude("align_real", bars(given.data, given.folds, given.epochs))


if __name__ == "__main__":
    raise SystemExit(main())
