"""Near-duplicate search beside datatrove's four MinHash stages, on the same JSON Lines in the same run: CPU and trust.

python -m benchmarks.near [--peer PYTHON] [--megabytes 16] [--size 1]

The peer is a Python with datatrove[processing], spacy, jieba and orjson installed; without it only ours is measured.
Speed is taken on prose found on this machine, every tenth text with a copy; trust on that and on the planted corpus,
whose truth is known. CPU seconds are user and system time of a process and its children, after a warm-up on both sides
that loads libraries, models and compiled kernels. "With reading and writing" is all of it: from the JSON Lines to the
records that stay. Without: less what reading (and, of datatrove's last stage, reading and writing) takes alone; that
carrying out our decision reads and writes the records once more stays on our side. The peer's stages are called without
its executor. What its words cost is taken from every eighth text.
"""

import argparse
import collections
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.bars import Bar, conclude
from benchmarks.copies import Copy, nearest, planted
from benchmarks.peer_datatrove import timed
from benchmarks.prose import prose
from metier.artefact import Artefact
from metier.corpus.dedup import Dedup, decide, sketch
from metier.corpus.near import Near
from metier.recipe import load
from metier.records import Document
from metier.run.barrier import write_sketch
from metier.run.make import run
from metier.sketches import Sketches
from metier.text.words import words
from metier.world.planted import Class, Planted
from metier.world.planted import planted as world

RECIPE = """
name: {name}
steps:
  pages: {{use: corpus.read, paths: "{file}", id: id}}
  unique: {{use: corpus.dedup, near: {{}}}}
"""
ROUNDS = 3
"""Runs of ours, of which the least CPU counts; the peer runs once."""
SETTINGS = {"datatrove 14x8": (14, 8), "datatrove 20x6": (20, 6)}
"""Buckets and hashes: the peer's default, and ours."""
CODES = {"en": "eng", "zh": "cmn_Hani", "ar": "arb_Arab"}
CLASSES: tuple[Class, ...] = ("original", "exact", "near", "twin", "conflict", "good", "topic")
FACTS = ("twin", "conflict")
"""Classes of the planted corpus whose members all say different things."""
ALIKE, COUNTED = 0.7, 0.8
"""Least similarity of what goes to one that stays, to be called right; of a copy, to be looked for."""
Times = dict[str, tuple[float, float]]


class Set(NamedTuple):
    """Texts by id, the language of each, the copies among them, and the ids that must stay."""

    name: str
    texts: dict[str, str]
    language: dict[str, str]
    copies: list[Copy]
    stays: frozenset[str]

    @property
    def megabytes(self) -> float:
        """UTF-8 text."""
        return sum(len(text.encode()) for text in self.texts.values()) / 1e6

    def write(self, file: Path, language: str = "") -> Path:
        """JSON Lines of all texts, or of those in one language."""
        with file.open("w", encoding="utf-8") as out:
            for id, text in self.texts.items():
                if language in ("", self.language[id]):
                    out.write(json.dumps({"id": id, "text": text}, ensure_ascii=False) + "\n")
        return file


def found_prose(megabytes: float) -> Set:
    """Prose of this machine, taken as English, with a copy of every tenth text."""
    texts: dict[str, None] = {}
    size = 0
    for _, text in prose():
        size += 0 if text in texts else len(text.encode())
        texts[text] = None
        if size >= megabytes * 0.9e6:
            break
    some, copies = planted(texts, seed=1)
    return Set("prose", some, dict.fromkeys(some, "en"), copies, frozenset())


def made_up(size: float) -> Set:
    """The part of the planted corpus that has to do with duplicates."""
    some = [one for one in world(Planted(size=size, classes=CLASSES), seed=7) if isinstance(one, Document)]
    copies = [
        Copy(one.id, one.meta["of"], one.meta.get("edit", "exact"), float(one.meta.get("jaccard", 1)))
        for one in some
        if one.meta["truth"] in ("near", "exact")
    ]
    stays = frozenset(one.id for one in some if one.meta["class"] in FACTS)
    return Set("planted", {one.id: one.text for one in some}, {one.id: one.language for one in some}, copies, stays)


