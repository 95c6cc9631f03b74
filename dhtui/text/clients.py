"""The program behind a version string ``v``.

BEP 20 lists two-letter client codes for peer ids; DHT implementations reuse them in ``v``: two letters, then mostly
two bytes of version. A node may send any value.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from .safe import safe_text


def _major_minor(version: bytes) -> str:
    return f" {version[0]}.{version[1]}"


def _rtorrent(version: bytes) -> str:
    return f" 0.{version[0]}.{version[1] >> 4}"


def _build(version: bytes) -> str:
    return f" {int.from_bytes(version, 'big')}"


def _none(version: bytes) -> str:
    return ""


_LETTERS: dict[bytes, tuple[str, Callable[[bytes], str]]] = {
    b"LT": ("libtorrent", _major_minor),
    b"lt": ("rTorrent", _rtorrent),
    b"dT": ("dhtui", _major_minor),
    b"UT": ("µTorrent", _build),
    b"BT": ("BitTorrent", _build),
    b"TR": ("Transmission", _none),
    b"JC": ("jech/dht", _none),
    b"ml": ("mldht", _none),
    b"NP": ("mldht", _none),
    b"KT": ("KTorrent", _none),
    b"A2": ("aria2", _none),
    b"WW": ("WebTorrent", _none),
    b"XL": ("Xunlei", _none),
}


@lru_cache(maxsize=1024)
def client_name(version: bytes | None) -> str:
    """The program and version behind a ``v``, safe to print, at most 24 characters; "" if there is none."""
    if not version:
        return ""
    name, read = _LETTERS.get(version[:2], ("", _none))
    rest = version[2:4]
    if not name or len(version) > 4:
        return safe_text(version, 24)
    return name + read(rest) if len(rest) == 2 else name
