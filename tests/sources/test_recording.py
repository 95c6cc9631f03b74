"""A recording holds what happened, nothing secret, and never gets in the way of the node."""

from __future__ import annotations

import asyncio
import errno
import gzip
import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Any, get_args

import pytest
from support.recorded import ESCAPES, HOSTILE, KEY, TOKEN_SECRET, Scripted, Session, record_session

import dhtui.sources.recording
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig
from dhtui.engine.views.events import Event, LookupFinished, LookupStarted, PacketReceived, PacketSent
from dhtui.engine.views.snapshot import LookupDetail, LookupView
from dhtui.engine.wire.krpc import Ping, Query
from dhtui.sources.lines import LINE, End, Heard, Line, LookupAt
from dhtui.sources.recording import Recorder, RecordingError
from dhtui.sources.source import LiveSource

ADDR = ("203.0.113.7", 6881)
TARGET = b"t" * 20


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Session]:
    path = tmp_path_factory.mktemp("recording") / "session.jsonl"
    return path, asyncio.run(record_session(path))


def never(why: str) -> None:
    raise AssertionError(why)


def lines(path: Path) -> list[Any]:
    """What follows the header."""
    return [json.loads(line) for line in path.read_bytes().splitlines()][1:]


def subjects(path: Path) -> list[str]:
    return [line[0] for line in lines(path)]


def detail(number: int, running: bool) -> LookupDetail:
    view = LookupView(number, "get", TARGET, "user", 1000.0, 0.5, running, 0, 0, 0, 0, None, 0, None, None)
    return LookupDetail(view, 8, 8, (), ())


def test_no_private_key_and_no_token_secret_gets_into_a_recording(recorded: tuple[Path, Session]) -> None:
    path, session = recorded
    text = path.read_bytes()
    assert all(session.stored) and KEY.public.hex().encode() in text and BEP44_TEST_KEY.public.hex().encode() in text
    expanded = hashlib.sha512(KEY.secret).digest()
    clamped = bytes([expanded[0] & 248, *expanded[1:31], expanded[31] & 63 | 64])
    secrets = (KEY.secret, expanded[:32], expanded[32:], clamped, TOKEN_SECRET)
    for secret in (*secrets, BEP44_TEST_KEY.secret[:32], BEP44_TEST_KEY.secret[32:]):
        assert secret.hex().encode() not in text.lower() and secret not in text


def test_hostile_bytes_are_in_it_as_hex_only(recorded: tuple[Path, Session]) -> None:
    text = recorded[0].read_bytes()
    assert HOSTILE.hex().encode() in text and ESCAPES.hex().encode() in text
    assert text.replace(b"\n", b"").isascii() and text.replace(b"\n", b"").decode().isprintable()


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_whom_we_talked_to_is_private(recorded: tuple[Path, Session]) -> None:
    assert recorded[0].stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "precious.jsonl"
    path.write_text("precious")
    with pytest.raises(RecordingError, match=r"precious\.jsonl exists, and a recording overwrites nothing"):
        Recorder(path, Scripted(), never)
    assert path.read_text() == "precious"
    with pytest.raises(RecordingError, match=r"can't be written: No such file or directory"):
        Recorder(tmp_path / "missing" / "x.jsonl", Scripted(), never)


def test_every_event_can_be_recorded() -> None:
    assert set(get_args(Event)) - set(get_args(Line)) == {PacketReceived}


def test_a_recording_begins_with_what_it_is_and_ends_with_an_end(tmp_path: Path) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    recorder = Recorder(path, source, never)
    assert recorder.recording
    recorder.close()
    recorder.close()
    recorder.tick(2000.0)
    header = json.loads(path.read_bytes().partition(b"\n")[0])
    assert header.pop("version") == dhtui.__version__
    assert header == {"dhtui-recording": 2, "started": 1_700_001_000.0, "clock": 1000.0, "id": (b"i" * 20).hex()}
    assert subjects(path) == ["Snapshot", "HoldingsAt", "Snapshot", "HoldingsAt", "End"]
    assert lines(path)[-1] == ["End", {"at": 1000.0, "why": ""}]
    assert not source.listeners and not recorder.recording


def test_states_are_written_every_second_and_details_every_ten(tmp_path: Path) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    recorder = Recorder(path, source, never)
    for tenth in range(1, 201):
        source.now = 1000.0 + tenth / 10
        recorder.tick(source.now)
    assert subjects(path).count("Snapshot") == 21 and subjects(path).count("HoldingsAt") == 3
    recorder.close()


def test_what_was_written_can_be_read_while_the_recording_goes_on(tmp_path: Path) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl.gz"
    recorder = Recorder(path, source, never)
    source.tell(PacketSent(1000.5, ADDR, ESCAPES, "query", "ping", b"t"))
    recorder.tick(1001.0)
    assert b'["PacketSent",' in zlib.decompressobj(wbits=31).decompress(path.read_bytes())
    recorder.close()
    assert LINE.loads(gzip.decompress(path.read_bytes()).splitlines()[-1]) == End(source.now, "")


