"""Whether a clause forbids, denies, allows or says something, where its wording tells.

A clause has a sign where it can be read: a prohibition in any wording has the sign of another one; a limit ("no more
than"), an exception ("only", "until") and what is merely absent have none.
"""

import functools
import re

from metier.text.claims import Clause
from metier.text.wordings import folded

UNDER = r"(?:ال)?(?:\d|سن|عمر|حادي|ثاني|ثالث|رابع|خامس|سادس|سابع|ثامن|تاسع|عاشر|ثلاث|اربع|خمس|ست|سبع|ثمان|تسع|عشر)"
"""What stands behind an Arabic "under" that is no "without": a number, an age."""
LIMITS = re.compile(
    r"\b(?:no|not|never|n't|without|than)\b[^,;]{0,40}\b(?:more|less|fewer|longer|later|sooner|earlier|over|above|below"
    r"|exceed\w*|beyond)\b|\bnot (?:before|until|unless|only|necessarily|always|if)\b|\b(?:at most"
    r"|at least|up to|max|maximum|only|just"
    r"|except|unless|until|rather than|instead|other than|apart from|whether)\b"
    r"|[不勿别莫未没][^,;。]{0,8}(?:超|多于|少于|高于|低于|过多|早于|晚于|足|满)|[不未没]到"
    r"|只(?!要)|仅|除(?:了|非|外)|才|最多|至多|以内|之内|不仅|不但|不一定"
    r"|(?:لا|الا|لم|لن|دون|عدم|ليس)[^,;]{0,24}(?:اكثر|اقل|[يت]زيد|[يت]تجاوز|[يت]تعدي|الا )"
    r"|فقط|(?<![ء-ي])ما لم |الا (?:اذا|بعد|عند|في|ان)|سوي|انما|علي الاكثر|حد[اه]? اقصي|اقصاه"
)
"""A limit, an exception or a condition: it denies nothing of its clause."""
ALLOWS = re.compile(
    r"\b(?:no|not an?|without) (?:problem|obstacle|objection|reason (?:not|against)|harm"
    r"|restriction)s?\b|\bdoes(?: not|n't) (?:matter|prevent|stop|rule out)"
    r"|\bfine\b|\ballowed\b|\bpermitted\b|\bok\b|\bokay\b"
    r"|没(?:有|什么)?问题|不(?:影响|妨碍|耽误|忌|禁)|无妨|不碍|不要紧|没关系|都行|也行|都可以|可以|允许|不限"
    r"|(?:لا|ليس[ء-ي]*|لن) (?:باس|ضير|حرج|[يت]ضر|[يت]تعارض|مانع[ء-ي]*|[يت]منع|عائق[ء-ي]*|[يت]عيق|[يت]حول)"
    r"|مسموح|يجوز|مباح"
)
"""It allows, though it may look like a denial."""
FORBIDS = re.compile(
    r"\b(?:not (?:allowed|permitted|suitable|advis\w+|recommended|for)|avoid\w*|never|forbid\w*"
    r"|forbidden|prohibit\w*|banned|contraindicat\w*"
    r"|refrain\w*|abstain\w*|keep[^,;]{0,30}(?:away|off|out)|stay (?:away|off|out)|leave"
    r"[^,;]{0,30}\b(?:off|out|alone)|off limits|steer clear"
    r"|unsuitable|inadvisable|do without|give up|cut out|rule out|hold off|skip)\b"
    r"|禁|忌|戒|避免|避开|远离|切勿|不行|不得|不可(?!以?避)|不能|不要|不许|不准|不宜|不应"
    r"|不该|不推荐|不建议|不适合|不适用|[请切]?勿|莫(?![沙西米匹达])|(?<![特分区级性辨识鉴个差类])别"
    r"(?![人的嘌])"
    r"|(?<![ء-ي])[وف]?(?:(?:تجنب|امتنع|ابتعد|احذر|تحاش|اجتنب|اجتناب)[ء-ي]*|[يت](?:جتنب"
    r"|متنع|حظر|تجنب|بتعد|حرم)[ء-ي]*|(?:ال)?ممنوع[ء-ي]*|محظور[ء-ي]*|محرم[ء-ي]*|لا يجوز"
    r"|لا [يت]صلح|لا [يت]ناسب[ء-ي]*|[يت]منع)(?![ء-ي])"
)
"""A prohibition, however it is worded."""
ABSENT = re.compile(
    r"\b(?:off|away|out|gone|absent|hard(?:ly)?|difficult\w*|trouble|rare(?:ly)?|unable"
    r"|fail\w*|free|skip\w*|stop\w*|leave|leaves|left|empty|un\w{4,}|prevent\w*"
    r"|protect\w*|instead|too|lack\w*|missing|problem)\b|停|消失|无|非|缺|难|少|防|免|慎|消退|再也|未|失|隔开|分开"
    r"|(?<![ء-ي])(?:[وفب]?(?:غير|دون(?! " + UNDER + r")|بلا|عدم|انقطاع|انقطع|توقف|[يت]توقف|اوقف"
    r"|فقدان|زوال|[يت]زول|صعوبه|نادر[ء-ي]*|فشل|قله|ت?ترك[ء-ي]*|اترك[ء-ي]*|لمنع|منع|[يت]قي"
    r"|وقايه))(?![ء-ي])"
)
"""Something is absent or kept off: a denial in another wording, perhaps."""
STOPS = re.compile(r"\bstop\w*|\bdiscontinu\w*|停|(?<![ء-ي])[وفب]?ا?(?:[يت]ا?وقف|وقف)[ء-ي]*")
GOES_ON = re.compile(
    r"(?:\b(?:not|never)|n't) (?:\w+ ){0,2}(?:stop|discontinu)|[不别勿没无][^,，]{0,6}停"
    r"|(?<![ء-ي])[وف]?(?:لا|الا|عدم|دون) [ء-ي]*(?:وقف|وقيف|يقاف)"
)
HINGES = re.compile(
    r"\s*(?:(?:and|but|or|so|even)\s+)?(?:if|when|while|who|whose|which|because|since|as"
    r"|once|whenever|after|before|in case"
    r"|provided|until|unless|with|for)\b|\s*(?:如果|若|要是|一旦|万一|因为|由于|当|等|虽然"
    r"|尽管)|[^,]{1,}(?:者|的人|的病人|的患者|的话|时|时候)\s*[,，:：。.;]?\s*$"
    r"|\s*[وف]?(?:اذا|ان(?= )|عند|عندما|لمن|لو|حين|لان[ء-ي]*|بسبب|بعد|قبل|كلما|من(?= ))(?![ء-ي])"
)
"""A condition, a reason or those that are meant: what it says is not said to be so."""
_MUST_NOT_AR = re.compile(
    "(?:يجب|ينبغي|علي|احرص|حافظ|ينصح|يحسن|انتبه|شرط|اطلب|يفضل|الافضل|تاكد)[ء-ي]* (?:علي )?الا (?!اذا|بعد|عند)"
)
MERE = re.compile(
    r"[睡吃喝看听走站动]不[着了下动清]|[不没无未][^,，]{1,8}(?:者|的人|的孩子|的病人|的患者)"
    r"|\bthose not\b|要不要|是不是|能不能|会不会|有没有|可不可以|非处方|不止|无效|不变"
    r"|不良|不适(?![合宜用应])|不同(?!意)"
)
"""It denies something inside of its clause, not the clause."""
ASKS = re.compile(r"[?؟]\s*$")
_NOT_ALLOWED = re.compile(
    r"\b(?:not|never|nor)\b[^,;]{0,12}\b(?:allowed|permitted|fine|ok|okay)\b|不可以|不允许"
    r"|غير مسموح|لا يجوز|(?:لا|ليس) (?:[يت]سمح|مسموح)"
)
NEGATES = re.compile(r"\b(?:not|never|no)\b|n't\b|[不别勿没无]|(?<![ء-ي])[وف]?(?:لا|لم|لن|ليس[ء-ي]*)(?![ء-ي])")
VERBS = re.compile(
    r"\b(?:avoid|forbid|prohibit|refrain|abstain|rule|skip|keep|give up)\w*|避免|避开|禁"
    r"|忌|戒|(?:تجنب|[يت]?متنع|ممنوع|محظور|[يت]منع|حظر)[ء-ي]*"
)
"""Verbs that say a denial: with another one, both say nothing sure."""
_PERMITS = re.compile(r"\b(?:can|may)\b|可以|[يت]مكن|بامكان")
COMFORTS = re.compile(
    r"\bworr\w*|\balarm\w*|\bpanic|担心|着急|紧张|害怕|别怕|不怕|请放心|(?<![ء-ي])(?:تقلق"
    r"|القلق|قلق|تخف|تخافي?|داعي للخوف)"
)
MODAL = re.compile(r"\b(?:may|can|must|should|please|do|ought)\b|请|可|要|能|须|应|会|(?:يمكن|يجب|ينبغي|ينصح|يجوز)")


