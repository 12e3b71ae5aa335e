import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from metier.artefact import Artefact, write_records
from metier.judge.compare import Match, compare
from metier.judge.extras import Extras
from metier.judge.pointwise import UNSCORED, Pointwise
from metier.llm.subject import TOO_LONG
from metier.preferences.label import Label, label
from metier.preferences.label_notes import Labelled, Notes, fruitless, notes
from metier.recipe import load
from metier.records import Answer, Checkpoint, Comparison, MetierError, Preference, Verdict
from metier.run.make import run as make
from metier.world.planted_judges import Planted, expected, quality
from tests.preferences.judged import answers, conversation, of, replying, run

GIVEN = [conversation(f"p{number}") for number in range(80)]
REPLIES = [one for given in GIVEN for one in answers(given, (0.2, 0.5, 0.8))]


def labelled(place: Path, judge: str, replies: Sequence[Answer] = REPLIES, **given: Any) -> list[Any]:
    human = {"human": given.pop("human")} if "human" in given else {}
    fed = given.pop("conversations", GIVEN)
    models = {"judge": judge} if judge else {}
    config = Label(**given)
    return run(label, place, models, answers=list(replies), conversations=fed, config=config, out=place, **human)


def told(place: Path) -> Notes:
    return msgspec.json.decode((place / "notes.json").read_bytes(), type=Notes)


def test_a_sound_judge_labels_every_pair_as_the_truth_is(tmp_path: Path) -> None:
    made = labelled(tmp_path, "first_0")
    preferences = of(made, Preference)
    assert len(preferences) == len(of(made, Verdict)) == 240
    assert all(quality(one.chosen) > quality(one.rejected) for one in preferences)
    first = preferences[0]
    assert (first.source, first.language, first.parent) == ("clinic", "en", "p0")
    assert first.prompt == GIVEN[0].prompt and first.verdict is not None and first.verdict.consistent
    assert len({one.id for one in preferences}) == 240
    notes = told(tmp_path)
    assert (notes.prompts, notes.with_reference, notes.pairs, notes.asked, notes.survivors) == (80, 80, 240, 240, 240)
    assert notes.first_wins is not None and notes.first_wins.value == 0.5 and notes.findings == ()
    left = sum(one.winner == "left" for one in of(made, Verdict))
    assert 90 < left < 150, "which of two is left is drawn, so that neither draw always comes first"


def test_the_filter_lifts_agreement_to_what_theory_says(tmp_path: Path) -> None:
    human = [
        Verdict(given.id, one.id, other.id, "left" if quality(one.text) > quality(other.text) else "right", True, "doc")
        for given in GIVEN
        for one, other in combinations([r for r in REPLIES if r.question == given.id], 2)
    ]
    made = labelled(tmp_path, "first_40_noise_10", human=human)
    notes, theory = told(tmp_path), expected(Planted(first=0.4, noise=0.1))
    assert notes.before is not None and notes.after is not None and notes.survival is not None
    assert notes.before.accuracy.n == 240 and notes.before.accuracy.low < theory.before < notes.before.accuracy.high
    assert notes.survival.low < theory.survive < notes.survival.high
    assert notes.after.accuracy.n == notes.survivors == len(of(made, Preference))
    assert notes.after.accuracy.low < theory.after < notes.after.accuracy.high
    assert notes.after.accuracy.value > notes.before.accuracy.value + 0.1
    assert notes.first_wins is not None and notes.first_wins.low < theory.first_wins < notes.first_wins.high
    assert [one.name for one in notes.findings] == ["position"]
    assert "leans to the reply shown first" in notes.findings[0].says
    turned = [msgspec.structs.replace(one, left=one.right, right=one.left) for one in human]
    swap = {"left": "right", "right": "left"}
    turned = [msgspec.structs.replace(one, winner=swap[one.winner]) for one in turned]
    labelled(tmp_path, "first_40_noise_10", human=turned)
    assert told(tmp_path) == notes, "people may have seen the two in either order"


def test_all_takes_the_word_of_the_first_order(tmp_path: Path) -> None:
    both = of(labelled(tmp_path, "first_40_noise_10"), Preference)
    single = of(labelled(tmp_path, "first_40_noise_10", keep="all"), Preference)
    assert len(single) == 240 > len(both) and {one.id for one in both} < {one.id for one in single}

    def right(some: list[Preference]) -> float:
        return sum(quality(one.chosen) > quality(one.rejected) for one in some) / len(some)

    assert right(both) > right(single)
    verdicts = [one.verdict for one in single if one.verdict is not None]
    assert all(one.winner == ("left" if one.margin > 0 else "right") for one in verdicts), "the lead is of that order"
    assert any(not one.consistent and one.margin for one in verdicts)
    assert (told(tmp_path).preferences, told(tmp_path).survivors) == (240, len(both))


