"""The strategies of lying nodes, field by field.

A referral claims that a node of some id is at some address. So a lying node chooses which nodes it names, and falsifies
the ids, the addresses, the order and the number of its claims. Besides, it falsifies the value and its own id. A `Lie`
is one such choice; `LIES` names the ones that the simulator knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final


class Whom(Enum):
    """The nodes that a referral is made from."""

    ACCOMPLICES = auto()
    """Addresses of the attacker, under made-up ids."""
    CLOSEST = auto()
    """The true nodes closest to the target, more than a table could hold."""
    TABLE = auto()
    """The nodes that an honest node in its place would name."""
    FAR = auto()
    """True nodes as far from the target as its table goes."""
    FELLOWS = auto()
    """The lying nodes closest to the target, under their true ids and addresses: a partition."""
    NOBODY = auto()


class Ids(Enum):
    """The claimed ids of the named nodes."""

    TRUE = auto()
    LAST_BIT = auto()
    """Off by the last bit."""
    LOW_BIT = auto()
    """Off by one of the lower 100 bits."""
    RANDOM = auto()
    FAR = auto()
    """In the half of the space away from the target, where no lookup queries them."""
    NEARER = auto()
    """Nearer to the target than all true ones."""
    DENSE = auto()
    """Spread as the true ones nearest to the target are, so that their density is normal."""
    FITTING = auto()
    """The ids nearest to the target that fit an address of the attacker (BEP 42)."""
    SWAPPED = auto()
    """Each has the id of the next."""


class At(Enum):
    """The claimed addresses of the named nodes."""

    TRUE = auto()
    PORT = auto()
    """Another port of the true IP."""
    NET = auto()
    """Another IP of the true /24; in IPv6 another /64 of the true /48."""
    ACCOMPLICE = auto()
    """An accomplice, which answers under the claimed id."""
    DEAD = auto()
    """An address without a node."""


class Order(Enum):
    """The order in which the claims stand in the answer."""

    NEAREST = auto()
    REVERSED = auto()
    SHUFFLED = auto()


class Values(Enum):
    """The answer to a query for a value."""

    MIXED = auto()
    """For a mutable item, alternately an old version and a forged one; else a false value, or peers that don't
    exist."""
    FALSE = auto()
    """A value that does not hash to the target; peers that don't exist."""
    FORGED = auto()
    """A newer version under the true key, with an invalid signature."""
    OLD = auto()
    """An old version, with a valid signature."""
    NONE = auto()
    NO_TOKEN = auto()
    """No value, and no token."""
    SILENT = auto()
    """No answer to ``get`` and ``get_peers``; others are answered."""
    TRUE = auto()
    """The answer of an honest node in its place: it lies about nodes only, and stores what is written."""


class As(Enum):
    """The id of a lying node at its own address."""

    ITSELF = auto()
    NEARER = auto()
    """An id next to the target, chosen when it is queried."""
    QUERIER = auto()
    """The id of the querying node."""


