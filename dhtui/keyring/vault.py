"""The keys that were unlocked in this session, so that a passphrase is needed only once."""

from __future__ import annotations

from ..engine.keys import PrivateKey

MAX_KEYS = 64
MAX_PASSPHRASES = 8


class Vault:
    """Opened keys, and the passphrases that opened them. In memory only; its `repr` shows no secret."""

    def __init__(self) -> None:
        self._keys: dict[bytes, PrivateKey] = {}
        self._passphrases: dict[bytes, None] = {}

    def __repr__(self) -> str:
        return f"Vault({len(self._keys)} keys)"

    def get(self, public: bytes) -> PrivateKey | None:
        """The opened key with this public key, if there is one."""
        return self._keys.get(public)

    def keep(self, key: PrivateKey, passphrase: bytes) -> None:
        """Store an opened key and the passphrase that opened it."""
        if len(self._keys) >= MAX_KEYS:
            del self._keys[next(iter(self._keys))]
        if len(self._passphrases) >= MAX_PASSPHRASES:
            del self._passphrases[next(iter(self._passphrases))]
        self._keys[key.public] = key
        self._passphrases.pop(passphrase, None)
        self._passphrases[passphrase] = None

    def passphrases(self) -> tuple[bytes, ...]:
        """The passphrases that opened a key in this session, the latest first, to be tried before asking."""
        return tuple(reversed(self._passphrases))

    def forget(self) -> None:
        """Lock everything again."""
        self._keys.clear()
        self._passphrases.clear()
