"""The shipped recipes in small, from the command line to scores and report."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from metier.artefact import Artefact
from metier.model.load import load_tokenizer
from metier.recipe import load
from metier.records import Conversation, Document
from metier.run.make import run
from metier.run.plan import Plan
from metier.train.encode import Given, encode
from metier.train.settings import Train
from metier.train.sft import Sft
from tests.command import CHECKOUT, metier

DATA = CHECKOUT.parent / "shared" / "data" / "corpus" / "medquad_qa.jsonl.gz"


def change(**settings: Any) -> list[str]:
    """``step__setting=value`` as --set options."""
    return [word for key, value in settings.items() for word in ("--set", f"steps.{key.replace('__', '.')}={value}")]


def keys(place: Path) -> set[tuple[str, str, str, str]]:
    """(task, model, metric, by) of every score; ``by`` as ``kind=single``, empty where it is overall."""
    scores = json.loads((place / "scores.json").read_text())
    assert all(one["n"] > 0 and one["low"] <= one["value"] <= one["high"] for one in scores)
    by = [",".join(f"{name}={value}" for name, value in one["by"].items()) for one in scores]
    return {(one["task"], one["model"], one["metric"], cell) for one, cell in zip(scores, by, strict=True)}


def test_quickstart_in_small(tmp_path: Path) -> None:
    small = change(drugs__drugs=8, specialist__tokens=20000, samples__limit=10)
    said = metier("run", "quickstart", *small, cwd=tmp_path)
    assert said.code == 0, said
    place = tmp_path / "runs" / "quickstart"
    tasks = {(task, model, "accuracy") for task in ("drugs", "general") for model in ("base", "specialist")}
    found = keys(place)
    beside = {(task, model, metric) for task, model, _ in tasks for metric in ("unparsed", "macro_accuracy")}
    assert {key[:3] for key in found} == tasks | beside | {("general", "specialist", "tax")}
    assert {(*key, cell) for key in tasks for cell in ("", "kind=single", "kind=yesno")} <= found
    page = (place / "report.html").read_text()
    assert "specialist" in page and "exact duplicate" in page and "<script" not in page
    for task, model, _ in tasks:
        assert task in said.out and model in said.out
    again = metier("run", "quickstart", *small, cwd=tmp_path)
    assert again.code == 0 and again.err.count(": stands") == again.err.count("\n"), again.err
    compared = metier("compare", "runs/quickstart", "runs/quickstart", cwd=tmp_path)
    assert compared.code == 0 and "+0.0000" in compared.out
    marked = metier("look", "runs/quickstart/specialist", "--tokens", "-n", "2", cwd=tmp_path)
    assert marked.code == 0 and "<|assistant|>[" in marked.out
    answer = metier("chat", "runs/quickstart", "--max-tokens", "8", cwd=tmp_path, stdin="Hello!\n\n")
    assert answer.code == 0 and answer.out.strip()


def test_rules_quickstart_in_small(tmp_path: Path) -> None:
    small = change(drugs__drugs=6, talk__drugs=6, strangers__drugs=2, readings__drugs=2, specialist__tokens=4000)
    small += change(soft__tokens=2000, dialogues__each=1, dialogues__allowed=1)
    sources = dict.fromkeys(("web", "encyclopedia", "leaflet", "book", "rule_reading", "naive_dialogue"), 1)
    small += change(specialist__from__conversations="[facts, talk, strangers, readings]")
    small += change(specialist__priorities=json.dumps(sources), specialist__epochs=json.dumps(sources))
    small += change(prompts__best_of=2, prompts__max_tokens=8, prompts__limit=8, prompts__by="[form]")
    place = run(load("rules-quickstart", [one for one in small if one != "--set"]), tmp_path).root
    ways = {"specialist": ("none", "reward", "tool", "retrieval", "guard"), "soft": ("none", "all")}
    metrics = ("violations", "missed_warnings", "answered", "false_alarms", "strays")
    found = {key for key in keys(place) if key[0] == "talk" and "," not in key[3]}
    asked = {(model, way) for model, some in ways.items() for way in some}
    assert found == {("talk", model, metric, f"way={way}") for model, way in asked for metric in metrics}
    rows = json.loads((place / "scores.json").read_text())
    guarded = [one for one in rows if one["metric"] == "violations" and one["by"].get("way") in ("guard", "all")]
    assert guarded and not any(one["value"] for one in guarded)
    assert "What must not be left to chance" in (place / "report.html").read_text()


@pytest.mark.skipif(not DATA.exists(), reason=f"needs the MedQuAD file at {DATA}")
def test_medquad_on_a_few_real_pages(tmp_path: Path) -> None:
    small = change(pages__paths=DATA, one_stage__tokens=9000, reader__tokens=9000, two_stage__tokens=9000)
    small += change(institutes__values="[GARD]", rest__values="[GARD]", diseases__held=0.1, reading__held=0.1)
    small += change(samples__limit=2)
    said = metier("run", "medquad", "--limit", "780", *small, cwd=tmp_path)
    assert said.code == 0, said
    found = keys(tmp_path / "runs" / "medquad-limit780")
    for task in ("heldout", "new_sources"):
        for model in ("base", "one_stage", "two_stage"):
            for cell in ("", "overlap=low"):
                assert (task, model, "bits_per_byte", cell) in found
                assert (task, model, "bits_per_byte_gap", cell) in found
        assert (task, "training", "overlap_share", "") in found


def test_every_arm_of_one_vs_two_spends_the_same(tmp_path: Path) -> None:
    """Pages (or conversations made from them), dialogues and general talk: the same tokens in every arm, within 1%."""
    recipe = load("one-vs-two")
    made = run(recipe, tmp_path, ["unique", "unified", "general"])
    sizes = {
        "raw": per_copy(made, docs="unique", conversations=("drugs", "general"), home=tmp_path / "raw"),
        "unified": per_copy(made, docs="", conversations=("unified", "drugs", "general"), home=tmp_path / "mixed"),
    }
    arms = {
        "one stage, raw": [("raw", "one_stage_raw_1")],
        "one stage, unified": [("unified", "one_stage_unified_1")],
        "two stages": [("raw", "read_1"), ("raw", "two_stage_raw_1")],
    }
    for arm, trainings in arms.items():
        spent = {"pages": 0.0, "dialogues": 0.0, "general": 0.0}
        for data, step in trainings:
            settings = recipe.steps[step].config
            assert isinstance(settings, Train) and isinstance(settings.epochs, dict) and settings.tokens
            tokens = {source: sizes[data][source] * copies for source, copies in settings.epochs.items()}
            assert sum(tokens.values()) == pytest.approx(settings.tokens, rel=0.01), arm
            for source, number in tokens.items():
                part = {"drug_dialogue": "dialogues", "general": "general"}.get(source, "pages")
                spent[part] += number
        assert spent == pytest.approx({"pages": 640_000, "dialogues": 320_000, "general": 240_000}, rel=0.01), arm


def per_copy(made: Plan, docs: str, conversations: tuple[str, ...], home: Path) -> dict[str, int]:
    """Tokens of each source in one copy of the data, as the trainer encodes them."""
    talk = [one for name in conversations for one in Artefact(made.root / name).records(Conversation)]
    pages = list(Artefact(made.root / docs).records(Document)) if docs else []
    items = encode(load_tokenizer("asset:nano"), Given(talk, pages), Sft(window=256), home)
    return {source: int(items.lengths[items.codes == code].sum()) for code, source in enumerate(items.sources)}


LINK = ["the", "of", "and", "with", "in"]
MEDICAL = [
    "patient",
    "fever",
    "liver",
    "cough",
    "dose",
    "tablet",
    "kidney",
    "symptom",
    "surgery",
    "blood",
    "nurse",
    "vein",
]
OTHER = [
    "harbour",
    "ticket",
    "engine",
    "bridge",
    "violin",
    "market",
    "railway",
    "canvas",
    "orchard",
    "lantern",
    "tariff",
]
BOOK = """<篇名>本草
书名：本草

