"""The request to publish the records of many keys."""

from __future__ import annotations

from functools import cached_property

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
    ring = Keyring(keys_folder(options))
    keys, by_key = _Keys(ring), dict[bytes, list[Row]]()
    for row in rows:
        by_key.setdefault(keys.of(row)[1], []).append(row)
    if len(by_key) > MAX_KEYS:
        raise RecordsError(f"it has records of {len(by_key)} keys: at most {MAX_KEYS} are taken")
    return tuple(_zone(options, ring, keys.of(own[0])[0], public, own) for public, own in by_key.items())


def _zone(options: Options, ring: Keyring, name: str, public: bytes, rows: list[Row]) -> Zone:
    try:
        locked = ring.is_locked(name)
    except KeyringError as error:
        raise RecordsError(f"{rows[0].place}: {error}") from None
    passphrase = options.passphrase_file if locked else None
    key = KeyChoice(ring.folder, name, passphrase, patience(options))
    known = None if options.testnet else last_seq(ring.folder, public, b"")
    return Zone(key, public, packet(public, rows), known)


class _Keys:
    """The keys of the keyring, by name and by public half. It is listed once, and only where it has to be."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._found: dict[str, tuple[str, bytes]] = {}

    def of(self, row: Row) -> tuple[str, bytes]:
        """The name and the public half, 32 bytes, of the key that a record names by either. Raises `RecordsError`."""
        if row.key not in self._found:
            try:
                listed = self._listed.get(row.key.lower()) if len(row.key) == LENGTH else None
                self._found[row.key] = listed or (row.key, self._ring.public(row.key))
            except KeyringError as error:
                raise RecordsError(f"{row.place}: {error}") from None
        return self._found[row.key]

    @cached_property
    def _listed(self) -> dict[str, tuple[str, bytes]]:
        """By public half, in z-base-32."""
        entries = [(entry.name, entry.public) for entry in reversed(self._ring.list())]
        return {encode_public(public): (name, public) for name, public in entries if public is not None}
