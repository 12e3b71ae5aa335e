"""Labels as the page shows them: how many pairs survive both orders, how the judge leans, and whom it agrees with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from metier.artefact import Finished, Manifest
from metier.records import MetierError
from metier.scores import count, percent


class Measured(msgspec.Struct, frozen=True):
    """A number with its n and 95% interval, as notes keep one; ``why`` it tells nothing, where it does not."""

    value: float
    n: int
    low: float
    high: float
    why: str = ""


class Sign(msgspec.Struct, frozen=True):
    """A finding in words, as a step leaves it."""

    name: str
    says: str
    step: int | None = None


class Part(msgspec.Struct, frozen=True):
    """What became of the pairs of one source."""

    source: str
    asked: int
    survivors: int


class Noted(msgspec.Struct, frozen=True):
    """What the page reads of the notes of a step that labels."""

    asked: int
    identical: int
    unparsed: int
    inconsistent: int
    ties: int
    survivors: int
    first_wins: Measured | None
    longer_wins: Measured | None
    sources: tuple[Part, ...] = ()
    before: dict[str, Measured] | None = None
    after: dict[str, Measured] | None = None
    findings: tuple[Sign, ...] = ()


@dataclass(frozen=True)
class Share:
    """A part of the pairs that were asked; ``width`` is in percent of all."""

    name: str
    n: str
    share: str
    width: float


@dataclass(frozen=True)
class Labels:
    """One step that labelled pairs."""

    step: str
    rater: str
    signs: tuple[Sign, ...]
    shares: tuple[Share, ...]
    facts: tuple[tuple[str, str], ...]
    agreement: tuple[tuple[str, str, str], ...]
    """(measure, before the filter, after it)"""


def labels(run: Finished) -> Iterator[Labels]:
    """Every step that labelled pairs by a judge."""
    for name, artefact in run.artefacts.items():
        manifest = artefact.manifest
        if manifest is not None and {"asked", "survivors", "inconsistent"} <= manifest.notes.keys():
            noted = converted(manifest, Noted)
            margin = float(manifest.config.get("margin", 0.0))
            yield Labels(
                name, _rater(manifest), noted.findings, tuple(_shares(noted, margin)), tuple(_facts(noted)),
                tuple(_agreement(noted)),
            )  # fmt: skip


def converted(manifest: Manifest, kind: type[Any]) -> Any:
    """The notes of a step as the page reads them; MetierError where they are not what it reads."""
    try:
        return msgspec.convert(manifest.notes, kind)
    except msgspec.ValidationError as error:
        raise MetierError(
            f"{manifest.step}: its notes are not what the report reads ({error}); run the step again"
        ) from None


def share(one: Measured) -> str:
    """A share with its interval."""
    return f"{100 * one.value:.1f}% [{100 * one.low:.1f}, {100 * one.high:.1f}]"


def shown(one: Measured) -> str:
    """A share with its interval and n."""
    return f"{share(one)}, n {count(one.n)}"


def plain(one: Measured) -> str:
    """A number that is no share, with its interval and n; where it tells nothing, why."""
    told = one.why or f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
    return f"{told}, n {count(one.n)}"


def _rater(manifest: Manifest) -> str:
    model = manifest.models.get("judge", {}).get("name")
    by = str(manifest.config.get("by", "judge"))
    return f"{model}, asked by {manifest.config.get('form', 'rating')}" if model else by


def _shares(noted: Noted, margin: float) -> Iterator[Share]:
    ties = f"ties, or a lead below {margin:g}" if margin else "ties"
    parts = (
        ("survive: both orders agree", noted.survivors), ("the orders disagree", noted.inconsistent),
        (ties, noted.ties), ("could not be read", noted.unparsed),
    )  # fmt: skip
    for name, n in parts:
        yield Share(name, count(n), percent(n, noted.asked), round(100 * n / max(1, noted.asked), 1))


def _facts(noted: Noted) -> Iterator[tuple[str, str]]:
    yield "pairs asked, each in both orders", count(noted.asked)
    if noted.identical:
        yield "pairs of identical replies, not asked", count(noted.identical)
    if noted.first_wins is not None:
        yield "the reply shown first wins (half are due)", shown(noted.first_wins)
    if noted.longer_wins is not None:
        yield "the longer reply wins, of the survivors", shown(noted.longer_wins)
    if len(noted.sources) > 1:
        yield (
            "survivors by source",
            ", ".join(
                f"{one.source or 'without a source'} {percent(one.survivors, one.asked)} of {count(one.asked)}"
                for one in noted.sources
            ),
        )


def _agreement(noted: Noted) -> Iterator[tuple[str, str, str]]:
    """Each measure of agreement with people, before and after the filter."""
    before, after = noted.before or {}, noted.after or {}
    for name in dict.fromkeys([*before, *after]):
        first, second = (plain(some[name]) if name in some else "—" for some in (before, after))
        yield name, first, second
