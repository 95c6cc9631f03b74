"""Keys and items on the command line: encrypted keys, moving keys, signing here and putting there, conflicts,
thresholds, dry runs, watching and keeping alive. Against nodes in a thread."""

from __future__ import annotations

import io
import json
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from support.apart import PATIENCE
from support.background import Neighbours, neighbours

from dhtui.actions.spec import ACTIONS
from dhtui.cli import main
from dhtui.engine.keys import PrivateKey
from dhtui.errors import Exit
from dhtui.items.value import FORMS
from dhtui.keyring import Keyring
from dhtui.keyring.reading import FORMS as KEY_FORMS
from dhtui.keyring.seal import Cost
from dhtui.keyring.writing import FORMATS
from dhtui.options import flags

SEED = bytes(range(32))
PUBLIC = PrivateKey.from_seed(SEED).public
DEAD = PrivateKey.from_seed(bytes(range(224, 256)))


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of each test's own, and a quick derivation of keys from passphrases."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def quick(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
        return sha256(salt + passphrase).digest()

    monkeypatch.setattr("dhtui.keyring.seal._derive", quick)
    return tmp_path


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(net: Neighbours, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*argv: str) -> tuple[int, str, str]:
        network = (
            not any(action.name in argv for action in ACTIONS.values() if action.offline) and "--testnet" not in argv
        )
        code = main([*(("-listen", "127.0.0.1:0", "-bnodes", net.net) if network else ()), *argv])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err and "\x1b" not in captured.out + captured.err
        return code, captured.out, captured.err

    return run


def typed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def last(out: str) -> dict[str, object]:
    found = json.loads(out.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_the_flags_offer_what_there_is() -> None:
    assert set(flags.VALUE_FORMS) == set(FORMS)
    assert flags.KEY_FORMS == KEY_FORMS and set(flags.KEY_FORMATS) == set(FORMATS)


# ---- keys -----------------------------------------------------------------------------------------------


def test_an_encrypted_key_signs_with_its_passphrase_only(run: Run, home: Path) -> None:
    (home / "pass").write_text("correct horse\n")
    (home / "wrong").write_text("battery\n")
    assert run("--do", "genkey", "--keyname", "me", "--encrypt", "--passphrase-file", "pass")[0] == 0
    sign = ("--do", "sign", "--keyname", "me", "--val", "x")
    assert run(*sign, "--passphrase-file", "pass")[0] == 0
    code, out, err = run(*sign, "--passphrase-file", "wrong")
    assert (code, out) == (2, "") and "does not open the key 'me'; nothing has changed" in err
    code, _, err = run(*sign)
    assert code == 2 and "needs a passphrase: run this in a terminal, or give --passphrase-file" in err


def test_reading_with_an_encrypted_key_asks_for_nothing(run: Run, home: Path) -> None:
    (home / "pass").write_text("x")
    run("--do", "genkey", "--keyname", "me", "--encrypt", "--passphrase-file", "pass")
    code, _, err = run("--do", "get", "--keyname", "me")
    assert code == Exit.NOT_FOUND and "value not found" in err


def test_a_passphrase_can_come_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, b"correct horse\r\n")
    assert run("--do", "genkey", "--keyname", "me", "--encrypt", "--passphrase-file", "-")[0] == 0
    typed(monkeypatch, b"correct horse")
    assert run("--do", "sign", "--keyname", "me", "--val", "x", "--passphrase-file", "-")[0] == 0


def test_on_a_terminal_a_new_passphrase_is_asked_for_twice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter(["one", "two", "one", "one", "one"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(said))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    make = ("--do", "genkey", "--keyname", "me", "--encrypt")
    code, _, err = run(*make)
    assert code == 2 and "are not the same; nothing was done" in err
    assert run(*make)[0] == 0
    assert run("--do", "sign", "--keyname", "me", "--val", "x")[0] == 0


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot read"), (b"\n", "is empty"), (b"x" * 1100, "more than 1024 bytes")]
)
def test_a_passphrase_file_that_is_none(run: Run, home: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (home / "pass").write_bytes(content)
    code, _, err = run("--do", "genkey", "--keyname", "me", "--encrypt", "--passphrase-file", "pass")
    assert code == 2 and words in err
    assert not list(home.rglob("me"))


def test_a_passphrase_for_a_key_in_the_clear_is_a_mistake(run: Run) -> None:
    code, _, err = run("--do", "genkey", "--keyname", "me", "--passphrase-file", "pass")
    assert code == 2 and "needs --encrypt" in err


@pytest.mark.parametrize("form", ["hex", "pem", "paper"])
def test_a_key_moves_from_one_keyring_to_another(run: Run, home: Path, form: str) -> None:
    run("--do", "genkey", "--keyname", "me")
    code, out, err = run("--do", "export", "--keyname", "me", "--format", form, "--out", "secret")
    assert (code, out) == (0, "written to  secret\n") and "keep it where nobody else can read it" in err
    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600
    code, out, _ = run("--do", "import", "--keyname", "copy", "--key-file", "secret")
    assert code == 0 and "kept as     copy, in the clear" in out
    listed = [json.loads(line) for line in run("--do", "keys", "--json")[1].splitlines()]
    keys = {one["name"]: one for one in listed if one["type"] == "key"}
    assert keys["me"]["public_key"] == keys["copy"]["public_key"] and len(keys["me"]["zbase32"]) == 52


def test_an_export_overwrites_nothing(run: Run, home: Path) -> None:
    (home / "there").write_text("precious")
    code, _, err = run("--do", "export", "--keyname", "bep44test", "--out", "there")
    assert code == 2 and "exists, and a key overwrites nothing" in err
    assert (home / "there").read_text() == "precious"


def test_an_export_to_standard_output_is_the_key_alone(run: Run, home: Path) -> None:
    (home / "seed").write_bytes(SEED)
    run("--do", "import", "--keyname", "me", "--key-file", "seed")
    assert run("--do", "export", "--keyname", "me")[1] == SEED.hex() + "\n"
    code, _, err = run("--do", "export", "--keyname", "bep44test", "--format", "pem")
    assert code == 2 and "PKCS 8 holds a seed" in err


def test_a_key_is_imported_encrypted_and_from_standard_input(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "pass").write_text("x")
    typed(monkeypatch, SEED.hex().encode())
    code, out, _ = run(
        *("--do", "import", "--keyname", "me", "--key-file", "-", "--encrypt", "--passphrase-file", "pass"), "--json"
    )
    assert code == 0 and last(out)["encrypted"] is True and last(out)["was"] == "a seed in hex"
    (file,) = home.rglob("me")
    assert SEED.hex() not in file.read_text()
    assert run("--do", "export", "--keyname", "me", "--passphrase-file", "pass")[1] == SEED.hex() + "\n"


def test_a_dead_key_of_the_original_is_not_imported_and_the_reason_is_told(run: Run, home: Path) -> None:
    (home / "old.key").write_text((DEAD.secret + DEAD.public).hex())
    code, _, err = run("--do", "import", "--keyname", "old", "--key-file", "old.key")
    assert code == 2 and "byte 31 of the private key is 255, over 127" in err and err.count("\n") == 1
    code, out, _ = run("--do", "import", "--keyname", "old", "--key-file", "old.key", "--key-form", "go")
    assert code == 0 and DEAD.public.hex() in out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("import --keyname me", "needs --key-file"),
        ("import --keyname me --key-file none", "cannot read"),
        ("import --keyname bep44test --key-file seed", "built-in test key"),
        ("import --keyname me --key-file seed --public-key " + "00" * 32, "does not belong"),
        ("import --keyname me --key-file seed --key-form rsa", "'rsa' is none of auto"),
        ("export", "needs --keyname"),
        ("keys --keyname me", "no meaning for keys"),
        ("export --keyname none", "there is no key 'none'"),
    ],
)
def test_what_makes_no_sense_is_one_line(run: Run, home: Path, argv: str, words: str) -> None:
    (home / "seed").write_bytes(SEED)
    code, out, err = run("--do", *argv.split())
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1


