"""Soft knowledge: dialogues that teach a model a table of rules, and what the table allows beside what it forbids."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from metier.instruct.asking import settled
from metier.instruct.rule_checks import problem
from metier.instruct.rule_talk import FORMS, Draft, Draw, Form, Shelf, draft
from metier.instruct.rule_writer import Made, write
from metier.llm.llm import LLM
from metier.llm.prompts import Prompts
from metier.records import Advice, Config, Conversation, Dropped, Message, Rule
from metier.rules.check import Checker
from metier.rules.loaded import checker
from metier.rules.talk import languages

SILENT, UNSPOKEN, LONE = "tells nothing", "no wording in its language", "cannot be asked about"


class FromRules(Config, frozen=True):
    """How much is written about each rule, in which languages and wordings."""

    languages: tuple[str, ...] = ()
    """Languages of the dialogues, as in [zh, en]; empty: every one that a rule is told in and that there is wording
    for."""
    each: Annotated[int, msgspec.Meta(ge=1)] = 5
    """Dialogues about each rule in each language that say why something is not to be done."""
    allowed: Annotated[int, msgspec.Meta(ge=0)] = 5
    """Dialogues beside these, in the same forms, about what no rule speaks of, where the answer is yes; for a rule over
    a patient, about a patient to whom no rule applies that forbids it. Without them a model learns to warn of
    everything."""
    complete: bool = False
    """Whether the table holds all that is not to be done, as of a closed world: then these are answered by a yes. Else
    the answer is that no rule is known and that the label is to be read, and they are about things that rules speak
    of: a yes would teach a model to permit whatever the table leaves out."""
    forms: Annotated[tuple[Form, ...], msgspec.Meta(min_length=1)] = FORMS
    """What is written, in turn: a question, an order to check, a dialogue of two questions, a story, and what is done
    instead."""
    wordings: Literal["all", "taught", "held"] = "all"
    """All wordings of the questions; or three in four; or the fourth alone, which a model that was taught the others
    has not seen."""
    cite: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    """Share of the answers that end with the rule's source."""
    source: str = "rule_dialogue"
    """Source of the conversations, by which a trainer mixes them."""
    prompts: Prompts = "domain:medicine"
    """Where the writer's prompts are: a domain that ships, or a directory of yours with a directory `prompts`."""
    repair: Annotated[int, msgspec.Meta(ge=0, le=3)] = 1
    """How often the writer is asked again for a reply that breaks a rule or does not warn."""


def from_rules(
    rules: Iterable[Rule], table: Path, seed: int, config: FromRules, writer: LLM | None = None
) -> Iterator[Conversation | Dropped]:
    """Dialogues about each rule in each language, ID.LANGUAGE.N, from wording that ships or from a writer.

    ``table`` is the step that made the rules and their entities, a directory with ``entities.csv`` and ``rules.csv``,
    or ``domain:medicine``. Every dialogue is checked before it is kept: an answer must warn of its rule and break none;
    where nothing is forbidden it must not warn. A writer rewords what the wording gives, and is held to the same.
    """
    ready = checker(table)
    shelf = Shelf(ready.table)
    drafts = itertools.chain.from_iterable(_drafts(rule, shelf, seed, config) for rule in rules)
    made: Iterator[Made] = ((one, _checked(one, ready, config)) for one in drafts)
    if writer is not None:
        made = write(made, ready, writer, config.prompts, config.repair)
    for id, some in itertools.groupby(made, key=lambda pair: pair[0].rule.id):
        yield from settled(id, [record for _, record in some])


def _drafts(rule: Rule, shelf: Shelf, seed: int, config: FromRules) -> Iterator[Draft]:
    """The dialogues about one rule; where there is none, one without turns that says why."""
    spoken = [one for one in rule.advice if one.language in (config.languages or languages()) and one.message]
    seen, draw = set[tuple[Message, ...]](), Draw(str(seed), False, config.wordings, config.cite, config.complete)
    for advice in spoken:
        places = enumerate(_forms(rule, config))
        some = [_draft(rule, advice, (number, *form), shelf, draw) for number, form in places]
        if not any(one.messages and not one.allowed for one in some):
            continue  # what is never said to be forbidden is not said to be allowed either
        for one in some:
            if one.messages and one.messages not in seen:
                seen.add(one.messages)
                yield one
    if not seen:
        yield Draft(rule.id, rule, "", False, ())


def _forms(rule: Rule, config: FromRules) -> Iterator[tuple[Form, bool]]:
    """The forms of the dialogues about one rule, and whether each is about what is allowed: of both the same."""
    some = [one for one in config.forms if one != "remedy" or rule.context != "patient"] or ["question"]
    for count, allowed in ((config.each, False), (config.allowed, True)):
        yield from ((form, allowed) for form in itertools.islice(itertools.cycle(some), count))


def _draft(rule: Rule, advice: Advice, place: tuple[int, Form, bool], shelf: Shelf, draw: Draw) -> Draft:
    number, form, allowed = place
    id = f"{rule.id}.{advice.language}.{number}"
    own = draw._replace(seed=f"{draw.seed}:{id}:from_rules", allowed=allowed)
    return Draft(id, rule, advice.language, allowed, draft(rule, advice, form, shelf, own))


def _checked(one: Draft, ready: Checker, config: FromRules) -> Conversation | Dropped:
    """A draft as a conversation, or why it cannot be one."""
    if not one.messages:
        told = [advice for advice in one.rule.advice if advice.message]
        spoken = [advice for advice in told if advice.language in (config.languages or languages())]
        return Dropped(one.id, LONE if spoken else UNSPOKEN if told else SILENT)
    if why := problem(one, one.messages, ready):
        return Dropped(one.id, why.why, why.detail)
    return Conversation(one.id, one.messages, config.source, one.language, one.rule.id)
