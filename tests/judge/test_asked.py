"""A model as a judge, through its prompt, its reply and the second question."""

from itertools import islice
from pathlib import Path
from shutil import copytree

import pytest

from metier.artefact import asset
from metier.judge.asked import Asked, Form, split
from metier.judge.compare import Match, Rated, compare
from metier.records import Comparison, Message, MetierError
from tests.judge.judges import HERE, asked, comparison, opened, spent

FORMS: tuple[Form, ...] = ("rating", "preference", "plain")
SOME = [comparison(2, 1), comparison(1, 2), comparison(1, 1)]


@pytest.mark.parametrize("domain", ["medicine", "arabic"])
@pytest.mark.parametrize("language", ["en", "zh", "ar"])
def test_every_prompt_that_ships_shows_what_its_form_compares(tmp_path: Path, domain: str, language: str) -> None:
    talk = (
        Message("system", "Be kind."), Message("user", "Ow."), Message("assistant", "Eh?"), Message("user", "Why?"),
    )  # fmt: skip
    history = "<system>Be kind.</system> <user>Ow.</user> <assistant>Eh?</assistant>"
    one = Comparison(talk, "Tea.", "Rest.", "Sleep.")
    with opened(tmp_path, f"{HERE}:recites") as calls:
        for form in FORMS:
            [found] = asked(calls, form, f"domain:{domain}", language).rate([one])
            assert found.lead == (2 if form == "rating" else 1)
            reference, culture = "Sleep." if form == "rating" else None, "By the sea." if form == "preference" else None
            shown = f"culture={culture} | history={history} | question=Why? | reference={reference} | A=Tea. | B=Rest."
            assert found.why.endswith(shown)


@pytest.mark.parametrize("form", FORMS)
def test_a_fair_judge_gives_points_by_quality_in_any_form(tmp_path: Path, form: Form) -> None:
    with opened(tmp_path, "noise_0") as calls:
        leads = [one.lead for one in asked(calls, form).rate(iter(SOME))]
        assert leads == ([2, -2, 0] if form == "rating" else [1, -1, 0])
        assert spent(calls).counts == {}


def test_a_reply_that_cannot_be_read_is_asked_for_once_more_and_counted(tmp_path: Path) -> None:
    with opened(tmp_path, "parses_when_asked_again") as calls:
        assert [one.lead for one in asked(calls).rate(iter(SOME))] == [2, -2, 0]
        assert spent(calls).counts == {"unparsed judgements": 3, "parsed when asked again": 3}
        assert spent(calls).sent == 6


def test_a_judge_that_never_parses_gives_no_points_and_says_what_it_said(tmp_path: Path) -> None:
    with opened(tmp_path, "never_parses") as calls:
        found = list(asked(calls).rate(iter(SOME)))
        assert {one.lead for one in found} == {None}
        assert found[0].why.startswith("unparsed: Both replies have their merits")
        assert spent(calls).counts == {"unparsed judgements": 3, "unparsed twice": 3} and spent(calls).sent == 6


@pytest.mark.parametrize(
    ("judge", "why"), [("says_nothing", "unparsed: empty reply: stop"), ("chats_once", "unparsed: Well.")]
)  # fmt: skip
def test_silence_is_no_verdict(tmp_path: Path, judge: str, why: str) -> None:
    with opened(tmp_path, f"{HERE}:{judge}") as calls:
        assert list(asked(calls).rate(iter(SOME[:1]))) == [Rated(None, None, why)]
        assert spent(calls).counts == {"unparsed judgements": 1, "unparsed twice": 1} and spent(calls).sent == 2


def test_of_silence_another_draw_is_asked_for(tmp_path: Path) -> None:
    with opened(tmp_path, f"{HERE}:silent_at_first") as calls:
        assert [one.lead for one in asked(calls).rate(iter(SOME))] == [2, -2, 0]
        assert spent(calls).counts == {"unparsed judgements": 3, "parsed when asked again": 3}


