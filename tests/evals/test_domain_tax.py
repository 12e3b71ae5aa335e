import pytest
from msgspec.structs import replace

from metier.evals.domain_tax import DomainTax, domain_tax
from metier.evals.intervals import paired
from metier.records import Answer, MetierError, Question

EXAM = [Question(f"g{place}", "Where?", options={"A": "x", "B": "y"}, key=frozenset("A")) for place in range(4)]


def said(model: str, letters: str, seed: int = 0) -> list[Answer]:
    return [Answer(f"{model}{seed}{n}", f"g{n}", model, "", frozenset(one.strip())) for n, one in enumerate(letters)]


def test_the_tax_is_what_the_base_had_and_the_model_lost() -> None:
    answers = said("base", "AAAB") + said("new", "ABAA") + [Answer("x", "elsewhere", "new", "", frozenset("B"))]
    (score,) = domain_tax(answers, EXAM, "general", DomainTax())
    expected = paired([0, 1, 0, -1])
    assert (score.task, score.model, score.metric, score.by) == ("general", "new", "tax", {})
    assert (score.value, score.n, score.low, score.high) == (0, 4, expected.low, expected.high)


def test_an_unread_answer_is_wrong_and_seeds_are_averaged() -> None:
    answers = said("base", "AAAA") + said("new", "AAA ", 1) + said("new", "AABB", 2)
    (score,) = domain_tax(answers, EXAM, "general", DomainTax())
    assert score.value == pytest.approx((0 + 0 + 0.5 + 1) / 4)
    assert score.n == 4


def test_what_cannot_be_paired_is_an_error() -> None:
    with pytest.raises(MetierError, match=r"model 'bsae'.*did you mean 'base'\?"):
        list(domain_tax(said("base", "AAAA") + said("new", "AAAA"), EXAM, "general", DomainTax(base="bsae")))
    with pytest.raises(MetierError, match="'g3'"):
        list(domain_tax(said("base", "AAAA") + said("new", "AAA"), EXAM, "general", DomainTax()))
    with pytest.raises(MetierError, match="second model"):
        list(domain_tax(said("base", "AAAA"), EXAM, "general", DomainTax()))
    with pytest.raises(MetierError, match="there are none"):
        list(domain_tax([], EXAM, "general", DomainTax()))


def test_what_was_gained_stands_beside_what_was_lost() -> None:
    drugs = [Question(f"d{n}", "Which?", options={"A": "x", "B": "y"}, key=frozenset("B")) for n in range(4)]
    domain = [replace(one, question=f"d{one.question[1:]}") for one in said("base", "ABAA") + said("new", "BBBA")]
    config = DomainTax(points={"new": {"replay": "20", "how": "full"}})
    tax, gain = domain_tax(said("base", "AAAB") + said("new", "ABAB"), EXAM, "general", config, domain, drugs)
    assert (tax.metric, gain.metric, gain.by) == ("tax", "gain", {"replay": "20", "how": "full"})
    assert (tax.value, gain.value) == (0.25, 0.5)
    assert (gain.low, gain.high) == (paired([1, 0, 1, 0]).low, paired([1, 0, 1, 0]).high)


def test_a_point_or_a_gain_of_no_model_is_an_error() -> None:
    drugs = [Question("d0", "Which?", options={"A": "x", "B": "y"}, key=frozenset("B"))]
    answers = said("base", "AAAA") + said("new", "AAAA") + said("other", "AAAA")
    with pytest.raises(MetierError, match=r"points names 'nwe'.*did you mean 'new'\?"):
        list(domain_tax(answers, EXAM, "general", DomainTax(points={"nwe": {"replay": "1"}})))
    domain = [Answer("1", "d0", "base", ""), Answer("2", "d0", "new", "")]
    with pytest.raises(MetierError, match="'other' did not answer the domain's questions"):
        list(domain_tax(answers, EXAM, "general", DomainTax(), domain, drugs))