def ours(name: str, file: Path, home: Path) -> tuple[Times, set[str], int]:
    """(CPU and wall seconds by stage, the ids that stay, pairs that are listed as conflicts)."""
    home.mkdir()
    recipe = home / f"{name}.yaml"
    recipe.write_text(RECIPE.format(name=name, file=file), encoding="utf-8")
    plan = load(str(recipe))
    best: Times = {}
    for number in range(ROUNDS):
        runs = home / f"runs{number}"
        times = {"read": timed(lambda runs=runs: run(plan, runs / "read", to=["pages"]))}  # type: ignore[misc]
        times["whole"] = timed(lambda runs=runs: run(plan, runs / "whole"))  # type: ignore[misc]
        times |= _stages(Artefact(runs / "read" / name / "pages"), runs)
        best = {stage: min(best.get(stage, spent), spent) for stage, spent in times.items()}
    unique = Artefact(runs / "whole" / name / "unique")
    conflicts = (unique.path / "conflicts.jsonl").read_bytes().count(b"\n")
    return best, {one.id for one in unique.records(Document)}, conflicts


def _stages(pages: Artefact, home: Path) -> Times:
    """What hashing words, sketching and deciding take by themselves."""
    config = Dedup(near=Near())
    (home / "out").mkdir()
    pairs = tuple((home / f"{part.stem}.sketch", part) for part in pages.parts(Document))
    batches = list(pages.batches(Document))
    times = {"words": timed(lambda: [words(batch) for batch in batches])}
    tables: list[Any] = []
    times["sketch"] = timed(lambda: tables.extend(sketch(batch, config) for batch in batches))
    assert len(pairs) == 1, "a part of records is larger than this benchmark thinks"
    write_sketch(pairs[0][0], tables)
    times["decide"] = timed(lambda: list(decide(Sketches(Document, pairs), config, home / "out")))
    return times


def theirs(python: str, some: Set, home: Path) -> dict[str, tuple[Times, set[str], int]]:
    """Of each setting of the peer (CPU and wall seconds by stage, the ids that stay, pairs that met in a bucket)."""
    home.mkdir()
    languages = sorted(set(some.language.values()))
    files = {language: some.write(home / f"{language}.jsonl", language) for language in languages}
    jobs = [
        {"file": str(files[language]), "language": CODES[language], "buckets": buckets, "hashes": hashes}
        for buckets, hashes in SETTINGS.values()
        for language in languages
    ]
    (home / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    script = Path(__file__).with_name("peer_datatrove.py")
    log = home / "peer.log"
    with log.open("w") as errors:
        command = [python, str(script), str(home / "jobs.json")]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, check=False)
    if done.returncode:
        sys.exit(log.read_text()[-3000:])
    each = json.loads(done.stdout)
    found = {}
    for at, name in enumerate(SETTINGS):
        mine = each[at * len(languages) : (at + 1) * len(languages)]
        times = {
            stage: (sum(one["seconds"][stage][0] for one in mine), sum(one["seconds"][stage][1] for one in mine))
            for stage in mine[0]["seconds"]
        }
        found[name] = times, {id for one in mine for id in one["kept"]}, sum(one["pairs"] for one in mine)
    return found


def print_times(title: str, times: Mapping[str, tuple[float, float]], megabytes: float) -> None:
    """One line a stage."""
    print(f"\n{title:<42} {'CPU s':>8} {'wall s':>8} {'ms/MB':>8}")
    for stage, (cpu, wall) in times.items():
        print(f"  {stage:<40} {cpu:>8.2f} {wall:>8.2f} {cpu / megabytes * 1e3:>8.1f}")


def ours_told(times: Times) -> Times:
    """The stages of ours as they are printed; carrying out is what remains, with all noise."""
    rest = tuple(whole - sum(some) for whole, *some in zip(
        times["whole"], times["read"], times["words"], times["sketch"], times["decide"], strict=True))  # fmt: skip
    return {
        "read JSON Lines, write records": times["read"],
        "hash words": times["words"],
        "sketch, near duplicates included": times["sketch"],
        "decide": times["decide"],
        "carry out, and what the engine adds": (rest[0], rest[1]),
        "with reading and writing": times["whole"],
        "without": (times["whole"][0] - times["read"][0], times["whole"][1] - times["read"][1]),
    }


def theirs_told(times: Times) -> Times:
    """The stages of the peer as they are printed."""
    stages = ("signature", "buckets", "cluster", "filter")
    whole = tuple(sum(times[stage][at] for stage in stages) for at in range(2))
    alone = tuple(times["read"][at] + times["read and write"][at] for at in range(2))
    return {
        **{stage: times[stage] for stage in ("read", "read and write", *stages)},
        "of the signature, splitting words": times["words"],
        "with reading and writing": (whole[0], whole[1]),
        "without": (whole[0] - alone[0], whole[1] - alone[1]),
    }


def recall(copies: Iterable[Copy], kept: set[str]) -> tuple[int, int]:
    """(copies that do not stand beside their originals any more, all)."""
    some = list(copies)
    return sum(not (copy.id in kept and copy.of in kept) for copy in some), len(some)


