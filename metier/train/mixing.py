"""How sources are mixed: the settings, resolved for the sources that the data has, and what came of them."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from metier.records import Conversation, Document, MetierError
from metier.text.suggest import did_you_mean
from metier.train.order import Codes, Floats, Law, Numbers, Whole, copies, expected_mix, order, realised_mix
from metier.train.settings import Group, Train, own_priorities


class Mixture(msgspec.Struct, kw_only=True):
    """What was trained when: shares by source for each tenth of the run, as packed and by the closed form."""

    sources: list[str]
    items: dict[str, int]
    tokens: dict[str, int]
    deciles: list[list[float]]
    expected: list[list[float]]
    token_deciles: list[list[float]]
    token_expected: list[list[float]]


@dataclass(frozen=True)
class Mix:
    """How the items of some sources are mixed in a pass; an array holds a number for every source.

    Of ``counts`` items of a source ``pools`` take part in a pass, in ``draws`` copies; ``law`` says whose turn it is.
    """

    sources: list[str]
    counts: Whole
    pools: Whole
    draws: Whole
    law: Law

    def rank(self, codes: Codes, seed: int, epoch: int) -> Codes:
        """The numbers of the items of one pass in the order of training, a pure function of (seed, epoch)."""
        urn = copies(codes, self.pools, self.draws, seed, epoch)
        return urn[order(codes[urn], self.law, seed, epoch)]

    def expect(self, tokens: Numbers | None = None, amount: float | None = None) -> Floats:
        """The closed-form mix of every tenth, of ``amount`` items or one pass; of tokens where a source's are given."""
        share = np.divide(self.draws, self.counts, out=np.zeros(len(self.sources)), where=self.counts > 0)
        return expected_mix((self.counts if tokens is None else tokens) * share, self.law, amount)


def source_of(record: Conversation | Document) -> str:
    """The name that priorities and epochs know a record by: its source, else ``conversation`` or a document's kind."""
    return record.source or ("conversation" if isinstance(record, Conversation) else record.kind)


def left_out(settings: Train) -> Callable[[str], str]:
    """A function of a source: why it takes no part, where the settings name those that do; empty where it does."""
    own, turns = own_priorities(settings.priorities or {}), frozenset(settings.sequential)

    def why(source: str) -> str:
        if settings.priorities is not None and source not in own:
            if source in settings.priorities:
                return f"priorities: {source!r} is a source and the name of a group; give the group another name"
            return f"priorities: the source {source!r} has none, add it or mend a name; {did_you_mean(source, own)}"
        if turns and source not in turns:
            hint = did_you_mean(source, turns)
            return f"sequential: the source {source!r} is not in it, add it or mend a name; {hint}"
        return ""

    return why


def mix(settings: Train, sources: Sequence[str], counts: Iterable[int]) -> Mix:
    """What the settings make of sources with so many items; a source that is named and not there is a MetierError.

    Caps come first, then copies: by ``epochs``, or by temperature as in Raffel et al. 2020 (T5), section 3.5.2.
    """
    if said := next(filter(None, map(left_out(settings), sources)), ""):
        raise MetierError(said)
    there = frozenset(sources)
    copied = settings.epochs if isinstance(settings.epochs, dict) else {}
    for setting, names in (("epochs", copied), ("caps", settings.caps or {}), ("sequential", settings.sequential)):
        for name in names:
            if name not in there:
                raise MetierError(f"{setting}: no item has the source {name!r}; {did_you_mean(name, sources)}")
    all_items = np.array(list(counts), np.int64)
    most = [(settings.caps or {}).get(source, count) for source, count in zip(sources, all_items.tolist(), strict=True)]
    pools = np.minimum(all_items, np.array(most, np.int64))
    if settings.temperature != 1:
        draws = _tempered(pools, settings.temperature)
    else:
        draws = np.array([round(n * copied.get(name, 1.0)) for name, n in zip(sources, pools.tolist(), strict=True)])
    if not draws.sum():
        raise MetierError(f"nothing to train on: epochs {settings.epochs} leaves no item; give larger numbers")
    return Mix(list(sources), all_items, pools, draws.astype(np.int64), _law(settings, sources, draws))


def note(made: Mix, codes: Codes, sizes: Codes, tokens: Numbers) -> Mixture:
    """Realised and expected shares of a run: the source and size of its items as they came; tokens each source has."""
    count = len(made.sources)
    spent = np.bincount(codes, weights=sizes, minlength=count)
    return Mixture(
        sources=made.sources,
        items=_by_source(made.sources, np.bincount(codes, minlength=count)),
        tokens=_by_source(made.sources, spent),
        deciles=realised_mix(codes, count).round(6).tolist(),
        expected=made.expect(amount=len(codes)).round(6).tolist(),
        token_deciles=realised_mix(codes, count, sizes).round(6).tolist(),
        token_expected=made.expect(tokens, float(spent.sum())).round(6).tolist(),
    )


def _tempered(pools: Whole, temperature: float) -> Whole:
    """As many draws as items in all, shared in proportion to n^(1/T), rounded by largest remainder."""
    logs = np.log(np.maximum(pools, 1)) / temperature
    parts = np.where(pools > 0, np.exp(logs - logs.max()), 0.0)
    exact = parts / parts.sum() * pools.sum()
    draws: Whole = np.floor(exact).astype(np.int64)
    left = int(pools.sum() - draws.sum())
    draws[np.argsort(draws - exact, kind="stable")[:left]] += 1
    return draws


def _law(settings: Train, sources: Sequence[str], draws: Whole) -> Law:
    if settings.sequential:
        turns = {source: turn for turn, source in enumerate(settings.sequential)}
        return Law(turns=np.array([turns[source] for source in sources], np.int64))
    if settings.priorities is None:
        return Law()
    weights = own_priorities(settings.priorities)
    amounts = dict(zip(sources, draws.tolist(), strict=True))
    for group in settings.priorities.values():
        if isinstance(group, Group):
            weights |= _shared(group, amounts)
    return Law(weights=np.array([weights[source] for source in sources], np.float64))


def _shared(group: Group, amounts: dict[str, int]) -> dict[str, float]:
    """The weight of an item of each source of a group, so that its average item has the weight of the group."""
    inner = {source: amounts.get(source, 0) for source in group.sources}
    total = math.fsum(number * amount for number, amount in zip(group.sources.values(), inner.values(), strict=True))
    scale = group.weight * sum(inner.values()) / total if total else group.weight
    return {source: number * scale for source, number in group.sources.items()}


def _by_source(sources: Sequence[str], numbers: Numbers) -> dict[str, int]:
    return {source: round(number) for source, number in zip(sources, numbers.tolist(), strict=True)}
