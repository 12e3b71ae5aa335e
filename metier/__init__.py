"""Metier turns a general language model into a specialist, and proves what was gained and what was lost."""

__version__ = "0.1.0"
