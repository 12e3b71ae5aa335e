"""The patient's card: as text, as conditions of rules, as a dialogue tells it, and what a patient may have."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.records import Entity, Message, MetierError, Name, Rule
from metier.rules.admissible import admissible, members
from metier.rules.card import Card, applies, parse, told
from metier.rules.card_facts import facts
from metier.rules.names import Names
from metier.rules.table import Table
from metier.rules.table import read as read_table
from tests.rules.tables import entity

ENTITIES = (
    entity("lactim", "lactims", "乐青类", "لاكتيمات", kind="class"),
    entity("lactim_v", "lactim V", "乐青素", "لاكتيم", "lactim"),
    entity("amolact", "amolact", "阿莫乐青", "أمولاكت", "lactim"),
    entity("fluvor", "fluvorin", "弗沃林", "فلوفورين", brand="Fluvex"),
    entity("relief", "pain relievers", "止痛药", "مسكنات", kind="class"),
    entity("quintal", "quintalide", "昆他利", "كوينتاليد", "relief"),
    entity("sorbix", "sorbixin", "索比星", "سوربيكسين", "relief"),
    entity("asthma", "asthma", "哮喘", "الربو", kind="condition"),
    entity("ulcer", "stomach ulcer", "胃溃疡", "قرحة المعدة", kind="condition"),
    entity("slow_thyroid", "hypothyroidism", "甲减", "قصور الغدة الدرقية", kind="condition"),
)
SOURCE = "The test's own."


def rule(id: str, members: str, when: str = "", severity: str = "forbidden", context: str = "patient") -> Rule:
    return Rule(id, tuple(members.split()), context, severity, source=SOURCE, when=when)  # type: ignore[arg-type]


TABLE = Table(
    ENTITIES,
    (
        rule("lactim_allergy", "lactim", "allergy=lactim"),
        rule("sorbix_pregnant", "sorbix", "pregnant"),
        rule("quintal_asthma", "quintal", "condition=asthma", "caution"),
        rule("quintal_kidneys", "quintal", "egfr<30"),
        rule("fluvor_relief", "fluvor relief", context="together"),
        rule("fluvor_sorbix", "fluvor sorbix", context="mixed"),
    ),
)
NAMES = Names(ENTITIES)


def card_of(*said: str, first: str = "user", card: Card | None = None) -> dict[str, object]:
    """What a dialogue tells of a patient, without what it does not say; ages and weeks to the tenth."""
    roles = ("user", "assistant") if first == "user" else ("assistant", "user")
    messages = [Message(roles[place % 2], text) for place, text in enumerate(said)]  # type: ignore[arg-type]
    found = msgspec.structs.asdict(told(messages, NAMES, TABLE, card or Card()))
    kept = {name: value for name, value in found.items() if value not in (None, "", ())}
    return {name: round(value, 1) if isinstance(value, float) else value for name, value in kept.items()}


def test_a_card_is_written_as_a_rule_writes_conditions() -> None:
    text = "age=25 & sex=female & week=22 & condition=slow_thyroid & taking=fluvor & allergy=lactim & !condition=asthma"
    found = parse(text)
    assert (found.age, found.sex, found.week, found.conditions) == (25, "female", 22, ("slow_thyroid",))
    assert (found.taking, found.allergies, found.without) == (("fluvor",), ("lactim",), ("condition=asthma",))
    assert parse("") == Card()
    assert parse("!pregnant & !allergy").pregnant is False
    assert parse("!allergy").without == ("allergy",)
    assert parse("age=14d").age == pytest.approx(14 / 365.25)
    assert parse("taking=Fluvex & condition=哮喘", TABLE) == Card(taking=("fluvor",), conditions=("asthma",))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pregnent", "unknown condition 'pregnent' in 'pregnent'; did you mean 'pregnant'"),
        ("age=old", "age=old in 'age=old': age is held against a number of years"),
        ("age", "age is held against a number"),
        ("week=3m", "week is held against a number, as in week<18"),
        ("age<18", "age<18 in the card 'age<18': a card says what is"),
        ("pregnant=yes", "pregnant takes no value; write pregnant or !pregnant"),
        ("sex=f", "write sex=female or sex=male"),
        ("allergy", "write allergy=ID, or !allergy for none"),
        ("condition", "condition needs an id; write condition=ID"),
        ("age=25 & age=30", "says age twice; say it once"),
        ("sex=male & week=12", "is of a man who is pregnant; mend sex or pregnant"),
        ("!pregnant & week=12", "gives a week of pregnancy and denies it"),
        ("25 years", "'25 years' in '25 years' is no condition; write age<18"),
        ("!age=25", "a card cannot deny it; leave it out"),
        ("taking=fluvorine", "names 'fluvorine', which no entity is; did you mean 'fluvor'"),
        ("condition>asthma", "condition is no number; write condition="),
        ("sex=male & breastfeeding", "is of a man who breastfeeds; mend sex or breastfeeding"),
        ("allergy=lactim & !allergy", "says allergy=lactim and denies it; leave one out"),
        ("taking=Fluvex & !taking=fluvor", "says taking=fluvor and denies it; leave one out"),
        ("condition=fluvor", "fluvor is no condition; write taking or allergy"),
        ("taking=asthma", "asthma is no medicine; write condition"),
        ("age=1990", "no patient has more than 130"),
        ("week=220", "no patient has more than 45"),
        ("age=25, sex=female", "as in age<18; terms are joined by &"),
    ],
)
def test_a_card_that_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(MetierError) as error:
        parse(text, TABLE)
    assert why in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("when", "card", "entity", "answer"),
    [
        ("", "", "quintal", True),
        ("pregnant", "pregnant", "quintal", True),
        ("pregnant", "", "quintal", None),
        ("pregnant", "week=8", "quintal", True),
        ("pregnant", "sex=male", "quintal", False),
        ("pregnant", "age=70", "quintal", False),
        ("pregnant", "age=5", "quintal", False),
        ("!pregnant", "sex=male", "quintal", True),
        ("!pregnant", "", "quintal", None),
        ("sex=female", "pregnant", "quintal", True),
        ("week<13", "week=12.9", "quintal", True),
        ("week<13", "pregnant", "quintal", None),
        ("week<13", "!pregnant", "quintal", False),
        ("pregnant & week<13", "sex=male", "quintal", False),
        ("pregnant & age<18", "age=30", "quintal", False),
        ("age<28d", "age=10d", "quintal", True),
        ("age<18", "age=18", "quintal", False),
        ("age<=18", "age=18", "quintal", True),
        ("egfr<30", "egfr=29", "quintal", True),
        ("weight>=40", "weight=39", "quintal", False),
        ("condition=asthma", "condition=asthma", "quintal", True),
        ("condition=asthma", "condition=ulcer", "quintal", False),
        ("condition=asthma", "", "quintal", None),
        ("condition=asthma", "!condition=asthma", "quintal", False),
        ("allergy", "allergy=lactim", "amolact", True),
        ("allergy", "allergy=amolact", "amolact", True),
        ("allergy", "allergy=lactim_v", "amolact", False),
        ("allergy=lactim", "allergy=lactim_v", "amolact", True),
        ("allergy=amolact", "allergy=lactim", "amolact", True),
        ("allergy", "!allergy", "amolact", False),
        ("allergy", "", "amolact", None),
        ("breastfeeding", "sex=male", "quintal", False),
        ("breastfeeding", "breastfeeding", "quintal", True),
    ],
)
def test_a_condition_holds_or_not_or_is_not_known(when: str, card: str, entity: str, answer: bool | None) -> None:
    assert applies(when, parse(card), TABLE, entity) is answer


_TERMS = st.sampled_from(
    ["pregnant", "age<18", "week<13", "egfr<30", "condition=asthma", "allergy", "sex=female", "breastfeeding"]
)
_CARDS = st.sampled_from(
    [
        "",
        "pregnant",
        "week=12",
        "age=7 & egfr=20",
        "sex=male",
        "condition=asthma & age=40",
        "allergy=lactim",
        "!allergy",
    ]
)


@given(_TERMS, _TERMS, _CARDS)
def test_conditions_join_as_in_the_logic_of_three_values(first: str, second: str, card: str) -> None:
    """Kleene's strong logic: false where a term is false, else unknown where one is unknown."""
    one, two, both = (applies(when, parse(card), TABLE, "amolact") for when in (first, second, f"{first} & {second}"))
    assert both is (False if False in (one, two) else None if None in (one, two) else True)
    denied = applies(f"!{first}", parse(card), TABLE, "amolact")
    assert denied is (None if one is None else not one)


