"""What follows when our address, our id or our reachability changes."""

from __future__ import annotations

from collections.abc import Callable

from ..store import ItemStore, PeerStore
from ..table import Table
from ..views import events
from ..views.details import DetailKind
from ..views.events import Listeners
from ..wire.compact import Addr
from ..wire.family import Family
from .identity import Identity
from .neighbours import Neighbours


class IdentityChanges:
    """Carries changes of the identity into the table and the stores. Times are seconds on the engine's clock."""

    def __init__(
        self,
        identity: Identity,
        family: Family,
        table: Table,
        peers: PeerStore,
        items: ItemStore,
        neighbours: Neighbours,
        refresh_own: Callable[[float], None],
        listeners: Listeners,
    ) -> None:
        """`refresh_own` has our own id looked up soon, so that our neighbours know it."""
        self._identity, self._family, self._table, self._peers, self._items = identity, family, table, peers, items
        self._neighbours, self._refresh_own, self._listeners = neighbours, refresh_own, listeners

    def vote(self, voter: str, seen: Addr, now: float) -> None:
        """A node at the IP `voter`, which we chose to query, has told our address as it sees it."""
        old = self._identity.external
        self._moved(self._identity.heard(voter, seen, now), old, now)

    def review(self, now: float) -> None:
        """See whether the proof of reachability has expired, and whether the vote is due. To be called regularly."""
        if self._identity.lapsed(now):
            self._tell_reachable(False, now)
        old = self._identity.external
        self._moved(self._identity.decide(now), old, now)

    def reachable(self, first_proof: bool, now: float) -> None:
        """Something has proved that we are reachable, for the first time or again."""
        if not first_proof:
            return
        self._tell_reachable(True, now)
        # From now on other nodes may give us a place in their tables: announce ourselves to our neighbours.
        self._refresh_own(now)

    def _tell_reachable(self, reachable: bool, now: float) -> None:
        if self._listeners:
            why = self._identity.reachability(now).why
            self._listeners.tell(events.ReachabilityChanged(now, reachable, why, self._family.name))

    def _moved(self, new: Addr | None, old: Addr | None, now: float) -> None:
        """The external address has changed from `old` to `new`. `None`: no change."""
        if new is None:
            return
        if self._listeners and new != old:
            self._listeners.tell(events.AddressChanged(now, old, new, self._identity.voters))
        self._neighbours.drop(new, DetailKind.THIS_NODE, now)
        before = self._identity.id
        if (own := self._identity.id_for_address()) is not None:
            self._table.rebase(own, now)
            self._peers.rebase(own)
            self._items.rebase(own, self._family)
            if self._listeners:
                why = DetailKind.FITS_ADDRESS
                self._listeners.tell(events.IdChanged(now, before, own, why, self._family.name))
            self._refresh_own(now)
