"""A scripted teacher that knows how the pharmacopoeia is worded: it asks, answers and errs like a model, without one.

``{kind: scripted, function: "metier.world.teacher:answer"}`` under ``models:`` answers the prompts of the instruct
room from what these show it: unify, polish, both sides of roleplay, localize. ``metier.world.teacher:erring`` gets one
reply of ten wrong, so that there is something to catch. Both speak every language of the world.
"""

import random
from collections import Counter

from metier.llm.prompts import between
from metier.llm.request import Request
from metier.world.teacher_pages import NONE, Known, known_in, wrong_value
from metier.world.teacher_talk import doctor, localized, patient, polished

MISTAKES = 0.1
"""Share of the replies of ``erring`` that are wrong: a wrong value, or the half of what should be said."""
TRIES = 2
"""Questions about one sentence, after which the teacher lets it be."""
WHOLE = 0.1
"""Share of the answers that are a whole sentence; the others are the bare value."""


def answer(request: Request) -> str:
    """The reply of a teacher that makes no mistake."""
    return _reply(request, mistaken=False)


def erring(request: Request) -> str:
    """The reply of a teacher that gets one of ten wrong; asked again, it draws again."""
    return _reply(request, mistaken=random.Random(f"mistake:{request.key}").random() < MISTAKES)


def _reply(request: Request, mistaken: bool) -> str:
    messages = request.messages
    if between(messages, "answer") is not None:
        return "SUPPORTED"  # as the judge; the rules have passed the answer already
    if between(messages, "passage") is not None:
        return _unified(request, mistaken)
    if between(messages, "card") is not None:
        return patient(messages)
    if between(messages, "known") is not None:
        return doctor(messages, mistaken)
    if between(messages, "reply") is not None:
        return polished(request, mistaken)
    if between(messages, "culture") is not None:
        return localized(messages)
    return NONE


def _unified(request: Request, mistaken: bool) -> str:
    question = between(request.messages, "question")
    known = known_in(between(request.messages, "passage") or "")
    if question is None:
        return _question(request, known)
    found = next((one for one in known if one.question == question), None)
    if found is None:
        return NONE
    if mistaken:
        draw = random.Random(request.key)
        half = found.sentence[: len(found.sentence) // 2].strip()
        return wrong_value(found, draw) if found.value and draw.random() < 0.5 else half
    return found.sentence if not found.value or random.Random(question).random() < WHOLE else found.value


def _question(request: Request, known: tuple[Known, ...]) -> str:
    """A question about the first fact that is still to be told, one that was not asked before."""
    asked = set((between(request.messages, "asked") or "").splitlines())
    asked |= {message.content for message in request.messages if message.role == "assistant"}
    focus = between(request.messages, "focus")
    missing = {one.sentence for one in known_in(focus)} if focus is not None else {one.sentence for one in known}
    tries = Counter(one.sentence for one in known if one.question in asked)
    free = [
        one
        for one in known
        if one.question not in asked and tries[one.sentence] < TRIES and (one.sentence in missing or not one.value)
    ]
    if not free:
        return NONE
    first = [one for one in free if one.sentence == free[0].sentence]
    return random.Random(request.key).choice(first).question
