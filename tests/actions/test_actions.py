"""What a user can ask for: plans, results, and what they say. On a swarm of loopback nodes."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dhtui.actions import run as actions
from dhtui.actions.run import NodeStatus
from dhtui.engine.items import Draft, ImmutableItem, Item, MutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.node import Node
from dhtui.engine.outcome import Doubt, NodeOutcome, Outcome, Status
from dhtui.engine.settings import PUBLIC_BOOTSTRAP, NodeConfig, SavedState
from dhtui.engine.testnet import Testnet
from dhtui.engine.views.events import PacketReceived, PacketSent
from dhtui.engine.views.snapshot import LookupView
from dhtui.engine.wire.bencode import decode, encode
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.errors import UsageError
from dhtui.headless import json_lines as report_json
from dhtui.headless import text as report_text
from dhtui.headless.output import Output
from dhtui.headless.packet_log import packet_line
from dhtui.headless.run import Found
from dhtui.options import config
from dhtui.options.addresses import HostPort
from dhtui.options.options import Options
from dhtui.options.planning import check_explorer, plan
from dhtui.options.values import Target
from dhtui.runtime import launch
from dhtui.runtime.families import leaves_loopback
from dhtui.storage.node_state import load, save
from dhtui.text.actions.results import Came, Said, said_words
from dhtui.text.decisions import DOUBTS
from dhtui.text.outcomes import node_words
from dhtui.text.safe import value_text

ID = bytes(range(20))


@pytest.fixture
async def net() -> AsyncIterator[Testnet]:
    async with Testnet(12) as net:
        yield net


@pytest.fixture
async def node(net: Testnet) -> AsyncIterator[Node]:
    async with Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)) as node:
        yield node


def _refuse(sock: socket.socket) -> None:
    """Answer a query with an error."""
    data, addr = sock.recvfrom(2048)
    query = decode(data)
    assert isinstance(query, dict)
    sock.sendto(encode({b"e": [201, b"no"], b"t": query[b"t"], b"y": b"e"}), addr)


async def test_an_error_is_an_answer_in_the_summary_and_in_the_counts(node: Node) -> None:
    """A node that refuses a ping is there."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        loop.add_reader(sock, _refuse, sock)
        try:
            result = await actions.ping(node, [sock.getsockname()])
        finally:
            loop.remove_reader(sock)
    assert result.outcome and [one.status for one in result.outcome.asked] == [Status.REFUSED]
    told = list(report_json.render(result))[-1]
    assert (result.ok, result.summary, told["answered"]) == (True, "1 of 1 node answered", 1)


async def test_get_finds_and_counts_who_had_it(net: Testnet, node: Node) -> None:
    views: list[LookupView] = []
    result = await actions.get(node, net.items[0].target, progress=views.append)
    assert result.ok and result.outcome is not None and result.outcome.item == net.items[0]
    assert views and views[-1].answered > 0


async def test_get_says_why_nothing_was_found(net: Testnet, node: Node) -> None:
    mutable = next(item for item in net.items if not isinstance(item, ImmutableItem))
    result = await actions.get(node, mutable.target, at_least=9)
    assert not result.ok and "the newest has seq 1, at least 9" in result.summary
    result = await actions.get(node, net.items[0].target, at_least=9)
    assert not result.ok and "is immutable and has no seq, at least 9 was asked for" in result.summary
    result = await actions.get(node, mutable.target, newer_than=1)
    assert not result.ok and "none is newer than seq 1, the stored one has 1" in result.summary
    assert "value not found" in (await actions.get(node, ID)).summary


def test_agreement_counts_every_answer() -> None:
    mine, rival, old = (sign(BEP44_TEST_KEY, v, seq) for v, seq in ((b"1:a", 2), (b"1:b", 2), (b"1:c", 1)))
    answers = [
        *[(Status.VALUE, mine)] * 3,
        (Status.VALUE, rival),
        (Status.OLDER, old),
        (Status.BAD_SIGNATURE, None),
        *[(Status.ANSWERED, None)] * 2,
        (Status.TIMED_OUT, None),
    ]
    asked = tuple(NodeOutcome(addr=("127.0.0.1", 1), status=status, item=item) for status, item in answers)
    words = said_words(Said(Came.VERIFIED, Outcome(action="get", target=mine.target, asked=asked, item=mine)))
    assert words == (
        "verified; 3 nodes had it, 1 another value with the same seq, 1 an older one, "
        "1 one that is not genuine, 2 nothing"
    )


