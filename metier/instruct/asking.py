"""Ask a model, check what it says, and ask once more with what was wrong; shared by the stages that write dialogues."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

from metier.artefact import asset
from metier.instruct.problems import described, read_problems
from metier.llm.llm import LLM, ReplyError
from metier.llm.prompts import Prompt, read_prompt
from metier.llm.request import Reply
from metier.records import Conversation, Dropped, Message
from metier.text.detect import base, strays
from metier.text.grounding import Finding
from metier.text.replies import bare, echo, unfit

T = TypeVar("T")
_WHY = {
    "refused": "refused",
    "program": "speaks as a program",
    "task": "speaks of the task",
    "language": "in another language",
    "empty": "empty reply",
    "cut": "cut short",
    "echo": "repeats itself",
    "short": "shorter than the original",
    "long": "longer than wanted",
    "advises": "patient gives medical advice",
    "complains": "doctor speaks as the patient",
    "staged": "stage direction",
    "scripted": "several speakers in one turn",
    "card": "mentions the card",
    "mark": "mark left in the text",
    "recited": "card recited",
    "uncarded": "not on the card",
    "early": "concludes before asking",
    "close": "takes leave before asking",
    "endless": "did not end",
    "list": "no numbered list",
    "translated": "reads as a translation",
    "foreign": "names another culture",
    "unspoken": "no prompt in its language",
}
"""The countable reason of each rule; findings of the grounding check have their own."""


class Fault(NamedTuple):
    """Why a reply cannot be used: ``why`` is counted, the findings are told to the model."""

    why: str
    findings: tuple[Finding, ...]

    @property
    def detail(self) -> str:
        """What shows it, as a drop says it."""
        return "; ".join(dict.fromkeys(finding.span for finding in self.findings if finding.span))


class Said(NamedTuple):
    """A reply that passed its checks."""

    text: str
    request: str


class Again(NamedTuple):
    """How to ask once more: how often, with which prompt, and what each fault is called in its language."""

    times: int
    prompt: Prompt
    problems: Mapping[str, str]

    def words(self, fault: Fault) -> str:
        """What the model is told."""
        return self.prompt.messages(problems=described(fault.findings, self.problems))[-1].content


class Wording(NamedTuple):
    """The prompts of one language by name, and how to ask again in it."""

    language: str
    prompts: Mapping[str, Prompt]
    again: Again


def fault(rule: str, span: str = "") -> Fault:
    """A fault with one finding."""
    return Fault(_WHY[rule], (Finding(rule, span),))


def failed(error: ReplyError) -> Fault:
    """What a model that gave nothing usable means for one text among several of a record."""
    return Fault(error.why, (Finding("other", error.detail),))


def read_wordings(where: str, names: Sequence[str], times: int) -> dict[str, Wording]:
    """The wording of every language that the first of the named prompts is there in; the others must be there too."""
    directory = asset(where) / "prompts"
    languages = sorted(path.name.split(".")[1] for path in directory.glob(f"{names[0]}.*.md"))
    if not languages:
        read_prompt(where, names[0], "en")  # says what is missing
    return {
        language: Wording(
            language,
            {name: read_prompt(where, name, language) for name in names},
            Again(
                times,
                read_prompt(where, "dialogue-again", language),
                read_problems(where, "dialogue-problems", language),
            ),
        )
        for language in languages
    }


async def ask_until(
    writer: LLM, messages: Sequence[Message], accept: Callable[[Reply], T | Fault], again: Again, sample: int = 0
) -> tuple[T, str] | Fault:
    """(what ``accept`` made of a reply, key of the call), or the last fault when asking again did not help either."""

    async def settled(reply: Reply) -> T | Fault:
        return accept(reply)

    return await ask_until_judged(writer, messages, settled, again, sample)


async def ask_until_judged(
    writer: LLM,
    messages: Sequence[Message],
    accept: Callable[[Reply], Awaitable[T | Fault]],
    again: Again,
    sample: int = 0,
) -> tuple[T, str] | Fault:
    """The same where a reply is not accepted by rules alone, but another model may be asked about it."""
    turns, last = tuple(messages), fault("empty")
    for _ in range(again.times + 1):
        reply = await writer.ask(turns, sample)
        found = await accept(reply)
        if not isinstance(found, Fault):
            return found, reply.request
        last = found
        if not reply.text.strip():
            break  # the same question has the same answer, and there is nothing to ask about
        turns = (*messages, Message("assistant", reply.text), Message("user", again.words(found)))
    return last


def usable(reply: Reply, language: str, task: bool = True) -> str | Fault:
    """The text of a reply that is whole, in its language and fit for use."""
    if reply.finish == "length":
        return fault("cut")
    text = bare(reply.text)
    if not text:
        return fault("empty")
    rule, words = unfit(text, task)
    if rule:
        return fault(rule, words)
    if other := strays(text, language):
        return fault("language", other)
    if line := echo(text):
        return fault("echo", line)
    return text


def wording_of(wordings: Mapping[str, Wording], language: str) -> Wording | None:
    """The wording of a language, its variants included."""
    return wordings.get(language) or wordings.get(base(language))


def turns_of(said: Sequence[str], first: Literal["user", "assistant"]) -> tuple[Message, ...]:
    """What two speakers said in turn, the first of them in this role and the second in the other.

    A model that plays the one who asks is shown its own turns as the assistant's.
    """
    second: Literal["user", "assistant"] = "assistant" if first == "user" else "user"
    return tuple(Message(second if place % 2 else first, text) for place, text in enumerate(said))


def nearest(wordings: Mapping[str, Wording], language: str) -> Wording:
    """The wording of a language, else the English one, which names the language to write in, else the first."""
    return wording_of(wordings, language) or wordings.get("en") or wordings[min(wordings)]


def settled(id: str, made: Iterable[Conversation | Dropped]) -> Iterator[Conversation | Dropped]:
    """The children of one record; where none was kept, the record itself is dropped too, with the commonest reason.

    A single child that was dropped is the record's own drop.
    """
    children = list(made)
    lost = [child for child in children if isinstance(child, Dropped)]
    if len(lost) < len(children):
        yield from children
    elif len(lost) == 1:
        yield Dropped(id, lost[0].why, lost[0].detail)
    elif lost:
        yield from lost
        reasons = [child.why for child in lost]
        yield Dropped(id, max(dict.fromkeys(reasons), key=reasons.count), f"all of {len(lost)} children")
    else:
        yield Dropped(id, "nothing to ask")
