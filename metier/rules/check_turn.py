"""What one turn says of the members of one rule: the sentences that speak of them, read one by one and weighed.

A turn speaks of several things where one sentence names them, one list does, or neighbouring sentences do: at most
``NEAR`` apart, in one paragraph. What is farther apart in a text is not brought together by it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from metier.records import Rule
from metier.rules import stance
from metier.rules.check_answer import REPLIES, answer
from metier.rules.check_hearing import NEAR, Hearing, Link, Pick
from metier.rules.check_refers import ASKS, DOSE, REFERS, again, carries, orders, taken_back, takes_up, vehicle
from metier.rules.check_step import Step, Verdict
from metier.rules.check_ways import beds, counted, flushed, one_drip, other_way, others, parted, spaced, timed_apart
from metier.rules.firing import Mention, Stance
from metier.rules.stance import Reading
from metier.rules.state import ITEM, Turn

PICKS = 32
"""Ways of choosing an entity for each member that are read one by one; where there are more, the first count."""
CHOICES = 8
"""Entities that are looked at for one member, such as of a long list of a class."""
LIST = 4_000
"""Characters up to which a list is read as a whole; of a longer one, from the first member to the last."""
_RANK: Mapping[Stance, int] = {"unknown": 0, "warns": 1, "asserts": 2}


def verdict(rule: Rule, picks: Sequence[Pick], hearing: Hearing) -> Verdict | None:
    """The strongest of what a turn says of some choices of entities for the members of a rule; None: nothing."""
    best: Step | None = None
    for pick in picks:
        if rule.when and not any(hearing.concerns(rule, pick, at) for at in _spoken(pick, hearing)):
            continue
        found = _weighed([one for one in _steps(rule, pick, hearing) if hearing.concerns(rule, pick, one.spoken)])
        if found is not None and (best is None or _RANK[found.stance] > _RANK[best.stance]):
            best = found
            if best.stance == "asserts":
                break
    return None if best is None else _told(best, hearing.turn)


def _spoken(pick: Pick, hearing: Hearing) -> Iterator[int]:
    """The numbers of the sentences of a turn that may speak of some entities."""
    for one in pick:
        yield from hearing.turn.named.get(one, ())
    yield from range(min(REPLIES, len(hearing.turn.sentences)))


def picks(choices: Sequence[Sequence[str]], holds: Mapping[str, tuple[str, ...]]) -> list[Pick]:
    """The choices of entities that differ: none twice, and no class beside what belongs to it."""
    found = []
    for pick in product(*[some[:CHOICES] for some in choices]):
        different = all(
            one not in holds[other] and other not in holds[one]
            for number, one in enumerate(pick)
            for other in pick[:number]
        )
        if different:
            found.append(pick)
        if len(found) == PICKS:
            break
    return found


def _weighed(steps: list[Step]) -> Step | None:
    """The one of several sentences that counts.

    What brings things together does, unless a later sentence takes it back that speaks of all of them, or any later
    warning where it is an answer; and where it names only a part of them, unless any sentence warns of them all.
    """
    warned = [one for one in steps if one.stance == "warns"]
    whole = [one for one in warned if one.of != "part"]
    for one in steps:
        if one.stance != "asserts":
            continue
        against = whole if one.of == "whole" else warned
        if not any(other.at > one.at or (one.of == "part" and other.of != "part") for other in against):
            return one
    return next(iter(whole or warned or steps), None)


def _told(step: Step, turn: Turn) -> Verdict:
    """A step as the verdict on its turn: what a user asks, wishes or reports brings nothing together."""
    meant: Stance = "unknown" if turn.role == "user" and step.stance == "asserts" else step.stance
    sentence, text = turn.sentences[step.at], turn.said(step.at)
    start, end = sentence.start + len(text) - len(text.lstrip()), sentence.start + len(text.rstrip())
    return Verdict(meant, step.places, min(start, end), end, step.why, step.settled)


def _steps(rule: Rule, pick: Pick, hearing: Hearing) -> Iterator[Step]:
    """What the sentences of a turn say of some entities: what it answers first, then in order."""
    turn = hearing.turn
    named = set(pick)
    done = set[int]()
    yield from answer(rule, pick, hearing)
    for at in sorted({at for one in pick for at in turn.named.get(one, ())}):
        block = turn.sentences[at].block
        here = {one.entity for one in turn.sentences[at].mentions} & named
        if here == named and _apart(turn.inside(at, named), pick):
            yield from _alone(rule, pick, at, hearing)
        elif block in done:
            continue
        elif block >= 0 and (step := _listed(rule, pick, block, hearing)):
            done.add(block)
            yield step
        elif here != named:
            yield _joined(rule, pick, at, hearing)
    if turn.role == "assistant":
        yield from _by_class(pick, hearing)


def _by_class(pick: Pick, hearing: Hearing) -> Iterator[Step]:
    """Sentences that stop a thing that they call by its class: "stop the statin for that week"."""
    turn, holds = hearing.turn, hearing.table.holds
    for one in pick:
        for each in holds[one]:
            if each == one or each in pick or any(each in holds[other] for other in pick if other != one):
                continue
            for at in turn.named.get(each, ()):
                if {mention.entity for mention in turn.sentences[at].mentions} & set(pick):
                    continue
                if stance.state(turn.said(at), turn.inside(at, {each})[-1]) in ("stopped", "refused"):
                    places = tuple([hearing.link(other, at).place for other in pick])
                    yield Step("warns", "whole", at, "", places, settled=True)


def _apart(mentions: Sequence[Mention], pick: Pick) -> bool:
    """Whether the entities stand at different places: one name may mean two things."""
    spans = [{(one.start, one.end) for one in mentions if one.entity == entity} for entity in pick]
    return len(set.union(*spans)) >= len(pick)


def _alone(rule: Rule, pick: Pick, at: int, hearing: Hearing) -> Iterator[Step]:
    """A sentence that names every member; where it leaves it open, the next, which names nothing, may tell."""
    turn = hearing.turn
    text, mentions, before = _with_header(at, set(pick), hearing)
    reading = hearing.read(text, mentions, before, rule)
    meant = _meant(reading, text, mentions, rule)
    places = tuple([hearing.placed(one, at) for one in pick])
    yield Step(meant, "whole", at, reading.why, places, settled=meant != reading.stance)
    after = at + 1
    if meant == "warns" or after == len(turn.sentences):
        return
    if turn.sentences[after].mentions or turn.sentences[after].block >= 0 or turn.role == "user":
        return
    if meant == "asserts":
        if taken_back(turn.said(after), len(pick) > 1):
            yield Step("warns", "whole", after, "", places, at, settled=True)
        return
    reading = hearing.read(turn.said(after), (), (turn.said(at),), rule)
    meant = reading.stance
    if meant == "warns" or (meant == "asserts" and ASKS.search(turn.said(at))):
        yield Step(meant, "answer", after, reading.why, places, at)
    elif rule.context != "mixed" and _repeated(turn.said(after)):
        yield Step("asserts", "answer", after, reading.why, places, at, settled=True)


def _repeated(text: str) -> bool:
    """Whether a sentence that names nothing has all that was given before given once more."""
    return takes_up(text, True) and again(text) and orders(text) == "asserts"


def _with_header(at: int, named: set[str], hearing: Hearing) -> tuple[str, list[Mention], tuple[str, ...]]:
    """A sentence with the header of its list before it, its mentions, and the sentences that lead up to it."""
    turn = hearing.turn
    header, said, mentions = turn.sentences[at].header, turn.said(at), turn.inside(at, named)
    if header < 0:
        return said, mentions, hearing.before(at)
    head = turn.said(header).rstrip() + " "
    moved = [Mention(each.entity, each.start + len(head), each.end + len(head), each.way) for each in mentions]
    return head + said, moved, hearing.before(header)


def _listed(rule: Rule, pick: Pick, block: int, hearing: Hearing) -> Step | None:
    """A list that names every member: read as one text, with its header and what refers back to it."""
    turn, named = hearing.turn, set(pick)
    numbers = hearing.listed(block)
    first = [next((at for at in turn.named.get(one, ()) if turn.sentences[at].block == block), -1) for one in pick]
    if min(first) < 0:
        return None
    before = hearing.before(numbers[0])
    if turn.sentences[numbers[-1]].end - turn.sentences[numbers[0]].start > LIST:
        before, numbers = (turn.said(numbers[0]),), range(min(first), max(first) + 1)
    start, stop = turn.sentences[numbers[0]].start, turn.sentences[numbers[-1]].end
    mentions = [
        Mention(one.entity, one.start - start, one.end - start, one.way)
        for at in numbers
        for one in turn.sentences[at].mentions
        if one.entity in named
    ]
    if not _apart(mentions, pick):
        return None
    places = tuple([hearing.placed(one, at) for one, at in zip(pick, first, strict=True)])
    apart = len(set(first)) > 1 and all(_combination(turn, at) for at in first)
    if apart or stop - start > LIST:
        return Step("unknown", "part", max(first), "", places, settled=True)
    text, mentions = _without_others(turn, numbers, named, mentions) if stop - start <= LIST else ("", mentions)
    reading = hearing.read(text, mentions, before, rule)
    meant = _meant(reading, text, mentions, rule)
    return Step(meant, "whole", max(first), reading.why, places, settled=meant != reading.stance)


def _without_others(
    turn: Turn, numbers: Sequence[int], named: set[str], mentions: list[Mention]
) -> tuple[str, list[Mention]]:
    """A list without the items that name other things only, and the mentions of some entities in what is left."""
    text, left = "", []
    for at in numbers:
        mine = turn.inside(at, named)
        if mine or not turn.sentences[at].mentions or not ITEM.match(turn.text, turn.sentences[at].start):
            left += [Mention(one.entity, one.start + len(text), one.end + len(text), one.way) for one in mine]
            text += turn.said(at)
    return text.rstrip(), left


def _meant(reading: Reading, text: str, mentions: Sequence[Mention], rule: Rule) -> Stance:
    """The stance of a text that names every member: who counts a stock, or parts what is to be mixed, gives nothing."""
    if reading.stance == "warns":
        return "warns"
    if reading.stance == "unknown":
        mixed = rule.context == "mixed"
        whole = _dripped(text, mentions) if mixed else _goes_on(text, mentions)
        return "asserts" if whole else "unknown"
    if rule.context == "together" and _spaced(rule) and timed_apart(text, mentions):
        return "warns"
    apart = rule.context == "mixed" and parted(text, mentions)
    return "unknown" if apart or counted(_unnamed(text, mentions)) or others(text, mentions) else "asserts"


def _unnamed(text: str, mentions: Sequence[Mention]) -> str:
    """A text without the names in it, whose letters may spell a word together with those beside them."""
    for one in sorted(mentions, key=lambda one: -one.start):
        text = f"{text[: one.start]} {text[one.end :]}"
    return text


def _spaced(rule: Rule) -> bool:
    """Whether the advice of a rule leaves hours between its members."""
    return any(spaced(one.remedy) for one in rule.advice)


def _dripped(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a text orders what it lists as one infusion."""
    if not one_drip(text, mentions) or parted(text, mentions) or counted(_unnamed(text, mentions)):
        return False
    return stance.read(text, mentions, (), "either").stance == "asserts"


