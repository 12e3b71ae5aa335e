"""Stages that yield Conversations: taken from documents or files, written by a model, checked, filtered, mixed."""
