"""How fast, and at what cost, a node serves: queries per second and CPU per query, dhtui beside its peers.

    python bench/serve.py                                   the whole table, about 2 minutes
    python bench/serve.py --servers dhtui --kinds find_node --seconds 1

Each server runs alone on one core; the generator (load.py) has the others. See README.md for how to read it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import IO, Any

from dhtui.engine.wire import bencode

HERE = Path(__file__).resolve().parent
NPM = HERE.parent / "tests" / "peers"
KINDS = ("ping", "find_node", "get_peers", "get", "announce_peer", "put")
SERVERS = ("dhtui", "libtorrent", "bittorrent-dht", "bare")
HOST = "127.0.0.1"
START_SECONDS = 20.0
WARM_SECONDS = 0.15
PING = b"d1:ad2:id20:serve.py: ready, id?e1:q4:ping1:t2:pp1:y1:qe"


@dataclass(frozen=True, slots=True)
class Figures:
    """One kind of query at one server."""

    kind: str
    queries_per_second: float
    cpu_us: float | None
    """CPU microseconds a query, user and system, all threads; `None` where the system does not tell."""
    errors: int
    lost: int


@dataclass(frozen=True, slots=True)
class Report:
    """One server."""

    server: str
    named: int
    """How many of the generator's nodes its answers named after the table was filled."""
    rss_idle: float | None
    """MiB before the first query."""
    rss_after: float | None
    figures: list[Figures]


# ---- processes ----------------------------------------------------------------------------------------


def cores() -> tuple[set[int], set[int]]:
    """The core of the server, and those of the generator; the same where there is but one, or no telling."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


def free_port(host: str = HOST) -> int:
    """A UDP port that nobody uses at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(command: list[str], pin: set[int]) -> Iterator[subprocess.Popen[str]]:
    """A child process on some cores, with pipes, ended in the end."""

    def place() -> None:
        if pin:
            os.sched_setaffinity(0, pin)

    env = os.environ | {"PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE}"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env, preexec_fn=place) as child:
        try:
            yield child
        finally:
            stream(child.stdin).close()
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()


def stream(pipe: IO[str] | None) -> IO[str]:
    """A pipe that is known to be there."""
    assert pipe is not None
    return pipe


def cpu_seconds(pid: int) -> float | None:
    """CPU time of all threads of a process so far: in nanoseconds where the kernel counts these, else in ticks."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        try:
            return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
        except (OSError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return None


def rss_mib(pid: int) -> float | None:
    """Resident memory of a process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


# ---- servers ------------------------------------------------------------------------------------------


def command_of(name: str, port: int, options: argparse.Namespace, state: str) -> list[str]:
    """How to start a server."""
    if name == "dhtui":
        # Loopback is exempt from its rate limit; nothing else of it is turned off.
        listen = f"-listen={HOST}:{port}"
        run = ["--do", "bootstrap", "-bnodes", "no", "--wait", listen, "--state-dir", state]
        return [sys.executable, "-m", "dhtui", *run]
    if name == "bittorrent-dht":
        return ["node", str(NPM / "bittorrent_dht_node.mjs"), "1", str(port)]
    more = ["--nodes", str(options.nodes), "--source-port", str(options.source_port)]
    return [sys.executable, str(HERE / "servers.py"), name, str(port), *more]


def unavailable(name: str) -> str:
    """Why a server can't run here; empty where it can."""
    if name == "libtorrent" and find_spec("libtorrent") is None:
        return "libtorrent is not installed"
    if name == "bittorrent-dht":
        if shutil.which("node") is None:
            return "Node.js is not installed"
        if not (NPM / "node_modules" / "bittorrent-dht").is_dir():
            return "run `npm ci` in tests/peers"
    return ""


