"""Addresses as text: the one way to write them, and all that is refused."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.wire.address import address_text, is_link_local, mapped_ip, read_addr, read_ip
from dhtui.engine.wire.compact import Addr


@pytest.mark.parametrize(
    ("addr", "text"),
    [
        (("203.0.113.9", 6881), "203.0.113.9:6881"),
        (("2001:db8::9", 6881), "[2001:db8::9]:6881"),
        (("::", 0), "[::]:0"),
        (("::ffff:1.2.3.4", 65535), "[::ffff:1.2.3.4]:65535"),
    ],
)
def test_an_address_is_written_and_read(addr: Addr, text: str) -> None:
    assert address_text(addr) == text and read_addr(text) == addr


@given(st.integers(0, 2**128 - 1), st.integers(0, 65535))
def test_any_ipv6_address_comes_back(number: int, port: int) -> None:
    addr = read_ip(str(IPv6Address(number))), port
    assert read_addr(address_text(addr)) == addr and len(address_text(addr)) <= 47


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "[]:1", "[]", "[::1]", "::1:1", "[::1]:", "[::1]:65536", "[::1]:-1", "[::1]:1 "),
        *("[::1]:1:1", "[[::1]]:1"),
        *("[::1%lo]:1", "[::1:1", "::1]:1", "[1.2.3.4]:1", "1.2.3.4", "1.2.3:1", "1.2.3.4:99999999", "a.example:1"),
        *("[::1]:\u0661", "\x00:1", "[::1\x00]:1", "\ud800:1", "[2001:db8::g]:1", "[1:2:3:4:5:6:7:8:9]:1"),
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_addr(text)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        addr = read_addr(text)
    except ValueError:
        return
    assert read_addr(address_text(addr)) == addr


def test_kinds_that_need_more_than_an_address_are_known() -> None:
    assert [is_link_local(ip) for ip in ("fe80::1", "febf::", "fec0::", "2001:db8::", "169.254.0.1")] == [
        *(True, True, False, False, False)
    ]
    assert [mapped_ip(ip) for ip in ("::ffff:1.2.3.4", "::1.2.3.4", "1.2.3.4", "::ffff:0:0")] == [
        *("1.2.3.4", "", "", "0.0.0.0")
    ]
