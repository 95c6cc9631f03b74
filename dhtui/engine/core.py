"""The engine without I/O: datagrams and time in, datagrams and events out.

It never reads a clock, opens a socket or starts a task. The shell (`node.py`, or the simulator) passes every datagram
to `receive_datagram`, calls `handle_timer` at `next_timer`, and after each call sends what `datagrams_to_send` returns
and resolves the names that `take_hosts_wanted` returns. Time is any clock in seconds that never goes back.

Callers `start` a request, and may `cancel` or `stop` the operation. The state is shown by `snapshot`, `statistics`,
`lookup`, `contact` and `holdings`, and by events (`listen`). The table, the stores, queries, operations and the rest
are private: this class connects them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from random import Random

from .common import Common
from .lookup.algorithm import Start
from .lookup.running import Done, LookupRun
from .operations.operations import Operation, Operations
from .operations.requests import RefreshBucket, Request
from .queries import Queries
from .server import Server
from .settings import LiveSettings, SavedState, Settings
from .store import PeerStore
from .table import GOOD_SECONDS, Table
from .traffic.answers import Answers
from .traffic.channel import Channel
from .traffic.sending import Sending
from .traffic.serving import Serving
from .upkeep.bootstrap import Bootstrap
from .upkeep.identity import Identity
from .upkeep.identity_changes import IdentityChanges
from .upkeep.maintenance import Maintenance
from .upkeep.neighbours import Neighbours
from .upkeep.other_family import OtherFamily
from .upkeep.pings import Pings
from .upkeep.rounds import Rounds
from .views import events
from .views.details import DetailKind
from .views.events import DropCause, Event, LinkState
from .views.history import History
from .views.overview import Overview
from .views.snapshot import Ban, BootstrapView, ContactDetail, Holdings, LookupDetail, Snapshot
from .views.statistics import Statistics
from .wire.compact import Addr, NodeInfo, is_private_referral
from .wire.family import FamilyName, family_of
from .wire.faults import Note, NoteKind
from .wire.krpc import MalformedDatagram, Query, RefusedQuery, parse

STRANGERS = 16
"""Nodes far from the target that a read-back starts from."""


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
        self._now = now
        """The time of the last call."""
        self.identity = Identity(settings, bound, rng, now)
        self._table = Table(self.id, now, rng=rng, k=settings.k, split_pings=settings.split_pings, bep42=settings.bep42)
        restored = self._restore(now)
        self._queries = Queries(rng)
        self._peers = PeerStore(self.id, self.family, most=settings.max_infohashes)
        self.common = common or Common(settings, self.family, self.id, rng, now)
        self._items = self.common.items
        self._items.rebase(self.id, self.family)
        self._server = Server(self._table, self.common.tokens, self._peers, self._items, rng, self.family)
        self._channel = Channel(self.family, settings.blocks, self.common.bans, now)
        # Taken out once: they are used for every datagram.
        self._inbox, self._gate, self._counters = self._channel.inbox, self._channel.gate, self._channel.counters
        self._listeners = self._channel.listeners
        self._history = History()
        self._other = OtherFamily(self.family)
        self._connect(hosts, restored)

    def _restore(self, now: float) -> list[NodeInfo]:
        """Give saved nodes their places in the table. Returns those that have one."""
        saved = self.settings.saved
        if saved is None:
            return []
        for node, rtt in saved.known():
            if not (self.identity.is_own(node.addr) or self.identity.mirrors(node.addr)):
                self._table.restore(node, rtt, now)
        return [node for node in saved.nodes if self._table.id_at(node.addr)]

    def _connect(self, hosts: tuple[str, ...], restored: list[NodeInfo]) -> None:
        """Make the parts that act. Each needs only those made before it."""
        settings, identity, table, channel, now = self.settings, self.identity, self._table, self._channel, self._now
        self._sending = Sending(
            settings,
            identity,
            table,
            self._queries,
            channel,
            want=lambda: self._other.want(self.bootstrap_running),
            ids_fit=lambda: self._maintenance.ids_fit,
        )
        sending, listeners, rng = self._sending, self._listeners, self._rng
        peers, items, queries, common = self._peers, self._items, self._queries, self.common
        self._operations = operations = Operations(sending, settings, self._seed, listeners, common.numbers)
        self._pings = pings = Pings(
            sending, table, common.budget, rng, timeout=settings.query_timeout, give_up=sending.give_up
        )
        self._maintenance = maintenance = Maintenance(sending, settings, table, operations, listeners, rng, now)
        self._bootstrapping = bootstrapping = Bootstrap(
            hosts, restored, operations, listeners, maintenance.start_survey, table.keep_only
        )
        self._neighbours = neighbours = Neighbours(table, pings, listeners, self._other, bootstrapping.routers)
        changes = IdentityChanges(
            identity, self.family, table, peers, items, neighbours, maintenance.refresh_own, listeners
        )
        self._answers = answers = Answers(
            identity, queries, sending, pings, neighbours, changes, common.proved, self._history, channel
        )
        self._serving = Serving(settings, identity, self._server, table, common, pings, queries, channel, answers)
        self._oversee(changes, now)

    def _oversee(self, changes: IdentityChanges, now: float) -> None:
        """Make the parts that keep the others in order, and that show them."""
        self._rounds = Rounds(
            self.identity,
            self._table,
            self._peers,
            self.common,
            changes,
            self._maintenance,
            self._bootstrapping,
            self._pings,
            self._other,
            self._history,
            self._channel,
            now,
            maintain=self.settings.maintain,
        )
        self._overview = Overview(
            self.settings,
            self.identity,
            self._table,
            self._queries,
            self._operations,
            self._peers,
            self.common,
            self._pings,
            self._sending.unresponsive,
            self._history,
            self._channel,
            now,
        )

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
    def link(self) -> LinkState:
        """Whether there is a route. While it is lost nothing is sent."""
        return self._channel.link

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
        self._overview.receive_buffer, self._overview.busy.stamped = receive_buffer, stamped

    @property
    def times_matter(self) -> bool:
        """Whether exact times of receipt matter: datagrams may be answers, or there are listeners."""
        return bool(self._listeners or self._queries)

    # ---- datagrams in ------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, addr: Addr, now: float, came: float | None = None) -> None:
        """A datagram was received from `addr`: now, or at `came` if it could not be read at once. Never raises,
        whatever it contains."""
        self._now = now
        inbox = self._inbox
        inbox.came = now if came is None else came
        self.identity.met = True
        self._counters.packet_in(len(data), now)
        if cause := self._gate.unwelcome(addr, now):
            inbox.drop(data, addr, cause, cause)
            return
        try:
            message = parse(data, self.family)
        except MalformedDatagram as error:
            self._queries.unreadable(data, addr, error.note)
            inbox.drop(data, addr, DropCause.MALFORMED, str(error.note))
            return
        except RefusedQuery as refusal:
            self._serving.refused(refusal, data, addr, now)
            return
        if type(message) is Query:
            self._serving.query(message, data, addr, now)
        else:
            assert not isinstance(message, Query)
            self._answers.answer(message, data, addr, now)

    # ---- whom we talk to ---------------------------------------------------------------------------

    def ban(self, ip: str, seconds: float, now: float) -> None:
        """Ban an IP for some time, and remove its nodes from the table."""
        self._now = now
        self.common.bans.add(ip, now + seconds)
        self._neighbours.drop_hosts(lambda host: host == ip, DetailKind.BANNED_NODE, now)
        # Its answers will not be read, so these queries must not count as timed out.
        self._sending.give_up_all(Note(NoteKind.BANNED_MEANWHILE), now, ip)
        if self._listeners:
            self._listeners.tell(events.Banned(now, ip, now + seconds, DetailKind.BY_USER))

    def adjust(self, limits: LiveSettings, now: float) -> None:
        """Take other limits while it runs. Nodes that are blocked now leave the table."""
        self._now = now
        self.settings = limits.applied_to(self.settings)
        self._serving.adjust(self.settings, now)
        self._gate.blocks = blocks = self.settings.blocks
        if blocks is not None:
            self._neighbours.drop_hosts(lambda host: host in blocks, DetailKind.BLOCKED_NODE, now)

    def unban(self, ip: str, now: float) -> bool:
        """End the ban of an IP. Returns whether it was banned."""
        self._now = now
        lifted = self.common.bans.lift(ip, now)
        if lifted and self._listeners:
            self._listeners.tell(events.Banned(now, ip, now, DetailKind.LIFTED))
        return lifted

    def bans(self, now: float) -> tuple[Ban, ...]:
        """The IPs that are banned now, the last one banned first."""
        return tuple(Ban(ip, until - now) for ip, until in self.common.bans.list(now))

    # ---- the other family --------------------------------------------------------------------------

    def dry(self, now: float) -> bool:
        """Whether the table has no node that may be alive."""
        return self._maintenance.alone(now)

    def offered(self, nodes: tuple[NodeInfo, ...], by: Addr, now: float) -> None:
        """A node of the other family, at `by`, has named nodes of this one."""
        self._now = now
        ours = self._sending.ours
        fit = tuple(node for node in nodes if not is_private_referral(node.addr[0], by[0]) and not ours(node.addr))
        if fit and self.link is LinkState.UP and (self.bootstrap_running or self.dry(now)):
            self._bootstrapping.offered(fit, self.id, now)

    # ---- datagrams out -----------------------------------------------------------------------------

    def datagrams_to_send(self, now: float | None = None) -> list[tuple[bytes, Addr]]:
        """The datagrams to send now, in order. Each is returned once.

        `now`: the time of sending, if time has passed since the last call. For a datagram that the system does not
        send, `send_failed` or `send_dropped` has to be called before the next call.
        """
        return self._channel.outbox.take(self._now if now is None else now, restamp=now is not None)

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
        self._sending.dropped(data, addr, self._now)

    def send_failed(self, data: bytes, addr: Addr, errno: int | None, now: float) -> None:
        """The system refused to send a datagram, with this error number. A query in it is given up."""
        self._now = now
        self._sending.failed(data, addr, errno, now)

    # ---- time --------------------------------------------------------------------------------------

    def next_timer(self) -> float:
        """The time at which `handle_timer` has to be called next."""
        deadline = self._queries.next_deadline()
        return self._rounds.at if deadline is None else min(deadline, self._rounds.at)

    def handle_timer(self, now: float, heard: float | None = None) -> None:
        """Do what is due: deadlines of queries, upkeep.

        `heard`: datagrams received by then have been read; by default, all. A query whose answer came in time must not
        time out because the answer was read late.
        """
        self._now = now
        due = self._queries.next_deadline()
        if due is not None:
            self._operations.late(now - due)
        self._answers.expire(now, now if heard is None else min(now, heard))
        if now >= self._rounds.at:
            self._rounds.run(now)

    def overflowed(self, total: int, now: float) -> None:
        """The socket has dropped `total` datagrams so far. To be called regularly; reported at most once a minute."""
        self._channel.overflowed(total, now)

    def woke(self, away: float, now: float, *, told: bool = False) -> None:
        """The program did not run for `away` seconds: the machine slept, or the program was stopped. `told`: the core
        of the other family tells the listeners.

        All queries end without a failure for their nodes. Every node of the table is checked: by the clock all have
        aged, and this may be another network.
        """
        self._now = now
        if self._listeners and not told:
            self._listeners.tell(events.Woke(now, away))
        self._answers.end_all(now)
        self._rounds.check_all(now)
        self._rounds.hurry(now, sweep=True)

    def link_changed(self, state: LinkState, bound: Addr | None, now: float) -> None:
        """The route of this family was lost; or is there, and the socket bound to `bound`, which may be a new address.

        With the route, or the old address, all queries end, without a failure for their nodes (BEP 45). When there is
        one again every node of the table is checked.
        """
        self._now = now
        before, self._channel.link = self.link, state
        moved = bound is not None and bound != self.identity.bound
        if bound is not None and moved:
            self.identity.rebound(bound, now)
        if self._listeners:
            self._listeners.tell(events.LinkChanged(now, self.family.name, state, bound))
        if moved or state is not LinkState.UP:
            self._sending.give_up_all(Note(NoteKind.ROUTE_LOST), now)
        if state is not LinkState.UP:
            return
        if before is not LinkState.UP and self.dry(now):
            self.bootstrap(now)
        else:
            self._rounds.check_all(now)
        self._rounds.hurry(now)

    def was_busy(self, waited: float, now: float) -> None:
        """A datagram or a timer waited for `waited` seconds because the program was busy."""
        self._overview.busy.add(now, waited)

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
        return self._overview.to_save()

    def snapshot(self, now: float) -> Snapshot:
        """The state of everything, as frozen values."""
        return self._overview.snapshot(self.bootstrap_view(now), now)

    def statistics(self) -> Statistics:
        """The size of every store and cache, with its bound. Much cheaper than a snapshot."""
        return self._overview.statistics(self._now)

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
