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
