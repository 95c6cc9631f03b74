"""The plugin for pytest, run by pytest in processes of its own; found as an installed package is found."""

from __future__ import annotations

import re
import tomllib

import pytest
from support.apart import PATIENCE, ROOT

pytest_plugins = "pytester"

ASYNC = """
    import pytest
    from dhtui import ImmutableItem, bencode

    @pytest.mark.asyncio
    async def test_a_node_joins(dhtui_testnet):
        async with dhtui_testnet.node() as node:
            peers = [peer async for peer in node.peers(dhtui_testnet.infohashes[0])]
            assert len(peers) == 6
            assert (await node.put(ImmutableItem(bencode(b"x")))).ok
            assert (await node.get(dhtui_testnet.items[0].target)).item == dhtui_testnet.items[0]

    @pytest.mark.asyncio(loop_scope="module")
    async def test_in_another_loop(dhtui_testnet):
        async with dhtui_testnet.node() as node:
            assert (await node.find_node(node.id)).ok
"""
PLAIN = """
    import asyncio
    import pytest
    from dhtui import NodeError

    def test_without_async(dhtui_testnet):
        assert len(dhtui_testnet.bootstrap) == 3 and "of 16 nodes" in repr(dhtui_testnet)
        assert dhtui_testnet.call(lambda net: len(net.nodes)) == 16

    def test_its_nodes_can_be_asked(dhtui_testnet):
        async def get(net):
            return await net.nodes[0].get(net.items[0].target)

        assert dhtui_testnet.call(get).ok

    def test_what_is_raised_there_is_raised_here(dhtui_testnet):
        with pytest.raises(ZeroDivisionError):
            dhtui_testnet.call(lambda net: 1 / 0)

    def test_what_ends_a_program_ends_no_testnet(dhtui_testnet):
        def leave(net):
            raise SystemExit(3)

        with pytest.raises(SystemExit):
            dhtui_testnet.call(leave)
        assert dhtui_testnet.call(lambda net: len(net.nodes)) == 16

    def test_a_call_within_a_call_is_refused(dhtui_testnet):
        with pytest.raises(RuntimeError, match="thread of the testnet already"):
            dhtui_testnet.call(lambda net: dhtui_testnet.call(len))

    def test_its_nodes_belong_to_its_thread(dhtui_testnet):
        nodes = dhtui_testnet.call(lambda net: net.nodes)
        with pytest.raises(NodeError, match="another event loop"):
            asyncio.run(nodes[0].ping([]))
"""


@pytest.fixture
def installed(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder for tests, in which dhtui is found as if it were installed."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    lines = [
        line for name, group in points.items() for line in (f"[{name}]", *(f"{k} = {v}" for k, v in group.items()))
    ]
    about = pytester.mkdir("site") / "dhtui_as_installed-0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dhtui-as-installed\nVersion: 0\n")
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (about / "RECORD").write_text("dhtui/pytest.py,,\ndhtui/__init__.py,,\n")
    monkeypatch.setenv("PYTHONPATH", f"{about.parent}:{ROOT}")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n")
    return pytester


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments, timeout=PATIENCE)


def test_async_tests_have_a_testnet(installed: pytest.Pytester) -> None:
    """Those of the handbook, too."""
    text = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    (example,) = (code for code in re.findall(r"```python\n(.*?)```", text, re.S) if "def test_" in code)
    installed.makepyfile(ASYNC, test_handbook=example)
    run(installed).assert_outcomes(passed=5)


def test_other_tests_have_one_too(installed: pytest.Pytester) -> None:
    """Without any plugin for async."""
    installed.makepyfile(PLAIN)
    installed.makeini("[pytest]\nfilterwarnings = error\n")
    run(installed, "-p", "no:asyncio").assert_outcomes(passed=6)


def test_its_size_can_be_set(installed: pytest.Pytester) -> None:
    installed.makepyfile("def test(dhtui_testnet): assert dhtui_testnet.call(lambda net: len(net.nodes)) == 3")
    run(installed, "-o", "dhtui_testnet_size=3").assert_outcomes(passed=1)


@pytest.mark.parametrize("size", ["many", "0", "1001"])
def test_a_size_that_makes_no_sense_is_an_error(installed: pytest.Pytester, size: str) -> None:
    installed.makepyfile("def test(dhtui_testnet): pass")
    result = run(installed, "-o", f"dhtui_testnet_size={size}")
    result.assert_outcomes(errors=1)
    assert "UsageError: dhtui_testnet_size must be a number from 1 to 1000" in result.stdout.str()


def test_a_mark_gives_it_the_life_of_the_internet(installed: pytest.Pytester) -> None:
    """By its size too, and without one the size is that of the ini file."""
    installed.makepyfile(
        """
        import pytest

        @pytest.mark.dhtui_testnet(6, latency="internet", loss=0.02, churn=True, liars=3, traffic=True)
        def test_all(dhtui_testnet):
            life = dhtui_testnet.call(lambda net: net.life)
            assert (life.latency, life.loss, life.churn, life.liars, life.traffic) == ("internet", 0.02, True, 3, True)
            assert len(dhtui_testnet.call(lambda net: net.addresses)) == 6

        @pytest.mark.dhtui_testnet(liars=1)
        def test_one_thing(dhtui_testnet):
            assert dhtui_testnet.call(lambda net: (len(net.nodes), len(net.liars))) == (5, 1)
        """
    )
    run(installed, "--strict-markers", "-o", "dhtui_testnet_size=5").assert_outcomes(passed=2)


@pytest.mark.parametrize("mark", ["loss=2", "speed=1", "'many'"])
def test_a_mark_that_makes_no_sense_is_an_error(installed: pytest.Pytester, mark: str) -> None:
    installed.makepyfile(f"import pytest\n\n@pytest.mark.dhtui_testnet({mark})\ndef test(dhtui_testnet): pass\n")
    result = run(installed)
    result.assert_outcomes(errors=1)
    assert "UsageError: the mark dhtui_testnet: " in result.stdout.str()


def test_whoever_does_not_use_it_loads_nothing(installed: pytest.Pytester) -> None:
    """The plugin is in every run of pytest where dhtui is installed, and costs what its own few lines cost."""
    installed.makepyfile(
        """
        import sys

        def test_nothing_is_loaded(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("dhtui.pytest")
            assert {name for name in sys.modules if name.startswith("dhtui")} == {"dhtui", "dhtui.pytest"}
        """
    )
    run(installed).assert_outcomes(passed=1)


def test_it_can_be_named_though_it_is_found(installed: pytest.Pytester) -> None:
    shown = run(installed, "--fixtures", "-p", "dhtui.pytest").stdout.str()
    assert "dhtui_testnet" in shown and "A DHT on loopback of 16 nodes" in shown


def test_it_can_be_left_out(installed: pytest.Pytester) -> None:
    assert "dhtui_testnet" not in run(installed, "--fixtures", "-p", "no:dhtui.pytest").stdout.str()
