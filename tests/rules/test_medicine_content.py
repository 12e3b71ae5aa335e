"""What ships for medicine, held against what others have written: the old songs, labels, and words that look alike."""

import functools
import re
from pathlib import Path

import pytest

from metier.records import Rule
from metier.rules import card
from metier.rules.check import Checker
from metier.rules.names import Names
from metier.rules.table import Table, files, read
from metier.rules.tables_write import write
from metier.text.bare import bare_text

LANGUAGES = ("zh", "en", "ar")
FRAMES = {"zh": "予{}治疗。", "en": "Give {} now.", "ar": "يُعطى {} الآن."}
SCRIPTS = {"zh": re.compile(r"[\u4e00-\u9fff]"), "ar": re.compile(r"[\u0600-\u06ff]"), "en": re.compile(r"[a-z]{3}")}


@functools.cache
def table() -> Table:
    return read("domain:medicine")


@functools.cache
def names() -> Names:
    return Names(table().entities.values())


@functools.cache
def checker() -> Checker:
    return Checker(table())


def rule(id: str) -> Rule:
    return next(one for one in table().rules if one.id == id)


def found(text: str) -> set[str]:
    return {one.entity for one in names().find(text)}


def between(a: str, b: str) -> set[str]:
    """The rules under which what two names mean must not meet."""
    return {one.id for one in table().concerning(found(a) | found(b)) if one.context != "patient"}


def violated(text: str, patient: str = "") -> set[str]:
    known = card.parse(patient, table()) if patient else None
    return {one.rule.id for one in checker().text(text, known) if one.violates}


def script(text: str) -> str:
    """zh, ar or en by the letters of a text; a Latin name inside Chinese or Arabic does not count."""
    return next(language for language, letters in SCRIPTS.items() if letters.search(text))


def test_every_name_is_found_as_its_own_entity_and_nothing_else():
    for entity in table().entities.values():
        for name in entity.names:
            for written in (name.name, *name.aliases, *name.brands, *name.salts):
                assert written, f"{entity.id} has an empty name in {name.language!r}"
                text = FRAMES[name.language].format(written)
                assert found(text) == {entity.id}, f"{written!r} of {entity.id} in {text!r}"


def test_no_entity_lists_one_name_in_two_spellings_that_the_matcher_takes_for_one():
    for entity in table().entities.values():
        written = [one for name in entity.names for one in (name.name, *name.aliases, *name.brands, *name.salts)]
        bare = [bare_text(one).replace(" ", "") for one in written]
        assert len(bare) == len(set(bare)), f"{entity.id}: {sorted(one for one in bare if bare.count(one) > 1)}"


def test_the_files_stand_as_the_writer_of_tables_gives_them(tmp_path: Path):
    written = write(table().entities.values(), table().rules, tmp_path)
    for mine, shipped in zip(written, files("domain:medicine"), strict=True):
        assert mine.read_bytes() == shipped.read_bytes(), "so that a change shows as the lines that changed"


def test_every_medicine_of_a_rule_has_a_name_in_chinese_and_english():
    for one in table().rules:
        for member in one.members:
            languages = {name.language for name in table().entities[member].names}
            assert {"zh", "en"} <= languages, f"{member} of {one.id} lacks {LANGUAGES} (has {sorted(languages)})"


@pytest.mark.parametrize("one", table().rules, ids=lambda one: one.id)
def test_a_rule_says_what_why_and_what_instead_in_every_language(one: Rule):
    assert [said.language for said in one.advice] == list(LANGUAGES)
    for said in one.advice:
        assert script(said.message) == said.language, "the message is in the language it stands under"
        assert script(said.remedy) == said.language, "and so is the remedy"
    assert len(one.source) > 10, "a label, a pharmacopoeia, a guideline or a book by its name"
    broken = {script(example.text) for example in one.examples if example.fires}
    kept = {script(example.text) for example in one.examples if not example.fires}
    assert broken, "a sentence that breaks it"
    assert kept, "a sentence that looks like it and does not"
    assert len(broken | kept) >= 2, "examples in two languages"


@pytest.mark.parametrize("one", table().rules, ids=lambda one: one.id)
def test_what_a_rule_tells_the_reader_breaks_no_rule(one: Rule):
    patient = next(example.card for example in one.examples if example.fires)
    for said in one.advice:
        told = f"{said.message} {said.remedy}"
        for text in (told, f"{told} [{one.id}: {one.source}]"):
            assert violated(text, patient) == set(), f"the reader of {said.language} is misled by {text!r}"


