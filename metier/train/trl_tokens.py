"""How tokens reach TRL: its trainers read texts, so a text that they are given spells the numbers of its tokens.

What is trained is then what our own rendering has written (``metier.model.template``), token by token, with special
tokens spelt out in a text left as plain characters, whatever TRL itself would make of a chat template.
"""

from collections.abc import Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase


def spell(ids: Sequence[int]) -> str:
    """Tokens as a text that ``read`` reads; two such texts are joined by writing one behind the other."""
    return "".join(f"{number} " for number in ids)


def read(text: str) -> list[int]:
    """The tokens that a text spells."""
    return [int(number) for number in text.split()]


class Numbers(PreTrainedTokenizerBase):  # type: ignore[misc]
    """A tokenizer that reads spelt numbers and is otherwise the one given.

    TRL writes the token of an end behind a reply whose text it does not see end so; it is not read.
    """

    def __init__(self, own: Any) -> None:
        self.own = own
        special = {name: getattr(own, name) for name in ("bos_token", "eos_token", "pad_token")}
        super().__init__(**{name: token for name, token in special.items() if token is not None})

    def __call__(self, text: str | list[str], **_: Any) -> dict[str, Any]:
        """The tokens that a text spells, or each of several."""
        if isinstance(text, str):
            return {"input_ids": read(text.removesuffix(str(self.eos_token)))}
        return {"input_ids": [read(one.removesuffix(str(self.eos_token))) for one in text]}

    def __len__(self) -> int:
        return len(self.own)

    def __repr__(self) -> str:
        return f"Numbers({self.own!r})"

    def get_vocab(self) -> Any:
        """Every token with its number."""
        return self.own.get_vocab()

    def convert_tokens_to_ids(self, tokens: Any) -> Any:
        """The number of a token, or of each of several."""
        return self.own.convert_tokens_to_ids(tokens)

    def batch_decode(self, *args: Any, **kwargs: Any) -> Any:
        """What each of several rows of tokens says."""
        return self.own.batch_decode(*args, **kwargs)

    def save_pretrained(self, *args: Any, **kwargs: Any) -> Any:
        """Write the tokenizer that it stands for."""
        return self.own.save_pretrained(*args, **kwargs)
