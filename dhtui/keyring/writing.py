"""Exporting a private key. What comes out is the secret itself: it goes where its owner says, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from ..engine.keys import PrivateKey
from ..files import write_new
from .paper import write_paper
from .pem import write_pem

FORMATS = {
    "hex": "the seed as 64 hex digits, or an expanded key as 128",
    "pem": "PKCS 8, as OpenSSL reads it; seeds only",
    "paper": "to be written down: small groups, each line with a check",
}


def write_key(key: PrivateKey, form: str) -> str:
    """The key as text in one of `FORMATS`. Raises `BadKey` where it can't be written so."""
    match form:
        case "pem":
            return write_pem(key)
        case "paper":
            return write_paper(key)
    return f"{key.secret.hex()}\n"


def write_secret(path: Path, text: str) -> None:
    """Write an exported key to a new file that only its owner can read. Raises as `files.write_new` does."""
    write_new(path, text.encode(), private=True)