def groups(some: Set) -> Iterator[tuple[str, list[Copy]]]:
    """The copies of each language and edit that are near enough to be looked for."""
    rows: dict[str, list[Copy]] = collections.defaultdict(list)
    for copy in some.copies:
        if copy.jaccard >= COUNTED:
            rows[f"{some.language[copy.id]} {copy.edit}"].append(copy)
    yield from sorted(rows.items())


def right(some: Set, kept: set[str]) -> tuple[int, int]:
    """(texts removed that are alike to one that stays, all that were removed), by character 3-grams in Chinese."""
    like = removed = 0
    for language in sorted(set(some.language.values())):
        texts = {id: text for id, text in some.texts.items() if some.language[id] == language}
        values = [value for _, value in nearest(texts, kept, 3 if language == "zh" else 5)]
        like += sum(value >= ALIKE for value in values)
        removed += len(values)
    return like, removed


def trust(some: Set, sides: Mapping[str, set[str]]) -> dict[str, tuple[float, float, int]]:
    """Print what each side found and what it should not have; of each (recall, share rightly removed, facts lost)."""
    names = list(sides)
    print(f"\n{some.name}: copies of similarity {COUNTED} or more that were found" + "".join(f"{n:>18}" for n in names))
    for name, copies in groups(some):
        counts = [recall(copies, kept) for kept in sides.values()]
        print(f"  {name:<58}" + "".join(f"{f'{hit} of {all_}':>18}" for hit, all_ in counts))
    wanted = [copy for copy in some.copies if copy.jaccard >= COUNTED]
    found = {name: recall(wanted, kept) for name, kept in sides.items()}
    rights = {name: right(some, kept) for name, kept in sides.items()}
    lost = {name: len(some.stays - kept) for name, kept in sides.items()}
    rows = {
        "recall": [f"{hit / max(1, all_):.1%}" for hit, all_ in found.values()],
        "texts removed": [f"{removed:,} of {len(some.texts):,}" for _, removed in rights.values()],
        f"  of them like one that stays, {ALIKE} or more": [f"{like / max(1, n):.1%}" for like, n in rights.values()],
        "  of them not": [f"{removed - like:,}" for like, removed in rights.values()],
    }
    if some.stays:
        rows["twins and conflicts deleted: other facts lost"] = [f"{n} of {len(some.stays)}" for n in lost.values()]
    for row, values in rows.items():
        print(f"  {row:<58}" + "".join(f"{value:>18}" for value in values))
    return {
        name: (found[name][0] / max(1, found[name][1]), rights[name][0] / max(1, rights[name][1]), lost[name])
        for name in sides
    }


def one_set(some: Set, python: str, home: Path) -> list[Bar]:
    """Measure and print one set of texts."""
    home.mkdir()
    size = some.megabytes
    print(f"\n{some.name}: {len(some.texts):,} texts, {size:.1f} MB, {len(some.copies):,} copies among them")
    mine, kept, conflicts = ours(some.name, some.write(home / "all.jsonl"), home / "ours")
    told = ours_told(mine)
    print_times(f"ours, {conflicts:,} conflicts listed", told, size)
    sides = {"ours": kept}
    bars = []
    for name, (times, stays, pairs) in (theirs(python, some, home / "theirs") if python else {}).items():
        other = theirs_told(times)
        print_times(f"{name}, {pairs:,} pairs in buckets", other, size)
        sides[name] = stays
        for way in ("with reading and writing", "without"):
            ratio = round(other[way][0] / told[way][0], 1)
            bars.append(Bar(f"{some.name}: CPU of {name} against ours, {way}", ratio, "x", ">= 20"))
    share, sure, lost = trust(some, sides)["ours"]
    bars += [
        Bar(f"{some.name}: copies of similarity {COUNTED} found", round(100 * share, 1), "%", ">= 99"),
        Bar(f"{some.name}: removed texts that are like one that stays", round(100 * sure, 2), "%", ">= 99"),
    ]
    return [*bars, Bar(f"{some.name}: twins and conflicts deleted", lost, "texts", "= 0")] if some.stays else bars


def main() -> int:
    """Print times, what was found and the bars; the exit code is 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default="", help="a Python that can import datatrove")
    parser.add_argument("--megabytes", type=float, default=16, help="of prose")
    parser.add_argument("--size", type=float, default=1, help="of the planted corpus; 1 is 12 MB of it")
    options = parser.parse_args()
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory() as home:
        for some in (found_prose(options.megabytes), made_up(options.size)):
            bars += one_set(some, options.peer, Path(home) / some.name)
    if not options.peer:
        print("\ndatatrove: not measured (name a Python that has it with --peer)")
    print()
    return conclude("near", bars)


if __name__ == "__main__":
    sys.exit(main())
