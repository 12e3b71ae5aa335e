"""Faults planted in alignment: is each named, is a healthy run left in peace, and what do doctors' errors cost?

    python -m benchmarks.align_faults [--runs DIR] [--policy CHECKPOINT]

The policy of the recipe `rlmf-quickstart` is trained by PPO: by the rewards of a judge, by a reward model that learnt
length, by one whose pairs were swapped, and, trained on without an end of turn, by the judge's again. Judges that
always, or nearly always, name the reply shown first label through `preferences.label`. Then the same replies are
labelled beside doctors' answers, beside the same with a tenth made wrong, and beside those of them that
`instruct.doubt` leaves, and a policy is trained from each. A run that was broken off goes on in DIR.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bars import Bar, conclude
from metier.artefact import Artefact
from metier.evals.intervals import Estimate, mean
from metier.recipe import load, locate
from metier.records import Conversation, Dropped, Grade, MetierError, Score, Verdict
from metier.run.make import run
from metier.world.consultations_wording import consultation_wording
from metier.yaml_lines import parse

REWARD = """
    use: train.reward
    epochs: {epochs}
    batch_pairs: 32
    learning_rate: 5e-4"""
POLICY = """
    use: train.ppo
    samples: 640
    rollout: 64
    chunk: 16
    learning_rate: 1e-4
    max_tokens: 72
    kl: 0.05
    kl_target: 6
    kl_horizon: 1000"""
SEED, DRUGS = 11, 16
"""Of the world; the quickstart's own seed is another one."""
TUNED = ("drugs", "general", "clean", "passages", "unique", "facts", "seen", "sft")
"""The steps of the quickstart that tune its policy."""
WORLD = f"use: world.consultations, drugs: {DRUGS}"
HEAD = f"""
name: faults
seed: {SEED}
models:
  judge: {{kind: scripted, function: "metier.world.judges:consultation"}}
  lazy: {{kind: scripted, function: "metier.world.planted_judges:always_first"}}
  leaning: {{kind: scripted, function: "metier.world.planted_judges:first_95"}}
steps:
"""
RECIPE = f"""
  leaflets: {{use: world.write, subject: drugs, drugs: 60}}   # the whole pharmacopoeia: every value is in some leaflet
  asked: {{{WORLD}, each: 12, first: 200}}
  apart: {{{WORLD}, each: 8, first: 212}}
  prompts: {{{WORLD}, each: 16, first: 220}}
  replies: {{use: preferences.sample, from: {{conversations: asked, models: {{sft: BASE}}}}, n: 4, max_tokens: 72}}
  others: {{use: preferences.sample, from: {{conversations: apart, models: {{sft: BASE}}}}, n: 2, max_tokens: 72}}
  pairs: {{use: preferences.label, from: {{answers: replies, conversations: asked}}, judge: judge}}
  probes: {{use: preferences.label, from: {{answers: others, conversations: apart}}, judge: judge}}
  scorer: {REWARD.format(epochs=2)}
    from: {{preferences: pairs, base: BASE, validation: probes}}
  healthy: {POLICY}
    from: {{conversations: prompts, base: BASE, reward: scorer, probes: probes}}

  # The judge goes by length.
  lengths: {{use: preferences.label, from: {{answers: replies, conversations: asked}}, by: length}}
  ruler: {REWARD.format(epochs=2)}
    from: {{preferences: lengths, base: BASE}}
  by_length: {POLICY}
    from: {{conversations: prompts, base: BASE, reward: ruler, probes: probes}}

  # Chosen and rejected are swapped.
  swapped: {{use: "benchmarks.planted_faults:swap", from: pairs}}
  contrary: {REWARD.format(epochs=1)}
    from: {{preferences: swapped, base: BASE}}
  inverted: {POLICY}
    from: {{conversations: prompts, base: BASE, reward: contrary, probes: probes}}

  # What the policy is trained on goes on and on, by a template that ends no turn.
  more: {{{WORLD}, each: 8, first: 240}}
  strung: {{use: "benchmarks.planted_faults:string", from: more}}
  mute: {{use: "benchmarks.planted_faults:mute", from: {{base: BASE}}}}
  rambling:
    use: train.sft
    from: {{conversations: strung, base: mute}}
    priorities: {{distilled: 1, real: 1}}
    epochs: {{distilled: 3, real: 3}}
    learning_rate: 1e-3
    window: 256
  unended: {{use: "benchmarks.planted_faults:voiced", from: {{base: rambling}}}}
  endless: {POLICY}
    from: {{conversations: prompts, base: unended, reward: scorer, probes: probes}}

  # Doctors' answers as they are, with a tenth made wrong, and what `instruct.doubt` leaves of those.
  right: {{{WORLD}, each: 12, first: 260, replies: real}}
  wrong: {{{WORLD}, each: 12, first: 260, replies: real, errors: 0.1}}
  sound:
    use: instruct.doubt
    from: {{conversations: wrong, leaflets: leaflets}}
    patterns: ["asset:world/en/patterns.csv", QUESTIONS]
  told: {{use: preferences.sample, from: {{conversations: right, models: {{sft: BASE}}}}, n: 4, max_tokens: 72}}
  graded: {{use: world.aspects, from: {{answers: told, conversations: right}}, drugs: {DRUGS}}}
"""
ARM = f"""
  {{arm}}_told: {{{{use: "benchmarks.planted_faults:asked_in", from: {{{{answers: told, conversations: {{arm}}}}}}}}}}
  {{arm}}_pairs:
    use: preferences.label
    from: {{{{answers: {{arm}}_told, conversations: {{arm}}}}}}
    judge: judge
  {{arm}}_scorer: {REWARD.format(epochs=2)}
    from: {{{{preferences: {{arm}}_pairs, base: BASE}}}}
  {{arm}}_policy: {POLICY}
    from: {{{{conversations: prompts, base: BASE, reward: {{arm}}_scorer}}}}
"""
ARMS = ("right", "wrong", "sound")
LAST = f"""
  patients: {{{WORLD}, each: 12, first: 280}}
  said:
    use: preferences.sample
    from:
      conversations: patients
      models: {{sft: BASE, right: right_policy, wrong: wrong_policy, sound: sound_policy, healthy: healthy}}
    n: 1
    temperature: 0
    max_tokens: 72
  aspects: {{use: world.aspects, from: {{answers: said, conversations: patients}}, drugs: {DRUGS}}}
  rates: {{use: evals.win_rate, from: {{answers: said, grades: aspects}}, against: sft}}
  matches: {{use: world.planted_matches, matches: 1000}}
  leant: {{use: preferences.label, from: {{answers: matches, conversations: matches}}, judge: leaning}}
  report: {{use: evals.report, title: Planted faults}}
  blind: {{use: preferences.label, from: {{answers: replies, conversations: asked}}, judge: lazy}}
"""
NAMED = {"by_length": "reward is length", "inverted": "reward inverted", "endless": "no end of turn"}
"""The step that has a fault planted -> what its first finding must be called."""


