"""What the guard of instruct.polish catches on real doctors' replies, and how often it stops an honest rewording.

python -m benchmarks.instruct_polish [--replies N] [--missed N] [--alarms N] [--read N]

The replies are those of the toyhom sample (Chinese, GB18030), read by instruct.read. One teacher rewords by rule: it
greets, opens every sentence in its turn, makes lists, swaps everyday words and writes units and numerals another way.
The other does the same and plants one change of a number, a unit, a drug or a negation, which it writes down. No
language model took part: this measures the guard, not how well anybody polishes.
"""

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.bars import Bar, conclude
from metier.instruct.polish import Polish, polish
from metier.instruct.read import Read, read
from metier.llm.prompts import between
from metier.llm.request import Request
from metier.llm.session import session
from metier.llm.spec import Scripted
from metier.proportion import wilson
from metier.records import Conversation, Dropped
from metier.text.sentences import sentences

LOOKED_AT = 1500
"""Replies that the rules were written with; those measured are others."""
DATA = Path(__file__).parents[1] / "../shared/data/dialogue/toyhom_sample_gb18030.csv"
REPLIES = 2000
CAUGHT, FALSE = 0.99, 0.05
DRUGS = re.findall(
    r"\w+",
    "奥美拉唑 雷贝拉唑 兰索拉唑 泮托拉唑 埃索美拉唑 阿莫西林 克拉霉素 阿奇霉素 罗红霉素 "
    "庆大霉素 甲硝唑 左氧氟沙星 雷尼替丁 法莫替丁 西咪替丁 多潘立酮 莫沙必利 西沙必利 铝碳酸镁 "
    "硫糖铝 果胶铋 硝苯地平 氨氯地平 尼莫地平 卡托普利 依那普利 贝那普利 缬沙坦 厄贝沙坦 "
    "氯沙坦 替米沙坦 美托洛尔 螺内酯 氢氯噻嗪 阿司匹林 阿托伐他汀 辛伐他汀 二甲双胍 格列吡嗪 "
    "格列美脲 阿卡波糖 胰岛素 干扰素 拉米夫定 恩替卡韦 阿德福韦 替比夫定 卡马西平 奥卡西平 "
    "丙戊酸钠 苯妥英钠 左乙拉西坦 拉莫三嗪 托吡酯 苯巴比妥 布洛芬 对乙酰氨基酚 双氯芬酸 护肝片 "
    "肌苷片 健胃消食片 六味地黄丸 香砂养胃丸 藿香正气丸 归脾丸 右归丸 逍遥丸 板蓝根 氨溴索 "
    "氯雷他定 西替利嗪 泼尼松 地塞米松",
)
"""Names that occur in the replies, or are of the same kinds."""
_DOSE = r"(?P<n>\d+(?:\.\d+)?|[一二两三四五六七八九十]+)\s*"
_UNITS = {
    "毫克": "克", "mg": "g", "克": "毫克", "毫升": "升", "ml": "l", "片": "支", "粒": "包", "天": "周", "周": "天",
    "个月": "年", "小时": "天", "分钟": "小时", "次": "天", "岁": "个月", "%": "‰", "年": "天",
}  # fmt: skip
_AMOUNT = re.compile(_DOSE + r"(?P<unit>" + "|".join(_UNITS) + r")(?![级类型])")
_NOT_AMOUNT = re.compile(r"[第再这那同另某有任每]\Z|[十百千万几多\d.]\Z")
_IDIOM = re.compile(r"一(?:次|年|天|片)\Z|一天(?:到晚|比)")
_TURNED = {
    "不要": "要", "不能": "能", "不可以": "可以", "不宜": "宜", "不应": "应", "不建议": "建议", "不需要": "需要",
    "没有": "有", "禁止": "允许", "避免": "多", "切勿": "务必", "不会": "会", "无法": "可以", "忌食": "多食",
    "禁食": "多吃", "不得": "可以",
}  # fmt: skip
_NEGATED = re.compile("|".join(sorted(map(re.escape, _TURNED), key=len, reverse=True)))
_ASKED = re.compile(r"(?P<a>[要能会])不\Z|是\Z|有\Z|不\Z")
_AFFIRMED = re.compile(r"(?<![不没未可否])(?:可以|需要|应该|建议|应当|能够)")
_DIGITS = dict(zip("一二三四五六七八九", "三四五六七八九二四", strict=True))
HELLO = (
    "您好！", "您好，感谢您的信任。", "您好，您的心情我很理解。", "您好，别担心，我来给您说一说。",
    "您好，请先不要着急。", "", "您好，很高兴为您解答。", "您好，看了您的描述，我说说我的看法。",
)  # fmt: skip
GOODBYE = (
    "希望我的回答对您有帮助。", "祝您早日康复！", "如果还有不清楚的地方，随时可以再来问我。", "",
    "祝您身体健康！", "请不必过于担心，祝您早日康复。", "如有疑问，欢迎随时咨询。",
)  # fmt: skip
OPENERS = ("首先，", "另外，", "同时，", "此外，", "还要提醒您，", "", "", "")
PLAIN = {
    "患者": "病人", "及时": "尽快", "服食": "服用", "口服": "服用", "平时": "平常",
    "建议你": "建议您", "救治": "治疗", "致使": "导致", "引来": "引起", "留意": "注意", "每日": "每天",
    "一日": "一天", "毫克": "mg", "mg": "毫克", "仔细检查": "检查",
    "恰当": "适当", "锻练": "锻炼", "忧心": "担心", "暂时": "目前", "配搭": "搭配",
}  # fmt: skip
WRITTEN = dict(zip("一二三四五六七八九", "123456789", strict=True))


