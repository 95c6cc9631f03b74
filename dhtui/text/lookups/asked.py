"""What a lookup looks for, in words, safe to print."""

from __future__ import annotations

from typing import Final

from ..format import short_id

OWN_PEERS: Final = "peers of our own id, as if it were an infohash"
OWN_NODES: Final = "the nodes closest to our own id"


def peers_words(infohash: bytes, other: bytes | None, *, second: bool) -> str:
    """Peers. `other`: the other infohash of a hybrid torrent. `second`: it is of version 2, cut to 20 bytes."""
    if other is not None:
        return f"peers of both infohashes of the hybrid torrent: {short_id(infohash)}, {short_id(other)}"
    if second:
        return f"peers of the v2 torrent, its first 20 bytes: {short_id(infohash)}"
    return f"peers of the infohash {short_id(infohash)}"


def item_words(target: bytes, public: bytes | None, salt: bytes) -> str:
    """An item, by its key if that is known."""
    return (
        f"the item at {short_id(target)}"
        if public is None
        else f"the item of the key {short_id(public)}{_salted(salt)}"
    )


def holders_words(public: bytes, salt: bytes) -> str:
    """The nodes that an item belongs on."""
    return f"the nodes that store the item of the key {short_id(public)}{_salted(salt)}"


def nodes_words(target: bytes, *, hybrid: bool) -> str:
    """Nodes. `hybrid`: the target is the first infohash of two."""
    first = "; of a hybrid torrent that is the first one" if hybrid else ""
    return f"the nodes closest to {short_id(target)}{first}"


def samples_words(place: bytes) -> str:
    """Infohashes of others."""
    return f"infohashes that nodes near {short_id(place)} store"


def _salted(salt: bytes) -> str:
    return f" and a salt of {len(salt)} bytes" if salt else ""
