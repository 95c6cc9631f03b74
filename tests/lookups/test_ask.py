"""What a user types to start a lookup."""

from __future__ import annotations

import pytest

from dhtui.engine.items import mutable_target
from dhtui.errors import UsageError
from dhtui.lookups.ask import Kind, likely_kind, read_request

OWN = bytes(range(20))
HASH, KEY = (
    "4f1a9d3377c0aa55c3d2e1f00f1e2d3c4b5a6978",
    "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548",
)


@pytest.mark.parametrize("kind", ["find_node", "get_peers", "get"])
def test_a_hash_can_be_looked_for_in_every_way(kind: Kind) -> None:
    request = read_request(kind, f" {HASH} ", "", OWN)
    assert (request.kind, request.target, request.salt) == (kind, bytes.fromhex(HASH), b"")


def test_self_is_our_own_id() -> None:
    request = read_request("find_node", "self", "", OWN)
    assert (request.target, request.words) == (OWN, "the nodes closest to our own id")


def test_a_magnet_link_gives_its_infohash() -> None:
    assert read_request("get_peers", f"magnet:?xt=urn:btih:{HASH}&dn=x", "", OWN).target == bytes.fromhex(HASH)


def test_a_key_with_a_salt_gives_the_target_of_its_item() -> None:
    request = read_request("get", KEY, "foobar", OWN)
    assert request.target == mutable_target(bytes.fromhex(KEY), b"foobar")
    assert request.salt == b"foobar"
    same = read_request("get", f"magnet:?xs=urn:btpk:{KEY}&s={b'foobar'.hex()}", "", OWN)
    assert (same.target, same.salt) == (request.target, request.salt)
    assert read_request("find_node", KEY, "foobar", OWN).target == request.target


@pytest.mark.parametrize(
    ("kind", "text", "salt", "said"),
    [
        ("get", "", "", "type exactly 40 hex digits"),
        ("get", "abc", "", "exactly 40 hex digits"),
        ("get", "z" * 64, "", "a public key"),
        ("get_peers", f"pk:{KEY}", "", "choose get"),
        ("get_peers", HASH, "x", "takes no salt"),
        ("get", HASH, "s" * 65, "at most 64"),
        ("get", f"magnet:?xs=urn:btpk:{KEY}&s=00", "x", "not that of the magnet link"),
        ("get", "magnet:?dn=x", "", "neither"),
        ("get", "\x1b[2J", "", r"\x1b[2J"),
    ],
)
def test_what_can_not_be_looked_for_is_told_with_what_is_accepted(kind: Kind, text: str, salt: str, said: str) -> None:
    with pytest.raises(UsageError) as problem:
        read_request(kind, text, salt, OWN)
    assert said in str(problem.value)
    assert str(problem.value).isprintable()


def test_the_kind_follows_from_a_target_that_tells_it() -> None:
    assert likely_kind(f"magnet:?xt=urn:btih:{HASH}") == "get_peers"
    assert likely_kind(f"magnet:?xs=urn:btpk:{KEY}") == likely_kind(KEY) == "get"
    assert likely_kind("self") == "find_node"
    assert likely_kind(HASH) is None
