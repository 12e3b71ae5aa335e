"""Write a directory to start from: a recipe that runs, a place for data, and a domain's own files."""

import re
import shutil
from pathlib import Path

import metier
from metier.records import MetierError
from metier.text.suggest import did_you_mean

HOME = Path(metier.__path__[0])


def domains() -> list[str]:
    """The domains that ship."""
    return sorted(path.name for path in (HOME / "domains").iterdir() if path.is_dir() and not path.name.startswith("_"))


def start(place: Path, domain: str = "") -> list[Path]:
    """Fill a new directory; an existing one must be empty."""
    if domain and domain not in domains():
        raise MetierError(f"--domain {domain}: no such domain; {did_you_mean(domain, domains())}")
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise MetierError(f"{place}: exists and is not empty; name a new directory")
    try:
        (place / "data").mkdir(parents=True)
    except OSError as error:
        raise MetierError(f"{place}: cannot be made: {error.strerror}; name another directory") from None
    recipe = (HOME / "assets" / "starter" / "recipe.yaml").read_text(encoding="utf-8")
    name = re.sub(r"[^\w.-]+", "-", place.resolve().name).strip("-.") or "mine"
    (place / "recipe.yaml").write_text(recipe.replace("NAME", name, 1), encoding="utf-8")
    shutil.copyfile(HOME / "assets" / "starter" / "pages.jsonl", place / "data" / "pages.jsonl")
    if domain:
        shutil.copytree(HOME / "domains" / domain, place / "domain")
    return sorted(path for path in place.rglob("*") if path.is_file())
