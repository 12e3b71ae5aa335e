"""Vocabulary extension on real Arabic and Chinese: fertility, bits per byte after equal bytes, and how new rows start.

python -m benchmarks.vocabulary [--data DIR] [--seeds 1] [--kilobytes 800] [--arms none,mean,...] [--home DIR]

A base of about a million parameters is trained on general text: English questions and answers, Chinese chats, Arabic
exam questions. Its vocabulary is then extended on diacritised Arabic with statements on Arabic culture, and on Chinese
classics of medicine with patients' questions, and it is trained on as many bytes of them with and without the
extension: the same texts, the same text in a step. Up to 300 texts are held out, none of them among those by which
the settings were chosen; the vocabulary is learnt from the others, of which fewer are trained on. The trained base is
used again where --home names a directory that holds it.

- Fertility: tokens of the held-out texts, beside those of a vocabulary of the same size learnt from the general text.
- Bits per byte of the held-out texts after training: ``none`` is not extended; ``mean``, ``plain_mean``, ``random``
  and ``library`` are four starts of the new rows; ``warm`` is ``mean`` with the new rows alone trained on the first
  tenth of the text.
- What extension alone does, before any training, to the bits per byte of text in which no token is new.

Both are trained and scored in windows of as many tokens, so that an extended model sees more text at a time: that is
part of what it gains. Intervals are over the held-out texts (cluster-robust ratio), the differences paired, seeds
pooled: they do not say how far another training would differ, for which --seeds gives more. One start beats another
where the lower end of the interval of their difference is above 0.
"""

import argparse
import csv
import gzip
import json
import math
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import xxhash

from benchmarks.bars import Bar, conclude
from metier.evals.intervals import Estimate, ratio
from metier.model.load import load, load_tokenizer
from metier.model.logprobs import continuation
from metier.records import Checkpoint, Document
from metier.train.extend import Extend, extend
from metier.train.init import Init, init
from metier.train.pretrain import Pretrain, pretrain
from metier.train.vocab import Vocab, vocab
from metier.world.write import Write, write

SIZE, NEW, USES, READ = 2048, 2000, 10, 1_500_000
"""Tokens of the base, most tokens to add, fewest uses of one, characters that they are learnt from."""
WINDOW, STEP = 256, 4096
"""Tokens of a window, and of a step of the base as it was."""
BASE_KILOBYTES = 4000
LONGEST = 600
"""Characters of a text that is scored."""
STARTS = ("mean", "plain_mean", "random", "library")
ARMS = ("none", *STARTS, "warm")
PAIRS = (
    ("none", "mean", ">= 0"),
    ("library", "mean", "> 0"),
    ("random", "mean", "> 0"),
    ("library", "plain_mean", ""),
    ("plain_mean", "mean", ""),
    ("warm", "mean", ""),
)
"""What is subtracted from what, and the bar."""
DATA = Path(__file__).parents[2] / "shared/data"


class Texts(msgspec.Struct):
    """Texts to train on, texts held out, and all that are not held out."""

    trained: list[Document]
    held: list[Document]
    others: list[Document]


def documents(name: str, texts: Iterable[str]) -> list[Document]:
    """Texts of some length, each once, under ids of their own."""
    once = dict.fromkeys(text.strip() for text in texts)
    return [Document(f"{name}-{number}", text) for number, text in enumerate(once) if len(text) > 20]


def general(data: Path) -> list[Document]:
    """English, and some Chinese and Arabic, as a general model has read it."""
    with gzip.open(data / "corpus/medquad_qa.jsonl.gz", "rt", encoding="utf-8") as file:
        english = [json.loads(line)["answer"] for line in file][::6]
    english += [json.loads(line)["question"] for line in lines(data / "exams/medqa_us_test.jsonl")]
    chats = (json.loads(line) for line in lines(data / "dialogue/sharegpt_zh_1K_format.jsonl"))
    chinese = [turn["value"] for chat in chats for turn in chat["conversations"]][::4]
    tables = sorted((data / "localisation").glob("*_test.csv"))
    arabic = [" ".join(row) for table in tables for row in csv.reader(table.open(encoding="utf-8", newline=""))]
    return documents("general", [*english, *chinese, *arabic])


def arabic(data: Path) -> list[Document]:
    """Diacritised Arabic, and statements on Arabic culture."""
    names = ("acva_test", "acva_dev")
    said = [json.loads(line)["question"] for name in names for line in lines(data / f"localisation/{name}.jsonl")]
    return documents("arabic", [*lines(data / "corpus/tashkeela_val.txt"), *said])


