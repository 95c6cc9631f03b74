"""Export of a private key. The output is the secret itself, and goes only to the place that the user names."""

from __future__ import annotations

from pathlib import Path

from ..engine.keys import BadKey, PrivateKey
from ..storage.atomic import write_new
from .openssh import write_openssh
from .paper import write_paper
from .pem import write_pem

FORMATS = {
    "hex": "the seed as 64 hex digits, or an expanded key as 128",
    "pem": "PKCS 8, as OpenSSL reads it; seeds only",
    "paper": "to be written down: small groups, each line with a check",
    "openssh": "OpenSSH's own format, as ssh-keygen reads it; seeds only",
    "nacl": "seed and public key, 64 bytes as NaCl and Go keep them, as 128 hex digits; seeds only",
    "expanded": "scalar and prefix, 64 bytes as libtorrent and BEP 44 keep them, as 128 hex digits",
    "public": "the public key alone, 64 hex digits: no secret",
}


def write_key(key: PrivateKey, form: str) -> str:
    """The key as text in one of `FORMATS`. Raises `BadKey` if the format can't hold it."""
    match form:
        case "pem":
            return write_pem(key)
        case "paper":
            return write_paper(key)
        case "openssh":
            return write_openssh(key)
        case "nacl":
            return f"{_seed_of(key).hex()}{key.public.hex()}\n"
        case "expanded":
            return f"{key.expanded.hex()}\n"
        case "public":
            return f"{key.public.hex()}\n"
    return f"{key.secret.hex()}\n"


def _seed_of(key: PrivateKey) -> bytes:
    if key.form != "seed":
        raise BadKey("NaCl's form holds a seed, and an expanded key has none: export it as hex or on paper")
    return key.secret


def write_secret(path: Path, text: str) -> None:
    """Write an exported key to a new file that only its owner can read. Raises as `files.write_new` does."""
    write_new(path, text.encode(), private=True)
