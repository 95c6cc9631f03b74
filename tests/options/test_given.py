"""A flag that is given is obeyed, or refused before any packet; what can be known before it is said before it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.apart import PATIENCE
from support.command_line import home as home

from dhtui.actions.request import Request, Unsigned
from dhtui.actions.spec import ACTIONS
from dhtui.cli import main
from dhtui.engine.items import MAX_SEQ, Draft, ImmutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY, PrivateKey
from dhtui.errors import Exit, UsageError
from dhtui.items.file import text, write
from dhtui.items.keepalive import MAX_KEPT
from dhtui.items.keepalive.plan import KeptItem
from dhtui.items.keepalive.store import change
from dhtui.keyring import Keyring
from dhtui.options import config, fitting
from dhtui.options.fitting import EVERYWHERE
from dhtui.options.options import Options
from dhtui.options.planning import check_explorer, plan

KEY = BEP44_TEST_KEY.public.hex()
OTHER = PrivateKey.from_seed(bytes(32)).public.hex()
HASH = "86d4c8ef2bd1ea1a4a2df3d9bb0fb1fe41eff8f0"
SAMPLE = {
    "remote": "127.0.0.1:1",
    "target": HASH,
    "annport": "1",
    "val": "x",
    "val-file": "f",
    "val-bencoded": "1:x",
    "val-as": "text",
    "keyname": "bep44test",
    "public-key": KEY,
    "salt": "s",
    "seq": "1",
    "newer-than": "1",
    "cas": "1",
    "key-file": "f",
    "key-form": "auto",
    "format": "hex",
    "passphrase-file": "p",
    "new-passphrase-file": "n",
    "new-name": "new",
    "out": "o",
    "signed-file": "i",
    "signature": "00" * 64,
    "min-stored": "1",
    "watch": "60",
    "deadline": "30s",
    "record": "r",
    "theme": "light",
    "testnet": "4",
    "listen": ":0",
    "bnodes": "no",
    "did": HASH,
    "pip": "1.2.3.4",
    "targets": "f",
    "parallel": "1",
    "least": "50%",
    "records": "r",
    "torrent": HASH,
    "blocklist": "10.0.0.0/8",
    "tsecret": "s",
    "ksize": "8",
    "kconcurrency": "8",
    "qconcurrency": "8",
    "qtimeout": "2s",
    "store": "700",
    "max-reply-rate": "256k",
    "max-host-rate": "5",
    "metrics": "9469",
    "keys": "pause=f8",
    "replay": "r",
    "serve": "0",
}


def check(*argv: str) -> Request | None:
    """What a command line comes to. Raises `UsageError`."""
    options = config.read(argv)
    if options.do is None and not options.wait:
        check_explorer(options)
        return None
    request = plan(options)
    return request if isinstance(request, Request) else None


def said(*argv: str) -> str:
    with pytest.raises(UsageError) as error:
        check(*argv)
    return str(error.value)


def written(name: str) -> list[str]:
    setting = next(setting for setting in config.SETTINGS if setting.name == name)
    return [f"--{name}"] if setting.is_switch else [f"--{name}", SAMPLE[name]]


# ---- a flag that is given is obeyed or refused ------------------------------------------------------------


def test_every_flag_has_a_place() -> None:
    taken = {name.replace("-", "_") for action in ACTIONS.values() for name in action.takes}
    explorer = ("keys", "mouse", "theme", "replay", "serve")
    assert {*taken, *EVERYWHERE, *explorer} == {*Options._fields} - {"given", "argv"}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_flag_that_means_nothing_to_an_action_is_refused_even_with_its_default(action: str) -> None:
    for name in SAMPLE.keys() | {setting.name for setting in config.SETTINGS if setting.is_switch}:
        if name not in ("replay", "serve", *ACTIONS[action].takes) and name.replace("-", "_") not in EVERYWHERE:
            assert f"--{name} has no meaning for {action}" in said("--do", action, *written(name)), name


def test_a_flag_that_means_nothing_to_the_explorer_is_refused() -> None:
    for name in ("target", "val", "deadline", "json", "vv", "out", "min-stored", "passphrase-file"):
        value = [f"--{name}"] if name in ("json", "vv") else written(name)
        assert said(*value) == f"--{name} needs an action, such as --do get"
    Path("r").touch()
    for name in ("listen", "bnodes", "did", "state-dir"):
        value = ["--state-dir", "s"] if name == "state-dir" else written(name)
        assert said("--replay", "r", *value).startswith(f"--{name} has no meaning with --replay")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (f"--do ping --remote 127.0.0.1:1 --target {HASH}", "--target has no meaning for a ping of named nodes"),
        ("--do bootstrap --testnet 4 --bnodes no", "--bnodes has no meaning with --testnet"),
        ("--testnet 4 --bnodes no", "--bnodes has no meaning with --testnet"),
        ("--do bootstrap --testnet 4 --state-dir s", "--state-dir has no meaning with --testnet"),
        ("--do put --val x --dry-run --keep", "--keep has no meaning with --dry-run"),
        ("--do put --val x --dry-run --min-stored 1", "--min-stored has no meaning with --dry-run"),
        ("--do bootstrap --read-only=false", "--read-only=false needs --wait"),
        ("--do get_peers --target " + HASH + " --tsecret s", "--tsecret needs --wait: it hands out no write tokens"),
        ("--do bootstrap --wait --read-only --tsecret s", "--tsecret has no meaning for a node that is read-only"),
        ("--read-only --tsecret s", "--tsecret has no meaning for a node that is read-only"),
        ("--do bootstrap --store 700", "--store needs --wait: a single action answers no queries"),
        ("--do bootstrap --max-reply-rate 256k", "--max-reply-rate needs --wait"),
        ("--do id --metrics 9469", "--metrics needs --wait"),
        ("--serve 0 --metrics 9469", "--metrics has no meaning with --serve"),
        ("--do put --val-bencoded 1:x --val-as text", "--val-as is about --val"),
        (f"--do get --target {HASH} --out new --record new", "--out and --record both write 'new'"),
        (f"--do get --target {HASH} --out new --record ./new", "--out and --record both write 'new'"),
        ("--do put --val-file nowhere", "--val-file: cannot read 'nowhere'"),
        ("--do put --val-bencoded @nowhere", "--val-bencoded: cannot read 'nowhere'"),
        ("--do put --val x --seq 0", "--seq is for mutable items"),
        ("--do put --keyname bep44test --val x --passphrase-file p", "is not encrypted, and has no passphrase"),
    ],
)
def test_flags_that_rule_each_other_out_are_refused(argv: str, words: str) -> None:
    assert words in said(*argv.split())


def test_what_config_toml_says_is_passed_over_where_it_means_nothing(home: Path) -> None:
    (home / "c.toml").write_text('listen = ":1"\nbnodes = "no"\ndeadline = 5\nstate-dir = "s"\njson = true\n')
    check("--config", "c.toml", "--do", "keys")
    check("--config", "c.toml", "--do", "bootstrap", "--testnet", "4")
    check("--config", "c.toml")


def test_vv_goes_before_the_quiet_of_config_toml_and_quiet_before_its_vv(home: Path) -> None:
    (home / "c.toml").write_text("quiet = true\n")
    (home / "v.toml").write_text("vv = true\n")
    options = config.read(["--config", "c.toml", "--do", "bootstrap", "--vv"])
    assert options.vv and not options.quiet
    check("--config", "c.toml", "--do", "bootstrap", "--vv")
    check("--config", "v.toml", "--do", "bootstrap", "--quiet")
    assert "--vv has no meaning with --quiet" in said("--do", "bootstrap", "--quiet", "--vv")


def test_a_switch_that_is_turned_off_asks_for_nothing() -> None:
    check("--do", "keys", "--wait=false", "--keep=false")


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(argv)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_republish_obeys_the_deadline_that_it_is_given(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        dead = "%s:%d" % silent.getsockname()
        argv = ("--do", "republish", "--listen", "127.0.0.1:0", "--bnodes", dead, "--deadline", "0.2")
        code, _, err = run(capsys, *argv)
    assert code == Exit.DEADLINE and "republish given up after 0.2 s (--deadline)" in err


# ---- verify -----------------------------------------------------------------------------------------------


@pytest.fixture
def item(home: Path) -> str:
    write(home / "item.json", sign(BEP44_TEST_KEY, b"5:hello", 3, b"salt"))
    return "item.json"


@pytest.mark.parametrize("flags", [("--val", "OTHER"), ("--salt", "x"), ("--seq", "3"), ("--signature", "00" * 64)])
def test_verify_refuses_what_the_signed_file_says_itself(
    item: str, flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "--do", "verify", "--signed-file", item, *flags)
    assert (code, out) == (2, "") and f"{flags[0]} has no meaning with --signed-file" in err


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (("--public-key", KEY), 0, "the signature is good"),
        (("--keyname", "bep44test"), 0, "the signature is good"),
        (("--public-key", OTHER), 1, f"by another key, {KEY}"),
        (("--target", KEY), 0, "the signature is good"),
        (("--target", HASH), 1, "for another target"),
    ],
)
def test_verify_tells_whether_a_file_is_signed_by_a_key(
    item: str, flags: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = run(capsys, "--do", "verify", "--signed-file", item, *flags, "--json")
    found = json.loads(ran[1])
    assert (ran[0], found["ok"]) == (code, code == 0) and words in found["summary"]


def test_a_forged_file_is_a_result_and_no_error(item: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads((home / item).read_text()) | {"v": b"5:HELLO".hex()}
    (home / "forged.json").write_text(json.dumps(document))
    code, out, err = run(capsys, "--do", "verify", "--signed-file", "forged.json", "--json")
    found = json.loads(out)
    assert (code, found["type"], found["ok"]) == (1, "result", False) and "the signature does not hold" in err
    assert run(capsys, "--do", "put", "--signed-file", "forged.json")[0] == 2


# ---- before the first packet ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--val x --min-stored 9", "--min-stored 9 can't be met: a put stores on at most 8 (--ksize)"),
        ("--val x --min-stored 4 --ksize 3", "at most 3 (--ksize)"),
        ("--val x --min-stored 3 --remote 127.0.0.1:1,127.0.0.1:2", "at most 2 (--remote)"),
        ("--val x --min-stored 5 --testnet 4", "at most 4 (--testnet)"),
        ("--keyname bep44test --val x --seq 4 --cas 5", "--seq is 4, which is not higher than --cas 5"),
        ("--keyname bep44test --val x --seq 5 --cas 5", "--seq is 5, which is not higher than --cas 5"),
        (f"--keyname bep44test --val x --cas {MAX_SEQ}", "none is higher"),
    ],
)
def test_what_can_never_be_met_is_said_before_the_first_packet(argv: str, words: str) -> None:
    assert words in said("--do", "put", *argv.split())


def test_a_signed_file_that_contradicts_cas_is_refused(item: str, home: Path) -> None:
    assert "has seq 3, which is not higher than --cas 3" in said("--do", "put", "--signed-file", item, "--cas", "3")
    (home / "i.json").write_text(text(ImmutableItem(b"1:x")))
    assert "is immutable" in said("--do", "put", "--signed-file", "i.json", "--cas", "1")


def test_an_item_too_many_to_be_kept_is_refused_before_the_first_packet(home: Path) -> None:
    folder = home / "s"
    kept = [KeptItem(item=ImmutableItem(b"i%de" % number), added=0.0, due=0.0) for number in range(MAX_KEPT)]
    change(folder, lambda items: items.update({each.target: each for each in kept}))
    keep = ("--state-dir", "s", "--keep", "--do")
    assert f"at most {MAX_KEPT} items can be kept alive" in said(*keep, "put", "--val", "one more")
    assert f"at most {MAX_KEPT} items can be kept alive" in said(*keep, "get", "--target", HASH)
    check(*keep, "put", "--val-bencoded", "i7e")  # it is one of them
    (home / "file").touch()
    assert "nothing can be saved in" in said("--state-dir", "file/s", "--keep", "--do", "put", "--val", "x")


def test_a_base_alone_is_the_floor_of_a_seq() -> None:
    """``--cas 5`` where nothing is stored writes no seq below the value that it names."""
    assert Draft(b"1:x", BEP44_TEST_KEY, base=5).signed(None).seq == 6
    assert Draft(b"1:x", BEP44_TEST_KEY, base=-1).signed(None).seq == 1
    with pytest.raises(ValueError, match="seq 5 can't replace seq 5"):
        Draft(b"1:x", BEP44_TEST_KEY, seq=5, base=5).signed(None)


# ---- what the keyring knows -------------------------------------------------------------------------------


@pytest.fixture
def me(home: Path) -> Keyring:
    """A key under whose salt ``s`` seq 7 was put."""
    ring = Keyring(home / "dhtui" / "keys")
    ring.generate("me")
    ring.note_put(ring.public("me"), b"s", 7)
    return ring


@pytest.mark.parametrize(("more", "seq"), [((), 8), (("--seq", "7"), 7), (("--salt", "t"), 0)])
def test_sign_goes_on_from_the_last_seq_put(
    me: Keyring, more: tuple[str, ...], seq: int, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(capsys, "--do", "sign", "--keyname", "me", "--val", "x", "--salt", "s", *more, "--json")[1]
    assert json.loads(out)["seq"] == seq


@pytest.mark.parametrize("action", ["sign", "put"])
def test_a_seq_below_the_last_one_put_is_refused(me: Keyring, action: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("--do", action, "--keyname", "me", "--val", "x", "--salt", "s", "--seq", "6")
    code, _, err = run(capsys, *argv)
    assert code == 2 and "--seq 6 is lower than 7, the last one put with this key and salt" in err


def test_a_testnet_knows_nothing_of_what_was_put_elsewhere(me: Keyring) -> None:
    planned = check("--do", "put", "--keyname", "me", "--val", "x", "--salt", "s", "--seq", "6", "--testnet", "4")
    assert planned is not None and isinstance(planned.what, Unsigned) and planned.what.known is None


def test_the_last_seq_of_all_is_said_to_be_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    sign = ("--keyname", "bep44test", "--val", "x", "--seq", str(MAX_SEQ))
    for argv in (("--do", "sign", *sign), ("--do", "put", *sign, "--bnodes", "no", "--listen", "127.0.0.1:0")):
        assert "nothing can ever replace this value" in run(capsys, *argv)[2]


# ---- no file is overwritten, no source read twice ----------------------------------------------------------


def test_no_action_overwrites_a_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "mine").write_text("mine")
    (home / "link").symlink_to(home / "nowhere")
    for action in (("sign", "--val", "x"), ("export",)):
        for name in ("mine", "link"):
            code, out, err = run(capsys, "--do", *action, "--keyname", "bep44test", "--out", name)
            assert (code, out) == (2, "") and "overwrites nothing: name a new file" in err
    assert (home / "mine").read_text() == "mine" and not (home / "nowhere").exists()


def test_a_dash_is_standard_output_wherever_an_out_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--do", "sign", "--keyname", "bep44test", "--val", "x", "--out", "-")
    assert code == 0 and json.loads(out)["type"] == "dhtui-item-1" and "target id" in err
    code, out, _ = run(capsys, "--do", "export", "--keyname", "bep44test", "--out", "-")
    assert (code, out) == (0, BEP44_TEST_KEY.secret.hex() + "\n")
    assert not (home / "-").exists()
    code, _, err = run(capsys, "--do", "sign", "--keyname", "bep44test", "--val", "x", "--out", "-", "--json")
    assert code == 2 and "both write to standard output" in err


_READS = {
    "--val-file": "-",
    "--passphrase-file": "-",
    "--val-bencoded": "@-",
    "--signed-file": "-",
    "--key-file": "-",
    "--config": "/dev/stdin",
    "--blocklist": "/dev/stdin",
    "--keyname": "./k.key",
}


@pytest.mark.parametrize(
    ("action", "one", "other"),
    [
        ("put", "--val-file", "--passphrase-file"),
        ("put", "--val-bencoded", "--passphrase-file"),
        ("put", "--signed-file", "--passphrase-file"),
        ("put", "--val-file", "--config"),
        ("sign", "--val-file", "--passphrase-file"),
        ("import", "--key-file", "--passphrase-file"),
        ("verify", "--signed-file", "--val-file"),
    ],
)
def test_two_flags_never_read_one_source(home: Path, action: str, one: str, other: str) -> None:
    argv = [sys.executable, "-m", "dhtui", "--do", action, one, _READS[one], other, _READS[other]]
    more = ["--keyname", "bep44test"] if action in ("put", "sign") else []
    ran = subprocess.run([*argv, *more], input=b"", capture_output=True, timeout=PATIENCE, check=False, cwd=home)
    assert ran.returncode == 2, ran.stderr
    assert b"both read standard input: each needs a source of its own" in ran.stderr


def test_one_file_by_two_names_is_one_source(home: Path) -> None:
    (home / "k.key").write_text("secret")
    (home / "same").hardlink_to(home / "k.key")
    assert "both read" in said("--do", "put", "--keyname", "k.key", "--val-file", "same")
    assert "both read" in said("--do", "put", "--val-file", "same", "--keyname", "me", "--passphrase-file", "k.key")
    assert fitting.flag("val_file") == "--val-file"


def test_a_hybrid_torrent_has_a_result_for_each_infohash(capsys: pytest.CaptureFixture[str]) -> None:
    v2 = "ca" * 32
    link = f"magnet:?xt=urn:btih:{HASH}&xt=urn:btmh:1220{v2}"
    argv = ("--do", "get_peers", "--testnet", "8", "--target", link)
    code, out, _ = run(capsys, *argv, "--json")
    results = [line for line in map(json.loads, out.splitlines()) if line["type"] == "result"]
    assert code == 0 and [result["target"] for result in results] == [HASH, v2[:40]]
    _, _, err = run(capsys, *argv)
    assert err.index(f"infohash {HASH}:") < err.index(f"infohash {v2[:40]}:")
