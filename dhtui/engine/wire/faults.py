"""The faults of messages. Their sentences are in `text.faults`."""

from __future__ import annotations

from enum import StrEnum


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
