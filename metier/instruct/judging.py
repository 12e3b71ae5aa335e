"""Put to a model what rules can only doubt: it is shown what they found, and has the last word."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from metier.instruct.problems import read_problems
from metier.llm.llm import LLM, ReplyError
from metier.llm.prompts import Prompt, read_prompt
from metier.text.grounding import RULES, Finding
from metier.text.normalise import squeeze
from metier.text.patterns import fill

Rule = Literal["number", "unit", "drug", "negation", "invented", "omitted"]
Judged = Literal["across", "doubted", "every"]
"""Which answers a judge is asked about: those in another language than their passage, also those in which rules found
nothing but readings of meaning, or every one."""
FINAL: tuple[Rule, ...] = ("number", "unit")
"""Findings that no judge is asked about: there rules are seldom wrong."""
_VERDICT = re.compile(r"\W*(?P<verdict>supported|unsupported)\W*(?P<why>.*)", re.I | re.S)
_SHARES = ("invented", "omitted")
"""Rules whose detail is a share, which tells a judge nothing; that of the others is what stands in the passage."""


class NoVerdict(ReplyError):
    """A judge said neither that an answer is supported nor that it is not."""


class Verdict(NamedTuple):
    """What a judge says of an answer, and what is wrong with it."""

    supported: bool
    why: str = ""


class Judging(NamedTuple):
    """How a judge is asked in one language: the prompt, and what each finding is called there."""

    prompt: Prompt
    doubts: Mapping[str, str]


def read_judging(where: str, name: str, language: str) -> Judging:
    """The prompt of a judge and the words for findings; MetierError where one is missing or malformed."""
    return Judging(read_prompt(where, name, language), read_problems(where, "judge-doubts", language))


def in_doubt(findings: Iterable[Finding], final: Sequence[str] = FINAL) -> bool:
    """Whether something was found, and nothing but what a judge may overrule."""
    found = {one.rule for one in findings}
    return bool(found) and found <= set(RULES) - set(final)


async def ask_judge(model: LLM, wording: Judging, findings: Sequence[Finding], **shown: str) -> Verdict:
    """What a model says of an answer in which rules found this, or nothing; ``shown`` fills the prompt's other slots.

    Among what is spent on the model it is counted how many answers were doubted, how many of these it bore out, and how
    many replies gave no verdict. Raises NoVerdict, and ReplyError where there is no reply.
    """
    reply = await model.ask(wording.prompt.messages(findings=_described(findings, wording.doubts), **shown))
    if findings:
        model.count("doubted")
    try:
        found = verdict(reply.text)
    except NoVerdict:
        model.count("without a verdict")
        raise
    if findings and found.supported:
        model.count("doubted but supported")
    return found


def verdict(reply: str) -> Verdict:
    """The verdict of a reply, which must begin with SUPPORTED or UNSUPPORTED; NoVerdict where it does not."""
    found = _VERDICT.match(reply.strip())
    if not found:
        raise NoVerdict("no verdict of the judge", reply.strip()[:200])
    if found["verdict"].lower() == "supported":
        return Verdict(True)
    return Verdict(False, found["why"].strip()[:200])


def reason(finding: Finding) -> str:
    """A finding as the detail of a drop shows it."""
    return f"{finding.span} ({finding.detail})" if finding.detail else finding.span


def _described(findings: Sequence[Finding], words: Mapping[str, str]) -> str:
    """One line for each finding, with what the passage has instead; where there is none, the line that says so."""
    lines = dict.fromkeys(_line(one, words) for one in findings)
    return "\n".join(f"- {line}" for line in lines) or words.get("none", "-")


def _line(finding: Finding, words: Mapping[str, str]) -> str:
    rule, detail = finding.rule, finding.detail
    if detail == "is missing":
        rule, detail = "omitted", ""
    elif detail == "breaks off":
        rule, detail = "cut", ""
    elif rule in _SHARES:
        detail = ""
    line = fill(words.get(rule, words["other"]), {"span": squeeze(finding.span), "rule": rule})
    there = fill(words.get("there", ""), {"span": squeeze(detail.removeprefix("not ")), "rule": rule}) if detail else ""
    return f"{line} {there}".rstrip()
