"""Dialogues about a rule, from wording alone: what is asked, by which names, and what the rule answers."""

import random
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from metier.instruct.rule_patients import Patient, Picker, Speaker, drawn, told
from metier.records import Advice, Entity, Message, Rule
from metier.rules.naming import all_names, called, mark
from metier.rules.table import Table
from metier.rules.talk import Meeting, Talk, talk
from metier.text.patterns import fill

Form = Literal["question", "story", "order", "remedy", "turns"]
FORMS: tuple[Form, ...] = ("question", "order", "turns", "story", "remedy")
_FACTS = "{facts}"
_TRIES = 20
_MIXED = 0.4
"""How often what goes together in neither way is asked about as mixed in one container."""
_CLASS = 0.3
"""How often a class is asked for as a class, and not by a thing that belongs to it."""


class Draft(NamedTuple):
    """A dialogue about a rule that nobody has checked yet."""

    id: str
    rule: Rule
    language: str
    allowed: bool
    """Whether it is about what no rule speaks of."""
    messages: tuple[Message, ...]


class Shelf:
    """The entities of a table by what they can stand for, so that a dialogue finds its names at once."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.things = tuple(id for id, one in table.entities.items() if one.kind == "thing")
        self.ruled = self._under({member for rule in table.rules for member in rule.members})
        self.poured = self._under({member for one in table.rules if one.context == "mixed" for member in one.members})
        self.pours = frozenset(self.poured)
        self._forbids: dict[str, list[Rule]] = {}
        for rule in table.rules:
            if rule.context == "patient" and rule.severity == "forbidden":
                self._forbids.setdefault(rule.members[0], []).append(rule)
        self.belong: dict[str, list[str]] = {}
        for id in self.things:
            for group in table.holds[id][1:]:
                self.belong.setdefault(group, []).append(id)

    def _under(self, members: set[str]) -> tuple[str, ...]:
        """The things that rules over some members speak of."""
        return tuple(id for id in self.things if not members.isdisjoint(self.table.holds[id]))

    def forbidding(self, entity: Entity, rule: Rule) -> list[str]:
        """The conditions under which other rules forbid an entity to a patient."""
        some = (one for group in self.table.holds[entity.id] for one in self._forbids.get(group, ()))
        return [one.when for one in some if one.id != rule.id and one.when]

    def thing(self, member: str, language: str, rng: random.Random) -> Entity:
        """What a dialogue speaks of for a member: the entity itself, or often something of its class."""
        whole = self.table.entities[member]
        some = [one for one in self.belong.get(member, ()) if all_names(self.table.entities[one], language)]
        if not some or (rng.random() < _CLASS and all_names(whole, language)):
            return whole
        return self.table.entities[rng.choice(some)]

    def allowed(self, first: Entity, some: Sequence[str], language: str, rng: random.Random) -> Entity | None:
        """One of some things that no rule keeps from another; None where none is found at once."""
        for _ in range(_TRIES if some else 0):
            other = self.table.entities[rng.choice(some)]
            apart = not {first.id, *self.table.holds[first.id]} & {other.id, *self.table.holds[other.id]}
            rules = self.table.concerning((first.id, other.id))
            if apart and all_names(other, language) and all(rule.context == "patient" for rule in rules):
                return other
        return None


class Draw(NamedTuple):
    """What one dialogue is drawn with: ``allowed`` ones are about what no rule speaks of, asked in the same forms."""

    seed: str
    allowed: bool
    wordings: Literal["all", "taught", "held"]
    cite: float
    complete: bool
    """Whether the table holds all that is not to be done."""


class Scene(NamedTuple):
    """What the turns of one dialogue are made of."""

    form: Form
    allowed: bool
    complete: bool
    rule: Rule
    wording: Talk
    pick: Picker
    slots: Mapping[str, str]
    cited: bool

    def messages(self, turns: Sequence[str], **more: str) -> tuple[Message, ...]:
        """Turns with their slots filled, the user's first; the last one with the source where it is cited."""
        some = [fill(turn, {**self.slots, **more}).strip() for turn in turns]
        if self.cited and not self.allowed:
            some[-1] = f"{some[-1]} {mark(self.rule)}".strip()
        return tuple(Message("assistant" if place % 2 else "user", text) for place, text in enumerate(some))

    def reply(self, form: Form) -> str:
        """What is answered: to an order and to how something is done, it is no answer to say yes or no."""
        wording = self.wording
        if self.allowed and not self.complete:
            return self.pick(wording.beyond)
        if self.allowed:
            return self.pick(wording.passed if form in ("order", "remedy") else wording.allowed)
        return self.pick({"order": wording.check, "remedy": wording.instead}.get(form, wording.no))


