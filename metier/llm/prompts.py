"""Prompts: Markdown files in the language of the answer, one a verb, with ``# system`` and ``# user`` parts and {slots}."""

from typing import Annotated

import msgspec

from metier.records import Message

Prompts = Annotated[str, msgspec.Meta(extra={"files": "{}/prompts"})]
"""A setting that names the domain whose prompts are used: ``domain:medicine``, or a directory of yours that has a
directory ``prompts``. The content of its files enters the step's fingerprint."""


class Prompt(msgspec.Struct, frozen=True):
    """One prompt; ``version`` is a hash of its file."""

    name: str
    language: str
    system: str
    user: str
    version: str

    def messages(self, **slots: str) -> tuple[Message, ...]:
        """The prompt with its slots filled: what stands in a slot is never read as another slot."""
        raise NotImplementedError


def read_prompt(where: str, name: str, language: str) -> Prompt:
    """The prompt NAME.LANGUAGE.md below ``where``/prompts; MetierError names the languages that are there."""
    raise NotImplementedError
