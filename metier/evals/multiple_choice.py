"""Multiple choice without parsing: the option that the model finds most likely is its answer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from metier import progress
from metier.evals.intervals import proportion
from metier.evals.prompts import answered, asked, messages, window
from metier.evals.tables import By, answer_id, cells, check_by, labels, seeds
from metier.records import Answer, Checkpoint, Config, Message, MetierError, Question, Score

if TYPE_CHECKING:
    from metier.model.load import Loaded

CHUNK = 256
"""Questions scored between two reports of progress."""


class MultipleChoice(Config, frozen=True):
    """How options are shown and compared, and what the table groups by."""

    style: Literal["text", "letters"] = "text"
    """`text`: the likelihood of each option as the answer; `letters`: options are listed, the letter is the answer."""
    normalise: Literal["none", "tokens", "characters"] = "none"
    """Divide an option's log-likelihood by its length, so that long options are not at a loss."""
    by: By = ()
    """Labels to group by, one table each; several in brackets are crossed; `kind` is the kind of question."""
    cluster: str = ""
    """Label whose questions belong together in the intervals (a drug, a case); empty: each question for itself."""
    system: str = ""
    """System message before every question."""
    thinking: bool | None = None
    """The chat template's switch for thinking (enable_thinking); None leaves it alone."""


def multiple_choice(
    questions: Iterable[Question], models: Mapping[str, tuple[Checkpoint, ...]], task: str, config: MultipleChoice
) -> Iterator[Answer | Score]:
    """Let every model choose the likeliest option of every question; score `accuracy` overall and by label.

    A model in several seeds is pooled, its interval clustered by question, and scored by {seed} too. A question longer
    than a model takes is answered with nothing, which is wrong (`unparsed` counts them). MetierError where a question
    cannot be scored this way.
    """
    some = list(questions)
    _check(some, task, config)
    for model, checkpoints in models.items():
        names = seeds(model, checkpoints)
        choices: list[_Choice] = []
        for name, checkpoint in zip(names, checkpoints, strict=True):
            seed = name if len(names) > 1 else ""
            for question, label in zip(some, _labels(some, checkpoint, config, f"{model} {seed}".strip()), strict=True):
                choices.append(_Choice(question, seed, label))
                yield _answer(answer_id(model, seed, question.id), question, model, label, config)
        yield from _scores(choices, task, model, config)


class _Choice(NamedTuple):
    """The label that one checkpoint chose for one question; empty where it could not be asked."""

    question: Question
    seed: str
    label: str


def _scores(choices: list[_Choice], task: str, model: str, config: MultipleChoice) -> Iterator[Score]:
    """Accuracy over all choices, then cell by cell, seeds included; intervals hold for these seeds, not for others."""
    marks = [frozenset([one.label]) == one.question.key for one in choices]
    clusters = [labels(one.question).get(config.cluster, one.question.id) for one in choices]
    yield proportion(marks, clusters).score(task, model, "accuracy", {})
    rows = [labels(one.question) | ({"seed": one.seed} if one.seed else {}) for one in choices]
    for cell, places in cells((*config.by, "seed"), rows):
        hits, own = [marks[place] for place in places], [clusters[place] for place in places]
        yield proportion(hits, own).score(task, model, "accuracy", cell)
    unread = [not one.label for one in choices]
    if any(unread):
        yield proportion(unread, clusters).score(task, model, "unparsed", {})


def _check(questions: list[Question], task: str, config: MultipleChoice) -> None:
    """MetierError, naming the question, where one cannot be scored by the likelihood of its options."""
    if not questions:
        raise MetierError(f"{task}: no questions to ask")
    for question in questions:
        if len(question.options) < 2:
            remedy = "ask open questions with evals.generate or evals.bits_per_byte"
            raise MetierError(f"{task}: question {question.id!r} has fewer than two options; {remedy}")
        if question.kind == "multiple" or len(question.key) != 1:
            remedy = "likelihood chooses exactly one option; leave such questions out"
            raise MetierError(f"{task}: question {question.id!r} has {len(question.key)} right options; {remedy}")
        if not question.key <= question.options.keys():
            raise MetierError(f"{task}: question {question.id!r}: its key {min(question.key)!r} is none of its options")
    check_by((*config.by, *([config.cluster] if config.cluster else [])), questions)


def _answer(own: str, question: Question, model: str, chosen: str, config: MultipleChoice) -> Answer:
    if not chosen:
        return Answer(own, question.id, model, "", rule="longer than the model takes")
    text = question.options[chosen] if config.style == "text" else chosen
    return Answer(own, question.id, model, text, frozenset([chosen]), "log-likelihood")


def _labels(questions: list[Question], checkpoint: Checkpoint, config: MultipleChoice, note: str) -> Iterator[str]:
    """The label that one checkpoint chooses, question by question; empty where a question is too long for it."""
    from metier.model.load import load

    loaded = load(checkpoint.path)
    for start in range(0, len(questions), CHUNK):
        progress.report(start, len(questions), "questions", note)
        yield from _chunk(loaded, questions[start : start + CHUNK], config)
    progress.report(len(questions), len(questions), "questions", note)


def _chunk(loaded: "Loaded", questions: list[Question], config: MultipleChoice) -> list[str]:
    from metier.model.logprobs import options as score

    longest = window(loaded)
    encoded = list(_encoded(loaded, questions, config))
    fits = [len(prompt) + max(map(len, some)) - 1 <= longest for prompt, some in encoded]
    good = [pair for pair, fit in zip(encoded, fits, strict=True) if fit]
    scored = iter(score(loaded, [prompt for prompt, _ in good], [some for _, some in good]))
    chosen = []
    for question, (_, some), fit in zip(questions, encoded, fits, strict=True):
        chosen.append(_likeliest(question, next(scored), [len(ids) for ids in some], config) if fit else "")
    return chosen


def _likeliest(question: Question, scores: list[float], tokens: list[int], config: MultipleChoice) -> str:
    texts = question.options.values() if config.style == "text" else question.options.keys()
    lengths = {"none": [1] * len(tokens), "tokens": tokens, "characters": [max(1, len(text)) for text in texts]}
    rated = [score / length for score, length in zip(scores, lengths[config.normalise], strict=True)]
    return list(question.options)[rated.index(max(rated))]


def _encoded(
    loaded: "Loaded", questions: list[Question], config: MultipleChoice
) -> Iterator[tuple[list[int], list[list[int]]]]:
    """The prompt of each question, and every option, as token ids."""
    shown = [_shown(question, config) for question in questions]
    some = [(before, answer) for before, answers in shown for answer in answers]
    pairs = iter(answered(loaded.tokenizer, some, config.thinking))
    for question, (_, answers) in zip(questions, shown, strict=True):
        own = [next(pairs) for _ in answers]
        if any(prompt != own[0][0] for prompt, _ in own):
            remedy = "a template must render the same prompt whatever the answer"
            raise MetierError(f"question {question.id!r}: its options have different prompts; {remedy}")
        yield own[0][0], [ids for _, ids in own]


def _shown(question: Question, config: MultipleChoice) -> tuple[tuple[Message, ...], list[str]]:
    """The conversation up to the answer, and the possible answers."""
    text, answers = asked(question), list(question.options.values())
    if config.style == "letters":
        text = "\n".join([text, *(f"{label}. {option}" for label, option in question.options.items())])
        answers = list(question.options)
    return messages(text, config.system), answers
