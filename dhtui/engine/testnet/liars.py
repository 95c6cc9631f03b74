"""Nodes of a testnet that lie, in league, by the strategies of the simulator.

Such a node joins and asks like any other. Queries it answers by a `Lie`. Each has a second socket, on the next port:
there the nodes answer that it makes up. All that they name is on loopback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..endpoint import Endpoint, Take
from ..simulation.internet import Chance, Conditions
from ..simulation.liars import Ring
from ..simulation.lies import LIES, Lie
from ..simulation.passive_nodes import Member
from ..wire.compact import Addr
from ..wire.family import IPV4, Family, family_of
from ..wire.krpc import MalformedDatagram, Query, RefusedQuery, encode_error, encode_response, parse
from .weather import Weather, WeatherEndpoint

STRATEGIES = ("nearer", "forged values", "ids off by the last bit", "dead nodes nearer", "no values")
"""The first liar follows the first one, and so on. None of them rents addresses, which loopback has not."""
NOWHERE = 9
"""The port of nodes that don't exist (discard, RFC 863)."""
TRIES = 20
"""How often two ports in a row are looked for."""


class Society:
    """What the lying nodes know in an address family: all nodes of the testnet."""

    def __init__(
        self, chance: Chance, members: Sequence[Member], there: Callable[[Addr], bool], family: Family = IPV4
    ) -> None:
        """`there` says whether the node at an address runs."""
        self.family = family
        self.chance, self.conditions = chance, Conditions(liars=1.0)
        self._members, self._there = members, there
        self.size = self.members = len(members)
        self.liars: list[Addr] = []

    def member(self, place: int) -> Member:
        """The node in a place."""
        return self._members[place]

    def alive(self, member: Member, now: float) -> bool:
        """Whether it runs."""
        return self._there(member.addr)

    def lies(self, member: Member) -> bool:
        """Whether it lies."""
        return member.addr in self.liars

    def closest(self, target: bytes, n: int, now: float) -> list[Member]:
        """The running nodes closest to a target, nearest first."""
        return self._nearest(target, n, [member for member in self._members if self.alive(member, now)])

    def referrals(self, owner: Member, target: bytes, n: int) -> list[Member]:
        """What an honest node in its place would name, were its table complete."""
        return self._nearest(target, n, [member for member in self._members if member is not owner])

    def _nearest(self, target: bytes, n: int, among: list[Member]) -> list[Member]:
        number = int.from_bytes(target)
        return sorted(among, key=lambda member: member.number ^ number)[:n]


class League(Ring):
    """The lying nodes of a testnet in one address family. Each follows a strategy of its own."""

    def __init__(self, society: Society) -> None:
        super().__init__(society)
        self._society = society
        self._by_addr: Mapping[Addr, Member] = {
            member.addr: member for member in map(society.member, range(society.members))
        }
        self.begun = False
        """Until then all answer as honest nodes do."""

    def join(self, addr: Addr) -> None:
        """The node at an address lies from now on, once it has a `LyingEndpoint`."""
        if addr not in self._society.liars:
            self._society.liars.append(addr)
            self._pools.clear()

    def lie_of(self, liar: Member, target: bytes) -> Lie:
        """The strategy of a lying node."""
        return LIES[STRATEGIES[self._society.liars.index(liar.addr) % len(STRATEGIES)]]

    def _nowhere(self, target: bytes, liar: Member, nth: int) -> Addr:
        if self.family is not IPV4:
            return self.family.loopback, NOWHERE
        ip, _ = super()._nowhere(target, liar, nth)
        here, _, _ = IPV4.loopback.partition(".")
        return f"{here}.{ip.partition('.')[2]}", NOWHERE

    def reply(self, owner: Addr, at: Addr, data: bytes, source: Addr, now: float) -> tuple[bool, bytes | None]:
        """Whether a datagram to a liar is a query that it lies about, and the answer; `None`: it is silent.

        `owner` is the address of the liar, `at` the one of its addresses that was asked.
        """
        try:
            query = parse(data, self.family)
        except (MalformedDatagram, RefusedQuery):
            return False, None
        if not self.begun or not isinstance(query, Query):
            return False, None
        try:
            body = self.answer(self._by_addr[owner], at, query, now, lambda: _honest(query))
        except RefusedQuery as refusal:
            return True, encode_error(refusal.tid, refusal.code, refusal.reason, source)
        return True, None if body is None else encode_response(query.tid, body, source)


def _honest(query: Query) -> dict[bytes, Any]:
    raise AssertionError("no strategy of a testnet stores or gives what is true")


class LyingEndpoint(WeatherEndpoint):
    """The two sockets of a lying node."""

    def __init__(
        self,
        listen: Addr,
        clock: Callable[[], float],
        weather: Weather,
        nth: int,
        league: Callable[[Family], League | None],
    ) -> None:
        """`league` gives the league of a family once there is one. Raises `OSError`."""
        family = family_of(listen[0])
        self._league: Callable[[], League | None] = lambda: league(family)
        self._now = clock
        for tries_left in reversed(range(TRIES)):
            super().__init__(listen, clock, weather, nth)
            try:
                self._door = WeatherEndpoint((self.addr[0], self.addr[1] + 1), clock, weather, nth)
                break
            except (OSError, OverflowError):  # in use; above 65535
                super().close()
                if not tries_left or listen[1]:
                    raise OSError("no two ports in a row are free") from None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._door.fileno(), self._knocked)

    def close(self) -> None:
        """Close both."""
        self._loop.remove_reader(self._door.fileno())
        self._door.close()
        super().close()

    def receive(self, take: Take, now: float, exactly: bool) -> float:
        """As of any endpoint; queries are answered here, and not handed on, once the liar lies."""

        def heard(data: bytes, source: Addr, now: float, at: float) -> None:
            if not self._lie(self, data, source, now):
                take(data, source, now, at)

        return super().receive(heard, now, exactly)

    def _knocked(self) -> None:
        def heard(data: bytes, source: Addr, now: float, at: float) -> None:
            self._lie(self._door, data, source, now)

        self._door.receive(heard, self._now(), False)

    def _lie(self, at: Endpoint, data: bytes, source: Addr, now: float) -> bool:
        league = self._league()
        if league is None:
            return False
        lied, answer = league.reply(self.addr, at.addr, data, source, now)
        if answer is not None:
            with suppress(OSError):
                at.send(answer, source)
        return lied
