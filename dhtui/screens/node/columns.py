"""The lists of the page of a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...lookups.query_status import MARKS, span_words
from ...lookups.roles import Role
from ...packets.packet import Packet
from ...packets.told import Giving
from ...text.format import date_time, power
from ...text.safe import safe_text
from ...text.spans import Line
from ...widgets.table_model import Column
from ..packets.columns import PAIR, packet_columns


def its_packets(wall: Callable[[float], float], now: Callable[[], float]) -> tuple[Column[Packet], ...]:
    """Those of the packet list that are not the same in all lines."""
    return tuple(column for column in packet_columns(wall, now) if column.title not in (PAIR, "peer"))


def _mark(role: Role) -> Line:
    return (MARKS[role.status],)


def _took(role: Role) -> str:
    step = role.step
    return "–" if step is None or step.ended is None else span_words(step.ended - step.sent)


ROLE_COLUMNS: Final[tuple[Column[Role], ...]] = (
    Column("", 1, _mark),
    Column(
        "lookup", 6, lambda role: ((str(role.view.number), "plain"),), right=True, sort=lambda role: role.view.number
    ),
    Column("kind", 9, lambda role: ((safe_text(role.view.kind, 9), "plain"),), sort=lambda role: role.view.kind),
    Column("target", 11, lambda role: ((role.view.target.hex(), "data"),), middle=True, grow=True),
    Column("place", 5, lambda role: ((f"{role.place}{'◆' if role.closest else ''}", "plain"),), right=True),
    Column("dist", 7, lambda role: ((power(role.bits), "plain"),), sort=lambda role: role.bits or 0.0),
    Column("took", 7, lambda role: ((_took(role), "plain"),), right=True),
    Column("gave", 12, lambda role: ((role.gave, "plain"),)),
)


def giving_columns(wall: Callable[[float], float], now: Callable[[], float]) -> tuple[Column[Giving], ...]:
    """What it gave, and when."""
    return (
        Column(
            "time", 12, lambda one: ((date_time(wall(one.packet.at), now()), "dim"),), sort=lambda one: one.packet.at
        ),
        Column("what", 5, lambda one: ((one.kind, "plain"),), sort=lambda one: one.kind),
        Column(
            "target", 11, lambda one: ((one.target.hex() or "–", "data"),), middle=True, sort=lambda one: one.target
        ),
        Column("it gave", 20, lambda one: ((one.words, "plain"),), grow=True),
    )