SELF = [
    ("25岁女性，孕22周，甲减，请问用什么药？", "age=25 sex=female week=22 pregnant conditions=slow_thyroid"),
    ("患者，女，25岁，妊娠22+3周。", "age=25 sex=female week=22 pregnant"),
    ("A 25-year-old woman, 22 weeks pregnant, with hypothyroidism.",
     "age=25 sex=female week=22 pregnant conditions=slow_thyroid"),
    ("I'm 31 and 9 weeks pregnant. Can I take quintalide?", "age=31 week=9 pregnant"),
    ("25F, G1P0 at 22 weeks pregnant", "age=25 sex=female week=22 pregnant"),
    ("امرأة عمرها ٢٥ سنة حامل في الأسبوع ٢٢ وتعاني من قصور الغدة الدرقية",
     "age=25 sex=female week=22 pregnant conditions=slow_thyroid"),
    ("أنا حامل في الشهر الخامس، هل يمكنني تناول كوينتاليد؟", "week=21.7 pregnant"),
    ("I am pregnant, week 12 of my pregnancy.", "week=12 pregnant"),
    ("我怀孕已经５个半月了", "week=21.7 pregnant"),
    ("She is in her second trimester.", "week=20 pregnant"),
    ("My eGFR is 25. Is quintalide fine?", "egfr=25"),
    ("患者eGFR为28，能用昆他利吗", "egfr=28"),
    ("معدل الترشيح الكبيبي 22", "egfr=22"),
    ("72岁，男，慢性肾病，正在透析", "age=72 sex=male egfr=10"),
    ("He is a 7 y/o boy weighing 22 kg.", "age=7 sex=male weight=22"),
    ("患儿，男，7岁，体重44斤。", "age=7 sex=male weight=22"),
    ("وزني 48 كغ وعمري 30 سنة", "age=30 weight=48"),
    ("新生儿，出生5天，黄疸", "age=0.0"),
    ("A three-month-old infant", "age=0.2"),
    ("I am allergic to lactim V. Can I have amolact?", "allergies=lactim_v"),
    ("I have a lactim V allergy; can I have amolact?", "allergies=lactim_v"),
    ("我对乐青素过敏，能吃阿莫乐青吗？", "allergies=lactim_v"),
    ("لدي حساسية من لاكتيم، هل يمكنني أخذ أمولاكت؟", "allergies=lactim_v"),
    ("I have asthma.", "conditions=asthma"),
    ("我有哮喘，能吃昆他利吗", "conditions=asthma"),
    ("لدي الربو", "conditions=asthma"),
    ("Can I take quintalide while I'm on fluvorin?", "taking=fluvor"),
    ("我长期服用弗沃林，能吃昆他利吗？", "taking=fluvor"),
    ("أتناول فلوفورين، هل آخذ كوينتاليد؟", "taking=fluvor"),
]  # fmt: skip
DENIED = [
    ("I am not pregnant and not breastfeeding.", "pregnant=no breastfeeding=no"),
    ("否认妊娠。", "pregnant=no"),
    ("我没有怀孕，也不在哺乳期。", "pregnant=no breastfeeding=no"),
    ("لست حاملا ولا أرضع.", "pregnant=no breastfeeding=no"),
    ("My pregnancy test was negative.", "pregnant=no"),
    ("I'm not allergic to lactim V.", "without=allergy=lactim_v"),
    ("我对乐青素不过敏。", "without=allergy=lactim_v"),
    ("无乐青素过敏史。", "without=allergy=lactim_v"),
    ("ليس لدي حساسية من لاكتيم.", "without=allergy=lactim_v"),
    ("No known drug allergies.", "without=allergy"),
    ("否认药物过敏史。", "without=allergy"),
    ("لا توجد حساسية.", "without=allergy"),
    ("I do not have asthma.", "without=condition=asthma"),
    ("否认哮喘病史。", "without=condition=asthma"),
    ("لا أعاني من الربو.", "without=condition=asthma"),
    ("无明显诱因出现哮喘。", "conditions=asthma"),
]
SAID_OF_MEDICINES = [
    ("Do not use quintalide in asthma.", "conditions=asthma"),
    ("It must never be given to patients with asthma.", "conditions=asthma"),
    ("You should not take fluvorin with your asthma.", "conditions=asthma"),
    ("昆他利不宜用于哮喘患者。", "conditions=asthma"),
    ("没有理由给哮喘患者用昆他利。", "conditions=asthma"),
    ("لا يجوز إعطاء كوينتاليد لمرضى الربو.", "conditions=asthma"),
    ("يمنع كوينتاليد والأدوية غير الانتقائية لدى مرضى الربو.", "conditions=asthma"),
    ("Do not give amolact to people who are allergic to lactim V.", "allergies=lactim_v"),
    ("مريض غير مصاب بالربو", "without=condition=asthma"),
    ("I am a 45 yo male taking fluvorin 500 mg.", "age=45 sex=male taking=fluvor"),
    ("我没有药物过敏史。昆他利适合我吗？", "without=allergy"),
]
"""A medicine that is not to be used denies no illness of the patient."""
NOTHING = [
    "I'm trying to get pregnant.", "备孕中，可以吃吗", "أخطط للحمل", "白带增多会影响怀孕吗",
    "I have taken it for 5 years.", "Quintalide 100 mg daily for 3 months.", "每日一次，每次25mg，连用5天。",
    "خذ 25 ملغ كل يوم لمدة 5 سنوات", "I stopped taking fluvorin last month.", "Can I take fluvorin?",
    "我能吃弗沃林吗？",
    "هل يمكنني أن آخذ فلوفورين؟", "Lactim V may cause allergic reactions.", "The dose is 10 mg/kg.", "想要孩子",
]  # fmt: skip
OTHERS = [
    ("My 6-year-old daughter has a fever. Can she take quintalide?", "age=6 sex=female"),
    ("I'm 35 and my 6-year-old son has a fever; may he have quintalide?", "age=6 sex=male"),
    ("I am 28 and breastfeeding my 3-month-old baby. Can I take quintalide?", "age=28 breastfeeding"),
    ("我28岁，正在给3个月的宝宝喂奶，能吃昆他利吗？", "age=28 breastfeeding"),
    ("6岁的女儿发烧，可以吃昆他利吗？", "age=6 sex=female"),
    ("ابني عمره 6 سنوات ولديه حمى، هل يأخذ كوينتاليد؟", "age=6 sex=male"),
    ("我妻子怀孕10周，头痛。", "week=10 pregnant sex=female"),
    ("My wife is 10 weeks pregnant and has a headache.", "week=10 pregnant sex=female"),
    ("زوجتي حامل في الأسبوع العاشر", "week=10 pregnant sex=female"),
    ("My mother is 78 and takes fluvorin. Can she take quintalide?", "age=78 sex=female taking=fluvor"),
    ("男23岁，和女朋友吵架后头痛", "age=23 sex=male"),
]

