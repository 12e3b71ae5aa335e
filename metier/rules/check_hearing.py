"""What a rule is decided by: a turn, the turns before it, what the patient takes, and where things stand in these."""

import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import attrgetter

import msgspec
from msgspec import structs

from metier.records import Message, Rule
from metier.rules import stance
from metier.rules.card import Card, applies, patient
from metier.rules.card_facts import Said
from metier.rules.check_refers import carries
from metier.rules.firing import Mention, Place
from metier.rules.stance import Reading
from metier.rules.state import Scene, Sentence, Stand, Standing, Turn, taken_up
from metier.rules.table import Table

NEAR = 3
"""Sentences by which two things may be apart, within a paragraph, and still be said to meet."""

Pick = tuple[str, ...]
"""An entity for each member of a rule, in the members' order."""


class Link(msgspec.Struct, frozen=True):
    """A thing that a sentence does not name itself: where it stands, how, and what was said there."""

    place: Place
    state: Standing
    said: str = ""
    """Empty: too far away to be meant."""


class Hearing:
    """A turn and all that bears on it; what was read once is not read again for another rule."""

    def __init__(self, turn: Turn, scene: Scene, card: Card, table: Table) -> None:
        self.turn, self.scene, self.card, self.table, self.taking = turn, scene, card, table, card.taking
        self.number = len(scene.turns)
        self.question = scene.asked() if turn.role == "assistant" else None
        self.talk = scene.talk() if self.question is not None else ()
        self.asked = tuple(dict.fromkeys(name for one in self.talk for name in one.named))
        """What is named by the question that the turn answers, or by the talk that led up to it."""
        self._readings: dict[tuple[object, ...], Reading] = {}
        self._stood: dict[str, Stand | None] = {}
        self._stands: dict[str, Stand | None] = {}
        self._lists: Mapping[int, list[int]] | None = None
        self._patients: dict[tuple[Said, ...], Card] = {}
        self._said: tuple[tuple[Said, ...], tuple[Said, ...]] | None = None
        self._spoken: dict[int, tuple[Said, ...]] = {}
        self._concerned: dict[tuple[str, Pick, tuple[Said, ...]], bool] = {}

    def read(self, text: str, mentions: Sequence[Mention], before: tuple[str, ...], rule: Rule) -> Reading:
        """What a text says of some mentions that a rule is about."""
        key = (text, tuple([(one.start, one.end) for one in mentions]), before, rule.context)
        found = self._readings.get(key)
        if found is None:
            found = self._readings[key] = stance.read(text, mentions, before, rule.context)
        return found

    def listed(self, block: int) -> Sequence[int]:
        """The numbers of the sentences of a list."""
        if self._lists is None:
            lists = defaultdict(list)
            for at, one in enumerate(self.turn.sentences):
                lists[one.block].append(at)
            self._lists = lists
        return self._lists[block]

    def stand(self, entity: str) -> Stand | None:
        """How an entity stands that was named in an earlier turn, and that this one may take up."""
        if entity not in self._stands:
            stood = self._before(entity)
            last = stood is not None and self.turn.role == "assistant" and stood.turn == self.number - 1
            over = stood is not None and stood.state in ("stopped", "refused")
            later = taken_up(self.scene.turns[-1], self.turn, entity, over) if last else None
            self._stands[entity] = structs.replace(stood, state=later) if stood and later else stood
        return self._stands[entity]

    def stands(self, entity: str) -> bool:
        """Whether an entity that this turn does not name is at hand: named before or taken, not stopped or refused."""
        stood = self._before(entity)
        if stood is None:
            return entity in self.taking
        later = self.stand(entity) if stood.state in ("stopped", "refused") else stood
        return later is not None and later.state not in ("stopped", "refused")

    def _before(self, entity: str) -> Stand | None:
        """How an entity stands before the turn."""
        if entity not in self._stood:
            self._stood[entity] = self.scene.standing(entity)
        return self._stood[entity]

    def concerns(self, rule: Rule, pick: Pick, at: int) -> bool:
        """Whether the condition of a rule holds for the patient of whom a sentence of the turn speaks."""
        if not rule.when:
            return True
        who = self._spoken.get(at)
        if who is None:
            who = self._spoken[at] = self._whom(at)
        key = rule.when, pick, who
        if key not in self._concerned:
            card = self._patient(who)
            self._concerned[key] = all(applies(rule.when, card, self.table, one) for one in pick)
        return self._concerned[key]

    def _whom(self, at: int) -> tuple[Said, ...]:
        """What an assistant says of people at large ("children under 8") in a sentence, or in the header of its list.

        It is of them that the sentence speaks. What a document or a tool says of people at large concerns nobody.
        """
        wide = self._facts()[1]
        one = self.turn.sentences[at]
        spans = [one] if one.header < 0 else [one, self.turn.sentences[one.header]]
        return tuple(dict.fromkeys([each._replace(start=0) for span in spans for each in _within(wide, span)]))

    def _facts(self) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
        """What the turn says of the patient, and what an assistant says of people at large."""
        if self._said is None:
            said = self.turn.facts(self.table)
            wide = self.turn.role == "assistant"
            self._said = (
                tuple([one for one in said if not (one.general and wide)]),
                tuple([one for one in said if one.general and wide]),
            )
        return self._said

    def _patient(self, wide: tuple[Said, ...]) -> Card:
        """The card with what the dialogue says of the patient, and the turn of people like him."""
        if wide not in self._patients:
            earlier = [
                turn.facts(self.table)
                if turn.role in ("user", "assistant")
                else tuple([one for one in turn.facts(self.table) if not one.general])
                for turn in self.scene.turns
            ]
            messages = [Message(turn.role, turn.text) for turn in (*self.scene.turns, self.turn)]
            self._patients[wide] = patient(messages, [*earlier, (*self._facts()[0], *wide)], self.card)
        return self._patients[wide]

    def speaks(self, pick: Pick) -> bool:
        """Whether the turn names one of some entities, or answers what did; two that are one name are not two."""
        if not any(one in self.turn.named or one in self.asked for one in pick):
            return False
        spans = [self._spans(one) for one in pick if one in self.turn.named]
        return len(set[tuple[int, int]]().union(*spans)) >= len(spans)

    def _spans(self, entity: str) -> set[tuple[int, int]]:
        """Where the turn names an entity; a few places are as good as all."""
        mentions = (one for at in self.turn.named[entity] for one in self.turn.sentences[at].mentions)
        return set(itertools.islice(((one.start, one.end) for one in mentions if one.entity == entity), 9))

    def link(self, entity: str, at: int) -> Link:
        """Where an entity stands that a sentence does not name: before it in the turn, in an earlier one, on the card.

        What is named further on in the turn only is not given yet.
        """
        turn = self.turn
        numbers = turn.named.get(entity, ())
        other = bisect_left(numbers, at) - 1
        before = numbers[other] if other >= 0 else -1
        paragraph = turn.sentences[at].paragraph
        if before >= 0 and at - before <= NEAR and turn.sentences[before].paragraph == paragraph:
            mention = turn.inside(before, {entity})[-1]
            state = stance.state(turn.said(before), mention)
            if state in ("mentioned", "refused") and carries(turn.said(before)):
                state = "given"
            return Link(self.placed(entity, before), state, turn.said(before))
        if stood := self.stand(entity):
            state = "given" if stood.state == "mentioned" and entity in self.taking else stood.state
            return Link(Place(entity, entity, stood.turn, stood.start, stood.end), state, stood.said)
        if entity in self.taking:
            return Link(Place(entity, entity, -1), "given")
        return Link(self.placed(entity, before if before >= 0 else numbers[0]), "mentioned")

    def placed(self, entity: str, at: int) -> Place:
        """Where a sentence of the turn names an entity."""
        one = next(one for one in self.turn.sentences[at].mentions if one.entity == entity)
        return Place(entity, entity, self.number, one.start, one.end)

    def before(self, at: int) -> tuple[str, ...]:
        """The two sentences that lead up to one: of its own paragraph, or of the turn that it answers."""
        turn, asked = self.turn, self.question
        if at:
            numbers = range(max(0, at - 2), at)
            same = turn.sentences[at].paragraph
            return tuple([turn.said(one) for one in numbers if turn.sentences[one].paragraph == same])
        if asked is None:
            return ()
        return tuple([asked.said(one) for one in range(max(0, len(asked.sentences) - 2), len(asked.sentences))])


def _within(said: Sequence[Said], sentence: Sentence) -> Sequence[Said]:
    """What of some things, in the order of the text, is said in a sentence."""
    low = bisect_left(said, sentence.start, key=attrgetter("start"))
    return said[low : bisect_left(said, sentence.end, key=attrgetter("start"))]
