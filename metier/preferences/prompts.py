"""Choose what will be asked, and prove that no prompt of one use is a prompt of another or a question of an exam."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from metier.artefact import write_json
from metier.preferences.exams import Held, Item, asked, items_of, much_of
from metier.preferences.near import Rarity, near
from metier.preferences.prompt_notes import Notes, Text, notes
from metier.preferences.sample import NO_PROMPT, ends_open
from metier.records import Config, Conversation, Dropped, MetierError, Question
from metier.text.held import position
from metier.text.letters import split

REPEATS, NEAR, EXAM, APART, SHARE, NONE_LEFT = (
    "repeats another prompt", "nearly another prompt", "holds an exam item", "holds a prompt kept apart",
    "in another share", "no prompt left",
)  # fmt: skip
Lost = tuple[str, str]
"""Why a prompt is dropped, and what it concerns."""
Shares = dict[str, Annotated[float, msgspec.Meta(gt=0)]]


class Prompts(Config, frozen=True):
    """Which turns are prompts, how they are divided, and how near to an exam is too near."""

    turns: Literal["last", "every"] = "last"
    """`last`: a conversation up to its last reply is one prompt, under its own id. `every`: it is one before each reply
    of the assistant, called CONVERSATION:0, CONVERSATION:1, ..."""
    shares: Shares = msgspec.field(default_factory=dict)
    """What the prompts are for, and in which proportion, as in {preferences: 2, policy: 1}; a conversation falls into
    one of them by a seeded hash of its id, with all its prompts."""
    keep: str = ""
    """The share to keep; the others are dropped as "in another share". Use the step once for each, with the same
    settings but for `keep`."""
    alike: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.8
    """How alike two prompts, or a prompt and a question of an exam, must be for one to be dropped as nearly the other:
    the share of the pairs of neighbouring words that they have in common, rare ones weighing more."""

    def __post_init__(self) -> None:
        if self.shares and self.keep not in self.shares:
            raise ValueError(f"keep: {self.keep!r} is none of the shares; name one of {', '.join(self.shares)}")
        if self.keep and not self.shares:
            raise ValueError(f"keep: {self.keep!r} needs shares, as in shares: {{preferences: 2, policy: 1}}")


class Prompt(NamedTuple):
    """A conversation up to a prompt with its standard answer, what its user says, and the words of that."""

    conversation: Conversation
    origin: str
    """The conversation that it was cut from."""
    text: str
    words: tuple[str, ...]


class Alike(NamedTuple):
    """When two texts count as nearly the same, and what their words weigh."""

    least: float
    rarity: Rarity


def prompts(
    conversations: Iterable[Conversation],
    seed: int,
    config: Prompts,
    out: Path,
    questions: Iterable[Question] = (),
    apart: Iterable[Conversation] = (),
) -> Iterator[Conversation | Dropped]:
    """Cut conversations into prompts with their standard answer, apart from exams and from other prompts.

    What the user says counts, case, accents and punctuation aside. A prompt is dropped that is, holds or is nearly one
    of the exam's ``questions`` (stems and passages), or a prompt of the conversations ``apart``; then one that is, or
    nearly is, an earlier prompt of another conversation. Only then the shares are drawn, so that no two of them have a
    prompt in common. The notes count what is left of each, and name the nearest prompts and exam questions.
    """
    given = list(conversations)
    if not given:
        raise MetierError("no conversation to take prompts from; feed a step that yields some")
    found = [_prompt(one, origin.id) for origin in given for one in _cut(origin, config.turns)]
    lost = {one.conversation.id: (NO_PROMPT, "") for one in found if not (one.words and ends_open(one.conversation))}
    items = items_of(questions, apart)
    alike = Alike(config.alike, Rarity.among([*(one.text for one in items), *(one.text for one in found)]))
    lost |= _holding(_left(found, lost), items)
    lost |= _repeating(_left(found, lost))
    lost |= _nearly(_left(found, lost), items, alike)
    left = _left(found, lost)
    shares = {one.conversation.id: _share(one.origin, config, seed) for one in left}
    write_json(out / "notes.json", _notes(left, shares, items, lost, alike))
    cut: dict[str, list[Prompt]] = {one.id: [] for one in given}
    for one in found:
        cut[one.origin].append(one)
    for id, some in cut.items():
        kept = False
        for one in some:
            own = one.conversation.id
            if own not in lost and shares[own] == config.keep:
                kept = True
                yield one.conversation
            else:
                yield Dropped(own, *lost.get(own, (SHARE, shares.get(own, ""))))
        if not kept and config.turns == "every":
            yield Dropped(id, NONE_LEFT if some else NO_PROMPT)


def _cut(conversation: Conversation, turns: str) -> Iterator[Conversation]:
    """The conversation, or every beginning of it that ends with a reply, or that waits for one."""
    if turns == "last":
        yield conversation
        return
    replace = msgspec.structs.replace
    number = 0
    for stop in range(1, len(conversation.messages) + 1):
        message = conversation.messages[stop - 1]
        if message.role == "assistant" or (stop == len(conversation.messages) and message.role == "user"):
            one = replace(
                conversation, id=f"{conversation.id}:{number}", messages=conversation.messages[:stop],
                parent=conversation.id, request="",
            )  # fmt: skip
            if ends_open(one):
                yield one
                number += 1


def _prompt(one: Conversation, origin: str) -> Prompt:
    text = asked(one)
    return Prompt(one, origin, text, tuple(split(text)))


def _left(some: Sequence[Prompt], lost: Mapping[str, Lost]) -> list[Prompt]:
    return [one for one in some if one.conversation.id not in lost]


def _holding(some: Sequence[Prompt], items: Sequence[Item]) -> dict[str, Lost]:
    """Every prompt that is an item, holds one, or holds much of one."""
    held = Held(items)
    found = {number: item for number, one in enumerate(some) if (item := held.find(one.words))}
    for number, item in much_of([one.text for one in some], items):
        found.setdefault(number, item)
    return {some[number].conversation.id: _of_item(item) for number, item in found.items()}


def _of_item(item: Item) -> Lost:
    return (EXAM if item.use == "exam" else APART, item.id)


def _repeating(some: Sequence[Prompt]) -> dict[str, Lost]:
    """Every prompt that has the words of an earlier one."""
    first: dict[tuple[str, ...], str] = {}
    before = [(one.conversation.id, first.setdefault(one.words, one.conversation.id)) for one in some]
    return {own: (REPEATS, other) for own, other in before if own != other}


def _nearly(some: Sequence[Prompt], items: Sequence[Item], alike: Alike) -> dict[str, Lost]:
    """Every prompt that is nearly an item, or nearly an earlier prompt of another conversation that stays."""
    lost: dict[str, Lost] = {}
    pairs = near([*(one.text for one in items), *(one.text for one in some)], alike.least, alike.rarity)
    for pair in sorted(pairs, key=lambda pair: (pair.other, pair.one)):
        if pair.other < len(items):
            continue
        one = some[pair.other - len(items)]
        if pair.one < len(items):
            lost.setdefault(one.conversation.id, _of_item(items[pair.one]))
            continue
        before = some[pair.one - len(items)]
        if before.origin != one.origin and before.conversation.id not in lost:
            lost.setdefault(one.conversation.id, (NEAR, before.conversation.id))
    return lost


def _notes(
    left: Sequence[Prompt], shares: Mapping[str, str], items: Sequence[Item], lost: Mapping[str, Lost], alike: Alike
) -> Notes:
    named = {one.conversation.id: shares[one.conversation.id] or "prompts" for one in left}
    texts = [Text(one.conversation.id, named[one.conversation.id], " ".join(one.words)) for one in left]
    texts += [Text(one.id, one.use, " ".join(one.words)) for one in items]
    replied = Counter(named[one.conversation.id] for one in left if one.conversation.reply)
    return notes(texts, replied, Counter(why for why, _ in lost.values()), alike.least, alike.rarity)


def _share(origin: str, config: Prompts, seed: int) -> str:
    """The share that a conversation falls into, in whichever order they are listed; empty where there is one use."""
    shares = sorted(config.shares.items(), reverse=True)
    at, reached = position(origin, str(seed)) * sum(weight for _, weight in shares), 0.0
    for name, weight in shares:
        reached += weight
        if at < reached:
            return name
    return shares[-1][0] if shares else ""