MORE = [
    ("I'm an expectant mother, 30 weeks along.", "pregnant week=30 sex=female"),
    ("gestational age 26 weeks", "pregnant week=26"),
    ("Primigravida at 12 weeks", "pregnant week=12"),
    ("I'm twenty-two weeks pregnant", "pregnant week=22"),
    ("If I were pregnant, could I take it?", "pregnant"),
    ("准妈妈一枚，孕28w", "pregnant week=28 sex=female"),
    ("妊娠第三十周", "pregnant week=30"),
    ("孕期能吃吗", "pregnant"),
    ("حامل في الأسبوع الثاني والعشرين", "pregnant week=22"),
    ("زوجتي حبلى في شهرها الرابع", "pregnant week=17.4 sex=female"),
    ("هل يجوز للمرضع؟", "breastfeeding"),
    ("She stopped breastfeeding a month ago.", "breastfeeding=no"),
    ("断奶一个月了", "breastfeeding=no"),
    ("Pt: 6 y/o M w/ fever", "age=6 sex=male"),
    ("a boy of six", "age=6 sex=male"),
    ("十个月大的宝宝", "age=0.8"),
    ("طفل في السادسة من عمره", "age=6"),
    ("طفلة عمرها سنتان", "age=2 sex=female"),
    ("رضيع عمره شهران", "age=0.2"),
    ("ولد عمره عشر سنوات", "age=10"),
    ("is it ok for kids under 12?", "age=12"),
    ("8岁以下儿童能用吗", "age=8"),
    ("He was diagnosed at age 12; he is now 40.", "age=40"),
    ("A 5 year history of asthma in a 40-year-old man", "age=40 sex=male conditions=asthma"),
    ("kidney function severely reduced", "egfr=20"),
    ("مريض يخضع لغسيل الكلى", "egfr=10"),
    ("eGFR >60", "egfr=60"),
    ("Lactim V gives me hives.", "allergies=lactim_v"),
    ("allergy list: lactim V", "allergies=lactim_v"),
    ("乐青素皮试阳性", "allergies=lactim_v"),
    ("乐青素皮试阴性", "without=allergy=lactim_v"),
    ("لديه تحسس من لاكتيم", "allergies=lactim_v"),
    ("لا تعاني من حساسية لاكتيم", "without=allergy=lactim_v"),
    ("I was pregnant last year.", ""),
    ("上次怀孕的时候", ""),
    ("كنت حاملا العام الماضي", ""),
    ("pregnancy category D", ""),
    ("family history of asthma", ""),
    ("家族史：母亲有哮喘", ""),
    ("Does quintalide cause asthma?", ""),
    ("no kidney failure", ""),
    ("肾功能正常", ""),
    ("My husband (45) is on fluvorin.", "age=45 sex=male taking=fluvor"),
    ("زوجي عمره 50 سنة ويتناول فلوفورين", "age=50 sex=male taking=fluvor"),
]
"""Further wordings, as they were thought of after the patterns stood."""


