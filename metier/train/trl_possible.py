"""Whether this machine can align what is asked, as far as that is known before anything is encoded."""

import importlib.util

from metier.model.load import check_model, check_writer, load_tokenizer
from metier.model.rewards import check_reward
from metier.records import MetierError
from metier.train import adapter
from metier.train.installed import check_installed
from metier.train.profiles import check_launch
from metier.train.trl_settings import Aligned


def check_policy(base: str, config: Aligned) -> None:
    """MetierError where a package is missing, or the base is no model that writes."""
    check_installed("trl", "datasets")
    check_model(base)
    check_writer(base)
    check_launch(config.launch)
    if config.adapter is not None:
        adapter.check(config.adapter, base)


def check_rewarder(base: str, reward: str) -> None:
    """MetierError where the reward model is none, or cuts texts into other tokens than the policy."""
    check_reward(reward)
    policy, rewarder = load_tokenizer(base), load_tokenizer(reward)
    if policy.get_vocab() != rewarder.get_vocab():
        remedy = "train.reward one from this policy, or from a model of its family"
        raise MetierError(f"the reward model {reward} has another tokenizer than the policy {base}; {remedy}")


def check_vllm(vllm: str | None) -> None:
    """MetierError where vLLM is asked for and is not there."""
    if vllm is not None and not importlib.util.find_spec("vllm"):
        raise MetierError(f"vllm: {vllm} needs vLLM, which is not installed; pip install vllm, or take vllm out")
