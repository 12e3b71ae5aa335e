"""What the guard itself says, in the language of what it speaks of."""

import functools
import re
from collections.abc import Iterable

import msgspec
from msgspec import structs

from metier.artefact import asset
from metier.records import Advice, Rule
from metier.rows import csv_table
from metier.rules.firing import Firing

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3]+")
_OTHER = re.compile("[^\\W\\d_\u3400-\u4dbf\u4e00-\u9fff\u0620-\u064a\u066e-\u06d3]+")
_SCRIPTS = {"zh": "han", "ja": "han", "ar": "arabic", "fa": "arabic", "ur": "arabic", "ps": "arabic", "ug": "arabic"}


class Words(msgspec.Struct, frozen=True):
    """The guard's own words in one language."""

    warning: str
    """Tells the reader a rule; {told} is its message, remedy and source."""
    again: str
    """Stands for a sentence that breaks a rule which was told before; {rule} is its id."""
    prompt: str
    """Stands, for the model, before the rules that a prompt touches."""


@functools.cache
def words() -> dict[str, Words]:
    """The words by language; English stands for a language that has none."""
    rows = csv_table(asset("asset:rules/guard") / "words.csv", ("language", "warning", "again", "prompt"))
    return {row["language"]: Words(row["warning"], row["again"], row["prompt"]) for _, row in rows}


def language_for(rule: Rule, text: str) -> str:
    """The language, of those that a rule is told in, that a text is written in, as its script tells."""
    told = [one.language for one in rule.advice]
    script = _script(text)
    return next((one for one in told if _SCRIPTS.get(one, "other") == script), told[0] if told else "")


def warning(firing: Firing, language: str) -> str:
    """A rule told to the reader in one line: its message, remedy and source."""
    return _in(language).warning.replace("{told}", firing.citation(language))


def bare(firing: Firing, language: str) -> Firing:
    """A firing whose rule tells no remedy."""
    told = Advice(language, firing.rule.told(language).message)
    return structs.replace(firing, rule=structs.replace(firing.rule, advice=(told,)))


def again(firing: Firing, language: str) -> str:
    """What stands for a sentence that breaks a rule which was told before."""
    return _in(language).again.replace("{rule}", firing.rule.id)


def instruction(citations: Iterable[str], language: str) -> str:
    """The rules that a prompt touches, told to the model."""
    return "\n".join([_in(language).prompt, *(f"- {one}" for one in citations)])


def _in(language: str) -> Words:
    return words().get(language, words()["en"])


def _script(text: str) -> str:
    """The script of most words of a text; a Chinese character counts as a word."""
    counts = {"other": len(_OTHER.findall(text)), "han": len(_HAN.findall(text)), "arabic": len(_ARABIC.findall(text))}
    return max(counts, key=lambda name: counts[name])


class Lines:
    """Lays out what leaves: what the guard tells has a line of its own, whatever stands before and behind it."""

    def __init__(self) -> None:
        self._last = "\n"

    def text(self, text: str) -> str:
        """A piece of the reply, behind what has left."""
        if self._last == "told":
            rest = text.lstrip(" \t")
            text = rest if not rest or rest[0] in "\r\n" else f"\n{rest}"
        self._last = text[-1:] or self._last
        return text

    def told(self, line: str) -> str:
        """What the guard tells."""
        begin, self._last = "" if self._last == "\n" else "\n", "told"
        return begin + line

    def behind(self, lines: list[str]) -> str:
        """What the guard tells behind the reply, as a paragraph of its own."""
        gap = "" if self._last == "\n" or not lines else "\n"
        return gap + "".join(map(self.told, lines))
