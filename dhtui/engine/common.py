"""What the cores of one node have in common: one core for each address family."""

from __future__ import annotations

from itertools import count
from random import Random

from .defence.guard import Bans, Proved, RateLimiter, ReplyBudget
from .settings import Settings
from .store import ItemStore, Tokens
from .wire.family import Family


class Common:
    """The items, the tokens and the guard of one node.

    The keys of the guard are addresses, hosts and networks, so those of both families have their places in it.
    """

    def __init__(self, settings: Settings, family: Family, own: bytes, rng: Random, now: float) -> None:
        """`own` is our id in `family`; a core of the other family adds its own to the items."""
        self.items = ItemStore(own, family, most=settings.max_items)
        self.tokens = Tokens(settings.token_secret or rng.randbytes(32), settings.token_clock)
        self.bans = Bans()
        self.limiter = RateLimiter(settings.rate_limit)
        self.proved = Proved()
        self.budget = ReplyBudget(settings.reply_quota, self.proved, now)
        self.numbers = count(1)
        """The numbers of lookups. The two lookups of one wish have the same."""

    def sweep(self, now: float) -> None:
        """Forget what has expired. To be called regularly."""
        for bounded in (self.items, self.bans, self.limiter, self.proved):
            bounded.sweep(now)
