"""The client's side: whatever a node says, nothing but a clear error comes of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from dhtui import __version__
from dhtui.attach import messages
from dhtui.attach.attached import AttachedNode
from dhtui.attach.messages import (
    PROTOCOL_KEY,
    TO_CLIENT,
    TO_NODE,
    Answer,
    BansAt,
    Bye,
    ByeReason,
    Call,
    Cancel,
    Done,
    Findings,
    GiveUp,
    Hello,
    OtherVersion,
    Put,
    Refused,
    SetBan,
    Step,
    ToClient,
    ToNode,
    read_hello,
    shape,
    write_hello,
)
from dhtui.attach.source import MOST_KEPT, AttachedSource
from dhtui.attach.wire import GOODBYES, Wire
from dhtui.engine.items import Draft, ImmutableItem, ItemError, MutableItem, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.node import NodeError
from dhtui.engine.operations.limit import Limit
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.views.events import Event, Missed, PacketReceived, PacketSent, Woke
from dhtui.engine.views.snapshot import Ban, LookupDetail, Snapshot
from dhtui.sources.lines import LONGEST_STATE, Heard, LookupAt

from .paper import ADDR, PEER, TARGET, Timers, Transport, lookup_view, outcome, settle
from .paper import PaperNode as View

KEY = PrivateKey.from_seed(bytes(range(32)))


class Far:
    """A client, and the node that it is attached to, whose words a test chooses."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.heard: list[Any] = []
        self.wire = Wire()
        self.transport = Transport(self.wire)
        self.wire.connection_made(self.transport)
        line, _, _ = bytes(self.transport.written).partition(b"\n")
        assert read_hello(line, "") == Hello(__version__, shape())
        self.transport.written.clear()
        hello = Hello("0.0", shape(), 8, 500.0, 1.7e9)
        self.raw(write_hello(hello))
        self.source = AttachedSource(hello, lambda: self.timers.now)
        self.node = AttachedNode(self.wire, hello, self.source)
        self.wire.tell = self.hear
        self.say(View(self.timers).snapshot()._replace(at=500.0))

    def hear(self, line: Any) -> None:
        self.heard.append(line)
        assert self.source.hear(line)

    def raw(self, line: bytes) -> None:
        self.wire.data_received(line + b"\n")

    def say(self, *lines: ToClient) -> None:
        for line in lines:
            self.raw(TO_CLIENT.dumps(line))

    def said(self) -> list[ToNode]:
        """What the client said since the last time."""
        lines = [TO_NODE.loads(line) for line in bytes(self.transport.written).splitlines()]
        self.transport.written.clear()
        return lines

    async def call(self, work: Any) -> tuple[asyncio.Task[Any], Call]:
        """Begins a command of the node; what crossed the wire for it."""
        task = asyncio.ensure_future(work)
        await settle()
        (call,) = self.said()
        assert isinstance(call, Call)
        return task, call

    def answer(self, call: Call, result: Any, *, cut: bool = False) -> None:
        self.say(Answer(call.call, cut, result))


# ---- what the node says ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hello", "why"),
    [
        ({PROTOCOL_KEY: 2, "version": "9.9"}, "dhtui 9.9 runs there and speaks protocol 2, this is dhtui .* with 1"),
        ({PROTOCOL_KEY: 10**30}, "another dhtui runs there and speaks protocol unknown"),
        (
            {PROTOCOL_KEY: 1, "version": "9.9\x1b[2J", "shape": "0"},
            r"dhtui 9\.9.{0,12} runs there, this is dhtui .*: they describe a node in different ways",
        ),
    ],
)
async def test_another_version_is_named(hello: dict[str, Any], why: str) -> None:
    wire = Wire()
    wire.connection_made(Transport(wire))
    wire.data_received(json.dumps(hello).encode() + b"\n")
    with pytest.raises(OtherVersion, match=why) as raised:
        await wire.hello
    assert "\x1b" not in str(raised.value) and wire.lost


@pytest.mark.parametrize(
    "first", [b"SSH-2.0-OpenSSH_9.6", b"{}", b"\x00" * 9000, b"[" * 4000, b'{"dhtui-attach":true}']
)
async def test_what_is_no_dhtui_is_not_listened_to(first: bytes) -> None:
    wire = Wire()
    wire.connection_made(Transport(wire))
    wire.data_received(first + b"\n")
    with pytest.raises(NodeError, match=r"makes no sense|says more at once"):
        await wire.hello