def chinese(data: Path) -> list[Document]:
    """Chinese classics of medicine, cut at their titles, and what patients and doctors write."""
    books = [
        book.read_bytes().decode("gb18030", "replace") for book in sorted((data / "corpus/tcm_books_gb18030").iterdir())
    ]
    pages = [re.sub(r"<[^>]*>|\s", "", page) for book in books for page in book.split("<篇名>")]
    table = (data / "dialogue/toyhom_sample_gb18030.csv").read_bytes().decode("gb18030", "replace")
    talks = [row["ask"] + row["answer"] for row in csv.DictReader(table.splitlines())]
    return documents("chinese", [*pages, *talks])


def lines(path: Path) -> list[str]:
    """The lines of a file."""
    return path.read_text(encoding="utf-8").splitlines()


def split(texts: Sequence[Document], kilobytes: int) -> Texts:
    """About so many kilobytes to train on and up to 300 texts held out, both drawn by hash.

    The first 300 of the draw were scored when the settings of this trial were chosen, so the last are held out.
    """
    drawn = sorted(texts, key=lambda one: xxhash.xxh64_intdigest(one.id.encode()))
    end = len(drawn) - min(300, len(drawn) // 10)
    rest, held = drawn[:end], drawn[end:]
    trained, size = [], 0
    for one in rest:
        size += len(one.text.encode())
        if size > 1000 * kilobytes:
            break
        trained.append(one)
    return Texts(trained, held, rest)


def fertility(tokenizer: Any, texts: Sequence[Document]) -> int:
    """Tokens of all texts."""
    some = tokenizer([one.text for one in texts], add_special_tokens=False, split_special_tokens=True)
    return sum(map(len, some["input_ids"]))


def bits(path: Path | str, texts: Sequence[Document]) -> list[float]:
    """Bits of every text under a model."""
    loaded = load(str(path))
    some = [one.text[:LONGEST] for one in texts]
    ids = loaded.tokenizer(some, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    logs = continuation(loaded, [[loaded.tokenizer.bos_token_id]] * len(ids), ids, WINDOW)
    return [-log / math.log(2) for log in logs]


def sizes(texts: Sequence[Document]) -> list[float]:
    """Bytes of every text as it is scored."""
    return [float(len(one.text[:LONGEST].encode())) for one in texts]


class Trial:
    """One language: the base as it is and extended, trained and scored on the same texts."""

    def __init__(self, language: str, base: Path, texts: Texts, home: Path) -> None:
        self.language, self.base, self.texts, self.home = language, base, texts, home
        self.starts = {"none": base} | {start: home / start for start in STARTS}
        for start, out in self.starts.items():
            if start != "none":
                config = msgspec.convert({"tokens": NEW, "uses": USES, "characters": READ, "start": start}, Extend)
                extend(Checkpoint(str(base)), 1, config, out, texts.others)
        self.starts["warm"] = self.starts["mean"]
        before, after = (fertility(load_tokenizer(str(self.starts[arm])), texts.trained) for arm in ("none", "mean"))
        self.ratio = after / before

    def trained(self, arm: str, seed: int) -> list[float]:
        """Bits of the held-out texts after training on the others once."""
        start, texts = self.starts[arm], self.texts.trained
        if arm == "warm":
            cut = len(texts) // 10
            start = self.train(start, texts[:cut], self.home / f"warming-{seed}", {"parts": "new_tokens"}, seed)
            texts = texts[cut:]
        return bits(self.train(start, texts, self.home / f"{arm}-{seed}", {}, seed), self.texts.held)

    def train(self, start: Path, texts: Sequence[Document], out: Path, more: dict[str, str], seed: int) -> Path:
        """Train on texts once; a step holds as much text whatever the vocabulary."""
        share = 1.0 if start == self.base else self.ratio
        windows = max(1, round(share * STEP / WINDOW))
        table = {
            "window": WINDOW,
            "batch_tokens": windows * WINDOW,
            "learning_rate": 2e-3,
            "cosine_extra": 0,
            "beta2": 0.98,
        }
        list(pretrain(Checkpoint(str(start)), seed, msgspec.convert(table | more, Pretrain), out, docs=texts))
        return out


def main() -> int:
    """Train, score, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--kilobytes", type=int, default=800)
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    if not given.data.is_dir():
        print(f"no data at {given.data}; name its directory by --data", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        home = given.home or Path(name)
        old = split(general(given.data), BASE_KILOBYTES)
        base = make_base(old.trained, home)
        vocab(Vocab(size=SIZE + NEW), home / "same", docs=old.trained)
        bars = list[Bar]()
        for language, read in (("Arabic", arabic), ("Chinese", chinese)):
            trial = Trial(language, base, split(read(given.data), given.kilobytes), home / language)
            bars += [*cut(trial, home / "same"), *kept(trial)]
            bars += gained(trial, given.arms.split(","), given.seeds)
    return conclude("vocabulary", bars)


def make_base(texts: Sequence[Document], home: Path) -> Path:
    """A small model of general text, unless it is there."""
    if (home / "base/complete").exists():
        return home / "base"
    vocab(Vocab(size=SIZE), home / "tokenizer", docs=texts)
    init(home / "tokenizer", 1, Init(), home / "fresh")
    table = {"window": WINDOW, "batch_tokens": 2 * STEP, "learning_rate": 3e-3, "cosine_extra": 0, "beta2": 0.98}
    list(pretrain(Checkpoint(str(home / "fresh")), 1, msgspec.convert(table, Pretrain), home / "base", docs=texts))
    return home / "base"


def cut(trial: Trial, same: Path) -> Iterator[Bar]:
    """Tokens of the held-out texts: extended, and by a vocabulary of the same size made of general text."""
    held = trial.texts.held
    cuts = {
        "base": load_tokenizer(str(trial.base)),
        "same size, general": load_tokenizer(str(same)),
        "by rank": by_rank(trial),
        "extended": load_tokenizer(str(trial.starts["mean"])),
    }
    characters, words = sum(len(one.text) for one in held), sum(len(one.text.split()) for one in held)
    tokens = {name: fertility(tokenizer, held) for name, tokenizer in cuts.items()}
    for name, count in tokens.items():
        a_word = f"{count / words:.3f} a word, " if trial.language == "Arabic" else ""
        print(
            f"{trial.language:<8} {name:<20} {len(cuts[name]):>6} tokens: {a_word}{count / characters:.3f} a character"
        )
    share = tokens["extended"] / tokens["same size, general"] - 1
    yield Bar(f"{trial.language}: tokens beside a general vocabulary of the same size", share, "share", "<= -0.25")


def by_rank(trial: Trial) -> Any:
    """The usual way: what a vocabulary of the texts alone has and the base lacks, appended by its rank."""
    own, tokenizer, extended = trial.home / "own", *(load_tokenizer(str(trial.starts[arm])) for arm in ("none", "mean"))
    vocab(Vocab(size=SIZE + NEW), own, docs=trial.texts.others)
    ranked = sorted(load_tokenizer(str(own)).get_vocab().items(), key=lambda item: item[1])
    there = tokenizer.get_vocab()
    tokenizer.add_tokens([token for token, _ in ranked if token not in there][: len(extended) - len(tokenizer)])
    return tokenizer


def kept(trial: Trial) -> Iterator[Bar]:
    """What extension alone does, nothing trained: to text of which no word is new, and to ours.

    A new row takes some of the probability that the old tokens had. The first is measured on the base that ships, which
    knows its general world well, the second on the base of this trial.
    """
    known = [one for one in write(5, Write(subject="general")) if isinstance(one, Document)][:300]
    table = {"tokens": NEW, "uses": USES, "characters": READ}
    for start in STARTS:
        out = trial.home / f"nano-{start}"
        extend(Checkpoint("asset:nano"), 1, msgspec.convert(table | {"start": start}, Extend), out, trial.texts.others)
        change = moved("asset:nano", out, known)
        print(f"{trial.language:<8} asset:nano, its own text, {start}: {told(change)}")
        if start == "mean":
            what = f"{trial.language}: bits per byte of text without new tokens, by {NEW} tokens alone"
            yield Bar(what, change.value, "", "<= 0.01")
        change = moved(trial.base, trial.starts[start], trial.texts.held)
        print(f"{trial.language:<8} held-out texts, {start}: {told(change)}")


def moved(before: Path | str, after: Path, texts: Sequence[Document]) -> Estimate:
    """Bits per byte under one model less those under another."""
    pairs = zip(bits(after, texts), bits(before, texts), strict=True)
    return ratio([new - old for new, old in pairs], sizes(texts), [one.id for one in texts])


def told(change: Estimate) -> str:
    """A change with its interval."""
    return f"{change.value:+.4f} bits per byte before any training [{change.low:+.4f}, {change.high:+.4f}]"


def gained(trial: Trial, arms: Sequence[str], seeds: int) -> Iterator[Bar]:
    """Bits per byte of the held-out texts after training on equal bytes, every arm beside the others."""
    held = trial.texts.held
    size, names = sizes(held) * seeds, [one.id for one in held] * seeds
    found = {arm: [value for seed in range(seeds) for value in trial.trained(arm, seed)] for arm in arms}
    for arm in arms:
        one = ratio(found[arm], size, names)
        print(f"{trial.language:<8} {arm:<8} {one.value:.4f} bits per byte [{one.low:.4f}, {one.high:.4f}]")
    for other, one, bar in PAIRS:
        if other not in arms or one not in arms:
            continue
        gap = ratio([first - second for first, second in zip(found[other], found[one], strict=True)], size, names)
        what = f"{other} - {one}"
        print(f"{trial.language:<8} {what}: {gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}], {seeds} seeds")
        if bar == ">= 0":
            yield Bar(f"{trial.language}: bits per byte, {what}", gap.value, "", bar)
        elif bar:
            yield Bar(f"{trial.language}: bits per byte, {what}, lower end of the interval", gap.low, "", bar)


if __name__ == "__main__":
    sys.exit(main())
