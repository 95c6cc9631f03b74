"""OpenSSH's own format of private keys (PROTOCOL.key in its sources), for unencrypted Ed25519 keys.

"openssh-key-v1" NUL, cipher, kdf, kdf options, 1, public key, secrets
secrets: a number twice, "ssh-ed25519", public key, seed and public key, comment, 1 2 3 ... to a multiple of 8
"""

from __future__ import annotations

import base64
import os
from typing import NamedTuple

from ..engine.keys import PUBLIC_LENGTH, SEED_LENGTH, BadKey, PrivateKey

_MAGIC = b"openssh-key-v1\0"
_KIND = b"ssh-ed25519"
_BLOCK = 8
_LINE = 70


class Envelope(NamedTuple):
    """The unencrypted fields around the secrets."""

    cipher: bytes
    """``none``: they are not encrypted."""
    rounds: int
    """Rounds of bcrypt, if they are encrypted."""
    public: bytes
    """32 bytes."""
    secrets: bytes


def read_envelope(data: bytes) -> Envelope:
    """The fields of a block that need no passphrase. Raises `BadKey`."""
    if not data.startswith(_MAGIC):
        raise _damaged()
    cipher, data = _string(data[len(_MAGIC) :])
    kdf, data = _string(data)
    options, data = _string(data)
    count, data = _number(data)
    public, data = _string(data)
    secrets, _ = _string(data)
    kind, key = _string(public)
    if kind != _KIND:
        raise BadKey("this is a private key of another kind: BEP 44 needs Ed25519")
    rounds = _number(_string(options)[1])[0] if kdf == b"bcrypt" else 0
    if count != 1 or (cipher != b"none" and kdf != b"bcrypt"):
        raise BadKey("this OpenSSH key holds several keys, or is encrypted in an unknown way")
    return Envelope(cipher, rounds, _exactly(key, PUBLIC_LENGTH), secrets)


def read_secrets(envelope: Envelope) -> PrivateKey:
    """The key of an envelope that is not encrypted. Raises `BadKey`."""
    first, data = _number(envelope.secrets)
    second, data = _number(data)
    kind, data = _string(data)
    public, data = _string(data)
    secret, data = _string(data)
    _, padding = _string(data)  # the comment is before it
    if first != second or kind != _KIND or padding != bytes(range(1, len(padding) + 1)):
        raise _damaged()
    if len(secret) != SEED_LENGTH + PUBLIC_LENGTH:
        raise _damaged()
    key = PrivateKey.from_seed(secret[:SEED_LENGTH])
    if not key.public == public == envelope.public == secret[SEED_LENGTH:]:
        raise BadKey("the key is damaged: its public key does not belong to its private key")
    return key


def write_openssh(key: PrivateKey, check: bytes | None = None) -> str:
    """The key as a block. Raises `BadKey` for an expanded one. `check`: 4 random bytes, fixed in tests."""
    if key.form != "seed":
        raise BadKey("OpenSSH's format holds a seed, and an expanded key has none: export it as hex or on paper")
    check = os.urandom(4) if check is None else check
    public = _packed(_KIND) + _packed(key.public)
    secrets = 2 * check + public + _packed(key.secret + key.public) + _packed(b"")
    secrets += bytes(range(1, -len(secrets) % _BLOCK + 1))
    data = (
        _MAGIC + _packed(b"none") + _packed(b"none") + _packed(b"") + b"\0\0\0\1" + _packed(public) + _packed(secrets)
    )
    text = base64.b64encode(data).decode()
    lines = "\n".join(text[place : place + _LINE] for place in range(0, len(text), _LINE))
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}\n-----END OPENSSH PRIVATE KEY-----\n"


def _packed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _number(data: bytes) -> tuple[int, bytes]:
    if len(data) < 4:
        raise _damaged()
    return int.from_bytes(data[:4], "big"), data[4:]


def _string(data: bytes) -> tuple[bytes, bytes]:
    length, data = _number(data)
    if length > len(data):
        raise _damaged()
    return data[:length], data[length:]


def _exactly(data: bytes, length: int) -> bytes:
    """A string of that length, alone."""
    found, rest = _string(data)
    if len(found) != length or rest:
        raise _damaged()
    return found


def _damaged() -> BadKey:
    return BadKey("the key is damaged: it is no private key of OpenSSH")
