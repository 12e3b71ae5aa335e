"""How metrics are named, written for a reader and compared between models, for the report and the model card."""

import math
from dataclasses import dataclass
from typing import Literal

from metier.records import Score


@dataclass(frozen=True)
class Metric:
    """A metric as the page shows it; ``better`` says which way is better, ``span`` is a fixed axis."""

    title: str
    unit: Literal["percent", "number"] = "number"
    digits: int = 3
    better: Literal["more", "less", ""] = ""
    span: tuple[float, float] | None = None
    note: str = ""
    headline: bool = True
    group: str = ""
    """Metrics of one group on one task share a table, a column each."""


def _shared(title: str, note: str = "", group: str = "Words shared with the reference") -> Metric:
    """A metric of answers beside their reference."""
    return Metric(title, "percent", 1, "more", (0.0, 1.0), note, group=group)


_SINGLE = "Words shared with the reference, mean of the single answers"
_CULTURE = "At home in the culture"
_EXAM = "The questions themselves"
_BESIDE = "Beside another model"
_APART = "How far from the base, in nats"


def _false(title: str, note: str, better: Literal["more", "less", ""] = "less") -> Metric:
    """A share of answers that say what is not so, or will not say anything."""
    return Metric(title, "percent", 1, better, (0.0, 1.0), note, group="What is not so")


def _ruled(title: str, note: str, better: Literal["more", "less"] = "less") -> Metric:
    """A share of replies to prompts that were made from rules."""
    return Metric(title, "percent", 1, better, (0.0, 1.0), note, group="What must not be left to chance")


def _told(title: str, note: str) -> Metric:
    """A share of facts beside their leaflet."""
    return Metric(title, "percent", 1, "more", (0.0, 1.0), note, group="Facts beside their leaflet")


def _rewarded(title: str, note: str, better: Literal["more", "less", ""], low: float = 0.0) -> Metric:
    """A measure of a reward model on pairs of replies of which one was preferred."""
    return Metric(title, "number", 3, better, (low, 1.0), note, group="Told apart by a reward model")


