"""What a sentence says of things that do not go together: brings them together, warns, or leaves it open."""

import functools
from collections.abc import Sequence
from typing import Literal

import msgspec

from metier.rules.firing import Mention, Stance
from metier.rules.stance_answers import answered, negated, question, rest
from metier.rules.stance_sentence import Context, Judged, Meeting, judge
from metier.rules.stance_text import marks, mask


class Reading(msgspec.Struct, frozen=True):
    """What one sentence says of its mentions."""

    stance: Stance
    meeting: Meeting
    """How it lets them meet: in one container or line, in one patient at one time, kept apart, not said."""
    why: str = ""
    """The cue that decided."""


KEPT = 4096
"""Sentences whose reading is kept: over a reply that grows, each is asked for again with every sentence behind it."""
_STANCES: dict[int, Stance] = {1: "asserts", -1: "warns", 0: "unknown"}


def read(text: str, mentions: Sequence[Mention], before: Sequence[str] = (), context: Context = "either") -> Reading:
    """What a sentence says of the things named in it; ``before``: the sentences that lead up to it, the last one last.

    ``mentions`` may name one thing only, where the other was named before ("add it to the same bag"), or none, where
    the sentence answers a question ("Yes, you can."). ``context`` is that of the rule: a sentence that gives both
    things, but not in one container, says nothing for a rule on mixing. zh, en and ar; the language is read off.
    """
    return _read(text, tuple(mentions), tuple(before), context)


@functools.lru_cache(maxsize=KEPT)
def _read(text: str, mentions: tuple[Mention, ...], before: tuple[str, ...], context: Context) -> Reading:
    masked = mask(text, mentions)
    said = rest(masked)
    judged = judge(said, context, led=bool(before))
    if before and (said.text != masked.text or not judged.value or judged.echoes):
        judged = _in_answer(answered(masked), judged, before, context)
    return Reading(_STANCES[judged.value], judged.meeting, marks().sub("", judged.why).strip())


def _in_answer(answer: int, judged: Judged, before: Sequence[str], context: Context) -> Judged:
    """The judgement of a reply to the last question before it: its own, else its yes or no to what was asked."""
    asked = question(before, context)
    if asked is None:
        return judged
    how = judged.meeting if judged.meeting != "open" else asked.meeting
    if judged.value and judged.echoes and not negated(before):
        answer = judged.value
    elif judged.value or not answer:
        return judged._replace(meeting=how)
    value = answer * asked.value
    if value > 0 and context == "mixed" and asked.meeting == "together":
        value = 0
    return judged._replace(value=value, meeting=asked.meeting, why=judged.why or ("yes" if answer > 0 else "no"))


@functools.lru_cache(maxsize=KEPT)
def state(text: str, mention: Mention) -> Literal["given", "stopped", "refused", "mentioned"]:
    """What a sentence says of one thing by itself: given or taken, stopped, refused, or merely mentioned."""
    judged = judge(mask(text, [mention]), "patient")
    if judged.stopped:
        return "stopped"
    if judged.refused or (judged.value < 0 and judged.meeting != "apart"):
        return "refused"
    if judged.value < 0:
        return "given"
    return "given" if judged.value > 0 or judged.given else "mentioned"
