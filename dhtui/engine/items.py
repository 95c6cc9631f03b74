"""BEP 44 items: what the DHT stores, under which target, and when an item is genuine.

Values are kept as the bencoded bytes that were received: hashes and signatures are over these, and a value
that was decoded and encoded again need not be the same bytes. Clients and servers use the same checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from . import keys
from .keys import BadKey, PrivateKey
from .wire import bencode
from .wire.codes import CAS_MISMATCH, PROTOCOL, SALT_TOO_BIG, TOO_BIG
from .wire.ids import immutable_target as immutable_target
from .wire.ids import mutable_target as mutable_target

MAX_VALUE = 1000
"""Bytes that a value may take, bencoded (BEP 44)."""

MAX_SALT = 64
"""Bytes that a salt may have (BEP 44)."""

MAX_SEQ = 2**63 - 1
"""The highest sequence number that all nodes can store."""

SHOWN = 32
"""Bytes of a value that a `repr` shows."""

Value: TypeAlias = "int | bytes | list[Value] | dict[bytes, Value]"
"""A decoded value. One from the network is hostile: its strings may hold any bytes."""


class ItemError(ValueError):
    """An item that no node should store. The message is this program's own, without remote bytes."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        """The KRPC error code of BEP 44 for the fault: 203, 205, 207 or 301."""


def check_value(v: bytes) -> None:
    """Raise `ItemError`: 205 for over 1000 bytes bencoded, 203 for what is not canonical bencode."""
    if len(v) > MAX_VALUE:
        raise ItemError(TOO_BIG, f"the value takes {len(v)} bytes bencoded, at most {MAX_VALUE} are allowed")
    try:
        # As deep as it lies in a put: in the message, and in its arguments.
        outer = bencode.decode(b"ll%bee" % v)
    except bencode.BencodeError as error:
        raise ItemError(PROTOCOL, f"the value is unusable: {error}") from error
    if len(outer) != 1 or len(outer[0]) != 1:
        raise ItemError(PROTOCOL, "the value is unusable: it must be exactly one bencoded value")


def check_salt(salt: bytes) -> None:
    """Raise `ItemError` 207 for a salt of more than 64 bytes."""
    if len(salt) > MAX_SALT:
        raise ItemError(SALT_TOO_BIG, f"the salt has {len(salt)} bytes, at most {MAX_SALT} are allowed")


def check_seq(seq: int) -> None:
    """Raise `ItemError` 203 for a sequence number below 0 or above 2**63 - 1."""
    if not 0 <= seq <= MAX_SEQ:
        raise ItemError(PROTOCOL, f"the sequence number must be from 0 to {MAX_SEQ}, not {seq}")


def signing_buffer(v: bytes, seq: int, salt: bytes = b"") -> bytes:
    """The bytes that are signed: salt, seq and v as in a bencoded dictionary without its ends; no salt if it is empty.

    The lengths in it stop anyone from moving bytes between salt, seq and value (BEP 44, "Signature
    verification").
    """
    head = b"4:salt%d:%b" % (len(salt), salt) if salt else b""
    return b"%b3:seqi%de1:v%b" % (head, seq, v)


def value_of(v: bytes) -> Value:
    """Decode a bencoded value. Raises `ItemError` for one that no node would store: too long, too deep, not canonical,
    or with integers beyond 64 bits."""
    check_value(v)
    decoded: Value = bencode.decode(v)
    return decoded


def _shown(v: bytes) -> str:
    """The beginning of a value as a Python literal, which is ASCII and printable."""
    return f"{v[:SHOWN]!r}{'...' if len(v) > SHOWN else ''}"


@dataclass(frozen=True, slots=True)
class ImmutableItem:
    """A value found under its own hash."""

    v: bytes
    """The value, bencoded."""

    def __repr__(self) -> str:
        """Short, and safe to print."""
        return f"<ImmutableItem {self.target.hex()}: {_shown(self.v)}>"

    @property
    def target(self) -> bytes:
        """Where it is stored, 20 bytes."""
        return immutable_target(self.v)

    @property
    def value(self) -> Value:
        """The value, decoded: see `value_of`. That of an item that a node gave is always decodable."""
        return value_of(self.v)


