from metier.evals.report_tax import sweeps
from metier.records import Score


def pair(model: str, lost: float, won: float, by: dict[str, str]) -> list[Score]:
    """A loss and a gain, each within two points."""
    return [
        Score("general", model, "tax", by, lost, 100, lost - 0.02, lost + 0.02),
        Score("general", model, "gain", by, won, 100, won - 0.02, won + 0.02),
    ]


def test_a_dot_a_model_and_a_colour_a_series() -> None:
    scores = [
        *pair("full_0", 0.2, 0.7, {"replay": "0", "how": "full"}),
        *pair("full_20", 0.1, 0.6, {"replay": "20", "how": "full"}),
        *pair("lora_0", 0.05, 0.3, {"replay": "0", "how": "adapter"}),
    ]
    (sweep,) = sweeps(scores)
    (plane,) = sweep.planes
    assert sweep.series == (("full", 0), ("adapter", 1))
    assert [mark.label for mark in plane.marks] == ["0", "20", "0"]
    assert [mark.colour for mark in plane.marks] == [0, 0, 1]
    first, second, third = plane.marks
    assert first.x > second.x > third.x and first.y < second.y < third.y  # more lost to the right, more gained above
    assert first.left < first.x < first.right and first.top < first.y < first.bottom
    assert "gained +70.0 (+68.0 to +72.0, n 100), lost +20.0" in first.tip
    assert plane.rules[0] is not None and plane.rules[0] < third.x


def test_with_tokens_there_are_curves_and_the_last_point_stands_for_each() -> None:
    scores = [
        one
        for tokens, won in (("400", 0.6), ("100", 0.2), ("200", 0.5))
        for one in pair(f"m{tokens}", 0.1, won, {"replay": "20", "tokens": tokens})
    ]
    (sweep,) = sweeps(scores)
    against, gained, lost = sweep.planes
    assert [name for name, _ in sweep.series] == ["replay 20"]
    assert len(against.marks) == 1 and "m400" in against.marks[0].tip
    assert [mark.tip.split()[0] for mark in gained.marks] == ["m100", "m200", "m400"]
    assert len(gained.curves) == len(lost.curves) == 1 and gained.curves[0][1].count(" ") == 2


def test_a_tax_alone_is_no_sweep() -> None:
    assert sweeps(pair("new", 0.1, 0.2, {})[:1]) == []
