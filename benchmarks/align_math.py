"""The arithmetic of PPO against a second one written as plain loops, and a bandit whose best policy is known.

python -m benchmarks.align_math [--batches 200] [--seeds 3]

- Returns, advantages, whitening, divergences, losses and explained variance of random ragged batches, in float64,
  against sums written out reply by reply, without masks, from the papers' formulas. What lies under padding is drawn at
  random: it must not matter.
- Log-probabilities of replies laid end to end, as the loop reads them, against one pass a reply by the plain model.
- A bandit: a prompt, an answer of one token, points for each token. With a divergence of coefficient beta the best
  policy is softmax(log reference + points / beta), without one it is the best arm. The loop of train.ppo learns it
  from samples; its distance from the best policy is half the sum of the absolute differences of probabilities.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

from benchmarks.bars import Bar, conclude
from metier.model.load import Loaded, load, load_tokenizer, quiet
from metier.model.rewards import reward_weights
from metier.records import Conversation, Message
from metier.train import ppo_math
from metier.train.init import Init, init
from metier.train.ppo import Ppo
from metier.train.ppo_loop import learn
from metier.train.ppo_models import Critic, Reply, Task, Team, frozen
from metier.train.ppo_prompts import Prompt, sort_out

LEAST = 1e-6
ARMS = ("ant", "bee", "cat", "dog", "elk", "fox")
POINTS = {"first": (0.0, 0.5, 1.0, -1.0, 0.2, 0.8), "second": (1.0, -0.5, 0.0, 0.3, 0.9, -1.0)}
"""Points of each arm after each prompt."""
BETA = 0.5
Ragged = list[np.ndarray[Any, np.dtype[np.float64]]]


def bars(batches: int = 200, seeds: int = 3) -> list[Bar]:
    """Both halves, as bars."""
    exact = {**formulas(batches), "log-probabilities laid end to end": end_to_end()}
    found = [Bar(f"{name}: largest difference", value, "", f"<= {LEAST:g}") for name, value in exact.items()]
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        arms(home)
        held = [bandit(home, seed, BETA) for seed in range(seeds)]
        free = [bandit(home, seed, 0.0) for seed in range(seeds)]
    print(f"distance from softmax(log reference + points / {BETA:g}): {', '.join(f'{one:.3f}' for one in held)}")
    print(f"probability of the best arm with beta 0: {', '.join(f'{1 - one:.3f}' for one in free)}")
    found.append(Bar("bandit: distance from the best policy, worst seed", max(held), "", "<= 0.05"))
    found.append(Bar("bandit, beta 0: distance from the best arm, worst seed", max(free), "", "<= 0.05"))
    return found


def formulas(batches: int) -> dict[str, float]:
    """The largest difference of each quantity between tensors under a mask and loops over ragged lists."""
    worst: dict[str, float] = {}
    for number in range(batches):
        draw = np.random.default_rng([8, number])
        lengths = draw.integers(1, 40, size=int(draw.integers(1, 12)))
        ragged = {name: [draw.normal(0, 1, size) for size in lengths] for name in ("ratio", "value", "old", "new")}
        scores, beta = draw.normal(0, 2, len(lengths)), float(draw.uniform(0, 1))
        gamma, lam, clip = float(draw.uniform(0.5, 1)), float(draw.uniform(0, 1)), float(draw.uniform(0.05, 0.5))
        for name, (ours, theirs) in _both(draw, ragged, scores, (beta, gamma, lam, clip)).items():
            worst[name] = max(worst.get(name, 0.0), float(np.abs(np.asarray(ours) - np.asarray(theirs)).max()))
    return worst


def _both(
    draw: np.random.Generator, ragged: dict[str, Ragged], scores: Any, how: tuple[float, float, float, float]
) -> dict[str, tuple[Any, Any]]:
    """Quantity -> (by tensors, by loops), each as one flat list of numbers."""
    beta, gamma, lam, clip = how
    mask = _mask(ragged["ratio"])
    ratio, value, old, new = (_padded(draw, ragged[name]) for name in ("ratio", "value", "old", "new"))
    rewards = ppo_math.token_rewards(torch.tensor(scores), ratio, mask, beta)
    advantages = ppo_math.gae(rewards, value, mask, gamma, lam)
    returns, white = advantages + value, ppo_math.whiten(advantages, mask)
    loop_rewards = [
        [-beta * one + (score if at == len(row) - 1 else 0.0) for at, one in enumerate(row)]
        for row, score in zip(ragged["ratio"], scores, strict=True)
    ]
    loop_gae = [_gae(row, values, gamma, lam) for row, values in zip(loop_rewards, ragged["value"], strict=True)]
    flat = [one for row in loop_gae for one in row]
    mean, spread = np.mean(flat), np.std(flat)
    wanted = [[a + v for a, v in zip(*pair, strict=True)] for pair in zip(loop_gae, ragged["value"], strict=True)]
    tokens = list(zip(*(_joined(ragged[name]) for name in ("ratio", "old", "new")), flat, _joined(wanted), strict=True))
    surrogate = [
        max(-a * math.exp(n - o), -a * min(max(math.exp(n - o), 1 - clip), 1 + clip)) for _, o, n, a, _ in tokens
    ]
    squares = [0.5 * max((n - w) ** 2, (o + min(max(n - o, -clip), clip) - w) ** 2) for _, o, n, _, w in tokens]
    rest = [w - v for w, v in zip(_joined(wanted), _joined(ragged["value"]), strict=True)]
    means = np.var(_joined(wanted))
    return {
        "returns": (ppo_math.returns(rewards, mask, gamma)[mask], _joined(_discounted(loop_rewards, gamma))),
        "advantages": (advantages[mask], flat),
        "whitening": (white[mask], [(one - mean) / math.sqrt(spread**2 + ppo_math.LEAST) for one in flat]),
        "divergence k1": (torch.where(mask, ppo_math.k1(ratio), 0).sum(1), [sum(row) for row in ragged["ratio"]]),
        "divergence k3": (
            torch.where(mask, ppo_math.k3(ratio), 0).sum(1),
            [sum(1 / math.exp(one) - 1 + one for one in row) for row in ragged["ratio"]],
        ),
        "policy loss": (ppo_math.policy_loss(new, old, advantages, mask, clip).loss, np.mean(surrogate)),
        "value loss": (ppo_math.value_loss(new, old, returns, mask, clip).loss, np.mean(squares)),
        "explained variance": (
            ppo_math.explained(value, returns, mask),
            1 - np.var(rest) / means if means > ppo_math.LEAST else 0.0,
        ),
    }


def _gae(rewards: Sequence[float], values: Sequence[float], gamma: float, lam: float) -> list[float]:
    """Advantages by their definition: the sum of (gamma lam)^l delta(t + l)."""
    size = len(rewards)
    deltas = [rewards[t] + gamma * (values[t + 1] if t + 1 < size else 0.0) - values[t] for t in range(size)]
    return [sum((gamma * lam) ** later * deltas[t + later] for later in range(size - t)) for t in range(size)]


def _discounted(rewards: Sequence[Sequence[float]], gamma: float) -> list[list[float]]:
    return [[sum(gamma**later * one for later, one in enumerate(row[t:])) for t in range(len(row))] for row in rewards]


def _joined(rows: Sequence[Sequence[float]] | Ragged) -> list[float]:
    return [float(one) for row in rows for one in row]


def _mask(rows: Ragged) -> torch.Tensor:
    sizes = torch.tensor([len(row) for row in rows])
    return torch.arange(int(sizes.max()))[None] < sizes[:, None]


def _padded(draw: np.random.Generator, rows: Ragged) -> torch.Tensor:
    """Rows in one tensor; what stands behind each is drawn at random."""
    made = torch.tensor(draw.normal(0, 3, (len(rows), max(len(row) for row in rows))))
    for number, row in enumerate(rows):
        made[number, : len(row)] = torch.tensor(row)
    return made


def end_to_end() -> float:
    """Largest difference of a token's log-probability: replies laid end to end, and one pass for each."""
    loaded = load("asset:nano")
    loaded.model.double()
    draw, replies = np.random.default_rng(8), []
    for number in range(24):
        asked, said = (draw.integers(8, 1000, int(draw.integers(1, 60))).tolist() for _ in range(2))
        replies.append(Reply(Prompt(str(number), (), asked), said, "", True))
    team = Team(loaded, None, Critic(loaded.model), Accelerator(cpu=True), 1.0)
    rows, worst = team.rows(replies), 0.0
    with torch.no_grad():
        ours = team.log_probs(rows)
        for row, one in enumerate(replies):
            logits = loaded.model(torch.tensor([[*one.prompt.ids, *one.ids]])).logits[0]
            wanted = logits.log_softmax(-1)[len(one.prompt.ids) - 1 : -1]
            alone = wanted.gather(1, torch.tensor(one.ids)[:, None])[:, 0]
            worst = max(worst, float((ours[row, : len(one.ids)].double() - alone).abs().max()))
    return worst


