"""Starts a node, on the network or on a testnet of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..engine.node import Node, NodeError
from ..engine.wire.address import address_text
from ..errors import Exit, Failure, quoted
from ..options.config import state_folder
from ..options.options import Options
from ..options.planning.values import patience
from ..options.values import OWN_SOCKET
from ..text.runs.running import bind_words, not_bound_words, one_address_words, strays_words
from .families import family_word
from .launch import Launch, joining, prepare

if TYPE_CHECKING:
    from ..attach.attached import AttachedNode
    from ..engine.testnet import Life, Testnet

SECONDS_A_NODE = 0.1
"""Time that a testnet has to start beyond the deadline, for each of its nodes."""

Warn = Callable[[str], None]

_NETS: dict[int, Testnet] = {}
"""The testnets that run, by the `id` of the node that has joined each."""


def testnet_of(node: object) -> Testnet | None:
    """The testnet in this program that a node was started on; `None`: it is on the network."""
    return _NETS.get(id(node))


def life_of(options: Options) -> Life:
    """Which properties of the internet the testnet has."""
    from ..engine.testnet import Life

    return Life(
        latency="internet" if options.latency == "internet" else "none",
        loss=options.loss,
        churn=options.churn,
        liars=options.liars,
        traffic=options.traffic,
    )


@asynccontextmanager
async def on_network(start: Launch) -> AsyncIterator[Node]:
    """A node, running. Raises `Failure` where it can't be bound."""
    async with AsyncExitStack() as stack:
        node = Node(start.config)
        try:
            await stack.enter_async_context(node)
        except OSError as error:
            asked = (start.config.listen, start.config.listen_also)
            where = " and ".join(address_text(addr) for addr in asked if addr is not None)
            raise Failure(not_bound_words(where, error)) from None
        yield node


def socket_of(options: Options) -> Path:
    """Where the node of these options listens, or the one that they name."""
    from ..attach.place import place_of

    named = options.attach is not None and options.attach != OWN_SOCKET
    return options.attach if named and options.attach is not None else place_of(state_folder(options))


@asynccontextmanager
async def at_socket(options: Options, level: Literal["status", "all"]) -> AsyncIterator[AttachedNode]:
    """The node that --attach names, and goes on without us. Raises `Failure` where there is none, or no more."""
    from ..attach.connect import PATIENCE, attached

    path = socket_of(options)
    async with attached(path, level, patience=min(PATIENCE, patience(options) or PATIENCE)) as node:
        try:
            yield node
        except NodeError as error:
            raise Failure(f"--attach {quoted(str(path))}: {error}", Exit.NO_ANSWER) from None


@asynccontextmanager
async def on_testnet(
    start: Launch, size: int, warn: Warn, *, life: Life | None = None, deadline: float | None = None
) -> AsyncIterator[Node]:
    """A node that is about to join a testnet of `size` other nodes, which ends with it.

    `life` is what the testnet has of the internet.
    `deadline`: seconds that the testnet has to start. Raises `Failure` where it does not.
    """
    from ..engine.testnet import ONLY, Testnet

    async with AsyncExitStack() as stack:
        patience = None if deadline is None else deadline + size * SECONDS_A_NODE
        try:
            async with asyncio.timeout(patience):
                family = family_word(tuple(filter(None, (start.config.listen, start.config.listen_also))))
                net = Testnet(size, family=family, **({} if life is None else asdict(life)))
                await stack.enter_async_context(net)
        except TimeoutError:
            raise Failure(f"the testnet did not start within {patience:g} s (--deadline)", Exit.DEADLINE) from None
        except OSError as error:
            raise Failure(f"the testnet cannot start: {bind_words(error)}") from None
        if net.one_address:
            warn(one_address_words(ONLY))
        if net.strays:
            warn(strays_words(len(net.strays), len(net.nodes)))
        node = await stack.enter_async_context(on_network(joining(start, net)))
        _NETS[id(node)] = net
        try:
            yield node
        finally:
            del _NETS[id(node)]


@asynccontextmanager
async def instead_of_network(options: Options, size: int, warn: Warn) -> AsyncIterator[Node]:
    """A node on a testnet, for an explorer that was started on the network and leaves it for a while."""
    beside = options._replace(testnet=size, listen=None, pip=None)
    async with on_testnet(prepare(beside, serving=True, keeping=False), size, warn) as node:
        yield node
