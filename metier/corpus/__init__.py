"""Stages that yield Documents: read, clean, segment, dedup, split."""
