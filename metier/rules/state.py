"""A dialogue as the rules see it: its turns cut into sentences with their names, and what stands from turn to turn."""

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import structs

from metier.records import Message, Role, Rule
from metier.rules import stance
from metier.rules.card_facts import Said, facts
from metier.rules.check_refers import JOINT, ended, lasts, orders, presumed, quits, resumes, takes_up
from metier.rules.firing import Mention
from metier.rules.names import Names
from metier.rules.table import Table
from metier.rules.telling import Telling, tellings, untold
from metier.text.seen import Seen, seen
from metier.text.sentences import starts

LONGEST = 480
"""Characters after which a sentence that does not end is cut at its next comma, so that long texts stay linear."""
Standing = Literal["given", "stopped", "refused", "mentioned"]

ITEM = re.compile(r"[^\S\n]*(?:[-*•·▪◦–—+]\s|[(（]?[0-9٠-٩]{1,2}\s?[.)、．）](?![0-9٠-٩])|[①-⑳]|\|)")
_ITEM_END = re.compile(r"\n(?:[^\S\n]*\n)*+(?![^\S\n]{2,}\S)")
_HEADER_END = re.compile(r"[:：]\W*\Z")
_BACK = re.compile(
    r"\W*(?:以上|上述|上列|将上|前述|共同|一起|同瓶|混合|all of (?:the )?(?:above|these)|(?:the )?above|these|mix "
    r"|together|ما سبق|جميع|كل ما|هذه|تخلط|تمزج)",
    re.I,
)
_ASKS = re.compile(
    r"[?？؟]|[吗么呢]\W*\Z|[能可会行好]不[能可会行好]|是否|有没有|什么|怎么|如何|为何|多少|哪"
    r"|\b(?:what|why|how|which|whether|when|who|read|heard|wonder)\b|\A\W*(?:can|could|may|is|are|do|does|should)\b"
    r"|(?:\A|\s)(?:هل|ماذا|ما|كيف|لماذا|متى|أي|قرأت|سمعت)\s",
    re.I,
)
"""What a user asks, or has read; what he otherwise names is taken to be what the patient has."""
_QUESTION = re.compile(r"[?？؟]")
_CUT = re.compile(r"[,，،;；、\n]\s*|\s")


class Sentence(msgspec.Struct, frozen=True):
    """A sentence of a turn: its bounds, what it names (offsets into the turn), its paragraph and its list."""

    start: int
    end: int
    mentions: tuple[Mention, ...] = ()
    paragraph: int = 0
    header: int = -1
    """The number of the sentence that heads the list whose item this is; -1 outside of lists, or without a header."""
    block: int = -1
    """The number of the list that it belongs to, its header and what refers back to it included."""


