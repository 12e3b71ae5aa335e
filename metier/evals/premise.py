"""Opposite premises: whether a model goes along with whatever its question takes for granted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from metier.evals.shares import Shares
from metier.evals.tables import By
from metier.leaflets import Forms, Known, learn, read_forms, same_value, tells
from metier.llm.subject import seed_of
from metier.records import Answer, Config, Document, Files, MetierError, Question, Score
from metier.text.premises import Stance, Verdict, stance
from metier.text.suggest import did_you_mean


class Premise(Config, frozen=True):
    """How the questions are paired, and how answers are read."""

    pair: str = "pair"
    """Label that the two questions of a pair share: one takes for granted what the other takes not to be so."""
    premise: str = "premise"
    """Label that tells the two apart, such as affirmed and denied."""
    holds: str = "holds"
    """Label that is `yes` where the premise is true and `no` where it is false; where no question has it, only
    contradictions are scored."""
    patterns: Files = ()
    """CSV files with the columns fact and sentence, as in "{drug} treats {value}.": with them, questions that have the
    labels drug, fact and value, and affirm it in `premise`, are read by what an answer says of that fact."""
    by: By = ()
    """Labels to group by, one table each; several in brackets are crossed."""
    cluster: str = ""
    """Label whose pairs belong together in the intervals (a drug); empty: each pair for itself."""


class _Read(NamedTuple):
    """One answer with what it does."""

    answer: Answer
    question: Question
    stance: Stance


class _Pair(NamedTuple):
    """The two answers of one model (in one seed) to a pair."""

    one: _Read
    other: _Read

    @property
    def contradicts(self) -> bool:
        """Whether both premises are accepted, or both rejected: they cannot both be right."""
        verdicts = {self.one.stance.verdict, self.other.stance.verdict}
        return len(verdicts) == 1 and verdicts <= {"accepts", "rejects"}


def premise(
    answers: Iterable[Answer], questions: Iterable[Question], task: str, config: Premise, docs: Iterable[Document] = ()
) -> Iterator[Answer | Score]:
    """Read what every answer does with its premise, and score how often a model contradicts itself.

    `contradiction`: share of pairs of which both premises are accepted or both rejected. `false_premise`: share of
    false premises accepted; its counterpart `true_premise_rejected`. `abstained` and `unparsed`: share of answers that
    decline, and of those that nothing can be read from. An answer comes out with what it does as its choice (accepts,
    rejects, abstains; nothing where it is silent) and the words that told as its rule. With ``patterns``, ``docs`` are
    leaflets whose values are known again; without, answers are read by their wording, which errs in about one of four
    hard free answers. MetierError where a pair is not two, or only one of the two was answered.
    """
    pairs = _paired(list(questions), config)
    shares = Shares(task, config.by, config.cluster)
    shares.check([one for both in pairs.values() for one in both])
    forms = read_forms(config.patterns) if config.patterns else Forms()
    values = [(one.labels.get("fact", ""), one.labels.get("value", "")) for both in pairs.values() for one in both]
    known = learn(docs, forms, "drug", values=values)
    others = {one.id: two for first, second in pairs.values() for one, two in ((first, second), (second, first))}
    asked = {one.id: one for both in pairs.values() for one in both}
    made: dict[str, dict[tuple[str, str], list[_Read]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        if question := asked.get(answer.question):
            found = _stance(answer, question, others[question.id], (known, forms, config))
            said = frozenset([found.verdict]) - {"silent"}
            rule = f"{found.rule}: {found.span}" if found.span else found.rule
            yield Answer(f"{answer.id}/premise", question.id, answer.model, answer.text, said, rule, answer.request)
            made[answer.model][seed_of(answer), question.labels[config.pair]].append(_Read(answer, question, found))
    if not made:
        raise MetierError(f"{task}: no answer is to one of these questions; feed the answers that were given to them")
    for model, some in made.items():
        yield from _scores([_both(key[1], reads, model) for key, reads in some.items()], model, shares, config)


def _paired(questions: list[Question], config: Premise) -> dict[str, tuple[Question, Question]]:
    """The questions by pair."""
    found: dict[str, list[Question]] = defaultdict(list)
    for one in questions:
        for label in (config.pair, config.premise):
            if label not in one.labels:
                known = {name for other in questions for name in other.labels}
                raise MetierError(f"question {one.id!r} has no label {label!r}; {did_you_mean(label, known)}")
        found[one.labels[config.pair]].append(one)
    for name, both in found.items():
        if len(both) != 2 or len({one.labels[config.premise] for one in both}) != 2:
            raise MetierError(
                f"pair {name!r} has {len(both)} questions with {len({one.labels[config.premise] for one in both})} "
                f"premises ({both[0].id!r}); a pair is two questions of opposite premises"
            )
    return {name: (both[0], both[1]) for name, both in found.items()}


def _both(pair: str, reads: list[_Read], model: str) -> _Pair:
    if len(reads) != 2 or reads[0].question.id == reads[1].question.id:
        raise MetierError(
            f"pair {pair!r}: {model!r} answered {len(reads)} of its 2 questions; ask both (limit: 0), each once a seed"
        )
    return _Pair(reads[0], reads[1])


def _stance(answer: Answer, question: Question, other: Question, how: tuple[Known, Forms, Premise]) -> Stance:
    """What an answer does: by what it says of the fact where that can be read exactly, else by its wording."""
    known, forms, config = how
    own = question.labels
    if config.patterns and own.keys() >= {"drug", "fact", "value"}:
        for claim in tells(answer.text, own["drug"], known, forms):
            if claim.fact == own["fact"] and (same_value(claim.value, own["value"]) or claim.holds):
                so = claim.holds == same_value(claim.value, own["value"])
                verdict: Verdict = "accepts" if so == (own[config.premise] == "affirmed") else "rejects"
                return Stance(verdict, "says of the fact", f"{'' if claim.holds else 'not '}{claim.value}")
    return stance(answer.text, question.stem, other.stem)


def _scores(pairs: list[_Pair], model: str, shares: Shares, config: Premise) -> Iterator[Score]:
    names = [pair.one.question.labels[config.pair] for pair in pairs]
    both = [shares.row(pair.contradicts, pair.one.question, name) for pair, name in zip(pairs, names, strict=True)]
    yield from shares.scores(both, model, "contradiction")
    reads = [(one, name) for pair, name in zip(pairs, names, strict=True) for one in pair]
    for metric, verdict, truth in _METRICS:
        some = [
            shares.row(one.stance.verdict == verdict, one.question, name)
            for one, name in reads
            if not truth or one.question.labels.get(config.holds) == truth
        ]
        yield from shares.scores(some, model, metric)


_METRICS = (
    ("false_premise", "accepts", "no"), ("true_premise_rejected", "rejects", "yes"), ("abstained", "abstains", ""),
    ("unparsed", "silent", ""),
)  # fmt: skip
"""Metric, what is counted, and of which premises."""
