"""How a clause lets things meet: in one container, in one patient, or with something else altogether."""

import re
from typing import Literal

from metier.rules.stance_text import Clause, Masked

Meeting = Literal["mixed", "together", "apart", "open"]
X = "[\ue000-\uf8ff]"
_FOREIGN = {
    "en": re.compile(
        r"\b(?:with|plus|to|into)\s+(?:(?:the|an?|any|other|some|all|your|oral|iv|intravenous|\d+|mg|ml)\s+)*"
        rf"(?!{X}|(?:it|them|each|this|that|these|those|both|care|caution|food|meals?|water|same|one|be|do|take|give|him|her"
        r"|the|an?|any|bag|bottle|syringe|line|vial|container|infusion|solution|drip|tube|tubing|glass|cup|patient|treat"
        r"|mixture|saline|existing|running|single|prevent|reduce|avoid|help|ensure|run|infuse|which|another|respect|volume|final|half)\b)[a-z]"
    ),
    "zh": re.compile(
        rf"(?:与|和|跟|同|及)(?!{X}|其|它|这|那|之|上述|该|二|两|一|时)[^{X[1:-1]},。;的]{{1,12}}?"
        r"(?:混|合用|联|同|一起|配|并用|溶|稀释|服|用)"
    ),
    "ar": re.compile(rf"(?:^|\s)مع\s+(?!{X}|ه|بعض|ذلك|هذا|هذه|الطعام|الماء|كوب|الدواء|مراع|كل|ال{X})[ء-ي]"),
}
_PARTNER = {
    "en": re.compile(rf"\b(?:with|plus|to|into|in|and|or|of)\s+(?:[\w%.-]+[\s-]+){{0,3}}{X}|\+\s*{X}|{X}\s*\+"),
    "zh": re.compile(rf"(?:与|和|跟|同|及|加|入|于|在|、|\+){X}|{X}(?:和|与|、)"),
    "ar": re.compile(rf"(?:مع|الي|في|و)\s*{X}"),
}
_OWN = {
    "en": re.compile(
        r"\b(?:in|into|to|with)\s+(?:\d|normal|saline|dextrose|glucose|water|sterile|d5|ns\b|an?\s+(?:new|second|fresh|separate"
        r"|different|\d))"
    ),
    "zh": re.compile(
        r"(?:加入|溶于|溶解于|加到|稀释于|加于|溶入|加至)\d*%?[^一-鿿\ue000-\uf8ff]{0,4}(?:盐水|生理盐水|葡萄糖|糖水|gs|ns|氯化钠|注射用水|林格|另)"
        r"|用(?:0\.9%|5%|生理盐水|葡萄糖|ns|gs|氯化钠)|另(?:外|再)?(?:补|予|给|挂|输|接|备)"
    ),
    "ar": re.compile(r"(?:في|الي|ب)\s*(?:\d|محلول ملحي|الجلوكوز|جلوكوز|الدكستروز|ماء)"),
}
_ORAL = {
    "en": re.compile(
        r"\b(?:oral\w*|by mouth|po|tablets?|capsules?|pills?|breakfast|lunch|dinner|meals?|bedtime|daily|swallow\w*"
        r"|takes?|taking|nightly|bid|tid|qd|drink|eat)\b"
    ),
    "zh": re.compile(r"口服|吃|吞|片|胶囊|饭|餐|睡前|顿服|嚼|服用|同服|po\b|每日|每天|一日|bid|tid|qd"),
    "ar": re.compile(r"الفم|فموي|اقراص|قرص|كبسول|حبه|حبوب|صباح|مساء|وجبه|تناول|يوميا|خذ|ياخذ|تاخذ"),
}
_MIXED = {
    "en": re.compile(
        r"\b(?:(?:ad)?mix(?!ed (?:results|feelings))\w*|blend\w*|dissolv\w*|dilut\w*|reconstitut\w*"
        r"|add(?:ed|ing|s)?\b(?! on)|pour\w*|draw\w* up|drawn up|compound(?:ed|ing)|y-?\s?(?:site|connector)"
        r"|piggyback|to (?:the |a )?(?:final )?volume|ma[dk]e (?:it )?up|stir\w*|brew\w*|boil\w*|decoct\w*"
        r"|(?:same|one|single|a|the|this) (?:\w+ ){0,2}(?:bag|bottle|syringe|line|vial|container|infusion|solution|drip"
        r"|driver|burette"
        r"|tube|tubing|glass|cup|drink|catheter|cannula|lumen|port|pump|admixture|mixture|pot|decoction)"
        r"(?! of (?:water|tea|milk))"
        rf"|put (?:\w+ ){{0,6}}(?:in|into))\b"
        rf"|{X} (?:[\w.%]+ ){{0,4}}in (?:(?!the (?:m|e|af)|and |then )[\w.%]+ ){{0,4}}{X}|compatib\w*"
    ),
    "zh": re.compile(
        r"混|配伍|配制|调配|冲配|兑|加入|加到|加进|加至|加在|溶|稀释|抽入|抽到|抽在|抽进|放入|放到|放进|放在|装[在入进]|倒[入进在]|注入"
        r"|同[一1]?(?:个|支|条|路|根|只|份|袋|瓶|组|口)?(?:瓶|袋|容器|注射器|针|输液|管|通路|通道|杯|锅|组|液|溶液|静脉)|同一(?!天|日|时|餐|晚|早|人|患|病|次|疗)"
        r"|一(?:瓶|袋|管|针|组|锅|杯|个|支|条|根|只)(?:袋|瓶|容器|注射器|针|输液|管|通路|通道|杯|锅|组|液|溶液)?(?:里|中|内|静|输|滴|泵|挂)"
        r"|一(?:起|同|块)儿?(?:静脉)?(?:静滴|静点|滴|输|打|静推|静注|推|泡|煎|煮|熬|炖|冲|抽|配|溶|加|放|泵|入|挂|装|倒|混)|三通|y型|y形"
        r"|共(?:输|煎)|同(?:输|滴|泵|煎|煮|配|瓶|袋|管|组|兑|泡)|合(?:滴|煎)|小壶|续加|入壶|共用"
        r"|(?:瓶|袋|液|管|壶|杯|锅)(?:子)?(?:里|中|内)"
        r"|/ ?[\ue000-\uf8ff] ?\d+(?:\.\d+)? ?ml|相容|\+.{0,24}(?:静|ivgtt|iv|滴|泵|推)"
    ),
    "ar": re.compile(
        r"خلط|يخلط|تخلط|اخلط|مخلوط|خليط|مزج|يمزج|تمزج|امزج|مزيج|ممزوج|اضف|اضاف|يضاف|تضاف|يضيف|تضيف|مضاف|اذب|يذاب|تذاب|اذابه"
        r"|خفف|يخفف|تخفيفه|ضعهما|يوضع|توضع|وضع|ضع |صب |اسكب|سحبهما"
        r"|نفس (?:ال|[ء-ي]* ?)(?:محلول|كيس|وعاء|زجاج|قارور|محقن|حقن|سرنج|خط|قسطر|انبوب|تسريب|مصل|كوب|كاس|مشروب|عبو|مضخ"
        r"|وريد|قدر)"
        r"|(?:محلول|كيس|وعاء|زجاجه|قاروره|محقنه|حقنه|سرنجه|خط|قسطره|انبوب|تسريب|مصل|كوب|كاس|عبوه|مضخه|قدر)\S*"
        r" (?:واحد|نفس|ذات|مشترك)"
        r"|(?:في|الي|عبر) (?:ال|هذا |هذه )?(?:محلول|كيس|وعاء|زجاجه|محقنه|حقنه|سرنجه|خط|تسريب|مصل|كوب|عبوه)|توافق|متوافق"
    ),
}
_VEIN = {
    "en": re.compile(r"\b(?:iv|ivgtt|intravenous\w*|infus\w*|drip|inject\w*|over \d+ (?:h|hours?|min\w*))\b"),
    "zh": re.compile(r"静|滴|输液|ivgtt|\biv\b|泵|推注|注射(?!液)|挂"),
    "ar": re.compile(r"وريد|تسريب|حقن|تنقيط|بالوريد"),
}
_TOGETHER = re.compile(
    r"\b(?:at the same time|same day|concomitant\w*|concurrent\w*|simultaneous\w*|prescri\w*)\b"
    r"|同时服|同服|同时口服|同时吃|联合用药|同日|协同|增效"
)


