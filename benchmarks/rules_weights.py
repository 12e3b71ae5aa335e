"""Fit what the signs of a stance weigh together, from written cases.

python -m benchmarks.rules_weights [--write]

The cases are those of ``planted_rules/*.jsonl`` but ``after``, the examples and the advice of ``domain:medicine`` and
of the fictional worlds. What
the cues alone come to is a sign, too; but the cues were mended with these very cases and are nearly always right on
them. So that sign is taken from a case's ``first``: what the cues said when they had not yet been mended with it. A
case without ``first`` is fitted without that sign. Printed are the shares of stances that are right when the weights
were fitted without the file (``first`` beside it, where it is known); ``--write`` fits all and writes
``assets/rules/weights.tsv``.
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.rules_cases import HOME, UNSEEN, Case, cases
from metier.artefact import asset
from metier.records import Entity, Message, Rule
from metier.rules.card import parse
from metier.rules.check import Checker
from metier.rules.firing import Stance
from metier.rules.table import Table, read
from metier.rules.weighing import STANCES, heaviest
from metier.world.write import Write, write

ROUNDS, RATE, RIDGE = 10, 0.3, 1e-3
"""Passes over the cases; step and shrinkage of AdaGrad (Duchi et al. 2011)."""
_ARABIC, _HAN = re.compile("[\u0621-\u064a]"), re.compile("[\u4e00-\u9fff]")
OFTEN = 3
"""Rows in which a sign must stand to be fitted."""
DECIDED = ("f:", "w:")
"""Signs of what the cues came to."""


class Row(NamedTuple):
    """A rule that a turn touches: the file it is from, its signs, and the stance that a person gave it."""

    source: str
    rule: str
    signs: tuple[str, ...]
    stance: Stance
    first: Stance | None
    """What the cues alone said at first; None where that is not known."""


FILLERS = {
    "zh": (
        "您好，请坐。", "这种情况很常见。", "平时多走动，少熬夜。", "饮食清淡一些。", "一周后复查血常规。",
        "昨晚睡得怎么样？", "有事随时打电话。", "请带上以前的病历。", "多喝温水。", "不要太担心。",
        "天冷注意保暖。", "体温每天量两次。", "先把化验单给我看看。", "谢谢您的配合。", "伤口要保持干燥。",
        "家属可以在外面等。",
    ),
    "en": (
        "Hello, have a seat.", "This is quite common.", "Try to walk a little every day.",
        "Keep the wound dry.", "We will repeat the blood count next week.", "How did you sleep?",
        "Call us at any time.", "Don't worry too much.", "Please bring your old records.",
        "Drink plenty of water.", "Eat lightly in the evening.", "Thank you for waiting.",
        "Measure your temperature twice a day.", "The ward round is at nine.", "Your family may wait outside.",
        "Let me see the results first.",
    ),
    "ar": (
        "أهلا بك، تفضل بالجلوس.", "هذه حالة شائعة.", "امش قليلا كل يوم.", "حافظ على الجرح جافا.",
        "نعيد التحليل بعد أسبوع.", "كيف كان نومك؟", "اتصل بنا في أي وقت.", "لا تقلق كثيرا.",
        "أحضر تقاريرك السابقة.", "اشرب ماء كافيا.", "تناول عشاء خفيفا.", "شكرا على صبرك.",
        "قس حرارتك مرتين في اليوم.", "المرور الصباحي في التاسعة.", "يمكن لأهلك الانتظار في الخارج.",
        "أرني النتائج أولا.",
    ),
}  # fmt: skip
"""Sentences that say nothing of any rule: what is meant does not change between them."""
SHORT = 160
"""Characters up to which a last turn is fitted between two of them, too."""


def rows(checker: Checker) -> Iterator[Row]:
    """Everything that is fitted."""
    for path in sorted(HOME.glob("*.jsonl")):
        if path.stem != UNSEEN:
            for case in cases(path, checker.table):
                yield from _of_case(checker, path.stem, case)
    for language in ("zh", "en", "ar"):
        yield from _of_table(Checker(_world(language), distance=0), f"world {language}")
    yield from _of_table(checker, "table")


def _world(language: str) -> Table:
    """The table of a fictional world."""
    written = list(write(1, Write(subject="drugs", language=language)))
    entities = [one for one in written if isinstance(one, Entity)]
    return Table(entities, [one for one in written if isinstance(one, Rule)])


def _of_table(checker: Checker, source: str) -> Iterator[Row]:
    """What the rules of a table say of themselves: their advice warns, their examples that fire assert."""
    for rule in checker.table.rules:
        told: list[tuple[str, str, Stance]] = [(one.message, "", "warns") for one in rule.advice]
        shown: list[tuple[str, str, Stance]] = [(one.text, one.card, "asserts") for one in rule.examples if one.fires]
        for text, card, stance in (*told, *shown):
            found = _of(checker, source, (Message("assistant", text),), card, {rule.id: stance})
            yield from (row for row in found if row.rule == rule.id)


def _of_case(checker: Checker, source: str, case: Case) -> Iterator[Row]:
    if case.messages[-1].role == "assistant":
        meant = {one.rule: one.stance for one in case.fires}
        yield from _of(checker, source, case.messages, case.card, meant, case.first)


def _of(
    checker: Checker,
    source: str,
    messages: Sequence[Message],
    card: str,
    meant: Mapping[str, Stance],
    first: Mapping[str, Stance] | None = None,
) -> Iterator[Row]:
    """The rules that the last turn of a case touches; one that nobody expected is left open by it."""
    between = _between(messages)
    for said in (messages, between) if between else (messages,):
        yield from _seen(checker, source, said, card, meant, first)


def _between(messages: Sequence[Message]) -> Sequence[Message]:
    """The same dialogue with its last turn between two sentences that say nothing of any rule; empty: too long."""
    last = messages[-1].content
    language = "ar" if _ARABIC.search(last) else "zh" if _HAN.search(last) else "en"
    if len(last) > SHORT or "\n" in last or len(messages) > 1:
        return ()
    draw = random.Random(last)
    ahead, behind = draw.sample(FILLERS[language], 2)
    gap = "" if language == "zh" else " "
    return (Message("assistant", f"{ahead}{gap}{last}{gap}{behind}"),)


def _seen(
    checker: Checker,
    source: str,
    messages: Sequence[Message],
    card: str,
    meant: Mapping[str, Stance],
    first: Mapping[str, Stance] | None,
) -> Iterator[Row]:
    for rule, (stance, signs) in checker.signs(messages, parse(card) if card else None).items():
        said = first.get(rule) if first else None
        told = [sign for sign in signs if said and (said == stance or not sign.startswith("w:"))]
        told = [sign.replace(f"f:{stance}", f"f:{said}") for sign in told if sign.startswith(DECIDED)]
        plain = [sign for sign in signs if not sign.startswith(DECIDED)]
        yield Row(source, rule, (*plain, *told), meant.get(rule, "unknown"), said)


def fit(some: Sequence[Row], seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """The weights of the signs by multinomial logistic regression: one row of three a sign."""
    often = Counter(sign for row in some for sign in row.signs)
    known = {sign: number for number, sign in enumerate(sign for sign, rows in often.items() if rows >= OFTEN)}
    coded = [np.array([known[sign] for sign in row.signs if sign in known], np.int64) for row in some]
    meant = [STANCES.index(row.stance) for row in some]
    table, squares = np.zeros((len(known), 3)), np.full((len(known), 3), 1e-8)
    rng = np.random.default_rng(seed)
    for _ in range(ROUNDS):
        for number in rng.permutation(len(some)):
            at = coded[number]
            scale = 1 / np.sqrt(len(some[number].signs))
            off = _softmax(table[at].sum(0) * scale)
            off[meant[number]] -= 1
            slope = off[None] * scale + RIDGE * table[at]
            squares[at] += slope * slope
            table[at] -= RATE * slope / np.sqrt(squares[at])
    return {sign: table[at] for sign, at in known.items()}


def _softmax(margins: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(margins - margins.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares


def predicted(weights: dict[str, NDArray[np.float64]], row: Row, first: Stance) -> Stance:
    """The stance that fitted weights speak for, beside what the cues said at first."""
    if "n:none" in row.signs:
        return first
    found = [weights[sign] for sign in row.signs if sign in weights]
    return heaviest(np.sum(found, 0).tolist(), len(row.signs), first)


def _shares(name: str, some: Sequence[tuple[Row, str]]) -> None:
    right = sum(said == row.stance for row, said in some) / len(some)
    broken = [said == "asserts" for row, said in some if row.stance == "asserts"]
    fine = [said == "asserts" for row, said in some if row.stance != "asserts"]
    print(
        f"{name:<28} {len(some):>5} stances, right {right:.3f}, violations found {np.mean(broken):.3f}, "
        f"false alarms {np.mean(fine):.3f}"
    )


def main() -> int:
    """Print the table; write the weights where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    some = list(rows(Checker(read("domain:medicine"))))
    for source in sorted({row.source for row in some if row.first}):
        rest = fit([row for row in some if row.source != source])
        held = [(row, row.first) for row in some if row.source == source and row.first]
        _shares(f"{source}, cues alone", held)
        _shares(f"{source}, weighed", [(row, predicted(rest, row, first)) for row, first in held])
    if wanted.write:
        fitted = fit(some)
        lines = [f"{sign}\t" + "\t".join(str(round(100 * one)) for one in fitted[sign]) for sign in sorted(fitted)]
        target = Path(asset("asset:rules")) / "weights.tsv"
        target.write_text("\n".join(lines) + "\n", "utf-8")
        print(f"{target}: {len(fitted):,} signs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
