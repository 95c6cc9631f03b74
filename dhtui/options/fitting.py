"""Which flags have a meaning where. A flag that is given is obeyed, or refused before any packet is sent.

What config.toml says is not given in this sense: it holds for many runs, and each takes of it what it can use.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..actions.spec import NODE_FLAGS, Action
from ..errors import UsageError, quoted
from .config import state_folder
from .flags import SETTINGS
from .options import Options

EVERYWHERE = (
    *("do", "json", "log_json", "quiet", "vv", "state_dir", "config"),
    *("print_completion", "man", "version", "help"),
)
"""Flags of every action; ``vv`` tells of packets, also where there are none."""

TESTNET = ("latency", "loss", "churn", "liars", "traffic")
"""What a testnet may have of the internet."""
SERVING = ("store", "max_reply_rate", "max_host_rate", "metrics")
"""What means something to a node that serves."""
OWN_NODE = (
    *("wait", "testnet", "listen", "family", "bnodes", "did", "pip", "blocklist", "blocklist_lenient", "read_only"),
    *("tsecret", "ksize", "kconcurrency", "qconcurrency", "qtimeout", *TESTNET, *SERVING),
)
"""What is said of a node of our own."""
_EXPLORER = (
    *("attach", "record", "testnet", "listen", "family", "bnodes", "did", "pip", "blocklist", "blocklist_lenient"),
    *("read_only", "tsecret"),
    *("ksize", "kconcurrency", "qconcurrency", "qtimeout", "keys", "mouse", "theme", "replay", "serve", "state_dir"),
    *("config", "open", "me", *TESTNET),
    *SERVING,
)
_REPLAY = ("replay", "serve", "keys", "mouse", "theme", "config")
_OPEN = ("open", "me", "serve", "keys", "mouse", "theme", "config")

_READ = (
    *("config", "signed_file", "val_file", "raw", "key_file", "passphrase_file", "new_passphrase_file", "open"),
    *("skip", "targets", "records"),
)
"""Flags that name a file to be read."""

_DEFAULTS = Options._field_defaults
_IN_FILE = {setting.field for setting in SETTINGS if setting.in_file}


def given(options: Options, name: str) -> bool:
    """Whether this run asks for a flag, if only for its default. A switch that is turned off asks for nothing."""
    value = getattr(options, name)
    return value is not False and (name in options.given or (name not in _IN_FILE and value != _DEFAULTS[name]))


def flag(name: str) -> str:
    """The flag of a field, as it is written."""
    return f"--{name.replace('_', '-')}"


def refuse(options: Options, names: tuple[str, ...], why: str) -> None:
    """Raise `UsageError` for the first of the flags that is given. `why` follows it: ``has no meaning with …``."""
    for name in names:
        if given(options, name):
            raise UsageError(f"{flag(name)} {why}")


def refuse_unused(options: Options, action: Action) -> None:
    """Raise `UsageError` for a flag that means nothing to the action."""
    for setting in SETTINGS:
        if setting.field not in EVERYWHERE and setting.name not in action.takes:
            needs = ", which needs no node" if action.offline and setting.name in NODE_FLAGS else ""
            refuse(options, (setting.field,), f"has no meaning for {action.name}{needs}")
    _check_sources(options)
    _check_outputs(options)
    if options.quiet:
        refuse(options, ("vv",), "has no meaning with --quiet")
    if action.offline:
        return
    _refuse_attached(options)
    if "read_only" in options.given and not options.read_only and not options.wait:
        raise UsageError("--read-only=false needs --wait: a single action answers no queries")
    if options.read_only or not options.wait:
        why = "has no meaning for a node that is read-only" if options.read_only else "needs --wait"
        refuse(options, ("tsecret",), f"{why}: it hands out no write tokens")
    if not options.wait:
        refuse(options, SERVING, "needs --wait: a single action answers no queries")
    if options.testnet:
        refuse(options, ("bnodes",), "has no meaning with --testnet: the nodes to start from are those of the testnet")
        if options.keyname is None and options.records is None:
            refuse(options, ("state_dir",), "has no meaning with --testnet, which keeps no state")
    _check_testnet(options)


def refuse_in_explorer(options: Options) -> None:
    """Raise `UsageError` for a flag that means nothing to the explorer."""
    if options.replay is None:
        _refuse_attached(options)
    for name in (setting.field for setting in SETTINGS):
        if options.replay is not None and name in _EXPLORER and name not in _REPLAY:
            refuse(options, (name,), "has no meaning with --replay: a recording is played without any node")
        elif options.open is not None and name in _EXPLORER and name not in _OPEN:
            refuse(options, (name,), "has no meaning with --open: a capture is looked at without any node")
        elif name not in _EXPLORER:
            refuse(options, (name,), "needs an action, such as --do get")
    if options.open is None:
        refuse(options, ("me",), "needs --open: it says which node of a capture is meant")
    if options.read_only:
        refuse(options, ("tsecret",), "has no meaning for a node that is read-only: it hands out no write tokens")
    if options.testnet:
        refuse(options, ("bnodes",), "has no meaning with --testnet: the nodes to start from are those of the testnet")
    _check_testnet(options)


def refuse_of_many(options: Options) -> None:
    """Raise `UsageError` for a flag that means nothing without many targets."""
    why = "needs --targets, a file with many targets" + (", or --records" if options.do == "put" else "")
    refuse(options, ("parallel", "least", "progress"), why)
    if options.do != "census":
        refuse(options, ("rate", "resume"), why)


def _refuse_attached(options: Options) -> None:
    """An attached node runs already, as whoever started it wanted."""
    if options.attach is not None:
        refuse(options, OWN_NODE, "has no meaning with --attach: the node runs already")


def _check_testnet(options: Options) -> None:
    """What needs a testnet, and how many of its nodes can lie."""
    if options.testnet is None:
        refuse(options, TESTNET, "needs --testnet, such as --testnet 64: the network is as it is")
    elif options.liars:
        from ..engine.testnet import most_liars

        if options.liars > (most := most_liars(options.testnet)):
            raise UsageError(f"--liars {options.liars}: of {options.testnet} nodes (--testnet) at most {most} can lie")


# ---- sources --------------------------------------------------------------------------------------------


def _check_sources(options: Options) -> None:
    """Two flags never read one source: the second would get what was left, a value the passphrase."""
    read: dict[object, str] = {}
    for name, path in _sources(options):
        other = read.setdefault(_identity(path), name)
        if other != name:
            raise UsageError(f"{flag(other)} and {flag(name)} both read {_shown(path)}: each needs a source of its own")


def _check_outputs(options: Options) -> None:
    """Nor do two flags write one file, neither of which is there yet."""
    out, record = options.out, options.record
    if out is not None and record is not None and str(out) != "-" and os.path.realpath(out) == os.path.realpath(record):
        raise UsageError(f"--out and --record both write {quoted(str(out))}: each needs a file of its own")


def _sources(options: Options) -> list[tuple[str, Path]]:
    found = [(name, path) for name in _READ if (path := getattr(options, name)) is not None]
    if (options.val_bencoded or b"").startswith(b"@"):
        found.append(("val_bencoded", bencoded_file(options)))
    if options.keyname is not None:
        key = state_folder(options) / "keys" / options.keyname
        found.append(("keyname", key if os.path.lexists(key) else Path(options.keyname)))
    if options.blocklist is not None:
        found.append(("blocklist", Path(options.blocklist)))
    return found


def bencoded_file(options: Options) -> Path:
    """The file that --val-bencoded names behind its @."""
    assert options.val_bencoded is not None
    from .values import path

    return path(os.fsdecode(options.val_bencoded[1:]))


def _identity(path: Path) -> object:
    """Equal for two names of one file, and for - and /dev/stdin."""
    try:
        status = os.fstat(0) if str(path) == "-" else path.stat()
    except (OSError, ValueError):
        return str(path)
    return status.st_dev, status.st_ino


def _shown(path: Path) -> str:
    return "standard input" if str(path) in ("-", "/dev/stdin") else quoted(str(path))
