import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.text.book_tags import book_tags
from metier.text.navigation import is_navigation
from metier.text.wrapped import unwrap

PROSE = (
    "Hypertension is a chronic condition in which the pressure of the blood against the walls of the arteries is too "
    "high. It often has no symptoms at all, and many people live with it for years before a doctor finds it. Treatment "
    "begins with less salt, more movement and less weight; most people need at least one medicine as well, and many "
    "need two or three of them. The pressure should be measured at home, in the morning and in the evening."
)
CHINESE = (
    "盖闻天地之大德曰生，运阴阳以播物；含灵之所保曰命，资亭育以尽年。蛰穴栖巢，感物之情盖寡；范金揉木，逐欲之道方滋。"
    "而五味或爽，时昧甘辛之节；六气斯沴，易愆寒燠之宜。中外交侵，形神分战。饮食伺衅，成肠胃之眚；风湿候隙，遘手足之灾。"
    "几缠肤腠，莫知救止；渐固膏肓，期于夭折。暨炎晖纪物，识药石之功；云瑞名官，穷诊候之术。草木咸得其性，鬼神无所遁情。"
)
ARABIC = (
    "ارتفاع ضغط الدم مرض مزمن يكون فيه ضغط الدم على جدران الشرايين مرتفعا أكثر مما ينبغي وغالبا لا تظهر له أعراض. "
    "ويعيش كثير من الناس معه سنوات قبل أن يكتشفه الطبيب في زيارة عادية. يبدأ العلاج بتقليل الملح وزيادة الحركة وإنقاص "
    "الوزن ويحتاج معظم المرضى إلى دواء واحد على الأقل ويحتاج كثير منهم إلى دواءين أو ثلاثة أدوية معا."
)
VERSE = """\
The doctor came at break of day,
He felt my pulse and looked away,
And said the fever would be gone
When three more bitter nights were done.
I thanked him kindly for his care,
And heard his footsteps on the stair."""


def at(text: str, width: int) -> str:
    """Wrapped as a typewriter does."""
    return textwrap.fill(text, width, break_on_hyphens=False)


def columns(text: str, count: int) -> str:
    """Chinese in lines of so many characters, none of which begins with a comma or full stop."""
    lines: list[str] = []
    while text:
        take = count + (text[count : count + 1] in "，。；：、" and len(text) > count)
        lines.append(text[:take])
        text = text[take:]
    return "\n".join(lines)


@pytest.mark.parametrize("width", [40, 56, 72, 100])
@pytest.mark.parametrize("text", [PROSE, ARABIC])
def test_wrapped_prose_is_joined_again(text: str, width: int) -> None:
    two = f"{at(text, width)}\n\n{at(text, width)}"
    assert unwrap(two) == f"{text}\n\n{text}"


@pytest.mark.parametrize("count", [20, 30, 40])
def test_chinese_lines_are_joined_without_a_space(count: int) -> None:
    assert unwrap(columns(CHINESE, count)) == CHINESE


def test_a_short_last_line_ends_a_chinese_paragraph() -> None:
    text = columns(CHINESE + "止", 40) + "于此也。\n" + columns(CHINESE, 40)
    assert unwrap(text) == f"{CHINESE}止于此也。\n{CHINESE}"


def test_what_an_editor_wrapped_a_second_time_is_joined_too() -> None:
    lines = columns(CHINESE, 40).split("\n")
    cut = [
        piece
        for line in lines
        for piece in ((line[:38], line[38:]) if line[39:] and line[-1] not in "。，" else (line,))
    ]
    assert len(cut) > len(lines)
    assert unwrap("\n".join(cut)) == CHINESE


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        PROSE + "\n" + PROSE,
        VERSE,
        "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n春眠不觉晓，处处闻啼鸟。\n夜来风雨声，花落知多少。\n白日依山尽，黄河入海流。",
        "四君子汤中和义参术茯苓甘草比\n益以夏陈名六君祛痰补气阳虚饵\n除却半夏名异功或加香砂胃寒使\n" * 4,
        "\n".join(f"- item number {i} of a list of things that are all of one length" for i in range(9)),
        "\n".join(f"{i}. item number {i} of a list of things that are all of one length" for i in range(9)),
        "\n".join(f"Doctor: a turn of the dialogue that is as long as number {i}" for i in range(9)),
        "\n".join(f"甘草：味甘平，主五脏六腑寒热邪气，坚筋骨，长肌肉，倍气力{i}" for i in range(9)),
        "\n".join(f"| cell {i} | another cell that is rather long | 12.5 | 13.5 |" for i in range(9)),
        "\n".join(f"2019-01-0{i} 12.53 14.62 19.36 11.54 13.88 10.62 19.36 11.54" for i in range(9)),
        "\n".join(f"aspirin\t{i} mg of it is given on each day of the long week" for i in range(9)),
        "```\n" + "\n".join(f"value = compute(value, {i}) and then go on with it" for i in range(9)) + "\n```",
        "Fever\nCough that lasts for more than three weeks\nLoss of weight\nNight sweats\nPain in the chest\nFatigue",
    ],
)
def test_lines_that_mean_something_stay(text: str) -> None:
    assert unwrap(text) == text


