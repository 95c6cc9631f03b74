#!/usr/bin/env python3
"""What does it cost to start the program for one small action? Processor time of whole processes, user and system.

    python bench/start.py                                # half a minute
    python bench/start.py --times 40

Each is run many times; the least and the median are told. `--do ping` asks a node on loopback.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
NODE = (
    "import asyncio\n"
    "from dhtui import Node, NodeConfig, Settings\n"
    "async def main():\n"
    "    config = NodeConfig(listen=('127.0.0.1', 0), settings=Settings(read_only=False))\n"
    "    async with Node(config) as node:\n"
    "        print('%s:%d' % node.address, flush=True)\n"
    "        await asyncio.Event().wait()\n"
    "asyncio.run(main())\n"
)


def spent(argv: list[str], env: dict[str, str]) -> float:
    """Seconds of processor time of one run, which must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, check=True, capture_output=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": home, "PYTHONPYCACHEPREFIX": f"{home}/cache"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # whoever has installed it has the bytecode, too
        node = subprocess.Popen([sys.executable, "-c", NODE], stdout=subprocess.PIPE, text=True, env=env)
        assert node.stdout is not None
        addr = node.stdout.readline().strip()
        dhtui = [sys.executable, "-m", "dhtui"]
        runs = {
            "python alone": [sys.executable, "-c", "pass"],
            "python and asyncio": [sys.executable, "-c", "import asyncio"],
            "--version": [*dhtui, "--version"],
            "--do sign": [*dhtui, "--do", "sign", "--keyname", "bep44test", "--val", "x"],
            "--do ping": [*dhtui, "--do", "ping", "--remote", addr],
        }
        try:
            for name, argv in runs.items():
                spent(argv, env)
                found = [spent(argv, env) for _ in range(times)]
                print(f"{name:<20} least {min(found):.3f} s   median {median(found):.3f} s")
        finally:
            node.terminate()
            node.wait()


if __name__ == "__main__":
    main()
