"""A language model as a judge: a prompt file, both ratings read from its reply, one retry, every failure counted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from metier.artefact import asset
from metier.judge.compare import Rated
from metier.judge.read import ratings, voted
from metier.llm.llm import LLM, Failed, ReplyError
from metier.llm.prompts import read_prompt
from metier.records import Comparison, Message, MetierError
from metier.text.detect import base
from metier.text.normalise import squeeze
from metier.text.patterns import slots

Form = Literal["rating", "preference", "plain"]
"""``rating`` is HuatuoGPT's (Zhang et al. 2023, 3.3: 1 to 10 for both, given history, question and the doctor's reply),
``preference`` AceGPT's (Huang et al. 2023), ``plain`` asks which is better."""

UNPARSED, MENDED, TWICE = "unparsed judgements", "parsed when asked again", "unparsed twice"
"""What is counted among what is spent on a judge: replies that could not be read, those that could the second time, and
comparisons left without points."""
SAID = 200
"""Characters that are kept of what a judge says."""


class Asked:
    """A judge that asks a model, with the prompt ``judge-FORM.LANGUAGE.md`` of a domain; that of en serves en-GB.

    The prompt shows what it compares between marks: history, question, reference (``rating``), culture
    (``preference``), A and B. ``culture`` describes the place whose people are served. Where a reply cannot be read,
    ``judge-again.LANGUAGE.md`` is sent behind it.
    """

    def __init__(self, model: LLM, form: Form, prompts: str, language: str, culture: str = "") -> None:
        self.model, self.form, self.name = model, form, model.name
        own = asset(prompts) / "prompts" / f"judge-{form}.{language}.md"
        spoken = language if own.is_file() else base(language)
        self.prompt = read_prompt(prompts, f"judge-{form}", spoken)
        self.again = read_prompt(prompts, "judge-again", spoken).messages()[-1]
        named = "culture" in slots(self.prompt.system + self.prompt.user)
        if named and not culture.strip():
            raise MetierError(f"{self.prompt.file}: judges by a culture, and none is described; set `culture`")
        if culture and not named:
            raise MetierError(f"{self.prompt.file}: the slot {{culture}} is missing; leave out `culture`, or write it")
        self._culture = {"culture": culture.strip()} if named else {}

    def rate(self, comparisons: Iterable[Comparison]) -> Iterator[Rated]:
        """The points of every comparison; a reply that cannot be read is asked for once more, then counted.

        A comparison without points says why. MetierError where ``rating`` is asked without a standard answer; and in
        the place of the last comparison where replies were lost on the way, which another run asks for alone, or where
        the model refused all.
        """
        lost, refused, total = Counter[str](), Counter[str](), 0
        last: Rated | None = None  # held back: who takes no more than he needs is told of what was lost, too
        for _, found in self.model.map(map(self._messages, comparisons), self._rate):
            total += 1
            if last is not None:
                yield last
            last = found if not isinstance(found, Failed) else self._failed(found, lost, refused)
        if refused and refused.total() == total:
            raise MetierError(
                f"judge {self.name!r}: every one of {total:,} requests was refused ({refused.most_common(1)[0][0]}); "
                "mend the model's settings"
            )
        if lost:
            raise MetierError(
                f"judge {self.name!r}: {lost.total():,} of {total:,} requests got no reply "
                f"({lost.most_common(1)[0][0]}); run again: what was answered is kept, and only these are asked"
            )
        if last is not None:
            yield last

    def _failed(self, failed: Failed[tuple[Message, ...]], lost: Counter[str], refused: Counter[str]) -> Rated:
        """A comparison without points; it is counted where the model refused it or the reply was lost."""
        why = f"{failed.why}: {failed.detail}" if failed.detail else failed.why
        if failed.lost or failed.why.startswith("refused"):
            (lost if failed.lost else refused)[why] += 1
        self.model.count(failed.why)
        return Rated(None, None, why[:SAID])

    def _messages(self, one: Comparison) -> tuple[Message, ...]:
        """What the judge is asked about a comparison."""
        shown = split(one.prompt)
        reference = {"reference": one.reference.strip()} if self.form == "rating" else {}
        if self.form == "rating" and not one.reference.strip():
            raise MetierError(
                f"judge {self.name!r}: the prompt {squeeze(shown.question)[:80]!r} has no standard answer to rate "
                "replies by; end its conversation with one, or judge by form: plain"
            )
        return self.prompt.messages(
            history=shown.history, question=shown.question, a=one.left.strip(), b=one.right.strip(), **reference,
            **self._culture,
        )  # fmt: skip

    async def _rate(self, messages: tuple[Message, ...]) -> Rated:
        """The points that the model gives, in its first reply or its second; of silence another draw is asked for."""
        found, text = await self._ask(messages, 0)
        if found.lead is not None:
            return found
        self.model.count(UNPARSED)
        if text:
            again, _ = await self._ask((*messages, Message("assistant", text), self.again), 0)
        else:
            again, _ = await self._ask(messages, 1)
        self.model.count(TWICE if again.lead is None else MENDED)
        return found if again.lead is None else again

    async def _ask(self, messages: tuple[Message, ...], sample: int) -> tuple[Rated, str]:
        """What one reply comes to, and its text; raises ReplyError where it was lost or refused."""
        try:
            reply = await self.model.ask(messages, sample)
        except ReplyError as error:
            if error.lost or error.why.startswith("refused"):
                raise
            return Rated(None, None, f"unparsed: {error}"), ""
        points = ratings(reply.text) if self.form == "rating" else voted(reply.text)
        said = squeeze(reply.text)[:SAID]
        return (Rated(points.a, points.b, said) if points else Rated(None, None, f"unparsed: {said}")), reply.text


class Shown(NamedTuple):
    """A prompt as a judge reads it: the question, and what was said around it, between marks that name the speaker."""

    history: str
    question: str


def split(prompt: tuple[Message, ...]) -> Shown:
    """The last message of the user, and the others."""
    asked = max((at for at, one in enumerate(prompt) if one.role == "user"), default=len(prompt) - 1)
    others = [one for at, one in enumerate(prompt) if at != asked and one.content.strip()]
    history = "\n".join(f"<{one.role}>{one.content.strip()}</{one.role}>" for one in others)
    return Shown(history, prompt[asked].content.strip() if prompt else "")
