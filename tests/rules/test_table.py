import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.records import Advice, Entity, Example, MetierError, Name, Rule
from metier.rules.table import Table, read
from metier.rules.tables_csv import items, joined
from metier.rules.tables_write import write

ENTITIES = """\
id,kind,language,name,aliases,brands,salts,classes
ceftriaxone,thing,zh,头孢曲松,头孢三嗪,菌必治,头孢曲松钠,cephalosporin
ceftriaxone,,en,ceftriaxone,,Rocephin,ceftriaxone sodium,
cephalosporin,class,en,cephalosporins,,,,antibiotic
antibiotic,class,en,antibiotics,,,,
calcium,class,,calcium-containing solutions,,,,
gluconate,,en,calcium gluconate,Ca gluconate,,,calcium
asthma,condition,en,asthma,,,,
"""
RULES = """\
id,members,context,severity,when,source,message_zh,remedy_zh,message_en,remedy_en,fires,silent
R1,ceftriaxone|calcium,either,forbidden,,label,不得混合,分开,"Never mix, never.",Flush.,\
Mix A with B.|[age=2 & !pregnant] Give \\| both,"Keep, please, apart."
R2,antibiotic,patient,,condition=asthma,textbook,,,"Two
lines",,,
"""


def table_of(place: Path, entities: str = ENTITIES, rules: str = RULES) -> Path:
    (place / "entities.csv").write_text(entities, encoding="utf-8")
    (place / "rules.csv").write_text(rules, encoding="utf-8")
    return place


def thing(id: str, *classes: str, kind: str = "thing") -> Entity:
    return Entity(id, (Name("en", id),), kind, classes)  # type: ignore[arg-type]


def pair(id: str, *members: str) -> Rule:
    return Rule(id, members)


def ids(rules: Sequence[Rule]) -> list[str]:
    return [rule.id for rule in rules]


def test_a_table_is_read_as_it_is_written(tmp_path: Path) -> None:
    table = read(table_of(tmp_path))
    assert table.entities["ceftriaxone"] == Entity(
        "ceftriaxone",
        (
            Name("zh", "头孢曲松", ("头孢三嗪",), ("菌必治",), ("头孢曲松钠",)),
            Name("en", "ceftriaxone", (), ("Rocephin",), ("ceftriaxone sodium",)),
        ),
        "thing",
        ("cephalosporin",),
    )
    assert table.entities["asthma"].kind == "condition"
    assert table.rules == (
        Rule(
            "R1",
            ("ceftriaxone", "calcium"),
            "either",
            "forbidden",
            (Advice("zh", "不得混合", "分开"), Advice("en", "Never mix, never.", "Flush.")),
            "label",
            "",
            (
                Example("Mix A with B.", True),
                Example("Give | both", True, "age=2 & !pregnant"),
                Example("Keep, please, apart.", False),
            ),
        ),
        Rule(
            "R2", ("antibiotic",), "patient", "caution", (Advice("en", "Two\nlines"),), "textbook", "condition=asthma"
        ),
    )


def test_an_entity_counts_as_its_classes_and_theirs(tmp_path: Path) -> None:
    table = read(table_of(tmp_path))
    assert table.holds["ceftriaxone"] == ("ceftriaxone", "cephalosporin", "antibiotic")
    assert table.holds["antibiotic"] == ("antibiotic",)
    assert ids(table.concerning(["ceftriaxone", "gluconate"])) == ["R1", "R2"]
    assert ids(table.concerning(["calcium", "ceftriaxone"])) == ["R1", "R2"]
    assert ids(table.concerning(["cephalosporin", "calcium", "nothing of the kind"])) == ["R2"]
    assert list(table.placements(table.rules[0], ["gluconate", "ceftriaxone", "calcium"])) == [
        ("ceftriaxone", "gluconate"),
        ("ceftriaxone", "calcium"),
    ]


def test_each_member_is_a_different_entity() -> None:
    entities = [thing("pain", kind="class"), thing("a", "pain"), thing("b", "pain"), thing("c")]
    table = Table(entities, [pair("two", "pain", "pain"), pair("own", "a", "pain"), pair("three", "a", "pain", "c")])
    assert table.concerning(["a"]) == ()
    assert ids(table.concerning(["b", "a"])) == ["two", "own"]
    assert ids(table.concerning(["a", "c"])) == []
    assert ids(table.concerning(["c", "b", "a"])) == ["two", "own", "three"]


