"""The saved state comes back as it went; damage costs a warning and never the start."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, SavedState
from dhtui.engine.wire.compact import NodeInfo
from dhtui.engine.wire.family import IPV6
from dhtui.options.options import Options
from dhtui.runtime import launch, saving
from dhtui.storage import node_state as state

OWN = bytes(range(20))
NODES = tuple(NodeInfo(bytes([n]) * 20, (f"10.0.0.{n}", 6880 + n)) for n in range(1, 5))
SAVED = SavedState(OWN, ("203.0.113.7", 6881), NODES)


def document(**changes: object) -> bytes:
    good = {
        "version": 1,
        "id": OWN.hex(),
        "external": None,
        "nodes": [{"id": "11" * 20, "addr": "10.0.0.1:6881"}],
    }
    return json.dumps(good | changes).encode()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("saved", [SAVED, SavedState(OWN, None, ())])
def test_what_is_saved_is_loaded(tmp_path: Path, saved: SavedState) -> None:
    folder = tmp_path / "made" / "when missing"
    state.save(folder, saved)
    assert state.load(folder) == (saved, [])
    assert names(folder) == ["node.json"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_whom_we_talked_to_is_private(tmp_path: Path) -> None:
    state.save(tmp_path, SAVED)
    assert (tmp_path / "node.json").stat().st_mode & 0o777 == 0o600


def test_a_first_start_has_no_state_and_no_warning(tmp_path: Path) -> None:
    assert state.load(tmp_path) == (None, [])
    assert state.load(tmp_path / "missing") == (None, [])


def test_at_most_2048_nodes_are_saved_and_loaded(tmp_path: Path) -> None:
    many = tuple(NodeInfo(OWN, ("10.0.0.1", port)) for port in range(1, 3001))
    state.save(tmp_path, SavedState(OWN, None, many))
    assert state.load(tmp_path) == (SavedState(OWN, None, many[:2048]), [])
    (tmp_path / "node.json").write_bytes(document(nodes=[{"id": OWN.hex(), "addr": "10.0.0.1:1"}] * 2049))
    saved, warnings = state.load(tmp_path)
    assert saved and len(saved.nodes) == 2048 and not warnings


def test_round_trips_are_kept_with_the_nodes(tmp_path: Path) -> None:
    """A lookup of the next run opens with the quick ones."""
    saved = SavedState(OWN, None, NODES, (None, 0.025, 0.05, 1.5))
    state.save(tmp_path, saved)
    assert state.load(tmp_path) == (saved, [])


@pytest.mark.parametrize("rtt", ["1", None, 0, -1, 1e9, True, [], float("nan")])
def test_a_round_trip_that_makes_no_sense_is_left_out(tmp_path: Path, rtt: object) -> None:
    good = {"id": "11" * 20, "addr": "10.0.0.1:6881", "rtt": rtt}
    (tmp_path / "node.json").write_bytes(document(nodes=[good]))
    assert state.load(tmp_path) == (SavedState(OWN, None, (NodeInfo(b"\x11" * 20, ("10.0.0.1", 6881)),)), [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"[]",
        b"null",
        document(version=0),
        document(version=-1),
        document(version=True),
        document(version="1"),
        document(id=None),
        document(id="ab" * 19),
        document(id="ab" * 21),
        document(id="zz" * 20),
        document(id="ab " * 13 + "c"),
        document(id=7),
        document(external=17),
        document(external="203.0.113.7"),
        document(external="203.0.113.7:65536"),
        document(external="203.0.113.7:" + "9" * 5000),
        document(external="203.0.113.007:1"),
        document(external="::1:1"),
        document(external="\x00:1"),
        document(nodes=None),
        document(nodes={}),
        document() + b" " * state.MAX_BYTES,
    ],
)
def test_a_damaged_file_is_set_aside_with_one_warning(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "node.json").write_bytes(data)
    (tmp_path / "node.json.damaged-1").write_bytes(b"an earlier one")
    saved, warnings = state.load(tmp_path)
    assert saved is None
    assert len(warnings) == 1 and "damaged" in warnings[0] and "\n" not in warnings[0]
    assert names(tmp_path) == ["node.json.damaged-1", "node.json.damaged-2"]
    assert (tmp_path / "node.json.damaged-1").read_bytes() == b"an earlier one"
    assert (tmp_path / "node.json.damaged-2").read_bytes() == data


@pytest.mark.parametrize(
    "node",
    [
        None,
        [],
        "10.0.0.1:1",
        {},
        {"id": "22" * 20},
        {"addr": "10.0.0.2:1"},
        {"id": "22" * 19, "addr": "10.0.0.2:1"},
        {"id": "22" * 20, "addr": "10.0.0.2:0"},
        {"id": "22" * 20, "addr": "224.0.0.2:1"},
        {"id": "22" * 20, "addr": "10.0.0.2:-1"},
        {"id": "22" * 20, "addr": "localhost:1"},
        {"id": "22" * 20, "addr": ["10.0.0.2", 1]},
    ],
)
def test_unusable_nodes_are_left_out_and_counted(tmp_path: Path, node: object) -> None:
    good = {"id": "11" * 20, "addr": "10.0.0.1:6881"}
    (tmp_path / "node.json").write_bytes(document(nodes=[node, good, node]))
    saved, warnings = state.load(tmp_path)
    assert saved == SavedState(OWN, None, (NodeInfo(b"\x11" * 20, ("10.0.0.1", 6881)),))
    assert len(warnings) == 1 and warnings[0].startswith("2 of the nodes")
    assert names(tmp_path) == ["node.json"]


@pytest.mark.parametrize("rtt", ["NaN", "1e999", "1" * 400])
def test_a_number_that_is_of_no_use_is_left_out(tmp_path: Path, rtt: str) -> None:
    node = '{"id": "%s", "addr": "10.0.0.1:6881", "rtt": %s}' % ("11" * 20, rtt)
    (tmp_path / "node.json").write_text(
        '{"version": 1, "id": "%s", "external": null, "nodes": [%s]}' % ("22" * 20, node)
    )
    saved, warnings = state.load(tmp_path)
    assert saved is not None and len(saved.nodes) == 1 and saved.rtts == () and warnings == []


# ---- a run whose load failed saves nothing over what it could not read -------------------------------------------


def _refuse(*_: object) -> NoReturn:
    raise PermissionError(13, "Permission denied")


def test_an_unreadable_file_is_told_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.save(tmp_path, SAVED)
    monkeypatch.setattr(state, "read_regular", _refuse)
    with pytest.raises(state.StateError, match=r"Permission denied\): starting without it, and nothing is saved"):
        state.load(tmp_path)
    assert names(tmp_path) == ["node.json"]


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "node.json"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(state.StateError, match="nothing is saved"):
        state.load(tmp_path)
    assert names(tmp_path) == ["node.json"]


def test_a_damaged_file_that_cant_be_renamed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "node.json").write_bytes(b"{")
    monkeypatch.setattr(state, "set_aside", _refuse)
    with pytest.raises(state.StateError, match=r"can't be set aside \(Permission denied\): starting without"):
        state.load(tmp_path)


def test_the_file_of_a_later_version_is_no_damaged_one(tmp_path: Path) -> None:
    (tmp_path / "node.json").write_bytes(document(version=2))
    with pytest.raises(state.StateError, match="a later version of dhtui wrote it"):
        state.load(tmp_path)
    assert names(tmp_path) == ["node.json"]


@pytest.mark.parametrize("why", ["later", "unreadable", "stuck"])
async def test_nothing_is_saved_over_a_state_that_can_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    data = {"later": document(version=2), "unreadable": document(), "stuck": b"{"}[why]
    (tmp_path / "node.json").write_bytes(data)
    with monkeypatch.context() as patch:
        if why == "unreadable":
            patch.setattr(state, "read_regular", _refuse)
        if why == "stuck":
            patch.setattr(state, "set_aside", _refuse)
        start = launch.prepare(
            Options(state_dir=tmp_path, listen=(("127.0.0.1", 0),), bnodes="no"), serving=True, keeping=True
        )
    assert start.config.settings.saved is None and "nothing is saved" in start.warnings[0]
    async with Node(start.config) as node:
        launch.save(start, node)
    start.release()
    assert (tmp_path / "node.json").read_bytes() == data


async def test_a_state_that_became_unreadable_during_the_run_is_not_written_over(tmp_path: Path) -> None:
    options = Options(state_dir=tmp_path, listen=(("127.0.0.1", 0),), bnodes="no")
    start = launch.prepare(options, serving=True, keeping=True)
    (tmp_path / "node.json").write_bytes(document(version=2))  # another version ran meanwhile
    async with Node(start.config) as node:
        assert "a later version" in launch.save(start, node)
    start.release()
    assert (tmp_path / "node.json").read_bytes() == document(version=2)


# ---- saved while it runs -------------------------------------------------------------------------------------------


class Stopped(Exception):
    """The end of a test's patience."""


