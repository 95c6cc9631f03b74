"""The explorer on a capture: every screen shows what is in it, or says why it has nothing to show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.captures import ME, START, ipv4, lookup, node_at, packet, pcap, query, traffic, udp

from dhtui.app import Explorer
from dhtui.bindings.registry import NEEDS_NODE, VIEWS
from dhtui.runtime.capture_file import open_capture

from .stage import LARGE, SMALL, Stage

SIZES = [SMALL, LARGE]
ESCAPES = b"\x1b[2J\x1b]52;c;cm0gLXJm\x07\x9b31m\xe2\x80\xae[/foo]\n\r\x00\xff"


@asynccontextmanager
async def opened(path: Path, size: tuple[int, int] = LARGE) -> AsyncIterator[Stage]:
    """An explorer on a capture, all of which is read."""
    capture = open_capture(path, None)
    app = Explorer(capture=capture)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            stage = Stage(app, pilot, None)  # type: ignore[arg-type]
            await stage.until(lambda: capture.capture.ended)
            await settles(stage)
            yield stage
    finally:
        capture.file.close()


async def settles(stage: Stage) -> None:
    """The view of the node is made, and shown."""
    assert stage.app.connection.capture is not None
    while not stage.app.connection.capture.capture.settled:
        await stage.settle()
    await stage.settle()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.pcap"
    path.write_bytes(pcap([*lookup(), *lookup(START + 40), (START + 41, packet(node_at(9), ME, b"d1:xe"))]))
    return path


async def test_each_screen_shows_what_is_in_it(file: Path) -> None:
    async with opened(file) as stage:
        await stage.until(lambda: "all of it is read" in stage.text())
        home = stage.text()
        for part in (
            "some.pcap",
            "all of it is read",
            "23 UDP datagrams",
            "1 malformed",
            "192.0.2.1:6881",
            "capture 41.",
        ):
            assert part in home, part
        expected = {
            "table": "This is a capture: the routing table of another program",
            "queries": "get_peers",
            "lookup": "inferred lookups: 0 running, 2 finished",
            "packets": "23 packets  ring 5000",
            "items": "what another program keeps can't be known",
            "keys": "they never leave their machine",
            "peers": "203.0.113.7:51413",
            "log": "inferred",
        }
        for view in VIEWS[1:]:
            await stage.press(view.key)
            await stage.settle()
            assert expected[view.name] in stage.text(), view.name


@pytest.mark.parametrize("size", SIZES)
async def test_lookups_of_others_are_drawn_judged_and_compared(file: Path, size: tuple[int, int]) -> None:
    async with opened(file, size) as stage:
        await stage.press("4")
        await stage.settle()
        text = stage.text()
        assert "Inferred from a capture" in text and "✓5 ✗1" in text
        await stage.press("m", "down")
        await stage.settle()
        assert "compared with" in stage.text()


async def test_another_node_can_be_chosen(file: Path) -> None:
    async with opened(file) as stage:
        await stage.press("at")
        assert "from whose view" in stage.text() and "192.0.2.1:6881" in stage.text()
        await stage.press("2")
        await settles(stage)
        capture = stage.app.connection.capture
        assert capture is not None and capture.capture.view.me != ME
        assert f"{capture.capture.view.me[0]}:6881" in stage.lines()[0]


async def test_keys_of_the_player_move_in_it(tmp_path: Path) -> None:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap([*lookup(), *lookup(START + 40)]))
    async with opened(path) as stage:
        await stage.press("5", "comma", "comma", "comma", "comma", "comma")
        await stage.settle()
        assert "1 packet " in stage.text() and "capture 0.0 of 40.1 s" in stage.lines()[0]
        await stage.press("full_stop")
        await stage.settle()
        assert "11 packets" in stage.text() and "capture 10.0 of" in stage.lines()[0]


async def test_no_key_of_a_screen_without_anything_to_show_fails(file: Path) -> None:
    async with opened(file, SMALL) as stage:
        for view in VIEWS:
            if view.name in stage.app.feed.instead:
                await stage.press(view.key)
                for action in view.actions:
                    if action.name not in NEEDS_NODE:
                        await stage.app.run_action(action.name, stage.screen)
        assert not stage.app.failure and not [toast for toast in stage.toasts() if "failed" in toast]


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_captures_reach_no_terminal(tmp_path: Path, size: tuple[int, int]) -> None:
    hostile = b"d1:ad2:id20:%b6:target20:%be1:q%d:%b1:t4:\x1b[2J1:v4:\x1b[2m1:y1:qe"
    data = hostile % (b"\x1b" * 20, b"\x9b" * 20, len(ESCAPES), ESCAPES)
    frames = [
        *traffic(200),
        *((START + 1, ipv4(node_at(place), ME, udp(node_at(place), ME, data))) for place in range(9)),
    ]
    frames += [(START + 2, ipv4(ME, node_at(place), udp(ME, node_at(place), data))) for place in range(9)]
    frames += [(START + 3, packet(node_at(1), ME, b"d" + ESCAPES + b"e")), (START + 3, packet(ME, node_at(1), b"dxe"))]
    path = tmp_path / "hostile\x1b[2J.pcap"
    path.write_bytes(pcap(frames))
    async with opened(path, size) as stage:
        for view in VIEWS:
            await stage.press(view.key)
            await stage.settle()
            assert stage.text().replace("\n", "").isprintable(), view.name
        await stage.press("at")
        assert stage.text().replace("\n", "").isprintable()
        assert not stage.app.failure


async def test_a_damaged_capture_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap([(START, packet(ME, node_at(1), query(b"aa")))]) + b"\xff" * 40)
    async with opened(path) as stage:
        assert "a length in it can't be" in stage.text() and "1 KRPC message" in stage.text()
        assert any("not whole" in toast for toast in stage.toasts())
