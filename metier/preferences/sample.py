"""Sample several replies to every prompt, from one model or several."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec

from metier.llm.llm import LLM
from metier.llm.subject import DRAWS, Decoding, Subject, Talk, answer_id, each, say, subjects
from metier.records import Answer, Checkpoint, Config, Conversation, MetierError
from metier.text.held import position

CUT, EMPTY, NO_PROMPT = "cut at the most tokens", "empty reply", "no prompt"
"""Rules of answers that ended for want of room, that say nothing, and whose conversation asks nothing."""


class Sample(Config, frozen=True):
    """How many replies, and how freely they are drawn."""

    n: Annotated[int, msgspec.Meta(ge=1, le=DRAWS)] = 4
    """Replies to every prompt, by every model."""
    temperature: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """0 takes the likeliest token each time; above it, tokens are drawn. None: 1 of a checkpoint, what its `sampling`
    says of a language model."""
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    """Draw from the likeliest tokens that make up this share. None: from all tokens of a checkpoint, from what its
    `sampling` says of a language model."""
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Tokens after which a reply is cut; None: 1,024 of a checkpoint, what its `sampling` says of a language model."""
    thinking: bool | None = None
    """Whether the models think first (the chat template's enable_thinking); None leaves it alone. What they thought is
    no part of the reply."""
    limit: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Ask only so many prompts, the first by a seeded hash; 0: all."""

    def __post_init__(self) -> None:
        if self.n > 1 and self.temperature == 0:
            raise ValueError("temperature: 0 draws the same reply n times; set it above 0, or n: 1")


def sample(
    conversations: Iterable[Conversation],
    models: Mapping[str, tuple[Subject, ...]],
    task: str,
    seed: int,
    config: Sample,
) -> Iterator[Answer]:
    """Ask every model every prompt (a conversation up to its last reply) n times.

    An answer is called MODEL/CONVERSATION, that of the second draw MODEL/CONVERSATION~2 and so on. What a checkpoint
    draws depends on the seed, the conversation and the number of the draw alone: more draws leave the first as they
    were. Where there is no reply, the rule says why: the prompt is too long for the model, it was refused, it says
    nothing; where a reply was cut, that it was. MetierError, when all others are answered, where replies were lost, or
    where a model refused every prompt or has no room for any.
    """
    some = drawn(list(conversations), config.limit, seed)
    if not some:
        raise MetierError(f"{task}: no conversation to ask; feed `conversations` from a step that yields some")
    _apart(some, config.n)
    for model, _, subject in subjects(models):
        _check(model, subject, config)
    asked = [one for one in some if ends_open(one)]
    if not asked:
        raise MetierError(f"{task}: none of {len(some):,} conversations has a message of the user to reply to")
    talks = [Talk(one.id, one.prompt, draw) for one in asked for draw in range(config.n)]
    for model, name, subject in each(models):
        for one in some:
            if not ends_open(one):
                yield Answer(answer_id(model, name, one.id), one.id, model, "", rule=NO_PROMPT)
        temperature = 1.0 if config.temperature is None and isinstance(subject, Checkpoint) else config.temperature
        decoding = Decoding(config.max_tokens, temperature, config.thinking, seed, top_p=config.top_p)
        replies = say(subject, talks, decoding, f"{model} {name}".strip())
        for talk, said in zip(talks, replies, strict=True):
            own = answer_id(model, name, talk.id) + (f"~{talk.draw + 1}" if talk.draw else "")
            empty = "" if said.text.strip() else EMPTY
            cut = CUT if said.finish == "length" else ""
            yield Answer(own, talk.id, model, said.text, rule=said.why or empty or cut, request=said.request)


def drawn(conversations: Sequence[Conversation], limit: int, seed: int) -> list[Conversation]:
    """The first ``limit`` conversations by a hash of (seed, id), in their own order; all of them where it is 0."""
    if not limit or limit >= len(conversations):
        return list(conversations)
    order = sorted(conversations, key=lambda one: position(one.id, str(seed)))
    chosen = {one.id for one in order[:limit]}
    return [one for one in conversations if one.id in chosen]


def ends_open(conversation: Conversation) -> bool:
    """Whether a conversation, its last reply aside, ends with something to reply to."""
    prompt = conversation.prompt
    return bool(prompt) and prompt[-1].role in ("user", "tool") and bool(prompt[-1].content.strip())


def _apart(some: Sequence[Conversation], n: int) -> None:
    """MetierError where a conversation is called what a later draw of another one would be."""
    ids = {one.id for one in some}
    for one in some:
        for draw in range(2, n + 1):
            if (taken := f"{one.id}~{draw}") in ids:
                raise MetierError(
                    f"conversation {taken!r} would share its answers' ids with draw {draw} of {one.id!r}; rename it, "
                    "or sample it in another step"
                )


def _check(model: str, subject: Subject, config: Sample) -> None:
    """MetierError where a language model would give the same reply n times."""
    greedy = config.temperature is None and isinstance(subject, LLM) and subject.sampling.temperature == 0
    if config.n > 1 and greedy:
        raise MetierError(
            f"model {model!r} draws at temperature 0 and would give the same reply {config.n} times; "
            "set `temperature` here or in its `sampling`, or n: 1"
        )
