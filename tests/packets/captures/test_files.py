"""Frames out of files: pcap and pcapng in all their forms, whole, in pieces, compressed and damaged."""

from __future__ import annotations

import gzip
import struct
import zlib

import pytest
from support.captures import block, enhanced, interface, pcap, section, simple

from dhtui.packets.captures.files import FrameReader
from dhtui.packets.captures.files import unpacking as packed
from dhtui.packets.captures.files.damage import DamageKind, Frame, NotACapture, Refusal

FRAMES = [(1_700_000_000.25, b"one"), (1_700_000_000.5, b"second"), (1_700_000_001.75, b"")]


def zipped(data: bytes) -> bytes:
    """The same bytes each time: they are in the names of tests."""
    return gzip.compress(data, mtime=0)


def read(data: bytes, piece: int = 1 << 20) -> tuple[list[Frame], FrameReader]:
    """The frames of a file that comes in pieces of that size."""
    reader, found = FrameReader(), list[Frame]()
    for start in range(0, len(data), piece):
        for frames in reader.feed(data[start : start + piece]):
            found += frames
    reader.end()
    return found, reader


def told(frames: list[Frame]) -> list[tuple[float, bytes]]:
    return [(frame.at, frame.data) for frame in frames]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_pcap_is_read_in_both_orders_and_units_however_it_comes(order: str, nano: bool, piece: int) -> None:
    frames, reader = read(pcap(FRAMES, order=order, nano=nano), piece)
    assert told(frames) == FRAMES
    assert {frame.link for frame in frames} == {101}
    assert reader.damage is None and reader.name == "pcap"


def test_packets_that_were_cut_short_keep_their_length() -> None:
    (frame,), _ = read(pcap([(1.0, b"0123456789")], snap=4))
    assert frame.data == b"0123" and frame.length == 10


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_pcapng_is_read_in_both_orders_however_it_comes(order: str, piece: int) -> None:
    names = block(4, b"\0" * 40, order)
    data = section(order) + interface(order=order) + names + b"".join(enhanced(*each, order) for each in FRAMES)
    frames, reader = read(data, piece)
    assert told(frames) == FRAMES
    assert reader.damage is None and reader.name == "pcapng"


@pytest.mark.parametrize(("resolution", "ticks"), [(6, 10**6), (9, 10**9), (3, 10**3), (0x80 | 20, 2**20)])
def test_each_interface_has_its_own_resolution_of_time(resolution: int, ticks: int) -> None:
    data = section() + interface() + interface(1, resolution=resolution)
    data += enhanced(1_700_000_000.5, b"a") + enhanced(1_700_000_000.75, b"b", number=1, ticks=ticks)
    frames, _ = read(data)
    assert [(frame.at, frame.link) for frame in frames] == [(1_700_000_000.5, 101), (1_700_000_000.75, 1)]


def test_several_sections_have_their_own_order_and_interfaces() -> None:
    data = section("<") + interface(1, "<") + enhanced(1.0, b"a", "<")
    data += section(">") + interface(113, ">") + enhanced(2.0, b"b", ">")
    frames, reader = read(data)
    assert [(frame.link, frame.data) for frame in frames] == [(1, b"a"), (113, b"b")] and reader.damage is None
    lost, reader = read(section("<") + interface(1, "<") + section(">") + enhanced(2.0, b"b", ">"))
    assert lost == [] and reader.damage is not None and reader.damage.kind is DamageKind.BLOCK


def test_simple_packets_have_the_snap_length_of_their_interface_and_the_time_before() -> None:
    data = section() + interface(snap=4) + enhanced(5.0, b"abcd") + block(3, struct.pack("<I", 9) + b"abcd")
    frames, _ = read(data + simple(b"xy"))
    assert [(frame.at, frame.data, frame.length) for frame in frames] == [
        (5.0, b"abcd", 4),
        (5.0, b"abcd", 9),
        (5.0, b"xy", 2),
    ]


