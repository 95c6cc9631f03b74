"""The command line that does the same as what is looked at in the explorer."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from ..engine.views.snapshot import LookupView
from ..engine.wire.bencode import decode
from ..packets.packet import Packet
from ..packets.parts import Link
from ..text.format import address
from .ask import KINDS

PROGRAM: Final = "dhtui"
SAME: Final = "the same on the command line"
_HERE: Final = ", on the command line"
TEST: Final = f"test the node{_HERE}"


def same_command(*words: str) -> str:
    """An action with its flags, as it is typed in a shell."""
    return shlex.join([PROGRAM, "--do", *words])


def of_question(method: str, remote: str, target: bytes, salt: bytes = b"") -> str:
    """Asks one node."""
    if method == "ping":
        return same_command("ping", "--remote", remote)
    salted = ("--salt", f"hex:{salt.hex()}") if salt else ()
    return same_command(method, "--remote", remote, "--target", target.hex(), *salted)


def of_packet(packet: Packet) -> str:
    """Asks the node of a packet what it asks, or was asked; empty where that is no question."""
    if packet.method == "ping" or (packet.method in KINDS and packet.target is not None):
        return of_question(packet.method, address(packet.addr), packet.target or b"")
    return ""


def of_lookup(view: LookupView) -> str:
    """Looks up the same; empty where it was part of a put, which has a value of its own."""
    return same_command(view.kind, "--target", view.target.hex()) if view.kind in KINDS else ""


def of_announce(info_hash: bytes, port: int | None) -> str:
    """Announces the same; without a port the one that packets come from."""
    how = ("--annport", str(port)) if port else ("--annimplied",)
    return same_command("announce_peer", "--target", info_hash.hex(), *how)


def of_item(target: bytes, public: bytes | None, salt: bytes) -> str:
    """Gets the same item."""
    if public is None:
        return same_command("get", "--target", target.hex())
    salted = ("--salt", f"hex:{salt.hex()}") if salt else ()
    return same_command("get", "--public-key", public.hex(), *salted)


def of_put(
    v: bytes, key: str = "", salt: bytes = b"", seq: int | None = None, cas: int | None = None, least: int = 1
) -> str:
    """Puts the same value, bencoded `v`, with the key of that name; empty where a shell can't be given the value."""
    value = _value(v)
    if not value or not key.isprintable():
        return ""
    flags = {
        "--keyname": key,
        "--salt": f"hex:{salt.hex()}" if salt else "",
        "--seq": "" if seq is None else str(seq),
        "--cas": "" if cas is None else str(cas),
        "--min-stored": str(least) if least > 1 else "",
    }
    return same_command("put", value, *(f"{flag}={text}" for flag, text in flags.items() if text))


def _value(v: bytes) -> str:
    """The flag that gives a value: text as it is, other bencode where it can be typed."""
    try:
        decoded = decode(v)
        text = decoded.decode() if isinstance(decoded, bytes) else v.decode("ascii")
    except (ValueError, RecursionError):
        return ""
    if not text.isprintable() or not text:
        return ""
    return f"--val={text}" if isinstance(decoded, bytes) else f"--val-bencoded={text}"


def of_links(links: Sequence[Link]) -> str:
    """What can be asked about the first thing that a selection is about: of a node, whether it is there."""
    addresses = [link.value for link in links if link.kind == "address"]
    for link in links:
        value = link.value
        if link.kind in ("node", "address") and addresses and isinstance(addresses[0], tuple):
            return same_command("ping", "--remote", address(addresses[0]))
        if isinstance(value, bytes):
            flag = "--public-key" if link.kind == "key" else "--target"
            action = {"node": "find_node", "infohash": "get_peers"}.get(link.kind, "get")
            return same_command(action, flag, value.hex())
    return ""


def of_conform(remote: str) -> str:
    """Tests a node against the rules of the BEPs."""
    return same_command("conform", "--remote", remote)


def of_census(nodes: int, rate: float) -> str:
    """Counts the network by the same walk."""
    return same_command("census", "--nodes", str(nodes), "--rate", f"{rate:g}")


def more_of_links(links: Sequence[Link]) -> list[tuple[str, str]]:
    """What else the command line can find out about a selection, each with its name."""
    found: dict[str, tuple[str, str]] = {}
    for link in links:
        value = link.value
        if isinstance(value, tuple):
            found.setdefault("conform", (TEST, of_conform(address(value))))
        elif isinstance(value, bytes) and link.kind in ("infohash", "target", "node"):
            target = ("--target", value.hex())
            if link.kind == "infohash":
                found.setdefault("scrape", (f"count the peers{_HERE}", same_command("scrape", *target)))
            sybils = (f"look for Sybils there{_HERE}", same_command("sybil_check", *target))
            found.setdefault("sybil_check", sybils)
    return [found[name] for name in ("scrape", "sybil_check", "conform") if name in found]


def more_of_us() -> list[tuple[str, str]]:
    """What the command line can find out about a node such as ours, and about the network."""
    return [(f"is all well{_HERE}", same_command("doctor")), (f"count the network{_HERE}", same_command("census"))]
