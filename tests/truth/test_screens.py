"""What the screens say is what was on the wire, by an observer of its own; what they leave out is said beside it."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dpkt  # type: ignore[import-untyped]
import pytest
from engine.test_endpoint import linux
from screens import idle
from screens.stage import LARGE, SMALL, Stage

from dhtui.app import Explorer
from dhtui.engine import clock
from dhtui.engine.outcome import Status
from dhtui.engine.views.snapshot import Snapshot
from dhtui.screens import base
from dhtui.screens.listing import table_text
from dhtui.sources.replay import Replay

from .script import UNSENDABLE, Script, cast, play
from .session import SLACK, Session, Shift, cells, figure, pane, session
from .wire import Seen, Wire

SCREENS = ("home", "table", "queries", "lookup", "packets", "items", "peers", "log")
METHODS = ("ping", "find_node", "get_peers", "announce_peer", "get", "put")


@dataclass
class Told:
    """What a session ended with: the notes of the observer, and what the program says."""

    script: Script
    wire: Wire
    texts: dict[tuple[str, tuple[int, int]], str]
    lookups: dict[str, str]
    """The lookup screen on the lookup of each task."""
    files: dict[str, bytes]
    """The exports of the list of packets, by their ends."""
    offset: float
    """Unix time less the clock, as the program takes it."""
    offset_bounds: tuple[float, float]
    snapshot: Snapshot
    recording: Path
    log: list[str]
    """All lines of the log."""
    nodes: list[dict[str, str]]
    """The nodes of the table, as they are listed."""

    def text(self, screen: str) -> str:
        """A screen at its largest."""
        return self.texts[screen, LARGE]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """One session for all that is compared with it."""
    recording = tmp_path_factory.mktemp("truth") / "session.jsonl"
    with pytest.MonkeyPatch.context() as patch, Wire(lambda: clock.now()) as wire:
        patch.setattr(base, "RATE", 0.001)  # a screen takes a snapshot when it is read
        patch.delenv("NO_COLOR", raising=False)
        idle.use(patch)
        yield asyncio.run(_session(patch, wire, recording))


async def _session(patch: pytest.MonkeyPatch, wire: Wire, recording: Path) -> Told:
    start, shift = cast(wire), Shift()
    unsendable = {wire.nodes[name].addr: error for name, error in UNSENDABLE.items()}
    early = time.time(), clock.now()
    async with session(patch, wire, shift, start.addr, recording, unsendable) as running:
        bounds = early[0] - clock.now(), time.time() - early[1]
        script = await play(running)
        running.stage.app.clear_notifications()
        texts = {(screen, size): await running.text(screen, size) for size in (SMALL, LARGE) for screen in SCREENS}
        lookups = {name: await _lookup(running, name, script) for name in script.asked if name in LOOKUPS}
        files = await _exports(running)
        run = running.stage.app.host.run
        assert run is not None
        live = run.source
        return Told(
            script, wire, texts, lookups, files, live.wall(0.0), bounds, running.node.snapshot(), recording,
            await _log(running), await _nodes(running),
        )  # fmt: skip


LOOKUPS = ("find_node", "get_peers", "announce_peer", "get", "put", "signed put", "read back")


async def _lookup(running: Session, name: str, script: Script) -> str:
    """The lookup screen with the lookup of a task."""
    number = script.lookups[name]
    await running.text("lookup")
    table = running.stage.table("lookups")
    table.model.select(number)
    table._changed(follow=True)
    await running.stage.settle()
    return running.stage.text()


async def _nodes(running: Session) -> list[dict[str, str]]:
    await running.text("table")
    found = []
    for _ in range(len(running.stage.table("buckets").model.rows)):
        written = table_text(running.stage.table("nodes")).decode().splitlines()
        titles = written[0].split("\t")
        found += [dict(zip(titles, line.split("\t"), strict=True)) for line in written[1:]]
        await running.stage.press("down")
    return [node for node in found if "▪" not in node["st"]]


async def _log(running: Session) -> list[str]:
    await running.text("log")
    ((_, _, made),) = running.stage.screen.exports()
    written = made()
    assert isinstance(written, bytes)
    return written.decode().splitlines()


async def _exports(running: Session) -> dict[str, bytes]:
    await running.text("packets")
    forms = [form for form in running.stage.screen.exports() if form[1] in ("packets.pcapng", "packets.jsonl")]
    return {name.rpartition(".")[2]: made() for _, name, made in forms}


# ---- messages ---------------------------------------------------------------------------------------------------


def messages(wire: Wire) -> dict[str, list[int]]:
    """Sent, answered, silent, errors; received, answered, refused: by method, as it was on the wire."""
    rows = {name: [0] * 7 for name in (*METHODS, "other")}

    def row(one: Seen) -> list[int]:
        return rows[one.method if one.method in METHODS else "other"]

    for query in wire.asked():
        answer = wire.answer_to(query)
        row(query)[0] += 1
        if answer is not None:
            row(query)[1 if answer.kind == "r" else 3] += 1
        elif not wire.refused_to_hear(query):
            row(query)[2] += 1
    read = [
        one for one in wire.received() if one.kind == "q" and one.query_status not in ("banned by the user", "own id")
    ]
    for query in read:
        row(query)[4] += 1
        for reply in wire.replies_to(query):
            row(query)[5 if reply.kind == "r" else 6] += 1
    return rows


def test_home_counts_the_messages_that_were_on_the_wire(told: Told) -> None:
    expected = messages(told.wire)
    assert cells(pane(told.text("home"), "messages")) == expected
    small = [line.strip() for line in told.texts["home", SMALL].splitlines()]
    assert cells(small).items() == expected.items()


def test_queries_counts_the_messages_that_were_on_the_wire(told: Told) -> None:
    rows = re.findall(r"(other|[a-z]+(?:_[a-z]+)?) +((?:\d+ +){6}\d+)", told.text("queries"))
    found = {name.replace("announce", "announce_peer"): [int(n) for n in figures.split()] for name, figures in rows}
    assert found.pop("samples") == [0] * 7, "the script asks for none"
    assert found == messages(told.wire)


def test_every_kind_of_message_was_in_the_script(told: Told) -> None:
    """Else what is compared above proves nothing."""
    rows = messages(told.wire)
    for method in METHODS:
        assert rows[method][0] and rows[method][1] and rows[method][4] and rows[method][5]
    assert rows["other"][4:] == [2, 1, 1]
    assert sum(row[3] for row in rows.values()) and sum(row[2] for row in rows.values())
    assert set(told.wire.fates()) >= {"malformed", "unexpected answer", "own id", "banned by the user"}


# ---- what was dropped -------------------------------------------------------------------------------------------


def drops(wire: Wire) -> Counter[str]:
    """By cause: what the script sent to be dropped, refusals by their codes, and what met the limit."""
    found = wire.fates()
    for query in (one for one in wire.received() if one.kind == "q" and not one.query_status):
        replies = wire.replies_to(query)
        if not replies:
            found["rate limit"] += 1
        found.update(f"refused {reply.message[b'e'][0]}" for reply in replies if reply.kind == "e")
    return found


def test_home_and_log_count_what_was_dropped(told: Told) -> None:
    expected = drops(told.wire)
    assert figure("\n".join(pane(told.text("home"), "traffic")), r"dropped +(\d+)") == expected.total()
    rows = messages(told.wire)
    expected["silent"] = sum(row[2] for row in rows.values())
    expected["error replies"] = sum(row[3] for row in rows.values())
    expected["not sent"] = told.script.session.faults.met
    told_now = {"banned now": 1, "muted now": 1}
    assert counters(told.text("log")) == dict(expected) | told_now
    left_out = figure(told.text("log"), r"(\d+) more left out")
    assert left_out + len(told.snapshot.errors) == expected.total()


def counters(text: str) -> dict[str, int]:
    """The counters of the log."""
    above = text.partition("╭─ log")[0].splitlines()[2:]
    return {cause: int(count) for line in above for count, cause in re.findall(r"(\d+) ([a-z]+(?: \w+)*)", line)}


# ---- traffic ----------------------------------------------------------------------------------------------------


def test_traffic_is_all_that_was_on_the_wire(told: Told) -> None:
    came, went = told.wire.received(), told.wire.sent()
    traffic = told.snapshot.traffic
    assert (traffic.packets_in, traffic.packets_out) == (len(came), len(went))
    assert traffic.bytes_in == sum(len(one.data) for one in came)
    assert traffic.bytes_out == sum(len(one.data) for one in went)
    total = re.search(r"total +(\S+ \S+) in +(\S+ \S+) out", told.text("home"))
    assert total and rounds_to(traffic.bytes_in, total[1]) and rounds_to(traffic.bytes_out, total[2])


def rounds_to(count: int, words: str) -> bool:
    """Whether so many bytes are those words, rounded."""
    value, unit = words.split()
    scale = {"B": 1, "kB": 1000, "MB": 1_000_000}[unit]
    digit = float(f"1e-{len(value.partition('.')[2])}")
    return abs(count / scale - float(value)) <= digit / 2 + 1e-9


# ---- lookups ----------------------------------------------------------------------------------------------------

METHOD_OF = {"find_node": "find_node", "get_peers": "get_peers", "announce_peer": "get_peers"}
"""What the lookup of a task asks; of the others it is get."""


@dataclass(frozen=True)
class Course:
    """What became of the queries of a lookup."""

    sent: int
    answers: int
    """In time, errors included."""
    late: int
    silent: int
    cancelled: int
    unusable: int
    unasked: int
    """The system would not send them."""


def shown_course(text: str) -> Course:
    """As the first line of the lookup screen tells."""
    line = next(line for line in text.splitlines() if " closest  sent " in line)

    def count(sign: str) -> int:
        found = re.search(rf" {sign}(\d+)", line.partition(" sent ")[2])
        return int(found[1]) if found else 0

    return Course(figure(line, r" sent (\d+)"), count("✓"), count("□"), count("✗"), count("–"), count("≠"), count("·"))


def queries_of(told: Told, name: str) -> list[Seen]:
    """What the node under test asked for the lookup of a task."""
    method = METHOD_OF.get(name, "get")
    return [one for one in told.script.asked[name] if one.method == method]


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_tells_what_became_of_its_queries(told: Told, name: str) -> None:
    """What was answered on the wire was answered in time or late; from whom came what is no answer is told."""
    queries, wire = queries_of(told, name), told.wire
    course = shown_course(told.lookups[name])
    answered = [one for one in queries if wire.answer_to(one) is not None]
    moods = Counter(wire.mood_of(one) for one in queries)
    assert course.sent == len(queries)
    assert course.answers + course.late == len(answered)
    assert course.unusable == sum(moods[mood] for mood in ("elsewhere", "unreadable", "unmatched"))
    assert course.silent + course.cancelled == sum(wire.answer_to(one) is None for one in queries) - course.unusable


def test_the_script_has_late_and_unusable_answers_and_looks_behind_others(told: Told) -> None:
    """Else what is compared above proves nothing."""
    courses = [shown_course(text) for text in told.lookups.values()]
    assert shown_course(told.lookups["find_node"]).late >= 2
    assert sum(course.unusable for course in courses) and sum(course.cancelled for course in courses)
    assert any(told.wire.mood_of(one) == "bad once" and b"seq" in one.message[b"a"] for one in told.wire.asked())


@pytest.mark.parametrize("name", LOOKUPS)
def test_header_list_verdict_and_log_of_a_lookup_tell_the_same(told: Told, name: str) -> None:
    text, course = told.lookups[name], shown_course(told.lookups[name])
    number = told.script.lookups[name]
    sent, answers = course.sent, course.answers
    assert re.search(rf"▶✓ +{number} +\w+ +\S+ +{answers}/{sent} ", text)
    cost = re.search(
        r"Σ (\d+) packets in [\d.]+ m?s: (\d+) queries, (\d+) answers(?: \(\d+ of no use\))?([^.]*)\.", text
    )
    assert cost and [int(cost[part]) for part in (1, 2, 3)] == [sent + answers, sent, answers]
    others = {what: int(count) for count, what in re.findall(r", (\d+) ([a-z ]+)", cost[4])}
    expected = {what: getattr(course, what) for what in ("late", "silent", "cancelled", "unusable")}
    expected["not asked"] = course.unasked
    assert others == {what: count for what, count in expected.items() if count}
    (line,) = (line for line in told.log if f"#{number} " in line and " ended: " in line)
    # As it ended, the system may not have been asked yet to send the last ones.
    found = re.search(r" ended: (\d+) of (\d+) answered; ", line)
    assert found and int(found[1]) == answers and sent <= int(found[2]) <= sent + course.unasked


@pytest.mark.parametrize("name", LOOKUPS)
def test_an_outcome_tells_what_became_of_each_node(told: Told, name: str) -> None:
    """No round trip is shorter than the time that the answer needs on the wire."""
    outcome, queries = told.script.outcomes[name], queries_of(told, name)
    sent = {node.addr for node in outcome.asked if node.status is not Status.SEND_FAILED}
    unsendable = {told.wire.nodes[name].addr for name in UNSENDABLE}
    assert sent - unsendable == {one.peer for one in queries}
    for node in (*outcome.asked, *outcome.writes):
        seen = [(one, told.wire.answer_to(one)) for one in told.script.asked[name] if one.peer == node.addr]
        answers = [(one, answer) for one, answer in seen if answer is not None]
        if node.rtt is not None:
            assert answers
            assert node.rtt >= min(answer.before - one.after for one, answer in answers) - SLACK


# ---- packets ----------------------------------------------------------------------------------------------------


def by_peer(packets: Sequence[tuple[str, str, bytes]]) -> dict[tuple[str, str], list[bytes]]:
    """The datagrams of each direction and address, in order."""
    found: dict[tuple[str, str], list[bytes]] = {}
    for way, peer, data in packets:
        found.setdefault((way, peer), []).append(data)
    return found


def on_the_wire(wire: Wire) -> dict[tuple[str, str], list[bytes]]:
    """The same, by the observer."""
    ways = {"to us": "in", "from us": "out"}
    return by_peer([(ways[one.way], "%s:%d" % one.peer, one.data) for one in wire.seen()])


def in_jsonl(told: Told) -> list[dict[str, Any]]:
    """The export as JSON lines."""
    return [json.loads(line) for line in told.files["jsonl"].splitlines()]


def in_pcapng(told: Told) -> list[tuple[float, str, str, str, bytes]]:
    """The export as pcapng, read by another program: time, direction, our end, the other end, datagram."""
    packets = []
    us = "%s:%d" % told.script.session.us
    for at, raw in dpkt.pcapng.Reader(io.BytesIO(told.files["pcapng"])):
        ip = dpkt.ip.IP(raw)
        source, dest = f"{socket.inet_ntoa(ip.src)}:{ip.data.sport}", f"{socket.inet_ntoa(ip.dst)}:{ip.data.dport}"
        assert us in (source, dest)
        way, peer = ("out", dest) if source == us else ("in", source)
        packets.append((at, way, us, peer, bytes(ip.data.data)))
    return packets


def test_packets_lists_each_datagram_and_no_other(told: Told) -> None:
    assert figure(told.text("packets"), r"╭─ (\d+) packets") == len(told.wire.seen())


def test_exports_hold_each_datagram_byte_for_byte(told: Told) -> None:
    expected = on_the_wire(told.wire)
    lines, blocks = in_jsonl(told), in_pcapng(told)
    assert by_peer([(line["dir"], line["addr"], bytes.fromhex(line["data"])) for line in lines]) == expected
    assert by_peer([(way, peer, data) for _, way, _, peer, data in blocks]) == expected
    assert all(line["length"] == len(bytes.fromhex(line["data"])) for line in lines)


@linux
def test_a_packet_has_the_time_at_which_it_was_on_the_wire(told: Told) -> None:
    """What came: between the observer's looks at the clock before and after sending it. What went: not after the
    observer had it. However busy this program was."""
    low, high = told.offset_bounds
    assert low - SLACK <= told.offset <= high + SLACK
    times: dict[tuple[str, str], list[float]] = {}
    for at, way, _, peer, _ in in_pcapng(told):
        times.setdefault((way, peer), []).append(at - told.offset)
    for one in told.wire.seen():
        at = times["in" if one.way == "to us" else "out", "%s:%d" % one.peer].pop(0)
        assert one.before - SLACK <= at <= one.after + SLACK, one
    assert not any(times.values())


def test_pcapng_is_in_the_order_of_time(told: Told) -> None:
    times = [at for at, *_ in in_pcapng(told)]
    assert times == sorted(times)


def test_a_packet_says_what_became_of_it(told: Told) -> None:
    """Each that was dropped, and no other; refused and limited queries are told as such."""
    problems = Counter(line["problem"] for line in in_jsonl(told) if line["problem"])
    expected = drops(told.wire)
    limited = expected["rate limit"]
    assert problems["rate limit"] == limited
    assert problems["banned by the user"] == expected["banned by the user"]
    assert problems.total() == expected.total()


def test_the_bytes_on_the_screen_are_those_of_the_last_datagram(told: Told) -> None:
    """The packet that is inspected is the newest one."""
    rows = re.findall(r"([0-9a-f]{4}) ((?:[0-9a-f]{2} ?){1,16}) ", "\n".join(pane(told.text("packets"), "byte 0 of")))
    assert bytes.fromhex("".join(hexes for _, hexes in rows)) == told.wire.seen()[-1].data


# ---- the table, and what is kept --------------------------------------------------------------------------------


def test_table_lists_nodes_that_have_answered_and_counts_them_right(told: Told) -> None:
    """Each under the id that it gave, at the address where it answered; and no others."""
    answered = {
        one.peer: one.message[b"r"][b"id"].hex()
        for one in told.wire.received()
        if one.kind == "r" and not one.query_status
    }
    listed = figure(told.text("table"), r"╭─ \d+ buckets, (\d+) nodes")
    head = re.search(r"✓(\d+) \?(\d+) ✗(\d+)", told.text("table"))
    assert head and sum(map(int, head.groups())) == listed == len(told.nodes)
    for node in told.nodes:
        ip, _, port = node["address"].partition(":")
        assert answered[ip, int(port)] == node["id"]


def test_table_counts_the_silences_of_a_node(told: Told) -> None:
    """In a row, up to now."""
    for node in told.nodes:
        ip, _, port = node["address"].partition(":")
        queries = [one for one in told.wire.asked() if one.peer == (ip, int(port))]
        silences = 0
        for query in reversed(queries):
            if told.wire.answer_to(query) is not None:
                break
            silences += 1
        # One that was sent before the last answer came is no silence: a packet was lost.
        assert int(node["✗"]) <= silences and (silences == 0) == (node["✗"] == "0"), node


def test_the_round_trip_of_a_node_is_among_those_on_the_wire(told: Told) -> None:
    """Smoothed, so it lies between the shortest and the longest of them: by the times that are compared above."""
    sent: dict[tuple[str, str], float] = {}
    trips: dict[str, list[float]] = {}
    for line in in_jsonl(told):
        at = datetime.fromisoformat(line["time"]).timestamp()
        if line["dir"] == "out" and line["kind"] == "query":
            sent[line["addr"], line["tid"]] = at
        elif line["dir"] == "in" and line["kind"] in ("response", "error") and not line["problem"]:
            trips.setdefault(line["addr"], []).append(at - sent[line["addr"], line["tid"]])
    for node in told.nodes:
        if node["rtt"] != "–":
            low, high = min(trips[node["address"]]), max(trips[node["address"]])
            assert low - 0.001 <= seconds(node["rtt"]) <= high + 0.001, node


def seconds(words: str) -> float:
    """A time as a screen has it."""
    value, unit = words.split()
    return float(value) * {"ms": 0.001, "s": 1.0}[unit]


def test_items_and_peers_are_those_that_were_stored_here(told: Told) -> None:
    """What a node asked us to store, and we confirmed."""
    wire, stored = told.wire, dict[str, int]()
    asked = [one for one in wire.received() if one.kind == "q" and one.method in ("put", "announce_peer")]
    for one in asked:
        if any(reply.kind == "r" for reply in wire.replies_to(one)):
            kind = "peer" if one.method == "announce_peer" else "mut" if b"k" in one.message[b"a"] else "imm"
            stored[kind] = stored.get(kind, 0) + 1
    items = pane(told.text("items"), r"\d+ items kept for others: 1 mutable, 1 immutable")
    assert stored == {"mut": 1, "imm": 1, "peer": 1}
    assert [line.strip("▶ ")[:3] for line in items if line.strip("▶ ")[:3] in stored] == ["mut", "imm"]
    kept = "\n".join(pane(told.text("home"), "kept here"))
    assert [figure(kept, rf"{name} +▕[^▏]*▏ (\d+) of") for name in ("infohashes", "immutable", "mutable")] == [1, 1, 1]
    assert "1 infohash, 1 peer" in told.text("peers")


def test_peers_tells_at_how_many_nodes_an_announce_was_stored(told: Told) -> None:
    """Of those that were asked to."""
    writes = [one for one in told.script.asked["announce_peer"] if one.method == "announce_peer"]
    stored = sum(told.wire.answer_to(one) is not None for one in writes)
    outcome = told.script.outcomes["announce_peer"]
    assert (outcome.stored, len(outcome.writes)) == (stored, len(writes))
    assert re.search(rf" 4711 +{stored}/{len(writes)} ", told.text("peers"))


# ---- recordings -------------------------------------------------------------------------------------------------


async def test_a_recording_tells_the_same(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure of the screens, and every packet."""
    monkeypatch.setattr(base, "RATE", 0.001)
    replay = Replay.load(told.recording)
    assert not replay.damage
    app = Explorer(replay=replay)
    async with app.run_test(size=LARGE) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]
        await stage.settle()
        assert app.feed.player is not None and app.feed.source is not None
        app.feed.player.pause()
        app.feed.player.seek(app.feed.player.duration)
        texts = {}
        for screen in ("home", "log", "packets", "queries"):
            await app.action_show(screen)
            await stage.settle()
            texts[screen] = stage.text()
        assert cells(pane(texts["home"], "messages")) == messages(told.wire)
        assert counters(texts["log"]) == counters(told.text("log"))
        assert figure(texts["packets"], r"╭─ (\d+) packets") == len(told.wire.seen())
        packets = [(one.direction, "%s:%d" % one.addr, one.data) for one in app.feed.source.packets]
        assert by_peer(packets) == on_the_wire(told.wire)
