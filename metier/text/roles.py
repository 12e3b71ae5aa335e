"""The voices of a doctor and a patient: who asks, who concludes, who takes leave, and who falls out of the part."""

import csv
import functools
import re
from collections.abc import Sequence
from typing import Literal

from metier.artefact import asset
from metier.text.normalise import bare_arabic, squeeze
from metier.text.sentences import sentences

Speaker = Literal["doctor", "patient"]
_OWN_LABEL = {
    "doctor": re.compile(r"\A\W{0,3}(?:医生|大夫|doctor|الطبيبة?)\W{0,2}[:：]\W{0,2}\s*", re.I),
    "patient": re.compile(r"\A\W{0,3}(?:患者|病人|patient|المريضة?)\W{0,2}[:：]\W{0,2}\s*", re.I),
}
LEAKS = ("advises", "complains", "staged", "scripted", "card", "mark")
"""Ways to fall out of a part: the patient gives medical advice, the doctor has the patient's complaints, gestures are
described, several people speak in one turn, the card is mentioned, a mark of the prompt is left in the text."""


def unlabelled(turn: str, speaker: Speaker) -> str:
    """A turn without the speaker's own name before it."""
    return _OWN_LABEL[speaker].sub("", turn.strip(), count=1)


def leak(turn: str, speaker: Speaker, rules: Sequence[str] = LEAKS) -> tuple[str, str]:
    """(one of LEAKS, the words that show it) of a turn that falls out of its part, else empty texts.

    Rules for Chinese, English and Arabic. A patient who asks "should I take ...?" does not advise: questions are no
    advice.
    """
    plain = bare_arabic(turn)
    for rule in rules:
        pattern = _pattern(speaker, rule)
        if pattern is None:
            continue
        said = _statements(plain) if rule == "advises" else plain
        if found := pattern.search(said):
            return rule, squeeze(found[0])[:80]
    return "", ""


def questions(turn: str) -> int:
    """How many sentences of a doctor's turn ask the patient something; "is that clear?" asks nothing."""
    return sum(_says(sentence, "asks") and not _says(sentence, "idle") for sentence in _sentences(bare_arabic(turn)))


def concludes(turn: str) -> bool:
    """Whether a doctor's turn names a diagnosis or a treatment, outside its questions."""
    return _says(_statements(bare_arabic(turn)), "concludes")


def closes(turn: str) -> bool:
    """Whether a doctor's turn takes leave of the patient and asks nothing more."""
    return _says(bare_arabic(turn), "closes") and not questions(turn)


def takes_leave(turn: str) -> bool:
    """Whether a patient's turn gives thanks or says goodbye and asks nothing more."""
    plain = bare_arabic(turn)
    pattern = _pattern("patient", "thanks")
    return bool(pattern and pattern.search(plain)) and not any(_says(one, "asks") for one in _sentences(plain))


def _says(text: str, rule: str) -> bool:
    pattern = _pattern("doctor", rule)
    return bool(pattern and pattern.search(text))


def _statements(plain: str) -> str:
    """The sentences that ask nothing."""
    return "\n".join(sentence for sentence in _sentences(plain) if not re.search("[?？؟]|[吗呢][。！]?$", sentence))


def _sentences(plain: str) -> list[str]:
    return [piece for sentence in sentences(plain) for line in sentence.split("\n") if (piece := line.strip())]


@functools.cache
def _pattern(speaker: Speaker, rule: str) -> re.Pattern[str] | None:
    with (asset("asset:talk") / "roles.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["rule"] == rule and row["speaker"] in (speaker, "both")]
    return re.compile("|".join(bare_arabic(row["pattern"]) for row in rows), re.I | re.M) if rows else None
