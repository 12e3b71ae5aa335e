"""The guard: what the rules make of a prompt, and of a reply while it is being written.

Pure: no network, no clock. A reply comes in chunks of any size and leaves sentence by sentence: each one is held until
it is whole, and is checked together with the dialogue and with what of the reply has left already. What leaves does not
depend on where the chunks are cut.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Sequence

import msgspec

from metier.records import Message, MetierError
from metier.rules.card import Card
from metier.rules.check import Checker
from metier.rules.firing import Firing
from metier.rules.guard_policy import Action, Asked, Policy, touched
from metier.rules.guard_seen import Seen
from metier.rules.guard_words import Lines, again, bare, instruction, language_for, warning
from metier.text.streamed import first_end, joined

__all__ = ["Action", "Held", "Policy", "Reply", "Ruled", "Ruling", "guarded", "on_prompt", "on_reply"]

Rewrite = Callable[[str, tuple[Firing, ...]], str | None]
"""Writes a sentence anew that breaks some rules; nothing where it cannot, and the sentence is blocked. What it raises
is raised to who feeds the reply, and nothing of the sentence has left."""
RewriteLater = Callable[[str, tuple[Firing, ...]], Awaitable[str | None]]
"""The same for a function that waits, as for a model."""


class Ruling(msgspec.Struct, frozen=True):
    """What becomes of a prompt: ``text`` is told to the model as a system message (warn), or to the reader (block)."""

    action: Asked
    text: str = ""
    firings: tuple[Firing, ...] = ()


class Ruled(msgspec.Struct, frozen=True):
    """What became of one sentence: ``said`` as it was written, ``text`` as it left or what was told of it.

    A rule that the reply did not warn of, though the prompt touches it, has nothing in ``said``.
    """

    action: Action
    said: str
    text: str
    firings: tuple[Firing, ...]


class Reply(msgspec.Struct, frozen=True):
    """A whole reply as it leaves, and what became of its sentences."""

    text: str
    ruled: tuple[Ruled, ...] = ()


class Broken(msgspec.Struct, frozen=True):
    """A sentence to be written anew, and the rules that it breaks."""

    said: str
    firings: tuple[Firing, ...]


Steps = Generator[Broken, str | None, str]
"""Asks for sentences to be written anew, is sent them (None: it cannot be done), and returns what may leave."""


class Held:
    """A reply held back while it is written: what is fed in leaves sentence by sentence, as the rules allow.

    At most one sentence is held, and the white space and the sign behind it that tell its end. A sentence longer than
    the policy's ``longest`` is cut at a pause: each part is held for itself, and the part that completes what a rule
    forbids is ruled on together with the parts before it.
    """

    def __init__(
        self,
        checker: Checker,
        messages: Sequence[Message],
        card: Card | None = None,
        policy: Policy | None = None,
        rewrite: Rewrite | None = None,
    ) -> None:
        self._policy, self._rewrite = policy or Policy(), rewrite
        self._messages, self._seen = tuple(messages), Seen(checker, messages, card)
        self._waiting, self._lines = "", Lines()
        self._ruled: list[Ruled] = []
        self._told, self._warned = set[str](), set[str]()
        self._behind: list[str] = []
        self._stopped = self._closed = False

    @property
    def ruled(self) -> tuple[Ruled, ...]:
        """What was warned of, appended, blocked or written anew so far, in order: for the log and for the reader."""
        return tuple(self._ruled)

    @property
    def waiting(self) -> str:
        """What is held: the sentence that is being written."""
        return self._waiting

    def feed(self, chunk: str) -> str:
        """What may leave now that this was written."""
        return self._run(self.steps(chunk))

    def close(self) -> str:
        """What leaves at the end of the reply: its last sentence, and what is told behind it."""
        return self._run(self.steps("", last=True))

    def steps(self, chunk: str, last: bool = False) -> Steps:
        """The same in steps, for callers that wait for what is written anew: see ``guarded``."""
        if self._closed:
            raise MetierError(f"the reply is closed and was fed {chunk[:40]!r}; begin another Held for another reply")
        self._closed = last
        self._waiting = self._waiting[:-1] + joined(self._waiting[-1:] + chunk)
        left = ""
        while end := first_end(self._waiting, self._policy.longest):
            piece, self._waiting = self._waiting[:end], self._waiting[end:]
            left += yield from self._settle(piece)
        if last:
            left += yield from self._settle(self._waiting)
            left += self._end()
        return left

    def _run(self, steps: Steps) -> str:
        """Take the steps, with the sentences that the caller's function writes."""
        try:
            broken = next(steps)
            while True:
                broken = steps.send(self._rewrite(broken.said, broken.firings) if self._rewrite else None)
        except StopIteration as done:
            return str(done.value)

    def _settle(self, said: str) -> Steps:
        """What leaves of one sentence."""
        if self._stopped or not said:
            return ""
        text, firings = said, self._seen.firings(said)
        hard = self._policy.those(firings, "block", "rewrite")
        if hard and not self._policy.those(firings, "block"):
            anew = ((yield Broken(said.strip(), hard)) or "").strip()
            text = _in_place(said, anew)
            firings = self._seen.firings(text)
            if anew and not self._policy.those(firings, "block", "rewrite"):
                self._ruled.append(Ruled("rewrite", said, text, hard))
                hard = ()
        if hard:
            return self._block(said, hard)
        self._warned |= {one.rule.id for one in firings if one.stance == "warns"}
        before = self._tell(text, firings)
        self._seen.tell(before)
        self._seen.leave(text)
        return before + self._lines.text(text)

    def _tell(self, said: str, firings: Sequence[Firing]) -> str:
        """What stands before a sentence that leaves; what is to stand behind the reply is kept until then."""
        before = ""
        for one in self._policy.those(firings, "warn", "append"):
            if one.rule.id not in self._told:
                line = self._warning(one, said)
                action = self._policy.action(one)
                if action == "append":
                    self._behind.append(line)
                else:
                    before += self._lines.told(line)
                self._ruled.append(Ruled(action, said, line, (one,)))
        return before

    def _block(self, said: str, firings: tuple[Firing, ...]) -> str:
        """What stands for a sentence that must not leave: its rules, or where they were told."""
        self._seen.block(said)
        new = [one for one in firings if one.rule.id not in self._told]
        lines = [self._warning(one, said) for one in new] or [again(firings[0], self._language(firings[0], said))]
        self._ruled.append(Ruled("block", said, "\n".join(lines), firings))
        self._stopped = self._policy.rest
        body = said.strip()
        at = said.index(body)
        gap = self._lines.text(said[:at]) if "\n" in said[:at] else ""
        left = gap + "".join(map(self._lines.told, lines)) + self._lines.text(said[at + len(body) :])
        self._seen.tell(f"{left}\n")
        return left

    def _end(self) -> str:
        """What is told behind a reply: rules that it broke, and rules that its prompt touches and it did not tell."""
        for one in touched(self._seen.asked()) if self._policy.missed else ():
            if one.rule.id not in self._told | self._warned:
                line = self._warning(one, self._messages[-1].content)
                self._behind.append(line)
                self._ruled.append(Ruled("append", "", line, (one,)))
        return self._lines.behind(self._behind)

    def _warning(self, firing: Firing, said: str) -> str:
        """A rule told to the reader, without its remedy where that breaks another rule in this dialogue."""
        self._told.add(firing.rule.id)
        language = self._language(firing, said)
        found = self._seen.firings(f"\n{firing.rule.told(language).remedy}\n")
        harms = any(one.rule.id != firing.rule.id for one in self._policy.those(found, "block", "rewrite"))
        return warning(bare(firing, language) if harms else firing, language)

    def _language(self, firing: Firing, said: str) -> str:
        return self._policy.language or language_for(firing.rule, said)