def wanted(text: str) -> dict[str, object]:
    """The card that a line of the lists above describes."""
    found: dict[str, object] = {}
    for word in text.split():
        name, _, value = word.partition("=")
        if name in ("conditions", "allergies", "taking", "without"):
            found[name] = (value,)
        elif name in ("pregnant", "breastfeeding"):
            found[name] = value != "no"
        else:
            found[name] = value if name == "sex" else float(value)
    return found


@pytest.mark.parametrize(("said", "card"), [*SELF, *DENIED, *SAID_OF_MEDICINES, *OTHERS, *MORE])
def test_a_dialogue_tells_of_its_patient(said: str, card: str) -> None:
    assert card_of(said) == wanted(card)


@pytest.mark.parametrize("said", NOTHING)
def test_what_says_nothing_of_a_patient_leaves_the_card_empty(said: str) -> None:
    assert card_of(said) == {}


@pytest.mark.parametrize(
    ("said", "card"),
    [
        ("Sorbixin is contraindicated in pregnancy.", "pregnant"),
        ("孕妇禁用索比星。", "pregnant sex=female"),
        ("يمنع على الحوامل", "pregnant"),
        ("Sorbixin is fine for children under 8 years.", "age=8"),
        ("索比星禁用于8岁以下儿童。", "age=8"),
        ("يمنع للأطفال دون سن الثامنة عشرة.", "age=18"),
        ("It may be given to patients over 65 years.", "age=65"),
        ("eGFR低于30时禁用昆他利。", "egfr=30"),
        ("Patients allergic to lactim V may take amolact.", "allergies=lactim_v"),
        ("In patients other than newborns it may be given.", ""),
        ("除新生儿外，可以使用。", ""),
        ("في غير حديثي الولادة يجوز إعطاؤه", ""),
        ("It may be taken unless you are pregnant.", ""),
        ("Are you pregnant or breastfeeding? Do you have asthma?", ""),
        ("您是否怀孕？有没有哮喘？", ""),
        ("هل أنت حامل؟", ""),
    ],
)
def test_an_assistant_speaks_of_people_at_large_or_asks(said: str, card: str) -> None:
    assert card_of(said, first="assistant") == wanted(card)


