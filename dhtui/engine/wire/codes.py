"""The error codes of BEP 5 and BEP 44."""

from __future__ import annotations

from typing import Final

GENERIC, SERVER, PROTOCOL, UNKNOWN_METHOD = 201, 202, 203, 204
TOO_BIG, BAD_SIGNATURE, SALT_TOO_BIG, CAS_MISMATCH, SEQ_TOO_LOW = 205, 206, 207, 301, 302
ERROR_WORDS: Final = {
    GENERIC: "generic error",
    SERVER: "server error",
    PROTOCOL: "protocol error",
    UNKNOWN_METHOD: "method unknown",
    TOO_BIG: "value too big",
    BAD_SIGNATURE: "invalid signature",
    SALT_TOO_BIG: "salt too big",
    CAS_MISMATCH: "cas mismatch: somebody else has written",
    SEQ_TOO_LOW: "seq not higher than the stored one",
}
"""The meaning of each code."""
