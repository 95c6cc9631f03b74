"""What users type, checked: numbers, durations, addresses, ids, targets and magnet links.

Every reader takes text and returns a value, or raises `UsageError` with what is wrong and what is accepted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from .engine.wire.compact import Addr, canonical_ip, is_usable
from .report import safe_text

MAX_SECONDS = 3600.0


class UsageError(ValueError):
    """A request that can't be carried out as it was put. One line, said before any packet is sent."""


class HostPort(NamedTuple):
    """A node as the user names it; `host` is a dotted IPv4 address or a name still to be resolved."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Target:
    """What to look for. A magnet link of a mutable item (BEP 46) brings its public key and salt along."""

    id: bytes | None
    """20 bytes; `None` stands for our own id."""
    public: bytes | None = None
    """32 bytes."""
    salt: bytes = b""


BootstrapNodes: TypeAlias = Literal["public", "no"] | tuple[str, ...]

LOOKUP_WORDS = ("closest_stores", "closest_store", "closest_peers", "closest_peer")
"""What `--remote` takes instead of addresses, for a full lookup."""


def quoted(text: str) -> str:
    """User text for a message: it may hold control characters, or bytes that are not UTF-8."""
    return f"'{safe_text(os.fsencode(text), 80)}'"


# ---- numbers ------------------------------------------------------------------------------------------


def boolean(text: str) -> bool:
    """The spellings that Go's flag package takes."""
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise UsageError(f"{quoted(text)} is neither true nor false")


def integer(low: int, high: int) -> Callable[[str], int]:
    """A reader of decimal numbers from `low` to `high`."""

    def read(text: str) -> int:
        if re.fullmatch(r"[+-]?[0-9]{1,30}", text) and low <= int(text) <= high:
            return int(text)
        raise UsageError(f"{quoted(text)} is not a whole number from {low} to {high}")

    return read


_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_PART = re.compile(rf"({_NUMBER})({'|'.join(sorted(_UNITS, key=len, reverse=True))})")


def duration(text: str) -> float:
    """Seconds: Go's ``100ms``, ``1.5s``, ``1m30s``, or a bare number of seconds. Above 0, at most an hour."""
    if len(text) <= 40 and re.fullmatch(_NUMBER, text):
        seconds = float(text)
    elif len(text) <= 40 and re.fullmatch(rf"(?:{_PART.pattern})+", text):
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    else:
        raise UsageError(f"{quoted(text)} is not a duration: write 100ms, 1.5s, 1m30s, or a number of seconds")
    if not 0 < seconds <= MAX_SECONDS:
        raise UsageError(f"{quoted(text)} is out of range: more than 0, at most an hour")
    return seconds


def interval(text: str) -> float:
    """A `duration` of at least a second."""
    seconds = duration(text)
    if seconds < 1:
        raise UsageError(f"{quoted(text)} is too short: at least a second")
    return seconds


# ---- bytes and files ------------------------------------------------------------------------------------


def argument_bytes(text: str) -> bytes:
    """The very bytes of a command line argument, whatever their encoding."""
    return os.fsencode(text)


def salt(text: str) -> bytes:
    """At most 64 bytes (BEP 44)."""
    value = os.fsencode(text)
    if len(value) > 64:
        raise UsageError(f"the salt has {len(value)} bytes, at most 64 are allowed")
    return value


def path(text: str) -> Path:
    """A path, with ``~`` expanded."""
    if not text or "\0" in text:
        raise UsageError(f"{quoted(text)} is no path")
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user
        return Path(text)


def _hex(text: str, length: int, what: str) -> bytes:
    if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * length}}}", text):
        found = f"{len(text)} characters" if len(text) != 2 * length else "other characters"
        raise UsageError(f"{quoted(text)} is not {what}: exactly {2 * length} hex digits are needed, not {found}")
    return bytes.fromhex(text)


def node_id(text: str) -> bytes:
    """A 20-byte id as 40 hex digits."""
    return _hex(text, 20, "an id")


def public_key(text: str) -> bytes:
    """A 32-byte public key as 64 hex digits, or as 52 characters of z-base-32, as pkarr writes it."""
    if len(text) == 52:
        from .keyring.zbase32 import decode_public

        try:
            return decode_public(text)
        except ValueError as error:
            raise UsageError(f"{quoted(text)}: {error}") from None
    return _hex(text, 32, "a public key")


def signature(text: str) -> bytes:
    """A 64-byte signature as 128 hex digits."""
    return _hex(text, 64, "a signature")


# ---- targets ------------------------------------------------------------------------------------------


def target(text: str) -> Target:
    """40 hex digits, ``self``, or a magnet link: ``xt=urn:btih:…`` (BEP 9), ``xs=urn:btpk:…&s=…`` (BEP 46)."""
    if text == "self":
        return Target(None)
    if text[:7].lower() == "magnet:":
        return _magnet(text)
    return Target(_hex(text, 20, "a target (or self, or a magnet link)"))