@pytest.mark.parametrize(
    ("judge", "error"),
    [
        ("never_parses", "none of 64 pairs survives: 64 unparsed.*: Both replies have.*does not answer as its prompt"),
        ("always_ties", "none of 240 pairs survives: 0 unparsed, 0 inconsistent, 240 ties; sample more freely"),
        ("always_first", "240 inconsistent, 0 ties; the reply shown first won 100% of 480 orders; take another judge"),
    ],
)
def test_a_judge_that_cannot_be_used_is_an_error_that_says_what_was_seen(
    tmp_path: Path, judge: str, error: str
) -> None:
    with pytest.raises(MetierError, match=error):
        labelled(tmp_path, judge)
    assert not (tmp_path / "notes.json").exists()


def test_replies_that_say_the_same_are_a_tie_and_nobody_is_asked(tmp_path: Path) -> None:
    replies = replying("r", "p1", "Rest, quality 0.4.", " Rest, quality 0.4.\n", "Walk, quality 0.9.", "", "  ")
    made = labelled(tmp_path, "first_0", replies)
    notes = told(tmp_path)
    assert [one.says for one in notes.findings if one.name == "silent"] == [
        "2 of 5 answers hold no reply (empty reply): what is labelled may not stand for the rest; "
        "mend the step that sampled them"
    ]
    assert (notes.silent, notes.pairs, notes.identical, notes.repeated, notes.asked) == (2, 3, 1, 1, 1)
    tie = of(made, Verdict)[0]
    assert (tie.left, tie.right, tie.winner, tie.why) == ("r~0", "r~1", "tie", "identical replies")
    won = of(made, Verdict)[1:]
    assert {frozenset((one.left, one.right)) for one in won} == {frozenset(("r~0", "r~2")), frozenset(("r~1", "r~2"))}
    assert all((one.left if one.winner == "left" else one.right) == "r~2" for one in won)
    assert {one.rater for one in of(made, Verdict)} == {"judge"}
    assert [(one.chosen, one.rejected) for one in of(made, Preference)] == [
        ("Walk, quality 0.9.", "Rest, quality 0.4.")
    ]


def test_fewer_pairs_by_a_hash_or_the_widest_lead(tmp_path: Path) -> None:
    one, two = (of(labelled(tmp_path, "first_0", pairs=n), Verdict) for n in (1, 2))
    assert (len(one), len(two)) == (80, 160) and {v.left + v.right for v in one} < {v.left + v.right for v in two}
    assert told(tmp_path).undrawn == 80
    widest = of(labelled(tmp_path, "", by="length", pairs="best_worst"), Preference)
    leads: dict[str, float] = {}
    for verdict in of(labelled(tmp_path, "", by="length"), Verdict):
        leads[verdict.question] = max(leads.get(verdict.question, 0.0), abs(verdict.margin))
    assert {one.parent: abs(one.verdict.margin) for one in widest} == {id: lead for id, lead in leads.items() if lead}
    assert len(widest) > 60 and max(leads.values()) == 2


def test_judges_that_read_each_reply_for_itself(tmp_path: Path) -> None:
    replies = replying("r", "p1", "Rest.", "Rest and walk a good deal.", "Drink.")
    best = of(labelled(tmp_path, "", replies, by="rouge_l"), Preference)
    assert {one.chosen for one in best} == {"Rest.", "Rest and walk a good deal."}
    assert best[0].verdict is not None and best[0].verdict.rater == "rouge_l"
    asks = replying("q", "p1", "Does it ache at night?", "It will pass with a little rest.")
    (one,) = of(labelled(tmp_path, "", asks, by="length"), Preference)
    assert one.chosen == asks[1].text
    (one,) = of(labelled(tmp_path, "", asks, by="length", extras=Extras(asks=10)), Preference)
    assert one.chosen == asks[0].text and one.verdict is not None and one.verdict.rater == "length with extras"
    with pytest.raises(MetierError, match="none of 1 pairs survives: 0 unparsed, 0 inconsistent, 1 ties"):
        labelled(tmp_path, "", asks, by="length", margin=5)


def test_what_a_reward_model_cannot_read_is_not_blamed_on_a_prompt(tmp_path: Path) -> None:
    judge = Pointwise("tip", lambda rows: [None if reply == "long" else float(len(reply)) for _, reply, _ in rows])
    asked = [Match(str(at), "l", "r", Comparison((), "long" if at < 3 else "a", "bb")) for at in range(10)]
    rows = [Labelled(GIVEN[0], match, one) for match, one in zip(asked, compare(judge, asked), strict=True)]
    found = notes([], rows, 7)
    (finding,) = [one for one in found.findings if one.name == "unparsed"]
    assert f"no verdict on 3 of 10 pairs ({UNSCORED}): leave such replies out" in finding.says
    with pytest.raises(MetierError, match=f"3 unparsed.*{UNSCORED}.*leave such replies out"):
        raise fruitless(notes([], rows[:3], 0))


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"by": "reward", "form": "plain"}, "form: by: reward asks no model"),
        ({"by": "length", "language": "en"}, "language: by: length asks no model"),
        ({"by": "rules"}, "table: name the rules"),
        ({"by": "length", "table": "domain:medicine"}, "table: by: length reads no rules"),
        ({"extras": {"asks": 1.0}}, "extras: are added to points"),
        ({"by": "length", "extras": {"asks": float("nan")}}, "asks: nan is no number of points"),
        ({"by": "length", "extras": {"length": float("-inf")}}, "length: -inf is no number of points"),
    ],
)
def test_settings_that_contradict_each_other(settings: dict[str, Any], error: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=error):
        msgspec.convert(settings, Label)