def test_the_list_shows_what_each_key_was_used_for(run: Run) -> None:
    run("--do", "genkey", "--keyname", "me")
    for seq in ("1", "2"):
        assert run("--do", "put", "--keyname", "me", "--salt", "blog", "--val", seq)[0] == 0
    out = run("--do", "keys")[1]
    assert "  last put    seq 2, salt blog, 2" in out and "built in, and public" in out
    assert "\nme\n" in out and "seed, in the clear" in out


# ---- signing here, putting there --------------------------------------------------------------------------


def test_what_one_machine_signs_another_one_puts(run: Run, home: Path) -> None:
    run("--do", "genkey", "--keyname", "me", "--state-dir", "offline")
    sign = ("--do", "sign", "--keyname", "me", "--val", "hello", "--seq", "7", "--salt", "s", "--out", "item.json")
    code, out, _ = run(*sign, "--state-dir", "offline")
    assert code == 0 and "written to  item.json, for put --signed-file" in out
    assert run("--do", "verify", "--signed-file", "item.json")[0] == 0
    code, out, _ = run("--do", "put", "--signed-file", "item.json", "--json")
    assert code == 0 and last(out)["stored"] == 8
    target = last(out)["target"]
    assert run("--do", "get", "--target", str(target), "--salt", "s")[1] == "hello\n"
    document = json.loads((home / "item.json").read_text())
    assert set(document) == {"type", "target", "v", "k", "salt", "seq", "sig"}


def test_an_item_that_was_tampered_with_is_neither_put_nor_verified(run: Run, home: Path) -> None:
    run("--do", "sign", "--keyname", "bep44test", "--val", "hello", "--out", "item.json")
    document = json.loads((home / "item.json").read_text())
    forged: tuple[dict[str, object], ...] = ({"v": b"5:HELLO".hex()}, {"seq": 5}, {"sig": "00"})
    for changes in (*forged, {"v": "zz"}, {"type": "x"}, {"seq": None}):
        (home / "bad.json").write_text(json.dumps(document | changes))
        for action in ("put", "verify"):
            code, out, err = run("--do", action, "--signed-file", "bad.json")
            if action == "verify" and changes in forged:
                assert code == 1 and "the signature does not hold" in err
            else:
                assert (code, out) == (2, "") and err.startswith("dhtui: --signed-file 'bad.json': it")


def test_a_signature_is_verified_from_flags(run: Run) -> None:
    signed = last(run("--do", "sign", "--keyname", "bep44test", "--val", "x", "--seq", "3", "--json")[1])
    check = ("--do", "verify", "--val", "x", "--public-key", str(signed["public_key"]), "--signature")
    code, out, err = run(*check, str(signed["signature"]), "--seq", "3")
    assert code == 0 and str(signed["target"]) in out and "the signature is good" in err
    code, out, err = run(*check, str(signed["signature"]), "--seq", "4")
    assert (code, out) == (1, "") and "the signature does not hold" in err
    assert run("--do", "verify", "--val", "x")[0] == 2


def test_nothing_contradicts_a_signed_file(run: Run) -> None:
    for more in (("--val", "x"), ("--keyname", "me"), ("--seq", "1"), ("--salt", "s"), ("--val-as", "hex")):
        code, _, err = run("--do", "put", "--signed-file", "item.json", *more)
        assert code == 2 and "holds all of the item" in err


# ---- putting ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("--val-as", "hex", "--val", "68 65 79"), "hey\n"),
        (("--val-as", "json", "--val", '{"b": [1], "a": "x"}'), '{"a": "x", "b": [1]}\n'),
        (("--val-as", "bencode", "--val", "li1ee"), "[1]\n"),
    ],
)
def test_a_value_can_be_written_in_several_forms(run: Run, argv: tuple[str, ...], shown: str) -> None:
    target = last(run("--do", "put", *argv, "--json")[1])["target"]
    assert run("--do", "get", "--target", str(target))[1] == shown


