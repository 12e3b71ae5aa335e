import tempfile
from pathlib import Path

import pytest

from metier.records import Dropped, Entity, MetierError, Name, Rule
from metier.rules.lint import lint_records
from metier.rules.openfda import shortened
from metier.rules.read import Made, Read, read
from tests.rules.labels import label

SHARED = Path(__file__).parents[3] / "shared/data/rules"


def made(*paths: Path, strict: bool = False) -> list[Made]:
    with tempfile.TemporaryDirectory() as out:
        return list(read(Read(paths=tuple(map(str, paths)), strict=strict), Path(out)))


def written(place: Path, name: str, text: str) -> Path:
    (place / name).write_text(text, encoding="utf-8")
    return place / name


def rules(records: list[Made]) -> dict[str, tuple[tuple[str, ...], str, str, str]]:
    """By what stands behind the label's id: members, severity, condition, message."""
    return {
        one.id.partition(":")[2]: (one.members, one.severity, one.when, one.advice[0].message)
        for one in records
        if isinstance(one, Rule)
    }


def test_a_label_makes_an_entity_with_its_names(tmp_path: Path) -> None:
    path = written(tmp_path, "a.xml", label("s1", ("VELORIN SODIUM", "VELORIN"), generic="Velorin sodium hydrate"))
    assert made(path)[0] == Entity(
        "velorin", (Name("en", "velorin", ("velorin sodium hydrate",), ("Velox Forte",), ("velorin sodium",)),)
    )


def test_a_label_makes_rules_of_what_a_card_or_a_name_can_tell(tmp_path: Path) -> None:
    records = made(written(tmp_path, "a.xml", label("s1", ("VELORIN SODIUM", "VELORIN"))))
    assert rules(records) == {
        "allergy": (("velorin",), "forbidden", "allergy", "Hypersensitivity to any component"),
        "pregnant": (("velorin",), "forbidden", "pregnant", "Pregnancy. VELOX may harm a fetus. Stop it."),
        "brine_salts": (("velorin", "brine_salts"), "caution", "", "They raise its level. First, wait."),
        "tessium": (("velorin", "tessium"), "forbidden", "", "Avoid it with VELOX."),
        "nadorax": (("velorin", "nadorax"), "caution", "", "Use with caution. Two. Three."),
        "quintals": (("velorin", "quintals"), "caution", "", "Use with caution. Two. Three."),
        "breastfeeding": (("velorin",), "note", "breastfeeding", "It is not known whether velorin passes into milk."),
    }
    first = next(one for one in records if isinstance(one, Rule) and one.id == "s1:tessium")
    assert first.source == "Velox Forte label (openFDA), set s1, 20240131, section Tessium"


def test_what_makes_no_rule_is_dropped_with_its_reason(tmp_path: Path) -> None:
    records = made(written(tmp_path, "a.xml", label("s1", ("VELORIN SODIUM", "VELORIN"))))
    assert [one for one in records if isinstance(one, Dropped)] == [
        Dropped("s1:34070-3.1", "no condition that a patient's card holds", "Active liver disease"),
        Dropped("s1:34073-7", "interactions under no heading", "The risk rises with many drugs."),
        Dropped(
            "s1:34073-7.4",
            "no effect that matters",
            "Ossium: VELOX had no clinically significant effect on ossium.",
        ),
        Dropped("s1:42228-7:pregnant", "a condition told before", "Pregnancy Category X."),
    ]


def test_a_product_of_two_substances_is_an_entity_of_its_own(tmp_path: Path) -> None:
    both = (("VELORIN SODIUM", "VELORIN"), ("NADORAX", "NADORAX"))
    records = made(written(tmp_path, "a.xml", label("s1", *both, brand="Duo")))
    assert records[0] == Entity("duo_forte", (Name("en", "Duo Forte"),))
    assert rules(records)["tessium"][0] == ("duo_forte", "tessium")


