"""The asyncio shell on real loopback sockets: binding, sending, names, cancelling, closing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from support.apart import PATIENCE

from dhtui.engine.families import sides
from dhtui.engine.items import Draft, ImmutableItem
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.node import Node, NodeError
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.settings import NodeConfig, SavedState, Settings
from dhtui.engine.views.events import Event, PacketSent, QueryFinished
from dhtui.engine.views.snapshot import LookupView
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.text.node.details import detail_words

T = TypeVar("T")


def config(bootstrap: tuple[str, ...] = (), listen: Addr = ("127.0.0.1", 0), **settings: Any) -> NodeConfig:
    return NodeConfig(listen=listen, bootstrap=bootstrap, settings=Settings(**settings))


def host(node: Node) -> str:
    return "%s:%d" % node.address


class Mute:
    """A socket that hears and says nothing."""

    def __enter__(self) -> Mute:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.addr: Addr = self._socket.getsockname()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    async def heard(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self._socket, 2048)

    def send(self, data: bytes, addr: Addr) -> None:
        self._socket.sendto(data, addr)


# ---- binding -----------------------------------------------------------------------------------------


async def test_a_taken_port_raises_oserror() -> None:
    """Entering the context binds; a port in use is an OSError, and no socket is left open."""
    async with Node(config()) as node:
        with pytest.raises(OSError, match="in use"):
            await Node(config(listen=node.address)).__aenter__()


async def test_an_address_of_another_host_raises_oserror() -> None:
    """An address that is not ours can't be bound."""
    with pytest.raises(OSError):
        await Node(config(listen=("203.0.113.1", 0))).__aenter__()


async def test_port_0_takes_a_free_port() -> None:
    """The bound address is known once the context is entered."""
    async with Node(config()) as node:
        assert node.address[0] == "127.0.0.1" and node.address[1] > 0
        assert node.snapshot().identity.bound == node.address
        assert node.snapshot().traffic.receive_buffer > 0


async def test_a_seed_makes_ids_repeatable_and_none_makes_them_random() -> None:
    """A seed is for tests; without one ids and tokens can't be guessed."""
    ids = []
    for seed in (5, 5, None, None):
        async with Node(NodeConfig(listen=("127.0.0.1", 0), seed=seed)) as node:
            ids.append(node.id)
    assert ids[0] == ids[1] and len(set(ids)) == 3


# ---- asking ------------------------------------------------------------------------------------------


async def test_two_nodes_meet_store_and_find() -> None:
    """Ping, find_node, put, get, announce_peer and get_peers over real sockets."""
    async with Node(config()) as first, Node(config(bootstrap=(host(first),))) as second:
        assert (await second.bootstrapped()).state == "done"
        assert (await second.ping([first.address])).answered == 1
        assert [node.addr for node in (await second.find_node(first.id)).closest] == [first.address]
        item = ImmutableItem(encode(b"hello"))
        assert (await second.put(item)).stored == 1
        assert (await second.get(item.target)).item == item
        draft = Draft(encode(b"news"), BEP44_TEST_KEY)
        put = await second.put(draft)
        items: list[object] = []
        assert (await second.get(draft.target, on_item=items.append)).item == put.item and items == [put.item]
        assert (await second.announce_peer(bytes(20), 0)).stored == 1
        peers: list[tuple[Addr, ...]] = []
        found = await second.get_peers(bytes(20), on_peers=peers.append)
        assert found.peers == ((second.address, 1),) and peers == [(second.address,)]
        assert [contact.addr for bucket in first.snapshot().table.buckets for contact in bucket.nodes] == [
            second.address
        ]


async def test_progress_and_events_are_told() -> None:
    """A lookup tells its steps; a subscriber hears events until it leaves."""
    async with Node(config()) as first, Node(config()) as second:
        steps: list[LookupView] = []
        heard: list[Event] = []
        leave = second.subscribe(heard.append)
        await second.ping([first.address])
        await second.find_node(bytes(20), progress=steps.append)
        assert not steps[-1].running and steps[-1].answered == 1
        assert {PacketSent, QueryFinished} <= {type(event) for event in heard}
        leave()
        before = len(heard)
        await second.ping([first.address])
        assert len(heard) == before


@pytest.mark.parametrize("addr", [("255.255.255.255", 6881), ("127.0.0.1", 0), ("224.0.0.1", 6881), ("0.0.0.0", 1)])
async def test_an_address_that_no_packet_can_go_to_is_blocked(addr: Addr) -> None:
    """Broadcast, multicast, 0.0.0.0 and port 0: told at once, nothing is sent."""
    async with Node(config()) as node:
        outcome = await node.ping([addr])
        assert [o.status for o in outcome.asked] == [Status.NO_ADDRESS]
        assert node.snapshot().traffic.packets_out == 0


