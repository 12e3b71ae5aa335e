"""Where a text tells a rule in the table's own words: message, remedy and source, as a citation has them."""

import re
from collections.abc import Mapping

import msgspec

from metier.records import Rule

_CITED = re.compile(r"\[([^\[\]]+?): ")
_LABEL = re.compile(r"(?:^|(?<=\n))[^\n:：]{1,12}[:：] ?$")
"""What a line is called that tells a rule, as in "Warning: "."""


class Telling(msgspec.Struct, frozen=True):
    """A rule that is told, and where; without its message (``warns`` is false) it is merely named as a source."""

    rule: Rule
    start: int
    end: int
    warns: bool


def tellings(text: str, rules: Mapping[str, Rule]) -> tuple[Telling, ...]:
    """The rules that a text tells as ``Firing.citation`` writes them, in order; anything else is no telling."""
    found = []
    for cited in _CITED.finditer(text) if "[" in text else ():
        rule = rules.get(cited[1])
        whole = f"[{rule.id}: {rule.source}]" if rule else ""
        if rule and text.startswith(whole, cited.start()):
            start = _begins(text, cited.start(), rule)
            found.append(Telling(rule, start, cited.start() + len(whole), start < cited.start()))
    return tuple(found)


def _begins(text: str, at: int, rule: Rule) -> int:
    """Where the message begins that a citation closes, its remedy between them or not; else where the citation does."""
    for said in rule.advice:
        for words in (f"{said.message} {said.remedy} ", f"{said.message} "):
            if said.message and text.endswith(words, 0, at):
                line = text[text.rfind("\n", 0, at - len(words)) + 1 : at - len(words)]
                return at - len(words) - (len(line) if _LABEL.match(line) else 0)
    return at


def untold(text: str, told: tuple[Telling, ...]) -> str:
    """A text of the same length with blanks for what it tells in a table's own words: that says nothing else."""
    for one in told:
        text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    return text