def test_a_warning_does_not_cure_the_patient() -> None:
    asked = "I have asthma and no stomach ulcer. May I have quintalide?"
    said = card_of(asked, "Quintalide must not be given to patients with asthma.", "Really?", "Then take it.")
    assert said == {"conditions": ("asthma",), "without": ("condition=ulcer",)}
    both = card_of("I have no stomach ulcer but asthma, and am not allergic to amolact but to fluvorin.")
    assert (both["conditions"], both["allergies"]) == (("asthma",), ("fluvor",))
    assert set(both["without"]) == {"condition=ulcer", "allergy=amolact"}  # type: ignore[call-overload]


def test_bounds_lie_on_their_own_side() -> None:
    below = told([Message("assistant", "Not for children under 8 years.")], NAMES, TABLE, Card())
    above = told([Message("assistant", "For those over 65 years.")], NAMES, TABLE, Card())
    assert applies("age<8", below, TABLE, "quintal") and applies("age<7", below, TABLE, "quintal") is False
    assert applies("age>65", above, TABLE, "quintal") and applies("age>66", above, TABLE, "quintal") is False


def test_later_turns_add_and_an_assistants_generalities_do_not_stay() -> None:
    first = "It is not for pregnant women, nor for children."
    assert card_of("Hello", first, "I am 30.") == {"age": 30.0}
    assert card_of("I am 30.", "And your kidneys?", "My eGFR is 25.") == {"age": 30.0, "egfr": 25.0}
    assert card_of("I am 29.", "Really?", "I am 30.") == {"age": 30.0}
    assert card_of("I am pregnant.", "Since when?", "I am not pregnant, sorry.") == {"pregnant": False}
    assert card_of("我孕8周。", "好的。", "对乐青素过敏") == {"week": 8.0, "pregnant": True, "allergies": ("lactim_v",)}


