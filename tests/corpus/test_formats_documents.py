import datetime
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from metier.records import Document, MetierError
from tests.command import CHECKOUT
from tests.corpus.helpers import dropped, kept, read_all, write
from tests.corpus.samples import pdf, put

pytest.importorskip("trafilatura", reason="the extra `documents` is not installed")
import docx
import openpyxl

PAGE = """<!DOCTYPE html><html><head><title> Aspirin &amp;
 others </title><link rel="canonical" href="https://example.org/aspirin"><script>var tracking = 1;</script></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/contact">Contact us</a></li></ul></nav>
<article><h1>Aspirin</h1>
<p>Aspirin is a <b>drug</b> that is given against pain, fever and inflammation
all over the world.<br>It was first made in 1897 from an older remedy, the bark of the willow.</p>
<h2>Uses of aspirin</h2><ul><li>Pain of the head and of the joints</li><li>Fever of all kinds</li></ul>
<table><tr><th>Dose</th><th>Age of the patient</th></tr><tr><td>500 mg</td><td>adults only</td></tr></table>
<p>A doctor should be asked before children are given aspirin, for it can harm them badly.</p></article>
<footer><p>Copyright 2024. All rights reserved. Privacy and cookies.</p></footer></body></html>"""


def test_a_page_gives_its_main_text_with_its_structure(tmp_path: Path) -> None:
    [document] = kept(write(tmp_path / "a.html", PAGE))
    assert document.id == "a.html:1"
    assert document.meta == {"title": "Aspirin & others", "url": "https://example.org/aspirin"}
    blocks = document.text.split("\n\n")
    assert blocks[0] == "# Aspirin"
    assert blocks[1].startswith(
        "Aspirin is a drug that is given against pain, fever and inflammation all over the world."
    )
    assert "\nIt was first made in 1897" in blocks[1]
    assert "## Uses of aspirin" in blocks
    assert "- Pain of the head and of the joints\n- Fever of all kinds" in blocks
    assert "Dose | Age of the patient\n500 mg | adults only" in blocks
    for noise in ("Contact", "Copyright", "tracking", "cookies"):
        assert noise not in document.text


def test_a_page_without_a_main_text_gives_all_it_shows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.htm", "5\n mg<br>daily<script>x()</script>")
    assert [(d.text, d.meta) for d in kept(path)] == [("5 mg\ndaily", {"title": "", "url": ""})]
    for nothing in ("<html><body></body></html>", "<p>", "<script>var a</script>", "<!-- note -->"):
        assert dropped(write(tmp_path / "b.html", nothing)) == [("b.html:1", "no text in the page")]


@pytest.mark.parametrize("encoding", ["utf-8", "gb2312", "utf-16"])
def test_a_page_is_read_in_the_encoding_it_names(tmp_path: Path, encoding: str) -> None:
    named = "" if encoding == "utf-16" else f'<meta charset="{encoding}">'
    path = write(
        tmp_path / "a.html", f"<html><head>{named}</head><body><p>阿司匹林用于解热镇痛</p></body></html>", encoding
    )
    assert [d.text for d in kept(path)] == ["阿司匹林用于解热镇痛"]


def test_a_page_that_cannot_be_decoded_is_dropped_and_an_encoding_mends_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.html", "<p>Les médicaments génériques</p>", "latin-1")
    assert dropped(path) == [("a.html:1", "the page's encoding cannot be told")]
    assert [d.text for d in kept(path, encoding="latin-1")] == ["Les médicaments génériques"]
    declared = write(tmp_path / "b.html", '<meta charset="ISO-8859-1"><p>Les médicaments</p>', "latin-1")
    assert [d.text for d in kept(declared)] == ["Les médicaments"]


def test_a_page_with_impossible_characters_still_has_a_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xhtml", '<?xml version="1.0" encoding="utf-8"?><p>a&#xD800;b &#0; c\x00d</p>')
    [document] = kept(path)
    assert document.text.startswith("a") and "\x00" not in document.text
    deep = write(tmp_path / "b.html", "<div>" * 5000 + "deep" + "</div>" * 5000)
    assert len(kept(deep)) + len(dropped(deep)) == 1


def test_a_pdf_gives_the_text_of_its_pages(tmp_path: Path) -> None:
    path = put(tmp_path / "a.pdf", pdf("First page, line one\nline two", "", "Second text"))
    [document] = kept(path, text="body")
    assert document == Document(
        "a.pdf:1", "First page, line one\nline two\n\nSecond text", "web", "web", meta={"pages": "3"}
    )


def test_a_pdf_without_text_is_dropped_with_its_reason(tmp_path: Path) -> None:
    put(tmp_path / "a-locked.pdf", pdf("secret", encrypted=True))
    put(tmp_path / "b-cut.pdf", pdf("a text")[:150])
    put(tmp_path / "c-scan.pdf", pdf("", ""))
    put(tmp_path / "d-good.pdf", pdf("a text"))
    put(tmp_path / "e-page.pdf", b"<html>not found</html>")
    assert dropped(tmp_path / "*.pdf") == [
        ("a-locked.pdf:1", "encrypted PDF"),
        ("b-cut.pdf:1", "damaged PDF"),
        ("c-scan.pdf:1", "no text in the PDF (scanned?)"),
        ("e-page.pdf:1", "damaged PDF"),
    ]
    assert [d.id for d in kept(tmp_path / "*.pdf")] == ["d-good.pdf:1"]
    with pytest.raises(MetierError, match=r"a-locked\.pdf:1: encrypted PDF; mend it"):
        read_all(tmp_path / "*.pdf", strict=True)