class Turn(msgspec.Struct, frozen=True, dict=True):
    """One message, read: its sentences, and the numbers of those that name an entity."""

    role: Role
    seen: Seen
    """Its text as a reader sees it: all offsets are into this one but those of ``span``."""
    sentences: tuple[Sentence, ...]
    named: Mapping[str, tuple[int, ...]]
    """The numbers of the sentences that name an entity, by its id."""
    told: tuple[Telling, ...] = ()
    """The rules that it tells in their own words, with offsets into the message as it was written."""

    @property
    def text(self) -> str:
        """Its text as a reader sees it."""
        return self.seen.text

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the text stands in the message as it was written."""
        at = self.seen.at
        return at[start], at[end - 1] + 1 if end > start else at[end]

    def facts(self, table: Table) -> tuple[Said, ...]:
        """What it says of patients: read when first asked for, and kept."""
        kept: dict[str, tuple[Said, ...]] = self.__dict__
        if "_facts" not in kept:
            mentions = [one for sentence in self.sentences for one in sentence.mentions]
            kept["_facts"] = facts(self.text, mentions, table)
        return kept["_facts"]

    def places(self, entity: str) -> set[int]:
        """Where it names an entity."""
        return {
            one.start
            for at in self.named.get(entity, ())
            for one in self.sentences[at].mentions
            if one.entity == entity
        }

    def said(self, number: int) -> str:
        """The text of a sentence."""
        one = self.sentences[number]
        return self.text[one.start : one.end]

    def inside(self, number: int, entities: frozenset[str] | set[str]) -> list[Mention]:
        """The mentions of some entities in a sentence, with offsets into the sentence."""
        one = self.sentences[number]
        return [shifted(each, -one.start) for each in one.mentions if each.entity in entities]


def shifted(mention: Mention, by: int) -> Mention:
    """A mention in a text that begins elsewhere."""
    return Mention(mention.entity, mention.start + by, mention.end + by, mention.way)


def turn(message: Message, names: Names, rules: Mapping[str, Rule] | None = None) -> Turn:
    """A message cut into sentences, each with what it names; ``rules`` are those that it may tell, by their ids.

    What it tells in their own words, as ``Firing.citation`` writes them, says nothing else: it is read as blanks.
    """
    told = tellings(message.content, rules or {})
    shown = seen(untold(message.content, told))
    text = shown.text
    found = names.find(text) if text else ()
    edges = [0, *_edges(text), len(text)]
    begins = [one.start for one in found]
    named: dict[str, list[int]] = {}
    plain: list[tuple[int, int, tuple[Mention, ...]]] = []
    at = 0
    for start, end in itertools.pairwise(edges):
        to = bisect_right(begins, end - 1, at)
        mine, at = found[at:to], to
        for one in mine:
            numbers = named.setdefault(one.entity, [])
            if not numbers or numbers[-1] != len(plain):
                numbers.append(len(plain))
        plain.append((start, end, mine))
    return Turn(message.role, shown, _placed(text, plain), {one: tuple(some) for one, some in named.items()}, told)


def _edges(text: str) -> list[int]:
    """Where sentences begin, the first left out: items of lists do, and so do the parts of one that is too long."""
    edges = starts(text)
    if "\n" in text:
        lines = [0, *(match.end() for match in re.finditer("\n", text))]
        items = [at for at in lines if ITEM.match(text, at)]
        ends = [match.end() for at in items if (match := _ITEM_END.search(text, at))]
        edges = sorted({*edges, *items, *ends} - {0, len(text)})
    if not any(b - a > LONGEST for a, b in zip([0, *edges], [*edges, len(text)], strict=True)):
        return edges
    cut = []
    for a, b in zip([0, *edges], [*edges, len(text)], strict=True):
        while b - a > LONGEST and (comma := _CUT.search(text, a + LONGEST // 2, b)):
            a = comma.end() if comma.end() - a <= LONGEST else a + LONGEST
            cut.append(a)
        cut.append(b)
    return [at for at in dict.fromkeys(cut) if 0 < at < len(text)]


def _placed(text: str, plain: Sequence[tuple[int, int, tuple[Mention, ...]]]) -> tuple[Sentence, ...]:
    """Sentences with their paragraphs and lists."""
    made: list[Sentence] = []
    paragraph, header, block, blocks = 0, -1, -1, 0
    for start, end, mentions in plain:
        item = ITEM.match(text, start) is not None
        if item and block < 0:
            blocks, block = blocks + 1, blocks
            header = _header(text, made)
            if header >= 0:
                made[header] = structs.replace(made[header], block=block)
        back = not item and block >= 0 and _BACK.match(text, start) is not None
        if not item and not back:
            header, block = -1, -1
        made.append(Sentence(start, end, mentions, paragraph, header if item else -1, block))
        if back:
            header, block = -1, -1
        if not item and _blank(text[start:end]):
            paragraph += 1
    return tuple(made)


def _header(text: str, made: Sequence[Sentence]) -> int:
    """The number of the sentence just before that heads a list: it ends in a colon, or stands on a line of its own."""
    if not made:
        return -1
    last = text[made[-1].start : made[-1].end]
    return len(made) - 1 if _HEADER_END.search(last) or (last.endswith("\n") and len(last) <= 80) else -1


def _blank(said: str) -> bool:
    tail = said[len(said.rstrip()) :]
    return tail.count("\n") > 1 and not _HEADER_END.search(said)


TAKEN = 3
"""Sentences of a reply that may take up what the turn before it named."""


def taken_up(named: Turn, reply: Turn, entity: str, over: bool = False) -> "Standing | None":
    """How something stands after a reply that does not name it, but takes it up ("stop it", "carry on with both").

    What is ``over`` does not go on, unless it is begun again.
    """
    numbers = named.named.get(entity, ())
    if not numbers or entity in reply.named:
        return None
    last = max(some[-1] for some in named.named.values())
    if numbers[-1] != last:
        return None
    several = len({one.start for one in named.sentences[last].mentions}) > 1
    for at in range(min(TAKEN, len(reply.sentences))):
        text = reply.said(at)
        if some := reply.sentences[at].mentions:
            before = text[: some[0].start - reply.sentences[at].start]
            pauses = [one.start() for one in JOINT.finditer(before)]
            text = before[: pauses[-1]] if pauses else ""
        if text.strip() and takes_up(text, several) and (meant := orders(text)) != "unknown":
            if over and meant == "asserts" and not resumes(text):
                return None
            return "given" if meant == "asserts" else "stopped"
    return None


class Stand(msgspec.Struct, frozen=True):
    """How an entity stands after what was said of it last: the turn, the place in it, and the sentence.

    What a user names without asking for it is given, unless he says that it is not: people tell what they take.
    """

    state: Standing
    turn: int
    start: int
    end: int
    said: str


class Scene(msgspec.Struct, frozen=True):
    """The turns before the one that is looked at, and which of them name an entity."""

    turns: tuple[Turn, ...] = ()
    named: Mapping[str, tuple[int, ...]] = {}

    def then(self, turn: Turn) -> "Scene":
        """The scene with one turn more. What system and tool messages say is no part of the talk: it is passed over."""
        if turn.role in ("system", "tool"):
            return Scene((*self.turns, turn), self.named)
        number = len(self.turns)
        more = {one: (*self.named.get(one, ()), number) for one in turn.named}
        return Scene((*self.turns, turn), {**self.named, **more})

    def asked(self) -> Turn | None:
        """The turn of the user that the next turn answers."""
        last = next((one for one in reversed(self.turns) if one.role != "tool"), None)
        return last if last is not None and last.role == "user" else None

    def talk(self) -> tuple[Turn, ...]:
        """The turns of the user that the next turn answers, the last first: those before it that were asked about."""
        found: list[Turn] = []
        spoken = [one for one in reversed(self.turns) if one.role != "tool"]
        for number in range(0, len(spoken), 2):
            if spoken[number].role != "user":
                break
            found.append(spoken[number])
            before = spoken[number + 1] if number + 1 < len(spoken) else None
            if before is None or before.role != "assistant" or not _QUESTION.search(before.text):
                break
        return tuple(found)

    def standing(self, entity: str) -> Stand | None:
        """How an entity stands: by the last sentence that says more of it than its name, else by the last of all."""
        last: Stand | None = None
        told: Stand | None = None
        for stood in self._said(entity):
            if stood.state != "mentioned":
                return stood
            last = last or stood
            if self.turns[stood.turn].role == "user" and not _ASKS.search(stood.said):
                told = told or structs.replace(stood, state="given")
        return told or last

    def _said(self, entity: str) -> Iterator[Stand]:
        """What was said of an entity, the latest first."""
        for number in reversed(self.named.get(entity, ())):
            turn = self.turns[number]
            for at in reversed(turn.named[entity]):
                mention = turn.inside(at, {entity})[-1]
                state = stance.state(turn.said(at), mention)
                if turn.role == "user" and state in ("mentioned", "given") and ended(turn.said(at), mention):
                    state = "stopped"
                elif turn.role == "user" and state == "stopped" and lasts(turn.said(at)):
                    state = "given"
                if turn.role == "user" and state == "mentioned" and presumed(turn.said(at)):
                    state = "given"
                over = state in ("stopped", "refused")
                reply = self.turns[number + 1] if number + 1 < len(self.turns) else None
                later = taken_up(turn, reply, entity, over) if reply is not None else None
                if later and reply is not None and reply.role not in ("system", "tool"):
                    state = later
                elif turn.role == "user" and (
                    state == "mentioned" or (state == "refused" and _ASKS.search(turn.said(at)))
                ):
                    state = self._answered(number, at)  # who asks refuses nothing
                if turn.role == "user" and state in ("mentioned", "given") and self._quit(number):
                    state = "stopped"
                start = turn.sentences[at].start
                yield Stand(state, number, start + mention.start, start + mention.end, turn.said(at))

    def _quit(self, number: int) -> bool:
        """Whether what a user names is over by what he answers when he is asked about it."""
        if number + 2 >= len(self.turns) or self.turns[number + 1].role != "assistant":
            return False
        asked, reply = self.turns[number + 1], self.turns[number + 2]
        whole = reply.role == "user" and bool(reply.sentences) and _QUESTION.search(asked.text) is not None
        return whole and not reply.sentences[0].mentions and not asked.named and quits(reply.said(0))

    def _answered(self, number: int, at: int) -> Standing:
        """How what a user's last sentence asks for stands after the answer: yes is given, no is refused."""
        if number + 1 >= len(self.turns) or self.turns[number + 1].role != "assistant":
            return "mentioned"
        asked, reply = self.turns[number], self.turns[number + 1]
        if at < len(asked.sentences) - 2 or not reply.sentences or reply.sentences[0].mentions:
            return "mentioned"
        reading = stance.read(reply.said(0), (), (asked.said(at),))
        answers: dict[str, Standing] = {"asserts": "given", "warns": "refused", "unknown": "mentioned"}
        return answers[reading.stance]
