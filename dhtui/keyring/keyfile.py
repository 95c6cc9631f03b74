"""The text of a key file: one line of dhtui's format, plain or encrypted, or a file of mh-cbon/dht.

    dhtui-key-1 FORM SECRET PUBLIC
    dhtui-key-2 FORM PUBLIC argon2id OPERATIONS MEMORY SALT BOX CHECK

FORM is ``seed`` or ``expanded``, numbers are decimal, all other words are hex. CHECK is the first 4 bytes of the
SHA-256 of the text before it: it distinguishes a damaged file from a wrong passphrase.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias

from ..engine.keys import BadKey, OriginalKey, PrivateKey, read_original_key_file
from .base import KeyringError
from .seal import Cost, Sealed

PLAIN, SEALED = "dhtui-key-1", "dhtui-key-2"
MAX_FILE = 1024
"""Most bytes read: all valid key files are much shorter."""

Stored: TypeAlias = PrivateKey | Sealed


def write_line(key: Stored) -> bytes:
    """The text of a key's file."""
    if isinstance(key, PrivateKey):
        return f"{PLAIN} {key.form} {key.secret.hex()} {key.public.hex()}\n".encode()
    cost = f"argon2id {key.cost.operations} {key.cost.memory}"
    head = f"{SEALED} {key.form} {key.public.hex()} {cost} {key.salt.hex()} {key.box.hex()}"
    return f"{head} {_check(head)}\n".encode()


def read_file(path: Path) -> Stored:
    """The key in a file. Raises `KeyringError` with the path and what is wrong with it."""
    data = content(path, MAX_FILE)
    try:
        return parse(data)
    except BadKey as error:
        raise KeyringError(f"{_shown(path)}: {error}") from error


def content(path: Path, limit: int) -> bytes:
    """The first `limit` + 1 bytes of a file. Raises `KeyringError` with the path."""
    try:
        if not path.is_file():  # opening a FIFO could block without end
            raise KeyringError(f"{_shown(path)}: {'not a file' if path.exists() else 'no such file'}")
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise KeyringError(f"{_shown(path)}: {error.strerror}") from error


def _shown(path: Path) -> str:
    return str(path) if str(path).isprintable() else ascii(str(path))


def parse(data: bytes) -> Stored:
    """The key in the content of a file. Raises `BadKey`."""
    data = data.removeprefix(BOM_UTF8)
    if not data:
        raise BadKey("the key file is empty; its making was cut short, and it can be removed")
    if len(data) > MAX_FILE or not data.isascii():
        raise BadKey("not a key file: it is too long or not plain text")
    text = data.decode("ascii")
    if is_own(text):
        return parse_own(text)
    return as_published(read_original_key_file(text))


def is_own(text: str) -> bool:
    """Whether a text has the header of dhtui's format."""
    return text.startswith("dhtui-key-")


def parse_own(text: str) -> Stored:
    """The key in a line of dhtui's format. Raises `BadKey`."""
    words = text.split()
    if words[0] == PLAIN:
        return _plain(words)
    if words[0] == SEALED:
        return _sealed(words)
    raise BadKey(f"the key file starts with {words[0][:20]!a}, this version of dhtui reads {PLAIN} and {SEALED}")


def as_published(original: OriginalKey) -> PrivateKey:
    """The reading that keeps the targets of an old publisher. `read_original_key_file` says why only this one is
    used."""
    if original.as_published is None:
        raise BadKey(
            f"{original.unusable}, so the public key that mh-cbon/dht published has no usable secret. "
            "As a standard key it would be another identity with other targets, and is never used unasked"
        )
    return original.as_published


def _plain(words: list[str]) -> PrivateKey:
    _count(words, 4)
    form = _form(words[1])
    secret, public = _hex(words[2]), _hex(words[3])
    key = PrivateKey(secret, form)
    if key.public != public:
        raise BadKey("the key file is damaged: its public key does not belong to its private key")
    return key


def _sealed(words: list[str]) -> Sealed:
    _count(words, 9)
    if _check(" ".join(words[:-1])) != words[-1]:
        raise BadKey("the key file is damaged: its checksum is wrong")
    form, public, method, operations, memory, salt, box = words[1:-1]
    if method != "argon2id" or not (operations.isdecimal() and memory.isdecimal()):
        raise BadKey("the key file is damaged: it does not say how it was encrypted")
    return Sealed(_hex(public), _form(form), Cost(int(operations), int(memory)), _hex(salt), _hex(box))


def _count(words: list[str], wanted: int) -> None:
    if len(words) != wanted:
        raise BadKey(f"the key file is damaged: it has {len(words)} words, not {wanted}")


def _form(word: str) -> Literal["seed", "expanded"]:
    if word == "seed":
        return "seed"
    if word == "expanded":
        return "expanded"
    # The word is not shown: in a file edited by hand it may be the secret.
    raise BadKey("the key file is damaged: its second word is neither seed nor expanded")


def _hex(word: str) -> bytes:
    try:
        return bytes.fromhex(word)
    except ValueError:
        raise BadKey("the key file is damaged: its keys are not in hex") from None


def _check(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]
