"""Make a fresh model: a small Llama with random weights and a given tokenizer."""

from pathlib import Path
from typing import Annotated

import msgspec

from metier.records import Config
from metier.train.vocab import END

Count = Annotated[int, msgspec.Meta(ge=1)]


class Init(Config, frozen=True):
    """The shape of the model."""

    hidden: Count = 128
    """Width of the model."""
    layers: Count = 4
    """Number of layers."""
    heads: Count = 4
    """Attention heads in a layer; they share the width."""
    kv_heads: Count | None = None
    """Heads of keys and values; as many as heads where not given."""
    intermediate: Count = 352
    """Width of the feed-forward part."""
    positions: Count = 1024
    """Longest sequence in tokens."""
    tied: bool = True
    """Whether input and output embeddings are one."""

    def __post_init__(self) -> None:
        if self.hidden % (2 * self.heads):
            raise ValueError(f"hidden {self.hidden} is not an even number times heads {self.heads}")
        if self.kv_heads and self.heads % self.kv_heads:
            raise ValueError(f"heads {self.heads} is not a multiple of kv_heads {self.kv_heads}")


def init(tokenizer: Path, seed: int, config: Init, out: Path) -> None:
    """Write a Llama checkpoint with random weights drawn from the seed, together with the tokenizer."""
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    from metier.model.load import load_tokenizer, quiet

    words = load_tokenizer(str(tokenizer))
    shape = LlamaConfig(
        vocab_size=len(words),
        hidden_size=config.hidden,
        intermediate_size=config.intermediate,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads or config.heads,
        max_position_embeddings=config.positions,
        tie_word_embeddings=config.tied,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    end = words.get_vocab().get(END)
    stops = [words.eos_token_id] if end is None else [end, words.eos_token_id]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(shape).to(torch.float32)
    model.generation_config = GenerationConfig(
        bos_token_id=words.bos_token_id, eos_token_id=stops, pad_token_id=words.pad_token_id
    )
    with quiet():
        model.save_pretrained(out)
        words.save_pretrained(out)
