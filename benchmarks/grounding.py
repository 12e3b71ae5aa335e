"""Planted errors and faithful rewrites against the grounding rules, in Chinese, English and Arabic.

python -m benchmarks.grounding [--missed] [--alarms] [--tuned]

Sets of texts, each by another hand, printed apart. ``planted_grounding_before`` was written before the rules; the
rules were made with its items marked ``tuned`` (``--tuned`` prints these) and mended twice after a look at what the
others missed.
``planted_grounding_after`` is another hand's, who has not seen the rules; of each language the first ten items were
looked at while they were first mended, the others (``--unseen`` prints only these) later: the rules have since been
changed with all items of both sets in view, so these figures are no estimate for texts that nobody has looked at.
``planted_grounding_held``, by a third hand, was first measured unseen; since then every second item of a file, from the
first, has been looked at and is among those that ``benchmarks.grounding_weights`` fits the weights of the signs to. Of
the items between only the scores were looked at, but often, to choose between changes: they flatter, too (``--half
odd`` prints only these, ``--half even`` only the others). ``planted_grounding_fresh``, written last, by a hand that
knew no rule, was measured with the rules as they stand and with those before them; nobody who changed the rules has
looked at its items or at what they miss in it. It is the only set whose figures are an estimate for other texts, and
stays so as long as nobody who reads of it in ``--missed`` or ``--alarms``, which list every set, changes a rule then.
Each cell is a share with its count and 95% Wilson interval.

The format. A set is a directory of YAML files. ``LANGUAGE.yaml`` (``zh``, ``en``, ``ar``; ``zh-2.yaml`` is a second
file of Chinese) is a list of items:

    - id: leaflet                   # unique in its file
      question: How is it taken?    # asks for the whole passage
      names: [ibuprofen]            # names of drugs, herbs, ... that the rules are told; at most those of the passage
      passage: |                    # a text of 4 to 8 sentences, made up; line breaks inside a paragraph do not count
        ...
      faithful:                     # answers that say what the passage says, in other words, order or layout
        - ...                       # an answer to the question, which covers the whole passage
        - {ask: ..., say: ...}      # a narrower question with its answer
      errors:                       # each is one edit of one faithful answer (of: its number, from 0)
        - {kind: number, of: 0, was: 200 mg, now: 400 mg}   # `was` stands exactly once in the answer
        - {kind: invented, of: 0, add: A sentence.}         # put at its end
        - {kind: omitted, of: 0, upto: last words kept}     # the rest of the answer is cut off

Kinds: ``number`` (another dose, count, range, share or time), ``unit``, ``drug`` (another drug, substance, disease or
other name), ``negation`` (a statement turned round: not, never, before for after, raises for lowers), ``invented``,
``omitted`` (only of answers that cover the passage; what is left says at most half of it). ``polish-LANGUAGE.yaml``
holds items for the guard of rewordings: ``original`` is what was said, ``polished`` are honest rewordings of it, and
``errors`` are edits of these, of the kinds number, drug and negation.
"""

import argparse
import collections
import random
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from ruamel.yaml import YAML

from benchmarks.bars import Bar, conclude
from metier.proportion import wilson
from metier.text.grounding import Finding, check, survives
from metier.text.sentences import sentences

HOME = Path(__file__).parent
SETS = tuple(
    name
    for name in (
        "planted_grounding_before",
        "planted_grounding_after",
        "planted_grounding_held",
        "planted_grounding_fresh",
    )
    if (HOME / name).is_dir()
)
HALVED = "planted_grounding_held"
"""The set of which half was looked at."""
SEEN = 10
"""Items of each language of the other hand's set that were looked at first."""
KINDS = ("number", "unit", "drug", "negation", "invented", "omitted")
LANGUAGES = ("zh", "en", "ar")
Kind = Literal["number", "unit", "drug", "negation", "invented", "omitted"]
_WRAPPED = re.compile(r"(?<!\n)(?<!\*\*)\n(?!\n|\s*[-*]|\s*\d+[.、](?!\d)|\s*\|)")
_HAN = re.compile("[一-鿿]")
OPENINGS = {"en": "Thank you for your question. ", "zh": "您好，很高兴为您解答。", "ar": "شكرا على سؤالك. "}
CLOSINGS = {"en": " I hope this helps.", "zh": "希望以上回答对您有帮助。", "ar": " أتمنى أن تكون هذه الإجابة مفيدة."}


