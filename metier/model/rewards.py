"""Reward models: a model of sequences with one output, loaded, and asked what replies are worth."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from metier.model.identity import REMOTE, home
from metier.model.load import Loaded, architectures, check_model, load_tokenizer, load_weights, named, quiet
from metier.model.template import Encoded, Refused, encode_many, turn_ends
from metier.records import Message, MetierError

HEAD = "ForSequenceClassification"
"""How the name of an architecture ends that gives points to a text."""
PASS_TOKENS = 4096
"""Tokens run at a time, padding included; more do not stay in a processor's cache."""
Pair = tuple[Sequence[Message], str]
"""A prompt and a reply to it."""


class Rendered(NamedTuple):
    """A prompt and a reply as tokens: up to where the assistant begins to speak, and from there to its end of turn."""

    prompt: list[int]
    reply: list[int]

    @property
    def ids(self) -> list[int]:
        """Both, as a reward model reads them."""
        return [*self.prompt, *self.reply]


def is_reward(path: str) -> bool:
    """Whether a model's directory holds a reward model, by its config.json; imports no torch.

    A public model that was not fetched yet is not known to be one.
    """
    try:
        return any(name.endswith(HEAD) for name in architectures(str(home(path))))
    except MetierError:
        return False


def check_reward(path: str) -> None:
    """MetierError where a directory holds no model, or one that writes instead; imports no torch."""
    check_model(path)
    if not path.startswith(REMOTE) and not is_reward(path):
        raise MetierError(f"{path}: a model that writes, not one that rewards; name one that train.reward has made")


def load_reward(path: str) -> Loaded:
    """A reward model with its tokenizer; MetierError where the directory holds a model that writes instead."""
    check_reward(path)
    import torch

    on_gpu = torch.cuda.is_available()
    model = _load(path, "auto" if on_gpu else torch.float32)
    return Loaded((model.to("cuda") if on_gpu else model).eval(), load_tokenizer(path), path)


def reward_weights(path: str, dtype: Any) -> Any:
    """A model to train rewards with: a reward model as it is, or a model that writes under a head of zeros.

    With such a head every reply is worth nothing before the first step, and nothing but the data says otherwise.
    """
    if is_reward(path):
        return _load(path, dtype)
    import torch
    from transformers import AutoModelForSequenceClassification

    writer = load_weights(path, dtype)
    config = writer.config
    config.num_labels = 1
    try:
        with quiet(), torch.device("meta"):
            model = AutoModelForSequenceClassification.from_config(config)
        setattr(model, model.base_model_prefix, writer.base_model)
        width = model.score.in_features
    except (ValueError, AttributeError) as error:
        said = str(error).strip().splitlines()[0][:200]
        raise MetierError(f"{path}: transformers has no reward model of this family ({said}); take another") from None
    model.score = torch.nn.Linear(width, 1, bias=False, dtype=writer.dtype, device=writer.device)
    torch.nn.init.zeros_(model.score.weight)
    return model


def pad_number(tokenizer: Any) -> int:
    """The number of a token that no row ends with, as transformers reads a reward before the first one on the right.

    That is the tokenizer's own padding, unless that is also what ends a turn, as where a tokenizer has none.
    """
    ends = {*turn_ends(tokenizer), tokenizer.eos_token_id}
    some = (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.unk_token_id, *range(len(tokenizer)))
    return int(next(one for one in some if one is not None and one not in ends))


def encode_pair(tokenizer: Any, prompt: Sequence[Message], reply: str) -> list[int]:
    """The tokens that a reward model reads: the conversation by the chat template, the reply's end of turn included."""
    found = encode_pairs(tokenizer, [(prompt, reply)])[0]
    if isinstance(found, Refused):
        raise MetierError(found.why)
    return found.ids


def encode_pairs(tokenizer: Any, pairs: Sequence[Pair]) -> list[Rendered | Refused]:
    """The same for many in one call; what the template cannot write is Refused with the reason.

    What a template writes behind the end of the last turn, as a new line, is left out: a policy does not write it.
    """
    talks = [(*prompt, Message("assistant", reply)) for prompt, reply in pairs]
    return [one if isinstance(one, Refused) else _rendered(one) for one in encode_many(tokenizer, talks)]


def _rendered(one: Encoded) -> Rendered | Refused:
    if 1 not in one.mask:
        return Refused("the template writes no reply of an assistant")
    end = len(one.mask) - one.mask[::-1].index(1)
    begin = next((at + 1 for at in range(end - 1, -1, -1) if not one.mask[at]), 0)
    return Rendered(one.ids[:begin], one.ids[begin:end])


def rewards(loaded: Loaded, rows: Sequence[list[int]]) -> list[float]:
    """The reward of every row of tokens, read at its last; padding changes nothing.

    Equal to one pass a row but for rounding. MetierError where a row is empty or longer than the model reads.
    """
    import torch

    most = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    for row in rows:
        if not row or (most and len(row) > most):
            raise MetierError(f"{loaded.path}: rewards 1 to {most or 'any number of'} tokens, and a row has {len(row)}")
    found = [0.0] * len(rows)
    with torch.inference_mode():
        for some in _batches([len(row) for row in rows]):
            width = max(len(rows[number]) for number in some)
            ids = torch.tensor([rows[number] + [0] * (width - len(rows[number])) for number in some])
            mask = torch.tensor([[1] * len(rows[number]) + [0] * (width - len(rows[number])) for number in some])
            given = points(loaded.model, ids.to(loaded.device), mask.to(loaded.device))
            last = torch.tensor([len(rows[number]) - 1 for number in some], device=given.device)
            for number, value in zip(some, given[torch.arange(len(some)), last].double().tolist(), strict=True):
                found[number] = value
    return found


def points(model: Any, ids: Any, mask: Any) -> Any:
    """What a reward model's head says at every token, in float32 (rows x tokens); rows are padded on the right."""
    hidden = model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    return model.score(hidden).squeeze(-1).float()


def _load(path: str, dtype: Any) -> Any:
    """The weights of a reward model, every one of them read and none made up."""
    from transformers import AutoModelForSequenceClassification

    with quiet():
        try:
            model, seen = AutoModelForSequenceClassification.from_pretrained(
                **named(path), dtype=dtype, output_loading_info=True
            )
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            said = str(error).strip().splitlines()[0][:200]
            raise MetierError(f"{path}: cannot be loaded as a reward model ({said})") from None
    if missing := sorted(seen.get("missing_keys", ())):
        raise MetierError(f"{path}: not a reward model, its weights lack {missing[0]}; name one that rewards")
    if model.config.num_labels != 1 or not hasattr(model, "score"):
        outputs = f"{model.config.num_labels} outputs" if model.config.num_labels != 1 else "no head `score`"
        raise MetierError(f"{path}: a reward model has one output at its last token, and this has {outputs}")
    return model


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of rows of like length, long ones first, so that a batch has little padding."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > PASS_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch
