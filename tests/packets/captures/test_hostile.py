"""Hostile captures: bytes changed at random, and lies of all kinds. Nothing but `NotACapture` is ever raised."""

from __future__ import annotations

import gzip
from contextlib import suppress
from itertools import chain
from random import Random

import pytest
from support.captures import (
    ETHERNET,
    ME,
    RAW,
    block,
    enhanced,
    interface,
    ipv4,
    ipv6,
    lookup,
    node_at,
    pcap,
    query,
    section,
    simple,
    traffic,
    udp,
)

from dhtui.headless.captures import json_lines, text
from dhtui.packets.captures.files.damage import NotACapture
from dhtui.packets.captures.message import read
from dhtui.packets.captures.reader import CaptureReader
from dhtui.packets.captures.walks.detail import detail

ROUNDS = 250
BODY = udp(ME, node_at(1), query(b"aa"))
SIX = ("2001:db8::1", 1), ("2001:db8::2", 2)
FRAMES = [
    *lookup(),
    (1_700_000_002.0, ipv4(ME, node_at(1), BODY[:64], place=0x2000)),
    (1_700_000_002.0, ipv4(ME, node_at(1), BODY[64:], place=8)),
    (1_700_000_003.0, ipv6(*SIX, bytes((60, 0)) + bytes(6) + bytes((17, 0)) + bytes(6) + udp(*SIX, query(b"ab")), 0)),
]
SEEDS = [
    pcap(FRAMES),
    pcap([(at, bytes(12) + b"\x81\x00\x00\x01\x08\x00" + data) for at, data in FRAMES], ETHERNET, order=">", nano=True),
    section() + interface(resolution=9) + block(4, bytes(20)) + b"".join(enhanced(*each) for each in FRAMES),
    section(">") + interface(RAW, ">", snap=60) + b"".join(simple(data, ">") for _, data in FRAMES),
    gzip.compress(pcap(FRAMES), mtime=0),
]


def exercise(data: bytes, piece: int = 1 << 16) -> None:
    """Reads a file, and makes all of it that can be shown."""
    reader, found = CaptureReader(), []
    with suppress(NotACapture):
        for start in range(0, len(data), piece):
            for heard in reader.feed(data[start : start + piece]):
                found += heard
        reader.end()
    by_number = {each.number: each for each in found}
    for each in found:
        assert json_lines.packet(each).isascii() and text.packet(each).isprintable()
    for walk in reader.over:
        assert json_lines.walk(walk).isascii() and text.walk(walk).isprintable()
        view = detail(
            walk, lambda number: read(by_number[number].data, by_number[number].source), walk.last, over=True
        ).view
        assert view.asked == len(walk.steps) and view.answered <= view.asked
    summary = reader.summary
    assert all(line.isprintable() for line in chain(text.summary(summary), text.warnings(summary, True)))


@pytest.mark.parametrize("place", range(len(SEEDS)))
def test_changed_bytes(place: int) -> None:
    draw = Random(place)
    for _ in range(ROUNDS):
        data = bytearray(SEEDS[place])
        for _ in range(draw.choice((1, 1, 2, 8, 40))):
            at = draw.randrange(len(data))
            match draw.randrange(4):
                case 0:
                    data[at] = draw.randrange(256)
                case 1:
                    data[at : at + 4] = draw.choice((b"\xff\xff\xff\xff", bytes(4), b"\x00\x00\x00\x01", b"\x80\0\0\0"))
                case 2:
                    del data[at : at + draw.randrange(1, 40)]
                case _:
                    data[at:at] = draw.randbytes(draw.randrange(1, 20))
            if not data:
                data += b"\0"
        exercise(bytes(data), draw.choice((64, 1 << 16)))


@pytest.mark.parametrize("place", range(len(SEEDS)))
def test_files_that_are_cut_off_anywhere(place: int) -> None:
    for end in range(0, len(SEEDS[place]), 29):
        exercise(SEEDS[place][:end])


def test_noise_behind_each_head() -> None:
    draw = Random(7)
    for seed in SEEDS:
        for _ in range(60):
            exercise(seed[: draw.choice((4, 24, 60, 100))] + draw.randbytes(2000))


def test_hostile_names_reach_nothing_unescaped() -> None:
    draw, found = Random(3), []
    for place, (at, data) in enumerate(traffic(60)):
        name = b"\x1b[2J\x1b]0;x\x07\xe2\x80\xae\x7f\r\n"
        hostile = b"d1:ad2:id20:%b6:target20:%be1:q%d:%b1:t4:\x1b[2J1:y1:qe" % (b"i" * 20, b"t" * 20, len(name), name)
        found.append((at, data))
        if place % 3 == 0:
            found.append((at, ipv4(node_at(draw.randrange(1, 5)), ME, udp(node_at(place + 1), ME, hostile))))
    exercise(pcap(found))


def test_endless_empty_packets_take_no_memory() -> None:
    reader, head = CaptureReader(), pcap([])
    list(reader.feed(head))
    for _ in range(100):
        for heard in reader.feed(bytes(16 * 1000)):
            assert heard == []
    assert reader.summary.packets == 100_000 and reader.summary.datagrams == 0
