"""The records of many keys, signed as pkarr does: without a salt, the time in microseconds as seq."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.items import MutableItem, sign
from ..engine.keys import PrivateKey
from ..errors import UsageError
from ..keyring import Keyring, LockedKey, WrongPassphrase
from .request import Zone
from .unlocking import load_key

MAX_NAMED = 5
"""Most keys that a warning names."""


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
    if not found:
        return []
    named = ", ".join(found[:MAX_NAMED]) + (f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else "")
    return [f"private keys can be read by others ({named}): chmod 600 their files"]


def _key(zone: Zone, ring: Keyring) -> PrivateKey:
    if ring.vault.passphrases() and ring.is_locked(zone.key.name):
        try:
            return ring.unlock(zone.key.name)
        except (LockedKey, WrongPassphrase):
            pass
    return load_key(zone.key, ring)
