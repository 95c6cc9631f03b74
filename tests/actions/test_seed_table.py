# ruff: noqa: E501  # a table reads best with a row on a line
"""The original program's actions and flags, case by case, and what dhtui makes of each: output, stream, exit code.

Most cases run the program in this process against nodes in a thread; those about signals run it as a user does.
"""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

import pytest
from support.apart import PATIENCE
from support.background import Neighbours, neighbours

from dhtui.cli import main
from dhtui.engine.keys import PrivateKey, verify

HELLO = "e5f96f6f38320f0f33959cb4d3d656452117aadb"
PLAIN = "4a533d47ec9c7d95b1ad75f576cffc641853b750"
SALTED = "411eba73b6f087ca51a3795d9c8c938d365e32c1"
PUBLIC = "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548"
SIG_1 = "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
SIG_1_SALTED = "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"
HERE = "127." + ".".join(str(1 + (os.getpid() >> shift) % 128) for shift in (14, 7, 0))
"""A loopback address that no other process uses: all its ports are free, and stay it."""
HEX = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of each test's own."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(net: Neighbours, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program; ``{node}`` and the like stand for addresses. Words are split at blanks, ``_`` is one."""

    def run(argv: str) -> Ran:
        code = main([word.replace("␣", " ") for word in _filled(argv, net).split()])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert "\x1b" not in captured.out + captured.err
        return Ran(code, captured.out, captured.err)

    return run


@dataclass(frozen=True)
class Case:
    """One row: what is run, its exit code, and patterns that the two streams must show."""

    name: str
    argv: str
    code: int
    out: str = ""
    err: str = ""


FAILED, USAGE, NO_ANSWER, NOT_FOUND, CONFLICT, DEADLINE = 1, 2, 3, 4, 5, 124

OFFLINE = [
    Case("sign", "-do sign -keyname bep44test -val Hello␣World!", 0, rf"3:seqi0e1:v12:Hello World!\n.*not shown.*\n.*{PUBLIC}\n.*9551f633.*\n.*{PLAIN}\nseq +0\n"),
    Case("sign seq 1", "-do sign -keyname bep44test -val Hello␣World! -seq 1", 0, SIG_1),
    Case("sign salt", "-do sign -keyname bep44test -val Hello␣World! -salt foobar", 0, rf"4:salt6:foobar3:seqi0e1:v12:(.|\n)*5d0b6f04.*\n.*{SALTED}"),
    Case("sign salt seq 1", "-do sign -keyname bep44test -val Hello␣World! -salt foobar -seq 1", 0, SIG_1_SALTED),
    Case("sign warns of the test key", "-do sign -keyname bep44test -val x", 0, err="anybody can sign with it"),
    Case("sign shows the private key on demand only", "-do sign -keyname bep44test -val x", 0, r"private key .*not shown"),
    Case("sign shows the private key on demand", "-do sign -keyname bep44test -val x -show-private", 0, "e06d3183d1415922"),
    Case("sign empty", "-do sign -keyname bep44test -val=", 0, "1:v0:"),
    Case("sign seq below 0", "-do sign -keyname bep44test -val x -seq -3", USAGE, err="--seq: '-3' is not a whole number"),
    Case("sign 1200 bytes", f"-do sign -keyname bep44test -val {'x' * 1200}", USAGE, err="1205 bytes bencoded, at most 1000"),
    Case("sign newline escaped", "-do sign -keyname bep44test -val grüß\u009be", 0, r"grüß\\u009be"),
    Case("sign salt too long", f"-do sign -keyname bep44test -val x -salt {'s' * 65}", USAGE, err="at most 64"),
    Case("sign without a value", "-do sign -keyname bep44test", USAGE, err="needs one of --val"),
    Case("sign without a key", "-do sign -val x", USAGE, err="sign needs --keyname"),
    Case("sign with a missing key", "-do sign -keyname new -val x", USAGE, err="no key 'new'"),
    Case("sign extra arguments", "-do sign -keyname bep44test -val x extra args", USAGE, err="unexpected argument 'extra'"),
    Case("genkey bep44test", "-do genkey -keyname bep44test", 0, PUBLIC, "anybody can sign with it"),
    Case("genkey outside", "-do genkey -keyname ../up", USAGE, err="not a key name"),
    Case("genkey sub/dir", "-do genkey -keyname sub/dir", USAGE, err="not a key name"),
    Case("genkey without a name", "-do genkey", USAGE, err="genkey needs --keyname"),
    Case("unknown action", "-do nosuch", USAGE, err="unknown action 'nosuch'"),
    Case("empty action", "-do=", USAGE, err="unknown action ''"),
    Case("misspelt action", "-do find_nodes", USAGE, err="did you mean find_node?"),
    Case("unknown flag", "-do ping -remot x", USAGE, err="did you mean --remote?"),
    Case("the explorer without a terminal", "", USAGE, err="the explorer needs a terminal"),
    Case("help", "--help", 0, "What to do:(.|\n)*--qtimeout"),
    Case("version", "--version", 0, r"dhtui \d"),
    Case("completion", "--print-completion bash", 0, "--qtimeout"),
    Case("completion for zsh", "--print-completion zsh", 0, "closest_stores"),
]  # fmt: skip

