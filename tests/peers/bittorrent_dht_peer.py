"""npm's bittorrent-dht: nodes in one Node.js process, told what to do by JSON lines."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any, Self

from dhtui.engine.items import mutable_target
from dhtui.engine.keys import PrivateKey
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr

from .peer import DEADLINE, Found, Refused

HOST = "127.0.0.1"
SCRIPT = Path(__file__).with_name("bittorrent_dht_node.mjs")
MODULES = SCRIPT.with_name("node_modules") / "bittorrent-dht"


def missing() -> str:
    """What there is to install before `BittorrentDht` can start; empty where nothing is."""
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not MODULES.is_dir():
        return "bittorrent-dht is not installed: run `npm ci` in tests/peers"
    return ""


class BittorrentDht:
    """The process and its nodes."""

    def __init__(self, nodes: int) -> None:
        self._size = nodes
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.nodes: list[BittorrentDhtPeer] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(SCRIPT),
            str(self._size),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(DEADLINE):
            first = await self._lines.readline()
        self._reader = asyncio.create_task(self._read())
        ports = json.loads(first)["ports"]
        self.nodes = [BittorrentDhtPeer(self, at, (HOST, port)) for at, port in enumerate(ports)]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            async with asyncio.timeout(DEADLINE):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reader

    @property
    def _lines(self) -> asyncio.StreamReader:
        assert self._process.stdout
        return self._process.stdout

    async def _read(self) -> None:
        while line := await self._lines.readline():
            answer = json.loads(line)
            self._waiting.pop(answer["id"]).set_result(answer)
        for future in self._waiting.values():
            future.set_exception(ConnectionError("the Node.js process has ended"))

    async def tell(self, at: int, action: str, **arguments: object) -> Any:
        """Have node number `at` do something. Raises `Refused` where it answers with an error."""
        number = max(self._waiting, default=0) + 1
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin
        request = {"id": number, "at": at, "do": action, **arguments}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        async with asyncio.timeout(DEADLINE):
            reply = await answer
        if "error" in reply:
            raise Refused(reply["code"] if isinstance(reply["code"], int) else None, reply["error"])
        return reply["ok"]


class BittorrentDhtPeer:
    """One node of the process."""

    def __init__(self, process: BittorrentDht, at: int, address: Addr) -> None:
        self._process, self._at = process, at
        self.address = address

    async def _tell(self, action: str, **arguments: object) -> Any:
        return await self._process.tell(self._at, action, **arguments)

    async def query(self, addr: Addr, method: str, **args: bytes) -> dict[bytes, Any]:
        """One query to one node; its ``r``."""
        named = {name: value.hex() for name, value in args.items()}
        answer: dict[bytes, Any] = bencode.decode(
            bytes.fromhex(await self._tell("query", port=addr[1], method=method, args=named))
        )
        return answer

    async def meet(self, addr: Addr) -> None:
        """Return once the node at an address is in the routing table."""
        await self._tell("add", port=addr[1])

    async def put_immutable(self, value: bytes) -> int:
        """Look up and store; how many nodes took it."""
        return int(await self._tell("put_immutable", value=value.hex()))

    async def put_mutable(
        self, seed: bytes, value: bytes, salt: bytes = b"", seq: int = 1, cas: int | None = None
    ) -> int:
        """Look up and store, signed by Node.js; how many nodes took it."""
        key = PrivateKey.from_seed(seed).public
        stored = await self._tell(
            "put_mutable",
            value=value.hex(),
            seed=seed.hex(),
            key=key.hex(),
            salt=salt.hex(),
            seq=seq,
            cas=cas,
        )
        return int(stored)

    async def get_immutable(self, target: bytes) -> Found | None:
        """Look up a value."""
        return self._found(await self._tell("get", target=target.hex(), salt=""))

    async def get_mutable(self, public: bytes, salt: bytes = b"") -> Found | None:
        """Look up the newest value; Node.js verifies it."""
        target = mutable_target(public, salt)
        return self._found(await self._tell("get", target=target.hex(), salt=salt.hex()))

    async def announce(self, info_hash: bytes, port: int) -> None:
        """Look up and announce."""
        await self._tell("announce", info_hash=info_hash.hex(), port=port)

    async def get_peers(self, info_hash: bytes) -> set[Addr]:
        """Look up the peers that other nodes name."""
        found = await self._tell("get_peers", info_hash=info_hash.hex())
        return {(host, port) for host, port in found}

    @staticmethod
    def _found(answer: dict[str, Any] | None) -> Found | None:
        return Found(bytes.fromhex(answer["value"]), answer["seq"]) if answer else None
