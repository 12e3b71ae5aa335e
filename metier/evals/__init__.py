"""Rooms that measure: questions in, answers and scores out, and the page that shows them."""
