"""The lines of the queries screen: our queries, one by one or by who asked them, and those of others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from ...engine.views.events import QueryResult
from ...engine.views.snapshot import LookupView, QueryView, Snapshot
from ...engine.wire.compact import Addr
from ...engine.wire.methods import is_write
from ...packets.packet import Packet
from .tail import ENDED, Asked, Ended, QueryTail


@dataclass(frozen=True, slots=True)
class QueryRow:
    """A query of ours, in flight or just ended."""

    sent_at: float
    tid: bytes
    addr: Addr
    id: bytes | None
    method: str
    looked_for: bytes | None
    """The target as the engine names it, where it does."""
    owner: str
    age: float
    """Seconds so far, or until it ended."""
    soft: float | None
    """Seconds after which it no longer holds a slot; `None`: not known any more."""
    hard: float | None
    """Seconds after which it times out; `None`: not known any more."""
    packet: Packet | None
    """The query as it was sent, where the ring has it."""
    answer: Packet | None = None
    result: QueryResult | None = None
    """How it ended, as `QueryFinished` says; `None` while it is in flight."""

    @property
    def target(self) -> bytes | None:
        """What it is about: an id, an infohash, an item. Where the engine does not tell, the packet does."""
        if self.looked_for is None and self.packet is not None:
            return self.packet.target
        return self.looked_for


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """The head of a group: who asked the queries below."""

    owner: str
    lookup: LookupView | None
    in_flight: int
    ended: int


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A query of somebody else."""

    asked: Asked
    age: float


Row: TypeAlias = QueryRow | OwnerRow


def row_key(row: Row) -> tuple[object, ...]:
    """What a row is about, for the selection to follow."""
    return ("owner", row.owner) if isinstance(row, OwnerRow) else ("query", row.addr, row.tid)


def query_rows(snapshot: Snapshot, tail: QueryTail, now: float) -> list[QueryRow]:
    """Our queries in flight and those that ended lately, in the order of sending. `now`: the engine's clock."""
    over = {(ended.packet.addr, ended.packet.tid) for ended in tail.ended}
    sent = tail.sent()
    since = max(0.0, now - snapshot.at)
    rows = [
        _in_flight(query, sent.get((query.addr, query.tid)), snapshot.at, since)
        for query in snapshot.queries
        if (query.addr, query.tid) not in over
    ]
    rows += [_ended(ended) for ended in tail.ended]
    return sorted(rows, key=lambda row: (row.sent_at, row.tid))


def _in_flight(query: QueryView, packet: Packet | None, at: float, since: float) -> QueryRow:
    return QueryRow(
        sent_at=at - query.age,
        tid=query.tid,
        addr=query.addr,
        id=query.id,
        method=query.method,
        looked_for=query.target,
        owner=query.owner,
        age=query.age + since,
        soft=query.soft,
        hard=query.hard,
        packet=packet,
    )


@lru_cache(maxsize=2 * ENDED)
def _ended(ended: Ended) -> QueryRow:
    packet, ending = ended.packet, ended.ending
    return QueryRow(
        sent_at=packet.at,
        tid=packet.tid,
        addr=packet.addr,
        id=ended.answer.sender if ended.answer else None,
        method=ending.method,
        looked_for=None,
        owner=ending.owner,
        age=ending.at - packet.at,
        soft=ending.soft,
        hard=ending.hard,
        packet=packet,
        answer=ended.answer,
        result=ending.result,
    )


def by_owner(rows: Iterable[QueryRow], snapshot: Snapshot) -> list[Row]:
    """The rows under their owners: lookups by number, then the others by name."""
    groups: dict[str, list[QueryRow]] = {}
    for row in rows:
        groups.setdefault(row.owner, []).append(row)
    lookups = {lookup.number: lookup for lookup in snapshot.lookups}
    open_ = {owner for owner, group in groups.items() if not all(row.result for row in group)}
    order = sorted(groups, key=lambda owner: (owner not in open_, *_order(owner)))
    return [row for owner in order for row in _group(owner, groups[owner], lookups)]


def _order(owner: str) -> tuple[bool, int, str]:
    number = lookup_number(owner)
    return number is None, number or 0, owner


def _group(owner: str, rows: list[QueryRow], lookups: dict[int, LookupView]) -> Iterator[Row]:
    ended = sum(bool(row.result) for row in rows)
    yield OwnerRow(owner, lookups.get(lookup_number(owner) or -1), len(rows) - ended, ended)
    yield from rows


def asked_rows(tail: QueryTail, now: float) -> list[AskedRow]:
    """The queries of others, newest first."""
    return [AskedRow(asked, max(0.0, now - asked.packet.at)) for asked in reversed(tail.asked)]


def lookup_number(owner: str) -> int | None:
    """The number in ``get_peers#3``; `None` for an owner that is no lookup."""
    found = re.fullmatch(r"\w+#([0-9]{1,18})", owner)
    return int(found[1]) if found else None


def why_not_stopped(owner: str, hard: float) -> str:
    """Why queries of an owner that is no lookup can't be cancelled, and what happens instead."""
    rest = f"each ends by itself after {hard:.1f} s at most"
    if owner == "user":
        return f"Queries to nodes that you named can't be taken back: {rest}."
    if is_write(owner):
        return f"A write that is on its way can't be taken back: {rest}."
    return f"Single queries can't be taken back, only lookups can be stopped: {rest}."
