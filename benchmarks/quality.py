"""CPU time of the quality and repetition rules beside datatrove's, on the same texts in the same run.

python -m benchmarks.quality [--peer PYTHON] [--texts FILE.jsonl]

The peer is a Python with datatrove[processing] and spacy installed; without it only ours is timed. The texts are
MedQuAD where ../shared/data is present, else pages of the fictional pharmacopoeia; --texts takes any JSONL with a text.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks.bars import Bar, conclude
from metier.batch import Batch
from metier.corpus.quality import Gopher, Quality, quality
from metier.corpus.repetition import Repetition, repetition
from metier.records import Document
from metier.text.words import words

MEDQUAD = Path(__file__).parents[2] / "shared/data/corpus/medquad_qa.jsonl.gz"
ROUNDS = 9
PEER_TEXTS = 2000
ROWS = 2048
OFF = {name: None for name in Repetition.__struct_fields__ if name != "characters_a_word"}
GOPHER_OFF = dict.fromkeys(Gopher.__struct_fields__)
RULES: dict[str, Quality | Repetition] = {
    name: Repetition(**{**OFF, name: getattr(Repetition(), name)}) for name in OFF
} | {
    name: Quality(gopher=Gopher(**{**GOPHER_OFF, name: getattr(Gopher(), name)}))
    for name in GOPHER_OFF
    if name != "min_characters"
}
"""Each rule alone, by the name of its setting."""
PEER = """
import json, sys, time
from datatrove.data import Document
from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter
from datatrove.utils.text import split_into_words
texts = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
documents = [Document(text=text, id=str(i)) for i, text in enumerate(texts)]
repetition, quality = GopherRepetitionFilter(), GopherQualityFilter()
split_into_words("Load the tokenizer.", "eng")
start = time.process_time()
for text in texts:
    split_into_words(text, "eng")
splitting = time.process_time() - start
split_into_words.__globals__["split_into_parts"].cache_clear()
def passes(filters, document):
    return all(one.filter(document) is True for one in filters)
start = time.process_time()
kept = [passes((repetition, quality), document) for document in documents]
seconds = time.process_time() - start
off = dict(dup_line_frac=None, dup_para_frac=None, dup_line_char_frac=None, dup_para_char_frac=None,
           top_n_grams=(), dup_n_grams=())
names = dict(dup_line_frac="duplicate_lines", dup_para_frac="duplicate_paragraphs",
             dup_line_char_frac="duplicate_line_characters", dup_para_char_frac="duplicate_paragraph_characters")
rules = {names[key]: GopherRepetitionFilter(**{**off, key: getattr(repetition, key)}) for key in names}
for n, limit in repetition.top_n_grams:
    rules[f"top_{n}_gram"] = GopherRepetitionFilter(**{**off, "top_n_grams": ((n, limit),)})
for n, limit in repetition.dup_n_grams:
    rules[f"duplicate_{n}_grams"] = GopherRepetitionFilter(**{**off, "dup_n_grams": ((n, limit),)})
why = {"gopher_short_doc": "min_words", "gopher_long_doc": "max_words",
       "gopher_below_avg_threshold": "min_mean_word_length", "gopher_above_avg_threshold": "max_mean_word_length",
       "gopher_too_many_hashes": "max_hashes", "gopher_too_many_ellipsis": "max_ellipses",
       "gopher_too_many_bullets": "max_bullet_lines", "gopher_too_many_end_ellipsis": "max_ellipsis_lines",
       "gopher_below_alpha_threshold": "min_alphabetic", "gopher_enough_stop_words": "min_stop_words"}
keys = {"min_words": ("min_doc_words",), "max_words": ("max_doc_words",),
        "min_mean_word_length": ("min_avg_word_length",), "max_mean_word_length": ("max_avg_word_length",),
        "max_hashes": ("max_symbol_word_ratio",), "max_ellipses": ("max_symbol_word_ratio",),
        "max_bullet_lines": ("max_bullet_lines_ratio",), "max_ellipsis_lines": ("max_ellipsis_lines_ratio",),
        "min_alphabetic": ("max_non_alpha_words_ratio",), "min_stop_words": ("min_stop_words",)}
all_keys = {key for group in keys.values() for key in group}
for name, group in keys.items():
    rules[name] = GopherQualityFilter(**{key: None for key in all_keys if key not in group})
dropped = {name: [] for name in rules}
for i, document in enumerate(documents):
    for name, rule in rules.items():
        found = rule.filter(document)
        if found is not True and why.get(found[1], name) == name:
            dropped[name].append(i)
json.dump({"seconds": seconds, "splitting": splitting, "kept": kept, "dropped": dropped}, sys.stdout)
"""
"""Run by the peer's Python: its word splitter, its two filters as they come, then each rule of theirs alone."""


DIFFERENCES = """Why they differ:
  duplicate_lines    datatrove counts lines of white space alone as lines, and so as duplicates of one another
  top_n_gram         datatrove counts an n-gram that stands once (in texts of a few words), takes punctuation for words,
                     tells upper from lower case, and takes the fraction of all characters, not of those in words;
                     with these four made equal no decision on MedQuAD differs
  duplicate_n_grams  punctuation, case and fraction, as above: made equal, at most one text in 2,000 differs
  min_words          datatrove does not count a dash or a star that stands alone, and cuts words at hyphens
  min_alphabetic     datatrove counts each punctuation mark as a word without a letter
  min_stop_words     datatrove knows no stop word with a capital"""
