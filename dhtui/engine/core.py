"""The engine without I/O: datagrams and time in, datagrams and events out.

It never reads a clock, opens a socket or starts a task. The shell (`node.py`, or the simulator) passes every datagram
to `receive_datagram`, calls `handle_timer` at `next_timer`, and after each call sends what `datagrams_to_send` returns
and resolves the names that `take_hosts_wanted` returns. Time is any clock in seconds that never goes back.

Callers `start` a request, and may `cancel` or `stop` the operation. The state is shown by `snapshot`, `statistics`,
`lookup`, `contact` and `holdings`, and by events (`listen`). The table, the stores, queries, operations and the rest
are private: this class connects them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from math import inf
from random import Random
from sys import intern
from typing import Any

from .common import Common
from .defence.guard import MAX_VOTERS
from .defence.shrink import shrink
from .lookup.algorithm import Start
from .lookup.running import Done, LookupRun, Pumped
from .operations.operations import Operation, Operations
from .operations.requests import RefreshBucket, Request
from .outbox import Outbox
from .outcome import Status
from .queries import MAX_LIVE, MAX_STALLED, Answer, InFlight, Queries
from .server import Server
from .settings import LiveSettings, SavedState, Settings
from .store import MAX_ALL_PEERS, MAX_PEERS, PeerStore
from .table import GOOD_SECONDS, Change, Table
from .unresponsive import Timeouts, UnresponsiveNodes
from .upkeep.bootstrap import Bootstrap
from .upkeep.identity import Identity
from .upkeep.maintenance import Maintenance
from .upkeep.other_family import OtherFamily
from .upkeep.pings import CHECK, MAX_CHECKS, MAX_NEWCOMERS, NEWCOMER, Pings
from .views import events
from .views.busy import Busy
from .views.counters import Counters
from .views.events import DropCause, Event, LinkState, Listeners, QueryResult, refused
from .views.history import History
from .views.snapshot import Ban, BootstrapView, ContactDetail, Holdings, LookupDetail, Snapshot, StoreView
from .views.statistics import Level, Statistics
from .wire.compact import Addr, NodeInfo, is_local, is_private_referral, is_usable
from .wire.family import FamilyName, family_of
from .wire.faults import Note, NoteKind
from .wire.free import MadeQuery
from .wire.krpc import (
    Args,
    ErrorReply,
    MalformedDatagram,
    Message,
    Query,
    RefusedQuery,
    Response,
    encode_error,
    encode_query,
    encode_response,
    parse,
)
from .wire.methods import BY_ARGS, WANTING, WRITES, target_of

HOUSEKEEPING_SECONDS = 10.0
"""Seconds between two rounds of upkeep."""
SWEEP_SECONDS = 60.0
"""Seconds between two sweeps of expired entries."""
TELL_LOST_SECONDS = 60.0
"""Seconds: the loss of datagrams in the socket is reported at most once in this time."""
TIMED_OUT = "timed out"
OURSELVES, ECHO = "it is this node itself", "it sent our own query back"
"""Why a node has no place in the table, or how a query ended."""
QUOTA_WORDS = "our replies have used up their bytes"
MAX_IN_FLIGHT = 2 * (MAX_LIVE + MAX_STALLED) + MAX_CHECKS + MAX_NEWCOMERS
"""Bound of queries in flight: live, stalled (evictable), stalled (patient, not evictable), and pings for the table."""
STRANGERS = 16
"""Nodes far from the target that a read-back starts from."""
NODES_SAVED = 2048
GROWTH_KEPT = 360
"""How many counts of good nodes are stored, one each `HOUSEKEEPING_SECONDS`."""


class Core:
    """One node of the DHT, in one address family. Times are seconds on the clock of the shell.

    A node in both families has two cores side by side, see `beside`.
    """

    def __init__(
        self,
        settings: Settings,
        bound: Addr,
        rng: Random,
        now: float,
        hosts: tuple[str, ...] = (),
        common: Common | None = None,
    ) -> None:
        """The family is that of `bound`. `common`: of the node's core in the other family."""
        self.family = family_of(bound[0])
        self.settings = settings = settings.of(self.family)
        self._rng = rng
        self._now = self._came = self._started_at = now
        """The time of the last call, and the time of receipt of the datagram being read."""
        self.identity = Identity(settings, bound, rng, now)
        self._table = Table(self.id, now, rng=rng, k=settings.k, split_pings=settings.split_pings, bep42=settings.bep42)
        for node, rtt in settings.saved.known() if settings.saved else ():
            if not self.ours(node.addr):
                self._table.restore(node, rtt, now)
        restored = [node for node in (settings.saved.nodes if settings.saved else ()) if self._table.id_at(node.addr)]
        self._queries = Queries(rng)
        self._peers = PeerStore(self.id, self.family, most=settings.max_infohashes)
        self.common = common or Common(settings, self.family, self.id, rng, now)
        self._items = self.common.items
        self._items.rebase(self.id, self.family)
        self._server = Server(self._table, self.common.tokens, self._peers, self._items, rng, self.family)
        # Taken out once: they are used for every datagram.
        self._bans, self._limiter = self.common.bans, self.common.limiter
        self._proved, self._budget = self.common.proved, self.common.budget
        self._counters = Counters(now)
        self._unresponsive = UnresponsiveNodes()
        self._listeners = Listeners(self.family.name)
        self._outbox = Outbox(self._counters, self._listeners, now)
        self._operations = Operations(self, settings, self._seed, self._listeners, self.common.numbers)
        self._pings = Pings(
            self, self._table, self._budget, rng, timeout=settings.query_timeout, give_up=self._give_up_query
        )
        self._maintenance = Maintenance(self, settings, self._table, self._operations, self._listeners, rng, now)
        self._bootstrapping = Bootstrap(
            hosts, restored, self._operations, self._listeners, self._maintenance.start_survey, self._table.keep_only
        )
        self._hungry: dict[Pumped, None] = {}
        """Operations that wait for room to send, the oldest first."""
        self._growth: deque[tuple[float, int]] = deque(maxlen=GROWTH_KEPT)
        self._housekeeping_at = now + HOUSEKEEPING_SECONDS
        self._sweep_at = now + SWEEP_SECONDS
        self._busy = Busy()
        self._history = History()
        self._receive_buffer = 0
        self._lost_told, self._lost_told_at = 0, -inf
        self.link = LinkState.UP
        """Whether there is a route. While it is lost nothing is sent."""
        self._other = OtherFamily(self.family)

    def beside(self, other: Core) -> None:
        """Work side by side with the core of the other family: each answers from both tables, and asks for nodes of the
        other family while that one needs them (BEP 32, ``want``)."""
        self._other.core = other
        self._server.beside(other.family, other._table)

    @property
    def id(self) -> bytes:
        """Own id, 20 bytes."""
        return self.identity.id

    @property
    def k(self) -> int:
        """How many closest nodes a lookup seeks."""
        return self.settings.k

    @property
    def enforce(self) -> bool:
        """Whether only ids that fit their addresses count (BEP 42)."""
        return self.settings.bep42 == "enforce"

    @property
    def prefer(self) -> bool:
        """Whether ids that fit their addresses come first (BEP 42). False in a network where most ids don't fit."""
        return self.settings.bep42 != "off" and self._maintenance.ids_fit

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for every event from now on. Returns the function that ends that. It must not raise."""
        return self._listeners.add(listener)

    def unlisten(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` no more, if it was called."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def family_missing(self, family: FamilyName, now: float) -> None:
        """Tell the listeners that this machine does not have the other family, which was asked for."""
        if self._listeners:
            self._listeners.tell(events.LinkChanged(now, family, LinkState.MISSING, None))

    def socket_bound(self, receive_buffer: int, stamped: bool) -> None:
        """About the shell's socket: bytes of its receive buffer, and whether the system stamps datagrams."""
        self._receive_buffer, self._busy.stamped = receive_buffer, stamped

    @property
    def times_matter(self) -> bool:
        """Whether exact times of receipt matter: datagrams may be answers, or there are listeners."""
        return bool(self._listeners or self._queries)

    # ---- datagrams in ------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, addr: Addr, now: float, came: float | None = None) -> None:
        """A datagram was received from `addr`: now, or at `came` if it could not be read at once. Never raises,
        whatever it contains."""
        self._now = now
        self._came = now if came is None else came
        self.identity.met = True
        self._counters.packet_in(len(data), now)
        if cause := self._unwelcome(addr, now):
            self._drop(data, addr, cause, cause)
            return
        try:
            message = parse(data, self.family)
        except MalformedDatagram as error:
            self._queries.unreadable(data, addr, error.note)
            self._drop(data, addr, DropCause.MALFORMED, str(error.note))
            return
        except RefusedQuery as refusal:
            self._counters.of(refusal.method).received += 1
            if self._muted(addr[0]):
                self._mute(data, addr)
            else:
                self._refuse(data, addr, refusal)
            return
        if type(message) is Query:
            self._on_query(message, data, addr)
        else:
            assert not isinstance(message, Query)
            self._on_answer(message, data, addr)

    def _unwelcome(self, addr: Addr, now: float) -> DropCause | None:
        """Why a datagram is dropped unread; `None` if it is not."""
        blocks = self.settings.blocks
        if blocks is not None and addr[0] in blocks:
            return DropCause.BLOCKLIST
        # A reply to a forged broadcast or multicast source would reach many hosts.
        if not is_usable(addr):
            return DropCause.NO_UNICAST
        return DropCause.BANNED if self._bans.has(addr[0], now) else None

    def _drop(self, data: bytes, addr: Addr, cause: str, text: str, message: Message | None = None) -> None:
        self._counters.drop(self._came, cause, addr, text)
        if self._listeners:
            self._listeners.tell(events.PacketReceived(self._came, addr, data, message, text))

    def _muted(self, ip: str) -> bool:
        """Count a query. Returns whether it is beyond the rate limit of its host."""
        if is_local(ip) and not self.settings.rate_limit_local:
            return False
        return not self._limiter.allow(ip, self._now)

    def _mute(self, data: bytes, addr: Addr, message: Message | None = None) -> None:
        """A query beyond the rate limit is not answered, and has no other effect."""
        self._counters.count(DropCause.RATE_LIMIT)
        if self._limiter.muted(addr[0], self._now):
            text = f"more than {self.settings.rate_limit:g} queries a second: the others get no answer"
            self._counters.note(self._came, DropCause.RATE_LIMIT, addr, text)
        if self._listeners:
            self._listeners.tell(events.PacketReceived(self._came, addr, data, message, DropCause.RATE_LIMIT))

    def _refuse(self, data: bytes, addr: Addr, refusal: RefusedQuery, message: Message | None = None) -> None:
        if self._silent_to(addr):
            self._drop(data, addr, DropCause.READ_ONLY, f"{refusal.reason}; not answered, being read-only", message)
            return
        error = encode_error(refusal.tid, refusal.code, refusal.reason, addr)
        if not is_local(addr[0]) and self._budget.take(addr[0], len(data), len(error), self._now) < len(error):
            self._drop(data, addr, DropCause.REPLY_QUOTA, f"{refusal.reason}; not answered: {QUOTA_WORDS}", message)
            return
        self._drop(data, addr, refused(refusal.code), refusal.reason, message)
        self._outbox.queued.append(((error, addr), "error", refusal.method, refusal.tid))

    def _silent_to(self, addr: Addr) -> bool:
        """Whether queries from this address go unanswered because this node is read-only (BEP 43).

        A node that does not know yet whether it is reachable does answer queries from its own local network.
        """
        if not self.identity.read_only(self._now):
            return False
        return self.settings.read_only is True or not is_local(addr[0])

    def _on_query(self, query: Query, data: bytes, addr: Addr) -> None:
        now, method = self._now, query.method
        probed = self.identity.proved_by_probe(query.tid, now) if self.identity.probe_tid else None
        if probed is not None:
            if self._listeners:
                self._listeners.tell(events.PacketReceived(self._came, addr, data, query, events.OWN_PROBE))
            self._counters.probe.answered += 1
            self._maybe_reachable(probed)
            return
        if (sent := self._queries.find(query.tid)) is not None and sent.args == query.args:
            self._came_back(sent)
        if query.args.id == self.identity.id:
            self._drop(data, addr, DropCause.OWN_ID, "a query under our own id", query)
            return
        counts = self._counters.of(method)
        counts.received += 1
        if self._muted(addr[0]):
            self._mute(data, addr, query)
            return
        if self.identity.proof_wanted(now):
            self._maybe_reachable(self.identity.proved_by_query(addr, now))
        silent = self._silent_to(addr)
        try:
            body = None if silent else self._server.answer(query, addr, now)
        except RefusedQuery as refusal:
            self._refuse(data, addr, refusal, query)
            return
        if body is None:
            self._counters.count(DropCause.READ_ONLY)
            self._tell_received(query, data, addr, DropCause.READ_ONLY)
            return
        args = query.args
        stored = type(args) in WRITES
        if stored:
            self._proved.add(addr[0], now)  # its token was valid
        reply = encode_response(query.tid, body, addr)
        if is_local(addr[0]) or (reply := self._fitting(reply, query, body, addr, len(data))):
            self._tell_received(query, data, addr, "" if query.canonical else events.NOT_CANONICAL)
            self._outbox.queued.append(((reply, addr), "response", method, query.tid))
        else:
            self._drop(data, addr, DropCause.REPLY_QUOTA, QUOTA_WORDS, query)
        if stored:
            self._tell_stored(args, addr)
        if not query.read_only and self._table.queried(args.id, addr, now, proved=self._proved.has(addr[0], now)):
            self._pings.meet(addr, args.id, now)

    def _tell_received(self, query: Query, data: bytes, addr: Addr, problem: str) -> None:
        if self._listeners:
            self._listeners.tell(events.PacketReceived(self._came, addr, data, query, problem))

    def _came_back(self, query: InFlight) -> None:
        """Our own query was received: its destination is our own address, or the node there echoes what it receives."""
        self.identity.learn_mirror(query.addr)
        own = self.identity.is_own(query.addr)
        self._changed(self._table.drop(query.addr, self._now, OURSELVES if own else ECHO))
        query.trouble = Status.OURSELVES if own else Status.ECHO
        self._give_up_query(query)

    def _fitting(self, reply: bytes, query: Query, body: dict[bytes, Any], addr: Addr, got: int) -> bytes:
        """The reply to a query of `got` bytes, shrunk to the sender's reply budget; empty if nothing fits."""
        room = self._budget.take(addr[0], got, len(reply), self._now)
        if room >= len(reply):
            return reply
        args = query.args
        if b"v" in body and (target := target_of(args)):  # shrinking drops the value first
            body = body | {self.family.nodes_key: self._server.nodes(target, addr)}
        left = shrink(body, room - (len(encode_response(query.tid, {}, addr)) - len(b"de")))
        if left is None:
            return b""
        smaller = encode_response(query.tid, left, addr)
        self._budget.take(addr[0], 0, len(smaller), self._now)
        return smaller

    def _tell_stored(self, args: Args, addr: Addr) -> None:
        row, target = BY_ARGS[type(args)], target_of(args)
        if self._listeners and row.stores and target is not None:
            self._listeners.tell(events.Stored(self._now, row.stores(args), target, addr))

    def _on_answer(self, answer: Answer, data: bytes, addr: Addr) -> None:
        now = self._now
        query = self._queries.match(answer.tid, addr)
        if query is None:
            # Late, unsolicited or forged: an answer must match the address and the transaction id of a query.
            self._drop(data, addr, DropCause.UNEXPECTED, "no query of ours waits for it", answer)
            return
        query.heard_at = max(self._came, query.sent_at)
        if query.patient:
            query.received = data
        if self._listeners:
            self._listeners.tell(events.PacketReceived(query.heard_at, addr, data, answer, ""))
        rtt = query.rtt
        if query.owner != NEWCOMER:  # nodes that query us must not influence the stall time of lookups
            self._queries.round_trips.add(rtt)
            self._history.trip(rtt)
        self._unresponsive.answered(addr, now)
        self._pings.unmet.answered(addr, now)
        self._proved.add(addr[0], now)
        counts = self._counters.of(query.method)
        if query.owner != NEWCOMER:
            self._counters.ended(now, True)
        if isinstance(answer, ErrorReply):
            counts.errors += 1
            self._counters.error(query.heard_at, "error", addr, f"{query.method} was refused with {answer.code}")
        else:
            counts.answered += 1
            self._record_answer(query, answer, addr, rtt)
            # Only nodes that we chose to query may vote: an attacker gets a ping just by querying us.
            if answer.external is not None and query.owner not in (CHECK, NEWCOMER):
                old = self.identity.external
                self._moved(self.identity.heard(addr[0], answer.external, now), old)
        result = QueryResult.ERROR if isinstance(answer, ErrorReply) else QueryResult.ANSWERED
        self._finish_query(query, answer, result, rtt)

    def _finish_query(self, query: InFlight, answer: Answer | None, result: QueryResult, rtt: float | None) -> None:
        if self._listeners:
            at = self._now if query.heard_at is None else query.heard_at
            soft, hard = query.soft_at - query.sent_at, query.hard_at - query.sent_at
            self._listeners.tell(
                events.QueryFinished(at, query.addr, query.tid, query.method, query.owner, result, rtt, soft, hard)
            )
        query.done(query, answer, self._now)
        if self._hungry:
            self._feed()

    def _give_up_query(self, query: InFlight) -> None:
        """End a query before its hard deadline. Its `done` is called without an answer."""
        self._queries.cancel(query)
        self._finish_query(query, None, QueryResult.CANCELLED, None)

    # ---- the table ---------------------------------------------------------------------------------

    def _record_answer(self, query: InFlight, answer: Response, addr: Addr, rtt: float) -> None:
        """A node answered. Under another id than expected it gets no place in the table.

        It loses its place only if it gave us another id itself before. The expected id may come from a false referral,
        made to have an honest node evicted.
        """
        if addr in self._bootstrapping.routers:
            return
        if query.expected is not None and answer.id != query.expected:
            known = self._table.id_at(addr)
            if known is None:
                return
            if known != answer.id:
                self._changed(self._table.drop(addr, self._now, "answered under another id"))
                return
        self._other.hand_on(query, answer, addr, self._now)
        self._changed(self._table.answered(NodeInfo(answer.id, addr), rtt, answer.version, self._now))
        if contact := self._table.find(addr):
            contact.last = _told(query.method, answer)

    def _changed(self, change: Change) -> None:
        for contact in change.to_check:
            self._pings.check(contact, self._now)
        if not self._listeners:
            return
        if change.removed:
            self._listeners.tell(events.NodeRemoved(self._now, change.removed.id, change.removed.addr, change.why))
        if change.added:
            depth = self._table.bucket_of(change.added.number).depth
            self._listeners.tell(events.NodeAdded(self._now, change.added.id, change.added.addr, depth))

    # ---- queries out -------------------------------------------------------------------------------

    def blocked(self, addr: Addr, now: float) -> Status | None:
        """Why nothing may be sent to an address; `None` if it may."""
        if self.link is not LinkState.UP or family_of(addr[0]) is not self.family:
            return Status.NO_ROUTE
        if not is_usable(addr):
            return Status.NO_ADDRESS
        if self.identity.is_own(addr):
            return Status.OURSELVES
        if self.settings.blocks is not None and addr[0] in self.settings.blocks:
            return Status.BLOCKED
        return Status.BANNED if self._bans.has(addr[0], now) else None

    def ours(self, addr: Addr) -> bool:
        """Whether an address is our own, or what is sent there comes back."""
        return self.identity.is_own(addr) or self.identity.mirrors(addr)

    @property
    def full(self) -> bool:
        """Whether operations may send nothing for now."""
        return self._queries.full

    @property
    def crowded(self) -> bool:
        """Whether so many queries have stalled that little room is left for more."""
        return self._queries.crowded

    def wait(self, waiting: Pumped) -> None:
        """Pump `waiting` as soon as operations may send again, in the order of waiting."""
        self._hungry[waiting] = None

    def _feed(self) -> None:
        while self._hungry and not self._queries.full:
            hungry = next(iter(self._hungry))
            del self._hungry[hungry]
            hungry.pump(self._now)

    def silent(self, addr: Addr, now: float) -> Timeouts | None:
        """Why an address is not queried again so soon; `None` if it may be."""
        return self._unresponsive.why(addr, now)

    def ban(self, ip: str, seconds: float, now: float) -> None:
        """Ban an IP for some time, and remove its nodes from the table."""
        self._now = now
        self._bans.add(ip, now + seconds)
        for contact in [contact for contact in self._table if contact.addr[0] == ip]:
            self._changed(self._table.drop(contact.addr, now, DropCause.BANNED))
        # Its answers will not be read, so these queries must not count as timed out.
        for query in [query for query in self._queries if query.addr[0] == ip]:
            query.given_up = Note(NoteKind.BANNED_MEANWHILE)
            self._give_up_query(query)
        if self._listeners:
            self._listeners.tell(events.Banned(now, ip, now + seconds, "by the user"))

    def adjust(self, limits: LiveSettings, now: float) -> None:
        """Take other limits while it runs. Nodes that are blocked now leave the table."""
        self._now = now
        self.settings = limits.applied_to(self.settings)
        self._limiter.adjust(self.settings.rate_limit)
        self._budget.adjust(self.settings.reply_quota, now)
        blocks = self.settings.blocks
        if blocks is None:
            return
        for contact in [contact for contact in self._table if contact.addr[0] in blocks]:
            self._changed(self._table.drop(contact.addr, now, DropCause.BLOCKLIST))

    def unban(self, ip: str, now: float) -> bool:
        """End the ban of an IP. Returns whether it was banned."""
        self._now = now
        lifted = self._bans.lift(ip, now)
        if lifted and self._listeners:
            self._listeners.tell(events.Banned(now, ip, now, "lifted by the user"))
        return lifted

    def bans(self, now: float) -> tuple[Ban, ...]:
        """The IPs that are banned now, the last one banned first."""
        return tuple(Ban(ip, until - now) for ip, until in self._bans.list(now))

    def soft_for(self, addr: Addr) -> float:
        """Seconds until a query to an address has stalled.

        They come from the policy, else from the node's own round trip, else from all round trips.
        """
        soft = self.settings.policy.soft
        return self._queries.round_trips.soft(self._table.rtt(addr)) if soft is None else soft

    def send(
        self,
        addr: Addr,
        args: Args | MadeQuery,
        owner: str,
        now: float,
        *,
        expected: bytes | None,
        soft: float | None,
        hard: float,
        done: Callable[[InFlight, Answer | None, float], None],
        stalled: Callable[[InFlight, float], None] | None,
        patient: bool = False,
    ) -> InFlight:
        """Send a query. `done` is called once, with the answer or with `None`."""
        self._now = now
        if type(args) in WANTING and (want := self._other.want(self.bootstrap_running)):
            args = args._replace(want=want)  # type: ignore[call-arg]
        tid = self._queries.new_tid()
        method, data = encode_query(tid, args, self.identity.read_only(now))
        soft_at = now + (hard if soft is None else soft)
        query = InFlight(
            tid, addr, expected, method, args, owner, now, soft_at, now + hard, done, stalled, patient=patient
        )
        if patient:
            query.sent = data
        self._queries.start(query)
        self.identity.contacted(addr)
        self._outbox.add_query(query, data)
        return query

    def dry(self, now: float) -> bool:
        """Whether the table has no node that may be alive."""
        return self._maintenance.alone(now)

    def offered(self, nodes: tuple[NodeInfo, ...], by: Addr, now: float) -> None:
        """A node of the other family, at `by`, has named nodes of this one."""
        self._now = now
        fit = tuple(node for node in nodes if not is_private_referral(node.addr[0], by[0]) and not self.ours(node.addr))
        if fit and self.link is LinkState.UP and (self.bootstrap_running or self.dry(now)):
            self._bootstrapping.offered(fit, self.id, now)

    def datagrams_to_send(self, now: float | None = None) -> list[tuple[bytes, Addr]]:
        """The datagrams to send now, in order. Each is returned once.

        `now`: the time of sending, if time has passed since the last call. For a datagram that the system does not
        send, `send_failed` or `send_dropped` has to be called before the next call.
        """
        return self._outbox.take(self._now if now is None else now, restamp=now is not None)

    def probe_to_send(self, now: float) -> tuple[bytes, Addr] | None:
        """A datagram to send from a new socket, to test whether this node is reachable; mostly `None`."""
        lost = self.identity.probe_tid != b""
        probe = self.identity.probe(now)
        self._counters.probe.timed_out += probe is not None and lost
        return probe

    def probe_sent(self, data: bytes, now: float) -> None:
        """Count the probe as sent."""
        self._counters.probe_went(len(data), now)

    def probe_stayed(self, now: float) -> None:
        """The probe was not sent: its address is this machine's own, so it would pass neither NAT nor firewall."""
        if self.identity.probe_stayed() and not self.identity.reachable(now):
            self._maintenance.refresh_own(now)  # read-only no more: others may give us a place in their tables

    def send_dropped(self, data: bytes, addr: Addr) -> None:
        """The system's send buffer was full: the datagram counts as lost in the network."""
        self._counters.error(self._now, "send failed", addr, NoteKind.BUFFER_FULL)
        if query := self._take_back(data, addr):
            query.failure = Note(NoteKind.BUFFER_FULL)

    def send_failed(self, data: bytes, addr: Addr, errno: int | None, now: float) -> None:
        """The system refused to send a datagram, with this error number. A query in it is given up."""
        self._now = now
        why = Note(NoteKind.SEND_REFUSED, errno)
        self._counters.error(now, "send failed", addr, str(why))
        if query := self._take_back(data, addr):
            query.failure = why
            self._give_up_query(query)

    def _take_back(self, data: bytes, addr: Addr) -> InFlight | None:
        """Undo the sending of a datagram that the system refused. Returns the query in it, if it is in flight."""
        tid = self._outbox.take_back(data, addr)
        return None if tid is None else self._queries.find(tid)

    # ---- time --------------------------------------------------------------------------------------

    def next_timer(self) -> float:
        """The time at which `handle_timer` has to be called next."""
        deadline = self._queries.next_deadline()
        return self._housekeeping_at if deadline is None else min(deadline, self._housekeeping_at)

    def handle_timer(self, now: float, heard: float | None = None) -> None:
        """Do what is due: deadlines of queries, upkeep.

        `heard`: datagrams received by then have been read; by default, all. A query whose answer came in time must not
        time out because the answer was read late.
        """
        self._now = now
        due = self._queries.next_deadline()
        if due is not None:
            self._operations.late(now - due)
        for query, hard in self._queries.expire(now if heard is None else min(now, heard)):
            if not hard:
                self._stalled(query)
                continue
            if query.failure:
                self._finish_query(query, None, QueryResult.CANCELLED, None)
                continue
            self._counters.of(query.method).timed_out += 1
            self._no_answer(query)
            self._finish_query(query, None, QueryResult.TIMED_OUT, None)
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + HOUSEKEEPING_SECONDS
            self._run_maintenance()

    def _stalled(self, query: InFlight) -> None:
        if query.stalled:
            query.stalled(query, self._now)
        while old := self._queries.surplus():
            old.given_up = Note(NoteKind.GAVE_WAY)
            self._give_up_query(old)
        self._feed()

    def _no_answer(self, query: InFlight) -> None:
        now, addr, text = self._now, query.addr, f"{query.method} got no answer"
        if query.owner == NEWCOMER:
            # The query that led to this ping may be forged: it must not make an honest node count as dead.
            self._counters.note(now, TIMED_OUT, addr, text)
            self._pings.unmet.timed_out(addr, query.sent_at, now)
            return
        self._counters.ended(now, False)
        self._counters.error(now, TIMED_OUT, addr, text)
        self._unresponsive.timed_out(addr, query.sent_at, now)
        self._changed(self._table.failed(addr, now, query.sent_at))

    def overflowed(self, total: int, now: float) -> None:
        """The socket has dropped `total` datagrams so far. To be called regularly; reported at most once a minute."""
        self._counters.overflowed = total
        if total > self._lost_told and now - self._lost_told_at >= TELL_LOST_SECONDS:
            if self._listeners:
                lost = total - self._lost_told
                self._listeners.tell(events.DatagramsLost(now, lost, total, self.family.name))
            self._lost_told, self._lost_told_at = total, now

    def woke(self, away: float, now: float, *, told: bool = False) -> None:
        """The program did not run for `away` seconds: the machine slept, or the program was stopped. `told`: the core
        of the other family tells the listeners.

        All queries end without a failure for their nodes. Every node of the table is checked: by the clock all have
        aged, and this may be another network.
        """
        self._now = now
        if self._listeners and not told:
            self._listeners.tell(events.Woke(now, away))
        for query, _ in list(self._queries.expire(inf)):
            self._counters.of(query.method).timed_out += not query.failure
            self._finish_query(query, None, QueryResult.CANCELLED if query.failure else QueryResult.TIMED_OUT, None)
        if self.settings.maintain:
            self._pings.check_all(now)
            self._maintenance.refresh_own(now)
        self._housekeeping_at = self._sweep_at = now

    def link_changed(self, state: LinkState, bound: Addr | None, now: float) -> None:
        """The route of this family was lost; or is there, and the socket bound to `bound`, which may be a new address.

        With the route, or the old address, all queries end, without a failure for their nodes (BEP 45). When there is
        one again every node of the table is checked.
        """
        self._now = now
        before, self.link = self.link, state
        moved = bound is not None and bound != self.identity.bound
        if bound is not None and moved:
            self.identity.rebound(bound, now)
        if self._listeners:
            self._listeners.tell(events.LinkChanged(now, self.family.name, state, bound))
        if moved or state is not LinkState.UP:
            for query in list(self._queries):
                if not query.over:
                    query.given_up = Note(NoteKind.ROUTE_LOST)
                    self._give_up_query(query)
        if state is not LinkState.UP:
            return
        if before is not LinkState.UP and self.dry(now):
            self.bootstrap(now)
        elif self.settings.maintain:
            self._pings.check_all(now)
            self._maintenance.refresh_own(now)
        self._housekeeping_at = now

    def _run_maintenance(self) -> None:
        now = self._now
        self._growth.append((now, sum(contact.state(now) == "good" for contact in self._table)))
        if self._history.turn(now, self._counters.queries()):
            self._history.sample(now, [[(c.last_answer, c.rtt) for c in b.nodes] for b in self._table.buckets])
        if self.identity.lapsed(now) and self._listeners:
            why = self.identity.reachability(now).why
            self._listeners.tell(events.ReachabilityChanged(now, False, why, self.family.name))
        old = self.identity.external
        self._moved(self.identity.decide(now), old)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            for bounded in (self._peers, self._items, self._bans, self._limiter, self._proved):
                bounded.sweep(now)
        self._other.look(now)
        if not self.settings.maintain or self.link is not LinkState.UP:
            return
        if self._bootstrapping.may_retry(now) and self._maintenance.alone(now):
            self.bootstrap(now)
        self._maintenance.run(now)

    def was_busy(self, waited: float, now: float) -> None:
        """A datagram or a timer waited for `waited` seconds because the program was busy."""
        self._busy.add(now, waited)

    # ---- requests of callers -----------------------------------------------------------------------

    def start(
        self,
        request: Request | RefreshBucket,
        done: Done,
        now: float,
        *,
        caller: Hashable = None,
        given_up: bool = False,
        number: int | None = None,
    ) -> Operation:
        """Start a request, at once or when its turn comes. Requests of one `caller` don't delay those of others.
        `number`: of its lookup, if it is the half of a wish in both families.

        `done` is called once, with the outcome and the time, unless the operation is cancelled. If the caller has
        `given_up` already, the operation ends at once.
        """
        self._now = now
        if isinstance(request, RefreshBucket):
            return self._maintenance.refresh_bucket(request.depth, done, now, given_up=given_up)
        return self._operations.start(request, done, now, caller=caller, given_up=given_up, number=number)

    def cancel(self, operation: Operation, now: float) -> None:
        """End an operation without a result. Its `done` is not called."""
        self._now = now
        self._operations.cancel(operation, now)

    def stop(self, operation: Operation, now: float) -> None:
        """End an operation with its results so far. Its `done` is called, unless it was called before."""
        self._now = now
        self._operations.give_up(operation, now)

    def stop_lookup(self, number: int, now: float) -> bool:
        """Stop a lookup by its number in the snapshot. Returns whether it was running."""
        self._now = now
        return self._operations.stop(number, now)

    # ---- identity ----------------------------------------------------------------------------------

    def _moved(self, new: Addr | None, old: Addr | None) -> None:
        """The external address has changed from `old` to `new`. `None`: no change."""
        if new is None:
            return
        if self._listeners and new != old:
            self._listeners.tell(events.AddressChanged(self._now, old, new, self.identity.voters))
        self._changed(self._table.drop(new, self._now, OURSELVES))
        before = self.id
        if (own := self.identity.id_for_address()) is not None:
            self._table.rebase(own, self._now)
            self._peers.rebase(own)
            self._items.rebase(own, self.family)
            if self._listeners:
                why = "to fit the external address (BEP 42)"
                self._listeners.tell(events.IdChanged(self._now, before, own, why, self.family.name))
            self._maintenance.refresh_own(self._now)

    def _maybe_reachable(self, first_proof: bool) -> None:
        if not first_proof:
            return
        if self._listeners:
            why = self.identity.reachability(self._now).why
            self._listeners.tell(events.ReachabilityChanged(self._now, True, why, self.family.name))
        # From now on other nodes may give us a place in their tables: announce ourselves to our neighbours.
        self._maintenance.refresh_own(self._now)

    # ---- bootstrap ---------------------------------------------------------------------------------

    def bootstrap(self, now: float) -> None:
        """Begin to bootstrap: from saved nodes first, then from the hosts."""
        self._now = now
        self._bootstrapping.begin(self.id, now)

    def bootstrap_again(self, names: tuple[str, ...], now: float) -> None:
        """Bootstrap again now, from the nodes and hosts of before and from these hosts, ``host:port``."""
        self._now = now
        self._bootstrapping.again(names, self.id, now)

    @property
    def bootstrap_running(self) -> bool:
        """Whether the bootstrap has begun and has not ended."""
        return self._bootstrapping.state == "running"

    @property
    def joined(self) -> bool:
        """Whether the bootstrap has succeeded."""
        return self._bootstrapping.state == "done"

    def bootstrap_view(self, now: float) -> BootstrapView:
        """The bootstrap so far."""
        return self._bootstrapping.view(now, alone=self.settings.maintain and self._maintenance.alone(now))

    def take_hosts_wanted(self) -> tuple[str, ...]:
        """Bootstrap hosts to resolve now, ``host:port``. Each request is returned once."""
        return self._bootstrapping.take_hosts_wanted() if self._bootstrapping.hosts_wanted else ()

    def host_resolved(self, name: str, addrs: tuple[Addr, ...], why: str, now: float) -> None:
        """A bootstrap host was resolved: its addresses, or none and `why`."""
        self._now = now
        self._bootstrapping.host_resolved(name, addrs, why, now)

    def _seed(self, find: LookupRun) -> None:
        """Give a lookup its first candidates: known nodes, or else the bootstrap hosts."""
        target, avoid = find.question.target, find.avoid
        if avoid is None:
            known = self._table.nearest_known(target, self.settings.policy.start)
        else:
            known = self._table.farthest_known(target, STRANGERS, avoid)
        fresh, placed = self._now - GOOD_SECONDS, self._table.find
        starts = [Start(NodeInfo(c.id, c.addr), c.rtt, c.last_answer > fresh, placed(c.addr) is c) for c in known]
        find.start_from(starts)
        if self._bootstrapping.comparing or not any(start.alive for start in starts):
            self._bootstrapping.seed(find)

    # ---- views -------------------------------------------------------------------------------------

    def saved_state(self) -> SavedState:
        """The state to save for the next run."""
        kept = self._table.to_save(NODES_SAVED)
        if not kept and (saved := self.settings.saved):
            return SavedState(self.id, self.identity.external, saved.nodes, saved.rtts, self.family)
        nodes = tuple(NodeInfo(contact.id, contact.addr) for contact in kept)
        rtts = tuple(contact.rtt for contact in kept)
        return SavedState(self.id, self.identity.external, nodes, rtts, self.family)

    def snapshot(self, now: float) -> Snapshot:
        """The state of everything, as frozen values."""
        self._outbox.settle()
        blocks = self.settings.blocks
        return Snapshot(
            at=now,
            uptime=now - self._started_at,
            identity=self.identity.view(),
            reachability=self.identity.reachability(now),
            bootstrap=self.bootstrap_view(now),
            table=self._table.view(now),
            queries=self._queries.views(now),
            lookups=self._operations.views(now),
            methods=self._counters.counts(),
            traffic=self._counters.traffic(now, self._receive_buffer),
            rtt=self._queries.round_trips.view(),
            store=StoreView(
                infohashes=len(self._peers),
                infohash_cap=self.settings.max_infohashes,
                peers=self._peers.peers,
                peers_per_infohash_cap=MAX_PEERS,
                immutable=self._items.immutable,
                mutable=self._items.mutable,
                item_cap=self.settings.max_items,
            ),
            drops=dict(self._counters.drops),
            errors=self._counters.errors(),
            blocked_ranges=len(blocks) if blocks is not None else 0,
            banned=self._bans.count(now),
            muted=self._limiter.count(now),
            recent=self._counters.recent(now),
            noted=self._counters.noted,
            waiting=self._operations.waiting,
            size=self._operations.size.view(),
            growth=tuple(self._growth),
            slots=self._history.slots,
            bucket_rtts=self._history.buckets,
            busy=self._busy.view(now),
            family=self.family.name,
            link=self.link,
        )

    def statistics(self) -> Statistics:
        """The size of every store and cache, with its bound. Much cheaper than a snapshot."""
        limiter, budget, table, operations = self._limiter, self._budget, self._table, self._operations
        return Statistics(
            queries=Level(len(self._queries), MAX_IN_FLIGHT),
            stalled=self._queries.stalled,
            checks=self._pings.checks,
            newcomers=self._pings.newcomers,
            operations=operations.under_way,
            waiting=operations.waiting,
            lookups=operations.remembered,
            announces=operations.announced,
            nodes=table.nodes,
            replacements=table.replacements,
            known=table.known,
            unresponsive=self._unresponsive.level,
            unmet=self._pings.unmet.level,
            swarms=self._peers.swarms,
            peers=Level(self._peers.peers, MAX_ALL_PEERS),
            immutable=self._items.levels[0],
            mutable=self._items.levels[1],
            bans=self._bans.level,
            limited=limiter.hosts,
            muted=limiter.muted_hosts,
            proved=self._proved.level,
            reply_hosts=budget.hosts,
            reply_nets=budget.nets,
            reply_bytes=budget.spent(self._now),
            voters=Level(self.identity.voters, MAX_VOTERS),
            contacted=self.identity.contacts,
            dropped=self._counters.drops.total(),
            send_failures=self._counters.send_failures,
            overflowed=self._counters.overflowed,
            trips=self._history.trips,
            trip_seconds=self._history.trip_seconds,
            family=self.family.name,
        )

    def nodes(self) -> tuple[NodeInfo, ...]:
        """The nodes of the table, without those remembered for lookups only."""
        return tuple(NodeInfo(contact.id, contact.addr) for contact in self._table)

    def lookup(self, number: int, now: float) -> LookupDetail | None:
        """One of the lookups of the snapshot with all its queries; `None` if it is not remembered any more."""
        return self._operations.detail(number, now)

    def contact(self, addr: Addr, now: float) -> ContactDetail | None:
        """All that is known about the node at an address, if it is in the table."""
        return self._table.detail(addr, now)

    def holdings(self, now: float) -> Holdings:
        """What we store for others, and our own announces."""
        return Holdings(self._peers.views(now), self._items.views(now), self._operations.announces(now))


def _told(method: str, answer: Response) -> str:
    """What an answer contained, in this program's words."""
    said = [f"{len(answer.nodes)} nodes"] if answer.nodes else []
    said += [f"{len(answer.peers)} peers"] if answer.peers else []
    said += ["a value"] if answer.item.v is not None else []
    said += [f"seq {answer.item.seq}"] if answer.item.seq is not None else []
    said += ["a token"] if answer.token else []
    return intern(f"{method}: {', '.join(said) or 'alive'}")
