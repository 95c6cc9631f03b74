"""The tree into which a packet is taken apart, and what its leaves lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..engine.wire.compact import Addr

LinkKind: TypeAlias = Literal["node", "target", "infohash", "address", "key", "packet", "lookup"]


@dataclass(frozen=True, slots=True)
class Link:
    """Something that can be gone to from where it was seen."""

    kind: LinkKind
    value: bytes | Addr | int
    """20 bytes for ``node``, ``target`` and ``infohash``, 32 for ``key``, an address, or a number, of a packet or
    a lookup."""
    label: str
    """What it is, for people; safe to print."""


Mark: TypeAlias = Literal["", "unknown", "odd", "damaged"]
"""Nothing special; a key that no BEP names; a value that breaks a rule; bytes that can't be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a packet. All texts are safe to print."""

    label: str
    """Its key and what that stands for, or its place in a list."""
    value: str
    start: int
    """Its first byte in the datagram."""
    end: int
    """The byte after its last one."""
    children: tuple[Part, ...] = ()
    """In the order of the bytes, each within this part."""
    mark: Mark = ""
    note: str = ""
    """Why it is marked, or what else there is to say."""
    links: tuple[Link, ...] = ()


def walk(root: Part) -> Iterator[Part]:
    """The part and all below it, top down."""
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