def _in_place(said: str, anew: str) -> str:
    """A sentence written anew between the white space of the one that it replaces."""
    body = said.strip()
    at = said.index(body)
    return said[:at] + anew + said[at + len(body) :]


async def guarded(chunks: AsyncIterable[str], held: Held, rewrite: RewriteLater | None = None) -> AsyncIterator[str]:
    """What may leave of a stream, as it may; ``rewrite`` is awaited where the policy has sentences written anew."""
    async for chunk in chunks:
        if text := await _waited(held.steps(chunk), rewrite):
            yield text
    if text := await _waited(held.steps("", last=True), rewrite):
        yield text


async def _waited(steps: Steps, rewrite: RewriteLater | None) -> str:
    """Take the steps, with the sentences that an awaited function writes."""
    try:
        broken = next(steps)
        while True:
            broken = steps.send(await rewrite(broken.said, broken.firings) if rewrite else None)
    except StopIteration as done:
        return str(done.value)


def on_reply(
    checker: Checker,
    messages: Sequence[Message],
    reply: str,
    card: Card | None = None,
    policy: Policy | None = None,
    rewrite: Rewrite | None = None,
) -> Reply:
    """What leaves of a whole reply to a dialogue: the same as when it is fed in chunks."""
    held = Held(checker, messages, card, policy, rewrite)
    text = held.feed(reply) + held.close()
    return Reply(text, held.ruled)


def on_prompt(
    checker: Checker, messages: Sequence[Message], card: Card | None = None, policy: Policy | None = None
) -> Ruling:
    """What becomes of a dialogue whose last turn is the user's, before a model answers it."""
    chosen = policy or Policy()
    found = touched(Seen(checker, messages, card).asked())
    if not found or chosen.asked == "pass":
        return Ruling("pass", "", found)
    asked = messages[-1].content
    told = [(one, chosen.language or language_for(one.rule, asked)) for one in found]
    if chosen.asked == "block":
        return Ruling("block", "\n".join(warning(one, language) for one, language in told), found)
    return Ruling("warn", instruction((one.citation(language) for one, language in told), told[0][1]), found)
