"""The models of PPO on one device: the policy, what it was before, the critic, and who scores its replies."""

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from metier.model.load import Loaded
from metier.records import MetierError
from metier.train import attention
from metier.train.ppo import Ppo
from metier.train.ppo_prompts import Given, Prompt

PASS_LOGITS = 1 << 25
"""Logits held at a time where no gradient is wanted."""
PASS_TOKENS = 1 << 12
"""Tokens run at a time there; more do not stay in a processor's cache."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the policy wrote after a prompt: its tokens as drawn, the end of turn included where it ``ended``."""

    prompt: Prompt
    ids: list[int]
    text: str
    ended: bool


Scorer = Callable[[Sequence[tuple[Prompt, str]]], list[float]]
"""The points of many replies, each given with its prompt."""


class Critic(nn.Module):  # type: ignore[misc]
    """What a reply is still expected to earn, told at every token: a reward model's body and head, trained further.

    Where scores are taken less a mean and in deviations, so is what the head says.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.mean, self.deviation = model, 0.0, 1.0

    def forward(self, rows: "Rows") -> Tensor:
        """The value before each token of the replies, one after the other."""
        out = self.model.base_model(input_ids=rows.ids, position_ids=rows.places, use_cache=False)
        values: Tensor = self.model.score(out.last_hidden_state[0, rows.before]).squeeze(-1).float()
        return (values - self.mean) / self.deviation


@dataclass(frozen=True)
class Rows:
    """Prompts with their replies, laid end to end in a single row: positions that restart keep them apart."""

    ids: Tensor
    """All tokens, 1 x tokens."""
    places: Tensor
    """The position of each in its own text, from 0."""
    before: Tensor
    """Where the tokens stand after which those of the replies come."""
    said: Tensor
    """The tokens of the replies, one after the other."""
    mask: Tensor
    """True where a token of a reply stands, replies x longest reply."""

    @classmethod
    def of(cls, replies: Sequence[Reply], device: Any) -> "Rows":
        """The row of some replies."""
        ids, places, before, start = list[int](), list[int](), list[int](), 0
        for one in replies:
            asked, size = len(one.prompt.ids), len(one.ids)
            ids += [*one.prompt.ids, *one.ids]
            places += range(asked + size)
            before += range(start + asked - 1, start + asked + size - 1)
            start += asked + size
        sizes = torch.tensor([len(one.ids) for one in replies])
        mask = torch.arange(max(1, int(sizes.max())))[None] < sizes[:, None]
        row, at, behind = (torch.tensor(one, device=device) for one in (ids, places, before))
        return cls(row[None], at[None], behind, row[behind + 1], mask.to(device))

    def spread(self, values: Tensor) -> Tensor:
        """Values of the replies' tokens, one after the other, as replies x longest reply; 0 elsewhere."""
        return torch.zeros(self.mask.shape, dtype=values.dtype, device=values.device).masked_scatter(self.mask, values)


@dataclass(frozen=True)
class Team:
    """The models of a training and what runs them."""

    policy: Loaded
    reference: Any
    """The policy as it was; None where it is the policy with its adapter switched off."""
    critic: Critic
    accelerator: Accelerator
    temperature: float
    """The probabilities of the policy, and of its reference, are those at this temperature."""

    def rows(self, replies: Sequence[Reply]) -> Rows:
        """The row of some replies, on the device of the models."""
        return Rows.of(replies, self.accelerator.device)

    def log_probs(self, rows: Rows) -> Tensor:
        """The policy's log-probability of every token of the replies."""
        return _chosen(self._spread(self.policy.model, rows), rows)

    def log_probs_and_entropy(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """The same, and the entropy of what the policy might have said."""
        spread = self._spread(self.policy.model, rows)
        return _chosen(spread, rows), rows.spread(-(spread.exp() * spread).sum(-1))

    def reference_log_probs(self, rows: Rows) -> Tensor:
        """The log-probabilities of the policy as it was."""
        if self.reference is not None:
            return _chosen(self._spread(self.reference, rows), rows)
        with self.policy.model.disable_adapter():
            return _chosen(self._spread(self.policy.model, rows), rows)

    def values(self, rows: Rows) -> Tensor:
        """What the critic expects before every token of the replies."""
        with self.accelerator.autocast():
            return rows.spread(self.critic(rows))

    def _spread(self, model: Any, rows: Rows) -> Tensor:
        """Log-probabilities of all tokens in the place of each of the replies'."""
        with self.accelerator.autocast():
            out = model(input_ids=rows.ids, position_ids=rows.places, use_cache=False, logits_to_keep=rows.before)
        exact = torch.promote_types(out.logits.dtype, torch.float32)
        return (out.logits[0].to(exact) / self.temperature).log_softmax(-1)

    def passes(self, replies: Sequence[Reply]) -> Iterator[list[int]]:
        """Numbers of replies that are run together where no gradient is wanted."""
        most = PASS_LOGITS // int(self.policy.model.get_output_embeddings().weight.shape[0])
        some, tokens, said = list[int](), 0, 0
        for number, one in enumerate(replies):
            size = len(one.prompt.ids) + len(one.ids)
            if some and (tokens + size > PASS_TOKENS or said + len(one.ids) > most):
                yield some
                some, tokens, said = [], 0, 0
            some.append(number)
            tokens, said = tokens + size, said + len(one.ids)
        if some:
            yield some


def _chosen(spread: Tensor, rows: Rows) -> Tensor:
    """Of all log-probabilities those of the tokens that were said."""
    return rows.spread(spread.gather(-1, rows.said[:, None]).squeeze(-1))


@dataclass(frozen=True)
class Task:
    """What is to be learnt: the models, what they are asked, and what earns points."""

    team: Team
    given: Given
    score: Scorer
    """The reward model's points."""
    extra: Scorer | None
    """Points beside; None where there are none."""
    seed: int
    config: Ppo
    base: str = ""
    """What the policy and the reward model are called."""
    reward: str = ""


def frozen(model: Any) -> Any:
    """A copy of a model that stays as it is."""
    kept = copy.deepcopy(model)
    for weight in kept.parameters():
        weight.requires_grad_(False)
    return kept


@contextlib.contextmanager
def row_by_row(model: Any) -> Iterator[None]:
    """Let a model read rows of one text each, padded, which an attention that tells items apart does not take."""
    inner = _inner(model)
    if inner.config._attn_implementation != attention.NAME:
        yield
        return
    inner.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        inner.set_attn_implementation(attention.NAME)


def check_apart(model: Any, path: str) -> None:
    """MetierError where what stands before a text in its row changes how a model reads it, whatever the positions say.

    So it is with families that go by the distance of tokens alone, or that carry a state along.
    """
    body, device = _inner(model).base_model, next(model.parameters()).device
    places = torch.tensor([[0, 1, 2, 3] * 2], device=device)
    with torch.no_grad():
        first, other = (
            body(
                input_ids=torch.tensor([[*before, 0, 1, 2, 3]], device=device), position_ids=places, use_cache=False
            ).last_hidden_state[0, 4:]
            for before in ([0, 1, 2, 3], [3, 2, 0, 1])
        )
    rounding = torch.finfo(first.dtype).eps ** 0.5 / 4  # of the largest state: experts take all tokens together
    if float((first - other).abs().max()) > rounding * float(first.abs().max()):
        raise MetierError(
            f"{path}: a model of the family {body.config.model_type} does not tell texts apart that share a row, as "
            "train.ppo lays them; use train.rloo"
        )


def _inner(model: Any) -> Any:
    """The model that an adapter lies on, or the model itself."""
    return model.get_base_model() if hasattr(model, "peft_config") else model