async def test_put_takes_the_next_sequence_number(net: Testnet, node: Node) -> None:
    result = await actions.put(node, Draft(b"1:x", BEP44_TEST_KEY))
    assert result.ok and result.summary == "stored on 8 of 8 nodes"
    lines = report_text.render(result, named=False)
    assert "seq 2" in lines.out and sum("stored," in line for line in lines.err) == 8


async def test_peers_are_found_after_an_announce(net: Testnet, node: Node) -> None:
    assert (await actions.announce_peer(node, ID, 0)).summary == "announced to 8 of 8 nodes"
    result = await actions.get_peers(node, ID)
    assert result.outcome is not None and [peer for peer, _ in result.outcome.peers] == [node.address]


class Heard:
    """What get_peers and get tell on their way."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.in_time = False

    def seen(self, view: LookupView) -> None:
        self.in_time |= view.running and bool(self.told)

    def peers(self, peers: tuple[Addr, ...]) -> None:
        self.told.append(peers)

    def item(self, item: Item) -> None:
        self.told.append(item)


async def test_peers_and_items_are_told_before_the_lookup_is_over(net: Testnet, node: Node) -> None:
    """As soon as they are there, and once."""
    await actions.announce_peer(node, ID, 7)
    mutable = next(item for item in net.items if isinstance(item, MutableItem) and not item.salt)
    peers, item = Heard(), Heard()
    assert (await actions.get_peers(node, ID, progress=peers.seen, finds=peers)).ok
    assert (await actions.get(node, mutable.target, progress=item.seen, finds=item)).ok
    assert peers.told == [(("127.0.0.1", 7),)] and item.told == [mutable]
    assert peers.in_time and item.in_time


def test_what_is_found_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    one, two, three = (("127.0.0.1", port) for port in (1, 2, 3))
    found = Found(Output(as_json=False))
    found.peers((one, two, one))
    assert capsys.readouterr().out == "127.0.0.1:1\n127.0.0.1:2\n"
    found.peers((two, three))
    found.item(ImmutableItem(b"1:x"))
    assert capsys.readouterr().out == "127.0.0.1:3\n"
    asked = (NodeOutcome(addr=one, status=Status.PEERS, rtt=0.1),)
    outcome = Outcome(
        action="get_peers", target=ID, asked=asked, peers=((one, 1), (two, 1), (three, 1), (("127.0.0.1", 4), 1))
    )
    now = NodeStatus(identity=None, reachability=None, bootstrap=None, nodes=0)  # type: ignore[arg-type]
    result = actions.Result(action="get_peers", ok=True, said=Said(Came.PEERS, outcome), outcome=outcome, standing=now)
    assert report_text.render(result, named=False, told=found.told).out == ["127.0.0.1:4"]


async def test_closest_stores_tells_what_each_holds(net: Testnet, node: Node) -> None:
    result = await actions.closest_stores(node, net.items[0].target)
    assert result.ok and len(result.stores) == 8
    holds = [line.rpartition("  ")[2] for line in report_text.render(result, named=False).out]
    assert set(holds) <= {"holds the value", "holds nothing"}  # who put it keeps no copy
    assert holds.count("holds the value") >= 7


class Liars:
    """A node all of whose operations end among liars."""

    id = ID

    def __init__(self, node: Node, outcome: Outcome) -> None:
        self.snapshot, self._outcome = node.snapshot, outcome

    async def find_node(self, target: bytes, **how: object) -> Outcome:
        return self._outcome

    get_peers = get = find_node


@pytest.mark.parametrize("doubt", Doubt)
async def test_what_may_be_there_all_the_same_is_never_just_not_found(node: Node, doubt: Doubt) -> None:
    """It is told in words and as a token, unless something was found: that needs no trust."""
    asked = (NodeOutcome(addr=("127.0.0.1", 1), id=ID, status=Status.ANSWERED, rtt=0.1),)
    nothing = Outcome(action="get", target=ID, asked=asked, closest=asked, doubt=doubt)
    words = f"1 of 1 node answered, but {DOUBTS[doubt]}"
    liars: Any = Liars(node, nothing)
    for result, told in (
        (await actions.get(liars, ID), f"value not found: {words}"),
        (await actions.get_peers(liars, ID), f"0 peers; {words}"),
        (await actions.find_node(liars, ID), words),
    ):
        assert result.summary == told
        assert report_text.render(result, named=False).err[-1].endswith(told)
        assert list(report_json.render(result))[-1]["doubt"] == str(doubt)
        assert f"`{doubt}`" in report_json.FIELDS
    old = replace(nothing, highest_seen=3)
    liars = Liars(node, old)
    assert (await actions.get(liars, ID, at_least=4)).summary.endswith(DOUBTS[doubt])
    liars = Liars(node, replace(nothing, item=ImmutableItem(b"1:x"), peers=((("127.0.0.1", 2), 1),)))
    for result in (await actions.get(liars, ID), await actions.get_peers(liars, ID)):
        assert result.ok and DOUBTS[doubt] not in result.summary


async def test_every_result_is_json(net: Testnet, node: Node) -> None:
    remote = net.nodes[0].address
    results = [
        await actions.bootstrap(node),
        await actions.identity(node),
        await actions.ping(node, [remote]),
        await actions.find_node(node, ID),
        await actions.closest_stores(node, ID, remotes=[remote]),
        await actions.get(node, net.items[-1].target, b"foobar"),
    ]
    for result in results:
        lines = [json.loads(json.dumps(line)) for line in report_json.render(result)]
        assert lines[-1]["type"] == "result" and lines[-1]["ok"] is True
        for line in lines:
            for field in line:
                assert f"`{field}`" in report_json.FIELDS, f"{field} is not documented"


# ---- plans ----------------------------------------------------------------------------------------------


def test_a_magnet_link_with_another_salt_is_refused() -> None:
    target = Target(ID, bytes(32), b"a")
    with pytest.raises(UsageError, match="not that of the magnet link"):
        plan(Options(do="get", target=target, salt=b"b"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(do="get", target=Target(ID), val=b"x"), "--val has no meaning for get"),
        (Options(do="put", val=b"x", newer_than=1), "--newer-than has no meaning for put"),
        (Options(do="ping", remote=(), target=Target(ID), annport=1), "--annport has no meaning for ping"),
        (Options(do="find_node", target=Target(ID), salt=b"x"), "--salt has no meaning for find_node"),
        (Options(do="get", keyname="bep44test", public_key=bytes(32)), "exclude each other"),
        (Options(do="get", target=Target(None), public_key=bytes(32)), "--target is not the item of the key"),
    ],
)
def test_flags_that_contradict_the_action_are_refused(options: Options, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        plan(options)


@pytest.mark.parametrize("options", [Options(val=b"x"), Options(target=Target(ID)), Options(remote=())])
def test_the_explorer_takes_no_flags_of_an_action(options: Options) -> None:
    with pytest.raises(UsageError, match="needs an action"):
        check_explorer(options)


def test_waiting_needs_a_node() -> None:
    with pytest.raises(UsageError, match="--wait has no meaning for sign"):
        plan(Options(do="sign", keyname="bep44test", wait=True))


# ---- launching --------------------------------------------------------------------------------------------


def _saved(folder: Path) -> SavedState:
    state = SavedState(ID, None, (NodeInfo(bytes(20), ("127.0.0.1", 1)),))
    save(folder, state)
    return state


def test_a_node_that_stays_starts_from_the_saved_state(tmp_path: Path) -> None:
    saved = _saved(tmp_path)
    start = launch.prepare(Options(state_dir=tmp_path), serving=True, keeping=True)
    assert start.config.settings.saved == saved
    assert start.config.bootstrap == PUBLIC_BOOTSTRAP
    assert start.config.settings.read_only is None and start.config.settings.maintain
    second = launch.prepare(Options(state_dir=tmp_path), serving=True, keeping=True)
    assert second.lock is None and "another dhtui uses" in second.warnings[0]
    start.release()


def test_single_actions_are_read_only_and_have_an_id_of_their_own(tmp_path: Path) -> None:
    saved = _saved(tmp_path)
    settings = launch.prepare(Options(state_dir=tmp_path), serving=False, keeping=False).config.settings
    assert settings.read_only is True and not settings.maintain
    assert settings.saved is not None and settings.saved.nodes == saved.nodes and settings.anew


def test_named_bootstrap_nodes_replace_the_saved_ones(tmp_path: Path) -> None:
    _saved(tmp_path)
    options = Options(state_dir=tmp_path, bnodes=("127.0.0.1:5",))
    start = launch.prepare(options, serving=False, keeping=False)
    assert start.config.settings.saved is not None and start.config.settings.saved.nodes == ()
    assert start.config.bootstrap == ("127.0.0.1:5",)


def test_a_testnet_touches_no_state(tmp_path: Path) -> None:
    start = launch.prepare(Options(state_dir=tmp_path, testnet=4), serving=True, keeping=True)
    assert start.config.listen == ("127.0.0.1", 0)
    assert start.lock is None and not list(tmp_path.iterdir())


def test_a_state_folder_that_cannot_be_used_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    start = launch.prepare(Options(state_dir=tmp_path / "file" / "x"), serving=True, keeping=True)
    assert any("cannot use the state folder" in warning for warning in start.warnings)


def test_the_secret_of_tokens_need_not_stand_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DHTUI_TSECRET", "of the variable")
    for argv, secret in (((), b"of the variable"), (("--tsecret", "of the flag"), b"of the flag")):
        start = launch.prepare(config.read(argv)._replace(testnet=4), serving=True, keeping=False)
        assert start.config.settings.token_secret == secret


async def test_an_id_for_one_run_is_not_kept(tmp_path: Path) -> None:
    saved = _saved(tmp_path)
    options = Options(state_dir=tmp_path, did=bytes(20), bnodes="no", listen=(("127.0.0.1", 0),))
    start = launch.prepare(options, serving=True, keeping=True)
    async with Node(start.config) as node:
        assert node.id == bytes(20)
        assert launch.save(start, node) == ""
    start.release()
    assert load(tmp_path)[0] == saved


@pytest.mark.parametrize(
    ("options", "remotes", "leaves"),
    [
        (Options(), None, True),
        (Options(bnodes="no"), None, False),
        (Options(bnodes=("127.0.0.1:1", "localhost:2")), None, False),
        (Options(bnodes=("127.0.0.1:1", "a.example:2")), None, True),
        (Options(), (HostPort("127.0.0.2", 1),), False),
        (Options(), (HostPort("192.0.2.1", 1),), True),
        (Options(listen=(("127.0.0.1", 0),)), (HostPort("192.0.2.1", 1),), False),
        (Options(testnet=4), None, False),
    ],
)
def test_it_is_known_whether_packets_leave_this_machine(
    options: Options, remotes: tuple[HostPort, ...] | None, leaves: bool
) -> None:
    assert leaves_loopback(options, remotes) is leaves


def test_config_gives_the_options_that_launch_takes(tmp_path: Path) -> None:
    argv = f"-ksize 5 -qconcurrency 3 -qtimeout 1 -pip 1.2.3.4 -listen :7 -tsecret s -state-dir {tmp_path}"
    start = launch.prepare(config.read(argv.split()), serving=False, keeping=False)
    settings = start.config.settings
    assert (settings.k, settings.split_pings, settings.alpha, settings.alpha_background) == (5, 5, 3, 3)
    assert (settings.query_timeout, settings.external, settings.token_secret) == (1.0, ("1.2.3.4", 7), b"s")


# ---- words ----------------------------------------------------------------------------------------------


def test_remote_text_is_made_safe_wherever_it_is_shown() -> None:
    refused = NodeOutcome(addr=("127.0.0.1", 1), status=Status.REFUSED, rtt=0.01, code=299, message=b"\x1b[2J\n")
    assert node_words(refused) == r'refused with 299, unknown error code ("\x1b[2J\x0a"), 10.0 ms'


@pytest.mark.parametrize(
    ("v", "shown"),
    [
        (b"5:\x1b[2J\n", r"\x1b[2J\x0a"),
        (b"i-5e", "-5"),
        (b'd1:ali1e4:a"b\x00ee', r'{"a": [1, "a\"b\x00"]}'),
        (b"le", "[]"),
    ],
)
def test_values_of_any_type_are_one_safe_line(v: bytes, shown: str) -> None:
    assert value_text(v) == shown


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe",
            "send query 127.0.0.1:1 tx:6161 ping id:6162…3839",
        ),
        (b"d1:eli201e4:\x1b[2Je1:t2:aa1:y1:ee", r'send error 127.0.0.1:1 tx:6161 201 "\x1b[2J"'),
    ],
)
def test_a_packet_is_one_safe_line(data: bytes, words: str) -> None:
    assert packet_line(PacketSent(0.0, ("127.0.0.1", 1), data, "query", "ping", b"aa")) == words


def test_a_dropped_packet_says_why() -> None:
    line = packet_line(PacketReceived(0.0, ("127.0.0.1", 1), b"x\n", None, "not bencode"))
    assert line == "recv ??? 127.0.0.1:1 2 bytes dropped: not bencode"