@pytest.mark.parametrize("piece", [1, 100, 1 << 20])
def test_compressed_files_and_several_in_a_row(piece: int) -> None:
    data = pcap(FRAMES)
    whole = zipped(data[:40]) + zipped(data[40:]) + bytes(64)
    frames, reader = read(whole, piece)
    assert told(frames) == FRAMES and reader.damage is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", Refusal.EMPTY),
        (b"x", Refusal.NO_CAPTURE),
        (b"no capture at all, but long enough", Refusal.NO_CAPTURE),
        (b'{"dhtui-recording": 2, "version": "0.1.0"}', Refusal.RECORDING),
        (zipped(b'{"dhtui-recording": 2, "version": "0.1.0"}'), Refusal.RECORDING),
        (zipped(b"nothing"), Refusal.NO_CAPTURE),
    ],
)
def test_other_files_are_refused(data: bytes, why: Refusal) -> None:
    with pytest.raises(NotACapture) as refused:
        read(data)
    assert refused.value.why is why


WHOLE = pcap(FRAMES)
NG = section() + interface() + enhanced(1.0, b"a")


@pytest.mark.parametrize(
    ("data", "frames", "kind"),
    [
        (WHOLE[:-3], 2, DamageKind.CUT_OFF),
        (WHOLE[:20], 0, DamageKind.CUT_OFF),
        (NG + section()[:20], 1, DamageKind.CUT_OFF),
        (NG + struct.pack("<II", 4, 1 << 20), 1, DamageKind.CUT_OFF),
        (WHOLE + struct.pack("<IIII", 1, 1, 1 << 30, 10), 3, DamageKind.LENGTH),
        (NG + struct.pack("<II", 6, 1 << 30) + bytes(40), 1, DamageKind.LENGTH),
        (NG + struct.pack("<II", 6, 0) + bytes(40), 1, DamageKind.LENGTH),
        (NG + struct.pack("<II", 99, 13) + bytes(40), 1, DamageKind.LENGTH),
        (NG + block(6, struct.pack("<IIIII", 0, 0, 0, 500, 500) + b"a"), 1, DamageKind.LENGTH),
        (NG + block(6, struct.pack("<IIIII", 7, 0, 0, 1, 1) + b"a"), 1, DamageKind.BLOCK),
        (NG + enhanced(1.0, b"b")[:-4] + struct.pack("<I", 8), 1, DamageKind.BLOCK),
        (NG + block(0x0A0D0D0A, b"????" + bytes(16)), 1, DamageKind.BLOCK),
        (NG + block(1, struct.pack("<HHIHH", 1, 0, 0, 9, 500)), 1, DamageKind.LENGTH),
        (zipped(WHOLE)[:-20], 0, DamageKind.COMPRESSION_CUT),
        (zipped(WHOLE)[:-8] + bytes(8), 3, DamageKind.COMPRESSION),
    ],
)
def test_damaged_files_are_read_up_to_the_damage(data: bytes, frames: int, kind: DamageKind) -> None:
    found, reader = read(data)
    assert reader.damage is not None and reader.damage.kind is kind
    assert len(found) >= frames


def test_a_bomb_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 1 << 20)
    pack = zlib.compressobj(9, wbits=31)
    data = pack.compress(pcap([]) + bytes(8 << 20)) + pack.flush()
    reader, count, largest = FrameReader(), 0, 0
    for frames in reader.feed(data):
        count, largest = count + len(frames), max(largest, len(frames))
    assert reader.damage is not None and reader.damage.kind is DamageKind.BOMB
    assert 0 < count < (2 << 20) / 16 and largest <= packed.PIECE / 16


def test_blocks_to_be_passed_over_are_not_kept() -> None:
    reader = FrameReader()
    list(reader.feed(section() + interface() + struct.pack("<II", 10, 512 << 20)))
    for _ in range(50):
        list(reader.feed(bytes(65_536)))
    assert reader.damage is None and len(reader._format._rest) == 0  # type: ignore[union-attr]


def test_absurd_times_are_bounded() -> None:
    data = section() + interface(resolution=0) + block(6, struct.pack("<IIIII", 0, 2**32 - 1, 5, 1, 1) + b"a")
    (frame,), _ = read(data)
    assert frame.at == 2.0**32