async def test_a_node_is_saved_when_it_is_in_and_now_and_then() -> None:
    told: list[str] = []
    saves = 0
    naps: list[float] = []

    def keep(node: Node) -> str:
        nonlocal saves
        saves += 1
        return "the disk is full" if saves < 3 else ""

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        assert saves == len(naps), "saved before each pause"
        if len(naps) == 4:
            raise Stopped

    async with Node(NodeConfig(listen=("127.0.0.1", 0))) as node:
        with pytest.raises(Stopped):
            await saving.Saver(node, keep, told.append).run(sleep)
    assert naps == [saving.FIRST_SECONDS, *[saving.EVERY_SECONDS] * 3]
    assert told == ["the disk is full"], "once"


# ---- both families -------------------------------------------------------------------------------------------------

SIX_NODES = tuple(NodeInfo(bytes([n]) * 20, (f"2001:db8::{n:x}", 6880 + n)) for n in range(1, 5))
SIX = SavedState(bytes(20), ("2001:db8::9", 6881), SIX_NODES, (), IPV6)
BOTH = replace(SAVED, other=SIX)


@pytest.mark.parametrize("saved", [SIX, BOTH])
def test_what_is_saved_of_each_family_is_loaded(tmp_path: Path, saved: SavedState) -> None:
    state.save(tmp_path, saved)
    assert state.load(tmp_path) == (saved, [])
    assert "[2001:db8::9]:6881" in (tmp_path / "node.json").read_text()


