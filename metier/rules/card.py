"""The patient's card: who is treated, and which rules that makes apply."""

import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from metier.records import Message, MetierError
from metier.rules.card_conditions import Condition, conditions
from metier.rules.card_facts import Said, asks_for_self, facts, polar
from metier.rules.card_words import Person
from metier.rules.names import Names
from metier.rules.naming import names_of
from metier.rules.table import Table
from metier.text.suggest import did_you_mean

FERTILE = (10.0, 60.0)
"""Years of age outside of which nobody is taken to be pregnant where the card does not say so; the reproductive age of
health statistics (WHO) is 15 to 49, and this leaves room around it."""


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a patient; None and empty: not known. A list that names something is the whole list."""

    age: float | None = None
    """Years."""
    sex: str = ""
    """``female`` or ``male``."""
    pregnant: bool | None = None
    week: float | None = None
    """Completed weeks of pregnancy."""
    breastfeeding: bool | None = None
    egfr: float | None = None
    """Estimated glomerular filtration rate, mL/min/1.73 m²."""
    weight: float | None = None
    """Kilograms."""
    conditions: tuple[str, ...] = ()
    """Ids of entities of the kind ``condition``."""
    allergies: tuple[str, ...] = ()
    """Ids of entities or classes."""
    taking: tuple[str, ...] = ()
    """Ids of what the patient takes already."""
    without: tuple[str, ...] = ()
    """What the patient is said not to have, as the card's text has it: ``condition=ID``, ``allergy=ID``, or ``allergy``
    and ``condition`` for none at all."""


_LISTS = {"condition": "conditions", "allergy": "allergies", "taking": "taking"}
_MOST = {"age": 130.0, "week": 45.0, "egfr": 250.0, "weight": 700.0}
"""More than any patient has: a number above it is a slip of the pen."""
_KINDS = {"condition": "condition", "allergy": "medicine", "taking": "medicine"}


def parse(text: str, table: Table | None = None) -> Card:
    """The card that a text describes: ``age=25 & sex=female & week=22 & condition=ID & allergy=ID & taking=ID``.

    ``!pregnant``, ``!allergy=ID`` and ``!allergy`` (none at all) say what is not. With a ``table``, what stands behind
    ``condition=``, ``allergy=`` and ``taking=`` may be any name of the entity. MetierError at what cannot be read, at
    an id that the table does not know or that is of another kind, and at a card that contradicts itself.
    """
    plain: dict[str, object] = {}
    lists: dict[str, list[str]] = {"conditions": [], "allergies": [], "taking": [], "without": []}
    for one in conditions(text):
        if one.topic in _LISTS:
            value = _known(one, table, text) if one.value else ""
            if one.negated:
                lists["without"].append(f"{one.topic}={value}" if value else one.topic)
            elif not value:
                raise MetierError(f"{one.topic} in the card {text!r}: write {one.topic}=ID, or !{one.topic} for none")
            else:
                lists[_LISTS[one.topic]].append(value)
            continue
        said = _said(one, text)
        if plain.setdefault(one.topic, said) != said:
            raise MetierError(f"the card {text!r} says {one.topic} twice; say it once")
    card = msgspec.convert(plain | {key: tuple(dict.fromkeys(some)) for key, some in lists.items()}, Card)
    _refuse_contradictions(card, text)
    return card


def _refuse_contradictions(card: Card, text: str) -> None:
    if card.sex == "male" and (card.pregnant or card.week is not None):
        raise MetierError(f"the card {text!r} is of a man who is pregnant; mend sex or pregnant")
    if card.sex == "male" and card.breastfeeding:
        raise MetierError(f"the card {text!r} is of a man who breastfeeds; mend sex or breastfeeding")
    if card.pregnant is False and card.week is not None:
        raise MetierError(f"the card {text!r} gives a week of pregnancy and denies it; leave one out")
    for topic, name in _LISTS.items():
        listed: tuple[str, ...] = getattr(card, name)
        both = [one for one in listed if f"{topic}={one}" in card.without or topic in card.without]
        if both:
            raise MetierError(f"the card {text!r} says {topic}={both[0]} and denies it; leave one out")


def _said(one: Condition, text: str) -> object:
    if one.sign and one.sign != "=":
        raise MetierError(f"{one.topic}{one.sign}{one.value} in the card {text!r}: a card says what is; write = ")
    if one.topic in ("pregnant", "breastfeeding"):
        return not one.negated
    if one.negated:
        raise MetierError(f"!{one.topic} in the card {text!r}: a card cannot deny it; leave it out")
    if one.topic in _MOST and one.number > _MOST[one.topic]:
        raise MetierError(
            f"{one.topic}={one.value} in the card {text!r}: no patient has more than {_MOST[one.topic]:g}"
        )
    return one.value if one.topic == "sex" else one.number


def _known(one: Condition, table: Table | None, text: str) -> str:
    """The id of an entity, of the kind that the topic is about, by its id or any of its names."""
    if table is None:
        return one.value
    wanted = one.value.casefold()
    called = (
        id for id, entity in table.entities.items() if any(wanted == name.casefold() for name in names_of(entity))
    )
    id = one.value if one.value in table.entities else next(called, "")
    if not id:
        like = did_you_mean(one.value, table.entities)
        raise MetierError(f"the card {text!r} names {one.value!r}, which no entity is; {like}")
    illness = table.entities[id].kind == "condition"
    if illness != (one.topic == "condition"):
        right = "condition" if illness else "taking or allergy"
        raise MetierError(
            f"{one.topic}={one.value} in the card {text!r}: {id} is no {_KINDS[one.topic]}; write {right}"
        )
    return id


def applies(when: str, card: Card, table: Table, entity: str) -> bool | None:
    """Whether the condition of a rule holds for a patient and the entity given; None where the card does not say.

    Facts imply others: a week of pregnancy that there is one, pregnancy that the patient is a woman; men, and ages out
    of ``FERTILE``, that there is none. A list that names something is the whole list; an empty one is not known.
    """
    answers = [holds(one, card, table, entity) for one in conditions(when)]
    if False in answers:
        return False
    return None if None in answers else True


def holds(one: Condition, card: Card, table: Table, entity: str) -> bool | None:
    """Whether one term of a condition holds; None where the card does not say."""
    answer = _holds(one, card, table, entity)
    return answer if answer is None or not one.negated else not answer


def _holds(one: Condition, card: Card, table: Table, entity: str) -> bool | None:
    if one.topic == "pregnant":
        return pregnant(card)
    if one.topic == "breastfeeding":
        return False if card.sex == "male" else card.breastfeeding
    if one.topic == "sex":
        sex = card.sex or ("female" if pregnant(card) or card.breastfeeding else "")
        return sex == one.value if sex else None
    if one.topic in _LISTS:
        return _listed(one, card, table, entity)
    if one.topic == "week" and pregnant(card) is False:
        return False
    number = {"age": card.age, "week": card.week, "egfr": card.egfr, "weight": card.weight}[one.topic]
    return None if number is None else _compared(number, one.sign, one.number)


def pregnant(card: Card) -> bool | None:
    """Whether the patient is pregnant, said or implied."""
    if card.pregnant is not None:
        return card.pregnant
    if card.week is not None:
        return True
    old = card.age is not None and not FERTILE[0] <= card.age <= FERTILE[1]
    return False if card.sex == "male" or old else None


def _compared(number: float, sign: str, bound: float) -> bool:
    return {
        "<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound, "=": number == bound,
    }[sign]  # fmt: skip


def _listed(one: Condition, card: Card, table: Table, entity: str) -> bool | None:
    """Whether a list of the card holds what a term names; ``allergy`` alone asks for the entity given."""
    listed: tuple[str, ...] = getattr(card, _LISTS[one.topic])
    wanted = set(_counts_as(table, one.value or entity))
    if one.value and any(one.value in _counts_as(table, each) for each in listed):
        return True
    if one.topic == "allergy" and wanted & set(listed):
        return True  # who is allergic to a class is allergic to what belongs to it
    denied = {each.partition("=")[2] for each in card.without if each.startswith(f"{one.topic}=")}
    return False if one.topic in card.without or wanted & denied or listed else None


def _counts_as(table: Table, entity: str) -> tuple[str, ...]:
    return table.holds.get(entity, (entity,))


def told(messages: Sequence[Message], names: Names, table: Table, card: Card) -> Card:
    """The card with what a dialogue says of the patient (age, sex, weeks, conditions, allergies, eGFR, medicines).

    What the card says already stands; lists grow. Users are believed in all that they say; others in what they say of
    the patient. What an assistant's last turn says of people at large ("children under 8") counts too, for that is whom
    it then speaks of.
    """
    return patient(messages, [_read(one.content, names, table) for one in messages], card)


@functools.lru_cache(maxsize=128)
def _read(text: str, names: Names, table: Table) -> tuple[Said, ...]:
    """What one message says; a dialogue is read again for every turn, and its turns are the same."""
    return facts(text, names.find(text), table)


def patient(messages: Sequence[Message], read: Sequence[Sequence[Said]], card: Card) -> Card:
    """The card with what each message was found to say (``facts``): for who has read the messages already."""
    last = len(messages) - 1
    said = [
        _Heard(number, one)
        for number, message in enumerate(messages)
        for one in _settled(messages, read, number)
        if not one.general or message.role == "user" or (message.role == "assistant" and number == last)
    ]
    who = _treated(messages, [one for _, one in said])
    return _merged(card, [one for one in said if one.said.person == who or _of_all(one.said)])


def _settled(messages: Sequence[Message], read: Sequence[Sequence[Said]], number: int) -> Iterator[Said]:
    """What a message says, and what the one before it asked and this one answers by yes or no.

    Of several things that are asked at once, a yes says too little, and a no that none of them is.
    """
    yield from (one for one in read[number] if not one.asked)
    if number == 0 or messages[number].role != "user" or messages[number - 1].role != "assistant":
        return
    asked = [one for one in read[number - 1] if one.asked]
    answer = polar(messages[number].content) if asked else ""
    if answer == "no":
        flags = ("pregnant", "breastfeeding")
        yield from (one._replace(value=False) if one.topic in flags else one._replace(denied=True) for one in asked)
    elif answer == "yes" and len({one.topic for one in asked}) == 1:
        yield from (one._replace(general=False) for one in asked if one.value != "")


class _Heard(NamedTuple):
    """One thing said, and the number of the message that says it."""

    turn: int
    said: Said


def _of_all(one: Said) -> bool:
    """Whether something is said of people at large, and so of the patient too; an age is that of somebody."""
    return one.general and one.topic not in ("age", "sex")


def _treated(messages: Sequence[Message], said: Sequence[Said]) -> Person:
    """Whose card it is: who writes, unless somebody else is spoken of and nothing is asked for the writer."""
    some = [one for one in said if one.topic != "sex"]
    others = [one.person for one in some if one.person != "self"]
    if not others or any(message.role == "user" and asks_for_self(message.content) for message in messages):
        return "self"
    own = {one.topic for one in some if one.person == "self" and not one.general and one.value is not False}
    if own & {"pregnant", "week", "breastfeeding"} and all(
        one.topic in ("age", "weight") for one in some if one.person != "self"
    ):
        return "self"  # a mother who speaks of the child she feeds
    return max(others, key=lambda one: (others.count(one), one))


_FIELDS = ("age", "sex", "week", "egfr", "weight", "pregnant", "breastfeeding")


def _merged(card: Card, heard: Sequence[_Heard]) -> Card:
    """The card with what is said of the patient: the later message counts, and the particular before the general."""
    best: dict[str, Said] = {}
    for topic in _FIELDS:
        some = [one for one in heard if one.said.topic == topic]
        if some and getattr(card, topic) in (None, ""):
            best[topic] = min(some, key=lambda one: (one.said.general, -one.turn)).said
    known: dict[str, Any] = {topic: one.value for topic, one in best.items()}
    if known.get("pregnant") is False:
        known.pop("week", None)
    elif known.get("pregnant") and "age" in known and best["age"].general and known["age"] < FERTILE[0]:
        known.pop("age")  # the child that is expected
    if (card.sex or known.get("sex")) == "male":
        known = {name: value for name, value in known.items() if name not in ("pregnant", "week", "breastfeeding")}
    lists: dict[str, tuple[str, ...]] = {"without": card.without}
    for topic, name in _LISTS.items():
        last = {one.said.value: one.said for one in heard if one.said.topic == topic}
        listed = [str(one.value) for one in last.values() if not one.denied]
        lists[name] = tuple(dict.fromkeys((*getattr(card, name), *listed)))
        denied = [f"{topic}={one.value}" if one.value else topic for one in last.values() if one.denied]
        lists["without"] = tuple(dict.fromkeys((*lists["without"], *denied)))
    return msgspec.structs.replace(card, **known, **lists)
