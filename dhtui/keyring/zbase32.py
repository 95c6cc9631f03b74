"""z-base-32, pkarr's encoding of public keys: 32 bytes as 52 letters and digits that are not easily confused."""

from __future__ import annotations

from ..engine.keys import PUBLIC_LENGTH

ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"
LENGTH = 52
"""Characters of a public key; its 256 bits are followed by 4 zero bits."""
_SPARE = LENGTH * 5 - PUBLIC_LENGTH * 8
_VALUES = {char: value for value, char in enumerate(ALPHABET)}


def encode_public(public: bytes) -> str:
    """A 32-byte public key as 52 characters."""
    number = int.from_bytes(public, "big") << _SPARE
    return "".join(ALPHABET[number >> shift & 31] for shift in range((LENGTH - 1) * 5, -1, -5))


def decode_public(text: str) -> bytes:
    """The 32-byte public key in 52 characters, of either case. Raises `ValueError` for anything else."""
    if len(text) != LENGTH or not _VALUES.keys() >= set(text.lower()):
        raise ValueError(f"a public key in z-base-32 has {LENGTH} of the characters {ALPHABET}")
    number = 0
    for char in text.lower():
        number = number << 5 | _VALUES[char]
    if number & ((1 << _SPARE) - 1):
        raise ValueError("its last character is one that no public key ends with: something was mistyped")
    return (number >> _SPARE).to_bytes(PUBLIC_LENGTH, "big")
