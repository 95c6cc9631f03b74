"""Encryption of a private key: argon2id derives a key from the passphrase, SecretBox encrypts the secret with it.

Each derivation, and so each guess, takes about half a second and 256 MiB. Run `seal` and `unseal` in a thread, never in
an event loop (libsodium releases the interpreter lock).
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from ..engine.keys import EXPANDED_LENGTH, SEED_LENGTH, BadKey, PrivateKey
from .base import WrongPassphrase

SALT_LENGTH = 16
OVERHEAD = SecretBox.NONCE_SIZE + SecretBox.MACBYTES
"""Bytes by which a sealed secret is longer than the secret."""
MAX_PASSPHRASE = 1024
"""Bytes."""
MAX_OPERATIONS = 16
MAX_MEMORY = 1 << 30
"""Most bytes of memory. A file that needs more was not written by dhtui, and could exhaust the machine."""


class Cost(NamedTuple):
    """The cost of one derivation, and so of one guess at a passphrase."""

    operations: int
    """Passes over the memory, 1 to 16."""
    memory: int
    """Bytes, 8 KiB to 1 GiB."""


MODERATE = Cost(argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE)
"""libsodium's choice for keys that are used by hand: 3 passes over 256 MiB."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted key, with all that is needed to open it except the passphrase."""

    public: bytes
    """32 bytes, unencrypted: listing keys and reading items needs no passphrase."""
    form: Literal["seed", "expanded"]
    cost: Cost
    salt: bytes
    """16 bytes."""
    box: bytes = field(repr=False)
    """Nonce, authenticator and encrypted secret."""

    def __post_init__(self) -> None:
        """Raises `BadKey` for wrong lengths or an excessive cost."""
        secret = SEED_LENGTH if self.form == "seed" else EXPANDED_LENGTH
        if len(self.public) != 32 or len(self.salt) != SALT_LENGTH or len(self.box) != secret + OVERHEAD:
            raise BadKey("the key file is damaged: a part of the encrypted key has the wrong length")
        operations, memory = self.cost
        if not 1 <= operations <= MAX_OPERATIONS or not argon2id.MEMLIMIT_MIN <= memory <= MAX_MEMORY:
            raise BadKey("the key file is damaged: it asks for an unreasonable effort to be opened")


def passphrase_bytes(text: str) -> bytes:
    """The bytes of a passphrase. Text that looks the same gives the same bytes, however a keyboard composes it (NFC).

    Raises `BadKey` for one that is empty or too long.
    """
    data = unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")
    if not data:
        raise BadKey("the passphrase is empty")
    if len(data) > MAX_PASSPHRASE:
        raise BadKey(f"the passphrase has more than {MAX_PASSPHRASE} bytes")
    return data


def seal(key: PrivateKey, passphrase: bytes, cost: Cost = MODERATE) -> Sealed:
    """Encrypt a key. Slow: run it in a thread. Raises `BadKey` for an empty passphrase or too little memory."""
    if not passphrase:
        raise BadKey("an empty passphrase protects nothing")
    salt = os.urandom(SALT_LENGTH)
    box = SecretBox(_derive(passphrase, salt, cost))
    sealed = Sealed(key.public, key.form, cost, salt, bytes(box.encrypt(key.secret)))
    if box.decrypt(sealed.box) != key.secret:
        raise BadKey("the encrypted key can't be opened again: it was not used")
    return sealed


def unseal(sealed: Sealed, passphrase: bytes) -> PrivateKey:
    """The key. Slow: run it in a thread. Raises `WrongPassphrase`, `BadKey`."""
    derived = _derive(passphrase, sealed.salt, sealed.cost)
    try:
        secret = SecretBox(derived).decrypt(sealed.box)
    except CryptoError:
        raise WrongPassphrase("the passphrase is wrong; nothing has changed") from None
    key = PrivateKey(secret, sealed.form)
    if key.public != sealed.public:
        raise BadKey("the key file is damaged: its public key does not belong to its private key")
    return key


def _derive(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    try:
        return argon2id.kdf(SecretBox.KEY_SIZE, passphrase, salt, cost.operations, cost.memory)
    except CryptoError:
        raise BadKey(f"deriving a key from the passphrase takes {cost.memory >> 20} MiB, which can't be had") from None