<目录>卷一
<篇名>玉屑
内容：味甘，平，无毒，可久服。主除胃中热、喘息、烦满，止渴，屑如麻豆服之。久服轻身长年。
<篇名>丹砂
内容：无毒，主通血脉，止烦满、消渴，益精神，悦泽人面，除中恶、腹痛之疾。
"""
LEAK = (
    "Which of the nerves that leave the spine below the seventh cervical vertebra moves the small muscles of the hand?"
)


def page(words: list[str], draw: random.Random) -> str:
    """Some sentences about one thing."""
    return " ".join(" ".join(draw.choices(words + LINK, k=8)).capitalize() + "." for _ in range(12))


def pages(path: Path, words: list[str], count: int, *more: str) -> None:
    """A file of pages about one thing, then some others."""
    draw = random.Random(path.name)
    texts = [page(words, draw) for _ in range(count)]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in (*texts, *more)))


def test_huatuogpt2_corpus_says_which_files_it_misses(tmp_path: Path) -> None:
    said = metier("plan", "huatuogpt2-corpus", cwd=tmp_path, before="unset BOOKS")
    assert said.code != 0 and "\n" not in said.err.strip()
    assert "the environment has no BOOKS; set it: export BOOKS=..." in said.err


def test_huatuogpt2_corpus_on_a_few_files(tmp_path: Path) -> None:
    """Books in GB18030 come out as chapters, the web without what is not medical, leaked or said before."""
    (tmp_path / "book.txt").write_bytes(BOOK.encode("gb18030"))
    once = page(MEDICAL, random.Random(1))
    pages(tmp_path / "literature.jsonl", MEDICAL, 80)
    pages(tmp_path / "encyclopedia.jsonl", MEDICAL, 80)
    pages(tmp_path / "general.jsonl", OTHER, 120)
    pages(tmp_path / "web.jsonl", OTHER, 20, f"{page(MEDICAL, random.Random(2))} {LEAK} The ulnar one.", once, once)
    question = {"id": "nerves", "question": LEAK, "options": ["ulnar", "radial"], "answer_idx": "A"}
    (tmp_path / "exam.jsonl").write_text(json.dumps(question) + "\n")
    names = ("literature", "encyclopedia", "general", "web", "exam")
    files = "; ".join(["export BOOKS=book.txt", *(f"export {name.upper()}={name}.jsonl" for name in names)])
    said = metier("run", "huatuogpt2-corpus", cwd=tmp_path, before=files)
    assert said.code == 0, said
    root = tmp_path / "runs" / "huatuogpt2-corpus"
    why = {
        step: [one.why for one in Artefact(root / step).dropped()] for step in ("medical", "decontaminated", "unique")
    }
    assert why["medical"] == ["outside the domain"] * 20
    assert why["decontaminated"] == ["holds an exam item"]
    assert why["unique"] == ["exact duplicate"]
    [part] = (root / "files" / "files").glob("*.gz")
    rows = [json.loads(line) for line in gzip.decompress(part.read_bytes()).splitlines()]
    books = [row["text"] for row in rows if row["kind"] == "book"]
    heads = ["# 卷一\n\n## 玉屑\n\n味甘，平", "## 丹砂\n\n无毒，主通血脉"]
    assert [text[: len(head)] for text, head in zip(books[-2:], heads, strict=True)] == heads
    assert {row["language"] for row in rows} == {"zh", "en"} and "general" not in {row["kind"] for row in rows}
