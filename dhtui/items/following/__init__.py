"""Own and watched items: how many copies there were over time, every value that was seen, and who changed it."""

from .follower import MAX_FOLLOWED, Change, Follower, FollowError
from .record import LOOKS, VERSIONS, By, Followed, Look, Version, Watch
from .store import MAX_WATCHED

__all__ = [
    "LOOKS",
    "MAX_FOLLOWED",
    "MAX_WATCHED",
    "VERSIONS",
    "By",
    "Change",
    "FollowError",
    "Followed",
    "Follower",
    "Look",
    "Version",
    "Watch",
]
