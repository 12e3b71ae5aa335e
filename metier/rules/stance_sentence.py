"""What a whole sentence says of things: its clauses weighed against each other, and how it lets the things meet."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from metier.rules.stance_clauses import Weight, weigh
from metier.rules.stance_meeting import foreign, headed, into_vein, meets, own_vessel
from metier.rules.stance_merging import merged
from metier.rules.stance_text import ENDS, Clause, Masked, clauses, marks

Context = Literal["mixed", "together", "either", "patient"]
Meeting = Literal["mixed", "together", "apart", "open"]


class Judged(NamedTuple):
    """``value`` is 1 where the things are brought together, -1 where the sentence is against it, else 0."""

    value: int
    meeting: Meeting
    why: str
    asked: bool = False
    """Whether it asks."""
    stopped: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    echoes: bool = False
    """Whether all it says is a bare "can" or "cannot", which takes up what was said before."""


class _Part(NamedTuple):
    """A clause in its sentence."""

    clause: Clause
    weight: Weight
    signs: frozenset[str]
    """The mentions in it."""
    reach: frozenset[str]
    """What it speaks of: its mentions, and those before it that it refers to."""
    whole: bool
    """Whether it speaks of all at once."""
    void: bool
    """Whether what it says is asked, believed by others or supposed, and so not said."""
    wanders: bool
    """Whether it brings one thing together with something else."""
    asks: bool


def judge(masked: Masked, context: Context, led: bool = False, asking: bool = False) -> Judged:
    """The judgement of a masked sentence.

    ``led``: sentences before it name what it does not; ``asking``: a question is read as if it were a statement.
    """
    parts = _parts(masked, led, asking)
    asked = any(part.void and "ask" in part.weight.kinds for part in parts) or "?" in masked.text
    state = _State(masked, context, led)
    for part in parts:
        state = state.after(part)
    return state.close(asked)


def _parts(masked: Masked, led: bool, asking: bool) -> list[_Part]:
    """The clauses with their weights; a clause without a predicate is one with the clause beside it."""
    some = merged(masked, clauses(masked))
    asks = [] if asking else _asking(masked, some)
    found: list[_Part] = []
    seen: frozenset[str] = frozenset()
    believed = caused = False
    every = frozenset(masked.entities)
    for number, clause in enumerate(some):
        weight = weigh(masked, clause, caused or asking)
        signs = frozenset(marks().findall(masked.text, clause.start, clause.end))
        kinds = weight.kinds
        if "contrast" in clause.opener or (found and ENDS & set(found[-1].clause.close)):
            believed = False
        if "concede" in clause.opener or (found and "concede" in found[-1].clause.opener):
            believed = False
        believed = believed or ("belief" in kinds and "doubts" not in kinds and not _unbelieved(clause))
        believed = believed and not (kinds.isdisjoint(("belief",)) and _forbids_so(masked, clause, kinds))
        refers = _refers(masked, clause, weight)
        wanders = len(every) > 1 and len(signs) < 2 and foreign(masked, clause)
        joins = bool({"mix", "join", "vessel"} & kinds) and not wanders
        routed = (
            weight.value > 0
            and not signs
            and len(seen) > 1
            and into_vein(masked, clause)
            and bool({"give", "dose"} & kinds)
        )
        joins = joins or routed
        reach = signs | seen if refers or joins else signs
        need = min(len(every), 2)
        whole = _whole(len(reach), need, refers or joins or (led and need == 1), bool(signs))
        weight = weight._replace(brought=weight.brought | {"mix"}) if routed and weight.value > 0 else weight
        header = len(every) > 1 and not signs and masked.text[: clause.end].endswith(":")
        whole = whole or header
        void = (number in asks or believed) and not {"rhetoric", "aver", "doubts"} & kinds
        found.append(_Part(clause, weight, signs, reach, whole, void, wanders, number in asks))
        seen |= signs
        caused = "cause" in kinds
    return found


def _forbids_so(masked: Masked, clause: Clause, kinds: frozenset[str]) -> bool:
    """Whether a Chinese clause forbids what others are said to do: "..., but never like this"."""
    return "forbid" in kinds and _SO.search(masked.text, clause.start, clause.end) is not None


_SO = re.compile("这样|这么|那样|那么|如此|此举|这种")


def _unbelieved(clause: Clause) -> bool:
    """Whether a clause tells not to believe what is said: "do not listen to rumours"."""
    first = next((token.start for token in clause.tokens if "belief" in token.kinds), 0)
    return any({"neg", "forbid"} & token.kinds and token.end <= first for token in clause.tokens)


def _whole(reached: int, need: int, refers: bool, named: bool) -> bool:
    if need == 0:
        return True
    return reached >= need and (named or refers)


def _refers(masked: Masked, clause: Clause, weight: Weight) -> bool:
    return "ana" in weight.kinds


_INVERTED = re.compile(
    r"\s*(?:(?:can|could|may|might|should|shall|is|are|does|did|will|would|must|am)(?: not)? "
    r"(?:i|we|you|it|they|he|she|the|my|an?|this|these|there|that|[\ue000-\uf8ff])"
    r"|(?:do|have|has) (?:i|we|you|they|he|she))\b"
)


def _asking(masked: Masked, some: Sequence[Clause]) -> frozenset[int]:
    """The numbers of the clauses that ask: up to a question mark, or behind a word that asks."""
    asks: set[int] = set()
    first = 0
    for number, clause in enumerate(some):
        here = any("ask" in token.kinds and "neutral" not in token.kinds for token in clause.tokens)
        if here or (masked.language == "en" and number == first and _INVERTED.match(masked.text, clause.start)):
            asks.add(number)
        if ENDS & set(clause.close):
            if "?" in clause.close:
                asks.update(range(first, number + 1))
            first = number + 1
    return frozenset(asks)


def _allowed(part: _Part) -> bool:
    """Whether a clause that reports goes on to what may or shall be done."""
    tokens = part.clause.tokens
    report = next((token.start for token in tokens if {"past", "tells"} & token.kinds), 0)
    return any("modal" in token.kinds and token.start > report for token in tokens)


def _provides(part: _Part) -> bool:
    """Whether a clause names a condition of a permission; "as long as" does where what follows is a precaution."""
    kinds = part.weight.kinds | part.clause.opener
    return "proviso" in kinds or ("granted" in kinds and bool({"apart", "forbid", "neg", "avoid", "ban"} & kinds))


_EITHER = re.compile(
    r"([\ue000-\uf8ff])\s*,?\s*(?:\b(?:and/)?or\b|或者?|(?<!\S)او(?!\S))\s*(?:an? |the |another )?(?!\1)[\ue000-\uf8ff]"
)
"""Two things of which one is given."""


_CONDITION = re.compile(r"(?:اذا|ان لم|عند فشل|في حال|عند عدم)(?:(?![\ue000-\uf8ff]).)*$")
"""A condition that names nothing: another medicine is chosen only where these do not serve."""


class _State(NamedTuple):
    """What the clauses read so far say."""

    masked: Masked
    context: Context
    led: bool
    value: int = 0
    meeting: Meeting = "open"
    why: str = ""
    given: frozenset[str] = frozenset()
    given_why: str = ""
    taken: frozenset[str] = frozenset()
    supposed: frozenset[str] = frozenset()
    echoes: bool = False
    praised: bool = False
    blamed: bool = False
    seen: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    mere: bool = False
    """Whether what speaks against it speaks against mixing only."""
    joint: bool = False
    """Whether some clause, even one that only supposes it, brings all together."""
    hidden: int = 0
    """What was believed, asked or supposed."""
    proviso: bool = False
    conceded: int = 0
    moot: bool = False
    """Whether it is said that opinions differ."""
    framed: bool = False
    """Whether a case, a question of an examination, a stock list or the like is told: it orders nothing."""

    def after(self, part: _Part) -> "_State":
        """The state behind a further clause."""
        return self._after(part)._replace(seen=self.seen | part.signs)

    def _after(self, part: _Part) -> "_State":
        weight, kinds = part.weight, part.weight.kinds
        value = self._value(part)
        bare = bool(weight.value) and not part.signs and not weight.sure and not weight.brought
        state = self._replace(
            echoes=bare and weight.against <= {"modal", "forbid"} and not {"mix", "join", "give"} & kinds,
            proviso=self.proviso or _provides(part),
            framed=self._in_frame(part),
            moot=self.moot or "moot" in kinds,
            joint=self.joint or (part.whole and bool({"mix", "join", "vessel"} & kinds)) or len(part.signs) > 1,
        )
        if {"reject", "doubts"} & kinds and not (part.asks and "reject" in kinds):
            return state._rejected(part, value)
        if part.void:
            return state._replace(hidden=value or state.hidden)
        if "takes" in kinds:
            state = state._replace(taken=state.taken | part.signs)
        if weight.value < 0 and not value and weight.against & {"harm", "ban", "forbid", "ill"}:
            state = state._replace(blamed=True)
        if "concede" in part.clause.opener:
            return state._replace(conceded=value or state.conceded)
        told = bool({"past", "tells"} & kinds) and not weight.sure and not _allowed(part)
        told = told and weight.against <= ({"ill", "harm", "stop"} if "tells" in kinds else {"ill", "harm"})
        if "past" in kinds and told and value >= 0 and not weight.refused:
            state = state._replace(taken=state.taken | part.signs)
        if (value and told) or (value > 0 and self._in_frame(part) and not weight.sure and not _allowed(part)):
            return state._replace(hidden=value)
        if value > 0 and weight.sure and "past" not in kinds:
            state = state._replace(praised=True)
        if value > 0 and self.blamed and not weight.sure and "because" in part.clause.opener:
            return state._against(part)  # what is sent back, and why
        if value > 0 and "if" in kinds:
            return state._replace(hidden=value, supposed=state.supposed | part.signs)
        state = state._replace(
            stopped=(state.stopped | weight.stopped) - (part.signs - weight.stopped if value > 0 else frozenset()),
            refused=(state.refused | weight.refused) - (part.signs - weight.refused if value > 0 else frozenset()),
        )
        if value < 0:
            return state._against(part)
        return state._for(part) if value > 0 else state

    def _value(self, part: _Part) -> int:
        """The value of a clause for the things at hand, 0 where it speaks of others."""
        weight = part.weight
        spared = self.context == "patient" and weight.against == {"apart"}
        if (weight.value > 0 or spared) and self.masked.text[: part.clause.start].endswith("("):
            return 0  # what stands in brackets orders nothing
        if spared:
            return 1 if weight.brought and part.signs else 0
        if weight.value >= 0:
            return weight.value
        every = len(self.masked.entities)
        if part.whole or every == 0 or weight.stopped or weight.refused:
            return -1
        if "other" in weight.against and _CONDITION.search(self.masked.text, 0, part.clause.end):
            return 0
        if every > 1 and weight.against & {"clash", "apart", "other"}:
            return -1
        follows = self.joint and not part.signs
        if follows and "if" in part.clause.opener and not {"mix", "join"} & weight.kinds:
            return 0
        if follows and weight.against & {"harm", "ban", "ill"}:
            return -1
        if follows and "forbid" in weight.against and ({"ana", "mix", "join"} & weight.kinds or self._ends_with(part)):
            return -1
        if every == 1 or (self.led and part.signs):
            return -1 if part.signs or follows or self._ends_with(part) else 0
        seconds = bool(part.signs) and not part.wanders
        weighty = {"ban", "forbid", "good", *(("harm",) if self.taken - part.signs else ())}
        return -1 if seconds and weight.against & weighty else 0

    def _in_frame(self, part: _Part) -> bool:
        """Whether a clause is part of what is told: until a contrast ends it."""
        return "frame" in part.weight.kinds or (self.framed and "contrast" not in part.clause.opener)

    def _ends_with(self, part: _Part) -> bool:
        """Whether a clause ends with the prohibition that decides it: "..., not for you"."""
        return "forbid" in part.weight.against and self._says_last(part)

    def _says_last(self, part: _Part) -> bool:
        """Whether what decides a clause is its last word."""
        said, why = self.masked.text[part.clause.start : part.clause.end].strip(" .!。的了它"), part.weight.why.strip()
        return bool(why) and said.endswith(why)

    def _rejected(self, part: _Part, value: int) -> "_State":
        """ "It is wrong that ...", or, of what was said before, "that is wrong"."""
        meant = value or self.value or self.hidden
        if not meant:
            return self._replace(value=-1 if part.whole and self.joint else 0, why=part.weight.why or self.why)
        how = meets(self.masked, part.clause) if meant < 0 else self.meeting
        return self._replace(value=-meant, why=part.weight.why or self.why, hidden=-meant, meeting=how)

    def _against(self, part: _Part) -> "_State":
        mere = part.weight.mere and (self.mere or self.value >= 0)
        how: Meeting = "apart" if "apart" in part.weight.against else self.meeting
        return self._replace(value=-1, why=part.weight.why, mere=mere, meeting=how)

    def _for(self, part: _Part) -> "_State":
        weight = part.weight
        if weight.value > 0 and _EITHER.search(self.masked.text, part.clause.start, part.clause.end):
            return self
        given = self.given | part.signs | (part.reach if part.whole else frozenset())
        state = self._replace(given=given, given_why=self.given_why or weight.why)
        every = len(self.masked.entities)
        alone = every > 1 and len(part.signs) == 1 and own_vessel(self.masked, part.clause)
        if not part.whole or part.wanders or alone:
            return state
        joins = weight.sure or bool(weight.brought & {"mix", "join", "vessel"}) or "ana" in weight.kinds
        joins = joins or (every == 0 and "modal" in weight.kinds and self._says_last(part))
        if every != 1 and not joins and len(part.signs) < 2 and (every or weight.brought):
            return state
        how = meets(self.masked, part.clause)
        if self.value < 0:
            turns = "contrast" in part.clause.opener and not self.proviso and not (self.stopped or self.refused)
            allowed = self.mere and how == "together" and self.context in ("together", "either")
            if not (turns and allowed):
                return state
        elif self.value > 0:
            how = "mixed" if "mixed" in (how, self.meeting) else how
            return state._replace(meeting=how)
        return state._replace(value=1, why=weight.why, meeting=how)

    def close(self, asked: bool) -> Judged:
        """The judgement behind the last clause."""
        every = len(self.masked.entities)
        value, why, how = self.value, self.why, self.meeting
        at_hand = len(self.given | self.supposed | self.taken)
        if value == 0 and (self.given or self.praised) and at_hand >= min(every, 2):
            value, why, how = 1, self.given_why, "together"
        if value == 0 and self.blamed and len(self.supposed) >= min(every, 2):
            value, why = -1, why or "caution"
        if value == 0 and self.conceded and not self.given:
            value = self.conceded
        if value >= 0 and (self.stopped or self.refused):
            value, why = -1, why or "stopped"
        if self.moot and not self.praised:
            value = 0
        if value > 0 and self.proviso:
            value = -1
        if value > 0 and self.context == "mixed" and (how == "open" or headed(self.masked)):
            how = "mixed"
        if value > 0 and self.context == "mixed" and how == "together" and every > 1:
            value = 0
        return Judged(value, how, why, asked, self.stopped, self.refused, self.given | self.taken, self.echoes)
