"""Output that can't be written ends nothing else: a pipe that nobody reads, a reader that has gone, a full disk."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from dhtui.headless import output as output_module
from dhtui.headless.outlet import Outlet, Writer, outlets
from dhtui.headless.output import Output


class Pipe:
    """A pipe: what is written to `stream` is read with `read`."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self._reader = os.fdopen(reading, "rb", buffering=0)
        self.stream = os.fdopen(writing, "w", encoding="utf-8")

    def read(self) -> bytes:
        return self._reader.read(65_536) or b""

    def read_until(self, end: bytes) -> bytes:
        data = b""
        while not data.endswith(end):
            more = self.read()
            assert more, "the pipe ended before"
            data += more
        return data

    def read_to_end(self) -> None:
        while self.read():
            pass

    def leave(self) -> None:
        """The reader goes."""
        self._reader.close()

    def give_up(self, outlet: Outlet) -> None:
        """The reader goes, and whoever waits for it learns that."""
        self.leave()
        outlet.drain()
        assert isinstance(outlet.lost, BrokenPipeError)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.leave()
    made.stream.close()


def test_a_pipe_that_nobody_reads_holds_nothing_up_and_what_is_missing_is_counted(pipe: Pipe) -> None:
    outlet = Outlet(pipe.stream, Writer(), room=1000)
    # More than any pipe holds: a write to the pipe itself would never return.
    lines = 40_000
    for number in range(lines):
        outlet.write(f"line {number:6}\n")
    assert outlet.missing > 0 and outlet.waiting <= 1000
    number, data = 0, b""
    while number < lines:
        data += pipe.read()
        *whole, data = data.split(b"\n")
        for line in whole:
            if line.startswith(b"..."):
                number += int(line.split()[1])
                assert line.endswith(b" lines are missing here: nobody read them in time")
            else:
                assert line == b"line %6d" % number, "in order, and each gap is counted where it is"
                number += 1
    assert number == lines
    outlet.drain()
    outlet.write("from here on again\n")
    assert pipe.read_until(b"again\n") == b"from here on again\n"


def test_a_reader_that_is_quick_misses_nothing(pipe: Pipe) -> None:
    outlet = Outlet(pipe.stream, Writer(), room=1 << 20)
    got: list[bytes] = []
    reader = Thread(target=lambda: got.append(pipe.read_until(b"end\n")))
    reader.start()
    wanted = "".join(f"{number}\n" for number in range(1000)) + "end\n"
    for line in wanted.splitlines(keepends=True):
        outlet.write(line)
    reader.join()
    assert got == [wanted.encode()]


def test_a_reader_that_has_gone_is_told_once_and_ends_nothing(pipe: Pipe) -> None:
    pipe.leave()
    outlet = Outlet(pipe.stream, Writer(), room=1000)
    told: list[Exception] = []
    outlet.on_lost = told.append
    for _ in range(3):
        outlet.write("x\n")
        outlet.drain()
    assert [type(error) for error in told] == [BrokenPipeError]
    assert outlet.lost is told[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_disk_is_told_once_and_ends_nothing() -> None:
    with Path("/dev/full").open("w", encoding="utf-8", buffering=1) as full:
        for writer in (Writer(), None):
            outlet = Outlet(full, writer, room=1000)
            told: list[str] = []
            outlet.on_lost = lambda error, told=told: told.append(str(error))  # type: ignore[misc]
            for _ in range(3):
                outlet.write("x\n")
                outlet.drain()
            assert len(told) == 1 and "No space left" in told[0]


def test_nobody_waits_longer_than_asked_for_a_stuck_reader(pipe: Pipe) -> None:
    outlet = Outlet(pipe.stream, Writer(), room=1 << 20)
    outlet.write("x" * 300_000 + "\n")  # more than the pipe holds
    outlet.drain(patience=0)
    assert outlet.waiting and outlet.lost is None
    pipe.give_up(outlet)


def test_two_outlets_of_one_pipe_keep_their_order(pipe: Pipe) -> None:
    with os.fdopen(os.dup(pipe.stream.fileno()), "w", encoding="utf-8") as other:
        out, err = outlets(pipe.stream, other, 1 << 20, 1 << 20)
        for number in range(100):
            (out if number % 3 else err).write(f"{number}\n")
        assert pipe.read_until(b"\n99\n").decode() == "".join(f"{number}\n" for number in range(100))


def test_a_stuck_standard_error_holds_up_no_results(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    results = Pipe()
    monkeypatch.setattr("sys.stdout", results.stream)
    monkeypatch.setattr("sys.stderr", pipe.stream)
    output = Output(as_json=False)
    for _ in range(20_000):
        output.notes(["a packet of which nobody reads"])
    output.results(["found"])
    assert results.read_until(b"found\n") == b"found\n"
    pipe.give_up(output._err)
    results.leave()
    results.stream.close()


def test_results_that_find_no_room_are_counted_on_the_other_stream(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    error = io.StringIO()
    monkeypatch.setattr("sys.stdout", pipe.stream)
    monkeypatch.setattr("sys.stderr", error)
    monkeypatch.setattr(output_module, "ROOM_OUT", 1000)
    output = Output(as_json=True)
    for number in range(20_000):
        output.objects([{"number": number}])
    reader = Thread(target=pipe.read_to_end)
    reader.start()
    output.close()
    pipe.stream.close()
    reader.join()
    assert "lines of standard output are missing: nobody read it in time" in error.getvalue()


def test_a_lost_standard_output_is_said_on_the_other_stream(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    error = io.StringIO()
    monkeypatch.setattr("sys.stdout", pipe.stream)
    monkeypatch.setattr("sys.stderr", error)
    pipe.leave()
    output = Output(as_json=False)
    output.outlives_readers = True
    output.results(["one"])
    output.close()
    output.results(["two"])
    output.close()
    assert output.lost
    assert error.getvalue() == "dhtui: warning: standard output can't be written: Broken pipe\n"


async def test_a_run_with_results_of_any_number_waits_for_their_reader(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", pipe.stream)
    output = Output(as_json=False)
    await output.room()
    line = "x" * 1000
    while output._out.waiting <= output_module.CROWDED:
        output.results([line])
    reader = Thread(target=pipe.read_to_end, daemon=True)
    reader.start()
    await output.room()
    assert output._out.waiting <= output_module.CROWDED and not output._out.missing
    pipe.stream.close()
    reader.join(60)
