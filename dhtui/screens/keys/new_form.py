"""The form that makes a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from textual.widget import Widget

from ...keyring import Keyring
from .form import (
    DERIVING,
    FormState,
    KeyForm,
    good,
    judge_name,
    judge_passphrase,
    name_field,
    new_passphrase,
    new_passphrase_fields,
)


class NewKeyForm(KeyForm[str]):
    """Asks for the name of a key and makes it. The result is the name."""

    HEADING = "new key"
    VERB = "make it"
    NOTES = (
        "Who has the key can change its items; who loses it never can again. So keep a copy of it, best on paper.",
    )

    def __init__(self, keyring: Keyring, taken: Sequence[str]) -> None:
        super().__init__()
        self._keyring, self._taken = keyring, taken

    def fields(self) -> Iterator[tuple[str, Widget]]:
        """A name, and a passphrase if one is wanted."""
        yield name_field()
        yield from new_passphrase_fields("empty: the key is kept in the clear")

    def judge(self) -> FormState:
        """Whether the key can be made."""
        fault = judge_name(self.text("name"), self._taken) or judge_passphrase(self)
        how = (
            "encrypted under the passphrase"
            if self.text("passphrase")
            else "in the clear, in a file that only you can read"
        )
        return fault or good(f"a new key {self.text('name')}, kept {how}")

    def prepare(self) -> Callable[[], str]:
        """Makes it."""
        return partial(self._make, self.text("name"), new_passphrase(self))

    def _make(self, name: str, passphrase: bytes | None) -> str:
        self._keyring.generate(name, passphrase)
        return name

    def progress(self) -> str:
        """What is being done."""
        return DERIVING if self.text("passphrase") else "writing the key"
