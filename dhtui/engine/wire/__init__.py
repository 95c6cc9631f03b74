"""Encoding and decoding of messages: pure functions and frozen values."""
