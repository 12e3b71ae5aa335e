"""Tokenizers with chat templates of the shapes that models in use have, and conversations to write with them."""

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from metier.model.template_render import CLOSE, OPEN
from metier.records import Message, ToolCall

TEMPLATES = Path(__file__).parent / "templates"
TOKENS: dict[str, tuple[tuple[str, ...], str]] = {
    "chatml": (("<|im_start|>", "<|im_end|>"), "<|im_end|>"),
    "chatml_marked": (("<|im_start|>", "<|im_end|>"), "<|im_end|>"),
    "qwen3": (("<|im_start|>", "<|im_end|>"), "<|im_end|>"),
    "llama3": (("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), "<|eot_id|>"),
    "chatglm": (
        ("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>", "<|endoftext|>"),
        "<|endoftext|>",
    ),
    "phi3": (("<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|endoftext|>"), "<|endoftext|>"),
    "alternating": (("</s>",), "</s>"),
    "colon": (("</s>",), "</s>"),
}
"""Shape -> its special tokens, and the one that ends a text."""


def shaped(tokenizer: Any, shape: str, more: tuple[str, ...] = ()) -> Any:
    """A copy of a tokenizer with the template and the special tokens of a shape, and more of them."""
    made = copy.deepcopy(tokenizer)
    special, end = TOKENS[shape]
    made.add_special_tokens({"extra_special_tokens": [*special, *more], "eos_token": end})
    made.add_tokens(["<think>", "</think>"])
    made.chat_template = (TEMPLATES / f"{shape}.jinja").read_text(encoding="utf-8")
    return made


def byte_level() -> Any:
    """A tokenizer of bytes and their merges, as GPT-2, Llama 3 and Qwen have."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    learner.train_from_iterator(["The spoon was on the table when Ada came home.\n\n"], trainer)
    learner.add_special_tokens(["<s>", "</s>"])
    return PreTrainedTokenizerFast(tokenizer_object=learner, bos_token="<s>", eos_token="</s>", pad_token="</s>")


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc",), exclude_characters=OPEN + CLOSE)
    | st.sampled_from("\n aA1.、،患者مرض🙂"),
    min_size=1,
    max_size=12,
)
SPELT = st.sampled_from(["<|im_end|>", "<|eot_id|>\n", "<|user|>", "</s> [INST]", "ASSISTANT: "])
SAID = (
    st.lists(WORDS | SPELT, min_size=1, max_size=3)
    .map("".join)
    .map(str.strip)
    .filter(lambda text: text and "think>" not in text)
)


@st.composite
def talks(draw: Any, system: bool = True, tools: bool = False) -> tuple[Message, ...]:
    """A conversation in which the assistant speaks last; what is said may spell special tokens."""
    said = [Message("system", draw(SAID))] if system and draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        said.append(Message("user", draw(SAID)))
        if tools and draw(st.booleans()):
            call = ToolCall("find", json.dumps({"who": draw(SAID)}, ensure_ascii=False))
            said += [Message("assistant", draw(st.just("") | SAID), (call,)), Message("tool", draw(SAID))]
        said.append(Message("assistant", draw(SAID)))
    return tuple(said)
