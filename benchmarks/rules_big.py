"""A table of rules as large as the largest in use, and texts that name its entities: what the other benchmarks load.

50,000 entities with four names each (English with a brand, Chinese, Arabic) in 500 classes, and 160,000 rules over
pairs of them. As in real tables some entities stand in many rules and most in a few. Everything is drawn from a seed.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from metier.records import Advice, Entity, Name, Rule
from metier.rules.tables_write import write

ENTITIES, RULES, CLASSES = 50_000, 160_000, 500
LATIN = [first + second for first in "bcdfglmnprstvxz" for second in "aeio"]
ENDS = ("mab", "nib", "pril", "sartan", "statin", "cillin", "zole", "mycin", "oxacin", "amine", "olol", "idine")
HAN = "阿巴贝布达德地多厄法非伏氟格哈海磺吉加甲卡可克拉雷利洛氯罗马米莫那奈尼诺帕培匹普青瑞塞沙舒司索他泰替托维西辛伊扎"
HAN_ENDS = ("单抗", "替尼", "普利", "沙坦", "他汀", "西林", "康唑", "霉素", "沙星", "洛尔", "胺", "酯")
ARABIC = [first + second for first in "بتدرسفكلمنز" for second in "ايو"]
ARABIC_ENDS = ("ماب", "نيب", "بريل", "سارتان", "ستاتين", "سيلين", "ازول", "ميسين", "ين", "ول")


def tables(seed: int = 0, entities: int = ENTITIES, rules: int = RULES) -> tuple[list[Entity], list[Rule]]:
    """The entities and rules of a seed; the classes come first."""
    draw = random.Random(f"{seed}:big")
    latin = _distinct(draw, LATIN, ENDS, (2, 4))
    brands = _distinct(draw, LATIN, ("x", "n", "l"), (3, 4))
    han = _distinct(draw, HAN, HAN_ENDS, (3, 4))
    arabic = _distinct(draw, ARABIC, ARABIC_ENDS, (3, 4))
    number = min(CLASSES, entities // 10)
    made = [Entity(f"C{at}", (Name("en", f"{next(latin)} agents"),), "class") for at in range(number)]
    for at in range(entities - number):
        names = (Name("en", next(latin), brands=(next(brands).title(),)), Name("zh", next(han)))
        classes = (f"C{draw.randrange(number)}",) if number else ()
        made.append(Entity(f"D{at}", (*names, Name("ar", next(arabic))), "thing", classes))
    return made, _rules(draw, made, number, rules)


def _rules(draw: random.Random, entities: Sequence[Entity], classes: int, count: int) -> list[Rule]:
    """Rules over distinct pairs; the first of a pair is drawn by a power law, and one pair in a hundred has a class."""
    things = entities[classes:]
    pairs: dict[tuple[str, str], None] = {}
    while len(pairs) < count:
        first = things[int(len(things) * draw.random() ** 3)].id
        other = f"C{draw.randrange(classes)}" if draw.random() < 0.01 else draw.choice(things).id
        if first != other and (other, first) not in pairs:
            pairs[first, other] = None
    made = []
    for at, pair in enumerate(pairs):
        severity = draw.choice(("note", "caution", "forbidden"))
        told = Advice("en", f"{pair[0]} and {pair[1]} do not go together.", "Choose another way of treatment.")
        zh = Advice("zh", f"{pair[0]}与{pair[1]}不宜合用。", "请另选方案。")
        made.append(Rule(f"P{at}", pair, "together", severity, (told, zh), "made up"))  # type: ignore[arg-type]
    return made


def _distinct(draw: random.Random, parts: Sequence[str], ends: Sequence[str], sizes: tuple[int, int]) -> Iterator[str]:
    """Words of so many parts and an end, no two the same."""
    seen = set[str]()
    while True:
        word = "".join(draw.choices(parts, k=draw.randint(*sizes))) + draw.choice(ends)
        if word not in seen:
            seen.add(word)
            yield word


def written(place: Path, seed: int = 0, entities: int = ENTITIES, rules: int = RULES) -> Path:
    """Write the table of a seed into a directory and return it."""
    write(*tables(seed, entities, rules), place)
    return place


def texts(entities: Sequence[Entity], count: int, size: int = 1000, names: int = 8, seed: int = 0) -> Iterator[str]:
    """Texts of so many characters in English, Chinese and Arabic by turns, each with so many names of entities."""
    draw = random.Random(f"{seed}:texts")
    fillers = {
        "en": ("The patient slept well and asked what to eat. ", "Please come back in two weeks for a check. "),
        "zh": ("病人昨晚睡得很好，今天早上问起饮食。", "请两周以后再来复查，平时多喝水。"),
        "ar": ("نام المريض جيدا وسأل عما يأكل اليوم. ", "يرجى العودة بعد أسبوعين لإجراء الفحص. "),
    }
    says = {"en": "The doctor gave {}. ", "zh": "医生开了{}。", "ar": "أعطى الطبيب {}. "}
    things = [entity for entity in entities if entity.kind == "thing"]
    for at in range(count):
        language = ("en", "zh", "ar")[at % 3]
        pieces = [_named(draw.choice(things), says[language], language) for _ in range(names)]
        while sum(map(len, pieces)) < size:
            pieces.append(draw.choice(fillers[language]))
        draw.shuffle(pieces)
        yield "".join(pieces)[:size]


def _named(entity: Entity, says: str, language: str) -> str:
    return says.format(next(name.name for name in entity.names if name.language == language))
