"""Ask which of two replies is better, in both orders, and say how far such a verdict can be trusted."""