class Plant(NamedTuple):
    """A reworded reply with one change in it."""

    text: str
    kind: str
    was: str
    now: str
    at: int = 0


def polisher(request: Request) -> str:
    """An honest rewording by rule."""
    return reworded(between(request.messages, "reply") or "")


def planter(request: Request) -> str:
    """The same with one planted change."""
    return planted(between(request.messages, "reply") or "").text


def reworded(reply: str) -> str:
    """The reply said in another way: nothing of its numbers, drugs and negations is changed."""
    draw = random.Random(f"reword:{reply}")
    text = re.sub(r"^(?:您好|你好)[，,!！。]?(?:朋友)?[，,]?", "", reply.strip())
    for was, now in PLAIN.items():
        if draw.random() < 0.5:
            text = text.replace(was, now)
    text = text.replace("你", "您")
    if draw.random() < 0.3:
        text = re.sub(r"([一二三四五六七八九])(?=(?:天|周|片|粒|小时|个月)(?!之))", _digit, text)
    said = sentences(text)
    if len(said) > 2 and draw.random() < 0.4:
        body = "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(said, 1))
    else:
        body = draw.choice(("", "\n")).join(
            (draw.choice(OPENERS) if place else "") + sentence for place, sentence in enumerate(said)
        )
    ended = body if body[-1:] in "。！？!?.…；;" else body + "。"
    return "\n".join(part for part in (draw.choice(HELLO), ended, draw.choice(GOODBYE)) if part)


def _digit(found: re.Match[str]) -> str:
    before = found.string[: found.start()][-1:]
    return found[0] if before in "第十百千一二三四五六七八九两几点.0123456789" else WRITTEN[found[0]]


def planted(reply: str) -> Plant:
    """The rewording with one change, of a kind drawn among those that it has room for."""
    draw = random.Random(f"plant:{reply}")
    text = reworded(reply)
    kinds = [
        partial(kind, text, draw) for kind in (_number, _unit, _drug, _drop_drug, _turn, _deny, _add_dose, _add_drug)
    ]
    weights: tuple[int, ...] = (4, 2, 4, 2, 4, 2, 1, 1)
    while kinds:
        kind = draw.choices(kinds, weights[: len(kinds)])[0]
        if (made := kind()) is not None and made.text != text:
            return made
        place = kinds.index(kind)
        kinds, weights = kinds[:place] + kinds[place + 1 :], weights[:place] + weights[place + 1 :]
    raise AssertionError("a dose can always be added")


