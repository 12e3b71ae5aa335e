"""The command line: a few verbs, each a few lines; heavy doors open inside them."""

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True,
    help="Turn a general language model into a specialist, and prove what was gained and what was lost.",
    epilog="An error is one line and exit code 2; --debug, anywhere on the line, shows its traceback.",
)  # fmt: skip

RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A recipe that ships (quickstart), or a file (./my.yaml).")
]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="a.b=v", help="Change a setting: steps.STEP.SETTING=VALUE.")
]
Runs = Annotated[Path, typer.Option("--runs", help="Where run directories are.")]
Name = Annotated[str, typer.Option("--name", help="Name of the run directory; default: the recipe's name.")]
Limit = Annotated[
    int, typer.Option("--limit", min=0, help="Cut every source to N records: a trial run in NAME-limitN.")
]
To = Annotated[str, typer.Option("--to", metavar="STEP", help="Stop after this step.")]
Engine = Annotated[
    Literal["local", "ray"], typer.Option("--engine", help="ray: make shards on a Ray cluster (RAY_ADDRESS, or here).")
]
RUNS = Path("runs")
INTERRUPTED = 130
"""What a shell expects of a program that the user stopped."""


@app.command()
def new(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A directory that does not exist yet.")],
    domain: Annotated[
        str, typer.Option("--domain", help="Copy the files of a domain that ships: medicine, arabic.")
    ] = "",
) -> None:
    """Write a directory to start from: a recipe that runs, and sample data."""
    from metier.run.starter import start

    for path in start(directory, domain):
        print(path)
    print(f"next: cd {shlex.quote(str(directory))} && metier run ./recipe.yaml")


@app.command()
def stages(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One stage, for all it takes and gives.")] = "",
) -> None:
    """List the stages, or show what one takes, gives and can be told."""
    from metier.run.describe import describe, listing

    print(describe(name) if name else listing())


@app.command()
def plan(
    recipe: RecipeName, change: Sets = None, name: Name = "", limit: Limit = 0, to: To = "", runs: Runs = RUNS
) -> None:
    """Say what a run would do, and why, without doing it."""
    from metier.run.describe import outlook
    from metier.run.plan import plan as make_plan
    from metier.run.preview import preview

    made = make_plan(_load(recipe, change, name, limit), runs, [to] if to else [])
    print(outlook(made))
    if seen := preview(made):
        print(f"\n{seen}")


@app.command()
def run(
    recipe: RecipeName, change: Sets = None, name: Name = "", limit: Limit = 0, to: To = "", runs: Runs = RUNS,
    engine: Engine = "local",
) -> None:  # fmt: skip
    """Make what a recipe asks for: finished steps stand, an interrupted run goes on where it was."""
    from metier.run.memory import settle

    settle()
    from metier.run.describe import result
    from metier.run.make import run as make
    from metier.run.show import Show

    made = make(_load(recipe, change, name, limit), runs, [to] if to else [], Show(), engine)
    print(result(made))


@app.command()
def probe(
    recipe: RecipeName, change: Sets = None, runs: Runs = RUNS,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows of each source to try.")] = 50,
    n: Annotated[int, typer.Option("-n", min=0, help="How many conversations of each step to show.")] = 3,
) -> None:  # fmt: skip
    """Try a recipe on its first rows up to training: what each step keeps, and what the models would cost for all."""
    from metier.run.memory import settle

    settle()
    from metier.run.make import run as make
    from metier.run.plan import plan as make_plan
    from metier.run.probe import before_training, findings
    from metier.run.show import Show

    found = _load(recipe, change, "", rows)
    made = make(found, runs, before_training(found), Show())
    print(findings(made, make_plan(_load(recipe, change, "", 0), runs), n))


@app.command()
def look(
    place: Annotated[str, typer.Argument(metavar="RUN/STEP", help="Such as runs/quickstart/clean.")],
    n: Annotated[int, typer.Option("-n", min=1, help="How many records.")] = 5,
    dropped: Annotated[bool, typer.Option("--dropped", help="Show what was left out.")] = False,
    why: Annotated[str, typer.Option("--why", help="Only drops whose reason contains this.")] = "",
    tokens: Annotated[
        bool,
        typer.Option("--tokens", help="Show in colour what a trainer's loss is taken on, as soon as it is prepared."),
    ] = False,
    lineage: Annotated[str, typer.Option("--lineage", metavar="ID", help="Follow one record back to its source.")] = "",
) -> None:
    """Look at records, at what was dropped and why, or at where a record came from."""
    from metier.run import look as at

    if tokens:
        from metier.run.look_tokens import tokens as spelt

        for line in spelt(place, n, why if dropped or why else None, sys.stdout.isatty()):
            print(line)
        return
    artefact, manifest = at.open_artefact(place)
    if lineage:
        print(at.ancestry(place, lineage))
        return
    print(at.overview(manifest))
    lines = at.dropped(artefact, n, why) if dropped or why else at.some(artefact, n)
    for line in lines:
        print(line)


