"""The engine without I/O: datagrams and time in, datagrams and events out.

It never reads a clock, opens a socket or starts a task. The caller passes every datagram to
`receive_datagram`, calls `handle_timer` at `next_timer`, and after each call sends what `datagrams_to_send`
gives. Time is any clock in seconds that never goes back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf
from random import Random
from sys import intern
from typing import Any

from . import events
from .bootstrap import Bootstrap
from .busy import Busy
from .counters import Counters, Outgoing
from .defence.guard import Bans, Proved, RateLimiter, ReplyBudget
from .defence.shares import net_of
from .defence.shrink import shrink
from .events import Event, Listeners
from .identity import Identity
from .items import ImmutableItem, MutableItem
from .lookup.algorithm import Start
from .lookup.running import Done, LookupRun, Pumped
from .lookup.survey import Survey
from .lookup.validate import Question
from .operations.operations import Operation, Operations
from .outcome import Status
from .queries import TID_LENGTH, Answer, InFlight, Queries
from .server import MAX_NODES, Server
from .settings import SavedState, Settings
from .snapshot import Ban, Holdings, Snapshot, StoreView
from .store import MAX_INFOHASHES, MAX_ITEMS, MAX_PEERS, ItemStore, PeerStore, Tokens
from .table import GOOD_SECONDS, Change, Contact, Table
from .unresponsive import UnresponsiveNodes
from .wire.compact import Addr, NodeInfo, is_local, is_usable
from .wire.ids import random_id_with_prefix
from .wire.krpc import (
    AnnouncePeer,
    Args,
    ErrorReply,
    Get,
    MalformedDatagram,
    Message,
    Ping,
    Put,
    Query,
    RefusedQuery,
    Response,
    encode_error,
    encode_query,
    encode_response,
    parse,
)

HOUSEKEEPING_SECONDS = 10.0
OWN_REFRESH_SECONDS = 1800.0
SWEEP_SECONDS = 60.0
MAX_CHECKS = 64
"""Pings in flight to questionable nodes of the table."""
MAX_NEWCOMERS = 128
"""Pings in flight to nodes that have queried us. Places of their own: a flood of forged queriers must not keep us
from checking our table. Once they are taken a random one gives way: nor must it keep us from getting to know others."""
TELL_LOST_SECONDS = 60.0
"""That datagrams were lost in the socket is told once in this time."""
PING_BYTES = len(encode_query(bytes(TID_LENGTH), Ping(bytes(20)), True)[1])
CHECK, NEWCOMER = "ping", "newcomer"
"""Whom pings for the table's sake are sent for."""
BANNED, RATE_LIMIT, TIMED_OUT = "banned by the user", "rate limit", "timed out"
OURSELVES, ECHO = "it is this node itself", "it sent our own query back"
READ_ONLY, REPLY_QUOTA = "read-only", "reply quota"
"""Why something was dropped."""
QUOTA_WORDS = "our replies have used up their bytes"
BUFFER_FULL = "the send buffer was full"
"""Why the system would not send something."""
GAVE_WAY, BANNED_MEANWHILE = "it was silent, and gave way to other queries before its time", "banned meanwhile"
"""Why an answer is not waited for any longer."""
STRANGERS = 16
"""Nodes far from the target that a read-back starts from."""
ENOUGH_SURVEYED = 64
"""Nodes that have to answer a survey before it tells what most nodes are like."""
NODES_SAVED = 2048
GROWTH_KEPT = 360


