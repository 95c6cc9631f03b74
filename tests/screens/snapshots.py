"""Snapshots made by hand, always the same, for the tests of the screens."""

from __future__ import annotations

from random import Random

from dhtui.engine.lookup.decisions import Found, FoundKind, StopReason
from dhtui.engine.settings import PUBLIC_BOOTSTRAP
from dhtui.engine.views.history import TRIP_EDGES, BucketSlot, MethodSlot, SlotView
from dhtui.engine.views.snapshot import (
    BootstrapSource,
    BootstrapView,
    BucketView,
    ContactView,
    ErrorView,
    IdentityView,
    LookupView,
    MethodCounts,
    NodeState,
    QueryView,
    ReachabilityView,
    RecentView,
    RttView,
    Snapshot,
    StoreView,
    TableView,
    TrafficView,
)
from dhtui.engine.wire.ids import random_id_with_prefix

OWN = bytes.fromhex("2d7c4e219f10aa55c3d2e1f00f1e2d3c4b5a6978")
TARGET = bytes.fromhex("4f1a9d3377c0aa55c3d2e1f00f1e2d3c4b5a6978")

ESCAPES = "\x1b[2J\x1b]52;c;cm0gLXJm\x07\x9b31m\u202eevil\u2066[/foo][@click=app.quit]x[/]\n\r\x00"
"""What a hostile node may send: clear the screen, write the clipboard, turn the text round, break markup."""
HOSTILE = ESCAPES + "A" * 1024

_VERSIONS = (b"LT\x02\x00", b"UT\xaf\x00", b"lt\x0d\x60", b"dT\x00\x01", None, b"\x00\xff?!", b"TR\x04\x00")


def _contact(rng: Random, depth: int, state: NodeState, number: int) -> ContactView:
    return ContactView(
        id=random_id_with_prefix(OWN, depth, rng),
        addr=(f"203.0.{depth}.{number + 1}", 6881 + number * 137),
        state=state,
        rtt=None if state == "bad" else 0.02 + rng.random() * 0.4,
        age=rng.random() * 9000,
        seen=None if state == "bad" else rng.random() * 800,
        failures=3 if state == "bad" else 0,
        version=_VERSIONS[(depth + number) % len(_VERSIONS)],
        bep42=("valid", "invalid", "exempt")[number % 3],
    )


_GOOD: tuple[NodeState, ...] = ("good",)
_TIRED: tuple[NodeState, ...] = ("questionable", "bad", "bad", "questionable", "bad", "bad", "bad", "bad")


