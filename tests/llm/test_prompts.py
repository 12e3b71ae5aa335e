from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.artefact import asset
from metier.llm.prompts import Prompt, Prompts, read_prompt
from metier.records import Config, Message, MetierError
from metier.run.content import named_files

WHOLE = """# system
You are a {genre}.

# user
## Passage
<passage>
{passage}
</passage>
Reply as {"question": "..."}.

# notes
Why it is worded so: {nothing} is sent of this.
"""


def place(tmp_path: Path, text: str = WHOLE, name: str = "unify-question.en.md") -> str:
    (tmp_path / "prompts").mkdir(exist_ok=True)
    (tmp_path / "prompts" / name).write_text(text, "utf-8")
    return str(tmp_path)


def test_parts_and_slots(tmp_path: Path) -> None:
    prompt = read_prompt(place(tmp_path), "unify-question", "en")
    [system, user] = prompt.messages(passage="Take {genre} at noon.", genre="doctor")
    assert system == Message("system", "You are a doctor.")
    assert user.content == ('## Passage\n<passage>\nTake {genre} at noon.\n</passage>\nReply as {"question": "..."}.')
    place(tmp_path, "# user\r\nSay {passage}\r\n")
    again = read_prompt(str(tmp_path), "unify-question", "en")
    assert again.messages(passage="it") == (Message("user", "Say it"),)
    assert len({prompt.version, again.version}) == 2


@given(st.dictionaries(st.sampled_from("abc"), st.text(), min_size=3))
def test_what_stands_in_a_slot_is_never_a_slot(values: dict[str, str]) -> None:
    prompt = Prompt("p", "en", "", "{a}|{b}|{c}|{a}", "")
    [message] = prompt.messages(**values)
    assert message.content == f"{values['a']}|{values['b']}|{values['c']}|{values['a']}"


def test_a_slot_that_is_not_filled_or_not_there(tmp_path: Path) -> None:
    prompt = read_prompt(place(tmp_path), "unify-question", "en")
    with pytest.raises(MetierError, match=r"unify-question\.en\.md: nothing fills the slot \{passage\}; did you mean"):
        prompt.messages(pasage="x", genre="y")
    with pytest.raises(MetierError, match=r"unify-question\.en\.md: the slot \{missed\} is missing"):
        prompt.messages(passage="x", genre="y", missed="z")


BAD = [
    ("Hello.\n# user\nx", r"en\.md:1: text before the first part"),
    ("# user\nx\n# user\ny", r"en\.md: has two parts '# user'"),
    ("# system\nx\n# usr\ny", r"en\.md: has no part '# user'"),
    ("# user\n\n# system\nx", r"en\.md: has no part '# user'"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_file_that_is_no_prompt(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MetierError, match=message):
        read_prompt(place(tmp_path, text), "unify-question", "en")


def test_a_prompt_that_is_not_there(tmp_path: Path) -> None:
    where = place(tmp_path)
    place(tmp_path, name="unify-question.zh.md")
    with pytest.raises(
        MetierError, match=r"'unify-question' is there in en, zh, not in 'ar'; write unify-question\.ar"
    ):
        read_prompt(where, "unify-question", "ar")
    with pytest.raises(MetierError, match=r"has no prompt 'unify-qestion'; did you mean 'unify-question'\?"):
        read_prompt(where, "unify-qestion", "en")
    with pytest.raises(MetierError, match="has no directory 'prompts'"):
        read_prompt(str(tmp_path / "prompts"), "unify-question", "en")
    with pytest.raises(MetierError, match="domain:medicin: no such domain; known: domain:arabic, domain:medicine"):
        read_prompt("domain:medicin", "unify-question", "en")


class Setting(Config, frozen=True):
    prompts: Prompts = "domain:medicine"


def test_the_prompts_are_among_the_files_of_a_step(tmp_path: Path) -> None:
    assert list(named_files(Setting())) == [("prompts", asset("domain:medicine/prompts"))]
    assert list(named_files(Setting(prompts=place(tmp_path)))) == [("prompts", tmp_path / "prompts")]


def test_every_prompt_that_ships_can_be_read() -> None:
    files = sorted(path for path in asset("domain:medicine").parent.glob("*/prompts/*.md"))
    assert files
    for file in files:
        name, language, _ = file.name.split(".")
        assert read_prompt(str(file.parents[1]), name, language).user
