"""The records of many keys, published in one run, kept alive while it stays; pointers to torrents (BEP 46)."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.apart import PATIENCE
from support.background import Neighbours, neighbours
from support.command_line import Run
from support.command_line import home as home
from support.command_line import run as run

from dhtui.engine.items import sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.testnet import Testnet
from dhtui.errors import Exit
from dhtui.headless.many import keeping
from dhtui.headless.output import Output
from dhtui.keyring import Keyring
from dhtui.keyring.seal import Cost
from dhtui.keyring.zbase32 import encode_public
from dhtui.runtime.figures import kept as kept_figures
from dhtui.runtime.metrics.families import Kept
from dhtui.runtime.node_run import NodeRun

pytest.importorskip("dns")
HASH = "86d4c8ef2bd1ea1a4a2df3d9bb0fb1fe41eff8f0"


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


@pytest.fixture
def ring(home: Path) -> Keyring:
    keys = Keyring(home / "dhtui" / "keys")
    for name in ("me", "you"):
        keys.generate(name)
    return keys


def network(net: Neighbours) -> tuple[str, ...]:
    return ("--listen", "127.0.0.1:0", "--bnodes", net.net)


def test_records_of_many_keys_are_put_and_read_back(run: Run, net: Neighbours, ring: Keyring) -> None:
    Path("zone").write_text("$ORIGIN me.\n@ 300 A 1.2.3.4\nwww CNAME @\n$ORIGIN you.\n@ TXT hello\n")
    before = int(time.time() * 1e6)
    code, out, err = run(*network(net), "--do", "put", "--records", "zone", "--json", "--read-back")
    *lines, last = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and (last["targets"], last["found"]) == (2, 2) and "2 of 2 targets succeeded" in err
    assert {line["keyname"] for line in lines} == {"me", "you"}
    mine = next(line for line in lines if line["keyname"] == "me")
    assert before <= mine["item"]["seq"] <= time.time() * 1e6 and mine["holders"]
    assert mine["item"]["salt_hex"] == "" and mine["item"]["kind"] == "dns"
    z32 = encode_public(ring.public("me"))
    code, out, _ = run(*network(net), "--do", "get", "--target", f"pk:{z32}", "--json")
    found = json.loads(out.splitlines()[-1])["item"]["value"]["records"]
    assert code == 0 and [(record["name"], record["data"]) for record in found] == [
        (z32, "1.2.3.4"),
        (f"www.{z32}", f"{z32}."),
    ]
    assert [use.seq for use in ring.list()[1].uses] == [mine["item"]["seq"]]
    # A second run signs with a later time: the new records replace the old ones.
    Path("r.csv").write_text(f"key,name,type,data\n{z32},@,A,5.6.7.8\n")
    assert run(*network(net), "--do", "put", "--records", "r.csv")[0] == 0
    assert "5.6.7.8" in run(*network(net), "--do", "get", "--keyname", "me")[2]


def test_one_key_under_two_names_is_one_key(run: Run, ring: Keyring, home: Path) -> None:
    (ring.folder / "myself").write_bytes((ring.folder / "me").read_bytes())
    z32 = encode_public(ring.public("me"))
    Path("f").write_text(f"key,name,type,data\nme,a,A,1.1.1.1\n{z32},b,A,1.1.1.1\nmyself,c,A,1.1.1.1\n")
    argv = ("--do", "put", "--records", "f", "--testnet", "4", "--state-dir", str(home / "dhtui"), "--json")
    one, last = map(json.loads, run(*argv)[1].splitlines())
    assert last["targets"] == 1 and one["keyname"] == "me"
    assert [record["name"].partition(".")[0] for record in one["item"]["value"]["records"]] == ["a", "b", "c"]


def test_keys_that_others_can_read_are_told(run: Run, net: Neighbours, ring: Keyring, home: Path) -> None:
    Path("zone").write_text("$ORIGIN you.\n@ TXT hello\n")
    (ring.folder / "you").chmod(0o644)
    for folder in (ring.folder, *ring.folder.parents[:2]):
        folder.chmod(0o755)
    _, _, err = run(*network(net), "--do", "put", "--records", "zone")
    assert ("private keys can be read by others (you)" in err) == bool(ring.exposure("you"))


def test_what_is_wrong_with_records_is_told_before_any_packet(run: Run, ring: Keyring) -> None:
    cases = (
        ("$ORIGIN nobody.\n@ A 1.2.3.4\n", "line 2: there is no key 'nobody'"),
        ("$ORIGIN me.\n@ A 1.2.3\n", "line 2: "),
        ('key,name,type,data\n"../me",@,A,1.1.1.1\n', "line 2: "),
        ("key,name,type,data\n\x1b[2J,@,A,1.1.1.1\n", "line 2: "),
        ("$ORIGIN me.\n" + "".join(f"x{number} TXT {'y' * 60}\n" for number in range(20)), "at most 1000 are allowed"),
    )
    for text, words in cases:
        Path("f").write_text(text)
        code, out, err = run("--do", "put", "--records", "f", "--bnodes", "127.0.0.1:1", "--deadline", "1s")
        assert (code, out) == (Exit.USAGE, "") and words in err and err.startswith("dhtui: --records 'f': ")
        assert len(err.splitlines()) == 1 and err.strip().isprintable()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--records f --seq 4", "--seq has no meaning with --records"),
        ("--records f --salt x", "--salt has no meaning with --records"),
        ("--records f --resume r", "--resume has no meaning with --records"),
        ("--records f --dry-run --wait", "--wait has no meaning with --dry-run"),
        ("--records f --passphrase-file p", "none of the keys is encrypted"),
        ("--records nowhere", "--records: cannot read 'nowhere'"),
        (f"--torrent {HASH}", "--torrent is for mutable items (BEP 46): it needs --keyname"),
        (f"--torrent {HASH} --keyname me --val x", "put needs only one of"),
        ("--torrent zz --keyname me", "--torrent: 'zz' is not a target"),
        ("--torrent self --keyname me", "--torrent: self is a node"),
    ],
)
def test_what_makes_no_sense_is_refused(argv: str, words: str, run: Run, ring: Keyring) -> None:
    Path("f").write_text("$ORIGIN me.\n@ A 1.2.3.4\n")
    code, out, err = run("--do", "put", *argv.split())
    assert (code, out) == (Exit.USAGE, "") and words in err and len(err.splitlines()) == 1


def test_keys_are_those_of_the_state_folder_on_a_testnet_too(run: Run, ring: Keyring, home: Path) -> None:
    """They are read, and nothing is noted of them: what is put there ends with the run."""
    (home / "dhtui").rename(home / "elsewhere")
    Path("f").write_text("$ORIGIN me.\n@ A 1.2.3.4\n")
    argv = ("--do", "put", "--records", "f", "--testnet", "4", "--quiet")
    assert run(*argv)[0] == Exit.USAGE
    code, out, _ = run(*argv, "--state-dir", "elsewhere")
    assert code == 0 and out.split()[1] == "me"
    assert Keyring(home / "elsewhere" / "keys").list()[1].uses == ()


def test_encrypted_keys_are_opened_with_one_passphrase(run: Run, net: Neighbours, ring: Keyring) -> None:
    cheap = Cost(1, 8192)
    for name in ("locked", "closed"):
        ring.generate(name, b"secret", cheap)
    Path("pass").write_text("secret\n")
    Path("f").write_text("$ORIGIN me.\n@ A 1.1.1.1\n$ORIGIN locked.\n@ A 1.1.1.1\n$ORIGIN closed.\n@ A 1.1.1.1\n")
    argv = (*network(net), "--do", "put", "--records", "f", "--passphrase-file", "pass", "--quiet")
    code, out, err = run(*argv)
    assert (code, err) == (0, "") and len(out.splitlines()) == 3
    Path("pass").write_text("wrong\n")
    code, out, err = run(*argv)
    assert (code, out) == (Exit.USAGE, "") and "does not open the key" in err


def test_a_run_that_stays_says_what_is_held_when_it_ends(net: Neighbours, ring: Keyring, home: Path) -> None:
    Path("f").write_text("$ORIGIN me.\n@ A 1.2.3.4\n$ORIGIN you.\n@ A 1.2.3.4\n")
    words = ("--do", "put", "--records", "f", "--wait", "--json", "--state-dir", str(home / "dhtui"))
    process = subprocess.Popen(
        [sys.executable, "-m", "dhtui", *network(net), *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while json.loads(process.stdout.readline())["type"] != "serving":
        pass
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    account = json.loads(out.splitlines()[-1])
    assert process.returncode == 0 and account["type"] == "account"
    assert (account["items"], account["held"], account["failed"]) == (2, 2, 0) and account["fewest"] > 0


async def test_what_could_not_be_put_is_put_once_the_run_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    item, looked = sign(BEP44_TEST_KEY, b"1:x", 1), asyncio.Event()

    def tell(*told: Any) -> None:
        tell_really(*told)
        looked.set()

    tell_really = keeping.tell
    monkeypatch.setattr(keeping, "tell", tell)
    output, stop = Output(as_json=True), SimpleNamespace(asked=asyncio.Event())
    async with asyncio.timeout(PATIENCE), Testnet(8) as net, net.node() as node:
        await node.bootstrapped()
        run = NodeRun(node, output.warn, keep_folder=None, save=None)
        assert run.kept is None
        staying = asyncio.ensure_future(keeping.keep(run, [("me", item, ())], output, cast(Any, stop)))
        await looked.wait()
        assert kept_figures(run.kept) == Kept(fresh=1), "the metrics count the items"
        stop.asked.set()
        await staying
    serving, kept, account = map(json.loads, capsys.readouterr().out.splitlines())
    assert serving["type"] == "serving" and (kept["type"], kept["keyname"], kept["verdict"]) == ("kept", "me", "put")
    assert kept["holders"] and (account["items"], account["held"]) == (1, 1)


def test_an_item_points_to_a_torrent(run: Run, net: Neighbours, ring: Keyring) -> None:
    argv = (*network(net), "--do", "put", "--torrent", f"magnet:?xt=urn:btih:{HASH}", "--keyname", "me", "--salt", "t")
    code, out, _ = run(*argv)
    link = f"magnet:?xs=urn:btpk:{ring.public('me').hex()}&s=74"
    assert code == 0 and link in out.splitlines()
    code, _, err = run(*network(net), "--do", "get", "--target", link)
    assert code == 0 and f"magnet:?xt=urn:btih:{HASH}" in err
    code, out, _ = run("--do", "sign", "--torrent", HASH, "--keyname", "me", "--json")
    assert code == 0 and json.loads(out)["value_hex"] == f"64323a696832303a{HASH}65"
