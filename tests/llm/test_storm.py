"""Every fault at once: each row ends as a reply or with its reason."""

from pathlib import Path

from metier.llm.llm import Failed
from metier.llm.request import Reply
from metier.llm.session import session
from metier.llm.spec import Endpoint, Limits
from metier.llm.stub import Faults, serving
from metier.records import Message
from tests.llm.teachers import echo

STORM = Faults(
    refused=0.2, retry_after=0.05, errors=0.05, cut=0.02, malformed=0.01, slow=0.05, slow_seconds=0.1, latency=0.005,
    seed=3,
)  # fmt: skip


def made(place: Path, url: str, count: int, retries: int) -> list[Reply | Failed[int]]:
    """What became of so many rows."""
    spec = Endpoint(base_url=url, model="m", limits=Limits(concurrency=32, retries=retries))
    with session(place / "replies.sqlite", {"teacher": spec}) as calls:
        writer = calls.llm("teacher")
        found = list(writer.map(range(count), lambda number: writer.ask((Message("user", f"row {number}"),))))
        assert [number for number, _ in found] == list(range(count))
        spent = calls.spent()["teacher"]
        assert spent.replies + spent.cached + spent.failed == count
        return [one for _, one in found]


def test_every_row_has_a_reply(tmp_path: Path) -> None:
    with serving(echo, STORM) as stub:
        for number, one in enumerate(made(tmp_path, stub.url, 250, retries=6)):
            assert isinstance(one, Reply) and one.text == f"row {number}"[::-1]
        seen = stub.counts()
        assert seen.outcomes["reply"] == 250
        assert {"429", "500", "cut", "malformed"} <= seen.outcomes.keys()


def test_rows_that_fail_have_a_reason_and_are_asked_again_by_the_next_run(tmp_path: Path) -> None:
    with serving(echo, Faults(errors=0.3, malformed=0.2, seed=1)) as stub:
        first = made(tmp_path, stub.url, 80, retries=0)
        failed = [one for one in first if isinstance(one, Failed)]
        assert {one.why for one in failed} == {"refused with 500", "malformed reply"}
        assert 20 <= len(failed) <= 60
        again = made(tmp_path, stub.url, 80, retries=0)
        assert [two for one, two in zip(first, again, strict=True) if isinstance(one, Reply)] == [
            one for one in first if isinstance(one, Reply)
        ]
        assert stub.counts().requests == 80 + len(failed)


def test_the_stub_does_the_same_to_the_same_requests(tmp_path: Path) -> None:
    def outcomes(name: str) -> dict[str, int]:
        with serving(echo, Faults(errors=0.3, seed=1)) as stub:
            made(tmp_path / name, stub.url, 40, retries=0)
            return stub.counts().outcomes

    assert outcomes("one") == outcomes("two")
