"""Smaller responses: what is left out if the full one exceeds the reply budget of its receiver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..wire import bencode
from ..wire.family import FAMILIES, ID_LENGTH

_WHOLE = frozenset((b"v", b"k", b"sig", b"BFsd", b"BFpe"))
_LISTS = (
    (b"samples", ID_LENGTH, ID_LENGTH),
    (b"values", 1, 0),
    *((family.nodes_key, family.node_length, family.node_length) for family in FAMILIES),
)
"""Names of lists, how long an element is in Python, and how many bytes it takes encoded; 0: those of its first one."""


def shrink(body: Mapping[bytes, Any], most: int) -> dict[bytes, Any] | None:
    """The body of a response (``r``) in at most `most` bytes, encoded; `None` if that is not possible.

    The value of an item is left out first, being most of the bytes, and bloom filters, which can't be cut; its seq
    stays, and shows that the item exists. Then as many samples and peers as necessary, then nodes, the farthest first.
    Id and token stay, so the receiver can prove itself.
    """
    left = {name: value for name, value in body.items() if name not in _WHOLE}
    excess = len(bencode.encode(left)) - most
    for name, step, width in _LISTS:
        if excess > 0 and name in left:
            there = len(left[name]) // step
            width = width or len(bencode.encode(left[name][0]))
            gone = min(there, -(-excess // width))
            excess -= gone * width
            if gone < there:
                left[name] = left[name][: (there - gone) * step]
            else:
                del left[name]
    return left if excess <= 0 or len(bencode.encode(left)) <= most else None
