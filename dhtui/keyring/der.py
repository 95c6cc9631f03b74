"""The part of DER that private keys need (X.690)."""

from __future__ import annotations

from ..engine.keys import BadKey

SEQUENCE, INTEGER, OCTETS, BITS, OID = 0x30, 0x02, 0x04, 0x03, 0x06


def take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, and the bytes after it. Lengths up to 65535 are supported. Raises `BadKey`."""
    if len(data) >= 2 and data[0] == tag:
        length, start = data[1], 2
        if length in (0x81, 0x82):
            start = 2 + length - 0x80
            length = int.from_bytes(data[2:start], "big")
        elif length > 0x80:
            length = len(data)
        if start + length <= len(data):
            return data[start : start + length], data[start + length :]
    raise BadKey("the key is damaged: it is no PKCS 8 private key")
