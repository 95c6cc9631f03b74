"""The tree of a dissected packet, and the links of its leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from ..engine.wire.compact import Addr

LinkKind: TypeAlias = Literal["node", "target", "infohash", "address", "key", "packet", "lookup"]


class Link(NamedTuple):
    """A link to another object."""

    kind: LinkKind
    value: bytes | Addr | int
    """20 bytes for ``node``, ``target`` and ``infohash``, 32 for ``key``, an address, or a number, of a packet or
    a lookup."""
    label: str
    """Its words, safe to print."""


Mark: TypeAlias = Literal["", "unknown", "odd", "damaged"]
"""Normal; a key that no BEP names; a value that breaks a rule; unreadable bytes."""


class Part(NamedTuple):
    """A part of a packet. All texts are safe to print."""

    label: str
    """Its key and the meaning of that, or its index in a list."""
    value: str
    start: int
    """The offset of its first byte in the datagram."""
    end: int
    """The offset after its last byte."""
    children: tuple[Part, ...] = ()
    """In the order of the bytes, each within this part."""
    mark: Mark = ""
    note: str = ""
    """Why it is marked, or a remark."""
    links: tuple[Link, ...] = ()


def walk(root: Part) -> Iterator[Part]:
    """The part and all its descendants, top down."""
    yield root
    for child in root.children:
        yield from walk(child)


def path_to(root: Part, offset: int) -> list[Part]:
    """The parts that hold a byte, from the root down to the smallest."""
    path = [root] if root.start <= offset < root.end else []
    while path:
        inner = next((child for child in path[-1].children if child.start <= offset < child.end), None)
        if inner is None:
            break
        path.append(inner)
    return path
