"""Import of a private key in any form, with the name of that form.

Nothing in 64 bytes marks their form, so public keys are recomputed and compared. A key is accepted only after a
signature by it has been verified.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import NamedTuple

from ..engine.keys import EXPANDED_LENGTH, SEED_LENGTH, BadKey, PrivateKey, read_original_key_file, read_private
from .keyfile import Stored, as_published, is_own, parse_own
from .paper import is_paper, read_paper
from .pem import is_der, is_pem, read_bare, read_pem
from .seal import Sealed

FORMS = ("auto", "seed", "go", "expanded", "original")
"""How to read the bytes: by recognition, or as one of the four forms."""
MAX_INPUT = 16_384
"""Bytes."""
_TEST = b"dhtui: is this key of any use?"
_TWO_KEYS = (
    "these 128 hex digits are a seed and its public key, and mean two keys: choose the form `go`, as Go, NaCl and most "
    "programs mean it, or `original`, as mh-cbon/dht published with it; or give the public key that it must have"
)
_RAW = (SEED_LENGTH, EXPANDED_LENGTH)


class Imported(NamedTuple):
    """An imported key."""

    key: Stored
    """A `PrivateKey`; for an encrypted key file the `Sealed` key, which can be stored unchanged."""
    kind: str
    """Its format, in words."""


def read_key(
    data: bytes, form: str = "auto", public: bytes | None = None, passphrase: Callable[[], bytes] | None = None
) -> Imported:
    """The private key in the content of a file, or in typed text.

    Accepted are: key files of dhtui, PKCS 8 in PEM and DER (raw, hex or base64), OpenSSH's own format, JSON Web Keys,
    paper keys, ``.key`` files of mh-cbon/dht; 32 or 64 bytes, raw, in hex or in base64. 64 bytes are Go's form (seed
    and public key) or expanded (libtorrent, BEP 44). With `public` the reading is the one that has this public key.
    `form` is one of `FORMS`. `passphrase` is called if another program encrypted the key, which is slow.
    Raises `BadKey` with the reason, `EncryptedKey` if a passphrase is missing.
    """
    if form not in FORMS:
        raise BadKey(f"{form[:20]!a} is none of {', '.join(FORMS)}")
    if not data.strip():
        raise BadKey("there is no key: the input is empty")
    if len(data) > MAX_INPUT:
        raise BadKey(f"the input has more than {MAX_INPUT} bytes: it is no private key")
    found = _read(data, form, public, passphrase)
    if public is not None and found.key.public != public:
        raise BadKey("the public key does not belong to this private key")
    if isinstance(found.key, PrivateKey):
        found.key.sign(_TEST)  # verifies what it signs
    return found


def _read(data: bytes, form: str, public: bytes | None, passphrase: Callable[[], bytes] | None) -> Imported:
    text = _text(data)
    if text is not None and form == "auto":
        if is_own(text):
            key = parse_own(text)
            return Imported(key, "a key file of dhtui, encrypted" if isinstance(key, Sealed) else "a key file of dhtui")
        if is_pem(text):
            return Imported(*read_pem(text, passphrase))
        if is_paper(text):
            return Imported(read_paper(text), "a paper key")
        if text.startswith("{"):
            return Imported(_jwk(text), "a JSON Web Key")
    der = _der(data, text) if form == "auto" else None
    if der is not None:
        return Imported(*read_bare(der, passphrase))
    raw, how, original = _raw(_without_line_end(data, text), text)
    if form == "original" or (form == "auto" and original and public != raw[SEED_LENGTH:]):
        found = _original(raw)
        if form == "auto" and public is None:
            raise BadKey(_TWO_KEYS)
        return found
    return _bytes(raw, how, form, public)


def _der(data: bytes, text: str | None) -> bytes | None:
    """The DER sequence of the input: raw, with or without a line end, in hex or in base64; empty if it is none."""
    readings = [data, data.removesuffix(b"\n").removesuffix(b"\r")]
    if text is not None:
        readings += [_digits(text), _base64("".join(text.split()))]
    for found in readings:
        if len(found) not in _RAW and is_der(found):
            return found
    return None


def _without_line_end(data: bytes, text: str | None) -> bytes:
    """Raw bytes without the line end that a program may have added."""
    bare = data.removesuffix(b"\n").removesuffix(b"\r")
    return bare if text is None and len(data) not in _RAW and len(bare) in _RAW else data


def _jwk(text: str) -> PrivateKey:
    """The key of a JSON Web Key (RFC 8037): ``d`` is the seed, ``x`` the public key. Raises `BadKey`."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKey("the key begins like JSON, and is none") from None
    if found.get("kty") != "OKP" or found.get("crv") != "Ed25519" or not isinstance(found.get("d"), str):
        raise BadKey("this JSON is no private key of Ed25519: `kty` OKP, `crv` Ed25519 and `d` are needed")
    seed, public = _base64(found["d"]), found.get("x")
    if len(seed) != SEED_LENGTH:
        raise BadKey(f"the `d` of the JSON Web Key has {len(seed)} bytes, not {SEED_LENGTH}")
    key = PrivateKey.from_seed(seed)
    if public is not None and (not isinstance(public, str) or _base64(public) != key.public):
        raise BadKey("the `x` of the JSON Web Key is not the public key of its `d`")
    return key


