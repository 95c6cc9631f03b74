"""What the tour sees of the explorer at a moment."""

from __future__ import annotations

from typing import NamedTuple

from ....engine.wire.compact import Addr


class Scene(NamedTuple):
    """A moment. Counts only grow while the tour lasts: what has happened since is a difference of two scenes."""

    view: str = ""
    """The name of the screen."""
    node: Addr | None = None
    """The address of the selected node."""
    bucket: int | None = None
    """The depth of the selected bucket."""
    buckets: int = 0
    """How many there are."""
    own_bucket: bool = False
    """Whether our own id falls into the selected one."""
    compared: tuple[bytes, bytes] | None = None
    """The last two ids whose distance was asked for, 20 bytes each."""
    answers: int = 0
    """How often a node answered what it was asked directly."""
    lookups: int = 0
    """The number of the last lookup that the user has started and that is over."""
    shown: int = 0
    """The number of the lookup that is shown."""
    puts: int = 0
    """The number of the last one after which something was stored."""
    holders: frozenset[Addr] = frozenset()
    """The nodes closest to its target then: those that store it."""
    played: int = 0
    """How many lookups were played in slow motion to their end."""
    stopped: frozenset[Addr] = frozenset()
    """The nodes of the testnet that were stopped by hand."""
    liar: Addr | None = None
    """The node that the last card is about."""
    lies: int = 0
    """How often it has answered what it was asked directly."""
