"""Private keys of other programs, encrypted ones too, and keys that other programs read; advice has been tried."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha512
from pathlib import Path

import pytest

from dhtui.engine.keys import BadKey, PrivateKey
from dhtui.keyring import encrypted
from dhtui.keyring.encrypted import MAX_ITERATIONS, MAX_ROUNDS, EncryptedKey
from dhtui.keyring.openssh import read_envelope, read_secrets, write_openssh
from dhtui.keyring.reading import read_key
from dhtui.keyring.writing import write_key

SEED = bytes(range(32))
KEY = PrivateKey.from_seed(SEED)
SECRET = b"correct horse"

# Made with `ssh-keygen -t ed25519 -a 2 -f k -N "correct horse" -C test`, OpenSSH 9.2, and `openssl genpkey -algorithm
# ed25519 -aes256 -pass "pass:correct horse"`, OpenSSL 3.0.
OPENSSH_ENCRYPTED = """-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDssjOJfR
gMMY0hAG8rQn/nAAAAAgAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIBZENNoJudRQ0hNg
Xgt7Z+IJ6NW34fP9PhJnZhrDlOoUAAAAkIe4v3btdyEhJjzFi8sSIpzuapNihAyT1GXZ68
O1vLqiWtKTOGWhl8KYDR1tgpJdNmH8PJ0lpzCXhTsSPWarUCGtsOFgAqcgzI+sP6qGg4X8
7DPm8+dwwUMQIYUv/gljy5EyT6j43RJeeIMTgYu6CAVP6Vm2hhkyN2PZ92baWGvtsAu1Pw
AtSW4hfXRGeWJo/Q==
-----END OPENSSH PRIVATE KEY-----"""
OPENSSH_PUBLIC = "164434da09b9d450d213605e0b7b67e209e8d5b7e1f3fd3e1267661ac394ea14"
PKCS8_ENCRYPTED = """-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg5Q9mnhVoYjAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENNX6jfhj15kIfgMUKFTnuIEQNGZ
yCBkp6gYQxLtz4vJgwuepp89VtZ08BE+U4hv/JMFT9E/qxiGX81aQMtWpJLr9/+Y
DX8AtSOVAT3+vem+qfo=
-----END ENCRYPTED PRIVATE KEY-----"""
PKCS8_PUBLIC = "8bcdf7545fc678d8d4a7a7dd5cfc2d4563b2c24d1117e278e8c6c505a4df2887"


def given(passphrase: bytes = SECRET) -> Callable[[], bytes]:
    return lambda: passphrase


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def run(*argv: str | Path) -> bytes:
    return subprocess.run([*map(str, argv)], check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


# ---- vectors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "public", "kind"),
    [(OPENSSH_ENCRYPTED, OPENSSH_PUBLIC, "OpenSSH"), (PKCS8_ENCRYPTED, PKCS8_PUBLIC, "PKCS 8")],
    ids=["OpenSSH", "PKCS 8"],
)
def test_an_encrypted_key_is_opened_by_its_passphrase_alone(text: str, public: str, kind: str) -> None:
    pytest.importorskip("cryptography")
    pytest.importorskip("bcrypt")
    found = read_key(text.encode(), passphrase=given())
    assert found.key.public.hex() == public and kind in found.kind and "encrypted" in found.kind
    with pytest.raises(BadKey, match="the passphrase does not open the key"):
        read_key(text.encode(), passphrase=given(b"wrong"))
    with pytest.raises(EncryptedKey, match="it needs its passphrase"):
        read_key(text.encode())


def test_an_encrypted_key_is_the_same_key_without_its_pem() -> None:
    pytest.importorskip("cryptography")
    pytest.importorskip("bcrypt")
    der = base64.b64decode("".join(PKCS8_ENCRYPTED.splitlines()[1:-1]))
    for data in (der, der + b"\n", der.hex().encode()):
        found = read_key(data, passphrase=given())
        assert (found.key.public.hex(), found.kind) == (PKCS8_PUBLIC, "PKCS 8 in DER, encrypted")
        with pytest.raises(EncryptedKey, match="it needs its passphrase"):
            read_key(data)


def test_a_public_key_in_der_is_called_one() -> None:
    public = bytes.fromhex("302a300506032b6570032100" + PKCS8_PUBLIC)
    with pytest.raises(BadKey, match="this is a public key; a private key is needed"):
        read_key(public)


@pytest.mark.parametrize("text", [OPENSSH_ENCRYPTED, PKCS8_ENCRYPTED], ids=["OpenSSH", "PKCS 8"])
def test_without_the_library_it_is_said_what_to_do(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    with pytest.raises(BadKey, match=r"dhtui\[keys\] .* is not installed.*(ssh-keygen -p -N ''|openssl pkey)"):
        read_key(text.encode(), passphrase=given())


def test_what_would_take_for_ever_is_not_begun() -> None:
    block = "".join(OPENSSH_ENCRYPTED.splitlines()[1:-1])
    data = base64.b64decode(block)
    rounds = read_envelope(data).rounds
    place = data.index(b"bcrypt") + len(b"bcrypt") + 4 + 4 + 16
    assert int.from_bytes(data[place : place + 4], "big") == rounds
    slow = data[:place] + (MAX_ROUNDS + 1).to_bytes(4, "big") + data[place + 4 :]
    text = (
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{base64.b64encode(slow).decode()}\n-----END OPENSSH PRIVATE KEY-----\n"
    )
    with pytest.raises(BadKey, match="more than the 1024"):
        read_key(text.encode(), passphrase=given())
    der = base64.b64decode("".join(PKCS8_ENCRYPTED.splitlines()[1:-1]))
    assert b"\x02\x02\x08\x00" in der, "2048 iterations"
    # A longer number makes every element around it longer: those lengths are one byte each here.
    with pytest.raises(BadKey, match="reasonable"):
        encrypted._bounded(MAX_ITERATIONS + 1, MAX_ITERATIONS)
    encrypted.check_cost(der)


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_damaged_keys_are_refused_in_words(cut: int) -> None:
    for text in (OPENSSH_ENCRYPTED, PKCS8_ENCRYPTED, write_key(KEY, "openssh"), write_key(KEY, "pem")):
        head, *body, tail = text.strip().splitlines()
        data = bytearray(base64.b64decode("".join(body)))
        for mangled in (data[:cut], data[:cut] + b"\xff" + data[cut + 1 :]):
            block = f"{head}\n{base64.b64encode(bytes(mangled)).decode()}\n{tail}\n"
            try:
                read_key(block.encode())
            except BadKey as problem:
                assert str(problem).isprintable()


# ---- what we write -----------------------------------------------------------------------------------------------


def test_each_form_is_what_it_says() -> None:
    stretched = bytearray(sha512(SEED).digest())
    stretched[0] &= 248
    stretched[31] = stretched[31] & 63 | 64
    assert write_key(KEY, "expanded") == f"{stretched.hex()}\n"
    assert PrivateKey.from_expanded(bytes(stretched)).public == KEY.public
    assert write_key(KEY, "nacl") == f"{SEED.hex()}{KEY.public.hex()}\n"
    assert write_key(KEY, "public") == f"{KEY.public.hex()}\n" and SEED.hex() not in write_key(KEY, "public")
    assert read_key(write_key(KEY, "nacl").encode(), "go").key == KEY
    expanded = read_key(write_key(KEY, "expanded").encode()).key
    assert isinstance(expanded, PrivateKey) and expanded.public == KEY.public
    assert write_key(expanded, "expanded") == write_key(KEY, "expanded")
    for form in ("nacl", "openssh", "pem"):
        with pytest.raises(BadKey, match="expanded key has none"):
            write_key(expanded, form)


def test_openssh_is_written_as_it_is_read() -> None:
    text = write_openssh(KEY, b"1234")
    envelope = read_envelope(base64.b64decode("".join(text.splitlines()[1:-1])))
    assert envelope.cipher == b"none" and envelope.public == KEY.public and read_secrets(envelope) == KEY
    assert len(envelope.secrets) % 8 == 0
    assert read_key(text.encode()).kind == "a key of OpenSSH"


# ---- the real programs -------------------------------------------------------------------------------------------


@needs("ssh-keygen")
@pytest.mark.parametrize("passphrase", [b"", SECRET], ids=["plain", "encrypted"])
def test_what_ssh_keygen_makes_is_read(tmp_path: Path, passphrase: bytes) -> None:
    if passphrase:
        pytest.importorskip("cryptography")
    file = tmp_path / "k"
    run("ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", passphrase.decode(), "-C", "a comment", "-f", file)
    public = base64.b64decode(file.with_suffix(".pub").read_text().split()[1])[-32:]
    assert read_key(file.read_bytes(), passphrase=given(passphrase)).key.public == public


@needs("ssh-keygen")
def test_ssh_keygen_reads_what_we_write(tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text(write_key(KEY, "openssh"))
    file.chmod(0o600)
    assert base64.b64decode(run("ssh-keygen", "-y", "-f", file).split()[1])[-32:] == KEY.public


@needs("ssh-keygen")
def test_the_advice_about_ssh_keygen_works(tmp_path: Path) -> None:
    assert encrypted.OPENSSH_ADVICE.endswith("`ssh-keygen -p -N '' -f COPY`")
    copy = tmp_path / "copy"
    copy.write_text(OPENSSH_ENCRYPTED + "\n")
    copy.chmod(0o600)
    run("ssh-keygen", "-p", "-P", SECRET.decode(), "-N", "", "-f", copy)
    assert read_key(copy.read_bytes()).key.public.hex() == OPENSSH_PUBLIC


@needs("openssl")
@pytest.mark.parametrize("cipher", ["-aes256", "-aes128", "-des3"])
def test_what_openssl_encrypts_is_read(tmp_path: Path, cipher: str) -> None:
    pytest.importorskip("cryptography")
    file, out = tmp_path / "k.pem", tmp_path / "e.pem"
    file.write_text(write_key(KEY, "pem"))
    run("openssl", "pkey", "-in", file, cipher, "-passout", f"pass:{SECRET.decode()}", "-out", out)
    assert read_key(out.read_bytes(), passphrase=given()).key == KEY


@needs("openssl")
def test_the_advice_about_openssl_works(tmp_path: Path) -> None:
    assert encrypted.PKCS8_ADVICE == "decrypt it with `openssl pkey -in FILE -out NEW`"
    file, out = tmp_path / "k.pem", tmp_path / "new.pem"
    file.write_text(PKCS8_ENCRYPTED + "\n")
    run("openssl", "pkey", "-in", file, "-passin", f"pass:{SECRET.decode()}", "-out", out)
    assert read_key(out.read_bytes()).key.public.hex() == PKCS8_PUBLIC


# ---- the command line ----------------------------------------------------------------------------------------------


def dhtui(home: Path, *argv: str | Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(home))
    command = [sys.executable, "-m", "dhtui", "--do", *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, check=False)


def test_a_passphrase_file_opens_the_key_that_is_imported(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    (tmp_path / "k").write_text(OPENSSH_ENCRYPTED)
    (tmp_path / "pass").write_bytes(SECRET + b"\n")
    argv = ("import", "--keyname", "ssh", "--key-file", tmp_path / "k")
    asked = dhtui(tmp_path, *argv)
    assert asked.returncode == 2 and "--passphrase-file" in asked.stderr and "Traceback" not in asked.stderr
    done = dhtui(tmp_path, *argv, "--passphrase-file", tmp_path / "pass", "--encrypt")
    assert done.returncode == 0 and "a key of OpenSSH, encrypted" in done.stdout and OPENSSH_PUBLIC in done.stdout
    assert "encrypted, in" in done.stdout
    public = dhtui(tmp_path, "export", "--keyname", "ssh", "--format", "public")
    assert (public.returncode, public.stdout) == (0, f"{OPENSSH_PUBLIC}\n"), "nobody is asked for a public key"
    again = dhtui(tmp_path, "export", "--keyname", "ssh", "--format", "openssh", "--passphrase-file", tmp_path / "pass")
    assert read_key(again.stdout.encode()).key.public.hex() == OPENSSH_PUBLIC


def test_a_passphrase_of_no_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_text(SEED.hex())
    (tmp_path / "pass").write_bytes(SECRET)
    for more in (("--passphrase-file", tmp_path / "pass"),):
        refused = dhtui(tmp_path, "import", "--keyname", "me", "--key-file", tmp_path / "k", *more)
        assert refused.returncode == 2 and "the key is not encrypted" in refused.stderr
    public = dhtui(tmp_path, "export", "--keyname", "bep44test", "--format", "public", *more)
    assert public.returncode == 2 and "nobody is asked" in public.stderr