def test_classes_may_lie_deep_and_members_be_many() -> None:
    """Neither costs more than the steps that there are: no recursion, and no trying of every choice."""
    deep = [thing(f"c{at}", f"c{at + 1}", kind="class") for at in range(1500)]
    assert len(Table([*deep, thing("c1500", kind="class")], []).holds["c0"]) == 1501
    some = [thing("pain", kind="class"), *(thing(f"p{at}", "pain") for at in range(20))]
    table = Table(some, [pair("many", *["pain"] * 20)])
    assert table.concerning([f"p{at}" for at in range(19)]) == ()
    assert ids(table.concerning([f"p{at}" for at in range(20)])) == ["many"]


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, list[str]]:
    """A small table in which classes hang below classes, and some entities of it."""
    names = [f"e{at}" for at in range(draw(st.integers(1, 7)))]
    some = [thing(name, *draw(st.sets(st.sampled_from(names[:at]))) if at else ()) for at, name in enumerate(names)]
    members = st.lists(st.sampled_from(names), min_size=1, max_size=4)
    rules = [pair(f"r{at}", *one) for at, one in enumerate(draw(st.lists(members, max_size=6)))]
    return Table(some, rules), draw(st.lists(st.sampled_from(names)))


@given(tables())
def test_what_concerns_entities_is_what_trying_every_choice_finds(drawn: tuple[Table, list[str]]) -> None:
    table, at_hand = drawn
    wanted = []
    for rule in table.rules:
        choices = itertools.permutations(dict.fromkeys(at_hand), len(rule.members))
        if any(all(m in table.holds[e] for m, e in zip(rule.members, c, strict=True)) for c in choices):
            wanted.append(rule.id)
    assert ids(table.concerning(at_hand)) == wanted


