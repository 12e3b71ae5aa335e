import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.text.held import held, position
from metier.text.letters import split
from metier.text.ngrams import hashes
from metier.text.normalise import fold
from metier.text.patterns import compile_pattern, matches
from metier.text.sentences import sentences
from metier.text.suggest import did_you_mean
from metier.text.tags import strip_tags, unescape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Take one. Rest well! Why? Because.", ["Take one.", "Rest well!", "Why?", "Because."]),
        ("Dr. Smith gave 0.5 mg, e.g. at night. He left.", ["Dr. Smith gave 0.5 mg, e.g. at night.", "He left."]),
        ("See fig. 3 and no. 4. The answer is no. Stop.", ["See fig. 3 and no. 4.", "The answer is no.", "Stop."]),
        ("Take vitamin C. Then rest.", ["Take vitamin C.", "Then rest."]),
        ("A line that\nis wrapped. Next.", ["A line that\nis wrapped.", "Next."]),
        ("Steps:\n1. Wash\n2. Dry", ["Steps:", "1. Wash", "2. Dry"]),
        ("One block\n\nanother block", ["One block", "another block"]),
        ("高血压可以吃。“不行吗？”不行！", ["高血压可以吃。", "“不行吗？”", "不行！"]),
        ("هل هذا صحيح؟ نعم. شكرا", ["هل هذا صحيح؟", "نعم.", "شكرا"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="ab A.。!؟\n- 1:", max_size=80))
def test_sentences_lose_nothing(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@given(st.text(), st.floats(0, 1), st.floats(0, 1), st.text(max_size=5))
def test_whoever_is_held_stays_held_at_a_larger_share(value: str, one: float, other: float, salt: str) -> None:
    low, high = sorted((one, other))
    assert held(value, high, salt) or not held(value, low, salt)
    assert not held(value, 0.0, salt)
    assert held(value, 1.0, salt)


def test_the_draw_ignores_case_and_space_and_minds_the_salt() -> None:
    assert position(" Breast  CANCER\n", "a") == position("breast cancer", "a")
    assert position("e\u0301", "a") == position("\u00c9", "a")
    assert position("breast cancer", "a") != position("breast cancer", "b")
    share = sum(held(f"disease {i}", 0.05, "a") for i in range(20_000)) / 20_000
    assert 0.045 < share < 0.055


def test_fold() -> None:
    assert fold("  Straße\tMG ") == "strasse mg"
    assert fold("5 mg") != fold("50 mg")


def test_words_of_three_scripts() -> None:
    assert split("Take 5 mg, daily!") == ["take", "5", "mg", "daily"]
    assert split("高血压 ok") == ["高", "血", "压", "ok"]
    assert split("الشَّهَادَةِ ظاهرة") == ["الشهاده", "ظاهره"]


@given(st.lists(st.sampled_from(["one", "two", "three", "四", "五"]), max_size=30), st.integers(1, 5))
@settings(deadline=None)
def test_equal_ngrams_have_equal_hashes(tokens: list[str], n: int) -> None:
    got = hashes(" ".join(tokens), n)
    grams = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
    assert got.dtype == np.uint64
    assert len(got) == len(grams)
    assert len(set(got.tolist())) == len(set(grams))


def test_ngrams_mind_the_order_and_ignore_punctuation() -> None:
    assert hashes("a b c", 3).tolist() == hashes("A, b: C.", 3).tolist()
    assert hashes("a b c", 3).tolist() != hashes("c b a", 3).tolist()
    assert hashes("a b", 3).tolist() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("give <5 mg if p < .05 and x > 3", "give <5 mg if p < .05 and x > 3"),
        ("<b>Bold</b> and <a href='x'>link</a>", "Bold and link"),
        ("<h2>Dose</h2>5 mg", "\n\n## Dose\n5 mg"),
        ("a<br/>b<script>evil()</script>c", "a\nb c"),
        ("<ul><li>one</li><li>two</li></ul>", "\n\n- one\n\n- two\n\n"),
        ("<篇名>本草", "<篇名>本草"),
        ("a <!-- note --> b", "a   b"),
        ("the <TNF> receptor", "the <TNF> receptor"),
    ],
)
def test_tags(text: str, expected: str) -> None:
    assert strip_tags(text) == expected


def test_entities_need_their_semicolon() -> None:
    assert unescape("AT&T &amp; x&lt;5 &#233; ?a=1&copy=2 &nosuch;") == "AT&T & x<5 é ?a=1&copy=2 &nosuch;"


def test_did_you_mean() -> None:
    assert did_you_mean("qustion", ["answer", "question"]) == "did you mean 'question'?"
    assert did_you_mean("zzz", ["answer"]) == "known: answer"
    assert did_you_mean("zzz", []) == "there are none"


def found(text: str, *patterns: str) -> list[dict[str, str]]:
    return [values for _, _, values in matches(text, [compile_pattern(pattern) for pattern in patterns])]


def test_patterns_match_whole_sentences_only() -> None:
    pattern = "{drug} treats {illness}."
    assert found("Xol treats river\n cough. More.", pattern) == [{"drug": "Xol", "illness": "river cough"}]
    assert found("- Xol treats cough.", pattern) == [{"drug": "Xol", "illness": "cough"}]
    assert found("He said Xol treats cough", pattern) == []
    assert found("Heading\nXol treats cough.", pattern) == [{"drug": "Xol", "illness": "cough"}]


def test_a_slot_named_twice_must_hold_the_same() -> None:
    assert found("Xol is Xol.", "{a} is {a}.") == [{"a": "Xol"}]
    assert found("Xol is Yol.", "{a} is {a}.") == []


def test_a_slot_never_spans_two_sentences() -> None:
    assert found("Mr. Xu was at St. Gall.", "{who} was at {place}.") == [{"who": "Mr. Xu", "place": "St. Gall"}]
    assert found("Rest. Xol treats cough.", "{drug} treats {illness}.") == [{"drug": "Xol", "illness": "cough"}]
    assert found("At etc. Xol treats it.", "{drug} treats {illness}.") == [{"drug": "Xol", "illness": "it"}]
    assert found("At vs. Xol treats it.", "{drug} treats {illness}.") == []
