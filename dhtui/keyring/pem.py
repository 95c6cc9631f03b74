"""Ed25519 private keys in PKCS 8 (RFC 5958, RFC 8410), in PEM as OpenSSL writes it. Not the encrypted kind."""

from __future__ import annotations

import base64
import re

from ..engine.keys import SEED_LENGTH, BadKey, PrivateKey

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")
_OID = bytes.fromhex("06032b6570")
"""1.3.101.112, Ed25519."""
_HEAD = bytes.fromhex("302e020100300506032b657004220420")
"""All that stands before the seed: version 0, the algorithm, two octet strings."""

SEQUENCE, INTEGER, OCTETS, BITS, ATTRIBUTES, PUBLIC = 0x30, 0x02, 0x04, 0x03, 0xA0, 0x81
WRAPPED_PUBLIC = 0xA1
"""How Rust's ring tags the public key: around a bit string, where RFC 5958 has the tag in place of it."""


def is_pem(text: str) -> bool:
    """Whether a text has a PEM block in it."""
    return "-----BEGIN " in text


def read_pem(text: str) -> PrivateKey:
    """The key in a PEM text. Raises `BadKey` with what it is instead, if that is known."""
    for label, body in _BLOCK.findall(text):
        if label == "PRIVATE KEY":
            return read_der(_base64(body))
        if label == "ENCRYPTED PRIVATE KEY":
            raise BadKey("the PEM file is encrypted: decrypt it first, with `openssl pkey`")
        if label == "OPENSSH PRIVATE KEY":
            raise BadKey("this is OpenSSH's own format: convert it first, with `ssh-keygen -p -m PKCS8`")
        if label == "PUBLIC KEY":
            raise BadKey("this is a public key; a private key is needed")
    raise BadKey("the PEM text holds no block called PRIVATE KEY, or is cut short")


def write_pem(key: PrivateKey) -> str:
    """The key as PEM. Raises `BadKey` for an expanded one: PKCS 8 holds seeds, and none belongs to it."""
    if key.form != "seed":
        raise BadKey("PKCS 8 holds a seed, and an expanded key has none: export it as hex or on paper")
    body = base64.b64encode(_HEAD + key.secret).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"


def _base64(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except ValueError:
        raise BadKey("the PEM text is damaged: it is not base64") from None


def read_der(data: bytes) -> PrivateKey:
    """The key in PKCS 8 itself, without the PEM around it. Raises `BadKey`."""
    inside, rest = _take(data, SEQUENCE)
    version, inside = _take(inside, INTEGER)
    algorithm, inside = _take(inside, SEQUENCE)
    wrapped, inside = _take(inside, OCTETS)
    if rest or version not in (b"\0", b"\1"):
        raise BadKey("the key is damaged: it is no PKCS 8 private key")
    if algorithm != _OID:
        raise BadKey("this is a private key of another kind: BEP 44 needs Ed25519")
    seed, rest = _take(wrapped, OCTETS)
    if rest or len(seed) != SEED_LENGTH:
        raise BadKey(f"the key is damaged: it has {len(seed)} bytes, not {SEED_LENGTH}")
    key = PrivateKey.from_seed(seed)
    if inside[:1] == bytes([ATTRIBUTES]):
        _, inside = _take(inside, ATTRIBUTES)
    if inside[:1] == bytes([WRAPPED_PUBLIC]):
        bits, rest = _take(inside, WRAPPED_PUBLIC)
        wrong = rest or _take(bits, BITS) != (b"\0" + key.public, b"")
    else:
        wrong = inside and _take(inside, PUBLIC) != (b"\0" + key.public, b"")
    if wrong:
        raise BadKey("the key is damaged: its public key does not belong to its private key")
    return key


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the DER element in front, and what follows it. Lengths up to 65535 will do here."""
    if len(data) >= 2 and data[0] == tag:
        length, start = data[1], 2
        if length in (0x81, 0x82):
            start = 2 + length - 0x80
            length = int.from_bytes(data[2:start], "big")
        elif length > 0x80:
            length = len(data)
        if start + length <= len(data):
            return data[start : start + length], data[start + length :]
    raise BadKey("the key is damaged: it is no PKCS 8 private key")
