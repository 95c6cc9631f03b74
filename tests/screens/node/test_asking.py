"""Any node can be asked anything, bans are seen and lifted, and the way into the network is tried again from inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from textual.widgets import Input

from dhtui.actions.resolve import look_up
from dhtui.engine.items import ImmutableItem
from dhtui.engine.node import Node
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.engine.views.snapshot import Ban
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.family import family_of
from dhtui.engine.wire.faults import Fault
from dhtui.errors import UsageError
from dhtui.packets.parts import Link
from dhtui.screens.dialogs.prompt import Prompt
from dhtui.screens.node.ask_request import Question, named_rows, put_question, read_ask
from dhtui.screens.node.page import NodePage
from dhtui.screens.table.bans import BanList
from dhtui.text.actions.notices import NoAddress
from dhtui.widgets.pick import Pick

from .. import snapshots
from ..dual import dual
from ..items.item_stage import verdict
from ..snapshots import HOSTILE, OWN
from ..stage import LARGE, PaperNode, Stage, exploring, matches_goldens, pong

STRANGER = ("203.0.113.77", 6881)
TARGET = bytes(range(20))


@dataclass
class Asked(PaperNode):
    """Answers each question, bans, and starts again."""

    named: tuple[NodeInfo, ...] = ()
    one: NodeOutcome | None = None
    banned: list[Ban] = field(default_factory=list)
    address: Addr = ("203.0.113.9", 6881)

    def _answer(self, question: str, addr: Addr) -> Outcome:
        (one,) = pong(addr, question).asked
        return Outcome(action=question, target=None, asked=(self.one or replace(one, nodes=self.named),))

    async def find_node(self, target: bytes, *, remotes: Sequence[Addr]) -> Outcome:
        self.asked.append(("find_node", target, *remotes))
        return self._answer("find_node", remotes[0])

    async def query(self, remote: Addr, method: str, args: Mapping[bytes, Any] | None = None) -> Outcome:
        self.asked.append((method, args, remote))
        return self._answer("query", remote)

    async def sample_infohashes(self, target: bytes, *, remotes: Sequence[Addr]) -> Outcome:
        self.asked.append(("sample_infohashes", target, *remotes))
        return self._answer("sample_infohashes", remotes[0])

    async def get_peers(self, info_hash: bytes, *, remotes: Sequence[Addr]) -> Outcome:
        self.asked.append(("get_peers", info_hash, *remotes))
        return self._answer("get_peers", remotes[0])

    async def get(self, target: bytes, *, salt: bytes, public: bytes | None, remotes: Sequence[Addr]) -> Outcome:
        self.asked.append(("get", target, salt, *remotes))
        return self._answer("get", remotes[0])

    def bans(self) -> tuple[Ban, ...]:
        return tuple(self.banned)

    def unban(self, ip: str) -> bool:
        before = len(self.banned)
        self.banned = [ban for ban in self.banned if ban.ip != ip]
        return len(self.banned) < before

    def bootstrap(self, hosts: Sequence[str] = ()) -> None:
        self.asked.append(("bootstrap", *hosts))


def asked() -> Asked:
    """It names a stranger, a node of our table, and us."""
    view = snapshots.running()
    known = view.table.buckets[3].nodes[0]
    stranger = NodeInfo(Random(3).randbytes(20), STRANGER)
    return Asked(view, named=(stranger, NodeInfo(known.id, known.addr), NodeInfo(OWN, ("198.51.100.7", 6881))))


async def fill(stage: Stage, **texts: str) -> None:
    for name, text in texts.items():
        stage.app.screen.query_one(f"#{name}", Input).value = text
    await stage.settle()


async def choose(stage: Stage, place: int) -> None:
    pick = stage.app.screen.query_one(Pick)
    pick.choose(place)
    pick.post_message(Pick.Changed(pick))
    await stage.settle()


# ---- asking ------------------------------------------------------------------------------------------------------


async def test_what_a_node_named_looks_as_kept() -> None:
    async with exploring(asked(), show="table") as stage:
        await stage.press("tab", "f")
        await matches_goldens(stage, "node-ask")


async def test_find_asks_that_one_node_for_our_neighbours_and_each_line_can_be_followed() -> None:
    node = asked()
    async with exploring(node, show="table") as stage:
        await stage.press("tab", "f")
        assert node.asked == [("find_node", OWN, ("203.0.0.1", 6881))]
        text = stage.text()
        assert "3 nodes named for" in text and "203.0.113.77:6881" in text
        assert [line for line in text.splitlines() if "this is us" in line and "198.51.100.7:6881" in line]
        assert text.count("in our table") == 1
        form = stage.app.screen
        assert isinstance(form, NodePage) and form.named.has_focus
        form.named.select(node.named[0])
        await stage.press("f")
        assert node.asked[-1] == ("find_node", OWN, STRANGER), "f asks it the same"
        page = stage.app.screen
        assert isinstance(page, NodePage) and page is not form, "on a page of its own"
        await stage.press("escape")
        form = stage.app.screen
        assert isinstance(form, NodePage)
        form.named.select(node.named[1])
        assert Link("node", node.named[1].id, form.links()[-2].label) in form.links(), "o goes to it"
        await stage.press("enter")
        assert node.named[1].id.hex() in stage.text(), "enter shows all about it"


async def test_any_node_is_asked_any_question_about_any_target() -> None:
    node = asked()
    async with exploring(node, show="table") as stage:
        await stage.press("a")
        await fill(stage, node="203.0.113.77:6881", target=TARGET.hex(), salt="hex:00ff")
        for place, expected in enumerate(
            (
                ("ping", STRANGER),
                ("find_node", TARGET, STRANGER),
                ("get_peers", TARGET, STRANGER),
                ("get", TARGET, b"\x00\xff", STRANGER),
                ("sample_infohashes", TARGET, STRANGER),
            )
        ):
            await choose(stage, place)
            await stage.press("enter")
            assert node.asked[-1] == expected and verdict(stage).startswith("✓")
        await choose(stage, 5)
        assert "name the method" in verdict(stage)
        await fill(stage, method="sample_peers", args='{"target": "hex:00", "n": 7}')
        await stage.press("enter")
        assert node.asked[-1] == ("sample_peers", {b"target": b"\0", b"n": 7}, STRANGER)
        for wrong, words in (("[1]", "an object of JSON"), ('{"id": "x"}', "our own"), ("{", "not JSON")):
            await fill(stage, args=wrong)
            assert words in verdict(stage)


async def test_a_random_target_is_another_one_each_time() -> None:
    node = asked()
    async with exploring(node, show="table") as stage:
        await stage.press("a")
        await fill(stage, target="random")
        await stage.press("enter", "enter")
        (_, first, _), (_, second, _) = node.asked
        assert len(first) == len(second) == 20 and first != second


async def test_what_a_node_gave_is_shown_and_nothing_of_it_is_obeyed() -> None:
    item = ImmutableItem(encode(HOSTILE.encode()[:300]))
    one = NodeOutcome(
        addr=STRANGER,
        status=Status.VALUE,
        id=TARGET,
        rtt=0.1,
        peers=(("192.0.2.1", 1),),
        item=item,
        token=b"\x1b[",
        faults=tuple(Fault),
    )
    async with exploring(Asked(snapshots.running(), one=one), show="table") as stage:
        await stage.press("a")
        await fill(stage, node="203.0.113.77:6881", target=item.target.hex())
        for place in (2, 3):
            await choose(stage, place)
            await stage.press("enter")
            assert "token 1b5b" in stage.text() and all(c == "\n" or c.isprintable() for c in stage.text())


@pytest.mark.parametrize("silent", ["IPv4", "IPv6", ""])
async def test_a_name_gives_both_and_both_are_asked(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is that of the first address that answers; what the other said is told."""
    both: tuple[Addr, ...] = (STRANGER, ("2001:db8::77", 6881))

    async def found(remote: object, families: object) -> tuple[Addr, ...]:
        return both

    class Half(Asked):
        def _answer(self, question: str, addr: Addr) -> Outcome:
            if family_of(addr[0]).name != silent:
                return super()._answer(question, addr)
            lost = NodeOutcome(addr=addr, status=Status.TIMED_OUT)
            return Outcome(action=question, target=None, asked=(lost,))

    monkeypatch.setattr("dhtui.screens.node.page.look_up", found)
    node = Half(dual())
    async with exploring(node, LARGE, show="table") as stage:
        await stage.press("a")
        await fill(stage, node="seed.example:6881")
        await stage.press("enter")
        await stage.settle()
        assert {addr for *_, addr in node.asked} == set(both)
        page = stage.app.screen
        assert isinstance(page, NodePage)
        assert page._addr == both[1 if silent == "IPv4" else 0]
        text = " ".join(stage.text().split())
        assert "203.0.113.77:6881" in text and "[2001:db8::77]:6881" in text


