"""The key that writes what is shown to a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dhtui.screens import base

from . import snapshots
from .stage import exploring


async def export(stage_name: str = "table") -> list[str]:
    async with exploring(snapshots.running(), show=stage_name) as stage:
        await stage.pilot.press("e", "enter")
        await stage.settle()
        return stage.toasts()


def test_an_export_is_written_beside_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (first,) = asyncio.run(export())
    (second,) = asyncio.run(export())
    written = sorted(tmp_path.iterdir())
    assert len(written) == 2 and written[0].read_bytes() == written[1].read_bytes() != b""
    assert {first, second} == {f"written: {path}" for path in written}


def test_a_file_that_cant_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: str, content: bytes, folder: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(base, "write_new", full)
    (told,) = asyncio.run(export())
    assert told.startswith("cannot write ") and told.endswith(": No space left on device")
    assert not list(tmp_path.iterdir())