def test_a_message_is_left_out_and_whether_there_was_one_is_kept(tmp_path: Path) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    recorder = Recorder(path, source, never)
    query = Query(b"t", "ping", Ping(TARGET), False, None, True)
    for message, problem in ((query, ""), (query, "refused"), (None, "rate limit"), (query, "")):
        source.tell(PacketReceived(1000.0, ADDR, b"data", message, problem))
    recorder.close()
    heard = [LINE.loads(line) for line in path.read_bytes().splitlines()[1:] if line.startswith(b'["Heard"')]
    assert heard == [
        Heard(1000.0, ADDR, b"data", "yes", ""),
        Heard(1000.0, ADDR, b"data", "again", "refused"),
        Heard(1000.0, ADDR, b"data", "no", "rate limit"),
        Heard(1000.0, ADDR, b"data", "yes", ""),
    ]


def test_lookups_are_written_while_they_run_and_once_at_their_end(tmp_path: Path) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    recorder = Recorder(path, source, never)

    def become(running: bool) -> None:
        source.details[7] = detail(7, running)
        source.shown = source.shown._replace(lookups=(source.details[7].view,))

    become(True)
    source.tell(LookupStarted(1000.1, 7, "get", TARGET, "user"))
    recorder.tick(1000.2)  # at once
    recorder.tick(1000.3)
    recorder.tick(1001.3)  # the second is over
    become(False)
    source.tell(LookupFinished(1001.4, 7, "get", TARGET, 0, 0, 0, StopReason.NOBODY_TO_ASK))
    recorder.tick(1001.5)  # at once
    for now in (1002.5, 1003.5, 1004.5):
        recorder.tick(now)
    recorder.close()
    found = [LINE.loads(line) for line in path.read_bytes().splitlines()[1:] if line.startswith(b'["LookupAt"')]
    assert [(line.at, line.detail.view.running) for line in found if isinstance(line, LookupAt)] == [
        (1000.2, True),
        (1001.3, True),
        (1001.5, False),
        (1002.5, False),
    ]


def test_a_full_disk_ends_the_recording_with_one_warning_and_no_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    warnings: list[str] = []
    recorder = Recorder(path, source, warnings.append)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dhtui.sources.recording._File, "write", full)
    source.tell(PacketSent(1000.5, ADDR, b"data", "query", "ping", b"t"))
    source.tell(PacketSent(1000.5, ADDR, b"data", "query", "ping", b"t"))
    recorder.tick(1001.0)
    recorder.close()
    assert warnings == [f"The recording {path} ends here: No space left on device. The node runs on."]
    assert not recorder.recording and not source.listeners


@pytest.mark.parametrize("method", ["flush", "close"])
def test_a_disk_that_is_full_only_when_flushed_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    warnings: list[str] = []
    recorder = Recorder(path, source, warnings.append)
    real = getattr(dhtui.sources.recording._File, method)

    def full(self: object, *args: object) -> None:
        real(self, *args)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dhtui.sources.recording._File, method, full)
    recorder.close()
    assert len(warnings) == 1 and "No space left on device" in warnings[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_really_full_device_ends_the_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, warnings, real = Scripted(), list[str](), os.open
    monkeypatch.setattr(os, "open", lambda path, flags, mode: real("/dev/full", os.O_WRONLY))
    for name in ("r.jsonl", "r.jsonl.gz"):
        recorder = Recorder(tmp_path / name, source, warnings.append)
        assert not recorder.recording and not source.listeners
        recorder.close()
    assert len(warnings) == 2


def test_a_recording_never_outgrows_what_can_be_played(tmp_path: Path) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    warnings: list[str] = []
    Recorder(path, source, warnings.append, max_size=20_000)
    for number in range(100):
        source.tell(PacketSent(1000.0 + number, ADDR, bytes(1000), "query", "ping", b"t"))
    assert path.stat().st_size <= 20_000 and not source.listeners
    assert warnings == [f"The recording {path} ends here: it has reached its greatest size. The node runs on."]
    assert lines(path)[-1] == ["End", {"at": 1000.0, "why": "it has reached its greatest size"}]


def test_a_value_that_can_not_be_written_ends_the_recording_only(tmp_path: Path) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    warnings: list[str] = []
    Recorder(path, source, warnings.append)
    source.tell(PacketSent(float("nan"), ADDR, b"", "query", "ping", b"t"))
    assert len(warnings) == 1 and "PacketSent has a number that is not finite" in warnings[0]


async def test_a_live_source_hears_until_it_is_closed() -> None:
    config = NodeConfig(listen=("127.0.0.1", 0))
    async with Node(config) as other, Node(config) as node:
        source = LiveSource(node, wall_clock=lambda: 5000.0)
        assert source.wall(source.clock()) == pytest.approx(5000.0, abs=1.0)
        assert source.snapshot().identity.id == node.id and source.holdings() == node.holdings()
        for expected in (1, 1):
            await node.ping([other.address])
            assert (
                len([packet for packet in source.packets if (packet.direction, packet.kind) == ("out", "query")])
                == expected
            )
            source.close()
