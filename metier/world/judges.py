"""A scripted judge of consultations: it rates two replies beside the doctor's own, as language models rate.

``{kind: scripted, function: "metier.world.judges:consultation"}`` answers the prompt ``judge-rating``. It knows how the
world is worded, not what is true in it: it takes the standard answer at its word, errors included, and cannot tell
whether anything beyond it is right. To what it is asked for (accuracy, likeness, conciseness) it adds a taste of its
own, for kindness and for points in order: the model's part of the mixed feedback beside the doctor's. Like models it
wavers, and is now and then for whatever it was shown first (Zheng et al. 2023).
"""

import random
import re
from collections import Counter
from collections.abc import Mapping

from metier.llm.prompts import between
from metier.llm.request import Request
from metier.text.normalise import fold
from metier.world.consultations_heard import Heard, asks_back, hear, in_points, kindness, mentioned
from metier.world.consultations_wording import languages

ACCURACY, LIKENESS, FRIENDLINESS, CONCISENESS = 2.0, 4.0, 2.0, 1.0
"""Points for each of what it looks at; together with 1 they make 10."""
ROOM = 40
"""Words beyond those of the standard answer after which a reply is no longer concise at all."""
WAVERS = 0.5
"""Standard deviation of its ratings."""
FIRST, LEAD = 0.2, 2.0
"""How often it is for the reply shown first, and by how many points."""
_WORD = re.compile(r"[^\W\d_]+")


def consultation(request: Request) -> str:
    """The ratings of both replies, as the prompt asks for them."""
    reference, shown = between(request.messages, "reference"), [between(request.messages, one) for one in ("A", "B")]
    if reference is None or None in shown:
        return "There is nothing to rate."
    language = _language(reference)
    draw = random.Random("\n".join([str(request.sample), *(one.content for one in request.messages)]))
    points = [quality(one or "", reference, language) + draw.gauss(0, WAVERS) for one in shown]
    if draw.random() < FIRST:
        points[0] += LEAD
    first, second = (f"{min(10.0, max(1.0, one)):.1f}" for one in points)
    return f"Rating A: {first}; Rating B: {second}"


def quality(reply: str, reference: str, language: str) -> float:
    """What the judge thinks of a reply, 1 to 10, before it wavers."""
    said, standard = hear(reply), hear(reference)
    return (
        1
        + ACCURACY * _accuracy(mentioned(said, language), mentioned(standard, language))
        + LIKENESS * _likeness(said, standard, language)
        + FRIENDLINESS * (sum(kindness(said, language)) + 2 * in_points(said)) / 4
        + CONCISENESS * _conciseness(reply, reference)
    )


def _accuracy(said: Mapping[str, frozenset[str]], standard: Mapping[str, frozenset[str]]) -> float:
    """The share of the standard answer's facts that a reply tells alike, less those that it tells otherwise."""
    if not standard:
        return 0.0
    alike = sum(said.get(fact) == values for fact, values in standard.items())
    other = sum(fact in said and said[fact] != values for fact, values in standard.items())
    return max(0.0, (alike - other) / len(standard))


def _likeness(said: Heard, standard: Heard, language: str) -> float:
    """The share of the standard answer's moves that a reply makes as well, whatever it says in them."""
    moves, kept = _moves(standard, language), _moves(said, language)
    return sum((moves & kept).values()) / max(1, moves.total())


def _moves(heard: Heard, language: str) -> Counter[str]:
    """The moves of a reply, each once: the facts that it speaks of, whether it asks back and is kind."""
    opens, closes = kindness(heard, language)
    others = {"asks": asks_back(heard, language), "opens": opens, "closes": closes}
    return Counter([*mentioned(heard, language), *(move for move, made in others.items() if made)])


def _conciseness(reply: str, reference: str) -> float:
    """1 for a reply no longer than the standard answer, falling with every word beyond, said before or not."""
    words, standard = _WORD.findall(fold(reply)), _WORD.findall(fold(reference))
    return min(1.0, max(0.0, 1 - (len(words) - len(standard)) / ROOM))


def _language(text: str) -> str:
    """The language of the world that the standard answer is in, by its script."""
    script = "zh" if re.search(r"[\u4e00-\u9fff]", text) else "ar" if re.search(r"[\u0600-\u06ff]", text) else "en"
    return script if script in languages() else "en"
