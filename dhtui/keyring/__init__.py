"""The keyring: private keys on disk, named, imported, exported and optionally encrypted."""

from .base import TEST_KEY_NAME, KeyringError, LockedKey, WrongPassphrase
from .notes import Use
from .ring import Entry, Keyring
from .vault import Vault

__all__ = ["TEST_KEY_NAME", "Entry", "Keyring", "KeyringError", "LockedKey", "Use", "Vault", "WrongPassphrase"]
