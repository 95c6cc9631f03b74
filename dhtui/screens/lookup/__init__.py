"""Lookup: drawn, explained, compared."""
