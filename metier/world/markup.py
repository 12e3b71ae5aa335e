"""Web pages as they are found: tags, entities, menus, stray control characters and odd white space.

The noise of a page never touches its words: stripped of tags, entities, control characters and boilerplate lines and
with white space collapsed and characters composed, two renderings of the same paragraphs are the same text.
"""

import html
import random
import re
import unicodedata
from collections.abc import Sequence

GAPS = ("  ", "\t", "&nbsp;", "\u00a0", " \x07", " </span> ", " <!-- ad --> ")
"""What may stand where a space was."""
TRACELESS = ("\x07", "\u200b", "&#8203;", "<wbr>", "<span></span>", "&#173;")
"""What may stand behind a sign of a script without spaces, where white space would stay and be seen."""
ENTITIES = {
    "é": "&eacute;", "è": "&egrave;", "ö": "&ouml;", "ü": "&uuml;", "«": "&laquo;", "»": "&raquo;", "،": "&#1548;",
    "؟": "&#1567;", "，": "&#65292;", "。": "&#12290;", "《": "&#12298;", "》": "&#12299;",
}  # fmt: skip
_HAN = re.compile("[一-鿿]")
_CLAUSES = re.compile("(?<=[，。、；：！？])")


def web_page(title: str, paragraphs: Sequence[str], boilerplate: Sequence[str], rng: random.Random) -> str:
    """Paragraphs as a noisy HTML page: one line of text an element, boilerplate on lines of its own."""
    top, side, bottom = (_block(rng, line) for line in rng.sample(boilerplate, 3))
    spot = rng.randrange(1, len(paragraphs) + 1)
    body = [f"<p>{_noise(text, rng)}</p>" for text in paragraphs]
    lines = ["<html><body>", top, f"<h1>{_noise(title, rng)}</h1>", *body[:spot], side, *body[spot:], bottom]
    if rng.random() < 0.5:
        lines.append("")
    return unicodedata.normalize(rng.choice(("NFC", "NFD")), "\n".join([*lines, "</body></html>"]))


def _block(rng: random.Random, line: str) -> str:
    tag = rng.choice(("div", "nav", "header", "footer"))
    return f"<{tag}>{html.escape(line, quote=False)}</{tag}>"


def _noise(text: str, rng: random.Random) -> str:
    """The same words with marked-up ones among them and some odd gaps."""
    if _HAN.search(text):
        return _noise_between_clauses(text, rng)
    words = [_entities(word, rng) for word in text.split(" ")]
    bold = rng.randrange(len(words))
    if words[bold].isalpha():
        words[bold] = f"<b>{words[bold]}</b>"
    odd = {rng.randrange(len(words)) for _ in range(2)}
    pieces = [word + (rng.choice(GAPS) if place in odd else " ") for place, word in enumerate(words[:-1])]
    return "".join([*pieces, words[-1]])


def _noise_between_clauses(text: str, rng: random.Random) -> str:
    """The noise of a text without spaces: its words have no borders, so that clauses take the place of words."""
    clauses = [_entities(clause, rng) for clause in _CLAUSES.split(text) if clause]
    bold = rng.randrange(len(clauses))
    clauses[bold] = f"<b>{clauses[bold]}</b>"
    odd = {rng.randrange(len(clauses)) for _ in range(2)}
    return "".join(clause + (rng.choice(TRACELESS) if place in odd else "") for place, clause in enumerate(clauses))


def _entities(word: str, rng: random.Random) -> str:
    escaped = html.escape(word, quote=False)
    if escaped.isascii() or rng.random() < 0.5:
        return escaped
    return "".join(ENTITIES.get(character, character) for character in escaped)
