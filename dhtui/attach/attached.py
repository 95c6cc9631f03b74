"""The node that this program is attached to, as its commands: see `NodeCommands`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Final, TypeVar

from ..engine import checks
from ..engine.items import Draft, ImmutableItem, Item, ItemError, MutableItem, check_salt, check_value
from ..engine.keys import BadKey
from ..engine.lookup.decisions import StopReason
from ..engine.node import NodeError
from ..engine.operations.callbacks import Progress
from ..engine.operations.limit import limit_here
from ..engine.operations.requests import Decide
from ..engine.outcome import Outcome
from ..engine.upkeep.bootstrap import MAX_HOSTS
from ..engine.views.events import Event
from ..engine.views.snapshot import Ban, BootstrapView, LookupDetail, Snapshot
from ..engine.wire import bencode
from ..engine.wire.compact import Addr
from ..engine.wire.family import FamilyName
from ..sources.lines import EventLine, State
from . import messages as told
from .messages import MOST_CALLS, BansAt, Done, GiveUp, Hello, What
from .source import AttachedSource
from .wire import Pending, Result, Wire, result_of

T = TypeVar("T", bound=Result)
TRIES: Final = 3
"""How often a draft is signed where others put a newer value meanwhile."""


class AttachedNode:
    """A node of another program. What it is asked to do is done there; items are signed here.

    Errors are those of a `Node`; a connection that has ended is a `NodeError`.
    """

    def __init__(self, wire: Wire, hello: Hello, source: AttachedSource) -> None:
        self._wire, self._hello, self.source = wire, hello, source
        source.commands = self
        self._told = asyncio.Event()
        self.gone = asyncio.Event()
        """Set when the connection has ended."""
        wire.tell, wire.on_lost = self._hear, self._lost
        if wire.lost:  # right after its hello
            self._lost()
        self._room = asyncio.Semaphore(MOST_CALLS)
        self._errands: set[asyncio.Task[Any]] = set()

    def _hear(self, line: EventLine | State | BansAt) -> None:
        self.source.hear(line)
        if self.source.told:
            self._told.set()

    def _lost(self) -> None:
        self.source.lost = self.lost
        self._told.set()
        self.gone.set()

    async def ready(self) -> None:
        """Wait for the first snapshot. Raises `NodeError` if the node is gone before."""
        await self._told.wait()
        if self.lost:
            raise NodeError(self.lost)

    @property
    def lost(self) -> str:
        """Why the connection has ended, a clause; empty while it has not."""
        return self._wire.lost

    @property
    def id(self) -> bytes:
        """Its id, 20 bytes."""
        return self.source.latest.identity.id

    @property
    def address(self) -> Addr:
        """Where it is bound."""
        return self.source.latest.identity.bound

    @property
    def addresses(self) -> tuple[Addr, ...]:
        """Where it is bound, in each family that it has; `address` first."""
        return tuple(each.identity.bound for each in self.source.latest.families)

    @property
    def k(self) -> int:
        """How many closest nodes a lookup seeks and a put writes to."""
        return self._hello.k

    def snapshot(self) -> Snapshot:
        """The state of everything, as it was told last: a second ago at most. Raises `NodeError` if it is gone."""
        return self.source.snapshot()

    def lookup(self, number: int) -> LookupDetail | None:
        """One of the lookups of the snapshot, as it was told last."""
        return self.source.lookup(number)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for every event that the node tells. Returns the function that ends that."""
        return self.source.subscribe(listener)

    # ---- calls -------------------------------------------------------------------------------------

    async def _call(
        self,
        kind: type[T],
        what: What,
        *,
        progress: Progress | None = None,
        on_peers: Callable[[tuple[Addr, ...]], None] | None = None,
        on_item: Callable[[Item], None] | None = None,
    ) -> T:
        """Have the node do something, and wait for the result."""
        for name, function in (("progress", progress), ("on_peers", on_peers), ("on_item", on_item)):
            checks.function(name, function)
        limit = limit_here()
        async with self._room:
            answer: asyncio.Future[told.Answer] = asyncio.get_running_loop().create_future()
            call = self._wire.begin(what, Pending(answer, progress, on_peers, on_item))
            try:
                with nullcontext() if limit is None else limit.ending(lambda: self._wire.say(GiveUp(call))):
                    found = await answer
            finally:
                self._wire.end(call)
        if limit is not None:
            limit.cut = limit.cut or found.cut
        result = result_of(found)
        if not isinstance(result, kind):
            raise NodeError("the node answers something else than was asked")
        return result

    def _send(self, what: What) -> None:
        """Have the node do something, and don't wait. Raises `NodeError` if the connection has ended."""
        if self.lost:
            raise NodeError(self.lost)
        errand = asyncio.get_running_loop().create_task(self._call(Done, what))
        self._errands.add(errand)
        errand.add_done_callback(self._done)

    def _done(self, errand: asyncio.Task[Any]) -> None:
        self._errands.discard(errand)
        if not errand.cancelled() and (problem := errand.exception()) is not None and not self.lost:
            loop = errand.get_loop()
            loop.call_exception_handler({"message": "the attached node refused a command", "exception": problem})

    # ---- the network -------------------------------------------------------------------------------

    async def bootstrapped(self) -> BootstrapView:
        """Wait until the bootstrap has ended, with or without success."""
        return await self._call(BootstrapView, told.AwaitBootstrap())

    def bootstrap(self, hosts: Sequence[str] = ()) -> None:
        """Bootstrap now, from the known nodes and from these hosts, each ``host:port``."""
        for host in hosts:
            checks.host_port("a host", host)
        self._send(told.Bootstrap(tuple(hosts[:MAX_HOSTS])))

    async def refresh_bucket(self, depth: int, family: FamilyName | None = None) -> Outcome:
        """Look up a random id of the bucket at `depth`, 0 to 159, of the table of a family; `None`: of the first."""
        return await self._call(Outcome, told.RefreshBucket(depth, family))

    def stop_lookup(self, number: int) -> bool:
        """End a running lookup with its results so far. Returns whether it was running, as far as is known here."""
        running = any(
            view.number == number and view.running for each in self.snapshot().families for view in each.lookups
        )
        self._send(told.StopLookup(number))
        return running

    def ban(self, ip: str, seconds: float) -> None:
        """Ban an IP for a time, and remove its nodes from the table."""
        checks.ip("ip", ip)
        checks.number("seconds", seconds, 0.0)
        self._send(told.SetBan(ip, float(seconds)))
        self.source.expect_ban(ip, seconds)

    def unban(self, ip: str) -> bool:
        """End the ban of an IP. Returns whether it was banned, as far as is known here."""
        checks.ip("ip", ip)
        banned = any(ban.ip == ip for ban in self.bans())
        self._send(told.SetBan(ip, 0.0))
        self.source.expect_ban(ip, 0.0)
        return banned

    def bans(self) -> tuple[Ban, ...]:
        """The IPs that are banned now, the last one banned first; at most 1024."""
        return self.source.bans()

    # ---- questions ---------------------------------------------------------------------------------

    async def ping(self, remotes: Sequence[Addr]) -> Outcome:
        """Ping the named nodes."""
        return await self._call(Outcome, told.Ping(_addrs(remotes)))

    async def query(self, remote: Addr, method: str, args: Mapping[bytes, Any] | None = None) -> Outcome:
        """Put any query to one node."""
        checks.kind("method", method, str)
        checks.kind("args", args, Mapping, type(None))
        (addr,) = _addrs([remote])
        return await self._call(Outcome, told.Query(addr, method, bencode.encode(dict(args or {}))))

    async def query_raw(self, remote: Addr, datagram: bytes) -> Outcome:
        """Send bytes to one node, as they are but for the transaction id and its id."""
        (addr,) = _addrs([remote])
        return await self._call(Outcome, told.QueryRaw(addr, datagram))

    async def find_node(
        self, target: bytes, *, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
    ) -> Outcome:
        """Find the nodes closest to a 20-byte target."""
        checks.an_id("target", target)
        return await self._call(Outcome, told.FindNode(target, _named(remotes)), progress=progress)

    async def get_peers(
        self,
        info_hash: bytes,
        *,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
        on_peers: Callable[[tuple[Addr, ...]], None] | None = None,
    ) -> Outcome:
        """Find peers of a 20-byte infohash."""
        checks.an_id("info_hash", info_hash)
        what = told.GetPeers(info_hash, _named(remotes))
        return await self._call(Outcome, what, progress=progress, on_peers=on_peers)

    async def scrape(
        self, info_hash: bytes, *, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
    ) -> Outcome:
        """Estimate how many seeds and downloaders a 20-byte infohash has."""
        checks.an_id("info_hash", info_hash)
        return await self._call(Outcome, told.Scrape(info_hash, _named(remotes)), progress=progress)

    async def sample_infohashes(
        self, target: bytes, *, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
    ) -> Outcome:
        """Ask nodes for some of the infohashes that they store."""
        checks.an_id("target", target)
        return await self._call(Outcome, told.SampleInfohashes(target, _named(remotes)), progress=progress)

    async def get(
        self,
        target: bytes,
        *,
        salt: bytes = b"",
        public: bytes | None = None,
        newer_than: int | None = None,
        at_least: int | None = None,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
        on_item: Callable[[Item], None] | None = None,
    ) -> Outcome:
        """Get a BEP 44 item. What is no item of that target is an error of the node."""
        checks.an_id("target", target)
        what = told.Get(target, salt, public, newer_than, at_least, _named(remotes))
        outcome = await self._call(Outcome, what, progress=progress, on_item=on_item)
        if outcome.item is not None and outcome.item.target != target:
            raise NodeError("the node answers with an item of another target")
        return outcome

    async def read_back(self, item: Item, written: Iterable[Addr], *, progress: Progress | None = None) -> Outcome:
        """Get an item as an unrelated node would: none of the nodes in `written` is a starting node."""
        return await self._call(Outcome, told.ReadBack(item, _addrs(written)), progress=progress)

    # ---- what writes -------------------------------------------------------------------------------

    async def announce_peer(
        self,
        info_hash: bytes,
        port: int,
        *,
        seed: bool = False,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
    ) -> Outcome:
        """Announce that node as a peer at `port`; 0 is the port that its packets come from."""
        checks.an_id("info_hash", info_hash)
        what = told.AnnouncePeer(info_hash, port, seed, _named(remotes))
        return await self._call(Outcome, what, progress=progress)

    async def put(
        self,
        what: ImmutableItem | MutableItem | Draft,
        *,
        cas: int | None = None,
        base: int | None = None,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
        wide: bool = False,
    ) -> Outcome:
        """Store a BEP 44 item. A draft is signed here, after a lookup of the highest seq."""
        if isinstance(what, Draft):
            if base is not None:
                raise ValueError("base is for a signed item: a draft has its own")
            return await self._put_draft(what, cas=cas, remotes=remotes, progress=progress, wide=wide)
        request = told.Put(what, cas, base, _named(remotes), wide)
        return await self._call(Outcome, request, progress=progress)

    async def _put_draft(self, what: Draft, *, remotes: Sequence[Addr] | None, **how: Any) -> Outcome:
        """Look up the highest seq, sign, and store.

        Where others store a newer value between the two, a draft that is bound to no `base` and no `seq` is signed
        again, as if that had been found at once. With a base, the node stores nothing then.
        """
        check_value(what.v)
        check_salt(what.salt)
        what.check()
        seen: int | None = None
        elapsed = 0.0
        for _ in range(TRIES):
            found = await self.get(
                what.target, salt=what.salt, public=what.key.public, remotes=remotes, progress=how["progress"]
            )
            seen = max((seq for seq in (seen, found.highest_seen) if seq is not None), default=None)
            elapsed += found.elapsed
            if not found.complete:
                return replace(found, action="put", item=None, elapsed=elapsed)
            try:
                item = what.signed(seen)
            except (ItemError, BadKey) as error:
                return replace(
                    found,
                    action="put",
                    item=None,
                    elapsed=elapsed,
                    stopped=StopReason.NOT_STORABLE,
                    problem=error,
                )
            outcome = await self.put(item, base=what.base, remotes=remotes, **how)
            elapsed += outcome.elapsed
            seen = outcome.highest_seen
            if what.seq is not None or what.base is not None or seen is None or seen < item.seq:
                break
        return replace(outcome, elapsed=elapsed)

    async def republish(self, what: ImmutableItem | MutableItem, decide: Decide) -> Outcome:
        """Look up which nodes hold an item, then store what `decide` returns for that result, which is asked here."""
        checks.function("decide", decide)
        found = await self.read_back(what, ())
        if not found.complete:
            return replace(found, action="put", item=None)
        item, where = decide(found)
        remotes = [node.addr for node in found.closest if node.addr in where]
        if not remotes:
            return replace(found, action="put", item=item)
        put = await self.put(item, remotes=remotes)
        return replace(
            found,
            action="put",
            item=item,
            writes=put.writes,
            elapsed=found.elapsed + put.elapsed,
            stopped=put.stopped,
            complete=put.complete,
        )


def _addrs(remotes: Iterable[Addr]) -> tuple[Addr, ...]:
    """The addresses, checked and without repetitions. Raises `ValueError`."""
    return tuple(dict.fromkeys(checks.an_addr("a remote", addr) for addr in remotes))


def _named(remotes: Iterable[Addr] | None) -> tuple[Addr, ...] | None:
    return None if remotes is None else _addrs(remotes)
