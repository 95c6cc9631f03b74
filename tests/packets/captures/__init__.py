"""Captures, from the bytes of a file to inferred lookups."""
