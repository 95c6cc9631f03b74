"""Files are replaced wholly or not at all; private ones are private from their first byte."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dhtui.storage import state_lock as claiming
from dhtui.storage.atomic import (
    atomic_write,
    locked,
    open_lock,
    parse_json,
    private_folder,
    read_regular,
    set_aside,
    try_lock,
)


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
def test_a_private_folder_is_made_and_one_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "keys"
    private_folder(folder)
    assert mode(folder) == 0o700
    for other in (0o1777, 0o500, 0o755):
        folder.chmod(other)
        private_folder(folder)
        assert mode(folder) == other & 0o777 and folder.stat().st_mode & 0o7777 == other
    folder.chmod(0o700)


def test_a_file_in_the_place_of_a_private_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(FileExistsError):
        private_folder(tmp_path / "keys")


# ---- reading ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_only_regular_files_are_read_and_none_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(OSError, match=r"not a file|Is a directory"):
            read_regular(tmp_path / name, 10)
    (tmp_path / "file").write_bytes(b"12345")
    assert read_regular(tmp_path / "file", 10) == b"12345" and read_regular(tmp_path / "file", 3) == b"1234"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400, "-" + "9" * 30, "2e19"])
def test_a_number_that_is_of_no_use_is_missing_and_raises_nowhere(number: str) -> None:
    assert parse_json(b'{"seq": %s, "due": 1.5}' % number.encode()) == {"seq": None, "due": 1.5}


def test_numbers_of_use_are_read() -> None:
    assert parse_json(b"[0, -5, 9223372036854775807, 1.5, 1784000000.25]") == [0, -5, 2**63 - 1, 1.5, 1784000000.25]


def test_json_that_is_nested_too_deep_is_an_error_with_words() -> None:
    with pytest.raises(ValueError, match="too deep"):
        parse_json(b"[" * 100_000)


# ---- locks --------------------------------------------------------------------------------------------------


def test_a_lock_that_somebody_keeps_is_given_up(tmp_path: Path) -> None:
    with (
        open_lock(tmp_path / "lock") as theirs,
        pytest.raises(TimeoutError, match="another program holds lock"),
    ):
        assert try_lock(theirs)
        with locked(tmp_path / "lock", patience=0):
            raise AssertionError("it was held")
    with locked(tmp_path / "lock", patience=0):
        pass  # theirs ended with its descriptor


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_used_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def flock(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(tmp_path / "lock", patience=0):
        pass
    lock, problem = claiming.take(tmp_path)
    assert lock is not None and problem == ""
    lock.release()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_a_fifo_in_the_place_of_a_lock_hangs_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    with locked(tmp_path / "lock", patience=0):
        pass


# ---- what a kill left ---------------------------------------------------------------------------------------


def aged(path: Path) -> Path:
    path.write_text("secret")
    os.utime(path, (1, 1))
    return path


def test_a_save_removes_what_killed_saves_of_the_file_left_and_nothing_else(tmp_path: Path) -> None:
    left = aged(tmp_path / f".key.{'0' * 16}.tmp")
    kept = [aged(tmp_path / name) for name in (f".other.{'0' * 16}.tmp", ".key.tmp", "key.0000000000000000.tmp")]
    young = tmp_path / f".key.{'1' * 16}.tmp"
    young.write_text("somebody writes this now")
    atomic_write(tmp_path / "key", b"new", private=True)
    assert not left.exists() and young.exists() and all(path.exists() for path in kept)


def test_the_start_of_a_run_clears_its_own_folders_of_what_was_left(tmp_path: Path) -> None:
    (tmp_path / "keys" / ".notes").mkdir(parents=True)
    left = [
        aged(folder / f".x.{'0' * 16}.tmp") for folder in (tmp_path, tmp_path / "keys", tmp_path / "keys" / ".notes")
    ]
    lock, _ = claiming.take(tmp_path)
    assert lock is not None and not any(path.exists() for path in left)
    lock.release()
