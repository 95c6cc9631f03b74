"""The flags of a node that is operated: what they take, and what is told of a mistake."""

from __future__ import annotations

import pytest

from dhtui.errors import UsageError
from dhtui.options import addresses, config, values


@pytest.mark.parametrize(
    ("text", "addr"),
    [
        ("9469", ("127.0.0.1", 9469)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("0.0.0.0:9469", ("0.0.0.0", 9469)),
        ("[::1]:9469", ("::1", 9469)),
        ("[::]:1", ("::", 1)),
    ],
)
def test_metrics_are_on_loopback_unless_an_address_is_named(text: str, addr: tuple[str, int]) -> None:
    assert addresses.metrics(text) == addr == config.read(["--wait", "--metrics", text]).metrics


@pytest.mark.parametrize("text", ["", ":", ":9469", "port", "70000", "example.org:1", "::1:9469", "[::x]:1", "1.2.3.4"])
def test_what_is_no_place_for_metrics_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        addresses.metrics(text)


@pytest.mark.parametrize(("text", "rate"), [("0", 0), ("262144", 262_144), ("256k", 256_000), ("2M", 2_000_000)])
def test_a_rate_of_bytes_is_read_with_its_unit(text: str, rate: int) -> None:
    assert values.byte_rate(text) == rate


@pytest.mark.parametrize("text", ["", "k", "-1", "1.5M", "2G", "2 M", "999", "1001M", "9" * 40, "٣k"])
def test_what_is_no_rate_of_bytes_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        values.byte_rate(text)


def test_no_limit_for_a_host_is_a_limit_of_none() -> None:
    assert (values.host_rate("0"), values.host_rate("2.5")) == (0.0, 2.5)
    with pytest.raises(UsageError):
        values.host_rate("0.01")
