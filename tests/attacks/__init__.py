"""Hostile input of every kind, one of each: photos, checkpoints, configurations, requests."""
