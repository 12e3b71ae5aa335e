"""Preferences: replies sampled, compared without position bias, mixed, and chosen from."""
