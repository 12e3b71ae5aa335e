"""How a sentence takes up what was named before it: by a pronoun, by "carry on", or not at all."""

import functools
import re

from metier.rules import stance
from metier.rules.firing import Mention, Stance

REFERS = re.compile(
    r"\b(?:it|its|them|both|together|same|this|that|these|those|each other|alongside"
    r"|as well|the (?:\w+ )?(?:bag|bottle|line|syringe|drip|infusion|solution|mixture|glass|cup|pot|tube|vial|fluid))\b"
    r"|其|它|两|二者|一起|一同|一块|同[时瓶袋管一步服用煎]|合用|联用|并用|共用|配伍|混|进去|里面|这|该|此|[瓶袋管壶锅杯液](?:体|子)?[里中内]"
    r"|مع(?:ا|ه|ها|هما)\b|نفس|كلا|كلي|سوي|[إا]ليه|بهما|بينهما|هذا|هذه|ذات|الكيس|الزجاجة|المحقنة|الخط|المحلول"
    r"|التسريب|المصل",
    re.I,
)
"""Words by which a sentence that names one thing speaks of another, too: what was named before, or its container."""
DOSE = re.compile(
    r"[0-9٠-٩]\s?(?:mg|g|ml|l|mmol|iu|u|units?|%|毫?[克升]|单位|片|支|粒|ملغ|مل|غ|وحد)|\b(?:q[dn]|[bt]id|prn)\b", re.I
)
JOINT = re.compile(r"[,，、;；:：—،؛]|\band\b|\bthen\b|\sو|换|改|再")
"""Where what a sentence says of one thing may end."""
KEPT = 4096
"""Sentences of which an answer is kept: over a reply that grows, each is asked for again."""
PAUSE = re.compile(r"[,，、;；:：—،؛]")
ASKS = re.compile(r"[?？؟]")
_CARRIES = re.compile(
    r"\b(?:carr(?:y|ies) on|keep (?:going|on|it up|at it|both|everything|things)|continues?|stay(?:s|ing)? (?:on"
    r"|with|as|the same|put"
    r"|in place)|stick (?:with|to)|(?:leave|keep) (?:[\w']+ ){1,4}(?:as|alone|where|unchanged|running|going)"
    r"|(?:as|like|just as|exactly as) (?:before|you are|you do|now|usual|always|it is|they are|is|already)"
    r"|remains? (?:unchanged|the same|as|on)|unchanged|same (?:as before|dose as)"
    r"|no (?:other |further )?(?:changes?|alterations?|adjustments?)(?: \w+){0,3}"
    r"|no (?:need|reason) to (?:change|alter|adjust|stop|touch)|does(?: not|n't) (?:change|need (?:to change"
    r"|changing|altering)))\b"
    r"|照旧|照常|照[原老]|照(?:吃|服|用|打|喝)|照(?:现在|目前|之前|以前|原来)|依旧|仍旧|仍[按用服吃]|不[变动](?!态|作|脉)|继续|维持(?:原|不变|现)|接着[吃服用打]"
    r"|还(?:是)?(?:按|照)?(?:原来|以前|之前|老)|原(?:量|方案|剂量)|(?:不用|无需|不必|不需)(?:要)?(?:再)?(?:停|改|调|变|动|换)|保持(?:不变|原|现)"
    r"|كما (?:هو|هي|كان|كنت|في السابق|انت|أنت|اعتدت)|كالمعتاد|كالسابق|كالعادة|[نيتا]?ستمر\w*|[أا]كمل\w*|يكمل|تكمل"
    r"|تابع\w*|نتابع|[دو]اوم\w*|واصل\w*"
    r"|لا (?:ي|ت|ن)تغير|لا (?:ن|ت|ي)غير|دون تغيير|بلا تغيير|بنفس الجرعة|بالجرعة (?:نفسها|ذاتها)|على ما (?:هو|هي"
    r"|[أا]نت|كنت)"
    r"|(?:ي|ت)بقى|لا (?:داعي|حاجة) (?:ل(?:ل)?(?:تغيير|إيقاف|وقف|تعديل)|إلى (?:تغيير|إيقاف|تعديل))",
    re.I,
)
"""What goes on as it did."""
_STOPS = re.compile(
    r"\b(?:not|n't|never|cannot|stop|unless|until|if|no longer|rather than)\b"
    r"|不(?:能|要|可|宜|应|许|再)|别|勿|停(?!药?也)"
    r"|(?:^|\s)(?:لا|لن|لم|أوقف\w*|توقف\w*|إذا|حتى)\s(?!(?:داعي|حاجة|(?:ي|ت|ن)تغير|(?:ن|ت|ي)غير))",
    re.I,
)
_NEEDLESS = re.compile(
    r"\bno (?:need|reason) to \w+|\bdoes(?: not|n't) \w+|\bdo(?: not|n't) (?:change|alter|touch|stop)\b"
    r"|(?:不用|无需|不必|不需)要?再?.|\b(?:until|till)\b[^.]*$",
    re.I,
)
_ONE = re.compile(
    r"\b(?:it|that one|(?:this|that|the|your) (?:\w+ )?(?:drug|medicine|medication|tablets?|pills?|one|dose"
    r"|injection|drops|treatment))\b"
    r"|它|[这该此那](?:个|种|款|味|类|片)?(?:药|片|针)|该药|此药|这个|那个"
    r"|(?:هذا|ذلك|نفس|هذه|تلك)\s(?:ال)?(?:دواء|حبوب|علاج|عقار|أقراص|حقنة|حبة)|الدواء|العلاج|هذه الحبوب|الحبوب"
    r"|(?:^|[\s،,.])[ء-ي]{2,}(?:ه|ها)(?=[\s،,.؛]|$)",
    re.I,
)
"""Words that take up one thing named before."""
_ALL = re.compile(
    r"\b(?:both|them|the two|the pair|these|those|the combination|all of (?:it|them)|everything|(?:like|with"
    r"|on) (?:this|that)|(?:this|that) way)\b"
    r"|两[种个样者]|俩|二者|都|它们|[这那]些|这[两几]|这样|这么|如此|一起|一块|同样|كلا|كلي|كليهما|كلتا|الاثنين|الدواءين|معا|هكذا|ذلك|بهذا"
    r"|هذا الترتيب|هذه الأدوية|الاثنان|جميعها",
    re.I,
)
"""Words that take up all that was named before."""
_NEVER = re.compile(
    r"(?:\b(?:not|n't|never|cannot)\s(?:[a-z]+ ){0,2}|别再?|不(?:能|要|可|宜|应该?|许)再?|勿|(?:^|\s)(?:لا|لن|ألا)\s)$",
    re.I,
)
_GIVING = re.compile(
    r"\b(?:giv(?:e|en|ing)|tak(?:e|en|ing)|us(?:e|ed|ing)|start(?:ed|ing)?|prescrib\w*|mix\w*|combin\w*|pair\w*"
    r"|couple|strike|cross|drop)\b"
    r"|[吃用服给混配]|(?:ي|ت|ن)عط|[أت]خذ|تناول|خلط|جمع|صرف|وصف",
    re.I,
)
_QUIT = re.compile(
    r"^\W*(?:(?:i|he|she|we|they|yes|no)\W+){0,2}(?:have |has )?(?:stopped|quit|finished|came off|gave (?:it"
    r"|them) up|been off|off (?:it|them)|not any ?more)\b"
    r"|^\W*(?:早就?|已经?|上[周个]|去年|前年)?[^，。]{0,6}(?:停了|不吃了|停药|停用)"
    r"|^\W*(?:توقفت|أوقفت|تركت|انتهيت|لم أعد)",
    re.I,
)
_DOSES = re.compile(
    r"\b(?:one|two|three|half|an?|another|\d) (?:\w+ )?(?:tablets?|pills?|capsules?|doses?|drops?|spoon\w*|puffs?"
    r"|vials?)\b"
    r"|[一二两三半\d][片粒支勺丸瓶袋剂杯口]|حبة|حبتين|حبتان|قرص|كبسول|جرعة|جرعتين|أمبول|ملعقة",
    re.I,
)
_FORBIDS = re.compile(
    r"^\W*(?:(?:oh|please|well|sorry)\W+)*(?:don't|do not|never|千万别|万万不可|别|不要|不可|不行|لا تفعل\w*|إياك\w*"
    r"|أبدا)(?: please)?\s*(?:[,，،.。!！;；~]|$)"
    r"|\b(?:hold off|better not|best not|rather not|(?:hand|give|take|send) (?:it|them) back|bin (?:it|them)"
    r"|throw (?:it|them) (?:away|out)|i'd (?:leave|skip|avoid)|i'd rather you (?:took|had|used)"
    r"|not any ?more|(?:change|swap|switch|replace) (?:it|that|them|this)|do(?: not|n't) (?:do|repeat) (?:it|that"
    r"|this)|leave (?:it|that|them|those)(?: alone| out| be| off| aside)?(?=\s*(?:[.,!]|$))|wait (?:a|until"
    r"|till|at least|for))\b"
    r"|\b(?:postpone|put (?:it |this |that )?off|defer)\b|推迟|延后|改期|暂缓|تأجيل|(?:ي|ت|ن)ؤجل"
    r"|不管用了|不行了|不对付|还给[他她人]|退[回掉]|扔[了掉]"
    r"|[把将]?它?换[掉成]|[得要该]换|先?放(?:着|一放|一边)|搁一|别再|不要再|忍|再等|先别|先不|还是算了|过[^，。]{1,6}再|等[^，。]{1,8}再"
    r"|لا تكرر\w*|(?:تغيير"
    r"|تبديل|استبدال)ه\w?\b|(?:ن|ي|ت)(?:غير|بدل|ستبدل)ها?\b|انتظر\w*|يفضل ألا",
    re.I,
)
"""A no to what was asked, in other words."""
_ENDED = re.compile(
    r"\b(?:finished|completed|came off|come off|got off|haven't (?:touched|taken|used|had)|have not (?:touched"
    r"|taken|used|had)"
    r"|no longer (?:on|take|use|need)|used to (?:be on|take|use)|(?:was|were|had been) (?:on|taking|given"
    r"|prescribed|put on)\b[^.]*"
    r"\b(?:till|until|ago|last (?:year|month|spring|summer|autumn|winter)|years? back|in (?:19|20)\d\d|as a child)"
    r"|(?:off|without) (?:it |the )?\w+ (?:since|for) )\b"
    r"|(?:疗程|用药)[^，。]{0,8}(?:结束|完)|(?:吃|用|打|服|输|挂)完|不(?:再|吃|用|服)了|早就?停|停(?:药|用|掉|服)?[^，。]{0,4}(?:年|月)了"
    r"|(?:أنهيت|انتهيت من|أكملت كورس|توقفت عن|لم أعد (?:آخذ|أتناول|أستعمل)|أوقفت|انتهى علاج\w*)",
    re.I,
)
"""What is over."""
_PAST = re.compile(
    r"\b(?:was|were|used to be|had been|started) (?:on|taking|with)\s+(?:\w+ )?$|(?:以前|之前|原来|原先|曾经?|起初"
    r"|最早)[^，。]{0,6}[吃服用]?[过着]?的?(?:是)?$"
    r"|(?:كنت|كان|كانت) (?:على|[يتأآ]\w+)\s+\S{0,3}$",
    re.I,
)
_SWITCH = re.compile(
    r"\b(?:now|switched|changed|then|replaced|swapped|moved)\b|换[成了为]|改[成用为]|现在|后来|ثم|الآن|غي[رّ]\w*|استبدل|بدل",
    re.I,
)
_BY_THEN = re.compile(
    r"\s*(?:\w+ ){0,2}(?:in (?:19|20)\d\d|(?:\w+ )?years ago|as a child)\b|[^，。]{0,3}是?(?:19|20)\d\d年|\s*(?:في عام"
    r"|سنة|عام) (?:19|20)\d\d",
    re.I,
)
_RESUMES = re.compile(
    r"\b(?:re-?start\w*|resum\w*|again|back on|re-?introduc\w*|re-?commenc\w*|start|put you back)\b|恢复|重新"
    r"|再次?[吃服用开加启]|接着|吃回|استأنف|أعد|ابدأ\w* |من جديد|مجددا|عد إلى|ارجع",
    re.I,
)
_VEHICLE = re.compile(
    r"\b(?:what|which)\b[^?]{0,30}\b(?:mix|dilut\w*|dissolv\w*|reconstitut\w*|put|add|carrier|diluent|fluid|solution)\b"
    r"|(?:用|拿|以|配|加|溶于|选)(?:什么|哪[种个]|啥)|溶媒|怎么[配稀溶]"
    r"|(?:بماذا|بم|في ماذا|بأي|في أي|ما ال\w+ الذي) [^؟?]{0,24}(?:خفف|ذيب|ذوب|حل|خلط|محلول)",
    re.I,
)
_PRESUMED = re.compile(
    r"\b(?:when|what time|how (?:much|often|many|long))\b[^?]{0,24}\b(?:do|should|shall|must|am) (?:i|he|she|we) "
    r"|(?:什么时候|怎么|几点|饭前还是饭后|多久)[吃服用打喝]|一[天日次][吃服用]?几"
    r"|(?:متى|كم (?:مرة|حبة|مره)|كيف) (?:ي|ت|[آأ])(?:خذ|تناول|أخذ)",
    re.I,
)
_FINISHED = re.compile(r"\b(?:finish|complet|end)\w*|(?:吃|用|打|服|输|挂)完|疗程|أنهيت|انتهيت|أكملت", re.I)
_BACK_ON = re.compile(
    r"\b(?:back on|restarted|resumed|taking (?:it|them) again|on (?:it|them) again)\b"
    r"|吃回|重新[吃服用]|又[吃服用]|恢复[吃服用]|عدت إلى|استأنف",
    re.I,
)
_ONCE = re.compile(r"\bused to\b|\bin the old days\b|[过以]去|以前|曾|(?:^|\s)كان(?:ت|وا)?\s", re.I)
_BEGAN = re.compile(r"\b(?:start\w*|began|begun|since|put on|went on)\b|开始|起|بدأ|منذ", re.I)
_RECENT = re.compile(
    r"\b(?:just|yesterday|today|this (?:morning|afternoon|evening)|last night|hours? ago|(?:two|three|2|3) days ago)\b"
    r"|刚|昨|今[天早晚晨日]|前天|小时前|أمس|البارحة|اليوم|للتو|توا|منذ ساعات?|هذا الصباح",
    re.I,
)
"""What is over since so short a time that it still acts."""
_BARE = re.compile(r"^\W*[^,，。.!！]{0,6}吧|\b(?:go ahead|by all means)\b|تفضل", re.I)
_AGAIN = re.compile(r"\b(?:again|repeat|same)\b|再|重复|同样|照|كرر|نفس|مرة أخرى", re.I)
_LEAD = re.compile(r"^\W*(?:(?:and|but|so|well|oh)\W+)?(?:yes|no|لا|نعم|不|是)\b\W*(?=\S)", re.I)