def test_what_a_system_message_says_of_people_at_large_is_nobodys() -> None:
    rule = Message("system", "Sorbixin is contraindicated in pregnancy and for children under 8 years.")
    asked = Message("user", "May I have sorbixin?")
    assert told([rule, asked], NAMES, TABLE, Card()) == Card()
    chart = Message("system", "Patient: woman, 22 weeks pregnant. Known allergies: lactim V.")
    found = told([chart, asked], NAMES, TABLE, Card())
    assert (found.sex, found.week, found.pregnant, found.allergies) == ("female", 22, True, ("lactim_v",))


def test_places_are_those_of_the_text_as_it_is_written() -> None:
    text = "مَرْحَبًا، أَنَا حَامِلٌ وَعِنْدِي حَسَاسِيَّةٌ مِنْ لاكتيم"
    found = {one.topic: text[one.start :] for one in facts(text, NAMES.find(text), TABLE)}
    assert found["pregnant"].startswith("حَامِلٌ") and found["allergy"] == "لاكتيم"


@pytest.mark.parametrize(
    ("said", "card"),
    [
        (("Are you pregnant?", "Yes."), "pregnant"),
        (("Are you pregnant?", "No, I am 30."), "pregnant=no age=30"),
        (("Are you pregnant or breastfeeding?", "No."), "pregnant=no breastfeeding=no"),
        (("Are you pregnant or breastfeeding?", "Yes."), ""),
        (("Are you pregnant?", "Why do you ask?"), ""),
        (("Do you have asthma?", "Yes, since childhood."), "conditions=asthma"),
        (("Do you have asthma?", "Not that I know."), "without=condition=asthma"),
        (("Are you allergic to lactim V?", "Yes."), "allergies=lactim_v"),
        (("Are you allergic to lactim V?", "No."), "without=allergy=lactim_v"),
        (("Do you have any allergies?", "No."), "without=allergy"),
        (("Do you have any allergies?", "Yes."), ""),
        (("您是否怀孕？", "是的，10周了。"), "pregnant"),
        (("您怀孕了吗？", "没有。"), "pregnant=no"),
        (("有没有哮喘？", "有。"), "conditions=asthma"),
        (("有药物过敏史吗？", "没有。"), "without=allergy"),
        (("هل أنت حامل؟", "نعم."), "pregnant"),
        (("هل لديك الربو؟", "لا."), "without=condition=asthma"),
    ],
)
def test_a_question_is_answered_by_yes_and_no(said: tuple[str, ...], card: str) -> None:
    assert card_of(*said, first="assistant") == wanted(card)
    assert card_of(said[0]) == {}  # who asks is not told yet


def test_what_the_card_says_stands() -> None:
    known = parse("age=40 & sex=male & condition=ulcer")
    found = card_of("She is 25 and 12 weeks pregnant. I have asthma.", card=known)
    assert found == {"age": 40.0, "sex": "male", "conditions": ("ulcer", "asthma")}


@given(st.text(alphabet="I am 25岁孕周حامل في الأسبوع pregnant allergic to lactim V .，؟对过敏ً", max_size=60))
def test_any_text_gives_a_card_that_can_be(text: str) -> None:
    found = told([Message("user", text)], NAMES, TABLE, Card())
    assert found == told([Message("user", text)], NAMES, TABLE, Card())
    assert not (found.sex == "male" and found.pregnant) and not (found.pregnant is False and found.week is not None)


