"""A census that is not finished, in a file: of each family what has been counted, and how far its block is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from ..engine.census.estimate import Owned
from ..engine.census.walk import (
    MAX_BLOCKS,
    MAX_CANDIDATES,
    MAX_CLIENTS,
    MAX_DEPTH,
    OTHER,
    Plan,
    Tally,
    Visit,
    Walk,
)
from ..engine.wire.address import read_ip
from ..engine.wire.compact import Addr, NodeInfo
from ..engine.wire.family import FAMILIES, Family, FamilyName, family_of
from ..engine.wire.methods import MAX_INTERVAL, MAX_NUM, MAX_SAMPLES_READ, GivenSamples
from .atomic import atomic_write, check_version, parse_json, read_regular, set_aside

VERSION = 2
KIND = "dhtui census"
MAX_BYTES = 8 << 20
"""Most bytes. A file of 4096 blocks has about 400 kB, with a full block in progress 800 kB."""
MAX_COUNT = 1 << 40
_COUNTS = (
    "blocks",
    "visited",
    "answered",
    "nodes",
    "sampling",
    "sampled",
    "fitting",
    "judged",
    "surplus",
    "unbelieved",
)


class _Damaged(ValueError):
    """The file is not what it should be."""


def load(path: Path, own: Mapping[FamilyName, bytes], rng: Random) -> tuple[dict[FamilyName, Walk] | None, str]:
    """The walks in a file, by family, and a warning or nothing. `None`: there is no such file yet, or it was damaged
    and is set aside. `own`: our ids in the families that we have. Raises `OSError`."""
    try:
        data = read_regular(path, MAX_BYTES)
    except FileNotFoundError:
        return None, ""
    try:
        return _decode(data, own, rng), ""
    except (ValueError, TypeError, KeyError, AttributeError):
        aside = set_aside(path)
        return None, f"{path} is no census, or damaged: set aside as {aside.name}, starting afresh"


def save(path: Path, walks: Mapping[FamilyName, Walk]) -> None:
    """Write the walk of each family, for its owner alone. Raises `OSError`."""
    document = {"kind": KIND, "version": VERSION, "walks": {name: _walk(walk) for name, walk in walks.items()}}
    atomic_write(path, json.dumps(document).encode() + b"\n", private=True)


def _walk(walk: Walk) -> dict[str, Any]:
    tally = walk.tally
    return {
        "depth": walk.plan.depth,
        "plan": list(walk.plan.blocks),
        **{name: getattr(tally, name) for name in _COUNTS},
        "clients": {client.hex(): count for client, count in tally.clients.items()},
        "round_trips": {str(step): count for step, count in tally.round_trips.items()},
        "owned": [[round(block.number, 3), round(block.variance, 3)] for block in tally.owned],
        "visits": [_visit(each) for each in walk.visits],
        "waiting": [[node.id.hex(), *node.addr] for node in walk.waiting()],
    }


def _visit(visit: Visit) -> list[Any]:
    given = visit.given
    return [
        *visit.addr,
        None if visit.id is None else visit.id.hex(),
        visit.rtt,
        None if visit.version is None else visit.version[:2].hex(),
        None if given is None else [[each.hex() for each in given.samples], given.num, given.interval],
    ]


def _decode(data: bytes, own: Mapping[FamilyName, bytes], rng: Random) -> dict[FamilyName, Walk]:
    document = parse_json(data)
    if len(data) > MAX_BYTES or not isinstance(document, dict) or document.get("kind") != KIND:
        raise _Damaged
    check_version(document.get("version"), VERSION)
    walks = document["walks"]
    if not walks or not walks.keys() <= {family.name for family in FAMILIES}:
        raise _Damaged
    return {
        family.name: _read_walk(walks[family.name], own.get(family.name, b""), rng, family)
        for family in FAMILIES
        if family.name in walks
    }


def _read_walk(document: dict[str, Any], own: bytes, rng: Random, family: Family) -> Walk:
    depth = _whole(document["depth"], MAX_DEPTH)
    blocks = tuple(_whole(each, 2**depth - 1) for each in document["plan"])
    if not 0 < len(blocks) <= MAX_BLOCKS or len(set(blocks)) != len(blocks):
        raise _Damaged
    tally = Tally()
    for name in _COUNTS:
        setattr(tally, name, _whole(document[name], MAX_COUNT))
    clients, round_trips = document["clients"], document["round_trips"]
    tally.clients = Counter({_client(name): _whole(count, MAX_COUNT) for name, count in clients.items()})
    tally.round_trips = Counter({_step(name): _whole(count, MAX_COUNT) for name, count in round_trips.items()})
    tally.owned = [Owned(_number(number), _number(variance)) for number, variance in document["owned"]]
    if not len(tally.owned) == tally.blocks <= len(blocks) or len(tally.clients) > MAX_CLIENTS + 1:
        raise _Damaged
    walk = Walk(Plan(depth, blocks), own, rng, tally, family=family)
    visits = [_read_visit(*each) for each in document["visits"]]
    waiting = [NodeInfo(_hex(node_id, 20), _addr(ip, port)) for node_id, ip, port in document["waiting"]]
    if len(visits) > MAX_CANDIDATES or len(waiting) > MAX_CANDIDATES or (walk.done and (visits or waiting)):
        raise _Damaged
    addrs = (*(visit.addr for visit in visits), *(node.addr for node in waiting))
    if any(family_of(ip) is not family for ip, _ in addrs):
        raise _Damaged
    walk.resume(visits, waiting)
    return walk


def _read_visit(ip: Any, port: Any, node_id: Any, rtt: Any, version: Any, given: Any) -> Visit:
    return Visit(
        _addr(ip, port),
        None if node_id is None else _hex(node_id, 20),
        None if rtt is None else _number(rtt),
        None if version is None else bytes.fromhex(version)[:2],
        None if given is None else _read_given(*given),
    )


def _read_given(samples: Any, num: Any, interval: Any) -> GivenSamples:
    read = tuple(_hex(each, 20) for each in samples[:MAX_SAMPLES_READ])
    return GivenSamples(read, None if num is None else _whole(num, MAX_NUM), _whole(interval, MAX_INTERVAL))


def _addr(ip: Any, port: Any) -> Addr:
    return read_ip(ip), _whole(port, 65535)


def _client(name: str) -> bytes:
    client = bytes.fromhex(name)
    if len(client) > 2 and client != OTHER:
        raise _Damaged
    return client


def _step(name: str) -> int:
    step = int(name)
    if abs(step) > 1000:
        raise _Damaged
    return step


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise _Damaged
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= MAX_COUNT**2:
        raise _Damaged
    return float(value)


def _hex(value: Any, length: int) -> bytes:
    data = bytes.fromhex(value)
    if len(data) != length:
        raise _Damaged
    return data
