"""Chinese names of persons: a surname and one or two characters beside a word that speaks of a person."""

import functools
import re

from metier.text.personal.lists import entries
from metier.text.personal.look_bits import BESIDE as BESIDE_ZH
from metier.text.personal.look_bits import COLON_ZH, TITLE_ZH
from metier.text.personal.spans import Look, Places

_COLON = re.compile(r"[:：名](?:(?<=[:：])\s{0,3}|(?<=姓名)\s{1,3})(?=[\u4e00-\u9fff])")
_LABEL = re.compile(
    r"(?:姓名|名字|联系人|签名|签字|记录[者人]|审核[者人]|[医药]师|医生|大夫|主刀|[术手]者|助手"
    r"|[一二]助|护士|陪护人?|代诉人?|陈述者|供史者|监护人|患者"
    r"|病人|患儿|收件人|家属|家长|家长姓名|受试者|开单人|经办人|报告[者人]|父亲|母亲|丈夫|妻子|配偶|儿子|女儿)\s?\Z"
)
BESIDE = (
    "患者",
    "病人",
    "患儿",
    "病员",
    "产妇",
    "孕妇",
    "伤者",
    "死者",
    "受试者",
    "医师",
    "医生",
    "大夫",
    "主任",
    "教授",
    "院士",
    "护士长",
    "护士",
    "护师",
    "主管药师",
    "药师",
    "家属",
    "丈夫",
    "妻子",
    "父亲",
    "母亲",
    "儿子",
    "女儿",
    "配偶",
    "联系人",
    "同事",
    "邻居",
    "其兄",
    "其弟",
    "其姐",
    "其妹",
    "其父",
    "其母",
    "其妻",
    "其夫",
    "其子",
    "其女",
    "敬礼",
    "病人叫",
    "患者叫",
    "名字叫",
    "名叫",
    "我叫",
    "他叫",
    "她叫",
    "由",
)
"""Words before a name."""
TITLES_ZH = (
    "主治医师",
    "主治医生",
    "住院医师",
    "先生",
    "女士",
    "小姐",
    "太太",
    "夫人",
    "大夫",
    "医生",
    "医师",
    "主任",
    "副主任",
    "教授",
    "副教授",
    "护士长",
    "护士",
    "老师",
    "院长",
    "所长",
    "科长",
    "处长",
    "阿姨",
    "叔叔",
    "大爷",
    "大妈",
    "大叔",
    "奶奶",
    "爷爷",
    "师傅",
    "同志",
    "老人家",
    "同学",
    "经理",
)
"""Words after a name, in the order they are tried."""
_BESIDE, _TITLE = re.compile("|".join(BESIDE)), re.compile("|".join(TITLES_ZH))
_HAN = re.compile("[\u4e00-\u9fff]")
_CLAUSE = (
    "因于在的为入自被今昨诉主以已是未和与及说问患就到曾伴后前术再突反从将要称病行给进查于也都又不我"
    '他她你您们，。、；：,.;: \n\t\u3000（(）)《》[]【】"“”‘’！？!?/'
    "|-男女岁：年月日0123456789并经由现向对按即则均系该此这那处门复确收转送出办做接同无当感出把让请"
    "很正还没有签陪代带打去既仍尚"
)
"""What may follow a name: marks, digits, and characters that open the rest of a sentence."""
_DOTTED = re.compile(rf"[\u4e00-\u9fff]{{1,7}}(?:[·•](?:(?![{re.escape(_CLAUSE)}])[\u4e00-\u9fff]){{1,6}})+")
"""A name of several parts, as those of Uyghurs, Tibetans and foreigners are written: 古丽·买买提."""
_WEAK = frozenset(
    "向于和时应常从由与经别同安方成全明乐可无有是干对相能须来单关通那都强过平后初越容连利终国文公东"
    "满古红水车海左右充简解管习养包官权益计代修原迟青占双游居师谷房边宁步石金白高马黄温冷查候家班战"
    "任祝却尤曾凌周祖卫"
)
"""Surnames that are everyday characters too: with one more character and no clause after it they make no name."""
_WEAK_ALONE = frozenset(
    "向于和时应常从由与经别同方成全可无有是干对相能须来单关通那都后初越容连终国公满简解习养包官权益"
    "代修原迟占游居师房边步查候家班战祝却母光尤利东"
)
"""Those that before a title alone make no person, unless a clause begins there and the title is 先生 or 女士."""
_SURE = frozenset(
    "赵钱孙李吴郑王冯陈褚蒋沈韩杨朱秦吕张曹魏戚邹喻潘奚彭鲁韦俞袁鲍薛贺倪滕郝邬傅卞孟萧尹姚邵湛汪祁禹狄"
    "臧戴宋庞熊董杜阮闵贾娄郭徐邱骆蔡樊霍虞昝卢缪邓崔钮龚嵇邢裴陆荀甄芮靳邴糜隗宓郗栾刘詹蒲邰鄂赖蔺屠乔"
    "胥翟谭姬郦雍璩濮扈冀郏晏瞿阎廖庾耿匡寇夔聂晁阚罗毕殷黎卜"
)
"""Surnames that are hardly ever anything else: after them any character may be a given name that ends a clause."""
_FIRM = re.compile(r"[，,。；;：:、（(\s]|\Z")
"""A mark that ends a name for sure, so that 马丽 is one although 马 is a word."""
_STARTS = re.compile("[^\u4e00-\u9fff]|[找问让请听和与跟及是叫的由向被给对把使见谢位老在到有经]")