@functools.lru_cache(maxsize=KEPT)
def carries(text: str) -> bool:
    """Whether a sentence says that something goes on as it did."""
    found = _CARRIES.search(text)
    return found is not None and not _STOPS.search(_NEEDLESS.sub(" ", text))


@functools.lru_cache(maxsize=KEPT)
def ended(text: str, mention: Mention) -> bool:
    """Whether a sentence says that something is over, not since yesterday only, or has been replaced."""
    before, behind = text[: mention.start], text[mention.end :]
    if (_PAST.search(before) and _SWITCH.search(behind)) or (_BY_THEN.match(behind) and not _BEGAN.search(before)):
        return True
    return bool(_ENDED.search(text)) and not _RECENT.search(text)


@functools.lru_cache(maxsize=KEPT)
def lasts(text: str) -> bool:
    """Whether what a sentence calls finished still acts, or was begun again since."""
    return bool(_FINISHED.search(text) and _RECENT.search(text)) or _BACK_ON.search(text) is not None


def resumes(text: str) -> bool:
    """Whether a sentence has something begun again that was over."""
    return _RESUMES.search(text) is not None


def quits(text: str) -> bool:
    """Whether a sentence that names nothing says that what was asked about is over."""
    return _QUIT.search(text) is not None and not _RECENT.search(text)


