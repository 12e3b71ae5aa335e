import math
from collections import Counter
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from metier.preferences.near import Rarity, near
from metier.text.letters import split


def plainly(texts: list[str], least: float) -> dict[tuple[int, int], float]:
    """The same pairs, counted by hand."""
    pairs = [set(zip(["", *split(text)], [*split(text), ""], strict=True)) if split(text) else set() for text in texts]
    spread = Counter(pair for some in pairs for pair in some)
    weigh = {pair: 1 + math.floor(math.log2(len(texts) / count) / 2) for pair, count in spread.items()}
    found = {}
    for one, other in combinations(range(len(texts)), 2):
        both, either = (
            sum(weigh[pair] for pair in some) for some in (pairs[one] & pairs[other], pairs[one] | pairs[other])
        )
        if either and both / either >= least - 1e-9:
            found[one, other] = both / either
    return found


WORDS = st.lists(st.sampled_from(["does", "it", "help", "Fever", "头", "痛", "الحمى", "?"]), max_size=8).map(" ".join)


@settings(max_examples=60)
@given(texts=st.lists(WORDS, min_size=1, max_size=12), least=st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_exactly_the_pairs_that_counting_by_hand_finds(texts: list[str], least: float) -> None:
    found = {(one.one, one.other): one.similarity for one in near(texts, least, Rarity.among(texts))}
    wanted = plainly(texts, least)
    assert found.keys() == wanted.keys()
    assert all(math.isclose(found[key], wanted[key]) for key in wanted)


def test_one_form_about_two_drugs_is_not_alike_and_a_changed_word_of_many_is() -> None:
    form = "My doctor gave me {} last week and I would like to know whether I may take it together with my other pills"
    forms = [form.format(f"drug{number}") for number in range(300)]
    one = "Since the spring I wake at night with a dull pain behind my left knee that goes when I walk around the house"
    texts = [*forms, one, one.replace("dull", "sharp"), one.upper() + "!"]
    found = {(pair.one, pair.other) for pair in near(texts, 0.7, Rarity.among(texts))}
    assert found == {(300, 301), (300, 302), (301, 302)}
    assert any(len(set(split(a)) & set(split(b))) / len(set(split(a)) | set(split(b))) > 0.9 for a, b in [forms[:2]])
