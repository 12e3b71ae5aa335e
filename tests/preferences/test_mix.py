import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from metier.artefact import Artefact
from metier.preferences.mix import BEYOND, CONFLICTS, EQUAL, REPEATS, UNNAMED, Mix, mix
from metier.recipe import load
from metier.records import Dropped, Message, MetierError, Preference
from metier.run.make import run as make
from tests.preferences.judged import of, run


def preference(id: str, source: str, chosen: str = "good", rejected: str = "bad", question: str = "") -> Preference:
    return Preference(id, (Message("user", question or f"q {id}"),), chosen, rejected, None, source, "en", id)


GIVEN = [preference(f"{source}{n}", source) for n in range(30) for source in ("localised", "general", "spare")]


def mixed(place: Path, given: list[Preference] = GIVEN, seed: int = 7, **config: Any) -> list[Any]:
    return run(mix, place, {}, preferences=given, seed=seed, config=Mix(**config), out=place)


def test_so_many_of_each_source_and_none_of_the_others(tmp_path: Path) -> None:
    made = mixed(tmp_path, take={"localised": 12, "general": 10}, rename={"localised": "home"})
    assert Counter(one.source for one in of(made, Preference)) == {"home": 12, "general": 10}
    whys = Counter((one.why, one.detail) for one in of(made, Dropped))
    assert whys == {(BEYOND, "localised"): 18, (BEYOND, "general"): 20, (UNNAMED, "spare"): 30}
    assert [one.id for one in made] == [one.id for one in GIVEN]
    notes = json.loads((tmp_path / "notes.json").read_text())
    assert notes["kept"] == 22 and [row["kept"] for row in notes["mixture"]] == [10, 12, 0]


def test_the_draw_follows_the_seed_and_grows_with_the_number(tmp_path: Path) -> None:
    def ids(n: int, seed: int = 7) -> set[str]:
        return {one.id for one in of(mixed(tmp_path, take={"general": n}, seed=seed), Preference)}

    assert ids(5) < ids(9) and ids(5) != ids(5, seed=8)


def test_nothing_said_keeps_all(tmp_path: Path) -> None:
    assert mixed(tmp_path) == GIVEN


def test_too_few_are_an_error_unless_they_may_be(tmp_path: Path) -> None:
    with pytest.raises(
        MetierError, match="take: 'general' has 30 preferences, not 31; label more, take 30, or set at_m"
    ):
        mixed(tmp_path, take={"general": 31})
    assert len(of(mixed(tmp_path, take={"general": 31}, at_most=True), Preference)) == 30
    with pytest.raises(MetierError, match="take: no preference has the source 'genral'; did you mean 'general'"):
        mixed(tmp_path, take={"genral": 1})
    with pytest.raises(MetierError, match="rename: no preference has the source 'x'"):
        mixed(tmp_path, rename={"x": "y"})


def test_repeats_contradictions_and_equal_replies_are_left_out(tmp_path: Path) -> None:
    given = [
        preference("a", "one", question="q"),
        preference("b", "two", question="q"),
        preference("c", "one", question="r"),
        preference("d", "two", "bad", "good", question="r"),
        preference("e", "two", "good ", "bad", question="r"),
        preference("f", "one", "same", " same "),
        preference("g", "two", "better", "good", question="q"),
    ]
    made = mixed(tmp_path, given)
    assert [one.id for one in of(made, Preference)] == ["a", "g"]
    assert {one.id: (one.why, one.detail) for one in of(made, Dropped)} == {
        "b": (REPEATS, "a"), "c": (CONFLICTS, "d"), "d": (CONFLICTS, "c"), "e": (CONFLICTS, "d"), "f": (EQUAL, ""),
    }  # fmt: skip
    notes = json.loads((tmp_path / "notes.json").read_text())
    assert [row["prompts shared"] for row in notes["mixture"]] == [1, 1]


def test_in_a_recipe_behind_files(tmp_path: Path) -> None:
    for name, count in (("home", 6), ("general", 9)):
        rows = [msgspec.json.encode({"prompt": f"{name} {n}", "chosen": "x", "rejected": "y"}) for n in range(count)]
        (tmp_path / f"{name}.jsonl").write_bytes(b"\n".join(rows))
    (tmp_path / "r.yaml").write_text(
        f"name: r\nsteps:\n  pairs: {{use: preferences.read, paths: '{tmp_path}/*.jsonl'}}\n"
        "  mixed: {use: preferences.mix, take: {home: 5, general: 5}}\n"
    )
    done = make(load(str(tmp_path / "r.yaml")), tmp_path / "runs")
    kept = list(Artefact(done.root / "mixed").records(Preference))
    assert Counter(one.source for one in kept) == {"home": 5, "general": 5}
