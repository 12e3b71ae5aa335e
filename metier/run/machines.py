"""Trainings on several devices and machines: the command that starts each, and the part of a further machine."""

import shlex

from metier.recipe import Step
from metier.run.context import Context, placed
from metier.run.plan import Plan
from metier.run.show import Show
from metier.train.profiles import alone, check_launch, command, follows, may_have_gpus
from metier.train.settings import Train


def launched(step: Step) -> Train | None:
    """The settings of a step that says on how many devices it trains."""
    return step.config if isinstance(step.config, Train) and step.config.launch is not None else None


def commands(plan: Plan) -> dict[str, str]:
    """Step -> the command that its training will be started with, where the step says on how many devices.

    None where that is the one processor of this machine, which needs no further process.
    """
    context, found = Context(plan), {}
    for unit in plan.todo():
        settings = launched(unit.last)
        launch = settings.launch if settings is not None else None
        if launch is not None and (may_have_gpus() or not alone(launch) or launch.processes not in (None, 1)):
            found[unit.last.name] = shlex.join(command(launch, launch.processes, context.scratch(unit.last)))
    return found


def check_machines(plan: Plan) -> None:
    """MetierError where a training cannot be launched from here as its step says, known before anything is made."""
    for unit in plan.todo():
        settings = launched(unit.last)
        if settings is not None:
            with placed(unit.last, plan.root):
                check_launch(settings.launch)


def further(plan: Plan) -> bool:
    """Whether this machine is one of several that train a step together, and not the first."""
    return any(follows(settings.launch) for unit in plan.units if (settings := launched(unit.last)) is not None)


def join(plan: Plan, show: Show) -> None:
    """Take this machine's part in every training that several machines share; the first of them makes all else.

    MetierError where the first one fails meanwhile and says so in the log of the run. Where it ends without a word
    (kill -9), or failed before this one was started, this one waits until the first is started again.
    """
    from metier.train.launch import join as train

    context = Context(plan)
    before = len(context.failures())

    def failed() -> str:
        return "".join(context.failures()[before:][:1])

    for unit in plan.todo():
        settings = launched(unit.last)
        if settings is not None and follows(settings.launch):
            show.line(f"{unit.last.name}: waits for the first machine to prepare it, then trains with it")
            with placed(unit.last, context.root), show.step(unit.last.name):
                train(settings, context.scratch(unit.last), failed)
