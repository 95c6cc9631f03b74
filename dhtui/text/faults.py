"""The faults of messages, and the notes on datagrams and queries, in words: part of a sentence for each value."""

from __future__ import annotations

import os
from typing import Final

from ..engine.items import MAX_VALUE
from ..engine.views.events import DropCause, QueryResult
from ..engine.wire.faults import Fault, Note, NoteKind
from .format import plural
from .node.details import detail_words
from .safe import safe_text

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
    Fault.BLOOM: "a bloom filter is missing or not 256 bytes",
    Fault.SAMPLES: "samples is not a string of different 20-byte infohashes, or too long",
    Fault.NUM: "num is missing, absurd, or below the number of samples",
    Fault.INTERVAL: "interval is not 0 to 21600 seconds",
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

NOTE_WORDS: Final = {
    NoteKind.NO_DICTIONARY: "not a dictionary of 2 to 16384 bytes",
    NoteKind.NO_BENCODE: "not bencode",
    NoteKind.SURPLUS: "{bytes} behind the message",
    NoteKind.NO_TID: "no usable transaction id",
    NoteKind.WIDE_INTEGER: "an integer of more than 64 bits",
    NoteKind.NO_MESSAGE: "neither query, response nor error",
    NoteKind.NO_ID: "a response without a 20-byte id",
    NoteKind.NOT_CANONICAL: "the answer is not canonical bencode",
    NoteKind.TOO_LONG: f"the value has {{bytes}}, more than {MAX_VALUE}",
    NoteKind.UNSIGNED: "the value has no signature",
    NoteKind.WRONG_HASH: "the value does not hash to the target",
    NoteKind.FORGED: "the signature does not hold",
    NoteKind.WRONG_KEY: "the public key and salt do not hash to the target",
    NoteKind.WRONG_SALT: "its public key and this salt do not hash to the target: it needs another salt",
    NoteKind.NO_SALT: "it needs a salt",
    NoteKind.NO_TOKEN: "it gave no write token",
    NoteKind.HELD: "it held this very item already",
    NoteKind.GAVE_WAY: "it was silent, and gave way to other queries before its time",
    NoteKind.ROUTE_LOST: "the route of its address family went away",
    NoteKind.BANNED_MEANWHILE: "banned meanwhile",
    NoteKind.BUFFER_FULL: "the send buffer was full",
    NoteKind.SEND_REFUSED: "the system refused to send it",
}
"""The details of what happened to a datagram or to a query."""


def note_words(note: Note | None) -> str:
    """A note, with its number filled in; empty for none."""
    if note is None:
        return ""
    if note.kind is NoteKind.SEND_REFUSED and note.number is not None:
        return safe_text(os.strerror(note.number), 100)
    return NOTE_WORDS[note.kind].format(bytes=plural(note.number or 0, "byte"))


def problem_words(text: str) -> str:
    """Why a packet was dropped or refused, or an error of the log; what is neither note nor detail, as it stands."""
    note = Note.read(text)
    return detail_words(text) if note is None else note_words(note)


SILENT: Final = "silent"
"""How people are told of it, everywhere."""


def cause_words(cause: str) -> str:
    """A cause of trouble, or the end of a query, as people are told of it."""
    return SILENT if cause == QueryResult.TIMED_OUT else cause
