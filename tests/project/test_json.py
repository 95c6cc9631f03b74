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
from support.attached import serving
from support.background import Neighbours, neighbours
from support.captures import ME, START, lookup, node_at, packet, pcap, query

from dhtui.actions.spec import ACTIONS
from dhtui.cli import main
from dhtui.conform.outcomes import Why
from dhtui.engine.items import sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.outcome import Doubt, Status
from dhtui.engine.upkeep.bootstrap import SourceState
from dhtui.engine.views.details import DetailKind
from dhtui.errors import Exit
from dhtui.headless.many.keeping import Account, tell
from dhtui.headless.output import Output
from dhtui.items.keepalive.plan import Check, CheckVerdict, KeptItem
from dhtui.items.readback import Gives
from dhtui.packets.captures.files.damage import DamageKind
from dhtui.text.actions.keeping import CheckNote, CheckWhy
from dhtui.text.actions.results import Came
from dhtui.text.captures import DAMAGES

from .pages import ROOT

DOCS = ROOT / "docs"
SCHEMA = json.loads((DOCS / "json.schema.json").read_text(encoding="utf-8"))
DEFINED: dict[str, Any] = SCHEMA["$defs"]
LINES = [each["$ref"].rpartition("/")[2] for each in SCHEMA["oneOf"]]
OFFLINE = {action.name for action in ACTIONS.values() if action.offline}
STREAMED = {action.name for action in ACTIONS.values() if action.streams}
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
    assert seen == OFFLINE - STREAMED and seen | STREAMED | set(NETWORK) | {"status"} == set(ACTIONS)


@pytest.mark.parametrize("action", sorted(STREAMED))
def test_what_an_action_on_a_capture_prints_is_described(action: str, run: Run, tmp_path: Path) -> None:
    odd = packet(node_at(9), ME, b"d1:xi1ee"), packet(node_at(9), ME, query(b"zz", b"x" * 20)[:-1] + b"1:zi1ee")
    (tmp_path / "whole.pcap").write_bytes(pcap([*lookup(), *((START + 1, each) for each in odd)]))
    (tmp_path / "cut.pcap").write_bytes(pcap(lookup())[:-9])
    *lines, last = run(action, "--open", "whole.pcap")
    assert last["type"] == "summary" and last["malformed"] == 1 and {line["type"] for line in lines} == {action[:-1]}
    assert run(action, "--open", "cut.pcap")[-1]["damage"]["kind"] == "cut_off"
    assert set(DAMAGES) == {kind.value for kind in DamageKind}
    assert set(DEFINED["summary"]["properties"]["damage"]["anyOf"][0]["properties"]["kind"]["enum"]) == set(DAMAGES)


def test_what_the_status_of_a_node_prints_is_described(run: Run, net: Neighbours, capsys: Any) -> None:
    for bootstrap in ((), tuple(net.net.split(","))):
        with serving(bootstrap) as (_, socket):
            main(["--do", "status", "--attach", socket, "--json"])
        (line,) = capsys.readouterr().out.splitlines()
        assert checked(line)["ready"] is bool(bootstrap)


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


def test_many_targets_are_described(run: Run, net: Neighbours, tmp_path: Path) -> None:
    (tmp_path / "hashes").write_text("0" * 40 + "\n" + "1" * 40)
    (tmp_path / "nodes").write_text(f"{net.node}\n{net.liar}\n")
    run("sign", "--keyname", "bep44test", "--val", "{}", "--seq", "7", "--out", "item")
    (tmp_path / "items").write_text("item\n")
    (tmp_path / "keys").write_text(f"{'2' * 40}\n{BEP44_TEST_KEY.public.hex()}\n")
    run("announce_peer", "--target", "1" * 40, "--annport", "6882", "--seed")
    files = {"get_peers": "hashes", "scrape": "hashes", "find_node": "hashes", "ping": "nodes", "put": "items"}
    for action, file in (*files.items(), ("get", "keys")):
        *lines, last = run(action, "--targets", file)
        assert {line["type"] for line in lines} == {"target"} and last["type"] == "many" and last["found"]


def test_records_that_are_kept_alive_are_described(net: Neighbours, capsys: pytest.CaptureFixture[str]) -> None:
    item = sign(BEP44_TEST_KEY, b"1:x", 1)
    holders = ((("1.2.3.4", 5), bytes(20)), (("1.2.3.4", 6), None))
    account, output = Account([("\x1b[2J", item, holders)]), Output(as_json=True)
    kept = KeptItem(
        item, 1.0, 2.0, last=Check(1.0, CheckVerdict.PUT, 1, 2, 3, CheckNote(CheckWhy.WRITTEN, text="so it is"))
    )
    tell(kept, account, output)
    output.objects([account.of([kept])])
    one, together = (checked(line) for line in capsys.readouterr().out.splitlines())
    assert [holder["addr"] for holder in one["holders"]] == ["1.2.3.4:5", "1.2.3.4:6"]
    assert (together["items"], together["held"], together["fewest"], together["copies"]) == (1, 1, 2, 2.0)
    output = Output(as_json=False)
    tell(kept, account, output)
    assert capsys.readouterr().out.rstrip("\n").isprintable()


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
    assert set(_properties(DEFINED["case"])["reason"]["enum"]) == {None, *(why.value for why in Why)}
    assert set(DEFINED["reason"]["enum"]) == {None, *(kind.value for kind in DetailKind)}
    assert DEFINED["head"]["properties"]["came"]["enum"] == [came.value for came in Came]
    assert DEFINED["exit"]["enum"] == [code.value for code in Exit]


def test_the_schema_names_all_that_can_become_of_a_node() -> None:
    node = _properties(DEFINED["node"])
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    for field, words in (("status", Status), ("gives", Gives)):
        assert set(node[field]["enum"]) == {word.value for word in words}
        assert all(f"`{word.value}`" in page for word in words)
    assert set(_properties(DEFINED["asked"])["doubt"]["enum"]) == {None, *(word.value for word in Doubt)}
    assert set(_properties(DEFINED["kept"])["why"]["enum"]) == {None, *(why.value for why in CheckWhy)}
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