async def test_what_the_system_will_not_send_is_told_at_once() -> None:
    """From a loopback socket there is no way to a public address: send failed, with the system's words."""
    async with Node(config(query_timeout=2 * PATIENCE)) as node:
        outcome = await node.ping([("192.0.2.1", 6881)])
        assert [o.status for o in outcome.asked] == [Status.SEND_FAILED] and outcome.asked[0].note
        assert outcome.elapsed < PATIENCE and node.snapshot().traffic.send_failures == 1
        assert (await node.put(ImmutableItem(b"1:x"), remotes=[("192.0.2.1", 6881)])).writes[0].status is (
            Status.SEND_FAILED
        )


async def test_a_silent_node_times_out_after_query_timeout() -> None:
    """The timer works: a direct query to a silent node ends after its time. How exactly is tested in virtual time."""
    with Mute() as mute:
        async with Node(config(query_timeout=0.1)) as node:
            outcome = await node.ping([mute.addr])
            assert outcome.timed_out == 1 and 0.1 <= outcome.elapsed < PATIENCE


async def test_garbage_from_the_network_does_not_disturb() -> None:
    """Whatever arrives, an oversized datagram among it: the node goes on."""
    with Mute() as mute:
        async with Node(config()) as node, Node(config()) as other:
            for data in (b"", b"\xff" * 1500, b"d0:0:-5:", b"d1:t2:aa1:y1:re", b"d" * 60_000):
                mute.send(data, node.address)
            mute.send(b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe", node.address)
            assert b"1:t2:aa" in await mute.heard()
            assert (await other.ping([node.address])).answered == 1
            assert node.snapshot().drops["malformed"] == 5


async def test_the_state_worth_keeping_survives_a_restart() -> None:
    """Saved: id and nodes. A new node starts from them, without any bootstrap host."""
    async with Node(config()) as first:
        async with Node(config(bootstrap=(host(first),))) as second:
            await second.bootstrapped()
            state = second.saved_state()
        assert [node.addr for node in state.nodes] == [first.address]
        async with Node(config(saved=state)) as again:
            assert again.id == state.id
            assert detail_words((await again.bootstrapped()).sources[0].detail) == "1 of 1 answered"


# ---- bootstrap hosts ---------------------------------------------------------------------------------


async def test_without_bootstrap_nodes_it_is_idle_at_once() -> None:
    """Nobody was named: bootstrapped() does not wait."""
    async with Node(config()) as node:
        assert (await node.bootstrapped()).state == "idle"


Resolve = Callable[..., Awaitable[list[Any]]]


def resolver(monkeypatch: pytest.MonkeyPatch, answer: Resolve) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)


async def test_a_host_that_can_not_be_resolved_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bootstrap fails, and says of which host the name could not be looked up, and why."""

    async def nowhere(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolver(monkeypatch, nowhere)
    async with Node(config(bootstrap=("nowhere.invalid:6881",))) as node:
        view = await node.bootstrapped()
        why = "its name can't be resolved: Name or service not known"
        assert view.state == "failed" and detail_words(view.why) == f"nobody answered: nowhere.invalid:6881: {why}"
        assert [(s.state, detail_words(s.detail)) for s in view.sources] == [("unresolved", why)]


async def test_a_host_name_that_is_no_name_is_reported() -> None:
    """A label of more than 63 characters fails in the encoder already."""
    async with Node(config(bootstrap=("x" * 70 + ".example:6881",))) as node:
        view = await node.bootstrapped()
        assert view.state == "failed" and view.sources[0].state == "unresolved"


async def test_a_name_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking a name up has its deadline; meanwhile the other hosts are used."""

    async def never(*_: Any, **__: Any) -> list[Any]:
        await asyncio.Event().wait()
        raise AssertionError

    resolver(monkeypatch, never)
    monkeypatch.setattr(sides, "RESOLVE_SECONDS", 0.05)
    async with Node(config()) as first, Node(config(bootstrap=("slow.invalid:1", host(first)))) as node:
        view = await node.bootstrapped()
        assert [source.state for source in view.sources] == ["unresolved", "answered"]
        assert "not resolved within" in detail_words(view.sources[0].detail)


