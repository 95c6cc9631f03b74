"""Ed25519 keys as BEP 44 uses them, in the three forms of private keys that are in use.

A *seed* (32 bytes) is what RFC 8032 and NaCl keep. SHA-512 stretches it to the *expanded* form (64 bytes: the
scalar, then the prefix from which nonces are made), which BEP 44 prints and libtorrent keeps. Go keeps the
seed followed by the public key, 64 bytes too. Nothing in the bytes marks the form, so the public key is recomputed and
compared. PyNaCl is loaded by what first uses a key: most runs need none.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha512
from typing import Literal

PUBLIC_LENGTH = 32
SEED_LENGTH = 32
EXPANDED_LENGTH = 64
SIGNATURE_LENGTH = 64


class BadKey(ValueError):
    """An unusable key. The message says why and never holds a secret."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key and its public key.

    The public key is always computed here. One taken from the caller could be wrong, and signatures made with
    a wrong one reveal the scalar. Raises `BadKey` for a secret that is no key.
    """

    public: bytes = field(init=False)
    """32 bytes."""
    secret: bytes = field(repr=False)
    """The 32-byte seed, or the 64 bytes of an expanded key."""
    form: Literal["seed", "expanded"]

    def __repr__(self) -> str:
        """The public key in hex, without the secret."""
        return f"<PrivateKey of {self.public.hex()}>"

    def __post_init__(self) -> None:
        if not isinstance(self.secret, bytes):
            raise BadKey(f"a private key is bytes, not {type(self.secret).__name__}")
        public = _public_of_seed(self.secret) if self.form == "seed" else _public_of_expanded(self.secret)
        object.__setattr__(self, "public", public)

    @classmethod
    def generate(cls, rng_bytes: bytes | None = None) -> PrivateKey:
        """A new key, from 32 random bytes if given, else from the system's random source."""
        return cls.from_seed(os.urandom(SEED_LENGTH) if rng_bytes is None else rng_bytes)

    @classmethod
    def from_seed(cls, seed: bytes) -> PrivateKey:
        """The key of a 32-byte seed (RFC 8032). Raises `BadKey`."""
        return cls(seed, "seed")

    @classmethod
    def from_expanded(cls, expanded: bytes) -> PrivateKey:
        """The key of 64 expanded bytes; the scalar is used as it stands, clamped or not. Raises `BadKey`."""
        return cls(expanded, "expanded")

    @property
    def expanded(self) -> bytes:
        """The 64 bytes, scalar and prefix, that this key signs with (RFC 8032, 5.1.5)."""
        if self.form == "expanded":
            return self.secret
        stretched = bytearray(sha512(self.secret).digest())
        stretched[0] &= 0xF8
        stretched[31] = stretched[31] & 0x7F | 0x40
        return bytes(stretched)

    def sign(self, message: bytes) -> bytes:
        """A 64-byte signature, verified before it is returned. Raises `BadKey` should that fail."""
        if self.form == "seed":
            from nacl import bindings

            signature = bindings.crypto_sign(message, self.secret + self.public)[:SIGNATURE_LENGTH]
        else:
            signature = _sign_expanded(self.secret, self.public, message)
        if not verify(self.public, message, signature):
            raise BadKey("the signature that this key made does not verify: it was not used")
        return signature


@dataclass(frozen=True, slots=True)
class OriginalKey:
    """What a ``.key`` file of mh-cbon/dht can mean; see `read_original_key_file`."""

    as_published: PrivateKey | None
    """The key under which the original program published. `None`: there is no such key, `unusable` says why."""
    standard: PrivateKey | None
    """The key that Go and all other programs read from the file. `None` if the file holds an expanded key."""
    unusable: str = ""
    """Why `as_published` is missing, as a clause for the user; else empty."""


def read_private(data: bytes, public: bytes | None = None) -> PrivateKey:
    """Tell the form of a private key and read it: a 32-byte seed, or 64 bytes, either Go's form or expanded.

    With `public` (32 bytes) the form is the one that has this public key. Without it, 64 bytes that are not in Go's
    form must be clamped as expanded keys are (RFC 8032, 5.1.5): most garbage is not. Raises `BadKey`.
    """
    if len(data) == SEED_LENGTH:
        readings = [PrivateKey.from_seed(data)]
    elif len(data) == EXPANDED_LENGTH:
        readings = _readings(data)
    else:
        raise BadKey(
            f"a private key has {SEED_LENGTH} bytes (a seed) or {EXPANDED_LENGTH} "
            f"(expanded, or seed and public key), not {len(data)}"
        )
    if public is None:
        if len(data) == SEED_LENGTH or readings[0].form == "seed" or _is_clamped(data):
            return readings[0]
        raise BadKey("these 64 bytes are neither a seed and its public key nor an expanded private key")
    for key in readings:
        if key.public == public:
            return key
    raise BadKey("the public key does not belong to this private key")


