"""libtorrent's DHT nodes: sessions in this process, read through their alerts."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha512
from typing import Any, Self

import libtorrent as lt

from dhtui.engine.items import immutable_target
from dhtui.engine.keys import PrivateKey
from dhtui.engine.wire import bencode
from dhtui.engine.wire.address import address_text
from dhtui.engine.wire.compact import Addr

from .peer import DEADLINE, Found

HOST = "127.0.0.1"
SETTINGS: Any = {  # the type that its stubs name does not exist at run time
    "listen_interfaces": f"{HOST}:0",
    "enable_dht": True,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "dht_bootstrap_nodes": "",
    # Many nodes share an address on loopback, and no id can fit it.
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_enforce_node_id": False,
    "dht_prefer_verified_node_ids": False,
    "dht_ignore_dark_internet": False,
    "dht_block_ratelimit": 100_000,
    "dht_upload_rate_limit": 10_000_000,
    "alert_mask": lt.alert.category_t.dht_notification
    | lt.alert.category_t.dht_operation_notification
    | lt.alert.category_t.status_notification,
}


def expanded(seed: bytes) -> bytes:
    """The 64-byte form of a key that libtorrent and BEP 44's vectors use: clamped scalar, nonce prefix."""
    digest = bytearray(sha512(seed).digest())
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    return bytes(digest)


class LibtorrentPeer:
    """One session. It writes a byte to a socket when it has alerts, so that nothing is polled."""

    def __init__(self, host: str = HOST, port: int = 0) -> None:
        self._host = host
        listen = address_text((host, port))
        self._session = lt.session(SETTINGS | {"listen_interfaces": listen})
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._wanted: list[tuple[Callable[[Any], bool], asyncio.Future[Any]]] = []
        self.address: Addr = (host, 0)

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._ours, self._read_alerts)
        listening = self._alert("listen_succeeded_alert", socket_type=lt.socket_type_t.udp)
        self._session.set_alert_fd(self._theirs.fileno())
        self._read_alerts()
        self.address = (self._host, (await self._until(listening)).port)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        del self._session  # ends its threads, which may write to the socket until then
        self._ours.close()
        self._theirs.close()

    @property
    def id(self) -> bytes:
        """Its node id, from the state that it would save."""
        state = self._session.session_state(flags=lt.save_state_flags_t.save_dht_state)
        return bytes(lt.write_session_params(state)[b"dht state"][b"node-id"][0][:20])

    async def meet(self, addr: Addr) -> None:
        """Return once the node at an address is in the routing table."""
        self._session.add_dht_node(addr)
        own = lt.sha1_hash(self.id)
        async with asyncio.timeout(DEADLINE):
            while True:
                live = self._alert("dht_live_nodes_alert")
                self._session.dht_live_nodes(own)
                if any(tuple(node["endpoint"]) == addr for node in (await live).nodes):
                    return
                await asyncio.sleep(0.01)  # libtorrent tells nobody when a node enters its table

    async def put_immutable(self, value: bytes) -> int:
        """Look up and store; how many nodes took it."""
        ended = self._alert("dht_put_alert", public_key=b"\0" * 32)
        self._session.dht_put_immutable_item(lt.bdecode(value))
        return int((await self._until(ended)).num_success)

    async def put_mutable(
        self, seed: bytes, value: bytes, salt: bytes = b"", seq: int = 1, cas: int | None = None
    ) -> int:
        """Look up and store. libtorrent itself takes the highest seq it finds, plus one; it has no cas."""
        public = PrivateKey.from_seed(seed).public
        ended = self._alert("dht_put_alert", public_key=public, salt=salt)
        self._session.dht_put_mutable_item(expanded(seed), public, bencode.decode(value), salt)
        alert = await self._until(ended)
        assert (alert.seq, cas) == (seq, None)
        return int(alert.num_success)

    async def get_immutable(self, target: bytes) -> Found | None:
        """Look up a value."""
        ended = self._alert("dht_immutable_item_alert", target=lt.sha1_hash(target))
        self._session.dht_get_immutable_item(lt.sha1_hash(target))
        value = bencode.encode((await self._until(ended)).item)
        return Found(value) if immutable_target(value) == target else None  # an empty string: nothing found

    async def get_mutable(self, public: bytes, salt: bytes = b"") -> Found | None:
        """Look up the newest value: the alert marked authoritative, which comes last."""
        ended = self._alert("dht_mutable_item_alert", key=public, salt=salt, authoritative=True)
        self._session.dht_get_mutable_item(public, salt)
        alert = await self._until(ended)
        if alert.item == b"" and alert.seq == 0:  # nothing found; the signature is not initialised then
            return None
        return Found(bencode.encode(alert.item), alert.seq)

    async def announce(self, info_hash: bytes, port: int) -> None:
        """Start to look up and announce. Only the nodes that are asked to store see the end of it."""
        self._session.dht_announce(lt.sha1_hash(info_hash), port, 0)

    async def get_peers(self, info_hash: bytes) -> set[Addr]:
        """Look up peers; libtorrent tells them node by node, so the first that names any must do."""
        ended = self._alert("dht_get_peers_reply_alert", info_hash=lt.sha1_hash(info_hash))
        self._session.dht_get_peers(lt.sha1_hash(info_hash))
        return {(peer[0], peer[1]) for peer in (await self._until(ended)).peers()}

    async def sample_infohashes(self, addr: Addr, target: bytes) -> Any:
        """Ask one node (BEP 51); the alert with what it gave."""
        ended = self._alert("dht_sample_infohashes_alert", endpoint=addr)
        self._session.dht_sample_infohashes(addr, lt.sha1_hash(target))
        return await self._until(ended)

    def _read_alerts(self) -> None:
        with suppress(BlockingIOError):
            self._ours.recv(4096)
        for alert in self._session.pop_alerts():
            for matches, future in self._wanted:
                if not future.done() and matches(alert):
                    future.set_result(alert)
        self._wanted = [wanted for wanted in self._wanted if not wanted[1].done()]

    def _alert(self, kind: str, **fields: object) -> asyncio.Future[Any]:
        """The next alert of a kind with these fields. To be taken before asking for what causes it."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        wanted = getattr(lt, kind)

        def matches(alert: Any) -> bool:
            return isinstance(alert, wanted) and all(getattr(alert, name) == x for name, x in fields.items())

        self._wanted.append((matches, future))
        return future

    @staticmethod
    async def _until(future: asyncio.Future[Any]) -> Any:
        async with asyncio.timeout(DEADLINE):
            return await future
