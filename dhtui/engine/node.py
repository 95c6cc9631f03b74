"""A node of the DHT on a real socket: the asyncio shell around `Core`.

    async with Node() as node:
        outcome = await node.get(target)

All methods run in the event loop that started the node. Cancelling a call stops its operation. Any number may be called
at once: operations beyond what the processor can do wait for their turn. Before anything is sent, invalid arguments
raise `ValueError`, and a node that does not run raises `NodeError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random, SystemRandom
from time import time as wall_clock
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary

from . import checks, clock
from .core import Core
from .defence.ranges import Blocklist
from .families import merge
from .families.sides import Sides
from .families.wish import Half, Wish, halves
from .items import (
    MAX_SALT,
    MAX_SEQ,
    Draft,
    ImmutableItem,
    Item,
    ItemError,
    MutableItem,
    check_salt,
    check_seq,
    check_value,
    mutable_target,
)
from .keys import PrivateKey
from .lookup.questions import FindClosest, FindPeers, GetItem, MadeQuestion, PingNode, SampleNodes, question_about
from .operations.callbacks import Caller, Calls, Progress, SafeBlocks, Subscription
from .operations.limit import Limit, limit_here
from .operations.requests import Announce, Ask, Decide, ReadBack, RefreshBucket, Republish, Request, Store
from .outcome import NodeOutcome, Outcome
from .settings import PUBLIC_BOOTSTRAP, NodeConfig, SavedState, Settings, StateStorage
from .stream import Stream, Take
from .upkeep.bootstrap import MAX_HOSTS
from .views.events import Event
from .views.snapshot import Ban, BootstrapView, ContactDetail, Holdings, LookupDetail, Snapshot
from .views.statistics import Statistics
from .wire.address import address_text
from .wire.compact import Addr
from .wire.family import BY_NAME, FAMILIES, FamilyName, family_of
from .wire.free import MadeQuery, free_query, raw_query
from .wire.ids import ID_BITS
from .wire.krpc import BAD_SIGNATURE, CAS_MISMATCH

SAVE_SECONDS = 300.0
"""Seconds between two saves of the state. The first is at the end of the bootstrap, the last when the node closes."""
PUBLIC = NodeConfig(bootstrap=PUBLIC_BOOTSTRAP)

_on_behalf: WeakKeyDictionary[asyncio.Task[Any], Hashable] = WeakKeyDictionary()
"""The caller behind each internal task. (Not a context variable: timers, and callers' code in them, would inherit
it.)"""


class NodeError(RuntimeError):
    """A call to a node that is not running: not started yet, or closed."""


def _part_of_program() -> Hashable:
    """The caller, for fair turns: the code that the current task runs."""
    task = asyncio.current_task()
    return None if task is None else _on_behalf.get(task) or getattr(task.get_coro(), "cr_code", None)


@contextmanager
def deadline(seconds: float) -> Iterator[Limit]:
    """All operations that are started within this context end after `seconds`, with their results so far.

    Their outcomes are then not `complete`, and the limit is `cut`. An operation that is started later ends at once.
    """
    checks.number("seconds", seconds, 0.0)
    limit = Limit()
    timer = asyncio.get_running_loop().call_later(seconds, limit.expire)
    try:
        with limit.applied():
            yield limit
    finally:
        timer.cancel()


class Node:
    """One node: bound, bootstrapping and serving from entering its context to leaving it, or from `start` to `close`.

    It runs once. A second `Node` with the same `state` has the same id and the saved nodes.
    """

    def __init__(self, config: NodeConfig = PUBLIC) -> None:
        """The default config binds a free port and joins the public network through `PUBLIC_BOOTSTRAP`."""
        checks.kind("config", config, NodeConfig)
        self.config = config
        self._rng: Random = SystemRandom() if config.seed is None else Random(config.seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Future[Outcome]] = set()
        self._made: Sides | None = None
        self._calls = Calls(self._report)
        self._loaded: SavedState | None = None
        """The state that `NodeConfig.state` gave."""
        self._closed = False

    def __repr__(self) -> str:
        """The address and id, once they are known."""
        if self._made is None:
            return "<Node, not started>"
        state = "closed" if self._closed else "running"
        return "<Node {} {}, id {}>".format(", ".join(map(address_text, self.addresses)), state, self.id.hex())

    async def __aenter__(self) -> Self:
        """Start it."""
        return await self.start()

    async def start(self) -> Self:
        """Bind, and begin to bootstrap. Returns the node itself, which the caller closes.

        Raises `OSError` if the address can't be bound, `NodeError` on a second call, and what `state.open` raises.
        """
        if self._made is not None:
            raise NodeError("a node runs once: make another one")
        state = self.config.state
        if state is None:
            self._bind(self.config.settings)
            return self
        self._loaded = saved = state.open()
        try:
            self._bind(replace(self.config.settings, saved=saved))
        except BaseException:
            state.close()
            raise
        self._spawn(self._keep_state(state))
        return self

    def _bind(self, settings: Settings) -> None:
        self._loop = asyncio.get_running_loop()
        if settings.blocks is not None and not isinstance(settings.blocks, Blocklist):
            settings = replace(settings, blocks=SafeBlocks(settings.blocks, self._report))
        if settings.token_secret is not None:
            # Tokens that are repeatable over restarts need epochs that follow the wall clock.
            settings = replace(settings, token_clock=wall_clock() - clock.now())
        self._made = Sides(self.config, settings, self._rng, self._calls, self._spawn)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the node. An exception of the body takes precedence over one of `close`."""
        try:
            await self.close()
        except Exception as problem:
            if error is None:
                raise
            self._report("a node could not save its state", problem)

    async def close(self) -> None:
        """Close the socket and end all operations: their callers get a `NodeError`.

        The state can still be read. A second call has no effect. Raises `OSError` if the state can't be saved; the node
        is closed all the same.
        """
        if self._closed or self._made is None:
            return
        self._closed = True
        self._made.close()
        for future in self._waiting:
            if not future.done():
                future.set_exception(NodeError("the node was closed"))
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.config.state is not None:
            await asyncio.shield(asyncio.to_thread(_save_and_leave, self.config.state, self.saved_state()))

    async def _keep_state(self, state: StateStorage) -> None:
        """Save the state at intervals: the process may be killed."""
        told = ""
        await self._sides.bootstrapped.wait()
        while True:
            try:
                await asyncio.to_thread(state.save, self.saved_state())
            except Exception as error:
                if told != str(error):
                    self._report("the state of a node could not be saved", error)
                told = str(error)
            await asyncio.sleep(SAVE_SECONDS)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Start an internal task, which ends with the node."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def _sides(self) -> Sides:
        """The engine in each address family, also of a closed node. Raises `NodeError` if the node was never
        started."""
        if self._made is None:
            raise NodeError("the node does not run yet: enter it with `async with`")
        return self._made

    @property
    def _core(self) -> Core:
        """The engine in the first family."""
        return self._sides.first.core

    def _check_running(self) -> None:
        """Raises `NodeError`."""
        _ = self._sides
        if self._closed:
            raise NodeError("the node was closed")

    def _report(self, what: str, error: BaseException) -> None:
        """Hand an exception that no caller waits for to the event loop's exception handler."""
        self._loop.call_exception_handler({"message": what, "exception": error})

    @property
    def address(self) -> Addr:
        """The address it is bound to, in the first family that it has."""
        return self._sides.first.endpoint.addr

    @property
    def addresses(self) -> tuple[Addr, ...]:
        """The addresses it is bound to, one for each family that it has; `address` first."""
        return tuple(side.endpoint.addr for side in self._sides.all)

    @property
    def id(self) -> bytes:
        """Own id, 20 bytes, in the family of `address`."""
        return self._core.id

    @property
    def k(self) -> int:
        """The closest nodes that a lookup seeks, and that a put writes to."""
        return self.config.settings.k

    async def bootstrapped(self) -> BootstrapView:
        """Wait until the bootstrap has ended, with or without success. Raises `NodeError`, also if the node is
        closed."""
        self._check_running()
        limit = limit_here()
        done = self._sides.bootstrapped
        if limit is None:
            await done.wait()
        else:
            over = asyncio.Event()
            waits = [asyncio.ensure_future(event.wait()) for event in (done, over)]
            with limit.ending(over.set):
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for wait in waits:
                        wait.cancel()
            limit.cut = limit.cut or not done.is_set()
        self._check_running()
        now = clock.now()
        return merge.bootstraps([side.core.bootstrap_view(now) for side in self._sides.all])

    # ---- operations --------------------------------------------------------------------------------

    async def _run(self, caller: Caller, request: Request) -> Outcome:
        return await self._fulfil(caller, halves(request, self._sides.all, clock.now()))

    async def _fulfil(self, caller: Caller, parts: Sequence[Half]) -> Outcome:
        self._check_running()
        if asyncio.get_running_loop() is not self._loop:
            raise NodeError("the node runs in another event loop")
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._waiting.add(future)

        def done(outcome: Outcome) -> None:
            if not future.done():
                future.set_result(outcome)

        def failed(error: BaseException) -> None:
            if not future.done():
                future.set_exception(error)

        caller.done, caller.failed, caller.over = done, failed, future.done
        limit = limit_here()
        given_up = limit is not None and limit.expired
        try:
            wish = Wish(parts, caller.finish)
            wish.start(clock.now(), _part_of_program(), given_up=given_up)
            self._sides.after()
            try:
                return await self._within(limit, wish, future)
            except BaseException:
                wish.cancel(clock.now())
                raise
        finally:
            self._waiting.discard(future)

    async def _within(self, limit: Limit | None, wish: Wish, future: asyncio.Future[Outcome]) -> Outcome:
        """The outcome of a wish, at the latest when the limit of its caller expires."""
        if limit is None:
            return await future

        def give_up() -> None:
            if not future.done():
                wish.stop(clock.now())
                self._sides.after()

        with limit.ending(give_up):
            outcome = await future
        limit.cut = limit.cut or not outcome.complete
        return outcome

    async def ping(self, remotes: Sequence[Addr]) -> Outcome:
        """Ping the named nodes."""
        return await self._run(Caller(self._calls), Ask(PingNode(), remotes=_remotes(remotes)))

    async def query(self, remote: Addr, method: str, args: Mapping[bytes, Any] | None = None) -> Outcome:
        """Put any query to one node: a method of 1 to 64 bytes, known or not, and arguments to be bencoded.

        Our id is added to the arguments, and the transaction id is ours. `asked` of the outcome has one entry: its
        `received` is the answer as it came, if one came from where we asked. Raises `ValueError` for what can't be
        sent, such as more than 2048 bytes.
        """
        checks.kind("method", method, str)
        checks.kind("args", args, Mapping, type(None))
        return await self._put(remote, free_query(self._id_towards(remote), method, args or {}))

    async def query_raw(self, remote: Addr, datagram: bytes) -> Outcome:
        """Send bytes to one node, as they are but for the values of ``t`` and ``a.id``, which are ours; as `query`.

        They have to be a bencoded dictionary with a ``t``, of at most 2048 bytes, or `ValueError` is raised; else they
        may break any rule.
        """
        checks.some_bytes("the datagram", datagram, 0, 1 << 20)
        return await self._put(remote, raw_query(self._id_towards(remote), datagram))

    def _id_towards(self, remote: Addr) -> bytes:
        """Our id in the family of an address."""
        ip, _ = checks.an_addr("a remote", remote)
        return self._sides.of(family_of(ip)).core.id

    async def _put(self, remote: Addr, made: MadeQuery) -> Outcome:
        named = (checks.an_addr("a remote", remote),)
        return await self._run(Caller(self._calls), Ask(MadeQuestion(made=made), remotes=named))

    async def find_node(
        self, target: bytes, *, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
    ) -> Outcome:
        """Find the nodes closest to a 20-byte target, in the network or known to the named nodes."""
        checks.an_id("target", target)
        caller, named = Caller(self._calls), _remotes(remotes)
        request = Ask(FindClosest(target), remotes=named, on_step=caller.steps(progress))
        return await self._run(caller, request)

    async def get_peers(
        self,
        info_hash: bytes,
        *,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
        on_peers: Callable[[tuple[Addr, ...]], None] | None = None,
    ) -> Outcome:
        """Find peers of a 20-byte infohash. `on_peers` is called with each new set of peers."""
        checks.an_id("info_hash", info_hash)
        caller, named = Caller(self._calls), _remotes(remotes)
        question, on_step = FindPeers(info_hash), caller.steps(progress)
        found = caller.guard("on_peers", on_peers)

        def on_found(node: NodeOutcome) -> None:
            if found:
                found(node.peers)

        return await self._run(caller, Ask(question, remotes=named, on_step=on_step, on_found=on_found))

    async def scrape(
        self, info_hash: bytes, *, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
    ) -> Outcome:
        """Estimate how many seeds and downloaders a 20-byte infohash has (BEP 33): `Outcome.scrape`.

        A lookup, of some 24 kB. Some nodes leave peers out of such an answer: to find peers, use `get_peers`.
        """
        checks.an_id("info_hash", info_hash)
        caller, named = Caller(self._calls), _remotes(remotes)
        request = Ask(FindPeers(info_hash, scrape=True), remotes=named, on_step=caller.steps(progress))
        return replace(await self._run(caller, request), action="scrape")

    async def sample_infohashes(
        self, target: bytes, *, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
    ) -> Outcome:
        """Ask nodes for some of the infohashes that they store (BEP 51): `GivenSamples` in `NodeOutcome.given`.

        The target has no effect on them: a node also names the nodes that it knows closest to that. A node should not
        be asked again before the `interval` that it gives, mostly 6 hours, has passed. Without `remotes` all nodes of a
        lookup of the target are asked.
        """
        checks.an_id("target", target)
        caller, named = Caller(self._calls), _remotes(remotes)
        return await self._run(caller, Ask(SampleNodes(target), remotes=named, on_step=caller.steps(progress)))

    def peers(self, info_hash: bytes) -> Stream[Addr]:
        """Find peers of a 20-byte infohash: ``async for peer in node.peers(info_hash)``, each once, as they come.

        The lookup begins and ends with the loop; leaving the loop early stops it. After the loop, the `outcome` of the
        stream is the outcome that `get_peers` would return.
        """
        self._check_running()
        checks.an_id("info_hash", info_hash)

        def begin(take: Take[Addr]) -> Coroutine[Any, Any, Outcome]:
            part = _part_of_program()

            async def run() -> Outcome:
                task = asyncio.current_task()
                assert task is not None
                _on_behalf[task] = part
                return await self.get_peers(info_hash, on_peers=take)

            return run()

        return Stream(begin)

    async def announce_peer(
        self,
        info_hash: bytes,
        port: int,
        *,
        seed: bool = False,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
    ) -> Outcome:
        """Announce ourselves as a peer at `port`; 0 is the port that our packets come from.

        `seed`: we have the whole torrent (BEP 33).
        """
        checks.truth("seed", seed)
        checks.an_id("info_hash", info_hash)
        checks.whole("port", port, 0, checks.MAX_PORT)
        caller, named = Caller(self._calls), _remotes(remotes)
        request = Announce(info_hash, port, seed, remotes=named, on_step=caller.steps(progress))
        return await self._run(caller, request)

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
        """Get a BEP 44 item. Only a value that hashes to the target, or a signed one with a valid signature, counts.

        `public` is the 32-byte public key of the item, if it is known. Without it, a value under another salt than
        `salt` is no fault of its node: that salt may be the right one. Raises `ValueError` if key and salt don't hash
        to the target. `newer_than` asks nodes to send only items with a higher seq; items below `at_least` are not
        accepted. `on_item` is called with every item that is newer than the ones before; a mutable item is provisional.
        """
        checks.an_id("target", target)
        checks.some_bytes("salt", salt, 0, MAX_SALT)
        _seq("newer_than", newer_than)
        _seq("at_least", at_least)
        if public is not None and mutable_target(public, salt) != target:
            raise ValueError("the target is not that of the public key and the salt")
        caller, named = Caller(self._calls), _remotes(remotes)
        mutable = True if public else None
        question = GetItem(target, salt, newer_than, blind=public is None, mutable=mutable, at_least=at_least)
        on_step = caller.steps(progress)
        found = caller.guard("on_item", on_item)

        def on_found(node: NodeOutcome) -> None:
            if found and node.item is not None:
                found(node.item)

        request = Ask(question, remotes=named, on_step=on_step, on_found=on_found)
        return await self._run(caller, request)

    async def put(
        self,
        what: ImmutableItem | MutableItem | Draft,
        *,
        cas: int | None = None,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
        wide: bool = False,
    ) -> Outcome:
        """Store a BEP 44 item at the closest nodes, or at the named ones. Raises `ItemError` if none would take it.

        `wide`: at all nodes out to the expected distance of the k-th closest. So an item gets past a crowd of nodes
        that stand nearer to the target than chance has them. Without an estimate of the network's size, as usual.
        """
        _check_what(what)
        _seq("cas", cas)
        if cas is not None and isinstance(what, ImmutableItem):
            raise ValueError("cas has no meaning for an immutable item, which can't be replaced")
        caller, named = Caller(self._calls), _remotes(remotes)
        checks.kind("wide", wide, bool)
        return await self._run(caller, Store(what, cas=cas, remotes=named, on_step=caller.steps(progress), wide=wide))

    async def read_back(self, item: Item, written: Iterable[Addr], *, progress: Progress | None = None) -> Outcome:
        """Get an item as an unrelated node would: the lookup starts far from the target, at none of the nodes in
        `written`.

        It continues to the end after the first copy. Referrals may lead it to the nodes in `written`.
        """
        checks.kind("item", item, ImmutableItem, MutableItem)
        avoid = frozenset(_remotes(written) or ())
        caller = Caller(self._calls)
        return await self._run(caller, ReadBack(question_about(item), avoid, on_step=caller.steps(progress)))

    async def republish(self, what: ImmutableItem | MutableItem, decide: Decide) -> Outcome:
        """Look up which nodes hold an item, then store what `decide` returns, at once. An exception of `decide` is
        raised."""
        _check_what(what)
        checks.kind("what", what, ImmutableItem, MutableItem)
        checks.function("decide", decide)
        caller = Caller(self._calls)

        # Once for both families, which write the same item.
        decisions: list[tuple[Item, frozenset[Addr]]] = []

        def decided(found: Outcome) -> tuple[Item, frozenset[Addr]]:
            try:
                if not decisions:
                    item, where = decide(found)
                    checks.kind("the item of a decision", item, ImmutableItem, MutableItem)
                    decisions.append((item, frozenset(node.addr for node in found.closest if node.addr in where)))
                return decisions[0]
            except Exception as error:
                caller.failed(error)
                raise ItemError(CAS_MISMATCH, "nothing was decided") from None

        return await self._run(caller, Republish(what, decided))

    async def refresh_bucket(self, depth: int, family: FamilyName | None = None) -> Outcome:
        """Look up a random id of the bucket at `depth`, 0 to 159, of the table of a family; `None`: of `address`'s."""
        checks.whole("depth", depth, 0, ID_BITS - 1)
        sides = self._sides
        side = sides.first if family is None else sides.of(BY_NAME[family])
        return await self._fulfil(Caller(self._calls), [Half(side, RefreshBucket(depth))])

    # ---- views -------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The state of everything, as frozen values."""
        sides, now = self._sides, clock.now()
        for side in sides.all:
            side.count_lost(now)
        first, *others = (side.core.snapshot(now) for side in sides.all)
        return first._replace(other=others[0] if others else None, missing=sides.missing)

    def statistics(self) -> Statistics:
        """The size of every store and cache of the node, with its bound. Much cheaper than a snapshot."""
        first, *others = (side.core.statistics() for side in self._sides.all)
        return replace(first, other=others[0]) if others else first

    def lookup(self, number: int) -> LookupDetail | None:
        """One of the lookups of the snapshot with all its queries; `None` if it is not remembered any more."""
        now = clock.now()
        found = [detail for side in self._sides.all if (detail := side.core.lookup(number, now)) is not None]
        if len(found) < 2:
            return found[0] if found else None
        return found[0]._replace(other=found[1])

    def contact(self, addr: Addr) -> ContactDetail | None:
        """All that is known about the node at an address, if it is in the table."""
        return self._sides.of(family_of(addr[0])).core.contact(addr, clock.now())

    def holdings(self) -> Holdings:
        """What we store for others, and our own announces."""
        now, sides = clock.now(), self._sides.all
        if len(sides) == 1:
            return sides[0].core.holdings(now)
        return merge.holdings([side.core.holdings(now) for side in sides])

    def stop_lookup(self, number: int) -> bool:
        """End a running lookup with its results so far. Returns whether it was running."""
        self._check_running()
        stopped = [side.core.stop_lookup(number, clock.now()) for side in self._sides.all]
        self._sides.after()
        return any(stopped)

    def ban(self, ip: str, seconds: float) -> None:
        """Ban an IP for `seconds`, and remove its nodes from the table."""
        self._check_running()
        checks.ip("ip", ip)
        checks.number("seconds", seconds, 0.0)
        self._sides.of(family_of(ip)).core.ban(ip, seconds, clock.now())
        self._sides.after()

    def unban(self, ip: str) -> bool:
        """End the ban of an IP. Returns whether it was banned."""
        self._check_running()
        checks.ip("ip", ip)
        return self._core.unban(ip, clock.now())

    def bans(self) -> tuple[Ban, ...]:
        """The IPs that are banned now, the last one banned first."""
        return self._core.bans(clock.now())

    def bootstrap(self, hosts: Sequence[str] = ()) -> None:
        """Bootstrap now, from the known nodes and from these hosts, each ``host:port``.

        Returns at once: the snapshot and `BootstrapProgress` show the progress.
        """
        self._check_running()
        for host in hosts:
            checks.host_port("a host", host)
        sides, names = self._sides, tuple(hosts[:MAX_HOSTS])
        for side in sides.all:
            side.core.bootstrap_again(sides.hosts_of(side, names), clock.now())
        sides.after()

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for every event from now on; it must be quick. Returns the function that ends the
        subscription.

        Its first exception goes to the event loop's exception handler; later ones are ignored, and events continue.
        """
        self._check_running()
        checks.kind("listener", listener, Callable)  # type: ignore[arg-type]
        subscription = Subscription(self._calls, listener)
        unsubscribe = self._sides.listen(subscription.hear)

        def leave() -> None:
            if subscription.wanted:
                subscription.wanted = False
                unsubscribe()

        return leave

    def saved_state(self) -> SavedState:
        """The state to save for the next run, of a family that was not there as it was before."""
        saved, states = self.config.settings.saved, [side.core.saved_state() for side in self._sides.all]
        saved = self._loaded if saved is None else saved
        for family in FAMILIES:
            before = None if saved is None else saved.of(family)
            if before is not None and all(state.family is not family for state in states):
                states.append(before)
        first, *others = states
        return replace(first, other=others[0]) if others else first


def _save_and_leave(storage: StateStorage, state: SavedState) -> None:
    try:
        storage.save(state)
    finally:
        storage.close()


# ---- arguments ----------------------------------------------------------------------------------------


def _remotes(remotes: Iterable[Addr] | None) -> tuple[Addr, ...] | None:
    """The addresses, checked and without repetitions. Raises `ValueError`."""
    if remotes is None:
        return None
    checks.kind("remotes", remotes, Iterable)
    return tuple(dict.fromkeys(checks.an_addr("a remote", addr) for addr in remotes))


def _seq(name: str, value: int | None) -> None:
    """A sequence number of -1 or more (-1 is below all), or `None`. Raises `ValueError`."""
    if value is not None:
        checks.whole(name, value, -1, MAX_SEQ)


def _check_what(what: ImmutableItem | MutableItem | Draft) -> None:
    """Raises `ValueError`, or `ItemError` for an item that no node would take."""
    checks.kind("what", what, ImmutableItem, MutableItem, Draft)
    checks.some_bytes("the value", what.v, 0, 1 << 20)
    check_value(what.v)
    if isinstance(what, ImmutableItem):
        return
    checks.some_bytes("the salt", what.salt, 0, 1 << 20)
    check_salt(what.salt)
    if isinstance(what, Draft):
        checks.kind("key", what.key, PrivateKey)
        for name in ("seq", "base", "known"):
            _seq(name, getattr(what, name))
        what.check()
        return
    checks.some_bytes("the public key", what.k, 32, 32)
    checks.some_bytes("the signature", what.sig, 64, 64)
    checks.kind("seq", what.seq, int)
    check_seq(what.seq)
    if not what.verify():
        raise ItemError(BAD_SIGNATURE, "the signature of the item does not hold")
