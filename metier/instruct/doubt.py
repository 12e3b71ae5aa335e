"""Flag doctors' replies that contradict a leaflet, a rule or other replies: doctors err too."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from metier.artefact import Artefact
from metier.files import find, lines, texts
from metier.leaflets import DOSE, Claim, Forms, Known, claimed, learn, read_forms, subject
from metier.records import Config, Conversation, Document, Dropped, Entity, Files, Kind, MetierError, Name, Rule
from metier.rules.check import Checker
from metier.rules.table import Table
from metier.text.named import amounts, plain

LEAFLET, RULE, REPLIES = "contradicts a leaflet", "contradicts a rule", "contradicts other replies"
_NONE = Path()


class Doubt(Config, frozen=True):
    """What is compared with what, and what becomes of a reply in doubt."""

    patterns: Files = ()
    """CSV files with the columns fact, and sentence or question (or both): how a fact of a drug is stated, as in
    "{drug} treats {value}.", and asked. Values that leaflets state are known again wherever replies name them."""
    drug: str = "drug"
    """Column of the leaflets that names their drug; without it the sentences that match a pattern name it."""
    kinds: tuple[Kind, ...] = ()
    """Kinds of documents that count as leaflets; by default every document of the step."""
    names: Files = ()
    """Lists of names of drugs, one a line, beside those that leaflets name."""
    least: Annotated[int, msgspec.Meta(ge=2)] = 3
    """How many replies must speak of one fact of a drug, where no leaflet does, before they are compared."""
    share: Annotated[float, msgspec.Meta(gt=0.5, le=1)] = 0.6
    """Which share of those must agree for the others to be in doubt."""
    several: tuple[str, ...] = ()
    """Facts of which a drug may have several values: there, replies are not compared with one another."""
    margin: Annotated[float, msgspec.Meta(ge=1)] = 2.0
    """A dose of no known form is in doubt beyond this many times the largest in the drug's leaflets, or below the
    smallest divided by it."""
    flag: Literal["drop", "list"] = "drop"
    """Drop a conversation in doubt, or keep it; either way it is listed in `doubts.jsonl` for a person to settle."""


class Finding(NamedTuple):
    """One reply in doubt."""

    turn: int
    why: str
    detail: str


def doubt(
    conversations: Iterable[Conversation], config: Doubt, out: Path, leaflets: Path = _NONE
) -> Iterator[Conversation | Dropped]:
    """Compare every reply with the leaflets and rules of the step ``leaflets``, and with other replies.

    What a reply claims is read from sentences of a known form, from known values beside a drug's name (in the reply, or
    in the question that it says yes or no to), from doses, and from what it allows in pregnancy, to children, with
    alcohol and the like. A claim is in doubt where the drug's leaflets say otherwise; where they are silent, where
    ``share`` of at least ``least`` replies agree on another value. A conversation is dropped for the gravest finding.
    """
    given = list(conversations)
    forms = read_forms(config.patterns)
    names = [line.strip() for path in find(config.names) for _, line in lines(texts(path), path) if line.strip()]
    rules: list[Rule] = []
    entities: list[Entity] = []
    docs: list[Document] = []
    if leaflets != _NONE:
        artefact = Artefact(leaflets)
        docs = [doc for doc in artefact.records(Document) if not config.kinds or doc.kind in config.kinds]
        rules, entities = list(artefact.records(Rule)), list(artefact.records(Entity))
        if not docs and not rules:
            raise MetierError(f"leaflets: {leaflets} holds no document of these kinds and no rule; feed another step")
    called = {entity.id: [name.name for name in entity.names] for entity in entities}
    names += [name for rule in rules for member in rule.members for name in called.get(member, [member])]
    known = learn(docs, forms, config.drug, names)
    told = _Rules(rules, entities)
    claims = [list(_turns(conversation, known, forms)) for conversation in given]
    agreed = _agreed((claim for some in claims for _, claim in some), known, config)
    count = 0
    with (out / "doubts.jsonl").open("w", encoding="utf-8") as file:
        for conversation, some in zip(given, claims, strict=True):
            findings = [*_against(some, known, agreed, config), *told.against(conversation)]
            if not findings:
                yield conversation
                continue
            count += 1
            worst = min(findings, key=lambda one: (_GRAVEST.index(one.why), one.turn))
            for one in findings:
                file.write(_line(conversation, one) + "\n")
            yield Dropped(conversation.id, worst.why, worst.detail) if config.flag == "drop" else conversation
    replies = sum(len({turn for turn, _ in some}) for some in claims)
    notes = {"replies with claims": replies, "in doubt": count, "drugs": len(known.drugs.names_held)}
    (out / "notes.json").write_text(json.dumps(notes), "utf-8")


_GRAVEST = (LEAFLET, RULE, REPLIES)


def _line(conversation: Conversation, one: Finding) -> str:
    messages = conversation.messages
    asked = messages[one.turn - 1].content if one.turn else ""
    row = {
        "id": conversation.id, "turn": one.turn, "why": one.why, "detail": one.detail, "question": asked,
        "reply": messages[one.turn].content,
    }  # fmt: skip
    return json.dumps(row, ensure_ascii=False)


def _turns(conversation: Conversation, known: Known, forms: Forms) -> Iterator[tuple[int, Claim]]:
    """What every reply of a conversation claims, with the number of its turn."""
    before, asked = "", ""
    for turn, message in enumerate(conversation.messages):
        if message.role == "user":
            asked = message.content
        elif message.role == "assistant":
            for claim in dict.fromkeys(claimed(asked, message.content, known, forms, before)):
                yield turn, claim
            before = subject(plain(asked), plain(message.content), known) or before


def _agreed(claims: Iterable[Claim], known: Known, config: Doubt) -> dict[tuple[str, str], str]:
    """The value on which most replies agree, of every fact on which leaflets are silent."""
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for claim in claims:
        key = (claim.drug, claim.fact)
        if claim.holds and key not in known.said and claim.fact not in (*config.several, "for"):
            votes[key][claim.value] += 1
    agreed = {}
    for key, some in votes.items():
        (value, count), total = some.most_common(1)[0], some.total()
        if total >= config.least and count >= config.share * total:
            agreed[key] = value
    return agreed


def _against(
    claims: list[tuple[int, Claim]], known: Known, agreed: dict[tuple[str, str], str], config: Doubt
) -> Iterator[Finding]:
    """The claims that leaflets or other replies contradict."""
    for turn, claim in claims:
        key = (claim.drug, claim.fact)
        what = f"{claim.drug}, {claim.fact}: {'' if claim.holds else 'not '}{claim.value}"
        if claim.fact == "for":
            if claim.value in known.against.get(claim.drug, ()):
                yield Finding(turn, LEAFLET, f"{claim.drug} is allowed: {claim.value}; the leaflet forbids it")
        elif key in known.said:
            said = known.said[key]
            if (
                (claim.value in said) != claim.holds
                and not _same_amount(claim, said)
                and not _within(claim, said, known)
            ):
                yield Finding(turn, LEAFLET, f"{what}; leaflet: {', '.join(sorted(said))}")
        elif claim.fact == DOSE and claim.drug in known.doses:
            least, most = known.doses[claim.drug]
            outside = [
                a for a in amounts(claim.value) if not least / config.margin <= a.milligrams <= most * config.margin
            ]
            if claim.holds and outside:
                yield Finding(turn, LEAFLET, f"{what}; leaflet: {least:g} to {most:g} mg")
        elif key in agreed and (claim.value == agreed[key]) != claim.holds:
            yield Finding(turn, REPLIES, f"{what}; most replies: {agreed[key]}")


def _same_amount(claim: Claim, said: frozenset[str]) -> bool:
    """Whether a claim names an amount of the leaflet in other words."""
    mine = {amount.milligrams for amount in amounts(claim.value)}
    theirs = {amount.milligrams for value in said for amount in amounts(value)}
    return claim.holds and bool(mine) and mine <= theirs


def _within(claim: Claim, said: frozenset[str], known: Known) -> bool:
    """Whether a claim names a value of the leaflet among other words, and no other value."""
    named = {value for _, _, value in known.values.find(claim.value) if known.facts[value] == claim.fact}
    return claim.holds and bool(named) and named <= said


class _Rules:
    """The rules of a step, held against replies; a member that no entity of the step explains is its own name."""

    def __init__(self, rules: Sequence[Rule], entities: Sequence[Entity]) -> None:
        known = {entity.id for entity in entities}
        plain = dict.fromkeys(member for rule in rules for member in rule.members if member not in known)
        named = [*entities, *(Entity(member, (Name("", member),)) for member in plain)]
        self.checker = Checker(Table(named, rules)) if rules else None

    def against(self, conversation: Conversation) -> Iterator[Finding]:
        """Replies that bring together what a rule keeps apart."""
        for one in self.checker.check(conversation.messages) if self.checker else ():
            if one.violates:
                yield Finding(one.turn, RULE, f"{one.rule.id}: {one.rule.told(conversation.language).message}")