HOSTILE = (
    b"",
    b"null",
    b"\xff\xfe",
    b'["Answer",{"call":1,"cut":false,"result":["Outcome",{}]}]',
    b'["Snapshot",{"at":NaN}]',
    b'["Woke",{"at":1e999,"away":1}]',
    b'["Woke",{"at":500,"away":"\\u001b[2J"}]',
    b'["Woke",{"at":500,"away":1,"more":1}]',
    b'["os.system",{"x":1}]',
    b'["Heard",{"at":500,"addr":["999.0.0.1",1],"data":"","parsed":"no","problem":""}]',
    b'["Bye",{"why":"because"}]',
    b"[" * 100_000,
)


@pytest.mark.parametrize("line", HOSTILE)
async def test_hostile_lines_end_the_connection_with_one_clear_error(line: bytes) -> None:
    far = Far()
    task, _ = await far.call(far.node.find_node(TARGET))
    far.raw(line)
    with pytest.raises(NodeError, match=r"^the node says what makes no sense"):
        await task
    assert far.transport.ended and far.node.lost
    far.say(Woke(500.0, 1.0))
    assert not [line for line in far.heard if isinstance(line, Woke)]
    with pytest.raises(NodeError, match="makes no sense"):
        await far.node.find_node(TARGET)


async def test_a_line_without_end_is_not_kept() -> None:
    far = Far()
    for _ in range(0, LONGEST_STATE + 1, 1 << 20):
        far.wire.data_received(b" " * (1 << 20))
    far.wire.data_received(b" ")
    assert far.node.lost == "the node says more at once than this program reads"
    assert len(far.wire._read) <= LONGEST_STATE + (1 << 20) + 1


async def test_the_line_of_an_event_is_not_as_long_as_that_of_a_state() -> None:
    far = Far()
    far.raw(b'["BootstrapProgress",{"at":500.0,"text":"%b"}]' % (b"x" * 300_000))
    assert "too long" in far.node.lost


@pytest.mark.parametrize("why", ByeReason)
async def test_a_node_that_ends_it_says_why(why: ByeReason) -> None:
    far = Far()
    task, _ = await far.call(far.node.bootstrapped())
    far.say(Bye(why))
    with pytest.raises(NodeError, match=f"^{GOODBYES[why]}$"):
        await task
    with pytest.raises(NodeError, match=GOODBYES[why]):
        far.node.snapshot()
    with pytest.raises(NodeError, match=GOODBYES[why]):
        far.node.ban("203.0.113.7", 1.0)


async def test_answers_to_nothing_are_no_news() -> None:
    far = Far()
    far.say(Answer(99, False, Done()), Step(98, lookup_view(1)), Findings(97, (PEER,), None))
    task, call = await far.call(far.node.find_node(TARGET))
    far.answer(call, outcome())
    far.answer(call, Refused("node", "twice"))
    assert await task == outcome() and not far.node.lost


async def test_an_answer_of_another_kind_is_an_error() -> None:
    far = Far()
    task, call = await far.call(far.node.find_node(TARGET))
    far.answer(call, Done())
    with pytest.raises(NodeError, match="answers something else"):
        await task


async def test_an_item_that_is_not_genuine_is_not_believed() -> None:
    far, good = Far(), sign(KEY, b"1:x", 4)
    forged = MutableItem(b"1:y", good.k, good.sig, 4)
    task, call = await far.call(far.node.get(good.target, public=good.k))
    far.answer(call, outcome(action="get", target=good.target, item=forged))
    with pytest.raises(NodeError, match="signature does not hold"):
        await task
    far = Far()
    task, call = await far.call(far.node.get(good.target))
    far.answer(call, outcome(action="get", item=ImmutableItem(b"1:z")))
    with pytest.raises(NodeError, match="another target"):
        await task


async def test_times_of_another_age_are_left_out() -> None:
    source = AttachedSource(Hello("0.0", shape(), 8, 500.0, 1.7e9), lambda: 1000.0)
    assert not source.hear(Woke(1e15, 1.0)) and not source.events.latest()
    assert source.hear(Woke(501.0, 1.0)) and source.wall(501.0) == 1.7e9 + 1 and source.wall(1e300) == 2.0**32


async def test_no_more_is_kept_than_a_node_can_have() -> None:
    far = Far()
    for number in range(MOST_KEPT + 10):
        far.say(LookupAt(500.0, LookupDetail(lookup_view(number), 8, 8, (), ())))
    assert len(far.source._lookups) == MOST_KEPT and far.node.lookup(3) is None and far.node.lookup(MOST_KEPT)
    far.say(far.source.latest._replace(at=501.0))
    assert len(far.source._lookups) < 64


# ---- calls ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (Refused("value", "no id"), ValueError),
        (Refused("item", "too big", 205), ItemError),
        (Refused("node", "the node was closed"), NodeError),
    ],
)
async def test_what_the_node_raised_is_raised_here(refused: Refused, error: type[Exception]) -> None:
    far = Far()
    task, call = await far.call(far.node.find_node(TARGET))
    far.answer(call, refused)
    with pytest.raises(error, match=refused.text) as raised:
        await task
    assert type(raised.value) is error and getattr(raised.value, "code", 0) == refused.code


