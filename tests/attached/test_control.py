"""A real socket: a node and those who are attached to it, in one loop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.apart import PATIENCE

from dhtui import ControlError, ControlSocket, Draft, ImmutableItem, MutableItem, Node, NodeConfig, PrivateKey, Testnet
from dhtui.attach import messages, place
from dhtui.attach.attached import AttachedNode
from dhtui.attach.connect import attached
from dhtui.engine.node import NodeError
from dhtui.errors import Exit, Failure

KEY = PrivateKey.from_seed(bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a socket, in a private folder: a relative one, for the folders of tests have long names."""
    monkeypatch.chdir(tmp_path)
    return Path("run/node.sock")


@pytest.fixture
async def node(path: Path) -> AsyncIterator[Node]:
    """A node of a small network, that others can attach to."""
    async with asyncio.timeout(PATIENCE), Testnet(8) as net:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)
        async with Node(config, control=ControlSocket(path)) as made:
            yield made


@pytest.fixture
async def far(node: Node, path: Path) -> AsyncIterator[AttachedNode]:
    async with attached(path, "all") as found:
        yield found


async def until(true: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def fails(path: Path, **how: Any) -> Failure:
    """Why nobody can attach."""
    with pytest.raises(Failure) as raised:
        async with attached(path, "status", **how):
            pass
    return raised.value


async def test_an_attached_node_does_what_the_node_does(node: Node, far: AttachedNode) -> None:
    assert (await far.bootstrapped()).state == "done" and far.id == node.id and far.k == node.k
    item = ImmutableItem(b"5:hello")
    assert (await far.put(item)).stored == 8
    assert (await node.get(item.target)).item == (await far.get(item.target)).item == item
    draft = Draft(b"1:a", KEY, salt=b"s")
    first = await far.put(draft)
    assert first.stored == 8 and first.item == draft.signed(None)
    assert (await far.put(Draft(b"1:b", KEY, salt=b"s", base=1))).stored == 8
    late = await far.put(Draft(b"1:c", KEY, salt=b"s", base=1))
    assert not late.writes and "seq 2 is there already" in str(late.problem)
    assert (await far.read_back(item, ())).item == item
    assert (await far.announce_peer(b"h" * 20, 6881)).stored == 8
    peers = await far.get_peers(b"h" * 20)
    assert peers.peers == (await node.get_peers(b"h" * 20)).peers and peers.ok
    assert (await far.ping([one.addr for one in peers.closest])).ok
    answer = await far.query(peers.closest[0].addr, "find_node", {b"target": b"t" * 20})
    assert answer.ok and answer.asked[0].received
    assert (await far.refresh_bucket(0)).action == "find_node"


async def test_a_signed_item_with_a_base_is_guarded_without_attaching_too(node: Node) -> None:
    await node.bootstrapped()
    first = Draft(b"1:a", KEY).signed(None)
    assert (await node.put(first, base=-1)).stored
    second = Draft(b"1:b", KEY).signed(1)
    assert not (await node.put(second, base=0)).writes
    assert (await node.put(second, base=1)).stored
    for what in (Draft(b"1:c", KEY), ImmutableItem(b"1:c")):
        with pytest.raises(ValueError, match="base is for a signed item"):
            await node.put(what, base=1)


async def test_what_one_starts_the_others_see(node: Node, path: Path, far: AttachedNode) -> None:
    await far.bootstrapped()
    async with attached(path, "all") as other:
        await other.find_node(b"t" * 20)
        numbers = [view.number for view in node.snapshot().lookups if view.target == b"t" * 20]
        await until(lambda: far.lookup(numbers[0]) is not None and far.source.packets.newest > 8)
        detail = far.lookup(numbers[0])
        assert detail is not None and detail.steps == node.lookup(numbers[0]).steps  # type: ignore[union-attr]
    assert (await far.find_node(b"u" * 20)).ok, "one that leaves ends nothing"
    assert {view.target for view in far.snapshot().lookups} >= {b"t" * 20, b"u" * 20}


async def test_bans_and_a_new_way_in_reach_the_node(node: Node, far: AttachedNode) -> None:
    await far.bootstrapped()
    far.ban("203.0.113.7", 60.0)
    far.bootstrap(["127.0.0.1:1"])
    await until(lambda: node.bans() and "127.0.0.1:1" in str(node.snapshot().bootstrap.sources))
    assert far.unban("203.0.113.7")
    await until(lambda: not node.bans())
    assert not far.stop_lookup(10_000)


async def test_when_the_node_ends_those_who_are_attached_know_it(path: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        async with Node(NodeConfig(listen=("127.0.0.1", 0)), control=ControlSocket(path)):
            stack = attached(path, "all")
            far = await stack.__aenter__()
        await far.gone.wait()
        with pytest.raises(NodeError, match="the node has ended"):
            far.snapshot()
        await stack.__aexit__(None, None, None)
    assert not path.exists()  # noqa: ASYNC240
    gone = await fails(path)
    assert gone.code is Exit.NO_ANSWER and str(gone).endswith("no socket is there: the explorer and --wait open one")


async def test_the_socket_is_private(node: Node, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700  # noqa: ASYNC240


async def test_a_socket_of_the_dead_is_replaced_and_one_of_the_living_never(node: Node, path: Path) -> None:
    second = ControlSocket(path)
    with pytest.raises(ControlError, match=r"another node listens there\)\.$"):
        await second.open(node)
    path.with_name("node.sock.lock").unlink()  # as on a file system without locks
    with pytest.raises(ControlError, match="another node listens there"):
        await second.open(node)
    dead = Path("run/dead.sock")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(dead))
    refused = await fails(dead)
    assert refused.code is Exit.NO_ANSWER and "the node that made that socket has ended" in str(refused)
    third = ControlSocket(dead)
    await third.open(node)
    async with attached(dead, "status") as far:
        assert far.id == node.id and third.attached == 1
        with pytest.raises(ControlError, match="open already"):
            await third.open(node)
    await third.close()
    assert not dead.exists()  # noqa: ASYNC240


async def test_a_file_is_never_taken_for_a_socket(node: Node, path: Path) -> None:
    file = Path("run/precious")
    file.write_text("precious")  # noqa: ASYNC240
    with pytest.raises(ControlError, match="a file of that name is there, which is no socket"):
        await ControlSocket(file).open(node)
    assert file.read_text() == "precious"  # noqa: ASYNC240
    assert "it is no socket" in str(await fails(file))


@pytest.mark.parametrize(
    ("name", "why"),
    [("x" * 120, "its path has more than 107 bytes"), ("open/node.sock", "others can enter the folder")],
)
async def test_a_socket_that_can_t_be_is_said_in_one_line(node: Node, name: str, why: str) -> None:
    Path("open").mkdir(mode=0o755)  # noqa: ASYNC240
    with pytest.raises(ControlError, match=rf"^Nobody can attach to this node: .*{why}.*\)\.$"):
        await ControlSocket(name).open(node)
    failure = await fails(Path(name))
    assert "\n" not in str(failure)


async def test_a_node_whose_socket_can_t_be_does_not_start(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    path.parent.chmod(0o755)
    node = Node(NodeConfig(listen=("127.0.0.1", 0)), control=ControlSocket(path))
    with pytest.raises(ControlError):
        await node.start()
    with pytest.raises(NodeError, match="closed"):
        await node.bootstrapped()
    with pytest.raises(ValueError, match="control must be a ControlSocket, not str"):
        Node(control="path")  # type: ignore[arg-type]


async def test_another_user_is_turned_away(node: Node, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "peer_of", lambda sock: os.geteuid() + 1)
    assert "another user listens there" in str(await fails(path))
    monkeypatch.setattr(place, "is_ours", lambda sock: sock.getsockname() == "")
    # Only the side that connects has no name of its own: the node sees another user, and the client does not.
    turned_away = await fails(path)
    assert turned_away.code is Exit.NO_ANSWER and "the connection to the node has ended" in str(turned_away)


async def test_another_version_is_said_so(node: Node, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b'{"dhtui-attach": 1, "version": "7.0", "shape": "0"}\n')
    assert b"dhtui-attach" in await reader.readline() and b'"version"' in await reader.readline()
    assert not await reader.read()
    writer.close()
    real = messages.read_hello

    def other(line: bytes, ours: str) -> Any:
        return real(line.replace(b'"version": "', b'"version": "7.', 1).replace(messages.shape().encode(), b"0"), ours)

    monkeypatch.setattr("dhtui.attach.wire.read_hello", other)
    failure = await fails(path)
    assert failure.code is Exit.FAILED and "dhtui 7." in str(failure) and "attach with the same version" in str(failure)


async def test_a_node_that_has_no_room_is_no_node_that_is_gone(node: Node, path: Path) -> None:
    others = [await asyncio.open_unix_connection(str(path)) for _ in range(messages.MOST_CLIENTS)]
    for reader, _ in others:
        await reader.readline()
    failure = await fails(path)
    assert failure.code is Exit.FAILED and "too many programs are attached" in str(failure)
    for _, writer in others:
        writer.close()
    await until(lambda: node._control.attached == 0)  # type: ignore[union-attr]
    async with attached(path, "status") as far:
        assert far.id == node.id


async def test_one_that_says_nothing_is_not_waited_for(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        failure = await fails(path, patience=0.05)
    assert failure.code is Exit.NO_ANSWER and "does not answer within 0.05 s" in str(failure)


async def test_a_stopped_reader_delays_no_other(node: Node, path: Path, far: AttachedNode) -> None:
    await far.bootstrapped()
    stuck = socket.socket(socket.AF_UNIX)
    stuck.connect(str(path))
    watch = messages.TO_NODE.dumps(messages.Watch("all"))
    stuck.sendall(messages.write_hello(messages.Hello("x", messages.shape())) + b"\n" + watch + b"\n")
    with stuck:
        for number in range(20):
            assert (await far.find_node(bytes([number]) * 20)).ok
    await until(lambda: node._control.attached == 1)  # type: ignore[union-attr]


async def test_a_place_too_long_has_a_way_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")
    found = place.place_of(tmp_path / ("deep" * 40))
    assert place.fits(found)


HOSTILE_CALLS = (
    messages.Query(("127.0.0.1", 9), "ping", b"i1e"),
    messages.Query(("127.0.0.1", 9), "ping", b"not bencode"),
    messages.Query(("127.0.0.1", 9), "ping", b"d1:x3000:" + b"x" * 3000 + b"e"),
    messages.Query(("127.0.0.1", 9), "x" * 65, b"de"),
    messages.QueryRaw(("127.0.0.1", 9), b"\x00\xff"),
    messages.Bootstrap(("\x1b[2J:1",)),
    messages.Bootstrap(("",)),
    messages.RefreshBucket(160),
    messages.Put(ImmutableItem(b"not bencode"), None, None, None, False),
    messages.Put(ImmutableItem(b"1000:" + b"x" * 1000), None, None, None, False),
    messages.Put(ImmutableItem(b"1:x"), 4, None, None, False),
    messages.Put(MutableItem(b"1:x", b"k" * 32, b"s" * 64, 1), None, None, None, False),
    messages.Get(b"t" * 20, b"x" * 65, None, None, None, None),
    messages.Get(b"t" * 20, b"", b"short", None, None, None),
    messages.AnnouncePeer(b"t" * 20, 65_535, True, (("0.0.0.0", 0),)),
    messages.FindNode(b"t" * 20, (("255.255.255.255", 1), ("224.0.0.1", 1), ("0.0.0.0", 0))),
    messages.Ping(()),
    messages.SetBan("0.0.0.0", 1e300),
    messages.StopLookup(2**63),
)


async def test_nonsense_is_refused_by_the_node_itself_too(node: Node, far: AttachedNode) -> None:
    for what in HOSTILE_CALLS:
        try:
            await far._call(object, what)  # type: ignore[type-var]
        except (ValueError, NodeError) as error:
            assert "\n" not in str(error) and "\x1b" not in str(error), what
        assert not far.lost, what
    assert (await far.find_node(node.id)).ok
