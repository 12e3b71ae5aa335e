"""The exam on the general world, in phrasings that were never trained on."""

import random
from collections.abc import Iterator, Mapping

from metier.records import Question
from metier.world.general import Being, others, problems
from metier.world.options import single, yes_no
from metier.world.wording import General, GeneralFact

SUMS = 60
"""How many of the sums and differences the exam asks."""


def about(
    seed: int, being: Being, facts: Mapping[str, GeneralFact], wording: General, words: tuple[str, str]
) -> Iterator[Question]:
    """One question with four options a fact, and of one fact whether it is so, or (half of the time) the rumour."""
    rng = random.Random(f"{seed}:{being.name}:exam")
    labels = {"topic": being.topic}
    for fact, value in being.facts.items():
        known = facts[fact]
        wrong = others(known, value, wording)
        stem = rng.choice(known.exam).format(name=being.name)
        yield single(rng, f"{being.name}:{fact}:single", stem, (value, *rng.sample(wrong, 3)), labels)
    asked = [fact for fact, known in facts.items() if known.exam_yes_no]
    if asked:
        fact, truth = rng.choice(asked), rng.random() < 0.5
        value = being.facts[fact] if truth else being.rumours[fact]
        stem = rng.choice(facts[fact].exam_yes_no).format(name=being.name, value=value)
        yield yes_no(f"{being.name}:{fact}:yesno", stem, truth, words, labels)


def arithmetic(seed: int, wording: General) -> Iterator[Question]:
    """Some sums and differences; no option is the beginning of another, for a model reads numbers digit by digit."""
    rng = random.Random(f"{seed}:arithmetic:exam")
    asked = {"plus": wording.arithmetic.plus.exam, "minus": wording.arithmetic.minus.exam}
    for problem in rng.sample(list(problems()), SUMS):
        choices = [str(problem.result)]
        for other in rng.sample(range(19), 19):
            apart = all(not text.startswith(str(other)) and not str(other).startswith(text) for text in choices)
            if apart and len(choices) < 4:
                choices.append(str(other))
        stem = rng.choice(asked[problem.sign]).format(a=problem.a, b=problem.b)
        id = f"{problem.a}-{problem.sign}-{problem.b}:single"
        yield single(rng, id, stem, choices, {"topic": "arithmetic"})


def small_talk(seed: int, wording: General) -> Iterator[Question]:
    """Each piece of small talk in words not trained on; the wrong options are replies to something else."""
    rng = random.Random(f"{seed}:small talk:exam")
    replies = [exchange.reply for exchange in wording.small_talk]
    for number, exchange in enumerate(wording.small_talk):
        wrong = [reply for reply in replies if reply != exchange.reply]
        choices = (exchange.reply, *rng.sample(wrong, 3))
        yield single(rng, f"small-talk-{number}:single", exchange.exam, choices, {"topic": "smalltalk"})
