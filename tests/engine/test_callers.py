"""The caller's side of a node: what makes no sense is a ValueError before anything is sent, what the caller's code
raises breaks nothing, and a node says clearly when it does not run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from dhtui.engine.items import Draft, ImmutableItem, MutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY, PrivateKey
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.lookup.policy import Policy
from dhtui.engine.node import Node, NodeError
from dhtui.engine.operations.callbacks import Calls
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.settings import NodeConfig, SavedState, Settings
from dhtui.engine.testnet import Testnet
from dhtui.engine.views import events
from dhtui.engine.views.events import Event, LookupFinished, LookupStarted, PacketReceived, PacketSent
from dhtui.engine.wire.compact import NodeInfo

ID = bytes(20)
SIGNED = sign(BEP44_TEST_KEY, b"1:x", 1)


def config(bootstrap: tuple[str, ...] = (), **settings: Any) -> NodeConfig:
    return NodeConfig(listen=("127.0.0.1", 0), bootstrap=bootstrap, settings=Settings(**settings))


def host(node: Node) -> str:
    return "%s:%d" % node.address


@pytest_asyncio.fixture
async def told() -> list[dict[str, Any]]:
    """What the loop's exception handler is told."""
    contexts: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: contexts.append(context))
    return contexts


# ---- settings and arguments are checked where they come in ---------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": b"x"},
        {"id": "0" * 20},
        {"external": ("example.org", 1)},
        {"external": ("192.0.2.1", 70_000)},
        {"external": "192.0.2.1:1"},
        {"saved": {"id": ID}},
        {"k": 0},
        {"k": -1},
        {"k": 8.0},
        {"k": True},
        {"k": 161},
        {"alpha": 65_537},
        {"anew": 1},
        {"split_pings": 0},
        {"alpha": 0},
        {"alpha_background": 0},
        {"policy": None},
        {"lookups_kept": -1},
        {"query_timeout": 0},
        {"query_timeout": float("nan")},
        {"query_timeout": float("inf")},
        {"query_timeout": "2s"},
        {"read_only": "no"},
        {"bep42": "yes"},
        {"blocks": 5},
        {"blocks": "192.0.2.0/24"},
        {"blocks": b"192.0.2.1"},
        {"token_secret": "text"},
        {"token_secret": b""},
        {"token_clock": float("nan")},
        {"rate_limit": -1},
        {"rate_limit": float("nan")},
        {"rate_limit_local": 1},
        {"reply_quota": -1},
        {"reply_quota": 1.5},
        {"maintain": None},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)


OUT_OF_RANGE: list[tuple[dict[str, Any], str]] = [
    ({"k": 161}, "k must be a whole number from 1 to 160, not 161"),
    ({"query_timeout": 0.0}, "query_timeout must be a finite number above 0, not 0.0"),
    ({"rate_limit": -1}, "rate_limit must be a finite number from 0, not -1"),
    ({"token_clock": float("inf")}, "token_clock must be a finite number, not inf"),
    ({"bep42": "yes"}, "bep42 must be one of 'off', 'prefer', 'enforce', not 'yes'"),
]


@pytest.mark.parametrize(("wrong", "words"), OUT_OF_RANGE, ids=str)
def test_a_setting_out_of_range_is_told_with_its_range(wrong: dict[str, Any], words: str) -> None:
    """Which one it is, what is accepted, and what was given."""
    with pytest.raises(ValueError) as raised:
        Settings(**wrong)
    assert str(raised.value) == words


