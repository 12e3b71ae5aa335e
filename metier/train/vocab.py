"""Learn a tokenizer: byte-pair encoding whose every text comes back exactly, with a chat template."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from metier.records import Config, Conversation, Document, MetierError

PAD, BOS, EOS, END = "<|pad|>", "<|bos|>", "<|eos|>", "<|end|>"
SPECIAL = (PAD, BOS, EOS, END, "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>")
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
WORDS = r"\p{N}| ?[\p{L}\p{M}]+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"
"""Pieces that merges never cross: single digits, words and runs of signs with the space before them, other spaces."""

TEMPLATE = """\
{{- bos_token -}}
{%- if tools -%}{{- '<|system|>' + (tools | tojson) + '<|end|>' -}}{%- endif -%}
{%- for message in messages -%}
{%- if message['role'] == 'assistant' -%}
{{- '<|assistant|>' -}}
{%- generation -%}
{{- message['content'] -}}
{%- for call in message['tool_calls'] or [] -%}{{- '<|tool|>' + (call['function'] | tojson) -}}{%- endfor -%}
{{- '<|end|>' -}}
{%- endgeneration -%}
{%- else -%}
{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}
"""


class Vocab(Config, frozen=True):
    """How large the vocabulary is."""

    size: Annotated[int, msgspec.Meta(ge=512, le=1 << 20)] = 1024
    """Tokens in all: the special ones, the 256 bytes and what is learnt."""
    alphabet: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    """Largest share of the learnt tokens that single characters may take; rarer characters are spelt in bytes."""


def vocab(config: Vocab, out: Path, docs: Iterable[Document] = (), conversations: Iterable[Conversation] = ()) -> None:
    """Learn a byte-pair vocabulary from texts and write a tokenizer directory that transformers can load.

    Digits stand alone, and a character outside the vocabulary becomes its UTF-8 bytes (``<0xNN>``), so none is unknown.
    """
    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(
        tokenizer_object=_learn(_texts(docs, conversations), config),
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        extra_special_tokens=list(SPECIAL[3:]),
        clean_up_tokenization_spaces=False,
        model_max_length=1 << 20,
    )
    fast.chat_template = TEMPLATE
    out.mkdir(parents=True, exist_ok=True)
    fast.save_pretrained(out)


def _texts(docs: Iterable[Document], conversations: Iterable[Conversation]) -> Iterator[str]:
    some = False
    for doc in docs:
        some = some or bool(doc.text.strip())
        yield doc.text
    for conversation in conversations:
        for message in conversation.messages:
            some = some or bool(message.content.strip())
            yield message.content
    if not some:
        raise MetierError("train.vocab: no text to learn a vocabulary from; feed it documents or conversations")


def _learn(texts: Iterator[str], config: Vocab) -> Any:
    import json

    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    room = config.size - len(SPECIAL) - len(BYTES)
    signs = [chr(code) for code in (10, *range(32, 127))]
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Split(Regex(WORDS), behavior="isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=room,
        initial_alphabet=signs,
        limit_alphabet=max(len(signs), int(room * config.alphabet)),
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    model = json.loads(learner.to_str())["model"]
    learnt = sorted(model["vocab"], key=model["vocab"].__getitem__)
    tokens = {token: number for number, token in enumerate([*SPECIAL, *BYTES, *learnt])}
    merges = [tuple(pair) for pair in model["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab=tokens, merges=merges, byte_fallback=True))
    tokenizer.pre_tokenizer = learner.pre_tokenizer
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return tokenizer
