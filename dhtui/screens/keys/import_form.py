"""The form that takes a private key into the keyring, whatever its form, and says what it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual import on, work
from textual.widget import Widget
from textual.widgets import Input

from ...engine.keys import BadKey
from ...errors import UsageError
from ...keyring import Keyring, KeyringError
from ...keyring.encrypted import EncryptedKey
from ...keyring.keyfile import content
from ...keyring.reading import FORMS, MAX_INPUT, Imported, read_key
from ...keyring.seal import Sealed, passphrase_bytes
from ...keyring.zbase32 import encode_public
from ...options.values import path, public_key
from ...text.spans import Line
from ...widgets.pick import Pick
from ...widgets.source_input import SourceInput
from .field import SecretInput
from .form import (
    DERIVING,
    FormState,
    KeyForm,
    bad,
    good,
    judge_name,
    judge_passphrase,
    missing,
    name_field,
    new_passphrase,
    new_passphrase_fields,
    said,
)

_READ_AS = {
    "auto": "as it shows itself; choose another one only if you know better",
    "seed": "32 bytes that the key follows from (RFC 8032)",
    "go": "64 bytes, a seed and its public key, as Go and NaCl keep it",
    "expanded": "64 bytes, scalar and prefix, as libtorrent and BEP 44 keep it",
    "original": "a .key file of mh-cbon/dht, with the public key that it published",
}


@dataclass(frozen=True, slots=True)
class ImportedKey:
    """A key that is in the keyring now."""

    name: str
    was: str
    """In what form it came, in words."""


class ImportForm(KeyForm[ImportedKey]):
    """Asks for a private key and a name for it, and keeps it."""

    HEADING = "import a key"
    VERB = "import"

    def __init__(self, keyring: Keyring, taken: Sequence[str]) -> None:
        super().__init__()
        self._keyring, self._taken = keyring, taken
        self._content: bytes | KeyringError | UsageError | None = None
        """What the file holds, or why that is not known; `None`: nothing was read yet."""

    def fields(self) -> Iterator[tuple[str, Widget]]:
        """Where the key is, how it is to be read, and how it is to be kept."""
        yield name_field()
        yield "from a file", SourceInput(id="file", placeholder="its path; or paste the key below")
        yield "or pasted", SecretInput(id="key", placeholder="hex, base64, PEM, OpenSSH, paper; shows as dots")
        yield "read as", Pick(FORMS, gap="", id="form")
        yield "public key", SourceInput(id="public", placeholder="empty, or the one that it must have")
        yield from new_passphrase_fields("empty: the key is kept as it came")
        yield "opened by", SecretInput(id="opens", placeholder="its passphrase, if another program encrypted it")

    # -- reading ---------------------------------------------------------------------------------------------

    @on(Input.Changed, "#file")
    def follow_file(self) -> None:
        """Another file is meant."""
        self._content = None
        text = self.text("file").strip()
        if not text:
            return
        try:
            self._read(path(text))
        except UsageError as problem:
            self._content = problem

    @work(group="reading", exclusive=True, exit_on_error=False, name="reading the key file")
    async def _read(self, file: Path) -> None:
        try:
            self._content = await asyncio.to_thread(content, file, MAX_INPUT)
        except KeyringError as problem:
            self._content = problem
        self.check()

    def _found(self) -> Imported | EncryptedKey | FormState:
        """The key, one that a passphrase has to open first, or what is to be said instead."""
        file, pasted = self.text("file").strip(), self.text("key").strip()
        if not file and not pasted:
            return missing("name the file that the private key is in, or paste the key")
        if file and pasted:
            return bad("a file and a pasted key: empty one of the two fields")
        data = self._content if file else pasted.encode("utf-8", "surrogateescape")
        if data is None:
            return missing("reading the file")
        if isinstance(data, ValueError):
            return bad(str(data))
        try:
            return self._read_key(data)
        except EncryptedKey as found:
            return found
        except (BadKey, UsageError) as problem:
            return bad(str(problem))

    def _read_key(self, data: bytes, passphrase: Callable[[], bytes] | None = None) -> Imported:
        wanted = self.text("public").strip()
        return read_key(data, self.chosen("form"), public_key(wanted) if wanted else None, passphrase)

    # -- the form --------------------------------------------------------------------------------------------

    def judge(self) -> FormState:
        """What the key is, and whether it can be taken."""
        form = self.chosen("form")
        found = self._found()
        if isinstance(found, FormState):
            about = said("·", f"{form}: {_READ_AS[form]}", "dim")
            return FormState((*found.lines, *about))
        if isinstance(found, EncryptedKey):
            lines = [*good(f"{found.kind}, which its passphrase opens; kept as you say below").lines]
        else:
            lines = _about(found)
        fault = judge_name(self.text("name"), self._taken) or judge_passphrase(self)
        if fault is None and isinstance(found, EncryptedKey) and not self.text("opens"):
            fault = missing("type the passphrase that opens the key")
        if fault is None and isinstance(found, Imported) and self.text("opens"):
            fault = bad("the key is not encrypted by another program: empty the passphrase that opens it")
        if fault is None and self.text("passphrase") and isinstance(found, Imported) and isinstance(found.key, Sealed):
            fault = bad("the key is encrypted already and stays so: empty the passphrase")
        return FormState((*lines, *fault.lines)) if fault else FormState(lines, ready=True)

    def prepare(self) -> Callable[[], ImportedKey]:
        """Takes the key."""
        found, name, secret = self._found(), self.text("name"), new_passphrase(self)
        if isinstance(found, EncryptedKey):
            opens = passphrase_bytes(self.text("opens"))
            read = partial(self._read_key, self._data(), lambda: opens)
            return lambda: self._take(name, read(), secret)
        assert isinstance(found, Imported), "judged before"
        return partial(self._take, name, found, secret)

    def _data(self) -> bytes:
        """What the key was read from."""
        if isinstance(self._content, bytes) and self.text("file").strip():
            return self._content
        return self.text("key").strip().encode("utf-8", "surrogateescape")

    def _take(self, name: str, found: Imported, passphrase: bytes | None) -> ImportedKey:
        self._keyring.add(name, found.key, passphrase)
        return ImportedKey(name, found.kind)

    def progress(self) -> str:
        """What is being done."""
        return DERIVING if self.text("passphrase") or self.text("opens") else "writing the key"


def _about(found: Imported) -> list[Line]:
    """What was read."""
    tested = "" if isinstance(found.key, Sealed) else "; it signs, and the signature is good"
    public: list[Line] = [
        (("  key ", "dim"), (found.key.public.hex(), "data")),
        (("      ", "dim"), (encode_public(found.key.public), "data")),
    ]
    return [*good(f"{found.kind}{tested}", *public).lines]
