"""The text layer of a PDF file."""

import re
import threading
from pathlib import Path
from typing import Any, BinaryIO

from metier.files import LIMIT, missing

ENCRYPTED, DAMAGED, SCANNED = "encrypted PDF", "damaged PDF", "no text in the PDF (scanned?)"
TOO_LONG = f"a record of more than {LIMIT >> 20} MB"
_ONE_AT_A_TIME = threading.Lock()
"""PDFium may be called by one thread at a time."""
_HYPHEN = re.compile("[\x02\ufffe\uffff](?:\r?\n)?")
"""What PDFium puts for a hyphen that only breaks a line."""
_PASSWORD, _SECURITY = 4, 5
"""FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY (PDFium, fpdfview.h)."""


def pdf(file: BinaryIO, place: Path) -> tuple[dict[str, str], str]:
    """(text and number of pages, why it cannot be read): pages are parted by blank lines."""
    try:
        import pypdfium2
    except ImportError:
        raise missing("pypdfium2", place) from None
    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(file)
        except pypdfium2.PdfiumError as error:
            return {}, ENCRYPTED if error.err_code in (_PASSWORD, _SECURITY) else DAMAGED
        try:
            return _text(document)
        except pypdfium2.PdfiumError:
            return {}, DAMAGED
        finally:
            document.close()


def _text(document: Any) -> tuple[dict[str, str], str]:
    pages: list[str] = []
    size = 0
    for number in range(len(document)):
        page = document[number]
        layer = page.get_textpage()
        text = _HYPHEN.sub("", layer.get_text_range()).replace("\r\n", "\n").replace("\r", "\n")
        layer.close()
        page.close()
        pages.append("\n".join(line.strip() for line in text.split("\n")).strip())
        size += len(text)
        if size > LIMIT:
            return {}, TOO_LONG
    text = "\n\n".join(filter(None, pages))
    return {"text": text, "pages": str(len(pages))}, "" if text else SCANNED
