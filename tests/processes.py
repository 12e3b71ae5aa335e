"""Whether a process still runs."""

from pathlib import Path


def runs(pid: int) -> bool:
    """Whether a process is there, and no corpse that nobody has buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
