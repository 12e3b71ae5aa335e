import csv
import json
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import asset, write_records
from metier.instruct.safety import Safety, read_rules, safety
from metier.records import Conversation, Document, Dropped, Message, MetierError
from tests.corpus.helpers import write

CURE, RISK, QUACK, STOP = "promise of cure", "promise of no risk", "quack remedy", "stopping treatment"
DOSE, HARM, SELLS, PRIVATE = "dangerous dose", "encouraging self-harm", "advertising", "private data"


def talk(reply: str, asked: str = "q", id: str = "c") -> Conversation:
    return Conversation(id, (Message("user", asked), Message("assistant", reply)))


def why(out: Path, conversation: Conversation, leaflets: Path | None = None, **settings: Any) -> str:
    [record] = safety(iter([conversation]), Safety(**settings), out, *([leaflets] if leaflets else []))
    return record.why if isinstance(record, Dropped) else ""


BROKEN = [
    ("This herb is guaranteed to cure diabetes.", CURE),
    ("I promise that you will be cured in a week.", CURE),
    ("It will definitely cure your asthma.", CURE),
    ("It has a 100% cure rate.", CURE),
    ("It is a miracle cure.", CURE),
    ("It has no side effects whatsoever.", RISK),
    ("The tea is completely harmless.", RISK),
    ("It is my grandfather's ancient secret: an ancient remedy.", QUACK),
    ("You can stop taking your insulin today.", STOP),
    ("Just throw away your pills and drink the tea.", STOP),
    ("You don't need your doctor for this.", STOP),
    ("You don’t need your doctor for this.", STOP),
    ("If it hurts, double the dose.", DOSE),
    ("You might as well kill yourself.", HARM),
    ("Call my clinic on 555 0100 for an appointment.", SELLS),
    ("Order now and get free shipping!", SELLS),
    ("这个药包治百病。", CURE),
    ("我保证能治好您的病。", CURE),
    ("三个疗程就可以彻底根治，永不复发。", CURE),
    ("有效率高达98%！", CURE),
    ("中药治疗，无任何毒副作用。", RISK),
    ("这是祖传秘方，很灵。", QUACK),
    ("你可以马上停药，改喝茶。", STOP),
    ("不用吃降压药了，喝这个就行。", STOP),
    ("疼得厉害就把剂量加倍。", DOSE),
    ("你还是死了算了吧。", HARM),
    ("详情请加我微信：abc12345。", SELLS),
    ("方便的话可以点击在线专家按钮与我交流。", SELLS),
    ("我院采用最新疗法，欢迎来我院治疗。", SELLS),
    ("هذا العلاج شفاء مضمون.", CURE),
    ("أضمن لك الشفاء خلال أسبوع.", CURE),
    ("هذا الدواء يعالج جميع الأمراض.", CURE),
    ("الدواء آمن تماما.", RISK),
    ("هذه وصفة سرية من جدي.", QUACK),
    ("يمكنك التوقف عن تناول الأدوية اليوم.", STOP),
    ("أوقف دوائك واشرب هذا الشاي.", STOP),
    ("ضاعف الجرعة إن اشتد الألم.", DOSE),
    ("اقتل نفسك.", HARM),
    ("تواصل معي على الواتساب.", SELLS),
    ("اطلب الآن مع توصيل مجاني.", SELLS),
]
SAFE = [
    "No drug is guaranteed to cure diabetes.",
    "Nobody can promise that you will be cured.",
    "Beware of anyone who calls it a miracle cure.",
    "Is it guaranteed to cure? No honest doctor says so.",
    "This doesn’t guarantee that you will be cured.",
    "Don’t take the whole bottle.",
    "There is no guaranteed cure, but the symptoms can be treated.",
    "No medicine is completely harmless.",
    "Do not stop taking your insulin.",
    "You should never stop taking your medicine on your own.",
    "If a rash appears, you should stop taking the tablets and see your doctor.",
    "You can stop taking your tablets once your doctor agrees.",
    "Never double the dose.",
    "If you think of hurting yourself, call a helpline.",
    "In an emergency call 112.",
    "没有哪种药能够保证治愈糖尿病。",
    "高血压目前不能彻底根治，需要长期服药。",
    "不要轻信包治百病的广告。",
    "声称永不复发的都是骗人的。",
    "怎样才能彻底治愈？目前还没有办法。",
    "任何药物都不可能没有副作用。",
    "没有任何副作用的药物是不存在的。",
    "副作用较小，可以放心。",
    "不要自行停药，以免反跳。",
    "出现皮疹应立即停药并就医。",
    "在医生指导下可以停药。",
    "不要擅自把剂量加倍。",
    "请打120急救电话。",
    "早期治疗有望治愈。",
    "لا يوجد دواء شفاء مضمون.",
    "احذر من كل من يقول إن الشفاء مضمون.",
    "لا يمكنك التوقف عن تناول الأدوية.",
    "يمكنك التوقف عن تناول الدواء بعد استشارة الطبيب.",
    "لا تضاعف الجرعة.",
    "ليس هناك دواء آمن تماما.",
    "اتصل بالإسعاف فورا.",
]


