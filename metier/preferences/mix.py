"""Mix preferences of several sources in stated numbers, as localised with general ones."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from metier.artefact import write_json
from metier.records import Config, Dropped, MetierError, Preference
from metier.text.held import position
from metier.text.suggest import did_you_mean

REPEATS, CONFLICTS, EQUAL, BEYOND, UNNAMED = (
    "repeats another preference", "contradicts another preference", "chosen equals rejected",
    "beyond the number of its source", "source not taken",
)  # fmt: skip


class Mix(Config, frozen=True):
    """How many of each source."""

    take: dict[str, Annotated[int, msgspec.Meta(ge=0)]] = msgspec.field(default_factory=dict)
    """Source to how many of its preferences, as in {localised: 12000, general: 12000}; of none that is not named where
    any is. Empty: all of all."""
    at_most: bool = False
    """Whether a source may have fewer than are asked for; otherwise that is an error."""
    rename: dict[str, str] = msgspec.field(default_factory=dict)
    """Source to its new name."""


def mix(preferences: Iterable[Preference], seed: int, config: Mix, out: Path) -> Iterator[Preference | Dropped]:
    """Take so many preferences of every source, drawn by a seeded hash of their ids; the order stays.

    One that says what another says is dropped as a repeat of it. Two that choose the opposite of each other, of the
    same replies to the same prompt, are both dropped: nobody can say which is right. MetierError where a source is
    unknown, or where it has fewer than are asked for.
    """
    given = list(preferences)
    _known(given, config)
    lost = _clean(given)
    groups: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(given):
        if number not in lost:
            groups[one.source].append(number)
    if config.take:
        _enough(groups, config)
        for source, numbers in groups.items():
            most = config.take.get(source)
            order = sorted(numbers, key=lambda number: position(given[number].id, str(seed)))
            why = UNNAMED if most is None else BEYOND
            lost.update(dict.fromkeys(order[most or 0 :], (why, source)))
    kept = [one for number, one in enumerate(given) if number not in lost]
    write_json(out / "notes.json", _table(given, kept, config))
    for number, one in enumerate(given):
        if number in lost:
            yield Dropped(one.id, *lost[number])
        else:
            yield msgspec.structs.replace(one, source=config.rename.get(one.source, one.source))


def _known(given: Sequence[Preference], config: Mix) -> None:
    """MetierError where the settings name a source that no preference has."""
    sources = {one.source for one in given}
    for setting, names in (("take", config.take), ("rename", config.rename)):
        for name in names:
            if name not in sources:
                raise MetierError(f"{setting}: no preference has the source {name!r}; {did_you_mean(name, sources)}")


def _clean(given: Sequence[Preference]) -> dict[int, tuple[str, str]]:
    """What must not be trained on, by its place: why, and the id of the other preference that it concerns."""
    lost: dict[int, tuple[str, str]] = {}
    pairs: dict[tuple[object, frozenset[str]], list[int]] = defaultdict(list)
    for number, one in enumerate(given):
        said = frozenset((one.chosen.strip(), one.rejected.strip()))
        if len(said) == 1:
            lost[number] = (EQUAL, "")
        else:
            pairs[one.prompt, said].append(number)
    for numbers in pairs.values():
        first, *others = numbers
        opposite = [n for n in others if given[n].chosen.strip() != given[first].chosen.strip()]
        if opposite:
            lost[first] = (CONFLICTS, given[opposite[0]].id)
            lost.update({n: (CONFLICTS, given[first if n in opposite else opposite[0]].id) for n in others})
        else:
            lost.update(dict.fromkeys(others, (REPEATS, given[first].id)))
    return lost


def _enough(groups: Mapping[str, Sequence[int]], config: Mix) -> None:
    """MetierError where a source has fewer preferences than are asked for, after repeats and contradictions."""
    for source, most in config.take.items():
        there = len(groups.get(source, ()))
        if there < most and not config.at_most:
            raise MetierError(
                f"take: {source!r} has {there:,} preferences, not {most:,}; label more, take {there:,}, or set "
                "at_most: true"
            )


def _table(given: Sequence[Preference], kept: Sequence[Preference], config: Mix) -> dict[str, object]:
    """Of each source how many were given and kept, and how many prompts it shares with other sources."""
    prompts: dict[object, set[str]] = defaultdict(set)
    for one in kept:
        prompts[one.prompt].add(one.source)
    rows = [
        {
            "source": config.rename.get(source, source), "from": source,
            "given": sum(one.source == source for one in given), "kept": sum(one.source == source for one in kept),
            "prompts": sum(source in some for some in prompts.values()),
            "prompts shared": sum(source in some and len(some) > 1 for some in prompts.values()),
        }
        for source in sorted({one.source for one in given})
    ]  # fmt: skip
    return {"given": len(given), "kept": len(kept), "mixture": rows}