"""Found by changing one definition at a time, on every eighth text of MedQuAD."""


class Found(msgspec.Struct, frozen=True):
    """What the peer gives back: CPU seconds, those of splitting words alone, what it keeps, what each rule drops."""

    seconds: float
    splitting: float
    kept: list[bool]
    dropped: dict[str, list[int]]


def texts_of(file: Path | None) -> list[str]:
    """The texts to filter."""
    if file is None and not MEDQUAD.is_file():
        from metier.world.write import Write, write

        return [page.text for page in write(7, Write(subject="drugs", drugs=4000)) if isinstance(page, Document)]
    source = file or MEDQUAD
    raw = source.read_bytes()
    lines = (gzip.decompress(raw) if source.suffix == ".gz" else raw).decode("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line]
    return [row.get("text") or row.get("answer") or "" for row in rows]


def batches(texts: Sequence[str]) -> Iterator[Batch[Document]]:
    """The texts as fresh batches."""
    for first in range(0, len(texts), ROWS):
        yield Batch.of(
            Document, [Document(str(i), t, language="en") for i, t in enumerate(texts[first : first + ROWS])]
        )


def ours(texts: Sequence[str]) -> tuple[float, float, list[str | None]]:
    """(least CPU seconds of all, of those the seconds of hashing words, the reason of each text or none)."""
    best, hashing, why = float("inf"), 0.0, []
    for _ in range(ROUNDS):
        fresh = list(batches(texts))
        start = time.process_time()
        for batch in fresh:
            words(batch)
        middle = time.process_time()
        done = [repetition(quality(batch, Quality()), Repetition()) for batch in fresh]
        spent = time.process_time() - start
        if spent < best:
            best, hashing = spent, middle - start
        why = [reason for batch in done for reason in batch.why.to_pylist()]
    return best, hashing, why


def theirs(python: str, texts: Sequence[str]) -> Found:
    """What the peer makes of the same texts."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(text) + "\n" for text in texts)
        file.flush()
        command = [python, "-c", PEER, file.name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Found)


def agreement(texts: Sequence[str], found: Found, show: int) -> float:
    """Print the agreement rule by rule, with ``show`` texts on which they differ; the least of all."""
    least = 1.0
    print(f"\n{'rule':<32} {'ours':>6} {'theirs':>6} {'both':>6} {'agree':>8}   of {len(texts)} texts")
    for name, config in RULES.items():
        mine = set()
        for number, batch in enumerate(batches(texts)):
            done = quality(batch, config) if isinstance(config, Quality) else repetition(batch, config)
            mine |= {number * ROWS + row for row, why in enumerate(done.why.to_pylist()) if why}
        other = set(found.dropped[name])
        agree = 1 - len(mine ^ other) / len(texts)
        least = min(least, agree)
        print(f"{name:<32} {len(mine):>6} {len(other):>6} {len(mine & other):>6} {agree:>8.2%}")
        for side, rows in (("only ours", sorted(mine - other)), ("only theirs", sorted(other - mine))):
            for row in rows[:show]:
                print(f"    {side}: {texts[row][:150]!r}")
    print(DIFFERENCES)
    return least


def main() -> int:
    """Print the times, the agreement and the bars; the exit code is 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default="", help="a Python that can import datatrove")
    parser.add_argument("--texts", type=Path, help="JSONL with a text in each line")
    parser.add_argument("--show", type=int, default=0, help="texts to print where a rule decides differently")
    options = parser.parse_args()
    texts = texts_of(options.texts)
    ours(texts[:ROWS])
    spent, hashing, why = ours(texts)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    cost = spent / megabytes * 1e3
    print(
        f"{len(texts):,} texts, {megabytes:.1f} MB: {cost:.2f} ms/MB, of it {hashing / megabytes * 1e3:.2f} for words"
    )
    for reason, count in Counter(reason for reason in why if reason).most_common():
        print(f"  {count:>6} {reason}")
    rules = (spent - hashing) / megabytes * 1e3
    bars = [Bar("quality and repetition, words at hand", round(rules, 2), "ms/MB", "<= 6")]
    if options.peer:
        step = max(1, len(texts) // PEER_TEXTS)
        some = texts[::step]
        size = sum(len(text.encode()) for text in some) / 1e6
        found = theirs(options.peer, some)
        peer_cost = found.seconds / size * 1e3
        split_cost = found.splitting / size * 1e3
        print(f"datatrove on {len(some):,} of them: {peer_cost:.1f} ms/MB, of it {split_cost:.1f} for words")
        least = agreement(some, found, options.show)
        same = sum((reason is None) == kept for reason, kept in zip(why[::step], found.kept, strict=True))
        print(f"all rules together: the same decision on {same / len(some):.2%}; least of a rule {least:.2%}\n")
        bars.append(Bar("datatrove's CPU against ours, words included", round(peer_cost / cost, 1), "x", ">= 20"))
        ratio = round((peer_cost - split_cost) / rules, 1)
        bars.append(Bar("datatrove's CPU against ours, words left out", ratio, "x", ">= 20"))
    else:
        print("datatrove's CPU against ours: not measured (name a Python that has it with --peer)")
    return conclude("quality", bars)


if __name__ == "__main__":
    sys.exit(main())
