"""What happens in the namespace: ``python -m under_attack.scenarios NAME FOLDER`` prints what came of it as JSON.

Each scenario measures first without the attack, then with it. None of them judges: that is for the tests.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from dhtui.engine.defence.shares import net_of
from dhtui.engine.items import ImmutableItem, mutable_target, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.node import Node
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_addr, pack_node
from dhtui.engine.wire.ids import bep42_id, bep42_valid, distance

from .attacker import Answer, Body, Forger, Puppet, query
from .honest import PORT, PROGRAM, Program, answers, friends, program, served, stranger, text, until
from .namespace import open_up

Result = dict[str, Any]

KEEPER: Addr = ("94.200.10.11", PORT)
"""Where a second run of the program listens, one that is ended and started again."""
OTHER_STRANGER: Addr = ("151.40.50.60", PORT)
"""One that nothing of ours was ever sent to."""
EVIL_NET = "66.77.188"
KEY = PrivateKey.from_seed(b"*" * 32)
FORGED = 30
"""Datagrams of each of four kinds that are forged from each innocent: two kinds are enough for a ban by rate."""
JUNK = b"x"


def pick(make: Callable[[], bytes], first_bit: int) -> bytes:
    """An id with this first bit."""
    while (made := make())[0] >> 7 != first_bit:
        pass
    return made


def names(nodes: Sequence[NodeInfo], target: bytes, most: int) -> bytes:
    """The nearest of some nodes, as an answer names them."""
    return b"".join(map(pack_node, sorted(nodes, key=lambda node: distance(node.id, target))[:most]))


class Stage:
    """Friends, a stranger, and a mutable item whose versions they store: seq 1 before an attack, seq 2 after it."""

    def __init__(self, nodes: list[Node], outsider: Node, rng: Random) -> None:
        self.nodes, self.outsider, self.rng = nodes, outsider, rng
        self.bootstrap = ",".join(text(node.address) for node in nodes[:3])
        # Far from the target: what is there is in a bucket that fills up.
        self.id = pick(lambda: bep42_id(PROGRAM[0], rng), 0)
        self.salt = next(s for i in range(99) if mutable_target(KEY.public, s := b"%d" % i)[0] >> 7)
        self.target = mutable_target(KEY.public, self.salt)

    async def store(self, seq: int) -> None:
        """A friend stores the item."""
        outcome = await self.nodes[5].put(sign(KEY, encode(b"version %d" % seq), seq, self.salt))
        assert outcome.stored >= 4, outcome

    def get(self) -> tuple[str, ...]:
        """Flags that look for it."""
        return "--do", "get", "--public-key", KEY.public.hex(), "--salt", self.salt.decode()

    @asynccontextmanager
    async def watcher(self, folder: Path) -> AsyncIterator[Program]:
        """The program as a full node that looks the item up every other second, once it has found it."""
        flags = (*self.get(), "--watch", "2s", "--wait", "--did", self.id.hex(), "--bnodes", self.bootstrap)
        async with program(folder / "watcher", *flags) as running:
            assert await until(lambda: running.seq() == 1), running.lines
            assert await answers(self.outsider)
            yield running

    async def found(self, running: Program) -> int | None:
        """The seq that a watcher finds once the item has changed."""
        await self.store(2)
        await until(lambda: running.seq() == 2)
        return running.seq()


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Everything honest."""
    rng = Random(1)
    async with friends(rng) as nodes, stranger() as outsider:
        yield Stage(nodes, outsider, rng)


async def forge(stage: Stage, victim: Addr) -> None:
    """Junk, queries, answers and halves of queries from the addresses of all friends, bootstrap hosts among them."""
    with Forger() as forger:
        for node in stage.nodes:
            for i in range(FORGED):
                tid, stray = i.to_bytes(2, "big"), {b"t": b"zz%d" % i, b"y": b"r", b"r": {b"id": node.id}}
                ping = query(b"ping", {b"id": stage.rng.randbytes(20)}, tid)
                for data in (JUNK, ping, ping[:-5], encode(stray)):
                    forger.send(data, node.address, victim)
            # Once this is answered all before it has been read: no socket buffer overflows.
            assert await answers(stage.outsider, victim)


