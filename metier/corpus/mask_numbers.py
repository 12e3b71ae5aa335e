"""Made-up e-mail addresses and numbers: the shape stays, the value belongs to nobody wherever a range is reserved."""

import re

from metier.text.personal.digits import ascii_digits, like, only, overlay
from metier.text.personal.numbers import check_character, luhn

_AREAS = ("202", "303", "404", "505", "606", "707", "808", "909")

_LANDLINE = re.compile(
    r"[(（]?0(?:10|2[0-9]|[3-9][0-9]{2})[)）\-—\s]{0,2}[2-9][0-9]{2,3}(?:[0-9]{4}|[-\s][0-9]{4})(?![0-9 ])"
)


def email(text: str, bits: int) -> str:
    """A mailbox at example.org, a name that is reserved for examples (RFC 2606)."""
    return f"person{bits % 100_000:05}@example.org"


def phone(text: str, bits: int) -> str:
    """A number of the same shape that is nobody's, or nobody's as far as numbering plans say.

    North America: 555-01xx (NANPA). Britain: 01632 960xxx, 07700 900xxx (Ofcom). China: the prefix 154, or a local
    number that begins with 0. Elsewhere no range is reserved: the country's first digits, zeros, four drawn digits.
    """
    digits = only(text)
    if digits.startswith(("86", "0086")) and len(digits) > 11:
        return overlay(text, _chinese(digits.removeprefix("00").removeprefix("86"), bits))
    if re.fullmatch("1[3-9][0-9]{9}", digits) and not re.match(r"\(?\+?1[-. (]", ascii_digits(text)):
        return overlay(text, _chinese(digits, bits))
    if "+" not in ascii_digits(text) and not digits.startswith("00"):
        if re.fullmatch("1?[2-9][0-9]{9}", digits):
            return overlay(text, _AREAS[bits % 8] + f"55501{(bits >> 8) % 100:02}")
        if len(digits) == 7:
            return overlay(text, f"55501{bits % 100:02}")
        if _LANDLINE.match(ascii_digits(text)):
            return overlay(text, _chinese(digits, bits))
        if digits.startswith("07") and len(digits) == 11:
            return overlay(text, f"07700900{bits % 1000:03}")
        if digits.startswith("0") and len(digits) == 11:
            return overlay(text, f"01632960{bits % 1000:03}")
    if re.fullmatch("(?:00)?1[2-9][0-9]{9}", digits):
        return overlay(text, _AREAS[bits % 8] + f"55501{(bits >> 8) % 100:02}")
    if re.fullmatch("(?:00)?44[0-9]{10}", digits):
        return overlay(text, ("7700900" if digits.removeprefix("00")[2] == "7" else "1632960") + f"{bits % 1000:03}")
    kept = max(2, len(digits) - 8)
    return overlay(text, (digits[:kept] + "0" * 15)[: len(digits) - 4] + f"{bits % 10_000:04}")


def _chinese(digits: str, bits: int) -> str:
    """A mobile number with the prefix 154, or 010 (0100 for four digits) and a local number that begins with 0."""
    if re.fullmatch("1[3-9][0-9]{9}", digits):
        return f"154{bits % 10**8:08}"
    size = 3 if digits[:2] in ("01", "02") else 4
    return ("010", "0100")[size - 3] + f"0{bits % 10 ** (len(digits) - size - 1):0{len(digits) - size - 1}}"


def identity(text: str, bits: int) -> str:
    """An identity number that is none: no such division (99) and a wrong check character, or digits drawn anew."""
    bare = re.sub(r"[\s\-]", "", ascii_digits(text)).upper()
    born = f"{1950 + bits % 50}{1 + (bits >> 8) % 12:02}{1 + (bits >> 16) % 28:02}"
    place, order = f"99{(bits >> 24) % 10_000:04}", f"{(bits >> 40) % 1000:03}"
    if re.fullmatch("[0-9]{17}[0-9X]", bare):
        body = place + born + order
        right = int(check_character(body).replace("X", "0"))
        return _laid(text, body + str((right + 1 + (bits >> 52) % 8) % 10))
    if re.fullmatch("[0-9]{15}", bare):
        return _laid(text, place + born[2:] + order)
    if re.fullmatch("[0-9]{3}-[0-9]{2}-[0-9]{4}", ascii_digits(text)):
        return overlay(text, "9" + f"{bits % 10**8:08}")
    return chart_number(text, bits)


def _laid(text: str, new: str) -> str:
    """The new characters in the place of digits and X, separators and script kept."""
    left = iter(new)
    return "".join(like(text, next(left)) if char.isalnum() else char for char in text)


def card(text: str, bits: int) -> str:
    """A card number that no network gives out (it begins with 9, ISO/IEC 7812-1) and whose check digit is wrong."""
    size = len(only(text))
    body = "9" + f"{bits % 10 ** (size - 2):0{size - 2}}"
    right = (10 - luhn(body + "0")) % 10
    return overlay(text, body + str((right + 1 + (bits >> 56) % 9) % 10))


def chart_number(text: str, bits: int) -> str:
    """The same letters with other digits; the first stays other than zero where it was."""
    size = len(only(text))
    drawn = f"{bits % 10**18:018}" * (1 + size // 18)
    digits = drawn[:size]
    if only(text)[0] != "0":
        digits = str(1 + int(digits[0]) % 9) + digits[1:]
    return overlay(text, digits)
