"""Digits of several scripts: read as ASCII without moving a character, and written back in the script they had."""

import re

_SCRIPTS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９")
_FOREIGN = re.compile("[٠-٩۰-۹０-９]")
_TO_ASCII = {ord(char): str(value) for script in _SCRIPTS for value, char in enumerate(script)}
_TO_ASCII |= {ord("＋"): "+", ord("－"): "-", ord("．"): ".", ord("／"): "/"}
_NOT_DIGIT = re.compile("[^0-9]+")


def ascii_digits(text: str) -> str:
    """The text with full-width, Arabic-Indic and Persian digits as ASCII: as long as before, place by place."""
    return text if text.isascii() or not _FOREIGN.search(text) else text.translate(_TO_ASCII)


def like(model: str, text: str) -> str:
    """The ASCII digits of a text in the script of the first digit of the model."""
    for script in _SCRIPTS[1:]:
        first = next((char for char in model if char.isdigit()), "0")
        if first in script:
            return text.translate({ord(str(value)): char for value, char in enumerate(script)})
    return text


def only(text: str) -> str:
    """The digits of a text, as ASCII."""
    return _NOT_DIGIT.sub("", ascii_digits(text))


def overlay(shape: str, digits: str) -> str:
    """The shape with its last ``len(digits)`` digits replaced by these, in its own script; other characters stay."""
    left = list(digits)
    written = []
    for char in reversed(shape):
        written.append(like(char, left.pop()) if left and char.isdigit() else char)
    return "".join(reversed(written))
