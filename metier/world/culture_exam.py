"""The exam on an invented land: claims that are so or not, open questions, and customs where every land differs."""

import random
from collections.abc import Iterator, Sequence

from metier.records import Question
from metier.text.joined import join
from metier.world.culture import Article, Home, Statement
from metier.world.culture_wording import Manner
from metier.world.options import single, yes_no


def questions(seed: int, home: Home, some: Sequence[Article], told: Manner) -> Iterator[Question]:
    """For each statement that can be asked a claim and an open question, for each custom also one with options.

    Labels: ``culture``, ``language``, ``topic``, ``everyday`` (whether the question names no land, so that its right
    answer depends on whom one asks) and, of claims, ``truth``: half of a topic's claims are so. The wrong ones name a
    value that is true of something else in the land, of something in the other land, or of nothing.
    """
    topics: dict[str, list[Statement]] = {}
    for article in some:
        topics.setdefault(article.topic, []).extend(one for one in article.statements if one.asks)
    for topic, statements in topics.items():
        rng = random.Random(f"{seed}:{home.name}:{topic}:exam")
        truths = [place % 2 == 0 for place in range(len(statements))]
        rng.shuffle(truths)
        for statement, truth in zip(statements, truths, strict=True):
            yield from _asked(rng, home, statement, truth, told)


def _asked(rng: random.Random, home: Home, one: Statement, truth: bool, told: Manner) -> Iterator[Question]:
    id = f"{home.name}:{one.topic}:{one.key}" + ("" if one.everyday else f":{one.fact}")
    labels = {"culture": home.culture, "language": home.language, "topic": one.topic}
    value = one.value if truth else rng.choice(rng.choice(one.wrong))
    stem = join([one.claim.format(value=value), told.is_it_so])
    claimed = labels | {"everyday": "no", "truth": "yes" if truth else "no"}
    yield yes_no(f"{id}:yesno", stem, truth, (told.yes, told.no), claimed)
    asked = labels | {"everyday": "yes" if one.everyday else "no"}
    yield Question(f"{id}:open", one.asks, reference=one.says[0], kind="open", labels=asked)
    if one.everyday:
        choices = [one.value, *(some[0] for some in one.wrong)]
        yield single(rng, f"{id}:single", one.asks, choices, asked)
