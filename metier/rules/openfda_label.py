"""A drug label in Structured Product Labeling (HL7 SPL, as openFDA and DailyMed give them out): names and sections."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import msgspec

from metier.rules.pairs import Bad

SPL = "{urn:hl7-org:v3}"
_BLOCKS = {f"{SPL}{name}" for name in ("paragraph", "item", "caption", "td", "th")}
_BREAK = "\u2029"
"""Unicode's paragraph separator."""


class Section(msgspec.Struct, frozen=True):
    """A section of a label: its LOINC code, number and title, its own text, and the sections in it."""

    code: str
    title: str
    text: str
    parts: tuple["Section", ...] = ()

    @property
    def whole(self) -> str:
        """Its own text and that of the sections in it."""
        return "\n".join(filter(None, [self.text, *(part.whole for part in self.parts)]))


class Label(msgspec.Struct, frozen=True):
    """What a label says: whose it is, its date (YYYYMMDD), what it is of, and its sections."""

    id: str
    """The set id, which all versions of a label share."""
    date: str
    brands: tuple[str, ...]
    generic: str
    active: tuple[tuple[str, str], ...]
    """(active moiety, the substance as it is in the product) of each active ingredient, in small letters."""
    sections: tuple[Section, ...]


def label(xml: bytes) -> Label:
    """Read a label; Bad where it is none. Entities that a file declares are expanded within expat's bounds only."""
    try:
        root = ET.fromstring(xml)
        if root.tag != f"{SPL}document":
            raise Bad("no drug label", f"the root is {root.tag}")
        return _label(root)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Bad("malformed XML", str(error)) from None
    except RecursionError:
        raise Bad("malformed XML", "elements within elements without end") from None


def _label(root: ET.Element) -> Label:
    products = [one for one in root.iter(f"{SPL}manufacturedProduct") if one.find(f"{SPL}name") is not None]
    active: dict[str, str] = {}
    for one in root.iter(f"{SPL}ingredient"):
        names = [_words(name) for name in one.iter(f"{SPL}name")] if one.get("classCode", "")[:3] == "ACT" else []
        if names:
            active.setdefault(names[-1].lower(), names[0].lower())
    generic = [_words(name) for one in products for name in one.iterfind(f".//{SPL}genericMedicine/{SPL}name")]
    body = root.iterfind(f"{SPL}component/{SPL}structuredBody/{SPL}component/{SPL}section")
    return Label(
        _attribute(root, "setId", "root"),
        _attribute(root, "effectiveTime", "value")[:8],
        tuple(dict.fromkeys(filter(None, map(_brand, products)))),
        next(iter(generic), ""),
        tuple(active.items()),
        tuple(_section(one) for one in body),
    )


def _attribute(root: ET.Element, name: str, attribute: str) -> str:
    element = root.find(f"{SPL}{name}")
    return element.get(attribute, "") if element is not None else ""


def _brand(product: ET.Element) -> str:
    """A product's name, its suffix set apart; words in capitals as in titles."""
    name = product.find(f"{SPL}name")
    words = " ".join(name.itertext()).split() if name is not None else []
    return " ".join(word.capitalize() if word.isupper() and len(word) > 3 else word for word in words)


def _section(element: ET.Element) -> Section:
    code, title, text = (element.find(f"{SPL}{name}") for name in ("code", "title", "text"))
    return Section(
        code.get("code", "") if code is not None else "",
        _words(title) if title is not None else "",
        _text(text) if text is not None else "",
        tuple(_section(one) for one in element.iterfind(f"{SPL}component/{SPL}section")),
    )


def _text(element: ET.Element) -> str:
    """The paragraphs, items and cells of a section, each on a line of its own."""
    lines = (" ".join(line.split()) for line in "".join(_pieces(element)).split(_BREAK))
    return "\n".join(filter(None, lines))


def _pieces(element: ET.Element) -> Iterator[str]:
    """The text of an element, with a break before and behind every block in it."""
    edge = _BREAK if element.tag in _BLOCKS else ""
    yield edge
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""
    yield edge


def _words(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())
