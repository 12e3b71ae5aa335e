"""A language that breaks a rule is one line that names the file and the entry."""

import shutil
from pathlib import Path

import pytest

from metier.artefact import asset
from metier.records import MetierError
from metier.world.wording import drug_wording, general_wording, read_drug_wording, read_general_wording

BROKEN_DRUGS = [
    ("names.yaml", "[Bal, Bel,", "[Bal, Belo,", "parts, list 1: 'Bal' and 'Belo' are not of one length"),
    ("names.yaml", "[ba, be,", "[ba, ba,", "parts, list 2: 'ba' stands there twice"),
    (
        "facts.yaml",
        "[15 mg, 20 mg, 25 mg, 30 mg, 35 mg, 40 mg, 45 mg, 50 mg, 60 mg, 70 mg, 80 mg, 90 mg]",
        "[15 mg, 20 mg, 25 mg]",
        "dose.values: 3 values, a question needs 4",
    ),
    ("facts.yaml", "[amber, green,", "[amber, amberish,", "colour.values: 'amber' is the beginning of 'amberish'"),
    ("facts.yaml", "How much {drug} should", "How much {durg} should", "dose.dialogue: .* unknown slot {durg}"),
    ("facts.yaml", "Is the dose of {drug} {value}?", "Is the dose of {drug}?", "dose.exam_yes_no: .* lacks the slot"),
    ("facts.yaml", "When is {drug} taken?", "When is {drug taken?", "time.exam: .* a brace that is no slot"),
    ("facts.yaml", "When is {drug} taken?", "When is {} taken?", "time.exam: .* a slot without a name"),
    ("facts.yaml", "dialogue:", "dialog:", "unknown field `dialog`"),
    ("patterns.csv", "{drug} treats {value}.", "{drug} treats {ill}.", "treats, sentence: .* unknown slot {ill}"),
    ("patterns.csv", "treats,{drug}", "treat,{drug}", "treat: no fact of facts.yaml, known: treats"),
    ("patterns.csv", "treats {value}.,", "treats {value},", "treats, sentence: .* does not end as a sentence does"),
    ("patterns.csv", "fact,sentence", "fakt,sentence", "unknown field `fakt`"),
    ("pages.yaml", "fill: 2", "fill: 9", "genres.leaflet.fill: 9 is not between 0 and the 4 fillers"),
    ("pages.yaml", "paragraph: 4", "paragraph: 0", "genres.leaflet.paragraph: 0 sentences"),
    ("pages.yaml", "strength of {strength} mg", "strength of {dose} mg", "strength_card.sentences: .* slot {dose}"),
    ("pages.yaml", "Do not freeze {drug}.", "Do not freeze {drug}", "leaflet.fillers: .* does not end as a sentence"),
    ("pages.yaml", "  leaflet:", "  flyer:", "Invalid enum value 'flyer'"),
    ("dialogues.yaml", "{value}", "{drug}", "answer: .* unknown slot {drug}"),
    ("rules.yaml", "of {first} and {second} to stop", "of {first} to stop", "together.remedies: .* lacks the slot"),
    ("rules.yaml", "mixed:", "mixed: [", "while parsing"),
]


def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(asset("asset:world/en"), tmp_path / "xx"))


@pytest.mark.parametrize(("file", "old", "new", "said"), BROKEN_DRUGS)
def test_a_broken_pharmacopoeia(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    place = copied(tmp_path)
    text = (place / file).read_text("utf-8")
    assert old in text
    (place / file).write_text(text.replace(old, new), "utf-8")
    with pytest.raises(MetierError, match=rf"{place / file}:.*{said}") as caught:
        read_drug_wording(place)
    assert "\n" not in str(caught.value)


def test_too_few_sentences_lines_and_a_missing_file(tmp_path: Path) -> None:
    place = copied(tmp_path)
    path = place / "patterns.csv"
    rows = path.read_text("utf-8").splitlines(keepends=True)
    sentences = list(dict.fromkeys(row.split(",")[1] for row in rows if row.startswith("town,")))
    path.write_text("".join(r for r in rows if not r.startswith("town,") or r.split(",")[1] in sentences[:3]), "utf-8")
    with pytest.raises(MetierError, match=rf"{path}: town: 3 sentences state it, the pages need 4"):
        read_drug_wording(place)
    path.write_text("".join(rows), "utf-8")
    (place / "boilerplate.txt").write_text("Home\n\nShare\n", "utf-8")
    with pytest.raises(MetierError, match=r"boilerplate.txt: lines: 2, a web page needs 3"):
        read_drug_wording(place)
    (place / "boilerplate.txt").unlink()
    with pytest.raises(MetierError, match=r"boilerplate.txt: cannot be read .*; a language needs this file"):
        read_drug_wording(place)
    (place / "boilerplate.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(MetierError, match=r"boilerplate.txt: byte 0 is not valid UTF-8"):
        read_drug_wording(place)


BROKEN_GENERAL = [
    ("values: places", "values: towns", "people.facts.town.values: 'towns' is neither a list nor the word places"),
    ("{name} plays the {value}.", "{nane} plays the {value}.", "people.facts.instrument.sentences: .* slot {nane}"),
    ("Where was {name} born?", "Where was he born?", "people.facts.town.questions: .* lacks the slot {name}"),
    ("[red, green,", "[red, reddish,", "people.facts.colour.values: 'red' is the beginning of 'reddish'"),
    ("{a} + {b} = ?", "{a} + {c} = ?", "arithmetic.plus.questions: .* unknown slot {c}"),
    ("given: [Ada, Bruno", "given: [Ada, Ada", "people.names.given: is empty or names somebody twice"),
    ('reply: "Sleep well."', 'reply: "I have no age."', "small_talk, replies: 'I have no age.' is the beginning"),
]


@pytest.mark.parametrize(("old", "new", "said"), BROKEN_GENERAL)
def test_a_broken_general_world(tmp_path: Path, old: str, new: str, said: str) -> None:
    place = copied(tmp_path)
    text = (place / "general.yaml").read_text("utf-8")
    assert old in text
    (place / "general.yaml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(MetierError, match=rf"general.yaml: {said}.*; mend the wording"):
        read_general_wording(place)


def test_a_whole_copy_of_a_language_reads_the_same(tmp_path: Path) -> None:
    place = copied(tmp_path)
    assert read_drug_wording(place) == drug_wording("en")
    assert read_general_wording(place) == general_wording("en")
