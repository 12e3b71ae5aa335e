"""A model under evaluation, a checkpoint or a language model: conversations are asked of both in one way."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from metier import progress
from metier.llm.llm import LLM, Failed
from metier.llm.request import Sampling
from metier.llm.thinking import resumed, split_thinking
from metier.records import Answer, Checkpoint, Message, MetierError

if TYPE_CHECKING:
    from metier.model.generate import Wish
    from metier.model.load import Loaded

Subject = Checkpoint | LLM
"""A model under evaluation: loaded here, or asked through the cache that keeps every reply."""
CHUNK = 256
"""Conversations that a checkpoint answers between two reports of progress."""
DRAWS = 1000
"""Most replies to one conversation."""
_DRAW = re.compile(r"(?:~\d+)?")
"""What stands behind the id of an answer that is not the first to its question."""
TOO_LONG = "longer than the model takes"
"""Why a conversation was not answered that leaves a checkpoint no room."""


class Talk(msgspec.Struct, frozen=True):
    """A conversation up to the reply; ``draw`` numbers several replies to it.

    What a checkpoint draws depends on seed, ``id`` and ``draw`` alone.
    """

    id: str
    messages: tuple[Message, ...]
    draw: int = 0


class Decoding(msgspec.Struct, frozen=True):
    """How replies are drawn; where it says None, a language model keeps to its own ``sampling``."""

    max_tokens: int | None = None
    """Most tokens of a reply; None: 1,024 of a checkpoint."""
    temperature: float | None = None
    """None: a checkpoint takes the likeliest token each time."""
    thinking: bool | None = None
    seed: int = 0
    chat: bool | None = None
    """Whether a checkpoint is asked through its chat template, or by a plain prompt; None: where it has a template."""
    cue: str = ""
    """Line behind the question in a plain prompt."""
    stop: tuple[str, ...] = ()
    """Texts that end a reply to a plain prompt, which knows no end of a turn."""
    top_p: float | None = None
    """Draw from the likeliest tokens that make up this share. None: a checkpoint draws from all."""

    def of(self, own: Sampling) -> Sampling:
        """How a model draws whose own sampling this is."""
        said = {
            "max_tokens": self.max_tokens, "temperature": self.temperature, "top_p": self.top_p,
            "thinking": self.thinking,
        }  # fmt: skip
        return msgspec.structs.replace(own, **{key: value for key, value in said.items() if value is not None})


class Said(msgspec.Struct, frozen=True):
    """A reply without what was thought before it; ``why`` says why there is none, ``request`` names it in the cache."""

    text: str
    request: str = ""
    finish: str = "stop"
    """``length`` where it was cut at its most tokens."""
    why: str = ""


def subjects(models: Mapping[str, tuple[Subject, ...]]) -> list[tuple[str, str, Subject]]:
    """(model, seed, subject) of all that are to be asked; ``seed`` is empty where a model is one checkpoint, or asked.

    MetierError where a model lists one seed twice.
    """
    found: list[tuple[str, str, Subject]] = []
    for model, some in models.items():
        checkpoints = [one for one in some if isinstance(one, Checkpoint)]
        names = seeds(model, checkpoints) if len(some) > 1 and len(checkpoints) == len(some) else [""] * len(some)
        found += [(model, name, one) for name, one in zip(names, some, strict=True)]
    return found


def each(models: Mapping[str, tuple[Subject, ...]]) -> Iterator[tuple[str, str, Subject]]:
    """The same, one after another: a model that was asked lets go of this machine's GPUs before the next one comes."""
    before: LLM | None = None
    for model, seed, subject in subjects(models):
        if before is not None:
            before.release()
        before = subject if isinstance(subject, LLM) else None
        yield model, seed, subject


def seeds(model: str, checkpoints: Sequence[Checkpoint]) -> list[str]:
    """The name of each checkpoint's seed; where none is known, its place from 1 on."""
    names = [str(place if one.seed is None else one.seed) for place, one in enumerate(checkpoints, 1)]
    if len(set(names)) < len(names):
        raise MetierError(f"model {model!r} has two checkpoints of one seed ({', '.join(names)}); name each once")
    return names


def answer_id(model: str, seed: str, question: str) -> str:
    """The id of a model's answer to a question; ``seed`` is empty where the model is one checkpoint."""
    return "/".join(part for part in (model, seed, question) if part)


