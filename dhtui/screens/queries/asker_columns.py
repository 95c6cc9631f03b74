"""The columns of the list of those who ask us, and all about one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...engine.wire.ids import distance
from ...engine.wire.krpc import Query
from ...packets.askers import OTHER, SLOT_SECONDS, SLOTS, AskerRow, Want, swarms
from ...packets.parts import Link
from ...text.clients import client_name
from ...text.format import address, number, plural, short_id
from ...text.safe import safe_text
from ...text.spans import Line
from ...widgets.spark import sparkline
from ...widgets.table_model import Column
from .details import detail

_CELLS = 8
_PER_CELL = -(-SLOTS // _CELLS)
_METHODS = (
    ("find", ("find_node",)),
    ("peers", ("get_peers",)),
    ("get", ("get",)),
    ("ping", ("ping",)),
    ("write", ("put", "announce_peer")),
)
NEAR_BITS_LEAST = 4
"""A target that shares fewer bits with our id is not near, however small the table is."""


def asker_columns(near: Callable[[bytes], bool]) -> tuple[Column[AskerRow], ...]:
    """The columns; `near` tells whether a target is among those that we are responsible for."""
    return (
        Column("who asks", 16, lambda r: ((_name(r), "plain"),), sort=lambda r: _order(r.name)),
        Column("client", 12, lambda r: ((_client(r) or "–", "dim"),), rank=1, sort=_client),
        Column("5 min", _CELLS, lambda r: ((_history(r), "accent"),)),
        Column("all", 5, lambda r: ((_few(r.queries), "strong"),), right=True, sort=lambda r: r.queries),
        *(_method_column(title, names) for title, names in _METHODS),
        Column("wants", 17, lambda r: _wants(r, near), grow=True),
    )


def _method_column(title: str, names: tuple[str, ...]) -> Column[AskerRow]:
    def count(row: AskerRow) -> int:
        return sum(count for name, count in row.methods if name in names)

    def cell(row: AskerRow) -> Line:
        found = count(row)
        return ((_few(found) if found else "·", "plain" if found else "dim"),)

    return Column(title, max(4, len(title)), cell, right=True, sort=count)


def _few(count: int) -> str:
    """A count in 4 cells."""
    return str(count) if count < 10_000 else f"{min(999, count // 1000)}k"


def _order(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.partition("/")[0].split("."))


def _name(row: AskerRow) -> str:
    return safe_text(row.name, 18)


def _client(row: AskerRow) -> str:
    message = row.last.message
    return client_name(message.version) if isinstance(message, Query) else ""


def _history(row: AskerRow) -> str:
    """The slots in few cells, the newest at the right end."""
    padded = (0,) * (_CELLS * _PER_CELL - len(row.history)) + row.history
    sums = [sum(padded[at : at + _PER_CELL]) for at in range(0, len(padded), _PER_CELL)]
    return sparkline(sums, _CELLS)


def _wants(row: AskerRow, near: Callable[[bytes], bool]) -> Line:
    if not row.wants:
        return (("–", "dim"),)
    want = row.wants[0]
    where: Line = ((" near us", "accent"),) if near(want.target) else ((" far", "dim"),)
    if want.swarm:
        return ((short_id(want.target), "data"), (f" {want.askers} ask", "warn"), (" for it: a swarm forms", "warn"))
    return (short_id(want.target), "data"), *where


def is_near(target: bytes, own: bytes, depth: int) -> bool:
    """Whether a target shares at least as many bits with our id as the nodes of our own bucket, of that depth, do."""
    return 160 - distance(target, own).bit_length() >= max(depth, NEAR_BITS_LEAST)


def asker_details(row: AskerRow, near: Callable[[bytes], bool]) -> list[Line]:
    """All that is known about one that asks."""
    hosts = f", {plural(row.hosts, 'host')}" if row.hosts > 1 else ""
    lines = [
        *detail("who asks", f"{_name(row)}{hosts}"),
        *detail("last from", address(row.last.addr)),
        *detail("client", _client(row) or "it doesn't say"),
        *detail(
            "5 minutes", f"{plural(row.queries, 'query', 'queries')}; each sign is {_PER_CELL * SLOT_SECONDS:.0f} s:"
        ),
        *detail("", f"▕{_history(row)}▏ now", "accent"),
        *detail("methods", ", ".join(f"{number(count)} {_method(name)}" for name, count in row.methods)),
    ]
    for place, want in enumerate(row.wants):
        lines += detail("wants" if place == 0 else "", _want_words(want, near), "data")
    return lines


def _method(name: str) -> str:
    return "of unknown methods" if name == OTHER else name


def _want_words(want: Want, near: Callable[[bytes], bool]) -> str:
    where = "near us" if near(want.target) else "far from us"
    others = f", as do {plural(want.askers - 1, 'other')}" if want.askers > 1 else ""
    swarm = ": a swarm forms" if want.swarm else ""
    return f"{want.target.hex()}, {where}, asked {plural(want.times, 'time')}{others}{swarm}"


def asker_links(row: AskerRow) -> list[Link]:
    """What one that asks leads to: its last packet, its address, what it wants."""
    last = row.last
    found = [
        Link("packet", last.number, f"its last query, packet {last.number}"),
        Link("address", last.addr, f"the node at {address(last.addr)}"),
    ]
    if last.sender is not None:
        found.append(Link("node", last.sender, f"the node {short_id(last.sender)}"))
    for want in row.wants:
        kind = "infohash" if want.infohash else "target"
        found.append(
            Link("infohash" if want.infohash else "target", want.target, f"the {kind} {short_id(want.target)}")
        )
    return found


def asker_title(rows: Sequence[AskerRow], most: int, by_prefix: bool) -> str:
    """The title of the list, with its bound, and the swarm that forms."""
    by = f"by {'/24' if by_prefix else 'host'}: {len(rows)}, at most {most} hosts"
    gathering = swarms(rows)
    if not gathering:
        return f"who asks, {by}"
    return f"a swarm forms: {gathering[0].askers} ask for {short_id(gathering[0].target)}; {by}"
