"""An exam made for leaking: questions with four options, pages that leak them in known ways, and pages that do not."""

import random

from metier.records import Question
from metier.world.planted_grammar import Grammar, flat, sentence, text_of
from metier.world.planted_noise import line, page

SUBJECTS = ("symptom", "food", "organ", "illness")
HOW = ("verbatim", "punctuation", "options", "stem", "page")
"""How a page leaks an item: as it is; in other case and without punctuation; options in another order; the stem alone;
the item inside a longer page."""
LABELS = "ABCD"
MARKS = str.maketrans("", "", ".,;:?!()'\"。，；：？！（）“”、؟،؛")


def question(grammar: Grammar, identity: str, index: int, rng: random.Random) -> Question:
    """A single-choice question with four different options; its key stands anywhere."""
    subject = SUBJECTS[index % len(SUBJECTS)]
    bank = grammar.banks[f"options_{subject}"]
    long = rng.random() < 0.5
    options: dict[str, None] = {}
    while len(options) < len(LABELS):
        item = flat(grammar, f"options_{subject}", rng.random)
        if len(bank) == 1 or long or len(item) < 24:
            options[item] = None
    return Question(
        identity,
        line(grammar, f"stem_{subject}", rng.random),
        options=dict(zip(LABELS, options, strict=True)),
        key=frozenset(LABELS[int(rng.random() * 4)]),
        labels={"language": grammar.language, "subject": subject, "planted": "exam"},
    )


def leak(grammar: Grammar, item: Question, how: str, rng: random.Random) -> str:
    """A page that leaks the item in this way, one of ``HOW``."""
    head, _, answer = _words(grammar, rng)
    whole = _item(item.stem, list(item.options.values()))
    around = page(grammar, rng.randrange(4), (60, 160), rng)
    match how:
        case "verbatim":
            return f"{head}\n{whole}\n{answer} {min(item.key)}"
        case "punctuation":
            changed = whole.translate(MARKS)
            return f"{changed.upper() if rng.random() < 0.5 else changed.lower()}\n{around}"
        case "options":
            some = list(item.options.values())
            while some == list(item.options.values()):
                rng.shuffle(some)
            return f"{head}\n{_item(item.stem, some)}\n{answer}"
        case "stem":
            return f"{around}\n{item.stem}\n{line(grammar, 'about', rng.random)}"
        case "page":
            before, after = (page(grammar, rng.randrange(4), (120, 300), rng) for _ in range(2))
            return f"{before}\n{whole}\n{after}"
    raise ValueError(f"no way to leak {how!r}")


def topic(grammar: Grammar, index: int, rng: random.Random) -> str:
    """A page on what the exam asks about that leaks no item: prose, or for one in four a question of another exam."""
    around = page(grammar, index, (60, 320), rng)
    middle = [line(grammar, "about", rng.random) for _ in range(1 + rng.randrange(3))]
    if index % 4 == 3:
        other = question(grammar, "", rng.randrange(4), rng)
        middle.append(_item(other.stem, list(other.options.values())))
    return "\n".join([around, *middle])


def _item(stem: str, options: list[str]) -> str:
    return "\n".join([stem, *(f"{label}. {option}" for label, option in zip(LABELS, options, strict=True))])


def _words(grammar: Grammar, rng: random.Random) -> tuple[str, str, str]:
    """A heading, a note and the word for the answer."""
    answer, note, head = (_small(grammar, place, rng) for place in range(3))
    return head, note, answer


def _small(grammar: Grammar, place: int, rng: random.Random) -> str:
    return text_of(sentence(grammar, grammar.banks["exam_words"][place], rng.random))