async def test_nonsense_is_refused_before_it_is_sent() -> None:
    far = Far()
    for work in (
        far.node.find_node(b"short"),
        far.node.find_node(TARGET, remotes=[("nowhere", 1)]),
        far.node.put(Draft(b"not bencode", KEY)),
        far.node.query(ADDR, 5),  # type: ignore[arg-type]
        far.node.get_peers(TARGET, on_peers="x"),  # type: ignore[arg-type]
    ):
        with pytest.raises(ValueError):
            await work
    for ban in ("nowhere", "999.1.1.1"):
        with pytest.raises(ValueError):
            far.node.ban(ban, 1.0)
    with pytest.raises(ValueError):
        far.node.bootstrap(["no port"])
    assert not far.said()


async def test_a_call_that_is_cancelled_is_cancelled_there() -> None:
    far = Far()
    task, call = await far.call(far.node.find_node(TARGET))
    task.cancel()
    await settle()
    assert far.said() == [Cancel(call.call)] and task.cancelled()


async def test_a_limit_holds_there_too() -> None:
    far, limit = Far(), Limit()
    with limit.applied():
        task, call = await far.call(far.node.find_node(TARGET))
    limit.expire()
    assert far.said() == [GiveUp(call.call)]
    far.answer(call, outcome(complete=False), cut=True)
    assert not (await task).complete and limit.cut


async def test_a_limit_that_has_expired_holds_at_once() -> None:
    far, limit = Far(), Limit()
    limit.expire()
    with limit.applied():
        task = asyncio.ensure_future(far.node.find_node(TARGET))
        await settle()
    call, end = far.said()
    assert isinstance(call, Call) and end == GiveUp(call.call)
    far.answer(call, outcome(complete=False), cut=True)
    await task


async def test_callbacks_are_called_on_the_way_and_one_that_raises_ends_its_call() -> None:
    far, steps, peers = Far(), list[Any](), list[Any]()
    task, call = await far.call(far.node.get_peers(TARGET, progress=steps.append, on_peers=peers.append))
    assert call.tell
    far.say(Step(call.call, lookup_view(4)), Findings(call.call, (PEER,), None))
    assert steps == [lookup_view(4)] and peers == [(PEER,)]
    far.answer(call, outcome(action="get_peers"))
    await task

    def broken(peers: Any) -> None:
        raise RuntimeError("broken")

    task, call = await far.call(far.node.get_peers(TARGET, on_peers=broken))
    far.say(Findings(call.call, (PEER,), None))
    with pytest.raises(RuntimeError, match="broken"):
        await task
    assert far.said() == [Cancel(call.call)] and not far.node.lost


async def test_more_calls_than_the_node_takes_wait_here() -> None:
    far = Far()
    tasks = [asyncio.ensure_future(far.node.find_node(TARGET)) for _ in range(messages.MOST_CALLS + 5)]
    await settle()
    calls = far.said()
    assert len(calls) == messages.MOST_CALLS
    for call in calls:
        assert isinstance(call, Call)
        far.answer(call, outcome())
    await settle()
    rest = far.said()
    assert len(rest) == 5
    for call in rest:
        assert isinstance(call, Call)
        far.answer(call, outcome())
    assert await asyncio.gather(*tasks) == [outcome()] * len(tasks)


# ---- items ----------------------------------------------------------------------------------------------


def found(target: bytes, highest: int | None) -> Outcome:
    asked = (NodeOutcome(addr=ADDR, status=Status.ANSWERED, rtt=0.1, seq=highest),)
    return outcome(action="get", target=target, asked=asked, closest=asked, highest_seen=highest, elapsed=1.0)


async def test_an_item_is_signed_here_and_no_key_crosses_the_wire() -> None:
    far, draft = Far(), Draft(b"1:x", KEY, base=4)
    everything = bytearray()
    task, call = await far.call(far.node.put(draft, wide=True))
    everything += TO_NODE.dumps(call)
    far.answer(call, found(draft.target, 4))
    await settle()
    (put,) = far.said()
    everything += TO_NODE.dumps(put)
    assert isinstance(put, Call) and put.what == Put(sign(KEY, b"1:x", 5), None, 4, None, True)
    stored = found(draft.target, 4)
    far.answer(put, stored)
    assert (await task).elapsed == 2.0
    assert KEY.secret.hex().encode() not in everything and KEY.secret not in everything


