"""Free answers: what each model says when it is asked without options."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import msgspec

from metier import progress
from metier.evals.tables import answer_id, seeds
from metier.llm.thinking import split_thinking
from metier.model.questions import asked, messages
from metier.records import Answer, Checkpoint, Config, MetierError, Question
from metier.text.letters import split

CHUNK = 64
"""Questions answered between two reports of progress."""


class Generate(Config, frozen=True):
    """How long and how freely the models speak, and to how many questions."""

    max_tokens: Annotated[int, msgspec.Meta(ge=1)] = 48
    """Tokens after which an answer is cut."""
    limit: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Answer only so many questions, the first by a seeded hash; 0: all."""
    temperature: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """0 takes the likeliest token each time; above it, tokens are drawn."""
    system: str = ""
    """System message before every question."""
    thinking: bool | None = None
    """Whether the models think first (the chat template's enable_thinking); None leaves it alone. What they thought is
    no part of the answer."""


def generate(
    questions: Iterable[Question],
    models: Mapping[str, tuple[Checkpoint, ...]],
    task: str,
    seed: int,
    config: Generate,
) -> Iterator[Answer]:
    """Let every model answer every question in its own words; options are not shown.

    An answer that names exactly one of the options counts as that choice (rule "names one option"), any other chooses
    nothing.
    """
    some = sample(list(questions), config.limit, seed)
    if not some:
        raise MetierError(f"{task}: no questions to ask")
    for model, checkpoints in models.items():
        names = seeds(model, checkpoints)
        for name, checkpoint in zip(names, checkpoints, strict=True):
            own = name if len(names) > 1 else ""
            for question, text in zip(some, _texts(some, checkpoint, seed, config, model), strict=True):
                text = split_thinking(text)[1]
                chosen = named(text, question.options)
                rule = "names one option" if chosen else ""
                yield Answer(answer_id(model, own, question.id), question.id, model, text, chosen, rule)


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


def _texts(questions: list[Question], checkpoint: Checkpoint, seed: int, config: Generate, note: str) -> Iterator[str]:
    from metier.model.generate import generate as speak
    from metier.model.load import load
    from metier.model.template import prompt

    loaded = load(checkpoint.path)
    for start in range(0, len(questions), CHUNK):
        progress.report(start, len(questions), "answers", note)
        chunk = questions[start : start + CHUNK]
        talks = [messages(asked(one), config.system) for one in chunk]
        prompts = [prompt(loaded.tokenizer, talk, config.thinking) for talk in talks]
        yield from speak(loaded, prompts, config.max_tokens, config.temperature, seed + start)
    progress.report(len(questions), len(questions), "answers", note)
