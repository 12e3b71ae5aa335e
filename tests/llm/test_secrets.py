"""Keys are needed, used and never seen."""

import asyncio
import traceback
from pathlib import Path

import pytest

from metier.llm.backend import EndpointError
from metier.llm.endpoint import connect
from metier.llm.llm import LLM, Failed
from metier.llm.secrets import Secret, redact, split_login
from metier.llm.session import session
from metier.llm.spec import Endpoint, Limits
from metier.llm.stub import Faults, serving
from metier.records import Message, MetierError
from tests.llm.teachers import echo

KEY = "sk-live-4f9d2c71aa03e8b6"


def ask(writer: LLM, count: int = 4) -> list[object]:
    """The replies to so many questions."""
    return [made for _, made in writer.map(range(count), lambda number: writer.ask((Message("user", f"q{number}"),)))]


def everything(place: Path) -> bytes:
    """The bytes of all files of a cache."""
    return b"".join(path.read_bytes() for path in place.iterdir())


def test_a_key_is_sent_and_left_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", KEY)
    with serving(lambda request: f"your key is {KEY}", Faults(key=KEY)) as stub:
        spec = Endpoint(base_url=stub.url, model="m", api_key_env="TEACHER_KEY")
        with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
            made = ask(calls.llm("teacher"))
            assert {reply.text for reply in made} == {"your key is [hidden]"}  # type: ignore[attr-defined]
            assert KEY not in repr((calls, calls.llm("teacher"), calls.spent(), spec, made))
    assert KEY.encode() not in everything(tmp_path)


def test_a_wrong_key_stops_the_run_and_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEACHER_KEY", KEY)
    with serving(echo, Faults(key="another")) as stub:  # its error repeats what it was given
        spec = Endpoint(base_url=stub.url, model="m", api_key_env="TEACHER_KEY", limits=Limits(concurrency=2))
        with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
            with pytest.raises(EndpointError, match=r"refused with 401: wrong key: bearer .*; check the key") as caught:
                ask(calls.llm("teacher"))
            assert stub.counts().requests <= 2
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert KEY not in told and "[hidden]" in told
    assert KEY.encode() not in everything(tmp_path)


def test_a_missing_variable_is_one_clear_line_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEACHER_KEY", raising=False)
    with serving(echo) as stub:
        spec = Endpoint(base_url=stub.url, model="m", api_key_env="TEACHER_KEY")
        with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
            with pytest.raises(MetierError, match="the variable TEACHER_KEY is not set; export TEACHER_KEY") as caught:
                ask(calls.llm("teacher"))
            assert "\n" not in str(caught.value)
        assert stub.counts().requests == 0


def test_a_rerun_out_of_the_cache_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", KEY)
    with serving(echo, Faults(key=KEY)) as stub:
        spec = Endpoint(base_url=stub.url, model="m", api_key_env="TEACHER_KEY")
        with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
            first = ask(calls.llm("teacher"))
    monkeypatch.delenv("TEACHER_KEY")
    with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
        assert ask(calls.llm("teacher")) == first


def test_a_key_that_no_header_can_carry_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "ключ")
    with pytest.raises(MetierError, match="TEACHER_KEY holds signs that no key has") as caught:
        Secret("TEACHER_KEY", "models: teacher").value()
    assert "ключ" not in str(caught.value)


def test_a_password_in_a_url_is_used_and_hidden(tmp_path: Path) -> None:
    assert split_login("https://me:pa55@host:8/v1") == ("https://host:8/v1", ("me", "pa55"))
    assert split_login("https://host/v1") == ("https://host/v1", None)
    with serving(echo, Faults(status=500)) as stub:
        url = stub.url.replace("://", "://me:pa55word@")
        spec = Endpoint(base_url=url, model="m", limits=Limits(retries=0))
        with session(tmp_path / "replies.sqlite", {"teacher": spec}) as calls:
            made = ask(calls.llm("teacher"), 1)
            assert isinstance(made[0], Failed)
    assert "pa55word" not in repr(made)
    assert b"pa55word" not in everything(tmp_path)
    with pytest.raises(MetierError) as caught:
        asyncio.run(connect("teacher", Endpoint(base_url="ftp://me:pa55word@host/v1", model="m")))
    assert "pa55word" not in str(caught.value)


def test_passwords_and_tokens_are_hidden_in_any_text() -> None:
    text = "GET https://me:pa55@proxy:3128/ Authorization: Bearer abc.def-123456 and basic words stay"
    assert redact(text) == "GET https://[hidden]@proxy:3128/ Authorization: Bearer [hidden] and basic words stay"
    assert redact("a@b.example and http://host/x@y") == "a@b.example and http://host/x@y"
