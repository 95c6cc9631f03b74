"""The key manager in a real terminal, with real files and the real cost of a passphrase: what the terminal was sent,
what was written, and what other users of the machine can see has no secret in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from screens.keys.test_key_secrets import MARKED, PASSPHRASE, check_files, found
from support.tmux import Terminal, terminal

from dhtui.engine.keys import PrivateKey
from dhtui.keyring import Keyring
from dhtui.keyring.pem import write_pem


def field(term: Terminal, *texts: str) -> None:
    """Types texts into fields that follow each other."""
    for number, text in enumerate(texts):
        if number:
            term.press("Tab")
        if text:
            term.press("-l", text)


def nobody_sees(term: Terminal) -> None:
    assert not found(
        [term.screen(), subprocess.run(["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True).stdout]
    )


@pytest.mark.parametrize("colour", [True, False], ids=["colour", "no colour"])
def test_the_key_manager_from_import_to_delete(tmp_path: Path, colour: bool) -> None:
    (tmp_path / "in.pem").write_text(write_pem(MARKED))
    raw = tmp_path / "terminal.raw"
    settings = {"TEXTUAL_LOG": str(tmp_path / "textual.log")} | ({} if colour else {"NO_COLOR": "1"})
    with terminal(tmp_path, (80, 24), "--testnet 8 --state-dir state --record run.jsonl", **settings) as term:
        term.tmux("pipe-pane", "-O", f"cat > {raw}")
        term.wait("nodes answer")
        term.go("keys")
        term.press("i")
        term.wait("import a key")
        field(term, "mine", "in.pem")
        term.wait("✓ PKCS 8 in PEM; it signs")
        field(term, *[""] * 4, PASSPHRASE, PASSPHRASE)
        term.wait(lambda screen: screen.count("•" * len(PASSPHRASE)) == 2)
        nobody_sees(term)
        term.press("Enter")
        term.wait("The key mine is imported")
        term.wait("opened in this session")
        term.press("p")
        term.wait("1 change the passphrase")
        term.press("3")
        term.wait("locked: its passphrase")
        term.press("i")
        term.wait("import a key")
        field(term, "pasted", "", "")
        term.tmux("load-buffer", str(tmp_path / "in.pem"))
        term.tmux("paste-buffer", "-p", "-d")
        term.wait("✓ PKCS 8 in PEM; it signs")
        nobody_sees(term)
        term.press("Enter")
        term.wait("The key pasted is imported")
        term.press("d")
        term.wait("type its name")
        term.press("-l", "pasted")
        term.press("Enter")
        term.wait("The key pasted is deleted")
        term.wait("1 key in state/keys")
        term.press("g", "j")
        term.wait("▶mine")
        term.press("R")
        term.wait("type its passphrase")
        term.press("-l", "wrong")
        term.press("Enter")
        term.wait("✗ the passphrase does not open the key")
        term.press("-l", PASSPHRASE)
        term.press("Enter")
        term.wait("R shows it")
        nobody_sees(term)
        term.tmux("pipe-pane")
        term.press("R")
        term.wait(MARKED.secret.hex())
        term.press("Escape")
        term.wait(lambda screen: "private key of" not in screen)
        nobody_sees(term)
        term.press("r")
        term.wait("its new name")
        term.press("-l", "renamed")
        term.press("Enter")
        term.wait("mine is called renamed now")
        term.quit()
    check_files(tmp_path, {"in.pem"}, {"renamed", "terminal.raw", "run.jsonl"})
    sent = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", raw.read_text(errors="replace"))
    assert "import a key" in sent and not found([sent])
    assert Keyring(tmp_path / "state" / "keys").unlock("renamed", PASSPHRASE.encode()) == PrivateKey(
        MARKED.secret, "seed"
    )
