"""Queries: ours in flight, and those of others."""