def table(nodes: int) -> TableView:
    """A table of about that many nodes, in buckets of 8."""
    rng = Random(1)
    buckets: list[BucketView] = []
    left = nodes
    while left > 0:
        depth = len(buckets)
        count = min(left, 8)
        states = (_GOOD * max(0, count - depth // 5) + _TIRED)[:count]
        buckets.append(
            BucketView(
                depth=depth,
                capacity=8,
                nodes=tuple(_contact(rng, depth, state, n) for n, state in enumerate(states)),
                replacements=tuple(_contact(rng, depth, "good", n + 20) for n in range(max(0, 8 - depth))),
                changed=12.0 * (depth + 1),
                refresh_in=900 - 12.0 * (depth + 1),
                own=left <= 8,
            )
        )
        left -= count
    every = [node.state for bucket in buckets for node in bucket.nodes]
    return TableView(
        buckets=tuple(buckets),
        good=every.count("good"),
        questionable=every.count("questionable"),
        bad=every.count("bad"),
        replacements=sum(len(bucket.replacements) for bucket in buckets),
        known=412 if nodes else 0,
        known_cap=2000,
    )


_ZERO = MethodCounts(0, 0, 0, 0, 0, 0, 0)


def starting() -> Snapshot:
    """A node that has just begun to ask the bootstrap hosts."""
    sources = tuple(
        BootstrapSource(name, "asked" if n < 2 else "waiting", "") for n, name in enumerate(PUBLIC_BOOTSTRAP)
    )
    return Snapshot(
        at=1000.0,
        uptime=1.2,
        identity=IdentityView(OWN, "random", ("0.0.0.0", 6881), None, "none", 0, "unknown"),
        reachability=ReachabilityView("unknown", "no stranger has contacted us yet", True, "until we are reachable"),
        bootstrap=BootstrapView("running", 1.2, sources, ""),
        table=table(0)._replace(buckets=(BucketView(0, 8, (), (), 1.2, 898.8, True),)),
        queries=(),
        lookups=(),
        methods=dict.fromkeys(("ping", "find_node", "get_peers", "announce_peer", "get", "put"), _ZERO),
        traffic=TrafficView(0, 0, 0, 0, (), 0, 4194304),
        rtt=RttView(0, 0.0, 0.0, 0.0, 0.0, 1.0, ()),
        store=StoreView(0, 2000, 0, 100, 0, 0, 1000),
        drops={},
        errors=(),
        blocked_ranges=0,
        banned=0,
    )


def no_network() -> Snapshot:
    """A node whose bootstrap hosts could not be resolved."""
    detail = "its name can't be resolved: Temporary failure in name resolution"
    sources = (
        BootstrapSource("saved nodes (12)", "silent", "none of 12 answered", saved=True),
        *(BootstrapSource(name, "unresolved", detail) for name in PUBLIC_BOOTSTRAP),
    )
    why = "no node answered; the next attempt is in 60 s"
    return starting()._replace(uptime=15.0, bootstrap=BootstrapView("failed", 12.4, sources, why))


def _lookups() -> tuple[LookupView, ...]:
    def one(number: int, kind: str, running: bool, found: Found | None) -> LookupView:
        stopped = None if running else StopReason.CLOSEST_ANSWERED
        return LookupView(
            number, kind, TARGET, "user", 950.0 - number * 40, 4.1, running, 37, 29, 5, 3, 136, 7, found, stopped
        )

    return (
        one(1, "get_peers", True, Found(FoundKind.PEERS, None, 114)),
        one(2, "put", False, None),
        one(3, "find_node", False, None),
        one(4, "get", False, Found(FoundKind.MUTABLE, 4)),
    )


def _slots(rng: Random) -> tuple[SlotView, ...]:
    """Of 5 minutes: most answers take 50 to 200 ms; now and then a node is asked that is far away."""
    slots = []
    for n in range(30):
        trips = [0] * (len(TRIP_EDGES) + 1)
        for place, most in ((5, 3), (6, 9), (7, 6), (8, 2 * (n % 7 == 3)), (9, 2 * (n % 11 == 5))):
            trips[place] = rng.randrange(most + 1)
        methods = (
            MethodSlot("find_node", 10 + rng.randrange(30) if n % 5 == 2 else rng.randrange(4), rng.randrange(20)),
            MethodSlot("get_peers", rng.randrange(6), 40 + n),
        )
        slots.append(SlotView(710.0 + 10.0 * n, tuple(trips), methods))
    return tuple(slots)


def _bucket_slots(rng: Random, depth: int) -> tuple[BucketSlot, ...]:
    """Of 40 minutes, in which the table grew."""
    slots = []
    for n in range(80):
        known = min(depth, 1 + n // 3)
        rtts = (round(0.05 + 0.02 * d + 0.1 * rng.random(), 4) if (n + d) % 3 else None for d in range(known))
        slots.append(BucketSlot(1000.0 - 30.0 * (80 - n), tuple(rtts)))
    return tuple(slots)


def running(nodes: int = 200) -> Snapshot:
    """A node at work."""
    rng = Random(7)
    sources = (
        BootstrapSource("saved nodes (12)", "answered", "9 of 12 answered", saved=True),
        BootstrapSource(PUBLIC_BOOTSTRAP[0], "answered", "16 nodes"),
        BootstrapSource(PUBLIC_BOOTSTRAP[3], "silent", "no answer within 5 s"),
        BootstrapSource(PUBLIC_BOOTSTRAP[4], "unresolved", "its name can't be resolved"),
    )
    history = tuple((20 + rng.randrange(40), 18 + rng.randrange(30), 9000 + n * 40, 4000 + n * 9) for n in range(60))
    recent = tuple(0.02 + rng.random() ** 3 * 0.6 for _ in range(256))
    return starting()._replace(
        uptime=7900.0,
        identity=IdentityView(OWN, "bep42", ("0.0.0.0", 6881), ("198.51.100.7", 6881), "vote", 7, "valid"),
        reachability=ReachabilityView("reachable", "203.0.113.50 contacted us unasked", False, "we are reachable"),
        bootstrap=BootstrapView("done", 1.9, sources, "25 nodes from 2 sources"),
        table=table(nodes),
        queries=tuple(
            QueryView(b"a%d" % n, ("203.0.113.9", 6881 + n), OWN, "get_peers", TARGET, "get_peers#1", 0.4, 1.0, 2.0)
            for n in range(3)
        ),
        lookups=_lookups(),
        methods={
            "ping": MethodCounts(41, 33, 8, 0, 122, 122, 0),
            "find_node": MethodCounts(310, 241, 68, 1, 508, 508, 0),
            "get_peers": MethodCounts(96, 80, 15, 1, 1904, 1893, 11),
            "announce_peer": MethodCounts(0, 0, 0, 0, 211, 204, 7),
            "get": MethodCounts(12, 11, 1, 0, 31, 31, 0),
            "put": MethodCounts(8, 7, 0, 1, 4, 3, 1),
        },
        traffic=TrafficView(3180, 3099, 891_000, 402_000, history, 1, 4194304),
        rtt=RttView(256, 0.024, 0.096, 0.31, 0.41, 0.62, recent),
        store=StoreView(211, 2000, 4102, 100, 12, 5, 1000),
        drops={"malformed": 3, "rate limit": 12},
        errors=tuple(
            ErrorView(990.0 - n * 7, cause, (f"203.0.113.{n}", 6881), text)
            for n, (cause, text) in enumerate(
                [
                    ("timed out", "get_peers had no answer within 2.0 s"),
                    ("error", "put: 301, the cas does not match"),
                    ("malformed", "not bencode: unexpected end at byte 17"),
                ]
            )
        ),
        blocked_ranges=0,
        banned=1,
        recent=RecentView(300.0, 41, 11, 2.5, 0),
        slots=_slots(rng),
        bucket_rtts=_bucket_slots(rng, len(table(nodes).buckets)),
    )


def hostile() -> Snapshot:
    """A node at work whose neighbours send what hurts terminals, wherever text or bytes from outside can appear."""
    base = running(16)
    bucket = base.table.buckets[0]
    nodes = tuple(node._replace(version=HOSTILE.encode()) for node in bucket.nodes)
    return base._replace(
        table=base.table._replace(buckets=(bucket._replace(nodes=nodes), *base.table.buckets[1:])),
        reachability=base.reachability._replace(why=HOSTILE, read_only_why=HOSTILE),
        bootstrap=BootstrapView("done", 1.9, (BootstrapSource(HOSTILE, "answered", HOSTILE),), HOSTILE),
        lookups=tuple(one._replace(kind=HOSTILE) for one in base.lookups),
        errors=tuple(one._replace(cause=HOSTILE, text=HOSTILE) for one in base.errors),
        methods={**base.methods, HOSTILE: _ZERO},
    )


ALL = {
    "starting": starting,
    "no_network": no_network,
    "few": lambda: running(3),
    "running": running,
    "hostile": hostile,
}
"""Every state that each screen is visited in."""
