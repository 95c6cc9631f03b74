"""The state of a node between runs, in ``node.json``: its id, its address and nodes that answered, in each family.

What is of IPv6 stands under ``ipv6``, all else is of IPv4.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ..engine.settings import SavedState
from ..engine.wire.address import address_text, read_addr
from ..engine.wire.compact import Addr, NodeInfo, is_usable
from ..engine.wire.family import FAMILIES, IPV4, IPV6, Family, family_of
from ..engine.wire.ids import ID_LENGTH
from .atomic import atomic_write, check_version, parse_json, private_folder, read_regular, set_aside

NAME = "node.json"
VERSION = 1
MAX_NODES = 2048
MAX_BYTES = 1_048_576
"""Most bytes. A file of 2048 nodes of each family has about 550 kB; a longer one was not written by dhtui."""


MAX_RTT = 60.0
"""Seconds; a longer round trip is invalid."""

WITHOUT = "starting without it, and nothing is saved"


class _Damaged(ValueError):
    """The fault of the file, as words that follow "it"."""


class StateError(Exception):
    """The state exists but can't be read. The message says why. It must not be overwritten."""


def load(folder: Path) -> tuple[SavedState | None, list[str]]:
    """The state saved in `folder`, and sentences about unusable parts. Raises `StateError`.

    A missing file is a first start: ``(None, [])``. One that can't be read, or that a later version wrote, is not
    changed; a damaged one is set aside. Single unusable nodes are left out.
    """
    path = folder / NAME
    try:
        state, dropped = _decode(read_regular(path, MAX_BYTES))
    except FileNotFoundError:
        return None, []
    except OSError as error:
        raise StateError(f"Cannot read the saved state {path} ({error.strerror}): {WITHOUT}.") from None
    except _Damaged as damage:
        return None, [_put_away(path, damage)]
    return state, [f"{dropped} of the nodes saved in {path} can't be used: left out."] if dropped else []


def merged(before: SavedState | None, state: SavedState, *, ids: bool = True) -> SavedState:
    """`state`; in a family in which it has no nodes with those that were saved before, and with a family that it does
    not have as it was: they may be back later. Without `ids` the ids stay those that were saved, too."""
    if before is None:
        return state
    found = []
    for family in FAMILIES:
        old, new = before.of(family), state.of(family)
        if old is not None and new is not None:
            new = new if new.nodes else replace(new, nodes=old.nodes, rtts=old.rtts)
            new = new if ids else replace(new, id=old.id, external=old.external)
        if (kept := new or old) is not None:
            found.append(kept)
    return replace(found[0], other=found[1] if found[1:] else None)


def save(folder: Path, state: SavedState) -> None:
    """Write `state`, with the first 2048 nodes of each family, to `folder`, which is created if missing. Raises
    `OSError`."""
    four, six = state.of(IPV4), state.of(IPV6)
    document = {"version": VERSION, **(_part(four) if four else {}), **({"ipv6": _part(six)} if six else {})}
    private_folder(folder)
    # Private: it shows which hosts this one has communicated with.
    atomic_write(folder / NAME, json.dumps(document, indent=1).encode() + b"\n", private=True)


def _part(state: SavedState) -> dict[str, object]:
    return {
        "id": state.id.hex(),
        "external": address_text(state.external) if state.external else None,
        "nodes": [_document(node, rtt) for node, rtt in islice(state.known(), MAX_NODES)],
    }


def _document(node: NodeInfo, rtt: float | None) -> dict[str, str | float]:
    known: dict[str, str | float] = {"id": node.id.hex(), "addr": address_text(node.addr)}
    return known if rtt is None else known | {"rtt": round(rtt, 4)}


def _put_away(path: Path, damage: _Damaged) -> str:
    try:
        aside = set_aside(path)
    except OSError as error:
        about = f"{damage}) and can't be set aside ({error.strerror}"
        raise StateError(f"The saved state {path} is damaged ({about}): {WITHOUT}.") from None
    return f"The saved state {path} is damaged ({damage}): set aside as {aside.name}, starting afresh."


def _decode(data: bytes) -> tuple[SavedState, int]:
    """The state, and how many nodes were left out. Raises `_Damaged`, `LaterFormat`."""
    if len(data) > MAX_BYTES:
        raise _Damaged(f"it has more than {MAX_BYTES} bytes")
    try:
        document = parse_json(data)
    except ValueError:
        raise _Damaged("it is not JSON") from None
    if not isinstance(document, dict):
        raise _Damaged("it is not a JSON object")
    try:
        check_version(document.get("version"), VERSION)
    except ValueError as error:
        raise _Damaged(str(error)) from None
    if "ipv6" not in document:
        return _read_part(document, IPV4)
    six, dropped = _read_part(document["ipv6"], IPV6)
    if "id" not in document:  # it has been in IPv6 only
        return six, dropped
    four, more = _read_part(document, IPV4)
    return replace(four, other=six), dropped + more


def _read_part(document: object, family: Family) -> tuple[SavedState, int]:
    """What is saved of one family, and how many nodes were left out. Raises `_Damaged`."""
    if not isinstance(document, dict):
        raise _Damaged(f"what it has of {family.name} is not a JSON object")
    nodes, external = document.get("nodes"), document.get("external")
    if not isinstance(nodes, list):
        raise _Damaged("its nodes are not a list")
    try:
        own = _id(document.get("id"))
        address = None if external is None else _addr(external, family)
    except ValueError as error:
        raise _Damaged(str(error)) from None
    usable = [(node, _rtt(value)) for value in nodes[:MAX_NODES] if (node := _node(value, family)) is not None]
    rtts = tuple(rtt for _, rtt in usable)
    found = tuple(node for node, _ in usable)
    state = SavedState(own, address, found, rtts if any(rtts) else (), family)
    return state, min(len(nodes), MAX_NODES) - len(usable)


def _node(value: object, family: Family) -> NodeInfo | None:
    if not isinstance(value, dict):
        return None
    try:
        node = NodeInfo(_id(value.get("id")), _addr(value.get("addr"), family))
    except ValueError:
        return None
    return node if is_usable(node.addr) else None


def _rtt(value: dict[str, object]) -> float | None:
    rtt = value.get("rtt")
    return rtt if type(rtt) is float and 0 < rtt < MAX_RTT else None


def _id(value: object) -> bytes:
    if isinstance(value, str) and len(value) == 2 * ID_LENGTH:
        try:
            found = bytes.fromhex(value)
        except ValueError:
            found = b""
        if len(found) == ID_LENGTH:  # fromhex skips spaces
            return found
    raise ValueError("an id is not 40 hex digits")


def _addr(value: object, family: Family) -> Addr:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            addr = read_addr(value)
            if family_of(addr[0]) is family:
                return addr
    raise ValueError(f"an address is not {'a.b.c.d:port' if family is IPV4 else '[IPv6]:port'}")