# ---- forged sources ------------------------------------------------------------------------------------


async def forged_sources(folder: Path) -> Result:
    """Datagrams that seem to come from every friend."""
    async with stage() as honest:
        await honest.store(1)
        async with honest.watcher(folder) as running:
            before = await served(honest.nodes)
            await forge(honest, PROGRAM)
            after = await served(honest.nodes)
            return {"served_before": before, "served_after": after, "found": await honest.found(running)}


async def forged_sources_at_libtorrent(folder: Path) -> Result:
    """The same against libtorrent, with its own defaults."""
    import libtorrent as lt

    async with stage() as honest:
        settings: Any = dict.fromkeys(("enable_lsd", "enable_upnp", "enable_natpmp"), False)
        settings |= {"listen_interfaces": text(PROGRAM), "dht_bootstrap_nodes": honest.bootstrap}
        session = lt.session(settings)
        assert await until(lambda: answers(honest.outsider))  # it starts in a thread of its own
        before = await served(honest.nodes)
        await forge(honest, PROGRAM)
        after = await served(honest.nodes)
        del session
    return {"version": lt.__version__, "served_before": before, "served_after": after}


# ---- poisoned memory -----------------------------------------------------------------------------------


def near(target: bytes, rng: Random) -> bytes:
    """An id that shares 60 bits with the target."""
    return target[:7] + bytes([target[7] ^ 1]) + rng.randbytes(12)


def alone(node_id: bytes) -> Answer:
    """Answers as a node that knows nobody and holds nothing."""
    return lambda *_: {b"r": {b"id": node_id, b"token": b"t", b"nodes": b""}}


async def poison(honest: Stage, puppets: Sequence[Puppet], victim: Addr, own: bytes) -> None:
    """Each asks something, under an id of a bucket that always has room, and is pinged for it."""
    for puppet in puppets:
        puppet.ask(b"ping", {b"id": own[:18] + honest.rng.randbytes(2)}, victim)
    await answers(honest.outsider, victim)  # by then it has read them all


async def full_towards(honest: Stage, victim: Addr) -> bool:
    """Whether the bucket of the item's target is full: then whoever else belongs there is remembered only."""
    (asked,) = (await honest.outsider.find_node(honest.target, remotes=[victim])).asked
    return len(asked.nodes) == 8 and all(node.id[0] >> 7 for node in asked.nodes)


async def poisoned(bursts: Sequence[tuple[float, Sequence[Addr]]], folder: Path) -> Result:
    """Who answers pings under ids next to a target wants to be all that is asked for it.

    A burst begins so many seconds after the one before.
    """
    async with AsyncExitStack() as stack, stage() as honest:
        await honest.store(1)
        running = await stack.enter_async_context(honest.watcher(folder))
        own = pick(lambda: bep42_id(KEEPER[0], honest.rng), 0)
        state = folder / "keeper"
        keeping = ("--did", own.hex(), "--bnodes", honest.bootstrap)
        keeper = await stack.enter_async_context(program(state, "--wait", *keeping, listen=KEEPER))
        victims = ((PROGRAM, honest.id), (KEEPER, own))
        for victim, _ in victims:
            assert await answers(honest.outsider, victim)
            assert await until(partial(full_towards, honest, victim))

        heard = 0
        for pause, addrs in bursts:
            await asyncio.sleep(pause)
            puppets = [await Puppet(alone(near(honest.target, honest.rng))).open(addr, stack) for addr in addrs]
            for victim, own_id in victims:
                await poison(honest, puppets, victim, own_id)
            heard += sum(puppet.replies for puppet in puppets)
        found = await honest.found(running)
        await keeper.stop()
        saved = [entry["addr"].rpartition(":")[0] for entry in json.loads((state / "node.json").read_text())["nodes"]]
        async with program(state, *honest.get(), listen=KEEPER) as restarted:
            await restarted.ended()
        return {
            "heard": heard,
            "found": found,
            "found_after_restart": restarted.seq(),
            "saved": len(saved),
            "saved_of_an_ip": max((saved.count(ip) for ip in saved if net_of(ip) == EVIL_NET), default=0),
            "saved_of_its_net": sum(net_of(ip) == EVIL_NET for ip in saved),
        }


