"""Keep from a model what breaks a rule: dialogues whose assistant brings together what a table of rules keeps apart."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from metier.records import Config, Conversation, Dropped
from metier.rules.check import Checker
from metier.rules.firing import Firing
from metier.rules.loaded import checker

BREAKS, SILENT = "breaks a rule", "does not warn"
Severity = Literal["note", "caution", "forbidden"]


class Guard(Config, frozen=True):
    """Which rules count, and what becomes of a conversation that breaks one."""

    severities: Annotated[tuple[Severity, ...], msgspec.Meta(min_length=1)] = ("caution", "forbidden")
    """Severities of the rules that count."""
    silent: bool = False
    """Whether a reply counts too that does not warn of a rule which the user's turn before it touches."""
    flag: Literal["drop", "list"] = "drop"
    """Drop a conversation that breaks a rule, or keep it; either way it is listed in `broken.jsonl`."""


class Finding(NamedTuple):
    """One rule that one reply breaks, or keeps silent about."""

    why: str
    turn: int
    rule: str
    said: str


def guard(
    conversations: Iterable[Conversation], table: Path, config: Guard, out: Path
) -> Iterator[Conversation | Dropped]:
    """Drop conversations in which a reply asserts what a rule forbids; one that warns of it passes.

    ``table`` is a step that makes entities and rules, a directory with ``entities.csv`` and ``rules.csv``, or
    ``domain:medicine``. ``broken.jsonl`` lists what was found, with the reply's sentence; the notes count it by rule.
    """
    ready = checker(table)
    counts: dict[str, Counter[str]] = {BREAKS: Counter(), SILENT: Counter()}
    with (out / "broken.jsonl").open("w", encoding="utf-8") as file:
        for conversation in conversations:
            found = list(findings(conversation, ready, config))
            for one in found:
                counts[one.why][one.rule] += 1
                row: Mapping[str, object] = {"id": conversation.id, **one._asdict()}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            if not found or config.flag == "list":
                yield conversation
            else:
                first = min(found, key=lambda one: one.why != BREAKS)
                yield Dropped(conversation.id, first.why, f"turn {first.turn}: {first.rule}: {first.said}")
    (out / "notes.json").write_text(json.dumps(counts, ensure_ascii=False), "utf-8")


def findings(conversation: Conversation, ready: Checker, config: Guard) -> Iterator[Finding]:
    """What the replies of a conversation break and, where that counts, keep silent about, turn by turn."""
    messages = conversation.messages
    turns: list[list[Firing]] = [[] for _ in messages]
    for one in ready.check(messages):
        if one.rule.severity in config.severities:
            turns[one.turn].append(one)
    for turn, found in enumerate(turns):
        if messages[turn].role != "assistant":
            continue
        for one in found:
            if one.violates:
                yield Finding(BREAKS, turn, one.rule.id, messages[turn].content[one.start : one.end].strip())
        if config.silent and turn and messages[turn - 1].role == "user":
            spoken = {one.rule.id for one in found if one.stance != "unknown"}
            for one in turns[turn - 1]:
                if one.stance != "warns" and one.rule.id not in spoken:
                    yield Finding(SILENT, turn, one.rule.id, messages[turn].content[:80])
