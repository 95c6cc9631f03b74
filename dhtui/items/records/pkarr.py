"""The records of one key as pkarr publishes them: a DNS reply, compressed, under the key in z-base-32."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ...engine.items import ItemError, check_value
from ...engine.wire import bencode
from ...keyring.zbase32 import encode_public
from ...text.actions.lists import PUBLISH_DNS
from .rows import RecordsError, Row, wrong

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType

MAX_RECORDS = 100
"""More don't fit: each takes at least 12 of the 1000 bytes."""


def need_dnspython() -> None:
    """Raise `RecordsError` without it."""
    if find_spec("dns") is None:
        raise RecordsError(PUBLISH_DNS)


def packet(public: bytes, rows: Sequence[Row]) -> bytes:
    """The value of the item, bencoded. Names get the key, in z-base-32, behind them. Raises `RecordsError`."""
    need_dnspython()
    from dns.flags import AA, QR
    from dns.message import Message
    from dns.name import from_text
    from dns.rdataclass import IN
    from dns.rrset import RRset

    if len(rows) > MAX_RECORDS:
        raise wrong(f"the records of {rows[0].key}", f"there are {len(rows)}, more than one item holds")
    origin = from_text(encode_public(public))
    message = Message(id=0)
    message.flags = QR | AA
    sets: dict[tuple[Name, RdataType], RRset] = {}
    for row in rows:
        name, kind, data = _parsed(row, origin)
        if (name, kind) not in sets:
            sets[name, kind] = RRset(name, IN, kind)
        sets[name, kind].add(data, row.ttl)
    message.answer.extend(sets.values())
    key = rows[0].key
    try:
        v = bencode.encode(message.to_wire())
        check_value(v)
    except ItemError as error:
        raise wrong(f"the records of {key}", f"{error}") from None
    except Exception as error:  # what the library raises for what does not fit differs by type of record
        raise wrong(f"the records of {key}", f"they make no DNS packet: {error}") from None
    return v


def _parsed(row: Row, origin: Name) -> tuple[Name, RdataType, Rdata]:
    """Name, type and data of a record."""
    from dns.name import from_text
    from dns.rdata import from_text as data_from_text
    from dns.rdataclass import IN
    from dns.rdatatype import from_text as type_from_text
    from dns.rdatatype import is_metatype

    try:
        kind = type_from_text(row.type)
        if is_metatype(kind):
            raise ValueError(f"{row.type} is no type of a record")
        name = from_text(row.name, origin)
        if not name.is_subdomain(origin):
            raise ValueError(f"the name {row.name} does not belong to the key {row.key}")
        data = data_from_text(IN, kind, row.data, origin=origin, relativize=False)
    except Exception as error:  # see above
        raise wrong(row.place, f"it is no record: {str(error) or type(error).__name__}") from None
    return name, kind, data
