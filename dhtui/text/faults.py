"""The faults of messages in words: part of a sentence for each member of the enums."""

from __future__ import annotations

from typing import Final

from ..engine.views.events import DropCause
from ..engine.wire.faults import Fault

FAULT_WORDS: Final = {
    Fault.NOT_CANONICAL: "not canonical bencode",
    Fault.NODES: "nodes is not a string of 26-byte entries",
    Fault.PEERS_NO_LIST: "values is not a list",
    Fault.PEERS: "values has surplus, repeated or malformed peers",
    Fault.TOKEN: "token is not a string of at most 256 bytes",
    Fault.VALUE_REFUSED: "value refused: the answer is not canonical",
    Fault.KEY: "k is not 32 bytes",
    Fault.SIGNATURE: "sig is not 64 bytes",
    Fault.NO_SEQ: "store omitted seq",
}
"""The faults of a response that was usable all the same."""

DROP_WORDS: Final = {
    DropCause.REFUSED: "queries of others that we answered with that error; likewise other codes",
    DropCause.MALFORMED: "datagrams that are no KRPC messages",
    DropCause.UNEXPECTED: "answers that no query of ours waited for: late, unasked, or from another address",
    DropCause.RATE_LIMIT: "queries beyond the limit of their host, not answered",
    DropCause.BLOCKLIST: "datagrams from addresses on the blocklist",
    DropCause.BANNED: "datagrams from addresses that you have banned",
    DropCause.NO_UNICAST: "datagrams from where no host can be",
    DropCause.OWN_ID: "queries under our own id",
    DropCause.REPLY_QUOTA: "queries not answered, as our replies to that host had used up their bytes",
    DropCause.READ_ONLY: "queries not answered while we were read-only",
}
"""The datagrams that are counted under each cause."""

TIMED_OUT: Final = "timed out"
"""How JSON, recordings and the core name a query without an answer in its time."""
SILENT: Final = "silent"
"""How people are told of it, everywhere."""


def cause_words(cause: str) -> str:
    """A cause of trouble, or the end of a query, as people are told of it."""
    return SILENT if cause == TIMED_OUT else cause
