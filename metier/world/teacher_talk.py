"""The teacher in dialogues: it polishes a doctor's reply, plays both sides of a consultation, and speaks of a place."""

import functools
import random
import re
from collections.abc import Sequence

from metier.llm.prompts import between
from metier.llm.request import Request
from metier.records import Message
from metier.text.gazetteer import cultures
from metier.text.gazetteer import spoken as spoken_in
from metier.text.joined import join
from metier.text.normalise import squeeze
from metier.text.patterns import fill
from metier.world.culture import Article, articles
from metier.world.culture_wording import land, manner
from metier.world.teacher_pages import NONE
from metier.world.teacher_wording import TeacherWording, languages, read_back, teacher_wording
from metier.world.wording import drug_wording

_HAN, _ARABIC = re.compile("[一-鿿]"), re.compile("[ء-ي]")
_COUNT = re.compile(r"\d+")
_MARKED = re.compile(r"<(\w+)>.*?</\1>", re.S)


def polished(request: Request, mistaken: bool) -> str:
    """A doctor's reply in a friendly frame; mistaken, with another value in place of its own."""
    reply = squeeze(between(request.messages, "reply") or "")
    says = teacher_wording(spoken(request.messages))
    draw = random.Random(request.key)
    if mistaken:
        values = [fact.values for fact in drug_wording(spoken(request.messages)).facts.values() if reply in fact.values]
        if values:
            reply = draw.choice([value for value in values[0] if value != reply])
    return fill(draw.choice(says.polish), {"reply": reply.rstrip(".。")})


def patient(messages: Sequence[Message]) -> str:
    """The next thing that the patient of a card says."""
    says, values = _read(messages, "card")
    return fill(says.patient[min(_turn(messages), len(says.patient) - 1)], values)


def doctor(messages: Sequence[Message], mistaken: bool) -> str:
    """The next thing that the doctor says; mistaken, the conclusion before anything was asked."""
    says, values = _read(messages, "known")
    turn = _turn(messages)
    early = len(says.doctor) - 2
    return fill(says.doctor[early if mistaken and turn < early else min(turn, early + 1)], values)


def localized(messages: Sequence[Message]) -> str:
    """Questions about an article of an invented land, as a numbered list; or what is told of what a question names."""
    topic = between(messages, "topic")
    if topic is None:
        home, article = _article(messages[-1].content)
        return join(statement.says[0] for statement in article.statements) if article else NONE
    home, article = _article(topic)
    if article is None:
        return NONE
    found = _COUNT.search(_MARKED.sub("", messages[-1].content))
    some = teacher_wording(home).localize[: int(found[0]) if found else 1]
    return "\n".join(f"{number}. {fill(text, {'topic': article.name})}" for number, text in enumerate(some, 1))


def _article(text: str) -> tuple[str, Article | None]:
    """(language, article) of what a text names first; the longest of names that begin at one place."""
    there = [(text.find(name), -len(name), name) for name in _articles() if name in text]
    return _articles()[min(there)[2]] if there else ("", None)


@functools.cache
def _articles() -> dict[str, tuple[str, Article]]:
    """Name -> (language, article) of everything that has one in the invented lands."""
    tellings = [(language, land(culture, language)) for culture in cultures() for language in spoken_in(culture)]
    found = ((home, one) for home, place in tellings for one in articles(place, manner(home), ()))
    return {article.name: (home, article) for home, article in found if article.name}


def spoken(messages: Sequence[Message]) -> str:
    """The language that a prompt is written in, what stands between its marks left out."""
    text = _MARKED.sub("", "\n".join(message.content for message in messages if message.role in ("system", "user")))
    han, arabic = len(_HAN.findall(text)), len(_ARABIC.findall(text))
    if 4 * max(han, arabic) < sum(sign.isalpha() for sign in text):
        return "en"
    return "zh" if han > arabic else "ar"


def _read(messages: Sequence[Message], mark: str) -> tuple[TeacherWording, dict[str, str]]:
    """The wording of the language that a card is in, and its slots; a strange card is all symptom."""
    text = between(messages, mark) or ""
    for language in languages():
        says = teacher_wording(language)
        if values := read_back(says.card if mark == "card" else says.known, text):
            return says, dict(values)
    names = ("treats", "days", "age", "drug", "dose", "time")
    return teacher_wording(spoken(messages)), dict.fromkeys(names, squeeze(text))


def _turn(messages: Sequence[Message]) -> int:
    """How many turns the speaker has had; a turn that is asked for again does not count."""
    again = between(messages[-1:], "problems") is not None
    return sum(message.role == "assistant" for message in messages) - again