@dataclass(frozen=True, slots=True)
class MutableItem:
    """A signed value found under its public key and salt. Not verified by itself: see `verify`."""

    v: bytes
    """The value, bencoded."""
    k: bytes
    """The public key, 32 bytes."""
    sig: bytes
    """The signature over `signing_buffer`, 64 bytes."""
    seq: int
    salt: bytes = b""
    """0 to 64 bytes; empty means that there is none."""

    def __repr__(self) -> str:
        """Short, and safe to print."""
        salt = f" salt {_shown(self.salt)}" if self.salt else ""
        return f"<MutableItem of {self.k.hex()}{salt} seq {self.seq}: {_shown(self.v)}>"

    @property
    def target(self) -> bytes:
        """Where it is stored, 20 bytes."""
        return mutable_target(self.k, self.salt)

    @property
    def value(self) -> Value:
        """The value, decoded: see `value_of`. That of an item that a node gave is always decodable."""
        return value_of(self.v)

    def verify(self) -> bool:
        """Whether the signature is valid. Never raises. Does not check the target: compare that too.

        A genuine item of the same key under another salt has a valid signature as well.
        """
        return keys.verify(self.k, signing_buffer(self.v, self.seq, self.salt), self.sig)


Item: TypeAlias = ImmutableItem | MutableItem
"""Either kind of item."""


def sign(key: PrivateKey, v: bytes, seq: int, salt: bytes = b"") -> MutableItem:
    """A mutable item, checked and signed; the signature has been verified.

    Raises `ItemError` for what no node would store, `BadKey` for what is no key, or one whose signatures don't verify.
    """
    if not isinstance(key, PrivateKey):
        raise BadKey(f"the key must be a PrivateKey, not {type(key).__name__}")
    if type(v) is not bytes or type(salt) is not bytes or type(seq) is not int:
        raise ItemError(PROTOCOL, "the value and the salt must be bytes, and the sequence number a whole number")
    check_value(v)
    check_salt(salt)
    check_seq(seq)
    return MutableItem(v=v, k=key.public, sig=key.sign(signing_buffer(v, seq, salt)), seq=seq, salt=salt)


def check_base(highest: int | None, base: int | None) -> None:
    """Raise `ItemError` 301 when the `highest` seq seen is above the `base` that an item was made from."""
    if base is not None and highest is not None and highest > base:
        made_from = f"seq {base}, from which this one was made" if base >= 0 else "what was known"
        raise ItemError(CAS_MISMATCH, f"seq {highest} is there already, newer than {made_from}: nothing was put")


@dataclass(frozen=True, slots=True)
class Draft:
    """A mutable item that is signed later, when the highest sequence number in the network is known."""

    v: bytes
    """The value, bencoded."""
    key: PrivateKey
    salt: bytes = b""
    seq: int | None = None
    """`None`: the highest seen plus one."""
    base: int | None = None
    """The seq of the value that this one was made from, -1 if there was none. It protects updates by other writers:
    if a newer seq is seen, nothing is signed; if one is stored in the meantime, the storing nodes refuse this item."""
    known: int | None = None
    """The last seq known from another source, such as the keyring. An automatic seq is always higher: nodes that
    still hold the item of that seq would refuse a lower one."""

    def __repr__(self) -> str:
        """Short, and without the private key."""
        salt = f" salt {_shown(self.salt)}" if self.salt else ""
        return f"<Draft of {self.key.public.hex()}{salt}: {_shown(self.v)}>"

    @property
    def target(self) -> bytes:
        """The target that it will be stored under, 20 bytes."""
        return mutable_target(self.key.public, self.salt)

    def check(self) -> None:
        """Raise `ItemError` for numbers that contradict each other, whatever the network has: 301 for a `seq` that is
        not above the `base`, 203 where none is left above the `known` and the `base`."""
        if self.base is not None and self.seq is not None and self.seq <= self.base:
            raise ItemError(CAS_MISMATCH, f"seq {self.seq} can't replace seq {self.base}: nothing was put")
        check_seq(self._next(None))

    def _next(self, highest: int | None) -> int:
        return self.seq if self.seq is not None else max(highest or 0, self.known or 0, self.base or 0) + 1

    def signed(self, highest: int | None) -> MutableItem:
        """Sign it with its own `seq`, else with one above the `highest` seen, the `known` and the `base`, or 1.

        Raises as `sign` does, also when no number is left above the highest; and `ItemError` 301 when the
        highest is above the `base`, or the own `seq` is not.
        """
        self.check()
        check_base(highest, self.base)
        return sign(self.key, self.v, self._next(highest), self.salt)