def ports(*numbers: int) -> list[Addr]:
    """Sockets of one address."""
    return [(f"{EVIL_NET}.99", 2000 + number) for number in range(*numbers)]


def hosts(*numbers: int) -> list[Addr]:
    """Hosts of one network."""
    return [(f"{EVIL_NET}.{number}", PORT) for number in range(*numbers)]


ONE_IP = [(0.0, ports(18)), (10.5, ports(18, 36)), (0.0, ports(36, 400))]
"""As many as lookups start from, in two windows of the rate limit and below it; then a flood."""
ONE_NET = [(0.0, hosts(64)), (0.0, hosts(64, 128)), (0.0, hosts(128, 256))]


# ---- crowding writers ----------------------------------------------------------------------------------


async def crowd(folder: Path) -> Result:
    """Twelve hosts of one network announce 45 ports each, where 30 honest peers were."""
    infohash = b"\x5a" * 20
    async with AsyncExitStack() as stack, stage() as honest:
        await stack.enter_async_context(program(folder, "--wait", "--bnodes", honest.bootstrap))
        assert await answers(honest.outsider)

        async def given() -> int:
            # With files of its own: with those of the one that it asks it would take that for itself.
            words = ("--do", "get_peers", "--target", infohash.hex(), "--remote", text(PROGRAM))
            async with program(folder / "asking", *words, listen=KEEPER) as asking:
                await asking.ended()
            peers = {peer["addr"] for peer in asking.results[-1]["peers"]}
            return sum(f"{node.address[0]}:7777" in peers for node in honest.nodes)

        for node in honest.nodes:
            assert (await node.announce_peer(infohash, 7777, remotes=[PROGRAM])).stored == 1
        before = await given()
        replies = 0
        for addr in hosts(100, 112):
            puppet = await Puppet(lambda *_: None).open(addr, stack)
            args = {b"id": honest.rng.randbytes(20), b"info_hash": infohash}
            puppet.ask(b"get_peers", args, PROGRAM)
            await until(lambda: puppet.token, 0.2)  # noqa: B023
            for port in range(1, 46):
                puppet.ask(b"announce_peer", args | {b"port": port, b"token": puppet.token}, PROGRAM)
            assert await answers(honest.outsider)
            replies += puppet.replies
        return {"given_before": before, "given_after": await given(), "announces_answered": replies}


# ---- liars -------------------------------------------------------------------------------------------


async def one_liar(folder: Path) -> Result:
    """One of three bootstrap nodes, the quickest, names the true nodes at their true addresses under false ids."""
    item = ImmutableItem(encode(b"Hello World!"))
    async with AsyncExitStack() as stack, stage() as honest:
        true = [NodeInfo(node.id, node.address) for node in honest.nodes]
        false = [NodeInfo(node.id[:-1] + bytes([node.id[-1] ^ 1]), node.addr) for node in true]
        assert (await honest.nodes[3].put(item)).stored == 8

        lying = False

        def host(node_id: bytes, liar: bool, method: bytes, args: Body) -> Body:
            target = args[b"target"] if b"target" in args else args[b"id"]
            nodes = names(false if liar and lying else true, target, 20 if liar else 8)
            return {b"r": {b"id": node_id, b"token": b"t", b"nodes": nodes}}

        starts: list[Addr] = [(f"{ip}.1.2.3", PORT) for ip in (201, 202, 203)]
        for addr in starts:
            liar = addr is starts[2]
            answer = partial(host, bep42_id(addr[0], honest.rng), liar)
            await Puppet(answer, delay=0.0 if liar else 0.05).open(addr, stack)

        async def get(nth: int) -> bool:
            flags = ("--do", "get", "--target", item.target.hex(), "--bnodes", ",".join(map(text, starts)))
            # From another address each time: none has used up what it may ask.
            async with program(folder, *flags, listen=(f"{110 + nth}.1.2.3", PORT)) as asking:
                await asking.ended()
            return any(result["item"] for result in asking.results)

        before = [await get(nth) for nth in range(2)]
        lying = True
        return {"found_before": sum(before), "found": sum([await get(nth) for nth in range(2, 10)])}


