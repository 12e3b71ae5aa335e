"""What a reward model of one language is worth in another: consultations of the fictional world in Chinese and English.

    python -m benchmarks.align_transfer [--seeds 3] [--language zh]

Each prompt has the reply of a language model and that of a doctor; preferred is the one with more points on five of the
aspects of `world.aspects`, ties left out. Informativeness does not count: with it the longer reply wins nine times of
ten. The base is nano with the tokens of the other language's consultations added. A reward model of the other language
is trained from it on many pairs. English ones are trained on few pairs, from the base and from that reward model; all
are measured on English pairs about drugs that no training spoke of. Each seed is a world, a draw of the pairs and an
order of training of its own; the intervals hold for the pairs of all seeds together, a drug's belonging together.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from benchmarks.bars import Bar, conclude
from metier.evals.intervals import Estimate, mean
from metier.model.rewards import encode_pair, load_reward, rewards
from metier.records import Answer, Checkpoint, Document, Preference
from metier.train.extend import Extend, extend
from metier.train.reward import Reward, reward
from metier.world.aspects import Aspects, aspects
from metier.world.consultations import Consultations, consultations

FEW = (0, 16, 48, 160)
"""English pairs that are trained on."""
DRUGS, EACH = 60, 12
Among = Literal["most", "rest"]


class Told(NamedTuple):
    """Of one way to train: whether each pair was told, 1, or not, 0, a tie one half; and the drug that it is about."""

    hits: list[float]
    drugs: list[str]

    @property
    def share(self) -> Estimate:
        """The share that was told."""
        return mean(self.hits, self.drugs)


def pairs(seed: int, language: str, among: Among) -> list[Preference]:
    """Both replies to every prompt, the one with more points preferred."""
    config = Consultations(drugs=DRUGS, each=EACH, among=among, language=language)
    said = {
        manner: list(consultations(seed, msgspec.structs.replace(config, replies=manner)))
        for manner in ("distilled", "real")
    }
    both = [Answer(f"{one.id}/{manner}", one.id, manner, one.reply) for manner, some in said.items() for one in some]
    points = defaultdict[str, float](float)
    for grade in aspects(both, said["real"], seed, Aspects(drugs=DRUGS, language=language)):
        points[grade.answer] += grade.points * (grade.dimension != "informativeness")
    made = []
    for one, other in zip(said["distilled"], said["real"], strict=True):
        lead = points[f"{one.id}/distilled"] - points[f"{one.id}/real"]
        if lead:
            chosen, rejected = (one, other) if lead > 0 else (other, one)
            made.append(Preference(one.id, one.prompt, chosen.reply, rejected.reply, None, "world", language, one.id))
    return made


def base(some: Sequence[Preference], place: Path) -> Checkpoint:
    """Nano with the tokens of the other language."""
    place.mkdir(parents=True)
    docs = [Document(one.id, "\n".join([one.prompt[-1].content, one.chosen, one.rejected])) for one in some]
    extend(Checkpoint("asset:nano"), 7, Extend(tokens=1000, uses=5), place, docs=docs)
    return Checkpoint(str(place))


def trained(start: Checkpoint, some: Sequence[Preference], seed: int, place: Path) -> Checkpoint:
    """A reward model after so many steps that every training makes about as many."""
    epochs = max(1.0, 60 * 8 / max(1, len(some)))
    config = Reward(epochs=epochs, batch_pairs=8, device_pairs=8, learning_rate=5e-4, held_out=0, looks=0)
    list(reward(start, some, seed, config, place))
    return Checkpoint(str(place))


def told(model: Checkpoint, some: Sequence[Preference], seed: int) -> Told:
    """Whether a reward model tells each pair apart."""
    loaded = load_reward(model.path)
    both = [encode_pair(loaded.tokenizer, one.prompt, reply) for one in some for reply in (one.chosen, one.rejected)]
    found = rewards(loaded, both)
    return ahead(some, found[::2], found[1::2], seed)


def ahead(some: Sequence[Preference], chosen: Sequence[float], rejected: Sequence[float], seed: int) -> Told:
    """Which chosen replies are ahead; a drug is one of its world."""
    hits = [((a > b) - (a < b) + 1) / 2 for a, b in zip(chosen, rejected, strict=True)]
    return Told(hits, [f"{seed}:{one.id.rpartition(':')[0]}" for one in some])


def measure(seed: int, language: str, home: Path) -> dict[str, Told]:
    """One seed: what every way to train tells of the held-out pairs."""
    theirs, ours = pairs(seed, language, "most"), pairs(seed, "en", "most")
    held, own = pairs(seed, "en", "rest"), pairs(seed, language, "rest")
    start = base(theirs, home / "base")
    first = trained(start, theirs, seed, home / language)
    lengths = [len(one.chosen) for one in held], [len(one.rejected) for one in held]
    found = {
        "0 en pairs, the longer reply": ahead(held, *lengths, seed),
        f"{language} on {language}": told(first, own, seed),
        "0 en pairs, from the other language": told(first, held, seed),
    }
    for few in FEW[1:]:
        some = ours[:: max(1, len(ours) // few)][:few]
        for name, begin in (("base", start), ("other language", first)):
            made = trained(begin, some, seed, home / f"{name.split()[0]}{few}")
            found[f"{few} en pairs, from the {name}"] = told(made, held, seed)
        print(f"seed {seed}: {few} English pairs done", flush=True)
    return found


def bars(seeds: int = 3, language: str = "zh") -> list[Bar]:
    """The table: accuracy on English pairs with and without the other language, whatever it is.

    The bar is that there was something to carry over: in its own language the other reward model is better than chance.
    """
    whole = defaultdict[str, Told](lambda: Told([], []))
    for seed in range(11, 11 + seeds):
        with tempfile.TemporaryDirectory() as home:
            found = measure(seed, language, Path(home))
        for name, one in found.items():
            whole[name] = Told(whole[name].hits + one.hits, whole[name].drugs + one.drugs)
    print()
    for name, one in whole.items():
        value, n, low, high = astuple(one.share)
        print(f"{name:<40} {value:.3f}  ({low:.3f} to {high:.3f}, n = {n})")
    for few in FEW[1:]:
        after, before = (whole[f"{few} en pairs, from the {name}"] for name in ("other language", "base"))
        gain = mean([a - b for a, b in zip(after.hits, before.hits, strict=True)], after.drugs)
        print(f"{few:>3} pairs: gained by the other language {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})")
    own = whole[f"{language} on {language}"].share
    return [Bar(f"reward accuracy in {language}, held-out drugs, lower end", own.low, "share", "> 0.5")]


def main() -> int:
    """Read the command line, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--language", default="zh")
    given = parser.parse_args()
    return conclude("align_transfer", bars(given.seeds, given.language))


if __name__ == "__main__":
    raise SystemExit(main())
