"""Whether the packages of a training are there, asked before anything is read."""

import importlib.util

from metier.records import MetierError


def check_installed(*packages: str) -> None:
    """MetierError that names the first package that is missing, and the extra that brings it."""
    for package in packages:
        if not importlib.util.find_spec(package):
            raise MetierError(f"{package} is not installed; install the extra: pip install 'metier[train]'")