def test_a_long_json_file_is_fine_if_its_value_is_short(run: Run, home: Path) -> None:
    (home / "v.json").write_text("[" + " " * 3000 + "1]")
    assert run("--do", "put", "--val-file", "v.json", "--val-as", "json", "--dry-run")[0] == 0
    code, _, err = run("--do", "put", "--val-as", "json", "--val", "[1.5]")
    assert code == 2 and "bencode has no fractions" in err


def test_an_automatic_seq_goes_on_from_the_one_noted_here(run: Run, home: Path) -> None:
    run("--do", "genkey", "--keyname", "me")
    ring = Keyring(home / "dhtui" / "keys")
    ring.note_put(ring.public("me"), b"", 41)
    out = run("--do", "put", "--keyname", "me", "--val", "the network has forgotten it")[1]
    assert "\nseq 42\n" in out


def test_a_put_on_too_few_nodes_is_no_success(run: Run, net: Neighbours) -> None:
    put = ("--do", "put", "--val", "few", "--remote", f"{net.node},{net.tokenless}")
    assert run(*put)[0] == 0
    code, out, err = run(*put, "--min-stored", "2")
    assert (code, out) == (1, "") and "put failed: stored on 1 of 2 nodes, at least 2 were wanted" in err


@pytest.mark.parametrize("key", [(), ("--keyname", "bep44test", "--salt", "dry")], ids=["immutable", "mutable"])
def test_a_dry_run_stores_nothing(run: Run, key: tuple[str, ...]) -> None:
    code, out, err = run("--do", "put", "--val", f"dry {len(key)}", *key, "--dry-run")
    assert code == 0 and "dry run: nothing was put, it would go to 8 nodes" in out + err
    target = out.split()[1]
    assert ("seq 1" in out) == bool(key)
    assert run("--do", "get", "--target", target, "--salt", "dry")[0] == Exit.NOT_FOUND


def test_an_update_of_something_old_is_a_conflict(run: Run) -> None:
    put = ("--do", "put", "--keyname", "bep44test", "--salt", "conflict")
    assert run(*put, "--val", "one")[0] == 0
    assert run(*put, "--val", "theirs", "--cas", "1")[0] == 0
    code, out, err = run(*put, "--val", "mine", "--cas", "1")
    assert (code, out) == (Exit.CONFLICT, "")
    assert "put failed: conflict: seq 2 is there already; yours was not put" in err
    assert "  yours   not put     mine\n  theirs  seq 2       theirs\n" in err and "--cas 2" in err
    code, out, _ = run(*put, "--val", "mine", "--cas", "1", "--json")
    conflict = last(out)["conflict"]
    assert isinstance(conflict, dict) and conflict["newest"] == 2 and conflict["seq"] is None
    assert run("--do", "get", "--keyname", "bep44test", "--salt", "conflict")[1] == "theirs\n"
    assert run(*put, "--val", "merged", "--cas", "2")[0] == 0


def test_another_value_under_the_same_seq_is_a_conflict(run: Run) -> None:
    put = ("--do", "put", "--keyname", "bep44test", "--salt", "same", "--seq", "5")
    assert run(*put, "--val", "first")[0] == 0
    assert run(*put, "--val", "first")[0] == 0, "the same once more is welcome"
    code, _, err = run(*put, "--val", "second")
    assert code == 5 and "conflict: another value with the same seq 5 is there" in err and "refused with 302" in err


