"""Upkeep of the routing table (BEP 5): a survey after the bootstrap, filling of buckets, refreshes."""

from __future__ import annotations

from random import Random

from ..lookup.questions import FindClosest
from ..lookup.running import Done, Sender
from ..lookup.survey import Survey
from ..operations.operations import Operation, Operations
from ..outcome import Outcome
from ..settings import Settings
from ..table import Table
from ..views import events
from ..views.details import Detail, DetailKind
from ..views.events import Listeners
from ..wire.compact import NodeInfo
from ..wire.ids import random_id_with_prefix

OWN_REFRESH_SECONDS = 1800.0
"""Seconds between two lookups of our own id."""
SURVEY_STARTS = 16
"""Most known nodes, far from our id, that a survey starts from."""
ENOUGH_SURVEYED = 64
"""Fewest responders from which a survey counts as a sample of the network."""
REFRESH = "refresh"
"""The owner of these lookups."""


class Maintenance:
    """The upkeep of one table. The engine calls `run` at intervals."""

    def __init__(
        self,
        sender: Sender,
        settings: Settings,
        table: Table,
        operations: Operations,
        listeners: Listeners,
        rng: Random,
        now: float,
    ) -> None:
        self._sender, self._settings, self._table, self._operations = sender, settings, table, operations
        self._listeners, self._rng = listeners, rng
        self._own_refresh_at = now + OWN_REFRESH_SECONDS
        self.ids_fit = True
        """Whether most ids of the network fit their addresses (BEP 42), as far as known."""

    def run(self, now: float) -> None:
        """Refresh due buckets, one at a time. To be called every few seconds."""
        if self._operations.any_of(REFRESH):
            return
        if now >= self._own_refresh_at:
            self._own_refresh_at = now + OWN_REFRESH_SECONDS
            self._refresh(self._table.own, _ignore, now)
        elif len(self._table) and (due := self._table.due_for_refresh(now)):
            # Marked at once: a bucket without responders must not delay the others.
            due[0].refreshed = now
            self._refresh(random_id_with_prefix(self._table.own, due[0].depth, self._rng), _ignore, now)

    def refresh_own(self, now: float) -> None:
        """Look our own id up as soon as its turn comes: the neighbours have to know this node, or have changed."""
        self._own_refresh_at = now

    def alone(self, now: float) -> bool:
        """Whether the table has no node that may be alive."""
        return all(contact.state(now) == "bad" for contact in self._table)

    def start_survey(self, now: float) -> None:
        """After the bootstrap: survey the network, then fill the table."""
        if not self._settings.maintain:
            return
        own, policy = self._table.own, self._settings.policy
        if len(self._table.nearest_known(own, policy.survey)) >= policy.survey:
            self._fill_buckets(now)
            return

        def done(survey: Survey, at: float) -> None:
            self._say(Detail(DetailKind.SURVEY_OVER, survey.answered), at)
            # From an even sample, once: attackers can choose the nodes that lookups meet next to their targets.
            self.ids_fit = survey.answered < ENOUGH_SURVEYED or 2 * survey.fitting >= survey.answered
            self._fill_buckets(at)

        self._say(Detail(DetailKind.SURVEY, policy.survey), now)
        begin = self._table.farthest_known(own, SURVEY_STARTS, ())
        nodes = [NodeInfo(contact.id, contact.addr) for contact in begin]
        Survey(self._sender, nodes, policy=policy, done=done).pump(now)

    def _say(self, step: Detail, now: float) -> None:
        if self._listeners:
            self._listeners.tell(events.BootstrapProgress(now, str(step), self._listeners.family))

    def _fill_buckets(self, now: float, depth: int = 0) -> None:
        """Look up a random id in every bucket that has room, one after the other (BEP 5)."""
        if not self._settings.policy.fill:
            return
        buckets = self._table.buckets
        while depth < len(buckets) - 1 and len(buckets[depth].nodes) >= self._settings.k:
            depth += 1
        if depth < len(buckets) - 1:
            self.refresh_bucket(depth, lambda outcome, at: self._fill_buckets(at, depth + 1), now)

    def refresh_bucket(self, depth: int, done: Done, now: float, *, given_up: bool = False) -> Operation:
        """Look up a random id of the bucket at `depth`, 0 to 159."""
        target = random_id_with_prefix(self._table.own, min(depth, len(self._table.buckets) - 1), self._rng)
        return self._refresh(target, done, now, given_up=given_up)

    def _refresh(self, target: bytes, done: Done, now: float, *, given_up: bool = False) -> Operation:
        return self._operations.background(FindClosest(target), REFRESH, done, now, given_up=given_up)


def _ignore(outcome: Outcome, now: float) -> None:
    """The `done` of a lookup without a caller."""
