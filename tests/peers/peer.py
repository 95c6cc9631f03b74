"""What the tests ask of a node of another implementation, whichever it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NoReturn, Protocol

import pytest
from support.apart import PATIENCE

from dhtui.engine.wire.compact import Addr

DEADLINE = PATIENCE
"""Seconds that any answer of a peer may take."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value that a peer found, as it understood it."""

    value: bytes
    """Bencoded."""
    seq: int | None = None


class Refused(Exception):
    """A peer was told to write, and no node stored."""

    def __init__(self, code: int | None, text: str) -> None:
        super().__init__(text)
        self.code = code
        """The KRPC error code, where the peer tells."""


class Peer(Protocol):
    """A node of another implementation. Every method ends within `DEADLINE`."""

    address: Addr

    async def meet(self, addr: Addr) -> None:
        """Return once the node at an address is in the peer's routing table."""

    async def put_immutable(self, value: bytes) -> int:
        """Look up and store a bencoded value; how many nodes took it."""

    async def put_mutable(
        self, seed: bytes, value: bytes, salt: bytes = b"", seq: int = 1, cas: int | None = None
    ) -> int:
        """Look up and store a signed value; how many nodes took it. Raises `Refused` where all refuse."""

    async def get_immutable(self, target: bytes) -> Found | None:
        """Look up a value."""

    async def get_mutable(self, public: bytes, salt: bytes = b"") -> Found | None:
        """Look up the newest value under a key, verified by the peer."""

    async def announce(self, info_hash: bytes, port: int) -> None:
        """Look up and announce."""

    async def get_peers(self, info_hash: bytes) -> set[Addr]:
        """Look up the peers that nodes name."""


def unavailable(reason: str) -> NoReturn:
    """Skip, or fail where peers are required (``DHTUI_REQUIRE_PEERS=1``)."""
    if os.environ.get("DHTUI_REQUIRE_PEERS") == "1":
        pytest.fail(f"{reason} (DHTUI_REQUIRE_PEERS=1)", pytrace=False)
    pytest.skip(reason, allow_module_level=True)