@pytest.mark.parametrize("key", [(), ("--keyname", "bep44test", "--salt", "back")], ids=["immutable", "mutable"])
def test_a_put_is_read_back_as_a_stranger_would(run: Run, key: tuple[str, ...]) -> None:
    put = ("--do", "put", "--val", "read me", *key, "--read-back")
    code, out, err = run(*put)
    assert code == 0 and "; read back: a lookup from elsewhere finds it; 8 of the 8 that took it give it" in out
    assert err.count("gives it, took it, by the lookup") == 8
    code, out, _ = run(*put, "--json")
    read = last(out)["read_back"]
    assert code == 0 and isinstance(read, dict) and read["took_and_give"] == read["found_by_lookup"] == 8
    rows = [one for one in map(json.loads, out.splitlines()) if one.get("phase") == "read back"]
    assert sum(one["took"] and one["gives"] == "gives it" for one in rows) == 8 and len(rows) > 8


@pytest.mark.parametrize("more", [("--dry-run",), ("--remote", "127.0.0.1:1")])
def test_there_is_nothing_to_read_back(run: Run, more: tuple[str, ...]) -> None:
    code, _, err = run("--do", "put", "--val", "x", "--read-back", *more)
    assert code == 2 and err.startswith("dhtui: --read-back") and more[0] in err and err.count("\n") == 1


# ---- getting ----------------------------------------------------------------------------------------------


def test_a_get_shows_every_answer_with_its_node_and_how_far_they_agree(run: Run, net: Neighbours) -> None:
    put = ("--do", "put", "--keyname", "bep44test", "--salt", "agree")
    assert run(*put, "--val", "old")[0] == 0
    assert run(*put, "--val", "new", "--remote", f"{net.node}", "--seq", "7")[0] == 0
    code, out, err = run(
        "--do", "get", "--keyname", "bep44test", "--salt", "agree", "--remote", f"{net.node},{net.net}"
    )
    assert (code, out) == (0, "new\n") and "value, seq 7" in err
    assert f"{net.node:<21}  value, seq 7" in err
    code, out, err = run("--do", "get", "--keyname", "bep44test", "--salt", "agree")
    assert (code, out) == (0, "old\n"), "that node is not of the swarm"
    assert "verified; 8 nodes had it, " in err and " nothing" in err.splitlines()[-1]
    assert "  answered without a value, " in err


def test_a_torrent_is_recognised_where_a_get_finds_one(run: Run) -> None:
    target = last(run("--do", "put", "--val-bencoded", "d2:ih20:aaaaaaaaaaaaaaaaaaaae", "--json")[1])["target"]
    code, out, err = run("--do", "get", "--target", str(target))
    assert (code, out) == (0, '{"ih": "aaaaaaaaaaaaaaaaaaaa"}\n')
    assert "magnet:?xt=urn:btih:" + b"a".hex() * 20 in err


# ---- keeping alive, watching --------------------------------------------------------------------------------


def test_a_later_put_replaces_what_is_kept_alive(run: Run, home: Path) -> None:
    """Without --keep, and of a signed file: what is published again is never older than what was put last."""
    key = ("--keyname", "mine", "--salt", "replaced")
    assert run("--do", "genkey", "--keyname", "mine")[0] == 0
    run("--do", "put", *key, "--val", "one", "--keep")

    def kept() -> list[object]:
        items = json.loads(next(home.rglob("keep.json")).read_text())["items"]
        return [item["seq"] for item in items if item.get("salt") == b"replaced".hex()]

    first = kept()
    run("--do", "put", *key, "--val", "two")
    second = kept()
    assert run("--do", "sign", *key, "--val", "three", "--out", str(home / "signed"))[::2] == (0, "")
    assert run("--do", "put", "--signed-file", str(home / "signed"))[0] == 0
    assert len(first) == len(second) == 1
    assert (first[0], second[0], kept()[0]) == (1, 2, 3)


