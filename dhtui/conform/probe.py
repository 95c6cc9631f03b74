"""What a case may do, and how it judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from ..engine.wire.compact import Addr
from ..engine.wire.family import Family, family_of
from ..text.runs.conformance import error_words
from ..text.safe import safe_text
from .messages import Answer, Asked, Kind, Responder, polite, query, read, reply
from .network import Network
from .outcomes import Inconclusive, Level, Miss, Outcome, Skip, Why
from .pace import ANSWER
from .strands import wait
from .wire import Packet

if TYPE_CHECKING:
    from .session import Session

__all__ = ["Probe", "Source", "polite", "reply"]

MAX_PACKETS = 4096
MAX_BYTES = 8 << 20
"""Most packets, and bytes of them, that are kept of one case."""
MAX_OWED = 16
"""Most answers of ours that wait for their turn."""
REFUSALS = (203,)


@dataclass(eq=False)
class Source:
    """A socket of ours."""

    addr: Addr
    responder: Responder | None = None


@dataclass(eq=False)
class Probe:
    """One case being run. Times are seconds on the session's clock."""

    session: Session
    rng: Random
    id: bytes
    """The id that our queries name."""
    level: Level = Level.M
    """That of the case."""
    packets: list[Packet] = field(default_factory=list)
    """All that was sent and came."""
    asked: list[Asked] = field(default_factory=list)
    """What the node asked us."""
    silences: int = 0
    """How often an answer was waited for in vain."""
    alive_checked: bool = False
    """Whether a control ping was answered since the last silence."""
    tokens: dict[tuple[Addr, bytes], bytes] = field(default_factory=dict)
    """The last write token that each of our sockets got for a target."""
    last: int = 0
    """The place of the packet that was sent last, of those that ask for something."""
    lax: Miss | None = None
    """A shortcoming that does not end the case."""
    _sources: dict[tuple[int, int], Source] = field(default_factory=dict)
    _behave: Responder | None = None
    _bytes: int = 0
    _owed: int = 0

    # ---- from where --------------------------------------------------------------------------------

    @property
    def target(self) -> Addr:
        """The node under test."""
        return self.session.target

    @property
    def family(self) -> Family:
        """The family that we talk over."""
        return family_of(self.target[0])

    @property
    def now(self) -> float:
        """The time."""
        return self.session.now

    @property
    def network(self) -> Network:
        """Our network, which the node has joined. Raises `Skip`."""
        found = self.session.network
        if found is None:
            raise Skip(Why.NETWORK)
        if not found.joined:
            raise Skip(Why.NOT_JOINED)
        return found

    def source(self, host: int = 0, nth: int = 0) -> Source:
        """A socket at our address number `host`, the `nth` there. Raises `Skip` where there is no such address."""
        found = self._sources.get((host, nth))
        if found is None:
            addr = self.session.wire.open(host)
            if addr is None:
                raise Skip(Why.SECOND_ADDRESS)
            found = self._sources[host, nth] = Source(addr)
            self.session.listening[addr] = self
        return found

    def newcomer(self) -> Source:
        """A socket at an address that no case has used yet. Raises `Skip`."""
        return self.source(self.session.next_host())

    def answer(self, source: Source, responder: Responder | None) -> None:
        """From now on the node's queries to this socket are answered so; `None`: not at all."""
        source.responder = responder

    def lie(self, behave: Responder) -> None:
        """Let the nodes of our network answer so until the case ends. `Network.honest` has the honest answers."""
        self.network.behave = self._behave = behave

    def close(self) -> None:
        """Give the sockets back, and end the lies."""
        network = self.session.network
        if network is not None and self._behave is not None and network.behave is self._behave:
            network.behave = None
        for source in self._sources.values():
            self.session.listening.pop(source.addr, None)
            self.session.wire.close(source.addr)
        self._sources.clear()

    # ---- what is sent ------------------------------------------------------------------------------

    def tid(self) -> bytes:
        """A transaction id that was not used yet, of the length that the node takes."""
        return self.session.fresh_tid()

    async def send(self, data: bytes, source: Source | None = None) -> int:
        """Send a datagram once its turn has come. Returns the number of its packet."""
        source = source or self.source()
        await self.session.pace.turn()
        self._keep(Packet(self.now, True, source.addr, self.target, data))
        self.last = len(self.packets) - 1
        self.session.wire.send(data, source.addr, self.target)
        return self.last

    async def ask(
        self,
        method: str | bytes,
        args: Mapping[bytes, Any] | None = None,
        *,
        source: Source | None = None,
        tid: bytes | None = None,
        own: bytes | None = None,
        tries: int = 2,
        patience: float | None = None,
        **top: Any,
    ) -> Answer:
        """Send a query and wait for the answer under its transaction id; after silence again, under another one.

        `args`: besides `own`, our id; one that is `None` is left out. `top`: further keys of the top dictionary.
        """
        body = {b"id": self.id if own is None else own} | dict(args or {})
        body = {key: value for key, value in body.items() if value is not None}
        answer = Answer(b"", b"")
        for _ in range(tries):
            fresh = self.tid() if tid is None else tid
            data = query(method, body, fresh, **top)
            answer = await self._exchange(data, source, (fresh,), patience)
            if answer.data:
                break
        return answer

    async def raw(
        self, data: bytes, *, source: Source | None = None, patience: float | None = None, tries: int = 1
    ) -> Answer:
        """Send bytes, and wait for the first datagram that is no query."""
        answer = Answer(b"", data)
        for _ in range(tries):
            answer = await self._exchange(data, source, (), patience)
            if answer.data:
                break
        return answer

    async def _exchange(
        self, data: bytes, source: Source | None, tids: tuple[bytes, ...], patience: float | None
    ) -> Answer:
        source = source or self.source()
        packet = await self.awaited(await self.send(data, source) + 1, source, tids, patience)
        if packet is None:
            self.silences += 1
            self.alive_checked = False
            return Answer(b"", data)
        return Answer(packet.data, data, packet.theirs)

    async def awaited(
        self, at: int, source: Source, tids: tuple[bytes, ...], patience: float | None = None
    ) -> Packet | None:
        """Wait for a packet from the node behind the place `at`, that is no query and has one of the transaction ids;
        without any: whichever comes first."""
        found: list[Packet] = []

        def looked() -> bool:
            nonlocal at
            while at < len(self.packets) and not found:
                packet, at = self.packets[at], at + 1
                if packet.sent or packet.ours != source.addr or packet.theirs != self.target:
                    continue
                message = read(packet.data)
                if message.get(b"y") != b"q" and (not tids or message.get(b"t") in tids):
                    found.append(packet)
            return bool(found)

        await wait(self.now + (self.session.patience if patience is None else patience), looked)
        return found[0] if looked() else None

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        await wait(self.now + seconds)

    async def until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition. Returns whether it holds."""
        return await wait(self.now + seconds, ready)

    async def alive(self) -> bool:
        """Whether the node answers a control ping."""
        found = await self.session.control_ping()
        self.alive_checked = self.alive_checked or found
        return found

    async def lives(self, after: str) -> None:
        """Raise `Miss`, a failure at every level, if the node does not answer any more after what was sent to it."""
        if not await self.alive():
            raise Miss(f"that it lives on after {after}", "it answers no ping any more", Outcome.FAIL)

    # ---- what came ---------------------------------------------------------------------------------

    def receive(self, packet: Packet) -> None:
        """A datagram came to one of our sockets."""
        self._keep(packet)
        message = read(packet.data)
        if message.get(b"y") != b"q":
            return
        asked = Asked(packet.at, packet.ours, packet.theirs, message, packet.data)
        if len(self.asked) < MAX_PACKETS:
            self.asked.append(asked)
        source = next((each for each in self._sources.values() if each.addr == packet.ours), None)
        if source is None or source.responder is None or packet.theirs != self.target or self._owed >= MAX_OWED:
            return
        said = source.responder(asked)
        if said is not None:
            data = said if isinstance(said, bytes) else reply(asked, said)
            self._owed += 1
            self.session.beside(self._answer(data, source))

    async def _answer(self, data: bytes, source: Source) -> None:
        await self.session.pace.turn(ANSWER)
        self._owed -= 1
        if source in self._sources.values():
            self._keep(Packet(self.now, True, source.addr, self.target, data))
            self.session.wire.send(data, source.addr, self.target)

    def _keep(self, packet: Packet) -> None:
        self._bytes += len(packet.data)
        if len(self.packets) < MAX_PACKETS and self._bytes < MAX_BYTES:
            self.packets.append(packet)

    def received(self, source: Source | None = None) -> list[Packet]:
        """The datagrams that came, to one socket or to all."""
        return [each for each in self.packets if not each.sent and (source is None or each.ours == source.addr)]

    @property
    def decisive(self) -> tuple[bytes, tuple[bytes, ...]]:
        """What was sent last, and what came from the node since."""
        if not self.packets:
            return b"", ()
        since = self.packets[self.last :]
        return since[0].data if since[0].sent else b"", tuple(each.data for each in since if not each.sent)[:16]

    # ---- judging -----------------------------------------------------------------------------------

    def check(self, holds: object, expected: str, actual: str) -> None:
        """Raise `Miss` unless it holds. Both are clauses; what came from the node goes in as `shown` has it."""
        if not holds:
            raise Miss(expected, actual)

    def slack(self, holds: object, expected: str, actual: str) -> None:
        """Note a SHOULD that is missed within a case of another level: it is non-strict at best, and goes on."""
        if not holds and self.lax is None:
            self.lax = Miss(expected, actual, Outcome.NON_STRICT)

    def reply(self, answer: Answer, expected: str = "a reply") -> Answer:
        """The answer, if it is a reply. Raises `Miss`."""
        if answer.kind is not Kind.REPLY:
            raise Miss(expected, answer.shown)
        return answer

    def refused(self, answer: Answer, what: str, codes: tuple[int, ...] = REFUSALS) -> None:
        """The answer should be an error of one of these codes. Silence and other codes are non-strict, a reply is a
        failure at the levels M and S."""
        expected = error_words(codes, what)
        if answer.kind is Kind.REPLY:
            raise Miss(expected, answer.shown, Outcome.FAIL if self.level in (Level.M, Level.S) else None)
        code = answer.code  # 5.10 is about errors without one
        self.slack(answer.kind is Kind.ERROR and (code is None or code in codes), expected, answer.shown)

    def silent(self, answer: Answer, what: str) -> None:
        """There should be no answer."""
        if answer.kind is not Kind.SILENCE:
            raise Miss(f"silence to {what}", answer.shown)

    def inconclusive(self, why: str) -> None:
        """Raise `Inconclusive`."""
        raise Inconclusive(safe_text(why))
