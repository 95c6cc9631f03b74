"""The recording of a case opens in the packet inspector, at the packet that decided."""

from __future__ import annotations

from pathlib import Path

from conform.virtual import a_node, run

from dhtui.app import Explorer
from dhtui.conform.case import case
from dhtui.conform.outcomes import Level
from dhtui.conform.probe import Probe
from dhtui.headless.conformance.recordings import record
from dhtui.screens.packets.screen import PacketsScreen
from dhtui.sources.replay import Replay

from ..stage import SMALL, Stage


async def test_a_failure_opens_at_its_packet(tmp_path: Path) -> None:
    async def misses(probe: Probe) -> None:
        await probe.ask("ping")
        await probe.ask("find_node", {b"target": b"short \x1b[2J"})
        probe.check(False, "this", "that")

    row = case("5.98", "nowhere", Level.M, "A rule.")(misses)
    result = run([row], a_node()).results[0]
    record(tmp_path / "kept.gz", result)
    app = Explorer(replay=Replay.load(tmp_path / "kept.gz"))
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]

        def selected() -> bytes | None:
            screen = app.screen
            packet = screen.packets.model.selected if isinstance(screen, PacketsScreen) else None
            return None if packet is None else packet.data

        await stage.until(lambda: selected() == result.sent)
        await stage.settle()
        assert "find_node" in stage.text() and "203" in stage.text() and "\x1b" not in stage.text()
