"""The request to publish the records of many keys."""

from __future__ import annotations

from ...actions.named_input import input_bytes
from ...actions.request import KeyChoice, Request, Zone
from ...errors import UsageError, quoted
from ...items.records import MAX_BYTES, MAX_KEYS, RecordsError, Row, packet, rows_of
from ...keyring import Keyring, KeyringError
from ...keyring.notes import last_seq
from ...keyring.zbase32 import LENGTH, encode_public
from ..config import keys_folder
from ..fitting import refuse
from ..options import Options
from .many import OF_ONE, check_storing, many_of
from .network import request_of
from .values import patience

_TAKEN = ("keyname", "passphrase_file", "wait")
"""What is about a single target, and means something to records all the same."""


def records(options: Options) -> Request:
    """Raises `UsageError`."""
    refuse(options, tuple(name for name in OF_ONE if name not in _TAKEN), "has no meaning with --records")
    refuse(options, ("seq", "resume"), "has no meaning with --records, which are signed anew, with the time as seq")
    check_storing(options)
    if options.dry_run:
        refuse(options, ("wait",), "has no meaning with --dry-run, which stores nothing")
    assert options.records is not None
    data = input_bytes("--records", options.records, MAX_BYTES, patience(options))
    try:
        zones = _zones(options, rows_of(data, options.keyname or ""))
    except RecordsError as error:
        raise UsageError(f"--records {quoted(str(options.records))}: {error}") from None
    if options.passphrase_file is not None and all(zone.key.passphrase is None for zone in zones):
        raise UsageError("--passphrase-file: none of the keys is encrypted: leave it out")
    return request_of(
        options,
        min_stored=options.min_stored,
        dry_run=options.dry_run,
        read_back=options.read_back,
        wide=options.wide,
        many=many_of(options)._replace(zones=zones),
    )


def _zones(options: Options, rows: list[Row]) -> tuple[Zone, ...]:
    """The records by key, in the order in which the keys are met first. Raises `RecordsError`."""
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        by_key.setdefault(row.key, []).append(row)
    if len(by_key) > MAX_KEYS:
        raise RecordsError(f"it has records of {len(by_key)} keys: at most {MAX_KEYS} are taken")
    ring = Keyring(keys_folder(options))
    zones = [_zone(options, ring, own) for own in by_key.values()]
    known: dict[bytes, str] = {}
    for zone in zones:
        if (other := known.setdefault(zone.public, zone.key.name)) != zone.key.name:
            raise RecordsError(f"{other} and {zone.key.name} are one key: call it by one name")
    return tuple(zones)


def _zone(options: Options, ring: Keyring, rows: list[Row]) -> Zone:
    first = rows[0]
    try:
        name = _named(ring, first.key)
        public, locked = ring.public(name), ring.is_locked(name)
    except KeyringError as error:
        raise RecordsError(f"{first.place}: {error}") from None
    passphrase = options.passphrase_file if locked else None
    key = KeyChoice(ring.folder, name, passphrase, patience(options))
    known = None if options.testnet else last_seq(ring.folder, public, b"")
    return Zone(key, public, packet(public, rows), known)


def _named(ring: Keyring, key: str) -> str:
    """The name of a key in the keyring that a file names so, or by its public half."""
    if len(key) == LENGTH and key not in ring.names():
        for entry in ring.list():
            if entry.public is not None and encode_public(entry.public) == key.lower():
                return entry.name
    return key