def seed_of(answer: Answer) -> str:
    """The seed in the id of an answer, of whichever draw; empty where the model is one checkpoint, or the id was made
    elsewhere."""
    before, (head, _, draw) = f"{answer.model}/", answer.id.rpartition(f"/{answer.question}")
    return head[len(before) :] if head.startswith(before) and _DRAW.fullmatch(draw) else ""


def say(subject: Subject, talks: Sequence[Talk], decoding: Decoding, note: str) -> Iterator[Said]:
    """The reply to every conversation, in order; ``note`` is what progress is told under.

    A conversation that the model refuses or that is too long for it has a reply that says so. MetierError, when all
    others are answered, where replies were lost on the way: they are no fault of the model, and another run asks for
    them alone; and where the model refused all, or all are too long for it.
    """
    if isinstance(subject, LLM):
        yield from _asked(subject, talks, decoding, note)
    else:
        yield from _written(subject, talks, decoding, note)


def _asked(llm: LLM, talks: Sequence[Talk], decoding: Decoding, note: str) -> Iterator[Said]:
    sampling = decoding.of(llm.sampling)
    first = decoding.seed % (1 << 32) * DRAWS if sampling.temperature else 0

    async def ask(talk: Talk) -> Said:
        reply = await llm.answer(llm.request(talk.messages, first + talk.draw, sampling=sampling))
        return Said(reply.text, reply.request, reply.finish)

    lost, refused = Counter[str](), Counter[str]()
    for talk, reply in llm.map(talks, ask):
        if not isinstance(reply, Failed):
            yield reply
            continue
        if reply.lost or reply.why.startswith("refused"):
            (lost if reply.lost else refused)[f"{reply.why}: {reply.detail}" if reply.detail else reply.why] += 1
        key = llm.request(talk.messages, first + talk.draw, sampling=sampling).key
        yield Said("", key, "length" if reply.detail == "length" else "stop", reply.why)
    if refused and refused.total() == len(talks):
        why = refused.most_common(1)[0][0]
        raise MetierError(
            f"{note}: every one of {len(talks):,} requests was refused ({why}); mend the model's settings"
        )
    if lost:
        why = lost.most_common(1)[0][0]
        raise MetierError(
            f"{note}: {lost.total():,} of {len(talks):,} requests got no reply ({why}); "
            "run again: what was answered is kept, and only these are asked"
        )


def _written(checkpoint: Checkpoint, talks: Sequence[Talk], decoding: Decoding, note: str) -> Iterator[Said]:
    from metier.model.generate import write
    from metier.model.load import free, load

    loaded = load(checkpoint.path)
    long = 0
    try:
        for start in range(0, len(talks), CHUNK):
            progress.report(start, len(talks), "answers", note)
            wishes = [_wish(loaded, talk, decoding) for talk in talks[start : start + CHUNK]]
            written = iter(write(loaded, [one for one in wishes if one is not None]))
            for one in wishes:
                if one is None:
                    long += 1
                    yield Said("", why=TOO_LONG)
                    continue
                reply = next(written)
                text = resumed(loaded.tokenizer, one.prompt, reply.text)
                yield Said(split_thinking(text)[1], finish=reply.finish)
        progress.report(len(talks), len(talks), "answers", note)
        if talks and long == len(talks):
            raise MetierError(
                f"{note}: every one of {long:,} conversations is {TOO_LONG}; take a model of a longer context, or "
                "shorter prompts"
            )
    finally:
        del loaded
        free()


def _wish(loaded: "Loaded", talk: Talk, decoding: Decoding) -> "Wish | None":
    """What a checkpoint is to write; None where the conversation leaves it no room."""
    from metier.model.generate import Wish
    from metier.model.plain import opening
    from metier.model.questions import window
    from metier.model.template import prompt

    plain = not loaded.tokenizer.chat_template if decoding.chat is None else not decoding.chat
    if plain:
        ids = opening(loaded.tokenizer, talk.messages, decoding.cue)
    else:
        ids = prompt(loaded.tokenizer, talk.messages, decoding.thinking)
    room = window(loaded) - len(ids)
    if room < 1:
        return None
    sampling = decoding.of(Sampling())
    name = int.from_bytes(hashlib.sha256(talk.id.encode()).digest()[:8])
    draw = (decoding.seed % (1 << 64), name, talk.draw)
    stop = decoding.stop if plain else ()
    return Wish(ids, min(sampling.max_tokens, room), sampling.temperature, sampling.top_p, draw, stop)
