"""Keys come in and go out in all the forms they are met in; what can't be used is refused with the reason."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.keys import BEP44_TEST_KEY, BadKey, PrivateKey, verify
from dhtui.keyring.keyfile import write_line
from dhtui.keyring.reading import read_key
from dhtui.keyring.seal import Cost, Sealed, seal
from dhtui.keyring.writing import FORMATS, write_key
from dhtui.keyring.zbase32 import decode_public, encode_public

KEY = PrivateKey.from_seed(bytes(range(32)))
DEAD = PrivateKey.from_seed(bytes(range(224, 256)))
GO = KEY.secret + KEY.public
EXPANDED = BEP44_TEST_KEY.secret
LT_SEED = PrivateKey.from_seed(bytes.fromhex("829ee32a86b93d3766df28d8d77069fdc04e05b17fb095043c72a56d846d0372"))
LT_EXPANDED = bytes.fromhex(
    "d80f1dd2960eb009dfddc59869cfdfdcc7f1b53eced672bb44ec5a1ed5bb4b6b"
    "782b47fb7767f2d231dc37d84acaf1097ebd82636568e69a85759f9a13d274df"
)
RFC8410 = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
"""
RFC8410_PUBLIC = bytes.fromhex("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1")
RFC8410_FULL = """-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
"""


@pytest.mark.parametrize(
    ("data", "key", "kind"),
    [
        (KEY.secret, KEY, "a seed in raw bytes"),
        (KEY.secret.hex().encode() + b"\n", KEY, "a seed in hex"),
        (b"0x" + KEY.secret.hex().upper().encode(), KEY, "a seed in hex"),
        (KEY.secret.hex(":").encode(), KEY, "a seed in hex"),
        (base64.b64encode(KEY.secret), KEY, "a seed in base64"),
        (base64.urlsafe_b64encode(KEY.secret).rstrip(b"="), KEY, "a seed in base64"),
        (GO, KEY, "a seed and its public key in raw bytes"),
        (base64.b64encode(GO), KEY, "a seed and its public key in base64"),
        (EXPANDED, BEP44_TEST_KEY, "an expanded key in raw bytes"),
        (EXPANDED.hex().encode(), BEP44_TEST_KEY, "an expanded key in hex"),
        (base64.encodebytes(EXPANDED), BEP44_TEST_KEY, "an expanded key in base64"),
        (LT_EXPANDED, PrivateKey.from_expanded(LT_EXPANDED), "an expanded key in raw bytes"),
        (write_line(KEY), KEY, "a key file of dhtui"),
        (write_key(KEY, "pem").encode(), KEY, "PKCS 8 in PEM"),
        (write_key(KEY, "paper").encode(), KEY, "a paper key"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_form_is_recognised(data: bytes, key: PrivateKey, kind: str) -> None:
    found = read_key(data)
    assert (found.key, found.kind) == (key, kind)


def test_the_expanded_form_of_libtorrent_is_the_key_of_its_seed() -> None:
    found = read_key(LT_EXPANDED, public=LT_SEED.public).key
    assert isinstance(found, PrivateKey) and found.public == LT_SEED.public
    assert verify(LT_SEED.public, b"x", found.sign(b"x"))


def test_an_encrypted_key_file_stays_encrypted() -> None:
    sealed = seal(KEY, b"x", Cost(1, 8192))
    found = read_key(write_line(sealed))
    assert isinstance(found.key, Sealed) and found.key == sealed and "encrypted" in found.kind


RING = bytes.fromhex("3053020101300506032b657004220420") + KEY.secret + bytes.fromhex("a123032100") + KEY.public
"""PKCS 8, version 2, as Rust's ring writes it."""
DER = bytes.fromhex("302e020100300506032b657004220420") + KEY.secret


def _jwk(**changed: object) -> bytes:
    def text(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    found = {"kty": "OKP", "crv": "Ed25519", "d": text(KEY.secret), "x": text(KEY.public), "kid": "1"}
    return json.dumps(found | changed).encode()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (RING, "PKCS 8 in DER"),
        (DER, "PKCS 8 in DER"),
        (DER + b"\n", "PKCS 8 in DER"),
        (RING + b"\r\n", "PKCS 8 in DER"),
        (RING.hex().encode() + b"\n", "PKCS 8 in DER"),
        (base64.encodebytes(DER), "PKCS 8 in DER"),
        (b"-----BEGIN PRIVATE KEY-----\n%b-----END PRIVATE KEY-----" % base64.encodebytes(RING), "PKCS 8 in PEM"),
        (b"\xff" * 32 + b"\n", "a seed in raw bytes"),
        (b"\xff" * 32 + b"\r\n", "a seed in raw bytes"),
        (_jwk(), "a JSON Web Key"),
        (b"\xef\xbb\xbf " + _jwk() + b"\n", "a JSON Web Key"),
    ],
)
def test_what_other_programs_write_is_read(data: bytes, kind: str) -> None:
    found = read_key(data)
    assert found.kind == kind
    assert found.key == (PrivateKey.from_seed(b"\xff" * 32) if b"\xff" * 32 in data else KEY)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (RING[:-1] + bytes([RING[-1] ^ 1]), "public key does not belong"),
        (RING[:-1], "no private key"),
        (_jwk(x="AAAA"), "`x` of the JSON Web Key is not the public key"),
        (_jwk(d="AAAA"), "has 3 bytes, not 32"),
        (_jwk(crv="X25519"), "no private key of Ed25519"),
        (b"{", "begins like JSON"),
    ],
)
def test_what_is_damaged_of_it_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BadKey, match=words):
        read_key(data)