def test_lists_headings_and_keys_in_a_wrapped_text_stay_lines() -> None:
    prose = at(PROSE, 60)
    text = f"## Pressure\n{prose}\n\n{prose}\n- measure it\n- write it down\n\nDose: 5 mg\nRoute: by mouth\n\n{VERSE}"
    joined = f"## Pressure\n{PROSE}\n\n{PROSE}\n- measure it\n- write it down\n\nDose: 5 mg\nRoute: by mouth\n\n{VERSE}"
    assert unwrap(text) == joined


def test_a_word_broken_at_the_margin_is_mended_and_a_real_hyphen_kept() -> None:
    text = (
        "The treatment of high blood pressure is long. The treat-\nment begins with less salt, and with medi-\n"
        "cation where that is not enough. A well-\nknown risk is that people stop; long-term self-\n"
        "care is what helps, and so is a follow-\nup after four weeks at the practice of the doc-\ntor."
    )
    joined = unwrap(text, "always")
    assert "The treatment begins with less salt, and with medication where" in joined
    assert "A well-known risk" in joined and "self-care" in joined and "a follow-up after" in joined


def test_always_joins_short_texts_and_never_joins_none() -> None:
    assert unwrap("One line\nof two.\n\n- item\n- item", "always") == "One line of two.\n\n- item\n- item"
    assert unwrap("高血\n压。", "always") == "高血压。"
    assert unwrap(at(PROSE, 60), "never") == at(PROSE, 60)


@given(
    st.lists(
        st.sampled_from(["word", "a", "treatment.", "- x", "高血压", "。", "نعم", "\n", "\n\n", "well-", "    "]),
        max_size=80,
    )
)
def test_joining_changes_nothing_but_white_space_and_hyphens(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for join in ("auto", "always"):
        assert "".join(unwrap(text, join).split()).replace("-", "") == "".join(text.split()).replace("-", "")


BOOK = """\
<篇名>名医别录
书名：名医别录
作者：陶弘景
年份：

<目录>上品\\卷第一

<篇名>玉屑

内容：味甘，平，无毒。主除胃中热∶久服轻身。\\x附图\\x

<目录>上品\\卷第一

<篇名>KT髓

属性：\\r石斛\\pj15.bmp\\r
味甘。生KT 山谷，采■无时。"""


def test_tagged_books_become_headings() -> None:
    lines = [line for line in book_tags(BOOK).split("\n") if line]
    assert lines == [
        "# 名医别录",
        "书名：名医别录",
        "作者：陶弘景",
        "# 上品·卷第一",
        "## 玉屑",
        "味甘，平，无毒。主除胃中热：久服轻身。附图",
        "## □髓",
        "味甘。生□山谷，采■无时。",
    ]


def test_other_tags_are_left_and_can_be_named() -> None:
    text = "<章名>第一章\n<注>见前\n正文<注>。"
    assert book_tags(text) == text
    assert book_tags(text, {"章名": "heading", "注": "drop"}) == "\n## 第一章\n\n正文<注>。"
    assert book_tags(text, {"注": "text"}) == "<章名>第一章\n见前\n正文<注>。"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Home | About us | Contact | Login", True),
        ("首页 > 中医 > 方剂", True),
        ("الرئيسية » الأخبار » الصحة", True),
        ("[Diabetes](https://a.org/d) [Gout](https://a.org/g)", True),
        ("See https://a.org/d for the full list of drugs that interact with it.", False),
        ("Take it once a day | with food, and never together with milk or cheese | as said.", False),
        ("| drug | dose | route |", False),
        ("5 mg", False),
        ("", False),
    ],
)
def test_navigation(line: str, expected: bool) -> None:
    assert is_navigation(line) is expected