class Answer(msgspec.Struct, frozen=True):
    """A narrower question and its answer."""

    ask: str
    say: str


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One planted error."""

    kind: Kind
    of: Annotated[int, msgspec.Meta(ge=0)]
    was: str = ""
    now: str = ""
    add: str = ""
    upto: str = ""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passage, or what a doctor said, with rewordings and their edits."""

    id: str
    errors: tuple[Edit, ...]
    question: str = ""
    names: tuple[str, ...] = ()
    passage: str = ""
    faithful: tuple[str | Answer, ...] = ()
    original: str = ""
    polished: tuple[str, ...] = ()
    tuned: bool = False


class Case(msgspec.Struct, frozen=True):
    """One text to judge: its kind is that of the error, or ``faithful`` and how the rewrite was made."""

    language: str
    kind: str
    answer: str
    item: Item
    question: str = ""
    made: str = "written"

    def findings(self) -> tuple[Finding, ...]:
        """What the rules say."""
        names = frozenset(self.item.names)
        if self.item.polished:
            return survives(self.answer, unwrap(self.item.original), names)
        return check(self.answer, unwrap(self.item.passage), self.question, names)


def unwrap(text: str) -> str:
    """A text without the line breaks that only wrap it: those before a list mark or beside a blank line stay."""
    return _WRAPPED.sub(lambda found: "" if _HAN.match(text, found.end()) else " ", text.strip())


def items(home: Path, stem: str) -> Iterator[tuple[str, Item]]:
    """(language, item) of every file whose name begins so."""
    for file in sorted(home.glob(f"{stem}*.yaml")):
        language = next(part for part in file.stem.split("-") if part in LANGUAGES)
        for item in msgspec.convert(YAML(typ="safe").load(file), list[Item]):
            yield language, item


def cases(language: str, item: Item) -> Iterator[Case]:
    """The rewrites of an item, those made of them by reordering, listing and courtesies, and its planted errors."""
    texts = [unwrap(one if isinstance(one, str) else one.say) for one in item.faithful or item.polished]
    asked = [one.ask if isinstance(one, Answer) else item.question for one in item.faithful or item.polished]
    for text, question in zip(texts, asked, strict=True):
        yield Case(language, "faithful", text, item, question)
        for made, answer in variants(language, text, random.Random(f"{item.id}:{text}")):
            yield Case(language, "faithful", answer, item, question, made)
    for edit in item.errors:
        text = texts[edit.of]
        for part in (edit.was, edit.upto):
            if part and text.count(part) != 1:
                raise SystemExit(f"{language} {item.id}: {part!r} stands {text.count(part)} times in answer {edit.of}")
        if edit.upto:
            text = text[: text.index(edit.upto) + len(edit.upto)]
        elif edit.add:
            text += ("\n" if re.match(r"- |\d+\. ", edit.add) else " ") + edit.add
        else:
            text = text.replace(edit.was, edit.now)
        yield Case(language, edit.kind, text, item, asked[edit.of])


def variants(language: str, text: str, random: random.Random) -> Iterator[tuple[str, str]]:
    """Rewrites that change nothing: courtesies around, sentences in another order, sentences as a list."""
    yield "courteous", OPENINGS[language] + ("\n" if "\n" in text else "") + text + CLOSINGS[language]
    parts = sentences(text)
    if "\n" not in text and len(parts) > 2:
        yield "listed", "\n".join(f"- {part}" for part in parts)
        loose = [part for part in parts if not re.match(r"(It|They|He|She|In addition|Then|他|它|其|وهو|وهي)\b", part)]
        if len(loose) == len(parts):
            random.shuffle(parts)
            yield "reordered", (" " if language != "zh" else "").join(parts)


def share(hits: int, n: int) -> str:
    """A share, its count and its interval."""
    if not n:
        return "-"
    low, high = wilson(hits / n, n)
    return f"{hits / n:.3f} ({hits}/{n}; {low:.3f}-{high:.3f})"


