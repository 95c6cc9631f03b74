"""What a verdict is, and what it is passed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..engine.views.events import QueryFinished
from ..engine.wire.compact import Addr
from .packet import Packet
from .ring import PacketRing

State: TypeAlias = Literal["ok", "warn", "bad", "info"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was checked."""

    topic: str
    state: State
    sentence: str
    """Safe to print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known beside the packet itself."""

    own_id: bytes
    external: Addr | None
    """Our address as the network sees it, where it is known."""
    now: float
    """The engine's clock, in seconds."""
    partner: Packet | None = None
    ending: QueryFinished | None = None
    """How the query ended, where it is one of ours."""
    granted: Packet | None = None
    """The answer that handed out the token which this packet uses."""
    salts: tuple[bytes, ...] = ()
    """Salts to try where an answer does not say under which one its item is stored."""

    @classmethod
    def of(
        cls,
        packet: Packet,
        ring: PacketRing,
        *,
        own_id: bytes,
        external: Addr | None,
        now: float,
        salts: tuple[bytes, ...] = (),
    ) -> Context:
        """What a ring knows about a packet."""
        return cls(
            own_id=own_id,
            external=external,
            now=now,
            partner=ring.partner(packet),
            ending=ring.ending(packet),
            granted=ring.token_origin(packet),
            salts=salts,
        )
