"""The input that starts a lookup, checked while the user types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..engine.items import mutable_target
from ..engine.lookup.questions import LookupKind
from ..errors import UsageError
from ..options.values import TARGETS, Target, item, salt, target, torrent
from ..text.lookups import asked as words

Kind: TypeAlias = LookupKind


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """A lookup to start."""

    kind: Kind
    target: bytes
    """20 bytes."""
    salt: bytes
    """get: the salt, for the signature of a mutable item; else empty."""
    words: str
    """What is looked up, in words; safe to print."""
    public: bytes | None = None
    """get: the public key of the item, if it is known; 32 bytes."""
    also: tuple[bytes, ...] = ()
    """get_peers: the other infohash of a hybrid torrent, to be looked up as well."""


def read_request(kind: Kind, text: str, salt_text: str, own: bytes) -> LookupRequest:
    """The lookup of the form's fields, parsed as on the command line.

    Raises `UsageError`, which says what is accepted.
    """
    text = text.strip()
    if not text:
        raise UsageError(f"type {TARGETS}")
    given, found = salt(salt_text), target(text)
    return READERS[kind](found, given, own)


def _peers(found: Target, given: bytes, own: bytes) -> LookupRequest:
    if given:
        raise UsageError("get_peers takes no salt: only items have one, choose get")
    if found.id is None:
        return LookupRequest("get_peers", own, b"", words.OWN_PEERS)
    try:
        first, *also = torrent(found)
    except UsageError:
        raise UsageError("a public key names an item, which has no peers: choose get") from None
    said = words.peers_words(first, also[0] if also else None, second=found.public is not None)
    return LookupRequest("get_peers", first, b"", said, also=tuple(also))


def _item(found: Target, given: bytes, own: bytes) -> LookupRequest:
    if found.hashes and found.public is None:
        raise UsageError("this names a torrent, which is no item: choose get_peers")
    wanted = item(found, given)
    assert wanted.id is not None
    said = words.item_words(wanted.id, wanted.public, wanted.salt)
    return LookupRequest("get", wanted.id, given if wanted.public is None else wanted.salt, said, wanted.public)


def _nodes(found: Target, given: bytes, own: bytes) -> LookupRequest:
    if found.id is None:
        return LookupRequest("find_node", own, b"", words.OWN_NODES)
    if found.public is not None:
        if found.hashes and not given:
            raise UsageError(
                "64 hex digits are a public key, or the infohash of a v2 torrent: choose get or get_peers, "
                "or type the 40 of the target"
            )
        wanted = item(found, given)
        said = words.holders_words(found.public, wanted.salt)
        return LookupRequest("find_node", mutable_target(found.public, wanted.salt), b"", said)
    if given:
        raise UsageError("find_node takes no salt: only items have one, choose get")
    return LookupRequest("find_node", found.id, b"", words.nodes_words(found.id, hybrid=len(found.hashes) > 1))


def _samples(found: Target, given: bytes, own: bytes) -> LookupRequest:
    if given:
        raise UsageError("sample_infohashes takes no salt: only items have one, choose get")
    place = own if found.id is None else found.id
    return LookupRequest("sample_infohashes", place, b"", words.samples_words(place))


READERS: Final[Mapping[Kind, Callable[[Target, bytes, bytes], LookupRequest]]] = {
    "find_node": _nodes,
    "get_peers": _peers,
    "get": _item,
    "sample_infohashes": _samples,
}
"""The lookups that forms and commands offer: each makes its request of the target, the salt and our id."""
KINDS: Final[tuple[Kind, ...]] = tuple(READERS)


def likely_kind(text: str) -> Kind | None:
    """The most likely kind of lookup for a target: peers of a torrent, the item of a key; `None` for a bare hash."""
    try:
        found = target(text)
    except UsageError:
        return None
    if found.id is None:
        return "find_node"
    if found.public is not None:
        return "get"
    return "get_peers" if found.hashes else None