def table(title: str, judged: list[tuple[Case, tuple[Finding, ...]]]) -> tuple[float, float, float]:
    """Print the cells of one set: (recall, false alarms of the written rewrites, those of all rewrites)."""
    print(f"\n{title}")
    kinds = [kind for kind in KINDS if any(case.kind == kind for case, _ in judged)]
    made = sorted({case.made for case, _ in judged}, reverse=True)
    errors = [(case, found) for case, found in judged if case.kind != "faithful"]
    honest = [(case, found) for case, found in judged if case.kind == "faithful"]
    rows: list[tuple[str, Iterable[tuple[Case, tuple[Finding, ...]]]]] = [
        *((kind, [one for one in errors if one[0].kind == kind]) for kind in kinds),
        ("caught", errors),
        *((f"alarms: {way}", [one for one in honest if one[0].made == way]) for way in made),
        ("alarms", honest),
    ]
    print(f"{'':<18}" + "".join(f"{name:<36}" for name in (*LANGUAGES, "all")))
    for name, some in rows:
        split = [[found for case, found in some if case.language == one] for one in LANGUAGES]
        cells = [*split, [found for _, found in some]]
        print(f"{name:<18}" + "".join(f"{share(sum(map(bool, cell)), len(cell)):<36}" for cell in cells))
    right = sum(any(one.rule == case.kind for one in found) for case, found in errors)
    print(f"{'right rule':<18}{share(right, len(errors))}")
    written = [found for case, found in honest if case.made == "written"]
    return _mean(found for _, found in errors), _mean(written), _mean(found for _, found in honest)


def _mean(found: Iterable[tuple[Finding, ...]]) -> float:
    some = [bool(one) for one in found]
    return sum(some) / len(some) if some else float("nan")


def main() -> int:
    """Run every set that is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--missed", action="store_true", help="list the errors that were not caught")
    parser.add_argument("--alarms", action="store_true", help="list the rewrites that were called wrong")
    parser.add_argument("--tuned", action="store_true", help="only the items that the rules were tuned with")
    parser.add_argument("--unseen", action="store_true", help="only the items that were not looked at first")
    parser.add_argument(
        "--half", choices=("even", "odd"), help="only the half of the third set that was looked at, or not"
    )
    options = parser.parse_args()
    bars = []
    for name in SETS:
        for stem, what in (("[!p]", "answers"), ("polish-", "polished")):
            found = [(language, item) for language, item in items(HOME / name, stem) if item.tuned == options.tuned]
            if options.unseen:
                found = unseen(found) if name == "planted_grounding_after" else []
            if options.half:
                found = half(found, options.half) if name == HALVED else []
            if not found:
                continue
            start = time.perf_counter()
            judged = [(case, case.findings()) for language, item in found for case in cases(language, item)]
            spent = (time.perf_counter() - start) / len(judged) * 1000
            caught, written, alarms = table(f"{name}: {what}, {len(found)} texts, {len(judged)} cases", judged)
            bars += [
                Bar(f"{name} {what}: caught", caught, "share", ">= 0.95" if what == "answers" else ">= 0.99"),
                Bar(f"{name} {what}: alarms on written rewrites", written, "share", "<= 0.05"),
                Bar(f"{name} {what}: alarms on all rewrites", alarms, "share", "<= 0.05"),
                Bar(f"{name} {what}: time of one", spent, "ms", "<= 5"),
            ]
            listing(judged, options.missed, options.alarms)
    print(f"\ncases: {collections.Counter(bar.name.split(':')[0] for bar in bars)}" if not bars else "")
    return conclude("grounding", bars)


def half(found: list[tuple[str, Item]], which: str) -> list[tuple[str, Item]]:
    """Every second item of each language, from the first (even) or the second (odd)."""
    start = 0 if which == "even" else 1
    return [one for language in LANGUAGES for one in [some for some in found if some[0] == language][start::2]]


def unseen(found: list[tuple[str, Item]]) -> list[tuple[str, Item]]:
    """The items behind the first ``SEEN`` of each language, which were looked at last."""
    return [one for language in LANGUAGES for one in [some for some in found if some[0] == language][SEEN:]]


def listing(judged: list[tuple[Case, tuple[Finding, ...]]], missed: bool, alarms: bool) -> None:
    """Print what went wrong."""
    for case, found in judged:
        if missed and case.kind != "faithful" and not found:
            edits = [one for one in case.item.errors if (one.now or one.add or one.upto) in case.answer]
            print("MISSED", case.language, case.item.id, case.kind, [one for one in edits if one.kind == case.kind])
        if alarms and case.kind == "faithful" and found:
            print("ALARM", case.language, case.item.id, case.made, [(f.rule, f.span, f.detail) for f in found])


if __name__ == "__main__":
    sys.exit(main())