class Where(Enum):
    """The location of the accomplices' addresses."""

    LEAGUE = auto()
    """At the other lying nodes of the population, all over the world. If they are few: in 100 /24s."""
    SELF = auto()
    """At its own IP, on other ports; in IPv6 at other addresses of its own /64, which cost nothing."""
    IP = auto()
    """On the ports of one IP; in IPv6 at the addresses of one /64."""
    NET = auto()
    """In one /24; in IPv6 in the /64s of one /48."""
    NETS = auto()
    """In 100 /24s, or /48s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """One strategy. The default names true nodes truly, and gives false values."""

    whom: Whom = Whom.CLOSEST
    named: int = 8
    """How many nodes."""
    ids: Ids = Ids.TRUE
    at: At = At.TRUE
    claims: int = 1
    """How often each is named: with `At.PORT` each time at another port, with false ids each time under another one."""
    truth: int = 0
    """How many nodes of its table are also named truly, after the others."""
    dead: int = 0
    """How many addresses without a node are also named, under made-up ids."""
    order: Order = Order.NEAREST
    values: Values = Values.MIXED
    answers_as: As = As.ITSELF
    where: Where = Where.LEAGUE
    mute: bool = False
    """Whether accomplices answer only pings."""
    mixed: bool = False
    """Each lying node draws one of the other `LIES` for each target; no other field counts."""


def _accomplices(named: int = 8, **fields: object) -> Lie:
    return Lie(**({"whom": Whom.ACCOMPLICES, "named": named, "ids": Ids.NEARER} | fields))  # type: ignore[arg-type]


LIES: Final[Mapping[str, Lie]] = MappingProxyType(
    {
        # Made-up nodes near the target.
        "nearer": _accomplices(5, dead=3),
        "cunning": _accomplices(5, dead=3, ids=Ids.DENSE),
        "a few nearer": _accomplices(2, truth=6),
        "a few cunning": _accomplices(2, truth=6, ids=Ids.DENSE),
        "twenty nearer": _accomplices(20),
        "fitting ids": _accomplices(8, ids=Ids.FITTING, where=Where.NETS),
        "from its own IP": _accomplices(8, where=Where.SELF),
        "from one IP": _accomplices(8, where=Where.IP),
        "from one /24": _accomplices(8, where=Where.NET, ids=Ids.DENSE),
        "from 100 /24s": _accomplices(8, where=Where.NETS, ids=Ids.DENSE),
        "silent accomplices": _accomplices(8, mute=True, ids=Ids.DENSE),
        "dead nodes nearer": _accomplices(0, dead=8),
        # True nodes, falsely.
        "ids off by the last bit": Lie(named=20, ids=Ids.LAST_BIT),
        "ids off by a low bit": Lie(named=20, ids=Ids.LOW_BIT),
        "random ids": Lie(named=20, ids=Ids.RANDOM),
        "far ids": Lie(named=20, ids=Ids.FAR),
        "far nodes called near": Lie(whom=Whom.FAR, ids=Ids.NEARER),
        "ids swapped": Lie(named=20, ids=Ids.SWAPPED),
        "other ports": Lie(named=20, at=At.PORT),
        "other IPs of the /24": Lie(named=20, at=At.NET),
        "at accomplices": Lie(at=At.ACCOMPLICE),
        "at dead addresses": Lie(named=20, at=At.DEAD),
        "five ports each": Lie(named=4, at=At.PORT, claims=5),
        "five ids each": Lie(named=4, ids=Ids.LOW_BIT, claims=5),
        "called nearer, behind dead ones": Lie(ids=Ids.NEARER, dead=8, values=Values.NONE),
        "far twins of the /24": Lie(named=20, at=At.NET, ids=Ids.FAR, values=Values.NONE),
        "two nearer, no values": _accomplices(2, values=Values.NONE),
        # True claims, to no use.
        "nobody": Lie(whom=Whom.NOBODY),
        "only far nodes": Lie(whom=Whom.FAR),
        "only liars": Lie(whom=Whom.FELLOWS),
        "one node 20 times": Lie(named=1, claims=20),
        "farthest first": Lie(whom=Whom.TABLE, order=Order.REVERSED),
        # About themselves, and about values.
        "an id chosen when asked": Lie(whom=Whom.TABLE, answers_as=As.NEARER),
        "the querier's id": Lie(whom=Whom.TABLE, answers_as=As.QUERIER),
        "no values": Lie(whom=Whom.TABLE, values=Values.NONE),
        "no values, no tokens": Lie(whom=Whom.TABLE, values=Values.NO_TOKEN),
        "deaf to get": Lie(whom=Whom.TABLE, values=Values.SILENT),
        "forged values": Lie(whom=Whom.TABLE, values=Values.FORGED),
        "old values": Lie(whom=Whom.TABLE, values=Values.OLD),
        "true values, ids off by the last bit": Lie(named=20, ids=Ids.LAST_BIT, values=Values.TRUE),
        "mixed": Lie(mixed=True),
    }
)
