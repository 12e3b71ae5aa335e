"""Find what the assistant says in a rendered conversation: by the template's own markers, or by what each turn adds.

A turn is trained as the continuation of exactly the text that the model is asked with when that turn is its next.
"""

import bisect
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from metier.model.template_render import (
    THINK,
    Refusal,
    Template,
    Text,
    opening,
    plain,
    render,
    render_marked,
    unmark,
    unmarked,
)
from metier.records import Message

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class View:
    """A conversation as text, what of it is trained, and whether an end has to be added to its last turn."""

    text: Text
    spans: tuple[Span, ...]
    unended: bool = False


def views(form: Template, messages: Sequence[Message], closing: str = "") -> list[View]:
    """The whole conversation, then, latest first, the conversation up to each turn that the template rewrites later.

    Every assistant turn is trained in exactly one view. ``closing`` is what the template writes behind the last turn
    and nobody says. Refusal where it refuses the conversation, leaves some of it out, or does not write a turn as it
    asks for it.
    """
    some = plain(form, messages)
    found = [_marked(form, some)] if form.marked else _by_turns(form, messages, some, closing)
    _check_whole(form, messages, found)
    return [_ended(form, view) for view in found]


def _marked(form: Template, some: Sequence[dict[str, Any]]) -> View:
    rendered, spans = render_marked(form, some)
    text, marks = unmark(rendered)
    found = [_shifted(span, marks) for span in spans]
    if len(found) != sum(message["role"] == "assistant" for message in some):  # then an empty one is a part of a turn
        found = [span for span in found if span[0] < span[1]]
    return View(text, tuple(found))


def _by_turns(form: Template, messages: Sequence[Message], some: Sequence[dict[str, Any]], closing: str) -> list[View]:
    whole = render(form, some)
    turns = [number for number, message in enumerate(messages) if message.role == "assistant"]
    ended = {turn: whole if turn == len(some) - 1 else render(form, some[: turn + 1]) for turn in turns}
    after = {turn: text.removesuffix(closing) for turn, text in ended.items()}
    before = {turn: render(form, some[:turn], True) if turn else _greeting(form, after[0]) for turn in turns}
    for turn in turns:
        if not after[turn].startswith(before[turn]):
            raise Refusal(
                f"the chat template of {form.name} does not write the answer of turn {turn + 1} as it asks for it; "
                "tell the trainer thinking: true or false to fit the data, or put {% generation %} and "
                "{% endgeneration %} around what the assistant says in the template"
            )
    found, waiting = list[View](), turns
    target: str | None = whole
    while target is not None:
        own = [t for t in waiting if target.startswith(before[t]) and target.startswith(after[t].rstrip())]
        text, marks = unmark(target)
        ends = [_common(after[turn], target) for turn in own]
        spans = [_shifted((len(before[turn]), end), marks) for turn, end in zip(own, ends, strict=True)]
        found.append(View(text, tuple(spans)))
        waiting = [turn for turn in waiting if turn not in own]
        target = ended[waiting[-1]] if waiting else None
    return found


def _common(after: str, target: str) -> int:
    """Where a turn that ends one text ends in another, which goes on otherwise behind it."""
    return len(after) if target.startswith(after) else len(after.rstrip())


def _shifted(span: Span, marks: Sequence[int]) -> Span:
    """The same stretch once the marks, which stand at these places in order, are taken out."""
    first, last = (end - bisect.bisect_left(marks, end) for end in span)
    return first, last


def _greeting(form: Template, after: str) -> str:
    """What stands before the words of an assistant who speaks first."""
    head = opening(form)
    place = after.find(head) if head else -1
    return after[: place + len(head)] if place >= 0 else ""


def _ended(form: Template, view: View) -> View:
    """The view with every turn up to its end: the special token that it ends with, or that the next turn begins with.

    What a template writes between that token and the next turn nobody says. A last turn without an end needs one.
    """
    text, spans, unended = view.text.text, list[Span](), False
    spelt = dict(view.text.spelt)
    spelt_ends = set(spelt.values())
    for first, last in view.spans:
        said = text[first:last].rstrip()
        if said.endswith(form.special) and first + len(said) not in spelt_ends:
            spans.append((first, first + len(said)))
            continue
        following = form.spelt.match(text, last)
        if following and following[0] != form.bos and last not in spelt:
            last = following.end()
        unended = not following and not text[last:].strip()
        spans.append((first, last))
    return replace(view, spans=tuple(spans), unended=unended)


def _check_whole(form: Template, messages: Sequence[Message], found: Sequence[View]) -> None:
    """Refusal where a turn is left out, or where what the assistant says is not among what is trained."""
    whole = found[0].text.text
    said = "\n".join(view.text.text[first:last] for view in found for first, last in view.spans)
    for number, message in enumerate(messages, 1):
        content = unmarked(message.content)
        if message.role != "assistant":
            if not _holds(whole, content):
                raise Refusal(f"the chat template leaves out what the {message.role} says")
            continue
        if not _holds(said, content.rpartition(THINK[1])[2]):
            mend = "mend its {% generation %} markers" if form.marked else "mend it"
            raise Refusal(f"what the assistant says in turn {number} is lost in the chat template; {mend}")
        if any(not _holds(said, call.name) for call in message.tool_calls):
            raise Refusal("the chat template leaves out the assistant's tool calls")


def _holds(text: str, said: str) -> bool:
    """Whether a text holds these words, as they are, as JSON, or but for spaces and signs."""
    said = said.strip()
    if said in text or json.dumps(said, ensure_ascii=False)[1:-1] in text:
        return True
    return _letters(said) in _letters(text)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
