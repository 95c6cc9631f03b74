"""BEP 43: queries of read-only nodes."""

from __future__ import annotations

from typing import Any

from ..case import M, S, case
from ..messages import polite
from ..outcomes import Need, Skip, Why
from ..probe import Probe, Source
from .common import fitting_id

TWO = (Need.SECOND_ADDRESS,)
SETTLED = 3.0
"""Seconds until a node has asked a newcomer back, and believed it."""


async def introduce(probe: Probe, args: dict[bytes, Any] | None = None, **top: Any) -> tuple[Source, bytes]:
    """A node of ours that pings the one under test and answers its queries: its socket and id."""
    source = probe.newcomer()
    own = await fitting_id(probe, source)
    probe.answer(source, polite(own))
    await probe.ask("ping", args, source=source, own=own, **top)
    return source, own


async def taken_in(probe: Probe, source: Source, own: bytes) -> bool:
    """Whether the node pinged one of ours, or names it."""
    named = (await probe.ask("find_node", {b"target": own})).nodes
    return any(node.id == own for node in named) or pinged(probe, source)


def pinged(probe: Probe, source: Source) -> bool:
    """Whether the node asked one of ours anything."""
    return any(asked.ours == source.addr for asked in probe.asked)


@case("43.03", "Read-only nodes", S, "Who asks with ro 1 gets no place in the table.", needs=TWO)
async def no_place(probe: Probe) -> None:
    _, own = await introduce(probe, ro=1)
    await probe.pause(SETTLED)
    answer = await probe.ask("find_node", {b"target": own})
    probe.check(all(node.id != own for node in answer.nodes), "that it is not named to others", answer.shown)


@case("43.04", "Read-only nodes", S, "A query with ro 1 is answered like any other.")
async def served(probe: Probe) -> None:
    for method, args in (("find_node", {b"target": probe.id}), ("get_peers", {b"info_hash": probe.id})):
        probe.reply(await probe.ask(method, args, ro=1), f"a reply to {method} with ro 1")


@case(
    "43.05",
    "Read-only nodes",
    M,
    "ro 0 is like none, and ro among the arguments means nothing.",
    needs=TWO,
)
async def no_ro(probe: Probe) -> None:
    for what, args, top in (("ro 0", {}, {"ro": 0}), ("ro among its arguments", {b"ro": 1}, {})):
        source, own = await introduce(probe, args, **top)
        control = await introduce(probe)
        await probe.pause(SETTLED)
        if not await taken_in(probe, *control):
            raise Skip(Why.NOTHING_SEEN, "it takes in nobody who asks")
        expected = f"that who asks with {what} is taken in like others"
        probe.check(await taken_in(probe, source, own), expected, "it is neither pinged nor named")


@case("43.06", "Read-only nodes", S, "Who asks with ro 1 is asked nothing.", needs=TWO)
async def asked_nothing(probe: Probe) -> None:
    source, own = await introduce(probe, ro=1)
    await probe.pause(SETTLED)
    if any(node.id == own for node in (await probe.ask("find_node", {b"target": own})).nodes):
        raise Skip(Why.NOTHING_SEEN, "it takes in who is read-only")  # 43.03 is about that
    probe.check(not pinged(probe, source), "no query to a node that is read-only", "it was asked something")