def wait_until_ready(child: subprocess.Popen[str], port: int) -> bytes:
    """Ping the server until it answers; its id, or zeros where its answer holds none."""
    deadline = time.monotonic() + START_SECONDS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.1)
        asker.connect((HOST, port))
        while time.monotonic() < deadline:
            if child.poll() is not None:
                raise SystemExit(f"the server ended with exit code {child.returncode}: {child.args!r}")
            try:
                asker.send(PING)
                answer = bencode.decode_lenient(asker.recv(16384))
            except (TimeoutError, ConnectionRefusedError):
                continue
            if answer[b"y"] == b"r":
                server_id: bytes = answer.get(b"r", {}).get(b"id", bytes(20))
                return server_id
    raise SystemExit(f"no answer from {child.args!r} within {START_SECONDS:.0f} s")


# ---- measuring ----------------------------------------------------------------------------------------


class Load:
    """All generator processes as one."""

    def __init__(self, stack: ExitStack, port: int, count: int, pin: set[int], options: argparse.Namespace) -> None:
        base = [sys.executable, str(HERE / "load.py"), "--server", f"{HOST}:{port}", "--step", str(count)]
        base += ["--nodes", str(options.nodes), "--source-port", str(options.source_port)]
        self._children = [stack.enter_context(process([*base, "--first", str(first)], pin)) for first in range(count)]

    def say(self, line: str) -> None:
        """Tell all."""
        for child in self._children:
            stream(child.stdin).write(line + "\n")
            stream(child.stdin).flush()

    def answers(self) -> dict[str, int]:
        """The sum of what they answer."""
        total: dict[str, int] = {}
        for child in self._children:
            line = stream(child.stdout).readline()
            if not line:
                raise SystemExit(f"a generator has died: {child.args!r}")
            for name, value in json.loads(line).items():
                total[name] = total.get(name, 0) + value
        return total

    def ask(self, line: str) -> dict[str, int]:
        """Tell all, and sum up their answers."""
        self.say(line)
        return self.answers()


def measure(load: Load, pid: int, seconds: float, kind: str) -> Figures:
    """Load a server for a while with what the generator has prepared."""
    start = time.monotonic() + WARM_SECONDS
    load.say(f"run {start} {seconds}")
    time.sleep(max(0.0, start - time.monotonic()))
    cpu_before = cpu_seconds(pid)
    time.sleep(max(0.0, start + seconds - time.monotonic()))
    cpu_after = cpu_seconds(pid)
    counts = load.answers()
    cpu = None
    if cpu_before is not None and cpu_after is not None and counts["answered"]:
        cpu = (cpu_after - cpu_before) / counts["answered"] * 1e6
    return Figures(kind, counts["answered"] / seconds, cpu, counts["errors"], counts["lost"])


def best_of(load: Load, pid: int, kinds: list[str], options: argparse.Namespace) -> list[Figures]:
    """The cheapest of some rounds for each kind: what else runs on the machine only ever adds.

    The kinds take turns, for a disturbance may well last longer than all rounds of one of them. A kind for which
    the server gives no write token is left out.
    """
    best: dict[str, Figures] = {}
    for _ in range(options.rounds):
        for kind in kinds:
            if not load.ask(f"prepare {kind}")["ready"]:
                continue
            figures = measure(load, pid, options.seconds, kind)
            if kind not in best or _cost(figures) < _cost(best[kind]):
                best[kind] = figures
    return list(best.values())


def _cost(figures: Figures) -> tuple[float, float]:
    return (inf if figures.cpu_us is None else figures.cpu_us), -figures.queries_per_second


def measure_server(name: str, options: argparse.Namespace) -> Report:
    """Start a server, fill its table, and measure each kind of query."""
    server_core, load_cores = cores()
    port = free_port()
    options.source_port = free_port("127.0.1.1")
    generators = options.generators or max(1, min(3, len(load_cores)))
    with ExitStack() as stack:
        state = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(process(command_of(name, port, options, state), server_core))
        server_id = wait_until_ready(server, port)
        rss_idle = rss_mib(server.pid)
        load = Load(stack, port, generators, load_cores, options)
        load.ask(f"id {server_id.hex()}")
        named = 0
        kinds = options.kinds
        if name == "bare":
            kinds = ["find_node"] * len(kinds)  # they are all one to it: measured as long as the others
        else:
            if name == "libtorrent":
                stream(server.stdin).write("meet\n")
                stream(server.stdin).flush()
            named = load.ask("fill")["named"]
        figures = best_of(load, server.pid, kinds, options)
        return Report(name, named, rss_idle, rss_mib(server.pid), figures)


