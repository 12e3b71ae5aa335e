"""What an endpoint keeps to is tried: one that says 200 to everything and does nothing of it is found out."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from metier.llm import capabilities, endpoint
from metier.llm.backend import Declared, Refused
from metier.llm.request import Reply, Request, Sampling
from metier.llm.spec import Endpoint, Scripted
from metier.llm.stub import serving
from metier.records import ToolCall


def able(request: Request) -> Reply:
    """Keeps to schemas, calls tools, and thinks as it is told."""
    thinking = "Is it?" if request.sampling.thinking else ""
    if request.schema:
        return Reply(json.dumps({"code": request.schema["properties"]["code"]["enum"][0]}), "")
    if request.tools:
        return Reply("", "", tool_calls=(ToolCall(request.tools[0].name, '{"grams": 250}'),))
    return Reply("yes", "", thinking=thinking)


def polite(request: Request) -> Reply:
    """Takes everything with a 200 and says yes."""
    return Reply("<think>always</think>yes", "")


def talkative(request: Request) -> Reply:
    """Writes of what it was given, rather than do it."""
    if request.schema:
        return Reply(f"The code is {request.schema['properties']['code']['enum'][0]}.", "")
    if request.tools:
        return Reply("", "", tool_calls=(ToolCall(request.tools[0].name, '{"grams": "many"}'),))
    return Reply("yes", "", thinking="always")


def broken(request: Request) -> Reply:
    """Answers with an error to all that is not plain."""
    if request.schema or request.tools or request.sampling.thinking is not None:
        raise ValueError("unknown field")
    return Reply("yes", "")


@pytest.mark.parametrize(
    ("function", "declared"),
    [
        (able, Declared(schema=True, tools=True, thinking=True)),
        (polite, Declared(schema=False, tools=False, thinking=False)),
        (talkative, Declared(schema=False, tools=False, thinking=False)),
        (broken, Declared(schema=False, tools=False, thinking=False)),
    ],
)
def test_what_it_keeps_to_is_tried(function: Any, declared: Declared) -> None:
    async def tried(spec: Endpoint) -> Declared:
        backend = await endpoint.connect("teacher", spec)

        async def answer(request: Request) -> Reply:
            try:
                return await backend.answer(request)
            except Refused as error:
                raise capabilities.ReplyError(error.why, error.detail) from None

        try:
            told = msgspec.structs.replace(spec, sampling=Sampling(thinking=False))
            kept = await capabilities.probe(answer, told)
            assert await capabilities.probe(answer, spec) == msgspec.structs.replace(kept, thinking=None)
            return kept
        finally:
            await backend.close()

    with serving(function) as stub:
        assert asyncio.run(tried(Endpoint(base_url=stub.url, model="m"))) == declared


def test_trials_are_kept_apart_by_endpoint_and_model() -> None:
    keys: list[str] = []

    async def answer(request: Request) -> Reply:
        keys.append(request.key)
        return Reply("yes", request.key)

    for spec in (
        Endpoint(base_url="http://a/v1", model="m"),
        Endpoint(base_url="http://b/v1", model="m"),
        Endpoint(base_url="http://a/v1", model="n"),
        Endpoint(base_url="http://a/v1", model="m", revision="2"),
    ):
        asyncio.run(capabilities.probe(answer, spec))
    assert len(set(keys)) == len(keys) == 8
    first = keys[:2]
    asyncio.run(capabilities.probe(answer, Endpoint(base_url="http://a/v1", model="m")))
    assert keys[8:] == first


def test_a_function_is_not_tried() -> None:
    async def answer(request: Request) -> Reply:
        raise AssertionError("asked")

    found = asyncio.run(capabilities.probe(answer, Scripted(function="a:b")))
    assert found == Declared(schema=False, tools=False)