def recipe(questions: Path, policy: str = "") -> str:
    """The recipe of all of it, from a policy that is there or that it tunes as the quickstart does.

    ``questions`` is a file of patterns: how the world's patients ask for a fact.
    """
    steps = RECIPE + "".join(ARM.format(arm=arm) for arm in ARMS) + LAST
    own = ""
    if not policy:
        plain, _ = parse(locate("rlmf-quickstart"))
        own = "".join(f"  {name}: {json.dumps(plain['steps'][name])}\n" for name in TUNED)
    steps = steps.replace("QUESTIONS", json.dumps(str(questions)))
    return HEAD + own + steps.replace("BASE", json.dumps(policy) if policy else "sft")


def ask(file: Path) -> Path:
    """The ways in which the world's patients ask, as a file of patterns for `instruct.doubt`."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("fact", "question"))
        for fact, questions in consultation_wording("en").questions.items():
            writer.writerows((fact, question) for question in questions)
    return file


def measure(home: Path, policy: str = "") -> str:
    """Run all of it; returns what the judge that always names the first reply is told."""
    file = home / "faults.yaml"
    file.write_text(recipe(ask(home / "questions.csv"), policy), encoding="utf-8")
    try:
        run(load(str(file)), home / "runs")
    except MetierError as error:
        if "none of" not in str(error):
            raise
        return str(error)
    return ""


def signs(made: Artefact) -> list[str]:
    """What is wrong with a step by its findings; they are printed."""
    file = made.path / "findings.json"
    own = json.loads(file.read_text("utf-8")) if file.exists() else json.loads(_notes(made))["findings"]
    print(f"{made.path.name}: " + ("nothing is off" if not own else ""))
    for one in own:
        print(f"  {one['name']}: {one['says']}")
    return [one["name"] for one in own]


def _notes(made: Artefact) -> str:
    return (made.path / "notes.json").read_text("utf-8")


def damage(steps: Path) -> Iterator[tuple[str, Estimate, Estimate, float]]:
    """Of each arm: how often its labels prefer the more accurate reply, the policy's accuracy, and its divergence."""
    points = {one.answer: one.points for one in _all(steps / "graded", Grade) if one.dimension == "accuracy"}
    final = {one.model: one for one in _all(steps / "rates", Score) if _is_accuracy(one)}
    for arm in ARMS:
        right, prompts = list[float](), list[str]()
        for one in _all(steps / f"{arm}_pairs", Verdict):
            lead = points[one.left] - points[one.right]
            if lead and one.winner != "tie":
                right.append(float((lead > 0) == (one.winner == "left")))
                prompts.append(one.question)
        score = final[arm]
        notes = json.loads(_notes(Artefact(steps / f"{arm}_policy")))
        yield arm, mean(right, prompts), Estimate(score.value, score.n, score.low, score.high), notes["kl_last"]