@pytest.mark.parametrize(
    "wrong",
    [
        {"listen": ("localhost", 0)},
        {"listen": ("127.0.0.1", -1)},
        {"listen": ("127.0.0.1", 65_536)},
        {"listen": "127.0.0.1:0"},
        {"listen": ("127.1", 0)},
        {"bootstrap": ("foo",)},
        {"bootstrap": "router.example:6881"},
        {"bootstrap": ("router.example:",)},
        {"bootstrap": (":6881",)},
        {"bootstrap": ("router.example:0",)},
        {"bootstrap": ("router.example:70000",)},
        {"bootstrap": ("::1:6881",)},
        {"bootstrap": (("127.0.0.1", 1),)},
        {"settings": None},
        {"seed": "one"},
    ],
    ids=str,
)
def test_configurations_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        NodeConfig(**wrong)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SavedState(b"short", None, ()),
        lambda: SavedState(ID, ("x", 1), ()),
        lambda: SavedState(ID, None, (NodeInfo(b"x", ("192.0.2.1", 1)),)),
        lambda: SavedState(ID, None, (NodeInfo(ID, ("192.0.2.1", 1)),), (float("nan"),)),
        lambda: SavedState(ID, None, (NodeInfo(ID, ("192.0.2.1", 1)),), (0.1, 0.2)),
        lambda: Policy(hard=0),
        lambda: Policy(wait="never"),  # type: ignore[arg-type]
        lambda: Policy(start=0),
        lambda: Policy(grace=float("nan")),
        lambda: Testnet(0),
        lambda: Testnet(2.5),  # type: ignore[arg-type]
        lambda: Node(None),  # type: ignore[arg-type]
        lambda: sign(None, b"1:x", 1),  # type: ignore[arg-type]
        lambda: sign(BEP44_TEST_KEY, "1:x", 1),  # type: ignore[arg-type]
        lambda: sign(BEP44_TEST_KEY, b"1:x", "1"),  # type: ignore[arg-type]
        lambda: sign(BEP44_TEST_KEY, b"1:x", True),
        lambda: sign(BEP44_TEST_KEY, b"1:x", 1, "salt"),  # type: ignore[arg-type]
        lambda: PrivateKey.from_seed("x" * 32),  # type: ignore[arg-type]
        lambda: PrivateKey.from_seed(None),  # type: ignore[arg-type]
    ],
)
def test_whatever_else_a_node_is_made_of_is_checked(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


Ask = Callable[[Node], Awaitable[object]]

WRONG: dict[str, Ask] = {
    "a short infohash": lambda node: node.get_peers(b"short"),
    "an infohash in hex": lambda node: node.get_peers("0" * 40),  # type: ignore[arg-type]
    "a long target": lambda node: node.find_node(bytes(32)),
    "no target": lambda node: node.get(None),  # type: ignore[arg-type]
    "a port too high": lambda node: node.announce_peer(ID, 70_000),
    "a port below 0": lambda node: node.announce_peer(ID, -1),
    "a port in text": lambda node: node.announce_peer(ID, "80"),  # type: ignore[arg-type]
    "a short infohash announced": lambda node: node.announce_peer(b"", 1),
    "a remote in text": lambda node: node.ping("127.0.0.1:1"),  # type: ignore[arg-type]
    "a remote by name": lambda node: node.ping([("localhost", 1)]),
    "a remote's port too high": lambda node: node.get(ID, remotes=[("127.0.0.1", 1 << 16)]),
    "one remote": lambda node: node.get(ID, remotes=("127.0.0.1", 1)),  # type: ignore[arg-type]
    "remotes that are a number": lambda node: node.get(ID, remotes=1),  # type: ignore[arg-type]
    "a salt too long": lambda node: node.get(ID, salt=bytes(65)),
    "a salt in text": lambda node: node.get(ID, salt="s"),  # type: ignore[arg-type]
    "a seq too high": lambda node: node.get(ID, at_least=2**63),
    "a seq that is a fraction": lambda node: node.get(ID, newer_than=1.5),  # type: ignore[arg-type]
    "a seq that its own base is above": lambda node: node.put(Draft(b"1:x", BEP44_TEST_KEY, seq=5, base=9)),
    "a base that none is above": lambda node: node.put(Draft(b"1:x", BEP44_TEST_KEY, base=2**63 - 1)),
    "a known seq that none is above": lambda node: node.put(Draft(b"1:x", BEP44_TEST_KEY, known=2**63 - 1)),
    "a seq below 0": lambda node: node.put(Draft(b"1:x", BEP44_TEST_KEY, seq=-1)),
    "a cas of an immutable item": lambda node: node.put(ImmutableItem(b"1:x"), cas=1),
    "a value for an item": lambda node: node.put(b"1:x"),  # type: ignore[arg-type]
    "a value that is no bencode": lambda node: node.put(ImmutableItem(b"hello")),
    "a value too long": lambda node: node.put(ImmutableItem(b"1000:" + bytes(1000))),
    "a value in text": lambda node: node.put(ImmutableItem("1:x")),  # type: ignore[arg-type]
    "a forged item": lambda node: node.put(replace(SIGNED, sig=bytes(64))),
    "a short signature": lambda node: node.put(replace(SIGNED, sig=b"")),
    "a draft of a seq too high": lambda node: node.put(Draft(b"1:x", BEP44_TEST_KEY, seq=2**63)),
    "a draft of a long salt": lambda node: node.put(Draft(b"1:x", BEP44_TEST_KEY, bytes(65))),
    "a draft without a key": lambda node: node.put(Draft(b"1:x", None)),  # type: ignore[arg-type]
    "a cas too high": lambda node: node.put(SIGNED, cas=2**64),
    "nothing to read back": lambda node: node.read_back(None, ()),  # type: ignore[arg-type]
    "written to nowhere": lambda node: node.read_back(SIGNED, ["x"]),  # type: ignore[list-item]
    "a draft to republish": lambda node: node.republish(Draft(b"1:x", BEP44_TEST_KEY), None),  # type: ignore[arg-type]
    "a depth too deep": lambda node: node.refresh_bucket(160),
    "progress that is no function": lambda node: node.find_node(ID, progress=5),  # type: ignore[arg-type]
    "on_peers that is no function": lambda node: node.get_peers(ID, on_peers=[]),  # type: ignore[arg-type]
    "on_item that is no function": lambda node: node.get(ID, on_item="x"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("what", WRONG)
async def test_an_argument_that_makes_no_sense_is_refused_and_nothing_is_sent(what: str) -> None:
    async with Node(config()) as other, Node(config(bootstrap=(host(other),))) as node:
        await node.bootstrapped()
        sent: list[Event] = []
        node.subscribe(lambda event: sent.append(event) if isinstance(event, PacketSent) else None)
        with pytest.raises(ValueError):
            await WRONG[what](node)
        assert not sent


async def test_calls_that_make_no_sense_are_refused() -> None:
    async with Node(config()) as node:
        for call in (
            lambda: node.ban("example.org", 1),
            lambda: node.ban("192.0.2.1", float("nan")),
            lambda: node.ban("192.0.2.1", -1),
            lambda: node.subscribe(None),  # type: ignore[arg-type]
        ):
            with pytest.raises(ValueError):
                call()


# ---- the caller's code never breaks the node ------------------------------------------------------------------


KINDS = [kind for kind in vars(events).values() if isinstance(kind, type) and hasattr(kind, "_fields")]


@pytest.mark.parametrize("kind", [*KINDS, None], ids=lambda kind: getattr(kind, "__name__", "all"))
@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
async def test_a_listener_that_raises_breaks_nothing_whatever_the_event(
    told: list[dict[str, Any]], kind: type | None, error: type[BaseException]
) -> None:
    heard: list[Event] = []

    def raising(event: Event) -> None:
        heard.append(event)
        if kind is None or isinstance(event, kind):
            raise error

    after: list[Event] = []
    async with Node(config()) as other, Node(config(bootstrap=(host(other),))) as node:
        leave = node.subscribe(raising)
        node.subscribe(after.append)
        assert (await node.bootstrapped()).state == "done"
        item = ImmutableItem(b"1:x")
        assert (await node.put(item)).stored == 1 and (await node.get(item.target)).item == item
        assert (await other.ping([node.address])).answered == 1
        node.ban("192.0.2.1", 1.0)
        assert heard == after, "it hears all that others hear"
        leave()
        leave()
        assert not node.snapshot().queries
    fails = any(kind is None or isinstance(event, kind) for event in heard)
    assert [type(context["exception"]) for context in told] == ([error] if fails else []), "told once"


async def test_a_listener_may_do_with_the_node_what_it_likes(told: list[dict[str, Any]]) -> None:
    """Stopping a lookup out of its own event, banning, asking, subscribing: the core is never entered twice."""
    async with Testnet(8) as net, Node(config(bootstrap=net.bootstrap)) as node:
        await node.bootstrapped()
        asked: list[asyncio.Task[Outcome]] = []
        seen = 0

        def meddle(event: Event) -> None:
            nonlocal seen
            seen += 1
            if isinstance(event, LookupStarted) and len(asked) < 3:
                node.stop_lookup(event.number)
                asked.append(asyncio.ensure_future(node.get_peers(net.infohashes[0])))
            if isinstance(event, PacketReceived) and seen < 100:
                node.ban("192.0.2.1", 1.0)  # an event in its turn
                node.subscribe(lambda event: None)()
                node.snapshot()

        node.subscribe(meddle)
        outcome = await node.find_node(ID)
        assert outcome.stopped is StopReason.STOPPED_BY_USER
        await asyncio.gather(*asked)
        assert not told
        node.subscribe(lambda event: None)
        assert (await node.get_peers(net.infohashes[0])).peers


async def test_progress_and_finds_may_stop_their_own_lookup(told: list[dict[str, Any]]) -> None:
    async with Testnet(8) as net, Node(config(bootstrap=net.bootstrap)) as node:
        await node.bootstrapped()
        numbers = [event.number for event in await _lookups(node, net)]
        assert len(numbers) == 2 and not told
        assert (await node.get_peers(net.infohashes[0])).peers, "the node lives on"


async def _lookups(node: Node, net: Testnet) -> list[LookupFinished]:
    ended: list[LookupFinished] = []
    started: list[int] = []

    def hear(event: Event) -> None:
        if isinstance(event, LookupStarted) and event.owner == "user":
            started.append(event.number)
        if isinstance(event, LookupFinished) and event.number in started:
            ended.append(event)

    def stop(_: object) -> None:
        node.stop_lookup(started[-1])

    node.subscribe(hear)
    await node.get_peers(net.infohashes[0], on_peers=stop)
    await node.get(net.items[0].target, progress=stop)
    return ended


@pytest.mark.parametrize("by_progress", [True, False])
async def test_what_a_callback_raises_ends_its_operation_alone(by_progress: bool) -> None:
    async with Testnet(8) as net, Node(config(bootstrap=net.bootstrap)) as node:
        await node.bootstrapped()

        def fails(_: object) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            if by_progress:
                await node.get_peers(net.infohashes[0], progress=fails)
            await node.get_peers(net.infohashes[0], on_peers=fails)
        views = [view for view in node.snapshot().lookups if view.owner == "user"]
        assert [view.running for view in views] == [False]
        assert (await node.get_peers(net.infohashes[0])).peers


async def test_what_decide_raises_is_raised_and_nothing_is_put() -> None:
    async with Testnet(8) as net, Node(config(bootstrap=net.bootstrap)) as node:
        await node.bootstrapped()
        item = ImmutableItem(b"3:new")

        def fails(found: Outcome) -> Any:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await node.republish(item, fails)
        with pytest.raises(ValueError):
            await node.republish(item, lambda found: ("nonsense", ()))  # type: ignore[arg-type, return-value]
        assert (await node.get(item.target)).item is None
        everywhere = await node.republish(item, lambda found: (item, {one.addr for one in found.closest}))
        assert everywhere.stored == len(everywhere.closest) > 0


async def test_blocks_that_fail_block_and_break_nothing(told: list[dict[str, Any]]) -> None:
    class Failing:
        def __contains__(self, ip: str, /) -> bool:
            raise ZeroDivisionError

        def __len__(self) -> int:
            raise ZeroDivisionError

    async with Node(config()) as other, Node(config(blocks=Failing())) as node:
        assert [one.status for one in (await node.ping([other.address])).asked] == [Status.BLOCKED]
        assert node.snapshot().blocked_ranges == 0
    assert [type(context["exception"]) for context in told] == [ZeroDivisionError]


def test_calls_that_come_of_calls_wait_for_the_next_time() -> None:
    """A listener that makes an event of each event takes turns with the rest of the program."""
    calls = Calls(lambda what, error: None)
    made = 0

    def again(argument: object) -> None:
        nonlocal made
        made += 1
        calls.later(again, argument)

    calls.later(again, None)
    calls.make()
    assert made == 1 and calls


# ---- a node runs once, and says so ----------------------------------------------------------------------------


ASKS: dict[str, Ask] = {
    "ping": lambda node: node.ping([("127.0.0.1", 1)]),
    "find_node": lambda node: node.find_node(ID),
    "get_peers": lambda node: node.get_peers(ID),
    "announce_peer": lambda node: node.announce_peer(ID, 1),
    "get": lambda node: node.get(ID),
    "put": lambda node: node.put(ImmutableItem(b"1:x")),
    "read_back": lambda node: node.read_back(SIGNED, ()),
    "republish": lambda node: node.republish(SIGNED, lambda found: (SIGNED, ())),
    "refresh_bucket": lambda node: node.refresh_bucket(0),
    "bootstrapped": lambda node: node.bootstrapped(),
}


@pytest.mark.parametrize("what", ASKS)
async def test_a_node_that_does_not_run_says_so(what: str) -> None:
    node = Node(config())
    with pytest.raises(NodeError, match="does not run yet"):
        await ASKS[what](node)
    async with node:
        pass
    with pytest.raises(NodeError, match="was closed"):
        await ASKS[what](node)


async def test_what_a_node_shows_is_there_once_it_runs_and_stays_when_it_is_closed() -> None:
    looks: dict[str, Callable[[Node], object]] = {
        "id": lambda node: node.id,
        "address": lambda node: node.address,
        "snapshot": lambda node: node.snapshot().identity,
        "lookup": lambda node: node.lookup(1),
        "contact": lambda node: node.contact(("127.0.0.1", 1)),
        "holdings": lambda node: node.holdings(),
        "saved_state": lambda node: node.saved_state(),
    }
    node = Node(config())
    for look in looks.values():
        with pytest.raises(NodeError, match="does not run yet"):
            look(node)
    async with node:
        before = {name: look(node) for name, look in looks.items()}
    assert {name: look(node) for name, look in looks.items()} == before
    for act in (lambda: node.ban("192.0.2.1", 1), lambda: node.stop_lookup(1), lambda: node.subscribe(print)):
        with pytest.raises(NodeError, match="was closed"):
            act()


async def test_a_node_is_entered_once_and_left_as_often_as_one_likes() -> None:
    node = Node(config())
    await node.close()  # there is nothing to close
    async with node:
        with pytest.raises(NodeError, match="runs once"):
            await node.__aenter__()
        assert (await node.ping([node.address])).asked, "it runs on"
        await node.close()
        await node.close()
    with pytest.raises(NodeError, match="runs once"):
        await node.__aenter__()


async def test_a_node_that_could_not_bind_may_be_entered_again() -> None:
    async with Node(config()) as first:
        taken = Node(NodeConfig(listen=first.address))
        with pytest.raises(OSError):
            await taken.__aenter__()
    async with taken:
        assert taken.address == first.address


async def test_what_is_under_way_when_a_node_is_closed_is_told_apart_from_being_cancelled() -> None:
    node = Node(config(query_timeout=60.0))
    async with node, Node(config()) as mute:
        asyncio.get_running_loop().remove_reader(mute._sides.first.endpoint.fileno())
        pending = asyncio.ensure_future(node.ping([mute.address]))
        waiting = asyncio.ensure_future(Node(config()).bootstrapped())
        await asyncio.sleep(0)
        await node.close()
        with pytest.raises(NodeError, match="was closed"):
            await pending
        assert not pending.cancelled()
        with pytest.raises(NodeError):
            await waiting


def test_a_node_asked_from_another_loop_says_so() -> None:
    with asyncio.Runner() as runner:
        node = runner.run(Node(config()).__aenter__())
        with asyncio.Runner() as other, pytest.raises(NodeError, match="another event loop"):
            other.run(_ask(node))
        runner.run(node.close())


async def _ask(node: Node) -> Outcome:
    return await node.ping([node.address])


def test_a_good_item_passes_all_checks() -> None:
    assert isinstance(SIGNED, MutableItem) and SIGNED.verify()
