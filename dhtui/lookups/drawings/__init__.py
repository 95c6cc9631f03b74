"""Drawings of a lookup: pure functions from engine snapshots to lines."""
