"""A node in both address families on the screens: both are told, one key changes between them, nothing is cut."""

from __future__ import annotations

import pytest

from dhtui.engine.views.events import LinkChanged, LinkState
from dhtui.engine.views.snapshot import Snapshot

from .dual import BOUND, EXTERNAL, OWN_SIX, dual
from .snapshots import OWN, running
from .stage import LARGE, SMALL, exploring

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_home_tells_of_both_and_shows_one(size: tuple[int, int]) -> None:
    async with exploring(dual(), size) as stage:
        text = stage.text()
        assert "IPv4: good" in text and "IPv6" in text.splitlines()[2] and OWN.hex() in text
        await stage.press("I")
        text = stage.text()
        assert "IPv6: good" in text and "IPv4" in text.splitlines()[2] and OWN_SIX.hex() in text
        await stage.press("I")
        assert OWN.hex() in stage.text()
        assert all(len(line) <= size[0] for line in stage.lines())


async def test_the_header_shows_both_ends_of_a_long_address() -> None:
    async with exploring(dual()) as stage:
        await stage.press("I")
        head = stage.lines()[0]
        assert "[2001:db8:" in head and "]:16881" in head and "not seen from outside" in head
    async with exploring(dual(), LARGE) as stage:
        await stage.press("I")
        assert f"[{EXTERNAL[0]}]:{EXTERNAL[1]}" in stage.lines()[0]


async def test_the_table_is_that_of_the_family() -> None:
    async with exploring(dual(), show="table") as stage:
        assert "IPv4: 25 buckets" in stage.text()
        await stage.press("I")
        assert "IPv6: 5 buckets" in stage.text() and "[2001:db8:" in stage.text()
        await stage.press("r")
        assert stage.node.asked[-1] == ("refresh", 0, "IPv6")


async def test_addresses_have_the_room_that_there_is() -> None:
    async with exploring(dual(), LARGE, show="table") as stage:
        await stage.press("I")
        node = stage.node.view.other.table.buckets[0].nodes[0]  # type: ignore[union-attr]
        assert f"[{node.addr[0]}]:{node.addr[1]}" in stage.text()
    async with exploring(dual(), show="table") as stage:
        await stage.press("I")
        shown = next(line for line in stage.lines()[1:] if "[2001:db8:" in line)
        assert f"]:{node.addr[1]}" in shown and len(shown) <= 80


async def test_a_link_to_a_node_of_the_other_family_goes_there() -> None:
    from dhtui.packets.parts import Link

    async with exploring(dual(), show="table") as stage:
        node = stage.node.view.other.table.buckets[1].nodes[2]  # type: ignore[union-attr]
        assert stage.screen.open_link(Link("address", node.addr, ""))
        await stage.settle()
        assert "IPv6: 5 buckets" in stage.text()
        assert stage.screen.here() == Link("address", node.addr, f"[{node.addr[0]}]:{node.addr[1]}")


@pytest.mark.parametrize("show", ["queries", "lookup", "peers", "log", "packets"])
async def test_lists_are_of_both(show: str) -> None:
    async with exploring(dual(), show=show) as stage:
        assert all(len(line) <= 80 for line in stage.lines())
        if show == "queries":
            assert "203.0.113.9:6881" in stage.text() and "[2001:db8:" in stage.text()
        if show == "lookup":
            assert "find_node" in stage.text() and stage.table("lookups").model.total == 5


@pytest.mark.parametrize("show", ["home", "table", "lookup"])
async def test_in_one_family_the_key_is_not_offered(show: str) -> None:
    async with exploring(running(), show=show) as stage:
        assert "IPv4" not in stage.text()
        await stage.press("I")
        assert "one address family only" in stage.toasts()[-1]


def missing() -> Snapshot:
    return running()._replace(missing=("IPv6",))


async def test_a_family_that_is_not_here_is_told_of() -> None:
    async with exploring(missing(), LARGE) as stage:
        assert "IPv6" in stage.text() and "this machine has no such address" in stage.text()
        stage.node.tell(LinkChanged(999.0, "IPv6", LinkState.MISSING, None))
        await stage.press("9")
        assert "this machine has no IPv6 address" in stage.text()


async def test_an_address_in_the_command_bar() -> None:
    async with exploring(dual(), LARGE) as stage:
        await stage.press("colon", *"ping [::1]:6881", "enter")
        assert ("ping", ("::1", 6881)) in stage.node.asked, stage.toasts()
        await stage.press("colon", *"ping ::1:6881", "enter")
        assert "stands in brackets" in stage.text()
    assert BOUND[1] == 6881
