"""Captures of real clients, made in a network namespace, where nobody else says anything."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from peers.bittorrent_dht_peer import missing
from support.apart import PATIENCE
from under_attack.namespace import _run, way_in

from dhtui.options.addresses import endpoint
from dhtui.packets.captures.reader import CaptureReader

from .sniffing import INFOHASH
from .test_oracle import compared_with_tshark

pytestmark = [pytest.mark.linux, pytest.mark.peers]
CLIENTS = [
    "dhtui",
    *(["libtorrent"] if find_spec("libtorrent") else []),
    *(["bittorrent-dht"] if not missing() else []),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("captured")
    ran = _run([*way_in(), sys.executable, "-m", "packets.captures.sniffing", str(found), *CLIENTS], 10 * PATIENCE)
    assert ran.returncode == 0, ran.stderr
    return found


def test_all_that_the_clients_said_is_read(folder: Path) -> None:
    reader = CaptureReader()
    for _ in reader.feed((folder / "capture.pcap").read_bytes()):
        pass
    told = reader.summary
    assert told.krpc > 100 and told.malformed == told.cut == told.fragments == 0
    # A socket of the link layer has each packet of the loopback twice, tcpdump only on some systems.
    assert told.duplicates == 0 or told.duplicates >= told.krpc * 0.9
    assert told.nodes > 10 and told.unanswered < told.queries / 2


@pytest.mark.parametrize("client", CLIENTS)
def test_the_lookup_of_each_client_is_inferred(folder: Path, client: str) -> None:
    reader = CaptureReader()
    for _ in reader.feed((folder / "capture.pcap").read_bytes()):
        pass
    reader.end()
    addr = endpoint((folder / client).read_text())
    mine = [walk for walk in reader.over if walk.source == addr and walk.target == INFOHASH]
    assert mine and all(walk.method == "get_peers" for walk in mine)
    assert any(walk.is_lookup and walk.answers and walk.found is not None for walk in mine)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_sees_the_same_messages(folder: Path) -> None:
    assert compared_with_tshark(folder / "capture.pcap")
