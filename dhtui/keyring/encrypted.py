"""Private keys that other programs encrypted: PKCS 8 (RFC 5958, RFC 8018) in PEM, and OpenSSH's own format.

The library `cryptography` decrypts them, if it is installed. The cost of deriving a key from the passphrase is set in
the file, which may be hostile: an excessive cost is refused before any work.
"""

from __future__ import annotations

from typing import Any

from ..engine.keys import BadKey, PrivateKey
from .der import INTEGER, OCTETS, OID, SEQUENCE, take

NO_LIBRARY = "dhtui[keys] (cryptography and bcrypt) is not installed, which opens it: install that, or {advice}"
PKCS8_ADVICE = "decrypt it with `openssl pkey -in FILE -out NEW`"
OPENSSH_ADVICE = "decrypt a copy of the file, with `ssh-keygen -p -N '' -f COPY`"
MAX_ROUNDS = 1024
"""Most rounds of bcrypt. ssh-keygen uses 16 to 24."""
MAX_ITERATIONS = 10_000_000
"""Most iterations of PBKDF2."""
MAX_SCRYPT = 1 << 30
"""Most bytes of memory for scrypt."""
_PBES2 = bytes.fromhex("2a864886f70d01050d")
_PBKDF2 = bytes.fromhex("2a864886f70d01050c")
_SCRYPT = bytes.fromhex("2b06010401da47040b")


class EncryptedKey(BadKey):
    """The key is encrypted, and no passphrase was given."""

    def __init__(self, kind: str, public: bytes | None = None) -> None:
        """`kind` names the format in words; `public` is the public key, if that is not encrypted."""
        super().__init__(f"this is {kind}: it needs its passphrase")
        self.kind, self.public = kind, public


def check_rounds(rounds: int) -> None:
    """Refuse too many rounds of bcrypt. Raises `BadKey`."""
    _bounded(rounds, MAX_ROUNDS)


def check_cost(data: bytes) -> None:
    """Refuse DER that is no encrypted PKCS 8, is encrypted in an outdated or unknown way, or costs too much.

    Raises `BadKey`.
    """
    inside, rest = take(data, SEQUENCE)
    algorithm, _ = take(inside, SEQUENCE)
    name, parameters = take(algorithm, OID)
    if rest or name != _PBES2:
        raise BadKey(f"the key is encrypted in a way of long ago: {PKCS8_ADVICE}")
    parameters, _ = take(parameters, SEQUENCE)
    derivation, _ = take(parameters, SEQUENCE)
    name, parameters = take(derivation, OID)
    parameters, _ = take(parameters, SEQUENCE)
    _, parameters = take(parameters, OCTETS)  # the salt
    cost = _number(take(parameters, INTEGER)[0])
    if name == _PBKDF2:
        _bounded(cost, MAX_ITERATIONS)
    elif name == _SCRYPT:
        block, parameters = take(take(parameters, INTEGER)[1], INTEGER)
        _bounded(128 * cost * _number(block) * _number(take(parameters, INTEGER)[0]), MAX_SCRYPT)
    else:
        raise BadKey(f"the key is encrypted in an unknown way: {PKCS8_ADVICE}")


def _number(data: bytes) -> int:
    return int.from_bytes(data[:16], "big") if len(data) <= 16 else 1 << 128


def _bounded(cost: int, most: int) -> None:
    if cost > most:
        raise BadKey(
            f"its passphrase would take {cost} steps or bytes to try, more than the {most} that are reasonable"
        )


def open_pkcs8(pem: str, passphrase: bytes) -> PrivateKey:
    """The key in an encrypted PEM block. Slow. Raises `BadKey`."""
    serialization = _library(PKCS8_ADVICE)
    return _opened(serialization, serialization.load_pem_private_key, pem, passphrase)


def open_openssh(pem: str, passphrase: bytes) -> PrivateKey:
    """The key in an encrypted PEM block of OpenSSH. Slow. Raises `BadKey`."""
    serialization = _library(OPENSSH_ADVICE)
    return _opened(serialization, serialization.load_ssh_private_key, pem, passphrase)


def _library(advice: str) -> Any:
    try:
        import bcrypt  # noqa: F401 - cryptography uses it for OpenSSH's keys
        from cryptography.hazmat.primitives import serialization
    except ImportError:
        raise BadKey(f"the key is encrypted, and {NO_LIBRARY.format(advice=advice)}") from None
    return serialization


def _opened(serialization: Any, load: Any, pem: str, passphrase: bytes) -> PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        found = load(pem.encode(), passphrase)
    except UnsupportedAlgorithm:
        raise BadKey("the key is encrypted with a cipher that is not known here") from None
    except (ValueError, TypeError):
        raise BadKey("the passphrase does not open the key, or the key is damaged") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise BadKey("this is a private key of another kind: BEP 44 needs Ed25519")
    raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    return PrivateKey.from_seed(found.private_bytes(*raw))
