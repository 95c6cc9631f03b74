"""Our own queries: whether one may be sent, when it has stalled, and how it ended."""

from __future__ import annotations

from collections.abc import Callable

from ..lookup.running import Pumped
from ..outcome import Status
from ..queries import Answer, InFlight, Queries
from ..settings import Settings
from ..table import Table
from ..unresponsive import Timeouts, UnresponsiveNodes
from ..upkeep.identity import Identity
from ..views import events
from ..views.events import LinkState, QueryResult
from ..wire.compact import Addr, is_usable
from ..wire.family import family_of
from ..wire.faults import Note, NoteKind
from ..wire.free import MadeQuery
from ..wire.krpc import Args, encode_query
from ..wire.methods import WANTING, Want
from .channel import Channel


class Sending:
    """The `Sender` of all operations of one engine. Times are seconds on the engine's clock."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        table: Table,
        queries: Queries,
        channel: Channel,
        *,
        want: Callable[[], Want],
        ids_fit: Callable[[], bool],
    ) -> None:
        """`want` gives the families to ask nodes of (BEP 32), `ids_fit` whether most ids of the network fit their
        addresses."""
        self._settings, self._identity, self._table, self._queries = settings, identity, table, queries
        self._channel, self._outbox, self._listeners = channel, channel.outbox, channel.listeners
        self._want, self._ids_fit = want, ids_fit
        self._hungry: dict[Pumped, None] = {}
        """Operations that wait for room to send, the oldest first."""
        self.unresponsive = UnresponsiveNodes()

    @property
    def id(self) -> bytes:
        """Own id, 20 bytes."""
        return self._identity.id

    @property
    def k(self) -> int:
        """How many closest nodes a lookup seeks."""
        return self._settings.k

    @property
    def enforce(self) -> bool:
        """Whether only ids that fit their addresses count (BEP 42)."""
        return self._settings.bep42 == "enforce"

    @property
    def prefer(self) -> bool:
        """Whether ids that fit their addresses come first (BEP 42). False in a network where most ids don't fit."""
        return self._settings.bep42 != "off" and self._ids_fit()

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

    def blocked(self, addr: Addr, now: float) -> Status | None:
        """Why nothing may be sent to an address; `None` if it may."""
        channel = self._channel
        if channel.link is not LinkState.UP or family_of(addr[0]) is not channel.family:
            return Status.NO_ROUTE
        if not is_usable(addr):
            return Status.NO_ADDRESS
        if self._identity.is_own(addr):
            return Status.OURSELVES
        return channel.gate.shut(addr, now)

    def ours(self, addr: Addr) -> bool:
        """Whether an address is our own, or what is sent there comes back."""
        return self._identity.is_own(addr) or self._identity.mirrors(addr)

    def silent(self, addr: Addr, now: float) -> Timeouts | None:
        """Why an address is not queried again so soon; `None` if it may be."""
        return self.unresponsive.why(addr, now)

    def soft_for(self, addr: Addr) -> float:
        """Seconds until a query to an address has stalled.

        They come from the policy, else from the node's own round trip, else from all round trips.
        """
        soft = self._settings.policy.soft
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
        if type(args) in WANTING and (want := self._want()):
            args = args._replace(want=want)  # type: ignore[call-arg]
        tid = self._queries.new_tid()
        method, data = encode_query(tid, args, self._identity.read_only(now))
        soft_at = now + (hard if soft is None else soft)
        query = InFlight(
            tid, addr, expected, method, args, owner, now, soft_at, now + hard, done, stalled, patient=patient
        )
        if patient:
            query.sent = data
        self._queries.start(query)
        self._identity.contacted(addr)
        self._outbox.add_query(query, data)
        return query

    # ---- what becomes of a query -------------------------------------------------------------------

    def finish(
        self, query: InFlight, answer: Answer | None, result: QueryResult, now: float, rtt: float | None = None
    ) -> None:
        """A query is over: tell who sent it, and let others send. `rtt`: the round trip of an answer, seconds."""
        if self._listeners:
            at = now if query.heard_at is None else query.heard_at
            soft, hard = query.soft_at - query.sent_at, query.hard_at - query.sent_at
            self._listeners.tell(
                events.QueryFinished(at, query.addr, query.tid, query.method, query.owner, result, rtt, soft, hard)
            )
        query.done(query, answer, now)
        if self._hungry:
            self._feed(now)

    def give_up(self, query: InFlight, now: float) -> None:
        """End a query before its hard deadline. Its `done` is called without an answer."""
        self._queries.cancel(query)
        self.finish(query, None, QueryResult.CANCELLED, now)

    def give_up_all(self, why: Note, now: float, ip: str | None = None) -> None:
        """End all queries, or all to an IP, without a failure for their nodes."""
        for query in list(self._queries):
            if not query.over and ip in (None, query.addr[0]):
                query.given_up = why
                self.give_up(query, now)

    def stalled(self, query: InFlight, now: float) -> None:
        """The soft deadline of a query has passed."""
        if query.stalled:
            query.stalled(query, now)
        while old := self._queries.surplus():
            old.given_up = Note(NoteKind.GAVE_WAY)
            self.give_up(old, now)
        self._feed(now)

    def _feed(self, now: float) -> None:
        while self._hungry and not self._queries.full:
            hungry = next(iter(self._hungry))
            del self._hungry[hungry]
            hungry.pump(now)

    def dropped(self, data: bytes, addr: Addr, now: float) -> None:
        """The system's send buffer was full: the datagram counts as lost in the network."""
        self._channel.counters.error(now, "send failed", addr, NoteKind.BUFFER_FULL)
        if query := self._take_back(data, addr):
            query.failure = Note(NoteKind.BUFFER_FULL)

    def failed(self, data: bytes, addr: Addr, errno: int | None, now: float) -> None:
        """The system refused to send a datagram, with this error number. A query in it is given up."""
        why = Note(NoteKind.SEND_REFUSED, errno)
        self._channel.counters.error(now, "send failed", addr, str(why))
        if query := self._take_back(data, addr):
            query.failure = why
            self.give_up(query, now)

    def _take_back(self, data: bytes, addr: Addr) -> InFlight | None:
        """Undo the sending of a datagram that the system refused. Returns the query in it, if it is in flight."""
        tid = self._outbox.take_back(data, addr)
        return None if tid is None else self._queries.find(tid)
