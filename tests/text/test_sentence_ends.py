"""Sentence ends on a hand-made set in three languages; a bar stands where a sentence begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.text.sentences import sentences, starts

ENGLISH = """\
Take 2.5 mg at night. |Do not exceed 10 mg.
Dr. Lee saw the patient. |She was well.
It is common in the U.S. |The cause is unknown.
The U.S. Food and Drug Administration approved it. |It is sold widely.
See fig. 3 for details. |Then read no. 4.
The answer is no. |Go home.
Drugs (e.g. aspirin) help. |Others, i.e. opioids, do not.
Smith et al. (2020) found it. |We did not.
"Is it safe?" she asked. |"Yes!" |He nodded.
He said, "It works." |Then he left.
Wait... what happened? |Nothing.
It failed... |Then it worked.
E. coli and S. aureus grew. |Both were treated.
J. K. Rowling wrote it. |Everyone read it.
John F. Kennedy spoke. |They listened.
Take vitamin C. |Then rest.
The dose (5 mg.) is low. |It is safe.
Is it 3.14? |No, 2.71!
At 5 p.m. the nurse came. |At 6 p.m. |The doctor left.
Give it vs. placebo in Jan. 2020. |It won.
Visit www.example.org for more. |Call us.
Really?! |Yes.
It costs $5.00. |That is cheap.
Approx. 5% of patients improved. |The rest did not.
A line that
is wrapped goes on. |Next.
Steps:
|1. Wash
|2. Dry
Prof. Ng, Ph.D., and Mr. Xu agreed. |Mrs. Xu did not.
"""
CHINESE = """\
高血压可以吃。|不行吗？|不行！
他说：“可以吃。”|她点头。
“不行吗？”|不行！
「好的。」|他走了。
『真的嗎？』|她問。
“真的吗？”，他问。|没有人回答。
体温是38.5度。|血压正常。
《怎么办？》是一本书。|他读过。
他（真的吗？）走了。|她没走。
（见图1。）|下文再说。
每服二钱。|水一盏，煎七分。|去滓温服。
什么？！|他不信。
太好了！！！|我们走吧。
他走了……然后又回来。|大家都笑。
有何生理?|答曰：古有此法。
真的!|是的。
一、先洗手。|二、再吃饭。
用药：
|1. 甘草
|2. 人参
版本2.0已发布。|请更新。
吃药。” |他说。
曰：“何也？”|师曰：“阳虚也。”|又问。
第一句。
|第二句。
温度3.5℃。|湿度60%。
"""
ARABIC = """\
هل هذا صحيح؟ |نعم. |شكرا.
هل هذا صحيح؟|نعم، هو صحيح.
قال د. أحمد ذلك. |ثم خرج.
حضر أ.د. محمد علي. |جلس الجميع.
الجرعة 2.5 ملغ يوميا. |لا تزد عليها.
توفي سنة 1990 م. |ودفن في القاهرة.
اشرب الماء؛ فهو مفيد. |ونم جيدا.
قال: "تعال هنا." |ثم ذهب.
«هل أنت بخير؟» |سألته أمه.
يا له من يوم! |كان جميلا.
انتظر... |ثم عاد.
یہ اچھا ہے۔ |وہ نہیں ہے۔
ما اسمك؟! |اسمي علي.
فيتامين ج. |ثم الراحة.
انظر ص. 12 من الكتاب. |ثم عد.
الخطوات:
|1. اغسل يديك
|2. جففهما
"""


def cases(text: str) -> list[str]:
    """One case a line; a line that begins with a bar or in lower case goes on with the last."""
    found: list[str] = []
    for line in text.splitlines():
        if found and (line.startswith("|") or line[0].islower() or line == "第二句。"):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


def wrong(text: str) -> list[str]:
    """The ends that are missed or made up."""
    expected = [piece.strip() for piece in text.split("|") if piece.strip()]
    got = sentences(text.replace("|", ""))
    return sorted(set(expected) ^ set(got))


@pytest.mark.parametrize("text", [case for some in (ENGLISH, CHINESE, ARABIC) for case in cases(some)])
def test_sentence_ends(text: str) -> None:
    assert wrong(text) == []


def test_the_set_is_large_enough_to_say_something() -> None:
    assert len(cases(ENGLISH)) + len(cases(CHINESE)) + len(cases(ARABIC)) >= 60


PIECES = st.sampled_from(
    ["Dr. Lee came. ", "He left", ". ", "？", "”", "他走了。", "نعم؟ ", "د. علي ", "\n\n", "\n- ", ":\n", "... ", " "]
)


@given(st.lists(PIECES, max_size=40), st.integers(0, 100), st.integers(0, 200))
def test_a_part_of_a_text_has_the_starts_of_the_whole(pieces: list[str], begin: int, more: int) -> None:
    text = "".join(pieces)
    begin = min(begin, len(text))
    near = [start for start in starts(text, max(0, begin - 40), begin + more) if start >= begin]
    assert near == [start for start in starts(text) if begin <= start <= begin + more]
