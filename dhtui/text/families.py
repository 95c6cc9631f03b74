"""Sentences about the address families of a node."""

from __future__ import annotations

from collections.abc import Iterable

from ..engine.wire.family import FamilyName

MISSING_WORDS = "this machine has no such address"
"""Why a family is left out, where its name stands before it."""


def missing_words(families: Iterable[FamilyName]) -> list[str]:
    """A sentence for each family that was asked for and is not there."""
    return [f"this machine has no {family} address: {family} is left out until there is one" for family in families]