NETWORK = [
    # ---- bootstrap
    Case("boostrap no", "-do boostrap -bnodes no", NO_ANSWER, "^$", "bootstrap failed: there is nobody to start from: no bootstrap nodes were given\n"),
    Case("bootstrap no", "-do bootstrap -bnodes no -json", NO_ANSWER, '"ok": false'),
    Case("bootstrap A", "-bnodes {node} -do bootstrap", 0, "nodes    1 in the table", "{node} +answered"),
    Case("bootstrap dead", "-bnodes {dead} -do bootstrap", NO_ANSWER, "^$", "{dead}.*no answer\ndhtui: bootstrap failed: nobody answered\n"),
    Case("bootstrap dead and good", "-bnodes {dead},␣{node} -do bootstrap", 0, err="{node} +answered"),
    Case("bootstrap eight dead and one good asks all", "-bnodes 127.0.0.9:1,127.0.0.9:2,127.0.0.9:3,127.0.0.9:4,127.0.0.9:5,127.0.0.9:6,127.0.0.9:7,127.0.0.9:8,{node} -do bootstrap", 0, err="{node} +answered"),
    Case("the same with kconcurrency 3", "-kconcurrency 3 -bnodes 127.0.0.9:1,127.0.0.9:2,127.0.0.9:3,127.0.0.9:4,127.0.0.9:5,127.0.0.9:6,127.0.0.9:7,127.0.0.9:8,{node} -do bootstrap", 0),
    Case("bootstrap takes no remote", "-do bootstrap -remote {node}", USAGE, err="--remote has no meaning for bootstrap"),
    Case("id", "-do id -bnodes {net} -listen 127.0.0.1:0", 0, r"self id  [0-9a-f]{40}(.|\n)*external 127.0.0.1(.|\n)*BEP 42"),
    # ---- ping
    Case("ping", "-do ping -remote {node}", 0, r"^{node} +[0-9a-f]{40}  rtt [0-9.]+ ms  client dhtui 0.1  sees us as 127.0.0.1:\d+\n$", "1 of 1 node answered"),
    Case("ping dead", "-do ping -remote {dead} -qtimeout 100ms", NO_ANSWER, "^$", "{dead} +silent(.|\n)*0 of 1 node"),
    Case("ping closed port", "-do ping -remote {closed} -qtimeout 100ms", NO_ANSWER, err="{closed} +silent"),
    Case("ping none", "-do ping -bnodes no", USAGE, err="ping needs --remote"),
    Case("ping list", "-do ping -remote {node},␣{other},{dead} -qtimeout 2s", 0, "{node} (.|\n)*{other} ", "2 of 3 nodes"),
    Case("ping own address", f"-do ping -listen {HERE}:19191 -remote {HERE}:19191", NO_ANSWER, err="is this node itself"),
    Case("ping closest", "-do ping -remote closest_peers -target self -bnodes {net}", 0, "^127.* rtt "),
    # ---- find_node
    Case("find_node remote", f"-do find_node -target {HEX} -remote {{node}}", 0, err="answered"),
    Case("find_node lookup", f"-do find_node -target {HEX} -bnodes {{net}}", 0, r"^(127\S+ +[0-9a-f]{40}  2\^[\d.]+ +\d+ bits\n){8}$"),
    Case("find_node self", "-do find_node -target self -bnodes {net}", 0, "bits"),
    Case("find_node without nodes", "-do find_node -target self -bnodes no", NO_ANSWER, err="no node to ask"),
    Case("find_node without a target", "-do find_node -remote {node}", USAGE, err="find_node needs --target"),
    # ---- get_peers, announce_peer
    Case("announce annport", f"-do announce_peer -target {HEX} -remote {{node}} -annport 5555", 0, "announced to 1 of 1 node", "{node} +stored"),
    Case("get_peers remote", f"-do get_peers -target {HEX} -remote {{node}}", 0, "^127.0.0.1:5555\n$", "1 peer;"),
    Case("announce implied", f"-do announce_peer -target {PLAIN} -remote {{other}} -annimplied -listen {HERE}:19192", 0),
    Case("get_peers implied", f"-do get_peers -target {PLAIN} -remote {{other}}", 0, f"^{HERE}:19192\n$"),
    Case("get_peers lookup", "-do get_peers -target 86d4c8ef2bd1ea1a4a2df3d9bb0fb1fe41eff8f0 -bnodes {net}", 0, err="of .* nodes answered"),
    Case("announce no port", f"-do announce_peer -target {HEX} -remote {{node}}", USAGE, err="needs --annport 1-65535, or --annimplied"),
    Case("announce 70000", f"-do announce_peer -target {HEX} -remote {{node}} -annport 70000", USAGE, err="1 to 65535"),
    Case("announce -1", f"-do announce_peer -target {HEX} -remote {{node}} -annport -1", USAGE, err="1 to 65535"),
    Case("announce both ports", f"-do announce_peer -target {HEX} -remote {{node}} -annport 1 -annimplied", USAGE, err="exclude each other"),
    Case("announce dead", f"-do announce_peer -target {HEX} -remote {{dead}} -annport 1 -qtimeout 100ms", NO_ANSWER, "^$", "silent"),
    Case("announce refused", f"-do announce_peer -target {HEX} -remote {{liar}} -annport 1", FAILED, "^$", r"refused with 202, server error \(.no \\x1b\[31mthanks"),
    Case("announce no token", f"-do announce_peer -target {HEX} -remote {{tokenless}} -annport 1", FAILED, "^$", "{tokenless} +no token"),
    Case("announce no target", "-do announce_peer -remote {node} -annport 1", USAGE, err="needs --target"),
    Case("announce closest", f"-do announce_peer -target {HEX} -remote closest_peers -annport 1 -bnodes {{net}}", 0, "announced to 8 of 8 nodes"),
    Case("get_peers tells each peer once", f"-do get_peers -target {HEX} -bnodes {{net}}", 0, "^127.0.0.1:1\n$", "1 peer;"),
    Case("get_peers as JSON, at once", f"-do get_peers -target {HEX} -bnodes {{net}} -json", 0, r'^{"type": "found", "elapsed_ms": [0-9.]+, "peers": \["127.0.0.1:1"\], "item": null}\n{"type": "(found|node)"'),
    # ---- put and get, immutable
    Case("put", "-do put -val Hello␣World! -remote {node}", 0, rf"^target {HELLO}\nstored on 1 of 1 node\n$", "{node} +stored"),
    Case("get", f"-do get -target {HELLO} -remote {{node}}", 0, "^Hello World!\n$", "{node} +value"),
    Case("get not found", f"-do get -target {HEX} -remote {{node}}", NOT_FOUND, "^$", "{node} +answered(.|\n)*value not found"),
    Case("get from a liar", f"-do get -target {HEX} -remote {{liar}}", NOT_FOUND, "^$", "bad value.*(.|\n)*not genuine"),
    Case("put dead", "-do put -val x -remote {dead} -qtimeout 100ms", NO_ANSWER, "^$", "silent"),
    Case("put one good, one dead", "-do put -val y -remote {node},{dead} -qtimeout 2s", 0, "stored on 1 of 2 nodes", "{dead} +silent"),
    Case("put without a token", "-do put -val x -remote {tokenless}", FAILED, "^$", "no token"),
    Case("put refused", "-do put -val x -remote {liar}", FAILED, "^$", "refused with 202"),
    Case("put empty", "-do put -val= -remote {node}", 0, "stored on 1 of 1"),
    Case("put 996 bytes", f"-do put -val {'z' * 996} -remote {{node}}", 0, "stored on 1 of 1"),
    Case("put 997 bytes", f"-do put -val {'z' * 997} -remote {{node}}", USAGE, "^$", "takes 1001 bytes bencoded, at most 1000"),
    Case("put lookup", "-do put -val Hello␣World! -bnodes {net}", 0, "stored on 8 of 8 nodes"),
    Case("get lookup", f"-do get -target {HELLO} -bnodes {{net}}", 0, "^Hello World!\n$"),
    Case("get as JSON, at once", f"-do get -target {HELLO} -bnodes {{net}} -json", 0, r'^{"type": "found", .*"peers": \[\], "item": {"value_hex": "31323a48.*\n{"type": "node"'),
    Case("put lookup by name", "-do put -val Hello␣World! -bnodes {net} -remote closest_store", 0, "stored on 8 of 8 nodes"),
    Case("put no nodes", "-do put -val x -bnodes no", NO_ANSWER, "^$", "no node to ask"),
    Case("put list", "-do put -val-bencoded d1:ali1e2:hiee -remote {node}", 0, "stored on 1 of 1"),
    Case("get list", "-do get -target 259ccc787dc4bc135f5952689b197ae91cd7c558 -remote {node}", 0, r'^\{"a": \[1, "hi"\]\}\n$'),
    Case("put not canonical", "-do put -val-bencoded i01e -remote {node}", USAGE, err="no bencoded value: the integer at byte 0 has a zero"),
    Case("put two values", "-do put -val x -val-bencoded 1:x -remote {node}", USAGE, err="only one of --val"),
    Case("put salt without a key", "-do put -val x -salt s -remote {node}", USAGE, err="--salt is for mutable items"),
    Case("put seq without a key", "-do put -val x -seq 1 -remote {node}", USAGE, err="--seq is for mutable items"),
    Case("put cas without a key", "-do put -val x -cas 1 -remote {node}", USAGE, err="--cas is for mutable items"),
    Case("put another target", f"-do put -val x -target {HEX} -remote {{node}}", USAGE, err="--target is not where this is stored"),
    Case("get no target", "-do get -remote {node}", USAGE, err="get needs --target"),
    # ---- put and get, mutable
    Case("mutable put", "-do put -keyname bep44test -val Hello␣World! -salt foobar -seq 1 -remote {node}", 0, rf"target {SALTED}\nseq 1\npublic key {PUBLIC}\nsign {SIG_1_SALTED}\n"),
    Case("mutable get", f"-do get -keyname bep44test -target {SALTED} -salt foobar -seq 1 -remote {{node}}", 0, "^Hello World!\n$", "seq 1"),
    Case("mutable get by key", f"-do get -public-key {PUBLIC} -salt foobar -remote {{node}}", 0, "^Hello World!\n$"),
    Case("mutable get by magnet", f"-do get -target magnet:?xs=urn:btpk:{PUBLIC}&s=666f6f626172 -remote {{node}}", 0, "^Hello World!\n$"),
    Case("mutable get at least 2", f"-do get -target {SALTED} -salt foobar -seq 2 -remote {{node}}", NOT_FOUND, "^$", "the newest has seq 1, at least 2"),
    Case("mutable get newer than 0", f"-do get -target {SALTED} -salt foobar -newer-than 0 -remote {{node}}", 0, "^Hello World!\n$"),
    Case("mutable get newer than 1", f"-do get -target {SALTED} -salt foobar -newer-than 1 -remote {{node}}", NOT_FOUND, "^$", "none is newer than seq 1"),
    Case("mutable get wrong salt", f"-do get -target {SALTED} -salt nosuch -remote {{node}}", NOT_FOUND, "^$", "do not hash to the target"),
    Case("mutable get another key", f"-do get -keyname bep44test -target {HEX} -remote {{node}}", USAGE, err=f"that is {PLAIN}"),
    Case("equal seq, equal value", "-do put -keyname bep44test -val Hello␣World! -salt foobar -seq 1 -remote {node}", 0, "stored on 1 of 1"),
    Case("equal seq, another value", "-do put -keyname bep44test -val Bye -salt foobar -seq 1 -remote {node}", CONFLICT, "^$", "refused with 302"),
    Case("lower seq", "-do put -keyname bep44test -val Bye -salt foobar -seq 0 -remote {node}", CONFLICT, "^$", "refused with 302"),
    Case("cas mismatch", "-do put -keyname bep44test -val Bye -salt foobar -seq 5 -cas 4 -remote {node}", CONFLICT, "^$", "refused with 301"),
    Case("no seq is the highest plus one", "-do put -keyname bep44test -val Bye -salt foobar -remote {node}", 0, "\nseq 2\n"),
    Case("cas of the stored seq", "-do put -keyname bep44test -val Bye2 -salt foobar -cas 2 -remote {node}", 0, "\nseq 3\n"),
    Case("the update is what is read", f"-do get -target {SALTED} -salt foobar -remote {{node}}", 0, "^Bye2\n$"),
    Case("mutable put lookup", "-do put -keyname bep44test -val news -salt lookup -bnodes {net}", 0, "\nseq 1\n(.|\n)*stored on 8 of 8"),
    Case("salt 64", f"-do put -keyname bep44test -val x -salt {'s' * 64} -remote {{node}}", 0),
    Case("salt 65", f"-do put -keyname bep44test -val x -salt {'s' * 65} -remote {{node}}", USAGE, err="at most 64"),
    Case("seq -5", "-do put -keyname bep44test -val x -seq -5 -remote {node}", USAGE, err="--seq"),
    # ---- closest
    Case("closest_stores", f"-do closest_stores -target {HELLO} -bnodes {{net}}", 0, r"^(127\S+ +[0-9a-f]{40}  2\^[\d.]+ +\d+ bits  holds (the value|nothing)\n){8}$"),
    Case("closest_peers", f"-do closest_peers -target {HEX} -bnodes {{net}}", 0, r"^(127\S+ +[0-9a-f]{40}  2\^[\d.]+ +\d+ bits\n){8}(peer 127\S+\n)$"),
    Case("closest without a target", "-do closest_peers -bnodes {net}", USAGE, err="closest_peers needs --target"),
    Case("closest short target", "-do closest_peers -bnodes {net} -target abcd", USAGE, err="exactly 40 hex digits"),
    # ---- flags
    Case("target after a bootstrap", "-do get -target zz -bnodes {dead}", USAGE, err="--target: 'zz'"),
    Case("did", f"-do ping -did {HEX} -remote {{node}}", 0),
    Case("listen in use", "-do ping -listen {node} -remote {other}", FAILED, err="cannot bind {node}: address in use"),
    Case("listen elsewhere", "-do ping -listen 1.2.3.4:9092 -remote {other}", FAILED, err="cannot bind 1.2.3.4:9092: cannot assign"),
    Case("listen IPv6", "-do ping -listen ::1:9092 -remote {other}", USAGE, err="stands in brackets"),
    Case("listen wildcard", "-do ping -listen=0 -remote {other}", 0),
    Case("remote without a port", "-do ping -remote 127.0.0.1", USAGE, err="is not host:port"),
    Case("remote unresolved", "-do ping -remote nosuch.invalid:1", NO_ANSWER, err="nosuch.invalid:1 can't be resolved"),
    Case("remote IPv6", "-do ping -remote ::1:9090", USAGE, err="stands in brackets"),
    Case("remote by name", "-do ping -remote localhost:1,{node} -qtimeout 2s", 0, "{node}"),
    Case("remote list, one unresolved", "-do ping -remote {node},␣nosuch.invalid:1", 0, "{node}", "nosuch.invalid:1 can't be resolved"),
    Case("remote comma", "-do ping -remote ,", USAGE, err="names no host:port"),
    Case("remote port 0", "-do ping -remote 127.0.0.1:0", USAGE, err="must be a number from 1 to 65535"),
    Case("bnodes list trimmed", "-do bootstrap -bnodes ␣{node}␣,␣{other}␣", 0),
    Case("bnodes comma", "-do bootstrap -bnodes ,", USAGE, err="names no host:port"),
    Case("pip", "-do id -pip 1.2.3.4:5 -bnodes no", 0, r"external 1.2.3.4:5 \(given\)\nBEP 42   valid"),
    Case("pip wins over the vote", "-do id -pip 1.2.3.4:5 -bnodes {net}", 0, "external 1.2.3.4:5"),
    Case("pip without a port", "-do id -pip 1.2.3.4 -bnodes no", 0, r"external 1.2.3.4:[1-9]"),
    Case("pip bad", "-do id -pip notip:5 -bnodes no", USAGE, err="--pip"),
    Case("qtimeout bare seconds", "-do ping -qtimeout 1 -remote {node}", 0),
    Case("qtimeout 0", "-do ping -qtimeout 0 -remote {node}", USAGE, err="--qtimeout"),
    Case("qconcurrency 1", "-do ping -qconcurrency 1 -remote {node},{other}", 0, err="2 of 2"),
    Case("qconcurrency -1", "-do ping -qconcurrency -1 -remote {node}", USAGE, err="--qconcurrency"),
    Case("kconcurrency beyond ksize", "-do bootstrap -bnodes {net} -ksize 5 -kconcurrency 8", USAGE, err="more than a bucket holds"),
    Case("ksize 1", "-do bootstrap -bnodes {net} -ksize 1", 0),
    Case("ksize 5", "-do bootstrap -bnodes {net} -ksize 5", 0),
    Case("ksize 20", "-do bootstrap -bnodes {net} -ksize 20", 0),
    Case("ksize 0", "-do bootstrap -bnodes {net} -ksize 0", USAGE, err="--ksize"),
    Case("blocklist", "-do ping -remote {node} -blocklist org:127.0.0.0-127.255.255.255", NO_ANSWER, "^$", "blocked by the blocklist"),
    Case("blocklist CIDR", "-do ping -remote {node} -blocklist 127.0.0.0/8", NO_ANSWER, "^$", "blocked by the blocklist"),
    Case("blocklist elsewhere", "-do ping -remote {node} -blocklist a:b:10.0.0.0-10.0.0.1", 0),
    Case("blocklist reversed", "-do ping -remote {node} -blocklist org:10.0.0.9-10.0.0.1", 0, err="written backwards"),
    Case("blocklist garbage", "-do ping -remote {node} -blocklist garbage", USAGE, err="line 1"),
    Case("blocklist bad ip", "-do ping -remote {node} -blocklist org:999.1.1.1-999.1.1.2", USAGE, err="line 1"),
    Case("tsecret", "-do bootstrap -bnodes no -tsecret s", USAGE, err="--tsecret needs --wait"),
    Case("vv", "-do ping -remote {node} -vv", 0, "^{node}", r"send query {node} tx:[0-9a-f]+ ping id:.*\nrecv answer {node} "),
    Case("deadline", f"-do get -target {HEX} -bnodes {{dead}} -deadline 100ms", DEADLINE, "^$", r"given up after 0.1 s \(--deadline\): no value by then: 0 of 1 node answered"),
    Case("read-only", "-do ping -remote {node} -vv -read-only", 0, err=" ro "),
    Case("testnet", f"-do get -target {HELLO} -testnet 8", 0, "^Hello World!\n$"),
]  # fmt: skip


