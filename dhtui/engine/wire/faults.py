"""What is wrong with a message. The sentences for these are in `text.faults`."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with a response that was usable all the same."""

    NOT_CANONICAL = "not_canonical"
    NODES = "nodes"
    """Its nodes are no string of whole entries."""
    PEERS_NO_LIST = "peers_no_list"
    PEERS = "peers"
    """Its list of peers is too long, or has repeated, unusable or malformed ones."""
    TOKEN = "token"
    VALUE_REFUSED = "value_refused"
    """It holds a value, and is not canonical: hash and signature would not be over the bytes that came."""
    KEY = "key"
    SIGNATURE = "signature"
    NO_SEQ = "no_seq"