_HEADED = re.compile(
    r"(?:\b(?:bag|bottle|syringe|infusion)\b|[袋瓶组]|كيس|محلول|محقنه|سرنجه|تسريب|مصل|قاروره|زجاجه)[^:\n.,]{0,14}:"
    r"[^\n]*[\ue000-\uf8ff][^\n]*[\ue000-\uf8ff]"
)
"""A container whose contents follow as a list."""


def headed(masked: Masked) -> bool:
    """Whether a sentence lists things as what one container holds."""
    return _HEADED.search(masked.text) is not None


_SCHEDULE = re.compile(
    r"\b(?:at \d[\d:.]*(?: ?(?:am|pm))?|every (?:\d+|other|two|four|six|eight|twelve) ?(?:hours?|h|days?)?"
    r"|(?:once|twice) (?:a |every )?\w+"
    r"|q\d+h|[bt]ds?|[bt]id|od|qds|in the (?:morning|evening|afternoon)|at (?:night|noon|midday|bedtime)|subcut\w*"
    r"|intramuscular\w*|im|sc"
    r"|s/c|rectal\w*|pr|intranasal\w*|inhal\w*|topical\w*|neb\w*|patch(?:es)?|this (?:morning|afternoon|evening)"
    r"|now|tonight|tomorrow|in (?:an|one|two|three|four|six|eight|\d+) hours?)\b"
)
"""How often, when and by which way something is given: two that differ are no mixture."""


_LATER = re.compile(r"\b(?:afterwards|thereafter|after that|followed by|later)\b")


def _in_turn(text: str) -> bool:
    """Whether things are given at times or by ways that differ."""
    return len(set(_SCHEDULE.findall(text))) > 1 or _LATER.search(text) is not None


def foreign(masked: Masked, clause: Clause) -> bool:
    """Whether a clause that names one thing brings it together with something that is none of those at hand."""
    text = masked.text[clause.start : clause.end]
    return bool(_FOREIGN[masked.language].search(text)) and not _PARTNER[masked.language].search(text)


def own_vessel(masked: Masked, clause: Clause) -> bool:
    """Whether a clause that names one thing gives it a container of its own."""
    return bool(_OWN[masked.language].search(masked.text[clause.start : clause.end]))


def meets(masked: Masked, clause: Clause) -> Meeting:
    """How a clause that brings things together does so."""
    text = masked.text[clause.start : clause.end]
    if _MIXED[masked.language].search(text):
        return "mixed"
    if "+" in text and (into_vein(masked, clause) or not _ORAL[masked.language].search(text)):
        return "mixed"
    if _ORAL[masked.language].search(text) or _TOGETHER.search(text) or _in_turn(text):
        return "together"
    return "open"


def into_vein(masked: Masked, clause: Clause) -> bool:
    """Whether a clause names a way into the vein."""
    return bool(_VEIN[masked.language].search(masked.text[clause.start : clause.end]))
