"""Clinic notes, letters and talks full of personal data, and of what only looks like it."""

import random
from collections.abc import Callable

from metier.world.planted_grammar import Grammar, Piece, sentence

PERSONAL = frozenset({"email", "phone", "id_card", "card", "record", "bed", "address", "date", "name"})
"""The kinds of personal data."""
REGIONS = ("110108", "310115", "330106", "420106", "440605", "510107", "130528", "620502", "220102", "650104")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Weights of the 17 digits of a Chinese identity number (GB 11643-1999, ISO 7064 MOD 11-2)."""
CHECKS = "10X98765432"
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def note(grammar: Grammar, rng: random.Random) -> list[Piece]:
    """A note whose pieces of the kinds ``PERSONAL`` are all the personal data in it; a third of its lines have none."""
    draw = rng.random
    body = [
        *_some(grammar, "note", 3 + rng.randrange(4), rng),
        *_some(grammar, "note_negative", 2 + rng.randrange(3), rng),
    ]
    body += _some(grammar, "good", 1, rng)
    rng.shuffle(body)
    bank = grammar.banks
    head = [bank["talk" if draw() < 0.15 else "note_head"], bank["note_tail"]]
    lines = [_pick(grammar, head[0], rng), *body, _pick(grammar, head[1], rng)]
    out: list[Piece] = []
    for place, line in enumerate(lines):
        if place:
            out.append(Piece("", "\n" if place in (1, len(lines) - 1) or draw() < 0.4 else _gap(grammar)))
        out += [Piece(kind, _made(text, rng)) for kind, text in line]
    return out


def _some(grammar: Grammar, bank: str, count: int, rng: random.Random) -> list[list[Piece]]:
    return [sentence(grammar, item, rng.random) for item in rng.sample(grammar.banks[bank], count)]


def _pick(grammar: Grammar, items: tuple[tuple[object, ...], ...], rng: random.Random) -> list[Piece]:
    return sentence(grammar, items[int(rng.random() * len(items))], rng.random)  # type: ignore[arg-type]


def _gap(grammar: Grammar) -> str:
    return "" if grammar.language == "zh" else " "


def _made(text: str, rng: random.Random) -> str:
    """The text with its ``@`` words, numbers that need a check digit, made up."""
    if "@" not in text:
        return text
    for word, make in MAKERS.items():
        if f"@{word}" in text:
            text = text.replace(f"@{word}", make(rng), 1)
    return text


def id_card(rng: random.Random) -> str:
    """A valid Chinese identity number."""
    month = rng.randrange(12)
    birth = f"{rng.randrange(1935, 2015)}{month + 1:02}{rng.randrange(DAYS[month]) + 1:02}"
    body = f"{rng.choice(REGIONS)}{birth}{rng.randrange(1, 1000):03}"
    return body + id_check(body)


def id_check(body: str) -> str:
    """The check character of 17 digits (GB 11643-1999)."""
    return CHECKS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def bad_id(rng: random.Random) -> str:
    """Eighteen digits whose last is not the check character."""
    right = id_card(rng)
    return right[:-1] + rng.choice([digit for digit in "0123456789" if digit != right[-1]])


def card(rng: random.Random) -> str:
    """A payment card number with a valid Luhn digit (ISO/IEC 7812-1), plain or in groups."""
    body = rng.choice(("4", "51", "53", "6222", "6217", "4539")) + "".join(rng.choices("0123456789", k=20))
    body = body[:15]
    return _grouped(body + luhn(body), rng)


def luhn(body: str) -> str:
    """The check digit after these digits (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def bad_card(rng: random.Random) -> str:
    """Sixteen digits that fail the Luhn test."""
    digits = card(rng).replace(" ", "").replace("-", "")
    return digits[:-1] + str((int(digits[-1]) + rng.randrange(1, 10)) % 10)


def isbn(rng: random.Random) -> str:
    """A valid ISBN-13 (ISO 2108) that is no card number."""
    body = "978" + "".join(rng.choices("0123456789", k=9))
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10
    return f"{body[:3]}-{body[3]}-{body[4:8]}-{body[8:]}-{check}"


def _grouped(digits: str, rng: random.Random) -> str:
    gap = rng.choice(("", " ", "-"))
    return gap.join(digits[at : at + 4] for at in range(0, len(digits), 4))


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "id_card": id_card, "card": card, "bad_id": bad_id, "bad_card": bad_card, "isbn": isbn,
}  # fmt: skip
