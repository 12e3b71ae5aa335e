"""What the policy writes is what its probabilities say, whatever stands beside it in a batch."""

from collections import Counter

import msgspec
import pytest
import torch

from metier.model.generate import Wish, write
from metier.records import Checkpoint, Conversation, Message
from metier.train.ppo import Ppo
from metier.train.ppo_models import Task
from metier.train.ppo_rollout import Scale, earned, likeliest, look_back, sample
from metier.train.ppo_task import make
from metier.train.ppo_update import Pace
from tests.train.policies import rewarding

DRAWS, TEMPERATURE = 1500, 0.4
NAMES = "Arvo, Belinda and Corvin"
"""At a low temperature even a model that knows nothing likes some tokens better than others."""


@pytest.fixture(scope="module")
def task(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Task:
    """Prompts of different lengths, to a policy whose weights are large enough for it to have a will."""
    asked = [Conversation(f"c{n}", (Message("user", f"Who meets {NAMES} " * n + "?"),)) for n in range(1, 6)]
    config = Ppo(max_tokens=5, temperature=TEMPERATURE, probe_prompts=0, rollout=8)
    made = make(base, rewarding(base, tmp_path_factory.mktemp("reward")), asked, (), 5, config)
    with torch.no_grad():
        for weight in made.team.policy.model.parameters():
            weight *= 4.0
    return made


def scores(task: Task, ids: list[int]) -> torch.Tensor:
    """The plain model's scores of what follows each token of a single text."""
    with torch.no_grad():
        found: torch.Tensor = task.team.policy.model(torch.tensor([ids])).logits[0]
    return found


def test_the_likeliest_reply_is_the_likeliest_by_one_pass_without_padding(task: Task) -> None:
    replies = likeliest(task.team, task.given.prompts, task.config)
    assert len({len(one.prompt.ids) for one in replies}) == len(replies) == 5
    for one in replies:
        follows = scores(task, [*one.prompt.ids, *one.ids]).argmax(-1).tolist()
        assert follows[len(one.prompt.ids) - 1 : -1] == one.ids


def test_tokens_are_drawn_as_often_as_they_are_likely_at_the_temperature(task: Task) -> None:
    prompt, config = task.given.prompts[0], Ppo(max_tokens=1, temperature=TEMPERATURE)
    drawn = Counter(one.ids[0] for one in sample(task.team, [prompt] * DRAWS, range(DRAWS), 3, config))
    wanted = (scores(task, prompt.ids)[-1] / TEMPERATURE).softmax(-1)
    top = wanted.argsort(descending=True)
    for some in (top[:1], top[1:4], top[4:16], top[16:64], top[64:]):
        share = float(wanted[some].sum())
        seen = sum(drawn[token] for token in some.tolist())
        assert abs(seen - DRAWS * share) <= 4.5 * (DRAWS * share * (1 - share)) ** 0.5 + 1
    assert 0.02 < float(wanted[top[0]]) < 0.98, "a policy that hardly chooses would prove nothing"


def test_a_draw_depends_on_seed_number_and_prompt_alone(task: Task) -> None:
    prompts = task.given.prompts
    together = sample(task.team, prompts, range(5), 3, task.config)
    alone = [sample(task.team, [one], [number], 3, task.config)[0] for number, one in enumerate(prompts)]
    assert together == alone
    assert sample(task.team, prompts, range(5, 10), 3, task.config) != together
    assert sample(task.team, prompts, range(5), 4, task.config) != together


def test_a_reply_holds_the_token_that_ends_it(task: Task) -> None:
    loaded, prompt = task.team.policy, task.given.prompts[0]
    end = loaded.tokenizer.eos_token_id
    before = loaded.model.generation_config
    (free,) = write(loaded, [Wish(prompt.ids, 4)])
    assert free.finish == "length" and len(free.ids) == free.tokens == 4 and end not in free.ids
    loaded.model.generation_config = type(before)(eos_token_id=[free.ids[2]], pad_token_id=0)
    (cut,) = write(loaded, [Wish(prompt.ids, 4)])
    loaded.model.generation_config = before
    first = free.ids.index(free.ids[2])
    assert cut.finish == "stop" and cut.ids == free.ids[: first + 1] and cut.tokens == first


def test_scores_that_differ_by_rounding_alone_are_not_blown_up() -> None:
    assert Scale.seen([1.0, 3.0], 0.5) == Scale(2.0, 1.0, 0.5)
    for same in ([7.0, 7.0], [7.0, 7.0 + 1e-6], [-0.1, -0.1 + 1e-8]):
        assert Scale.seen(same, 0.5).deviation == 1.0
    assert Scale.seen([-0.1, -0.1 + 1e-5], 0.5).deviation == pytest.approx(5e-6)


def test_the_score_stands_at_the_end_and_the_divergence_at_every_token(task: Task) -> None:
    replies = sample(task.team, task.given.prompts, range(5), 3, task.config)
    scale = Scale(mean=1.0, deviation=2.0, bound=1.5)
    points = earned(replies, [1.0, 3.0, 9.0, -9.0, 2.0], lambda asked: [0.25] * len(asked), scale, 1.0)
    cut = [0.0 if one.ended else 1.0 for one in replies]
    assert points.totals == pytest.approx([t - c for t, c in zip((0.25, 1.25, 1.75, -1.25, 0.75), cut, strict=True)])
    found = look_back(task.team, replies, points, 0.5, Ppo(gamma=1.0, lam=1.0, max_tokens=5))
    kl = torch.where(found.mask, found.log_ratio, 0.0)
    assert torch.allclose(found.returns[:, 0], torch.tensor(points.totals) - 0.5 * kl.sum(1), atol=1e-4)
    assert found.divergence == pytest.approx(float(kl.sum(1).mean()), abs=1e-5) and found.divergence > 0
    assert float(found.advantages[found.mask].mean()) == pytest.approx(0.0, abs=1e-5)


def test_the_rate_rises_and_then_stays_or_falls_to_nothing() -> None:
    config = Ppo(samples=40, rollout=8, chunk=4, epochs=2, warmup=0.2)
    steady, falling = Pace(config), Pace(msgspec.structs.replace(config, schedule="linear"))
    assert [steady.share(update) for update in (0, 1, 3, 4, 19)] == [0.25, 0.5, 1.0, 1.0, 1.0]
    assert [falling.share(update) for update in (0, 3, 4, 12, 19)] == [0.25, 1.0, 1.0, 0.5, 1 / 16]
