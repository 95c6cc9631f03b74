"""What is read of captures, compared with what other programs read: dpkt, and tshark where it is installed."""

from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
from pathlib import Path

import dpkt  # type: ignore[import-untyped]
import pytest
from support.apart import PATIENCE
from support.captures import ME, RAW, enhanced, interface, lookup, pcap, section, traffic

from dhtui.packets.captures.datagrams import Datagrams
from dhtui.packets.captures.files import FrameReader
from dhtui.packets.captures.message import Captured
from dhtui.packets.captures.reader import CaptureReader
from dhtui.packets.export import write_pcapng
from dhtui.packets.packet import Packet


def messages(data: bytes) -> list[Captured]:
    return [each for heard in CaptureReader().feed(data) for each in heard]


@pytest.mark.parametrize("form", ["pcap", "nano", "big", "pcapng"])
def test_dpkt_reads_the_same(form: str) -> None:
    packets = traffic(300)
    if form == "pcapng":
        data = section() + interface() + b"".join(enhanced(*each) for each in packets)
        read = dpkt.pcapng.Reader(io.BytesIO(data))
    else:
        data = pcap(packets, order=">" if form == "big" else "<", nano=form == "nano")
        read = dpkt.pcap.Reader(io.BytesIO(data))
    datagrams, ours = Datagrams(), []
    for frames in FrameReader().feed(data):
        ours += [datagrams.of(frame) for frame in frames]
    theirs = []
    for at, frame in read:
        ip = dpkt.ip.IP(frame)
        addrs = [(socket.inet_ntoa(host), port) for host, port in ((ip.src, ip.data.sport), (ip.dst, ip.data.dport))]
        theirs.append((pytest.approx(float(at), abs=1e-5), *addrs, bytes(ip.data.data), 0))
    assert len(ours) == len(packets) and ours == theirs


def as_listed(heard: Captured) -> Packet:
    """The message as the packet list has it, from the view of `ME`."""
    out = heard.source == ME
    there = heard.dest if out else heard.source
    return Packet(
        heard.number, heard.at, "out" if out else "in", there, heard.data, heard.kind, heard.method, heard.tid, ""
    )


def test_our_own_export_is_read() -> None:
    found = messages(pcap(lookup()))
    packets = [as_listed(each) for each in found]
    file = io.BytesIO()
    write_pcapng(file, packets, (ME,), 0.0)
    again = messages(file.getvalue())
    assert [(each.source, each.dest, each.data) for each in again] == [
        (each.source, each.dest, each.data) for each in found
    ]
    assert [each.at for each in again] == pytest.approx([each.at for each in found], abs=2e-6)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_the_same(tmp_path: Path) -> None:
    file = tmp_path / "capture.pcap"
    file.write_bytes(pcap(lookup(), RAW))
    found = compared_with_tshark(file)
    assert found == 11


def compared_with_tshark(file: Path, port: int = 6881) -> int:
    """Holds the messages of a capture to tshark's dissector, one by one; how many there are."""
    fields = ("frame.time_epoch", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "udp.payload")
    command = ["tshark", "-r", str(file), "-T", "json", "-Y", "udp", "-d", f"udp.port=={port},bt-dht"]
    command += [part for field in fields for part in ("-e", field)]
    lines = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE).stdout)
    theirs: list[object] = []
    for line in lines:
        at, *told, payload = (line["_source"]["layers"][field][0] for field in fields)
        data = bytes.fromhex(payload.replace(":", ""))
        if data[:1] == b"d" and data[-1:] == b"e":
            theirs.append((pytest.approx(float(at), abs=1e-5), (told[0], int(told[1])), (told[2], int(told[3])), data))
    ours: list[object] = [(each.at, each.source, each.dest, each.data) for each in messages(file.read_bytes())]
    assert ours == theirs
    return len(ours)