def taken_back(text: str, several: bool) -> bool:
    """Whether a sentence that names nothing says that what stands before it is not to be given."""
    return takes_up(text, several) and bool(_GIVING.search(text)) and orders(text) == "warns"


@functools.lru_cache(maxsize=KEPT)
def vehicle(text: str) -> bool:
    """Whether a question asks what something is to be mixed with or dissolved in."""
    return _VEHICLE.search(text) is not None and ASKS.search(text) is not None


@functools.lru_cache(maxsize=KEPT)
def presumed(text: str) -> bool:
    """Whether a question takes for granted that something is taken: when, and how often."""
    return _PRESUMED.search(text) is not None


def doses(text: str) -> bool:
    """Whether a sentence names a bare dose: one tablet."""
    return _DOSES.search(text) is not None


@functools.lru_cache(maxsize=KEPT)
def forbids(text: str) -> bool:
    """Whether a sentence says no to what was asked, in other words than no."""
    return _FORBIDS.search(text) is not None


def again(text: str) -> bool:
    """Whether a sentence has all that was given before given once more."""
    return _AGAIN.search(text) is not None


@functools.lru_cache(maxsize=KEPT)
def takes_up(text: str, several: bool) -> bool:
    """Whether a sentence that names nothing speaks of what was named before it: of one thing, or of ``several``."""
    return bool(_ALL.search(text) or _CARRIES.search(text) or (not several and _ONE.search(text)))


def replies(text: str) -> bool:
    """Whether a sentence that names nothing speaks of what it was asked for: by a dose, or as "do add it"."""
    if _FORBIDS.search(text) or _DOSES.search(text):
        return True
    return bool(
        DOSE.search(text) or _ONE.search(text) or _ALL.search(text) or _BARE.search(text) or _CARRIES.search(text)
    )


@functools.lru_cache(maxsize=KEPT)
def orders(text: str) -> Stance:
    """What a sentence that names nothing says of the thing that it takes up: give it, stop it, nothing."""
    said = _LEAD.sub("", text) if _CARRIES.search(text) else text
    if carries(said):
        return "asserts"
    if ASKS.search(said) or _ONCE.search(said):
        return "unknown"
    if _FORBIDS.search(said):
        return "warns"
    if (found := _CARRIES.search(said)) and _NEVER.search(said[: found.start()]):
        return "warns"
    state = stance.state(f"X {said}", Mention("", 0, 1))
    return {"given": "asserts", "stopped": "warns", "refused": "warns", "mentioned": "unknown"}[state]  # type: ignore[return-value]
