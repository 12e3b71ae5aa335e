"""What is trained can be read before and after training, and what was left out as it would have been spelt."""

import itertools
import re
from pathlib import Path

import pytest

from metier.artefact import Manifest, finish, write_records
from metier.records import Checkpoint, Conversation, Document, Message, MetierError, ToolCall
from metier.run.look import dropped, open_artefact
from metier.run.look_tokens import DIM, GREEN, PLAIN, tokens
from metier.train.encode import Given
from metier.train.prepare import prepare
from metier.train.sft import Sft

TOOL = (
    Message("system", "Be brief."),
    Message("user", "Who came home?"),
    Message("assistant", "I look.", (ToolCall("find", '{"who": "Ada"}'),)),
    Message("tool", "Ada, at 9"),
    Message("assistant", "Ada came home."),
)
TALKS = [
    Conversation("tool", TOOL, "desk"),
    Conversation("long", (Message("user", "Tell me."), Message("assistant", "Ada met Ben. " * 40)), "desk"),
    Conversation("asked", (Message("user", "Is there nobody here?"),), "desk"),
    Conversation("wordy", (Message("user", "Ada and Ben " * 60), Message("assistant", "Yes.")), "desk"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose trainer is prepared, under its name of the time before it has ended, and as if it had."""
    place = tmp_path_factory.mktemp("runs") / "mine"
    for step in ("talks", "pages"):
        place.joinpath(step).mkdir(parents=True)
    write_records(place / "talks", TALKS)
    write_records(place / "pages", [Document("page", "Ada and Ben met at noon. " * 12, kind="book")])
    for name in (".waiting.1f2e.partial", ".trained.3d4c.partial"):
        given = Given(TALKS, [Document("page", "Ada and Ben met at noon. " * 12, kind="book")])
        left = list(prepare(Checkpoint("asset:nano"), 3, Sft(window=128, batch_tokens=256), place / name, given))
    write_records(place / ".trained.3d4c.partial", left)
    reasons = {one.why: 1 for one in left}
    sources = {"conversations": ["talks"], "docs": ["pages"], "base": ["asset:nano"]}
    manifest = Manifest(
        step="trained", stage="train.sft", fingerprint="3d4c", sources=sources, count_in=5, dropped=reasons
    )
    finish(place / ".trained.3d4c.partial", place / "trained", manifest)
    return place


def item(lines: list[str], name: str) -> list[tuple[str, str]]:
    """Heading and text of every piece of a record."""
    return [(head, text) for head, text in itertools.pairwise(lines) if head.startswith(f"--- {name}")]


def test_tool_turns_are_read_and_the_assistant_is_trained(run: Path) -> None:
    ((head, text),) = item(list(tokens(str(run / "trained"), 50, None, False)), "tool")
    assert "[desk]" in head
    assert text == (
        "<|bos|><|system|>Be brief.<|end|><|user|>Who came home?<|end|><|assistant|>"
        '[I look.<|tool|>{"name": "find", "arguments": {"who": "Ada"}}<|end|>]'
        "<|tool|>Ada, at 9<|end|><|assistant|>[Ada came home.<|end|>]"
    )


def test_before_training_the_same_is_shown_as_after(run: Path) -> None:
    before, after = (list(tokens(str(run / step), 50, None, False)) for step in ("waiting", "trained"))
    assert before[0].endswith("waiting: prepared, not trained to its end yet")
    assert after[0].startswith("trained (train.sft): ")
    assert before[1:] == after[1:]
    assert re.search(r"windows of 128 tokens; \d+ of \d+ are trained .*in \[brackets\] below", after[1])


def test_a_continued_conversation_reads_its_prompt_again_untrained(run: Path) -> None:
    pieces = item(list(tokens(str(run / "trained"), 50, None, False)), "long")
    assert len(pieces) > 2
    assert "cut at its token" in pieces[0][0] and "goes on" not in pieces[0][0]
    assert all(re.search(r"goes on at its token \d+ after \d+ of its first ones", head) for head, _ in pieces[1:])
    assert all(text.startswith("<|bos|><|user|>Tell me.<|end|><|assistant|>") for _, text in pieces)
    assert "cut at its token" not in pieces[-1][0] and pieces[-1][1].endswith("<|end|>]")
    said = "".join(part for _, text in pieces for part in re.findall(r"\[(.*?)\]", text))
    assert said == "Ada met Ben. " * 40 + "<|end|>"


def test_colours_mark_what_brackets_mark(run: Path) -> None:
    plain = list(tokens(str(run / "trained"), 50, None, False))
    coloured = list(tokens(str(run / "trained"), 50, None, True))
    assert "in green below" in coloured[1]
    for one, other in zip(plain[2:], coloured[2:], strict=True):
        parts = re.split(f"{re.escape(GREEN)}(.*?){re.escape(PLAIN)}", other.replace("\n", " "))
        marked = "".join(f"[{part}]" if number % 2 else part for number, part in enumerate(parts))
        assert marked.replace(DIM, "").replace(PLAIN, "") == one.replace("\n", " ")


def test_only_so_many_are_shown(run: Path) -> None:
    assert sum(line.startswith("--- ") for line in tokens(str(run / "trained"), 2, None, False)) == 2


def test_what_was_left_out_is_spelt_as_it_would_have_been_trained(run: Path) -> None:
    text = "\n".join(tokens(str(run / "trained"), 5, "", False))
    assert "--- asked: no assistant turn" in text and "<|user|>Is there nobody here?<|end|>" in text
    assert "--- wordy: longer than the window" in text and "<|assistant|>[Yes.<|end|>]" in text
    only = "\n".join(tokens(str(run / "trained"), 5, "WINDOW", False))
    assert "wordy" in only and "asked" not in only
    assert list(tokens(str(run / "waiting"), 5, "window", False))[1:] == [only.splitlines()[-2]]


def test_dropped_conversations_are_shown_in_words(run: Path) -> None:
    artefact, _ = open_artefact(str(run / "trained"))
    assert "asked: no assistant turn to train on\n    user: Is there nobody here?" in list(dropped(artefact, 5, "turn"))


def test_a_step_without_windows_is_an_error(run: Path) -> None:
    (run / ".read.9a.partial").mkdir()
    finish(run / ".read.9a.partial", run / "read", Manifest(step="read", stage="instruct.read", fingerprint="9a"))
    with pytest.raises(MetierError, match="holds no training data"):
        list(tokens(str(run / "read"), 5, None, False))
    with pytest.raises(MetierError, match="no finished step"):
        list(tokens(str(run / "nowhere"), 5, None, False))
