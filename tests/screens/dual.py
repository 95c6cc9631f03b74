"""A snapshot of a node in both address families, for the tests of the screens."""

from __future__ import annotations

from typing import Final

from dhtui.engine.views.snapshot import BootstrapSource, ContactView, Snapshot
from dhtui.engine.wire.compact import Addr

from .snapshots import running

OWN_SIX: Final = bytes.fromhex("77c4e219f10aa55c3d2e1f00f1e2d3c4b5a6978f")
BOUND: Final = ("2001:db8:1:2:3:4:5:6", 6881)
EXTERNAL: Final = ("2001:db8:1111:2222:3333:4444:5555:6666", 16881)
"""As long as an address can be."""


def six_of(addr: Addr) -> Addr:
    """An IPv6 address in place of an IPv4 one, a long one."""
    a, b, c, d = map(int, addr[0].split("."))
    return f"2001:db8:{a:x}{b:02x}:{c + 4096:x}:1234:5678:9abc:{d + 4096:x}", addr[1]


def _contact(one: ContactView) -> ContactView:
    return one._replace(addr=six_of(one.addr), id=bytes(byte ^ 0x5A for byte in one.id))


def dual() -> Snapshot:
    """A node at work in both families, smaller in IPv6; its first lookup runs in both."""
    four, small = running(), running(40)
    buckets = tuple(
        bucket._replace(
            nodes=tuple(map(_contact, bucket.nodes)), replacements=tuple(map(_contact, bucket.replacements))
        )
        for bucket in small.table.buckets
    )
    wish = four.lookups[0]._replace(family="IPv6", asked=10, answered=8, timed_out=1, best=4, nearest_bits=140.0)
    six = small._replace(
        family="IPv6",
        identity=small.identity._replace(id=OWN_SIX, bound=BOUND, external=EXTERNAL),
        reachability=small.reachability._replace(state="unknown", why="no stranger has contacted us yet"),
        bootstrap=small.bootstrap._replace(
            sources=(BootstrapSource("six.example:6881", "answered", "", False, "IPv6"),)
        ),
        table=small.table._replace(buckets=buckets),
        queries=tuple(query._replace(addr=six_of(query.addr)) for query in small.queries),
        lookups=(wish, small.lookups[3]._replace(number=9, family="IPv6")),
        errors=tuple(error._replace(at=error.at + 1, addr=six_of(error.addr)) for error in small.errors),
    )
    return four._replace(other=six)
