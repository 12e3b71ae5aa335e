"""Reward models are measured on the same pairs, and what one of them cannot read is told."""

from pathlib import Path

import msgspec
import pytest
import torch

from metier.evals.preferred import Preferred, preferred
from metier.model.load import load_tokenizer
from metier.model.rewards import reward_weights
from metier.records import Checkpoint, Dropped, Message, MetierError, Preference, Score


def pair(name: str, chosen: str, rejected: str, source: str = "talk") -> Preference:
    return Preference(name, (Message("user", "Who came?"),), chosen, rejected, source=source, language="en", parent="c")


PAIRS = (
    pair("a", "Ada came, and nobody else did that day.", "Nobody."),
    pair("b", "Ada.", "Some people came, but I do not know who they were.", "mail"),
    pair("c", "Ada came.", "Nobody at all, and I would know it."),
)


def reward_model(place: Path, weight: float) -> Checkpoint:
    """Nano's body under a head of one number, so that without it every reply is worth nothing."""
    model, tokenizer = reward_weights("asset:nano", torch.float32), load_tokenizer("asset:nano")
    torch.nn.init.constant_(model.score.weight, weight)
    model.config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(place)
    tokenizer.save_pretrained(place)
    return Checkpoint(str(place))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Checkpoint, ...]]:
    """One that says nothing, one that says something, one that says the opposite."""
    place = tmp_path_factory.mktemp("rewards")
    return {name: (reward_model(place / name, at),) for name, at in (("mute", 0.0), ("own", 0.1), ("turned", -0.1))}


def scored(found: list[Score | Dropped]) -> dict[tuple[str, ...], Score]:
    return {(one.model, one.metric, *one.by.values()): one for one in found if isinstance(one, Score)}


def test_a_model_that_says_nothing_tells_half_and_opposites_add_up(models: dict[str, tuple[Checkpoint, ...]]) -> None:
    found = scored(list(preferred(PAIRS, models, "pairs", Preferred())))
    assert found["mute", "reward_accuracy"].value == 0.5
    assert found["mute", "reward_brier"].value == pytest.approx(0.25)
    assert found["mute", "reward_calibration"].value == 0
    assert found["own", "reward_accuracy"].value + found["turned", "reward_accuracy"].value == 1
    own, turned = (found[name, "reward_length_correlation"].value for name in ("own", "turned"))
    assert own == pytest.approx(-turned)
    assert {found[name, "chosen_longer"].value for name in models} == {1 / 3}
    assert all(one.low <= one.value <= one.high for one in found.values())


def test_sources_and_seeds_have_cells(models: dict[str, tuple[Checkpoint, ...]]) -> None:
    both = {"twice": (*models["own"], *models["turned"])}
    found = scored(list(preferred(PAIRS, both, "pairs", Preferred(by=("source", "language")))))
    assert found["twice", "reward_accuracy"].value == 0.5
    assert found["twice", "reward_accuracy"].n == 6
    cells = {key[2:] for key in found if key[1] == "reward_accuracy"}
    assert cells == {(), ("talk",), ("mail",), ("en",), ("1",), ("2",)}
    assert found["twice", "reward_accuracy", "mail"].n == 2


def test_what_one_model_cannot_read_no_model_is_measured_on(models: dict[str, tuple[Checkpoint, ...]]) -> None:
    long, same = pair("long", "Ada. " * 600, "Nobody."), pair("same", "Ada.", "Ada.")
    found = list(preferred([*PAIRS, long, same], models, "pairs", Preferred()))
    lost = [one for one in found if isinstance(one, Dropped)]
    assert [(one.id, one.why) for one in lost] == [
        ("long", "model 'mute': longer than the 512 tokens that it reads"),
        ("same", "chosen equals rejected"),
    ]
    assert scored(found)["own", "reward_accuracy"].n == 3


def test_a_model_that_writes_and_no_pairs_are_errors(models: dict[str, tuple[Checkpoint, ...]]) -> None:
    writer = {"base": (Checkpoint("asset:nano"),)}
    with pytest.raises(MetierError, match="asset:nano: a model that writes, not one that rewards"):
        list(preferred(PAIRS, writer, "pairs", Preferred()))
    with pytest.raises(MetierError, match="pairs: no pair to measure on, first 'same': chosen equals rejected"):
        list(preferred([pair("same", "Ada.", "Ada.")], models, "pairs", Preferred()))


def test_pairs_of_one_prompt_are_no_proof_of_many(models: dict[str, tuple[Checkpoint, ...]]) -> None:
    alike = [
        Preference(f"p{n}", (Message("user", "Who came?"),), f"Ada and {n} others.", f"Not {n}.") for n in range(20)
    ]
    apart = [msgspec.structs.replace(one, prompt=(Message("user", f"Who came {one.id}?"),)) for one in alike]
    own = {"own": models["own"]}
    once, often = (
        scored(list(preferred(some, own, "pairs", Preferred())))["own", "reward_accuracy"] for some in (alike, apart)
    )
    assert (once.n, often.n) == (20, 20)
    assert once.high - once.low > 2 * (often.high - often.low)