def arms(home: Path) -> None:
    """A tokenizer of a few words and a model over it, drawn from a seed."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ("<pad>", "<end>", "<user>", "<assistant>", *POINTS, *ARMS)
    plain = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<pad>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", eos_token="<end>", extra_special_tokens=["<user>", "<assistant>"]
    )
    tokenizer.chat_template = (
        "{% for m in messages %}{{ '<' + m.role + '> ' + m.content + ' <end> ' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<assistant> ' }}{% endif %}"
    )
    tokenizer.save_pretrained(home / "tokenizer")
    shape = Init(hidden=32, layers=1, heads=2, intermediate=64, positions=32, tied=False)
    init(home / "tokenizer", 4, shape, home / "model")


def bandit(home: Path, seed: int, beta: float) -> float:
    """Learn the bandit; the largest distance of the policy from the best one, over both prompts."""
    path = str(home / "model")
    config = Ppo(
        samples=256 * 120, rollout=256, chunk=256, epochs=2, learning_rate=1e-3, critic_rate=3e-3, max_tokens=1,
        kl=beta, no_end=0.0, probe_prompts=0, save_seconds=600.0,
    )  # fmt: skip
    with quiet():
        policy = Loaded(load(path).model, load_tokenizer(path), path)
        critic = Critic(reward_weights(path, torch.float32).eval())
    team = Team(policy, frozen(policy.model), critic, Accelerator(cpu=True), 1.0)
    talks = [Conversation(name, (Message("user", name),)) for name in POINTS]
    given = sort_out(policy.tokenizer, talks, (), 32, seed, config)

    def score(asked: Sequence[tuple[Prompt, str]]) -> list[float]:
        return [_worth(one.id, text) for one, text in asked]

    task = Task(team, given, score, None, seed, config)
    with tempfile.TemporaryDirectory() as out:
        learn(task, Path(out))
    return max(_distance(task, one, beta) for one in given.prompts)


def _worth(prompt: str, text: str) -> float:
    """The points of an answer; one that is no arm has as many as the worst."""
    return POINTS[prompt][ARMS.index(text.strip())] if text.strip() in ARMS else -1.0


def _distance(task: Task, asked: Prompt, beta: float) -> float:
    """Half the sum of the absolute differences of the policy's probabilities and the best policy's."""
    decode: Callable[..., str] = task.team.policy.tokenizer.decode
    with torch.no_grad():
        now, before = (
            model(torch.tensor([asked.ids])).logits[0, -1].double().log_softmax(-1)
            for model in (task.team.policy.model, task.team.reference)
        )
    points = torch.tensor([_worth(asked.id, decode([arm], skip_special_tokens=True)) for arm in range(len(now))])
    best = (before + points / beta).softmax(-1) if beta else torch.nn.functional.one_hot(points.argmax(), len(now))
    return float((now.exp() - best).abs().sum() / 2)


def main() -> int:
    """Measure and conclude."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    return conclude("align_math", bars(given.batches, given.seeds))


if __name__ == "__main__":
    sys.exit(main())