def _amounts(text: str) -> list[re.Match[str]]:
    """Numbers with a unit that state an amount, not those of idioms and ordinals."""
    return [
        found
        for found in _AMOUNT.finditer(text)
        if not _NOT_AMOUNT.search(text[: found.start()]) and not _IDIOM.match(text[found.start() :][:4])
        and not (found["n"] == "一" and found["unit"] in ("次", "天", "年", "片", "粒"))
    ]  # fmt: skip


def _swap(text: str, span: tuple[int, int], now: str, kind: str) -> Plant:
    return Plant(text[: span[0]] + now + text[span[1] :], kind, text[span[0] : span[1]], now, span[0])


def _number(text: str, draw: random.Random) -> Plant | None:
    some = _amounts(text)
    if not some:
        return None
    found = draw.choice(some)
    old = found["n"]
    if not old[0].isdigit():
        return _swap(text, found.span("n"), "".join(_DIGITS.get(sign, "三") for sign in old), "number")
    return _swap(
        text, found.span("n"), draw.choice((old + "0", f"{float(old) * 2:g}", f"{float(old) + 1:g}")), "number"
    )


def _unit(text: str, draw: random.Random) -> Plant | None:
    some = [found for found in _amounts(text) if found["n"][0].isdigit()]
    if not some:
        return None
    found = draw.choice(some)
    return _swap(text, found.span("unit"), _UNITS[found["unit"]], "unit")


def _drugs(text: str) -> list[re.Match[str]]:
    return list(re.finditer("|".join(sorted(DRUGS, key=len, reverse=True)), text))


def _drug(text: str, draw: random.Random) -> Plant | None:
    some = _drugs(text)
    if not some:
        return None
    found = draw.choice(some)
    return _swap(text, found.span(), draw.choice([name for name in DRUGS if name not in text]), "drug")


def _drop_drug(text: str, draw: random.Random) -> Plant | None:
    some = _drugs(text)
    if not some:
        return None
    name = draw.choice(some)[0]
    return Plant(text.replace(name, "这种药"), "drug", name, "这种药")


def _turn(text: str, draw: random.Random) -> Plant | None:
    body = text.removeprefix(_courtesy(text, HELLO))
    start = len(text) - len(body)
    stop = len(text) - len(_courtesy(text, GOODBYE))
    some = [one for one in _NEGATED.finditer(text, start, stop) if not _ASKED.search(text[: one.start()])]
    if not some:
        return None
    found = draw.choice(some)
    return _swap(text, found.span(), _TURNED[found[0]], "negation")


def _deny(text: str, draw: random.Random) -> Plant | None:
    stop = len(text) - len(_courtesy(text, GOODBYE))
    some = [one for one in _AFFIRMED.finditer(text, 0, stop) if text[one.end() : one.end() + 2] not in ("不要", "不能")]
    if not some:
        return None
    found = draw.choice(some)
    return _swap(text, found.span(), "不" + found[0], "negation")


def _courtesy(text: str, some: Sequence[str]) -> str:
    """The greeting or farewell that a rewording has."""
    return next((one for one in some if one and (text.startswith(one) or text.endswith(one))), "")


def _add_dose(text: str, draw: random.Random) -> Plant:
    doses = ("每次0.35克，每天三次。", "连续服用23天。", "一般需要17个月才能好转。")
    now = draw.choice([one for one in doses if one not in text])
    return Plant(f"{text}\n{now}", "number", "", now)


def _add_drug(text: str, draw: random.Random) -> Plant:
    now = f"也可以加用{draw.choice([name for name in DRUGS if name not in text])}。"
    return Plant(f"{text}\n{now}", "drug", "", now)


def replies(most: int) -> list[Conversation]:
    """Some of the conversations, none of them looked at before; replies of a few words are left out."""
    with tempfile.TemporaryDirectory() as place:
        found = [
            one for one in read(Read(paths=str(DATA), language="zh"), Path(place)) if isinstance(one, Conversation)
        ]
    usable = [one for one in found if len(one.messages[-1].content.strip()) > 20]
    shuffled = random.Random(7).sample(usable, len(usable))
    return shuffled[LOOKED_AT:][:most]