MIXED = [
    ("水溶性维生素", "氯化钾", "water_soluble_vitamin_potassium_chloride"),
    ("维生素B6", "10%氯化钾", "water_soluble_vitamin_potassium_chloride"),
    ("速尿", "5%葡萄糖", "furosemide_glucose"),
    ("地塞米松磷酸钠", "维B6", "dexamethasone_vitamin_b6"),
    ("易善复", "氯化钾", "polyene_phosphatidylcholine_electrolyte"),
    ("多烯磷脂酰胆碱", "生理盐水", "polyene_phosphatidylcholine_electrolyte"),
    ("VC", "VK1", "vitamin_c_vitamin_k1"),
    ("普通胰岛素", "维生素C", "insulin_vitamin_c"),
    ("菌必治", "葡萄糖酸钙", "ceftriaxone_calcium"),
    ("头孢曲松钠", "乳酸林格液", "ceftriaxone_calcium"),
    ("维生素K1", "氯化钾", "vitamin_k1_potassium_chloride"),
    ("Rocephin", "Hartmann's solution", "ceftriaxone_calcium"),
    ("frusemide", "D5W", "furosemide_glucose"),
    ("سيفترياكسون", "غلوكونات الكالسيوم", "ceftriaxone_calcium"),
    ("فوروسيميد", "محلول الجلوكوز", "furosemide_glucose"),
]
"""Pairs that must not be mixed, each by names that are not all the first."""


@pytest.mark.parametrize(("a", "b", "expected"), MIXED)
def test_pairs_that_must_not_be_mixed_are_in_the_table_and_speak_of_mixing(a: str, b: str, expected: str):
    assert expected in between(a, b)
    assert rule(expected).context in ("mixed", "either")


def test_furosemide_glucose_and_dopamine_meet_as_three():
    assert "furosemide_dopamine_glucose" in {one.id for one in table().concerning(found("呋塞米、多巴胺、5%葡萄糖"))}
    assert between("多巴胺", "5%葡萄糖") == set(), "dopamine in glucose is how it is given"


def test_ceftriaxone_and_calcium_name_newborns_the_flushed_line_and_the_source():
    one = rule("ceftriaxone_calcium")
    assert (one.context, one.severity) == ("either", "forbidden")
    for language, words in {"zh": ("新生儿", "冲洗"), "en": ("ewborn", "flush"), "ar": ("الوليد", "غسل")}.items():
        said = one.told(language)
        assert all(word in said.message + said.remedy for word in words)
    assert "Rocephin" in one.source
    assert rule("ceftriaxone_newborn").when == "age<=28d"


EIGHTEEN = {
    "川乌 草乌 附子 乌头": "半夏 法半夏 瓜蒌 栝楼 瓜蒌皮 瓜蒌子 天花粉 白蔹 白及 白芨",
    "乌头 制川乌 制附子": "贝母 川贝母 浙贝母 平贝母 伊贝母 湖北贝母",
    "甘草 炙甘草": "海藻 大戟 京大戟 红大戟 甘遂 芫花",
    "藜芦": "人参 党参 丹参 玄参 沙参 北沙参 南沙参 苦参 西洋参 细辛 芍药 白芍 赤芍",
}
"""The song of the eighteen incompatibilities with the kinds that the Chinese pharmacopoeia of 2020 names for them."""
NINETEEN = [
    ("硫黄", "朴硝"), ("水银", "砒霜"), ("狼毒", "密陀僧"), ("巴豆", "牵牛"), ("丁香", "郁金"), ("川乌", "犀角"),
    ("草乌", "犀角"), ("牙硝", "三棱"), ("官桂", "石脂"), ("人参", "五灵脂"), ("硫磺", "芒硝"), ("肉桂", "赤石脂"),
]  # fmt: skip
"""The song of the nineteen fears in its own words, and in those of today."""


def test_the_eighteen_incompatibilities_are_whole():
    for left, right in EIGHTEEN.items():
        for a in left.split():
            for b in right.split():
                rules = table().concerning(found(a) | found(b))
                assert [one.severity for one in rules] == ["forbidden"], f"{a} with {b}: {[one.id for one in rules]}"
                assert "十八反" in rules[0].source


def test_the_nineteen_fears_are_whole():
    for a, b in NINETEEN:
        (one,) = table().concerning(found(a) | found(b))
        assert "十九畏" in one.source, f"{a} with {b}"


