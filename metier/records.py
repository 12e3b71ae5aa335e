"""The nouns of the trade: what flows between stages, and the shape every setting shares.

Every record is a frozen struct with an ``id`` where it is stored by id and a ``parent`` where it was made from another
record, so that an answer can be followed back to the page it came from.
"""

import hashlib
from typing import Annotated, Any, Literal

import msgspec

Kind = Literal["web", "book", "encyclopedia", "literature", "leaflet", "dialogue", "rule", "general"]
Role = Literal["system", "user", "assistant", "tool"]
QuestionKind = Literal["single", "multiple", "matched", "integrated", "yesno", "open"]
Side = Literal["left", "right", "tie"]

File = Annotated[str, msgspec.Meta(extra={"files": True})]
"""A setting that names one file; its content enters the step's fingerprint. ``asset:`` names a file that ships."""
Files = Annotated[str | tuple[str, ...], msgspec.Meta(extra={"files": True})]
"""A setting that names files, globs allowed; their content enters the step's fingerprint."""


class MetierError(Exception):
    """Something the user can mend: the message names the cause, the place and the remedy in one line."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Immutable, strict, cheap to read and write."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a recipe may say to a stage: one typed table, every field with its meaning."""


class Document(Record, frozen=True):
    """A text as found in the world; a passage is a Document with a parent; ``meta`` carries the user's own columns."""

    id: str
    text: str
    source: str = ""
    kind: Kind = "web"
    language: str = ""
    licence: str = ""
    parent: str = ""
    meta: dict[str, str] = {}


class ToolCall(Record, frozen=True):
    """A call of a named tool; ``arguments`` is a JSON text, as the models write it."""

    name: str
    arguments: str = "{}"


class Message(Record, frozen=True):
    """One turn of a conversation."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()


class Conversation(Record, frozen=True):
    """What a trainer sees; ``source`` drives priority and mixing, ``request`` is the hash of the call that wrote it."""

    id: str
    messages: tuple[Message, ...]
    source: str = ""
    language: str = ""
    parent: str = ""
    request: str = ""

    @property
    def prompt(self) -> tuple[Message, ...]:
        """What a model is asked: the messages before the assistant's last, where that ends the conversation."""
        return self.messages[:-1] if self.reply else self.messages

    @property
    def reply(self) -> str:
        """What the assistant says last, the standard answer to the prompt; empty where the conversation ends before."""
        last = self.messages[-1] if self.messages else None
        return last.content if last and last.role == "assistant" else ""


class Comparison(Record, frozen=True):
    """Two replies to one prompt, before anyone has judged them; ``reference`` is the standard answer, where one is."""

    prompt: tuple[Message, ...]
    left: str
    right: str
    reference: str = ""

    def swap(self) -> "Comparison":
        """The same comparison in the other order: a judge is asked both."""
        return Comparison(self.prompt, self.right, self.left, self.reference)


class Verdict(Record, frozen=True):
    """Which of two answers won, judged in both orders; one that flips with the order is a tie and not consistent.

    ``question``, ``left`` and ``right`` are ids. ``margin`` is how many points left is ahead of right, the mean of both
    orders; below 0 it is behind.
    """

    question: str
    left: str
    right: str
    winner: Side
    consistent: bool
    rater: str
    aspect: str = ""
    why: str = ""
    margin: float = 0.0


class Preference(Record, frozen=True):
    """A prompt with the reply that was preferred and the one that was not; ``parent`` is the prompt's conversation."""

    id: str
    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    verdict: Verdict | None = None
    source: str = ""
    language: str = ""
    parent: str = ""


class Question(Record, frozen=True):
    """An exam question; ``options`` by label, ``key`` the right labels, ``reference`` the right open answer.

    ``passage`` is the stem that several questions share; ``labels`` (subject, year, ...) are what a table groups by.
    """

    id: str
    stem: str
    parent: str = ""
    passage: str = ""
    options: dict[str, str] = {}
    key: frozenset[str] = frozenset()
    reference: str = ""
    kind: QuestionKind = "single"
    labels: dict[str, str] = {}


