"""Smaller responses: what to leave out if the full one has more bytes than its receiver may get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..wire import bencode
from ..wire.compact import NODE_LENGTH

_ITEM = frozenset((b"v", b"k", b"sig"))
_LISTS = ((b"values", 1, 8), (b"nodes", NODE_LENGTH, NODE_LENGTH))
"""Names of lists, the length of an element in Python, and its length when encoded."""


def shrink(body: Mapping[bytes, Any], most: int) -> dict[bytes, Any] | None:
    """The body of a response (``r``) in at most `most` bytes, encoded; `None` if that is not possible.

    The value of an item is left out first, being most of the bytes; its seq stays, and shows that there is one. Then as
    many peers as necessary, then nodes, the farthest first. Id and token stay, so the receiver can prove itself.
    """
    left = {name: value for name, value in body.items() if name not in _ITEM}
    excess = len(bencode.encode(left)) - most
    for name, step, width in _LISTS:
        if excess > 0 and name in left:
            there = len(left[name]) // step
            gone = min(there, -(-excess // width))
            excess -= gone * width
            if gone < there:
                left[name] = left[name][: (there - gone) * step]
            else:
                del left[name]
    return left if excess <= 0 or len(bencode.encode(left)) <= most else None