APART = [
    ("白附子", "半夏"), ("太子参", "藜芦"), ("昆布", "甘草"), ("桂枝", "赤石脂"), ("党参", "五灵脂"), ("附子", "甘草"),
    ("白芷", "附子"), ("郁金香", "丁香"), ("白藜芦醇", "人参"), ("附子", "犀角"),
    ("维生素B12", "地塞米松"), ("维生素K3", "氯化钾"), ("头孢噻肟", "葡萄糖酸钙"), ("头孢曲松", "无钙溶液"),
    ("ceftriaxone", "serum calcium"), ("heparin flush", "calcium channel blocker"), ("頭孢曲松", "氯化钠"),
    ("azithromycin", "simvastatin"), ("cefuroxime", "wine"), ("warfarin", "paracetamol"), ("Viagra", "silver nitrate"),
    ("metronidazole", "alcohol swab"), ("digoxin", "calcium tablets"), ("warfarin", "5-ASA"),
    ("levothyroxine", "breast milk"), ("thyroid-stimulating hormone", "iron"), ("spironolactone", "serum potassium"),
    ("حليب الأم", "دوكسيسيكلين"), ("كبيرة", "ميترونيدازول"), ("سيفازولين", "الكالسيوم الوريدي"),
]  # fmt: skip
"""Pairs that resemble a forbidden one, by a name or a class, and are none."""


@pytest.mark.parametrize(("a", "b"), APART)
def test_pairs_that_only_resemble_a_forbidden_one_are_free(a: str, b: str):
    assert between(a, b) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("维生素B12、维生素B1和维生素B", {"vitamin_b12", "vitamin_b1", "vitamin_b_complex"}),
        ("葡萄糖酸钙加入葡萄糖注射液", {"calcium_gluconate", "glucose_injection"}),
        ("去甲肾上腺素不是肾上腺素", {"noradrenaline", "adrenaline"}),
        ("血红蛋白及血小板正常", set()),
        ("四环素牙是四环素类药物所致", {"tetracycline_teeth", "tetracycline_class"}),
        ("低分子肝素比肝素方便", {"low_molecular_weight_heparin", "heparin"}),
        ("Glyceryl trinitrate, not miconazole nitrate", {"nitroglycerin", "nitrate_salt"}),
        ("an alcoholic patient on an alcohol-free mouthwash", {"alcohol_free"}),
        ("قوات عسكرية كبيرة", set()),
        ("ضغط الدم 160/100 ملم زئبق", {"millimetre_of_mercury"}),
    ],
)
def test_names_inside_longer_words_are_what_the_longer_word_means(text: str, expected: set[str]):
    assert found(text) == expected


MOTHER = "age=25 & sex=female & week=22 & condition=hypothyroidism"


@pytest.mark.parametrize(
    ("medicine", "patient", "expected"),
    [
        ("Take enalapril 10 mg daily.", "pregnant", {"raas_inhibitor_pregnancy"}),
        ("Take Entresto 50 mg twice daily.", "pregnant", {"raas_inhibitor_pregnancy"}),
        (
            "Take radioactive iodine.",
            MOTHER,
            {"radioiodine_pregnancy"},
        ),
        ("Take levothyroxine 50 micrograms daily.", MOTHER, set()),
        ("Take methimazole 10 mg daily.", "pregnant & week=8", {"methimazole_first_trimester"}),
        ("Take methimazole 10 mg daily.", "pregnant & week=20", set()),
        ("Take ibuprofen 400 mg.", "pregnant & week=12", set()),
        ("Take ibuprofen 400 mg.", "pregnant & week=30", {"nsaid_pregnancy"}),
        ("Take aspirin 300 mg.", "age=15", {"aspirin_children"}),
        ("Take aspirin 300 mg.", "age=16", set()),
        ("Take metformin 500 mg.", "egfr=29", {"metformin_renal"}),
        ("Take metformin 500 mg.", "egfr=30", set()),
        ("Take metoprolol 25 mg.", "condition=asthma", set()),
        ("Take carvedilol 6 mg.", "condition=asthma", {"nonselective_beta_blocker_asthma"}),
        ("Take ampicillin 500 mg.", "allergy=amoxicillin", {"penicillin_allergy"}),
        ("Give ceftriaxone 1 g.", "age=20d", {"ceftriaxone_newborn"}),
        ("Give ceftriaxone 1 g.", "age=3m", set()),
    ],
)
def test_contraindications_hold_for_the_patients_they_are_written_for(medicine: str, patient: str, expected: set[str]):
    assert violated(medicine, patient) == expected
