"""Which steps a recipe can try on its first rows: all that stand before any model is trained or asked."""

from metier.recipe import Recipe, RecipeError, Step


def before_models(recipe: Recipe) -> list[str]:
    """The steps that make records and neither are, nor stand behind, one that trains or asks a model."""
    heavy: set[str] = set()
    for step in recipe.steps.values():
        behind = any(source.step and source.name in heavy for _, source in step.sources())
        if behind or step.stage.flow == "job" or _asks(step):
            heavy.add(step.name)
    light = [name for name in recipe.steps if name not in heavy]
    if not light:
        raise RecipeError(f"{recipe.path}: every step trains or asks a model; there is nothing to probe")
    return light


def _asks(step: Step) -> bool:
    return any(one.shape in ("models", "checkpoint", "path") for one in step.stage.inputs)
