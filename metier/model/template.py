"""Render conversations and documents as tokens, with the mask of what is trained: one template trains and serves."""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from metier.model.template_render import Refusal, Text, closing, opening, pieces, plain, render, template, unmark
from metier.model.template_turns import View, views
from metier.records import Message, MetierError, ToolCall

Tokens = tuple[list[int], list[tuple[int, int]]]
TOGETHER = 1 << 19
"""Characters that are tokenized at a time: where each token stands takes several times the room of the token."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens, and for each a 1 where the loss counts it.

    A template may write a turn otherwise once it is past, as those do that drop earlier thinking. Such a turn is
    trained in ``earlier``: the conversation up to it, as it is written when the turn is new.
    """

    ids: list[int]
    mask: list[int]
    earlier: "tuple[Encoded, ...]" = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a conversation cannot be encoded."""

    why: str


def check_tokenizer(tokenizer: Any, path: str) -> None:
    """MetierError where no model can be trained with this tokenizer: a text needs an end, a token its place in a text.

    A token of beginning may be lacking, as many have none.
    """
    if tokenizer.eos_token_id is None:
        raise MetierError(f"{path}: the tokenizer has no eos_token, so no text would end; name one in its config")
    if not tokenizer.is_fast:
        raise MetierError(f"{path}: the tokenizer has no tokenizer.json, which says where each token stands; add one")


def encode(tokenizer: Any, messages: Sequence[Message], thinking: bool | None = None) -> Encoded:
    """A conversation by the model's own chat template; the mask holds the assistant's tokens, end of turn included.

    ``thinking`` is the template's own switch ``enable_thinking``, as in ``prompt``; None leaves it to the template.
    MetierError where the template cannot write the conversation.
    """
    found = encode_many(tokenizer, [messages], thinking)[0]
    if isinstance(found, Refused):
        raise MetierError(found.why)
    return found


def encode_many(
    tokenizer: Any, conversations: Sequence[Sequence[Message]], thinking: bool | None = None
) -> list[Encoded | Refused]:
    """Many conversations in one call; one that the template cannot write whole is Refused with the reason.

    Templates with ``{% generation %}`` markers say themselves what the assistant wrote; for others it is what each
    assistant turn adds to the text that the model is asked with.
    """
    if not conversations:
        return []
    form = template(tokenizer, thinking)
    last = closing(form)
    found: list[list[View] | Refused] = []
    for messages in conversations:
        try:
            found.append(views(form, messages, last))
        except Refusal as error:
            found.append(Refused(str(error)))
    flat = [view for one in found if not isinstance(one, Refused) for view in one]
    encoded = iter(_encode_views(tokenizer, flat, opening(form)))
    made: list[Encoded | Refused] = []
    for one in found:
        if isinstance(one, Refused):
            made.append(one)
            continue
        whole, *rest = [next(encoded) for _ in one]
        made.append(Encoded(whole.ids, whole.mask, tuple(rest)) if rest else whole)
    return made


def encode_text(tokenizer: Any, text: str) -> Encoded:
    """A raw document between the tokens of beginning and end; every token but the first is trained."""
    return encode_texts(tokenizer, [text])[0]


def encode_texts(tokenizer: Any, texts: Sequence[str]) -> list[Encoded]:
    """Many raw documents in one call; a special token spelt out in a text is read as plain characters."""
    first = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    last = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    if not texts:
        return []
    some = tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]
    return [Encoded([*first, *ids, *last], [0] * len(first) + [1] * (len(ids) + len(last))) for ids in some]


def prompt(tokenizer: Any, messages: Sequence[Message], thinking: bool | None = None) -> list[int]:
    """The tokens of a conversation up to where the assistant begins to speak.

    MetierError where the template refuses the conversation.
    """
    form = template(tokenizer, thinking)
    text, _ = unmark(render(form, plain(form, messages), True))
    return _tokens(tokenizer, [text], opening(form))[0][0]


def turn_ends(tokenizer: Any) -> list[int]:
    """The special tokens that a model is trained to end its turns with; none where no chat template can be read.

    Where the model is served, each of them has to stop it.
    """
    asked, said = Message("user", "Hi"), Message("assistant", "Hi")
    calls = Message("assistant", "Hi", (ToolCall("find", "{}"),))
    talks = [(asked, said), (asked, said, asked), (asked, calls, Message("tool", "Hi"))]
    ends: dict[int, None] = {}
    try:
        some = [found for thinking in (None, False, True) for found in encode_many(tokenizer, talks, thinking)]
    except MetierError:
        return []
    for found in some:
        if isinstance(found, Encoded) and 1 in found.mask:
            ends[found.ids[len(found.mask) - 1 - found.mask[::-1].index(1)]] = None
    special = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    return [token for token in ends if token in special]


def _encode_views(tokenizer: Any, some: Sequence[View], header: str) -> list[Encoded]:
    made = []
    for view, (ids, offsets) in zip(some, _tokens_of(tokenizer, [view.text for view in some], header), strict=True):
        begins, ends = [first for first, _ in offsets], [last for _, last in offsets]
        mask = [0] * len(ids)
        for first, last in view.spans:
            if first < last:
                begin, end = bisect.bisect_right(ends, first), bisect.bisect_left(begins, last)
                mask[begin:end] = [1] * (end - begin)
        if view.unended:
            ids, mask = [*ids, tokenizer.eos_token_id], [*mask, 1]
        made.append(Encoded(ids, mask))
    return made


def _tokens_of(tokenizer: Any, texts: Sequence[Text], header: str) -> Iterator[Tokens]:
    """The tokens of each text, of so many texts at a time that their stretches take little room."""
    some, size = list[Text](), 0
    for text in texts:
        some.append(text)
        size += len(text.text)
        if size >= TOGETHER:
            yield from _tokens(tokenizer, some, header)
            some, size = [], 0
    yield from _tokens(tokenizer, some, header)


def _tokens(tokenizer: Any, texts: Sequence[Text], header: str) -> list[Tokens]:
    """The tokens of each text, with the stretch of the text that each stands for.

    As the model is asked with the header alone, an answer behind it begins with a new token in training too.
    """
    if not texts:
        return []
    out = tokenizer([one.text for one in texts], add_special_tokens=False, return_offsets_mapping=True)
    last = _ids(tokenizer, header)[-1] if header else 0
    found: list[Tokens] = list(zip(out["input_ids"], out["offset_mapping"], strict=True))
    joined = [header != "" and _joined(text.text, header, last, one) for text, one in zip(texts, found, strict=True)]
    if any(joined) and not _severable(tokenizer):
        joined = [False] * len(texts)
    return [
        _in_pieces(tokenizer, text, header if cut else "") if cut or text.spelt else one
        for text, one, cut in zip(texts, found, joined, strict=True)
    ]


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _joined(text: str, header: str, last: int, tokens: Tokens) -> bool:
    """Whether some header ends with another token than it does alone."""
    ids, ends = tokens[0], [stop for _, stop in tokens[1]]
    place = text.find(header)
    while place >= 0:
        end = place + len(header)
        before = bisect.bisect_right(ends, end) - 1
        if before < 0 or ends[before] != end or ids[before] != last:
            return True
        place = text.find(header, end)
    return False


def _severable(tokenizer: Any) -> bool:
    """Whether a text can be cut without its tokens changing: some tokenizers put a space before whatever they get."""
    newline = _ids(tokenizer, "\n")
    return all(_ids(tokenizer, "\n" + sample) == newline + _ids(tokenizer, sample) for sample in "a0(患م")


def _in_pieces(tokenizer: Any, text: Text, header: str) -> Tokens:
    """The same for a text that has to be cut: no token reaches over the end of a piece."""
    ids, offsets = list[int](), list[tuple[int, int]]()
    for begin, end, literal in pieces(text, header):
        some = tokenizer(
            text.text[begin:end], add_special_tokens=False, split_special_tokens=literal, return_offsets_mapping=True
        )
        ids += some["input_ids"]
        offsets += [(first + begin, last + begin) for first, last in some["offset_mapping"]]
    return ids, offsets
