"""What the report says of conversations before anyone trains on them."""

from pathlib import Path

from metier.evals.report import Report
from metier.records import Conversation, Message
from tests.evals.runs import artefact, finished, page, text


def talk(id: str, *said: str, source: str = "leaflet", language: str = "en") -> Conversation:
    """A conversation of alternating turns."""
    roles = ("user", "assistant")
    messages = tuple(Message(roles[at % 2], line) for at, line in enumerate(said))  # type: ignore[arg-type]
    return Conversation(id, messages, source, language)


def some(count: int) -> list[Conversation]:
    """Conversations that do not resemble each other."""
    return [talk(f"c{n}", f"What is drug {n}?", " ".join(f"word{n}{k}" for k in range(12))) for n in range(count)]


def test_every_source_stands_with_its_numbers_and_the_trained_step_comes_first(tmp_path: Path) -> None:
    chinese = talk(
        "z", "这个药一天吃几次？", "一天三次。", "饭前还是饭后？", "饭后。", source="dialogue", language="zh"
    )
    made = artefact(tmp_path, "made", "instruct.unify", some(3))
    mixed = artefact(tmp_path, "mixed", "instruct.blend", [*some(19), chinese])
    student = artefact(tmp_path, "student", "train.sft", sources={"conversations": ["mixed"]}, files={"complete": ""})
    html = page(finished(tmp_path, [made, mixed, student]), tmp_path)
    section = text(html[html.index('id="conversations"') : html.index('id="steps"')])
    assert section.index("mixed instruct.blend · 20 conversations · trained on") < section.index("made instruct.unify")
    assert "leaflet 19 en 1 4 12" in section
    assert "dialogue 1 zh 2" in section and "all 20 en 95.0%, zh 5.0%" in section
    assert "19 95.0% what" in section and "1 5.0% how much" in section


def test_refusals_and_repeats_are_counted_with_their_intervals(tmp_path: Path) -> None:
    refused = talk("r", "Is it safe?", "I'm sorry, but I cannot help with that.")
    twice = talk("c0-again", "What is drug 0?", " ".join(f"word0{k}" for k in range(12)))
    html = page(
        finished(tmp_path, [artefact(tmp_path, "made", "instruct.distil", [*some(8), refused, twice])]), tmp_path
    )
    assert "1 10.0% refuse to answer" in text(html) and "1 10.0% nearly repeat another" in text(html)
    assert "refuse to answer 1.8–40.4%" in text(html)


def test_a_system_message_that_all_share_is_no_repeat(tmp_path: Path) -> None:
    head = Message("system", " ".join(f"rule{n}" for n in range(300)))
    given = [Conversation(one.id, (head, *one.messages), "s") for one in some(4)]
    html = page(finished(tmp_path, [artefact(tmp_path, "made", "instruct.roleplay", given)]), tmp_path)
    assert "0 0% nearly repeat another" in text(html)


def test_languages_beyond_the_fourth_are_counted(tmp_path: Path) -> None:
    given = [talk(f"l{code}", f"q {code}", f"a {code}", language=code) for code in ("de", "en", "fr", "ja", "ru", "zh")]
    html = page(finished(tmp_path, [artefact(tmp_path, "made", "instruct.localize", given)]), tmp_path)
    assert "ja 16.7%, 2 more" in text(html)


def test_who_and_what_the_replies_name_stands_with_its_count(tmp_path: Path) -> None:
    replies = ["Dr. Anna Miller works at Rivertown Hospital near the Silver River."] * 2 + [
        "王小明医生在北京协和医院。"
    ]
    given = [talk(f"n{at}", "Who helps?", reply) for at, reply in enumerate(replies)]
    shown = text(page(finished(tmp_path, [artefact(tmp_path, "made", "instruct.localize", given)]), tmp_path))
    assert "Persons 3 namings in the replies 2 Anna Miller 1 王小明" in shown
    assert "Organisations 3 namings in the replies 2 Rivertown Hospital 1 北京协和医院" in shown
    assert "Places 2 namings in the replies 2 Silver River" in shown


def test_the_sheet_shows_whole_turns_escaped_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    given = [*some(30), talk("x", "<script>alert(1)</script>", "هذا جواب")]
    run = finished(tmp_path, [artefact(tmp_path, "made", "instruct.read", given)])
    html = page(run, tmp_path)
    assert html == page(run, tmp_path) and "<script>alert" not in html
    assert html.count('class="talk"') == 8 and 'dir="auto"' in html


def test_a_run_without_conversations_has_no_such_section(tmp_path: Path) -> None:
    html = page(finished(tmp_path, [artefact(tmp_path, "pages", "corpus.read", files={"x": ""})]), tmp_path)
    assert 'id="conversations"' not in html


def test_names_of_a_gazetteer_are_found_whatever_stands_around_them(tmp_path: Path) -> None:
    names = tmp_path / "names.yaml"
    names.write_text("persons: [Nadir]\nplaces: [Ulmen]\n", encoding="utf-8")
    given = [talk("g", "Who?", "nobody but Nadir, who lives in Ulmen")]
    run = finished(tmp_path, [artefact(tmp_path, "made", "instruct.localize", given)])
    shown = text(page(run, tmp_path, Report(gazetteers=str(names))))
    assert "Persons 1 namings in the replies 1 Nadir" in shown and "Places 1 namings in the replies 1 Ulmen" in shown
    assert "Nadir" not in text(page(run, tmp_path)).split("conversations to read")[0]
