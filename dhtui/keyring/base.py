"""Errors of the keyring, and the rules for names of keys."""

from __future__ import annotations

import re

TEST_KEY_NAME = "bep44test"
"""Name of the built-in key from BEP 44, whose private key is published there."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)


class KeyringError(ValueError):
    """A key can't be named, found, read or made. The message says why, in one line, without secrets."""


class LockedKey(KeyringError):
    """The key is encrypted and its passphrase has not been given in this session."""


class WrongPassphrase(KeyringError):
    """The passphrase does not open the key. Nothing has changed."""


def name_fault(name: str) -> str | None:
    """Why a name is invalid for a key in the folder; `None` if it is valid. ``../x`` would write outside of it."""
    if name == TEST_KEY_NAME:
        return f"{TEST_KEY_NAME} is built in"
    if name.endswith(".key"):
        return f"{name!a} would be taken for a path: a key name must not end with .key"
    if _NAME.fullmatch(name) is None:
        return f"{name[:80]!a} is not a key name: 1 to 64 of A-Z a-z 0-9 . _ - are allowed, and . or - not in front"
    return None
