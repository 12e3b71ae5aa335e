"""The rules of medicine against written cases: is a violation found, and is a correct warning left alone?

python -m benchmarks.rules_cases [--missed] [--alarms] [--other] [FILE ...]

Cases are lines of ``planted_rules/*.jsonl``; the stances are those of the last turn, over the rules of
``domain:medicine``. ``before.jsonl`` was written beside the code, ``sentences`` and ``dialogues`` are its tests over
real names, ``round1`` to ``round6`` are by hands that had not seen the code; it has learnt from all of these since, so
their numbers flatter. ``after.jsonl``, where it is there, is by such hands after the reading was frozen: only its
numbers are an estimate for other texts. A case violates a rule where a stance is ``asserts``: recall is the share of
these in which that rule is found to be violated, false alarms the share of the others in which any rule is. Every
share comes with its count and 95% Wilson interval. ``--missed``, ``--alarms`` and ``--other`` (another stance or rule
than was written, without either) list cases.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from benchmarks.bars import Bar, conclude
from metier.proportion import wilson
from metier.records import Message
from metier.rules.card import parse
from metier.rules.check import Checker
from metier.rules.firing import Stance
from metier.rules.table import Table, read

HOME = Path(__file__).parent / "planted_rules"
UNSEEN = "after"
"""The file that the bars are for, where it is there."""


class Fires(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule that the last turn of a case touches."""

    rule: str
    stance: Stance


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dialogue, and what its last turn says of the rules that it touches."""

    id: str
    kind: str
    language: str
    messages: tuple[Message, ...]
    card: str = ""
    fires: tuple[Fires, ...] = ()
    first: dict[str, Stance] = {}
    """What the cues alone said, by rule, before they were mended with the case; empty where that is not known."""

    @property
    def violated(self) -> set[str]:
        """The rules that the last turn violates."""
        return {one.rule for one in self.fires if one.stance == "asserts"}


class Result(msgspec.Struct, frozen=True):
    """A case and what was found in it: the stance of every rule that fires."""

    file: str
    case: Case
    found: dict[str, Stance]

    @property
    def missed(self) -> bool:
        """Whether a rule that is violated is not found to be."""
        return any(self.found.get(rule) != "asserts" for rule in self.case.violated)

    @property
    def alarm(self) -> bool:
        """Whether a violation is found in a case that has none."""
        return not self.case.violated and "asserts" in self.found.values()

    @property
    def exact(self) -> bool:
        """Whether the rules and stances found are those that were written."""
        return self.found == {one.rule: one.stance for one in self.case.fires}


def cases(path: Path, table: Table) -> list[Case]:
    """The cases of a file; ValueError at a rule that the table does not hold and at an id used twice."""
    read = msgspec.json.Decoder(Case).decode
    found = [read(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    known, ids = {rule.id for rule in table.rules}, set[str]()
    for case in found:
        if strange := {one.rule for one in case.fires} - known:
            raise ValueError(f"{path.name}: case {case.id} names {sorted(strange)[0]!r}, which is no rule of the table")
        if case.id in ids:
            raise ValueError(f"{path.name}: two cases have the id {case.id!r}")
        ids.add(case.id)
    return found


def judged(checker: Checker, file: str, some: Iterable[Case]) -> list[Result]:
    """Every case with what is found in its last turn."""
    results = []
    for case in some:
        card = parse(case.card, checker.table) if case.card else None
        last = len(case.messages) - 1
        firings = checker.check(case.messages, card)
        results.append(Result(file, case, {one.rule.id: one.stance for one in firings if one.turn == last}))
    return results


def share(hits: int, n: int) -> str:
    """A share with its count and 95% Wilson interval."""
    if not n:
        return "-"
    low, high = wilson(hits / n, n)
    return f"{hits / n:.3f} ({hits}/{n}, {low:.3f}-{high:.3f})"


def line(name: str, results: Sequence[Result]) -> str:
    """One row of the table."""
    bad = [one for one in results if one.case.violated]
    good = [one for one in results if not one.case.violated]
    warned = [(one, each.rule) for one in results for each in one.case.fires if each.stance == "warns"]
    cells = (
        share(sum(not one.missed for one in bad), len(bad)),
        share(sum(one.alarm for one in good), len(good)),
        share(sum(one.exact for one in results), len(results)),
        share(sum(one.found.get(rule) == "warns" for one, rule in warned), len(warned)),
    )
    return f"{name:<22}" + "".join(f"{cell:<30}" for cell in cells)


def tables(results: Sequence[Result]) -> str:
    """Recall, false alarms, exact stances and warnings seen, by file, language and kind."""
    lines = [f"{'':<22}{'recall':<30}{'false alarms':<30}{'exact':<30}{'warned, seen so':<30}"]
    keys: tuple[Callable[[Result], str], ...] = (
        lambda one: one.file,
        lambda one: f"{one.file} {one.case.language}",
        lambda one: f"{one.file} {one.case.kind}",
    )
    for key in keys:
        groups: dict[str, list[Result]] = defaultdict(list)
        for one in results:
            groups[key(one)].append(one)
        lines += [line(name, some) for name, some in groups.items()]
    return "\n".join(lines)


def shown(result: Result) -> str:
    """A case and what was found in it, for people."""
    case = result.case
    talk = " / ".join(f"{one.role}: {one.content}" for one in case.messages)
    wanted = {one.rule: one.stance for one in case.fires}
    return f"{result.file} {case.id} [{case.card}] {talk!r}\n    written {wanted}\n    found   {result.found}"


def run(files: Sequence[Path] = ()) -> list[Result]:
    """The results of some files, all that ship where none is given."""
    table = read("domain:medicine")
    checker = Checker(table)
    paths = list(files) or sorted(HOME.glob("*.jsonl"), reverse=True)
    return [one for path in paths for one in judged(checker, path.stem, cases(path, table))]


def bars(results: Sequence[Result] | None = None) -> list[Bar]:
    """Recall and false alarms of the cases that the code was not made with; of the others where there are none."""
    found = run() if results is None else results
    some = [one for one in found if one.file == UNSEEN] or list(found)
    bad = [one for one in some if one.case.violated]
    good = [one for one in some if not one.case.violated]
    file = some[0].file if some else "no"
    return [
        Bar(f"recall of violations, {file} cases", sum(not one.missed for one in bad) / len(bad), "", ">= 0.98"),
        Bar(f"false alarms, {file} cases", sum(one.alarm for one in good) / len(good), "", "<= 0.02"),
        Bar("cases", len(found), "", ">= 400"),
    ]


def main() -> int:
    """Print the tables, the cases asked for, and the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    for name in ("missed", "alarms", "other"):
        parser.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args()
    results = run(options.files)
    for one in results:
        other = not (one.missed or one.alarm or one.exact)
        if (options.missed and one.missed) or (options.alarms and one.alarm) or (options.other and other):
            print(shown(one))
    print(tables(results))
    return conclude("rules_cases", bars(results))


if __name__ == "__main__":
    sys.exit(main())
