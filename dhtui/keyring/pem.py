"""Ed25519 private keys in PEM: PKCS 8 (RFC 5958, RFC 8410) as OpenSSL writes it, and OpenSSH's own format."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from ..engine.keys import SEED_LENGTH, BadKey, PrivateKey
from .der import BITS, INTEGER, OCTETS, SEQUENCE, take
from .encrypted import EncryptedKey, check_cost, check_rounds, open_openssh, open_pkcs8
from .openssh import read_envelope, read_secrets

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")
_OID = bytes.fromhex("06032b6570")
"""1.3.101.112, Ed25519."""
_HEAD = bytes.fromhex("302e020100300506032b657004220420")
"""The bytes before the seed: version 0, the algorithm, two octet strings."""

ATTRIBUTES, PUBLIC = 0xA0, 0x81
WRAPPED_PUBLIC = 0xA1
"""The tag of the public key by Rust's ring, which wraps a bit string; in RFC 5958 the tag replaces that of the
string."""

_IS_PUBLIC = "this is a public key; a private key is needed"


def is_pem(text: str) -> bool:
    """Whether a text has a PEM block in it."""
    return "-----BEGIN " in text


def read_pem(text: str, passphrase: Callable[[], bytes] | None = None) -> tuple[PrivateKey, str]:
    """The key in a PEM text, and the name of its format. `passphrase` is called for an encrypted one, which is slow.

    Raises `BadKey` with the actual format, if that is known; `EncryptedKey` if a passphrase is missing.
    """
    for block in _BLOCK.finditer(text):
        label, body = block.groups()
        if label == "PRIVATE KEY":
            return read_der(_base64(body)), "PKCS 8 in PEM"
        if label == "ENCRYPTED PRIVATE KEY":
            return _encrypted_pkcs8(_base64(body), passphrase), "PKCS 8 in PEM, encrypted"
        if label == "OPENSSH PRIVATE KEY":
            return _openssh(block[0], _base64(body), passphrase)
        if label == "PUBLIC KEY":
            raise BadKey(_IS_PUBLIC)
    raise BadKey("the PEM text holds no block called PRIVATE KEY, or is cut short")


def is_der(data: bytes) -> bool:
    """Whether it is exactly one DER sequence."""
    try:
        return not take(data, SEQUENCE)[1]
    except BadKey:
        return False


def read_bare(data: bytes, passphrase: Callable[[], bytes] | None = None) -> tuple[PrivateKey, str]:
    """The key in a DER sequence without PEM, and the name of its format. See `read_pem`."""
    inside, _ = take(data, SEQUENCE)
    if inside[:1] != bytes([SEQUENCE]):
        return read_der(data), "PKCS 8 in DER"
    if take(inside, SEQUENCE)[1][:1] == bytes([BITS]):
        raise BadKey(_IS_PUBLIC)
    return _encrypted_pkcs8(data, passphrase), "PKCS 8 in DER, encrypted"


def _encrypted_pkcs8(data: bytes, passphrase: Callable[[], bytes] | None) -> PrivateKey:
    check_cost(data)
    if passphrase is None:
        raise EncryptedKey("an encrypted PKCS 8 key")
    body = base64.encodebytes(data).decode()
    pem = f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}-----END ENCRYPTED PRIVATE KEY-----\n"
    return open_pkcs8(pem, passphrase())


def _openssh(pem: str, data: bytes, passphrase: Callable[[], bytes] | None) -> tuple[PrivateKey, str]:
    envelope = read_envelope(data)
    if envelope.cipher == b"none":
        return read_secrets(envelope), "a key of OpenSSH"
    check_rounds(envelope.rounds)
    if passphrase is None:
        raise EncryptedKey("an encrypted key of OpenSSH", envelope.public)
    key = open_openssh(pem, passphrase())
    if key.public != envelope.public:
        raise BadKey("the key is damaged: its public key does not belong to its private key")
    return key, "a key of OpenSSH, encrypted"


def write_pem(key: PrivateKey) -> str:
    """The key as PEM. Raises `BadKey` for an expanded one: PKCS 8 holds seeds, and it has none."""
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
    inside, rest = take(data, SEQUENCE)
    version, inside = take(inside, INTEGER)
    algorithm, inside = take(inside, SEQUENCE)
    wrapped, inside = take(inside, OCTETS)
    if rest or version not in (b"\0", b"\1"):
        raise BadKey("the key is damaged: it is no PKCS 8 private key")
    if algorithm != _OID:
        raise BadKey("this is a private key of another kind: BEP 44 needs Ed25519")
    seed, rest = take(wrapped, OCTETS)
    if rest or len(seed) != SEED_LENGTH:
        raise BadKey(f"the key is damaged: it has {len(seed)} bytes, not {SEED_LENGTH}")
    key = PrivateKey.from_seed(seed)
    if inside[:1] == bytes([ATTRIBUTES]):
        _, inside = take(inside, ATTRIBUTES)
    if inside[:1] == bytes([WRAPPED_PUBLIC]):
        bits, rest = take(inside, WRAPPED_PUBLIC)
        wrong = rest or take(bits, BITS) != (b"\0" + key.public, b"")
    else:
        wrong = inside and take(inside, PUBLIC) != (b"\0" + key.public, b"")
    if wrong:
        raise BadKey("the key is damaged: its public key does not belong to its private key")
    return key
