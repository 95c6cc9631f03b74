"""What happens in the session: everything that a figure counts, at least once."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

from dhtui.engine.items import Draft, ImmutableItem
from dhtui.engine.keys import PrivateKey
from dhtui.engine.outcome import Outcome

from .session import Session
from .wire import LARGEST, TOKEN, Mood, Scripted, Seen, Wire, bencode

HONEST = tuple("abcdefgh")
MOODS: dict[str, Mood] = {
    "silent": "silent",
    "late": "late",
    "liar": "wrong id",
    "forger": "bad value",
    "stubborn": "bad once",
    "elsewhere": "elsewhere",
    "mumbler": "unreadable",
    "stranger": "unmatched",
    "refuser": "error",
}
UNSENDABLE = {
    "unreachable": OSError(errno.ENETUNREACH, "Network is unreachable"),
    "stuffed": BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
}
"""Nodes that the others name, and that the system will not send to: no route; no room in its buffer."""
ASKERS = ("asker", "writer", "noisy", "flooder", "nuisance")
NEAR, SWARM, OURS = b"N" * 20, b"S" * 20, b"O" * 20
"""Targets: of a find_node, of a swarm that there is, and of one that we announce."""
TEXT = b"11:found there"
FLOOD = 30
FORGIVEN = 7
"""Times 50 s: a node that was silent is not asked for 5 minutes."""
KEY = bytes.fromhex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548")
SIGNED = {
    b"k": KEY,
    b"seq": 1,
    b"sig": bytes.fromhex(
        "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
        "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
    ),
    b"v": b"Hello World!",
}
"""The first test vector of BEP 44."""


@dataclass
class Script:
    """The session and what was asked for in it."""

    session: Session
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    asked: dict[str, list[Seen]] = field(default_factory=dict)
    """The queries of the node under test during each of its tasks: nothing else goes on meanwhile."""
    lookups: dict[str, int] = field(default_factory=dict)
    """The numbers of their lookups."""

    def __getitem__(self, name: str) -> Scripted:
        return self.session.wire.nodes[name]

    # -- we ask --------------------------------------------------------------------------------------------------

    async def do(self, name: str, work: Awaitable[Outcome], step: float = 1.0) -> Outcome:
        """Let the node do something, with the silences that it meets cut short."""
        session = self.session
        before, known = len(session.wire.asked()), {view.number for view in session.node.snapshot().lookups}
        task = asyncio.ensure_future(work)
        await session.read()
        for view in session.node.snapshot().lookups:
            if view.owner == "user" and view.number not in known:
                self.lookups[name] = view.number
        while not task.done():
            await session.advance(step)
            await session.read()
        self.outcomes[name] = outcome = await task
        self.asked[name] = session.wire.asked()[before:]
        return outcome

    async def we_ask(self) -> None:
        """Every action of ours, among all kinds of nodes."""
        session, node, wire = self.session, self.session.node, self.session.wire
        async with asyncio.timeout(120):
            await node.bootstrapped()
        await session.quiet()
        everybody = [wire.nodes[name].addr for name in (*HONEST, *MOODS, *UNSENDABLE)]
        await self.do("ping", node.ping(everybody))
        await self.too_late()
        await self.do("find_node", node.find_node(NEAR))
        self["late"].release()  # after the lookup, within the time of its query
        await session.quiet()
        await self.do("get_peers", node.get_peers(SWARM))
        await self.too_late()
        await self.do("announce_peer", node.announce_peer(OURS, 4711))
        await self.too_late()
        item = ImmutableItem(TEXT)
        self["b"].items[item.target] = {b"v": b"found there"}
        await self.do("get", node.get(item.target))
        await self.too_late()
        await self.do("put", node.put(ImmutableItem(bencode(b"put by us"))))
        await self.too_late()
        draft = Draft(bencode(b"signed by us"), PrivateKey.from_seed(b"k" * 32))
        put = await self.do("signed put", node.put(draft))
        await self.too_late()
        assert put.item is not None
        await self.do("read back", node.read_back(put.item, [one.addr for one in put.writes]))
        await self.too_late()

    async def too_late(self) -> None:
        """What the late node holds back comes when nobody waits for it any more. Then so much time passes that nodes
        which were silent are asked again."""
        await self.session.quiet()
        self["late"].release("unexpected answer")
        for _ in range(FORGIVEN):
            await self.session.advance(50.0)
            await self.session.quiet()
            self["late"].release("unexpected answer")
        await self.session.read()

    # -- they ask ------------------------------------------------------------------------------------------------

    async def answer(self, who: str, method: str, args: dict[bytes, Any], query_status: str = "") -> dict[bytes, Any]:
        """What we answer a node: the body of a response; empty for anything else."""
        session = self.session
        tid = self[who].ask(session.us, method, args, query_status)
        await session.read()
        (reply,) = (one for one in session.wire.of(session.wire.sent(), self[who]) if one.tid == tid)
        body: dict[bytes, Any] = reply.message.get(b"r", {})
        return body

    async def they_ask(self) -> None:
        """Every method, well and badly, and what is no query."""
        session, us = self.session, self.session.us
        await self.answer("asker", "ping", {})
        await self.answer("asker", "find_node", {b"target": NEAR})
        token = (await self.answer("writer", "get_peers", {b"info_hash": NEAR}))[b"token"]
        announce = {b"info_hash": NEAR, b"port": 6881, b"token": token}
        await self.answer("writer", "announce_peer", announce)
        await self.answer("asker", "announce_peer", announce)  # the token is another's: refused
        for item, target in (
            ({b"v": b"put by them"}, sha1(bencode(b"put by them")).digest()),
            (SIGNED, sha1(KEY).digest()),
        ):
            token = (await self.answer("writer", "get", {b"target": target}))[b"token"]
            assert await self.answer("writer", "put", {**item, b"token": token})
            await self.answer("asker", "get", {b"target": target})
        await self.answer("asker", "put", {b"v": b"x" * 1001, b"token": TOKEN})
        await self.answer("asker", "vote", {b"vote": 1})
        await self.answer("asker", "vote", {b"target": NEAR})
        await self.answer("asker", "find_node", {})
        noisy, wire = self["noisy"], session.wire
        for junk in (b"", b"garbage", b"d1:ad2:id20:", b"d" * 20_000, b"d" * LARGEST):
            wire.send(noisy, junk, us, "malformed")
        wire.send(noisy, bencode({b"t": b"none", b"y": b"r", b"r": {b"id": noisy.id}}), us, "unexpected answer")
        wire.send(noisy, bencode({b"t": b"none", b"y": b"e", b"e": [201, b"no"]}), us, "unexpected answer")
        noisy.ask(us, "ping", {b"id": session.node.id}, "own id")
        await session.read()
        for _ in range(FLOOD):
            self["flooder"].ask(us, "get_peers", {b"info_hash": SWARM})
        await session.read()

    async def ban(self) -> None:
        """The user bans a node that asks us, while we wait for its answer."""
        session, nuisance = self.session, self["nuisance"]
        await self.answer("nuisance", "ping", {})
        await session.quiet()
        nuisance.mood = "late"
        before = len(session.wire.asked())
        task = asyncio.ensure_future(session.node.ping([nuisance.addr]))
        await session.read()
        session.node.ban(nuisance.addr[0], 3600.0)
        nuisance.release("banned by the user")
        for method in ("ping", "find_node", "vote"):
            nuisance.ask(session.us, method, {b"target": NEAR}, "banned by the user")
        await session.read()
        while not task.done():
            await session.advance(1.0)
            await session.read()
        self.outcomes["banned"] = await task
        self.asked["banned"] = session.wire.asked()[before:]


async def play(session: Session) -> Script:
    """The whole script."""
    script = Script(session)
    await script.we_ask()
    await script.they_ask()
    await script.ban()
    await session.quiet()
    return script


def cast(wire: Wire) -> Scripted:
    """All nodes of the script; returns the one to start from."""
    start = wire.add("start", "router")
    known = [wire.add(name) for name in HONEST] + [wire.add(name, mood) for name, mood in MOODS.items()]
    known += [wire.add(name) for name in UNSENDABLE]
    for name in ASKERS:
        wire.add(name)
    wire.acquaint(known)
    for name in ("a", "c"):
        wire.nodes[name].peers[SWARM] = [("127.8.8.8", 1000), ("127.8.8.9", 1001)]
    return start