@functools.lru_cache(maxsize=1)
def _known() -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
    lists = ("surnames_zh", "surnames_compound_zh", "given_characters_zh", "not_names_zh")
    single, compound, given, words = (entries(name) for name in lists)
    return single, compound, given, words


def surname(name: str) -> str:
    """The surname that a Chinese name begins with, or nothing."""
    single, compound, _, _ = _known()
    if name[:2] in compound:
        return name[:2]
    return name[:1] if name[:1] in single else ""


def name_at(text: str, start: int, sure: bool) -> int:
    """Where a name that begins here ends, or ``start``; ``sure`` where a label such as 姓名： stands before."""
    _, _, given, words = _known()
    dotted = _DOTTED.match(text, start)
    if dotted:
        return dotted.end()
    head = surname(text[start : start + 2])
    first = start + len(head)
    if (
        not head
        or (text[start : start + 2] in words and not (sure and (_closed(text, first + 1) or _closed(text, first + 2))))
        or text[start : start + 3] in words
    ):
        return start
    one, two, three = text[first : first + 1], text[first + 1 : first + 2], text[first + 2 : first + 3]
    if sure and not _HAN.match(one):
        return first
    if sure and _HAN.match(one) and one not in "某":
        if _HAN.match(two) and (
            _closed(text, first + 2) or (one in given and two in given and two + three not in words)
        ):
            return first + 2
        return first + 1 if _closed(text, first + 1) or one in given else start
    if (head in _SURE or len(head) == 2) and _HAN.match(one) and one not in _CLAUSE and one not in "某氏":
        if _HAN.match(two) and two not in _CLAUSE and _closed(text, first + 2) and one + two not in words:
            return first + 2
        if _closed(text, first + 1):
            return first + 1
    if one not in given or (head in _WEAK_ALONE and not _closed(text, first + 2)):
        return start
    if two in given and _opens(two, three) and one + two not in words and two + three not in words:
        return first + 2
    if head in _WEAK and not (_FIRM.match(text, first + 1) and head not in _WEAK_ALONE):
        return start
    return first + 1 if _closed(text, first + 1) else start


def _opens(two: str, three: str) -> bool:
    """Whether a character belongs to the name although it may also open a clause, as in 王小明 beside 王明有."""
    return two not in "有来行和正如可将要由向对按即则均系在后前" or (not three or three in _CLAUSE)


def _name_char(char: str) -> bool:
    return bool(_HAN.match(char)) and char not in _CLAUSE and char not in "某氏总副老小"


def _closed(text: str, at: int) -> bool:
    return at >= len(text) or text[at] in _CLAUSE


def chinese_names(text: str, look: Look) -> Places:
    """Names after a label, beside 患者, 医生, 先生 and their like; of 王先生 only 王. A bare name is not taken."""
    for colon in filter(None, (_COLON.match(text, at) for at in look.at(COLON_ZH))):
        stop = name_at(text, colon.end(), True)
        if stop > colon.end() and (
            colon[0][0] == "名" or _LABEL.search(text, max(0, colon.start() - 6), colon.start())
        ):
            yield colon.end(), stop
    for beside in filter(None, (_BESIDE.match(text, at) for at in look.at(BESIDE_ZH))):
        start = beside.end() + (beside[0] == "敬礼" and text[beside.end() : beside.end() + 1].isspace())
        stop = name_at(text, start, beside[0] in ("我叫", "名叫"))
        if stop > start and (beside[0] != "由" or _TITLE.match(text, stop)) and not _is_title(text, start, stop):
            yield start, stop
    last = 0
    for title in filter(None, (_TITLE.match(text, at) for at in look.at(TITLE_ZH))):
        if title.start() < last:
            continue
        last = title.end()
        start = before_title(text, title.start())
        if start < title.start():
            yield start, title.start()


def _is_title(text: str, start: int, stop: int) -> bool:
    """Whether what looks like a given name begins a title, as in 医生王主任."""
    return bool(_TITLE.match(text, stop - 1))


def before_title(text: str, stop: int) -> int:
    """Where a name that ends here begins, or ``stop``; the longest reading that a list knows."""
    single, compound, given, words = _known()
    for size in (4, 3, 2):
        start = stop - size
        name = text[start:stop] if start >= 0 else ""
        head = surname(name)
        rest = name[len(head) :]
        starts = start == 0 or _STARTS.match(text[start - 1])
        plain = starts and (head in _SURE or len(head) == 2)
        if (
            not head
            or not 1 <= len(rest) <= 2
            or not all(char in given or (plain and _name_char(char)) for char in rest)
        ):
            continue
        if name[:2] in words or rest in words or name in words or (size == 2 and text[start - 1 : stop - 1] in words):
            continue
        if size == 2 and head in _WEAK and (head in _WEAK_ALONE or not starts):
            continue
        if starts or size == 3 + len(head) - 1:
            return start
    if text[max(0, stop - 2) : stop] in compound:
        return stop - 2
    last = text[stop - 1 : stop]
    if last not in single or text[max(0, stop - 2) : stop] in words:
        return stop
    clear = stop == 1 or not _HAN.match(text[stop - 2])
    if last in _WEAK_ALONE and not (clear and text[stop : stop + 2] in ("先生", "女士", "小姐", "太太")):
        return stop
    return stop - 1 if last not in _WEAK or clear or _STARTS.match(text[stop - 2]) else stop
