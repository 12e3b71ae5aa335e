"""Train only the rows of new tokens: the warm-up of an extended vocabulary, all other weights staying as they are."""

from typing import Any

from metier.records import MetierError

FIRST = "first_new_token"
"""The entry of ``config.json`` that holds the number of the first token that ``train.extend`` added."""


def first_new(model: Any, path: str) -> int:
    """The number of the first token that was added to a model; MetierError where none was."""
    first = getattr(model.config, FIRST, None)
    if not isinstance(first, int):
        raise MetierError(f"parts: new_tokens: {path} has no new tokens; name a base that train.extend has made")
    return first


def new_rows(model: Any, first: int) -> None:
    """Freeze a model in place but for the rows from ``first`` on of its input and output embeddings.

    What a frozen row would be moved by is taken out of the gradient before it is clipped. Weight decay does not go by
    the gradient: it has to be 0 for the old rows to keep their bits. Every device has to hold the whole matrix.
    """
    ends = [end for end in (model.get_input_embeddings(), model.get_output_embeddings()) if end is not None]
    rows = {id(weight): weight for end in ends for weight in end.parameters(recurse=False)}
    for weight in model.parameters():
        weight.requires_grad_(id(weight) in rows)
    for weight in rows.values():
        weight.register_hook(lambda gradient: _from(gradient, first))


def _from(gradient: Any, first: int) -> Any:
    kept = gradient.clone()
    kept[:first] = 0
    return kept