def _text(data: bytes) -> str | None:
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("ascii").strip()
    except UnicodeDecodeError:
        return None


def _raw(data: bytes, text: str | None) -> tuple[bytes, str, bool]:
    """The 32 or 64 bytes, their encoding in words, and whether mh-cbon/dht writes this encoding."""
    if len(data) in _RAW and (text is None or not re.fullmatch(r"[0-9a-fA-F]+", text)):
        return data, "raw bytes", False
    if text is not None:
        raw = _digits(text)
        if len(raw) in _RAW:
            go = len(raw) == EXPANDED_LENGTH and PrivateKey.from_seed(raw[:32]).public == raw[32:]
            return raw, "hex", go and len(text) == 2 * EXPANDED_LENGTH
        raw = _base64("".join(text.split()))
        if len(raw) in _RAW:
            return raw, "base64", False
    raise BadKey(
        "this is no private key: it is neither a key file, PEM or a paper key, "
        "nor 32 or 64 bytes, raw, in hex or in base64"
    )


def _digits(text: str) -> bytes:
    """The bytes of hex digits, with or without blanks and colons between them; empty for any other text."""
    digits = re.sub(r"[\s:]", "", text).removeprefix("0x")
    return bytes.fromhex(digits) if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", digits) else b""


def _base64(text: str) -> bytes:
    try:
        padded = text.translate(str.maketrans("-_", "+/")).rstrip("=")
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except ValueError:
        return b""


def _original(raw: bytes) -> Imported:
    return Imported(as_published(read_original_key_file(raw.hex())), "a .key file of mh-cbon/dht")


def _bytes(raw: bytes, how: str, form: str, public: bytes | None) -> Imported:
    if form == "seed" and len(raw) != SEED_LENGTH:
        raise BadKey(f"a seed has {SEED_LENGTH} bytes, this has {len(raw)}")
    if form in ("go", "expanded") and len(raw) != EXPANDED_LENGTH:
        raise BadKey(f"a key in the form {form!r} has {EXPANDED_LENGTH} bytes, this has {len(raw)}")
    if form == "expanded":
        return Imported(PrivateKey.from_expanded(raw), f"an expanded key in {how}")
    key = read_private(raw, raw[SEED_LENGTH:] if form == "go" else public)
    if form == "go" and key.form != "seed":
        raise BadKey("the second half of these 64 bytes is not the public key of the first")
    if len(raw) == SEED_LENGTH:
        return Imported(key, f"a seed in {how}")
    kind = "a seed and its public key" if key.form == "seed" else "an expanded key"
    return Imported(key, f"{kind} in {how}")