def test_a_family_that_did_not_run_stays_saved() -> None:
    """So does its id; nodes too where a run has found none."""
    new = SavedState(b"n" * 20, None, ())
    assert state.merged(BOTH, new) == replace(new, nodes=NODES, other=SIX)
    assert state.merged(SAVED, SIX) == BOTH
    six = replace(SIX, id=b"s" * 20, nodes=(), external=None)
    assert state.merged(BOTH, six) == replace(SAVED, other=replace(six, nodes=SIX_NODES))
    assert state.merged(None, SIX) == SIX
    assert state.merged(BOTH, replace(new, other=six), ids=False) == BOTH


@pytest.mark.parametrize(
    "six",
    [
        None,
        [],
        7,
        {},
        {"id": "00" * 20, "external": None, "nodes": {}},
        {"id": "00" * 19, "external": None, "nodes": []},
        {"id": "00" * 20, "external": "1.2.3.4:5", "nodes": []},
        {"id": "00" * 20, "external": "2001:db8::1:5", "nodes": []},
        {"id": "00" * 20, "external": "[fe80::1%eth0]:5", "nodes": []},
        {"id": "00" * 20, "external": "[2001:db8::1]:65536", "nodes": []},
    ],
)
def test_a_damaged_part_of_ipv6_is_set_aside_with_the_file(tmp_path: Path, six: object) -> None:
    (tmp_path / "node.json").write_bytes(document(ipv6=six))
    saved, warnings = state.load(tmp_path)
    assert saved is None and len(warnings) == 1 and "damaged" in warnings[0] and "\n" not in warnings[0]


def test_single_nodes_of_the_wrong_family_are_left_out(tmp_path: Path) -> None:
    ids = [f"{n:02x}" * 20 for n in range(1, 6)]
    addrs = ["10.0.0.1:1", "[2001:db8::1]:1", "[ff02::1]:1", "[::ffff:1.2.3.4]:1", "2001:db8::1:1"]
    nodes = [{"id": one, "addr": addr} for one, addr in zip(ids, addrs, strict=True)]
    six = {"id": "00" * 20, "external": None, "nodes": nodes}
    (tmp_path / "node.json").write_bytes(document(nodes=nodes, ipv6=six))
    saved, warnings = state.load(tmp_path)
    assert saved is not None and saved.other is not None
    assert [node.addr for node in saved.nodes] == [("10.0.0.1", 1)]
    assert [node.addr for node in saved.other.nodes] == [("2001:db8::1", 1)]
    assert warnings == [f"8 of the nodes saved in {tmp_path / 'node.json'} can't be used: left out."]


def test_a_fresh_start_forgets_the_nodes_of_both_families(tmp_path: Path) -> None:
    state.save(tmp_path, BOTH)
    start = launch.prepare(Options(state_dir=tmp_path, bnodes="no"), serving=True, keeping=False)
    saved = start.config.settings.saved
    assert saved is not None and saved.other is not None and saved.nodes == saved.other.nodes == ()
    assert (saved.id, saved.other.id) == (SAVED.id, SIX.id)
