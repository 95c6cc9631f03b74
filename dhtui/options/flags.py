"""Every setting once: its flag, its key in config.toml, how it is read, its default and its help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from ..actions.spec import ACTIONS, SPELLINGS
from ..bindings import keymap
from ..bindings.commands import THEMES
from ..errors import UsageError, nearest, quoted
from . import addresses, values

SHELLS = ("bash", "zsh", "fish", "tcsh")
VALUE_FORMS = ("text", "hex", "json", "bencode")
KEY_FORMS = ("auto", "seed", "go", "expanded", "original")
KEY_FORMATS = ("hex", "pem", "paper", "openssh", "nacl", "expanded", "public")
MAX_TESTNET = 1000
MAX_LIARS = MAX_TESTNET - 3
MAX_LOSS = 50
"""Percent."""


class Setting(NamedTuple):
    """One setting: a flag, and unless it is about a single run a key of config.toml by the same name."""

    name: str
    group: str
    help: str
    shape: str = ""
    """What its value looks like, for people; empty for a switch."""
    alone: str | None = None
    """The value it has when it is given without one; `None`: it needs one, or is a switch."""
    read: Callable[[str], object] = values.boolean
    default: str = ""
    """In words, for people."""
    in_file: bool = True
    choices: tuple[str, ...] = ()
    """Words that it takes."""
    completes: Literal["", "file", "folder", "key"] = ""
    """What a shell may offer for its value."""
    variable: str = ""
    """The environment variable that gives it, where the command line does not."""

    @property
    def is_switch(self) -> bool:
        """Whether it takes no value."""
        return not self.shape

    @property
    def summary(self) -> str:
        """The first sentence of its help."""
        return self.help.partition(". ")[0].rstrip(".")

    @property
    def field(self) -> str:
        """Its name in `Options`."""
        return self.name.replace("-", "_")


def _action(text: str) -> str:
    name = SPELLINGS.get(text, text)
    if name not in ACTIONS:
        near = nearest(text, ACTIONS)
        hint = f", did you mean {near}?" if near else ""
        raise UsageError(f"unknown action {quoted(text)}{hint}; there are {', '.join(ACTIONS)}")
    return name


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise UsageError(f"{quoted(text)} is none of {', '.join(words)}")
        return text

    return read


def _help(text: str) -> str | None:
    """Empty: of everything; `None`: of nothing, as with a switch that is turned off."""
    if text in ("", "true", "1"):
        return ""
    return None if text in ("false", "0") else _action(text)


def _text(text: str) -> str:
    if not text:
        raise UsageError("it is empty")
    return text


_SEQ = values.integer(0, 2**63 - 1)

ACTION, ITEM, NODE, LIMITS, OUTPUT = "What to do", "Items and keys", "The node", "Limits", "Output and files"
GROUPS = (ACTION, ITEM, NODE, LIMITS, OUTPUT)


def _run(name: str, group: str, help: str, **more: Any) -> Setting:
    """A setting of a single run, which makes no sense in a file."""
    return Setting(name=name, group=group, help=help, in_file=False, **more)


SETTINGS: tuple[Setting, ...] = (
    _run(
        "do",
        ACTION,
        "Run one action without the explorer, and leave. The actions are listed above.",
        shape="ACTION",
        read=_action,
        choices=tuple(ACTIONS),
        default="open the explorer; with --wait, bootstrap",
    ),
    _run(
        "remote",
        ACTION,
        "Ask just these nodes. closest_stores or closest_peers: do the full lookup first, as without the flag.",
        shape="HOST:PORT,… | closest_stores | closest_peers",
        read=addresses.remotes,
        choices=addresses.LOOKUP_WORDS,
        default="a full lookup",
    ),
    _run(
        "target",
        ACTION,
        "What to look for: an infohash (base32 and v2 too), an item's target, a node id, a public key in any of its "
        "forms, or a magnet link with xt=urn:btih, xt=urn:btmh (of a hybrid one both), or xs=urn:btpk and s.",
        shape="40 HEX | self | KEY | MAGNET",
        read=values.target,
        choices=("self",),
    ),
    _run(
        "method",
        ACTION,
        "query: the method, of 1 to 64 bytes, whether any BEP names it or not.",
        shape="NAME",
        read=_text,
    ),
    _run(
        "args",
        ACTION,
        "query: its arguments, an object of JSON: strings are bytes, in hex behind hex:, and numbers whole. Our id is "
        "added, and cannot be given.",
        shape="JSON",
        read=values.argument_bytes,
        default="none but our id",
    ),
    _run(
        "raw",
        ACTION,
        "query: the whole datagram, from a file of at most 2048 bytes; - is standard input. It is sent as it is, "
        "whatever rule it breaks, but for the values of t and a.id, which are ours.",
        shape="FILE",
        read=values.path,
        completes="file",
    ),
    _run("annport", ACTION, "The port that announce_peer announces.", shape="1-65535", read=values.integer(1, 65535)),
    _run("annimplied", ACTION, "Announce the port that our packets come from."),
    _run(
        "seed",
        ACTION,
        "announce_peer: the peer has the whole torrent (BEP 33). conform: the number that all random choices come "
        "from, to repeat a run.",
        shape="[NUMBER]",
        alone="true",
        read=values.truth_or_number,
    ),
    _run(
        "cases",
        ACTION,
        "conform: which cases, by number or by BEP; robustness is H.",
        shape="44,5.04,bep33,H",
        read=_text,
        default="all that can be run here",
    ),
    _run("strict", ACTION, "conform: a SHOULD that is missed is a failure, too."),
    _run(
        "skip",
        ACTION,
        "conform: known failures, a number and a reason a line. They are run, and do not count; one that passes is "
        "reported as stale.",
        shape="FILE",
        read=values.path,
        completes="file",
    ),
    _run("list", ACTION, "conform: list the cases, and send nothing."),
    _run(
        "mine",
        ACTION,
        "conform: the node is one's own though its address is public: send it floods and hostile packets, too.",
    ),
    _run("long", ACTION, "conform: also the cases that wait for minutes or hours, side by side, at the end."),
    _run(
        "wait",
        ACTION,
        "Once the action has succeeded, serve until SIGINT or SIGTERM, looking after the items of --keep; then save id "
        "and nodes. If it failed, leave at once.",
    ),
    _run("val", ITEM, "The value to put or sign, a string.", shape="TEXT", read=values.argument_bytes),
    _run(
        "val-file",
        ITEM,
        "The same, the bytes of a file; - is standard input.",
        shape="FILE",
        read=values.path,
        completes="file",
    ),
    _run(
        "val-bencoded",
        ITEM,
        "The same, any bencoded value; @FILE reads it from a file.",
        shape="BENCODE | @FILE",
        read=values.argument_bytes,
    ),
    _run(
        "val-as",
        ITEM,
        'How --val or --val-file is to be read. json: bytes that are no text are written as "hex:00ff".',
        shape=" | ".join(VALUE_FORMS),
        read=_one_of(*VALUE_FORMS),
        choices=VALUE_FORMS,
        default="text",
    ),
    _run(
        "keyname",
        ITEM,
        "A key of the keyring, or the path of a .key file. put and sign sign with it; get and closest_stores look for "
        "its item; verify wants its signature. bep44test is built in, and public.",
        shape="NAME | FILE",
        read=_text,
        completes="key",
    ),
    _run(
        "public-key",
        ITEM,
        "get, closest_stores and the actions on kept items: the item of this public key, and --salt. verify: who must "
        "have signed. import: the public key that the private one must have. z-base-32 (pkarr) does as well, also in "
        "pk: and in URLs.",
        shape="64 HEX | 52 Z-BASE-32",
        read=values.public_key,
    ),
    _run("salt", ITEM, "The salt of a mutable item, at most 64 bytes.", shape="TEXT | hex:00FF", read=values.salt),
    _run(
        "seq",
        ITEM,
        "put, sign: the sequence number; one lower than the last one put with this key and salt is refused. get: take "
        "nothing older.",
        shape="NUMBER",
        read=_SEQ,
        default="put: the highest seen plus one; sign: the last one put plus one, or 0",
    ),
    _run(
        "newer-than",
        ITEM,
        "get: ask nodes to send the item only if its sequence number is above this.",
        shape="NUMBER",
        read=_SEQ,
    ),
    _run(
        "cas",
        ITEM,
        "put: only if nothing newer than this is there, the sequence number that the value was made from. "
        "An update that somebody else makes meanwhile is a conflict, shown and exit 5; neither is lost silently.",
        shape="NUMBER",
        read=_SEQ,
    ),
    _run("show-private", ITEM, "sign, genkey: print the private key too."),
    _run(
        "signed-file",
        ITEM,
        "put: store the item that sign --out wrote, perhaps on another machine; no key is needed. verify: check it.",
        shape="FILE",
        read=values.path,
        completes="file",
    ),
    _run("signature", ITEM, "verify: the signature to check.", shape="128 HEX", read=values.signature),
    _run(
        "min-stored",
        ITEM,
        "put: on how many nodes it must be stored to be a success; at most as many as it can be stored on (--ksize).",
        shape="1-20",
        read=values.integer(1, 20),
        default="1",
    ),
    _run("dry-run", ITEM, "put: look up where it would be stored, and with which seq; store nothing."),
    _run(
        "read-back",
        ITEM,
        "put: look it up afterwards as a stranger would, starting at none of the nodes written to, and tell what each "
        "node gives. If a lookup does not find it, exit 4.",
    ),
    _run(
        "wide",
        ITEM,
        "put: store on every node out to the expected distance of the 8th closest, past any crowd around the target "
        "(see sybil_check).",
    ),
    _run(
        "keep",
        ITEM,
        "put, get: keep the item alive from now on: the explorer, and a run with --wait, look after it hourly, "
        "republish once, for cron.",
    ),
    _run(
        "watch",
        ITEM,
        "get: look again and again, this long apart, and print what has changed, until Ctrl+C.",
        shape="60s | 5m | SECONDS",
        read=values.interval,
    ),
    _run(
        "key-file",
        ITEM,
        "import: the file with the private key; - is standard input. A private key is never an argument, for "
        "everybody on this machine can see those.",
        shape="FILE",
        read=values.path,
        completes="file",
    ),
    _run(
        "key-form",
        ITEM,
        "import: what the bytes are. 128 hex digits of a seed and its public key need it, or --public-key: original is "
        "the key that mh-cbon/dht published with, go what all others mean by them.",
        shape=" | ".join(KEY_FORMS),
        read=_one_of(*KEY_FORMS),
        choices=KEY_FORMS,
        default="auto: as they show themselves",
    ),
    _run(
        "format",
        ITEM,
        "export: as hex, as PEM (PKCS 8), in lines to be written down by hand, in OpenSSH's format, as the 64 bytes of "
        "NaCl or the 64 expanded ones of libtorrent, in hex; or the public key alone.",
        shape=" | ".join(KEY_FORMATS),
        read=_one_of(*KEY_FORMATS),
        choices=KEY_FORMATS,
        default="hex",
    ),
    _run(
        "out",
        ITEM,
        "sign: write the signed item to this new file. export: write the key, to one that only you can read. get: "
        "write the bytes of the value, of one that is no string its bencode. conform: write the report, as .json, .xml "
        "(JUnit), .tap or .sarif. No file is overwritten; - is standard output, but for conform.",
        shape="FILE",
        read=values.path,
        completes="file",
    ),
    _run("encrypt", ITEM, "genkey, import: keep the key encrypted under a passphrase."),
    _run(
        "passphrase-file",
        ITEM,
        "The passphrase of the key is the first line of this file; - is standard input. import: it opens a key that "
        "another program encrypted, which keeps it with --encrypt.",
        shape="FILE",
        read=values.path,
        completes="file",
        default="asked for on the terminal",
    ),
    _run(
        "new-passphrase-file",
        ITEM,
        "encrypt: the same, of the passphrase that the key gets. Of a key in the clear --passphrase-file does as well.",
        shape="FILE",
        read=values.path,
        completes="file",
        default="asked for on the terminal",
    ),
    _run("new-name", ITEM, "rename: the name that the key gets.", shape="NAME", read=_text),
    _run("yes", ITEM, "delete: it is meant. Nobody can ever again sign with a key that is deleted."),
    Setting(
        name="listen",
        group=NODE,
        help="The addresses to bind, one of each family at most, joined by commas; an IPv6 address stands in "
        "brackets, [::1]:6881. Without a host: both families. conform: where a small network of ours is to be "
        "joined by the node that is tested; further nodes of it listen on the following loopback addresses.",
        shape="[HOST]:PORT,…",
        read=addresses.listen,
        default="any address and a free port; with --testnet loopback",
    ),
    Setting(
        name="family",
        group=NODE,
        help="The address families to use: IPv4, IPv6, or both. With 4 or 6 there is nothing of the other.",
        shape="4 | 6 | both",
        read=_one_of(*addresses.FAMILY_WORDS),
        choices=addresses.FAMILY_WORDS,
        default="those of --listen, else those that this machine has; with --testnet 4",
    ),
    Setting(
        name="bnodes",
        group=NODE,
        help="The nodes to start from: the well-known hosts, none, or a list, joined by commas, semicolons or blanks.",
        shape="public | no | HOST:PORT,…",
        read=addresses.bootstrap_nodes,
        choices=("public", "no"),
        variable="DHTUI_BNODES",
        default="the nodes saved last time, then public",
    ),
    _run(
        "testnet",
        NODE,
        "Start a network of this many nodes on 127.x.y.z in this process and join it: works "
        "offline, keeps no state, needs no --bnodes.",
        shape=f"1-{MAX_TESTNET}",
        read=values.integer(1, MAX_TESTNET),
    ),
    _run(
        "latency",
        NODE,
        "On a --testnet: packets take the time that they take on the internet, half of them more than 45 ms.",
        shape="none | internet",
        read=_one_of("none", "internet"),
        choices=("none", "internet"),
        default="none",
    ),
    _run(
        "loss",
        NODE,
        "On a --testnet: the share of packets that are lost, each way.",
        shape=f"0%-{MAX_LOSS}%",
        read=values.percentage(MAX_LOSS),
        default="0%",
    ),
    _run("churn", NODE, "On a --testnet: nodes leave and come back, a fifth of them are away at a time."),
    _run(
        "liars",
        NODE,
        "On a --testnet: so many of its nodes answer falsely, in league. The first three never do.",
        shape=f"0-{MAX_LIARS}",
        read=values.integer(0, MAX_LIARS),
        default="0",
    ),
    _run("traffic", NODE, "On a --testnet: its nodes look up, announce and put things of their own accord."),
    Setting(
        name="did",
        group=NODE,
        help="Our node id.",
        shape="40 HEX",
        read=values.node_id,
        default="the saved one, or one that fits our address (BEP 42)",
    ),
    Setting(
        name="pip",
        group=NODE,
        help="Our public address, if the network's vote on it is not to be trusted; of each family one at most. An "
        "IPv6 address stands in brackets.",
        shape="IP[:PORT],…",
        read=addresses.public_address,
        default="voted by the nodes we ask",
    ),
    Setting(
        name="blocklist",
        group=NODE,
        help="Addresses never to talk to: a file (.p2p, .dat, CIDR, .gz), or the ranges themselves, joined by commas.",
        shape="FILE | RANGES",
        read=_text,
        completes="file",
    ),
    Setting(
        name="blocklist-lenient",
        group=NODE,
        help="Go on without the lines of --blocklist that make no sense, and say which; else they are refused.",
    ),
    Setting(
        name="read-only",
        group=NODE,
        help="Say that we answer no queries (BEP 43).",
        default="single actions are; a node that stays is until it knows that it can be reached",
    ),
    Setting(
        name="tsecret",
        group=NODE,
        help="The secret that write tokens are made with, to keep them over restarts. Others on this machine can read "
        "it on a command line: config.toml or the variable DHTUI_TSECRET keep it.",
        shape="TEXT",
        read=values.argument_bytes,
        variable="DHTUI_TSECRET",
        default="random",
    ),
    Setting(
        name="ksize",
        group=LIMITS,
        help="Nodes in a bucket. A reply carries at most 8 whatever this is.",
        shape="1-20",
        read=values.integer(1, 20),
        default="8",
    ),
    Setting(
        name="kconcurrency",
        group=LIMITS,
        help="Questionable nodes of a full bucket that are pinged at once for a newcomer; at most --ksize.",
        shape="1-20",
        read=values.integer(1, 20),
        default="8, at most ksize",
    ),
    Setting(
        name="qconcurrency",
        group=LIMITS,
        help="Queries that a lookup keeps in flight.",
        shape="1-64",
        read=values.integer(1, 64),
        default="8",
    ),
    Setting(
        name="qtimeout",
        group=LIMITS,
        help="How long a --remote node has to answer. Lookups go on as soon as measured round trips tell.",
        shape="100ms | 1.5s | SECONDS",
        read=values.duration,
        default="2s",
    ),
    _run(
        "rate",
        LIMITS,
        "census: queries a second. Each node is asked twice at most.",
        shape="0.1-1000",
        read=values.rate,
        default="4",
    ),
    _run(
        "nodes",
        LIMITS,
        "census: about how many nodes to find. Four times as many halve the interval: 1000 give about 7 %.",
        shape="1-100000",
        read=values.integer(1, 100_000),
        default="1000",
    ),
    _run(
        "resume",
        OUTPUT,
        "census: keep it in this file, and go on from there if it exists. One that is damaged is set aside.",
        shape="FILE",
        read=values.path,
        completes="file",
    ),
    _run("list-infohashes", OUTPUT, "census: list the infohashes that nodes gave, too."),
    Setting(
        name="deadline",
        group=LIMITS,
        help="How long an action may take in all, and before it the wait for a pipe that is to be read; then it is "
        "given up, exit 124. republish takes as long as it takes, unless the command line says otherwise.",
        shape="30s | 2m | SECONDS",
        read=values.duration,
        default="30s",
    ),
    _run(
        "record",
        OUTPUT,
        "Write all that happens to a new file, to be played with --replay. It names our address and those that we "
        "talk to, and holds no private key. A name that ends in .gz is compressed. conform: a new folder, with a "
        "recording of each case that was not passed.",
        shape="FILE",
        read=values.path,
        completes="file",
    ),
    _run(
        "replay",
        OUTPUT,
        "Play a recording in the explorer, without any network.",
        shape="FILE",
        read=values.path,
        completes="file",
    ),
    _run(
        "serve",
        OUTPUT,
        "Show the explorer in a browser, on 127.0.0.1 only; each page that is opened runs one. Port 0 is any free one. "
        "Needs the extra: pip install 'dhtui[serve]'.",
        shape="[PORT]",
        alone="8000",
        read=values.integer(0, 65535),
    ),
    Setting(
        name="keys",
        group=OUTPUT,
        help="Other keys for actions of the explorer; in config.toml a table, [keys].",
        shape="ACTION=KEY,KEY…,…",
        read=keymap.read,
        default="those that ? shows",
    ),
    Setting(
        name="mouse",
        group=OUTPUT,
        help="Let the explorer take the mouse. --mouse=false leaves it to the terminal, to select text with.",
        default="true",
    ),
    Setting(
        name="theme",
        group=OUTPUT,
        help="The theme of the explorer for this run. It is not remembered; one that is chosen in the explorer is.",
        shape=" | ".join(THEMES),
        read=_one_of(*THEMES),
        choices=tuple(THEMES),
        default="the one chosen last, dark at first",
    ),
    Setting(name="json", group=OUTPUT, help="Results as JSON, one object a line."),
    Setting(
        name="quiet", group=OUTPUT, help="Only the result, on standard output; on standard error nothing but errors."
    ),
    Setting(name="vv", group=OUTPUT, help="A line for every packet, on standard error."),
    Setting(
        name="state-dir",
        group=OUTPUT,
        help="The folder of node.json (id, nodes) and keys/.",
        shape="FOLDER",
        read=values.path,
        completes="folder",
        variable="DHTUI_STATE_DIR",
        default="the platform's, such as ~/.local/state/dhtui",
    ),
    _run(
        "config",
        OUTPUT,
        "The file to read settings from.",
        shape="FILE",
        read=values.path,
        variable="DHTUI_CONFIG",
        completes="file",
        default="the platform's, such as ~/.config/dhtui/config.toml",
    ),
    _run(
        "print-completion",
        OUTPUT,
        "Print completions for a shell.",
        shape=" | ".join(SHELLS),
        read=_one_of(*SHELLS),
        choices=SHELLS,
    ),
    _run("man", OUTPUT, "Print the manual page, for man -l -."),
    _run("version", OUTPUT, "Print the version."),
    _run(
        "help",
        OUTPUT,
        "Print this; of an action, or with --do, what that one takes, with an example.",
        shape="[ACTION]",
        alone="",
        read=_help,
        choices=tuple(ACTIONS),
    ),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}