def _filled(text: str, net: Neighbours) -> str:
    for name, addr in asdict(net).items():
        text = text.replace("{" + name + "}", addr)
    return text


def _check(case: Case, ran: Ran, net: Neighbours | None = None) -> None:
    assert ran.code == case.code, ran.err
    for pattern, text in ((case.out, ran.out), (case.err, ran.err)):
        pattern = pattern if net is None else _filled(pattern, net)
        assert re.search(pattern, text), f"{pattern!r} not in {text!r}"
    if case.code == USAGE:
        assert ran.out == "" and re.fullmatch("dhtui: .*\n", ran.err), "one line on standard error"


@pytest.mark.parametrize("case", OFFLINE, ids=lambda case: case.name)
def test_offline(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([word.replace("␣", " ") for word in case.argv.split()])
    captured = capsys.readouterr()
    _check(case, Ran(code, captured.out, captured.err))


@pytest.mark.parametrize("case", NETWORK, ids=lambda case: case.name)
def test_on_the_network(case: Case, run: Run, net: Neighbours) -> None:
    _check(case, run(case.argv), net)


# ---- keys -----------------------------------------------------------------------------------------------


def test_genkey_makes_a_private_file_and_never_another_one(run: Run, home: Path) -> None:
    made = run("-do genkey -keyname k1 -state-dir state")
    assert made.code == 0
    file = home / "state" / "keys" / "k1"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    before = file.read_bytes()
    again = run("-do genkey -keyname k1 -state-dir state")
    assert (again.code, again.out) == (1, "")
    assert "already" in again.err
    assert file.read_bytes() == before


def test_sign_never_creates_a_key(run: Run, home: Path) -> None:
    assert run("-do sign -keyname new -val x").code == 2
    assert not list(home.rglob("new*"))


def test_a_new_key_signs_what_verifies(run: Run) -> None:
    run("-do genkey -keyname k1")
    signed = json.loads(run("-do sign -keyname k1 -val x -salt s -seq 7 -json").out)
    public, signature = bytes.fromhex(signed["public_key"]), bytes.fromhex(signed["signature"])
    assert verify(public, b"4:salt1:s3:seqi7e1:v1:x", signature)
    assert "private_key" not in signed


@pytest.mark.parametrize("text", ["zz", "00ff", "", "00" * 64])
def test_key_files_that_are_none(run: Run, home: Path, text: str) -> None:
    (home / "bad.key").write_text(text)
    ran = run("-do sign -keyname bad.key -val x")
    assert ran.code == 2
    assert re.fullmatch("dhtui: --keyname: bad.key: .*\n", ran.err)


def test_a_key_file_of_the_original_signs_as_it_published(run: Run, home: Path) -> None:
    seed = bytes([8]) + bytes(30) + bytes([64])
    (home / "old.key").write_text((seed + PrivateKey.from_seed(seed).public).hex())
    signed = json.loads(run("-do sign -keyname old.key -val x -json").out)
    assert signed["public_key"] == PrivateKey.from_expanded(seed + bytes(32)).public.hex()


# ---- values ---------------------------------------------------------------------------------------------


def test_values_from_files(run: Run, home: Path) -> None:
    (home / "raw").write_bytes(b"\xff\x00")
    (home / "list").write_bytes(b"li1e2:\xff\x00e")
    raw = json.loads(run("-do sign -keyname bep44test -val-file raw -json").out)
    assert raw["value_hex"] == b"2:\xff\x00".hex()
    listed = json.loads(run("-do sign -keyname bep44test -val-bencoded @list -json").out)
    assert listed["value_hex"] == b"li1e2:\xff\x00e".hex()


def test_a_value_file_that_is_too_big_or_missing(run: Run, home: Path) -> None:
    (home / "big").write_bytes(bytes(5000))
    assert "more than 1000 bytes" in run("-do put -val-file big -remote {node}").err
    assert "cannot read 'none'" in run("-do put -val-file none -remote {node}").err


# ---- JSON -----------------------------------------------------------------------------------------------


def test_json_is_one_object_a_line_with_the_result_last(run: Run, net: Neighbours) -> None:
    ran = run("-do put -val json -remote {node},{liar} -json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["type"] for line in lines] == ["node", "node", "node", "node", "result"]
    by_phase = {(line["phase"], line["addr"]): line for line in lines[:-1]}
    assert by_phase["write", net.node]["status"] == "stored"
    assert by_phase["write", net.liar]["code"] == 202
    assert by_phase["write", net.liar]["message"] == "no \\x1b[31mthanks"
    assert (lines[-1]["ok"], lines[-1]["stored"], lines[-1]["writes"]) == (True, 1, 2)
    assert lines[-1]["item"]["value_bytes_hex"] == b"json".hex()


def test_json_tells_of_failures_too(run: Run) -> None:
    failed = run(f"-do get -target {HEX} -remote {{node}} -json")
    assert failed.code == NOT_FOUND
    assert json.loads(failed.out.splitlines()[-1])["ok"] is False
    assert json.loads(run("-do ping -json").out)["exit"] == 2


# ---- state ----------------------------------------------------------------------------------------------


def test_bootstrap_saves_id_and_nodes_and_stale_ones_are_not_fatal(run: Run, home: Path, net: Neighbours) -> None:
    assert run("-do bootstrap -bnodes {node} -state-dir s").code == 0
    saved = json.loads((home / "s" / "node.json").read_text())
    assert [node["addr"] for node in saved["nodes"]] == [net.node]
    assert f"self id  {saved['id']} (saved)" in run("-do id -bnodes no -state-dir s").out
    assert json.loads((home / "s" / "node.json").read_text())["nodes"] == saved["nodes"]
    saved["nodes"][0]["addr"] = net.dead
    (home / "s" / "node.json").write_text(json.dumps(saved))
    assert run(f"-do get -target {HEX} -remote {{node}} -state-dir s").code == NOT_FOUND
    assert run("-do ping -remote {node} -state-dir s").code == 0


def test_a_damaged_state_is_set_aside_with_a_warning(run: Run, home: Path) -> None:
    (home / "s").mkdir()
    (home / "s" / "node.json").write_text("[1")
    ran = run("-do bootstrap -bnodes no -state-dir s")
    assert ran.code == NO_ANSWER
    assert "warning: The saved state s/node.json is damaged" in ran.err
    assert (home / "s" / "node.json.damaged-1").read_text() == "[1"


def test_the_same_secret_gives_the_same_token_over_restarts(run: Run, home: Path) -> None:
    """Tokens change every five minutes of the wall clock: of three runs two have the same, whenever that is."""
    tokens = []
    for _ in range(3):
        with served("-listen", "127.0.0.1:0", "-bnodes", "no", "-tsecret", "s", home=home) as (addr, _):
            ran = run(f"-do get -target {HEX} -remote {addr} -vv")
            tokens += re.findall(r"token:(\w+)", ran.err)
    assert len(tokens) == 3 and len(set(tokens)) < 3


# ---- as users run it ------------------------------------------------------------------------------------


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}


def dhtui(*argv: str, home: Path, stdin: bytes = b"") -> Ran:
    """Runs the program in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "dhtui", *argv],
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        env=environment(home),
        check=False,
    )
    return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


@contextmanager
def served(*argv: str, home: Path, stop: int = signal.SIGTERM) -> Iterator[tuple[str, list[str]]]:
    """A node with ``--wait`` and ``--json`` in a process of its own: its address, and at the end what it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dhtui", "-wait", "-json", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(home),
    )
    assert process.stdout is not None
    printed: list[str] = []
    try:
        for line in process.stdout:
            printed.append(line)
            if '"serving"' in line:
                break
        yield json.loads(printed[-1])["addr"], printed
    finally:
        process.send_signal(stop)
        printed.append(process.stdout.read())
        process.stdout.close()
        assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_waiting_node_ends_cleanly_and_saves_nodes_and_id(net: Neighbours, home: Path, stop: int) -> None:
    with served("-do", "bootstrap", "-bnodes", net.net, "-listen", "127.0.0.1:0", home=home, stop=stop) as (_, printed):
        serving = json.loads(printed[-1])
    saved = json.loads(next(home.rglob("node.json")).read_text())
    assert saved["id"] == serving["id"]
    assert len(saved["nodes"]) >= 8


