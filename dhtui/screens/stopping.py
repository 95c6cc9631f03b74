"""Stops a node of the testnet, and starts it again."""

from __future__ import annotations

from collections.abc import Sequence

from textual.screen import Screen

from ..engine.testnet import Testnet
from ..engine.wire.compact import Addr
from ..packets.parts import Link
from ..text.format import address
from .dialogs.choice import Choice
from .notify import notify

_ANSWERS = ("no, let it run", "yes: what it stores is lost; its id and address stay")


def selected_node(links: Sequence[Link]) -> Addr | None:
    """The address of the node that a selection is about, if it is about one."""
    return next((link.value for link in links if link.kind == "address" and isinstance(link.value, tuple)), None)


async def stop_or_start(screen: Screen[None], net: Testnet, addr: Addr | None) -> None:
    """Starts a node that is stopped, at once; asks before it stops one. Without one it offers those that are stopped.

    To be awaited in a worker that opens windows. What the network asks of it takes no time.
    """
    if addr not in net.addresses:
        stopped = net.stopped
        if not stopped:
            notify(screen, "Select a node of the testnet, to stop it." if addr is None else f"{address(addr)} is none.")
            return
        labels = [f"{address(each)}, stopped" for each in stopped]
        place = await screen.app.push_screen_wait(Choice("start which node?", labels))
        if place is None:
            return
        addr = stopped[place]
    assert addr is not None
    if addr in net.stopped:
        try:
            await net.start_node(addr)
        except OSError as problem:
            notify(screen, f"{address(addr)} can't start: {problem.strerror or problem}", bad=True)
        else:
            notify(screen, f"{address(addr)} runs again.")
    elif await screen.app.push_screen_wait(Choice(f"stop {address(addr)}?", _ANSWERS)) == 1:
        await net.stop_node(addr)
        notify(screen, f"{address(addr)} is stopped: the same key starts it again.")
