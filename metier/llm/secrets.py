"""Keys come from the environment when they are needed, and are never seen again."""

import os
import re
from urllib.parse import urlsplit, urlunsplit

from metier.records import MetierError

_HIDDEN = "[hidden]"
_SECRET = 12
"""Characters from which on a key cannot be an ordinary word, such as the EMPTY that local servers take."""
_IN_URL = re.compile(r"(?<=://)[^/\s@'\"]+@")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")


class Secret:
    """The value of a variable of the environment; it is read at every use, and not kept."""

    def __init__(self, variable: str, place: str) -> None:
        self.variable, self.place = variable, place

    def __repr__(self) -> str:
        return f"Secret({self.variable!r})"

    def value(self) -> str:
        """The value; MetierError where the variable is not set, or holds what no header can carry."""
        value = os.environ.get(self.variable, "").strip()
        if not value:
            raise MetierError(
                f"{self.place}: the variable {self.variable} is not set; export {self.variable}=... and run again"
            )
        if not value.isascii() or not value.isprintable():
            raise MetierError(f"{self.place}: the variable {self.variable} holds signs that no key has; set it again")
        return value

    def hide(self, content: bytes) -> bytes:
        """A body without the value, should the other side repeat it; one too short to be a secret is left in."""
        value = os.environ.get(self.variable, "").strip().encode()
        return content.replace(value, _HIDDEN.encode()) if len(value) >= _SECRET and value in content else content

    def redact(self, text: str) -> str:
        """A text without the value and without passwords."""
        value = os.environ.get(self.variable, "").strip()
        return redact(text.replace(value, _HIDDEN) if value else text)


def redact(text: str) -> str:
    """A text without passwords in URLs and without the tokens of authorisation headers."""
    return _BEARER.sub(rf"\1 {_HIDDEN}", _IN_URL.sub(f"{_HIDDEN}@", text))


def split_login(url: str) -> tuple[str, tuple[str, str] | None]:
    """A URL without its user and password, and these."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = login.partition(":")
    return urlunsplit(parts._replace(netloc=host)), (user, password)
