"""The state of one engine as others see it: all of it, or its sizes and bounds."""

from __future__ import annotations

from ..common import Common
from ..defence.guard import MAX_VOTERS
from ..operations.operations import Operations
from ..queries import MAX_LIVE, MAX_STALLED, Queries
from ..settings import SavedState, Settings
from ..store import MAX_ALL_PEERS, MAX_PEERS, PeerStore
from ..table import Table
from ..traffic.channel import Channel
from ..unresponsive import UnresponsiveNodes
from ..upkeep.identity import Identity
from ..upkeep.pings import MAX_CHECKS, MAX_NEWCOMERS, Pings
from ..wire.compact import NodeInfo
from .busy import Busy
from .history import History
from .snapshot import BootstrapView, Snapshot, StoreView
from .statistics import Level, Statistics

MAX_IN_FLIGHT = 2 * (MAX_LIVE + MAX_STALLED) + MAX_CHECKS + MAX_NEWCOMERS
"""Bound of queries in flight: live, stalled (evictable), stalled (patient, not evictable), and pings for the table."""
NODES_SAVED = 2048


class Overview:
    """Reads the parts of one engine, and changes none of them. Times are seconds on the engine's clock."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        table: Table,
        queries: Queries,
        operations: Operations,
        peers: PeerStore,
        common: Common,
        pings: Pings,
        unresponsive: UnresponsiveNodes,
        history: History,
        channel: Channel,
        now: float,
    ) -> None:
        """`now`: when the engine started."""
        self._settings, self._identity, self._table, self._queries = settings, identity, table, queries
        self._operations, self._peers, self._common, self._pings = operations, peers, common, pings
        self._unresponsive, self._history, self._channel, self._started_at = unresponsive, history, channel, now
        self.busy = Busy()
        self.receive_buffer = 0
        """Bytes of the socket's receive buffer."""

    def to_save(self) -> SavedState:
        """The state to save for the next run."""
        own, external, family = self._identity.id, self._identity.external, self._channel.family
        kept = self._table.to_save(NODES_SAVED)
        if not kept and (saved := self._settings.saved):
            return SavedState(own, external, saved.nodes, saved.rtts, family)
        nodes = tuple(NodeInfo(contact.id, contact.addr) for contact in kept)
        return SavedState(own, external, nodes, tuple(contact.rtt for contact in kept), family)

    def snapshot(self, bootstrap: BootstrapView, now: float) -> Snapshot:
        """The state of everything, as frozen values."""
        channel, counters, common = self._channel, self._channel.counters, self._common
        channel.outbox.settle()
        blocks, items = channel.gate.blocks, common.items
        return Snapshot(
            at=now,
            uptime=now - self._started_at,
            identity=self._identity.view(),
            reachability=self._identity.reachability(now),
            bootstrap=bootstrap,
            table=self._table.view(now),
            queries=self._queries.views(now),
            lookups=self._operations.views(now),
            methods=counters.counts(),
            traffic=counters.traffic(now, self.receive_buffer),
            rtt=self._queries.round_trips.view(),
            store=StoreView(
                infohashes=len(self._peers),
                infohash_cap=self._settings.max_infohashes,
                peers=self._peers.peers,
                peers_per_infohash_cap=MAX_PEERS,
                immutable=items.immutable,
                mutable=items.mutable,
                item_cap=self._settings.max_items,
            ),
            drops=dict(counters.drops),
            errors=counters.errors(),
            blocked_ranges=len(blocks) if blocks is not None else 0,
            banned=common.bans.count(now),
            muted=common.limiter.count(now),
            recent=counters.recent(now),
            noted=counters.noted,
            waiting=self._operations.waiting,
            size=self._operations.size.view(),
            growth=self._history.growth,
            slots=self._history.slots,
            bucket_rtts=self._history.buckets,
            busy=self.busy.view(now),
            family=channel.family.name,
            link=channel.link,
        )

    def statistics(self, now: float) -> Statistics:
        """The size of every store and cache, with its bound. Much cheaper than a snapshot."""
        channel, common, table, operations = self._channel, self._common, self._table, self._operations
        limiter, budget, items, counters = common.limiter, common.budget, common.items, channel.counters
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
            immutable=items.levels[0],
            mutable=items.levels[1],
            bans=common.bans.level,
            limited=limiter.hosts,
            muted=limiter.muted_hosts,
            proved=common.proved.level,
            reply_hosts=budget.hosts,
            reply_nets=budget.nets,
            reply_bytes=budget.spent(now),
            voters=Level(self._identity.voters, MAX_VOTERS),
            contacted=self._identity.contacts,
            dropped=counters.drops.total(),
            send_failures=counters.send_failures,
            overflowed=counters.overflowed,
            trips=self._history.trips,
            trip_seconds=self._history.trip_seconds,
            family=channel.family.name,
        )