def test_what_is_fed_wrongly(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="judge: name a language model"):
        labelled(tmp_path, "")
    with pytest.raises(MetierError, match="by: length asks no model"):
        labelled(tmp_path, "first_0", by="length")
    with pytest.raises(MetierError, match="by: reward needs a reward model"):
        labelled(tmp_path, "", by="reward")
    with pytest.raises(MetierError, match="reward: tip is given and by: length asks none"):
        list(label(iter(REPLIES), iter(GIVEN), Label(by="length"), tmp_path, reward=Checkpoint("tip")))
    with pytest.raises(MetierError, match="answer 'r~0' is to 'nowhere', which is none of the 80 conversations"):
        labelled(tmp_path, "first_0", replying("r", "nowhere", "a", "b"))
    with pytest.raises(MetierError, match=r"no two replies to one prompt differ \(prompts with answers: 1\); sample"):
        labelled(tmp_path, "first_0", replying("r", "p1", "a", "a"))
    cut_off = [Answer(f"r~{number}", "p1", "m", "", rule=TOO_LONG) for number in range(3)]
    with pytest.raises(MetierError, match="answers without a reply: 3, longer than the model takes"):
        labelled(tmp_path, "first_0", cut_off)
    open_ended = conversation("p1", reply="")
    with pytest.raises(MetierError, match="'p1' has no standard answer, which form: rating needs"):
        labelled(tmp_path, "first_0", replying("r", "p1", "a", "b"), conversations=[open_ended])
    plain = labelled(
        tmp_path, "first_0", replying("r", "p1", "quality 1", "quality 2"), conversations=[open_ended], form="plain"
    )
    assert of(plain, Preference)[0].chosen == "quality 2" and told(tmp_path).with_reference == 0
    wordless = msgspec.structs.replace(GIVEN[1], language="")
    with pytest.raises(MetierError, match="'p1' names no language"):
        labelled(tmp_path, "first_0", replying("r", "p1", "a", "b"), conversations=[wordless])
    with pytest.raises(MetierError, match="human: the verdict on 'p1' names 'x', which is none of the answers"):
        labelled(tmp_path, "first_0", human=[Verdict("p1", "x", "m/p1", "left", True, "doc")])
    with pytest.raises(MetierError, match="human: no verdict is on a pair that is compared"):
        labelled(tmp_path, "first_0", human=[Verdict("p1", "m/p1", "m/p2", "left", True, "doc")])


def test_replies_that_are_lost_stop_the_step_and_another_run_asks_for_them_alone(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match=r"480 requests got no reply .*run again: what was answered is kept"):
        labelled(tmp_path, "tests.judge.judges:loses_half")


def test_a_judge_is_asked_in_the_language_of_each_conversation(tmp_path: Path) -> None:
    spoken = zip(GIVEN[:3], ("zh", "en", "zh"), strict=True)
    given = [msgspec.structs.replace(one, language=language) for one, language in spoken]
    replies = [one for one in REPLIES if one.question in ("p0", "p1", "p2")]
    made = labelled(tmp_path, "tests.preferences.judged:favours_chinese", replies, conversations=given)
    assert {one.parent for one in of(made, Preference)} == {"p0", "p2"}
    made = labelled(tmp_path, "tests.preferences.judged:favours_chinese", replies, conversations=given, language="zh")
    assert {one.parent for one in of(made, Preference)} == {"p0", "p1", "p2"}


def test_in_a_recipe_with_verdicts_of_people(tmp_path: Path) -> None:
    write_records(tmp_path / "replies", [*GIVEN[:4], *REPLIES[:12]])
    votes = [{"question_id": "p0", "left_id": "m/p0", "right_id": "m/p0~2", "winner": "B"}]
    (tmp_path / "votes.jsonl").write_text("\n".join(map(json.dumps, votes)))
    (tmp_path / "r.yaml").write_text(
        "name: r\nmodels:\n  j: {kind: scripted, function: 'metier.world.planted_judges:first_20'}\nsteps:\n"
        f"  given: {{use: 'tests.preferences.judged:given', place: {tmp_path}/replies}}\n"
        f"  doctors: {{use: preferences.read, paths: {tmp_path}/votes.jsonl}}\n"
        "  pairs: {use: preferences.label, from: {answers: given, conversations: given, human: doctors}, judge: j}\n"
    )
    done = make(load(str(tmp_path / "r.yaml")), tmp_path / "runs")
    manifest = Artefact(done.root / "pairs").manifest
    assert manifest is not None and manifest.counts["verdict"] == 12 and manifest.notes["before"]["accuracy"]["n"] == 1
