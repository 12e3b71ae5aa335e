"""Mix conversations of several sources in chosen numbers, shares and languages."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import xxhash

from metier.artefact import write_json
from metier.records import Config, Conversation, Dropped, MetierError
from metier.text.suggest import did_you_mean

Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
REPEATS, BEYOND_SOURCE, BEYOND_LANGUAGE = (
    "repeats another conversation", "beyond the share of its source", "beyond the share of its language",
)  # fmt: skip


class Blend(Config, frozen=True):
    """How much of each source and language, and what the sources are called from here on."""

    unique: bool = False
    """Keep one of the conversations whose turns are the same, whatever their sources: the first."""
    take: dict[str, Annotated[int, msgspec.Meta(ge=0)]] = msgspec.field(default_factory=dict)
    """Source to how many of its conversations at most; a source that is not named is taken whole."""
    temperature: Annotated[float, msgspec.Meta(ge=1)] = 1.0
    """Even out the sources that `shares` does not name: of one with n conversations there are in proportion n to the
    power of 1/temperature. 1 leaves them as they are, a large one makes them equal; the smallest stays whole."""
    shares: dict[str, Share] = msgspec.field(default_factory=dict)
    """Source to its share of the whole, as in {general: 0.2} against forgetting: the largest whole in which every named
    source has its share and the others the rest, in the proportion they have."""
    languages: dict[str, Share] = msgspec.field(default_factory=dict)
    """Language to its share of the whole, in the same way; of shares and languages name one."""
    rename: dict[str, str] = msgspec.field(default_factory=dict)
    """Source to its new name, which the trainer's priorities go by."""

    def __post_init__(self) -> None:
        if self.shares and self.languages:
            raise ValueError("shares and languages: name one of the two; blend twice for both")
        for name, some in (("shares", self.shares), ("languages", self.languages)):
            if sum(some.values()) > 1 + 1e-9:
                raise ValueError(f"{name}: add up to {sum(some.values()):g}, which is more than the whole")
        if both := next((name for name in self.take if name in self.shares), ""):
            raise ValueError(f"take and shares: both name {both!r}; name it in one")


def blend(
    conversations: Iterable[Conversation], seed: int, config: Blend, out: Path
) -> Iterator[Conversation | Dropped]:
    """Keep of each source and language what its number and share allow; nothing is repeated and the order stays.

    First repeats go, then what is beyond ``take``, ``temperature``, and ``shares`` or ``languages``. Who stays is drawn
    by a seeded hash of the ids, so that more of a source keeps those that fewer had. The mixture, by source and
    language, stands in the notes.
    """
    given = list(conversations)
    _check(given, config)
    out_of: dict[int, tuple[str, str]] = _repeats(given) if config.unique else {}

    def left(by: Callable[[Conversation], str]) -> dict[str, list[int]]:
        groups: dict[str, list[int]] = defaultdict(list)
        for number, conversation in enumerate(given):
            if number not in out_of:
                groups[by(conversation)].append(number)
        return groups

    def cut(by: Callable[[Conversation], str], most: Mapping[str, int], why: str) -> None:
        for name, numbers in left(by).items():
            if name in most:
                out_of.update(dict.fromkeys(_beyond(given, seed, numbers, most[name]), (why, name)))

    cut(_source, config.take, BEYOND_SOURCE)
    loose = {name: len(some) for name, some in left(_source).items() if name not in config.shares}
    cut(_source, _even(loose, config.temperature), BEYOND_SOURCE)
    if config.shares:
        cut(_source, _shared({name: len(some) for name, some in left(_source).items()}, config.shares), BEYOND_SOURCE)
    if config.languages:
        sizes = {name: len(some) for name, some in left(_language).items()}
        cut(_language, _shared(sizes, config.languages), BEYOND_LANGUAGE)
    kept = Counter((one.source, one.language) for number, one in enumerate(given) if number not in out_of)
    write_json(out / "notes.json", _table(given, kept, config))
    for number, conversation in enumerate(given):
        if number in out_of:
            yield Dropped(conversation.id, *out_of[number])
        elif conversation.source in config.rename:
            yield msgspec.structs.replace(conversation, source=config.rename[conversation.source])
        else:
            yield conversation


