"""Which program a `v` stands for."""

from __future__ import annotations

import pytest

from dhtui.text.clients import client_name


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (b"LT\x02\x00", "libtorrent 2.0"),
        (b"lt\x0d\x60", "rTorrent 0.13.6"),
        (b"UT\xaf\x00", "µTorrent 44800"),
        (b"dT\x00\x01", "dhtui 0.1"),
        (b"TR", "Transmission"),
        (b"JC\x00\x00", "jech/dht"),
        (b"", ""),
        (None, ""),
        (b"zz\x01\x02", r"zz\x01\x02"),
        (b"LT\x02\x00more", r"LT\x02\x00more"),
        (b"\x1b]52;c;", r"\x1b]52;c;"),
    ],
)
def test_client_name(version: bytes | None, name: str) -> None:
    assert client_name(version) == name


def test_a_long_version_is_cut_off() -> None:
    assert len(client_name(b"A" * 1024)) == 24
