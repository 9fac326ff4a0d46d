"""Attacks in large numbers, and training that is killed again and again: ``pytest -m soak tests/soak``."""
