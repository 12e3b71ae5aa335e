"""Free answers: what each model says when it is asked without options."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import msgspec

from metier.llm.subject import Decoding, Subject, Talk, answer_id, each, say, subjects
from metier.model.questions import asked, messages
from metier.records import Answer, Checkpoint, Config, MetierError, Question
from metier.text.letters import split

SHORT = 48
"""Tokens of an answer of a checkpoint where nobody says how many."""


class Generate(Config, frozen=True):
    """How long and how freely the models speak, and to how many questions."""

    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Tokens after which an answer is cut; None: 48 of a checkpoint, what its `sampling` says of a language model."""
    limit: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Answer only so many questions, the first by a seeded hash; 0: all."""
    temperature: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """0 takes the likeliest token each time; above it, tokens are drawn. None: 0 of a checkpoint, what its `sampling`
    says of a language model."""
    system: str = ""
    """System message before every question."""
    thinking: bool | None = None
    """Whether the models think first (the chat template's enable_thinking); None leaves it alone. What they thought is
    no part of the answer."""


def generate(
    questions: Iterable[Question],
    models: Mapping[str, tuple[Subject, ...]],
    task: str,
    seed: int,
    config: Generate,
) -> Iterator[Answer]:
    """Let every model answer every question in its own words; options are not shown.

    An answer that names exactly one of the options counts as that choice (rule "names one option"), any other chooses
    nothing; where there is no answer, the rule says why. What a model draws depends on the seed and the question.
    """
    some = sample(list(questions), config.limit, seed)
    if not some:
        raise MetierError(f"{task}: no questions to ask")
    subjects(models)
    talks = [Talk(question.id, messages(asked(question), config.system)) for question in some]
    for model, name, subject in each(models):
        most = config.max_tokens or (SHORT if isinstance(subject, Checkpoint) else None)
        decoding = Decoding(most, config.temperature, config.thinking, seed)
        replies = say(subject, talks, decoding, f"{model} {name}".strip())
        for question, said in zip(some, replies, strict=True):
            chosen = named(said.text, question.options)
            rule = said.why or ("names one option" if chosen else "")
            own = answer_id(model, name, question.id)
            yield Answer(own, question.id, model, said.text, chosen, rule, said.request)


def sample(questions: list[Question], limit: int, seed: int) -> list[Question]:
    """The first ``limit`` questions by a hash of (seed, id), in their own order; all of them where the limit is 0."""
    if not limit or limit >= len(questions):
        return questions
    order = sorted(questions, key=lambda one: hashlib.sha256(f"{seed}:{one.id}".encode()).digest())
    chosen = {one.id for one in order[:limit]}
    return [one for one in questions if one.id in chosen]


def named(text: str, options: Mapping[str, str]) -> frozenset[str]:
    """The one option that a text names as whole words; none where it names several or nothing.

    An option that is part of a longer option which is named too does not count.
    """
    said = _words(text)
    found = {label: _words(option) for label, option in options.items() if _words(option) in said}
    whole = {
        one: own for one, own in found.items() if not any(own != other and own in other for other in found.values())
    }
    return frozenset(whole) if len(whole) == 1 else frozenset()


def _words(text: str) -> str:
    return f" {' '.join(split(text))} "