def test_kept_items_are_looked_after_by_republish(run: Run, home: Path) -> None:
    assert run("--do", "republish")[0] == 0
    code, _, err = run("--do", "put", "--val", "keep me", "--keep")
    assert code == 0 and "kept alive from now on, as one of 1" in err
    run("--do", "put", "--keyname", "bep44test", "--salt", "keep", "--val", "foreign")
    assert run("--do", "get", "--keyname", "bep44test", "--salt", "keep", "--keep")[0] == 0
    code, out, err = run("--do", "republish")
    assert code == 0 and "looked after 1 of 2 kept items" in err, "the one that was put is not due yet"
    assert "put: 8 copies seen, stored on 8 of 8" in out
    document = json.loads(next(home.rglob("keep.json")).read_text())
    for entry in document["items"]:
        entry["due"] = 0
    next(home.rglob("keep.json")).write_text(json.dumps(document))
    found = last(run("--do", "republish", "--json")[1])
    kept = found["kept"]
    assert isinstance(kept, list) and [one["verdict"] for one in kept] == ["enough copies", "enough copies"]


def test_a_republish_in_vain_says_of_each_item_why(run: Run, home: Path) -> None:
    target = str(last(run("--do", "put", "--val", "in vain", "--keep", "--json")[1])["target"])
    path = next(home.rglob("keep.json"))
    document = json.loads(path.read_text())
    document["items"][0]["due"] = 0
    path.write_text(json.dumps(document))
    code, out, err = run("-bnodes", "no", "--do", "republish")
    assert (code, out) == (1, "") and f"  {target}  immutable   failed: 0 copies seen; there was no node to ask" in err
    assert "republish failed: looked after 1 of 1 kept items, 1 in vain" in err


def test_on_a_testnet_nothing_is_kept(run: Run) -> None:
    for argv in (("--do", "republish"), ("--do", "put", "--val", "x", "--keep")):
        code, _, err = run(*argv, "--testnet", "4")
        assert code == 2 and "ends with this run" in err


def _started(*argv: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dhtui", "-listen", "127.0.0.1:0", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_watching_reports_changes_until_it_is_stopped(run: Run, net: Neighbours) -> None:
    put = ("--do", "put", "--keyname", "bep44test", "--salt", "watch")
    run(*put, "--val", "one")
    process = _started("-bnodes", net.net, "--do", "get", "--keyname", "bep44test", "--salt", "watch", "--watch", "1s")
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "one\n"
    run(*put, "--val", "two")
    assert process.stdout.readline() == "two\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "")


def test_a_waiting_run_goes_on_looking_after_its_items(run: Run, net: Neighbours, home: Path) -> None:
    run("--do", "put", "--val", "waiting", "--keep")
    path = next(home.rglob("keep.json"))
    process = _started("-bnodes", net.net, "--do", "republish", "--wait", "--json")
    assert process.stdout is not None
    for line in process.stdout:
        if '"serving"' in line:
            break
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and "serving on" in err
    assert len(json.loads(path.read_text())["items"]) == 1


def test_every_waiting_run_looks_after_what_is_kept(run: Run, net: Neighbours, home: Path) -> None:
    target = str(last(run("--do", "put", "--val", "waiting too", "--keep", "--json")[1])["target"])
    path = next(home.rglob("keep.json"))
    document = json.loads(path.read_text())
    document["items"][0] |= {"due": 0, "put_at": None}
    path.write_text(json.dumps(document))
    process = _started("-bnodes", net.net, "--wait")
    assert process.stderr is not None
    line = next(line for line in process.stderr if line.startswith(target))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and line.endswith(" copies seen, stored on 8 of 8\n"), line


def test_no_secret_is_in_what_any_action_prints(run: Run, home: Path) -> None:
    (home / "seed").write_bytes(SEED)
    (home / "pass").write_text("correct horse")
    protected = ("--passphrase-file", "pass")
    printed = [
        *run("--do", "import", "--keyname", "me", "--key-file", "seed", "--encrypt", *protected)[1:],
        *run("--do", "keys")[1:],
        *run("--do", "sign", "--keyname", "me", "--val", "x", "--vv", *protected)[1:],
        *run("--do", "put", "--keyname", "me", "--val", "x", "--vv", *protected)[1:],
    ]
    assert SEED.hex() not in "".join(printed) and "correct horse" not in "".join(printed)
    assert PUBLIC.hex() in "".join(printed)
