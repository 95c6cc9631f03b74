"""Our identity in the network: our id, our external address, and our reachability.

A node behind a NAT, which others can't reach, must not be in their tables: it sends ``ro`` and answers nothing (BEP
43). So a node starts read-only. It stops being so when one of two things proves that it is reachable: a query from an
address that it never contacted, or its own probe. A probe is a ping to our external address from another socket, which
no NAT lets in because of earlier traffic.

Where the external address is one of this machine's, over IPv6 mostly, a probe would not leave the machine: it passes no
firewall and proves nothing, so none is sent. There no NAT is in the way, and the node serves; but it is not known to be
reachable until a stranger's query comes.

The source of that query may be forged. That does not matter: what counts is that it passed the NAT.
"""

from __future__ import annotations

from random import Random
from typing import Literal

from ..bounded import BoundedDict
from ..defence.guard import AddressVote
from ..settings import Settings
from ..table import bep42_verdict
from ..views.details import Detail, DetailKind
from ..views.snapshot import IdentityView, ReachabilityView
from ..views.statistics import Level
from ..wire.compact import Addr, is_local
from ..wire.family import family_of
from ..wire.ids import bep42_id, bep42_valid, random_id
from ..wire.krpc import Ping, encode_query

PROBE_SECONDS = 60.0
"""Seconds between two probes while reachability is unknown."""
REACHABLE_SECONDS = 1800.0
"""Seconds that a proof of reachability is valid."""
MAX_CONTACTED = 8192
REST_SECONDS = 1800.0
"""Seconds between two changes of the external IP, and so of the id: a brief false majority must not change it often."""
OWN_KEPT = 16
"""Most addresses that are remembered for sending our own queries back."""
IDS_KEPT = 8
"""Most ids of earlier external addresses that are remembered: at the same address the node has the same id again."""


def reaches(bound: Addr, addr: Addr) -> bool:
    """Whether `addr` may be the address of a socket that is bound to `bound`."""
    if addr[1] != bound[1]:
        return False
    family = family_of(bound[0])
    return addr[0] == bound[0] or (bound[0] == family.anywhere and family.is_loopback(addr[0]))


