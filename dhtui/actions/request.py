"""What a run is to do, ready to be carried out: checked as a whole, and without the options that it was made of.

`options.planning` makes these. Nobody is asked anything for that: a passphrase is wanted once a request is carried
out, see `unlocking`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ..engine.wire.address import address_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..conform.case import Case
    from ..engine.items import Draft, ImmutableItem, MutableItem
    from ..engine.wire.compact import Addr

STDOUT = Path("-")
"""What --out names standard output by."""


class HostPort(NamedTuple):
    """A node as the user names it; `host` is an address, without brackets, or a name still to be resolved."""

    host: str
    port: int

    def __str__(self) -> str:
        return address_text(self)


class KeyChoice(NamedTuple):
    """A key that the user named, and where its passphrase is."""

    folder: Path
    """That of the keyring."""
    name: str
    """In the keyring, or the path of a key file."""
    passphrase: Path | None = None
    """The file with it in its first line, ``-`` for standard input; `None`: the terminal is asked."""
    patience: float | None = None
    """Seconds to wait for files that turn out to be pipes; `None`: no end."""


# ---- on the network -------------------------------------------------------------------------------------


class Unsigned(NamedTuple):
    """A mutable item to be put, whose key may still have to be unlocked. See `Draft` for the numbers."""

    v: bytes
    """The value, bencoded."""
    key: KeyChoice
    target: bytes
    """20 bytes."""
    salt: bytes = b""
    seq: int | None = None
    base: int | None = None
    known: int | None = None


class CensusOf(NamedTuple):
    """How a census is taken."""

    rate: float
    """Queries a second."""
    nodes: int
    """About how many nodes to find."""
    file: Path | None
    """Where it is kept, to go on later."""
    listed: bool
    """Whether the infohashes that were given are listed."""


class Zone(NamedTuple):
    """The records of one key, to be signed."""

    key: KeyChoice
    public: bytes
    """32 bytes."""
    v: bytes
    """A DNS packet (pkarr), bencoded."""
    known: int | None = None
    """The last seq that was put with this key."""


class ManyOf(NamedTuple):
    """An action with many targets: each a line of a file, or the records of a key."""

    file: Path | None
    """With a target a line; ``-`` is standard input."""
    zones: tuple[Zone, ...] = ()
    parallel: int | None = None
    """For how many targets the node is asked at once; `None`: as many as it ever begins."""
    rate: float | None = None
    """Targets begun a second, at most."""
    least: float = 1.0
    """The share that has to be found."""
    journal: Path | None = None
    """The file that the results are added to, and in which those of earlier runs are."""
    progress: bool = False
    """Whether it is said how far it is, also where that is no terminal."""


class Request(NamedTuple):
    """One action on the network."""

    action: str
    remotes: tuple[HostPort, ...] | None = None
    """The nodes to ask; `None` is a full lookup."""
    target: bytes | None = None
    """20 bytes; `None` is our own id, or no target."""
    also: tuple[bytes, ...] = ()
    """get_peers, announce_peer, closest_peers: the other infohash of a hybrid torrent."""
    public: bytes | None = None
    """get, closest_stores: whose item it is, 32 bytes, if that is known."""
    port: int = 0
    """announce_peer: the port, 0 for the implied one."""
    seed: bool = False
    """announce_peer: we have the whole torrent (BEP 33)."""
    what: ImmutableItem | MutableItem | Unsigned | Draft | None = None
    """put: what to store."""
    min_stored: int = 1
    """put: on how many nodes it must be stored to be a success."""
    wait: bool = False
    """Whether the node stays once it is done, and serves others."""
    trace: bool = False
    """Whether each packet is told."""
    record: Path | None = None
    """The file that the run is recorded in."""
    dry_run: bool = False
    """put: only look where it would be stored."""
    read_back: bool = False
    """put: look it up afterwards, as a stranger would."""
    census: CensusOf | None = None
    wide: bool = False
    """put: store on all nodes out to the expected distance of the 8th closest."""
    salt: bytes = b""
    at_least: int | None = None
    newer_than: int | None = None
    cas: int | None = None
    key: KeyChoice | None = None
    """The key that was named."""
    keep: bool = False
    """put, get: keep the item alive from now on."""
    watch: float | None = None
    """get: seconds after which to look again, for ever."""
    out: Path | None = None
    """get: the new file for the bytes of the value; `STDOUT`: they alone go to standard output."""
    method: str = ""
    """query: the method."""
    args: bytes = b""
    """query: its arguments, a bencoded dictionary without our id."""
    raw: bytes = b""
    """query: a whole datagram, in place of both."""
    deadline: float | None = 30.0
    """Seconds until it is given up; `None`: it takes as long as it takes."""
    state: Path = Path()
    """The state folder, with the keyring and the list of kept items."""
    stays: bool = False
    """Whether the node serves afterwards. Then a bootstrap needs nobody: it may be the first of its network."""
    many: ManyOf | None = None
    """The action is for each of these, in place of `target`, `remotes` or `what`."""
    remembers: bool = True
    """Whether what is put is noted in the state folder; not on a testnet, whose numbers mean nothing elsewhere."""


# ---- without a node -------------------------------------------------------------------------------------


class SignItem(NamedTuple):
    """Sign a value."""

    action: str
    key: KeyChoice
    v: bytes
    """The value, bencoded."""
    salt: bytes
    seq: int
    show_private: bool
    out: Path | None


class VerifyItem(NamedTuple):
    """Check whether an item is genuine, and what is said of it."""

    action: str
    key: KeyChoice | None
    item: MutableItem
    public: bytes | None
    """Who must have signed, 32 bytes."""
    target: bytes | None
    """Where it must belong, 20 bytes."""


class MakeKey(NamedTuple):
    """Make a key."""

    action: str
    key: KeyChoice
    encrypt: bool
    show_private: bool


class ListKeys(NamedTuple):
    """List the keyring."""

    action: str
    folder: Path
    key: None = None


class ImportKey(NamedTuple):
    """Take a private key into the keyring."""

    action: str
    key: KeyChoice
    file: Path
    form: str
    """One of `keyring.reading.FORMS`."""
    public: bytes | None
    encrypt: bool


class ExportKey(NamedTuple):
    """Give a private key out."""

    action: str
    key: KeyChoice
    format: str
    """One of `keyring.writing.FORMATS`."""
    out: Path | None


class RenameKey(NamedTuple):
    """Give a key another name."""

    action: str
    key: KeyChoice
    new_name: str


class DeleteKey(NamedTuple):
    """Remove a key for ever."""

    action: str
    key: KeyChoice


class EncryptKey(NamedTuple):
    """Encrypt a key, or change its passphrase."""

    action: str
    key: KeyChoice
    new: Path | None
    """The file with the passphrase that it gets; `None`: that of `key` where it is in the clear, else the terminal."""


class DecryptKey(NamedTuple):
    """Keep a key in the clear."""

    action: str
    key: KeyChoice


class ListKept(NamedTuple):
    """List the items that are kept alive."""

    action: str
    state: Path
    """The state folder."""
    key: None = None


class ChangeKept(NamedTuple):
    """Pause, resume or let go a kept item: the name of the action says which."""

    action: str
    state: Path
    target: bytes
    """20 bytes."""
    salt: bytes = b""
    """The one that the item must have, where one was given."""
    key: None = None


class ConformRequest(NamedTuple):
    """Test a node against the rules of the BEPs."""

    action: str
    remote: HostPort | None
    """The node; `None` where the cases are listed only."""
    cases: tuple[Case, ...]
    seed: int | None
    """Of all random choices; `None`: any."""
    known: Mapping[str, str]
    """Known failures: their reasons, by the numbers of their cases."""
    strict: bool = False
    """Whether what is non-strict is a failure."""
    listed: bool = False
    """Whether the cases are only listed."""
    mine: bool = False
    """Whether the node is the user's own, wherever it is."""
    long: bool = False
    """Whether the cases are run that wait for minutes or hours."""
    listen: tuple[str, int] | None = None
    """Where the first node of our small network listens; `None`: there is none."""
    out: Path | None = None
    """The new file for a report, of the form that its ending says."""
    record: Path | None = None
    """The new folder for a recording of each case that was not passed."""
    deadline: float | None = None
    """Seconds; `None`: it takes as long as it takes."""
    key: None = None


class ReadCapture(NamedTuple):
    """Tell what a capture of packets holds: the name of the action says what of it."""

    action: str
    file: Path
    """``-`` is standard input."""
    me: Addr | None = None
    """The node that it is about; `None`: the endpoint of most messages."""
    filter: str = ""
    """packets: a valid filter of the packet list."""
    key: None = None


KeyRequest: TypeAlias = MakeKey | ListKeys | ImportKey | ExportKey | RenameKey | DeleteKey | EncryptKey | DecryptKey
OfflineRequest: TypeAlias = SignItem | VerifyItem | KeyRequest | ListKept | ChangeKept | ConformRequest | ReadCapture
AnyRequest: TypeAlias = Request | OfflineRequest
