"""The commonest queries, read in one step.

A server reads thousands of them a second, and nearly all are spelled alike: canonical, with no argument but the needed
ones. A pattern reads these in a third of the time. It knows few spellings, and of these it gives exactly what the
strict reader (`krpc.parse_any`) gives; a test compares both. All else is left to that one, which alone refuses.

Each string has a fixed length in the pattern, so a match is the one way to read these bytes.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from .methods import AnnouncePeer, Args, FindNode, Get, GetPeers, Ping

Read: TypeAlias = tuple[bytes, str, Args, bool, bytes | None]
"""Transaction id, method, arguments, whether the sender is read-only, and its version."""

_END: Final = rb"(2:roi1e)?1:t(1:.|2:..|3:...|4:....)(?:1:v4:(....))?1:y1:qe"
_READING: Final = re.compile(
    rb"d1:ad2:id20:(.{20})(?:(6:target|9:info_hash)20:(.{20}))?e1:q(4:ping|9:find_node|9:get_peers|3:get)" + _END,
    re.DOTALL,
).fullmatch
_ANNOUNCE: Final = re.compile(
    rb"d1:ad2:id20:(.{20})(?:12:implied_porti([01])e)?9:info_hash20:(.{20})4:porti([1-9][0-9]{0,4})e"
    rb"5:token(?:4:(.{4})|8:(.{8}))e1:q13:announce_peer" + _END,
    re.DOTALL,
).fullmatch
_TARGET: Final = b"6:target"
_LENGTH: Final = len(b"4:")
"""Bytes before a transaction id that has at most 9."""


def read(data: bytes) -> Read | None:
    """A query; `None` if it is spelled in any other way, or is none."""
    if (found := _READING(data)) is None:
        return _announce(data)
    node_id, key, target, method, read_only, tid, version = found.groups()
    args: Args
    if method == b"9:find_node" and key == _TARGET:
        name, args = "find_node", FindNode(node_id, target)
    elif method == b"9:get_peers" and key == b"9:info_hash":
        name, args = "get_peers", GetPeers(node_id, target)
    elif method == b"4:ping":
        name, args = "ping", Ping(node_id)
    elif method == b"3:get" and key == _TARGET:
        name, args = "get", Get(node_id, target)
    else:
        return None
    return tid[_LENGTH:], name, args, read_only is not None, version


def _announce(data: bytes) -> Read | None:
    if (found := _ANNOUNCE(data)) is None:
        return None
    node_id, implied, target, digits, four, eight, read_only, tid, version = found.groups()
    port = 0 if implied == b"1" else int(digits)
    if port > 65535:
        return None
    args = AnnouncePeer(node_id, target, port, four or eight)
    return tid[_LENGTH:], "announce_peer", args, read_only is not None, version