# ---- amplification -------------------------------------------------------------------------------------


class Sink:
    """A victim: it says nothing."""

    def __init__(self, addr: Addr, stack: AsyncExitStack) -> None:
        self._socket = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._socket.setblocking(False)
        self._socket.bind(addr)

    def received(self) -> int:
        """Bytes that have come."""
        with suppress(BlockingIOError):
            return len(self._socket.recv(4096)) + self.received()
        return 0


async def amplify(folder: Path) -> Result:
    """Queries with the source of a victim, and of each host of a network, for a big item."""
    item = ImmutableItem(encode(b"x" * 990))
    victims = hosts(256)
    async with AsyncExitStack() as stack, stage() as honest:
        await stack.enter_async_context(program(folder, "--wait", "--bnodes", honest.bootstrap))
        assert await answers(honest.outsider)
        assert (await honest.nodes[3].put(item, remotes=[PROGRAM])).stored == 1
        sinks = [Sink(addr, stack) for addr in victims]
        forger = stack.enter_context(Forger())
        get = query(b"get", {b"id": honest.rng.randbytes(20), b"target": item.target})

        async def draw(sources: Sequence[Addr]) -> Result:
            began = monotonic()
            for i, source in enumerate(sources):
                forger.send(get, source, PROGRAM)
                if i % 40 == 39:
                    assert await answers(honest.outsider)
            assert await answers(honest.outsider)
            received = sum(sink.received() for sink in sinks)
            return {"sent": len(get) * len(sources), "received": received, "seconds": monotonic() - began}

        return {"host": await draw([victims[0]] * 45), "net": await draw(victims[1:])}


# ---- voters --------------------------------------------------------------------------------------------


async def voters(folder: Path) -> Result:
    """Seventy-nine hosts of one network answer pings by naming another address of ours than all others do."""
    async with AsyncExitStack() as stack, stage() as honest:
        await stack.enter_async_context(program(folder, "--wait", "--bnodes", honest.bootstrap))
        assert await answers(honest.outsider)

        async def own_id(asking: Node) -> bytes:
            assert await answers(asking)
            (asked,) = (await asking.ping([PROGRAM])).asked
            assert asked.id
            return asked.id

        async def settled() -> bool:
            return bep42_valid(await own_id(honest.outsider), PROGRAM[0])

        assert await until(settled)
        before = await own_id(honest.outsider)
        named = pack_addr(("77.66.55.44", PORT))
        pinged = 0

        def answer(*_: object) -> Body:
            nonlocal pinged
            pinged += 1
            if pinged % 2:
                return {b"e": [202, b"busy"], b"ip": named}
            return {b"r": {b"id": honest.nodes[0].id}, b"ip": named}  # an id that has its place elsewhere

        puppets = [await Puppet(answer).open(addr, stack) for addr in hosts(1, 80)]
        for _ in range(2):
            for at in range(0, len(puppets), 40):
                await poison(honest, puppets[at : at + 40], PROGRAM, before)
        # A node whose address is new waits for a query of somebody it does not know before it answers.
        async with stranger(OTHER_STRANGER) as another:
            after = await own_id(another)
        return {"before": before.hex(), "after": after.hex(), "pinged": pinged}


SCENARIOS: dict[str, Callable[[Path], Coroutine[Any, Any, Result]]] = {
    "forged sources": forged_sources,
    "forged sources at libtorrent": forged_sources_at_libtorrent,
    "one ip": partial(poisoned, ONE_IP),
    "one net": partial(poisoned, ONE_NET),
    "crowd": crowd,
    "one liar": one_liar,
    "amplify": amplify,
    "voters": voters,
}


if __name__ == "__main__":
    open_up()
    print(json.dumps(asyncio.run(SCENARIOS[sys.argv[1]](Path(sys.argv[2])))))
