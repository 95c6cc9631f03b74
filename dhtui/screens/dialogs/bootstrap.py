"""What the user does about getting into the network: try again now, or name a node to start from."""

from __future__ import annotations

from textual.screen import Screen

from ...engine.commands import NodeCommands
from ...errors import UsageError
from ...options.addresses import bootstrap_nodes
from ..notify import notify
from .prompt import Prompt

_NOTES = (
    "Any node of the network will do: it is asked at once, and names others. Several are joined by commas or blanks.",
    "On the command line: dhtui --bnodes HOST:PORT",
)


def try_again(screen: Screen[None], node: NodeCommands | None) -> None:
    """Looks for a way in now."""
    if node is None:
        notify(screen, "There is no running node.", bad=True)
    elif not node.snapshot().bootstrap.sources:
        notify(screen, "No node is known to start from: name one.", bad=True)
    else:
        node.bootstrap()
        notify(screen, "Looking for a way into the network.")


async def name_hosts(screen: Screen[None], node: NodeCommands | None) -> None:
    """Asks for nodes to start from, and asks those. To be awaited in a worker that opens windows."""
    if node is None:
        notify(screen, "There is no running node.", bad=True)
        return
    text = await screen.app.push_screen_wait(Prompt("a node to start from", _NOTES, _fault, "HOST:PORT"))
    if text is not None:
        hosts = read_hosts(text)
        node.bootstrap(hosts)
        notify(screen, f"Asking {', '.join(hosts)}.")


def read_hosts(text: str) -> tuple[str, ...]:
    """The hosts that were typed. Raises `UsageError`."""
    found = bootstrap_nodes(text.strip())
    if not isinstance(found, tuple):
        raise UsageError(f"type HOST:PORT, not {found}")
    return found


def _fault(text: str) -> str:
    try:
        read_hosts(text)
    except UsageError as problem:
        return str(problem)
    return ""
