"""Multiple choice: the option that a model finds most likely, or the one that its reply in words settles on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec

from metier.evals.asking import Asking
from metier.evals.tables import By, Mark, Table, check_by, mark
from metier.evals.votes import Ties, majority
from metier.llm.prompts import Prompts
from metier.llm.subject import DRAWS, Decoding, Said, Subject, Talk, answer_id, each, say, subjects
from metier.model.options import Exam, check_options, choices
from metier.model.plain import BETWEEN
from metier.model.questions import asked
from metier.model.shots import shots
from metier.records import Answer, Checkpoint, MetierError, Question, Score

SHORT, LONG = 128, 1024
"""Most tokens of a checkpoint's reply where nobody says how many: an answer alone, and one after reasons."""
WARM = 0.7
"""Temperature of votes where nobody says one (Wang et al. 2022, section 3.1)."""


class MultipleChoice(Exam, frozen=True, kw_only=True):
    """How options are shown and compared, and what the table groups by."""

    how: Literal["likelihood", "generate"] = "likelihood"
    """`likelihood`: the option that a checkpoint finds most likely, nothing to parse; `generate`: every model answers
    in words, and the answer is read from them."""
    reasons: bool = False
    """With `generate`: reasons before the answer (chain of thought; Wei et al. 2022)."""
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """With `generate`: most tokens of a reply. None: 128 of a checkpoint, 1,024 where it reasons or thinks first, and
    what its `sampling` says of a language model."""
    temperature: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """With `generate`: None takes the likeliest token of a checkpoint, and leaves a language model to its `sampling`;
    with `votes`, None is 0.7 of a model that would draw nothing."""
    votes: Annotated[int, msgspec.Meta(ge=1, le=DRAWS)] = 1
    """With `generate`: ask each question so often and take the choice of most replies (self-consistency)."""
    ties: Ties = "abstain"
    """Where several choices have most votes: choose none, or the one that came first."""
    prompts: Prompts = "asset:asking"
    """Whose prompts put the questions: what ships, or a directory of yours with `prompts/single.en.md` and so on."""
    language: str = ""
    """Language of the prompts; empty: each question's label `language`, else what it is written in (zh, ar or en)."""
    by: By = ()
    """Labels to group by, one table each; several in brackets are crossed; `kind` is the kind of question."""
    cluster: str = ""
    """Label whose questions belong together in the intervals (a drug, a case); empty: each question for itself."""
    intervals: Literal["wilson", "bootstrap"] = "wilson"
    """`wilson` is a formula at the effective number of questions; `bootstrap` draws clusters by the seed."""


def multiple_choice(
    questions: Iterable[Question],
    models: Mapping[str, tuple[Subject, ...]],
    task: str,
    seed: int,
    config: MultipleChoice,
    examples: Iterable[Question] = (),
) -> Iterator[Answer | Score]:
    """Let every model answer every question; score `accuracy` and `unparsed` overall and by label.

    A model in several seeds is pooled, its interval clustered by question, and scored by {seed} too. What cannot be
    read is wrong: `unparsed` counts it, `cut` the questions with a reply that reached its most tokens. Several labels
    are right where they are those of the key and no other. Worked examples are drawn from `examples` by the seed. A
    language model replies through the cache, so that a second run asks nothing twice; to keep a checkpoint's replies
    too, name it under `models:` as `kind: local`. MetierError where a question cannot be asked this way.
    """
    some, pool = list(questions), list(examples)
    _check(some, pool, models, task, config)
    few = shots(some, pool, config.shots, config.shots_by, seed)
    marks: dict[str, list[Mark]] = {model: [] for model in models}
    cut: dict[str, list[bool]] = {model: [] for model in models}
    for model, name, subject in each(models):
        note = f"{model} {name}".strip()
        if isinstance(subject, Checkpoint) and config.how == "likelihood":
            given = _likeliest(some, few, subject, config, note)
        else:
            given = _worded(some, few, subject, config, seed, note)
        for question, one in zip(some, given, strict=True):
            marks[model].append(mark(question, one.chosen, name))
            cut[model].append(one.cut)
            own = answer_id(model, name, question.id)
            yield Answer(own, question.id, model, one.text, one.chosen, one.rule, one.request)
    table = Table(config.by, config.cluster, config.intervals, seed)
    for model in models:
        yield from table.scores(marks[model], task, model)
        if any(cut[model]):
            clusters = [one.labels.get(config.cluster) or one.question for one in marks[model]]
            yield table.estimate(cut[model], clusters).score(task, model, "cut", {})


class _Given(NamedTuple):
    """What one subject gave for one question."""

    text: str
    chosen: frozenset[str]
    rule: str
    request: str = ""
    cut: bool = False