class Answer(Record, frozen=True):
    """What a model answered: ``chosen`` labels (empty where nothing could be read) and the ``rule`` that read them."""

    id: str
    question: str
    model: str
    text: str
    chosen: frozenset[str] = frozenset()
    rule: str = ""
    request: str = ""


class Grade(Record, frozen=True):
    """Points on one dimension of an answer, by one rater."""

    answer: str
    dimension: str
    points: float
    rater: str


class Score(Record, frozen=True):
    """One number with the count behind it and its 95% interval, keyed by (task, model, metric, by)."""

    task: str
    model: str
    metric: str
    by: dict[str, str]
    value: float
    n: int
    low: float
    high: float


class Dropped(Record, frozen=True):
    """A record that was left out, and why; ``detail`` is what concerns it alone, as the record that it repeats."""

    id: str
    why: str
    detail: str = ""


class Checkpoint(Record, frozen=True):
    """A model on disk: ``path`` is a directory with all its weights, or with an adapter that names its base.

    ``base`` is what the recipe calls it: a step, a snapshot of one (``STEP@N``), or a model from elsewhere.
    """

    path: str
    base: str = ""
    fingerprint: str = ""
    seed: int | None = None


class Feedback(Record, frozen=True):
    """What a reader thought of a reply."""

    reply: str
    thumb: Literal["up", "down"]
    reason: str = ""


# Tables hold hundreds of thousands of the next five, and no circles of them: the collector need not walk them.
class Name(Record, frozen=True, gc=False):
    """What an entity is called in one language; ``""`` is for names that are the same in all."""

    language: str
    name: str
    aliases: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    salts: tuple[str, ...] = ()


class Entity(Record, frozen=True, gc=False):
    """A thing, a class of things or a condition of a patient that a rule can speak of, with every name it goes by.

    ``classes`` are the ids of the classes it belongs to; a class may belong to classes itself.
    """

    id: str
    names: tuple[Name, ...]
    kind: Literal["thing", "class", "condition"] = "thing"
    classes: tuple[str, ...] = ()


class Advice(Record, frozen=True, gc=False):
    """What a rule tells the reader in one language, and what to do instead."""

    language: str
    message: str
    remedy: str = ""


class Example(Record, frozen=True, gc=False):
    """A sentence that breaks a rule (``fires``), or one that looks like it and does not."""

    text: str
    fires: bool
    card: str = ""


class Rule(Record, frozen=True, gc=False):
    """Members (ids of entities or classes) that do not go together in a context; what to say, and who says so.

    ``mixed`` is one container, syringe or line; ``together`` one patient at one time; ``either`` both of these;
    ``patient`` a patient to whom ``when`` applies, a condition over the patient's card (``pregnant & week<13``).
    """

    id: str
    members: tuple[str, ...]
    context: Literal["mixed", "together", "either", "patient"] = "together"
    severity: Literal["note", "caution", "forbidden"] = "caution"
    advice: tuple[Advice, ...] = ()
    source: str = ""
    when: str = ""
    examples: tuple[Example, ...] = ()

    def told(self, language: str) -> Advice:
        """The advice in a language (of en-GB in en), or where it is not told in that, in English or else the first."""
        own = {one.language: one for one in reversed(self.advice)}
        order = (language, language.partition("-")[0], "en", *own)
        return next((own[one] for one in order if one in own), Advice(language, ""))


KINDS: tuple[type[Record], ...] = (
    Document, Conversation, Preference, Question, Answer, Grade, Score, Verdict, Feedback, Entity, Rule, Dropped,
)  # fmt: skip
"""Every noun that an artefact may hold, in the order reports list them."""


def kind_name(kind: type[Record]) -> str:
    """The name of a noun in paths and manifests: ``document``, ``conversation``, ..."""
    return kind.__name__.lower()


def several(kind: str) -> str:
    """The name of a noun for more than one of it: ``entities``."""
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def fingerprint(value: Any) -> str:
    """A short stable name for any record, config or plain data: 16 hex digits of SHA-256 over canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:16]