METRICS = {
    "accuracy": Metric(
        "Accuracy", "percent", 1, "more", (0.0, 1.0), "Share of questions answered with the right option."
    ),
    "bits_per_byte": Metric(
        "Bits per byte",
        better="less",
        note="Bits the model needs for one byte of the right answers, after their question; fewer is better.",
    ),
    "bits_per_byte_gap": Metric(
        "Gap to a wrong question",
        digits=4,
        better="more",
        note="Bits per byte after another row's question minus after its own; above 0 the model uses the question.",
    ),
    "bits_per_byte_wrong_question": Metric(
        "Bits per byte after a wrong question",
        better="less",
        note="The same answers after another row's question: what is left is how such pages sound.",
        headline=False,
    ),
    "facts_told": Metric(
        "Facts told",
        "percent",
        1,
        "more",
        (0.0, 1.0),
        "Numbers, names and negations of the passages that stand in a conversation made from them.",
        headline=False,
    ),
    "sentences_told": Metric(
        "Sentences told",
        "percent",
        1,
        "more",
        (0.0, 1.0),
        "Sentences of the passages whose facts and half of whose words a conversation tells.",
        headline=False,
    ),
    "unparsed": Metric("Not answered", "percent", 1, "less", (0.0, 1.0), "Counted as wrong.", headline=False),
    "macro_accuracy": Metric(
        "Mean of cells",
        "percent",
        1,
        "more",
        (0.0, 1.0),
        "The plain mean of the accuracies of the cells of one grouping, whatever their size.",
        headline=False,
    ),
    "cut": Metric(
        "Cut short",
        "percent",
        1,
        "less",
        (0.0, 1.0),
        "Replies that reached their most tokens before their end.",
        headline=False,
    ),
    "difference": Metric("Difference", "percent", 1, "more", headline=False),
    "overlap_share": Metric("Overlap with training", "percent", 1, headline=False),
    "contradiction": _false(
        "Contradicts itself", "Pairs of opposite premises of which both are accepted or both rejected."
    ),
    "false_premise": _false("False premises accepted", "Questions that take something false for granted."),
    "true_premise_rejected": _false("True premises rejected", "The counterpart of false premises accepted."),
    "abstained": _false("Abstained", "Answers that decline or say that the model does not know.", better=""),
    "invention": _false("Invented", "Answers that tell something of what does not exist."),
    "admission": _false("Admitted", "Answers that say that something unknown is not known.", better="more"),
    "refusal": _false("Refused", "Answers that decline a question about what does not exist.", better=""),
    "needless_admission": _false("Admitted needlessly", "Answers that say that something known is not known."),
    "needless_refusal": _false("Refused needlessly", "Answers that decline a question about what does exist."),
    "fact_precision": _told("Facts that are right", "Facts stated that the leaflet bears out."),
    "fact_recall": _told("Facts that are told", "Facts of the leaflet that were due and are stated."),
    "freshness_gap": Metric(
        "Better on older questions",
        "percent",
        1,
        "less",
        None,
        "Accuracy on questions from before the model's release minus on those from after it.",
        headline=False,
        group=_EXAM,
    ),
    "leaked": Metric(
        "Found in the texts", "percent", 1, "less", (0.0, 1.0), "Exam questions.", headline=False, group=_EXAM
    ),
    "leak_gap": Metric("Leaked minus clean", "percent", 1, "less", headline=False, group=_EXAM),
    "flawed": Metric(
        "With this fault", "percent", 1, "less", (0.0, 1.0), "Exam questions.", headline=False, group=_EXAM
    ),
    "best_constant": Metric("Always the same label", "percent", 1, "", (0.0, 1.0), headline=False, group=_EXAM),
    "lead_changes": Metric(
        "Another model leads",
        "percent",
        1,
        "less",
        (0.0, 1.0),
        "Share of exams drawn at random.",
        headline=False,
        group=_EXAM,
    ),
    "leads": Metric(
        "Leads", "percent", 1, "more", (0.0, 1.0), "Share of exams drawn at random.", headline=False, group=_EXAM
    ),
    "topic_share": Metric("Share of the questions", "percent", 1, "", (0.0, 1.0), headline=False, group=_EXAM),
    "covered": Metric(
        "Covered",
        "percent",
        1,
        "more",
        (0.0, 1.0),
        "Real questions of intents that the exam asks.",
        headline=False,
        group=_EXAM,
    ),
    "topic_told": Metric(
        "Intent told", "percent", 1, "more", (0.0, 1.0), "By a classifier.", headline=False, group=_EXAM
    ),
    "violations": _ruled("Violations", "Forbidden pairs: replies that assert a meeting which a rule forbids."),
    "missed_warnings": _ruled("Missed warnings", "Forbidden pairs: replies that do not warn of the rule."),
    "answered": _ruled("Answered", "Allowed pairs: replies that permit the pair, as the model wrote them.", "more"),
    "false_alarms": _ruled("False alarms", "Allowed pairs: replies that warn of the pair, or that the guard changed."),
    "strays": _ruled("Strays", "Allowed pairs: replies that assert some other forbidden meeting."),
    "tax": Metric("Domain tax", "percent", 1, "less", headline=False),
    "gain": Metric("Gain in the domain", "percent", 1, "more", headline=False),
    "bleu1": _shared("BLEU-1"),
    "bleu2": _shared("BLEU-2"),
    "bleu3": _shared("BLEU-3"),
    "bleu4": _shared("BLEU-4", "Runs of up to four words that stand in the reference too, over all answers."),
    "gleu": _shared("GLEU"),
    "chrf": _shared("chrF", "Runs of up to six characters shared with the reference."),
    "rouge_1": _shared("ROUGE-1"),
    "rouge_2": _shared("ROUGE-2"),
    "rouge_l": _shared("ROUGE-L", "The longest common subsequence of words, mean of the single answers."),
    "rouge_l_facts": _shared("ROUGE-L × facts", "ROUGE-L times the agreement of names and of numbers with units."),
    "distinct_1": _shared("Distinct-1", "Different words among all that were written; falls as answers grow longer."),
    "distinct_2": _shared("Distinct-2"),
    "empty": Metric("Empty answers", "percent", 1, "less", (0.0, 1.0), group="Words shared with the reference"),
    "bleu1_document": _shared("BLEU-1", group=_SINGLE),
    "bleu2_document": _shared("BLEU-2", group=_SINGLE),
    "bleu3_document": _shared("BLEU-3", group=_SINGLE),
    "bleu4_document": _shared("BLEU-4", group=_SINGLE),
    "gleu_document": _shared("GLEU", group=_SINGLE),
    "chrf_document": _shared("chrF", group=_SINGLE),
    "macro_f1": Metric(
        "Macro-F1", "percent", 1, "more", (0.0, 1.0), "The mean of the F1 of the classes; an answer not read is a miss."
    ),
    "macro_f1_mean": Metric("Macro-F1, mean of cells", "percent", 1, "more", (0.0, 1.0), group=_CULTURE),
    "f1": Metric("F1", "percent", 1, "more", (0.0, 1.0), headline=False),
    "answered_as": Metric("Answered as", "percent", 1, "", (0.0, 1.0), "Share of answers.", headline=False),
    "entity_share": _shared("Names of the culture", "Of all persons, places and organisations named.", _CULTURE),
    "names_any": Metric("Answers that name anything", "percent", 1, "", (0.0, 1.0), group=_CULTURE),
    "untagged": Metric("Not tagged", "percent", 1, "less", (0.0, 1.0), group=_CULTURE),
    "language_fidelity": _shared("In the language asked", group=_CULTURE),
    "reward_accuracy": Metric(
        "Preferred reply told",
        "percent",
        1,
        "more",
        (0.0, 1.0),
        "Pairs whose chosen reply has the higher reward, equal ones counting half.",
        group="Told apart by a reward model",
    ),
    "reward_calibration": _rewarded("Calibration error", "Distance of confidence and success.", "less"),
    "reward_brier": _rewarded("Brier score", "0 foresees all, .25 is what guessing earns.", "less"),
    "reward_length_correlation": _rewarded("Reward and length", "Rank correlation over all replies.", "", -1.0),
    "chosen_longer": _rewarded("Chosen reply is longer", "What a judge by length alone would get.", ""),
    "win_rate": Metric(
        "Wins",
        "percent",
        1,
        "more",
        (0.0, 1.0),
        "Beside another model's; a tie counts one half.",
        group=_BESIDE,
    ),
    "outcome": Metric("Outcomes", "percent", 1, "", (0.0, 1.0), headline=False, group=_BESIDE),
    "longer": Metric("Longer reply", "percent", 1, "", (0.0, 1.0), headline=False, group=_BESIDE),
    "longer_won": Metric(
        "Wins of the longer reply", "percent", 1, "", (0.0, 1.0), "Where one wins.", headline=False, group=_BESIDE
    ),
    "points": Metric("Points", better="more", note="The mean of the grades.", group=_BESIDE),
    "kl": Metric("Divergence of a reply", note="Mean over replies, log model - log base.", group=_APART),
    "kl_estimate": Metric("Estimate above 0", note="The same by an estimate that is never below 0.", group=_APART),
    "kl_per_token": Metric("Of a token", digits=4, note="The divergence of all replies over all tokens.", group=_APART),
    "replied_in": Metric("Replied in another language", "percent", 1, "less", (0.0, 1.0), headline=False),
}
"""Metrics by name; any other is shown as a plain number."""


