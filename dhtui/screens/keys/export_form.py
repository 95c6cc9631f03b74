"""The form that gives a private key out: to a file, or to be shown and written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from textual.widget import Widget

from ...engine.keys import BadKey, PrivateKey
from ...errors import UsageError
from ...keyring import KeyringError
from ...keyring.writing import FORMATS, write_key, write_secret
from ...options.values import path
from ...storage.named_file import STDIN
from ...storage.owned import is_owned
from ...text.safe import safe_text
from ...widgets.pick import Pick
from ...widgets.source_input import SourceInput
from .form import FormState, KeyForm, bad, good, said


@dataclass(frozen=True, slots=True)
class Exported:
    """What was given out."""

    text: str = field(repr=False)
    """The secret."""
    path: Path | None
    """The file that it is in; `None`: none, it is to be shown."""


class ExportForm(KeyForm[Exported]):
    """Asks in which form a private key is to be given out, and where to."""

    HEADING = "export a key"
    VERB = "export"
    NOTES = ("Whoever has it can sign as you: keep it where nobody else can read it.",)

    def __init__(self, name: str, key: PrivateKey, folder: Path) -> None:
        """`folder`: that of the keyring."""
        super().__init__()
        self._key_name, self._key, self._folder = name, key, folder

    def fields(self) -> Iterator[tuple[str, Widget]]:
        """The form, and the file."""
        yield "as", Pick(tuple(FORMATS), gap="", id="format")
        yield "to a file", SourceInput(id="file", placeholder="a new one; empty: it is shown here")

    def judge(self) -> FormState:
        """Whether the key can be written so."""
        form, file = self.chosen("format"), self.text("file").strip()
        about = said("·", f"{form}: {FORMATS[form]}", "dim")
        try:
            write_key(self._key, form)
            if file:
                _own(path(file), self._folder)
        except (BadKey, UsageError) as problem:
            return bad(str(problem), *about)
        where = (
            f"to the new file {file}, which only you can read" if file else "in a window, where it can be hidden again"
        )
        if form == "public":
            return good(f"the public key of {self._key_name}, which is no secret, {where}", *about)
        return good(f"the private key of {self._key_name}, not encrypted, {where}", *about)

    def prepare(self) -> Callable[[], Exported]:
        """Writes the key."""
        file = self.text("file").strip()
        return partial(_write, write_key(self._key, self.chosen("format")), path(file) if file else None)

    def progress(self) -> str:
        """What is being done."""
        return "writing the key"


def _own(file: Path, keys: Path) -> None:
    """Raise `UsageError` for a place of the program's own, and for what is no name of a file elsewhere."""
    if str(file) == STDIN:
        raise UsageError("there is no standard output here: name a new file")
    if is_owned(file, keys.parent):
        raise UsageError("this is a place of the program's own, for its state or its keys: name another")


def _write(text: str, file: Path | None) -> Exported:
    if file is not None:
        shown = safe_text(str(file), 300)
        try:
            write_secret(file, text)
        except FileExistsError:
            raise KeyringError(f"{shown} exists, and a key overwrites nothing: name a new file") from None
        except OSError as error:
            raise KeyringError(f"{shown} can't be written: {error.strerror}") from None
    return Exported(text, file)
