"""The names of entities in text: every disguise taken off, words of the script kept whole, the longest name wins."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.artefact import asset
from metier.records import Entity, MetierError, Name
from metier.rules.names import Names
from metier.text.bare import bare_text

ENTITIES = (
    Entity(
        "ceftriaxone",
        (
            Name("en", "ceftriaxone", (), ("Rocephin",), ("ceftriaxone sodium",)),
            Name("zh", "头孢曲松", ("头孢三嗪",), ("菌必治",)),
            Name("ar", "سيفترياكسون"),
        ),
    ),
    Entity("vitamin_b", (Name("en", "vitamin B"), Name("zh", "维生素B"), Name("ar", "فيتامين ب")), "class"),
    Entity("vitamin_b1", (Name("en", "vitamin B1"), Name("zh", "维生素B1"), Name("ar", "فيتامين ب1"))),
    Entity("vitamin_b12", (Name("en", "vitamin B12"), Name("zh", "维生素B12"))),
    Entity("vitamin_c", (Name("en", "vitamin C"), Name("zh", "维生素C", ("VC",)), Name("ar", "فيتامين سي"))),
    Entity("kcl", (Name("en", "potassium chloride", ("KCl",)), Name("zh", "氯化钾"), Name("ar", "كلوريد البوتاسيوم"))),
    Entity("saline", (Name("en", "0.9% sodium chloride", ("NS",)), Name("zh", "0.9%氯化钠"), Name("ar", "محلول ملحي"))),
    Entity("glucose", (Name("en", "5% dextrose"), Name("zh", "5%葡萄糖", ("葡萄糖",)), Name("ar", "جلوكوز"))),
    Entity("gluconate", (Name("zh", "葡萄糖酸钙"),)),
    Entity("nsaid", (Name("en", "NSAIDs"),), "class"),
    Entity("magnesium_sulfate", (Name("en", "magnesium sulfate"),)),
    Entity("ginseng", (Name("zh", "人参"),)),
    Entity("garlic", (Name("ar", "ثوم"),)),
)
NAMES, NEAR = Names(ENTITIES), Names(ENTITIES, distance=1)


def said(text: str, names: Names = NAMES) -> list[str]:
    """What is found: ``entity:piece of the text``."""
    return [f"{one.entity}:{text[one.start : one.end]}" for one in names.find(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("予ceftriaxone静滴", "ceftriaxone:ceftriaxone"),
        ("CEFTRIAXONE's", "ceftriaxone:CEFTRIAXONE"),
        ("ｃｅｆｔｒｉａｘｏｎｅ", "ceftriaxone:ｃｅｆｔｒｉａｘｏｎｅ"),
        ("𝐜𝐞𝐟𝐭𝐫𝐢𝐚𝐱𝐨𝐧𝐞 1 g", "ceftriaxone:𝐜𝐞𝐟𝐭𝐫𝐢𝐚𝐱𝐨𝐧𝐞"),
        ("сеftriахоne", "ceftriaxone:сеftriахоne"),  # Cyrillic с, е, а, х, о
        ("cef\u200btri\u00adaxo\u2060ne", "ceftriaxone:cef\u200btri\u00adaxo\u2060ne"),
        ("céftriäxone", "ceftriaxone:céftriäxone"),
        ("ce\u0301ftriaxone", "ceftriaxone:ce\u0301ftriaxone"),
        ("ceftria\ufe0fxone", "ceftriaxone:ceftria\ufe0fxone"),
        ("c e f t r i a x o n e iv", "ceftriaxone:c e f t r i a x o n e"),
        ("c.e.f.t.r.i.a.x.o.n.e", "ceftriaxone:c.e.f.t.r.i.a.x.o.n.e"),
        ("**cef**triaxone", "ceftriaxone:cef**triaxone"),
        ("ceftri-\naxone", "ceftriaxone:ceftri-\naxone"),
        ("ceftriaxone2g静滴", "ceftriaxone:ceftriaxone"),
        ("Rocephin® 1 g", "ceftriaxone:Rocephin"),
        ("頭孢曲松", "ceftriaxone:頭孢曲松"),
        ("头胞曲松", "ceftriaxone:头胞曲松"),
        ("头 孢 曲 松", "ceftriaxone:头 孢 曲 松"),
        ("والسيفترياكسون", "ceftriaxone:سيفترياكسون"),
        ("سِيـفْـتـرياكسـون", "ceftriaxone:سِيـفْـتـرياكسـون"),
        ("سيفتریاکسون", "ceftriaxone:سيفتریاکسون"),  # Persian ya and kaf
        ("س ي ف ت ر ي ا ك س و ن", "ceftriaxone:س ي ف ت ر ي ا ك س و ن"),
        ("vitamin-C", "vitamin_c:vitamin-C"),
        ("vitaminC", "vitamin_c:vitaminC"),
        ("VITAMIN  C", "vitamin_c:VITAMIN  C"),
        ("维 生 素 C", "vitamin_c:维 生 素 C"),
        ("維生素Ｃ", "vitamin_c:維生素Ｃ"),
        ("维\u200b 生\u200b 素\u200bC", "vitamin_c:维\u200b 生\u200b 素\u200bC"),
        ("维生素C0.5g", "vitamin_c:维生素C"),
        ("维生素 B 1 片", "vitamin_b1:维生素 B 1"),
        ("cef💊triaxone", "ceftriaxone:cef💊triaxone"),
        ("c̶e̶f̶triaxone", "ceftriaxone:c̶e̶f̶triaxone"),
        ("K⁠CI", "kcl:K⁠CI"),
        ("维生素B₁₂", "vitamin_b12:维生素B₁₂"),
        ("维生素B①", "vitamin_b1:维生素B①"),
        ("فيتامين ب١", "vitamin_b1:فيتامين ب١"),
        ("كلوريد بوتاسيوم", "kcl:كلوريد بوتاسيوم"),
        ("بالمحلول الملحي", "saline:محلول الملحي"),
        ("10%氯化钾10ml", "kcl:氯化钾"),
        ("500mlNS", "saline:NS"),
        ("０．９％氯化钠", "saline:０．９％氯化钠"),
        ("an NSAID", "nsaid:NSAID"),
        ("magnesium sulphate", "magnesium_sulfate:magnesium sulphate"),
        ("بالثوم", "garlic:ثوم"),
    ],
)
def test_a_name_is_known_in_every_dress(text: str, found: str) -> None:
    assert said(text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "维生素B2", "vitamin B2", "vitamin B 2", "فيتامين ب2", "فيتامين ب 2",
        "preceftriaxone", "ceftriaxonex", "CYP-KClx",
        "vitamin, C", "vitamin; C", "vitamin\n\nC", "it helps. C is next",
        "15% dextrose", "5 dextrose", "09% sodium chloride",
        "ceftri(axone)", "ns", "20 vc", "kc l", "كثوم", "فثوم",
        "某人参与讨论", "约翰·霍人·参森", "葡萄糖酸锌", "cefotaxime",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_name_is_none(text: str) -> None:
    assert said(text) == []


def test_the_longest_name_wins_and_the_first() -> None:
    assert said("维生素B12") == ["vitamin_b12:维生素B12"]
    assert said("维生素B1和维生素B") == ["vitamin_b1:维生素B1", "vitamin_b:维生素B"]
    assert said("ceftriaxone sodium") == ["ceftriaxone:ceftriaxone sodium"]
    assert said("葡萄糖酸钙") == ["gluconate:葡萄糖酸钙"]


def test_a_line_may_end_in_a_name_and_between_names() -> None:
    names = Names(
        (
            Entity("glucose", (Name("zh", "葡萄糖"),)),
            Entity("saline", (Name("zh", "氯化钠"),)),
            Entity("both", (Name("zh", "葡萄糖氯化钠"), Name("en", "glucose saline"))),
        )
    )
    assert said("葡萄糖氯\n化钠", names) == ["both:葡萄糖氯\n化钠"]
    assert said("葡萄糖\n氯化钠", names) == ["glucose:葡萄糖", "saline:氯化钠"]
    assert said("- 葡萄糖\n- 氯化钠", names) == ["glucose:葡萄糖", "saline:氯化钠"]
    assert said("glucose\nsaline", names) == ["both:glucose\nsaline"]
    assert said("- glucose\n- saline", names) == []


def test_a_dose_written_together_is_no_number_of_the_name() -> None:
    assert said("维生素B12mg静滴") == ["vitamin_b1:维生素B1"]
    assert said("维生素B120.5mg") == ["vitamin_b12:维生素B12"]
    assert said("维生素C2g加氯化钾10ml") == ["vitamin_c:维生素C", "kcl:氯化钾"]


def test_words_of_the_table_go_before_traps() -> None:
    assert said("人参与五灵脂同用") == ["ginseng:人参"]
    assert said("葡萄糖酸锌", Names((Entity("zinc", (Name("zh", "葡萄糖酸锌"),)),))) == ["zinc:葡萄糖酸锌"]


@pytest.mark.parametrize("text", ["人参加五灵脂同煎", "人参与藜芦同用"])
def test_two_herbs_are_joined_by_words_that_begin_others(text: str) -> None:
    assert said(text) == ["ginseng:人参"]


def test_short_names_keep_their_case() -> None:
    assert said("KCl, KCL, kcl") == ["kcl:KCl", "kcl:KCL", "kcl:kcl"]
    assert said("NS, ns") == ["saline:NS"]
    assert said("打vc针") == ["vitamin_c:vc"]


def test_every_mention_says_how_it_was_found() -> None:
    found = NEAR.find("NSAID, KCl, cefriaxone, vitamin C")
    assert [(one.entity, one.way) for one in found] == [
        ("nsaid", "class"), ("kcl", "short"), ("ceftriaxone", "misspelt"), ("vitamin_c", "name"),
    ]  # fmt: skip


def test_a_name_that_two_entities_share_names_both() -> None:
    names = Names((Entity("one", (Name("en", "mixture"),)), Entity("two", (Name("en", "Mixture"),))))
    assert [(one.entity, one.start, one.end) for one in names.find("a mixture")] == [("one", 2, 9), ("two", 2, 9)]


def test_what_is_written_goes_before_what_is_derived() -> None:
    names = Names((Entity("many", (Name("en", "velins"),)), Entity("one", (Name("en", "velin"),))))
    assert said("velins, velin", names) == ["many:velins", "one:velin"]


def test_nothing_is_found_in_nothing() -> None:
    assert Names(()).find("vitamin C") == ()
    assert NAMES.find("") == ()
    assert NAMES.find("\u200b\ufeff \n") == ()
    assert Names((Entity("empty", (Name("en", "®"),)),)).find("® and more") == ()


def test_a_distance_of_three_is_refused() -> None:
    with pytest.raises(MetierError, match="distance: 3 is none of 0, 1, 2"):
        Names(ENTITIES, distance=3)


WRITTEN = [name for entity in ENTITIES for one in entity.names for name in (one.name, *one.aliases, *one.brands)]
HIDDEN = st.text(st.sampled_from("\u200b\u200d\u2060\ufeff\u00ad\u202e\u0008\ufe0f"), max_size=2)


@given(st.sampled_from(WRITTEN), st.data())
def test_what_is_not_seen_changes_nothing(name: str, data: st.DataObject) -> None:
    """A name among other words is found with its place, whatever unseen characters stand in it."""
    hidden = "".join(letter + data.draw(HIDDEN) for letter in name)
    before = data.draw(st.sampled_from(["", "x ", "用，", "ف ", "\u200b", "ﬁ "]))
    plain, found = NAMES.find(name), NAMES.find(before + hidden + " .")
    assert [one.entity for one in found] == [one.entity for one in plain]
    assert len(before) <= found[0].start
    assert found[-1].end <= len(before + hidden)


@given(st.lists(st.one_of(st.sampled_from([*WRITTEN, *"，。 \n"]), st.text(max_size=5)), max_size=8))
def test_mentions_stand_in_order_and_apart(parts: list[str]) -> None:
    text = "".join(parts)
    found = NEAR.find(text)
    for one, other in itertools.pairwise(found):
        assert one.end <= other.start or (one.start, one.end) == (other.start, other.end)
    assert all(0 <= one.start < one.end <= len(text) for one in found)


@given(st.lists(st.sampled_from(["维生素B12", "vitamin C", "KCl", "سيفترياكسون", "no name"]), max_size=6))
def test_names_parted_by_lines_are_found_as_alone(parts: list[str]) -> None:
    text = "\n\n".join(parts)
    assert said(text) == [found for part in parts for found in said(part)]


WORDS = st.lists(st.text("ab", min_size=2, max_size=4), max_size=20)


@given(WORDS, st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), max_size=12))
def test_the_longest_name_of_whole_words_wins(words: list[str], spans: list[tuple[int, int]]) -> None:
    """Against the definition, word by word: six letters and more are known however blanks cut them."""
    known = {name for at, count in spans if len(name := "".join(words[at : at + count])) >= 6}
    expected, at = [], 0
    while at < len(words):
        ends = [end for end in range(at + 1, len(words) + 1) if "".join(words[at:end]) in known]
        expected += ["".join(words[at : ends[-1]])] if ends else []
        at = ends[-1] if ends else at + 1
    text = " ".join(words)
    names = Names([Entity(name, (Name("en", name),)) for name in sorted(known)])
    assert [one.entity for one in names.find(text)] == expected
    assert [text[one.start : one.end].replace(" ", "") for one in names.find(text)] == expected


def entries(asset_name: str) -> list[str]:
    lines = asset(asset_name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_every_variant_is_compared_as_one_character() -> None:
    groups = [group for line in entries("asset:rules/variants.txt") for group in line.split()]
    olds = [old for group in groups for old in group[:-1]]
    assert min(map(len, groups)) >= 2
    assert len(olds) == len(set(olds))
    assert all(bare_text(old) == bare_text(group[-1]) for group in groups for old in group)


def test_characters_that_are_alike_are_compared_as_one() -> None:
    groups = [group for line in entries("asset:rules/alike.txt") for group in line.split()]
    olds = [old for group in groups for old in group[:-1]]
    assert len(olds) == len(set(olds))
    assert set(olds).isdisjoint(group[-1] for group in groups)


def test_traps_are_found_and_name_nothing() -> None:
    """Each goes before a name that begins where it does, and ends where a word may."""
    traps = [trap.strip() for line in entries("asset:rules/traps.txt") for trap in line.split("|")]
    assert len(traps) == len(set(traps))
    firsts = {trap: trap.split()[0] if " " in trap else trap[:-1] for trap in traps}
    names = Names([Entity(trap, (Name("", first),)) for trap, first in firsts.items()])
    assert {trap: said(f"{trap}.", names) for trap in traps} == {trap: [] for trap in traps}
    assert all(said(f"{first}.", names) for first in firsts.values())