def outcome(given: Iterable[Conversation], teacher: str, names: str) -> dict[str, Conversation | Dropped]:
    """What polish made of each conversation, without a second try: its rewording, or why there is none."""
    found: dict[str, Conversation | Dropped] = {}
    with tempfile.TemporaryDirectory() as place:
        models = {"teacher": Scripted(function=f"benchmarks.instruct_polish:{teacher}")}
        with session(Path(place) / "replies.sqlite", models) as calls:
            config = Polish(repair=0, fallback="drop", names=names)
            for one in polish(iter(given), calls.llm("teacher"), config):
                found[one.id if isinstance(one, Dropped) else one.parent] = one
    return found


def measure(
    most: int = REPLIES,
) -> tuple[dict[str, tuple[Plant, Conversation | Dropped]], dict[str, Conversation | Dropped]]:
    """Id -> (what was planted, what became of it), and id -> what became of the honest rewording."""
    given = replies(most)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as names:
        names.write("\n".join(DRUGS))
        names.flush()
        wrong = outcome(given, "planter", names.name)
        honest = outcome(given, "polisher", names.name)
    plants = {one.id: planted(one.messages[-1].content.strip()) for one in given}
    return {id: (plant, wrong[id]) for id, plant in plants.items()}, honest


def bars(most: int = REPLIES) -> list[Bar]:
    """The shares; empty, with a word on stderr, where the data is absent."""
    if not DATA.is_file():
        print(f"instruct_polish: {DATA} is absent; nothing measured", file=sys.stderr)
        return []
    wrong, honest = measure(most)
    return list(_bars(wrong, honest))


def _bars(
    wrong: dict[str, tuple[Plant, Conversation | Dropped]], honest: dict[str, Conversation | Dropped]
) -> Iterator[Bar]:
    kinds = Counter(plant.kind for plant, _ in wrong.values())
    caught = Counter(plant.kind for plant, made in wrong.values() if isinstance(made, Dropped))
    for kind, many in sorted(kinds.items()):
        low, high = wilson(caught[kind] / many, many)
        print(f"{kind:<10} caught {caught[kind]:>5} of {many:>5} = {caught[kind] / many:.4f} [{low:.4f}, {high:.4f}]")
    stopped = [one for one in honest.values() if isinstance(one, Dropped)]
    low, high = wilson(len(stopped) / len(honest), len(honest))
    share = len(stopped) / len(honest)
    print(f"honest     stopped {len(stopped):>4} of {len(honest):>5} = {share:.4f} [{low:.4f}, {high:.4f}]")
    for why, many in Counter(one.why for one in stopped).most_common():
        print(f"           {many:>5} {why}")
    yield Bar("planted changes", len(wrong), "n", ">= 500")
    yield Bar("polish guard catches", sum(caught.values()) / len(wrong), "share", f">= {CAUGHT}")
    yield Bar("polish guard stops honest rewordings", len(stopped) / len(honest), "share", f"<= {FALSE}")


def main() -> int:
    """Measure, and show what was missed, what was stopped, and rewordings to read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replies", type=int, default=REPLIES)
    for name in ("missed", "alarms", "read"):
        parser.add_argument(f"--{name}", type=int, default=0)
    asked = parser.parse_args()
    if not DATA.is_file():
        bars()
        return 0
    given = {one.id: one for one in replies(asked.replies)}
    wrong, honest = measure(asked.replies)
    for id, (plant, _) in [(i, m) for i, m in wrong.items() if isinstance(m[1], Conversation)][: asked.missed]:
        print(
            f"MISSED {plant.kind}: {plant.was!r} -> {plant.now!r}\n  {given[id].messages[-1].content}\n  {plant.text}"
        )
    for id, stopped in [(i, m) for i, m in honest.items() if isinstance(m, Dropped)][: asked.alarms]:
        text = given[id].messages[-1].content
        print(f"ALARM {stopped.why} ({stopped.detail})\n  {text}\n  {reworded(text.strip())}")
    for id, made in [(i, m) for i, m in honest.items() if isinstance(m, Conversation)][: asked.read]:
        print(f"{id}\n  {given[id].messages[-1].content}\n  ->\n  {made.messages[-1].content}")
    return conclude("instruct_polish", list(_bars(wrong, honest)))


if __name__ == "__main__":
    raise SystemExit(main())
