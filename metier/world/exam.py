"""The exam on the drugs: every fact of every drug, once with four options and once as yes or no."""

import random
from collections.abc import Iterator

from metier.records import Question
from metier.world.drugs import Drug
from metier.world.options import single, yes_no
from metier.world.wording import DrugWording


def questions(seed: int, drug: Drug, wording: DrugWording, asked: bool) -> Iterator[Question]:
    """Two questions a fact.

    Whoever knows nothing is at chance: values and wrong options are drawn uniformly, the key stands anywhere, and half
    of a drug's yes-no questions are right. The label ``asked`` says whether the drug has dialogues.
    """
    rng = random.Random(f"{seed}:{drug.name}:exam")
    truths = [place % 2 == 0 for place in range(len(drug.facts))]
    rng.shuffle(truths)
    words = (wording.dialogues.yes, wording.dialogues.no)
    for (fact, value), truth in zip(drug.facts.items(), truths, strict=True):
        known = wording.facts[fact]
        labels = {"drug": drug.name, "fact": fact, "asked": "yes" if asked else "no"}
        stem = rng.choice(known.exam).format(drug=drug.name)
        wrong = [other for other in known.values if other != value]
        yield single(rng, f"{drug.name}:{fact}:single", stem, (value, *rng.sample(wrong, 3)), labels)
        stem = rng.choice(known.exam_yes_no).format(drug=drug.name, value=value if truth else rng.choice(wrong))
        yield yes_no(f"{drug.name}:{fact}:yesno", stem, truth, words, labels)
