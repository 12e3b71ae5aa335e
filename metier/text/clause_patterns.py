"""Where clauses end, what marks a list or a heading, and how names of drugs end."""

import functools
import re

MARK = re.compile(r"^\s*(?:[-*+•·▪◦]\s+|\(?\d{1,2}[.)、]\s*(?!\d)|[①-⑳]\s*|#{1,6}\s+|>\s+)+")
HEADING = re.compile(r"^\s*(?:#{1,6}\s.*|\*\*[^*]+\*\*\s*[:：]?|[^.。!?！？]{1,60}[:：]\s*(?:\*\*)?)\s*$")
BOLD = re.compile(r"\*\*|__|`")
EDGE = re.compile(
    r"(?<=\D)[,;:!?。…|](?=.)|(?<=\d)[;:!?。…](?=\D)|(?<=\d),(?!\d)|\.(?=\s|$)|(?<=[一-鿿])\.(?=[一-鿿(\d])|\s-\s"
    r"|\b(?=(?:because(?! of)|since|although|though|whereas|while|when|if|unless|until|as long as|but|which|who|so that"
    r"|even if|even when|and (?:do|don't|never|must|should|avoid|it|they|you)"
    r"|that (?:is|are|contain|contains|last|lasts))\b)"
    r"|(?=如果|因为|虽然|即使|但(?!不)|而(?!且)|以免|以便|若(?!无)|因其|只有|只要|除非)"
    r"|(?<=的话)|(?<=、)(?=可以|不|别|请|禁|勿)|(?<!^)(?=就[不别停要应可无能会必])"
    r"|(?<![ء-ي])(?=(?:لانه?ا?|اذا|ولكن|لكن|اما|حتي لو|حتي اذا|ما دام|بينما|عندما|مع انه?ا?"
    r"|رغم انه?ا?|فلا|ولا(?= [تي][ء-ي]{2,})|وي[ء-ي]{3,}|وهي|وهو|وهذا|فقد)(?![ء-ي]))"
)
TOKEN = re.compile(r"\x00+|[a-zα-ωà-ÿ]+(?:'[a-z]+)?(?:-[a-z]+)*|[ء-ي]+|[一-鿿]+|、")
NAME_ENDINGS = re.compile(
    r"[a-z]{3,}(?:cillin|mycin|micin|cycline|floxacin|oxacin|azole|prazole|statin|sartan|pril|olol|dipine|zosin|parin"
    r"|gliptin|gliflozin|glutide|formin|zepam|zolam|barbital|caine|profen|fenac|oxicam|triptan|setron|lukast|terol|sone"
    r"|solone|nib|mab|vir|dronate|thiazide|semide|xaban|gatran|tidine|phylline|vastatin|codone|morphine|tramadol|amine"
    r"|azine|idine|amide|urea|quine|bital|trexate|platin|rubicin|taxel|fibrate|lamide|pam|toin|penem|bactam|nazole)"
)
PARTICLES = frozenset("含用服每克片粒的了和与及或加给为是吃打")
AFTER_WORD = re.compile("[a-z,] $")
JOINING = frozenset(
    "的了和与及或而且但也都就还又再才只很更最太把被让使对从到由于为以之其所者这那此该每各若则因并等我你他她它们有不是在"
)
HAN_NAMES = re.compile(
    r"[一-鿿]{1,6}?(?:西林|霉素|沙星|他汀|沙坦|普利|洛尔|地平|拉唑|硝唑|康唑|洛芬|双胍"
    r"|列酮|磺脲|单抗|替尼|韦|肝素|青霉素|胰岛素|激素|地尔|噻嗪|塞米|西泮|巴比妥|卡因|昔康"
    r"|曲坦|司琼|特罗|奈德|米松|尼松|茶碱|胍|酚酸|洛韦|那韦|夫定|霉酚|磺胺)"
)
NOT_TO = re.compile("(?<![ء-ي])([وف]?)أ[ً-ْ]*ل[ً-ْ]*ا[ً-ْ]*(?![ء-ي])")
"""Two Arabic words in one, "that not"; the exception "but" is spelled with another letter."""
AGAINST = re.compile(r"contraindicat|\bavoid|\bdon'?ts?\b|\bexclusions?\b|禁忌|忌|موانع|محظورات|ممنوعات", re.I)
"""A heading whose list is what must not be."""
AGES = frozenset(["سن", "السن", "عمر", "العمر", "مستوي"])
"""What stands behind the Arabic "under", which is also "without"."""
_NUMBERED = re.compile("(?=.*[一二三四五六七八九十百千万半两])[\u4e00-\u9fff]{3,}")


def in_names(line: str, names: frozenset[str]) -> set[int]:
    """The places of a line inside names that hold a numeral, as 拉莫三嗪 does: there it counts nothing."""
    held = _with_numeral(names)
    return {place for name in held.finditer(line) for place in range(*name.span())} if held else set()


@functools.lru_cache(maxsize=16)
def _with_numeral(names: frozenset[str]) -> re.Pattern[str] | None:
    some = sorted((name for name in names if _NUMBERED.fullmatch(name)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, some))) if some else None
