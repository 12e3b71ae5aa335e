"""Instruction data through a recipe: read, kept safe, doubted, mixed and handed on, every record accounted for."""

import json
from pathlib import Path

from metier.artefact import Artefact
from metier.records import Conversation, Dropped
from tests.command import metier

RECIPE = """\
name: data
seed: 7
steps:
  world: {use: world.write, subject: drugs, drugs: 12}
  doubted: {use: instruct.doubt, from: {conversations: world, leaflets: world},
    patterns: asset:world/en/patterns.csv}
  chats: {use: instruct.read, paths: chats.jsonl, source: general, language: en}
  safe: {use: instruct.safety, from: {conversations: chats, leaflets: world}}
  pairs: {use: instruct.read, paths: pairs.jsonl}
  mixed: {use: instruct.blend, from: {conversations: [doubted, safe]}, unique: true, shares: {general: 0.25}}
  export: {use: instruct.write, from: {conversations: mixed, preferences: pairs}, format: sharegpt, name: mine}
"""


def chat(question: str, answer: str) -> str:
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
    return json.dumps({"conversations": turns}) + "\n"


def test_a_recipe_from_files_to_files(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    chats = [chat(f"How are you, number {n}?", f"Well, number {n}.") for n in range(30)]
    chats += [
        chat("How are you, number 3?", "Well, number 3."),
        chat("Cure me.", "It is guaranteed to cure you."),
        "{\n",
    ]
    (tmp_path / "chats.jsonl").write_text("".join(chats))
    (tmp_path / "pairs.jsonl").write_text(json.dumps({"prompt": "q", "chosen": "a", "rejected": "b"}))
    said = metier("run", "./recipe.yaml", cwd=tmp_path)
    assert said.code == 0, said
    run = tmp_path / "runs/data"
    assert [(d.id, d.why) for d in Artefact(run / "safe").dropped()] == [("chats.jsonl:32", "promise of cure")]
    assert [(d.id, d.why) for d in Artefact(run / "chats").dropped()] == [("chats.jsonl:33", "malformed JSON")]
    mixed = list(Artefact(run / "mixed").records(Conversation))
    general = [one for one in mixed if one.source == "general"]
    assert len(general) == len(mixed) // 4 == 16
    assert Dropped("chats.jsonl:31", "repeats another conversation", "chats.jsonl:4") in list(
        Artefact(run / "mixed").dropped()
    )
    info = json.loads((run / "export/files/dataset_info.json").read_text())
    assert set(info) == {"mine", "mine-preferences"}
    assert len((run / "export/files/mine.jsonl").read_text("utf-8").splitlines()) == len(mixed)
    looked = metier("look", "runs/data/chats", cwd=tmp_path).out
    assert "chats.jsonl: sharegpt, 33 rows: 32 conversations, 1 dropped" in looked
