"""What the user can ask for: the options of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from ..engine.wire.compact import Addr
from .addresses import BootstrapNodes, HostPort
from .values import Target


class Options(NamedTuple):
    """What the user wants, read and checked value by value. `planning.plan` checks what belongs together."""

    given: frozenset[str] = frozenset()
    """The names of the fields that the command line set, to whatever value. What config.toml says is not asked for by
    this very run, and is passed over where it has no meaning."""
    do: str | None = None
    """The name of an action."""
    remote: tuple[HostPort, ...] | None = None
    """The nodes to ask; ``()`` is a full lookup by name, `None` one by default."""
    target: Target | None = None
    method: str | None = None
    args: bytes | None = None
    """JSON, as it was given."""
    raw: Path | None = None
    val: bytes | None = None
    val_file: Path | None = None
    val_bencoded: bytes | None = None
    val_as: str = "text"
    """How `val` and `val_file` are to be read, one of `items.value.FORMS`."""
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
    new_passphrase_file: Path | None = None
    new_name: str | None = None
    yes: bool = False
    out: Path | None = None
    signed_file: Path | None = None
    signature: bytes | None = None
    """64 bytes."""
    min_stored: int = 1
    dry_run: bool = False
    read_back: bool = False
    wide: bool = False
    keep: bool = False
    watch: float | None = None
    """Seconds."""
    annport: int | None = None
    annimplied: bool = False
    seed: bool | int = False
    """announce_peer: we have the whole torrent. conform: the seed of all random choices."""
    cases: str | None = None
    strict: bool = False
    skip: Path | None = None
    list: bool = False
    mine: bool = False
    long: bool = False
    listen: tuple[Addr, ...] | None = None
    """One of each family at most. `None`: any address and port, on a testnet any port of the loopback address."""
    family: str | None = None
    """``4``, ``6`` or ``both``; `None`: those of `listen`, else those that this machine has."""
    bnodes: BootstrapNodes | None = None
    """`None`: the saved nodes, then the public hosts."""
    did: bytes | None = None
    """20 bytes."""
    pip: tuple[Addr, ...] | None = None
    """Our public addresses, one of each family at most; port 0 where only the address is known."""
    blocklist: str | None = None
    """A file, or ranges."""
    blocklist_lenient: bool = False
    read_only: bool = False
    tsecret: bytes | None = None
    testnet: int | None = None
    """How many nodes; `None`: the real network."""
    latency: str = "none"
    """Of the testnet, as the following: one of `testnet.LATENCIES`."""
    loss: float = 0.0
    """The share of packets lost."""
    churn: bool = False
    liars: int = 0
    traffic: bool = False
    ksize: int = 8
    kconcurrency: int | None = None
    """`None`: 8, or `ksize` where that is smaller."""
    qconcurrency: int = 8
    qtimeout: float = 2.0
    """Seconds."""
    rate: float = 4.0
    """census: queries a second."""
    nodes: int = 1000
    """census: about how many nodes to find."""
    resume: Path | None = None
    list_infohashes: bool = False
    deadline: float = 30.0
    """Seconds."""
    wait: bool = False
    record: Path | None = None
    replay: Path | None = None
    serve: int | None = None
    """The port on 127.0.0.1, 0 for any; `None`: the explorer is shown in this terminal."""
    keys: tuple[tuple[str, str], ...] = ()
    """See `keymap.Keys`."""
    mouse: bool = True
    """Whether the explorer takes the mouse."""
    theme: str = ""
    """The name of a theme of the explorer; empty: the one that it remembers."""
    vv: bool = False
    json: bool = False
    quiet: bool = False
    state_dir: Path | None = None
    """`None`: the platform's folder, see `state_folder`."""
    config: Path | None = None
    print_completion: Literal["bash", "zsh", "fish", "tcsh"] | None = None
    man: bool = False
    help: str | None = None
    """The name of an action; empty: of the whole program."""
    version: bool = False
