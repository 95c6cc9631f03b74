"""Runs the cases of conformance against dhtui, libtorrent and npm's bittorrent-dht, and writes docs/conformance.md.

    pip install -e '.[test]'; (cd tests/peers && npm ci)
    python bench/conform_matrix.py                      # all cases that don't wait for minutes: some ten minutes
    python bench/conform_matrix.py --cases 5 --print    # some of them, to standard output

Each node joins a small network of ours on loopback. The pace is that of the program, so all three run side by side.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import groupby
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from dhtui import __version__  # noqa: E402  # the tests' folder comes first
from dhtui.conform.case import Case  # noqa: E402
from dhtui.conform.catalogue import CASES  # noqa: E402
from dhtui.conform.choice import chosen  # noqa: E402
from dhtui.conform.network import Network  # noqa: E402
from dhtui.conform.outcomes import Outcome  # noqa: E402
from dhtui.conform.session import Result, Session, terms_for  # noqa: E402
from dhtui.engine.node import Node  # noqa: E402
from dhtui.engine.settings import NodeConfig, Settings  # noqa: E402
from dhtui.engine.wire.compact import Addr  # noqa: E402
from dhtui.runtime.conformance import carry_out, sockets_for  # noqa: E402

PAGE = ROOT / "docs" / "conformance.md"
BEGIN, END = "<!-- matrix -->", "<!-- /matrix -->"
NODES = 24
WITHHELD = frozenset(("44.21",))
"""Cases that no other program is asked: what comes of them is for its makers first."""
SEED = 1
SIGNS = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "**fail**",
    Outcome.NON_STRICT: "non-strict",
    Outcome.UNSUPPORTED: "unsupported",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.SKIPPED: "–",
}
HOST = "127.0.0.1"
Start = Callable[[Sequence[Addr], int], AbstractAsyncContextManager[None]]


class Program(NamedTuple):
    """A program to be tested."""

    name: str
    version: str
    start: Start
    """Starts a node at a port of `HOST` that joins nodes of ours."""


@asynccontextmanager
async def _dhtui(ours: Sequence[Addr], port: int) -> AsyncIterator[None]:
    ip, first = ours[0]
    config = NodeConfig(listen=(HOST, port), bootstrap=(f"{ip}:{first}",), settings=Settings(read_only=False))
    async with Node(config):
        yield


@asynccontextmanager
async def _libtorrent(ours: Sequence[Addr], port: int) -> AsyncIterator[None]:
    from peers.libtorrent_peer import LibtorrentPeer

    async with LibtorrentPeer(HOST, port) as peer:
        for addr in ours[:3]:
            peer._session.add_dht_node(addr)
        yield


BITTORRENT_DHT = """
import { createPublicKey, verify } from 'node:crypto'
import { Client } from 'bittorrent-dht'
const der = key => Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key])
const pem = key => createPublicKey({ key: der(key), format: 'der', type: 'spki' })
const dht = new Client({ bootstrap: %s, host: '%s', verify: (s, m, k) => verify(null, m, pem(k), s) })
dht.listen(%d, '%s', () => console.log('ready'))
process.stdin.resume().on('end', () => process.exit())
"""


@asynccontextmanager
async def _bittorrent_dht(ours: Sequence[Addr], port: int) -> AsyncIterator[None]:
    script = BITTORRENT_DHT % (json.dumps([f"{ip}:{first}" for ip, first in ours[:3]]), HOST, port, HOST)
    arguments = ("node", "--input-type=module", "-e", script)
    process = await asyncio.create_subprocess_exec(*arguments, cwd=ROOT / "tests" / "peers", stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None and process.stdin is not None
    await process.stdout.readline()
    try:
        yield
    finally:
        process.stdin.close()
        await process.wait()


def _programs() -> Iterator[Program]:
    yield Program("dhtui", __version__, _dhtui)
    try:
        import libtorrent

        yield Program("libtorrent", libtorrent.version.removesuffix(".0"), _libtorrent)
    except ImportError:
        print("libtorrent is not installed: left out", file=sys.stderr)
    from peers.bittorrent_dht_peer import MODULES, missing

    if why := missing():
        print(f"{why}: left out", file=sys.stderr)
    else:
        version = json.loads((MODULES / "package.json").read_text())["version"]
        yield Program("bittorrent-dht", version, _bittorrent_dht)


async def _tested(program: Program, cases: Sequence[Case], nth: int, said: Callable[[str], None]) -> dict[str, Result]:
    asked = [case for case in cases if program.name == "dhtui" or case.id not in WITHHELD]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((HOST, 0))
        addr: Addr = free.getsockname()
    sockets = await sockets_for(addr)
    try:
        ours = [sockets.bind((f"127.0.{60 + nth}.{n + 1}", 0)) for n in range(NODES)]
        network = Network(ours, Random(f"{SEED}/network"))
        session = Session(asked, addr, sockets, SEED, monotonic(), terms_for(addr), network)
        session.on_result = lambda result: said(
            f"{program.name}: {len(session.results)} of {len(asked)}, {result.case.id} {result.outcome}"
        )
        # The node asks while it starts.
        sockets.receive = lambda data, theirs, ours: session.receive(data, theirs, ours, monotonic())
        async with program.start(ours, addr[1]):
            await carry_out(session, sockets, asyncio.Event())
    finally:
        sockets.close_all()
    if session.reached is False:
        raise SystemExit(f"{program.name} did not answer at {addr[0]}:{addr[1]}: nothing is written")
    return {result.case.id: result for result in session.results}


# ---- the page ------------------------------------------------------------------------------------------


def _table(cases: Sequence[Case], programs: Sequence[Program], found: Sequence[dict[str, Result]]) -> Iterator[str]:
    names = " | ".join(f"{program.name} {program.version}" for program in programs)
    for group, members in groupby(cases, key=lambda case: case.group):
        yield f"\n## {f'BEP {group}' if group.isdigit() else 'Robustness'}\n"
        yield f"| case | | rule | {names} |"
        yield f"|---|---|---|{'---|' * len(programs)}"
        for case in members:
            cells = " | ".join(_cell(results.get(case.id)) for results in found)
            yield f"| {case.id} | {case.level} | {case.requirement} | {cells} |"


def _cell(result: Result | None) -> str:
    return "not asked" if result is None else SIGNS[result.outcome]


def _notes(programs: Sequence[Program], found: Sequence[dict[str, Result]]) -> Iterator[str]:
    for program, results in zip(programs, found, strict=True):
        bad = [each for each in results.values() if each.outcome in (Outcome.FAIL, Outcome.NON_STRICT)]
        if not bad:
            continue
        yield f"\n## What {program.name} {program.version} did instead\n"
        for each in sorted(bad, key=lambda result: result.case.order):
            yield f"- **{each.case.id}** ({each.outcome}) expected {each.expected}; actual: `{_code(each.actual)}`"


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", "¦")[:160]


def _counts(programs: Sequence[Program], found: Sequence[dict[str, Result]]) -> Iterator[str]:
    yield "| | " + " | ".join(f"{outcome}" for outcome in Outcome) + " |"
    yield "|---|" + "---|" * len(Outcome)
    for program, results in zip(programs, found, strict=True):
        counts = Counter(result.outcome for result in results.values())
        yield f"| {program.name} {program.version} | " + " | ".join(str(counts[each]) for each in Outcome) + " |"


def _written(text: str, made: str) -> str:
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


async def _main(options: argparse.Namespace) -> str:
    cases = chosen(CASES, options.cases) if options.cases else CASES
    programs = [each for each in _programs() if not options.programs or each.name in options.programs.split(",")]

    def said(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    found = await asyncio.gather(*(_tested(program, cases, nth, said) for nth, program in enumerate(programs)))
    lines = [*_counts(programs, found), *_table(cases, programs, found), *_notes(programs, found)]
    return "\n".join(lines)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", help="as those of dhtui --do conform")
    parser.add_argument("--programs", help="names, joined by commas")
    parser.add_argument("--print", action="store_true", help="to standard output, in place of the page")
    options: Any = parser.parse_args()
    made = asyncio.run(_main(options))
    if options.print:
        print(made)
    else:
        PAGE.write_text(_written(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    main()
