"""Keys, infohashes, salts and addresses have one reader each, for the command line and for every form."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhtui.actions.request import Request
from dhtui.engine.items import mutable_target
from dhtui.errors import UsageError
from dhtui.keyring.zbase32 import encode_public
from dhtui.lookups.ask import KINDS, Kind, LookupRequest, likely_kind, read_request
from dhtui.options import config, planning, values
from dhtui.options.values import salt_text, target
from dhtui.screens.items.get_request import read_get
from dhtui.screens.items.kept_rows import read_wanted
from dhtui.screens.peers.announce_form import read_announce

KEY = bytes.fromhex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548")
ITEM, SALTED = mutable_target(KEY), mutable_target(KEY, b"\x00\xffs")
Z = encode_public(KEY)
V1 = bytes.fromhex("4a533d47ec9c7d95b1ad75f576cffc641853b750")
BASE32 = "JJJT2R7MTR6ZLMNNOX2XNT74MQMFHN2Q"
V2 = "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e"
LONG = "".join(f"&tr=udp%3A%2F%2F{number}.example" for number in range(500))

KEYS = [
    *(KEY.hex(), KEY.hex().upper(), Z, Z.upper(), f"  {Z}\n", f"pk:{Z}", f"https://{Z}", f"https://{Z}/path?q#f"),
    *(f"pubky://{Z}/pub/x", f"foo.{Z}", f"a.b.{Z}.", f"https://foo.{Z}:8080/", f"urn:btpk:{KEY.hex()}"),
]
TORRENTS = [
    *(V1.hex(), V1.hex().upper(), BASE32, BASE32.lower(), f" {BASE32} ", f"urn:btih:{V1.hex()}", f"URN:BTIH:{BASE32}"),
    *(
        f"magnet:?xt=urn:btih:{V1.hex()}&dn=x",
        f"MAGNET:?XT=URN:BTIH:{BASE32}",
        f"magnet:?dn=x&amp;xt=urn:btih:{BASE32}",
    ),
    *(
        f"magnet:?xt=urn:btih:{V1.hex()}{LONG}",
        f"magnet:?{LONG}&xt=urn:btih:{V1.hex()}",
        f"magnet:?xt.1=urn:btih:{V1.hex()}",
    ),
]
V2_TORRENTS = [V2, f"1220{V2}", f"urn:btmh:1220{V2}", f"magnet:?xt=urn:btmh:1220{V2}&dn=x"]
HYBRID = f"magnet:?xt=urn:btmh:1220{V2}&xt=urn:btih:{V1.hex()}"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


def plan(*argv: str) -> Request:
    request = planning.plan(config.read(["--do", *argv]))
    assert isinstance(request, Request)
    return request


def asked(kind: Kind, text: str, salt: str = "") -> LookupRequest:
    """What the form of a lookup asks for."""
    return read_request(kind, text, salt, bytes(20))


@pytest.mark.parametrize("text", KEYS)
def test_a_key_is_read_alike_wherever_one_is_asked_for(text: str) -> None:
    assert values.public_key(text) == KEY
    for argv in (("get", "--public-key", text), ("get", "--target", text), ("closest_stores", "--target", text)):
        assert (plan(*argv).target, plan(*argv).public) == (ITEM, KEY)
    assert plan("get", "--target", text, "--salt", "hex:00ff73").target == SALTED
    assert read_get(text, "hex:00ff73", "", []).target == SALTED
    assert read_wanted(text).id == ITEM
    assert (asked("get", text).target, asked("get", text).public, likely_kind(text)) == (ITEM, KEY, "get")
    salted = asked("get", text, "hex:00ff73")
    assert (salted.target, salted.salt) == (SALTED, b"\x00\xffs")
    assert asked("find_node", text, "hex:00ff73").target == SALTED


@pytest.mark.parametrize("text", TORRENTS)
def test_an_infohash_is_read_alike_wherever_one_is_asked_for(text: str) -> None:
    for action in ("get_peers", "closest_peers", "find_node"):
        assert plan(action, "--target", text).target == V1
    assert read_announce(text, "1").info_hashes == (V1,)
    for kind in KINDS[:2]:
        assert asked(kind, text).target == V1
    assert likely_kind(text) == (None if text == text.strip() and len(text) == 40 else "get_peers")


@pytest.mark.parametrize("text", V2_TORRENTS)
def test_of_a_v2_torrent_the_dht_knows_the_first_20_bytes(text: str) -> None:
    assert plan("get_peers", "--target", text).target == bytes.fromhex(V2)[:20]
    assert read_announce(text, "1").info_hashes == (bytes.fromhex(V2)[:20],)
    assert asked("get_peers", text).target == bytes.fromhex(V2)[:20]


def test_a_hybrid_torrent_is_asked_for_under_both_infohashes() -> None:
    for action in (("get_peers",), ("closest_peers",), ("announce_peer", "--annport", "1")):
        found = plan(*action, "--target", HYBRID)
        assert (found.target, found.also) == (V1, (bytes.fromhex(V2)[:20],))
    assert read_announce(HYBRID, "").info_hashes == (V1, bytes.fromhex(V2)[:20])
    assert "each of both" in read_announce(HYBRID, "").words
    both = asked("get_peers", HYBRID)
    assert (both.target, both.also) == (V1, (bytes.fromhex(V2)[:20],)) and "both infohashes" in both.words
    first = asked("find_node", HYBRID)
    assert (first.target, first.also) == (V1, ()) and "the first one" in first.words


def test_64_digits_are_said_to_mean_two_things_where_they_do() -> None:
    with pytest.raises(UsageError, match="or the infohash of a v2 torrent"):
        plan("find_node", "--target", V2)
    with pytest.raises(UsageError, match="or the infohash of a v2 torrent"):
        asked("find_node", V2)


@pytest.mark.parametrize("link", [f"magnet:?xs=urn:btpk:{KEY.hex()}&s=00", Z, f"pk:{Z}"])
def test_an_item_is_never_asked_for_peers(link: str) -> None:
    """Nobody has peers of an item's own target (BEP 46): "0 peers" would be the answer to another question."""
    for action in (("get_peers",), ("closest_peers",), ("announce_peer", "--annimplied")):
        with pytest.raises(UsageError, match="--target: this names an item, which has no peers"):
            plan(*action, "--target", link)
    with pytest.raises(UsageError, match="names an item"):
        read_announce(link, "")
    with pytest.raises(UsageError, match="names an item"):
        asked("get_peers", link)


