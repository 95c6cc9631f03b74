"""A plugin for pytest: the fixture `dhtui_testnet`, a DHT of one's own on loopback for each test that names it.

    async def test_my_crawler(dhtui_testnet):
        async with dhtui_testnet.node() as node:
            outcome = await node.get_peers(dhtui_testnet.infohashes[0])

A test that is marked gets another one, with the life of the internet if it likes:

    @pytest.mark.dhtui_testnet(64, latency="internet", loss=0.02, churn=True, liars=3, traffic=True)

It runs in an event loop of its own, in a thread: so it answers to tests with and without ``async``, under any plugin
for those, and to programs in other processes, which join it by its `bootstrap` addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar, overload

import pytest

if TYPE_CHECKING:
    from concurrent.futures import Future

    from dhtui.engine.items import Item
    from dhtui.engine.node import Node
    from dhtui.engine.settings import Settings, StateStorage
    from dhtui.engine.testnet import Testnet

T = TypeVar("T")

SIZE, MARK = "dhtui_testnet_size", "dhtui_testnet"
MOST = 1000
"""Nodes that a testnet can have."""
CALL_SECONDS = 120.0
"""How long a call into the thread may take. None should: it ends the wait of a test that would hang."""


class ThreadedTestnet:
    """A `Testnet` that runs in a thread. Its nodes belong to that: `call` asks them."""

    def __init__(self, net: Testnet, loop: asyncio.AbstractEventLoop) -> None:
        self._net, self._loop = net, loop

    def __repr__(self) -> str:
        return repr(self._net)

    @property
    def bootstrap(self) -> tuple[str, ...]:
        """Bootstrap hosts for a node that wants to join, each ``ip:port``, in any process of this machine."""
        return self._net.bootstrap

    @property
    def infohashes(self) -> tuple[bytes, ...]:
        """Infohashes with announced peers, 20 bytes each."""
        return tuple(self._net.infohashes)

    @property
    def items(self) -> tuple[Item, ...]:
        """Stored items: immutable ones, and mutable ones under BEP 44's public test key."""
        return tuple(self._net.items)

    def node(self, settings: Settings | None = None, *, state: StateStorage | None = None) -> Node:
        """A node that joins it once it is started, in the event loop of whoever starts it: ``async with``."""
        return self._net.node(settings, state=state)

    @overload
    def call(self, action: Callable[[Testnet], Coroutine[Any, Any, T]]) -> T: ...

    @overload
    def call(self, action: Callable[[Testnet], T]) -> T: ...

    def call(self, action: Callable[[Testnet], Any]) -> Any:
        """What `action` gives, called in the thread of the testnet: ``call(lambda net: net.nodes[0].holdings())``.

        It may be a coroutine function. Raises what that raises, `TimeoutError` after two minutes, and `RuntimeError`
        where it is called in that thread itself, which would wait for itself.
        """
        if asyncio._get_running_loop() is self._loop:
            raise RuntimeError("this is the thread of the testnet already: use the testnet that `call` has handed in")
        called = asyncio.run_coroutine_threadsafe(_called(action, self._net), self._loop)
        result, ended = called.result(CALL_SECONDS)
        if ended is not None:
            raise ended
        return result


async def _called(action: Callable[[Testnet], Any], net: Testnet) -> tuple[Any, BaseException | None]:
    """What it gives, or what it ended the program with: raised here, that would end the loop and the testnet."""
    try:
        result = action(net)
        return (await result if isinstance(result, Coroutine) else result), None
    except (SystemExit, KeyboardInterrupt) as ended:
        return None, ended


async def _run(net: Testnet, ready: Future[tuple[ThreadedTestnet, asyncio.Event]]) -> None:
    over = asyncio.Event()
    async with net:
        ready.set_result((ThreadedTestnet(net, asyncio.get_running_loop()), over))
        await over.wait()


def _thread(net: Testnet, ready: Future[tuple[ThreadedTestnet, asyncio.Event]]) -> None:
    try:
        asyncio.run(_run(net, ready))
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting ``dhtui_testnet_size``."""
    parser.addini(SIZE, "how many nodes the testnet of the fixture dhtui_testnet has, 1 to 1000", default="16")


def pytest_configure(config: pytest.Config) -> None:
    """The mark ``dhtui_testnet``."""
    config.addinivalue_line(
        "markers",
        f"{MARK}(size, latency, loss, churn, liars, traffic): what the testnet of the fixture {MARK} is like; all are "
        "optional",
    )


def _made(request: pytest.FixtureRequest) -> Testnet:
    """The testnet that a test asks for. Raises `pytest.UsageError`."""
    from dhtui.engine.testnet import Testnet

    mark = request.node.get_closest_marker(MARK)
    if mark is not None and (mark.args or "size" in mark.kwargs):
        size: Any = ()
    else:
        try:
            size = (int(request.config.getini(SIZE)),)
            if not 1 <= size[0] <= MOST:
                raise ValueError
        except ValueError:
            raise pytest.UsageError(f"{SIZE} must be a number from 1 to {MOST}") from None
    try:
        return Testnet(*size, *(mark.args if mark else ()), **(mark.kwargs if mark else {}))
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"the mark {MARK}: {error}") from None


@pytest.fixture
def dhtui_testnet(request: pytest.FixtureRequest) -> Iterator[ThreadedTestnet]:
    """A DHT on loopback of 16 nodes (ini: dhtui_testnet_size), with peers and items in it to be found."""
    from concurrent.futures import Future

    made = _made(request)
    ready: Future[tuple[ThreadedTestnet, asyncio.Event]] = Future()
    thread = Thread(target=_thread, args=(made, ready), name="dhtui_testnet", daemon=True)
    thread.start()
    net, over = ready.result()
    try:
        yield net
    finally:
        net._loop.call_soon_threadsafe(over.set)
        thread.join()
