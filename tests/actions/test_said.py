"""Nobody is blamed for what is not proved, and what is said is so: ids, hosts, other values, bencode."""

from __future__ import annotations

import io
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.background import neighbours

from dhtui.actions import run as actions
from dhtui.actions.resolve import look_up
from dhtui.cli import main
from dhtui.engine.items import MutableItem
from dhtui.engine.keys import BEP44_TEST_KEY, PrivateKey
from dhtui.engine.node import Node
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.settings import NodeConfig, SavedState
from dhtui.engine.testnet import Testnet
from dhtui.engine.views.snapshot import LookupView
from dhtui.engine.wire import bencode
from dhtui.engine.wire.family import IPV4
from dhtui.headless import text as report_text
from dhtui.headless.output import Output
from dhtui.items.value import FormError, to_bencode
from dhtui.options.addresses import HostPort
from dhtui.options.options import Options
from dhtui.runtime import launch
from dhtui.storage.node_state import save
from dhtui.storage.state_lock import take
from dhtui.text.actions.results import said_words
from dhtui.text.node.details import detail_words

ID = bytes(range(20))


@pytest.fixture
async def net() -> AsyncIterator[Testnet]:
    async with Testnet(12) as net:
        yield net


@pytest.fixture
async def node(net: Testnet) -> AsyncIterator[Node]:
    async with Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)) as node:
        yield node


# ---- blame only what is proved ------------------------------------------------------------------------------


async def test_who_holds_an_item_under_a_salt_that_was_not_given_is_no_liar(net: Testnet, node: Node) -> None:
    item = next(item for item in net.items if isinstance(item, MutableItem) and item.salt)
    named = await actions.get(node, item.target, item.salt, public=item.k)
    for salt, words in ((b"", "a mutable item that needs a salt: give --salt"), (b"x", "another salt than this")):
        result = await actions.get(node, item.target, salt)
        assert not result.ok and words in result.summary and "not genuine" not in result.summary
        assert result.outcome is not None and named.outcome is not None
        assert [near.id for near in result.outcome.closest] == [near.id for near in named.outcome.closest]
        assert sum(one.status is Status.UNPROVED for one in result.outcome.asked) >= 7
        result = await actions.closest_stores(node, item.target, salt)
        held = [line for line in report_text.render(result, named=False).out if "holds a mutable item" in line]
        assert len(held) >= 7 and f"{len(held)} of the closest 8 hold the item" in result.summary


async def test_who_gives_the_item_of_another_key_than_was_asked_for_is_one(net: Testnet, node: Node) -> None:
    """With the key known, what does not hash to the target is disproved."""
    other = PrivateKey.from_seed(bytes(32)).public
    item = next(item for item in net.items if isinstance(item, MutableItem) and item.salt)
    with pytest.raises(ValueError, match="not that of the public key"):
        await node.get(item.target, salt=item.salt, public=other)
    assert actions._key_of(item) == BEP44_TEST_KEY.public


def test_nobody_answered_is_not_nothing_is_there() -> None:
    silent = NodeOutcome(addr=("127.0.0.1", 1), status=Status.TIMED_OUT)
    outcome = Outcome(action="get", target=ID, asked=(silent,))
    words = said_words(actions._why_not_found(outcome, None, None, b""))
    assert words == "nobody answered, so it is not known whether there is a value: 0 of 1 node answered"
    nobody = actions._why_not_found(Outcome(action="get", target=ID, asked=()), None, None, b"")
    assert said_words(nobody) == "there was no node to ask"


# ---- who we are ---------------------------------------------------------------------------------------------


async def test_the_id_of_a_single_run_is_not_called_the_saved_one(tmp_path: Path) -> None:
    save(tmp_path, SavedState(ID, None, ()))
    start = launch.prepare(
        Options(state_dir=tmp_path, listen=(("127.0.0.1", 0),)), serving=False, keeping=False, bootstrap=False
    )
    async with Node(start.config) as node:
        assert node.id != ID and node.snapshot().identity.id_source == "random"
    assert start.self_id == ID
    start = launch.prepare(Options(state_dir=tmp_path), serving=True, keeping=True)
    start.release()
    assert (start.self_id, start.config.settings.anew) == (None, False)


def test_self_is_the_saved_id_in_a_single_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path / "s", SavedState(ID, None, ()))
    argv = ("--do", "find_node", "--target", "self", "--testnet", "8", "--json")
    main([*argv, "--deadline", "30"])
    assert ID.hex() not in capsys.readouterr().out, "a testnet keeps no state"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        dead = "%s:%d" % silent.getsockname()
        run = ("--do", "find_node", "--target", "self", "--remote", dead, "--qtimeout", "100ms", "--json")
        main([*run, "--state-dir", str(tmp_path / "s"), "--listen", "127.0.0.1:0"])
    assert f'"target": "{ID.hex()}"' in capsys.readouterr().out