def _source(conversation: Conversation) -> str:
    return conversation.source


def _language(conversation: Conversation) -> str:
    return conversation.language


def _check(given: list[Conversation], config: Blend) -> None:
    """MetierError where the settings name a source or language that no conversation has."""
    sources, languages = {one.source for one in given}, {one.language for one in given}
    for setting, names, known, what in (
        ("take", config.take, sources, "source"), ("shares", config.shares, sources, "source"),
        ("rename", config.rename, sources, "source"), ("languages", config.languages, languages, "language"),
    ):  # fmt: skip
        for name in names:
            if name not in known:
                raise MetierError(f"{setting}: no conversation has the {what} {name!r}; {did_you_mean(name, known)}")


def _repeats(given: list[Conversation]) -> dict[int, tuple[str, str]]:
    """The conversations whose turns an earlier one has, each with the id of that one."""
    first: dict[bytes, int] = {}
    encode = msgspec.json.Encoder().encode
    found = {}
    for number, conversation in enumerate(given):
        key = xxhash.xxh3_128_digest(encode(conversation.messages))
        before = first.setdefault(key, number)
        if before != number:
            found[number] = (REPEATS, given[before].id)
    return found


def _beyond(given: list[Conversation], seed: int, numbers: list[int], most: int) -> list[int]:
    """The positions that the draw of ``most`` among some leaves out."""
    drawn = sorted((xxhash.xxh64_intdigest(f"{seed}:{given[number].id}".encode()), number) for number in numbers)
    return [number for _, number in drawn[most:]]


def _even(sizes: Mapping[str, int], temperature: float) -> dict[str, int]:
    """How many of each source, in proportion to their sizes to the power of 1/temperature, the smallest whole."""
    if temperature == 1 or not sizes:
        return {}
    weights = {name: size ** (1 / temperature) for name, size in sizes.items()}
    scale = min(sizes[name] / weight for name, weight in weights.items())
    return {name: min(sizes[name], max(1, round(weight * scale))) for name, weight in weights.items()}


def _shared(sizes: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, int]:
    """How many of each group, so that the named ones have their shares of the largest whole that there is for it."""
    named = sum(shares.values())
    others = {name: size for name, size in sizes.items() if name not in shares}
    rest = sum(others.values())
    wholes = [sizes.get(name, 0) / share for name, share in shares.items()]
    whole = min([*wholes, rest / (1 - named)] if named < 1 - 1e-9 else wholes)
    if rest and named >= 1 - 1e-9:
        raise MetierError(f"the shares take the whole and leave nothing for {min(others)!r}; name it, or give it room")
    if sizes and not whole:
        none = next((name for name in shares if not sizes.get(name)), "")
        what = f"nothing is left of {none!r}" if none else "nothing is left for the rest"
        raise MetierError(f"{what}, so that no whole has the shares; name shares of what there is, up to 1 together")
    counts = {name: math.floor(whole * share + 1e-9) for name, share in shares.items()}
    left = min(rest, round(whole * (1 - named)))
    exact = {name: left * size / rest for name, size in others.items()}
    floors = {name: math.floor(value) for name, value in exact.items()}
    spare = left - sum(floors.values())
    for name in sorted(exact, key=lambda one: (floors[one] - exact[one], one))[:spare]:
        floors[name] += 1
    return counts | floors


def _table(given: list[Conversation], kept: Counter[tuple[str, str]], config: Blend) -> dict[str, object]:
    """The mixture: of each source and language how many were given and kept, and their share of the whole."""
    before = Counter((one.source, one.language) for one in given)
    whole = kept.total()
    rows = [
        {
            "source": config.rename.get(source, source), "from": source, "language": language, "given": count,
            "kept": kept[source, language], "share": round(kept[source, language] / max(whole, 1), 4),
        }
        for (source, language), count in sorted(before.items())
    ]  # fmt: skip
    by_source: Counter[str] = Counter()
    for (source, _), count in kept.items():
        by_source[config.rename.get(source, source)] += count
    line = ", ".join(f"{name} {count / max(whole, 1):.1%}" for name, count in by_source.most_common())
    return {"given": len(given), "kept": whole, "shares": line, "mixture": rows}