def draft(rule: Rule, advice: Advice, form: Form, shelf: Shelf, draw: Draw) -> tuple[Message, ...]:
    """A dialogue of one form about a rule in the language of its advice; nothing where it cannot be made."""
    rng, language = random.Random(draw.seed), advice.language
    pick, wording = Picker(rng, draw.wordings), talk(language)
    entities = [shelf.thing(member, language, rng) for member in rule.members]
    alone = rule.context == "patient"
    if draw.allowed and not alone:
        first = rng.choice(entities)
        pools = () if draw.complete else (shelf.poured, shelf.ruled) if rule.context == "mixed" else (shelf.ruled,)
        found = (shelf.allowed(first, some, language, rng) for some in (*pools, shelf.things))
        other = next((one for one in found if one), None)
        if other is None:
            return ()
        entities = [first, other]
    names = {one.id: _name(one, language, rng) for one in entities}
    if len(set(names.values())) < len(entities):
        return ()
    slots, cited = _slots(list(names.values()), advice, wording), rng.random() < draw.cite
    scene = Scene(form, draw.allowed, draw.complete, rule, wording, pick, slots, cited)
    if not alone:
        pours = (all if draw.allowed else any)(one.id in shelf.pours for one in entities)
        return _pair(scene, _meeting(rule, wording, rng, draw.complete or pours))
    others = shelf.forbidding(entities[0], rule) if draw.allowed else []
    patient = drawn(rule.when, entities[0], shelf.table, not draw.allowed, language, draw.seed, others)
    return _patient(scene, patient, rng) if patient else ()


def _name(entity: Entity, language: str, rng: random.Random) -> str:
    """A name of an entity: half of the time the first, else any."""
    names = all_names(entity, language)
    return names[0] if names and rng.random() < 0.5 else rng.choice(names or (called(entity, language),))


def _slots(names: list[str], advice: Advice, wording: Talk) -> dict[str, str]:
    return {
        "all": wording.listed(names),
        "a": names[0],
        "rest": wording.listed(names[1:]) if names[1:] else "",
        "message": advice.message,
        "remedy": advice.remedy,
    }


def _meeting(rule: Rule, wording: Talk, rng: random.Random, pours: bool) -> Meeting:
    """How it is asked about things that meet: herbs of the kitchen are not asked about in a drip."""
    mixed = rule.context == "mixed" or (rule.context == "either" and pours and rng.random() < _MIXED)
    return wording.mixed if mixed else wording.together


def _pair(scene: Scene, meeting: Meeting) -> tuple[Message, ...]:
    """A dialogue about things that meet."""
    asked = {
        "question": meeting.questions, "story": meeting.stories, "order": meeting.orders, "remedy": meeting.remedies,
        "turns": meeting.then,
    }[scene.form]  # fmt: skip
    pick = scene.pick
    before = [pick(meeting.first), pick(scene.wording.also)] if scene.form == "turns" else []
    return scene.messages([*before, pick(asked), scene.reply(scene.form)])


def _patient(scene: Scene, patient: Patient, rng: random.Random) -> tuple[Message, ...]:
    """A dialogue about a patient and one thing; nothing where nobody can say what is to be said of the patient."""
    wording, pick = scene.wording, scene.pick
    ways: dict[Speaker, Sequence[str]] = {
        "self": wording.patient.self, "child": wording.patient.child, "note": wording.patient.note,
    }  # fmt: skip
    some = {speaker: facts for speaker in patient.speakers if (facts := told(patient, speaker, wording, pick))}
    if not some:
        return ()
    if scene.form == "order" and "note" in some:
        return scene.messages([pick(wording.patient.order), scene.reply("order")], facts=some["note"])
    speaker = rng.choice(list(some))
    turns = [pick(ways[speaker]), scene.reply("question")]
    if scene.form == "turns" and speaker != "note":
        asking = [one.removeprefix(_FACTS).strip() for one in ways[speaker] if one.startswith(_FACTS)]
        turns = [_FACTS, pick(wording.heard), pick(asking), scene.reply("question")]
    return scene.messages(turns, facts=some[speaker])
