"""A node as a service: its supervisor is told, SIGHUP has settings read anew, figures and logs can be read."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.apart import PATIENCE

from dhtui.headless.output import Output
from dhtui.headless.stopping import Stop

ROOT = Path(__file__).parents[2]
SERVE = ("--wait", "--json", "--log-json", "--bnodes", "no", "--listen", "127.0.0.1:0")


class Supervisor:
    """Where a service tells how it does."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.settimeout(PATIENCE)

    def heard(self, wanted: str) -> list[str]:
        """All that is told until this is."""
        words: list[str] = []
        while wanted not in words:
            words += self._socket.recv(4096).decode().split("\n")
        return words

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path)
    yield supervisor
    supervisor.close()


class Node:
    """The program, without a terminal."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def serving(self) -> dict[str, str]:
        """The line that tells where it serves."""
        assert self.process.stdout is not None
        line = next(line for line in self.process.stdout if '"serving"' in line)
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    def logged(self, wanted: str) -> dict[str, str]:
        """The first line of its log that holds these words."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            found = json.loads(line)
            assert list(found) == ["time", "level", "message"]
            if wanted in found["message"]:
                return dict(found)
        raise AssertionError(f"{wanted!r} was not logged")

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE)


@contextmanager
def node(folder: Path, *argv: str, **environment: str) -> Iterator[Node]:
    home = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(folder))
    process = subprocess.Popen(
        [sys.executable, "-m", "dhtui", *SERVE, *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # it has no terminal then
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **home, **environment},
    )
    try:
        yield Node(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_the_supervisor_is_told_that_it_is_ready_alive_and_ends(tmp_path: Path, supervisor: Supervisor) -> None:
    with node(tmp_path, NOTIFY_SOCKET=str(supervisor.path), WATCHDOG_USEC="200000") as service:
        first = supervisor.heard("READY=1")
        assert f"STATUS=serving on {service.serving()['addr']}" in [*first, *supervisor.heard("WATCHDOG=1")]
        supervisor.heard("WATCHDOG=1")
        service.process.send_signal(signal.SIGHUP)
        again = supervisor.heard("READY=1")
        assert "RELOADING=1" in again and any(word.startswith("MONOTONIC_USEC=") for word in again)
        assert service.stop() == 0
        supervisor.heard("STOPPING=1")


def test_a_hangup_reads_settings_and_blocklist_anew_and_saves(tmp_path: Path) -> None:
    config, blocked = tmp_path / "c.toml", tmp_path / "blocked.p2p"
    blocked.write_text("a:192.0.2.0-192.0.2.9\n")
    config.write_text(f'blocklist = "{blocked}"\nmax-reply-rate = "100k"\n')
    with node(tmp_path, "--config", str(config)) as service:
        service.serving()
        saved = tmp_path / "dhtui" / "node.json"
        saved.unlink(missing_ok=True)
        blocked.write_text("a:192.0.2.0-192.0.2.9\nb:198.51.100.0-198.51.100.9\n")
        config.write_text(f'blocklist = "{blocked}"\nmax-reply-rate = "50k"\nmax-host-rate = 2.5\nksize = 4\n')
        service.process.send_signal(signal.SIGHUP)
        done = service.logged("reloaded")["message"]
        assert "2 blocked ranges, --max-reply-rate 50000 bytes/s, --max-host-rate 2.5 queries/s" in done
        assert service.logged("a restart is needed for --ksize")["level"] == "warning"
        assert saved.exists()

        blocked.write_text("nonsense\n")
        service.process.send_signal(signal.SIGHUP)
        assert "line 1" in service.logged("the blocklist stays as it was")["message"]
        assert "2 blocked ranges" in service.logged("reloaded")["message"]

        config.write_text("max-reply-rate = [\n")
        service.process.send_signal(signal.SIGHUP)
        assert "is not TOML" in service.logged("the settings stay as they were")["message"]
        assert "--max-reply-rate 50000" in service.logged("reloaded")["message"]
        assert service.stop() == 0


def test_a_hangup_while_it_starts_is_heeded_once_it_serves(tmp_path: Path) -> None:
    with node(tmp_path) as service:
        deadline = time.monotonic() + PATIENCE
        while not list(tmp_path.rglob("control.sock")):  # it has a node, and may not serve yet
            assert service.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.001)
        service.process.send_signal(signal.SIGHUP)
        assert "id and nodes are saved" in service.logged("reloaded")["message"]
        assert service.stop() == 0


@pytest.fixture
def hangups() -> Iterator[None]:
    """SIGHUP is not ignored, as it is under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


async def test_a_hangup_before_there_is_a_task_ends_nothing(hangups: None) -> None:
    with Stop(Output(as_json=False), reloads=True) as stop:
        signal.raise_signal(signal.SIGHUP)
        assert stop.hung_up is not None and stop.hung_up.is_set() and stop.signum is None
        stop.hung_up.clear()
        stop.cancels(asyncio.current_task())
        signal.raise_signal(signal.SIGHUP)
        async with asyncio.timeout(PATIENCE):
            await stop.hung_up.wait()
        assert stop.signum is None and not stop.asked.is_set()


def test_figures_are_told_where_it_says_and_read_by_prometheus(tmp_path: Path) -> None:
    with node(tmp_path, "--metrics", "0", "--store", "5000") as service:
        where = service.logged("metrics at")["message"].removeprefix("metrics at ")
        assert where.startswith("http://127.0.0.1:") and service.serving()
        with urlopen(where, timeout=PATIENCE) as page:
            metrics = {each.name: each for each in text_string_to_metric_families(page.read().decode())}
        (limit,) = (s.value for s in metrics["dhtui_level_limit"].samples if s.labels["of"] == "mutable")
        assert limit == 5000 and metrics["dhtui_process_cpu_seconds"].samples[0].value > 0
        assert service.stop() == 0


def test_a_port_that_is_taken_is_said_before_any_packet(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        addr = "127.0.0.1:%d" % taken.getsockname()[1]
        with node(tmp_path, "--metrics", addr) as service:
            assert service.logged("cannot bind")["message"] == f"--metrics: cannot bind {addr}: address in use"
            assert service.process.wait(PATIENCE) == 1
        (tmp_path / "c.toml").write_text(f'metrics = "{addr}"\n')
        with node(tmp_path, "--config", str(tmp_path / "c.toml")) as service:
            assert service.logged("cannot bind")["level"] == "warning"
            assert service.serving(), "config.toml holds for many runs: this one does without"
            assert service.stop() == 0
