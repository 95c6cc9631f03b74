"""Bootstrap: joining the network by a lookup of our own id, from saved nodes first, then from bootstrap hosts.

Saved nodes may belong to another network, or to an attacker who filled our memory with its own nodes to keep us
eclipsed after a restart (Marcus, Heilman, Goldberg, "Low-Resource Eclipse Attacks on Ethereum's Peer-to-Peer Network",
2018). Nothing in their answers shows that: they answer, and refer to each other. So the lookup from the saved nodes is
compared with a lookup from the hosts. If both are in one network, the same nodes are closest to our id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..lookup.questions import FindClosest
from ..lookup.running import LookupRun
from ..operations.operations import Operations
from ..operations.requests import OnStep
from ..outcome import NOT_SENT, NodeOutcome, Outcome, Status
from ..settings import PUBLIC_BOOTSTRAP
from ..views import events
from ..views.details import Detail, DetailKind
from ..views.events import Listeners
from ..views.snapshot import BootstrapSource, BootstrapView
from ..wire.compact import Addr, NodeInfo
from ..wire.ids import ID_BITS, distance

ENOUGH_FROM_SAVED = 8
"""If at least this many nodes answer the lookup from saved nodes, the hosts are queried only for comparison."""
RETRY_SECONDS = 60.0
ALPHA = 16
"""Most queries in flight during the bootstrap: the table is empty, so any answer helps."""
PATIENCE = 1.5
"""Seconds: if no saved node has answered by then, the hosts are queried as well."""
IN_COMMON = 2
"""Fewest common responders that show that both lookups are in one network."""
SMALLER_BITS = 4
"""A network whose 8th closest node is this many bits farther has a 16th of the nodes: then the hosts are not
believed."""
MAX_HOSTS = 64
"""Most hosts that are remembered. Of more, the first ones are forgotten."""
START_FROM = 128
"""Most saved nodes that the lookup starts from: those that answered last."""

SourceState = Literal["waiting", "asked", "answered", "silent", "unresolved", "blocked", "disagrees"]


@dataclass(slots=True)
class Host:
    """A bootstrap host and its addresses, once they are known."""

    name: str
    router: bool
    """Whether it is a well-known public router: it answers all queries and stores nothing. It gets no place in the
    table."""
    state: SourceState = "waiting"
    detail: str = DetailKind.NOT_NEEDED
    addrs: tuple[Addr, ...] = ()
    resolved: bool = False


class Bootstrap:
    """The bootstrap of one engine, and the record of its sources."""

    def __init__(
        self,
        names: tuple[str, ...],
        saved: Sequence[NodeInfo],
        operations: Operations,
        listeners: Listeners,
        when_in: Callable[[float], None],
        keep_only: Callable[[frozenset[Addr], float], None],
    ) -> None:
        """`names`: bootstrap hosts as ``host:port``. `saved`: nodes of an earlier run. `when_in` is called whenever the
        bootstrap succeeds, `keep_only` with the nodes to keep when all others belong to another network."""
        self._hosts = [Host(name, name in PUBLIC_BOOTSTRAP) for name in dict.fromkeys(names)]
        self._saved = tuple(saved)
        self._searches, self._listeners, self._when_in, self._keep_only = operations, listeners, when_in, keep_only
        self._saved_source = self._source_of(f"saved nodes ({len(saved)})") if saved else None
        self.state: Literal["idle", "running", "done", "failed"] = "idle"
        self._why = ""
        self._started_at = self._ended_at = 0.0
        self.hosts_wanted = False
        """Whether there are host names to resolve."""
        self._hosts_asked = self._saved_running = False
        self._from_hosts_running = 0
        """How many lookups that started from the hosts are running."""
        self.comparing = False
        """Whether the lookup that compares saved nodes with hosts is running."""
        self.routers: set[Addr] = set()
        """Addresses of routers, which never enter the table."""

    def _source_of(self, name: str) -> BootstrapSource:
        """The source that nodes without a host are."""
        return BootstrapSource(name, "waiting", "", saved=True, family=self._listeners.family)

    def offered(self, nodes: tuple[NodeInfo, ...], own: bytes, now: float) -> None:
        """Nodes were named by a node of the other address family (BEP 32): a bootstrap that is running starts from them
        too. One that had nothing to start from begins with them, one that has failed when its time has come."""
        if self.state == "running":
            for find in self._searches.bootstraps():
                find.seed(nodes)
                find.pump(now)
        else:
            self._saved = tuple(dict.fromkeys((*nodes, *self._saved)))[:START_FROM]
            self._saved_source = self._source_of(f"nodes named over the other address family ({len(self._saved)})")
            if self.state == "idle" or self.may_retry(now):
                self.begin(own, now)

    def begin(self, own: bytes, now: float) -> None:
        """Start, or start again, with a lookup of our own id."""
        self.state, self._started_at, self._why = "running", now, ""
        self._hosts_asked = False
        if self._saved:
            self._from_saved(own, now)
        elif self._hosts:
            self._from_hosts(own, now)
        else:
            self._finish("idle", Detail(DetailKind.NO_HOSTS), now)

    def again(self, names: tuple[str, ...], own: bytes, now: float) -> None:
        """Start again at once, from the previous hosts and saved nodes and from these hosts. If it is running already,
        these hosts are added."""
        known = {host.name for host in self._hosts}
        new = [Host(name, name in PUBLIC_BOOTSTRAP) for name in dict.fromkeys(names) if name not in known]
        if new:
            self._hosts = (self._hosts + new)[-MAX_HOSTS:]
        running = self.state == "running"
        if not running:
            self.begin(own, now)
        if names and (running or self._saved):
            self._from_hosts(own, now)

    def _lookup(
        self, own: bytes, done: Callable[[Outcome, bytes, float], None], now: float, on_step: OnStep
    ) -> LookupRun:
        return self._searches.lookup(
            FindClosest(own),
            "bootstrap",
            lambda outcome, at: done(outcome, own, at),
            now,
            alpha=ALPHA,
            on_step=on_step,
        )

    def _from_saved(self, own: bytes, now: float) -> None:
        self._saved_running = True
        self._tell_saved("asked", "")
        self.say(Detail(DetailKind.ASKING_SAVED, len(self._saved)), now)

        def watch(find: LookupRun, at: float) -> None:
            if self._hosts and not self._hosts_asked and at - now >= PATIENCE and not find.lookup.closest():
                self._from_hosts(own, at)

        find = self._lookup(own, self._saved_done, now, watch)
        find.seed(self._saved[:START_FROM])
        find.start(now)

    def _tell_saved(self, state: SourceState, detail: str) -> None:
        if self._saved_source is not None:
            self._saved_source = self._saved_source._replace(state=state, detail=detail)

    def _saved_done(self, outcome: Outcome, own: bytes, now: float) -> None:
        self._saved_running = False
        named = {node.addr for node in self._saved}
        answered = sum(node.responded for node in outcome.asked if node.addr in named)
        detail = str(Detail(DetailKind.ANSWERED_OF, answered, len(named)))
        self._tell_saved("answered" if answered else "silent", detail)
        if self.state != "running":
            return
        if not self._hosts:
            self._done(outcome, own, now)
        elif outcome.answered >= ENOUGH_FROM_SAVED and not self._hosts_asked:
            self._finish("done", _answered(outcome), now)
            self._compare(outcome, own, now)
        elif outcome.answered >= ENOUGH_FROM_SAVED:
            self._done(outcome, own, now)
        elif not self._hosts_asked:
            self._from_hosts(own, now)
        elif all(host.state not in ("waiting", "asked") for host in self._hosts):
            self._done(outcome, own, now)

    def _compare(self, saved: Outcome, own: bytes, now: float) -> None:
        """Look our own id up from the hosts as well, in the background."""
        self.comparing = self._hosts_asked = True
        self._want_hosts()
        self.say(Detail(DetailKind.COMPARING), now)

        def compared(outcome: Outcome, own: bytes, at: float) -> None:
            self.comparing = False
            self._judge_hosts(outcome)
            self._settle(saved, outcome, own, at)
            self._when_in(at)

        find = self._lookup(own, compared, now, None)
        self.seed(find)
        find.start(now)

    def _settle(self, saved: Outcome, hosts: Outcome, own: bytes, now: float) -> None:
        theirs, ours = (
            {node.addr for node in outcome.asked if node.responded} - self.routers for outcome in (hosts, saved)
        )
        if len(theirs & ours) >= min(IN_COMMON, len(theirs)):
            return
        if _reach(hosts, own) >= _reach(saved, own) + SMALLER_BITS:
            self.say(Detail(DetailKind.HOSTS_DISBELIEVED), now)
            return
        self._tell_saved("disagrees", DetailKind.OTHER_NETWORK)
        self.say(Detail(DetailKind.SAVED_FORGOTTEN), now)
        self._saved = ()
        self._keep_only(frozenset(theirs), now)

    def _from_hosts(self, own: bytes, now: float) -> None:
        self._hosts_asked = True
        self._want_hosts()
        self.say(Detail(DetailKind.ASKING_HOSTS, len(self._hosts)), now)
        self._from_hosts_running += 1
        find = self._lookup(own, self._hosts_done, now, None)
        self.seed(find)
        find.start(now)

    def _hosts_done(self, outcome: Outcome, own: bytes, now: float) -> None:
        self._judge_hosts(outcome)
        self._from_hosts_running -= 1
        if self.state == "running" and (outcome.answered or not (self._saved_running or self._from_hosts_running)):
            self._done(outcome, own, now)

    def _judge_hosts(self, outcome: Outcome) -> None:
        by_addr = {node.addr: node for node in outcome.asked}
        for host in self._hosts:
            _judge_host(host, [by_addr[addr] for addr in host.addrs if addr in by_addr])

    def _done(self, outcome: Outcome, own: bytes, now: float) -> None:
        if outcome.answered:
            self._finish("done", _answered(outcome), now)
            self._when_in(now)
            return
        tried = [f"{source.name}: {source.detail or source.state}" for source in self._sources()]
        self._finish("failed", Detail(DetailKind.NOBODY_ANSWERED, name="; ".join(tried)), now)

    def _finish(self, state: Literal["idle", "done", "failed"], why: Detail, now: float) -> None:
        self.state, self._why, self._ended_at = state, str(why), now
        self.say(why, now)

    def say(self, step: Detail, now: float) -> None:
        """Report the progress to the listeners."""
        if self._listeners:
            self._listeners.tell(events.BootstrapProgress(now, str(step), self._listeners.family))

    def may_retry(self, now: float) -> bool:
        """Whether enough time has passed since the last try for another one, if all nodes are lost."""
        return self.state in ("done", "failed") and now - self._ended_at >= RETRY_SECONDS

    # ---- hosts -------------------------------------------------------------------------------------

    def _want_hosts(self) -> None:
        self.hosts_wanted = True
        for host in self._hosts:
            host.resolved, host.state, host.detail = False, "waiting", DetailKind.RESOLVING

    def take_hosts_wanted(self) -> tuple[str, ...]:
        """Host names to resolve now. Each request is handed out once."""
        wanted, self.hosts_wanted = self.hosts_wanted, False
        return tuple(host.name for host in self._hosts) if wanted else ()

    def seed(self, find: LookupRun) -> None:
        """Give a lookup the hosts as candidates, because it has no live or trusted node. It is held while host names
        are being resolved."""
        for host in self._hosts:
            for addr in host.addrs:
                find.lookup.add_host(addr, host.router, at_once=self.comparing)
        if any(not host.resolved for host in self._hosts):
            find.hold = True
            if self.state != "running":
                self._want_hosts()

    def host_resolved(self, name: str, addrs: tuple[Addr, ...], why: str, now: float) -> None:
        """A host name was resolved: its addresses, or none and `why`, the stable form of a `Detail`."""
        host = next((host for host in self._hosts if host.name == name), None)
        if host is None:
            return
        host.resolved, host.addrs = True, addrs
        host.state, host.detail = ("asked", "") if addrs else ("unresolved", why)
        if host.router:
            self.routers.update(addrs)
        waiting = any(not host.resolved for host in self._hosts)
        for find in self._searches.held():
            for addr in addrs:
                find.lookup.add_host(addr, host.router, at_once=self.comparing)
            find.hold = waiting
            find.pump(now)

    # ---- views -------------------------------------------------------------------------------------

    def _sources(self) -> tuple[BootstrapSource, ...]:
        hosts = [
            BootstrapSource(host.name, host.state, host.detail, family=self._listeners.family) for host in self._hosts
        ]
        return (self._saved_source, *hosts) if self._saved_source else tuple(hosts)

    def view(self, now: float, *, alone: bool = False) -> BootstrapView:
        """The bootstrap as a screen shows it. `alone`: no live node is left, so another try will follow."""
        elapsed = (now if self.state == "running" else self._ended_at) - self._started_at
        waits = alone and self.state in ("done", "failed")
        retry_in = max(0.0, self._ended_at + RETRY_SECONDS - now) if waits else None
        return BootstrapView(
            state=self.state, elapsed=elapsed, sources=self._sources(), why=self._why, retry_in=retry_in
        )


def _answered(outcome: Outcome) -> Detail:
    return Detail(DetailKind.ANSWERED, outcome.answered)


def _reach(outcome: Outcome, own: bytes) -> int:
    """log2 of the distance from our id to the farthest of the closest nodes of a lookup."""
    return max((distance(node.id, own).bit_length() for node in outcome.closest if node.id), default=ID_BITS)


def _judge_host(host: Host, asked: Sequence[NodeOutcome]) -> None:
    rtts = [node.rtt for node in asked if node.rtt is not None]
    if rtts:
        host.state, host.detail = "answered", str(Detail(DetailKind.ANSWERED_IN, round(min(rtts) * 1000)))
    elif asked and all(node.status in NOT_SENT for node in asked):
        listed = asked[0].status is Status.BLOCKED
        host.state, host.detail = "blocked", DetailKind.LISTED if listed else str(asked[0].status)
    elif host.addrs:
        told = [str(node.status) for node in asked if node.status not in (Status.TIMED_OUT, Status.CANCELLED)]
        host.state, host.detail = "silent", next(iter(told), DetailKind.NO_ANSWER)
