"""The serve room: a model that answers."""
