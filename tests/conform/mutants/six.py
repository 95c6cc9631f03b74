"""Mutants of a node that speaks IPv6: a row for each case that takes it."""

from __future__ import annotations

from typing import Final

from dhtui.conform.cases.bep42_security import MISFIT

from .kit import Body, Make, Query, put, says


def _one_of_ipv4(body: Body, query: Query) -> None:
    if b"values" in body:
        body[b"values"] = [*body[b"values"], b"\x01\x02\x03\x04\x00\x05"]


def _somebody_else(body: Body, query: Query) -> None:
    if b"values" in body:
        body[b"values"] = [bytes(16) + b"\x00\x05"]


def _backwards(body: Body, query: Query) -> None:
    for name in (b"BFsd", b"BFpe"):
        if name in body:
            body[name] = body[name][::-1]


SIX: Final[dict[str, Make]] = {
    "32.07": says("get_peers", _one_of_ipv4),
    "32.10": says("find_node", lambda body, query: body.update({b"nodes6": body.get(b"nodes6", b"") + b"\0"})),
    "32.17": says("get_peers", _somebody_else),
    "33.06": says("get_peers", _backwards),
    "42.02": says("ping", put(id=MISFIT)),
}
