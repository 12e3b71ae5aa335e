"""Stages that yield Conversations: extract, blend."""
