"""Files are replaced wholly or not at all; private ones are private from their first byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dhtui.files import atomic_write, private_folder, set_aside


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "node.json"
    atomic_write(path, b"first")
    atomic_write(path, b"second, longer")
    assert path.read_bytes() == b"second, longer"
    assert names(tmp_path) == ["node.json"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_a_private_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"open to all")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        atomic_write(path, b"secret", private=True)
        atomic_write(tmp_path / "public", b"")
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert mode(tmp_path / "public") == 0o666


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_a_private_file_is_private_before_its_content_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        modes.append(os.fstat(descriptor).st_mode & 0o777)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    atomic_write(tmp_path / "key", b"secret", private=True)
    assert modes[0] == 0o600
    assert len(modes) == 2, "the folder is flushed after the file"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_in_the_middle_keeps_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "node.json"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["node.json"]


def test_a_missing_folder_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "nowhere" / "file", b"")


def test_damaged_files_are_set_aside_without_overwriting_earlier_ones(tmp_path: Path) -> None:
    path = tmp_path / "node.json"
    for number in (1, 2, 3):
        path.write_text(f"damage {number}")
        assert set_aside(path) == tmp_path / f"node.json.damaged-{number}"
    assert not path.exists()
    assert [(tmp_path / f"node.json.damaged-{n}").read_text() for n in (1, 2, 3)] == [
        "damage 1",
        "damage 2",
        "damage 3",
    ]


def test_setting_aside_what_is_missing_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        set_aside(tmp_path / "node.json")
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_a_private_folder_is_made_and_its_mode_mended(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "keys"
    private_folder(folder)
    assert mode(folder) == 0o700
    folder.chmod(0o755)
    private_folder(folder)
    assert mode(folder) == 0o700


def test_a_file_in_the_place_of_a_private_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(FileExistsError):
        private_folder(tmp_path / "keys")
