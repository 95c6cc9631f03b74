"""docs/json.md and its schema say what ``--json`` prints: real output of every action is held to both."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from support.apart import PATIENCE
from support.background import Neighbours, neighbours

from dhtui.actions.spec import ACTIONS
from dhtui.cli import main
from dhtui.engine.outcome import Doubt, Status
from dhtui.engine.upkeep.bootstrap import SourceState
from dhtui.errors import Exit
from dhtui.items.keepalive.plan import CheckVerdict
from dhtui.items.readback import Gives

from .pages import ROOT

DOCS = ROOT / "docs"
SCHEMA = json.loads((DOCS / "json.schema.json").read_text(encoding="utf-8"))
DEFINED: dict[str, Any] = SCHEMA["$defs"]
LINES = [each["$ref"].rpartition("/")[2] for each in SCHEMA["oneOf"]]
OFFLINE = {action.name for action in ACTIONS.values() if action.offline}
Line = dict[str, Any]
Run = Callable[..., list[Line]]


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


@pytest.fixture
def run(net: Neighbours, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs an action in a home folder of its own; the lines that it prints, each held to the schema."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*argv: str) -> list[Line]:
        network = ("--listen", "127.0.0.1:0", "--bnodes", net.net) if argv[0] not in OFFLINE else ()
        main([*network, "--do", *argv, "--json"])
        return [checked(line) for line in capsys.readouterr().out.splitlines()]

    return run


def checked(text: str) -> Line:
    """A line that the schema accepts."""
    line = json.loads(text)
    assert isinstance(line, dict)
    wanted = [name for name in LINES if _may_be(line, name)]
    assert len(wanted) == 1, f"no or several kinds of line in the schema for {text}: {wanted}"
    only = {"$ref": f"#/$defs/{wanted[0]}", "$defs": DEFINED}
    problems = [f"{each.json_path}: {each.message}" for each in Draft202012Validator(only).iter_errors(line)]
    assert not problems, f"{wanted[0]}: {problems}"
    return line


def _may_be(line: Line, name: str) -> bool:
    """Whether a line has the type, and the action, of a kind of line."""
    wanted = _properties(DEFINED[name])
    action = wanted.get("action", {})
    actions = action.get("enum") or [action.get("const")]
    return bool(line["type"] == wanted["type"]["const"] and line.get("action") in actions)


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    """The fields of an object, with those of the parts that it is made of."""
    found: dict[str, Any] = {}
    for part in schema.get("allOf", ()):
        found |= _properties(DEFINED[part["$ref"].rpartition("/")[2]] if "$ref" in part else part)
    found |= schema.get("properties", {})
    return found


NETWORK: dict[str, tuple[str, ...]] = {
    "bootstrap": (),
    "id": (),
    "ping": ("--remote", "closest_stores", "--target", "self"),
    "query": ("--remote", "127.0.0.1:9", "--method", "ping", "--qtimeout", "0.1"),
    "find_node": ("--target", "self"),
    "get_peers": ("--target", "0" * 40),
    "closest_peers": ("--target", "0" * 40),
    "announce_peer": ("--target", "0" * 40, "--annport", "6881"),
    "put": ("--val", "x", "--read-back"),
    "get": ("--target", "2" * 40),
    "closest_stores": ("--target", "self"),
    "republish": (),
    "scrape": ("--target", "0" * 40),
    "sample_infohashes": ("--remote", "127.0.0.1:1", "--qtimeout", "100ms"),
    "census": ("--rate", "1000", "--list-infohashes"),
    "doctor": (),
    "sybil_check": ("--target", "1" * 40),
}


@pytest.mark.parametrize("action", NETWORK)
def test_what_an_action_on_the_network_prints_is_described(action: str, run: Run) -> None:
    lines = run(action, *NETWORK[action])
    assert lines[-1]["type"] == "result" and lines[-1]["action"] == action


def test_what_an_action_on_keys_prints_is_described(run: Run, tmp_path: Path) -> None:
    (tmp_path / "seed").write_bytes(bytes(range(32)))
    (tmp_path / "pass").write_text("x")
    run("put", "--keyname", "bep44test", "--val", "{}", "--keep")
    item = ("--keyname", "bep44test")
    runs = (
        ("genkey", "--keyname", "me", "--show-private"),
        ("import", "--keyname", "other", "--key-file", "seed"),
        ("export", "--keyname", "me"),
        ("export", "--keyname", "me", "--out", "key"),
        ("sign", "--keyname", "me", "--val", "x", "--out", "signed", "--show-private"),
        ("verify", "--signed-file", "signed"),
        ("keys",),
        ("rename", "--keyname", "me", "--new-name", "myself"),
        ("encrypt", "--keyname", "myself", "--passphrase-file", "pass"),
        ("decrypt", "--keyname", "myself", "--passphrase-file", "pass"),
        ("delete", "--keyname", "myself", "--yes"),
        ("kept",),
        ("pause", *item),
        ("resume", *item),
        ("unkeep", *item),
        ("conform", "--list"),
    )
    seen = set()
    for argv in runs:
        *others, last = run(*argv)
        assert last["type"] == "result" and all(other["type"] in ("key", "kept") for other in others)
        seen.add(last["action"])
    assert seen == OFFLINE and seen | set(NETWORK) == set(ACTIONS)


def test_values_peers_and_kept_items_are_described(run: Run, tmp_path: Path) -> None:
    mine = ("--keyname", "bep44test", "--salt", "described")
    assert run("put", *mine, "--val", "x", "--keep")[-1]["ok"]
    assert run("put", *mine, "--val", "y", "--seq", "9", "--cas", "0")[-1]["conflict"]
    found = run("get", *mine)
    assert found[0]["type"] == "found" and found[-1]["item"]["value_text"] == "x"
    assert run("announce_peer", "--target", "1" * 40, "--annport", "6881")[-1]["ok"]
    assert run("get_peers", "--target", "1" * 40)[-1]["peers"]
    assert run("announce_peer", "--target", "1" * 40, "--annport", "6882", "--seed")[-1]["ok"]
    assert run("scrape", "--target", "1" * 40)[-1]["scrape"]["seeds"]["estimate"] == 1.0
    assert any(line["type"] == "node" for line in run("closest_stores", *mine))
    path = next(tmp_path.rglob("keep.json"))
    kept = json.loads(path.read_text())
    kept["items"][0] |= {"due": 0}
    path.write_text(json.dumps(kept))
    assert [line["type"] for line in run("republish")] == ["kept", "result"]


def test_what_goes_wrong_at_nodes_is_described(run: Run, net: Neighbours) -> None:
    given = [line for line in run("sample_infohashes", "--remote", net.node) if line["type"] == "node"]
    assert given[0]["num"] >= len(given[0]["samples"])
    everybody = f"{net.node},{net.dead},{net.liar},{net.tokenless}"
    for argv in (
        ("ping", "--remote", everybody),
        ("get", "--target", "2" * 40, "--remote", everybody),
        ("put", "--val", "x", "--remote", everybody),
    ):
        assert {"node", "result"} <= {line["type"] for line in run(*argv, "--qtimeout", "500ms")}


def test_cases_of_conformance_are_described(run: Run, net: Neighbours) -> None:
    (line,) = run("conform", "--remote", net.node, "--cases", "5.29,5.35")
    assert [case["outcome"] for case in line["cases"]] == ["pass", "skipped"]


@pytest.mark.parametrize("family", ["6", "both"])
def test_what_a_node_in_ipv6_prints_is_described(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    families = ["IPv4", "IPv6"] if family == "both" else ["IPv6"]
    for argv in (("id",), ("find_node", "--target", "self"), ("doctor",), ("put", "--val", "x")):
        main(["--do", *argv, "--testnet", "4", "--family", family, "--json"])
        *others, last = [checked(line) for line in capsys.readouterr().out.splitlines()]
        assert [each["family"] for each in last["families"]] == families and last["missing"] == [], argv
        assert last["families"][0]["bound"] == last["bound"] and last["family"] == families[0]
        told = {line["family"] for line in others}
        if argv[0] == "doctor":
            assert told == ({"IPv4", "IPv6", None} if family == "both" else {None})
        elif argv[0] != "id":
            assert told == set(families) and [part["family"] for part in last["parts"]] == families * (family == "both")
            assert last["asked"] == 4 * len(families)


def test_what_was_not_begun_is_described(run: Run) -> None:
    assert [line["type"] for line in run("find_node")] == ["error"]


def test_a_node_that_serves_is_described(net: Neighbours, tmp_path: Path) -> None:
    argv = ("-m", "dhtui", "--listen", "127.0.0.1:0", "--bnodes", net.net, "--wait", "--json", "--state-dir")
    process = subprocess.Popen([sys.executable, *argv, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = ""
    while seen != "serving":
        seen = checked(process.stdout.readline())["type"]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert DEFINED["exit"]["enum"] == [code.value for code in Exit]


def test_the_schema_names_all_that_can_become_of_a_node() -> None:
    node = _properties(DEFINED["node"])
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    for field, words in (("status", Status), ("gives", Gives)):
        assert set(node[field]["enum"]) == {word.value for word in words}
        assert all(f"`{word.value}`" in page for word in words)
    assert set(_properties(DEFINED["asked"])["doubt"]["enum"]) == {None, *(word.value for word in Doubt)}
    assert set(_properties(DEFINED["kept"])["verdict"]["enum"]) == {None, *(word.value for word in CheckVerdict)}
    sources = _properties(DEFINED["joined"])["bootstrap"]["properties"]["sources"]["items"]["properties"]
    assert set(sources["state"]["enum"]) == set(get_args(SourceState))


def test_the_page_and_the_schema_tell_of_the_same_fields() -> None:
    written: dict[str, set[str]] = {}
    for name in LINES:
        fields = _properties(DEFINED[name])
        written.setdefault(fields["type"]["const"], set()).update(set(fields) - {"type"})
    told = _told()
    told["kept"] = written["kept"]  # "as in the result of republish"
    assert told == written


def _told() -> dict[str, set[str]]:
    """The fields of each type of line, by the table of the page. A row without a type goes on with the one before."""
    told: dict[str, set[str]] = {}
    kind = ""
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    for first, fields, meaning in re.findall(r"^\|(.*?)\|(.*?)\|(.*)\|$", page.partition("| type | field |")[2], re.M):
        names = re.findall(r"`(\w+)`", first)
        kind = names[0] if names else kind
        secret = ["private_key"] if "`private_key`" in meaning else []
        told.setdefault(kind, set()).update(re.findall(r"`(\w+)`", fields), secret)
    told.pop("", None)
    return told