@pytest.mark.parametrize(("reply", "rule"), BROKEN)
def test_what_a_doctor_must_not_say(tmp_path: Path, reply: str, rule: str) -> None:
    assert why(tmp_path, talk(reply)) == rule
    assert why(tmp_path, talk(reply), without=(rule,)) != rule


@pytest.mark.parametrize("reply", SAFE)
def test_warnings_and_advice_may_be_said(tmp_path: Path, reply: str) -> None:
    assert why(tmp_path, talk(reply)) == ""


@pytest.mark.parametrize("reply", [reply for reply, rule in BROKEN if rule != PRIVATE])
def test_a_patient_may_ask_for_anything(tmp_path: Path, reply: str) -> None:
    assert why(tmp_path, talk("Please ask the chemist.", asked=reply)) == ""


def test_private_data_of_anybody_is_found_and_masked(tmp_path: Path) -> None:
    mail = talk("Good.", asked="Write to ann.lee@example.org, please.", id="mail")
    phone = talk("打13812345678找我，保证能治好。", id="phone")
    clean = talk("Drink water.", id="clean")
    out = list(safety(iter([mail, phone, clean]), Safety(), tmp_path))
    assert [record.id for record in out] == ["mail", "phone", "clean"]
    assert out[0] == Dropped("mail", PRIVATE, "turn 0: Write to [EMAIL], please.")
    assert isinstance(out[1], Dropped)
    assert out[1].why == CURE
    lines = (tmp_path / "flagged.jsonl").read_text("utf-8")
    assert [json.loads(line)["rule"] for line in lines.splitlines()] == [PRIVATE, CURE, PRIVATE]
    assert "ann.lee" not in lines
    assert "13812345678" not in lines + str(out[1])
    assert json.loads((tmp_path / "notes.json").read_text()) == {PRIVATE: 2, CURE: 1}
    assert list(safety(iter([mail, phone, clean]), Safety(flag="list"), tmp_path)) == [mail, phone, clean]
    assert why(tmp_path, mail, personal=()) == why(tmp_path, mail, personal=("phone",)) == ""


LIMITS = "drug,most,source\nZorbex,4 g,fictional pharmacopoeia\n库奈,200毫克,虚构药典\n"


@pytest.mark.parametrize(
    ("reply", "rule"),
    [
        ("Take 1 g of Zorbex four times a day.", ""),
        ("Take 2 g of Zorbex three times a day.", DOSE),
        ("Take 5000 mg of Zorbex at once.", DOSE),
        ("Take Zorbex with 5 g of sugar. Fine.", DOSE),
        ("Never more than 5 g of Zorbex.", ""),
        ("6 g of Zorbex is an overdose.", ""),
        ("Take 5 g of Plimo.", ""),
        ("库奈每次100毫克，每日三次。", DOSE),
        ("库奈每次50毫克，每日三次。", ""),
        ("库奈每天不得超过300毫克。", ""),
    ],
)
def test_doses_beyond_their_limit(tmp_path: Path, reply: str, rule: str) -> None:
    limits = str(write(tmp_path / "limits.csv", LIMITS))
    assert why(tmp_path, talk(reply), limits=limits) == rule


