"""HTML out of running text, without taking ``<5 mg`` or ``p < .05`` for a tag."""

import html
import re

_BLOCK = (
    "address|article|aside|blockquote|body|br|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer"
)
_BLOCK += "|form|head|header|hr|html|main|nav|ol|option|p|pre|section|select|summary|table|tbody|textarea|tfoot|thead"
_BLOCK += "|title|tr|ul"
_INLINE = "a|abbr|acronym|audio|b|bdi|bdo|big|button|canvas|cite|code|col|colgroup|data|del|dfn|em|embed|font|i|iframe"
_INLINE += "|img|input|ins|kbd|label|link|map|mark|meta|meter|noscript|object|picture|q|s|samp|small|source|span|strike"
_INLINE += "|strong|sub|sup|svg|time|tt|u|var|video|wbr"
_REST = r"(?:\s+[A-Za-z_:@][\w:.-]*(?:\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'|[^\s\"'<>]+))?)*\s*/?>"

_SILENT = re.compile(
    r"<(script|style)\b[^<>]*>.*?</\1\s*>|<!--.*?-->|<!doctype\b[^<>]*>|<\?xml\b[^<>]*\?>", re.I | re.S
)
_HEADING = re.compile(rf"\s*<h([1-6]){_REST}\s*", re.I)
_ITEM = re.compile(rf"\s*<li{_REST}\s*", re.I)
_CELL = re.compile(rf"<t[dh]{_REST}", re.I)
_BLOCKS = re.compile(rf"<(?:{_BLOCK}){_REST}|</(?:{_BLOCK}|h[1-6]|li)\s*>", re.I)
_OTHERS = re.compile(rf"<(?:{_INLINE}){_REST}|</(?:{_INLINE}|t[dh])\s*>", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BREAKS = re.compile(r"(?i)</p|<p\b")


def strip_tags(text: str) -> str:
    """HTML tags out: blocks become lines, headings ``## ``, items ``- ``; unknown names are left as text."""
    if "<" not in text or ">" not in text:
        return text
    text = _SILENT.sub(" ", text)
    text = _BREAKS.sub(lambda match: "\n\n" + match[0], text)
    text = _HEADING.sub(lambda match: f"\n\n{'#' * max(2, int(match[1]))} ", text)
    text = _ITEM.sub("\n- ", text)
    text = _CELL.sub(" ", text)
    return _OTHERS.sub("", _BLOCKS.sub("\n", text))


def unescape(text: str) -> str:
    """HTML entities as characters, where they end in a semicolon."""
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)
