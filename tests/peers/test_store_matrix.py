"""cas, seq, salts and limits at three stores: ours, libtorrent's and bittorrent-dht's; and what dhtui makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from dhtui.actions import run as actions
from dhtui.engine.items import Draft, ItemError, check_salt, check_value, sign
from dhtui.engine.node import Node
from dhtui.engine.wire.compact import Addr

from .bittorrent_dht_peer import BittorrentDht, missing
from .matrix import key_of
from .peer import unavailable
from .store_matrix import BIG, CASES, EXPECTED, NEW, OLD, STORED_SEQ, Case, Hand, by_hand, observe
from .swarm import config, dhtui_nodes

try:
    import libtorrent  # noqa: F401
except ImportError as error:
    unavailable(f"libtorrent can't be imported: {error}")

from .libtorrent_peer import LibtorrentPeer

pytestmark = pytest.mark.asyncio(loop_scope="module")

STORES = ("ours", "libtorrent", "bittorrent-dht")


@dataclass(frozen=True)
class Bench:
    """A store of each kind, a writer by hand, and a dhtui node."""

    hand: Hand
    node: Node
    stores: dict[str, Addr]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bench() -> AsyncIterator[Bench]:
    """They know nobody: whoever asks names them."""
    if reason := missing():
        unavailable(reason)
    async with AsyncExitStack() as stack:
        hand = await stack.enter_async_context(by_hand())
        node = await stack.enter_async_context(Node(config()))
        (ours,) = await stack.enter_async_context(dhtui_nodes(1))
        session = await stack.enter_async_context(LibtorrentPeer())
        process = await stack.enter_async_context(BittorrentDht(1))
        addrs = (ours.address, session.address, process.nodes[0].address)
        yield Bench(hand, node, dict(zip(STORES, addrs, strict=True)))


@pytest.mark.parametrize("salt", [b"", b"salt"], ids=["plain", "salted"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_each_store_does_what_is_written_down(case: Case, salt: bytes, bench: Bench) -> None:
    seen = [await observe(bench.hand, addr, case, salt) for addr in bench.stores.values()]
    assert dict(zip(STORES, seen, strict=True)) == dict(zip(STORES, EXPECTED[case.name], strict=True))


async def test_every_case_is_written_down() -> None:
    assert list(EXPECTED) == [case.name for case in CASES]


# ---- what dhtui says ------------------------------------------------------------------------------------------

CONFLICT = "conflict: another value with the same seq 4 is there"
OLDER = "conflict: another value with seq 4 is there, yours was seq 3"
STORED = "stored on 1 of 1 node"


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("salt", [b"", b"salt"], ids=["plain", "salted"])
@pytest.mark.parametrize(
    ("seq", "v", "cas", "ok", "words"),
    [
        (3, NEW, None, False, OLDER),
        (4, OLD, None, True, STORED),
        (4, NEW, None, False, CONFLICT),
        (5, NEW, None, True, STORED),
        (5, NEW, 4, True, STORED),
        (5, NEW, 3, False, "stored on 0 of 1 node"),
    ],
    ids=["lower", "same", "other", "higher", "cas matches", "cas differs"],
)
async def test_dhtui_says_the_same_whatever_the_store_is(
    bench: Bench, store: str, salt: bytes, seq: int, v: bytes, cas: int | None, ok: bool, words: str
) -> None:
    """Whether a store says so or not: who was not stored is told, and whose item is there already has succeeded."""
    key, addr = key_of(f"says {seq} {v!r} {cas} {salt!r}"), bench.stores[store]
    assert (await actions.put(bench.node, sign(key, OLD, STORED_SEQ, salt), remotes=[addr])).ok
    result = await actions.put(bench.node, sign(key, v, seq, salt), cas, remotes=[addr])
    assert (result.ok, result.summary[: len(words)]) == (ok, words)


@pytest.mark.parametrize("store", STORES)
async def test_an_update_of_something_older_is_not_put_anywhere(bench: Bench, store: str) -> None:
    key, addr = key_of("made from something older"), bench.stores[store]
    await actions.put(bench.node, sign(key, OLD, STORED_SEQ), remotes=[addr])
    result = await actions.put(bench.node, Draft(NEW, key, base=3), remotes=[addr])
    assert result.conflict is not None and result.outcome is not None and result.outcome.writes == ()
    assert result.summary == "conflict: seq 4 is there already; yours was not put"


async def test_what_stores_treat_differently_dhtui_never_sends() -> None:
    key = key_of("never sent")
    for check in (lambda: check_value(BIG), lambda: check_salt(b"s" * 65), lambda: sign(key, NEW, -1)):
        with pytest.raises(ItemError):
            check()
