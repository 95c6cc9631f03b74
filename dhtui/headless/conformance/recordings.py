"""The packets of one case as a recording, for the packet inspector."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Literal

from ... import __version__
from ...conform.messages import read
from ...conform.session import Result
from ...conform.wire import Packet
from ...engine.core import Core
from ...engine.settings import Settings
from ...engine.views.events import PacketSent
from ...engine.wire.krpc import MalformedDatagram, RefusedQuery, parse
from ...sources.codec import CodecError
from ...sources.recording import COMPRESSION, GZIP, LINE, End, Header, Heard, Line, first_line

KINDS: dict[object, Literal["query", "response", "error"]] = {b"r": "response", b"e": "error"}


def record(path: Path, result: Result) -> None:
    """Write a new file. Raises `OSError`."""
    pack = zlib.compressobj(COMPRESSION, wbits=GZIP)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for line in _lines(result):
            file.write(pack.compress(line + b"\n"))
        file.write(pack.flush())


def _lines(result: Result) -> Iterator[bytes]:

    packets = result.packets
    start, end = packets[0].at, packets[-1].at
    bound = packets[0].ours
    core = Core(Settings(id=bytes(20)), bound, Random(0), start)
    header = Header(__version__, time.time() - (end - start), start, core.id, result.decisive + 1)
    yield first_line(header)
    lines: list[Line] = [core.snapshot(start), *map(_event, packets), core.snapshot(end), End(end, "")]
    for line in lines:
        try:
            yield LINE.dumps(line)
        except CodecError:
            continue


def _event(packet: Packet) -> Line:
    if packet.sent:
        message = read(packet.data)
        q, tid = message.get(b"q"), message.get(b"t")
        return PacketSent(
            packet.at,
            packet.theirs,
            packet.data,
            KINDS.get(message.get(b"y"), "query"),
            q.decode("latin-1")[:64] if type(q) is bytes else "",
            tid if type(tid) is bytes else b"",
        )
    try:
        parse(packet.data)
    except MalformedDatagram as error:
        return Heard(packet.at, packet.theirs, packet.data, "no", str(error.note))
    except RefusedQuery as refusal:
        return Heard(packet.at, packet.theirs, packet.data, "no", refusal.reason)
    return Heard(packet.at, packet.theirs, packet.data, "yes", "")
