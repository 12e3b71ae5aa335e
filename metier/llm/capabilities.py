"""What an endpoint keeps to, tried before it is believed: a status of 200 proves nothing.

Every trial is an ordinary request, kept in the cache like all others, so that it is made once for an endpoint and a
model. Its revision names the endpoint: another server of the same model is tried anew.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable

import msgspec

from metier.llm.backend import Declared, ReplyError
from metier.llm.request import Reply, Request, Sampling, Tool
from metier.llm.spec import Endpoint, Model, Vllm
from metier.llm.thinking import split_thinking
from metier.records import Message

Answer = Callable[[Request], Awaitable[Reply]]
WORD = "qx-4071"
"""What only a schema can make a model say."""
ASKED = (Message("user", "Answer with the word yes and nothing else."),)
SCHEMA = {
    "title": "Trial",
    "type": "object",
    "properties": {"code": {"type": "string", "enum": [WORD]}},
    "required": ["code"],
    "additionalProperties": False,
}
TOOL = Tool(
    "record_weight", "Write down a weight.",
    {"type": "object", "properties": {"grams": {"type": "integer"}}, "required": ["grams"]},
)  # fmt: skip
TOLD = (Message("user", "Write down a weight of 250 grams. Use the tool."),)


async def probe(answer: Answer, spec: Model) -> Declared:
    """Try what a model keeps to; only endpoints are tried, of a function or a checkpoint it is known."""
    if not isinstance(spec, Endpoint | Vllm):
        return Declared(schema=False, tools=False)
    schema = spec.json_schema and await keeps_schema(answer, spec)
    switch = None if spec.sampling.thinking is None else await switches_thinking(answer, spec)
    return Declared(schema=schema, tools=await calls_tools(answer, spec), thinking=switch)


async def keeps_schema(answer: Answer, spec: Endpoint | Vllm) -> bool:
    """Whether a schema forces a word that the question does not suggest."""
    reply = await _try(answer, spec, Request(spec.called, ASKED, schema=SCHEMA))
    try:
        return reply is not None and bool(json.loads(reply.text)["code"] == WORD)
    except (ValueError, KeyError, TypeError):
        return False


async def calls_tools(answer: Answer, spec: Endpoint | Vllm) -> bool:
    """Whether a tool that is asked for by name is called with what was said."""
    reply = await _try(answer, spec, Request(spec.called, TOLD, tools=(TOOL,)))
    try:
        return reply is not None and any(
            call.name == TOOL.name and json.loads(call.arguments)["grams"] == 250 for call in reply.tool_calls
        )
    except (ValueError, KeyError, TypeError):
        return False


async def switches_thinking(answer: Answer, spec: Endpoint | Vllm) -> bool:
    """Whether it thinks when told to, and does not when told not to."""
    thought = []
    for thinking in (True, False):
        sampling = Sampling(max_tokens=512, thinking=thinking)
        reply = await _try(answer, spec, Request(spec.called, ASKED, sampling=sampling))
        if reply is None:
            return False
        thought.append(bool(reply.thinking or split_thinking(reply.text)[0]))
    return thought == [True, False]


async def _try(answer: Answer, spec: Endpoint | Vllm, request: Request) -> Reply | None:
    """The reply to a trial; None where the endpoint refuses it."""
    place = spec.base_url if isinstance(spec, Endpoint) else "vllm"
    mark = hashlib.sha256(place.encode()).hexdigest()[:8]
    sampling = request.sampling if request.sampling.thinking is not None else Sampling(max_tokens=256)
    request = msgspec.structs.replace(request, revision=f"{spec.revision}@{mark}", sampling=sampling)
    try:
        return await answer(request)
    except ReplyError:
        return None
