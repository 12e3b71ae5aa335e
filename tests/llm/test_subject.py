"""One door to checkpoints and language models: order, draws, what is too long, and replies lost on the way."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from metier.artefact import asset
from metier.llm.backend import ReplyError
from metier.llm.request import Reply, Request
from metier.llm.session import Session, session
from metier.llm.spec import Endpoint, Limits, Local, Scripted
from metier.llm.stub import Faults, serving
from metier.llm.subject import TOO_LONG, Decoding, Said, Talk, answer_id, say, seed_of
from metier.model.plain import opening
from metier.records import Answer, Checkpoint, Message, MetierError

NANO = Checkpoint("asset:nano")
TEXTS = ("Who is Ada?", "Where was he born?", "Say it.", "What is the capital?")


def talks(*texts: str, draw: int = 0) -> list[Talk]:
    return [Talk(text, (Message("user", text),), draw) for text in texts]


def moody(request: Request) -> Reply:
    """Says its temperature and which draw it is; some texts it cuts, refuses or says nothing to."""
    text = request.messages[-1].content
    if text == "refuse":
        raise ReplyError("refused with 400", "no such talk")
    said = "" if text == "empty" else f"{text} {request.sampling.temperature} {request.sampling.max_tokens}"
    return Reply(
        f"{said} {request.sample}" if said else "", "", finish="length" if text in ("empty", "cut") else "stop"
    )


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Session]:
    models = {
        "nano": Local(model="asset:nano", revision="1"),
        "moody": Scripted(function="tests.llm.test_subject:moody"),
    }
    with session(tmp_path / "replies.sqlite", models) as opened:
        yield opened


def test_a_checkpoint_says_the_same_here_and_through_the_cache(calls: Session) -> None:
    greedy = Decoding(max_tokens=12)
    here = list(say(NANO, talks(*TEXTS), greedy, "m"))
    there = list(say(calls.llm("nano"), talks(*TEXTS), greedy, "m"))
    assert [(one.text, one.finish) for one in here] == [(one.text, one.finish) for one in there]
    assert len({one.text for one in here}) > 1 and all(len(one.request) == 32 for one in there)


def test_draws_depend_on_seed_question_and_number_alone() -> None:
    warm = Decoding(max_tokens=8, temperature=2.0, seed=3)
    some = [talk for text in TEXTS for talk in (*talks(text), *talks(text, draw=1))]
    together = [one.text for one in say(NANO, some, warm, "m")]
    alone = [one.text for one in say(NANO, some[:4:-1], warm, "m")]
    assert together[:4:-1] == alone, "the others and the order make no difference"
    assert together[0] != together[1]
    other = Decoding(max_tokens=8, temperature=2.0, seed=4)
    assert [one.text for one in say(NANO, some, other, "m")] != together


def test_what_leaves_a_checkpoint_no_room_says_so() -> None:
    found = list(say(NANO, talks("word " * 3000, TEXTS[0]), Decoding(max_tokens=2), "m"))
    assert found[0] == Said("", why=TOO_LONG) and not found[1].why


def test_a_language_model_keeps_its_sampling_unless_told(calls: Session) -> None:
    llm = calls.llm("moody")
    assert [one.text for one in say(llm, talks("a"), Decoding(seed=5), "m")] == ["a 0.0 1024 0"]
    warm = Decoding(max_tokens=7, temperature=0.5, seed=5)
    assert [one.text for one in say(llm, talks("a", draw=2), warm, "m")] == ["a 0.5 7 5002"]


def test_why_a_language_model_gave_no_answer_is_said(calls: Session) -> None:
    found = list(say(calls.llm("moody"), talks("cut", "refuse", "empty", "a"), Decoding(), "m"))
    assert [(one.why, one.finish) for one in found] == [
        ("", "length"), ("refused with 400", "stop"), ("reply cut at max_tokens", "length"), ("", "stop"),
    ]  # fmt: skip
    assert all(len(one.request) == 32 for one in found)


def test_a_model_that_refuses_everything_is_an_error(calls: Session) -> None:
    with pytest.raises(MetierError, match="every one of 2 requests was refused"):
        list(say(calls.llm("moody"), [*talks("refuse"), *talks("refuse", draw=1)], Decoding(), "m"))


def test_a_base_model_is_asked_by_a_plain_prompt_and_stopped_at_a_blank_line(tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(asset(NANO.path), base)
    (base / "chat_template.jinja").unlink()
    turns = (Message("system", "Facts."), Message("user", "Q1"), Message("assistant", "B"), Message("user", "Q2"))
    asked = [Talk("q", turns)]
    plain = Decoding(max_tokens=16, temperature=1.5, cue="Answer:", chat=False)
    (whole,) = say(NANO, asked, plain, "m")
    (same,) = say(Checkpoint(str(base)), asked, msgspec.structs.replace(plain, chat=None), "m")
    assert whole == same, "without a template the prompt is plain"
    mark = whole.text[3:5]
    (stopped,) = say(NANO, asked, msgspec.structs.replace(plain, stop=(mark,)), "m")
    assert stopped.text == whole.text[: whole.text.index(mark)]
    (chat,) = say(NANO, asked, msgspec.structs.replace(plain, chat=None), "m")
    assert chat.text != whole.text


def test_thinking_that_the_template_begins_and_the_limit_cuts_is_no_answer(tmp_path: Path) -> None:
    thinker = tmp_path / "thinker"
    shutil.copytree(asset(NANO.path), thinker)
    template = (thinker / "chat_template.jinja").read_text()
    (thinker / "chat_template.jinja").write_text(template + "{% if add_generation_prompt %}<think>\n{% endif %}")
    short = Decoding(max_tokens=4)
    (here,) = say(Checkpoint(str(thinker)), talks(TEXTS[0]), short, "m")
    with session(tmp_path / "replies.sqlite", {"m": Local(model=str(thinker), revision="1")}) as calls:
        (there,) = say(calls.llm("m"), talks(TEXTS[0]), short, "m")
    assert (here.text, here.finish, there.text, there.finish) == ("", "length", "", "length")
    (spoken,) = say(NANO, talks(TEXTS[0]), short, "m")
    assert spoken.text and spoken.finish == "length"


def test_a_plain_prompt_shows_examples_with_their_answers() -> None:
    from metier.model.load import load_tokenizer

    tokenizer = load_tokenizer(NANO.path)
    turns = (Message("system", "Facts."), Message("user", "Q1"), Message("assistant", "B"), Message("user", "Q2"))
    ids = opening(tokenizer, turns, "Answer:")
    assert tokenizer.decode(ids, skip_special_tokens=True) == "Facts.\n\nQ1\nAnswer: B\n\nQ2\nAnswer:"


def test_replies_lost_on_the_way_stop_after_all_others_and_are_asked_again(tmp_path: Path) -> None:
    texts = [f"q{number}" for number in range(40)]
    with serving(moody, Faults(cut=0.3, seed=2)) as stub:
        spec = Endpoint(base_url=stub.url, model="m", limits=Limits(retries=0, concurrency=4))
        with (
            session(tmp_path / "replies.sqlite", {"m": spec}) as calls,
            pytest.raises(MetierError, match=r"big: \d+ of 40 requests got no reply \(connection cut.*run again"),
        ):
            list(say(calls.llm("m"), talks(*texts), Decoding(), "big"))
        assert stub.counts().requests == 40
        lost = stub.counts().outcomes["cut"]
        spec = Endpoint(base_url=stub.url, model="m", limits=Limits(retries=6))
        with session(tmp_path / "replies.sqlite", {"m": spec}) as calls:
            found = list(say(calls.llm("m"), talks(*texts), Decoding(), "big"))
            assert calls.spent()["m"].cached == 40 - lost
    assert [one.text.split()[0] for one in found] == texts


@pytest.mark.parametrize(("seed", "draw"), [("", ""), ("7", ""), ("7", "~2"), ("", "~2")])
def test_the_seed_of_an_answer_is_read_from_its_id_whichever_draw_it_is(seed: str, draw: str) -> None:
    assert seed_of(Answer(answer_id("a/m", seed, "page/7") + draw, "page/7", "a/m", "Rest.")) == seed
    assert seed_of(Answer(answer_id("a/m", seed, "page/7") + draw + "/x", "page/7", "a/m", "Rest.")) == ""
