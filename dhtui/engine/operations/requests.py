"""The requests to an engine: one record for each kind, for `Core.start`.

`on_step` is called after each step of the lookup, with the lookup and the time; `on_found` for each node that gave
peers or an item. `remotes` are the only nodes to query; `None`: the nodes that a lookup of the target finds.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from ..items import Draft, ImmutableItem, Item, MutableItem
from ..lookup.questions import Question
from ..lookup.running import LookupRun
from ..outcome import NodeOutcome, Outcome
from ..wire.compact import Addr

OnStep: TypeAlias = Callable[[LookupRun, float], None] | None

Decide: TypeAlias = Callable[[Outcome], tuple[Item, Container[Addr]]]
"""Turns what a lookup found into the item to store, and the addresses to store it at. May raise `ItemError`."""


class Meeting(Protocol):
    """The place where the stores of one wish in both address families agree on what is written."""

    def arrive(self, found: Outcome, now: float, write: Callable[[Outcome, float], None]) -> None:
        """A lookup has ended. `write` is called with the findings of both, once the other one has ended too."""

    def leave(self, now: float) -> None:
        """An operation has ended without writing: the other one need not wait for it."""


class Ask(NamedTuple):
    """A question to named nodes, or a lookup."""

    question: Question
    remotes: Sequence[Addr] | None = None
    on_step: OnStep = None
    on_found: Callable[[NodeOutcome], None] | None = None


class ReadBack(NamedTuple):
    """A get as an unrelated node makes it: it starts far from the target, and continues to the end after the first
    copy."""

    question: Question
    written: Container[Addr]
    """Nodes that are no starting nodes."""
    on_step: OnStep = None


class Announce(NamedTuple):
    """An announce of ourselves as a peer of an infohash."""

    info_hash: bytes
    port: int = 0
    """0: the port that our packets come from."""
    seed: bool = False
    """We have the whole torrent (BEP 33)."""
    remotes: Sequence[Addr] | None = None
    on_step: OnStep = None
    meet: Meeting | None = None


class Store(NamedTuple):
    """A put. A draft without a seq gets the highest in the answers, plus one."""

    what: ImmutableItem | MutableItem | Draft
    cas: int | None = None
    """The seq that a node must hold to take the item (BEP 44, "CAS")."""
    remotes: Sequence[Addr] | None = None
    on_step: OnStep = None
    wide: bool = False
    """Whether to store on every node out to the expected distance of the k-th closest, also if nearer ones crowd there.
    Without an estimate of the network's size, as usual."""
    meet: Meeting | None = None
    """Where to wait for the lookup of the same wish in the other address family before anything is written."""


class Republish(NamedTuple):
    """A lookup of an item's target, then a put of the item that `decide` returns, to the nodes that it returns."""

    what: ImmutableItem | MutableItem
    decide: Decide
    on_step: OnStep = None
    meet: Meeting | None = None


Request: TypeAlias = Ask | ReadBack | Announce | Store | Republish
"""The requests that take turns among callers."""


class RefreshBucket(NamedTuple):
    """A lookup of a random id of one bucket of the table. A depth beyond the last bucket means the last one."""

    depth: int
