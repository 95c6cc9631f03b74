"""What the user can ask for: the actions, and the options of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..engine.wire.compact import Addr
from .values import BootstrapNodes, HostPort, Target

ACTIONS = {
    "bootstrap": "join the network, and say which nodes answered",
    "ping": "ask the --remote nodes whether they are there: id, round trip, client, our address to them",
    "find_node": "find the nodes nearest to --target",
    "get_peers": "find the peers of the infohash --target",
    "announce_peer": "tell the nodes nearest to --target that a peer is here (--annport or --annimplied)",
    "get": "fetch the item at --target, or that of a key (--keyname, --public-key) and --salt, and verify it",
    "put": "store a value: immutable, or with --keyname mutable and signed",
    "closest_stores": "list the nodes that an item at --target belongs on, and what they hold",
    "closest_peers": "list the nodes that know the peers of --target, and the peers",
    "genkey": "make a key and keep it as --keyname",
    "keys": "list the keys: public key in hex and z-base-32, kind, the seq last put under each salt",
    "import": "keep the private key in --key-file as --keyname: hex, base64, raw, PEM, DER, OpenSSH, JWK, paper",
    "export": "print the private key --keyname, or write it to --out, in one of seven --format",
    "sign": "sign a value without sending it: what is signed, signature and target; --out keeps it for put",
    "verify": "check --signed-file, and whose it is (--public-key), or a value with --public-key and --signature",
    "republish": "look after the items that put or get were told to --keep: those that are due, once",
    "id": "show our own id, our address as others see it, and whether the two fit (BEP 42)",
}
"""The actions, each with what it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user wants, read and checked value by value. `request.plan` checks what belongs together."""

    given: frozenset[str] = frozenset()
    """The names of the fields that the command line set, to whatever value. What config.toml says is not asked for by
    this very run, and is passed over where it has no meaning."""
    do: str | None = None
    """One of `ACTIONS`."""
    remote: tuple[HostPort, ...] | None = None
    """The nodes to ask; ``()`` is a full lookup by name, `None` one by default."""
    target: Target | None = None
    val: bytes | None = None
    val_file: Path | None = None
    val_bencoded: bytes | None = None
    val_as: str = "text"
    """How `val` and `val_file` are to be read, one of `itemvalue.FORMS`."""
    salt: bytes = b""
    seq: int | None = None
    cas: int | None = None
    newer_than: int | None = None
    keyname: str | None = None
    public_key: bytes | None = None
    """32 bytes."""
    show_private: bool = False
    key_file: Path | None = None
    key_form: str = "auto"
    """One of `keyring.reading.FORMS`."""
    format: str = "hex"
    """One of `keyring.writing.FORMATS`."""
    encrypt: bool = False
    passphrase_file: Path | None = None
    out: Path | None = None
    signed_file: Path | None = None
    signature: bytes | None = None
    """64 bytes."""
    min_stored: int = 1
    dry_run: bool = False
    read_back: bool = False
    keep: bool = False
    watch: float | None = None
    """Seconds."""
    annport: int | None = None
    annimplied: bool = False
    listen: Addr | None = None
    """`None`: any address and port, on a testnet any port of 127.0.0.1."""
    bnodes: BootstrapNodes | None = None
    """`None`: the saved nodes, then the public hosts."""
    did: bytes | None = None
    """20 bytes."""
    pip: Addr | None = None
    """Our public address; port 0 where only the address is known."""
    blocklist: str | None = None
    """A file, or ranges."""
    blocklist_lenient: bool = False
    read_only: bool = False
    tsecret: bytes | None = None
    testnet: int | None = None
    """How many nodes; `None`: the real network."""
    ksize: int = 8
    kconcurrency: int | None = None
    """`None`: 8, or `ksize` where that is smaller."""
    qconcurrency: int = 8
    qtimeout: float = 2.0
    """Seconds."""
    deadline: float = 30.0
    """Seconds."""
    wait: bool = False
    record: Path | None = None
    replay: Path | None = None
    serve: int | None = None
    """The port on 127.0.0.1, 0 for any; `None`: the explorer is shown in this terminal."""
    keys: tuple[tuple[str, str], ...] = ()
    """See `keymap.Keys`."""
    vv: bool = False
    json: bool = False
    state_dir: Path | None = None
    """`None`: the platform's folder, see `state_folder`."""
    config: Path | None = None
    print_completion: Literal["bash", "zsh", "tcsh"] | None = None
    help: bool = False
    version: bool = False
