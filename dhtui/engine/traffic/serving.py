"""Queries of other nodes: who gets a reply, how large it may be, and what else follows from a query."""

from __future__ import annotations

from typing import Any, Protocol

from ..common import Common
from ..defence.shrink import shrink
from ..queries import Queries
from ..server import Server
from ..settings import Settings
from ..table import Table
from ..upkeep.identity import Identity
from ..upkeep.pings import Pings
from ..views import events
from ..views.details import Detail, DetailKind
from ..views.events import DropCause, refused
from ..wire.compact import Addr, is_local
from ..wire.krpc import Args, Message, Query, RefusedQuery, encode_error, encode_response
from ..wire.methods import BY_ARGS, WRITES, target_of
from .channel import Channel


class Learning(Protocol):
    """What a query of another node may teach us, beside what it asks."""

    def reachable(self, first_proof: bool, now: float) -> None:
        """A query has proved that we are reachable, for the first time or again."""

    def echoed(self, query: Query, now: float) -> None:
        """A query has the transaction id of one of ours: it may be ours."""


class Serving:
    """The serving side of one engine. Times are seconds on the engine's clock."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        server: Server,
        table: Table,
        common: Common,
        pings: Pings,
        queries: Queries,
        channel: Channel,
        learning: Learning,
    ) -> None:
        """`queries` are our own, which may come back."""
        self._identity, self.server, self._table, self._pings = identity, server, table, pings
        # Taken out once: they are used for every datagram.
        self._limiter, self._proved, self._budget = common.limiter, common.proved, common.budget
        self._sent, self._learning = queries.find, learning
        self._counters, self._listeners = channel.counters, channel.listeners
        self._inbox, self._outbox, self._nodes_key = channel.inbox, channel.outbox, channel.family.nodes_key
        self._read_only, self._rate_limit_local = settings.read_only, settings.rate_limit_local
        self._rate_limit = settings.rate_limit

    def adjust(self, settings: Settings, now: float) -> None:
        """Take other limits on queries and replies."""
        self._rate_limit = settings.rate_limit
        self._limiter.adjust(settings.rate_limit)
        self._budget.adjust(settings.reply_quota, now)

    def query(self, query: Query, data: bytes, addr: Addr, now: float) -> None:
        """Answer a query, or not. `data` are its bytes."""
        method, identity = query.method, self._identity
        probed = identity.proved_by_probe(query.tid, now) if identity.probe_tid else None
        if probed is not None:
            self._inbox.tell(data, addr, query, events.OWN_PROBE)
            self._counters.probe.answered += 1
            self._learning.reachable(probed, now)
            return
        if self._sent(query.tid) is not None:
            self._learning.echoed(query, now)
        if query.args.id == identity.id:
            self._inbox.drop(data, addr, DropCause.OWN_ID, DetailKind.OWN_ID_QUERY, query)
            return
        counts = self._counters.of(method)
        counts.received += 1
        if self._muted(addr[0], now):
            self._mute(data, addr, now, query)
            return
        if identity.proof_wanted(now):
            self._learning.reachable(identity.proved_by_query(addr, now), now)
        silent = self._silent_to(addr, now)
        try:
            body = None if silent else self.server.answer(query, addr, now)
        except RefusedQuery as refusal:
            self._refuse(data, addr, refusal, now, query)
            return
        if body is None:
            self._counters.count(DropCause.READ_ONLY)
            self._inbox.tell(data, addr, query, DropCause.READ_ONLY)
            return
        args = query.args
        stored = type(args) in WRITES
        if stored:
            self._proved.add(addr[0], now)  # its token was valid
        reply = encode_response(query.tid, body, addr)
        if is_local(addr[0]) or (reply := self._fitting(reply, query, body, addr, len(data), now)):
            if self._listeners:
                self._inbox.tell(data, addr, query, "" if query.canonical else events.NOT_CANONICAL)
            self._outbox.queued.append(((reply, addr), "response", method, query.tid))
        else:
            self._inbox.drop(data, addr, DropCause.REPLY_QUOTA, DetailKind.QUOTA, query)
        if stored:
            self._tell_stored(args, addr, now)
        if not query.read_only and self._table.queried(args.id, addr, now, proved=self._proved.has(addr[0], now)):
            self._pings.meet(addr, args.id, now)

    def refused(self, refusal: RefusedQuery, data: bytes, addr: Addr, now: float) -> None:
        """A query could be read, but not be granted: say why with an error, or be silent."""
        self._counters.of(refusal.method).received += 1
        if self._muted(addr[0], now):
            self._mute(data, addr, now)
        else:
            self._refuse(data, addr, refusal, now)

    def _muted(self, ip: str, now: float) -> bool:
        """Count a query. Returns whether it is beyond the rate limit of its host."""
        if is_local(ip) and not self._rate_limit_local:
            return False
        return not self._limiter.allow(ip, now)

    def _mute(self, data: bytes, addr: Addr, now: float, message: Message | None = None) -> None:
        """A query beyond the rate limit is not answered, and has no other effect."""
        self._counters.count(DropCause.RATE_LIMIT)
        if self._limiter.muted(addr[0], now):
            text = str(Detail(DetailKind.BEYOND_RATE, name=f"{self._rate_limit:g}"))
            self._counters.note(self._inbox.came, DropCause.RATE_LIMIT, addr, text)
        self._inbox.tell(data, addr, message, DropCause.RATE_LIMIT)

    def _refuse(
        self, data: bytes, addr: Addr, refusal: RefusedQuery, now: float, message: Message | None = None
    ) -> None:
        drop = self._inbox.drop
        if self._silent_to(addr, now):
            drop(data, addr, DropCause.READ_ONLY, _unsent(DetailKind.UNANSWERED_READ_ONLY, refusal), message)
            return
        error = encode_error(refusal.tid, refusal.code, refusal.reason, addr)
        if not is_local(addr[0]) and self._budget.take(addr[0], len(data), len(error), now) < len(error):
            drop(data, addr, DropCause.REPLY_QUOTA, _unsent(DetailKind.QUOTA, refusal), message)
            return
        drop(data, addr, refused(refusal.code), refusal.reason, message)
        self._outbox.queued.append(((error, addr), "error", refusal.method, refusal.tid))

    def _silent_to(self, addr: Addr, now: float) -> bool:
        """Whether queries from this address go unanswered because this node is read-only (BEP 43).

        A node that does not know yet whether it is reachable does answer queries from its own local network.
        """
        if not self._identity.read_only(now):
            return False
        return self._read_only is True or not is_local(addr[0])

    def _fitting(self, reply: bytes, query: Query, body: dict[bytes, Any], addr: Addr, got: int, now: float) -> bytes:
        """The reply to a query of `got` bytes, shrunk to the sender's reply budget; empty if nothing fits."""
        room = self._budget.take(addr[0], got, len(reply), now)
        if room >= len(reply):
            return reply
        args = query.args
        if b"v" in body and (target := target_of(args)):  # shrinking drops the value first
            body = body | {self._nodes_key: self.server.nodes(target, addr)}
        left = shrink(body, room - (len(encode_response(query.tid, {}, addr)) - len(b"de")))
        if left is None:
            return b""
        smaller = encode_response(query.tid, left, addr)
        self._budget.take(addr[0], 0, len(smaller), now)
        return smaller

    def _tell_stored(self, args: Args, addr: Addr, now: float) -> None:
        row, target = BY_ARGS[type(args)], target_of(args)
        if self._listeners and row.stores and target is not None:
            self._listeners.tell(events.Stored(now, row.stores(args), target, addr))


def _unsent(kind: DetailKind, refusal: RefusedQuery) -> str:
    """Why a refusal was not sent, and what it was."""
    return str(Detail(kind, name=refusal.reason))
