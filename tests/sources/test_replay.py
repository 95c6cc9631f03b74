"""A replay shows what was there; damage ends it where it is, in words, and nothing else ever happens."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.recorded import HOSTILE, Scripted, Session, record_session, told

from dhtui import __version__
from dhtui.engine.views.events import PacketReceived, PacketSent, QueryFinished, QueryResult
from dhtui.engine.views.snapshot import Holdings, StoredItemView, SwarmView
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.krpc import parse
from dhtui.sources.lines import LINE, LONGEST_EVENT, LONGEST_STATE, HoldingsAt
from dhtui.sources.recording import Recorder
from dhtui.sources.replay import ALWAYS, MAX_RATIO, STATE_BYTES_KEPT, Replay, ReplayError
from dhtui.sources.replayed import ReplaySource
from dhtui.sources.source import Source

ADDR = ("203.0.113.7", 6881)
PING = encode({b"a": {b"id": b"x" * 20}, b"q": b"ping", b"t": b"aa", b"y": b"q"})


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Session]:
    path = tmp_path_factory.mktemp("replay") / "session.jsonl.gz"
    return path, asyncio.run(record_session(path))


@pytest.fixture(scope="module")
def text(recorded: tuple[Path, Session]) -> bytes:
    return gzip.decompress(recorded[0].read_bytes())


@pytest.fixture
def scripted(tmp_path: Path) -> Path:
    """Twenty seconds of 100 packets each, numbered by their transaction ids."""
    source, path = Scripted(), tmp_path / "r.jsonl"
    recorder = Recorder(path, source, lambda why: None)
    for number in range(2000):
        source.now = 1000.0 + (number + 1) / 100
        source.tell(PacketSent(source.now, ADDR, PING, "query", "ping", b"%d" % number))
        source.tell(QueryFinished(source.now, ADDR, b"%d" % number, "ping", "user", QueryResult.ANSWERED, 0.1))
        source.shown = source.shown._replace(at=source.now)
        recorder.tick(source.now)
    recorder.close()
    return path


def at_end(replay: Replay) -> ReplaySource:
    source = ReplaySource(replay)
    source.seek(source.duration)
    return source


def ids(source: ReplaySource) -> list[tuple[int, bytes]]:
    return [(packet.number, packet.tid) for packet in source.packets]


def test_a_session_comes_back_as_it_was(recorded: tuple[Path, Session]) -> None:
    path, session = recorded
    replay = Replay.load(path)
    assert replay.damage == ""
    source = at_end(replay)
    assert source.snapshot() == session.snapshot
    assert [told(packet) for packet in source.packets] == session.packets
    assert HOSTILE in [packet.data for packet in source.packets]
    assert session.lookups and session.contacts and session.holdings.items
    for number, lookup in session.lookups.items():
        assert lookup and not lookup.view.running and source.lookup(number) == lookup
    for addr, contact in session.contacts.items():
        found = source.contact(addr)
        assert contact and found and found.contact.id == contact.contact.id and found.rtts == contact.rtts
    items = [item._replace(expires=0.0) for item in source.holdings().items]
    assert items == [item._replace(expires=0.0) for item in session.holdings.items]
    assert source.lookup(10**6) is None and source.contact(("192.0.2.1", 1)) is None


def test_any_position_shows_what_was_known_then(recorded: tuple[Path, Session]) -> None:
    path, session = recorded
    source: Source = (player := ReplaySource(Replay.load(path)))
    first = source.snapshot()
    assert first.bootstrap.state == "idle" and not len(source.packets) and source.holdings().items == ()
    shown: dict[float, int] = {}
    for step in (0.2, 0.9, 0.4, 0.0, 1.0, 0.5):
        player.seek(player.duration * step)
        assert source.clock() == pytest.approx(first.at + player.position)
        assert source.snapshot().at <= source.clock() or source.snapshot() == first
        packets = [told(p) for p in source.packets]
        shown[step] = len(packets)
        # A datagram has the time at which it came; where the node was busy it heard of it later, and shows it then.
        assert packets == session.packets[: len(packets)] and all(p[1] <= source.clock() for p in packets)
    assert [shown[step] for step in sorted(shown)] == sorted(shown.values()) and shown[1.0] == len(session.packets)
    assert source.snapshot() is source.snapshot()


def test_a_recording_can_be_played_and_nothing_else(scripted: Path) -> None:
    source: Source = (player := ReplaySource(Replay.load(scripted)))
    assert source.player is player and source.commands is None and source.keyring is None


def test_wall_times_are_those_of_the_recording(scripted: Path) -> None:
    source = ReplaySource(Replay.load(scripted))
    assert source.wall(1000.0) == 1_700_001_000.0 and source.wall(1010.5) == 1_700_001_010.5
    assert source.wall(-1e300) == 0.0 and source.wall(1e300) == 2.0**32


def test_it_plays_pauses_and_keeps_to_its_speed(scripted: Path) -> None:
    source = ReplaySource(Replay.load(scripted))
    assert source.duration == pytest.approx(20.0) and not source.playing
    source.tick(50.0)
    source.tick(60.0)
    assert source.position == 0.0
    source.play()
    source.tick(70.0)  # the time before play does not count
    source.tick(71.5)
    assert source.position == 1.5 and source.snapshot().at == pytest.approx(1001.0, abs=0.02)
    source.speed = 4
    source.tick(72.0)
    assert source.position == 3.5
    source.tick(71.0)  # a clock that steps back
    assert source.position == 3.5
    source.pause()
    source.tick(80.0)
    assert source.position == 3.5 and len(source.packets) == 350
    source.play()
    source.tick(90.0)
    source.tick(100.0)
    assert source.position == source.duration and not source.playing and len(source.packets) == 2000
    source.play()
    assert source.position == 0.0 and source.playing and len(source.packets) == 0


def test_the_speed_is_from_a_quarter_to_sixteen(scripted: Path) -> None:
    source = ReplaySource(Replay.load(scripted))
    speeds = []
    for speed in (0.0, 0.25, 3.0, 16.0, 1000.0):
        source.speed = speed
        speeds.append(source.speed)
    assert speeds == [0.25, 0.25, 3.0, 16.0, 16.0]


def test_a_seek_goes_no_farther_than_the_ends(scripted: Path) -> None:
    source = ReplaySource(Replay.load(scripted))
    source.seek(1e9)
    assert source.position == source.duration
    source.seek(-5.0)
    assert source.position == 0.0


def test_the_ring_holds_the_last_packets_up_to_the_position_under_their_numbers(scripted: Path) -> None:
    source = ReplaySource(Replay.load(scripted), capacity=50)
    for position in (10.0, 10.2, 3.0, 0.3, 15.0, 14.9, 20.0):
        source.seek(position + 0.001)
        newest = round(position * 100)
        assert ids(source) == [(n + 1, b"%d" % n) for n in range(max(0, newest - 50), newest)]
        assert source.packets.newest == newest
        last = source.packets.get(newest)
        assert last and source.packets.ending(last)


def test_a_query_told_twice_is_one_packet_and_a_doubled_datagram_is_two(tmp_path: Path) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    recorder = Recorder(path, source, lambda why: None)
    first, second = parse(PING), parse(PING)
    for message, problem in ((first, ""), (first, "refused"), (second, ""), (None, "rate limit")):
        event = PacketReceived(1000.0, ADDR, PING, message, problem)
        source.tell(event)
        source.packets.hear(event)
    recorder.close()
    player = at_end(Replay.load(path))
    assert [told(p) for p in player.packets] == [told(p) for p in source.packets]
    assert [p.problem for p in player.packets] == ["refused", "", "rate limit"]


def test_a_message_that_can_not_be_read_again_is_left_out(tmp_path: Path) -> None:
    source, path = Scripted(), tmp_path / "r.jsonl"
    recorder = Recorder(path, source, lambda why: None)
    source.tell(PacketReceived(1000.0, ADDR, b"d0:0:-5:", parse(PING), ""))
    recorder.close()
    assert [packet.message for packet in at_end(Replay.load(path)).packets] == [None]


def test_holdings_are_those_of_the_position(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    Recorder(path, Scripted(), lambda why: None).close()
    head, first, *_, end = path.read_bytes().splitlines(keepends=True)
    swarms = [SwarmView(bytes([n]) * 20, (), 0, 0.0, 0.0) for n in range(3)]
    lines = [LINE.dumps(HoldingsAt(1000.0 + n, Holdings((swarm,), (), ()))) + b"\n" for n, swarm in enumerate(swarms)]
    replay = Replay(b"".join((head, first, *lines, end)))
    assert [replay.holdings(at).swarms for at in (999.0, 1000.5, 1001.0, 1009.0)] == [(), *((s,) for s in swarms)]


# ---- damage ---------------------------------------------------------------------------------------------


def check(text: bytes, whole: int) -> str:
    """Load what may be damaged; it must be usable up to there. What it says of the damage."""
    try:
        replay = Replay(text)
    except ReplayError as error:
        assert str(error).isprintable()
        return str(error)
    source = at_end(replay)
    source.snapshot()
    source.holdings()
    assert len(list(source.packets)) <= whole
    assert replay.damage.isprintable()
    return replay.damage


def test_a_recording_cut_off_anywhere_plays_up_to_there_and_says_so(
    text: bytes, recorded: tuple[Path, Session]
) -> None:
    whole = len(recorded[1].packets)
    assert check(text, whole) == ""
    cuts = [*range(0, len(text), 1000), len(text) - 1]
    assert all("cut off" in said or "no recording" in said for said in (check(text[:cut], whole) for cut in cuts))
    boundary = text.index(b"\n", len(text) // 2) + 1
    assert "is cut off" in check(text[:boundary], whole)


def test_a_compressed_recording_cut_off_anywhere_plays_up_to_there(
    recorded: tuple[Path, Session], tmp_path: Path
) -> None:
    data, path = recorded[0].read_bytes(), tmp_path / "cut.gz"
    played = []
    for cut in range(0, len(data), 1000):
        path.write_bytes(data[:cut])
        try:
            replay = Replay.load(path)
        except ReplayError as error:
            assert "can't be played" in str(error)
            continue
        assert "is cut off" in replay.damage and "The compressed data is cut off." in replay.damage
        played.append(replay.duration)
    assert played == sorted(played) and played[-1] > 0


def test_damaged_compression_plays_up_to_the_damage(recorded: tuple[Path, Session], tmp_path: Path) -> None:
    data, path = bytearray(recorded[0].read_bytes()), tmp_path / "damaged.gz"
    middle = len(data) // 2
    data[middle : middle + 64] = b"\xff" * 64
    path.write_bytes(data)
    replay = Replay.load(path)
    assert replay.damage and 0 < replay.duration < Replay.load(recorded[0]).duration
    assert len(at_end(replay).packets)


def test_a_wrong_line_ends_it_and_is_named(scripted: Path) -> None:
    lines = scripted.read_bytes().splitlines(keepends=True)
    for wrong, why in (
        (b"\n", "not JSON"),
        (b"\xff\xfe\x1b[2J\n", "not JSON"),
        (b'["os.system",{}]\n', "not something that has a name here"),
        (b'["PacketSent",{"at":1e999}]\n', "PacketSent.at: not a number"),
        (b'["BootstrapProgress",{"at":1e200,"text":""}]\n', "not of the time of this recording"),
        (b'["BootstrapProgress",{"at":1,"text":1}]\n', "BootstrapProgress.text: not text"),
        (b"[" * 200_000 + b"\n", "not JSON"),
    ):
        replay = Replay(b"".join([*lines[:500], wrong, *lines[500:]]))
        assert replay.damage == (
            f"Line 501, {replay.duration:.1f} s after the start, is damaged ({why}): what followed is left out."
        )
        assert 1 < replay.duration < 3 and len(at_end(replay).packets) > 200


def test_a_recording_that_the_recorder_ended_says_why(tmp_path: Path) -> None:
    path, source = tmp_path / "r.jsonl", Scripted()
    Recorder(path, source, lambda why: None, max_size=20_000)
    for _ in range(100):
        source.tell(PacketSent(1000.0, ADDR, bytes(1000), "query", "ping", b"t"))
    assert Replay.load(path).damage == "The recording was ended early: it has reached its greatest size."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no recording of dhtui"),
        (b"\x1b[2J not one\n" * 3, "no recording of dhtui"),
        (b"{}\n", "no recording of dhtui"),
        (b"x" * 100_000, "no recording of dhtui"),
        (b'{"dhtui-recording":3}\n', "a format of another version: another dhtui wrote it in format 3, "),
        (
            b'{"dhtui-recording":1,"version":"0.1.0","started":0,"clock":0,"id":"00"}\n',
            f"a format of another version: dhtui 0.1.0 wrote it in format 1, dhtui {__version__} plays format 2$",
        ),
        (b'{"dhtui-recording":"\\u001b","version":[]}\n', "a format that is not known"),
        (b'{"dhtui-recording":2,"version":"","started":0,"clock":0,"id":"00"}\n', "Header.id: not 20 bytes"),
        (b'{"dhtui-recording":2,"version":"","started":1e99,"clock":0,"id":"%s"}\n' % (b"00" * 20), "out of range"),
        (b'{"dhtui-recording":2,"version":"","started":0,"clock":0,"id":"%s"}\n' % (b"00" * 20), "cut off"),
        (b"\x1f\x8b", "no recording of dhtui"),
        (b"\x1f\x8b" + b"\xff" * 100, "no recording of dhtui"),
    ],
)
def test_what_can_not_be_played_is_refused_in_a_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "no\x1b[2J.jsonl"
    path.write_bytes(content)
    with pytest.raises(ReplayError, match=why) as raised:
        Replay.load(path)
    assert "can't be played: " in str(raised.value) and str(raised.value).isprintable()


def test_files_that_can_not_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="can't be read: No such file"):
        Replay.load(tmp_path / "missing.jsonl")
    with pytest.raises(ReplayError, match="can't be read: "):
        Replay.load(tmp_path)


def test_what_is_beyond_the_limit_is_left_out_and_said_compressed_or_not(scripted: Path, tmp_path: Path) -> None:
    packed = tmp_path / "r.gz"
    packed.write_bytes(gzip.compress(scripted.read_bytes()))
    for path in (scripted, packed):
        replay = Replay.load(path, max_size=100_000)
        assert replay.damage.startswith("The recording holds more than 100 kB: what came from ")
        assert 90_000 < replay.text.length < 100_000 and 0 < replay.duration < 20.0


# ---- what loading costs -----------------------------------------------------------------------------------


def bomb(scripted: Path, times: int) -> bytes:
    """A recording that compresses as no honest one does: one line, over and over."""
    head, *lines = scripted.read_bytes().splitlines(keepends=True)
    event = next(line for line in lines if b"PacketSent" in line)
    return gzip.compress(b"".join([head, *lines[:5], event * times]), 9)


def test_a_small_file_that_unpacks_to_a_huge_one_costs_what_its_size_allows(scripted: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(bomb(scripted, 400_000))
    text = len(gzip.decompress(path.read_bytes()))
    assert text > 250 * path.stat().st_size
    replay = Replay.load(path)
    allowed = max(ALWAYS, MAX_RATIO * path.stat().st_size)
    assert replay.text.length <= allowed < text, "bytes that were read are what the work is"
    assert replay.text.packed_length < allowed / 4
    assert "The recording holds more than" in replay.damage and "is left out" in replay.damage
    assert len(at_end(replay).packets) == 5000


def test_an_honest_recording_keeps_far_below_that(recorded: tuple[Path, Session], text: bytes) -> None:
    assert 3 * len(text) < MAX_RATIO * recorded[0].stat().st_size
    replay = Replay.load(recorded[0])
    assert replay.damage == "" and replay.text.length <= len(text)


def test_a_line_that_is_too_long_ends_it_unread(scripted: Path) -> None:
    head, *lines = scripted.read_bytes().splitlines(keepends=True)
    for wrong in (
        b'["BootstrapProgress",{"at":1000,"text":"%s"}]\n' % (b"x" * LONGEST_EVENT),
        b"[" * (LONGEST_STATE + 9),
    ):
        replay = Replay(b"".join([head, *lines[:9], wrong, *lines[9:]]))
        assert "Line 11, " in replay.damage and "(too long): what followed is left out" in replay.damage


def test_a_list_has_no_more_entries_than_a_screen_can_go_through(scripted: Path) -> None:
    head, *lines = scripted.read_bytes().splitlines(keepends=True)
    kind, snapshot = json.loads(next(line for line in lines if b"Snapshot" in line))
    for name, value in (("growth", [[0.0, 1]] * 5000), ("drops", {str(n): 1 for n in range(5000)})):
        line = json.dumps([kind, snapshot | {name: value}]).encode() + b"\n"
        replay = Replay(b"".join([head, *lines[:9], line]))
        assert f"Snapshot.{name}: not a" in replay.damage and "at most" in replay.damage


def test_of_large_states_few_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    Recorder(path, Scripted(), lambda why: None).close()
    head, first, *_, end = path.read_bytes().splitlines(keepends=True)
    item = StoredItemView(bytes(20), bytes(1000), None, b"", None, 0.0)
    lines = [LINE.dumps(HoldingsAt(1000.0 + n, Holdings((), (item,) * 3500, ()))) + b"\n" for n in range(4)]
    assert len(lines[0]) > STATE_BYTES_KEPT / 3
    replay = Replay(b"".join((head, first, *lines, end)))
    for number in range(4):
        assert len(replay.holdings(1000.0 + number).items) == 3500
        assert sum(size for size, _ in replay._states.values()) <= STATE_BYTES_KEPT
    assert replay.holdings(1003.0) is replay.holdings(1003.0)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0), st.binary(max_size=8)), min_size=1, max_size=4))
def test_no_corruption_does_more_than_damage(sample: bytes, changes: list[tuple[int, bytes]]) -> None:
    damaged = bytearray(sample)
    for where, what in changes:
        start = where % len(damaged)
        damaged[start : start + len(what)] = what
    check(bytes(damaged), 1000)


@pytest.fixture(scope="module")
def sample(text: bytes) -> bytes:
    """A short one that has every kind of line: the first of each, some packets, and the end."""
    head, *lines = text.splitlines(keepends=True)
    firsts = {line[: line.index(b",")]: line for line in reversed(lines)}
    return b"".join((head, *(line for line in lines if line in firsts.values()), lines[-1]))
