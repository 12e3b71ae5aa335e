"""The torch door: load a model, render a conversation, score and write text."""
