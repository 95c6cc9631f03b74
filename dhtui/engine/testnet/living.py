"""The life of a testnet that runs: its weather, its liars, who comes and goes, and what the nodes do meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from ..items import Draft, ImmutableItem, ItemError
from ..keys import BEP44_TEST_KEY
from ..node import Node, NodeError
from ..settings import MakeEndpoint
from ..simulation.internet import Chance, is_there
from ..simulation.passive_nodes import Member
from ..simulation.traffic import Deed, Turn, turns
from ..wire.bencode import encode
from ..wire.compact import Addr
from ..wire.family import FAMILIES, Family, family_of
from .liars import League, LyingEndpoint, Society
from .life import AWAY, HONEST, SESSION
from .things import NAMES, infohash_of
from .weather import Weather, WeatherEndpoint

if TYPE_CHECKING:
    from .swarm import Place, Testnet

LOOK_SECONDS = 1.0
"""How often it is looked who goes and who comes. One at a time: the network never changes at a blow."""
AT_ONCE = 8
"""Deeds of the nodes under way at a time; one more is left out."""


class Living:
    """All that happens in a testnet by itself."""

    def __init__(
        self,
        net: Testnet,
        places: dict[Addr, Place],
        seed: int,
        time: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._net, self._places, self._time, self._sleep = net, places, time, sleep
        self._chance = Chance(seed)
        self._weather = Weather(self._chance, net.life)
        self._rng = Random(seed)
        self._leagues: dict[Family, League] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._deeds = 0

    def endpoint(self, nth: int | None, *, lies: bool = False) -> MakeEndpoint:
        """Makes the socket of the `nth` node; `None`: of a node that joins."""
        if nth is None or not lies:
            return partial(WeatherEndpoint, weather=self._weather, nth=nth)
        return partial(LyingEndpoint, weather=self._weather, nth=nth, league=self._leagues.get)

    def begin(self) -> None:
        """Begin, once the testnet is whole."""
        net, places = self._net, self._places
        by_addr = {addr: place for place in places.values() for addr in _addresses(place)}
        for family in FAMILIES:
            members = [_member(place, addr) for addr, place in by_addr.items() if family_of(addr[0]) is family]
            if members:
                society = Society(self._chance, members, lambda addr: by_addr[addr].node is not None, family)
                self._leagues[family] = League(society)
        for league in self._leagues.values():
            league.beside = next((other for other in self._leagues.values() if other is not league), None)
        for addr in net.liars:
            self.recruit(addr)
        self._weather.begun = True
        for league in self._leagues.values():
            league.begun = True
        if net.life.churn:
            self._spawn(self._churn())
        if net.life.traffic:
            self._spawn(self._traffic(turns(self._rng, len(places))))

    def recruit(self, addr: Addr) -> None:
        """The node at an address lies from now on, in each of its families, if its sockets were made for that."""
        for own in _addresses(self._places[addr]):
            self._leagues[family_of(own[0])].join(own)

    async def end(self) -> None:
        """End all that goes on, and wait for it."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- nodes that come and go --------------------------------------------------------------------

    async def _churn(self) -> None:
        while True:
            await self._sleep(LOOK_SECONDS)
            await self.turn_over()

    async def turn_over(self) -> None:
        """Stop one node that is gone by now, or start one that is back."""
        now = self._time()
        for addr, place in self._places.items():
            if place.nth < HONEST or place.lies or place.stopped_by == "hand":
                continue
            there = is_there(self._chance, self._weather.key(place.nth), now, SESSION, AWAY)
            if there == (place.node is None):
                with suppress(OSError):  # another program has the port: the next turn comes soon
                    await (self._net.start_node(addr) if there else self._net.stop_node(addr, churn=True))
                return

    # ---- what the nodes do -------------------------------------------------------------------------

    async def _traffic(self, deeds: Iterator[Turn]) -> None:
        for turn in deeds:
            await self._sleep(turn.after)
            if self._deeds < AT_ONCE:
                self._spawn(self._do(turn))

    async def _do(self, turn: Turn) -> None:
        node = self._rng.choice(self._net.nodes)
        self._deeds += 1
        try:
            await self._deed(node, turn)
        except (NodeError, ItemError):
            pass  # the node went meanwhile; nobody has taken the item
        finally:
            self._deeds -= 1

    async def _deed(self, node: Node, turn: Turn) -> None:
        name = NAMES[turn.subject] if turn.subject < len(NAMES) else f"thing {turn.subject}"
        note = ImmutableItem(encode(b"note %d" % turn.subject))
        if turn.deed is Deed.GET_PEERS:
            await node.get_peers(infohash_of(name))
        elif turn.deed is Deed.FIND_NODE:
            await node.find_node(self._rng.randbytes(20))
        elif turn.deed is Deed.ANNOUNCE:
            await node.announce_peer(infohash_of(name), 0)
        elif turn.deed is Deed.GET:
            await node.get(note.target)
        elif turn.subject % 2:
            await node.put(note)
        else:
            news = encode(b"news, as of %d s" % self._time())
            await node.put(Draft(news, BEP44_TEST_KEY, b"news %d" % turn.subject))


def _addresses(place: Place) -> tuple[Addr, ...]:
    """The addresses of a node, one in each of its families."""
    also = place.config.listen_also
    return (place.config.listen,) if also is None else (place.config.listen, also)


def _member(place: Place, addr: Addr) -> Member:
    """A node as the simulator's liars see it, at one of its addresses."""
    own = place.config.settings.id
    assert own is not None
    number = int.from_bytes(own)
    return Member(number, number >> 96, addr)
