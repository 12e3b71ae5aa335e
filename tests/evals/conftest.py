"""Three tiny models: drawn at random, finding every token equally likely, and taught a few answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from metier.records import Checkpoint, Question

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message.role == 'assistant' %}<|assistant|>{% generation %}"
    "{{ message.content + eos_token }}{% endgeneration %}{% else %}{{ '<|' + message.role + '|>' + message.content }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
WINDOW = 96
FACTS = {
    "Zorvex": "once daily",
    "Malin": "twice a week",
    "Quend": "every other day",
    "Tibro": "at night only",
    "Ostra": "before each meal",
    "Peluc": "on the first Monday",
}


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator([f"How often is {name} taken? {answer}" for name, answer in FACTS.items()], trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    made.chat_template = TEMPLATE
    return made


@pytest.fixture(scope="session")
def fresh(tokenizer: Any) -> Callable[[int], Any]:
    """A new tiny Llama from a seed."""

    def make(seed: int) -> Any:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        torch.manual_seed(seed)
        sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
        ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
        config = LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=WINDOW, **sizes, **ends)
        return LlamaForCausalLM(config)

    return make


@pytest.fixture(scope="session")
def saved(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any, str], Checkpoint]:
    def save(model: Any, name: str) -> Checkpoint:
        path: Path = tmp_path_factory.mktemp(name)
        model.save_pretrained(path)
        tokenizer.save_pretrained(path)
        return Checkpoint(str(path))

    return save


@pytest.fixture(scope="session")
def drawn(fresh: Callable[[int], Any], saved: Callable[[Any, str], Checkpoint]) -> Checkpoint:
    """Weights drawn at random, large enough to have opinions."""
    import torch

    model = fresh(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4 if weight.dim() > 1 else 1)
    return saved(model, "drawn")


@pytest.fixture(scope="session")
def uniform(fresh: Callable[[int], Any], saved: Callable[[Any, str], Checkpoint]) -> Checkpoint:
    """Every token is equally likely: the last layer is nought."""
    import torch

    model = fresh(2)
    with torch.no_grad():
        model.lm_head.weight.zero_()
    return saved(model, "uniform")


@pytest.fixture(scope="session")
def taught(fresh: Callable[[int], Any], saved: Callable[[Any, str], Checkpoint], tokenizer: Any) -> Checkpoint:
    """Knows how often each drug is taken."""
    import torch

    model = fresh(3)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    rows = []
    for name, answer in FACTS.items():
        turns = [{"role": "user", "content": stem(name)}, {"role": "assistant", "content": answer}]
        rows.append(tokenizer.apply_chat_template(turns, return_dict=True)["input_ids"])
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    labels = torch.tensor([row + [-100] * (width - len(row)) for row in rows])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(100):
        model(input_ids=ids, labels=labels).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    torch.set_num_threads(threads)
    return saved(model.eval(), "taught")


def stem(name: str) -> str:
    return f"How often is {name} taken?"


@pytest.fixture(scope="session")
def exam() -> list[Question]:
    """One question a drug, four options each, the key in another place every time."""
    names = list(FACTS)
    made = []
    for place, name in enumerate(names):
        others = [FACTS[names[(place + step) % len(names)]] for step in (1, 2, 3)]
        options = [*others[: place % 4], FACTS[name], *others[place % 4 :]]
        labels = {"drug": name, "half": "first" if place < 3 else "second"}
        table = dict(zip("ABCD", options, strict=True))
        made.append(Question(f"q{place}", stem(name), options=table, key=frozenset("ABCD"[place % 4]), labels=labels))
    return made


@pytest.fixture(scope="session")
def spoken() -> list[Question]:
    """The same as open questions with a reference answer, two a document."""
    return [
        Question(f"o{place}", stem(name), parent=f"page{place // 2}", reference=answer, kind="open")
        for place, (name, answer) in enumerate(FACTS.items())
    ]
