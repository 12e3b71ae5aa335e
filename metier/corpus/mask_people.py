"""Who is who in a record, and the name that each person bears instead: plainly made up, in the script it replaces."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import xxhash

from metier.text.normalise import bare_arabic
from metier.text.personal.names_zh import surname

_HAN = re.compile("[\u4e00-\u9fff]")
_ARABIC = re.compile("[\u0621-\u064a]")
_PARTICLES = frozenset(
    [
        "de",
        "del",
        "la",
        "van",
        "von",
        "der",
        "den",
        "bin",
        "al",
        "el",
        "da",
        "dos",
        "di",
        "ter",
        "بن",
        "ابن",
        "بنت",
        "ابنة",
        "آل",
        "عبد",
        "أبو",
        "أبي",
        "أبا",
        "أم",
        "بو",
        "ولد",
    ]
)
_ZH_SURNAMES = "甄贾梅吴乌胡卜莫庄毋宓於糜逯殳亓"
_ZH_COMPOUND = ("司空", "公孙", "东郭", "百里", "澹台", "漆雕", "闾丘", "巫马")
_ZH_GIVEN = (
    "化名",
    "样本",
    "示例",
    "虚构",
    "此人",
    "无名",
    "拟名",
    "代名",
    "空名",
    "假名",
    "托名",
    "范例",
    "演示",
    "测试",
    "佚名",
    "匿名",
    "替名",
    "借名",
    "虚拟",
    "模样",
    "存疑",
    "须有",
    "有人",
    "设例",
    "例子",
    "某例",
    "文例",
    "题例",
)
_ZH_ONE = "虚拟假例样化托空隐代替设范试"
_EN_GIVEN = (
    "Alex",
    "Blair",
    "Casey",
    "Dana",
    "Emery",
    "Finley",
    "Gale",
    "Harper",
    "Indigo",
    "Jules",
    "Kit",
    "Lane",
    "Marlow",
    "Noel",
    "Oakley",
    "Quill",
    "Reese",
    "Sage",
    "Tatum",
    "Wren",
)
_EN_SURNAMES = (
    "Exampleton",
    "Sampleford",
    "Mockwell",
    "Fabley",
    "Nowherby",
    "Testwick",
    "Storyton",
    "Inventley",
    "Imagindale",
    "Fictor",
    "Placehold",
    "Madeupson",
    "Anonby",
    "Nemoworth",
    "Specimen",
    "Pretendham",
    "Dummerly",
    "Fabrikant",
    "Standinson",
    "Makebelief",
)
_AR_MEN, _AR_WOMEN = ("فلان", "علان", "زعلان", "فرضان"), ("فلانة", "علانة", "مثالة")
_AR_SURNAMES = (
    "الفلاني",
    "العلاني",
    "الفرضي",
    "الخيالي",
    "المستعار",
    "الوهمي",
    "التجريبي",
    "النموذجي",
    "المثالي",
    "الافتراضي",
    "التخيلي",
    "الزعلاني",
    "العابري",
    "الغيابي",
)


class Person(NamedTuple):
    """Someone of a record: a number from 1 in the order of appearance, and the words of the fullest form."""

    number: int
    words: tuple[str, ...]


def people(names: Sequence[str]) -> list[Person]:
    """The person behind every name of a record, in the order of the text.

    A full name that holds another (John A. Smith, John Smith) is one person with it; a surname or given name alone
    belongs to the last full name before it that has it, else to the first after it.
    """
    words = [_words(name) for name in names]
    fullest: list[tuple[str, ...]] = []
    for some in sorted({w for w in words if len(w) > 1}, key=lambda w: (-len(w), words.index(w))):
        if not any(_within(some, other) for other in fullest):
            fullest.append(some)
    owners: list[tuple[str, ...]] = []
    for at, some in enumerate(words):
        owners.append(_owner(some, owners, words[at + 1 :], fullest))
    numbers: dict[tuple[str, ...], int] = {}
    for owner in owners:
        numbers.setdefault(owner, len(numbers) + 1)
    return [Person(numbers[owner], owner) for owner in owners]


def _owner(
    some: tuple[str, ...],
    before: Sequence[tuple[str, ...]],
    after: Sequence[tuple[str, ...]],
    fullest: Sequence[tuple[str, ...]],
) -> tuple[str, ...]:
    if len(some) > 1:
        return next(other for other in fullest if _within(some, other))
    for other in reversed(before):
        if len(other) > 1 and some[0] in other:
            return other
    for later in after:
        for other in fullest if len(later) > 1 and some[0] in later else ():
            if _within(later, other):
                return other
    return some


def _within(some: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the words of one name are all in the other, the last in both, initials standing for what they begin."""
    if some[-1] != other[-1] and not (_ARABIC.match(some[0]) and some[0] == other[0]):
        return False
    return all(word in other or (len(word) == 1 and any(o.startswith(word) for o in other)) for word in some)