class Identity:
    """The id, the external address and the reachability of a node."""

    def __init__(self, settings: Settings, bound: Addr, rng: Random, now: float) -> None:
        self._settings, self._rng = settings, rng
        self.bound = bound
        saved = settings.saved
        self.external = settings.external or (saved.external if saved else None)
        if self.external is not None and not self.external[1]:  # only the IP is known: likeliest is the port here
            self.external = self.external[0], bound[1]
        self._external_source: Literal["user", "vote", "saved", "none"] = (
            "user" if settings.external else "saved" if self.external else "none"
        )
        self.id_source: Literal["fixed", "saved", "random", "bep42"] = "random"
        self.id = self._first_id()
        self._vote = AddressVote(rng)
        self._moved_at = float("-inf")
        self._ids: BoundedDict[str, bytes] = BoundedDict(IDS_KEPT)
        self._mirrors: BoundedDict[Addr, None] = BoundedDict(OWN_KEPT)
        """Addresses that sent our own query back: our own behind a NAT, or an echo; the latest last."""
        self._voted: Addr | None = None
        """The result of the vote so far, even of few votes: no queries are sent to this address."""
        self._contacted: BoundedDict[Addr | str, None] = BoundedDict(MAX_CONTACTED)
        self.probe_tid = b""
        """The transaction id of a probe that is under way, or was lost."""
        self._probe_at = now
        self._reachable_until = float("-inf")
        self._why = str(DetailKind.NO_STRANGER)
        self._at_home = False
        """Whether the external address is one of this machine's: no NAT is in the way."""
        self.met = False
        """Whether any datagram was received: before that, reachability can't be judged."""
        self._loopback = family_of(bound[0]).is_loopback(bound[0])
        if self._loopback:
            self._reachable_until = float("inf")
            self._why = DetailKind.ON_LOOPBACK

    def _first_id(self) -> bytes:
        settings = self._settings
        if settings.id is not None:
            self.id_source = "fixed"
            return settings.id
        usable = settings.saved is not None and (
            self.external is None or settings.bep42 == "off" or bep42_valid(settings.saved.id, self.external[0])
        )
        if usable and settings.saved is not None and not settings.anew:
            self.id_source = "saved"
            return settings.saved.id
        if self.external is not None and settings.bep42 != "off":
            self.id_source = "bep42"
            return bep42_id(self.external[0], self._rng)
        return random_id(self._rng)

    # ---- external address --------------------------------------------------------------------------

    def heard(self, voter: str, seen: Addr, now: float) -> Addr | None:
        """A node that we queried reported our address. Returns the new external address if it changes; else `None`."""
        if not self._vote.vote(voter, seen, now):
            return None
        self._voted = self._vote.result()
        return self.decide(now)

    def decide(self, now: float) -> Addr | None:
        """Adopt the result of the vote, if it is due. Returns the new external address, or `None`.

        A saved address may be replaced by the first result. On a local network no id depends on the address, so the
        first result is taken at once.
        """
        if self._external_source == "user":
            return None
        first = self._external_source != "vote"
        result = self._vote.result()
        if result is None or (result == self.external and not first):
            return None
        if first and not is_local(result[0]) and not self._vote.ripe(now):
            return None
        moved = self.external is None or result[0] != self.external[0]
        if moved and now - self._moved_at < REST_SECONDS:
            return None
        if moved:
            self._moved_at = now
            self._at_home = False
            self._keep_id()
            if not self._loopback:
                self._reachable_until = float("-inf")
                self._why = DetailKind.NEW_EXTERNAL
        self.external, self._external_source = result, "vote"
        return result

    def rebound(self, bound: Addr, now: float) -> None:
        """The socket is bound to another address: what others see and whether they reach us has to be found anew."""
        self._keep_id()
        self.bound, self._vote, self._voted = bound, AddressVote(self._rng), None
        self._moved_at = float("-inf")
        if self._external_source == "vote":
            self._external_source = "saved"
        self._loopback = family_of(bound[0]).is_loopback(bound[0])
        self._reachable_until = float("inf") if self._loopback else float("-inf")
        self._why, self._at_home = str(DetailKind.NEW_ADDRESS), False
        self._probe_at = now

    def _keep_id(self) -> None:
        if self.external is not None and bep42_valid(self.id, self.external[0]):
            self._ids.put(self.external[0], self.id)

    @property
    def voters(self) -> int:
        """How many networks have voted lately."""
        return self._vote.voters

    def id_for_address(self) -> bytes | None:
        """Take a new id if ours does not fit the external address (BEP 42), and return it. An earlier id of that
        address is used again."""
        if self._settings.id is not None or self._settings.bep42 == "off" or self.external is None:
            return None
        if bep42_valid(self.id, self.external[0]):
            return None
        self.id = self._ids.get(self.external[0]) or bep42_id(self.external[0], self._rng)
        self.id_source = "bep42"
        return self.id

    def is_own(self, addr: Addr) -> bool:
        """Whether a datagram to that address and port would come to this node.

        A saved address belongs to the run that has the saved id: for a second run, another socket is bound there.
        """
        if addr[1] == self.bound[1] and reaches(self.bound, addr):
            return True  # the port first: this is asked of every node that is named to us
        elsewhere = self._settings.anew and self._external_source == "saved"
        external = None if elsewhere else self.external
        if addr == external or addr == self._voted:
            return True
        known = self.bound, external, self._voted
        return addr in self._mirrors and any(addr[0] == at[0] for at in known if at is not None)

    def mirrors(self, addr: Addr) -> bool:
        """Whether `addr` has sent our own queries back."""
        return addr in self._mirrors

    def learn_mirror(self, addr: Addr) -> None:
        """Record that `addr` sent our own query back."""
        self._mirrors.put(addr, None)

    # ---- reachability ------------------------------------------------------------------------------

    def contacted(self, addr: Addr) -> None:
        """Record a query to `addr`: queries from there prove no reachability."""
        self._contacted.put(addr if is_local(addr[0]) else addr[0], None)

    @property
    def contacts(self) -> Level:
        """How many addresses we have contacted lately."""
        return Level(len(self._contacted), MAX_CONTACTED)

    def reachable(self, now: float) -> bool:
        """Whether this node is known to be reachable."""
        return now < self._reachable_until

    def proof_wanted(self, now: float) -> bool:
        """Whether a new proof is useful: there is none, or the last one is getting old."""
        return self._reachable_until - now < REACHABLE_SECONDS / 2

    def proved_by_query(self, addr: Addr, now: float) -> bool:
        """Take a received query as a proof. Returns whether it is the first proof of reachability."""
        ip = addr[0]
        if is_local(ip):
            if (self.external is not None and not is_local(self.external[0])) or addr in self._contacted:
                return False
        elif ip in self._contacted:
            return False
        return self._proved(DetailKind.STRANGER_ASKED, now)

    def proved_by_probe(self, tid: bytes, now: float) -> bool | None:
        """Whether a received probe of ours is the first proof of reachability; `None`: the query is no probe of
        ours."""
        if not self.probe_tid or tid != self.probe_tid:
            return None
        self.probe_tid = b""
        return self._proved(DetailKind.PROBE_CAME, now)

    def lapsed(self, now: float) -> bool:
        """Whether the last proof has expired since the previous call."""
        if self._reachable_until > now or self._reachable_until == float("-inf"):
            return False
        self._reachable_until = float("-inf")
        self._why = str(Detail(DetailKind.LAPSED, round(REACHABLE_SECONDS / 60)))
        return True

    def _proved(self, why: str, now: float) -> bool:
        first = not self.reachable(now)
        self._reachable_until = max(self._reachable_until, now + REACHABLE_SECONDS)
        if first:
            self._why = why
        return first

    def probe(self, now: float) -> tuple[bytes, Addr] | None:
        """A probe to send from another socket, if one is due; else `None`."""
        if self.external is None or self._settings.read_only is not None or now < self._probe_at:
            return None
        if not self.proof_wanted(now):
            return None
        self._probe_at = now + PROBE_SECONDS
        self.probe_tid = self._rng.randbytes(8)
        return encode_query(self.probe_tid, Ping(random_id(self._rng)), True)[1], self.external

    def probe_stayed(self) -> bool:
        """The probe would not have left this machine, and was not sent. Returns whether that is news."""
        self.probe_tid = b""
        first, self._at_home = not self._at_home, True
        return first

    def read_only(self, now: float) -> bool:
        """Whether this node sends ``ro`` and answers no queries (BEP 43)."""
        forced = self._settings.read_only
        return now >= self._reachable_until and not self._at_home if forced is None else forced

    # ---- views -------------------------------------------------------------------------------------

    def view(self) -> IdentityView:
        """The identity as a screen shows it."""
        return IdentityView(
            id=self.id,
            id_source=self.id_source,
            bound=self.bound,
            external=self.external,
            external_source=self._external_source,
            voters=self.voters,
            bep42=bep42_verdict(self.id, self.external[0]) if self.external else "unknown",
        )

    def reachability(self, now: float) -> ReachabilityView:
        """The reachability as a screen shows it."""
        reachable = self.reachable(now)
        forced = self._settings.read_only
        seen = reachable and self.met
        if forced is not None:
            why = DetailKind.ASKED_FOR if forced else DetailKind.TURNED_OFF
        elif reachable:
            why = DetailKind.REACHED if seen else DetailKind.MAYBE_REACHED
        elif self._at_home:
            why = DetailKind.NO_NAT
        else:
            why = DetailKind.UNTIL_REACHED
        return ReachabilityView(
            "reachable" if seen else "unknown",
            self._reason(reachable) if self.met else DetailKind.NOTHING_CAME,
            self.read_only(now),
            why,
        )

    def _reason(self, reachable: bool) -> str:
        if self._at_home and not reachable:
            return str(Detail(DetailKind.UNTESTED, name=self._why))
        return self._why