async def test_what_others_stored_in_between_is_not_overwritten_by_a_draft_with_a_base() -> None:
    far, draft = Far(), Draft(b"1:x", KEY, base=4)
    task, call = await far.call(far.node.put(draft))
    far.answer(call, found(draft.target, 5))
    refused = await task
    assert refused.action == "put" and refused.stopped is StopReason.NOT_STORABLE and not far.said()
    assert isinstance(refused.problem, ItemError) and "newer than seq 4" in str(refused.problem)


async def test_a_draft_without_a_base_is_signed_again_where_it_was_overtaken() -> None:
    far, draft = Far(), Draft(b"1:x", KEY)
    task, call = await far.call(far.node.put(draft))
    for highest in (4, 9):
        far.answer(call, found(draft.target, highest))
        await settle()
        (put,) = far.said()
        assert isinstance(put, Call) and isinstance(put.what, Put) and put.what.item == sign(KEY, b"1:x", highest + 1)
        far.answer(put, found(draft.target, 9))
        await settle()
        call = next(iter(far.said()), call)  # type: ignore[assignment]
    assert (await task).highest_seen == 9


async def test_a_draft_that_is_given_up_in_the_first_lookup_is_not_put() -> None:
    far, draft = Far(), Draft(b"1:x", KEY)
    task, call = await far.call(far.node.put(draft))
    far.answer(call, outcome(action="get", target=draft.target, complete=False), cut=True)
    given_up = await task
    assert (given_up.action, given_up.complete) == ("put", False) and not far.said()


async def test_republishing_asks_here_what_to_store() -> None:
    far, item = Far(), sign(KEY, b"1:x", 4)
    task, call = await far.call(far.node.republish(item, lambda seen: (item, frozenset([ADDR]))))
    far.answer(call, found(item.target, 4))
    await settle()
    (put,) = far.said()
    assert isinstance(put, Call) and put.what == Put(item, None, None, (ADDR,), False)
    written = (NodeOutcome(addr=ADDR, status=Status.STORED, rtt=0.1),)
    far.answer(put, outcome(action="put", target=item.target, writes=written, stopped=StopReason.WRITTEN, elapsed=0.5))
    done = await task
    assert (done.action, done.stored, done.elapsed, done.item) == ("put", 1, 1.5, item)


# ---- the node as a source -------------------------------------------------------------------------------


async def test_what_happens_there_is_seen_here() -> None:
    far, heard = Far(), list[Event]()
    stop = far.source.subscribe(heard.append)
    query = b"d1:ad2:id20:" + b"i" * 20 + b"e1:q4:ping1:t2:aa1:y1:qe"
    sent = PacketSent(500.2, ADDR, b"d1:rd2:id20:" + b"o" * 20 + b"e1:t2:aa1:y1:re", "response", "ping", b"aa")
    gap = Missed(501.0, 500.5, 17)
    far.say(Heard(500.1, ADDR, query, "yes", ""), sent, gap)
    received, *rest = heard
    assert isinstance(received, PacketReceived) and received.message is not None and rest == [sent, gap]
    question, answer = far.source.packets
    assert (question.method, answer.query) == ("ping", question)
    assert [each.event for each in far.source.events.latest()] == [gap]
    stop()
    far.say(gap)
    assert len(heard) == 3


async def test_its_clock_is_followed() -> None:
    far = Far()
    assert far.source.clock() == 500.0
    far.timers.now += 10.0
    assert far.source.clock() == 510.0
    far.say(far.source.latest._replace(at=510.5))
    assert far.source.clock() == 510.5, "a snapshot is never of the future"


async def test_bans_are_shown_at_once_and_end_by_themselves() -> None:
    far = Far()
    far.node.ban("203.0.113.7", 60)
    assert far.node.bans() == (Ban("203.0.113.7", 60),)
    await settle()
    (call,) = far.said()
    assert isinstance(call, Call) and call.what == SetBan("203.0.113.7", 60.0)
    far.answer(call, Done())
    far.say(BansAt(500.0, (Ban("203.0.113.8", 5.0), Ban("203.0.113.7", 60.0))))
    far.timers.now += 10.0
    assert far.node.bans() == (Ban("203.0.113.7", 50.0),)
    assert far.node.unban("203.0.113.7") and not far.node.unban("203.0.113.9") and not far.node.bans()
    await settle()
    for call in far.said():
        assert isinstance(call, Call)
        far.answer(call, Done())
    await settle()


async def test_a_snapshot_is_what_was_told_last() -> None:
    far = Far()
    newest = far.source.latest._replace(at=512.0, uptime=99.0)
    far.say(newest)
    assert far.node.snapshot() == newest and far.node.id == newest.identity.id
    assert isinstance(far.node.snapshot(), Snapshot) and far.node.address == newest.identity.bound and far.node.k == 8
