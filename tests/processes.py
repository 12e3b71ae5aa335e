"""Whether a process still runs."""

from pathlib import Path


def runs(pid: int) -> bool:
    """Whether a process is there, and no corpse that nobody has buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def told(word: str) -> list[int]:
    """The processes that were started with a word on their command line."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if word in words:
            found.append(int(place.name))
    return found
