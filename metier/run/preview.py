"""What training will see, and what it will take, before it begins."""

import msgspec

from metier.recipe import Step
from metier.run.plan import Plan
from metier.run.preview_trial import feedings, tokenizer_home, trial, trying
from metier.train.settings import Train


def preview(plan: Plan) -> str:
    """The mixture of every training that is to be made, as far as its records are finished; empty where none is."""
    asked = {step.name for unit in plan.units for step in unit.steps if plan.steps[step.name].why}
    waiting = [step for name, step in plan.recipe.steps.items() if name in asked and isinstance(step.config, Train)]
    if not waiting:
        return ""
    tried = trial(plan)
    groups: dict[bytes, list[Step]] = {}
    for step in waiting:
        feeds = {name: feed for name, feed in step.feeds.items() if name != "base"}
        home = tokenizer_home(plan, tried, step)
        key = msgspec.json.encode([step.stage.name, step.config, feeds, str(home)], order="deterministic")
        groups.setdefault(key, []).append(step)
    parts, unknown, blind = list[str](), dict[str, None](), list[str]()
    for same in groups.values():
        found, missing = feedings(plan, tried, same[0])
        unknown |= dict.fromkeys(missing)
        if missing:
            blind += [step.name for step in same]
            continue
        from metier.run.preview_mixture import shown

        parts.append(shown(plan, tried, same, found))
    if unknown:
        parts.append(
            f"what {', '.join(blind)} will see is known once {', '.join(unknown)} "
            f"{'is' if len(unknown) == 1 else 'are'} made, or after a trial: {trying(plan)}"
        )
    return "\n\n".join(parts)
