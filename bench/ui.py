"""How fast the explorer answers a key, and what its screens cost, while packets pour in.

    python bench/ui.py                                         every screen at 0, 1000 and 5000 packets/s: 4 minutes
    python bench/ui.py --screens home,table --rates 5000       while working on one thing

Runs the explorer on a pseudo-terminal of 160x45, beside an idle app. See README.md for how to read it.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

from serve import cpu_seconds, names

from dhtui.bindings.registry import VIEWS

HERE = Path(__file__).resolve().parent
COLUMNS, ROWS = 160, 45
KEPT = 1 << 18
"""Bytes of output searched: several screens full."""
START_SECONDS = 30.0
PATIENCE = 10.0
"""Seconds without the wanted sight after which the run is given up."""
SETTLE_SECONDS = 0.7
FASTEST, SLOWEST = 0.05, 0.13
"""Seconds between a key's effect and the next key."""
TARGET_RATE, TARGET_MS, TARGET_CPU = 5000, 50.0, 50.0
SCREENS = tuple(view.name for view in VIEWS)


@dataclass(frozen=True, slots=True)
class Figures:
    """One screen at one rate."""

    rate: int
    """Datagrams a second that come in."""
    screen: str
    p50_ms: float | None
    """From a key press until its effect is on the terminal."""
    p95_ms: float | None
    switch_ms: float | None
    """From the screen's digit until the screen is there, when it has been seen before."""
    cpu_percent: float | None
    """Of a core, without key presses."""
    output_kib: float
    """Written to the terminal a second, without key presses."""


class Terminal:
    """A pseudo-terminal and the program on it."""

    def __init__(self, master: int, child: subprocess.Popen[bytes]) -> None:
        self._master, self.child = master, child
        self._seen = bytearray()
        self.received = 0

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            raise SystemExit(f"the program has ended: {self._last_words()}") from None
        self.received += len(data)
        self._seen += data
        del self._seen[:-KEPT]
        return True

    def _last_words(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[─│╭╮╰╯\r]", "", self._seen.decode(errors="replace"))[-600:].strip()

    def drain(self, seconds: float) -> None:
        """Let it run."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)

    def press(self, key: str, sight: str, patience: float = PATIENCE) -> float:
        """Press a key; seconds until `sight` was written."""
        self._seen.clear()
        start = time.perf_counter()
        os.write(self._master, key.encode())
        return self.wait(sight, start, patience)

    def wait(self, sight: str, start: float, patience: float) -> float:
        """Seconds from `start` until `sight` is written."""
        wanted = sight.encode()
        while wanted not in self._seen:
            self._read(0.05)
            if time.perf_counter() - start > patience:
                raise SystemExit(f"{sight!r} did not appear within {patience:.0f} s: {self._last_words()}")
        return time.perf_counter() - start

    def load(self, seconds: float) -> tuple[float | None, float]:
        """CPU in percent of a core, and KiB written a second, while it is left alone."""
        cpu, received, start = cpu_seconds(self.child.pid), self.received, time.perf_counter()
        self.drain(seconds)
        elapsed = time.perf_counter() - start
        after = cpu_seconds(self.child.pid)
        percent = None if cpu is None or after is None else (after - cpu) / elapsed * 100
        return percent, (self.received - received) / elapsed / 1024


@contextmanager
def terminal(*arguments: str) -> Iterator[Terminal]:
    """ui_app.py on a terminal, ended in the end."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    env = os.environ | {"PYTHONPATH": str(HERE.parent), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    env.pop("NO_COLOR", None)
    command = [sys.executable, str(HERE / "ui_app.py"), *arguments]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True) as child:
        os.close(slave)
        try:
            yield Terminal(master, child)
        finally:
            child.kill()
            os.close(master)


class Presser:
    """Presses j and k in turn: the program counts them."""

    def __init__(self, terminal: Terminal, seed: int = 1) -> None:
        self._terminal, self._rng, self._count = terminal, Random(seed), 0

    def press(self, patience: float = PATIENCE) -> float:
        """Seconds until the effect of one was seen."""
        self._count += 1
        return self._terminal.press("kj"[self._count % 2], f"‹{self._count}›", patience)

    def presses(self, count: int) -> list[float]:
        """The same, of many."""
        taken = []
        for _ in range(count):
            self._terminal.drain(self._rng.uniform(FASTEST, SLOWEST))
            taken.append(self.press())
        return taken


