"""The records of many keys, signed as pkarr does: without a salt, the time in microseconds as seq."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.items import MutableItem, sign
from ..engine.keys import PrivateKey
from ..errors import UsageError
from ..keyring import Keyring, LockedKey, WrongPassphrase
from ..text.actions.notices import exposed_keys_words
from .request import Zone
from .unlocking import load_key


def signed(zones: Sequence[Zone], now: float) -> list[MutableItem]:
    """The item of each key. `now`: seconds since 1970.

    Passphrases are asked for, unless one that was given for another key fits. Slow for encrypted keys. Raises
    `UsageError`.
    """
    rings: dict[object, Keyring] = {}
    items = []
    for zone in zones:
        ring = rings.setdefault(zone.key.folder, Keyring(zone.key.folder))
        seq = max(int(now * 1_000_000), -1 if zone.known is None else zone.known + 1)
        try:
            items.append(sign(_key(zone, ring), zone.v, seq))
        except ValueError as error:
            raise UsageError(f"the records of {zone.key.name} can't be signed: {error}") from None
    return items


def exposed(zones: Sequence[Zone]) -> list[str]:
    """A warning of the keys that others than their owner can read."""
    found = [zone.key.name for zone in zones if Keyring(zone.key.folder).exposure(zone.key.name)]
    return [exposed_keys_words(found)] if found else []


def _key(zone: Zone, ring: Keyring) -> PrivateKey:
    if ring.vault.passphrases() and ring.is_locked(zone.key.name):
        try:
            return ring.unlock(zone.key.name)
        except (LockedKey, WrongPassphrase):
            pass
    return load_key(zone.key, ring)