def read_original_key_file(text: str) -> OriginalKey:
    """Read the text of a ``.key`` file of mh-cbon/dht: 128 hex digits. Raises `BadKey` for any other text.

    The original writes Go's seed and RFC 8032 public key, but then takes the seed itself, unhashed and
    unclamped, for the scalar, and the public key for the nonce prefix. So one file has two public keys.
    dhtui reads it *as published*, since that alone keeps the targets of an old publisher. Where the seed's
    byte 31 is over 127 this can't be done: the public key that the original then shows does not fit the
    scalar, and its own signatures fail too.

    The `standard` reading is another identity with other targets. It is never taken unasked, because it is
    not safe once the original has signed anything with the file, even a failed publication: its public key *is* the
    nonce prefix of those signatures. With that prefix, any one signature gives the secret of both identities. For the
    same reason its public key should not be shown.
    """
    digits = text.strip()
    if len(digits) != 2 * EXPANDED_LENGTH:
        raise BadKey(f"a .key file has {2 * EXPANDED_LENGTH} hex digits, this has {len(digits)} characters")
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        data = b""
    if len(data) != EXPANDED_LENGTH:  # fromhex skips blanks
        raise BadKey(f"a .key file has {2 * EXPANDED_LENGTH} hex digits, this has other characters in it")
    standard = PrivateKey.from_seed(data[:SEED_LENGTH])
    if standard.public != data[SEED_LENGTH:]:
        if not _is_clamped(data):
            raise BadKey("the .key file is damaged: its second half is not the public key of its first half")
        return OriginalKey(as_published=PrivateKey.from_expanded(data), standard=None)
    try:
        return OriginalKey(as_published=PrivateKey.from_expanded(data), standard=standard)
    except BadKey as error:
        return OriginalKey(as_published=None, standard=standard, unusable=str(error))


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature over a message is valid. Never raises, whatever the lengths."""
    if len(public) != PUBLIC_LENGTH or len(signature) != SIGNATURE_LENGTH:
        return False
    from nacl import bindings
    from nacl.exceptions import CryptoError

    try:
        bindings.crypto_sign_open(signature + message, public)
    except CryptoError:
        return False
    return True


def _public_of_seed(seed: bytes) -> bytes:
    if len(seed) != SEED_LENGTH:
        raise BadKey(f"a seed has {SEED_LENGTH} bytes, not {len(seed)}")
    from nacl import bindings

    return bindings.crypto_sign_seed_keypair(seed)[0]


def _public_of_expanded(expanded: bytes) -> bytes:
    if len(expanded) != EXPANDED_LENGTH:
        raise BadKey(f"an expanded private key has {EXPANDED_LENGTH} bytes, not {len(expanded)}")
    if expanded[31] > 127:
        # libsodium drops bit 255 in the base multiplication but not in scalar_mul: the two would disagree.
        raise BadKey(f"byte 31 of the private key is {expanded[31]}, over 127: no signature by it can verify")
    from nacl import bindings
    from nacl.exceptions import CryptoError

    try:
        return bindings.crypto_scalarmult_ed25519_base_noclamp(expanded[:32])
    except CryptoError as error:
        raise BadKey("the private key is zero") from error


def _is_clamped(expanded: bytes) -> bool:
    """Whether the scalar is one that RFC 8032, 5.1.5 makes: a multiple of 8, bit 255 clear, bit 254 set."""
    return expanded[0] & 7 == 0 and expanded[31] & 0xC0 == 0x40


def _readings(data: bytes) -> list[PrivateKey]:
    """The possible keys of 64 bytes: Go's form if its public key fits, then expanded if the scalar is usable."""
    readings = []
    go = PrivateKey.from_seed(data[:SEED_LENGTH])
    if go.public == data[SEED_LENGTH:]:
        readings.append(go)
    try:
        readings.append(PrivateKey.from_expanded(data))
    except BadKey:
        if not readings:
            raise
    return readings


def _sign_expanded(expanded: bytes, public: bytes, message: bytes) -> bytes:
    """RFC 8032, 5.1.6 from step 2 on, with the scalar and the nonce prefix as given."""
    from nacl import bindings

    scalar, prefix = expanded[:32], expanded[32:]
    nonce = bindings.crypto_core_ed25519_scalar_reduce(sha512(prefix + message).digest())
    point = bindings.crypto_scalarmult_ed25519_base_noclamp(nonce)
    challenge = bindings.crypto_core_ed25519_scalar_reduce(sha512(point + public + message).digest())
    product = bindings.crypto_core_ed25519_scalar_mul(challenge, scalar)
    return point + bindings.crypto_core_ed25519_scalar_add(nonce, product)


def _published(public: str, expanded: str) -> PrivateKey:
    """A key whose public key is known: it is not computed each time the program starts, but in a test."""
    key = object.__new__(PrivateKey)
    object.__setattr__(key, "public", bytes.fromhex(public))
    object.__setattr__(key, "secret", bytes.fromhex(expanded))
    object.__setattr__(key, "form", "expanded")
    return key


BEP44_TEST_KEY = _published(
    "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548",
    "e06d3183d14159228433ed599221b80bd0a5ce8352e4bdf0262f76786ef1c74d"
    "b7e7a9fea2c0eb269d61e3b38e450a22e754941ac78479d6c54e1faf6037881d",
)
"""The private key printed in BEP 44, "Test vectors". It is public: anyone can replace an item that it signed."""
