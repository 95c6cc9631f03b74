"""A rule of the BEPs, where our own node keeps it, and what holds it."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

ELSEWHERE: Final = ""
"""The place of a rule that concerns no part of this program."""


class Rule(NamedTuple):
    """A rule of the catalogue, `docs/rules.md`."""

    id: str
    """As that of its case: 44.21."""
    level: Literal["M", "S", "O", "H"]
    """Must, should, optional, or hardening that no BEP asks for."""
    kept: str
    """The module of `dhtui` that keeps it; `ELSEWHERE`: none does, and `note` says why."""
    tests: tuple[str, ...] = ()
    """Tests that hold it, ``engine/test_server.py::test_x``, below `tests/`."""
    says: str = ""
    """The rule in a sentence; empty: that of its case."""
    note: str = ""
    """Why no test holds it, why it has no case, or where this program chose otherwise."""
