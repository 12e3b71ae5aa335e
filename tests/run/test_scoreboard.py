from metier.records import Score
from metier.run.scoreboard import scoreboard


def test_a_task_without_a_whole_is_shown_by_its_fewest_labels() -> None:
    whole, kind, way, form = (
        Score(task, "m", metric, by, 0.5, 8, 0.2, 0.8)
        for task, metric, by in (
            ("exam", "accuracy", {}),
            ("exam", "accuracy", {"kind": "dose"}),
            ("asked", "violations", {"way": "none"}),
            ("asked", "violations", {"way": "none", "form": "order"}),
        )
    )
    shown = scoreboard([whole, kind, way, form]).splitlines()[2:]
    assert [line.split()[:3] for line in shown] == [["exam", "m", "accuracy"], ["asked", "m", "violations"]]
    assert len(scoreboard([whole, kind, way, form], every=True).splitlines()) == 6