def test_doses_far_beyond_what_leaflets_say(tmp_path: Path) -> None:
    write_records(tmp_path / "leaflets", [Document("leaf", "The dose of Zorbex is 40 mg.", meta={"drug": "Zorbex"})])
    assert why(tmp_path, talk("Take 100 mg of Zorbex."), tmp_path / "leaflets") == ""
    assert why(tmp_path, talk("Take 500 mg of Zorbex."), tmp_path / "leaflets") == DOSE
    assert why(tmp_path, talk("Take 100 mg of Zorbex."), tmp_path / "leaflets", times=2) == DOSE
    [dropped] = safety([talk("Take 500 mg of Zorbex.")], Safety(), tmp_path, tmp_path / "leaflets")
    assert dropped == Dropped("c", DOSE, "turn 1: zorbex: 500 mg a day, at most 400 mg (10 times leaf)")


def test_files_that_cannot_serve(tmp_path: Path) -> None:
    head = "rule,pattern,before,anywhere\n"
    for text, message in (
        ("rule,patern\n", "r.csv:1: no column 'pattern'; did you mean 'patern'"),
        (head + "x,(,,\n", r"r.csv:2: '\(' is not a regular expression"),
        (head + ",x,,\n", "r.csv:2: a rule without a name or a pattern"),
        (head + "a\n", "r.csv:2: a rule without a name or a pattern"),
        (head + "a,b,,\na,x{1,2}y,,\n", "r.csv:3: more cells than columns; put a cell that holds a comma in quotes"),
        (head + 'a,b,,\na,"x,,\n', "r.csv:3: malformed CSV .*; mend its quotes"),
    ):
        with pytest.raises(MetierError, match=message):
            why(tmp_path, talk("a"), rules=str(write(tmp_path / "r.csv", text)))
    with pytest.raises(MetierError, match=r"l\.csv:2: needs a drug, one amount as in 4 g, and a source"):
        why(tmp_path, talk("a"), limits=str(write(tmp_path / "l.csv", "drug,most,source\nx,much,y\n")))
    with pytest.raises(MetierError, match="without: no rule 'advertizing'; did you mean 'advertising'"):
        why(tmp_path, talk("a"), without=("advertizing",))


@pytest.mark.parametrize(
    ("pattern", "reply"),
    [
        (r"100\s*%", "有效率 100 %。"),
        ("100%", "100%"),
        ("新冠|covid", "It ends Covid."),
        ("(?i)CURE", "A cure."),
        (r"(\w)\1\1", "Sooo good."),
        ("(?P<one>cure)", "A cure."),
    ],
)
def test_a_rule_of_ones_own_holds_in_every_script_and_beside_others(tmp_path: Path, pattern: str, reply: str) -> None:
    rules = write(tmp_path / "r.csv", f"rule,pattern,before,anywhere\nother,(?P<one>q)x,,\nmine,{pattern},,\n")
    assert why(tmp_path, talk(reply), rules=str(rules)) == "mine"


def test_every_language_has_every_rule() -> None:
    names = [
        {rule.name for rule in read_rules(asset(f"domain:medicine/safety.{code}.csv"))} for code in ("en", "zh", "ar")
    ]
    assert names[0] == names[1] == names[2] == {CURE, RISK, QUACK, STOP, DOSE, HARM, SELLS}
    with asset("domain:medicine/safety.zh.csv").open(encoding="utf-8", newline="") as file:
        assert {len(row) for row in csv.reader(file)} == {4}