def _check(
    some: Sequence[Question],
    pool: Sequence[Question],
    models: Mapping[str, tuple[Subject, ...]],
    task: str,
    config: MultipleChoice,
) -> None:
    """MetierError for what can be told before a model is loaded or asked."""
    for question in some if config.how == "generate" else ():
        _check_worded(question, task)
    if config.how == "likelihood" or not some:
        check_options(some, task)
    check_by((*config.by, *([config.cluster] if config.cluster else [])), some)
    if bool(config.shots) != bool(pool):
        remedy = "feed them: from: {examples: STEP}" if config.shots else "say how many: shots: 5"
        raise MetierError(f"{task}: shots is {config.shots}, and there are {len(pool)} examples; {remedy}")
    if config.votes > 1 and config.temperature == 0:
        raise MetierError(f"{task}: {config.votes} votes at temperature 0 are all the same; give a temperature above 0")
    told = ["votes"] if config.votes > 1 else []
    told += [name for name in ("reasons", "max_tokens", "temperature") if getattr(config, name)]
    if config.how == "likelihood" and told:
        raise MetierError(f"{task}: {told[0]} is of answers in words; set how: generate, or remove it")
    if config.how == "generate" and config.normalise != "none":
        raise MetierError(f"{task}: normalise is of likelihoods; remove it, or set how: likelihood")
    found = subjects(models)
    if config.chat is not None and not any(isinstance(one, Checkpoint) for _, _, one in found):
        remedy = "each has its own template, so remove it"
        raise MetierError(f"{task}: chat is of checkpoints, and all models are asked; {remedy}")
    for model, _, subject in found:
        if config.how == "likelihood" and not isinstance(subject, Checkpoint):
            remedy = "set how: generate, and all models answer in words"
            raise MetierError(f"{task}: {model!r} is asked, and tells no likelihood of options; {remedy}")


def _check_worded(question: Question, task: str) -> None:
    if len(question.options) < 2:
        remedy = "ask open questions with evals.generate or evals.bits_per_byte"
        raise MetierError(f"{task}: question {question.id!r} has fewer than two options; {remedy}")
    if not question.key or not question.key <= question.options.keys():
        wrong = f"its key {min(question.key)!r} is none of its options" if question.key else "it has no key"
        raise MetierError(f"{task}: question {question.id!r}: {wrong}; mend the exam, or leave the question out")
    if question.kind != "multiple" and len(question.key) > 1:
        remedy = "its kind must be multiple"
        raise MetierError(f"{task}: question {question.id!r} has {len(question.key)} right options; {remedy}")


def _likeliest(
    some: Sequence[Question],
    few: Sequence[tuple[Question, ...]],
    checkpoint: Checkpoint,
    config: MultipleChoice,
    note: str,
) -> Iterator[_Given]:
    for question, label in zip(some, choices(some, checkpoint.path, config, note, few), strict=True):
        if label:
            text = question.options[label] if config.style == "text" else label
            yield _Given(text, frozenset([label]), "log-likelihood")
        else:
            yield _Given("", frozenset(), "longer than the model takes")


def _worded(
    some: Sequence[Question],
    few: Sequence[tuple[Question, ...]],
    subject: Subject,
    config: MultipleChoice,
    seed: int,
    note: str,
) -> Iterator[_Given]:
    """What each question's replies settle on."""
    asking = Asking(config.prompts, config.language, config.reasons, config.system)
    talks = [
        Talk(question.id, messages, vote)
        for question, own in zip(some, few, strict=True)
        for messages in [asking.messages(question, own)]
        for vote in range(config.votes)
    ]
    long = config.reasons or config.thinking
    most = config.max_tokens or ((LONG if long else SHORT) if isinstance(subject, Checkpoint) else None)
    warm = config.temperature
    if config.votes > 1 and warm is None and (isinstance(subject, Checkpoint) or not subject.sampling.temperature):
        warm = WARM
    stop = (BETWEEN,) if config.shots or not config.reasons else ()
    decoding = Decoding(most, warm, config.thinking, seed, config.chat, config.cue, stop)
    replies = say(subject, talks, decoding, note)
    for question, talk in zip(some, talks[:: config.votes], strict=True):
        heard = (talk.messages[-1].content, asked(question))
        yield _read(question, heard, [next(replies) for _ in range(config.votes)], config.ties)
    next(replies, None)  # tells of replies that were lost


def _read(question: Question, heard: tuple[str, str], replies: Sequence[Said], ties: Ties) -> _Given:
    """One answer of one reply, or of several: the text and the rule are those of the first that chose as most did.

    A reply that begins by repeating what it ``heard``, the prompt or the question, is read from behind that.
    """
    from metier.text.extract import extract  # its many patterns are of no use to who only plans

    read = []
    for reply in replies:
        begin = reply.text.lstrip()
        own = next((begin.removeprefix(text) for text in heard if begin.startswith(text)), reply.text)
        found = extract(own, question.options, question.kind)
        why = reply.why or found.told
        read.append(_Given(reply.text, found.labels, why, reply.request, reply.finish == "length"))
    if len(read) == 1:
        return read[0]
    chosen = majority([one.chosen for one in read], ties)
    first = next((one for one in read if one.chosen == chosen), read[0])
    count = sum(one.chosen == chosen for one in read)
    rule = f"{count} of {len(read)} votes: {first.rule}"
    if not chosen and any(one.chosen for one in read):
        rule = f"tie of {len(read)} votes"
    return first._replace(chosen=chosen, rule=rule, cut=any(one.cut for one in read))