def _words(name: str) -> tuple[str, ...]:
    """The words of a name, folded, surname last; of a Chinese name the given name, then the surname."""
    if _HAN.match(name):
        head = surname(name) or name[:1]
        return (name[len(head) :], head) if name[len(head) :] else (head,)
    if _ARABIC.match(name):
        return tuple(word for word in bare_arabic(name).translate(str.maketrans("أإآ", "ااا")).split() if word)
    first, comma, rest = name.partition(",")
    words = tuple(
        word.strip(".,").casefold() for word in ((rest + " " + first) if comma else name).replace("\u00a0", " ").split()
    )
    return tuple(word for word in words if word and word not in _PARTICLES) or (name.casefold(),)


def person_value(text: str, person: object, record: str, used: dict[str, object]) -> str:
    """The name of the person's double in the form of this mention; ``used`` holds which double stands for whom."""
    assert isinstance(person, Person)
    for attempt in range(128):
        bits = int(
            xxhash.xxh64_intdigest(f"{record}\0name\0{person.number}\0{attempt}".encode("utf-8", "surrogatepass"))
        )
        value, mark = _double(text, person, bits)
        # Surnames are kept apart while there are some left, so that 王先生 and 李先生 stay two people.
        marks = {f"double\0{mark[-1]}"} if attempt < 64 else {f"double\0{' '.join(mark)}"}
        own = mark[-1].casefold() in person.words or mark[0].casefold() in person.words
        if not own and all(used.get(one, person.number) == person.number for one in marks):
            used |= dict.fromkeys(marks, person.number)
            return value
    return value


def _double(text: str, person: Person, bits: int) -> tuple[str, tuple[str, ...]]:
    """(this mention as the double bears it, the words of the double that must differ between people)."""
    if _HAN.match(text):
        head = person.words[-1]
        new = _ZH_COMPOUND[bits % 8] if len(head) > 1 else _ZH_SURNAMES[bits % 16]
        given = len(person.words[0]) if len(person.words) > 1 else 0
        name = _ZH_ONE[(bits >> 8) % len(_ZH_ONE)] if given == 1 else _ZH_GIVEN[(bits >> 8) % len(_ZH_GIVEN)]
        return (new + name if text[len(head) :] else new), (name, new)
    if _ARABIC.match(text):
        feminine = person.words[0].endswith(("ة", "اء", "ى")) or person.words[0] in (
            "مريم",
            "زينب",
            "نور",
            "هند",
            "سعاد",
        )
        pool = _AR_WOMEN if feminine else _AR_MEN
        return _mapped(text, person.words, (pool, _AR_SURNAMES), bits), (str(bits % 97), _pick(_AR_SURNAMES, bits, 0))
    value = _mapped(text, person.words, (_EN_GIVEN, _EN_SURNAMES), bits)
    return value, (_pick(_EN_GIVEN, bits, 1), _pick(_EN_SURNAMES, bits, 0))


def _pick(pool: Sequence[str], bits: int, place: int) -> str:
    return pool[((bits >> (7 * (place % 8))) + place // 8) % len(pool)]


def _mapped(text: str, words: tuple[str, ...], pools: tuple[Sequence[str], Sequence[str]], bits: int) -> str:
    """The words of a mention, each by its place in the person's name: the surname last, particles and capitals kept."""
    arabic = bool(_ARABIC.match(text))
    fold = str.maketrans("أإآ", "ااا")

    def new(found: re.Match[str]) -> str:
        old = found[0]
        key = bare_arabic(old).translate(fold) if arabic else old.strip(".").casefold()
        if old in _PARTICLES:
            return old
        known = [at for at, word in enumerate(words) if word == key or (len(key) == 1 and word.startswith(key))]
        at = known[0] if known else len(words) - 1
        back = len(words) - 1 - at
        given = (at == 0 and len(words) > 1) or (arabic and at == 0) if arabic else back > 0
        made = (
            pools[0][(bits >> 40) % len(pools[0])]
            if arabic and given
            else _pick(pools[0] if given else pools[1], bits, back)
        )
        if not arabic and len(key) == 1:
            made = made[0]
        return made.upper() if old.isupper() and len(old) > 1 else made

    return re.sub(r"[^\s,.\u00a0]+", new, text)
