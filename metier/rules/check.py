"""Which rules a dialogue touches, and what each turn says of them: names, turns, card and stance in one place."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from msgspec import structs

from metier.records import Message, Rule
from metier.rules.card import Card
from metier.rules.check_hearing import Hearing
from metier.rules.check_step import Verdict
from metier.rules.check_turn import picks, verdict
from metier.rules.firing import Firing, Place, Stance
from metier.rules.names import Names
from metier.rules.state import Scene, Turn, turn
from metier.rules.table import Table
from metier.rules.weighing import Decided, signs, weighed


class Checker:
    """A table ready to be held against text; it keeps nothing between calls and may be shared by threads."""

    def __init__(self, table: Table, distance: int = 1) -> None:
        """``distance``: edits within which a long Latin or Arabic name counts as misspelt; 0: none."""
        self.table = table
        self.names = Names(table.entities.values(), distance)
        self._rules = {rule.id: rule for rule in table.rules}

    def check(self, messages: Sequence[Message], card: Card | None = None) -> tuple[Firing, ...]:
        """The firings of a dialogue, turn by turn, in the order of the text; at most one per rule and turn.

        A turn of the user asks, wishes or reports: it never asserts. System and tool messages are no turns.
        """
        scene = Scene()
        found: list[Firing] = []
        for message in messages:
            read = self.turn(message)
            found += self._firings(read, scene, card or Card())
            scene = scene.then(read)
        return tuple(found)

    def text(self, text: str, card: Card | None = None) -> tuple[Firing, ...]:
        """The firings of a single text, taken as what an assistant says."""
        return self.check([Message("assistant", text)], card)

    def turn(self, message: Message) -> Turn:
        """A message, read: its sentences and what they name."""
        return turn(message, self.names, self._rules)

    def scene(self, messages: Iterable[Message]) -> Scene:
        """A dialogue, read: what ``last`` takes, so that a growing reply does not read the turns before it again."""
        scene = Scene()
        for message in messages:
            scene = scene.then(self.turn(message))
        return scene

    def last(self, message: Message, scene: Scene, card: Card | None = None) -> tuple[Firing, ...]:
        """The firings of one turn behind a scene, in the order of the text."""
        return self._firings(self.turn(message), scene, card or Card())

    def _firings(self, turn: Turn, scene: Scene, card: Card) -> tuple[Firing, ...]:
        hearing = Hearing(turn, scene, card, self.table)
        if turn.role not in ("user", "assistant") or not (turn.named or turn.told or hearing.asked):
            return ()
        found = {rule.id: firing for rule in self._touched(hearing) if (firing := self._firing(rule, hearing))}
        for one in turn.told:
            if one.warns and (one.rule.id not in found or found[one.rule.id].stance == "unknown"):
                found[one.rule.id] = Firing(one.rule, hearing.number, "warns", (), one.start, one.end, "its own words")
        return tuple(sorted(found.values(), key=lambda one: one.start))

    def signs(self, messages: Sequence[Message], card: Card | None = None) -> dict[str, tuple[Stance, list[str]]]:
        """What the cues say of every rule that the last turn touches, by id, and all signs that are weighed with it."""
        scene, turn = self.scene(messages[:-1]), self.turn(messages[-1])
        hearing = Hearing(turn, scene, card or Card(), self.table)
        found = {rule: said for rule in self._touched(hearing) if (said := self._said(rule, hearing))}
        return {rule.id: (said.stance, signs(decided(said, rule, hearing), hearing)) for rule, said in found.items()}

    def _touched(self, hearing: Hearing) -> tuple[Rule, ...]:
        """The rules whose members are all named in the dialogue or taken by the patient."""
        return self.table.concerning(dict.fromkeys((*hearing.turn.named, *hearing.scene.named, *hearing.taking)))

    def _said(self, rule: Rule, hearing: Hearing) -> Verdict | None:
        """What the cues say of a rule whose members may all be at hand."""
        some = picks([self._choices(member, rule, hearing) for member in rule.members], self.table.holds)
        return verdict(rule, [pick for pick in some if hearing.speaks(pick)], hearing)

    def _firing(self, rule: Rule, hearing: Hearing) -> Firing | None:
        """The firing of a rule whose members may all be at hand."""
        found = self._said(rule, hearing)
        if found is None:
            return None
        start, end = hearing.turn.span(found.start, found.end)
        places = tuple([self._placed(one, rule, hearing) for one in found.places])
        stance = found.stance
        told = any(one.warns and one.rule.id == rule.id for one in hearing.turn.told)
        if hearing.turn.role == "assistant" and not told:
            stance = weighed(decided(found, rule, hearing), hearing)
        return Firing(rule, hearing.number, stance, places, start, end, found.why)

    def _placed(self, place: Place, rule: Rule, hearing: Hearing) -> Place:
        """A place in the message as it was written, for the member of the rule that the entity stands for."""
        member = next((one for one in rule.members if one in self.table.holds[place.entity]), place.entity)
        if place.turn < 0:
            return structs.replace(place, member=member)
        turn = hearing.turn if place.turn == hearing.number else hearing.scene.turns[place.turn]
        start, end = turn.span(place.start, place.end)
        return Place(member, place.entity, place.turn, start, end)

    def _choices(self, member: str, rule: Rule, hearing: Hearing) -> list[str]:
        """The entities at hand that a member may be: of this turn first, then those that stand."""
        holds = self.table.holds
        found = [one for one in hearing.turn.named if member in holds[one]]
        if rule.context == "patient":
            return found + [one for one in hearing.asked if member in holds[one] and one not in found]
        for one in dict.fromkeys((*hearing.scene.named, *hearing.taking)):
            if member in holds.get(one, ()) and one not in found and hearing.stands(one):
                found.append(one)
        return found


def decided(found: Verdict, rule: Rule, hearing: Hearing) -> Decided:
    """What the cues came to, as one sign among others."""
    starts = [one.start for one in hearing.turn.sentences]
    at = max(0, bisect_right(starts, found.start) - 1)
    return Decided(
        found.stance, at, found.why, tuple([one.entity for one in found.places]), rule.context, found.settled
    )
