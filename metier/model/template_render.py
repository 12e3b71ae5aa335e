"""Write conversations as text by a tokenizer's own chat template, and tell which of its tokens are the template's own.

Only the template writes special tokens: one that is spelt out in what somebody says is read as plain characters, or a
text from the web could end a turn and begin another.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from metier.records import Message, MetierError

MARKED = re.compile(r"\{%-?\s*generation\s*-?%\}")
OPEN, CLOSE = "\ufdd0", "\ufdd1"
"""Stand around a special token that is spelt out, until the text is rendered: noncharacters, which no text may hold
(Unicode 16, section 23.7) and which are taken out of one that does."""
THINK = ("<think>", "</think>")
"""What the assistant puts around its thoughts: in its own turns these are meant, whether special tokens or not."""
TODAY = (("%d", "26"), ("%b", "Jul"), ("%B", "July"), ("%Y", "2024"), ("%y", "24"), ("%m", "07"), ("%A", "Friday"))
"""The day that templates are told it is, or the same data would be other tokens tomorrow: Llama 3's own default."""


class Refusal(MetierError):
    """A conversation that a template cannot write; another conversation it may."""


@dataclass(frozen=True, slots=True)
class Template:
    """A chat template with all that it is rendered with."""

    name: str
    source: str
    marked: bool
    names: dict[str, Any]
    special: tuple[str, ...]
    """What its tokenizer's special tokens look like."""
    spelt: re.Pattern[str]
    """Any of them."""
    bos: str | None


@dataclass(frozen=True, slots=True)
class Text:
    """A rendered conversation; ``spelt`` are the stretches of it that look like special tokens but are none."""

    text: str
    spelt: tuple[tuple[int, int], ...] = ()


def template(tokenizer: Any, thinking: bool | None) -> Template:
    """The chat template of a tokenizer; MetierError where it has none."""
    name = tokenizer.name_or_path or "the model"
    if not tokenizer.chat_template:
        raise MetierError(f"{name}: the tokenizer has no chat template; put a chat_template.jinja into its directory")
    try:
        source = str(tokenizer.get_chat_template())
    except ValueError as error:
        raise MetierError(f"{name}: {error}") from None
    own = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    special = tuple(sorted(own | set(tokenizer.all_special_tokens), key=lambda token: (-len(token), token)))
    switch = {} if thinking is None else {"enable_thinking": thinking}
    return Template(
        name,
        _dated(source),
        bool(MARKED.search(source)),
        {**tokenizer.special_tokens_map, **switch},
        special,
        re.compile("|".join(map(re.escape, special)) or "(?!)"),
        tokenizer.bos_token,
    )


def plain(form: Template, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as chat templates expect them; special tokens that are spelt out stand between marks."""
    return [_plain(form, message) for message in messages]


def render(form: Template, messages: Sequence[dict[str, Any]], open_turn: bool = False) -> str:
    """Some messages as text, marks included; ``open_turn`` ends it where the assistant begins to speak."""
    return _rendered(form, messages, open_turn, False)[0]


def render_marked(form: Template, messages: Sequence[dict[str, Any]]) -> tuple[str, list[tuple[int, int]]]:
    """Some messages as text, marks included, and the stretches that the template marks as generated."""
    return _rendered(form, messages, False, True)


def opening(form: Template) -> str:
    """What the template writes where the assistant is about to speak; empty where it writes nothing or cannot say."""
    some = [{"role": "user", "content": "Hi"}]
    try:
        before, after = render(form, some).removesuffix(closing(form)), render(form, some, True)
    except Refusal:
        return ""
    return after[len(before) :].lstrip() if after.startswith(before) else ""


def closing(form: Template) -> str:
    """What the template writes behind the last turn of all, where that turn has its own end already; else nothing.

    Nobody is asked for it: as a model is served, it has stopped before.
    """
    some = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    try:
        last, further = render(form, some), render(form, [*some, some[0]])
    except Refusal:
        return ""
    ends = [found.end() for found in form.spelt.finditer(last, max(0, last.rfind("Hello")))]
    rest = next((last[end:] for end in reversed(ends) if further.startswith(last[:end])), "")
    return rest if rest.strip() else ""


def unmark(rendered: str) -> tuple[Text, list[int]]:
    """A rendered text without marks, and where the marks stood, in order."""
    if OPEN not in rendered and CLOSE not in rendered:
        return Text(rendered), []
    marks = [place for place, sign in enumerate(rendered) if sign in (OPEN, CLOSE)]
    spelt, begin = [], None
    for number, place in enumerate(marks):
        if rendered[place] == OPEN:
            begin = place - number
        elif begin is not None:
            spelt.append((begin, place - number))
            begin = None
    return Text(unmarked(rendered), tuple(spelt)), marks


def pieces(text: Text, header: str) -> Iterator[tuple[int, int, bool]]:
    """The stretches of a text that are tokenized alone, and whether special tokens are spelt out there.

    Where a header is given, the text is cut behind each.
    """
    done = 0
    for first, last in (*text.spelt, (len(text.text), len(text.text))):
        while header and (place := text.text.find(header, done, first)) >= 0:
            yield done, place + len(header), False
            done = place + len(header)
        if done < first:
            yield done, first, False
        if first < last:
            yield first, last, True
        done = last


def _rendered(
    form: Template, messages: Sequence[dict[str, Any]], open_turn: bool, tracked: bool
) -> tuple[str, list[tuple[int, int]]]:
    from jinja2 import TemplateError, TemplateSyntaxError
    from transformers.utils.chat_template_utils import render_jinja_template

    try:
        texts, spans = render_jinja_template(
            [list(messages)],
            chat_template=form.source,
            return_assistant_tokens_mask=tracked,
            add_generation_prompt=open_turn,
            **form.names,
        )
    except TemplateSyntaxError as error:
        raise MetierError(f"{form.name}: its chat template cannot be read ({error}); mend it") from None
    except TemplateError as error:
        raise Refusal(f"the chat template refuses the conversation: {error}") from None
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        said = f"{type(error).__name__}: {error}"
        raise Refusal(f"the chat template fails on the conversation ({said})") from None
    return texts[0], spans[0] if tracked else []


def _plain(form: Template, message: Message) -> dict[str, Any]:
    meant = THINK if message.role == "assistant" else ()
    made: dict[str, Any] = {"role": message.role, "content": _mark(form, message.content, meant)}
    if message.tool_calls:
        made["tool_calls"] = [
            {"type": "function", "function": _mark(form, {"name": call.name, "arguments": _arguments(call.arguments)})}
            for call in message.tool_calls
        ]
    return made


def _arguments(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _mark(form: Template, value: Any, meant: Sequence[str] = ()) -> Any:
    """A text, or what JSON holds, with marks around the special tokens that are spelt out but for those meant."""
    if isinstance(value, dict):
        return {_mark(form, key): _mark(form, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_mark(form, one) for one in value]
    if not isinstance(value, str):
        return value
    return form.spelt.sub(lambda found: found[0] if found[0] in meant else f"{OPEN}{found[0]}{CLOSE}", unmarked(value))


def unmarked(text: str) -> str:
    """A text without the characters that are kept for marks."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def _dated(source: str) -> str:
    """The template with a clock that stands still, where it asks for the time."""
    if "strftime_now" not in source:
        return source
    fixed = "".join(f" | replace({sign!r}, {value!r})" for sign, value in TODAY)
    return f"{{%- macro strftime_now(format) -%}}{{{{- format{fixed} -}}}}{{%- endmacro -%}}{source}"
