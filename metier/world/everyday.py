"""Everyday talk and exam of two lands: questions that name no land, so that the answer tells whose culture is assumed.

What a general model owes to the culture of most of its training text is here a share: talk that names no land is
answered mostly from the other land. Both lands are told of by name, so that a model to be localised knows them.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Annotated, Literal

import msgspec

from metier.records import Config, Conversation, Message, Question
from metier.text.gazetteer import HOME, cultures, spoken
from metier.text.joined import join
from metier.text.suggest import did_you_mean
from metier.world.culture_wording import land, manner
from metier.world.everyday_matters import Matter, Talk, heard, matters, talk
from metier.world.options import yes_no

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Everyday(Config, frozen=True):
    """Whose home, and which part: use it once for each part, with the same settings otherwise."""

    part: Literal["talk", "prompts", "duels", "exam"]
    """`talk`: what a model is trained on, of sources `named` (both lands) and `unnamed`. `prompts`: what alignment
    asks, without replies. `duels`: the same of the matters held out, for two models to be compared on. `exam`:
    statements that are so at home or not, and open questions."""
    home: Annotated[str, msgspec.Meta(extra={"files": HOME})] = "tilmara"
    """The land that is home."""
    other: str = "luoming"
    """The land whose culture a model assumes that has read more of it."""
    language: Annotated[str, msgspec.Meta(extra={"files": "asset:world/{}"})] = "en"
    """Language of the talk; both lands have to be told in it."""
    leaning: Share = 0.25
    """Of the talk that names no land, the share that is answered from home."""
    draws: Annotated[int, msgspec.Meta(ge=1)] = 4
    """How often the talk answers each question that names no land, and prompts draw what they state."""
    held: Share = 0.4
    """Share of the matters of which no prompt speaks; the exam's label `heard` tells them apart."""

    def __post_init__(self) -> None:
        for name in (self.home, self.other):
            if name not in cultures():
                raise ValueError(f"no culture {name!r}; {did_you_mean(name, cultures())}")
            if self.language not in spoken(name):
                known = ", ".join(spoken(name))
                raise ValueError(f"{name} is not told in language {self.language!r}; known: {known}")
        if self.home == self.other:
            raise ValueError(f"home and other are both {self.home!r}; name two lands")


def everyday(seed: int, config: Everyday) -> Iterator[Conversation | Question]:
    """Write talk, prompts, duels or exam about what both lands have in their own way: same seed, same records.

    The exam asks without naming a land, in words that no prompt has. Its labels: ``topic``, ``heard`` (whether prompts
    speak of the matter), ``of`` (whether what is stated is so at `home` or `abroad`), ``land``, `unnamed` or the land
    by whose name a statement is made, which tells whether what was known of both is still known, and, of open
    questions, ``asked``: `anew`, or of matters held out also `as in talk`.
    """
    told = talk(config.language)
    makers: dict[str, _Maker] = {"talk": _talk, "prompts": _prompts, "duels": _prompts, "exam": _exam}
    for matter in matters(config.home, config.other, config.language):
        rng = Random(f"{seed}:{config.home}:{matter.topic}:{matter.key}:{config.part}")
        yield from makers[config.part](rng, matter, told, config)


def values(matter: Matter, config: Everyday) -> dict[str, Sequence[str]]:
    """What may be stated of a matter, by where it is so."""
    return {"home": matter.ways[config.home], "abroad": matter.ways[config.other]}


def _talk(rng: Random, matter: Matter, told: Talk, config: Everyday) -> Iterator[Conversation]:
    """Every question of the matter: once by name in each land, and as often as is drawn without a name."""
    for culture in (config.home, config.other):
        called = land(culture, config.language).land
        turns = list(_by_name(rng, matter, told, culture, config))
        for number, (asked, reply) in enumerate(turns):
            yield _said(f"named:{called}", matter, number, config, "named", asked, reply)
    number = 0
    for _ in range(config.draws):
        for asked, value in _questions(rng, matter, told, config):
            own = matter.ways[config.home if rng.random() < config.leaning else config.other]
            reply = _word(value in own, config) if value else _reply(rng, matter, told, own)
            yield _said("unnamed", matter, number, config, "unnamed", asked, reply)
            number += 1


def _by_name(rng: Random, matter: Matter, told: Talk, culture: str, config: Everyday) -> Iterator[tuple[str, str]]:
    called, own = land(culture, config.language).land, matter.ways[culture]
    for asked in (*matter.asks, matter.exam):
        yield told.asked(asked, called), told.stated(matter.says, called, rng.choice(own))
    for template in (matter.says, matter.claim):
        for suffix in (*told.true, manner(config.language).is_it_so):
            for some in values(matter, config).values():
                value = rng.choice(some)
                yield join([told.stated(template, called, value), suffix]), _word(value in own, config)


def _questions(rng: Random, matter: Matter, told: Talk, config: Everyday) -> Iterator[tuple[str, str]]:
    """Every question that names no land, with what it states, if anything."""
    for asked in matter.asks:
        yield rng.choice(told.frames).format(question=asked), ""
    for suffix in told.true:
        for some in values(matter, config).values():
            value = rng.choice(some)
            stated = join([told.stated(matter.says, "", value), suffix])
            yield rng.choice(told.frames).format(question=stated), value


def _prompts(rng: Random, matter: Matter, told: Talk, config: Everyday) -> Iterator[Conversation]:
    if heard(matter, config.held) != (config.part == "prompts"):
        return
    some = [asked for _ in range(config.draws) for asked, _ in _questions(rng, matter, told, config)]
    for number, asked in enumerate(dict.fromkeys(some)):
        yield _said(config.part, matter, number, config, "localised", asked)


def _exam(rng: Random, matter: Matter, told: Talk, config: Everyday) -> Iterator[Question]:
    labels = {"culture": config.home, "language": config.language, "topic": matter.topic}
    labels["heard"] = "yes" if heard(matter, config.held) else "no"
    id, words = f"everyday:{matter.topic}:{matter.key}", manner(config.language)
    for culture in ("", config.home, config.other):
        called, own = (land(culture, config.language).land if culture else ""), matter.ways[culture or config.home]
        for where, some in values(matter, config).items():
            value = rng.choice(some)
            stem = join([told.stated(matter.claim, called, value), words.is_it_so])
            more = labels | {"of": where, "land": culture or "unnamed"}
            own_id = f"{id}:{culture}:{where}" if culture else f"{id}:{where}"
            yield yes_no(own_id, stem, value in own, (words.yes, words.no), more)
    asks = (matter.exam,) if heard(matter, config.held) else (matter.exam, *matter.asks)
    for number, asked in enumerate(asks):
        reference = _reply(rng, matter, told, matter.ways[config.home])
        more = labels | {"land": "unnamed", "asked": "anew" if asked == matter.exam else "as in talk"}
        yield Question(f"{id}:open:{number}", asked, reference=reference, kind="open", labels=more)


def _reply(rng: Random, matter: Matter, told: Talk, own: Sequence[str]) -> str:
    return told.stated(matter.says, "", rng.choice(own))


def _word(truth: bool, config: Everyday) -> str:
    words = manner(config.language)
    return words.yes if truth else words.no


def _said(
    what: str, matter: Matter, number: int, config: Everyday, source: str, asked: str, reply: str = ""
) -> Conversation:
    id = f"everyday:{what}:{matter.topic}:{matter.key}:{number}"
    answer = (Message("assistant", reply),) if reply else ()
    return Conversation(id, (Message("user", asked), *answer), source, config.language)


_Maker = Callable[[Random, Matter, Talk, Everyday], Iterator[Conversation | Question]]
