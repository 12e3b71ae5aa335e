import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from metier.records import Advice, Dropped, Entity, MetierError, Name, Rule
from metier.rules.read import Made, Read, read

DDINTER = """\
DDInterID_A,Drug_A,DDInterID_B,Drug_B,Level
DDInter1,Velorin,DDInter2,Nadorax,Major
DDInter1,Velorin,DDInter3,Tessium (topical),Moderate
DDInter3,Tessium (topical),DDInter1,Velorin,Moderate
DDInter2,Nadorax,DDInter2,Nadorax,Minor
DDInter2,Nadorax,DDInter3,Tessium (topical),Fatal
DDInter2,,DDInter3,Tessium (topical),Minor
DDInter1,Velorin,DDInter2,Nadorax,Minor
"""


def made(path: Path, **config: Any) -> list[Made]:
    with tempfile.TemporaryDirectory() as out:
        return list(read(Read(paths=str(path), **config), Path(out)))


def written(place: Path, text: str, name: str = "pairs.csv") -> Path:
    (place / name).write_text(text, encoding="utf-8")
    return place / name


def test_a_pair_table_makes_entities_and_rules(tmp_path: Path) -> None:
    assert made(written(tmp_path, DDINTER)) == [
        Entity("DDInter1", (Name("en", "Velorin"),)),
        Entity("DDInter2", (Name("en", "Nadorax"),)),
        Rule(
            "DDInter1+DDInter2",
            ("DDInter1", "DDInter2"),
            "together",
            "forbidden",
            (Advice("en", "Velorin and Nadorax interact (level: Major)."),),
            "pairs.csv, DDInter1 and DDInter2",
        ),
        Entity("DDInter3", (Name("en", "Tessium (topical)"),)),
        Rule(
            "DDInter1+DDInter3",
            ("DDInter1", "DDInter3"),
            "together",
            "caution",
            (Advice("en", "Velorin and Tessium (topical) interact (level: Moderate)."),),
            "pairs.csv, DDInter1 and DDInter3",
        ),
        Dropped("pairs.csv:4", "pair told before", "as DDInter1+DDInter3"),
        Dropped("pairs.csv:5", "one drug twice", "Nadorax"),
        Dropped("pairs.csv:6", "unknown level", "Fatal"),
        Dropped("pairs.csv:7", "a drug has no name"),
        Dropped("pairs.csv:8", "pair told before", "as DDInter1+DDInter2"),
    ]


def test_other_columns_levels_and_languages_are_named(tmp_path: Path) -> None:
    rows = [{"first": "维洛林", "second": "纳多拉", "grade": "X", "why": "不宜合用。", "instead": "换药。"}]
    path = written(tmp_path, "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "pairs.jsonl")
    columns = {"a": "first", "b": "second", "level": "grade", "message": "why", "remedy": "instead"}
    found = made(path, columns=columns, levels={"x": "note"}, language="zh", source="a book")
    assert found[2] == Rule(
        "维洛林+纳多拉", ("维洛林", "纳多拉"), "together", "note", (Advice("zh", "不宜合用。", "换药。"),),
        "a book, 维洛林 and 纳多拉",
    )  # fmt: skip


def test_two_names_of_one_id_are_both_kept_to_the_first(tmp_path: Path) -> None:
    text = "DDInterID_A,Drug_A,DDInterID_B,Drug_B,Level\n1,Velorin,2,Nadorax,Major\n1,Velox,3,Tessium,Minor\n"
    names = {one.id: one.names[0].name for one in made(written(tmp_path, text)) if isinstance(one, Entity)}
    assert names == {"1": "Velorin", "2": "Nadorax", "3": "Tessium"}


def test_a_pair_table_without_levels_asks_for_caution(tmp_path: Path) -> None:
    (*_, rule) = made(written(tmp_path, "drug1,drug2\nVelorin,Nadorax\n"))
    assert isinstance(rule, Rule) and (rule.severity, rule.advice[0].message) == ("caution", "Velorin, Nadorax")


@pytest.mark.parametrize(
    ("text", "config", "said"),
    [
        ("drug1,other\na,b\n", {}, "no column tells drug b of a pair .there are drug1, other."),
        (DDINTER, {"columns": {"a": "Drug_C"}}, "no column 'Drug_C'; did you mean 'Drug_"),
        (DDINTER, {"columns": {"lvl": "Level"}}, "columns: 'lvl' is nothing a pair table holds; did you mean 'level'"),
        (DDINTER, {"strict": True}, "pairs.csv:4: pair told before .as DDInter1.DDInter3.; mend it"),
        ("Drug_A,Drug_B\n", {}, "no row can be read"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str, config: dict[str, Any], said: str) -> None:
    with pytest.raises(MetierError, match=said):
        made(written(tmp_path, text), **config)


def test_nothing_that_a_table_says_twice_is_lost_without_a_word(tmp_path: Path) -> None:
    """A second name of one id, a pair told again as worse than before, and what stands for nothing."""
    head = DDINTER.splitlines()[0]
    rows = ["1,Anorin,2,Borin,Minor", "2,Borin,1,Anorin,Major", "1,Anorix,3,Corin,Minor", "9,anorix,3,Corin,Minor"]
    found = made(written(tmp_path, "\n".join([head, *rows, "4,nan,5,None,Major"])))
    assert [one.id for one in found if isinstance(one, Rule)] == ["1+2", "1+3"]
    assert [one for one in found if isinstance(one, Dropped)] == [
        Dropped("pairs.csv:3", "pair told before as milder", "as 1+2"),
        Dropped("pairs.csv:4:1", "another name of a drug told before", "Anorix"),
        Dropped("pairs.csv:5", "pair told before", "as 1+3"),
        Dropped("pairs.csv:6", "a drug has no name"),
    ]
    (lone,) = made(written(tmp_path, '{"Drug_A": ["Anorin"], "Drug_B": "Borin", "Level": "Minor"}\n', "a.jsonl"))
    assert lone == Dropped("a.jsonl:1", "a list for a text", "['Anorin']")
