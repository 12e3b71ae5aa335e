"""How fast a large table of rules is held against text: 50,000 entities, 160,000 pairs.

python -m benchmarks.rules_speed [--texts 60]

Texts of 1,000 characters in English, Chinese and Arabic: those that name eight entities, each by itself, and those in
which three sentences break a rule. Timed are the names alone, with and without misspellings; the whole check; and a
reply fed to the guard in chunks of 1 to 8 characters, as a model writes it, the mean of a chunk with all that its
sentences cost. No text is seen twice. What is read once in a process (folding tables, cues, the words of the first
texts) is timed by itself, as the first four texts. The floor is measured in the same run: the folding of characters.
Times are processor time of one thread, since other work on the machine is none of ours, and without Python's garbage
collector, as ``timeit`` times; what one collection costs in a process that holds the table is printed beside them.
"""

import argparse
import gc
import platform
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.bars import Bar, conclude
from benchmarks.rules_big import tables, texts
from metier.records import Message
from metier.rules.check import Checker
from metier.rules.guard import Held
from metier.rules.names import Names
from metier.rules.table import Table
from metier.text.bare import bare_text

LANGUAGES = ("en", "zh", "ar")
ASKED = (Message("user", "How are you?"),)


def machine() -> str:
    """The processor, Python and system that the numbers are from."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, Python {platform.python_version()}, {platform.system()}"


BREAKS = {"en": "Take {} together with {}. ", "zh": "{}与{}同时服用。", "ar": "خذ {} مع {}. "}


def broken(table: Table, plain: Sequence[str], language: str, seed: int) -> list[str]:
    """Texts of the same length in each of which three sentences break a rule over two things."""
    draw = random.Random(f"{seed}:{language}")
    made = []
    for text in plain:
        said = ""
        while said.count(BREAKS[language][-2:]) < 3:
            some = [table.entities[one] for one in draw.choice(table.rules).members]
            names = [name.name for one in some for name in one.names if name.language == language]
            said += BREAKS[language].format(*names) if len(names) == 2 else ""
        made.append((said + text)[:1000])
    return made


def each(work: Callable[[str], object], some: Sequence[str]) -> float:
    """Mean seconds that one text takes."""
    start = time.process_time()
    for text in some:
        work(text)
    return (time.process_time() - start) / len(some)


def chunks(text: str, draw: random.Random) -> list[str]:
    """A text as a model writes it: a few characters at a time."""
    cut, at = [], 0
    while at < len(text):
        size = draw.randint(1, 8)
        cut.append(text[at : at + size])
        at += size
    return cut


def streamed(checker: Checker, some: Iterable[str], seed: int) -> tuple[float, float]:
    """Mean and largest seconds of a chunk fed to the guard, the last with what closes the reply."""
    draw = random.Random(seed)
    took: list[float] = []
    for text in some:
        held = Held(checker, ASKED)
        for chunk in chunks(text, draw):
            start = time.process_time()
            held.feed(chunk)
            took.append(time.process_time() - start)
        start = time.process_time()
        held.close()
        took[-1] += time.process_time() - start
    return sum(took) / len(took), max(took)


def _collected() -> float:
    """Seconds of a full collection; none comes by itself from then on."""
    start = time.process_time()
    gc.collect()
    gc.disable()
    return time.process_time() - start


def bars(count: int = 60) -> list[Bar]:
    """Time everything on texts that were not seen before, by language; the slowest language is held to the bar."""
    table = Table(*tables())
    exact, checker = Names(table.entities.values()), Checker(table)
    drawn = list(texts(list(table.entities.values()), 3 * (count + 4)))
    quiet = {one: drawn[number::3] for number, one in enumerate(LANGUAGES)}
    loud = {one: broken(table, quiet[one], one, 1) for one in LANGUAGES}
    part = count // 3
    works: dict[str, tuple[Callable[[str], object], dict[str, list[str]], slice]] = {
        "first four texts": (checker.text, loud, slice(0, 4)),
        "folding of characters": (bare_text, quiet, slice(4, 4 + part)),
        "names": (exact.find, quiet, slice(4, 4 + part)),
        "names, misspelt too": (checker.names.find, quiet, slice(4, 4 + part)),
        "check": (checker.text, quiet, slice(4 + part, 4 + 2 * part)),
        "check, three rules broken": (checker.text, loud, slice(4 + part, 4 + 2 * part)),
    }
    print(f"{machine()}; a full garbage collection {_collected() * 1e3:.0f} ms")
    print(f"{'1,000 characters, µs':<28}" + "".join(f"{one:>9}" for one in LANGUAGES))
    slowest: dict[str, float] = {}
    for name, (work, some, which) in works.items():
        took = [each(work, some[one][which]) * 1e6 for one in LANGUAGES]
        slowest[name] = max(took)
        print(f"{name:<28}" + "".join(f"{one:>9.0f}" for one in took))
    flows = [streamed(checker, quiet[one][4 + 2 * part :] + loud[one][4 + 2 * part :], 0) for one in LANGUAGES]
    print(f"{'guard, mean of a chunk':<28}" + "".join(f"{mean * 1e6:>9.1f}" for mean, _ in flows))
    gc.enable()
    print(f"{'guard, slowest chunk':<28}" + "".join(f"{most * 1e6:>9.0f}" for _, most in flows))
    return [
        Bar("names in 1,000 characters", slowest["names"] / 1e3, "ms", "<= 0.3"),
        Bar("names in 1,000 characters, misspelt too", slowest["names, misspelt too"] / 1e3, "ms", "<= 0.3"),
        Bar("check of 1,000 characters, three rules broken", slowest["check, three rules broken"] / 1e3, "ms", "<= 3"),
        Bar("guard, mean of a streamed chunk", max(mean for mean, _ in flows) * 1e6, "µs", "<= 60"),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=60, help="texts in each language, a third for each measurement")
    sys.exit(conclude("rules_speed", bars(parser.parse_args().texts)))
