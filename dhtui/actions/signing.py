"""Signing an item without sending it, and verifying one."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..engine.items import ItemError, MutableItem, sign, signing_buffer
from ..engine.keys import BadKey, PrivateKey
from ..errors import Exit, Failure, UsageError, quoted
from ..text.actions.notices import SignatureFault
from .request import STDOUT, KeyChoice, SignItem, VerifyItem
from .unlocking import load_key


class Signed(NamedTuple):
    """What `sign` made."""

    item: MutableItem
    key: PrivateKey
    named: KeyChoice
    show_private: bool
    out: Path | None
    """Where it was written to; `STDOUT`: nowhere yet."""

    @property
    def exit(self) -> Exit:
        """How the run ends."""
        return Exit.OK

    @property
    def buffer(self) -> bytes:
        """The bytes that were signed."""
        return signing_buffer(self.item.v, self.item.seq, self.item.salt)


class Verified(NamedTuple):
    """What `verify` looked at."""

    item: MutableItem
    fault: SignatureFault | None = None
    """Why it is not what it should be; `None` for a genuine one."""

    @property
    def exit(self) -> Exit:
        """How the run ends."""
        return Exit.FAILED if self.fault else Exit.OK


def sign_value(request: SignItem) -> Signed:
    """Sign a value. Raises `UsageError`, `Failure`."""
    key = load_key(request.key)
    try:
        item = sign(key, request.v, request.seq, request.salt)
    except ItemError as error:
        raise UsageError(str(error)) from None
    except BadKey as error:
        raise Failure(str(error)) from None
    if request.out is not None and request.out != STDOUT:
        _write_item(request.out, item)
    return Signed(item, key, request.key, request.show_private, request.out)


def _write_item(path: Path, item: MutableItem) -> None:
    from ..items.file import write

    try:
        write(path, item)
    except FileExistsError:
        raise UsageError(f"--out: {quoted(str(path))} exists: it is left as it is") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        why = getattr(error, "strerror", error)
        raise Failure(f"--out: {quoted(str(path))} can't be written: {why}") from None


def verify_item(request: VerifyItem) -> Verified:
    """Whether an item is genuine, and what is said of it."""
    item = request.item
    if not item.verify():
        return Verified(item, SignatureFault.FORGED)
    if request.public is not None and item.k != request.public:
        return Verified(item, SignatureFault.OTHER_KEY)
    if request.target is not None and request.target != item.target:
        return Verified(item, SignatureFault.OTHER_TARGET)
    return Verified(item)
