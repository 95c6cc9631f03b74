"""Defences against a hostile network: rate limits and bans, a quota for replies, the vote on our address."""

from __future__ import annotations

from collections import Counter, OrderedDict

from .wire.compact import Addr, is_local

RATE_WINDOW = 10.0
BAN_SECONDS = 300.0
MAX_TRACKED = 10_000
"""Addresses whose rate is watched at once. A flood from more forged ones than this can't grow memory."""

MIN_VOTERS = 3
MAX_VOTERS = 64


class RateLimiter:
    """Ignores an address that sends more than `rate` messages a second, over 10 s, for 5 minutes."""

    def __init__(self, rate: float, bind_local: bool) -> None:
        self._most = rate * RATE_WINDOW
        self._bind_local = bind_local
        self._windows: OrderedDict[str, list[float]] = OrderedDict()
        self._bans: dict[str, float] = {}

    def allow(self, ip: str, now: float) -> bool:
        """Count a message from `ip`; whether it may be read."""
        if self._bans:
            until = self._bans.get(ip)
            if until is not None:
                if now < until:
                    return False
                del self._bans[ip]
        if not self._most or (not self._bind_local and is_local(ip)):
            return True
        window = self._windows.get(ip)
        if window is None:
            self._make_room(now)
            self._windows[ip] = [now, 1]
            return True
        if now - window[0] >= RATE_WINDOW:
            window[0], window[1] = now, 1
            self._windows.move_to_end(ip)
            return True
        window[1] += 1
        if window[1] <= self._most:
            return True
        del self._windows[ip]
        self.ban(ip, now + BAN_SECONDS)
        return False

    def _make_room(self, now: float) -> None:
        # Two that are over go for each that comes: between sweeps there are never many more than are in force.
        for _ in range(2):
            if self._windows and now - next(iter(self._windows.values()))[0] >= RATE_WINDOW:
                self._windows.popitem(last=False)
        if len(self._windows) >= MAX_TRACKED:
            self._windows.popitem(last=False)

    def ban(self, ip: str, until: float) -> None:
        """Ignore `ip` until then. The oldest ban gives way when 10,000 are in force."""
        if len(self._bans) >= MAX_TRACKED:
            del self._bans[next(iter(self._bans))]
        self._bans[ip] = until

    def banned(self, ip: str, now: float) -> bool:
        """Whether `ip` is ignored at the moment."""
        return self._bans.get(ip, now) > now

    def ban_end(self, ip: str) -> float:
        """When the ban of a banned `ip` ends."""
        return self._bans[ip]

    def count(self, now: float) -> int:
        """How many addresses are ignored at the moment."""
        return sum(until > now for until in self._bans.values())

    def sweep(self, now: float) -> None:
        """Forget bans and windows that are over."""
        self._bans = {ip: until for ip, until in self._bans.items() if until > now}
        while self._windows and now - next(iter(self._windows.values()))[0] >= RATE_WINDOW:
            self._windows.popitem(last=False)


class Quota:
    """A bucket of bytes that fills at `rate` a second and holds two seconds' worth."""

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._left = 2.0 * rate
        self._at = now

    def take(self, length: int, now: float) -> bool:
        """Whether `length` more bytes may be sent now; if so they are taken."""
        if not self._rate:
            return True
        self._left = min(2.0 * self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < length:
            return False
        self._left -= length
        return True


class AddressVote:
    """Our external address, as a majority of at least 3 distinct voters sees it (BEP 42, "ip").

    One voice an address, the latest counts, and the oldest of 64 gives way: a single node, however often it
    answers, can't move our id.
    """

    def __init__(self) -> None:
        self._votes: dict[str, Addr] = {}

    def vote(self, voter: str, seen: Addr) -> None:
        """Count that `voter` sees us at `seen`. A local voter can't tell a public address, nor the reverse."""
        if is_local(voter) != is_local(seen[0]):
            return
        self._votes.pop(voter, None)
        self._votes[voter] = seen
        if len(self._votes) > MAX_VOTERS:
            del self._votes[next(iter(self._votes))]

    @property
    def voters(self) -> int:
        """How many distinct addresses have voted."""
        return len(self._votes)

    def result(self) -> Addr | None:
        """The address that a majority names, with the port that most of it names; `None` if there is none."""
        if len(self._votes) < MIN_VOTERS:
            return None
        (ip, count), *_ = Counter(addr[0] for addr in self._votes.values()).most_common(1)
        if count * 2 <= len(self._votes):
            return None
        ports = Counter(addr[1] for addr in self._votes.values() if addr[0] == ip)
        return ip, ports.most_common(1)[0][0]
