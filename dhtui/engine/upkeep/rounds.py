"""The rounds of upkeep: every 10 s all that is due is looked after."""

from __future__ import annotations

from ..common import Common
from ..store import PeerStore
from ..table import Table
from ..traffic.channel import Channel
from ..views.events import LinkState
from ..views.history import History
from .bootstrap import Bootstrap
from .identity import Identity
from .identity_changes import IdentityChanges
from .maintenance import Maintenance
from .other_family import OtherFamily
from .pings import Pings

HOUSEKEEPING_SECONDS = 10.0
"""Seconds between two rounds."""
SWEEP_SECONDS = 60.0
"""Seconds between two sweeps of expired entries."""


class Rounds:
    """The rounds of one engine. Times are seconds on the engine's clock."""

    def __init__(
        self,
        identity: Identity,
        table: Table,
        peers: PeerStore,
        common: Common,
        changes: IdentityChanges,
        maintenance: Maintenance,
        bootstrapping: Bootstrap,
        pings: Pings,
        other: OtherFamily,
        history: History,
        channel: Channel,
        now: float,
        *,
        maintain: bool,
    ) -> None:
        """`maintain`: whether the table is kept fresh, and the bootstrap tried again."""
        self._identity, self._table, self._peers, self._common = identity, table, peers, common
        self._changes, self._maintenance, self._bootstrapping = changes, maintenance, bootstrapping
        self._pings, self._other, self._history, self._channel = pings, other, history, channel
        self._maintain = maintain
        self.at = now + HOUSEKEEPING_SECONDS
        """When the next round is due."""
        self._sweep_at = now + SWEEP_SECONDS

    def run(self, now: float) -> None:
        """Take samples, forget what has expired, refresh what is due."""
        self.at = now + HOUSEKEEPING_SECONDS
        table, history = self._table, self._history
        history.grew(now, sum(contact.state(now) == "good" for contact in table))
        if history.turn(now, self._channel.counters.queries()):
            history.sample(now, [[(c.last_answer, c.rtt) for c in b.nodes] for b in table.buckets])
        self._changes.review(now)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            self._peers.sweep(now)
            self._common.sweep(now)
        self._other.look(now)
        if not self._maintain or self._channel.link is not LinkState.UP:
            return
        if self._bootstrapping.may_retry(now) and self._maintenance.alone(now):
            self._bootstrapping.begin(self._identity.id, now)
        self._maintenance.run(now)

    def check_all(self, now: float) -> None:
        """Check every node of the table, and have our own id looked up: this may be another network."""
        if self._maintain:
            self._pings.check_all(now)
            self._maintenance.refresh_own(now)

    def hurry(self, now: float, *, sweep: bool = False) -> None:
        """Have the next round at once; `sweep`: with a sweep of expired entries."""
        self.at = now
        if sweep:
            self._sweep_at = now
