"""Which steps run together: consecutive kernels are one pass over the shards of what feeds them."""

import itertools

import msgspec

from metier.recipe import Recipe, Source, Step


class Unit(msgspec.Struct, frozen=True):
    """Steps that are made together; the last one's records are written, the others' are passed on."""

    steps: tuple[Step, ...]

    @property
    def last(self) -> Step:
        """The step whose records are written."""
        return self.steps[-1]

    @property
    def head(self) -> Step:
        """The step that reads."""
        return self.steps[0]

    @property
    def chain(self) -> bool:
        """Whether this is a pass over shards, rather than one stage called once."""
        return self.head.stage.flow in ("source", "kernel", "barrier")

    def barriers(self) -> tuple[Step, ...]:
        """The barriers at its head: all are decided before the records are read again, once for all of them."""
        return tuple(itertools.takewhile(lambda step: step.stage.flow == "barrier", self.steps))

    def cut(self, wanted: set[str]) -> "Unit":
        """The unit up to the last of its steps that is wanted."""
        ends = [place for place, step in enumerate(self.steps, 1) if step.name in wanted]
        return Unit(self.steps[: max(ends, default=0)])

    def sources(self) -> tuple[Source, ...]:
        """The records that the head reads, in order."""
        return fed(self.head)


def fed(step: Step) -> tuple[Source, ...]:
    """Where the batches of a kernel or a barrier come from."""
    feeds = [step.feeds.get(one.name, ()) for one in step.stage.inputs if one.shape == "batch"]
    return tuple(source for feed in feeds if not isinstance(feed, dict) for source in feed)


def units(recipe: Recipe) -> tuple[Unit, ...]:
    """Group a recipe's steps; each unit stands where its last step stands."""
    before: dict[str, Unit] = {}
    for step in recipe.steps.values():
        source = _joins(recipe, step, before)
        steps = (*before.pop(source).steps, step) if source else (step,)
        before[step.name] = Unit(steps)
    order = {name: number for number, name in enumerate(recipe.steps)}
    return tuple(sorted(before.values(), key=lambda unit: order[unit.last.name]))


def _joins(recipe: Recipe, step: Step, before: dict[str, Unit]) -> str:
    """The step that this one is fused with, or nothing: kernels follow anything, a barrier only other barriers."""
    if step.stage.flow not in ("kernel", "barrier"):
        return ""
    sources = fed(step)
    if len(sources) != 1 or not sources[0].step:
        return ""
    above = recipe.steps[sources[0].name]
    alone = len(recipe.consumers(above.name)) == 1
    fusable = above.stage.flow in ("source", "kernel", "barrier")
    if step.stage.flow == "barrier":
        fusable = above.name in before and before[above.name].barriers() == before[above.name].steps
    return above.name if alone and fusable and not above.keep else ""
