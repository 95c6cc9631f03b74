"""What the screens say is what was on the wire, by an observer of its own; what they leave out is said beside it."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from engine.test_endpoint import Clocks, linux
from screens import idle
from screens.stage import LARGE, SMALL

from dhtui.engine import clock
from dhtui.engine.snapshot import Snapshot
from dhtui.screens import base

from .script import MOODS, Script, cast, play
from .session import Session, cells, figure, pane, session
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
    start, clocks = cast(wire), Clocks()
    early = time.time(), clock.now()
    async with session(patch, wire, clocks, start.addr, recording) as running:
        bounds = early[0] - clock.now(), time.time() - early[1]
        script = await play(running)
        running.stage.app.clear_notifications()
        texts = {(screen, size): await running.text(screen, size) for size in (SMALL, LARGE) for screen in SCREENS}
        lookups = {name: await _lookup(running, name, script) for name in script.asked if name in LOOKUPS}
        files = await _exports(running)
        live = running.stage.app._live
        assert live is not None
        return Told(
            script, wire, texts, lookups, files, live.wall(0.0), bounds, running.node.snapshot(), recording
        )


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


async def _exports(running: Session) -> dict[str, bytes]:
    await running.text("packets")
    forms = [form for form in running.stage.screen.exports() if form[1] in ("packets.pcapng", "packets.jsonl")]
    return {name.rpartition(".")[2]: made() for _, name, made in forms}  # type: ignore[misc]


# ---- messages ---------------------------------------------------------------------------------------------------


def messages(wire: Wire) -> dict[str, list[int]]:
    """Sent, answered, silent, errors; received, answered, refused: by method, as it was on the wire."""
    rows = {name: [0] * 7 for name in (*METHODS, "other")}

    def row(one: Seen) -> list[int]:
        return rows[one.method if one.method in METHODS else "other"]

    for query in wire.asked():
        answer = wire.answer_to(query)
        row(query)[0] += 1
        row(query)[2 if answer is None else 1 if answer.kind == "r" else 3] += 1
    read = [one for one in wire.received() if one.kind == "q" and one.fate not in ("banned by the user", "own id")]
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
    assert found == messages(told.wire)


def test_every_kind_of_message_was_in_the_script(told: Told) -> None:
    """Else what is compared above proves nothing."""
    rows = messages(told.wire)
    for method in METHODS:
        assert rows[method][0] and rows[method][1] and rows[method][4] and rows[method][5]
    assert rows["other"][4:] == [2, 1, 1]
    assert sum(row[3] for row in rows.values()) and sum(row[2] for row in rows.values())
    assert {type for type in told.wire.fates()} >= {"malformed", "unexpected answer", "own id", "banned by the user"}


# ---- what was dropped -------------------------------------------------------------------------------------------


def drops(wire: Wire) -> Counter[str]:
    """By cause: what the script sent to be dropped, refusals by their codes, and what met the limit."""
    found = wire.fates()
    for query in (one for one in wire.received() if one.kind == "q" and not one.fate):
        replies = wire.replies_to(query)
        if not replies:
            found["rate limit"] += 1
        found.update(f"refused {reply.message[b'e'][0]}" for reply in replies if reply.kind == "e")
    return found


def test_home_and_log_count_what_was_dropped(told: Told) -> None:
    expected = drops(told.wire)
    assert figure("\n".join(pane(told.text("home"), "traffic")), r"dropped +(\d+)") == expected.total()
    rows = messages(told.wire)
    expected["timed out"] = sum(row[2] for row in rows.values())
    expected["error replies"] = sum(row[3] for row in rows.values())
    expected["not sent"] = 1
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
    digit = 10 ** -len(value.partition(".")[2])
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


def shown_course(text: str) -> Course:
    """As the first line of the lookup screen tells."""
    line = next(line for line in text.splitlines() if " closest  sent " in line)

    def count(sign: str) -> int:
        found = re.search(rf" {sign}(\d+)", line.partition(" sent ")[2])
        return int(found[1]) if found else 0

    return Course(figure(line, r" sent (\d+)"), count("✓"), count("□"), count("✗"), count("–"), count("≠"))


def test_print(told):
    for name in LOOKUPS:
        queries = [one for one in told.script.asked[name] if one.method == METHOD_OF.get(name, "get")]
        moods = Counter((told.wire.mood_of(q), told.wire.answer_to(q).kind if told.wire.answer_to(q) else None) for q in queries)
        text = told.lookups[name]
        print(name, shown_course(text), len(queries), moods)
        print(told.script.outcomes[name].answered, len(told.script.outcomes[name].asked))
        print("\n".join(line[:160] for line in text.splitlines() if "sent" in line or "Σ" in line or "▶" in line))
    print(told.texts["log", LARGE])
    assert 0