def metric(name: str) -> Metric:
    """How a metric is shown."""
    return METRICS.get(name) or Metric(name.replace("_", " ").capitalize(), group="measures")


def number(value: float, how: Metric, signed: bool = False) -> str:
    """A value in the metric's unit: 97.2%, 1.139."""
    scaled = value * 100 if how.unit == "percent" else value
    text = f"{abs(scaled):.{how.digits}f}"
    if how.unit == "percent" and scaled in (0, 100):
        text = f"{abs(scaled):.0f}"
    zero = float(text) == 0
    sign = "" if zero else "−" if scaled < 0 else "+" if signed else ""
    return f"{sign}{text}{'%' if how.unit == 'percent' and not signed else ''}"


def span(low: float, high: float, how: Metric, signed: bool = False) -> str:
    """An interval in the metric's unit; an interval of no width says that there is none."""
    if low == high:
        return "no interval"
    return f"{number(low, how, signed).rstrip('%')} to {number(high, how, signed)}"


def count(value: int) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}"


def short(value: float) -> str:
    """A large number in few characters: 1.38 M, 20 k."""
    for size, mark in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{mark}"
    return f"{value:.3g}"


def compact(value: int) -> str:
    """A count in few characters: 9,870, then 12.3k, 4.1M, 1.2B."""
    for least, size, mark in ((999_950_000, 1e9, "B"), (999_950, 1e6, "M"), (10_000, 1e3, "k")):
        if value >= least:
            return f"{value / size:.1f}{mark}"
    return count(value)


def percent(part: int, whole: int) -> str:
    """A share in percent: 100% and 0% are said only of all and of nothing."""
    if not whole:
        return ""
    share = 100 * part / whole
    if part and share < 0.1:
        return "<0.1%"
    if part < whole and share > 99.9:
        return ">99.9%"
    return f"{share:.0f}%" if share in (0, 100) else f"{share:.1f}%"


def between(first: Score, second: Score) -> tuple[float, float, float]:
    """First minus second with an interval made of both intervals, as if they were independent.

    The square-and-add rule (Newcombe 1998, method 10; Zou and Donner 2008); over the same questions it errs on the
    wide side.
    """
    value = first.value - second.value
    low = value - math.hypot(first.value - first.low, second.high - second.value)
    high = value + math.hypot(first.high - first.value, second.value - second.low)
    return value, low, high


@dataclass(frozen=True)
class Change:
    """A score beside the base's: what changed, within which interval, and whether that is better or worse."""

    text: str
    interval: str
    tone: Literal["better", "worse", "even"]


def change(score: Score, base: Score) -> Change:
    """How a score differs from the base's: points of percent, or percent of the base's bits."""
    how = metric(score.metric)
    value, low, high = between(score, base)
    tone: Literal["better", "worse", "even"] = "even"
    if how.better and (low > 0 or high < 0):
        tone = "better" if (value > 0) == (how.better == "more") else "worse"
    if how.unit == "percent":
        return Change(f"{number(value, how, signed=True)} points", span(low, high, how, signed=True), tone)
    if score.metric.startswith("bits_per_byte") and how.better == "less" and base.value > 0:
        share = Metric("", "percent", 1)
        parts = (value / base.value, low / base.value, high / base.value)
        return Change(f"{number(parts[0], share, signed=True)}%", f"{span(*parts[1:], share, signed=True)}%", tone)
    return Change(number(value, how, signed=True), span(low, high, how, signed=True), tone)