class Core:
    """One node of the DHT."""

    def __init__(self, settings: Settings, bound: Addr, rng: Random, now: float, hosts: tuple[str, ...] = ()) -> None:
        self.settings = settings
        self._rng = rng
        self._now = self._came = self._started_at = now
        """The time as it was last told, and when the datagram that is being read came."""
        self.identity = Identity(settings, bound, rng, now)
        self.table = Table(self.id, now, rng=rng, k=settings.k, split_pings=settings.split_pings, bep42=settings.bep42)
        for node, rtt in settings.saved.known() if settings.saved else ():
            if not self.ours(node.addr):
                self.table.restore(node, rtt, now)
        restored = [node for node in (settings.saved.nodes if settings.saved else ()) if self.table.id_at(node.addr)]
        self.queries = Queries(rng)
        self.peers, self.items = PeerStore(self.id), ItemStore(self.id)
        self._tokens = Tokens(settings.token_secret or rng.randbytes(32), settings.token_clock)
        self._server = Server(self.table, self._tokens, self.peers, self.items, rng)
        self._bans = Bans()
        self._limiter = RateLimiter(settings.rate_limit)
        self._proved = Proved()
        self._budget = ReplyBudget(settings.reply_quota, self._proved, now)
        self._counters = Counters(now)
        self._unresponsive = UnresponsiveNodes()
        self._unmet = UnresponsiveNodes(strikes=1)
        """Queriers that did not answer our ping: apart, or forged ones would push out what lookups have learnt."""
        self._listeners = Listeners()
        self.operations = Operations(self, settings, self._seed, self._listeners)
        self.bootstrapping = Bootstrap(
            hosts, restored, self.operations, self._listeners, self._start_survey, self.table.keep_only
        )
        self._out: list[Outgoing] = []
        self._unsent: list[InFlight] = []
        """Queries among them."""
        self._handed: list[Outgoing] = []
        """What was handed out last: counted and told once it is known what of it the system would not send."""
        self._handed_at = now
        self._hungry: dict[Pumped, None] = {}
        """Operations that wait for room to send, in the order of their coming."""
        self._checks: set[Addr] = set()
        self._newcomers: dict[Addr | str, InFlight] = {}
        """By their networks, where those are not local."""
        self._ids_fit = True
        """Whether most ids of the network fit their addresses (BEP 42)."""
        self._growth: deque[tuple[float, int]] = deque(maxlen=GROWTH_KEPT)
        self._housekeeping_at = now + HOUSEKEEPING_SECONDS
        self._sweep_at = now + SWEEP_SECONDS
        self._own_refresh_at = now + OWN_REFRESH_SECONDS
        self._unchecked: deque[Addr] = deque()
        """Nodes of the table that are to be asked whether they are still there, after we were away..."""
        self._doubted: set[Addr] = set()
        """...and those of them that will be asked a second time, should they be silent."""
        self.busy = Busy()
        self.receive_buffer = 0
        """Bytes of socket buffer that the shell was granted."""
        self._lost_told, self._lost_told_at = 0, -inf

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
        """Whether ids that fit their addresses come first (BEP 42): not in a network where most don't."""
        return self.settings.bep42 != "off" and self._ids_fit

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for every event from now on. Returns what ends that. The listener must not raise."""
        return self._listeners.add(listener)

    @property
    def times_matter(self) -> bool:
        """Whether it matters when exactly a datagram came: it may be an answer, or somebody looks."""
        return bool(self._listeners or self.queries)

    # ---- datagrams in ------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, addr: Addr, now: float, came: float | None = None) -> None:
        """A datagram came from `addr`: now, or at `came`, if it could not be read at once. Never raises, whatever it
        holds."""
        self._now = now
        self._came = now if came is None else came
        self.identity.met = True
        self._counters.packet_in(len(data), now)
        if cause := self._unwelcome(addr, now):
            self._drop(data, addr, cause, cause)
            return
        try:
            message = parse(data)
        except MalformedDatagram as error:
            self.queries.unreadable(data, addr, str(error))
            self._drop(data, addr, "malformed", str(error))
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

    def _unwelcome(self, addr: Addr, now: float) -> str:
        """Why a datagram is not even read. What its sender may have forged decides nothing else."""
        blocks = self.settings.blocks
        if blocks is not None and addr[0] in blocks:
            return "blocklist"
        # An answer to a forged broadcast or multicast source would reach many.
        if not is_usable(addr):
            return "no unicast source"
        return BANNED if self._bans.has(addr[0], now) else ""

    def _drop(self, data: bytes, addr: Addr, cause: str, text: str, message: Message | None = None) -> None:
        self._counters.drop(self._came, cause, addr, text)
        if self._listeners:
            self._listeners.tell(events.PacketReceived(self._came, addr, data, message, text))

    def _muted(self, ip: str) -> bool:
        """Count a query; whether it is beyond the limit of its host."""
        if is_local(ip) and not self.settings.rate_limit_local:
            return False
        return not self._limiter.allow(ip, self._now)

    def _mute(self, data: bytes, addr: Addr, message: Message | None = None) -> None:
        """A query beyond the limit of its host is not answered, and nothing else comes of it."""
        self._counters.count(RATE_LIMIT)
        if self._limiter.muted(addr[0], self._now):
            text = f"more than {self.settings.rate_limit:g} queries a second: the others get no answer"
            self._counters.note(self._came, RATE_LIMIT, addr, text)
        if self._listeners:
            self._listeners.tell(events.PacketReceived(self._came, addr, data, message, RATE_LIMIT))

    def _refuse(self, data: bytes, addr: Addr, refusal: RefusedQuery, message: Message | None = None) -> None:
        if self._silent_to(addr):
            self._drop(data, addr, READ_ONLY, f"{refusal.reason}; not answered, being read-only", message)
            return
        error = encode_error(refusal.tid, refusal.code, refusal.reason, addr)
        if not is_local(addr[0]) and self._budget.take(addr[0], len(data), len(error), self._now) < len(error):
            self._drop(data, addr, REPLY_QUOTA, f"{refusal.reason}; not answered: {QUOTA_WORDS}", message)
            return
        self._drop(data, addr, f"refused {refusal.code}", refusal.reason, message)
        self._out.append(((error, addr), "error", refusal.method, refusal.tid))

    def _silent_to(self, addr: Addr) -> bool:
        """Whether being read-only keeps us from answering (BEP 43). Asked by its own network, a node that only
        does not know yet whether strangers reach it answers all the same."""
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
        if (sent := self.queries.find(query.tid)) is not None and sent.args == query.args:
            self._came_back(sent)
        if query.args.id == self.identity.id:
            self._drop(data, addr, "own id", "a query under our own id", query)
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
            self._counters.count(READ_ONLY)
            self._tell_received(query, data, addr, READ_ONLY)
            return
        args = query.args
        stored = args if type(args) is Put or type(args) is AnnouncePeer else None
        if stored:
            self._proved.add(addr[0], now)  # its token held
        reply = encode_response(query.tid, body, addr)
        if is_local(addr[0]) or (reply := self._fitting(reply, query, body, addr, len(data))):
            self._tell_received(query, data, addr, "" if query.canonical else events.NOT_CANONICAL)
            self._out.append(((reply, addr), "response", method, query.tid))
        else:
            self._drop(data, addr, REPLY_QUOTA, QUOTA_WORDS, query)
        if stored:
            self._tell_stored(stored, addr)
        if not query.read_only and self.table.queried(args.id, addr, now, proved=self._proved.has(addr[0], now)):
            self._welcome(addr, args.id)

    def _tell_received(self, query: Query, data: bytes, addr: Addr, problem: str) -> None:
        if self._listeners:
            self._listeners.tell(events.PacketReceived(self._came, addr, data, query, problem))

    def _came_back(self, query: InFlight) -> None:
        """A query of ours came to us: its address is our own, or somebody there echoes what it gets."""
        self.identity.learn_mirror(query.addr)
        own = self.identity.is_own(query.addr)
        self._changed(self.table.drop(query.addr, self._now, OURSELVES if own else ECHO))
        query.trouble = Status.OURSELVES if own else Status.ECHO
        self.queries.cancel(query)
        self._finish_query(query, None, "cancelled", None)

    def _fitting(self, reply: bytes, query: Query, body: dict[bytes, Any], addr: Addr, got: int) -> bytes:
        """The reply to a query of `got` bytes; a smaller one, or an empty one, where its sender may not have all."""
        room = self._budget.take(addr[0], got, len(reply), self._now)
        if room >= len(reply):
            return reply
        args = query.args
        if b"v" in body and type(args) is Get:  # it took the room of nodes, and is the first to go
            body = body | {b"nodes": b"".join(c.packed for c in self.table.closest(args.target, MAX_NODES))}
        left = shrink(body, room - (len(encode_response(query.tid, {}, addr)) - len(b"de")))
        if left is None:
            return b""
        smaller = encode_response(query.tid, left, addr)
        self._budget.take(addr[0], 0, len(smaller), self._now)
        return smaller

    def _tell_stored(self, args: Put | AnnouncePeer, addr: Addr) -> None:
        if not self._listeners:
            return
        if isinstance(args, AnnouncePeer):
            self._listeners.tell(events.Stored(self._now, "peer", args.target, addr))
        elif args.k is None:
            self._listeners.tell(events.Stored(self._now, "immutable", ImmutableItem(args.v).target, addr))
        else:
            target = MutableItem(args.v, args.k, args.sig or b"", args.seq or 0, args.salt).target
            self._listeners.tell(events.Stored(self._now, "mutable", target, addr))

    def _on_answer(self, answer: Answer, data: bytes, addr: Addr) -> None:
        now = self._now
        query = self.queries.match(answer.tid, addr)
        if query is None:
            # Unasked, too late, or a forger's guess: an answer counts only from where we asked, with its tid.
            self._drop(data, addr, "unexpected answer", "no query of ours waits for it", answer)
            return
        query.heard_at = max(self._came, query.sent_at)
        if self._listeners:
            self._listeners.tell(events.PacketReceived(query.heard_at, addr, data, answer, ""))
        rtt = query.rtt
        if query.owner != NEWCOMER:  # whoever asks us must not decide how long lookups wait
            self.queries.round_trips.add(rtt)
        self._unresponsive.answered(addr, now)
        self._unmet.answered(addr, now)
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
            # Of those whom we chose to ask: whoever queries us gets a ping, and would have a voice for the asking.
            if answer.external is not None and query.owner not in (CHECK, NEWCOMER):
                old = self.identity.external
                self._moved(self.identity.heard(addr[0], answer.external, now), old)
        self._finish_query(query, answer, "error" if isinstance(answer, ErrorReply) else "answered", rtt)

    def _finish_query(self, query: InFlight, answer: Answer | None, result: Any, rtt: float | None) -> None:
        if self._listeners:
            at = self._now if query.heard_at is None else query.heard_at
            soft, hard = query.soft_at - query.sent_at, query.hard_at - query.sent_at
            self._listeners.tell(
                events.QueryFinished(at, query.addr, query.tid, query.method, query.owner, result, rtt, soft, hard)
            )
        query.done(query, answer, self._now)
        if self._hungry:
            self._feed()

    # ---- the table ---------------------------------------------------------------------------------

    def _record_answer(self, query: InFlight, answer: Response, addr: Addr, rtt: float) -> None:
        """A node answered. Under another id than expected it gets no place.

        It loses one only if that is another id than it told us itself before: what was expected may be a liar's
        referral, made to have an honest node thrown out.
        """
        if addr in self.bootstrapping.routers:
            return
        if query.expected is not None and answer.id != query.expected:
            known = self.table.id_at(addr)
            if known is None:
                return
            if known != answer.id:
                self._changed(self.table.drop(addr, self._now, "answered under another id"))
                return
        self._changed(self.table.answered(NodeInfo(answer.id, addr), rtt, answer.version, self._now))
        if contact := self.table.find(addr):
            contact.last = _told(query.method, answer)

    def _changed(self, change: Change) -> None:
        for contact in change.to_check:
            self._check(contact)
        if not self._listeners:
            return
        if change.removed:
            self._listeners.tell(events.NodeRemoved(self._now, change.removed.id, change.removed.addr, change.why))
        if change.added:
            depth = self.table.bucket_of(change.added.number).depth
            self._listeners.tell(events.NodeAdded(self._now, change.added.id, change.added.addr, depth))

    def _check(self, contact: Contact) -> None:
        """Ping a questionable node; its answer or its silence does the rest."""
        addr = contact.addr
        if addr in self._checks or len(self._checks) >= MAX_CHECKS or self.blocked(addr, self._now):
            return
        self._checks.add(addr)

        def done(query: InFlight, answer: Answer | None, now: float) -> None:
            self._checks.discard(addr)
            if addr in self._doubted:
                self._doubted.discard(addr)
                if answer is None:
                    self._unchecked.append(addr)
            self._check_next()

        self._ping(addr, contact.id, CHECK, done)

    def _welcome(self, addr: Addr, claimed: bytes) -> None:
        """Ping a node that has queried us, to get to know it under the id that it claimed.

        Who sees the ping and picks an id only then could put it next to any target.
        """
        now = self._now
        place = addr if is_local(addr[0]) else net_of(addr[0])
        if place in self._newcomers or self._unmet.why(addr, now) or self.blocked(addr, now):
            return
        if not (is_local(addr[0]) or self._budget.afford(addr[0], PING_BYTES, now)):
            return
        if len(self._newcomers) >= MAX_NEWCOMERS:
            given_up = self._rng.choice(list(self._newcomers.values()))
            self.queries.cancel(given_up)
            self._finish_query(given_up, None, "cancelled", None)

        def done(query: InFlight, answer: Answer | None, now: float) -> None:
            del self._newcomers[place]

        self._newcomers[place] = self._ping(addr, claimed, NEWCOMER, done)

    def _ping(
        self, addr: Addr, expected: bytes, owner: str, done: Callable[[InFlight, Answer | None, float], None]
    ) -> InFlight:
        timeout = self.settings.query_timeout
        return self.send(
            addr,
            Ping(self.id),
            owner,
            self._now,
            expected=expected,
            soft=None,
            hard=timeout,
            done=done,
            stalled=None,
        )

    # ---- queries out -------------------------------------------------------------------------------

    def blocked(self, addr: Addr, now: float) -> Status | None:
        """Why nothing may be sent to an address; `None` where it may."""
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
        return self.queries.full

    @property
    def crowded(self) -> bool:
        """Whether so many silent nodes are waited for that there is no room for many more."""
        return self.queries.crowded

    def wait(self, waiting: Pumped) -> None:
        """Pump it as soon as operations may send again, those first that have waited longest."""
        self._hungry[waiting] = None

    def _feed(self) -> None:
        while self._hungry and not self.queries.full:
            hungry = next(iter(self._hungry))
            del self._hungry[hungry]
            hungry.pump(self._now)

    def silent(self, addr: Addr, now: float) -> str:
        """Why an address is not worth a query so soon; empty where it is."""
        return self._unresponsive.why(addr, now)

    def ban(self, ip: str, seconds: float, now: float) -> None:
        """Ignore an address for some time, and take its nodes out of the table."""
        self._now = now
        self._bans.add(ip, now + seconds)
        for contact in [contact for contact in self.table if contact.addr[0] == ip]:
            self._changed(self.table.drop(contact.addr, now, BANNED))
        # Its answers will not be read: it must not be said that there were none.
        for query in [query for query in self.queries if query.addr[0] == ip]:
            query.given_up = BANNED_MEANWHILE
            self.queries.cancel(query)
            self._finish_query(query, None, "cancelled", None)
        if self._listeners:
            self._listeners.tell(events.Banned(now, ip, now + seconds, "by the user"))

    def unban(self, ip: str, now: float) -> bool:
        """Ignore an address no more; whether it was."""
        self._now = now
        lifted = self._bans.lift(ip, now)
        if lifted and self._listeners:
            self._listeners.tell(events.Banned(now, ip, now, "lifted by the user"))
        return lifted

    def bans(self, now: float) -> tuple[Ban, ...]:
        """The addresses that are ignored at the moment, the last one banned first."""
        return tuple(Ban(ip, until - now) for ip, until in self._bans.list(now))

    def soft_for(self, addr: Addr) -> float:
        """Seconds until a query to an address has stalled: from its own round trip, else from all of them."""
        return self.queries.round_trips.soft(self.table.rtt(addr))

    def send(
        self,
        addr: Addr,
        args: Args,
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
        tid = self.queries.new_tid()
        method, data = encode_query(tid, args, self.identity.read_only(now))
        soft_at = now + (hard if soft is None else soft)
        query = InFlight(
            tid, addr, expected, method, args, owner, now, soft_at, now + hard, done, stalled, patient=patient
        )
        self.queries.start(query)
        self._unsent.append(query)
        self.identity.contacted(addr)
        self._out.append(((data, addr), "query", method, tid))
        return query

    def datagrams_to_send(self, now: float | None = None) -> list[tuple[bytes, Addr]]:
        """What is to be sent now, in order. Each datagram is handed out once.

        `now` is the time, where it has gone on since the last call: theirs is that of sending. Of what the system
        would not send, `send_failed` or `send_dropped` has to be told before the next call.
        """
        if self._handed:
            self._were_sent()
        if not self._out:
            return []
        out, self._out = self._out, []
        self._handed, self._handed_at = out, self._now if now is None else now
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            if now is not None:
                for query in unsent:
                    query.sent_at = now
        return [one[0] for one in out]

    def _were_sent(self) -> None:
        """What was handed out and did not fail is on the wire."""
        handed, self._handed = self._handed, []
        self._counters.went(handed, self._handed_at)
        if self._listeners:
            for (data, addr), kind, method, tid in handed:
                self._listeners.tell(events.PacketSent(self._handed_at, addr, data, kind, method, tid))

    def probe_to_send(self, now: float) -> tuple[bytes, Addr] | None:
        """A datagram to send from a fresh socket, to learn whether strangers reach us; mostly `None`."""
        lost = self.identity.probe_tid != b""
        probe = self.identity.probe(now)
        self._counters.probe.timed_out += probe is not None and lost
        return probe

    def probe_sent(self, data: bytes, now: float) -> None:
        """The system has sent it."""
        self._counters.probe_went(len(data), now)

    def send_dropped(self, data: bytes, addr: Addr) -> None:
        """The system's send buffer was full: a datagram is lost, as any may be on its way. Nobody is to blame."""
        self._counters.error(self._now, "send failed", addr, BUFFER_FULL)
        if query := self._take_back(data, addr):
            query.failure = BUFFER_FULL

    def send_failed(self, data: bytes, addr: Addr, why: str, now: float) -> None:
        """The system would not send a datagram: nobody waits for an answer to it any longer."""
        self._now = now
        self._counters.error(now, "send failed", addr, why)
        if query := self._take_back(data, addr):
            query.failure = why
            self.queries.cancel(query)
            self._finish_query(query, None, "cancelled", None)

    def _take_back(self, data: bytes, addr: Addr) -> InFlight | None:
        """A datagram was not sent after all; the query in it, if there is one that is waited for."""
        self._counters.send_failures += 1
        for place, ((sent, to), kind, _, tid) in enumerate(self._handed):
            if sent is data and to == addr:
                del self._handed[place]
                return self.queries.find(tid) if kind == "query" else None
        return None

    # ---- time --------------------------------------------------------------------------------------

    def next_timer(self) -> float:
        """When `handle_timer` is to be called next."""
        deadline = self.queries.next_deadline()
        return self._housekeeping_at if deadline is None else min(deadline, self._housekeeping_at)

    def handle_timer(self, now: float, heard: float | None = None) -> None:
        """Time has come for something: deadlines of queries, upkeep.

        `heard`: what came by then has been read, if not all that has come by now. Who answered in time is not given up
        because the answer was not read in time.
        """
        self._now = now
        due = self.queries.next_deadline()
        if due is not None:
            self.operations.late(now - due)
        for query, hard in self.queries.expire(now if heard is None else min(now, heard)):
            if not hard:
                self._stalled(query)
                continue
            if query.failure:
                self._finish_query(query, None, "cancelled", None)
                continue
            self._counters.of(query.method).timed_out += 1
            self._no_answer(query)
            self._finish_query(query, None, "timed out", None)
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + HOUSEKEEPING_SECONDS
            self._run_maintenance()

    def _stalled(self, query: InFlight) -> None:
        if query.stalled:
            query.stalled(query, self._now)
        while old := self.queries.surplus():
            old.given_up = GAVE_WAY
            self.queries.cancel(old)
            self._finish_query(old, None, "cancelled", None)
        self._feed()

    def _no_answer(self, query: InFlight) -> None:
        now, addr, text = self._now, query.addr, f"{query.method} got no answer"
        if query.owner == NEWCOMER:
            # Whoever asked in its name must not have packets lost until we take it for dead.
            self._counters.note(now, TIMED_OUT, addr, text)
            self._unmet.timed_out(addr, query.sent_at, now)
            return
        self._counters.ended(now, False)
        self._counters.error(now, TIMED_OUT, addr, text)
        self._unresponsive.timed_out(addr, query.sent_at, now)
        self._changed(self.table.failed(addr, now, query.sent_at))

    def overflowed(self, total: int, now: float) -> None:
        """So many datagrams in all the system had no room for. To be called now and then: it is told seldom."""
        self._counters.overflowed = total
        if total > self._lost_told and now - self._lost_told_at >= TELL_LOST_SECONDS:
            if self._listeners:
                self._listeners.tell(events.DatagramsLost(now, total - self._lost_told, total))
            self._lost_told, self._lost_told_at = total, now

    def woke(self, away: float, now: float) -> None:
        """We did nothing for `away` seconds: the machine slept, or the program was stopped.

        By the clock all has aged meanwhile. Nobody is to blame for what was not answered, and who is still there, in
        what may be another network, is to be seen.
        """
        self._now = now
        if self._listeners:
            self._listeners.tell(events.Woke(now, away))
        for query, _ in list(self.queries.expire(inf)):
            self._counters.of(query.method).timed_out += not query.failure
            self._finish_query(query, None, "cancelled" if query.failure else "timed out", None)
        if self.settings.maintain:
            self._unchecked = deque(contact.addr for contact in self.table)
            self._doubted = set(self._unchecked)
            self._check_next()
            self._own_refresh_at = now
        self._housekeeping_at = self._sweep_at = now

    def _check_next(self) -> None:
        while self._unchecked and len(self._checks) < MAX_CHECKS:
            if contact := self.table.find(self._unchecked.popleft()):
                self._check(contact)

    def _run_maintenance(self) -> None:
        now = self._now
        self._growth.append((now, sum(contact.state(now) == "good" for contact in self.table)))
        if self.identity.lapsed(now) and self._listeners:
            why = self.identity.reachability(now).why
            self._listeners.tell(events.ReachabilityChanged(now, False, why))
        old = self.identity.external
        self._moved(self.identity.decide(now), old)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            for bounded in (self.peers, self.items, self._bans, self._limiter, self._proved):
                bounded.sweep(now)
        if not self.settings.maintain:
            return
        if self.bootstrapping.may_retry(now) and self._lost():
            self.bootstrap(now)
        if self.operations.any_of("refresh"):
            return
        if now >= self._own_refresh_at:
            self._own_refresh_at = now + OWN_REFRESH_SECONDS
            self._refresh(self.id)
        elif len(self.table) and (due := self.table.due_for_refresh(now)):
            # Marked at once: a bucket that nobody answers for must not keep the others waiting.
            due[0].refreshed = now
            self._refresh(random_id_with_prefix(self.id, due[0].depth, self._rng))

    def _lost(self) -> bool:
        return all(contact.state(self._now) == "bad" for contact in self.table)

    def _refresh(self, target: bytes) -> None:
        self.operations.background(Question("find_node", target), "refresh", lambda outcome: None, self._now)

    # ---- who we are --------------------------------------------------------------------------------

    def _moved(self, new: Addr | None, old: Addr | None) -> None:
        """The vote on our address has a new result, if any."""
        if new is None:
            return
        if self._listeners and new != old:
            self._listeners.tell(events.AddressChanged(self._now, old, new, self.identity.voters))
        self._changed(self.table.drop(new, self._now, OURSELVES))
        before = self.id
        if (own := self.identity.id_for_address()) is not None:
            self.table.rebase(own, self._now)
            self.peers.rebase(own)
            self.items.rebase(own)
            if self._listeners:
                self._listeners.tell(events.IdChanged(self._now, before, own, "to fit the external address (BEP 42)"))
            self._own_refresh_at = self._now

    def _maybe_reachable(self, first_proof: bool) -> None:
        if not first_proof:
            return
        if self._listeners:
            why = self.identity.reachability(self._now).why
            self._listeners.tell(events.ReachabilityChanged(self._now, True, why))
        # From now on others may take us into their tables: make ourselves known to our neighbours.
        self._own_refresh_at = self._now

    # ---- getting in --------------------------------------------------------------------------------

    def bootstrap(self, now: float) -> None:
        """Find a way into the network: saved nodes first, then the hosts."""
        self._now = now
        self.bootstrapping.begin(self.id, now)

    def bootstrap_again(self, names: tuple[str, ...], now: float) -> None:
        """Try to get in now, from the nodes of before and from these hosts."""
        self._now = now
        self.bootstrapping.again(names, self.id, now)

    def host_resolved(self, name: str, addrs: tuple[Addr, ...], why: str, now: float) -> None:
        """A bootstrap host's name was looked up: its addresses, or none and why not."""
        self._now = now
        self.bootstrapping.host_resolved(name, addrs, why, now)

    def _seed(self, find: LookupRun) -> None:
        """Give a lookup its first candidates: nodes that we know, or else whoever may let us in."""
        target, avoid = find.question.target, find.avoid
        if avoid is None:
            known = self.table.nearest_known(target, self.settings.policy.start)
        else:
            known = self.table.farthest_known(target, STRANGERS, avoid)
        fresh, placed = self._now - GOOD_SECONDS, self.table.find
        starts = [Start(NodeInfo(c.id, c.addr), c.rtt, c.last_answer > fresh, placed(c.addr) is c) for c in known]
        find.start_from(starts)
        if self.bootstrapping.comparing or not any(start.alive for start in starts):
            self.bootstrapping.seed(find)

    def _start_survey(self, now: float) -> None:
        """Once in: get to know nodes all over the network, then fill the table."""
        if not self.settings.maintain:
            return
        wanted = self.settings.policy.survey
        if len(self.table.nearest_known(self.id, wanted)) >= wanted:
            self._fill_buckets(now)
            return

        def done(survey: Survey, at: float) -> None:
            self.bootstrapping.say(f"the survey is over: {survey.answered} nodes answered", at)
            # Of an even sample, once. Of whom lookups meet next to their targets it is the liars who decide.
            self._ids_fit = survey.answered < ENOUGH_SURVEYED or 2 * survey.fitting >= survey.answered
            self._fill_buckets(at)

        self.bootstrapping.say(f"a survey: up to {wanted} queries to nodes all over the network", now)
        begin = self.table.farthest_known(self.id, STRANGERS, ())
        nodes = [NodeInfo(contact.id, contact.addr) for contact in begin]
        Survey(self, nodes, queries=wanted, done=done).pump(now)

    def _fill_buckets(self, now: float, depth: int = 0) -> None:
        """Look something up in every bucket that has room, one after the other (BEP 5)."""
        if not self.settings.policy.fill:
            return
        buckets = self.table.buckets
        while depth < len(buckets) - 1 and len(buckets[depth].nodes) >= self.k:
            depth += 1
        if depth < len(buckets) - 1:
            self.refresh_bucket(depth, lambda outcome: self._fill_buckets(now + outcome.elapsed, depth + 1), now)

    def refresh_bucket(self, depth: int, done: Done, now: float) -> Operation:
        """Look up a random id of the bucket at `depth`, 0 to 159."""
        target = random_id_with_prefix(self.id, min(depth, len(self.table.buckets) - 1), self._rng)
        return self.operations.background(Question("find_node", target), "refresh", done, now)

    # ---- what there is to see ----------------------------------------------------------------------

    def saved_state(self) -> SavedState:
        """What is worth keeping for the next run."""
        kept = self.table.to_save(NODES_SAVED)
        if not kept and (saved := self.settings.saved):
            return SavedState(self.id, self.identity.external, saved.nodes, saved.rtts)
        nodes = tuple(NodeInfo(contact.id, contact.addr) for contact in kept)
        return SavedState(self.id, self.identity.external, nodes, tuple(contact.rtt for contact in kept))

    def snapshot(self, now: float) -> Snapshot:
        """The state of everything, as frozen values."""
        if self._handed:
            self._were_sent()
        blocks = self.settings.blocks
        return Snapshot(
            at=now,
            uptime=now - self._started_at,
            identity=self.identity.view(),
            reachability=self.identity.reachability(now),
            bootstrap=self.bootstrapping.view(now, alone=self.settings.maintain and self._lost()),
            table=self.table.view(now),
            queries=self.queries.views(now),
            lookups=self.operations.views(now),
            methods=self._counters.counts(),
            traffic=self._counters.traffic(now, self.receive_buffer),
            rtt=self.queries.round_trips.view(),
            store=StoreView(
                len(self.peers),
                MAX_INFOHASHES,
                self.peers.peers,
                MAX_PEERS,
                self.items.immutable,
                self.items.mutable,
                MAX_ITEMS,
            ),
            drops=dict(self._counters.drops),
            errors=self._counters.errors(),
            blocked_ranges=len(blocks) if blocks is not None else 0,
            banned=self._bans.count(now),
            muted=self._limiter.count(now),
            recent=self._counters.recent(now),
            noted=self._counters.noted,
            waiting=self.operations.waiting,
            size=self.operations.size.view(),
            growth=tuple(self._growth),
            busy=self.busy.view(now),
        )

    def holdings(self, now: float) -> Holdings:
        """What we keep for others, and the announces that others keep for us."""
        return Holdings(self.peers.views(now), self.items.views(now), self.operations.announces(now))


def _told(method: str, answer: Response) -> str:
    """What an answer said, in our words."""
    said = [f"{len(answer.nodes)} nodes"] if answer.nodes else []
    said += [f"{len(answer.peers)} peers"] if answer.peers else []
    said += ["a value"] if answer.v is not None else []
    said += [f"seq {answer.seq}"] if answer.seq is not None else []
    said += ["a token"] if answer.token else []
    return intern(f"{method}: {', '.join(said) or 'alive'}")