def test_examples_of_the_original_do_what_they_promise(run: Run, home: Path) -> None:
    # The node of the first example keeps its port; the commands after it listen elsewhere, and ask it.
    with served("-listen", f"{HERE}:19090", "-bnodes", "no", "-vv", home=home):
        ours = f"-listen {HERE}:19091 -bnodes no -remote {HERE}:19090"
        put = dhtui(*ours.split(), "-do", "put", "-val", "Hello World!", "-vv", home=home)
        assert (put.code, put.out) == (0, f"target {HELLO}\nstored on 1 of 1 node\n")
        get = run(f"{ours} -do get -target {HELLO} -vv")
        assert (get.code, get.out) == (0, "Hello World!\n")
        key = "-keyname bep44test -salt foobar -seq 1 -vv"
        mutable = run(f"{ours} -do put {key} -val Hello␣World!")
        assert mutable.code == 0 and f"sign {SIG_1_SALTED}" in mutable.out
        read = run(f"{ours} -do get {key} -target {SALTED}")
        assert (read.code, read.out) == (0, "Hello World!\n")


def test_two_runs_of_one_state_folder_do_not_share_an_id(run: Run, home: Path) -> None:
    with served("-listen", f"{HERE}:19092", "-bnodes", "no", home=home) as (addr, printed):
        pass
    with served("-listen", addr, "-bnodes", "no", home=home) as (_, again):
        assert json.loads(again[-1])["id"] == json.loads(printed[1])["id"]
        assert run(f"-do ping -remote {addr}").code == 0
        joined = run(f"-do bootstrap -bnodes {addr}")
        assert joined.code == 0
        assert "another dhtui uses" in joined.err


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_an_action_at_once(net: Neighbours, home: Path, signum: int, code: int) -> None:
    argv = ["-do", "get", "-target", HEX, "-remote", net.dead, "-qtimeout", "60", "-deadline", "60", "-vv"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dhtui", *argv], stderr=subprocess.PIPE, text=True, env=environment(home)
    )
    assert process.stderr is not None
    with process.stderr as err:
        assert "send query" in err.readline()
        process.send_signal(signum)
        *_, result, last = err.read().splitlines()
        assert result == "dhtui: get stopped: no value by then: 0 of 1 node answered"
        assert last == f"dhtui: stopped by {signal.Signals(signum).name}"
    assert process.wait(PATIENCE) == code


