"""What ``from dhtui import …`` offers: exactly this, each with a docstring, and loaded when it is used."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest
from support.apart import run_apart

import dhtui

API = {
    "node": "Node NodeConfig NodeError Settings LiveSettings PUBLIC_BOOTSTRAP Addr NodeInfo Limit deadline Stream "
    "Snapshot LookupView Statistics Level",
    "state": "SavedState StateFolder StateError StateStorage",
    "outcomes": "Outcome NodeOutcome Scrape Status StopReason Doubt",
    "items": "Item ImmutableItem MutableItem Draft ItemError Value sign mutable_target PrivateKey BadKey",
    "bytes": "bencode bdecode BencodeError safe_text",
    "blocklists": "Blocklist BlocklistError load_blocklist",
    "tests": "Testnet",
    "others": "ControlSocket ControlError",
    "events": "Event AddressChanged Banned BootstrapProgress DatagramsLost IdChanged LookupFinished LookupStarted "
    "Missed NodeAdded NodeRemoved PacketReceived PacketSent QueryFinished ReachabilityChanged Stored Woke "
    "LinkChanged LinkState",
}
"""A name that is missing here is no promise; one that is here is not taken away without a new major version."""

HEAVY = {"asyncio", "nacl", "netaddr", "textual", "rich", "dhtui.engine", "dhtui.storage", "dhtui.engine.testnet"}


def home(name: str) -> tuple[str, str]:
    """The module of a name of the API, and its name there."""
    for module, names in dhtui._HOMES.items():
        for each in names.split():
            public, _, there = each.partition("=")
            if public == name:
                return f"dhtui.{module}", there or public
    raise KeyError(name)


def test_the_api_is_exactly_this() -> None:
    names = [name for group in API.values() for name in group.split()]
    assert sorted(dhtui.__all__) == sorted(names)
    assert set(names) <= set(dir(dhtui))


def test_what_type_checkers_see_is_what_there_is() -> None:
    """The imports for type checkers, the list and the table of modules name the same, in the same modules."""
    tree = ast.parse(Path(dhtui.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.asname or alias.name: (f"dhtui.{node.module}", alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {name: home(name) for name in dhtui.__all__}


@pytest.mark.parametrize("name", dhtui.__all__)
def test_each_name_has_a_docstring(name: str) -> None:
    """Of its own, or, where it is no class and no function, below it in its module."""
    module, there = home(name)
    thing = getattr(dhtui, name)
    assert thing is getattr(import_module(module), there)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        doc = thing.__dict__.get("__doc__") if inspect.isclass(thing) else thing.__doc__
        assert doc and not doc.startswith(f"{name}("), "the one that dataclasses and named tuples make is none"
        return
    body = ast.parse(inspect.getsource(import_module(module))).body
    at = next(n for n, node in enumerate(body) if isinstance(node, ast.Assign | ast.AnnAssign) and there in names(node))
    after = body[at + 1]
    assert isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str)


def names(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nodes'"):
        dhtui.Nodes  # noqa: B018
    assert not hasattr(dhtui, "Core")


def test_importing_it_loads_nothing(tmp_path: Path) -> None:
    """Not even asyncio: ``dhtui --version`` and completions import it, too."""
    program = f"import sys, dhtui; dhtui.__version__; print(*({HEAVY!r} & set(sys.modules)))"
    assert run_apart(program, tmp_path).split() == []


def test_a_name_loads_no_more_than_it_needs(tmp_path: Path) -> None:
    program = "import sys; from dhtui import safe_text; print(*sys.modules)"
    assert not (HEAVY & set(run_apart(program, tmp_path).split()))
    program = "import sys; from dhtui import Node, Testnet, StateFolder; print(*sys.modules)"
    assert not ({"netaddr", "textual", "rich"} & set(run_apart(program, tmp_path).split()))