def word() -> "docx.document.Document":
    document = docx.Document()
    document.add_heading("Leaflet", 0)
    document.add_heading("Uses", 1)
    document.add_paragraph("Against pain.")
    for line in ("headache", "fever"):
        document.add_paragraph(line, style="List Bullet")
    table = document.add_table(2, 2)
    for number, text in enumerate(("Dose", "Age", "500 mg", "成人")):
        table.cell(number // 2, number % 2).text = text
    inner = table.cell(1, 1).add_table(1, 1)
    inner.cell(0, 0).text = "inside"
    document.add_heading("In children", 2)
    document.add_paragraph("Never.\tAsk\na doctor.")
    return document


def test_a_word_file_keeps_headings_lists_and_tables_in_order(tmp_path: Path) -> None:
    word().save(str(tmp_path / "a.docx"))
    [document] = kept(tmp_path / "a.docx")
    assert document.text == (
        "# Leaflet\n\n## Uses\n\nAgainst pain.\n\n- headache\n- fever\n\n"
        "Dose | Age\n500 mg | 成人 inside\n\n### In children\n\nNever.\tAsk\na doctor."
    )


def test_insertions_and_controls_of_a_word_file_are_read_and_deletions_are_not(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("before")
    out = io.BytesIO()
    document.save(out)
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    more = (
        f"<w:sdt {space}><w:sdtContent><w:p><w:ins><w:r><w:t>inserted</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del></w:p></w:sdtContent></w:sdt>"
    )
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(tmp_path / "a.docx", "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == "word/document.xml":
                data = data.replace(b"<w:sectPr", more.encode() + b"<w:sectPr", 1)
            new.writestr(info, data)
    assert [d.text for d in kept(tmp_path / "a.docx")] == ["before\n\ninserted"]


def test_an_office_file_that_cannot_be_read_is_dropped_with_its_reason(tmp_path: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    put(tmp_path / "a.docx", ole)
    put(tmp_path / "b.xlsx", ole)
    put(tmp_path / "c.docx", b"PK\x03\x04 cut short")
    put(tmp_path / "d.xlsx", b"no zip")
    docx.Document().save(str(tmp_path / "e.docx"))
    word().save(str(tmp_path / "f.docx"))
    with zipfile.ZipFile(tmp_path / "g.docx", "w") as other:
        other.writestr("a.txt", "a zip file, but not of Word")
    assert dropped(tmp_path / "*.*") == [
        ("a.docx:1", "encrypted DOCX, or one older than 2007"),
        ("b.xlsx:1", "encrypted XLSX, or one older than 2007"),
        ("c.docx:1", "damaged DOCX"),
        ("d.xlsx:1", "damaged XLSX"),
        ("e.docx:1", "no text in the DOCX"),
        ("g.docx:1", "damaged DOCX"),
    ]
    assert [d.id for d in kept(tmp_path / "*.*")] == ["f.docx:1"]


def test_every_sheet_of_an_excel_file_is_rows_by_its_first_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    one = book.active
    one.title = "Drugs"
    one.append(["text", "since", "dose", None, "good"])
    one.append(["aspirin", datetime.datetime(1897, 8, 10), 500, None, True])
    one.append([])
    one.append(["heparin", datetime.datetime(1916, 1, 2, 3, 4), 2.5, "a note", None])
    two = book.create_sheet("药")
    two.append(["text"])
    two.append(["阿司匹林"])
    two.append([None, "stray"])
    book.create_sheet("empty")
    book.save(tmp_path / "a.xlsx")
    rows = [(d.id, d.text, d.meta) for d in kept(tmp_path / "a.xlsx")]
    assert rows == [
        ("a.xlsx!Drugs:2", "aspirin", {"sheet": "Drugs", "since": "1897-08-10", "dose": "500", "good": "true"}),
        (
            "a.xlsx!Drugs:4", "heparin",
            {"sheet": "Drugs", "since": "1916-01-02T03:04:00", "dose": "2.5", "good": "", "column 4": "a note"},
        ),
        ("a.xlsx!药:2", "阿司匹林", {"sheet": "药"}),
    ]  # fmt: skip
    assert dropped(tmp_path / "a.xlsx") == [("a.xlsx!药:3", "the text is empty")]


def test_a_column_of_a_sheet_that_is_named_twice_is_an_error(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["text", "note", "note"])
    book.active.append(["a", "b", "c"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(MetierError, match=r"a\.xlsx!Sheet:1: column 'note' is named twice"):
        read_all(tmp_path / "a.xlsx")


MISSING = {
    "trafilatura": "a.html",
    "pypdfium2": "a.pdf",
    "docx": "a.docx",
    "openpyxl": "a.xlsx",
    "fsspec": "s3://b/a.txt",
}


@pytest.mark.parametrize("library", MISSING)
def test_a_library_that_is_missing_is_one_clear_line(tmp_path: Path, library: str) -> None:
    word().save(str(tmp_path / "a.docx"))
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    put(tmp_path / "a.html", PAGE.encode())
    put(tmp_path / "a.pdf", pdf("x"))
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from metier.corpus.read import Read, read\n"
        f"list(read(Read(paths={MISSING[library]!r})))"
    )
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("metier.records.MetierError: ")
    assert last.endswith("which is not installed; pip install 'metier[documents]'")