def _magnet(text: str) -> Target:
    from urllib.parse import parse_qsl

    try:
        fields = parse_qsl(text.partition("?")[2], errors="replace", max_num_fields=100)
    except ValueError:
        raise UsageError("the magnet link has too many fields") from None
    for name, value in fields:
        if re.fullmatch(r"xt(\.[0-9]+)?", name) and value[:9].lower() == "urn:btih:":
            return Target(_info_hash(value[9:]))
    salts = [value for name, value in fields if name == "s"]
    for name, value in fields:
        if name == "xs" and value[:9].lower() == "urn:btpk:":
            public = _hex(value[9:], 32, "a public key")
            salt = _magnet_salt(salts[0] if salts else "")
            return Target(sha1(public + salt, usedforsecurity=False).digest(), public, salt)
    raise UsageError(f"{quoted(text)} has neither xt=urn:btih:<info hash> nor xs=urn:btpk:<public key>")


def _info_hash(text: str) -> bytes:
    if len(text) == 32:
        from base64 import b32decode

        try:
            return b32decode(text.upper())
        except ValueError:
            raise UsageError(f"{quoted(text)} is not an info hash in base32") from None
    return _hex(text, 20, "an info hash")


def _magnet_salt(text: str) -> bytes:
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2}){0,64}", text):
        raise UsageError(f"the s= of the magnet link, {quoted(text)}, is not a salt: at most 64 bytes in hex")
    return bytes.fromhex(text)


# ---- addresses ----------------------------------------------------------------------------------------


def host_port(text: str) -> HostPort:
    """``a.b.c.d:port`` or ``name:port``; an address must be one that a node can have."""
    host, colon, port = text.rpartition(":")
    if "[" in host or ":" in host:
        raise UsageError(f"{quoted(text)}: IPv6 is not supported yet, give an IPv4 address and a port")
    if not colon or not host:
        raise UsageError(f"{quoted(text)} is not host:port")
    found = HostPort(_host(host), _port(port, text))
    if _is_numeric(found.host) and not is_usable(found):
        raise UsageError(f"{quoted(text)} is not an address that a node can have")
    return found


def _port(text: str, whole: str, lowest: int = 1) -> int:
    if re.fullmatch(r"[0-9]{1,5}", text) and lowest <= int(text) <= 65535:
        return int(text)
    raise UsageError(f"the port in {quoted(whole)} must be a number from {lowest} to 65535")


def _is_numeric(host: str) -> bool:
    return re.fullmatch(r"[0-9.]+", host) is not None


def _host(text: str) -> str:
    if _is_numeric(text):
        try:
            return canonical_ip(text)
        except (OSError, ValueError):
            raise UsageError(f"{quoted(text)} is not an IPv4 address") from None
    label = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    if len(text) <= 253 and re.fullmatch(rf"{label}(\.{label})*\.?", text):
        return text
    raise UsageError(f"{quoted(text)} is not a host name")


def _host_ports(text: str) -> tuple[HostPort, ...]:
    parts = [part.strip() for part in text.split(",")]
    found = tuple(dict.fromkeys(host_port(part) for part in parts if part))
    if not found:
        raise UsageError(f"{quoted(text)} names no host:port")
    return found


def remotes(text: str) -> tuple[HostPort, ...]:
    """A list of ``host:port`` joined by commas, or one of `LOOKUP_WORDS`, which gives ``()``."""
    return () if text in LOOKUP_WORDS else _host_ports(text)


def bootstrap_nodes(text: str) -> BootstrapNodes:
    """``public``, ``no``, or a list of ``host:port``."""
    if text == "public":
        return "public"
    if text == "no":
        return "no"
    return tuple(map(str, _host_ports(text)))


def listen(text: str) -> Addr:
    """``host:port``, ``:port``, a port, or nothing for any; the host an IPv4 address of this machine."""
    host, _, port = text.rpartition(":")
    if "[" in host or ":" in host:
        raise UsageError(f"{quoted(text)}: IPv6 is not supported yet, give an IPv4 address and a port")
    if not host and not port:
        return "0.0.0.0", 0
    if host == "localhost":
        host = "127.0.0.1"
    if host and not _is_numeric(host):
        raise UsageError(f"{quoted(text)}: the address to listen on must be a dotted IPv4 address, not a name")
    return _host(host) if host else "0.0.0.0", _port(port, text, 0)


def public_address(text: str) -> Addr:
    """An IPv4 address with or without a port; port 0 where there is none."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, "0"
    if not _is_numeric(host):
        raise UsageError(f"{quoted(text)} is not a public address: a.b.c.d:port or a.b.c.d")
    addr = _host(host), _port(port, text, 1 if colon else 0)
    if not is_usable((addr[0], 1)):
        raise UsageError(f"{quoted(text)} is not an address that a node can have")
    return addr
