"""The law of accounting as a property: a call is accepted exactly when no id is lost and none is both."""

from hypothesis import given
from hypothesis import strategies as st

from metier.batch import Batch
from metier.records import Document, Dropped
from metier.run.account import AccountError, Ledger, check_kernel
from metier.stage import find

FATES = st.lists(st.sampled_from(["kept", "child", "dropped", "lost", "both"]), max_size=12)


def outcome(fate: str, name: str) -> tuple[list[Document], list[Dropped]]:
    """What a stage makes of one record."""
    kept = {"kept": [Document(name, "t")], "child": [Document(f"{name}#0", "t", parent=name)]}
    kept["both"] = kept["child"]
    return kept.get(fate, []), [Dropped(name, "why")] if fate in ("dropped", "both") else []


@given(FATES)
def test_a_stage_is_held_to_the_law(fates: list[str]) -> None:
    ledger = Ledger("stage")
    given_records = list(ledger.take("docs", (Document(str(n), "t") for n in range(len(fates)))))
    for fate, record in zip(fates, given_records, strict=True):
        kept, lost = outcome(fate, record.id)
        for one in [*kept, *lost]:
            ledger.give(one)
    assert lawful(fates) == accepted(lambda: ledger.close(True))


@given(FATES)
def test_what_a_stage_only_looks_at_need_not_come_out(fates: list[str]) -> None:
    ledger = Ledger("stage")
    seen = list(ledger.take("exam", (Document(f"exam {n}", "t") for n in range(len(fates)))))
    given_records = list(ledger.take("docs", (Document(str(n), "t") for n in range(len(fates)))))
    assert len(seen) == len(fates)
    for fate, record in zip(fates, given_records, strict=True):
        kept, lost = outcome(fate, record.id)
        for one in [*kept, *lost]:
            ledger.give(one)
    assert lawful(fates) == accepted(lambda: ledger.close(True, beside={"exam"}))


def test_a_stage_looks_beside_at_what_may_be_left_out() -> None:
    assert find("preferences.prompts").beside == {"questions", "apart"}
    assert find("instruct.distil").beside == set(), "one of two that may both be left out is what the stage turns"
    assert find("preferences.mix").beside == set()


@given(FATES)
def test_a_kernel_is_held_to_the_law(fates: list[str]) -> None:
    before = Batch.of(Document, [Document(str(n), "t") for n in range(len(fates))])
    rows: list[Document] = []
    why: list[str | None] = []
    for fate, record in zip(fates, before.records(), strict=True):
        kept, lost = outcome(fate, record.id)
        rows += [*kept, *(Document(one.id, "t") for one in lost)]
        why += [None] * len(kept) + [one.why for one in lost]
    assert lawful(fates) == accepted(lambda: check_kernel("kernel", before, Batch.of(Document, rows, why)))


def lawful(fates: list[str]) -> bool:
    return not {"lost", "both"} & set(fates)


def accepted(check: object) -> bool:
    try:
        check()  # type: ignore[operator]
    except AccountError:
        return False
    return True