@pytest.mark.parametrize(
    ("entities", "rules", "said"),
    [
        ([thing("a"), thing("a")], [], "entity 'a' stands twice"),
        ([thing("a", "b")], [], "entity 'a' belongs to 'b', which is no entity"),
        ([thing("aspirin")], [pair("r", "asprin", "aspirin")], "rule 'r' names 'asprin', .*did you mean 'aspirin'"),
        ([thing("a")], [pair("r", "a"), pair("r", "a")], "rule 'r' stands twice"),
        ([thing("a")], [pair("r")], "rule 'r' has no members"),
        ([thing("a", "b"), thing("b", "c"), thing("c", "a")], [], "'a' contains itself .a -> b -> c -> a."),
        ([thing("a", "a")], [], "'a' contains itself .a -> a."),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(entities: list[Entity], rules: list[Rule], said: str) -> None:
    with pytest.raises(MetierError, match=said):
        Table(entities, rules)


@pytest.mark.parametrize(
    ("entities", "rules", "said"),
    [
        ("id,name\na,b,c\n", RULES, r"entities.csv:2: 3 cells for 2 columns; put a cell that holds a comma in quotes"),
        ("id,name\n,b\n", RULES, r"entities.csv:2: the row has no id"),
        ("id,name,kind\na,b,tings\n", RULES, r"entities.csv:2: kind 'tings' is unknown; write one of thing, class"),
        ("id,nam\na,b\n", RULES, r"entities.csv:1: no column 'name'; did you mean 'nam'"),
        ("id,name,alias\na,b,c\n", RULES, r"entities.csv:1: column 'alias' is none of this table's.*'aliases'"),
        ("id,name,id\na,b,c\n", RULES, r"entities.csv:1: column 'id' is named twice"),
        ("", RULES, r"entities.csv: is empty"),
        ("id;name\na;b\n", RULES, r"entities.csv:1: the cells are parted by ';'; save it as CSV with commas"),
        ('id,name\na,"b\n', RULES, r"entities.csv:2: malformed CSV"),
        (ENTITIES, RULES.replace("either", "eiter"), r"rules.csv:2: context 'eiter' is unknown"),
        (ENTITIES, RULES.replace("R2", "R1"), r"rules.csv:3: the id 'R1' is that of an earlier row too"),
        (ENTITIES, RULES.replace("forbidden", "forbiden"), r"rules.csv:2: severity 'forbiden' is unknown"),
        (ENTITIES, "id,members,message_en,mesage_zh\n", r"rules.csv:1: column 'mesage_zh' is none .*'message_zh'"),
        (ENTITIES, "id,members,mesage_en\n", r"rules.csv:1: column 'mesage_en' is none .*'message_en'"),
    ],
)
def test_the_first_fault_of_a_file_is_told_with_its_line(tmp_path: Path, entities: str, rules: str, said: str) -> None:
    with pytest.raises(MetierError, match=said):
        read(table_of(tmp_path, entities, rules))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match=r"no file entities.csv; a table of rules is a directory with"):
        read(tmp_path)
    with pytest.raises(MetierError, match=r"domain:medcine: no such domain; known: .*domain:medicine"):
        read("domain:medcine")


def test_what_a_spreadsheet_saves_is_read(tmp_path: Path) -> None:
    (tmp_path / "entities.csv").write_bytes(ENTITIES.replace("\n", "\r\n").encode("utf-8-sig"))
    (tmp_path / "rules.csv").write_bytes(RULES.replace("\n", "\r\n").encode("gb18030"))
    table = read(tmp_path)
    assert table.entities["ceftriaxone"].names[0].name == "头孢曲松"
    assert table.rules[0].advice[0] == Advice("zh", "不得混合", "分开")
    assert table.rules[1].context == "patient"


def test_an_encoding_that_cannot_be_told_is_refused(tmp_path: Path) -> None:
    (tmp_path / "entities.csv").write_bytes(ENTITIES.encode("utf-8") + "x,thing,en,xéra".encode("cp1252"))
    (tmp_path / "rules.csv").write_text(RULES, encoding="utf-8")
    with pytest.raises(MetierError, match=r"entities.csv: byte \d+ is not valid UTF-8.*; save it as CSV in UTF-8$"):
        read(tmp_path)


@given(st.lists(st.text("ab|\\ é", min_size=1).map(str.strip).filter(bool)))
def test_a_cell_holds_any_items(some: list[str]) -> None:
    assert items(joined(some)) == tuple(some)


TEXT = st.text("abü头孢 |\\[],\"'\r\n", min_size=1, max_size=8).map(str.strip).filter(bool)
LISTS = st.lists(TEXT, max_size=2).map(tuple)
NAMES = st.lists(st.builds(Name, st.sampled_from(["en", "zh", "ar"]), TEXT, LISTS, LISTS, LISTS), min_size=1)
EXAMPLES = st.lists(st.builds(Example, TEXT, st.booleans(), st.sampled_from(["", "age=2", "pregnant & age>3"])))


@given(
    st.lists(NAMES, min_size=1, max_size=3),
    st.lists(st.tuples(TEXT, st.text("xyz 头", max_size=4).map(str.strip), EXAMPLES), max_size=4),
)
def test_what_is_written_is_what_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, names: list[list[Name]], rules: list[tuple[str, str, list[Example]]]
) -> None:
    directory = tmp_path_factory.mktemp("table")
    one_each = [tuple({name.language: name for name in some}.values()) for some in names]
    entities = [Entity(f"e{at}", some, "class", ("e0",) if at else ()) for at, some in enumerate(one_each)]
    made = [
        Rule(f"r{at}", ("e0",), "patient", "note", (Advice("ar", said, remedy),), said, "pregnant",
             tuple(sorted(some, key=lambda one: not one.fires)))
        for at, (said, remedy, some) in enumerate(rules)
    ]  # fmt: skip
    write(entities, made, directory)
    table = read(directory)
    assert list(table.entities.values()) == entities
    assert list(table.rules) == made


def test_nothing_is_written_over(tmp_path: Path) -> None:
    table = read(table_of(tmp_path))
    with pytest.raises(MetierError, match=r"entities.csv: is there already"):
        write(table.entities.values(), table.rules, tmp_path)
    assert (tmp_path / "entities.csv").read_text(encoding="utf-8") == ENTITIES
