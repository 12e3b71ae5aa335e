"""The guard: what leaves does not depend on where the stream is cut, and no sentence that breaks a rule is in it."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metier.records import Advice, Message, MetierError
from metier.rules.card import Card
from metier.rules.check import Checker
from metier.rules.firing import Firing
from metier.rules.guard import Held, Policy, Reply, guarded, on_prompt, on_reply
from metier.rules.guard_words import warning
from metier.rules.table import Table, read
from tests.rules.tables import ENTITIES, RULES, TABLE

CHECKER = Checker(TABLE)
ASKED = (Message("user", "May I take nadorax with quintalide?"),)
BAD = {
    "en": "Take nadorax together with quintalide every morning.",
    "zh": "每天早上将纳多拉与昆他利一起服用。",
    "ar": "تناول نادوراكس مع كوينتاليد كل صباح.",
}
TOLD = {
    language: f"{word}nadorax_quintal ({language}) Keep them apart. [nadorax_quintal: The test's own.]"
    for language, word in (("en", "Warning: "), ("zh", "警告："), ("ar", "تحذير: "))
}


def ruled(severity: str) -> Checker:
    """A checker over the same rules, all of one severity."""
    return Checker(Table(ENTITIES, [msgspec.structs.replace(rule, severity=severity) for rule in RULES]))


def streamed(reply: str, cuts: Sequence[int], messages: Sequence[Message] = ()) -> Reply:
    """What leaves of a reply that is fed in chunks of these lengths."""
    held = Held(CHECKER, messages)
    left = ""
    for cut in cuts:
        left += held.feed(reply[:cut])
        reply = reply[cut:]
    return Reply(left + held.feed(reply) + held.close(), held.ruled)


@pytest.mark.parametrize("language", BAD)
def test_in_place_of_a_forbidden_sentence_stands_its_rule(language: str) -> None:
    reply = on_reply(CHECKER, (), f"Listen. {BAD[language]} Drink enough.")
    assert reply.text == f"Listen.\n{TOLD[language]}\nDrink enough."
    [one] = reply.ruled
    assert (one.action, one.said.strip(), one.text) == ("block", BAD[language], TOLD[language])
    assert [firing.rule.id for firing in one.firings] == ["nadorax_quintal"]


def test_what_breaks_no_rule_leaves_as_it_was_written() -> None:
    reply = "## Plan\n\n1. Nadorax, 2.5 mg a day\n2. Rest\n\n| a | b |\n|---|---|\n多喝水。 اشرب ماء.\r\n"
    reply += "Never take nadorax with quintalide!\n"
    assert on_reply(CHECKER, (), reply) == Reply(reply)


def test_a_rule_is_told_once() -> None:
    reply = on_reply(CHECKER, (), f"{BAD['en']} {BAD['en']} Rest.")
    assert reply.text == f"{TOLD['en']}\n(A sentence that breaks nadorax_quintal is left out.)\nRest."
    assert [one.action for one in reply.ruled] == ["block", "block"]


def test_what_the_policy_says_becomes_of_a_sentence() -> None:
    checker = ruled("caution")
    reply = f"Listen. {BAD['en']} Rest."
    assert on_reply(checker, (), reply).text == f"{reply}\n\n{TOLD['en']}"
    assert (
        on_reply(checker, (), reply, policy=Policy(caution="warn")).text == f"Listen.\n{TOLD['en']}\n{BAD['en']} Rest."
    )
    assert on_reply(checker, (), reply, policy=Policy(caution="pass")) == Reply(reply)
    assert on_reply(checker, (), reply, policy=Policy(caution="block")).text == f"Listen.\n{TOLD['en']}\nRest."
    assert on_reply(ruled("note"), (), reply, policy=Policy(note="block", rest=True)).text == f"Listen.\n{TOLD['en']}"
    assert on_reply(CHECKER, (), reply, policy=Policy(language="zh")).text == f"Listen.\n{TOLD['zh']}\nRest."


def test_a_sentence_that_completes_what_is_forbidden_is_blocked() -> None:
    reply = on_reply(CHECKER, (), "Dissolve velorin in water. Then add tessium chloride to the same bag. Rest.")
    assert reply.text.startswith("Dissolve velorin in water.\nWarning: velorin_brine")
    assert reply.text.endswith("\nRest.")
    assert [one.said for one in reply.ruled] == [" Then add tessium chloride to the same bag."]


def test_what_was_blocked_is_not_forgotten() -> None:
    reply = on_reply(
        CHECKER, (), "Mix velorin and tessium chloride in one bag. Add ossium gluconate to the same bag, too."
    )
    assert [one.action for one in reply.ruled] == ["block", "block"]
    assert "Add ossium" not in reply.text


def test_the_item_of_a_list_that_completes_what_is_forbidden_is_blocked() -> None:
    reply = on_reply(CHECKER, (), "Take every day:\n1. nadorax 5 mg\n2. quintalide 10 mg\n3. water\n")
    assert reply.text == f"Take every day:\n1. nadorax 5 mg\n{TOLD['en']}\n3. water\n"


def test_of_a_prompt_a_rule_is_told_that_the_reply_is_silent_about() -> None:
    assert on_reply(CHECKER, ASKED, "Rest.").text == f"Rest.\n\n{TOLD['en']}"
    assert on_reply(CHECKER, ASKED, "").text == TOLD["en"]
    assert on_reply(CHECKER, ASKED, "Rest.", policy=Policy(missed=False)) == Reply("Rest.")
    no = "No, never take nadorax with quintalide."
    assert on_reply(CHECKER, ASKED, no) == Reply(no)
    assert on_reply(ruled("note"), ASKED, "Rest.") == Reply("Rest.")


def test_a_yes_to_a_forbidden_question_does_not_leave() -> None:
    reply = on_reply(CHECKER, ASKED, "Yes, you may. Rest.")
    assert reply.text == f"{TOLD['en']}\nRest."


def test_a_remedy_that_breaks_another_rule_is_not_told() -> None:
    advice = (Advice("en", "They must not meet.", "Give sorbixin instead."),)
    rules = [msgspec.structs.replace(rule, advice=advice) if rule.id == "velorin_brine" else rule for rule in RULES]
    checker = Checker(Table(ENTITIES, rules))
    reply = "Add velorin to the bag of ossium gluconate."
    told = "Warning: They must not meet. Give sorbixin instead. [velorin_brine: The test's own.]"
    assert on_reply(checker, (), reply).text == told
    pregnant = on_reply(checker, (), reply, Card(pregnant=True))
    assert pregnant.text == told.replace("Give sorbixin instead. ", "")


def test_what_a_prompt_touches_is_told_to_the_model_or_to_the_reader() -> None:
    ruling = on_prompt(CHECKER, ASKED)
    assert (ruling.action, [one.rule.id for one in ruling.firings]) == ("warn", ["nadorax_quintal"])
    assert ruling.text.endswith("\n- nadorax_quintal (en) Keep them apart. [nadorax_quintal: The test's own.]")
    blocked = on_prompt(CHECKER, ASKED, policy=Policy(asked="block"))
    assert (blocked.action, blocked.text) == ("block", TOLD["en"])
    assert on_prompt(CHECKER, ASKED, policy=Policy(asked="pass")).action == "pass"
    for harmless in ("May I take nadorax?", "I know that nadorax must not be taken with quintalide. What else?"):
        assert on_prompt(CHECKER, [Message("user", harmless)]).action == "pass"
    assert on_prompt(CHECKER, ()).action == "pass"


def test_the_card_counts() -> None:
    order = "Take sorbixin twice a day."
    assert "sorbix_pregnant" in on_reply(CHECKER, (), order, Card(pregnant=True)).text
    assert on_reply(CHECKER, (), order, Card(pregnant=False)) == Reply(order)
    taking = on_reply(CHECKER, (), "Take nadorax every morning.", Card(taking=("quintal",)))
    assert taking.text == TOLD["en"]
    asked = [Message("user", "I am pregnant. What helps?")]
    assert "sorbix_pregnant" in on_reply(CHECKER, asked, order).text


def test_a_sentence_is_written_anew_and_blocked_where_that_is_no_better() -> None:
    policy = Policy(forbidden="rewrite")
    seen = []

    def anew(said: str, firings: tuple[Firing, ...]) -> str:
        seen.append((said, [one.rule.id for one in firings]))
        return "Never take nadorax with quintalide."

    def no_better(said: str, firings: tuple[Firing, ...]) -> str:
        return f"Well: {said}"

    held = Held(CHECKER, (), policy=policy, rewrite=anew)
    assert held.feed(f"Listen. {BAD['en']} Rest.") + held.close() == "Listen. Never take nadorax with quintalide. Rest."
    assert seen == [(BAD["en"], ["nadorax_quintal"])]
    assert [one.action for one in held.ruled] == ["rewrite"]
    for function in (no_better, lambda said, firings: "  ", lambda said, firings: None, None):
        held = Held(CHECKER, (), policy=policy, rewrite=function)
        assert held.feed(f"Listen. {BAD['en']} Rest.") + held.close() == f"Listen.\n{TOLD['en']}\nRest."
    whole = on_reply(CHECKER, (), f"{BAD['en']} Rest.", policy=policy, rewrite=anew)
    assert whole.text == "Never take nadorax with quintalide. Rest."


def test_as_it_stands_only_what_is_forbidden_is_kept_back() -> None:
    for severity in ("caution", "note"):
        left = on_reply(ruled(severity), (), BAD["en"])
        assert left.text == f"{BAD['en']}\n\n{TOLD['en']}"
        kept = on_reply(ruled(severity), (), BAD["en"], policy=Policy(caution="block", note="block"))
        assert kept.text == TOLD["en"]


@pytest.mark.parametrize(
    ("reply", "left"),
    [
        (
            "Draw up velorin 1 g. Add tessium chloride to the velorin bag. Put them together in one syringe. Rest.",
            "Rest.",
        ),
        ("将维洛林与氯化泰西加入同一瓶静滴。把二者混合后静滴。多休息。", "多休息。"),
        ("اخلط فيلورين مع كلوريد التيسيوم في كيس واحد. يخلط الاثنان في محقنة. استرح.", "استرح."),
    ],
)
def test_what_goes_on_with_a_blocked_sentence_is_blocked_too(reply: str, left: str) -> None:
    found = on_reply(CHECKER, (), reply)
    assert [one.action for one in found.ruled] == ["block", "block"]
    assert found.text.endswith(left)


def test_a_reply_of_many_forbidden_sentences_is_blocked_to_its_end() -> None:
    reply = " ".join([BAD["en"]] * 70) + " Rest."
    left = on_reply(CHECKER, (), reply)
    assert "every morning" not in left.text and left.text.endswith("Rest.")
    assert [one.action for one in left.ruled] == ["block"] * 70


def test_a_stream_may_wait_for_what_is_written_anew() -> None:
    async def chunks() -> AsyncIterator[str]:
        for letter in f"Listen. {BAD['zh']}Rest.":
            yield letter

    async def anew(said: str, firings: tuple[Firing, ...]) -> str:
        await asyncio.sleep(0)
        return "两药不可同服。"

    async def all_of(held: Held) -> list[str]:
        return [text async for text in guarded(chunks(), held, anew)]

    left = asyncio.run(all_of(Held(CHECKER, (), policy=Policy(forbidden="rewrite"))))
    assert left == ["Listen.", " 两药不可同服。", "Rest."]
    assert asyncio.run(all_of(Held(CHECKER, ()))) == ["Listen.", f"\n{TOLD['zh']}", "\nRest."]


PIECES = st.sampled_from(
    [
        *BAD.values(), "Take nadorax.", "Add quintalide to it.", "- velorin", "- tessium chloride 5 mL", "velorin and",
        "same bag", "Mix them.", "Yes.", "可以。", "نعم.", "No.", "Never take nadorax with quintalide!", "静滴。",
        "e.g.", "维洛林加入氯化泰西中", "2.5 mg", " ", "\n", "\n\n", "。", ". ", "، ", "，", "n\u200badorax",
        "ｎａｄｏｒａｘ", "e\u0301", "\U0001f600", "| a |", "word " * 30,
    ]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(
    st.lists(PIECES, max_size=12).map("".join), st.lists(st.integers(0, 9), max_size=40), st.sampled_from([(), ASKED])
)
def test_what_leaves_does_not_depend_on_the_cuts(reply: str, cuts: list[int], messages: tuple[Message, ...]) -> None:
    whole = on_reply(CHECKER, messages, reply)
    assert streamed(reply, cuts, messages) == whole
    assert streamed(reply, [1] * len(reply), messages) == whole


@settings(max_examples=120, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from([(), ASKED]))
def test_what_leaves_breaks_no_rule(reply: str, messages: tuple[Message, ...]) -> None:
    left = on_reply(CHECKER, messages, reply)
    firings = CHECKER.check([*messages, Message("assistant", left.text)])
    assert [one.rule.id for one in firings if one.violates and one.turn == len(messages)] == []


def test_at_most_one_sentence_is_held() -> None:
    held = Held(CHECKER, ())
    assert held.feed("Drink enough.") == ""
    assert held.feed(" ") == ""
    assert held.feed("Re") == "Drink enough."
    assert held.feed("st!\n") == " Rest!"
    assert held.feed("多喝水。好") == "\n多喝水。"
    assert held.close() == "好"


def test_halves_of_a_character_that_the_stream_cuts_come_together() -> None:
    held = Held(CHECKER, ())
    assert held.feed("Well \ud83d") + held.feed("\ude00.") + held.close() == "Well \U0001f600."


def test_a_sentence_that_does_not_end_is_cut_and_what_completes_the_forbidden_stays_back() -> None:
    policy = Policy(longest=120)
    start = "well, you take nadorax and drink water, " + "and rest, " * 20
    held = Held(CHECKER, (), policy=policy)
    left = held.feed(start)
    assert len(start) - len(left) <= 140
    assert start.startswith(left)
    left += held.feed("and then you take nadorax together with quintalide every morning, " + "and rest, " * 20)
    left += held.close()
    assert "together with quintalide" not in left
    assert TOLD["en"] in left


def test_a_long_reply_is_checked_in_its_last_paragraphs_too() -> None:
    reply = "Drink enough water and rest well.\n\n" * 60 + BAD["en"]
    left = on_reply(CHECKER, (), reply)
    assert left.text == reply.replace(BAD["en"], TOLD["en"])


def test_a_closed_reply_takes_nothing_more() -> None:
    held = Held(CHECKER, ())
    held.close()
    with pytest.raises(MetierError, match="closed and was fed 'more'; begin another Held"):
        held.feed("more")


def test_what_the_guard_tells_of_the_rules_that_ship_breaks_none() -> None:
    table = read("domain:medicine")
    checker = Checker(table)
    for rule in table.rules:
        for said in rule.advice:
            line = warning(Firing(rule, 0, "asserts", (), 0, 0), said.language)
            assert [(one.rule.id, one.why) for one in checker.text(line) if one.violates] == [], line
