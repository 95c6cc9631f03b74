"""A verdict on a packet, and the context that it is based on."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from ...engine.views.events import QueryFinished
from ...engine.wire.compact import Addr
from ..packet import Packet
from ..ring import PacketRing

State: TypeAlias = Literal["ok", "warn", "bad", "info"]


class Verdict(NamedTuple):
    """The result of one check."""

    topic: str
    state: State
    sentence: str
    """The sentence, safe to print."""


class Context(NamedTuple):
    """The context of a packet."""

    own_id: bytes
    external: Addr | None
    """Our external address, if it is known."""
    now: float
    """The engine's clock, in seconds."""
    partner: Packet | None = None
    ending: QueryFinished | None = None
    """How the query ended, if it is one of ours."""
    granted: Packet | None = None
    """The answer that gave the token which this packet uses."""
    salts: tuple[bytes, ...] = ()
    """Salts to try if an answer does not show the salt of its item."""

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
        """The context of a packet from a ring."""
        return cls(
            own_id=own_id,
            external=external,
            now=now,
            partner=ring.partner(packet),
            ending=ring.ending(packet),
            granted=ring.token_origin(packet),
            salts=salts,
        )
