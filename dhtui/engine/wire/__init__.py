"""Bytes to values and back: pure functions and frozen values."""
