"""What is in a testnet to be found."""

from __future__ import annotations

from hashlib import sha1

NAMES = ("debian-13.iso", "sintel.mkv", "kademlia.pdf")
"""Swarms to find: the infohash of each is the SHA-1 of its name."""
TEXTS = (b"Hello World!", b"The DHT is a map that nobody holds.")
"""Values of immutable items."""
SALTS = (b"", b"foobar")
"""Salts of mutable items, which BEP 44's public test key signs."""


def infohash_of(name: str) -> bytes:
    """The infohash of a made-up torrent, 20 bytes."""
    return sha1(name.encode(), usedforsecurity=False).digest()