async def test_a_node_of_a_testnet_answers_for_itself() -> None:
    async with Testnet(8) as net, Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap[:1])) as node:
        await node.bootstrapped()
        request = read_ask(net.bootstrap[-1], Question("find_node"), node.id)
        addrs = await look_up(request.remote)
        assert not isinstance(addrs, NoAddress)
        (addr,) = addrs
        outcome = await put_question(node, addr, request)
        rows = named_rows(outcome.asked[0], node.id, node.id, {node.address}, set())
        assert rows and len(outcome.asked) == 1


@pytest.mark.parametrize(
    ("remote", "text", "words"),
    [
        ("", "", "HOST:PORT"),
        ("nonsense", "", "is not host:port"),
        ("192.0.2.1:0", "", "the port"),
        ("::1:1", "", "stands in brackets"),
        ("192.0.2.1:1", "0", "not 1 character"),
    ],
)
def test_what_can_not_be_asked_is_told(remote: str, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_ask(remote, Question("find_node", text), OWN)


# ---- bans --------------------------------------------------------------------------------------------------------


async def test_bans_are_listed_and_lifted() -> None:
    node = Asked(snapshots.running(), banned=[Ban("192.0.2.1", 3500.0), Ban("192.0.2.2", 60.0)])
    async with exploring(node, show="table") as stage:
        await stage.press("B")
        assert isinstance(stage.app.screen, BanList)
        await matches_goldens(stage, "bans")
        await stage.press("x")
        assert node.banned == [Ban("192.0.2.2", 60.0)] and "1 ban" in stage.text()
        await stage.press("x", "x")
        assert node.banned == [] and "Nobody is banned" in stage.text()


# ---- getting in --------------------------------------------------------------------------------------------------


async def test_home_says_when_it_is_tried_again_and_tries_at_once() -> None:
    view = snapshots.no_network()
    node = Asked(view._replace(bootstrap=view.bootstrap._replace(retry_in=42.0)))
    async with exploring(node) as stage:
        text = stage.text()
        assert " r  try again now; by itself in 42 s   b  start from a node: HOST:PORT" in text
        await stage.press("r")
        assert node.asked == [("bootstrap",)]


async def test_a_node_to_start_from_is_typed_and_asked() -> None:
    node = Asked(snapshots.no_network())
    async with exploring(node) as stage:
        await stage.pilot.press("b")
        assert stage.app.gate is not None
        await stage.app.gate.rest()
        form = stage.app.screen
        assert isinstance(form, Prompt)
        for text, words in (("nonsense", "is not host:port"), ("no", "type HOST:PORT"), ("::1:1", "IPv6")):
            form.query_one("SourceInput", Input).value = text
            await stage.pilot.pause()
            assert words in verdict(stage)
        form.query_one("SourceInput", Input).value = "router.example:6881, 192.0.2.1:6881"
        await stage.pilot.pause()
        await stage.press("enter")
        assert node.asked == [("bootstrap", "router.example:6881", "192.0.2.1:6881")]


async def test_where_nobody_is_known_it_is_asked_for_a_node() -> None:
    view = snapshots.no_network()
    node = Asked(view._replace(bootstrap=view.bootstrap._replace(sources=(), state="idle")))
    async with exploring(node) as stage:
        assert "try again now" not in stage.text()
        await stage.press("r")
        assert node.asked == [] and "name one" in " ".join(stage.toasts())
