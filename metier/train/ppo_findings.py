"""What the numbers of a PPO run mean when they are off, each in a sentence that says what to do.

A threshold stands where the number is beyond what a run that learns well shows by chance; why is said beside each.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median

import msgspec

from metier.proportion import wilson
from metier.train.ppo_course import TREND, Course
from metier.train.ppo_line import PpoLine, PpoStart

SURE = 3.0
"""Standard errors beyond which a difference is none of chance, though many are looked at."""
RATIO = 0.05
"""Largest |ratio - 1| that rounding explains: below 1e-4 in float32, some hundredths in bfloat16."""
OVER = 2.0
"""Times its target that a divergence may end at: the coefficient moves it slowly, and overshoots."""
FAR = 1.0
"""Divergence a token, in nats, at which the policy finds its own tokens e times likelier than the reference does."""
CHANCE = 30
"""Fewest probe pairs of which "no better than chance" is said."""
LENGTH = 0.88
"""Rank correlation of score and length, at the start, beyond which nothing else in a reply matters much. Where a policy
has learnt to be long, replies are of one length and the correlation falls: the first rollouts tell."""
PULL, LONGER = 0.5, 1.5
"""Rank correlation at which length pays, and the growth of replies that is worth a word with it."""
LOOSE, FEWER = 0.5, 0.2
"""Share of replies that must end by themselves, and how much of it may be lost on the way."""
ENTROPY, SURE_OF_ALL = 0.1, 0.1
"""Share of the entropy at the start, and nats a token, below both of which a policy hardly draws any more."""
ALIKE = 0.5
"""Share of different replies, of that at the start, below which a policy says one thing to everybody."""
CLIPPED = 0.3
"""Share of clipped tokens beyond which most of an update is thrown away; 0 to .2 is usual."""
STILL = 0.02
"""Divergence, in nats a reply, below which a policy is where it was."""
SLIDE = 0.25
"""Standard deviations of the score at the start: a fall by more is worth a word, if it is not chance."""


class PpoFinding(msgspec.Struct, frozen=True):
    """Something that is off: its name, the first step that shows it, the number, and what it means."""

    name: str
    step: int
    value: float
    says: str


def findings(start: PpoStart, lines: Sequence[PpoLine]) -> list[PpoFinding]:
    """What is wrong with a run, gravest first; nothing where all is as it should be."""
    if not lines:
        return []
    course = Course(start, lines)
    return [one for check in CHECKS if (one := check(course)) is not None]


def _ratio(course: Course) -> PpoFinding | None:
    for one in course.lines:
        if one.first_ratio > RATIO:
            return PpoFinding(
                "ratio not 1", one.step, one.first_ratio,
                f"Before the first update of rollout {one.step} a token's probability was {one.first_ratio:.0%} off "
                "from the one at which it was sampled, where both should be the same. Sampling and scoring differ - "
                "dropout, temperature, padding, positions, the mask - so that every update goes astray: mend this "
                "first.",
            )  # fmt: skip
    return None


def _negative(course: Course) -> PpoFinding | None:
    for window in course.windows():
        kl = median(one.kl for one in window)
        if kl < -STILL - SURE * course.noise(window):
            return PpoFinding(
                "negative divergence", window[-1].step, kl,
                f"The divergence from the reference was {kl:.3g} nats a reply by rollout {window[-1].step}. A "
                "divergence is never below 0 where replies are drawn from the policy whose probabilities are "
                "compared: they were drawn otherwise (top-k, top-p, another temperature, a banned end of turn), or "
                "padding was counted. The penalty then pays for going astray. Draw from the whole distribution, at "
                "the temperature of the probabilities.",
            )  # fmt: skip
    return None


def _apart(course: Course) -> PpoFinding | None:
    for window in course.windows(TREND):  # one token that has become unlikely lifts the estimate of a few rollouts
        gap = median(one.kl_estimate - one.kl for one in window)
        if gap > STILL + SURE * course.noise(window) + 0.5 * abs(median(one.kl for one in window)):
            return PpoFinding(
                "two divergences", window[-1].step, gap,
                f"Two estimates of one divergence are {gap:.3g} nats a reply apart by rollout {window[-1].step}: the "
                "mean of the ratio reference to policy is above 1, which it cannot be over replies drawn from the "
                "policy. Look for a difference between how replies are sampled and how they are scored.",
            )  # fmt: skip
    return None


def _inverted(course: Course) -> PpoFinding | None:
    pairs, share = course.start.probes, course.start.probe_accuracy
    if share is None or not pairs:
        return None
    low, high = wilson(share, pairs)
    seen = f"It prefers the chosen reply of {share:.0%} of {pairs} probe pairs (95% interval {low:.0%} to {high:.0%})"
    if high < 0.5:
        return PpoFinding(
            "reward inverted", 0, share,
            f"The reward model rewards the wrong replies. {seen}, so the policy learns what the judge dislikes. See "
            "whether chosen and rejected were swapped when it was trained, or the sign of its score; then train it "
            "again.",
        )  # fmt: skip
    if low <= 0.5 and pairs >= CHANCE:
        return PpoFinding(
            "reward at chance", 0, share,
            f"The reward model cannot tell the replies apart. {seen}: a coin does as well. What the policy gains by it "
            "means nothing; label more pairs, or set `least_accuracy` in `train.reward`.",
        )  # fmt: skip
    return None


def _is_length(course: Course) -> PpoFinding | None:
    seen = median(one.length_correlation for one in course.head)
    where = "within the first rollouts"
    probed = course.start.probe_length_correlation
    if abs(seen) <= LENGTH and probed is not None and course.start.probes >= CHANCE and abs(probed) > LENGTH:
        seen, where = probed, "over the replies of the probe pairs"
    if abs(seen) <= LENGTH:
        return None
    word = "longer" if seen > 0 else "shorter"
    return PpoFinding(
        "reward is length", course.lines[0].step, seen,
        f"The score is the length. Their rank correlation is {seen:.2f} {where}: the {word} reply nearly always has "
        f"the higher reward, so the policy learns to be {word}, not better. See `longer_wins` of the pairs that the "
        "reward model was trained on; label pairs of equal length, or balance them.",
    )  # fmt: skip


def _never_ends(course: Course) -> PpoFinding | None:
    before, share = course.start.ended, fmean(one.ended for one in course.tail)
    cut = f"the others were cut at the limit of {course.start.max_tokens} tokens"
    if before < LOOSE:
        taught = ": what the reward taught so far is mostly to stop" if share > before + FEWER else ""
        return PpoFinding(
            "no end of turn", course.lines[0].step, before,
            f"The policy does not end its turn: before any training {before:.0%} of its replies ended by themselves, "
            f"{share:.0%} at the end; {cut}. It was trained without an end of turn in its replies, or replies need "
            f"more `max_tokens`. Train the base on replies that end, then start again{taught}.",
        )  # fmt: skip
    step = course.since(lambda window: fmean(one.ended for one in window) < LOOSE)
    if step is None:
        return None
    return PpoFinding(
        "no end of turn", step, share,
        f"The policy has unlearnt to end its turn: {before:.0%} of its replies ended by themselves before training, "
        f"{share:.0%} at the end; {cut}. Going on is rewarded more than `no_end` costs: raise `no_end`, and see "
        "whether the score grows with length.",
    )  # fmt: skip


def _ends_less(course: Course) -> PpoFinding | None:
    before = max(course.start.ended, fmean(one.ended for one in course.head))
    step = course.since(lambda window: LOOSE <= fmean(one.ended for one in window) < before - FEWER)
    if step is None or not course.told:
        return None
    share = fmean(one.ended for one in course.tail)
    return PpoFinding(
        "ends less often", step, share,
        f"Replies that end by themselves fell from {before:.0%} to {share:.0%}, seen from rollout {step} on: the rest "
        "is cut in the middle and was scored so. Raise `no_end`, or `max_tokens` if whole replies need it.",
    )  # fmt: skip


def _over_target(course: Course) -> PpoFinding | None:
    target = course.start.kl_target
    limit = OVER * target if target is not None else math.inf
    step = course.since(lambda window: fmean(one.kl for one in window) > limit)
    if step is None or target is None:
        return None
    kl, first, last = fmean(one.kl for one in course.tail), course.lines[0].beta, course.lines[-1].beta
    return PpoFinding(
        "divergence over target", step, kl,
        f"The divergence ends at {kl:.3g} nats a reply, {kl / target:.1f} times its target of {target:g}, and has been "
        f"above twice the target since rollout {step}; the coefficient went from {first:.3g} to {last:.3g} and did not "
        "hold it. Raise `kl`, shorten `kl_horizon`, or lower `learning_rate`.",
    )  # fmt: skip


def _far(course: Course) -> PpoFinding | None:
    if course.start.kl_target is not None:
        return None
    step = course.since(lambda window: _a_token(window) > FAR)
    if step is None:
        return None
    kl = _a_token(course.tail)
    return PpoFinding(
        "far from the reference", step, kl,
        f"The policy is {kl:.2g} nats a token from the reference, above {FAR:g} since rollout {step}: it hardly says "
        "anything the reference would, and its score is of replies that the reward model was never trained on. Raise "
        "`kl`, give a `kl_target`, or stop earlier; read samples.jsonl.",
    )  # fmt: skip


def _a_token(window: Iterable[PpoLine]) -> float:
    some = list(window)
    return fmean(one.kl for one in some) / max(1.0, fmean(one.tokens for one in some))


def _extras(course: Course) -> PpoFinding | None:
    (score, error), (extra, _) = course.gain(lambda one: one.score), course.gain(lambda one: one.extra)
    if not course.told or score >= -SURE * error or extra <= 0:
        return None
    return PpoFinding(
        "extras outweigh the score", course.lines[-1].step, score,
        f"The points beside the score rose by {extra:.3g}, the score itself fell by {-score:.3g}: the policy gives up "
        "what the judge asks for to please `extras`. Make these smaller.",
    )  # fmt: skip


def _falls(course: Course) -> PpoFinding | None:
    rise, error = course.gain(lambda one: one.score + one.extra)
    if not course.told or rise >= -max(SURE * error, SLIDE * course.start.score_deviation):
        return None
    return PpoFinding(
        "score falls", course.lines[-1].step, rise,
        f"The score fell by {-rise:.3g} from the first rollouts to the last ({error:.2g} is one standard error). "
        "Updates do harm: lower `learning_rate` or `epochs`, and see whether the critic explains anything "
        "(`explained`).",
    )  # fmt: skip


def _probe(course: Course) -> PpoFinding | None:
    looks = [one for one in course.lines if one.probe is not None]
    if not course.told or len(looks) < 2:
        return None
    (rise, error), first, last = course.gain(lambda one: one.score + one.extra), looks[0], looks[-1]
    fall = (first.probe or 0.0) - (last.probe or 0.0)
    if rise <= SURE * error or fall <= SLIDE * course.start.score_deviation:
        return None
    return PpoFinding(
        "probe falls while the score rises", last.step, -fall,
        f"On the prompts it trains on the score rose by {rise:.3g}, on the fixed probe prompts it fell from "
        f"{first.probe:.3g} to {last.probe:.3g} by rollout {last.step}: what it learns does not carry over. Use more "
        "prompts, fewer `epochs`, a higher `kl`.",
    )  # fmt: skip


def _alike(course: Course) -> PpoFinding | None:
    before = fmean(one.distinct for one in course.head)
    step = course.since(lambda window: fmean(one.distinct for one in window) < ALIKE * before)
    if step is None or not course.told:
        return None
    share = fmean(one.distinct for one in course.tail)
    return PpoFinding(
        "replies alike", step, share,
        f"Of the replies of a rollout {share:.0%} differ from every other, {before:.0%} did at the start: the policy "
        "says the same to many prompts, because the reward model likes it whatever is asked. Read samples.jsonl; "
        "raise `kl`, and label pairs in which a reply that fits is beside one that fits another prompt.",
    )  # fmt: skip


def _entropy(course: Course) -> PpoFinding | None:
    before = fmean(one.entropy for one in course.head)
    limit = min(ENTROPY * before, SURE_OF_ALL)
    step = course.since(lambda window: fmean(one.entropy for one in window) < limit)
    if step is None or not course.told:
        return None
    left = fmean(one.entropy for one in course.tail)
    return PpoFinding(
        "entropy gone", step, left,
        f"The entropy fell from {before:.3g} to {left:.3g} nats a token, seen from rollout {step} on: the policy "
        "draws the same reply every time and has nothing left to learn from. Lower `learning_rate`, raise `kl`, or "
        "stop earlier.",
    )  # fmt: skip


def _clipped(course: Course) -> PpoFinding | None:
    step = course.since(lambda window: fmean(one.clipped for one in window) > CLIPPED)
    if step is None:
        return None
    share = fmean(one.clipped for one in course.tail)
    return PpoFinding(
        "updates too large", step, share,
        f"Of the tokens {share:.0%} were clipped, above {CLIPPED:.0%} since rollout {step}: the policy leaves the one "
        "that sampled within a few minibatches, and most of an update is thrown away. Lower `learning_rate` or "
        "`epochs`.",
    )  # fmt: skip


def _critic(course: Course) -> PpoFinding | None:
    step = course.since(lambda window: median(one.explained for one in window) < 0)
    if step is None or not course.told:
        return None
    value = median(one.explained for one in course.tail)
    return PpoFinding(
        "critic explains nothing", step, value,
        f"The explained variance is {value:.2g} after {course.lines[-1].step} rollouts, below 0 since rollout {step}: "
        "the critic predicts returns worse than their mean, so advantages are noise. Raise `critic_rate`, or let it "
        "learn first (`critic_first`).",
    )  # fmt: skip


def _drift(course: Course) -> PpoFinding | None:
    before, after = (fmean(one.tokens for one in some) for some in (course.head, course.tail))
    pays = median(one.length_correlation for one in course.tail)
    longer, shorter = after > LONGER * before and pays > PULL, after < before / LONGER and pays < -PULL
    if not course.told or not (longer or shorter):
        return None
    word = "longer" if longer else "shorter"
    return PpoFinding(
        "length drifts", course.lines[-1].step, after / before,
        f"Replies went from {before:.0f} to {after:.0f} tokens, and within the last rollouts the {word} still score "
        f"higher (rank correlation {pays:.2f}). Part of what was gained may be length: compare win rates among "
        "replies of equal length, or weigh it with `extras: {length: ...}`.",
    )  # fmt: skip


def _still(course: Course) -> PpoFinding | None:
    rise, error = course.gain(lambda one: one.score + one.extra)
    kl = fmean(one.kl for one in course.tail)
    if not course.told or rise > SURE * error or abs(kl) > STILL:
        return None
    return PpoFinding(
        "nothing moves", course.lines[-1].step, kl,
        f"After {course.lines[-1].replies} replies the policy is {kl:.2g} nats a reply from the reference and its "
        f"score has not risen (by {rise:.2g}, {error:.2g} is one standard error): it has not been trained far enough "
        "to tell. Raise `learning_rate` or `samples`; small models need far more than the 1e-6 of a model of 7 B.",
    )  # fmt: skip


CHECKS: tuple[Callable[[Course], PpoFinding | None], ...] = (
    _ratio, _negative, _apart, _inverted, _is_length, _never_ends, _ends_less, _over_target, _far, _falls, _extras,
    _probe, _alike, _entropy, _clipped, _critic, _drift, _still,
)  # fmt: skip
"""Gravest first: what makes every other number worthless, then what is learnt wrongly, then what is learnt badly."""
