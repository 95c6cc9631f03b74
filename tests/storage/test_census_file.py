"""A census in a file: gone on with as it was, private, and set aside where it is damaged."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dhtui.engine.census.walk import Plan, Visit, Walk
from dhtui.engine.wire.compact import NodeInfo
from dhtui.engine.wire.family import IPV6, FamilyName
from dhtui.engine.wire.methods import GivenSamples
from dhtui.storage.census_file import load, save

OWN: dict[FamilyName, bytes] = {"IPv4": b"\xff" * 20, "IPv6": b"\xfe" * 20}
RNG = Random(1)


def begun() -> Walk:
    """One block done, the second under way."""
    walk = Walk(Plan(8, (3, 200)), OWN["IPv4"], RNG)
    for block, end in ((3, True), (200, False)):
        for i in range(3):
            addr = (f"203.0.{block}.{i}" if i else f"198.51.{block}.7", 6881)
            given = GivenSamples((bytes([block]) * 20, bytes([block, i]) * 10), 7, 60) if i else None
            node_id = bytes([block, i]) * 10 if i < 2 else None
            walk.visited(Visit(addr, node_id, 0.05 if node_id else None, b"LT\x01\x02", given), ())
        if end:
            walk.end_block()
    walk.name([NodeInfo(bytes([200]) + b"w" * 19, ("192.0.2.9", 6881))])
    return walk


def state(walk: Walk) -> Any:
    visits = [each._replace(version=each.version and each.version[:2]) for each in walk.visits]
    return walk.plan, walk.tally, visits, walk.waiting(), set(walk.infohashes)


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "census"
    walk = begun()
    save(path, {"IPv4": walk})
    walks, warning = load(path, OWN, RNG)
    assert walks is not None and not warning and list(walks) == ["IPv4"]
    again = walks["IPv4"]
    assert state(again) == state(walk)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # Who was visited is not visited again.
    again.name([NodeInfo(bytes([200, 0]) * 10, walk.visits[0].addr)])
    assert again.next() == walk.waiting()[0] and again.next() is None
    again.end_block()
    assert again.done
    save(path, {"IPv4": again})
    finished, _ = load(path, OWN, RNG)
    assert finished is not None and finished["IPv4"].done


def test_each_family_goes_on_with_its_own(tmp_path: Path) -> None:
    path, six = tmp_path / "census", Walk(Plan(0, (0,)), OWN["IPv6"], RNG, family=IPV6)
    six.visited(Visit(("2001:db8::7", 6881), b"s" * 20, 0.05, b"LT", None), ())
    six.name([NodeInfo(b"w" * 20, ("2001:db8:1::9", 6881)), NodeInfo(b"x" * 20, ("192.0.2.9", 6881))])
    save(path, {"IPv6": six, "IPv4": begun()})
    walks, _ = load(path, OWN, RNG)
    assert walks is not None and list(walks) == ["IPv4", "IPv6"] and walks["IPv6"].family is IPV6
    assert state(walks["IPv6"]) == state(six) and len(walks["IPv6"].waiting()) == 1
    only, _ = load(path, {"IPv6": OWN["IPv6"]}, RNG)
    assert only is not None and state(only["IPv4"]) == state(begun()), "kept, though we have no IPv4 now"


def test_there_is_none_at_first(tmp_path: Path) -> None:
    assert load(tmp_path / "none", OWN, RNG) == (None, "")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "else"},
        {"version": "2"},
        {"version": 1},
        {"walks": {}},
        {"walks": {"IPv5": {}}},
        {"walks": {"IPv4": 1}},
        {"walks": []},
        {"depth": 41},
        {"plan": [1, 1]},
        {"plan": []},
        {"plan": [999]},
        {"plan": list(range(5000))},
        {"blocks": 2},
        {"nodes": -1},
        {"nodes": 1e300},
        {"clients": {"zz": 1}},
        {"clients": {"414243": 1}},
        {"round_trips": {"x": 1}},
        {"round_trips": {"99999": 1}},
        {"owned": [[1]]},
        {"owned": [[-1, 0]]},
        {"visits": [[1]]},
        {"visits": None},
        {"visits": [["203.0.113.1", 1, "00", None, None, None]]},
        {"visits": [["2001:db8::1", 1, None, None, None, None]]},
        {"waiting": [["c8" * 20, "2001:db8::1", 1]]},
        {"waiting": [["00" * 20, "nowhere", 1]]},
        {"waiting": [["00" * 20, "203.0.113.1", 1]] * 300},
    ],
    ids=lambda change: json.dumps(change)[:40],
)
def test_a_damaged_one_is_set_aside(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "census"
    save(path, {"IPv4": begun()})
    document = json.loads(path.read_text())
    changed = document if change.keys() <= document.keys() else document["walks"]["IPv4"]
    changed.update(change)
    path.write_text(json.dumps(document))
    kept = path.read_bytes()
    walk, warning = load(path, OWN, RNG)
    assert walk is None and "set aside as census.damaged-1" in warning
    assert not path.exists() and (tmp_path / "census.damaged-1").read_bytes() == kept


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[]", b"[" * 100_000, b'"x"'], ids=lambda data: repr(data[:9]))
def test_what_is_no_census_is_set_aside(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "census"
    path.write_bytes(data)
    assert load(path, OWN, RNG)[0] is None and (tmp_path / "census.damaged-1").read_bytes() == data