@app.command()
def compare(
    left: Annotated[Path, typer.Argument(metavar="RUN_A", help="Such as runs/quickstart.")],
    right: Annotated[Path, typer.Argument(metavar="RUN_B")],
) -> None:
    """Put the scores of two runs side by side."""
    from metier.run.scoreboard import compared

    print(compared(left, right))


@app.command()
def chat(
    model: Annotated[
        str, typer.Argument(metavar="CHECKPOINT|URL|RUN", help="A directory, asset:nano, an endpoint, or a run.")
    ],
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1)] = 128,
    temperature: Annotated[float, typer.Option("--temperature", min=0.0)] = 0.0,
) -> None:
    """Talk to a model: one line in, one reply out; an empty line or the end of input stops."""
    from metier.run.find_model import find_model
    from metier.serve.chat import talk

    talk(find_model(model), sys.stdin, sys.stdout, max_tokens, temperature)


@app.command()
def serve(
    model: Annotated[str, typer.Argument(metavar="CHECKPOINT|RUN", help="A directory, asset:nano, or a run.")],
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8000,
) -> None:
    """Serve a model over the OpenAI chat protocol (needs the extra: pip install 'metier[serve,train]')."""
    from metier.run.find_model import find_model
    from metier.serve.app import serve as start

    start(find_model(model), host, port)


@app.command()
def rules(
    place: Annotated[
        str, typer.Argument(metavar="DIR", help="Where entities.csv and rules.csv are; domain:medicine ships.")
    ] = "domain:medicine",
    text: Annotated[
        list[str] | None,
        typer.Option("--text", help="A reply to try; given again, the turns of a dialogue, the reply the last."),
    ] = None,
    card: Annotated[str, typer.Option("--card", help='The patient, as in "age=25 & sex=female & week=22".')] = "",
    group: Annotated[
        list[str] | None, typer.Option("--class", metavar="ID", help="Which things of a class this patient may have.")
    ] = None,
    language: Annotated[str, typer.Option("--language", help="The language of reasons: zh, en, ar.")] = "en",
    imported: Annotated[
        bool, typer.Option("--imported", help="Pass over what imported rules lack: examples, other languages.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Check a table of rules (exit code 2 where it has faults), show what a text breaks, or what a patient may have."""
    from metier.run import rules as at

    at.check(text, card, group)
    if group:
        some = at.admitted(place, card, group, language)
        print(at.json_line(some) if as_json else "\n".join(at.admissions(some)))
        return
    if text:
        fired = at.shown(place, text, card)
        print(at.json_line(fired) if as_json else "\n".join(at.told(fired)))
        return
    found = at.checked(place, imported)
    print(at.json_line(found) if as_json else "\n".join(at.report(found)))
    if found.faulty:
        raise typer.Exit(2)


@app.command()
def gc(recipe: RecipeName, change: Sets = None, name: Name = "", limit: Limit = 0, runs: Runs = RUNS) -> None:
    """Drop artefacts that no step of the recipe owns, and what interrupted runs left behind."""
    from metier.run.gc import sweep
    from metier.run.plan import plan as make_plan

    gone = sweep(make_plan(_load(recipe, change, name, limit), runs))
    print("\n".join(gone) or "nothing to drop")


def _load(recipe: str, overrides: list[str] | None, name: str, limit: int) -> Any:
    from metier.recipe import load

    return load(recipe, overrides or (), limit, name)


def main() -> None:
    """Run the command line: errors are one line and exit code 2, a traceback only with --debug."""
    sys.path.insert(0, str(Path.cwd()))
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    words = [word for word in sys.argv if word != "--debug"]
    debug, sys.argv = len(words) < len(sys.argv), words
    sys.exit(_guarded(app, debug))


def _guarded(command: Callable[..., Any], debug: bool) -> int:
    from metier.records import MetierError

    try:
        code = command(standalone_mode=False)
    except MetierError as error:
        if debug:
            raise
        return _say(str(error), 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as error:
        return int(error.code or 0)
    except Exception as error:
        show = getattr(error, "show", None)
        if show is not None and hasattr(error, "exit_code"):
            show()
            return int(error.exit_code)
        if debug:
            raise
        return _say(f"{type(error).__name__}: {error} (an error in metier or a library: --debug shows where)", 1)
    if code == INTERRUPTED:
        return _say("stopped; the same command goes on from here", INTERRUPTED)
    return code if isinstance(code, int) else 0


def _say(message: str, code: int) -> int:
    print(f"metier: {' '.join(message.split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
