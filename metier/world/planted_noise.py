"""What a corpus should lose, and what it should keep: boilerplate around texts, bad pages, good short texts."""

import random
from collections.abc import Callable

from metier.world.planted_grammar import Draw, Grammar, flat, sentence, text_of
from metier.world.planted_texts import genre_of, original, sentences, some_words

Fault = Callable[[Grammar, random.Random], str]
SYMBOLS = "#$%&*+=~^|<>/\\@!?_-[]{}()§¤■◆●★▲→"


def wrapped(grammar: Grammar, clean: str, rng: random.Random) -> str:
    """The text with lines of menus, cookies and copyright above, below and now and then between its paragraphs."""
    pool = sorted(grammar.banks["boilerplate"], key=lambda _: rng.random())
    lines = [text_of(sentence(grammar, item, rng.random)) for item in pool[:9]]
    top, bottom = lines[: 2 + rng.randrange(3)], lines[5 : 7 + rng.randrange(3)]
    body = clean.split("\n")
    if len(body) > 2 and rng.random() < 0.5:
        body.insert(1 + rng.randrange(len(body) - 1), lines[4])
    return "\n".join([*top, *body, *bottom])


def good(grammar: Grammar, rng: random.Random) -> str:
    """Two to five sentences of dense medical prose."""
    return sentences(grammar, "good", 2 + rng.randrange(4), rng.random)


def bad(grammar: Grammar, fault: str, rng: random.Random) -> str:
    """A page with this fault, one of ``FAULTS``."""
    return FAULTS[fault](grammar, rng)


def _symbols(grammar: Grammar, rng: random.Random) -> str:
    """Mostly signs, a word here and there."""
    runs = ["".join(rng.choices(SYMBOLS, k=rng.randrange(2, 9))) for _ in range(60)]
    for place in range(3, 60, 7):
        runs[place] = flat(grammar, "crop", rng.random)
    return " ".join(runs)


def _lines(grammar: Grammar, rng: random.Random) -> str:
    lines = sentences(grammar, "topic", 2, rng.random), sentences(grammar, "good", 1, rng.random)
    return "\n".join(lines[place % 5 == 4] for place in range(rng.randrange(10, 25)))


def _paragraphs(grammar: Grammar, rng: random.Random) -> str:
    one, other = (sentences(grammar, "news", 4, rng.random) for _ in range(2))
    return "\n\n".join([one, other, one, one, other, one])


def _ngrams(grammar: Grammar, rng: random.Random) -> str:
    """A few phrases again and again within one line."""
    gap = "" if grammar.language == "zh" else " "
    phrases = [f"{flat(grammar, 'illness', rng.random)}{gap}{flat(grammar, 'where', rng.random)}" for _ in range(3)]
    return gap.join(phrases[int(rng.random() * 3)] for _ in range(rng.randrange(25, 60)))


def _keywords(grammar: Grammar, rng: random.Random) -> str:
    comma = {"zh": "，", "ar": "، "}.get(grammar.language, ", ")
    banks = ("illness", "symptom", "food", "topic", "crop", "organ")
    return comma.join(flat(grammar, banks[place % 6], rng.random) for place in range(rng.randrange(60, 140)))


def _lorem(grammar: Grammar, rng: random.Random) -> str:
    return " ".join(flat(grammar, "lorem", rng.random) for _ in range(rng.randrange(4, 9)))


def _script(grammar: Grammar, rng: random.Random) -> str:
    return "\n".join(flat(grammar, "script", rng.random) for _ in range(rng.randrange(2, 5)))


def _table(grammar: Grammar, rng: random.Random) -> str:
    """Rows of figures from a machine."""
    bar = rng.choice((" | ", "\t", ";"))
    width = rng.randrange(5, 9)
    return "\n".join(
        bar.join(flat(grammar, "cell", rng.random) for _ in range(width)) for _ in range(rng.randrange(12, 30))
    )


FAULTS: dict[str, Fault] = {
    "symbols": _symbols, "repeated lines": _lines, "repeated paragraphs": _paragraphs, "repeated n-grams": _ngrams,
    "keywords": _keywords, "lorem ipsum": _lorem, "javascript": _script, "table": _table,
}  # fmt: skip


def page(grammar: Grammar, index: int, words: tuple[int, int], rng: random.Random) -> str:
    """An original text between two lengths, of the genre whose turn it is."""
    return text_of(original(grammar, genre_of(index), some_words(*words, rng), rng))


def line(grammar: Grammar, bank: str, draw: Draw) -> str:
    """One item of a bank as a sentence."""
    items = grammar.banks[bank]
    return text_of(sentence(grammar, items[int(draw() * len(items))], draw))
