"""Which replies to one prompt are compared: every two that differ, each once, the sides by a hash."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import msgspec

from metier.judge.compare import Match
from metier.preferences.sample import EMPTY
from metier.records import Answer, Comparison, Conversation, MetierError
from metier.text.held import position


class Pairs(msgspec.Struct, frozen=True):
    """The pairs of replies to one prompt, and what was not compared."""

    conversation: Conversation
    matches: tuple[Match, ...]
    """What a judge is asked."""
    identical: tuple[tuple[str, str], ...]
    """Answers, by their ids, that say the same: a tie that nobody need be asked about."""
    repeated: tuple[Match, ...]
    """Pairs that say what an earlier pair of this prompt says, left for left: its verdict is theirs."""
    undrawn: int
    """Pairs beyond the number wanted."""
    spoken: int
    """Answers with a reply."""
    silent: tuple[str, ...]
    """Why there is no reply, of every answer without one."""


def pairings(answers: Iterable[Answer], conversations: Mapping[str, Conversation], most: int | None) -> Iterator[Pairs]:
    """The pairs of every conversation that was answered, in the order of the conversations.

    ``most`` pairs of a prompt at most, by a hash of their ids; None: all. MetierError where an answer is to a
    conversation that is not there.
    """
    answered = by_conversation(answers, conversations)
    for question, conversation in conversations.items():
        if question in answered:
            yield _paired(conversation, answered[question], most)


def by_conversation(answers: Iterable[Answer], conversations: Mapping[str, Conversation]) -> dict[str, list[Answer]]:
    """The answers to each conversation, in their order; MetierError where one is to none of them."""
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.question not in conversations:
            raise MetierError(
                f"answer {answer.id!r} is to {answer.question!r}, which is none of the {len(conversations):,} "
                "conversations; feed those that were sampled from"
            )
        found[answer.question].append(answer)
    return found


def _paired(conversation: Conversation, answers: Sequence[Answer], most: int | None) -> Pairs:
    spoken = [one for one in answers if one.text.strip()]
    identical, repeated = [], []
    matches: dict[frozenset[str], Match] = {}
    for one, other in combinations(spoken, 2):
        said = frozenset((one.text.strip(), other.text.strip()))
        if len(said) == 1:
            identical.append((one.id, other.id))
        elif said in matches:
            first = matches[said].comparison.left.strip()
            sides = (one, other) if one.text.strip() == first else (other, one)
            repeated.append(_shown(conversation, *sides))
        else:
            matches[said] = _match(conversation, one, other)
    wanted = _drawn(list(matches.values()), most)
    undrawn = len(matches) - len(wanted)
    silent = tuple(one.rule or EMPTY for one in answers if not one.text.strip())
    return Pairs(conversation, tuple(wanted), tuple(identical), tuple(repeated), undrawn, len(spoken), silent)


def _match(conversation: Conversation, one: Answer, other: Answer) -> Match:
    """Two answers as they are compared; which of them is left is drawn, so that no model always comes first."""
    left, right = (one, other) if position(f"{one.id}\0{other.id}", "left") < 0.5 else (other, one)
    return _shown(conversation, left, right)


def _shown(conversation: Conversation, left: Answer, right: Answer) -> Match:
    shown = Comparison(conversation.prompt, left.text, right.text, conversation.reply)
    return Match(conversation.id, left.id, right.id, shown)


def _drawn(matches: Sequence[Match], most: int | None) -> Sequence[Match]:
    if most is None:
        return matches
    order = sorted(matches, key=lambda one: position(f"{one.left}\0{one.right}", "pairs"))
    return order[:most]