# ---- the original's ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_digits_that_mean_two_keys_are_taken_for_neither(end: str) -> None:
    """128 hex digits of a seed and its public key: Go and NaCl write them, and mh-cbon/dht, for another key."""
    with pytest.raises(BadKey, match=r"mean two keys: choose the form `go`.* or `original`"):
        read_key((GO.hex() + end).encode())
    found = read_key((GO.hex() + end).encode(), "original")
    assert found.key == PrivateKey.from_expanded(GO) and found.key.public != KEY.public
    assert found.kind == "a .key file of mh-cbon/dht"


def test_the_other_reading_of_the_same_digits_is_taken_when_asked_for() -> None:
    assert read_key(GO.hex().encode(), "go").key == KEY
    assert read_key(GO.hex().encode(), public=KEY.public).key == KEY
    assert read_key(GO, "original").key == PrivateKey.from_expanded(GO)
    assert read_key(GO.hex().encode(), public=PrivateKey.from_expanded(GO).public).key.public != KEY.public


def test_the_unusable_half_of_the_originals_keys_is_refused_with_the_reason() -> None:
    data = (DEAD.secret + DEAD.public).hex().encode()
    with pytest.raises(BadKey) as caught:
        read_key(data)
    assert "byte 31 of the private key is 255, over 127" in str(caught.value)
    assert "no usable secret" in str(caught.value)
    with pytest.raises(BadKey, match="over 127"):
        read_key(data, public=bytes(32))
    assert read_key(data, "go").key == DEAD


# ---- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "form", "words"),
    [
        (b"", "auto", "empty"),
        (b" \n", "auto", "empty"),
        (b"x" * 20_000, "auto", "more than 16384 bytes"),
        (b"hello", "auto", "neither a key file, PEM or a paper key"),
        (b"ab" * 31, "auto", "neither a key file"),
        (bytes(range(64)), "auto", "neither a seed and its public key nor an expanded"),
        (bytes(64), "expanded", "zero"),
        (KEY.secret, "go", "has 64 bytes, this has 32"),
        (GO, "seed", "has 32 bytes, this has 64"),
        (EXPANDED, "go", "public key"),
        (KEY.secret, "sealed", "is none of auto"),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----", "auto", "damaged"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nAA==\n-----END OPENSSH PRIVATE KEY-----", "auto", "OpenSSH"),
        (b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----", "auto", "public key"),
        (RFC8410[:80].encode(), "auto", "cut short"),
        (RFC8410.replace("MC4C", "MC4D").encode(), "auto", "no PKCS 8"),
        (RFC8410.replace("BQYDK2Vw", "BQYDK2Vx").encode(), "auto", "another kind"),
        (RFC8410.replace("MC4C", "MC=4").encode(), "auto", "not base64"),
        (RFC8410_FULL.replace("ZuE=", "ZuA=").encode(), "auto", "public key does not belong"),
    ],
)
def test_what_is_no_key_is_refused_with_the_reason(data: bytes, form: str, words: str) -> None:
    with pytest.raises(BadKey, match=words):
        read_key(data, form)