@functools.lru_cache(maxsize=4096)
def sign(clause: Clause) -> int:
    """-1 of a clause that denies or forbids, 1 of one that says or allows, 0 where its wording does not tell."""
    line = folded(clause.text)
    if ASKS.search(line) or COMFORTS.search(line):
        return 0
    mere = MERE.search(line)
    line = MERE.sub(" ", line)
    if ALLOWS.search(line):
        if _NOT_ALLOWED.search(line):
            return -1
        return 0 if HINGES.match(line) or (clause.denied and NEGATES.search(ALLOWS.sub("", line))) else 1
    if LIMITS.search(line):
        return 0
    if (clause.denied and (not mere or NEGATES.search(line))) or FORBIDS.search(line) or _MUST_NOT_AR.search(line):
        turned_back = STOPS.search(line) or (VERBS.search(line) and NEGATES.search(VERBS.sub("", line)))
        return 0 if turned_back or _denies_part(clause) else -1
    absent = ABSENT.search(line) and (STOPS.search(line) or not _PERMITS.search(line))
    hinders = any(token.wording.denies == "hinders" for token in clause.tokens)
    if clause.under or absent or hinders or HINGES.match(line):
        return 0
    return int(acts(clause) or sum(token.content for token in clause.tokens) >= 2)


def _denies_part(clause: Clause) -> bool:
    """Whether all that a clause denies is what stands behind its last preposition: three months without tea."""
    first = clause.denials[0] if clause.denials else 0
    told = sum(token.content for token in clause.tokens[:first])
    return told >= 2 and all(clause.tokens[at].text in _WITHOUT for at in clause.denials)


_WITHOUT = frozenset(["without", "دون", "بدون", "بلا", "من دون", "من غير", "ودون", "وبدون", "وبلا"])


def denies(clause: Clause) -> bool:
    """Whether a clause denies or forbids in any wording, or stands under a heading that does."""
    return bool(sign(clause) < 0 or clause.denials or clause.under or FORBIDS.search(folded(clause.text)))


def acts(clause: Clause) -> bool:
    return bool(MODAL.search(folded(clause.text))) or any(token.wording.generic for token in clause.tokens)


def hinged(clause: Clause) -> bool:
    return bool(HINGES.match(folded(clause.text)))


def hints(clause: Clause) -> bool:
    """Whether anything in a clause may deny, limit or take away."""
    line = folded(clause.text)
    return bool(
        clause.denials
        or clause.under
        or FORBIDS.search(line)
        or (ABSENT.search(line) and not _PERMITS.search(line))
        or LIMITS.search(line)
        or NEGATES.search(line)
        or _MUST_NOT_AR.search(line)
        or STOPS.search(line)
    )
