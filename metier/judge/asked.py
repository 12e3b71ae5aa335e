"""A language model as a judge: a prompt file, both ratings read from its reply, one retry, every failure counted."""

from collections.abc import Iterable, Iterator
from typing import Literal

from metier.judge.compare import Rated
from metier.llm.llm import LLM
from metier.records import Comparison

Form = Literal["rating", "preference", "plain"]
"""``rating`` is HuatuoGPT's (Zhang et al. 2023, 3.3: 1 to 10 for both, given history, question and the doctor's reply),
``preference`` AceGPT's (Huang et al. 2023), ``plain`` asks which is better."""


class Asked:
    """A judge that asks a model, with the prompt ``judge-FORM.LANGUAGE.md`` of a domain."""

    def __init__(self, model: LLM, form: Form, prompts: str, language: str) -> None:
        raise NotImplementedError

    def rate(self, comparisons: Iterable[Comparison]) -> Iterator[Rated]:
        """The points of every comparison; a reply that cannot be read is asked for once more, then counted."""
        raise NotImplementedError