# ---- telling ------------------------------------------------------------------------------------------


def table(reports: list[Report], kinds: list[str], cell: Callable[[Figures, str], str]) -> Iterator[str]:
    """One row a server, one column a kind."""
    yield f"{'':16}" + "".join(f"{kind:>15}" for kind in kinds)
    for report in reports:
        by_kind = {figures.kind: figures for figures in report.figures}
        cells = (cell(by_kind[kind], report.server) if kind in by_kind else "-" for kind in kinds)
        yield f"{report.server:16}" + "".join(f"{text:>15}" for text in cells)


def tell(reports: list[Report], kinds: list[str], nodes: int) -> None:
    """Print all for people."""

    def cpu(figures: Figures, _: str) -> str:
        return "?" if figures.cpu_us is None else f"{figures.cpu_us:.1f}"

    def rate(figures: Figures, _: str) -> str:
        trouble = f" ({figures.errors}e {figures.lost}l)" if figures.errors or figures.lost else ""
        return f"{figures.queries_per_second:,.0f}{trouble}"

    reference = {f.kind: f.cpu_us for r in reports if r.server == "libtorrent" for f in r.figures}

    def ratio(figures: Figures, _: str) -> str:
        other = reference.get(figures.kind)
        return "-" if not other or figures.cpu_us is None else f"{figures.cpu_us / other:.1f}"

    print("CPU µs per query", *table(reports, kinds, cpu), "", sep="\n")
    print("Queries per second (e: answered with an error, l: lost)", *table(reports, kinds, rate), "", sep="\n")
    if reference:
        print("CPU per query, libtorrent = 1", *table(reports, kinds, ratio), "", sep="\n")
    print(f"{'':16}{'nodes in table':>15}{'RSS idle MiB':>15}{'RSS after MiB':>15}")
    for report in reports:
        of = "-" if report.server == "bare" else f"{report.named}/{nodes}"
        memory = ("?" if x is None else f"{x:.1f}" for x in (report.rss_idle, report.rss_after))
        print(f"{report.server:16}{of:>15}" + "".join(f"{text:>15}" for text in memory))


def names(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    """An option that takes some of these names, by comma."""

    def read(text: str) -> list[str]:
        given = text.split(",")
        if unknown := set(given) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(known)}")
        return given

    return read


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description="Measure DHT nodes as servers, on loopback.")
    parser.add_argument("--servers", type=names(SERVERS), default=list(SERVERS))
    parser.add_argument("--kinds", type=names(KINDS), default=list(KINDS))
    parser.add_argument("--seconds", type=float, default=0.4, help="of each round (0.4)")
    parser.add_argument("--rounds", type=int, default=5, help="per kind of query; the cheapest counts (5)")
    parser.add_argument("--nodes", type=int, default=200, help="answering nodes that fill the table (200)")
    parser.add_argument("--generators", type=int, default=0, help="generator processes (a core each, up to 3)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    reports = []
    for name in options.servers:
        if reason := unavailable(name):
            print(f"{name}: left out: {reason}", file=sys.stderr)
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        reports.append(measure_server(name, options))
    if options.json:
        machine: dict[str, Any] = {"python": platform.python_version(), "cores": os.cpu_count()}
        print(json.dumps({"machine": machine, "servers": [asdict(report) for report in reports]}, indent=2))
    else:
        tell(reports, options.kinds, options.nodes)


if __name__ == "__main__":
    main()