def test_a_second_label_of_a_drug_tells_only_what_is_new(tmp_path: Path) -> None:
    first = written(tmp_path, "a.xml", label("s1", ("VELORIN SODIUM", "VELORIN")))
    second = written(tmp_path, "b.xml", label("s2", ("VELORIN POTASSIUM", "VELORIN"), brand="OTHER"))
    records = made(first, second)
    assert [one.id for one in records if isinstance(one, Entity)].count("velorin") == 1
    assert not any(one.id.startswith("s2") for one in records if isinstance(one, Rule))
    assert Dropped("s2:pregnant", "told before", "as s1:pregnant") in records
    names = {one.id for one in records if isinstance(one, Entity)}
    assert {member for one in records if isinstance(one, Rule) for member in one.members} <= names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<document", "malformed XML"),
        ("<html/>", "no drug label"),
        ('<?xml version="1.0" encoding="none"?><a/>', "malformed XML"),
        (
            label("s1", ("A", "A"), sections=f"<section><text>{'<i>' * 3000}{'</i>' * 3000}</text></section>"),
            "malformed XML",
        ),
        (label("s1", brand="").replace("<name><suffix> Forte</suffix></name>", ""), "no active ingredient and no name"),
    ],
)
def test_what_is_no_label_is_dropped_or_stops(tmp_path: Path, text: str, why: str) -> None:
    path = written(tmp_path, "a.xml", text)
    (dropped,) = made(path)
    assert isinstance(dropped, Dropped) and (dropped.id, dropped.why) == ("a.xml", why)
    with pytest.raises(MetierError, match=f"a.xml: {why}"):
        made(path, strict=True)


def test_a_label_without_such_sections_is_dropped(tmp_path: Path) -> None:
    path = written(tmp_path, "a.xml", label("s1", ("VELORIN SODIUM", "VELORIN"), sections=""))
    assert made(path)[1:] == [Dropped("s1", "no section that makes a rule", "Velox Forte")]


def test_a_label_is_read_once(tmp_path: Path) -> None:
    text = label("s1", ("VELORIN SODIUM", "VELORIN"))
    records = made(written(tmp_path, "a.xml", text), written(tmp_path, "b.xml", text))
    assert [one for one in records if one.id == "b.xml"] == [Dropped("b.xml", "label read before", "s1")]
    assert sum(isinstance(one, Rule) for one in records) == 7
    ids = [one.id for one in records]
    assert len(set(ids)) == len(ids)


def test_contraindications_may_be_sentences(tmp_path: Path) -> None:
    text = "<text>Allergy to velorin. Nursing mothers. Gout. None.</text>"
    once = f'<section><code code="34070-3"/><title>Contraindications</title>{text}</section>'
    records = made(written(tmp_path, "a.xml", label("s1", ("VELORIN", "VELORIN"), sections=once + "\n" + once)))
    assert {when for _, _, when, _ in rules(records).values()} == {"allergy", "breastfeeding"}
    assert [(one.id, one.why) for one in records if isinstance(one, Dropped)] == [
        ("s1:34070-3.3", "no condition that a patient's card holds"),
        ("s1:34070-3-2.1:allergy", "a condition told before"),
        ("s1:34070-3-2.2:breastfeeding", "a condition told before"),
        ("s1:34070-3-2.3", "no condition that a patient's card holds"),
    ]
    (source,) = {one.source for one in records if isinstance(one, Rule)}
    assert source == "Velox Forte label (openFDA), set s1, 20240131, section Contraindications"


def test_a_message_is_short_and_refers_to_nothing() -> None:
    assert shortened("One [see 5.1]. Two (see Use (8.1)). Three. Four.") == "One. Two. Three."
    assert len(shortened("very " * 500)) <= 600 and shortened("very " * 500).endswith("...")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the labels of openFDA are not there")
def test_real_labels_make_rules_that_lack_only_examples() -> None:
    records = made(*sorted(SHARED.glob("*.xml")))
    entities, found = ([one for one in records if isinstance(one, kind)] for kind in (Entity, Rule))
    told = {(one.members[-1], one.severity) for one in found if isinstance(one, Rule)}
    assert {("gemfibrozil", "forbidden"), ("grapefruit_juice", "caution"), ("live_vaccines", "forbidden")} <= told
    assert ("warfarin", "caution") not in told
    findings = lint_records(entities, found, imported=True)  # type: ignore[arg-type]
    assert {one.fault for one in findings} == {"no example"}
