"""A reply as a struct: however it is wrapped, always checked, asked again twice at most."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metier.llm.llm import LLM, Failed
from metier.llm.request import Reply, Request
from metier.llm.session import session
from metier.llm.spec import Endpoint, Model, Scripted
from metier.llm.structured import REPAIRED, UNREADABLE, Unreadable, read, schema_of
from metier.llm.stub import serving
from metier.records import Message


class Dose(msgspec.Struct):
    grams: float
    times: Annotated[int, msgspec.Meta(ge=1)] = 1


class Card(msgspec.Struct):
    drug: str
    doses: tuple[Dose, ...]
    form: Literal["tablet", "syrup"] = "tablet"
    note: str | None = None


GOOD = '{"drug": "Zelvan", "doses": [{"grams": 0.5, "times": 2}]}'
CARD = Card("Zelvan", (Dose(0.5, 2),))


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here it is:\n```\n{GOOD}\n```\nI hope {{this}} helps.",
        f"<think>perhaps {{\"drug\": \"x\", \"doses\": []}}</think>{GOOD}",
        f"As in {{\"drug\": 3}}: {GOOD} (an object)",
        '{"drug": "Zelvan", "doses": [{"grams": 0.5, "times": 2,},],}',
        f'{{"drug": "Old", "doses": []}} No, wait: {GOOD}',
        "{" + GOOD,
    ],
)  # fmt: skip
def test_a_reply_is_read_however_it_is_wrapped(text: str) -> None:
    assert read(Card, text) == CARD


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no JSON object"),
        ("I cannot.", "there is no JSON object"),
        ("[1, 2]", "there is no JSON object"),
        ('{"drug": "Zelvan"}', "missing required field `doses`"),
        ('{"drug": "Zelvan", "doses": [{"grams": "0.5"}]}', "Expected `float`, got `str` - at `$.doses[0].grams`"),
        ('{"drug": "Zelvan", "doses": [{"grams": 1, "times": 0}]}', "Expected `int` >= 1"),
        ('{"drug": "Zelvan", "doses": [], "form": "cream"}', "Invalid enum value 'cream'"),
        ('{"drug": "Zelvan", "doses": [', "there is no JSON object"),
        ("{" * 100_000, "there is no JSON object"),
    ],
)
def test_what_is_not_the_struct_is_not_believed(text: str, said: str) -> None:
    with pytest.raises(Unreadable) as error:
        read(Card, text)
    assert said in str(error.value)


@given(st.text(), st.lists(st.floats(0, 1e9, allow_nan=False)), st.sampled_from(["{}", "```json\n{}\n```", "So: {}."]))
def test_every_struct_comes_back(drug: str, grams: list[float], frame: str) -> None:
    card = Card(drug, tuple(Dose(one) for one in grams))
    if "think>" not in drug and "```" not in drug:
        assert read(Card, frame.replace("{}", msgspec.json.encode(card).decode())) == card


def test_the_schema_is_strict_and_whole() -> None:
    schema = schema_of(Card)
    assert "$" not in json.dumps(schema)
    assert schema["required"] == ["drug", "doses", "form", "note"] and schema["additionalProperties"] is False
    dose = schema["properties"]["doses"]["items"]
    assert dose["required"] == ["grams", "times"] and dose["additionalProperties"] is False
    assert schema["title"] == "Card"


def test_a_struct_that_holds_itself_has_no_schema() -> None:
    class Knot(msgspec.Struct):
        inner: "Knot | None" = None

    with pytest.raises((TypeError, NameError)):
        schema_of(Knot)


def card_of(writer: LLM) -> Any:
    async def one(drug: str) -> tuple[Card, Reply]:
        return await writer.ask_for(Card, [Message("user", f"The card of {drug}")])

    return next(iter(writer.map(["Zelvan"], one)))[1]


def hesitates(request: Request) -> str:
    """Answers rightly the third time, and only when it was told what was wrong."""
    asked = [one.content for one in request.messages if one.role == "user"]
    if len(asked) == 1:
        assert "JSON schema" in asked[0] and '"grams"' in asked[0]
        return "The drug is Zelvan."
    if len(asked) == 2:
        assert "there is no JSON object in it" in asked[1]
        return '{"drug": "Zelvan"}'
    assert "missing required field `doses`" in asked[2]
    return GOOD


def refuses(request: Request) -> str:
    """Never gives an object."""
    return "I cannot."


def test_it_is_asked_again_with_what_was_wrong(tmp_path: Path) -> None:
    models = {"teacher": Scripted(function="tests.llm.test_structured:hesitates")}
    for cached in (0, 3):
        with session(tmp_path / "replies.sqlite", models) as calls:
            card, reply = card_of(calls.llm("teacher"))
            spent = calls.spent()["teacher"]
        assert card == CARD and reply.text == GOOD
        assert spent.counts == {UNREADABLE: 2, REPAIRED: 1} and spent.cached == cached


def test_it_gives_up_with_a_reason_that_can_be_counted(tmp_path: Path) -> None:
    models = {"teacher": Scripted(function="tests.llm.test_structured:refuses")}
    with session(tmp_path / "replies.sqlite", models) as calls:
        made = card_of(calls.llm("teacher"))
        assert isinstance(made, Failed) and made.why == "reply is not the JSON asked for"
        assert "no JSON object" in made.detail and "I cannot." in made.detail
        assert calls.spent()["teacher"].counts == {UNREADABLE: 3} and calls.spent()["teacher"].sent == 3


def forced(schema: Any) -> Any:
    """What constrained decoding gives: a value that a schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: forced(one) for name, one in schema["properties"].items()}
    some = {"string": "Zelvan", "array": [], "number": 1.0, "integer": 1}
    return some.get(str(schema.get("type")))


def constrains(request: Request) -> str:
    return json.dumps(forced(request.schema)) if request.schema else "yes"


def ignores(request: Request) -> str:
    """Says 200 to every schema, and does as it likes."""
    last = request.messages[-1].content
    return "yes" if request.schema or "Zelvan" not in last else GOOD


def old_ignores(request: Request) -> str:
    assert request.schema is None, "an endpoint that says it takes no schema gets none"
    return GOOD


@pytest.mark.parametrize(
    ("function", "spec", "sent", "schema"),
    [
        (constrains, {}, 3, True),
        (ignores, {}, 3, False),
        (old_ignores, {"json_schema": False}, 2, False),
    ],
)
def test_a_schema_is_sent_only_to_who_keeps_to_it(
    tmp_path: Path, function: Any, spec: dict[str, Any], sent: int, schema: bool
) -> None:
    with serving(function) as stub:
        models: dict[str, Model] = {"teacher": Endpoint(base_url=stub.url, model="m", **spec)}
        for again in (False, True):
            with session(tmp_path / "replies.sqlite", models) as calls:
                card, reply = card_of(calls.llm("teacher"))
                assert isinstance(card, Card) and card.drug == "Zelvan"
                assert calls.spent()["teacher"].sent == (0 if again else sent), "trials are kept too"
            request = stored(tmp_path / "replies.sqlite", reply.request)
            assert (request.schema is not None) == schema
        assert stub.counts().requests == sent


def stored(path: Path, key: str) -> Request:
    from metier.llm.cache import Cache

    cache = Cache(path)
    request = cache.request(key)
    cache.close()
    assert request is not None
    return request