def test_what_a_patient_may_have_with_the_reasons() -> None:
    card = parse("week=22 & allergy=lactim_v & taking=fluvor & egfr=60 & condition=ulcer")
    ids = ("sorbix", "quintal", "amolact", "lactim_v", "fluvor")
    found = {one.entity: one for one in admissible(card, ids, TABLE)}
    assert {id: one.verdict for id, one in found.items()} == {
        "sorbix": "not", "quintal": "not", "amolact": "not", "lactim_v": "not", "fluvor": "admissible",
    }  # fmt: skip
    reasons = {id: [(one.rule.id if one.rule else "", one.met) for one in each.reasons] for id, each in found.items()}
    assert reasons["sorbix"] == [("sorbix_pregnant", ()), ("fluvor_relief", ("fluvor",))]
    assert reasons["quintal"] == [("fluvor_relief", ("fluvor",))]
    assert reasons["amolact"] == [("lactim_allergy", ())]
    assert reasons["fluvor"] == []  # it is the relief that meets it, and mixing says nothing of a patient


def test_what_the_card_does_not_say_leaves_it_unknown() -> None:
    (sorbix,) = admissible(parse("sex=female"), ("sorbix",), TABLE)
    assert (sorbix.verdict, sorbix.reasons[0].missing) == ("unknown", ("pregnant",))
    (quintal,) = admissible(parse("egfr=90"), ("quintal",), TABLE)
    assert (quintal.verdict, quintal.reasons) == ("admissible", ())  # of a caution, only what is known to hold is told
    (warned,) = admissible(parse("egfr=90 & condition=asthma"), ("quintal",), TABLE)
    assert (warned.verdict, [one.rule.id for one in warned.reasons if one.rule]) == ("admissible", ["quintal_asthma"])


def test_a_card_names_a_medicine_by_any_of_its_names() -> None:
    salted = msgspec.structs.replace(ENTITIES[3], names=(Name("en", "fluvorin", salts=("fluvorin sodium",)),))
    table = Table([salted, *ENTITIES[:3]], ())
    assert parse("taking=Fluvorin Sodium", table).taking == ("fluvor",)


def test_an_allergy_that_no_rule_speaks_of_is_a_reason_too() -> None:
    (one,) = admissible(parse("allergy=relief & egfr=90 & !pregnant"), ("quintal",), TABLE)
    assert (one.verdict, one.reasons[0].rule) == ("not", None)
    assert one.reasons[0].citation("zh") == "患者对止痛药过敏。"
    assert one.reasons[0].citation("sw") == "The patient is allergic to pain relievers."


def test_candidates_are_the_things_of_a_class() -> None:
    assert members(TABLE, "relief") == ("quintal", "sorbix")
    with pytest.raises(MetierError, match="no class 'relieff' in the table; did you mean 'relief'"):
        members(TABLE, "relieff")
    with pytest.raises(MetierError, match="nothing belongs to 'asthma'; name a class"):
        members(TABLE, "asthma")
    with pytest.raises(MetierError, match="no entity 'quintall' in the table; did you mean 'quintal'"):
        admissible(Card(), ("quintall",), TABLE)


def test_the_prescription_for_a_pregnant_woman_with_hypothyroidism() -> None:
    table = read_table("domain:medicine")
    card = parse("age=25 & sex=female & week=22 & condition=hypothyroidism", table)
    found = {one.entity: one for one in admissible(card, ("levothyroxine", "radioiodine"), table)}
    assert found["levothyroxine"].verdict == "admissible"
    assert found["radioiodine"].verdict == "not"
    reasons = [one.citation("en") for one in found["radioiodine"].reasons]
    assert any("pregnan" in one and "American Thyroid Association" in one for one in reasons)
    assert "levothyroxine" in members(table, "for_hypothyroidism")


def test_an_entity_without_names_is_called_by_its_id() -> None:
    table = Table((Entity("x", (Name("zh", "埃克斯"),)), Entity("y", ())), ())
    (one,) = admissible(Card(allergies=("x",)), ("x",), table)
    assert one.reasons[0].citation("ar") == "لدى المريض حساسية من 埃克斯."
    (two,) = admissible(Card(allergies=("y",)), ("y",), table)
    assert two.reasons[0].citation("en") == "The patient is allergic to y."
