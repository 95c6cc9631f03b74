"""Checks of what a caller gives us, where it comes in: a clear `ValueError` there, instead of nonsense on the wire.

Types are checked as well, for not every caller has a type checker; a wrong one is a `ValueError` too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeVar

from .wire.compact import Addr, canonical_ip
from .wire.ids import ID_LENGTH

T = TypeVar("T")

MAX_PORT = 65_535


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def whole(name: str, value: object, low: int, high: int) -> None:
    """A whole number from `low` to `high`."""
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, not {_shown(value)}")


def number(name: str, value: object, low: float, high: float = math.inf) -> None:
    """A finite number from `low` to `high`."""
    if type(value) not in (int, float) or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type, operator]
        least = f" from {low:g}" if math.isfinite(low) else ""
        most = f" to {high:g}" if math.isfinite(high) else ""
        raise ValueError(f"{name} must be a finite number{least}{most}, not {_shown(value)}")


def positive(name: str, value: object) -> None:
    """A finite number above 0."""
    if type(value) not in (int, float) or not math.isfinite(value) or value <= 0:  # type: ignore[arg-type, operator]
        raise ValueError(f"{name} must be a finite number above 0, not {_shown(value)}")


def truth(name: str, value: object) -> None:
    """True or false."""
    if type(value) is not bool:
        raise ValueError(f"{name} must be True or False, not {_shown(value)}")


def some_bytes(name: str, value: object, low: int, high: int) -> None:
    """Bytes of exactly one length."""
    if type(value) is not bytes or not low <= len(value) <= high:
        wanted = f"{low}" if low == high else f"{low} to {high}"
        got = f"{len(value)}" if type(value) is bytes else _shown(value)
        raise ValueError(f"{name} must be {wanted} bytes, not {got}")


def an_id(name: str, value: object) -> None:
    """An id, a target or an infohash: 20 bytes."""
    some_bytes(name, value, ID_LENGTH, ID_LENGTH)


def ip(name: str, value: object) -> None:
    """An address of either family in its one spelling, such as sockets give it."""
    try:
        if type(value) is str and canonical_ip(value) == value:
            return
    except (OSError, ValueError):
        pass
    raise ValueError(f"{name} must be an address such as '192.0.2.1' or '2001:db8::1', not {_shown(value)}")


def an_addr(name: str, value: object) -> Addr:
    """An address of either family, and a port, 0 to 65535."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"{name} must be (ip, port), not {_shown(value)}")
    ip(f"the ip of {name}", value[0])
    whole(f"the port of {name}", value[1], 0, MAX_PORT)
    return value[0], value[1]


def host_port(name: str, value: object) -> None:
    """``host:port``, the host a name or an address; one of IPv6 in brackets, ``[2001:db8::1]:6881``."""
    host, colon, port = value.rpartition(":") if type(value) is str else ("", "", "")
    good = port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= MAX_PORT
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        good = good and _is_six(host)
    elif ":" in host:
        good = False
    if not (host and colon and good) or not host.isprintable() or " " in host:
        raise ValueError(f"{name} must be host:port, not {_shown(value)}")


def _is_six(host: str) -> bool:
    try:
        return ":" in host and bool(canonical_ip(host))
    except (OSError, ValueError):
        return False


def one_of(name: str, value: object, allowed: Iterable[object]) -> None:
    """One of the accepted words."""
    if value not in (words := tuple(allowed)):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, words))}, not {_shown(value)}")


def kind(name: str, value: object, *kinds: type) -> None:
    """A value of one of our types."""
    if not isinstance(value, kinds):
        raise ValueError(f"{name} must be a {' or '.join(each.__name__ for each in kinds)}, not {_shown(value)}")


def function(name: str, value: object) -> None:
    """Something that can be called, or `None`."""
    if value is not None and not callable(value):
        raise ValueError(f"{name} must be a function, not {_shown(value)}")
