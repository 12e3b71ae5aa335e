"""One step of PPO as ``ppo.jsonl`` keeps it: what was rewarded, how far the policy went, whether its critic helps."""

import msgspec


class PpoLine(msgspec.Struct, frozen=True, kw_only=True):
    """Means over the replies of one rollout and the updates made from them; divergences in nats.

    All of a reply's tokens count, its end of turn included; none of its padding.
    """

    step: int
    """Rollouts so far, from 1."""
    replies: int
    """Replies sampled so far."""
    seconds: float
    """Of the rollout, its updates and what was looked at."""
    score: float
    """Points of the reward model, before anything is added."""
    extra: float
    """Points of rules, questions and length."""
    total: float
    """What is maximised: score (as `score_clip` takes it) and extra, less the penalty for no end and beta times the
    divergence."""
    kl: float
    """Divergence from the reference: mean over replies of the sum over tokens of log policy - log reference."""
    kl_estimate: float
    """The same by (ratio - 1) - log ratio, which is never below 0 (Schulman 2020)."""
    beta: float
    """Coefficient of the divergence in this rollout."""
    entropy: float
    """Of the policy's next token, mean over tokens."""
    first_ratio: float
    """Largest |ratio - 1| in the first minibatch of the first epoch, where the policy is still the one that sampled."""
    clipped: float
    """Share of tokens whose ratio left its bounds."""
    value_clipped: float
    """Share of tokens whose value left its bounds and would be worse within them."""
    policy_loss: float
    value_loss: float
    general_loss: float
    explained: float
    """1 - variance of (return - value) / variance of return: what the critic knows before the update."""
    ended: float
    """Share of replies that end by themselves."""
    tokens: float
    """Mean length of a reply."""
    length_correlation: float
    """Spearman's, of score and length within the rollout."""
    distinct: float
    """Share of replies of the rollout that differ from every other."""
    probe: float | None = None
    """Mean score of the likeliest replies to the fixed probe prompts, where they were asked at this step: in the first
    line before any update, in others after theirs."""
    probe_tokens: float | None = None


class PpoStart(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen before the first update, as ``ppo_start.json`` keeps it."""

    base: str
    reward: str
    probes: int
    """Pairs of `probes` that the reward model was tried on."""
    probe_accuracy: float | None
    """Share of these whose chosen reply it rewards more; None without pairs."""
    probe_length_correlation: float | None
    """Spearman's, of reward and length over the replies of `probes`."""
    score: float
    """Mean score of the reference's sampled replies."""
    score_deviation: float
    ended: float
    tokens: float
    kl_target: float | None
    max_tokens: int
