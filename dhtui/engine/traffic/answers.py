"""Answers to our own queries, and queries that got none: counted, recorded, and handed to who asked."""

from __future__ import annotations

from math import inf

from ..defence.guard import Proved
from ..outcome import Status
from ..queries import Answer, InFlight, Queries
from ..upkeep.identity import Identity
from ..upkeep.identity_changes import IdentityChanges
from ..upkeep.neighbours import Neighbours
from ..upkeep.pings import CHECK, NEWCOMER, Pings
from ..views import events
from ..views.details import Detail, DetailKind
from ..views.events import DropCause, QueryResult
from ..views.history import History
from ..wire.compact import Addr
from ..wire.krpc import ErrorReply, Query
from .channel import Channel
from .sending import Sending


class Answers:
    """The ends of the queries of one engine. Times are seconds on the engine's clock."""

    def __init__(
        self,
        identity: Identity,
        queries: Queries,
        sending: Sending,
        pings: Pings,
        neighbours: Neighbours,
        changes: IdentityChanges,
        proved: Proved,
        history: History,
        channel: Channel,
    ) -> None:
        self._identity, self._queries, self._sending, self._pings = identity, queries, sending, pings
        self._neighbours, self._changes, self._proved, self._history = neighbours, changes, proved, history
        self._counters, self._listeners, self._inbox = channel.counters, channel.listeners, channel.inbox

    def answer(self, answer: Answer, data: bytes, addr: Addr, now: float) -> None:
        """An answer was received; `data` are its bytes."""
        query, came = self._queries.match(answer.tid, addr), self._inbox.came
        if query is None:
            # Late, unsolicited or forged: an answer must match the address and the transaction id of a query.
            self._inbox.drop(data, addr, DropCause.UNEXPECTED, DetailKind.UNASKED, answer)
            return
        query.heard_at = max(came, query.sent_at)
        if query.patient:
            query.received = data
        if self._listeners:
            self._listeners.tell(events.PacketReceived(query.heard_at, addr, data, answer, ""))
        rtt = query.rtt
        self._sending.unresponsive.answered(addr, now)
        self._pings.unmet.answered(addr, now)
        self._proved.add(addr[0], now)
        if query.owner != NEWCOMER:  # nodes that query us must not influence the stall time of lookups
            self._queries.round_trips.add(rtt)
            self._history.trip(rtt)
            self._counters.ended(now, True)
        counts = self._counters.of(query.method)
        if isinstance(answer, ErrorReply):
            counts.errors += 1
            text = str(Detail(DetailKind.QUERY_REFUSED, answer.code, name=query.method))
            self._counters.error(query.heard_at, QueryResult.ERROR, addr, text)
        else:
            counts.answered += 1
            self._neighbours.answered(query, answer, addr, rtt, now)
            # Only nodes that we chose to query may vote: an attacker gets a ping just by querying us.
            if answer.external is not None and query.owner not in (CHECK, NEWCOMER):
                self._changes.vote(addr[0], answer.external, now)
        result = QueryResult.ERROR if isinstance(answer, ErrorReply) else QueryResult.ANSWERED
        self._sending.finish(query, answer, result, now, rtt)

    def expire(self, now: float, heard: float) -> None:
        """End the queries whose hard deadline is over, and note those that have stalled. Datagrams received by `heard`
        have been read."""
        for query, hard in self._queries.expire(heard):
            if not hard:
                self._sending.stalled(query, now)
                continue
            if query.failure:
                self._sending.finish(query, None, QueryResult.CANCELLED, now)
                continue
            self._counters.of(query.method).timed_out += 1
            self._no_answer(query, now)
            self._sending.finish(query, None, QueryResult.TIMED_OUT, now)

    def _no_answer(self, query: InFlight, now: float) -> None:
        addr, text = query.addr, str(Detail(DetailKind.QUERY_UNANSWERED, name=query.method))
        if query.owner == NEWCOMER:
            # The query that led to this ping may be forged: it must not make an honest node count as dead.
            self._counters.note(now, QueryResult.TIMED_OUT, addr, text)
            self._pings.unmet.timed_out(addr, query.sent_at, now)
            return
        self._counters.ended(now, False)
        self._counters.error(now, QueryResult.TIMED_OUT, addr, text)
        self._sending.unresponsive.timed_out(addr, query.sent_at, now)
        self._neighbours.failed(addr, query.sent_at, now)

    def end_all(self, now: float) -> None:
        """End all queries as timed out, without a failure for their nodes."""
        for query, _ in list(self._queries.expire(inf)):
            self._counters.of(query.method).timed_out += not query.failure
            result = QueryResult.CANCELLED if query.failure else QueryResult.TIMED_OUT
            self._sending.finish(query, None, result, now)

    # ---- what a query of another node teaches ------------------------------------------------------

    def reachable(self, first_proof: bool, now: float) -> None:
        """A query has proved that we are reachable, for the first time or again."""
        self._changes.reachable(first_proof, now)

    def echoed(self, received: Query, now: float) -> None:
        """A query with the transaction id of ours was received. If it is ours, its destination is our own address, or
        the node there echoes what it receives."""
        query = self._queries.find(received.tid)
        if query is None or query.args != received.args:
            return
        self._identity.learn_mirror(query.addr)
        own = self._identity.is_own(query.addr)
        self._neighbours.drop(query.addr, DetailKind.THIS_NODE if own else DetailKind.ECHO, now)
        query.trouble = Status.OURSELVES if own else Status.ECHO
        self._sending.give_up(query, now)