def test_a_run_beside_the_node_that_saved_its_address_can_ask_that_node(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with neighbours() as net:
        host, _, port = net.node.rpartition(":")
        save(tmp_path / "s", SavedState(ID, (host, int(port)), ()))
        held, _ = take(tmp_path / "s")
        assert held is not None
        argv = ("--do", "ping", "--remote", net.node, "--listen", "127.0.0.1:0", "--state-dir", str(tmp_path / "s"))
        assert main(argv) == 0
        held.release()
    assert "itself" not in "".join(capsys.readouterr())


# ---- hosts --------------------------------------------------------------------------------------------------


async def test_a_host_of_ipv6_alone_is_said_to_be_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, port: object, family: int = 0, *rest: Any, **named: Any) -> list[Any]:
        if host != "six.example" or family == socket.AF_INET:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("2001:db8::1", 1, 0, 0))]

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    only = "has IPv6 addresses only, and this node is in IPv4 only"
    assert str(await look_up(HostPort("six.example", 1), (IPV4,))) == only
    assert await look_up(HostPort("six.example", 1)) == (("2001:db8::1", 1),)
    assert (
        str(await look_up(HostPort("2001:db8::1", 1), (IPV4,))) == "is an IPv6 address, and this node is in IPv4 only"
    )
    assert str(await look_up(HostPort("none.example", 1))).startswith("can't be resolved: name or service")
    async with Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=("six.example:1", "none.example:1"))) as node:
        sources = {source.name: detail_words(source.detail) for source in (await node.bootstrapped()).sources}
    assert "IPv6 addresses only" in sources["six.example:1"] and "can't be resolved" in sources["none.example:1"]


# ---- words --------------------------------------------------------------------------------------------------


def test_progress_is_called_by_the_action_and_not_by_its_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", terminal)
    counts: dict[str, Any] = {
        "asked": 3,
        "answered": 1,
        "timed_out": 0,
        "in_flight": 2,
        "nearest_bits": None,
        "best": (),
    }
    view = LookupView(
        number=1,
        kind="get",
        target=ID,
        owner="user",
        started_at=0.0,
        elapsed=0.0,
        running=True,
        found=None,
        stopped=None,
        **counts,
    )
    Output(as_json=False).progress(view, "put")
    assert terminal.getvalue() == "\r\x1b[Kput: asked 3, answered 1"


# ---- bencode ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"i1e\n", "1 byte after the value: a line end"),
        (b"i1e\r\n", "2 bytes after the value: a line end"),
        (b"i1ei2e", "3 bytes after the value, from byte 3 on"),
        (b"li9223372036854775808ee", "the integer at byte 1 has more than 64 bits"),
        (b"i" + b"9" * 500 + b"e", "the integer at byte 0 has more than 64 bits"),
        (b"i01e", "the integer at byte 0 has a zero or a sign too many"),
        (b"i-0e", "the integer at byte 0 has a zero or a sign too many"),
        (b"i1", "the integer at byte 0 has no end"),
        (
            b"l" * 31 + b"e" * 31,
            "it is too deep: at most 32 lists and dictionaries may be nested in a message, byte 30",
        ),
        (b"l5:ab", "the string at byte 1 should have 5 bytes, and has 2"),
        (b"li1e", "what begins at byte 0 has no end"),
        (b"d1:bi1e1:ai1ee", "the key at byte 7 stands behind a higher one"),
        (b"d1:ai1e1:ai1ee", "the key at byte 7 is there twice"),
        (b"di1ei2ee", "the key at byte 1 is not a string"),
        (b"hello", "no value begins like byte 0, 0x68"),
        (b"01:a", "the length of the string at byte 0 has a zero too many"),
        (b"", "it is empty"),
    ],
)
def test_what_is_wrong_with_a_bencoded_value_is_said_and_where(data: bytes, words: str) -> None:
    with pytest.raises(FormError) as caught:
        to_bencode("bencode", data)
    assert words in str(caught.value)


@given(
    st.lists(st.sampled_from([b"i", b"l", b"d", b"e", b"0", b"1", b"2", b":", b"-", b"a", b"1:a", b"i1e"]), max_size=14)
)
def test_only_what_can_not_be_decoded_has_something_wrong_with_it(parts: list[bytes]) -> None:
    data = b"".join(parts)
    try:
        bencode.decode(data)
    except bencode.BencodeError:
        assert bencode.explain(data)
    else:
        assert bencode.explain(data) == ""