def _goes_on(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a sentence gives one thing and says of the other, behind its name, that it goes on as it did."""
    some = sorted({(one.start, one.end): one for one in mentions}.values(), key=lambda one: one.start)
    if len({one.entity for one in some}) < 2 or counted(_unnamed(text, some)) or ASKS.search(text):
        return False
    ends = [*[one.start for one in some[1:]], len(text)]
    on = [carries(text[one.end : end]) for one, end in zip(some, ends, strict=True)]
    given = [each or stance.state(text, one) == "given" for one, each in zip(some, on, strict=True)]
    return any(on) and all(given)


def _combination(turn: Turn, at: int) -> bool:
    """Whether an item of a list names several things without a dose: it speaks of these, not of other items'."""
    several = len({one.start for one in turn.sentences[at].mentions}) > 1
    return several and not DOSE.search(turn.said(at))


def _joined(rule: Rule, pick: Pick, at: int, hearing: Hearing) -> Step:
    """A sentence that names some of the members, where others were named before it or are taken already."""
    turn = hearing.turn
    here = {one.entity for one in turn.sentences[at].mentions} & set(pick)
    links = {one: hearing.link(one, at) for one in pick if one not in here}
    text, mentions, before = _with_header(at, here, hearing)
    lead = (*[link.said for link in links.values() if link.said and link.said not in before], *before)
    given = all(link.state == "given" for link in links.values())
    reading = hearing.read(text, mentions, lead, rule)
    if reading.stance == "unknown" and given:
        reading = hearing.read(text, mentions, (), rule)
    meant: Stance = reading.stance
    carrier = rule.context != "together" and at < REPLIES and any(vehicle(one.said) for one in links.values())
    if meant == "unknown" and carrier:
        meant = stance.read(text, mentions, (), "patient").stance
    lines = _between(links.values(), at, hearing)
    over = any(
        one.said and one.state in ("stopped", "refused") and one.place.turn == hearing.number for one in links.values()
    )
    if meant == "unknown" and over and turn.role == "assistant":
        meant = "warns"
    if rule.context in ("mixed", "either") and any(flushed(one) for one in lines):
        meant = "warns"
    if meant == "asserts" and rule.context == "mixed" and any(other_way(one, text) for one in lines[:-1]):
        meant = "unknown"
    if meant == "asserts" and any(beds(one) and beds(text) and not beds(one) & beds(text) for one in lines):
        meant = "unknown"
    if meant == "unknown" and given and rule.context != "mixed" and carries(text):
        meant = "asserts"
    if meant == "warns" and not given:
        alone = hearing.read(text, mentions, (), rule)
        meant = "warns" if alone.stance != "warns" or _asked_of(links.values(), hearing) else "unknown"
    if meant == "asserts" and not carrier and not (given and rule.context != "mixed"):
        kept = all(link.said and link.state in ("given", "mentioned") for link in links.values())
        meant = "asserts" if kept and REFERS.search(text) else "unknown"
    places = tuple([links[one].place if one in links else hearing.placed(one, at) for one in pick])
    return Step(meant, "part", at, reading.why, places, settled=meant != reading.stance)


def _between(links: Iterable[Link], at: int, hearing: Hearing) -> list[str]:
    """The sentences of a turn from those that name some things up to another, which is the last."""
    turn = hearing.turn
    starts = [one.place.start for one in links if one.place.turn == hearing.number and one.said]
    near = range(max(0, at - NEAR), at + 1) if starts else ()
    return [turn.said(one) for one in near if turn.sentences[one].end > min(starts)]


def _asked_of(links: Iterable[Link], hearing: Hearing) -> bool:
    """Whether things were named by the question that the turn answers."""
    return hearing.question is not None and any(link.place.turn == hearing.number - 1 for link in links)
