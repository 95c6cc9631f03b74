"""What is wrong with messages, in words: a sentence's part for each member of the enums."""

from __future__ import annotations

from typing import Final

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
"""What is wrong with a response that was usable all the same."""