def test_what_was_lost_on_the_way_ends_the_run_when_all_others_are_rated(tmp_path: Path) -> None:
    """Who asks for no more than he needs is told of it in the place of the last."""
    told = r"judge 'judge': 1 of 3 requests got no reply .*run again"
    with opened(tmp_path, f"{HERE}:loses_half") as calls:
        rated = asked(calls).rate(iter(SOME))
        assert [next(rated).lead, next(rated).lead] == [None, 0]
        with pytest.raises(MetierError, match=told):
            next(rated)
        assert spent(calls).replies == 2
    with opened(tmp_path, f"{HERE}:loses_half") as calls:
        matches = [Match("q", "a", "b", one) for one in SOME[1:]]
        with pytest.raises(MetierError, match="1 of 4 requests got no reply"):
            list(islice(compare(asked(calls), matches), len(matches)))


def test_what_a_model_refuses_has_no_points_and_refusing_all_is_an_error(tmp_path: Path) -> None:
    with opened(tmp_path, f"{HERE}:refuses_poor") as calls:
        judge = asked(calls)
        found = list(judge.rate([comparison(0, 3), comparison(1, 3)]))
        assert found[0] == Rated(None, None, "refused with 400: not this text") and found[1].lead == 2
        with pytest.raises(MetierError, match="every one of 1 requests was refused"):
            list(judge.rate([comparison(0, 4)]))


def test_a_rating_needs_a_standard_answer(tmp_path: Path) -> None:
    with opened(tmp_path, "noise_0") as calls:
        with pytest.raises(MetierError, match=r"the prompt 'What helps[?]' has no standard answer .*form: plain"):
            list(asked(calls).rate([comparison(2, 1, reference=" ")]))
        assert [one.lead for one in asked(calls, "plain").rate([comparison(2, 1, reference="")])] == [1]


def test_a_preference_needs_a_culture_and_no_other_form_has_one(tmp_path: Path) -> None:
    with opened(tmp_path, "noise_0") as calls:
        with pytest.raises(MetierError, match=r"judge-preference.ar.md: judges by a culture.* set `culture`"):
            Asked(calls.llm("judge"), "preference", "domain:arabic", "ar")
        with pytest.raises(MetierError, match=r"judge-plain.en.md: the slot {culture} is missing"):
            Asked(calls.llm("judge"), "plain", "domain:arabic", "en", "By the sea.")
        assert Asked(calls.llm("judge"), "rating", "domain:medicine", "zh-Hant").prompt.language == "zh"
        with pytest.raises(MetierError, match="'judge-rating' is there in ar, en, zh, not in 'sw'"):
            Asked(calls.llm("judge"), "rating", "domain:medicine", "sw")


def test_prompts_of_your_own_may_name_the_culture_themselves(tmp_path: Path) -> None:
    copytree(asset("domain:arabic") / "prompts", tmp_path / "mine" / "prompts")
    file = tmp_path / "mine" / "prompts" / "judge-preference.en.md"
    file.write_text(file.read_text("utf-8").replace("{culture}", "Tilmara, a land of lakes."), "utf-8")
    with opened(tmp_path, f"{HERE}:recites") as calls:
        judge = Asked(calls.llm("judge"), "preference", str(tmp_path / "mine"), "en")
        [found] = judge.rate([comparison(2, 1)])
        assert "culture=Tilmara, a land of lakes. | history= | question=What helps?" in found.why


def test_a_prompt_is_its_last_question_and_what_was_said_around_it() -> None:
    user, other = Message("user", " How long? "), Message("assistant", "Since when?")
    assert split((user,)) == ("", "How long?")
    assert split((Message("user", "I cough."), other, user)) == (
        "<user>I cough.</user>\n<assistant>Since when?</assistant>", "How long?",
    )  # fmt: skip
    assert split((user, Message("tool", "7 days"))) == ("<tool>7 days</tool>", "How long?")
