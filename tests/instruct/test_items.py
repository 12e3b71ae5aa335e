import pytest

from metier.instruct.items import items


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("1. One?\n2. Two?", ["One?", "Two?"]),
        ("Here you are:\n1) One?\n\n2) Two?\nI hope this helps.", ["One?", "Two?"]),
        ("- **One?**\n- “Two?”", ["One?", "Two?"]),
        ("**1. One?**\n**2. Two?**", ["One?", "Two?"]),
        ("**1.** One?\n**2.** Is **this** two?", ["One?", "Is **this** two?"]),
        ("### 1. One?\n### 2. Two?", ["One?", "Two?"]),
        ("* One?\n* Two?", ["One?", "Two?"]),
        ("1. One?\n---\n2. Two?\n***", ["One?", "Two?"]),
        ("一、第一个？\n二、第二个？", ["第一个？", "第二个？"]),
        ("1、第一个？\n2、第二个？", ["第一个？", "第二个？"]),
        ("١. الأول؟\n٢. الثاني؟", ["الأول؟", "الثاني؟"]),
        ("```\n1. One?\n```", ["One?"]),
        ("Only one?", ["Only one?"]),
        ("Some text.\nMore text.", []),
        ("39.5 degrees are much", ["39.5 degrees are much"]),
        ("", []),
    ],
)
def test_items_of_a_list(reply: str, found: list[str]) -> None:
    assert items(reply) == found