def test_a_public_key_that_does_not_belong_is_noticed() -> None:
    for data in (KEY.secret, write_line(KEY), write_key(KEY, "pem").encode(), EXPANDED):
        with pytest.raises(BadKey, match="does not belong"):
            read_key(data, public=DEAD.public)


@given(st.binary(max_size=200))
def test_no_input_fails_in_another_way(data: bytes) -> None:
    try:
        read_key(data)
    except BadKey as error:
        assert len(data) < 8 or data.hex() not in str(error)


# ---- PEM, paper, z-base-32 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [RFC8410, RFC8410_FULL], ids=["version 1", "version 2"])
def test_the_keys_of_rfc_8410_are_read(text: str) -> None:
    assert read_key(text.encode()).key.public == RFC8410_PUBLIC
    assert read_key(b"Bag Attributes\n\n" + text.encode()).key.public == RFC8410_PUBLIC


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
def test_openssl_reads_what_is_written() -> None:
    run = subprocess.run(
        ["openssl", "pkey", "-noout", "-text"], input=write_key(KEY, "pem").encode(), capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert KEY.public.hex() in "".join(run.stdout.decode().split()).replace(":", "")


def test_an_expanded_key_has_no_pem() -> None:
    with pytest.raises(BadKey, match="export it as hex or on paper"):
        write_key(BEP44_TEST_KEY, "pem")


@given(st.binary(min_size=32, max_size=32), st.sampled_from(sorted(FORMATS)))
def test_what_is_exported_is_imported_again(seed: bytes, form: str) -> None:
    key = PrivateKey.from_seed(seed)
    how = "go" if form == "nacl" else "auto"
    if form != "public":  # that is no private key
        found = read_key(write_key(key, form).encode(), how).key
        assert found == key or (form == "expanded" and found.public == key.public)


@pytest.mark.parametrize("form", ["hex", "paper"])
def test_expanded_keys_are_imported_again(form: str) -> None:
    assert read_key(write_key(BEP44_TEST_KEY, form).encode()).key == BEP44_TEST_KEY


def test_a_paper_key_is_read_as_people_write_it() -> None:
    written = write_key(KEY, "paper")
    sloppy = written.upper().replace("  ", "   ").replace("0", "O").replace(" - ", " ")
    assert "O" in sloppy
    assert read_key(sloppy.replace("DHTUI PAPER KEY", "dhtui paper key").encode()).key == KEY


def test_a_mistyped_line_of_a_paper_key_is_named() -> None:
    lines = write_key(KEY, "paper").splitlines()
    assert lines[4].startswith(" 2  0809 0a0b 0c0d 0e0f  - ")
    for number, line in enumerate(lines[3:], 1):
        spot = line.index("  ", 2) + 2
        wrong = line[:spot] + ("1" if line[spot] != "1" else "2") + line[spot + 1 :]
        with pytest.raises(BadKey, match=f"line {number} of the paper key is mistyped"):
            read_key("\n".join([wrong if each == line else each for each in lines]).encode())
    with pytest.raises(BadKey, match="line 2 missing"):
        read_key("\n".join([*lines[:4], *lines[5:]]).encode())
    with pytest.raises(BadKey, match="public key of the paper key is mistyped"):
        read_key("\n".join([lines[0], lines[1].replace("03a1", "03a2"), *lines[2:]]).encode())
    with pytest.raises(BadKey, match="line 2 of the paper key"):  # lines exchanged
        read_key("\n".join([*lines[:4], lines[5].replace(" 3 ", " 2 "), *lines[5:]]).encode())


def test_public_keys_are_written_as_pkarr_writes_them() -> None:
    zero = PrivateKey.from_seed(bytes(32)).public
    assert encode_public(zero) == "8pinxxgqs41n4aididenw5apqp1urfmzdztr8jt4abrkdn435ewo"
    assert decode_public("8PINXXGQS41N4AIDIDENW5APQP1URFMZDZTR8JT4ABRKDN435EWO") == zero


@given(st.binary(min_size=32, max_size=32))
def test_z_base_32_goes_both_ways(public: bytes) -> None:
    assert decode_public(encode_public(public)) == public


@pytest.mark.parametrize("text", ["", "y" * 51, "y" * 53, "l" + "y" * 51, "y" * 51 + "b", "é" * 52])
def test_what_is_no_public_key_in_z_base_32_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"z-base-32|mistyped"):
        decode_public(text)
