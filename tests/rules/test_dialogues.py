"""What a turn says by what stands around it: answers, "carry on", what is stopped or taken up, the patient's facts."""

import re
from pathlib import Path

import pytest

from metier.records import Message
from metier.rules.card import parse
from metier.rules.check import Checker
from metier.rules.table import read

LINES = [
    one
    for one in (Path(__file__).parent / "dialogues.txt").read_text("utf-8").splitlines()
    if one and not one.startswith("#")
]
CHECKER = Checker(read("domain:medicine"))
ROLES = {"u": "user", "a": "assistant"}


@pytest.mark.parametrize("line", LINES)
def test_a_dialogue_is_read_as_it_is_meant(line: str) -> None:
    meant, rule, rest = line.split(" ", 2)
    card, talk = rest[1:].split("] ", 1)
    turns = [one.split(": ", 1) for one in re.split(r" / (?=[ua]: )", talk)]
    messages = [Message(ROLES[who], said.replace("\\n", "\n")) for who, said in turns]  # type: ignore[arg-type]
    firings = CHECKER.check(messages, parse(card, CHECKER.table))
    found = {one.rule.id: one.stance for one in firings if one.turn == len(messages) - 1}.get(rule, "unknown")
    assert found != "asserts" if meant == "free" else found == {"open": "unknown"}.get(meant, meant)
