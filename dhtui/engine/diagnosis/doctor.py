"""Is this node healthy? From a snapshot, and from what a few pings told, to findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ..outcome import NodeOutcome, Status
from ..table import GOOD_SECONDS
from ..views.events import DropCause, LinkState
from ..views.snapshot import BootstrapSource, Snapshot
from ..wire.address import address_text
from ..wire.compact import Addr
from ..wire.family import IPV4, IPV6, FamilyName, family_of
from .findings import Check, Finding, Measure, Unit, Verdict
from .link import links

IGNORED: Final[Mapping[str, frozenset[int]]] = {
    IPV4.name: frozenset((3, 6, 7, 9, 11, 19, 21, 22, 25, 26, 28, 29, 30, 33, 34, 48, 56)),
    IPV6.name: frozenset(),
}
"""The first bytes of addresses that libtorrent, so most of the network, ignores (its ``dht_ignore_dark_internet``)."""
ENOUGH_ASKED = 8
"""Fewest queries from which a share is judged."""
FEW_ANSWERS = 0.25
"""A lower share of answers is unusual: in the public network about half of all nodes answer."""
USUAL_LOSS, SEVERE_LOSS = 0.15, 0.5
"""Shares of pings to good nodes that got no answer. 2 % of packets are lost each way, and some nodes have just left."""
USUAL_P50, USUAL_P90 = 0.090, 0.250
"""Seconds: the round trips of the public network."""
LONG_P50 = 0.5
ENOUGH_NODES = 4
"""Fewest good nodes with which a lookup is likely to work."""
UNREACHED_SECONDS = 60.0
"""Seconds after which it means something that nobody reached us: our own probe is sent each minute."""
PROOF_SECONDS = 6.0
"""Seconds after which our own probe would have come back, once our address is known."""
CLOCK_SECONDS = 1.0
"""Both clocks may drift apart by so many seconds during the check."""
EARLIEST = 1_735_689_600.0
"""2025-01-01, seconds since 1970: the program is younger. A clock before that is wrong."""
MUCH_LOST = 0.01
"""A share of lost datagrams that is felt."""
LATE_SECONDS = 0.1
CLIENT_BYTES = 2
"""Of a version string, those that name the program (BEP 20)."""
UNNAMED = "none"
MOST_CLIENTS = 12
"""Most clients that are listed."""


class Probed(NamedTuple):
    """What was measured besides the snapshot."""

    pings: tuple[NodeOutcome, ...] = ()
    """Of good nodes of the table."""
    versions: Mapping[Addr, bytes | None] = {}
    """What they called themselves before."""
    stepped: float | None = None
    """By how many seconds the wall clock moved against the monotonic one during the check; `None`: not measured."""
    wall: float | None = None
    """The wall clock, seconds since 1970; `None`: not measured."""
    waited: float = 0.0
    """Seconds that were waited for proof that strangers reach us, once the address was known."""
    own: frozenset[str] = frozenset()
    """The addresses of this machine, as far as they are known."""


def diagnose(snapshot: Snapshot, probed: Probed | None = None) -> tuple[Finding, ...]:
    """All findings. Without what was `probed`, those that the snapshot allows."""
    probed = probed or Probed()
    return (
        _reachability(snapshot, probed),
        _nat(snapshot, probed),
        address_range(snapshot),
        _identity(snapshot),
        *_bootstrap(snapshot),
        _table(snapshot),
        _answers(snapshot),
        _clients(probed),
        _loss(probed),
        round_trips(snapshot),
        _clock(probed),
        blocklist(snapshot),
        _receive_buffer(snapshot),
        _sending(snapshot),
        _busy(snapshot),
    )


OF_THE_NODE: Final = frozenset((Check.CLOCK, Check.BLOCKLIST, Check.BUSY))
"""Checks that are not about an address family: one of each is enough."""


def diagnose_both(snapshot: Snapshot, probed: Mapping[FamilyName, Probed]) -> tuple[Finding, ...]:
    """The findings in each family of a node; those of a node in two tell which family they are about. Of one without
    a route only that is told while the other has one: what it did not get says nothing of the network."""
    told = [*links(snapshot)]
    first, *others = snapshot.families
    working = [each for each in snapshot.families if each.link is LinkState.UP]
    for each in snapshot.families:
        for one in diagnose(each, probed[each.family]):
            if not others:
                told.append(one)
            elif one.check in OF_THE_NODE:
                told += [one] if each is first else []
            elif each in working or not working:
                told.append(one._replace(family=each.family))
    return tuple(told)


# ---- the way in -----------------------------------------------------------------------------------------


def _reachability(snapshot: Snapshot, probed: Probed) -> Finding:
    reach = snapshot.reachability
    measured = (
        Measure("state", reach.state),
        Measure("known_by", reach.why),
        Measure("read_only", "yes" if reach.read_only else "no"),
        Measure("uptime", snapshot.uptime, Unit.SECONDS),
    )
    if reach.state == "reachable":
        return Finding(Check.REACHABILITY, Verdict.REACHABLE, measured)
    who = snapshot.identity
    if who.external is not None and who.external[0] in (who.bound[0], *probed.own):
        return Finding(Check.REACHABILITY, Verdict.NOT_TESTED, measured)
    long = snapshot.uptime >= UNREACHED_SECONDS or probed.waited >= PROOF_SECONDS
    return Finding(Check.REACHABILITY, Verdict.UNREACHED if long else Verdict.TOO_EARLY, measured)


def _nat(snapshot: Snapshot, probed: Probed) -> Finding:
    """A NAT is told by what others see: whether all see one address, and one port, and whether it is the one bound."""
    who = snapshot.identity
    seen = [ping.external for ping in probed.pings if ping.external is not None]
    ips, ports = Counter(ip for ip, _ in seen), Counter(port for _, port in seen)
    external = who.external
    measured = (
        Measure("bound", _text(who.bound)),
        Measure("external", _text(external)),
        Measure("told_by", float(len(seen)), Unit.NODES),
        Measure("addresses_seen", float(len(ips))),
        Measure("ports_seen", float(len(ports))),
    )
    # Where each sees another address, no majority ever tells ours.
    if _varies(ips) and (external is not None or len(seen) >= ENOUGH_NODES):
        return Finding(Check.NAT, Verdict.ADDRESS_VARIES, measured)
    if external is None:
        return Finding(Check.NAT, Verdict.ADDRESS_UNKNOWN, measured)
    if _varies(ports):
        return Finding(Check.NAT, Verdict.PORT_VARIES, measured)
    if external == who.bound or (external[1] == who.bound[1] and external[0] in probed.own):
        return Finding(Check.NAT, Verdict.NO_NAT, measured)
    kept = external[1] == who.bound[1]
    return Finding(Check.NAT, Verdict.PORT_KEPT if kept else Verdict.PORT_CHANGED, measured)


def _varies(seen: Counter[str] | Counter[int]) -> bool:
    """Whether nodes see different things. A few may lie: it takes a quarter of them."""
    return len(seen) > 1 and seen.most_common(1)[0][1] <= 0.75 * seen.total()


def _text(addr: Addr | None) -> str | None:
    return None if addr is None else address_text(addr)


def address_range(snapshot: Snapshot) -> Finding:
    """Whether others ignore the range that the external address is in."""
    external = snapshot.identity.external
    if external is None:
        return Finding(Check.ADDRESS_RANGE, Verdict.RANGE_UNKNOWN)
    family = family_of(external[0])
    first = family.pack_ip(external[0])[0]
    measured = (Measure("address", external[0]), Measure("range", f"{first}/8" if family is IPV4 else None))
    if family.is_local(external[0]):
        return Finding(Check.ADDRESS_RANGE, Verdict.LOCAL_RANGE, measured)
    ignored = first in IGNORED[family.name]
    return Finding(Check.ADDRESS_RANGE, Verdict.IGNORED_RANGE if ignored else Verdict.ORDINARY_RANGE, measured)


def _identity(snapshot: Snapshot) -> Finding:
    who = snapshot.identity
    verdict = {
        "valid": Verdict.ID_FITS,
        "exempt": Verdict.ID_EXEMPT,
        "invalid": Verdict.ID_UNFIT,
        "unknown": Verdict.ID_UNKNOWN,
    }[who.bep42]
    measured = Measure("id", who.id.hex()), Measure("source", who.id_source), Measure("address", _text(who.external))
    return Finding(Check.ID, verdict, measured)


# ---- the network ----------------------------------------------------------------------------------------


_HOSTS: Final = {
    "waiting": Verdict.HOST_NOT_ASKED,
    "asked": Verdict.HOST_NOT_ASKED,
    "answered": Verdict.HOST_ANSWERED,
    "silent": Verdict.HOST_SILENT,
    "unresolved": Verdict.HOST_UNRESOLVED,
    "blocked": Verdict.HOST_BLOCKED,
    "disagrees": Verdict.HOST_DISAGREES,
}


def _bootstrap(snapshot: Snapshot) -> Iterator[Finding]:
    """One of each source; and one of them all where none let us in, or there is none."""
    start = snapshot.bootstrap
    taken = (Measure("took", start.elapsed, Unit.SECONDS), Measure("state", start.state))
    if start.state == "failed":
        yield Finding(Check.BOOTSTRAP, Verdict.NO_ENTRY, taken)
    elif not start.sources:
        yield Finding(Check.BOOTSTRAP, Verdict.NO_HOSTS, taken)
    yield from map(_host, start.sources)


def _host(source: BootstrapSource) -> Finding:
    measured = Measure("state", source.state), Measure("detail", source.detail)
    return Finding(Check.BOOTSTRAP, _HOSTS[source.state], measured, source.name)


def _table(snapshot: Snapshot) -> Finding:
    table = snapshot.table
    fresh = sum(
        node.state == "good" and node.seen is not None and node.seen <= GOOD_SECONDS
        for bucket in table.buckets
        for node in bucket.nodes
    )
    measured = (
        Measure("answered_lately", float(fresh), Unit.NODES),
        Measure("good", float(table.good), Unit.NODES),
        Measure("questionable", float(table.questionable), Unit.NODES),
        Measure("bad", float(table.bad), Unit.NODES),
        Measure("network_size", snapshot.size.nodes, Unit.NODES),
    )
    if not table.good + table.questionable:
        return Finding(Check.TABLE, Verdict.NO_NODES, measured)
    return Finding(Check.TABLE, Verdict.ENOUGH_NODES if fresh >= ENOUGH_NODES else Verdict.FEW_NODES, measured)


def _answers(snapshot: Snapshot) -> Finding:
    recent = snapshot.recent
    if recent is None or recent.answered + recent.silent < ENOUGH_ASKED:
        return Finding(Check.ANSWERS, Verdict.ANSWERS_UNKNOWN)
    asked = recent.answered + recent.silent
    share = recent.answered / asked
    measured = (
        Measure("asked", float(asked), Unit.QUERIES),
        Measure("answered", float(recent.answered), Unit.QUERIES),
        Measure("rate", share, Unit.SHARE),
        Measure("silent_in_a_row", float(recent.silent_since), Unit.QUERIES),
    )
    if not recent.answered:
        return Finding(Check.ANSWERS, Verdict.ANSWERS_NONE, measured)
    return Finding(Check.ANSWERS, Verdict.ANSWERS_USUAL if share >= FEW_ANSWERS else Verdict.ANSWERS_FEW, measured)


def client_of(version: bytes | None) -> str:
    """The letters by which a program names itself (BEP 20), printable; ``none`` without them."""
    letters = (version or b"")[:CLIENT_BYTES]
    if not letters:
        return UNNAMED
    text = letters.decode("ascii", "replace")
    return text if text.isalnum() and text.isascii() else letters.hex()


def _sent(ping: NodeOutcome) -> bool:
    return ping.responded or ping.status is Status.TIMED_OUT


def _clients(probed: Probed) -> Finding:
    """Which programs answer. One of which many were asked and none answers stands out."""
    asked: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for ping in filter(_sent, probed.pings):
        client = client_of(ping.version or probed.versions.get(ping.addr))
        asked[client] += 1
        answered[client] += ping.responded
    if asked.total() < ENOUGH_ASKED:
        return Finding(Check.CLIENTS, Verdict.CLIENTS_UNKNOWN)
    measured = tuple(
        Measure(client, answered[client] / count, Unit.SHARE) for client, count in asked.most_common(MOST_CLIENTS)
    )
    known = [(client, count) for client, count in asked.items() if client != UNNAMED]
    silent = any(count >= ENOUGH_ASKED and not answered[client] for client, count in known)
    odd = silent and answered.total() > 0
    return Finding(Check.CLIENTS, Verdict.CLIENT_SILENT if odd else Verdict.CLIENTS_ANSWER, measured)


def _loss(probed: Probed) -> Finding:
    sent = [ping for ping in probed.pings if _sent(ping)]
    if len(sent) < ENOUGH_ASKED:
        return Finding(Check.LOSS, Verdict.LOSS_UNKNOWN)
    share = sum(not ping.responded for ping in sent) / len(sent)
    measured = (
        Measure("pinged", float(len(sent)), Unit.NODES),
        Measure("unanswered", share, Unit.SHARE),
        Measure("usual", USUAL_LOSS, Unit.SHARE),
    )
    if share > SEVERE_LOSS:
        return Finding(Check.LOSS, Verdict.LOSS_SEVERE, measured)
    return Finding(Check.LOSS, Verdict.LOSS_USUAL if share <= USUAL_LOSS else Verdict.LOSS_HIGH, measured)


def round_trips(snapshot: Snapshot) -> Finding:
    """Whether answers take much longer than is usual."""
    rtt = snapshot.rtt
    if rtt.samples < ENOUGH_ASKED:
        return Finding(Check.ROUND_TRIPS, Verdict.TRIPS_UNKNOWN)
    measured = (
        Measure("p50", rtt.p50, Unit.SECONDS),
        Measure("p90", rtt.p90, Unit.SECONDS),
        Measure("usual_p50", USUAL_P50, Unit.SECONDS),
        Measure("usual_p90", USUAL_P90, Unit.SECONDS),
    )
    return Finding(Check.ROUND_TRIPS, Verdict.TRIPS_USUAL if rtt.p50 <= LONG_P50 else Verdict.TRIPS_LONG, measured)


# ---- this machine ---------------------------------------------------------------------------------------


def _clock(probed: Probed) -> Finding:
    if probed.stepped is None or probed.wall is None:
        return Finding(Check.CLOCK, Verdict.CLOCK_UNKNOWN)
    measured = Measure("stepped", probed.stepped, Unit.SECONDS), Measure("wall", probed.wall, Unit.SECONDS)
    if probed.wall < EARLIEST:
        return Finding(Check.CLOCK, Verdict.CLOCK_WRONG, measured)
    steady = abs(probed.stepped) <= CLOCK_SECONDS
    return Finding(Check.CLOCK, Verdict.CLOCK_STEADY if steady else Verdict.CLOCK_SET, measured)


def blocklist(snapshot: Snapshot) -> Finding:
    """A blocklist that drops more than comes through is worth a look."""
    if not snapshot.blocked_ranges:
        return Finding(Check.BLOCKLIST, Verdict.NO_BLOCKLIST)
    dropped = snapshot.drops.get(DropCause.BLOCKLIST, 0)
    came = snapshot.traffic.packets_in
    measured = (
        Measure("ranges", float(snapshot.blocked_ranges), Unit.RANGES),
        Measure("dropped", float(dropped), Unit.DATAGRAMS),
        Measure("received", float(came), Unit.DATAGRAMS),
    )
    busy = dropped > came / 2
    return Finding(Check.BLOCKLIST, Verdict.BLOCKLIST_BUSY if busy else Verdict.BLOCKLIST_QUIET, measured)


def _receive_buffer(snapshot: Snapshot) -> Finding:
    """What the system lost because its buffer was full. A small buffer that loses nothing is no fault."""
    traffic = snapshot.traffic
    lost, came = traffic.overflowed, traffic.packets_in
    measured = (
        Measure("granted", float(traffic.receive_buffer), Unit.BYTES),
        Measure("lost", None if lost is None else float(lost), Unit.DATAGRAMS),
        Measure("received", float(came), Unit.DATAGRAMS),
    )
    if lost is None:
        return Finding(Check.RECEIVE_BUFFER, Verdict.LOSSES_UNKNOWN, measured)
    if not lost:
        return Finding(Check.RECEIVE_BUFFER, Verdict.NOTHING_LOST, measured)
    much = lost > MUCH_LOST * (lost + came)
    return Finding(Check.RECEIVE_BUFFER, Verdict.MUCH_LOST if much else Verdict.SOME_LOST, measured)


def _sending(snapshot: Snapshot) -> Finding:
    failed, sent = snapshot.traffic.send_failures, snapshot.traffic.packets_out
    measured = Measure("sent", float(sent), Unit.DATAGRAMS), Measure("failed", float(failed), Unit.DATAGRAMS)
    if not failed:
        return Finding(Check.SENDING, Verdict.ALL_SENT, measured)
    return Finding(Check.SENDING, Verdict.SOME_UNSENT if sent > failed else Verdict.NONE_SENT, measured)


def _busy(snapshot: Snapshot) -> Finding:
    busy = snapshot.busy
    measured = (
        Measure("p95", busy.p95, Unit.SECONDS),
        Measure("longest", busy.longest, Unit.SECONDS),
        Measure("stamped", "yes" if busy.stamped else "no"),
    )
    return Finding(Check.BUSY, Verdict.LATE if busy.p95 > LATE_SECONDS else Verdict.PROMPT, measured)
