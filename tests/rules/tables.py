"""A small table for tests: medicines of no pharmacy, with a rule of every context, named in three languages."""

from metier.records import Advice, Entity, Name, Rule
from metier.rules.table import Table


def entity(id: str, en: str, zh: str, ar: str, *classes: str, kind: str = "thing", brand: str = "") -> Entity:
    """An entity with one name a language, and a brand that is the same in all."""
    names = [Name("en", en), Name("zh", zh), Name("ar", ar)] + ([Name("", brand)] if brand else [])
    return Entity(id, tuple(names), kind, classes)  # type: ignore[arg-type]


ENTITIES = (
    entity("velorin", "velorin", "维洛林", "فيلورين", brand="Velox"),
    entity("marital", "maritalol", "玛瑞醇", "ماريتالول"),
    entity("brine", "brine salt", "卤盐液", "ملح البرين", kind="class"),
    entity("tessium", "tessium chloride", "氯化泰西", "كلوريد التيسيوم", "brine"),
    entity("ossium", "ossium gluconate", "葡萄糖酸奥西", "غلوكونات الأوسيوم", "brine"),
    entity("nadorax", "nadorax", "纳多拉", "نادوراكس"),
    entity("quintal", "quintalide", "昆他利", "كوينتاليد"),
    entity("sorbix", "sorbixin", "索比星", "سوربيكسين"),
)


def rule(id: str, members: str, context: str, when: str = "") -> Rule:
    """A rule with advice in three languages."""
    advice = tuple(Advice(language, f"{id} ({language})", "Keep them apart.") for language in ("en", "zh", "ar"))
    return Rule(id, tuple(members.split()), context, "forbidden", advice, "The test's own.", when)  # type: ignore[arg-type]


RULES = (
    rule("velorin_brine", "velorin brine", "mixed"),
    rule("nadorax_quintal", "nadorax quintal", "together"),
    rule("velorin_nadorax", "velorin nadorax", "either"),
    rule("triple", "velorin marital tessium", "mixed"),
    rule("sorbix_pregnant", "sorbix", "patient", "pregnant"),
)
TABLE = Table(ENTITIES, RULES)
