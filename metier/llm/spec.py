"""The kinds of model a recipe may name under ``models:``."""

from typing import Annotated, Any

import msgspec

from metier.llm.request import Sampling
from metier.records import Config

Positive = Annotated[float, msgspec.Meta(ge=0)]


class Limits(Config, frozen=True):
    """How hard a model may be asked."""

    concurrency: Annotated[int, msgspec.Meta(ge=1)] = 64
    """Most requests under way."""
    requests_per_minute: Positive = 0
    """0 is no limit."""
    tokens_per_minute: Positive = 0
    """Of prompt and reply together; 0 is no limit."""
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 120
    """Seconds one attempt may take."""
    deadline: Annotated[float, msgspec.Meta(gt=0)] = 900
    """Seconds a request may take with all its attempts, waiting for its turn not counted."""
    retries: Annotated[int, msgspec.Meta(ge=0)] = 6
    """Attempts after the first."""


class Price(Config, frozen=True):
    """What a million tokens cost."""

    prompt: Positive = 0
    completion: Positive = 0
    currency: str = "USD"


class Asked(Config, frozen=True):
    """What every kind of model may say of itself."""

    revision: str = ""
    """Names the weights behind the model's name; part of what replies are kept under."""
    sampling: Sampling = Sampling()
    limits: Limits = Limits()
    price: Price = Price()
    budget: Positive = 0
    """Stop the run before it has spent more than this on this model; 0 is no limit. A later run goes on."""

    @property
    def called(self) -> str:
        """What requests call the model: its name alone, wherever it lies and whoever serves it."""
        raise NotImplementedError

    def lasting(self) -> dict[str, Any]:
        """What of it can change an answer: not where it is, what it costs or how hard it may be asked."""
        sampling = msgspec.to_builtins(self.sampling)
        return {"model": self.called, "revision": self.revision, "sampling": sampling}


class Endpoint(Asked, frozen=True, kw_only=True, tag="openai", tag_field="kind"):
    """Any server of the OpenAI chat protocol."""

    base_url: str
    """Up to /v1."""
    model: str
    api_key_env: str = ""
    """Variable of the environment that holds the key."""
    json_schema: bool = True
    """Whether it may be sent JSON schemas. That it keeps to them is tried before it is believed."""

    @property
    def called(self) -> str:
        """The name that its server knows it by."""
        return self.model


class Vllm(Asked, frozen=True, kw_only=True, tag="vllm", tag_field="kind"):
    """A vLLM server that is started for the steps that ask it, and stopped before training."""

    model: str
    """A directory, the step that makes it, or hf:organisation/name."""
    gpus: Annotated[int, msgspec.Meta(ge=1)] = 1
    command: tuple[str, ...] = ("vllm", "serve")
    """The program and its first words; model, port and the rest follow."""
    arguments: tuple[str, ...] = ()
    """Further arguments of the server."""
    start_seconds: Annotated[float, msgspec.Meta(gt=0)] = 900
    """How long it may take to answer."""
    stop_seconds: Annotated[float, msgspec.Meta(gt=0)] = 20
    """How long it may take to end before it is killed."""
    json_schema: bool = True
    """Whether it may be sent JSON schemas. That it keeps to them is tried before it is believed."""

    @property
    def called(self) -> str:
        """The name of the weights."""
        return weights_name(self.model, self.revision)


class Local(Asked, frozen=True, kw_only=True, tag="local", tag_field="kind"):
    """A checkpoint in this process."""

    model: str
    """A directory, the step that makes it, asset:nano or hf:organisation/name."""
    batch: Annotated[int, msgspec.Meta(ge=1)] = 32
    """Most requests answered together."""

    @property
    def called(self) -> str:
        """The name of the weights."""
        return weights_name(self.model, self.revision)


class Scripted(Asked, frozen=True, kw_only=True, tag="scripted", tag_field="kind"):
    """A function of yours that answers: ``def answer(request: Request) -> str``."""

    function: str
    """``module:function``. Its revision is by default the hash of its code."""
    http: bool = False
    """Answer behind a real HTTP endpoint on this machine."""

    @property
    def called(self) -> str:
        """The address of the function."""
        return self.function


def weights_name(model: str, revision: str) -> str:
    """The name of a checkpoint in requests: where a revision says which weights they are, the place is left out."""
    name = model.removeprefix("hf:").removeprefix("asset:")
    return name if model.startswith("hf:") or not revision else name.rstrip("/").rpartition("/")[2]


Model = Endpoint | Vllm | Local | Scripted
