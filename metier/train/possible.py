"""Whether this machine can train what is asked, as far as that is known before anything is encoded."""

import importlib.util
from itertools import chain, islice

import msgspec

from metier.artefact import asset
from metier.model.identity import REMOTE
from metier.records import MetierError
from metier.train import adapter
from metier.train.encode import Given
from metier.train.freeze import FIRST
from metier.train.settings import Train

TRACKERS = {"trackio": ("trackio",), "tensorboard": ("tensorboard", "tensorboardX"), "wandb": ("wandb",)}
"""Tracker -> the packages of which one has to be there."""


def check_possible(settings: Train, base: str) -> None:
    """MetierError where a package or a GPU is missing, or transformers does not take an argument that is passed on."""
    if settings.adapter is not None:
        adapter.check(settings.adapter, base)
    if settings.tracking is not None:
        to = settings.tracking.to
        if not any(importlib.util.find_spec(package) for package in TRACKERS[to]):
            raise MetierError(f"tracking: {to} is not installed; pip install {to}, or take tracking out")
    if settings.liger:
        if not importlib.util.find_spec("liger_kernel"):
            raise MetierError("liger: liger-kernel is not installed; pip install liger-kernel, or take liger out")
        import torch

        if not torch.cuda.is_available():
            raise MetierError("liger: its kernels need a GPU, and there is none; take liger out")
    if settings.parts == "new_tokens" and not base.startswith(REMOTE):
        config = asset(base) / "config.json"
        if not config.is_file() or FIRST not in msgspec.json.decode(config.read_bytes()):
            raise MetierError(f"parts: new_tokens: {base} has no new tokens; name a base that train.extend has made")
    if settings.trainer_args:
        from metier.train.arguments import check_values

        check_values(settings)


def check_validation(settings: Train, given: Given) -> Given:
    """The same records; MetierError where training may stop by those of ``validation`` and there are none."""
    rest = iter(given.validation)
    first = list(islice(rest, 1))
    if settings.stop is not None and not first:
        raise MetierError("stop: there are no records of validation to stop by; feed the step some, or take stop out")
    return given._replace(validation=chain(first, rest))
