from pathlib import Path

import pytest

from metier.instruct.distil import Distil, distil
from metier.records import Conversation, Document, Dropped, Message, MetierError
from metier.text.longest import rouge_l
from tests.instruct.asked import kept, lost, run

SEEDS = [
    Document("s1", "Explain why a fever is not always bad for an adult", "seeds", language="en"),
    Document("s2", "List three habits that help people to sleep", "seeds", language="en"),
    Document("s3", "How do I tell my father that his diet has to change?", "seeds", language="en"),
]


def distilled(place: Path, teacher: str, seed: int = 7, **given: object) -> list[Conversation | Dropped]:
    fed = {name: given.pop(name) for name in ("docs", "conversations") if name in given}
    return run(distil, place, {"writer": teacher}, seed=seed, config=Distil(**given), **fed)


def test_each_instruction_gets_its_replies(tmp_path: Path) -> None:
    made = kept(distilled(tmp_path, "answerer", docs=SEEDS, samples=2))
    assert [one.id for one in made] == ["s1?0", "s1?1", "s2?0", "s2?1", "s3?0", "s3?1"]
    assert {(one.source, one.language) for one in made} == {("seeds", "en")}
    assert made[0].parent == "s1" and made[0].messages[0] == Message("user", SEEDS[0].text)
    assert len({one.request for one in made}) == 6


def test_the_first_words_of_a_conversation_are_an_instruction_too(tmp_path: Path) -> None:
    turns = (Message("system", "Be brief."), Message("user", "请解释什么是发烧"), Message("assistant", "..."))
    silent = Conversation("c2", (Message("assistant", "Hello"),))
    made = distilled(tmp_path, "chinese", conversations=[Conversation("c1", turns, "chat"), silent])
    (one,) = kept(made)
    assert one.messages[:2] == turns[:2] and (one.id, one.language, one.source) == ("c1?0", "zh", "chat")
    assert lost(made) == {"c2": "no instruction"}


def test_material_stands_below_the_instruction(tmp_path: Path) -> None:
    doc = Document("s", "Put this in plain words", "seeds", language="en", meta={"material": "Febris est."})
    (one,) = kept(distilled(tmp_path, "answerer", docs=[doc], input="material"))
    assert one.messages[0].content == "Put this in plain words\n\nFebris est."
    with pytest.raises(MetierError, match="input: no document has a column 'materials'; did you mean 'material'"):
        distilled(tmp_path, "answerer", docs=[doc], input="materials")


@pytest.mark.parametrize(
    ("teacher", "why"),
    [("refuser", "refused"), ("strange", "in another language"), ("empty", "empty reply"), ("cut", "cut short")],
)
def test_replies_that_are_none(tmp_path: Path, teacher: str, why: str) -> None:
    assert lost(distilled(tmp_path, teacher, docs=SEEDS[:1])) == {"s1": why}


def test_samples_that_say_the_same_are_dropped(tmp_path: Path) -> None:
    made = distilled(tmp_path, "monotonous", docs=SEEDS[:1], samples=3)
    assert [one.id for one in kept(made)] == ["s1?0"]
    assert lost(made) == {"s1?1": "same as another sample", "s1?2": "same as another sample"}


def test_new_instructions_grow_and_differ_from_all_before(tmp_path: Path) -> None:
    made = distilled(tmp_path, "answerer", docs=SEEDS, expand=12)
    grown = [one for one in kept(made) if "+" in one.id]
    assert len(grown) == 12 and {one.parent for one in grown} <= {"s1", "s2", "s3"}
    texts = [one.messages[0].content.split() for one in kept(made)]
    assert all(rouge_l(a, b) < 0.7 for place, a in enumerate(texts) for b in texts[:place])
    assert set(lost(made).values()) == {
        "like an earlier instruction", "needs more than text", "in another language"
    }  # fmt: skip


def test_what_grows_follows_the_seed(tmp_path: Path) -> None:
    def grown(seed: int) -> list[Conversation | Dropped]:
        return distilled(tmp_path, "answerer", seed, docs=SEEDS, expand=20)

    assert grown(7) == grown(7)
    assert grown(7) != grown(8)


def test_a_teacher_without_ideas_ends_the_growth(tmp_path: Path) -> None:
    made = distilled(tmp_path, "parrot", docs=SEEDS, expand=5)
    assert len(kept(made)) == 3
    assert lost(made) == {f"expansion:{number}.0.0": "like an earlier instruction" for number in range(3)}
    made = distilled(tmp_path, "lecturer", docs=SEEDS, expand=5)
    assert lost(made) == {f"expansion:{number}.0": "no numbered list" for number in range(3)}


def test_nothing_to_answer_or_to_grow_from(tmp_path: Path) -> None:
    with pytest.raises(MetierError, match="no instruction to answer"):
        distilled(tmp_path, "answerer", docs=[])
    with pytest.raises(MetierError, match="expand: no seed has a reply"):
        distilled(tmp_path, "refuser", docs=SEEDS, expand=5)
