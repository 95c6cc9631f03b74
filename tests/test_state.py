"""The saved state comes back as it went; damage costs a warning and never the start."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dhtui import state
from dhtui.engine.settings import SavedState
from dhtui.engine.wire.compact import NodeInfo

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
        document(version=2),
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


def test_an_unreadable_file_is_a_warning_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.save(tmp_path, SAVED)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        saved, warnings = state.load(tmp_path)
    assert saved is None
    assert len(warnings) == 1 and "Permission denied" in warnings[0]
    assert names(tmp_path) == ["node.json"]


def test_a_folder_in_its_place_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "node.json").mkdir()
    saved, warnings = state.load(tmp_path)
    assert saved is None and len(warnings) == 1
    assert names(tmp_path) == ["node.json"]


def test_a_damaged_file_that_cant_be_renamed_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "node.json").write_bytes(b"{")

    def refuse(path: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(state, "set_aside", refuse)
    saved, warnings = state.load(tmp_path)
    assert saved is None
    assert len(warnings) == 1 and "can't be set aside (Permission denied)" in warnings[0]
