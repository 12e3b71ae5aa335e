"""Digitised books of Chinese medicine, where they are at hand: what is read and cleaned can be read by people."""

import itertools
import re
from pathlib import Path

import pytest

from metier.batch import Batch
from metier.corpus.clean import Clean, clean
from metier.corpus.segment import passages
from metier.records import Document
from metier.text.sentences import starts

BOOKS = Path(__file__).parents[2] / "../shared/data/corpus/tcm_books_gb18030"
pytestmark = pytest.mark.skipif(not BOOKS.is_dir(), reason="../shared/data is absent")


def book(number: str) -> tuple[str, str]:
    """A book as it is on disk and as it is cleaned."""
    [path] = BOOKS.glob(f"{number}-*.txt")
    raw = path.read_bytes().decode("gb18030")
    [text] = clean(Batch.of(Document, [Document(number, raw)]), Clean()).kept().values("text")
    return raw, text


@pytest.mark.parametrize("number", ["007", "012", "022", "026", "039", "050", "073", "084", "093", "101", "123", "129"])
def test_books_are_readable(number: str) -> None:
    raw, text = book(number)
    assert text.startswith("# ")
    assert not re.search(r"<(?:篇名|目录)>|^(?:内容|属性)：|\\[xr]|\u3000|∶|\.bmp", text, re.M)
    assert len(re.findall(r"^## ", text, re.M)) >= 0.9 * raw.count("<篇名>")
    pairs = [(a, b) for a, b in itertools.pairwise(text.split("\n")) if a and b]
    assert not any(below[0] in "，。；、" for _, below in pairs)
    wrapped = [a for a, _ in pairs if 38 <= len(a) <= 42 and a[-1] not in "。！？：；）】」”"]
    assert len(wrapped) <= 0.02 * len(pairs)


@pytest.mark.parametrize("number", ["080", "100", "120"])
def test_books_that_are_not_wrapped_keep_their_lines(number: str) -> None:
    raw, text = book(number)
    assert [line for line in text.split("\n") if line] == [
        " ".join(line.split()) for line in re.split("\r\n|\n", raw) if line.strip()
    ]


@pytest.mark.parametrize("number", ["022", "084"])
def test_only_marks_and_white_space_are_lost(number: str) -> None:
    raw, text = book(number)
    gone = re.compile(r"<目录>[^\n]*|<篇名>|^(?:内容|属性)：|^(?:作者|朝代|年份)：\s*$|\\[xr]|KT ?|□|\s", re.M)
    shown = re.sub(r"^# .*|^## ", "", text, flags=re.M)
    first = re.sub(r"<篇名>.*?\n", "", raw, count=1)
    assert gone.sub("", shown) == gone.sub("", first).replace("∶", "：")


def test_chapters_are_cut_between_sentences() -> None:
    _, text = book("022")
    begins = {text[start : start + 20] for start in [0, *starts(text)]}
    cut = passages(text, 600, 100, "whole")
    assert "".join("".join(cut).split()) == "".join(text.split())
    assert all(piece[:20] in begins for piece in cut if len(piece) >= 20)
    assert sum(piece.startswith("#") for piece in cut) > 0.7 * len(cut)
