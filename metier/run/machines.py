"""Trainings on several devices and machines: the command that starts each, and the part of a further machine."""

import contextlib
import shlex
from collections.abc import Iterator

from metier.recipe import Step
from metier.run.context import Context, placed
from metier.run.plan import Plan
from metier.run.show import Show
from metier.train.profiles import alone, check_launch, command, follows, may_have_gpus
from metier.train.settings import Launch, Train


def _launch(step: Step) -> Launch | None:
    """On how many devices a step trains, where it says so."""
    return step.config.launch if isinstance(step.config, Train) else None


def commands(plan: Plan) -> dict[str, str]:
    """Step -> the command that its training will be started with, where the step says on how many devices.

    None where that is the one processor of this machine, which needs no further process.
    """
    context, found = Context(plan), {}
    for unit in plan.todo():
        launch = _launch(unit.last)
        if launch is not None and (may_have_gpus() or not alone(launch) or launch.processes not in (None, 1)):
            found[unit.last.name] = shlex.join(command(launch, launch.processes, context.scratch(unit.last)))
    return found


def check_machines(plan: Plan) -> None:
    """MetierError where a training cannot be launched from here as its step says, known before anything is made."""
    for unit in plan.todo():
        with placed(unit.last, plan.root):
            check_launch(_launch(unit.last))


def further(plan: Plan) -> bool:
    """Whether this machine is one of several that train a step together, and not the first."""
    return any(follows(_launch(unit.last)) for unit in plan.units)


@contextlib.contextmanager
def telling(step: Step, context: Context) -> Iterator[None]:
    """Where other machines wait for this one, the log of the run tells them what ends it before its time."""
    try:
        yield
    except BaseException as error:
        if any((one := _launch(unit.last)) and one.nodes > 1 for unit in context.plan.units):
            with contextlib.suppress(OSError):
                context.log(event="failed", step=step.name, why=str(error) or type(error).__name__)
        raise


def _failures(context: Context) -> list[str]:
    return [event["why"] for event in context.events() if event["event"] == "failed"]


def join(plan: Plan, show: Show) -> None:
    """Take this machine's part in every training that several machines share; the first of them makes all else.

    MetierError where the first one fails meanwhile and says so in the log of the run. Where it ends without a word
    (kill -9), or failed before this one was started, this one waits until the first is started again.
    """
    from metier.train.launch import join as train

    context = Context(plan)
    before = len(_failures(context))

    def failed() -> str:
        return "".join(_failures(context)[before:][:1])

    for unit in plan.todo():
        settings = unit.last.config
        if isinstance(settings, Train) and follows(settings.launch):
            show.line(f"{unit.last.name}: waits for the first machine to prepare it, then trains with it")
            with placed(unit.last, context.root), show.step(unit.last.name):
                train(settings, context.scratch(unit.last), failed)