async def test_a_name_is_looked_up_and_all_its_addresses_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host name stands for the IPv4 addresses that the resolver gives."""
    async with Node(config()) as first:

        async def known(name: str, port: int, **how: Any) -> list[Any]:
            assert (name, how["family"]) == ("dht.example", socket.AF_INET)
            return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", port))] * 2

        resolver(monkeypatch, known)
        async with Node(config(bootstrap=(f"dht.example:{first.address[1]}",))) as node:
            view = await node.bootstrapped()
            assert (view.state, view.sources[0].state) == ("done", "answered")


async def test_closing_ends_a_name_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not answer must not hold up the end."""

    async def never(*_: Any, **__: Any) -> list[Any]:
        await asyncio.Event().wait()
        raise AssertionError

    resolver(monkeypatch, never)
    before = asyncio.all_tasks()
    async with Node(config(bootstrap=("slow.invalid:1",))):
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == len(before) + 1
    assert asyncio.all_tasks() == before


# ---- cancelling and closing --------------------------------------------------------------------------


async def under_way(mute: Mute, what: Awaitable[T]) -> asyncio.Task[T]:
    """A task whose first query has arrived."""
    task = asyncio.ensure_future(what)
    await mute.heard()
    return task


async def test_cancelling_cancels_the_operation() -> None:
    """The awaiting task is cancelled: the lookup stops, and asks nobody any more."""
    with Mute() as mute:
        async with Node(config()) as node, Node(config()) as other:
            pending = await under_way(mute, node.get(bytes(20), remotes=[mute.addr]))
            pending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await pending
            assert (await node.ping([other.address])).answered == 1, "the node lives on"
            assert node.snapshot().methods["get"].sent == 1


async def test_cancelling_ends_a_lookup() -> None:
    """A cancelled lookup is shown as cancelled, not as running."""
    with Mute() as mute:
        async with Node(config(bootstrap=("%s:%d" % mute.addr,))) as node:
            await mute.heard()  # the bootstrap's own query
            pending = await under_way(mute, node.find_node(bytes(20)))
            pending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await pending
            views = [view for view in node.snapshot().lookups if view.owner == "user"]
            assert [(view.running, view.stopped) for view in views] == [(False, StopReason.CANCELLED)]


async def test_a_timeout_around_an_operation_works() -> None:
    """asyncio.timeout is the way to give an operation a deadline of one's own."""
    with Mute() as mute:
        async with Node(config(query_timeout=60.0)) as node:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await node.ping([mute.addr])


async def test_closing_ends_what_is_under_way_and_leaves_no_tasks() -> None:
    """Leaving the context ends every pending operation, closes the socket, leaves no task and no timer."""
    before = asyncio.all_tasks()
    with Mute() as mute:
        async with Node(config()) as node:
            pending: list[asyncio.Task[Outcome]] = [
                await under_way(mute, node.ping([mute.addr])),
                await under_way(mute, node.get(bytes(20), remotes=[mute.addr])),
                await under_way(mute, node.put(ImmutableItem(b"1:x"), remotes=[mute.addr])),
            ]
        results = await asyncio.gather(*pending, return_exceptions=True)
        assert [type(result) for result in results] == [NodeError] * 3
        assert asyncio.all_tasks() == before
        async with Node(config(listen=node.address)):
            pass  # the port is free again


async def test_closing_frees_the_port_at_once_though_an_error_leaves_the_context() -> None:
    """An exception in the body closes the node as well, and is not swallowed."""
    with pytest.raises(ZeroDivisionError):
        async with Node(config()) as node:
            raise ZeroDivisionError
    async with Node(config(listen=node.address)):
        pass


async def test_closing_ends_the_wait_for_the_bootstrap() -> None:
    """Nobody waits for the bootstrap of a closed node."""
    with Mute() as mute:
        async with Node(config(bootstrap=("%s:%d" % mute.addr,))) as node:
            waiting = asyncio.ensure_future(node.bootstrapped())
            await mute.heard()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(waiting, return_exceptions=True)


async def test_a_closed_node_does_nothing_any_more() -> None:
    """Asking a closed node sets no timer that would tick for ever."""
    async with Node(config()) as node:
        pass
    with pytest.raises(NodeError):
        await node.ping([("127.0.0.1", 1)])
    timer = node._sides.first.timer
    assert timer is None or timer.cancelled()


async def test_an_error_in_a_callback_does_not_stop_the_node() -> None:
    """A progress callback that raises is the caller's fault, not the end of the node."""
    saved = SavedState(bytes(20), None, (NodeInfo(bytes(range(20)), ("192.0.2.1", 6881)),))
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with Node(config()) as other, Node(config(saved=saved)) as node:
        assert (await node.bootstrapped()).state == "failed"
        steps: list[LookupView] = []

        def fails(view: LookupView) -> None:
            steps.append(view)
            if len(steps) == 2:  # the first one tells that a query goes out, the second that it could not be sent
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await node.find_node(bytes(20), progress=fails)
        async with asyncio.timeout(PATIENCE):
            assert (await node.ping([other.address])).answered == 1