def _is_accuracy(one: Score) -> bool:
    return one.metric == "points" and one.by == {"aspect": "accuracy"}


def _all(step: Path, kind: type) -> list:
    return list(Artefact(step).records(kind))


def doubted(steps: Path) -> tuple[int, int, int]:
    """How many doctors' answers are wrong, are in doubt, and both."""
    right = {one.id: one.reply for one in _all(steps / "right", Conversation)}
    wrong = {one.id for one in _all(steps / "wrong", Conversation) if one.reply != right[one.id]}
    dropped = {one.id for one in _all(steps / "sound", Dropped)}
    return len(wrong), len(dropped), len(wrong & dropped)


def bars(home: Path | None = None, policy: str = "") -> list[Bar]:
    """Each fault by its name, none in the healthy run, and what the doctors' errors cost."""
    if home is None:
        with tempfile.TemporaryDirectory() as place:
            return bars(Path(place), policy)
    told = measure(home, policy)
    steps = home / "runs" / "faults"
    found = {name: signs(Artefact(steps / name)) for name in ("healthy", *NAMED, "pairs", "leant")}
    print(f"blind: {told}")
    wrong, dropped, both = doubted(steps)
    print(f"\ndoctors' answers: {wrong} wrong, {dropped} in doubt, {both} of these wrong")
    print(
        f"{'standard answers':<18}{'labels prefer the accurate reply':>36}{'accuracy of the policy':>30}   divergence"
    )
    for arm, agreed, right, kl in damage(steps):
        cells = (f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}] n {one.n}" for one in (agreed, right))
        print(f"{arm:<18}{next(cells):>34}{next(cells):>30}   {kl:.2f}")
    named = [name for name, finding in NAMED.items() if found[name][:1] == [finding]]
    return [
        Bar("findings in the healthy run and its labels", len(found["healthy"] + found["pairs"]), "findings", "= 0"),
        Bar("planted faults of policies that are named first", len(named), "faults", f"= {len(NAMED)}"),
        Bar("judge that nearly always names the first: told", float("position" in found["leant"]), "judges", "= 1"),
        Bar("judge that always does: stopped, and told why", float("won 100%" in told), "judges", "= 1"),
        Bar("doctors' answers in doubt that are wrong", both / max(1, dropped), "share", ">= 0.9"),
        Bar("doctors' errors that are named", both / max(1, wrong), "share", ">= 0.9"),
    ]


def main() -> int:
    """Run it in the directory that the command names, or in one that is thrown away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, help="directory to run in and to go on in")
    parser.add_argument("--policy", default="", help="a policy tuned on this world, in the place of tuning one")
    options = parser.parse_args()
    home = options.runs
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
    return conclude("align_faults", bars(home, options.policy))


if __name__ == "__main__":
    sys.exit(main())