def measure(
    term: Terminal, presser: Presser, rate: int, screen: str, options: argparse.Namespace, switch: float | None = None
) -> Figures:
    """What is shown now."""
    term.drain(SETTLE_SECONDS)
    cpu, output = term.load(options.seconds)
    times = [1000 * seconds for seconds in presser.presses(options.presses)]
    p95 = quantiles(times, n=20, method="inclusive")[-1]
    return Figures(rate, screen, median(times), p95, switch and 1000 * switch, cpu, output)


def go(term: Terminal, name: str) -> float:
    """Show another screen."""
    view = next(view for view in VIEWS if view.name == name)
    return term.press(view.key, f"[{view.key} {view.title}]")


def start(term: Terminal, sight: str) -> Presser:
    """Wait until the program is there and at work."""
    term.wait(sight, time.perf_counter(), START_SECONDS)
    presser = Presser(term)
    term.drain(SETTLE_SECONDS)
    presser.press(START_SECONDS)
    return presser


def measure_idle(options: argparse.Namespace) -> Iterator[Figures]:
    """What Textual alone takes."""
    with terminal("idle") as term:
        yield measure(term, start(term, "[1 idle]"), 0, "idle app", options)


def measure_rate(rate: int, options: argparse.Namespace) -> Iterator[Figures]:
    """The node alone, Home before any other screen was seen, and then each screen."""
    with terminal("engine", "--rate", str(rate)) as term:
        term.wait("[1 engine]", time.perf_counter(), START_SECONDS)
        term.drain(2 * SETTLE_SECONDS)
        cpu, output = term.load(options.seconds)
        yield Figures(rate, "no screen", None, None, None, cpu, output)
    with terminal("explorer", "--rate", str(rate)) as term:
        presser = start(term, f"[1 {VIEWS[0].title}]")
        yield measure(term, presser, rate, "home, alone", options)
        for view in (*VIEWS[1:], VIEWS[0]):
            go(term, view.name)
        for name in options.screens:
            if name == "home":
                go(term, "table")
            term.drain(SETTLE_SECONDS)
            yield measure(term, presser, rate, name, options, go(term, name))
            if name != "home":
                go(term, "home")


# ---- telling ------------------------------------------------------------------------------------------


def row(figures: Figures) -> str:
    """One line of the table."""
    values = (figures.p50_ms, figures.p95_ms, figures.switch_ms, figures.cpu_percent, figures.output_kib)
    cells = "".join(f"{'-' if value is None else f'{value:.1f}':>12}" for value in values)
    return f"{figures.rate:>9}  {figures.screen:14}{cells}"


HEADINGS = f"{'packets/s':>9}  {'screen':14}" + "".join(
    f"{title:>12}" for title in ("key p50 ms", "p95 ms", "switch ms", "CPU %", "KiB/s")
)


def verdict(all_figures: list[Figures]) -> str:
    """Whether the target is met, and what the screens cost that nobody sees."""
    counted = [figures for figures in all_figures if figures.rate == TARGET_RATE and figures.p95_ms is not None]
    if not counted:
        return ""
    words = f"target at {TARGET_RATE} packets/s, p95 at most {TARGET_MS:.0f} ms and CPU at most {TARGET_CPU:.0f} %: "
    missed = [f.screen for f in counted if (f.p95_ms or 0) > TARGET_MS or (f.cpu_percent or 0) > TARGET_CPU]
    words += f"missed by {', '.join(missed)}" if missed else "met"
    cpu = {figures.screen: figures.cpu_percent or 0.0 for figures in counted}
    if "home" in cpu:
        hidden = cpu["home"] - cpu["home, alone"]
        words += f"\nthe {len(VIEWS) - 1} screens that nobody sees take {hidden:+.1f} % of a core; noise is about 3 %"
    return words


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description="Measure the explorer's screens under load, on a pseudo-terminal.")
    parser.add_argument("--screens", type=names(SCREENS), default=list(SCREENS))
    parser.add_argument("--rates", type=lambda text: [int(word) for word in text.split(",")], default=[0, 1000, 5000])
    parser.add_argument("--presses", type=int, default=30, help="key presses on each screen (30)")
    parser.add_argument("--seconds", type=float, default=1.5, help="of watching the CPU on each screen (1.5)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    found: list[Figures] = []
    if not options.json:
        print(HEADINGS, flush=True)
    for series in (measure_idle(options), *(measure_rate(rate, options) for rate in options.rates)):
        for figures in series:
            found.append(figures)
            if not options.json:
                print(row(figures), flush=True)
    if options.json:
        machine: dict[str, Any] = {"python": platform.python_version(), "cores": os.cpu_count()}
        print(json.dumps({"machine": machine, "size": f"{COLUMNS}x{ROWS}", "figures": [*map(asdict, found)]}, indent=2))
    elif words := verdict(found):
        print(words)


if __name__ == "__main__":
    main()
