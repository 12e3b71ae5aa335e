"""What becomes of a sentence that breaks a rule, and of a prompt that touches one."""

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from metier.records import Config
from metier.rules.firing import Firing

Action = Literal["pass", "warn", "append", "block", "rewrite"]
"""``pass``: nothing; ``warn``: the rule is told before the sentence; ``append``: it is told behind the reply;
``block``: it is told in place of the sentence; ``rewrite``: the caller's function writes the sentence anew, and where
there is none, or what it wrote breaks a rule as well, the sentence is blocked."""
Asked = Literal["pass", "warn", "block"]


class Policy(Config, frozen=True):
    """What becomes of a sentence that breaks a rule, by the rule's severity, and of a prompt that touches one.

    As it stands, only what a rule of severity `forbidden` forbids is kept back: a sentence that breaks a `caution` or a
    `note` leaves, and the rule is told behind the reply. With `caution` and `note` set to `block` nothing leaves that
    any rule speaks against.
    """

    forbidden: Action = "block"
    """What becomes of a sentence that breaks a rule of severity `forbidden`: pass, warn (the rule is told before it),
    append (it is told behind the reply), block (it is told in its place), or rewrite (a function writes it anew)."""
    caution: Action = "append"
    """The same for rules of severity `caution`; append lets the sentence leave."""
    note: Action = "append"
    """The same for rules of severity `note`; append lets the sentence leave."""
    asked: Asked = "warn"
    """What becomes of a prompt that touches a rule which is more than a note: pass, warn (the model is told the rule)
    or block (the reader is told it, and no model is asked)."""
    missed: bool = True
    """Whether such a rule is told behind a reply that does not warn of it."""
    rest: bool = False
    """Whether nothing more of a reply leaves behind a blocked sentence."""
    longest: Annotated[int, msgspec.Meta(ge=40)] = 800
    """Characters after which a sentence that does not end is cut at a pause."""
    language: str = ""
    """The language in which rules are told; empty: the one of the sentence or prompt, as its script tells."""

    def action(self, firing: Firing) -> Action:
        """What becomes of a sentence because of one firing."""
        if firing.stance != "asserts":
            return "pass"
        by: dict[str, Action] = {"forbidden": self.forbidden, "caution": self.caution, "note": self.note}
        return by[firing.rule.severity]

    def those(self, firings: Iterable[Firing], *actions: Action) -> tuple[Firing, ...]:
        """The firings that call for one of some actions."""
        return tuple(one for one in firings if self.action(one) in actions)


def touched(firings: Iterable[Firing]) -> tuple[Firing, ...]:
    """The firings of a prompt that its reply has to heed: more than notes, and not what the prompt itself warns of."""
    return tuple(one for one in firings if one.rule.severity != "note" and one.stance != "warns")
