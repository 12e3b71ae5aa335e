"""Talk to a language model: what is asked and answered, one cache, limits, budget, and the kinds of model behind it."""
