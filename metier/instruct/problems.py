"""What is wrong with a question or an answer, in words that a model can mend it by."""

import re
from collections.abc import Iterable, Mapping

from metier.llm.prompts import read_prompt
from metier.records import MetierError
from metier.text.grounding import Finding
from metier.text.normalise import squeeze
from metier.text.patterns import fill, unknown_slot

_LINE = re.compile(r"- (\w+): (.+)")
_MOST = 12
"""Problems told at a time; a model that is told dozens mends none."""


def read_problems(where: str, name: str, language: str) -> Mapping[str, str]:
    """What to say of each rule that was broken, from the lines ``- RULE: words with {span}`` of a prompt file."""
    prompt = read_prompt(where, name, language)
    lines = (_LINE.fullmatch(line.strip()) for line in prompt.user.splitlines())
    found = {match[1]: match[2] for match in lines if match}
    if "other" not in found:
        raise MetierError(
            f"{prompt.file}: has no line '- other: ...'; it speaks of every problem without one of its own"
        )
    if slot := unknown_slot(found.values(), "{span}{rule}"):
        raise MetierError(f"{prompt.file}: unknown slot {{{slot}}}; a problem has {{span}} and {{rule}}")
    return found


def described(findings: Iterable[Finding], words: Mapping[str, str]) -> str:
    """One line for each finding, in the language of the words."""
    lines = (
        fill(words.get(one.rule, words["other"]), {"span": squeeze(one.span), "rule": one.rule}) for one in findings
    )
    return "\n".join(f"- {line}" for line in list(dict.fromkeys(lines))[:_MOST])


def told(findings: Iterable[Finding]) -> str:
    """The findings as a drop shows them: rule and words of each."""
    return "; ".join(f"{one.rule} {squeeze(one.span)!r}" if one.span else one.rule for one in findings)
