"""The main text of a web page, its headings, lists and tables kept and its menus and footers left out."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from metier.files import decoded, missing
from metier.records import MetierError

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_SAME = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252"}
"""What browsers read an encoding's name as (WHATWG Encoding Standard, names and labels)."""
_SHOWN_APART = {
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "div", "dl", "dt", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p",
    "pre", "section", "table", "td", "th", "tr", "ul",
}  # fmt: skip
_UNSEEN = {"script", "style", "noscript", "template", "head", "svg", "iframe"}
NOTHING = "no text in the page"
UNKNOWN = "the page's encoding cannot be told"


def page(data: bytes, encoding: str, place: Path) -> tuple[dict[str, str], str]:
    """(title, url and text of a page, why it cannot be read): the main text as trafilatura finds it, else all of it.

    ``title`` and ``url`` (the canonical one that the page names) are empty where the page has none. Headings become
    ``# `` to ``###### ``, items of lists ``- ``, rows of tables cells between bars.
    """
    html = _decode(data, encoding, place)
    if html is None:
        return {}, UNKNOWN
    root = _parse(html, place)
    if root is None:
        return {}, NOTHING
    found = {"title": _title(root), "url": _url(root)}
    text = _main(root) or _all(_parse(html, place))
    return {**found, "text": text}, "" if text else NOTHING


def _decode(data: bytes, encoding: str, place: Path) -> str | None:
    """The characters of a page, in the encoding named here, named in the page, or told from the bytes."""
    if encoding:
        return "".join(decoded(iter((data,)), encoding, place))
    named = _DECLARED.search(data[:4096])
    name = named[1].decode("ascii").lower() if named else ""
    for one in (_SAME.get(name, name), ""):
        try:
            return "".join(decoded(iter((data,)), one, place))
        except MetierError:
            continue
    return None


def _parse(html: str, place: Path) -> Any:
    try:
        from lxml import etree
        from lxml.html import HTMLParser
    except ImportError:
        raise missing("lxml", place) from None
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


def _title(root: Any) -> str:
    for path in ("//meta[@property='og:title']/@content", "//head/title//text()", "//h1[1]//text()"):
        if found := " ".join("".join(root.xpath(path)).split()):
            return found
    return ""


def _url(root: Any) -> str:
    for path in ("//link[@rel='canonical']/@href", "//meta[@property='og:url']/@content"):
        if found := next((str(one).strip() for one in root.xpath(path)), ""):
            return found
    return ""


def _main(root: Any) -> str:
    """The main text, or nothing where trafilatura finds none."""
    try:
        import trafilatura
    except ImportError:
        raise missing("trafilatura", "reading HTML") from None
    found: Any = trafilatura.bare_extraction(root, include_comments=False, with_metadata=False)
    if found is None or found.body is None:
        return ""
    return "\n\n".join(block for block in _blocks(found.body) if block and not block.isspace())


def _blocks(node: Any) -> Iterator[str]:
    """The blocks below an element of trafilatura's tree, which speaks TEI; loose text is a paragraph too."""
    run = [node.text or ""]
    for child in node:
        if child.tag in ("p", "head", "list", "table", "quote", "div") or _verbatim(child):
            yield _line(run)
            yield from _block(child)
            run = [child.tail or ""]
        else:
            run += _inline(child), child.tail or ""
    yield _line(run)


def _block(node: Any) -> Iterator[str]:
    if node.tag == "list":
        yield "\n".join(_items(node, ""))
    elif node.tag == "table":
        yield "\n".join(filter(None, (_bar(row) for row in node.iter("row"))))
    elif node.tag == "head":
        level = (node.get("rend") or "h2")[1:2]
        text = _one_line(node)
        yield text and f"{'#' * (int(level) if level.isdigit() else 2)} {text}"
    elif _verbatim(node):
        yield "".join(node.itertext()).strip("\n").rstrip()
    else:
        yield from _blocks(node)


def _verbatim(node: Any) -> bool:
    """Whether an element holds preformatted lines."""
    return node.tag in ("code", "quote") and not len(node) and "\n" in (node.text or "").strip()


def _items(node: Any, indent: str) -> Iterator[str]:
    for item in node.iterchildren("item"):
        if text := _one_line(item):
            yield f"{indent}- {text}"
        for inner in item.iterchildren("list"):
            yield from _items(inner, indent + "  ")


def _bar(row: Any) -> str:
    cells = [_one_line(cell) for cell in row.iter("cell")]
    return " | ".join(cells) if any(cells) else ""


def _one_line(node: Any) -> str:
    return _line([_inline(node)]).replace("\n", " ")


def _inline(node: Any) -> str:
    """The running text of an element without the lists in it; ``<lb/>`` as a vertical tab, which no page can hold."""
    if node.tag == "lb":
        return "\v"
    some = [node.text or ""]
    for child in node:
        if child.tag != "list":
            some += _inline(child), " " if child.tag == "p" else ""
        some.append(child.tail or "")
    return "".join(some)


def _line(run: list[str]) -> str:
    """White space as a browser shows it: single spaces, and a line feed where the page breaks the line."""
    return "\n".join(" ".join(line.split()) for line in "".join(run).split("\v")).strip()


def _all(root: Any) -> str:
    """All the text that a page shows, a line for each block."""
    some: list[str] = []

    def visit(node: Any) -> None:
        edge = "\v" if node.tag in _SHOWN_APART else ""
        some.append(edge + (node.text or ""))
        for child in node:
            if child.tag not in _UNSEEN:
                visit(child)
            some.append(child.tail or "")
        some.append(edge)

    visit(root)
    return "\n".join(filter(None, (" ".join(line.split()) for line in "".join(some).split("\v"))))
