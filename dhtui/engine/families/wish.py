"""A wish of a caller that runs in both address families at once: an operation on each side, and one outcome."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from ..core import Core
from ..items import Item, MutableItem
from ..lookup.decisions import StopReason
from ..lookup.running import Done
from ..operations.operations import Operation
from ..operations.requests import Announce, Ask, RefreshBucket, Republish, Request, Store
from ..outcome import NodeOutcome, Outcome
from ..wire.compact import Addr
from ..wire.family import FAMILIES, Family, family_of
from . import merge


class Flank(Protocol):
    """The part of a `Side` that a wish needs."""

    core: Core
    family: Family

    @property
    def up(self) -> bool:
        """Whether it has a route."""

    def usable(self, now: float) -> bool:
        """Whether a wish may find anything there."""


class Half(NamedTuple):
    """The part of a wish that one side does."""

    side: Flank
    request: Request | RefreshBucket


def halves(request: Request, sides: Sequence[Flank], now: float) -> list[Half]:
    """The parts of a request: of a lookup on each side that may find anything, else by the nodes that are named.

    A named node of a family that there is no side for is left to the first one, which says that there is no route.
    """
    remotes = getattr(request, "remotes", None)
    if len(sides) == 1:
        return [Half(sides[0], request)]
    if remotes is None:
        able = [side for side in sides if side.usable(now)] or [side for side in sides if side.up] or sides[:1]
        return [Half(side, request) for side in able]
    named: dict[Flank, list[Addr]] = {}
    for addr in remotes:
        family = family_of(addr[0])
        side = next((side for side in sides if side.family is family), sides[0])
        named.setdefault(side, []).append(addr)
    return [Half(side, _naming(request, tuple(addrs))) for side, addrs in named.items()] or [Half(sides[0], request)]


def _naming(request: Request, remotes: tuple[Addr, ...]) -> Request:
    assert isinstance(request, Ask | Announce | Store)
    return request._replace(remotes=remotes)


class Wish:
    """One operation in each of several families. As an operation of one core, it can be stopped and cancelled."""

    def __init__(self, parts: Sequence[Half], done: Done) -> None:
        """`done` is called once, with the merged outcome, when all parts have ended."""
        self._done = done
        self._order = tuple(addr for part in parts for addr in getattr(part.request, "remotes", None) or ())
        self._outcomes: dict[Flank, Outcome] = {}
        self._parts = self._agreeing(parts) if len(parts) > 1 else list(parts)
        self._under_way: dict[Flank, Operation] = {}

    def start(self, now: float, caller: Hashable, *, given_up: bool) -> None:
        """Start all parts, their lookups under one number."""
        number = next(self._parts[0].side.core.common.numbers) if len(self._parts) > 1 else None
        for side, request in self._parts:

            def ended(outcome: Outcome, at: float, side: Flank = side) -> None:
                self._ended(side, outcome, at)

            operation = side.core.start(request, ended, now, caller=caller, given_up=given_up, number=number)
            if side not in self._outcomes:
                self._under_way[side] = operation
                if self._value_found:
                    self._stop_others(now)

    @property
    def _value_found(self) -> bool:
        return any(outcome.stopped is StopReason.VALUE_FOUND for outcome in self._outcomes.values())

    def _ended(self, side: Flank, outcome: Outcome, now: float) -> None:
        self._under_way.pop(side, None)
        self._outcomes[side] = outcome
        if len(self._outcomes) == len(self._parts):
            self._done(self._merged(), now)
        elif self._value_found:
            self._stop_others(now)
        elif outcome.answered:
            self._leave_dry(now)

    def _leave_dry(self, now: float) -> None:
        """One half of a lookup is over: don't wait for a family in which nobody has ever answered."""
        for side, operation in list(self._under_way.items()):
            if not self._order and side.core.dry(now):
                side.core.stop(operation, now)

    def _stop_others(self, now: float) -> None:
        """A value that hashes to the target needs no second opinion, in the other family either."""
        for other, operation in list(self._under_way.items()):
            other.core.stop(operation, now)

    def _merged(self) -> Outcome:
        if len(self._parts) == 1:
            return next(iter(self._outcomes.values()))
        found = {side.family: replace(outcome, family=side.family.name) for side, outcome in self._outcomes.items()}
        return merge.outcomes([found[family] for family in FAMILIES if family in found], self._order)

    def _agreeing(self, parts: Sequence[Half]) -> list[Half]:
        """The same parts, with what they have in common: where writers agree on what is written, and what the caller
        has been told."""
        first = parts[0].request
        common: dict[str, Any] = {}
        if isinstance(first, Announce | Store | Republish):
            common["meet"] = Agreement(len(parts), self._leave_dry)
        elif isinstance(first, Ask) and first.on_found is not None:
            common["on_found"] = Newest(first.on_found)
        return [Half(side, request._replace(**common)) for side, request in parts]

    def stop(self, now: float) -> None:
        """End it with the results so far."""
        for side, operation in list(self._under_way.items()):
            side.core.stop(operation, now)

    def cancel(self, now: float) -> None:
        """End it without a result."""
        for side, operation in list(self._under_way.items()):
            side.core.cancel(operation, now)


class Newest:
    """Passes on what nodes gave, but no item that is not newer than those before, as a lookup in one family does."""

    def __init__(self, tell: Callable[[NodeOutcome], None]) -> None:
        self._tell = tell
        self._item: Item | None = None

    def __call__(self, node: NodeOutcome) -> None:
        """A node gave peers or an item."""
        if (item := node.item) is not None:
            before = self._item
            if before is not None and not (
                isinstance(item, MutableItem) and isinstance(before, MutableItem) and item.seq > before.seq
            ):
                return
            self._item = item
        self._tell(node)


class Agreement:
    """The meeting of the stores of one wish. They write when all lookups have ended: one item, with one seq."""

    def __init__(self, parts: int, leave_dry: Callable[[float], None] = lambda now: None) -> None:
        """`leave_dry` ends those lookups that are not worth waiting for."""
        self._awaited, self._leave_dry = parts, leave_dry
        self._arrived: list[tuple[Outcome, Callable[[Outcome, float], None]]] = []

    def arrive(self, found: Outcome, now: float, write: Callable[[Outcome, float], None]) -> None:
        """See `Meeting`."""
        self._arrived.append((found, write))
        if found.answered:
            self._leave_dry(now)
        self._go_on(now)

    def leave(self, now: float) -> None:
        """See `Meeting`."""
        self._awaited -= 1
        self._go_on(now)

    def _go_on(self, now: float) -> None:
        if self._arrived and len(self._arrived) >= self._awaited:
            arrived, self._arrived = self._arrived, []
            findings = [found for found, _ in arrived]
            both = merge.outcomes(findings) if len(findings) > 1 else findings[0]
            for _, write in arrived:
                write(both, now)
