"""The faults of messages, and the details of what happened to a query. Their sentences are in `text.faults`."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Self


class Fault(StrEnum):
    """A fault of a response that was usable all the same."""

    NOT_CANONICAL = "not_canonical"
    NODES = "nodes"
    """Its ``nodes`` is not a string of whole entries."""
    PEERS_NO_LIST = "peers_no_list"
    PEERS = "peers"
    """Its list of peers is too long, or has repeated, unusable or malformed ones."""
    TOKEN = "token"
    VALUE_REFUSED = "value_refused"
    """It holds a value and is not canonical: hash and signature would not be over the bytes received."""
    KEY = "key"
    SIGNATURE = "signature"
    NO_SEQ = "no_seq"
    BLOOM = "bloom"
    """A bloom filter is missing, or has not 256 bytes (BEP 33)."""
    SAMPLES = "samples"
    """Its ``samples`` is not a string of whole infohashes, or has surplus or repeated ones (BEP 51)."""
    NUM = "num"
    """Its ``num`` is missing, below the number of its samples, or absurd."""
    INTERVAL = "interval"
    """Its ``interval`` is not 0 to 21600 seconds; the longest one counts."""


class NoteKind(StrEnum):
    """A detail of what happened to a datagram or to a query. The values are stable: JSON and recordings have them."""

    NO_DICTIONARY = "no_dictionary"
    """The datagram is no bencoded dictionary, or too long."""
    NO_BENCODE = "no_bencode"
    SURPLUS = "surplus"
    """Bytes follow the message: `number` of them."""
    NO_TID = "no_tid"
    """It has no usable transaction id."""
    WIDE_INTEGER = "wide_integer"
    """It has an integer of more than 64 bits."""
    NO_MESSAGE = "no_message"
    """It is neither query, response nor error."""
    NO_ID = "no_id"
    """A response without a 20-byte id."""

    NOT_CANONICAL = "not_canonical"
    """An answer with a value is not canonical bencode."""
    TOO_LONG = "too_long"
    """A value has too many bytes: `number`."""
    UNSIGNED = "unsigned"
    """A value has no signature, and its target is that of a mutable item."""
    WRONG_HASH = "wrong_hash"
    """A value does not hash to the target."""
    FORGED = "forged"
    """The signature of a value does not hold."""
    WRONG_KEY = "wrong_key"
    """The public key and salt do not hash to the target."""
    WRONG_SALT = "wrong_salt"
    """The same, where the public key is not known: under another salt it may be the item."""
    NO_SALT = "no_salt"
    """The same, where no salt was given."""

    NO_TOKEN = "no_token"
    """No write token was given, so nothing can be stored."""
    HELD = "held"
    """A put was refused, as the node held this very item already."""

    GAVE_WAY = "gave_way"
    """The query was given up for others before its time, as the node was silent."""
    ROUTE_LOST = "route_lost"
    """The route of its address family went away before its time."""
    BANNED_MEANWHILE = "banned_meanwhile"
    BUFFER_FULL = "buffer_full"
    """The system did not send the query, for want of room."""
    SEND_REFUSED = "send_refused"
    """The system did not send it: `number` is its error number, if it gave one."""


_KINDS = {kind.value: kind for kind in NoteKind}


class Note(NamedTuple):
    """A detail, with its number."""

    kind: NoteKind
    number: int | None = None

    def __str__(self) -> str:
        """Its stable form: ``forged``, ``surplus 2``."""
        return self.kind if self.number is None else f"{self.kind} {self.number}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The note of a stable form; `None` for any other text."""
        word, _, number = text.partition(" ")
        kind = _KINDS.get(word)
        if kind is None or not (number == "" or (number.isdecimal() and len(number) < 10)):
            return None
        return cls(kind, int(number) if number else None)
