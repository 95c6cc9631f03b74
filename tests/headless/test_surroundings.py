"""What surrounds a run may break (pipes, disks, terminals, folders): that is said as such, and ends nothing else.

The exit code tells what happened on the network. All of it as users run it, in processes of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest
from support.apart import PATIENCE
from support.background import Neighbours, neighbours

from dhtui.headless.output import Output
from dhtui.headless.stopping import Stop
from dhtui.runtime.signals import SIGNALS
from dhtui.storage.atomic import locked

DHTUI = f"{shlex.quote(sys.executable)} -m dhtui"
HEX = "0123456789abcdef0123456789abcdef01234567"
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return tmp_path


def sh(command: str) -> tuple[int, str]:
    """Exit code of a shell's command, and what it says on standard error."""
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert "Traceback" not in ran.stderr
    return ran.returncode, ran.stderr


@contextmanager
def started(*argv: str, **streams: int | IO[str]) -> Iterator[subprocess.Popen[str]]:
    """The program, killed in the end if it has not left."""
    yield from _begun([sys.executable, "-m", "dhtui", *argv], **streams)


@contextmanager
def started_on_a_terminal(*argv: str, **streams: int | IO[str]) -> Iterator[subprocess.Popen[str]]:
    """The same, controlled by a terminal of its own, whose end is what SIGHUP tells."""
    ours, its = os.openpty()
    take = (
        "import os, sys, fcntl, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    try:
        yield from _begun([sys.executable, "-c", take, sys.executable, "-m", "dhtui", *argv], stdin=its, **streams)
    finally:
        os.close(ours)
        os.close(its)


def _begun(argv: list[str], **streams: int | IO[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(argv, text=True, **streams)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


# ---- the exit code tells what happened on the network ------------------------------------------------------------


@FULL
@pytest.mark.parametrize("form", ["", "--json"])
def test_a_put_that_was_stored_is_a_success_though_its_output_is_lost(net: Neighbours, home: Path, form: str) -> None:
    """The key's use and the kept item are noted before anything is printed."""
    sh(f"{DHTUI} --do genkey --keyname me")
    for number, way in enumerate((">/dev/full", "| true; exit ${PIPESTATUS[0]}", ">&-")):
        put = f"{DHTUI} --do put --keyname me --val v{number} --bnodes {net.net} --listen 127.0.0.1:0 --keep {form}"
        code, said = sh(f"{put} {way}")
        assert code == 0, said
        (item,) = json.loads((home / "dhtui" / "keep.json").read_text())["items"]
        (note,) = [json.loads(path.read_text()) for path in (home / "dhtui/keys/.notes").glob("*.json")]
        assert item["seq"] == note["uses"][0]["seq"] == number + 1
    assert "standard output can't be written: No space left on device" in sh(f"{put} >/dev/full")[1]


@FULL
def test_what_is_asked_for_as_output_alone_fails_without_it(home: Path) -> None:
    for action in ("--version", "--help", "--do keys", "--do sign --keyname bep44test --val x"):
        code, said = sh(f"{DHTUI} {action} >/dev/full")
        assert code == 1
        assert "dhtui: warning: standard output can't be written: No space left on device\n" in said


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_failure_of_the_program(net: Neighbours, home: Path, closed: str) -> None:
    ran, said = sh(f"{DHTUI} --do ping --remote {net.node} --vv {closed}")
    assert ran == 0 and "dhtui itself failed" not in said
    assert sh(f"{DHTUI} --no-such-flag {closed}")[0] == 2
    assert sh(f"{DHTUI} {closed}")[0] == 2, "the explorer needs a terminal"


@pytest.mark.parametrize("flag", ["--val-file", "--signed-file"])
def test_a_closed_standard_input_that_is_wanted_is_said(home: Path, flag: str) -> None:
    code, said = sh(f"{DHTUI} --do put {flag} - --bnodes no <&-")
    assert code == 2 and "Bad file descriptor" in said


# ---- output that can't be written ends nothing else --------------------------------------------------------------


def _pinged(addr: str) -> int:
    return sh(f"{DHTUI} --do ping --remote {addr} --listen 127.0.0.1:0")[0]


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if '"serving"' in line:
            return str(json.loads(line)["addr"])
    raise AssertionError("it never served")


SERVE = ("--wait", "--json", "--bnodes", "no", "--listen", "127.0.0.1:0", "--vv")


@pytest.mark.parametrize("stuck", [True, False], ids=["nobody reads it", "its reader has gone"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_node_whose_notes_nobody_reads_answers_and_ends_and_saves(home: Path, stuck: bool, signum: int) -> None:
    reading, writing = os.pipe()
    begun = started_on_a_terminal if signum == signal.SIGHUP else started
    with begun(*SERVE, stdout=subprocess.PIPE, stderr=writing) as process:
        os.close(writing)
        if not stuck:
            os.close(reading)
        addr = _address(process)
        assert _pinged(addr) == 0
        _fill(addr)
        assert _pinged(addr) == 0, "it answers on"
        process.send_signal(signum)
        assert process.wait(PATIENCE) == 0
    if stuck:
        os.close(reading)
    assert (home / "dhtui" / "node.json").exists()


def _fill(addr: str) -> None:
    """Queries enough to fill any pipe with the lines about them."""
    import socket

    from dhtui.engine.wire.bencode import encode

    host, _, port = addr.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(PATIENCE)
        for number in range(1500):
            query = {b"t": b"%04d" % number, b"y": b"q", b"q": b"ping", b"a": {b"id": bytes(20)}}
            asking.sendto(encode(query), (host, int(port)))
            asking.recv(2048)


def _fill_up(pipe: int) -> None:
    """Leave no room in the pipe, for a single byte."""
    os.set_blocking(pipe, False)
    for size in (65536, 1):
        with suppress(BlockingIOError):
            while True:
                os.write(pipe, b" " * size)
    os.set_blocking(pipe, True)


@pytest.mark.parametrize(("signum", "codes"), [(signal.SIGINT, {130}), (signal.SIGTERM, {143, -signal.SIGTERM})])
def test_results_that_nobody_reads_are_waited_for_but_not_against_a_signal(
    net: Neighbours, home: Path, signum: int, codes: set[int]
) -> None:
    reading, writing = os.pipe()
    _fill_up(writing)  # the results may be shorter than any pipe
    argv = ("--do", "find_node", "--target", HEX, "--bnodes", net.net, "--listen", "127.0.0.1:0", "--json")
    with started(*argv, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        assert process.stderr is not None
        next(line for line in process.stderr if "answered" in line)  # notes come after the results
        process.send_signal(signum)
        assert process.wait(PATIENCE) in codes
    os.close(reading)


def test_a_second_signal_ends_a_run_at_once_and_a_second_hangup_does_not() -> None:
    """A shell that ends hangs up twice: by itself, and by its terminal."""

    async def handlers() -> list[object]:
        with Stop(Output(as_json=False)) as stop, suppress(asyncio.CancelledError):
            stop.cancels(asyncio.current_task())
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(PATIENCE)
        return [signal.getsignal(signum) for signum in SIGNALS]

    before = [signal.getsignal(signum) for signum in SIGNALS]
    try:
        assert asyncio.run(handlers()) == [signal.SIG_DFL, signal.SIG_DFL, signal.SIG_IGN]
    finally:
        for signum, handler in zip(SIGNALS, before, strict=True):
            signal.signal(signum, handler)


def test_nohup_keeps_a_node_alive_through_a_hangup(home: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with started(*SERVE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            addr = _address(process)
            process.send_signal(signal.SIGHUP)
            assert _pinged(addr) == 0
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


# ---- nothing is lost by a kill -----------------------------------------------------------------------------------


def test_a_node_that_is_killed_has_saved_id_and_nodes(net: Neighbours, home: Path) -> None:
    argv = ("--wait", "--json", "--bnodes", net.net, "--listen", "127.0.0.1:0")
    with started(*argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        _address(process)
        end = time.monotonic() + PATIENCE
        while not (home / "dhtui" / "node.json").exists():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.02)
        process.kill()
    assert len(json.loads((home / "dhtui" / "node.json").read_text())["nodes"]) >= 8


# ---- the first moments -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", range(11, 411, 40))
def test_ctrl_c_prints_no_traceback_however_early_it_comes(home: Path, lines: int) -> None:
    """At some line of Python after the program's own first one."""
    script = (
        "import sys, os, signal\n"
        "from dhtui.__main__ import main\n"
        f"left = {lines * 25}\n"
        "def trace(frame, event, argument):\n"
        "    global left\n"
        "    left -= 1\n"
        "    if left == 0:\n"
        "        sys.settrace(None)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return trace\n"
        "sys.argv = ['dhtui', '--do', 'sign', '--keyname', 'bep44test', '--val', 'x']\n"
        "sys.settrace(trace)\n"
        "main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode in (0, 130) and ran.stderr == ""


# ---- keeping ------------------------------------------------------------------------------------------------------


def _full_home(home: Path) -> None:
    """The list of kept items can't be written: a folder is in the place of its lock."""
    (home / "dhtui" / "keep.lock").mkdir(parents=True)


def test_a_promise_to_keep_that_can_not_be_kept_is_a_failure(net: Neighbours, home: Path) -> None:
    _full_home(home)
    command = f"{DHTUI} --do put --val x --keep --json --bnodes {net.net} --listen 127.0.0.1:0"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE, check=False)
    result = json.loads(ran.stdout.splitlines()[-1])
    assert ran.returncode == 1 and result["type"] == "result" and not result["ok"]
    assert result["stored"] == 8 and "not kept alive" in result["summary"]


def _later(folder: Path) -> None:
    (folder / "keep.json").write_text('{"version": 99, "items": []}')


def _no_file(folder: Path) -> None:
    (folder / "keep.json").mkdir()


def _fifo(folder: Path) -> None:
    os.mkfifo(folder / "keep.json")


@pytest.mark.parametrize(
    ("make", "why"),
    [(_later, "a later version of dhtui wrote it"), (_no_file, "Is a directory"), (_fifo, "it is not a file")],
)
def test_what_can_not_be_kept_is_said_before_it_is_put(home: Path, make: Callable[[Path], None], why: str) -> None:
    (home / "dhtui").mkdir()
    make(home / "dhtui")
    code, said = sh(f"{DHTUI} --do put --val x --keep --bnodes no --listen 127.0.0.1:0")
    assert code == 2 and said.count("\n") == 1
    assert said.startswith("dhtui: --keep: the list of kept items in ") and f"can't be read ({why})" in said


def test_what_is_kept_waits_for_no_lock_for_ever_and_says_so(home: Path) -> None:
    (home / "dhtui").mkdir()
    (home / "dhtui" / "keep.json").write_text('{"version": 1, "items": []}')
    with locked(home / "dhtui" / "keep.lock"):
        code, said = sh(f"{DHTUI} --do put --val x --keep --bnodes no --listen 127.0.0.1:0")
    assert code == 1 and "--keep: another program holds keep.lock, which changes the list of kept items" in said


def test_republish_without_its_list_is_a_failure(home: Path) -> None:
    folder = home / "dhtui"
    folder.mkdir()
    (folder / "keep.json").write_text('{"version": 99, "items": []}')
    code, said = sh(f"{DHTUI} --do republish --bnodes no --listen 127.0.0.1:0")
    assert code == 1 and "republish failed: the list of kept items" in said and "later version" in said
    assert (folder / "keep.json").read_text() == '{"version": 99, "items": []}'


@pytest.mark.parametrize("text", ["{", '{"version": 1, "items": [{}]}'])
def test_republish_of_a_damaged_list_is_a_failure_once(home: Path, text: str) -> None:
    folder = home / "dhtui"
    folder.mkdir()
    (folder / "keep.json").write_text(text)
    republish = f"{DHTUI} --do republish --bnodes no --listen 127.0.0.1:0"
    code, said = sh(republish)
    assert code == 1 and "keep.json.damaged-1" in said
    assert "republish failed: no items are kept alive; the list was damaged" in said
    assert (folder / "keep.json.damaged-1").read_text() == text
    assert sh(republish)[0] == 0


# ---- folders and dumps --------------------------------------------------------------------------------------------


def test_a_state_folder_keeps_its_mode(home: Path) -> None:
    shared = home / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert sh(f"{DHTUI} --do genkey --keyname me --state-dir {shared}")[0] == 0
    assert sh(f"{DHTUI} --do id --bnodes no --state-dir {shared} --listen 127.0.0.1:0")[0] in (0, 1)
    assert shared.stat().st_mode & 0o7777 == 0o1777
    assert (shared / "keys").stat().st_mode & 0o777 == 0o700
    assert (shared / "keys" / "me").stat().st_mode & 0o777 == 0o600


def test_no_core_is_dumped_for_there_are_keys_in_it(home: Path) -> None:
    script = (
        "import atexit, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)\n"
        "atexit.register(lambda: print(resource.getrlimit(resource.RLIMIT_CORE)[0]))\n"
        "from dhtui.__main__ import main\n"
        "sys.argv = ['dhtui', '--version']\n"
        "main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert ran.stdout.splitlines()[-1] == "0"


# ---- keys ---------------------------------------------------------------------------------------------------------


def test_a_bare_name_is_no_file_of_the_present_folder(home: Path) -> None:
    (home / "me").write_text("00" * 32)
    code, said = sh(f"{DHTUI} --do sign --keyname me --val x")
    assert code == 2 and "the file me is read with -keyname ./me" in said