def test_a_name_that_does_not_resolve_cannot_outlast_the_deadline(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    release = Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: release.wait() and [])
    try:
        ran = run("-do ping -remote slow.example:1 -deadline 100ms")
    finally:
        release.set()
    assert ran.code == DEADLINE
    assert "ping given up after 0.1 s (--deadline)" in ran.err


def test_a_closed_pipe_is_no_traceback(home: Path) -> None:
    command = f"{sys.executable} -m dhtui --help | true"
    ran = subprocess.run(command, shell=True, capture_output=True, env=environment(home), check=False)
    assert ran.stderr == b""


def test_a_terminal_without_unicode_gets_escapes(home: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "dhtui", "-do", "sign", "-keyname", "bep44test", "-val", "漢"],
        capture_output=True,
        env={**environment(home), "PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert rb"\u6f22" in ran.stdout


def test_progress_is_shown_on_a_terminal_and_cleared(net: Neighbours, home: Path) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    argv = ["-do", "find_node", "-target", HEX, "-bnodes", net.net]
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        subprocess.run(
            [sys.executable, "-m", "dhtui", *argv],
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            env=environment(home),
            check=True,
        )
        shown = terminal.read(65536).decode()
        os.close(theirs)
    assert re.search(r"\r\x1b\[Kfind_node: asked \d+, answered \d+, nearest at 2\^\d+", shown)
    assert "\x1b" not in shown.rpartition("\r\x1b[K")[2]
