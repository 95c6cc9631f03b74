"""A file that the user names may be a pipe or a device: it is read, and never waited for longer than was said."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dhtui.storage import named_file
from dhtui.storage.named_file import Overdue, read_named

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
LONG = 120.0


@contextmanager
def pipe(data: bytes = b"") -> Iterator[tuple[Path, int]]:
    """A pipe as the shell's ``<(…)`` makes one: its name, and the end that is written to."""
    reads, writes = os.pipe()
    os.write(writes, data)
    try:
        yield Path(f"/dev/fd/{reads}"), writes
    finally:
        os.close(reads)
        os.close(writes)


def closed_pipe(data: bytes) -> tuple[Path, int]:
    """The same, its writer gone."""
    reads, writes = os.pipe()
    os.write(writes, data)
    os.close(writes)
    return Path(f"/dev/fd/{reads}"), reads


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("data", [b"", b"one\ntwo"])
def test_a_pipe_of_the_shell_is_read_to_its_end(data: bytes) -> None:
    path, reads = closed_pipe(data)
    assert read_named(path, 100) == data
    os.close(reads)
    path, reads = closed_pipe(data)
    assert read_named(Path(f"/proc/self/fd/{reads}"), 100) == data
    os.close(reads)


def test_no_more_is_read_than_the_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(100))
    for path in (tmp_path / "file", Path("/dev/zero")):
        assert read_named(path, 9) == bytes(10)
    with pipe(bytes(100)) as (path, _):
        assert read_named(path, 9) == bytes(10)


@pytest.mark.parametrize("data", [b"", b"a part"])
def test_a_pipe_that_stays_silent_is_given_up_in_time(data: bytes) -> None:
    with pipe(data) as (path, _), pytest.raises(Overdue, match="nothing more came from it within"):
        read_named(path, 100, 0.05)


def test_a_named_pipe_without_a_writer_is_given_up(fifo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Overdue):
        read_named(fifo, 100, 0.05)
    monkeypatch.setattr(named_file, "WRITER_SECONDS", 0.05)
    for patience in (None, LONG):
        with pytest.raises(OSError, match="it is a pipe that no program writes to"):
            read_named(fifo, 100, patience)


def test_a_named_pipe_waits_for_its_writer(fifo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_file, "WRITER_SECONDS", LONG)
    writer = threading.Thread(target=fifo.write_bytes, args=(b"late",))  # its opening waits for a reader
    writer.start()
    assert read_named(fifo, 100, LONG) == b"late"
    writer.join(LONG)


def test_a_silent_writer_is_a_writer(fifo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_file, "WRITER_SECONDS", 0.01)
    both = os.open(fifo, os.O_RDWR)
    with pytest.raises(Overdue):
        read_named(fifo, 100, 0.1)
    os.close(both)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_named(tmp_path, 9)
    with pytest.raises(OSError, match="Bad file descriptor"):
        read_named(Path("/dev/fd/999999"), 9)