@pytest.mark.parametrize("link", [TORRENTS[7], BASE32, f"urn:btmh:1220{V2}"])
def test_a_torrent_is_never_asked_for_as_an_item(link: str) -> None:
    for action in ("get", "closest_stores"):
        with pytest.raises(UsageError, match="--target: this names a torrent"):
            plan(action, "--target", link)
    for read in (read_wanted, lambda text: read_get(text, "", "", []), lambda text: asked("get", text)):
        with pytest.raises(UsageError, match="names a torrent"):
            read(link)


def test_the_salt_of_a_link_is_its_own() -> None:
    link = f"magnet:?xs=urn:btpk:{KEY.hex()}&s=00ff73"
    assert plan("get", "--target", link).target == SALTED
    assert plan("get", "--target", link, "--salt", "hex:00ff73").target == SALTED
    for salted in (link, f"magnet:?xs=urn:btpk:{KEY.hex()}"):
        with pytest.raises(UsageError, match="not that of the magnet link"):
            plan("get", "--target", salted, "--salt", "other")
        with pytest.raises(UsageError, match="not that of the magnet link"):
            asked("get", salted, "other")


def test_put_and_verify_take_every_name_of_their_target() -> None:
    put = ("put", "--keyname", "bep44test", "--val", "x", "--salt", "hex:00ff73", "--target")
    for name in (SALTED.hex(), Z, f"https://{Z}/", f"magnet:?xs=urn:btpk:{KEY.hex()}&s=00ff73"):
        assert plan(*put, name).target == SALTED
    with pytest.raises(UsageError, match=f"that is {SALTED.hex()}"):
        plan(*put, ITEM.hex())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "not 1 character$"),
        ("hello", r"a public key \(64 hex digits, or 52 of z-base-32\), a magnet link, or self"),
        (Z[:-1] + "9", "mistyped"),
        (f"pk:{Z[:-1]}", "exactly 40 hex digits"),
        (f"urn:btmh:1220{V2[:-2]}", "1220 and 64 hex digits are needed"),
        (f"urn:btih:{V1.hex()[:-1]}", "is not an infohash"),
        ("magnet:?xt=urn:sha1:x", "has neither xt=urn:btih:"),
        ("z" * 64, "is not a public key"),
    ],
)
def test_what_is_mistyped_is_said_to_be(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        target(text)


@pytest.mark.parametrize("data", [b"foobar", b"a b", b"\x00\xff", b"hex:00", "grüß".encode(), b"\n", b"\xe2\x80\x8d"])
def test_a_salt_is_written_as_it_is_read(data: bytes) -> None:
    assert values.salt(salt_text(data)) == data and salt_text(data).isprintable()


def test_a_salt_in_hex_that_is_none_is_refused() -> None:
    for text in ("hex:0", "hex:zz", "hex:" + "00" * 65):
        with pytest.raises(UsageError):
            values.salt(text)


@pytest.mark.parametrize("flag", ["--bnodes", "--remote"])
@pytest.mark.parametrize(
    "text",
    [
        "udp://a.example:1 b.example:2",
        "a.example:1;b.example:2",
        "a.example:1\tb.example:2,",
        "dht://a.example:1/,b.example:2/x",
    ],
)
def test_a_list_of_nodes_is_read_however_it_is_joined(flag: str, text: str) -> None:
    found = getattr(config.read([flag, text]), flag[2:])
    assert [str(node) if flag == "--bnodes" else "%s:%d" % node for node in found] == ["a.example:1", "b.example:2"]


@pytest.mark.parametrize("text", ["::1:1", "udp://2001:db8::1:6881", "2001:db8::1"])
def test_only_ipv6_is_said_to_be_ipv6(text: str) -> None:
    with pytest.raises(UsageError, match=r"an IPv6 address stands in brackets, such as \[2001:db8::1\]:6881"):
        config.read(["--bnodes", text])


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    """Editors of Windows put one before what they write."""
    mark = b"\xef\xbb\xbf"
    (tmp_path / "c.toml").write_bytes(mark + b"ksize = 7\n")
    assert config.read(["--config", str(tmp_path / "c.toml")]).ksize == 7
    from dhtui.actions.unlocking import _from_file
    from dhtui.items.value import to_bencode

    (tmp_path / "pass").write_bytes(mark + b"correct horse\r\n")
    assert _from_file(tmp_path / "pass", "--passphrase-file", None) == b"correct horse"
    assert to_bencode("json", mark + b"[1]") == b"li1ee" and to_bencode("hex", mark + b"00") == b"1:\x00"
    assert to_bencode("text", mark) == b"3:" + mark, "a value is bytes: nothing is taken away"


def test_a_tilde_is_the_home_folder_in_every_path(tmp_path: Path) -> None:
    from dhtui.keyring import Keyring
    from dhtui.storage.blocklist_file import load

    (tmp_path / "blocks").write_text("10.0.0.0/8\n")
    (tmp_path / "b").write_bytes(b"i1e")
    assert "10.1.1.1" in load("~/blocks")[0]
    assert plan("put", "--val-bencoded", "@~/b").what is not None
    seed = bytes([8]) + bytes(30) + bytes([64])
    from dhtui.engine.keys import PrivateKey

    (tmp_path / "old.key").write_text((seed + PrivateKey.from_seed(seed).public).hex())
    assert Keyring(tmp_path).public("~/old.key") == PrivateKey.from_expanded(seed + bytes(32)).public
