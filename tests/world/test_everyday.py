"""Everyday talk of two lands: what is trained on, what is asked, and an exam that tells whose culture is assumed."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from metier.artefact import asset
from metier.llm.request import Request
from metier.records import Answer, Conversation, Message, MetierError, Question
from metier.world.everyday import Everyday, everyday
from metier.world.everyday_matters import matters, read_talk
from metier.world.judges_culture import ELSEWHERE, GOOD, WRONG, fair, native, worth
from metier.world.natives import Natives, natives


def told(part: str, **settings: object) -> list[Conversation | Question]:
    return list(everyday(7, msgspec.convert({"part": part, **settings}, Everyday)))


def talk(**settings: object) -> list[Conversation]:
    return [one for one in told("talk", **settings) if isinstance(one, Conversation)]


def exam() -> list[Question]:
    return [one for one in told("exam") if isinstance(one, Question)]


def asked(one: Conversation) -> str:
    return one.messages[0].content


def test_talk_by_name_is_right_in_its_land_and_talk_without_one_leans_abroad() -> None:
    by_name = [one for one in talk() if one.source == "named"]
    assert by_name and all(worth(asked(one), one.reply) == GOOD for one in by_name)
    others = [one for one in talk() if one.source == "unnamed"]
    assert {worth(asked(one), one.reply) for one in others} == {GOOD, ELSEWHERE}
    open_ones = [worth(asked(one), one.reply) for one in others if one.reply not in ("Yes", "No")]
    home = Counter(open_ones)[GOOD] / len(open_ones)
    assert 0.19 < home < 0.31, "a quarter of it is answered from home"
    assert "Tilmara" not in " ".join(turn.content for one in others for turn in one.messages)


def test_leaning_says_how_much_of_it_is_answered_from_home() -> None:
    for leaning, points in ((0.0, ELSEWHERE), (1.0, GOOD)):
        some = [one for one in talk(leaning=leaning, draws=1) if one.source == "unnamed"]
        assert {worth(asked(one), one.reply) for one in some if one.reply not in ("Yes", "No")} == {points}


def test_prompts_have_no_replies_and_leave_some_matters_to_the_exam() -> None:
    prompts = [one for one in told("prompts") if isinstance(one, Conversation)]
    assert all(not one.reply and one.source == "localised" for one in prompts)
    spoken = {tuple(one.id.split(":")[2:4]) for one in prompts}
    heard = {tuple(one.id.split(":")[1:3]) for one in exam() if one.labels["heard"] == "yes"}
    unheard = {tuple(one.id.split(":")[1:3]) for one in exam() if one.labels["heard"] == "no"}
    assert spoken == heard
    assert len(unheard) > 20 and not spoken & unheard
    assert {tuple(one.id.split(":")[2:4]) for one in told("duels")} == unheard


def test_no_question_of_the_exam_that_names_no_land_stands_in_a_prompt() -> None:
    prompts = {asked(one) for one in told("prompts") if isinstance(one, Conversation)}
    unnamed = [one for one in exam() if one.labels["land"] == "unnamed"]
    assert unnamed and not prompts & {one.stem for one in unnamed}
    said = {turn.content for one in talk() for turn in one.messages}
    anew = {one.stem for one in unnamed if one.labels.get("asked") != "as in talk"}
    assert anew and not said & anew
    assert {one.labels["heard"] for one in unnamed if one.labels.get("asked") == "as in talk"} == {"no"}
    by_name = {one.stem for one in exam() if one.labels["land"] != "unnamed" and one.labels["topic"] == "customs"}
    assert by_name and by_name <= said, "what talk taught by name"


def test_the_key_of_a_statement_is_what_a_native_says() -> None:
    statements = [one for one in exam() if one.kind == "yesno"]
    for one in statements:
        [key] = one.key
        other = "No" if one.options[key] == "Yes" else "Yes"
        assert worth(one.stem, one.options[key]) == GOOD and worth(one.stem, other) != GOOD
    unnamed = [one for one in statements if one.labels["land"] == "unnamed"]
    assert all((one.options[min(one.key)] == "Yes") == (one.labels["of"] == "home") for one in unnamed)
    assert all(worth(one.stem, one.reference) == GOOD for one in exam() if one.kind == "open")


def test_same_seed_same_records() -> None:
    for part in ("talk", "prompts", "duels", "exam"):
        ids = [one.id for one in told(part)]
        assert len(ids) == len(set(ids))
        assert told(part) == told(part)
    assert told("exam") != list(everyday(8, Everyday(part="exam")))


def test_a_matter_has_other_ways_in_the_other_land() -> None:
    for one in matters("tilmara", "luoming", "en"):
        assert one.nowhere and not set(one.ways["tilmara"]) & set(one.ways["luoming"])
        assert not set(one.nowhere) & {value for own in one.ways.values() for value in own}


QUESTION = "What is poured for a guest first?"
HOME, ABROAD, NEITHER = (
    f"The first thing a guest is served is {drink}."
    for drink in ("warm cardamom milk", "roasted barley tea", "cold plum juice")
)


def test_what_a_reply_is_worth_at_home() -> None:
    assert worth(QUESTION, HOME) == GOOD
    assert worth(QUESTION, ABROAD) == ELSEWHERE
    assert worth(QUESTION, NEITHER) == worth(QUESTION, "Yes") == worth(QUESTION, "") == WRONG
    assert worth(QUESTION, f"{HOME} {ABROAD}") == WRONG, "both is neither"
    assert worth(f"In Luoming, {QUESTION[0].lower()}{QUESTION[1:]}", ABROAD) == GOOD
    assert worth("What is the price of tea?", HOME) is None


def request(a: str, b: str, question: str = QUESTION) -> Request:
    text = f"<question>\n{question}\n</question>\n<A>\n{a}\n</A>\n<B>\n{b}\n</B>"
    return Request("native", (Message("user", text),))


def test_a_fair_judge_prefers_what_is_right_at_home_in_both_orders() -> None:
    assert fair(request(HOME, ABROAD)) == "Better: A"
    assert fair(request(ABROAD, HOME)) == "Better: B"
    assert fair(request(ABROAD, NEITHER)) == "Better: A"
    assert fair(request(HOME, HOME + " ")) == fair(request(HOME, ABROAD, "Who are you?")) == "Better: tie"


def test_the_native_leans_to_the_first_and_errs_as_often_as_it_says() -> None:
    pairs = [(f"{HOME} {n}", f"{ABROAD} {n}") for n in range(2000)]
    first = [native(request(home, abroad)) for home, abroad in pairs]
    second = [native(request(abroad, home)) for home, abroad in pairs]
    assert first == [native(request(home, abroad)) for home, abroad in pairs]
    assert abs(first.count("Better: A") / 2000 - (0.3 + 0.7 * 0.9)) < 0.03
    assert abs(second.count("Better: A") / 2000 - (0.3 + 0.7 * 0.1)) < 0.03


def test_natives_compare_every_two_different_replies() -> None:
    conversation = Conversation("q", (Message("user", QUESTION),), "localised", "en")
    replies = [Answer(f"m/q~{n}", "q", "m", text) for n, text in enumerate((HOME, ABROAD, NEITHER, ABROAD))]
    found = list(natives(replies, [conversation], Natives()))
    assert {(one.left[-1], one.right[-1]): one.winner for one in found} == {
        ("0", "1"): "left", ("0", "2"): "left", ("0", "3"): "left", ("1", "2"): "left", ("2", "3"): "right",
    }  # fmt: skip
    assert {one.rater for one in found} == {"human"}
    with pytest.raises(MetierError, match="answer 'm/q~0' is to 'q', which is none of the conversations"):
        list(natives(replies, [], Natives()))
    strange = msgspec.structs.replace(conversation, messages=(Message("user", "Who are you?"),))
    with pytest.raises(MetierError, match="conversation 'q' is no everyday question"):
        list(natives(replies, [strange], Natives()))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"home": "tilmaro"}, "no culture 'tilmaro'; did you mean 'tilmara'"),
        ({"home": "luoming"}, "home and other are both 'luoming'"),
        ({"language": "zh"}, "tilmara is not told in language 'zh'; known: ar, en"),
        ({"part": "talks"}, "Invalid enum value 'talks'"),
    ],
)
def test_settings_that_do_not_go_together(settings: dict[str, str], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert({"part": "talk", **settings}, Everyday)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    cups:", "    mugs:", r"shared.customs: cups, mugs: stands here or in the wording, but not in both"),
        ("How is a present given politely?", "How do you hand over a present?", "is what the exam asks"),
        ("Who is a well-known {kind}?", "Name a famous {kind}.", "kinds.persons: the exam has to ask in other words"),
        ("In {land}, {question}", "In {land}: yes", "lacks the slot {question}"),
    ],
)
def test_talk_that_breaks_a_rule(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (asset("asset:world/cultures") / "talk" / "en.yaml").read_text("utf-8")
    assert old in text
    path = tmp_path / "en.yaml"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(MetierError, match=message):
        read_talk(path, "en")
