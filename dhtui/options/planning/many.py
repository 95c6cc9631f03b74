"""Requests with many targets: a file with one a line, or the records of many keys."""

from __future__ import annotations

from ...actions.request import ManyOf, Request
from ...errors import UsageError, quoted
from ...storage.named_file import STDIN
from ..config import is_owned_file
from ..fitting import given, refuse
from ..options import Options
from .items import check_min_stored
from .network import request_of

OF_ONE = (
    *(
        "target",
        "val",
        "val_file",
        "val_bencoded",
        "val_as",
        "torrent",
        "keyname",
        "public_key",
        "salt",
        "cas",
    ),
    *("passphrase_file", "signed_file", "watch", "out", "keep", "wait"),
)
"""What is about a single target."""
WRITES_A_SECOND, READS_A_SECOND = 2.0, 4.0
"""Targets begun by default where all go to the same nodes: most nodes take 5 queries a second from one host, and a put
is two."""


def plan(options: Options) -> Request:
    """Raises `UsageError`."""
    if options.records is not None:
        refuse(options, ("targets",), "has no meaning with --records, which has them")
        from .records import records  # here, for few need it

        return records(options)
    refuse(options, OF_ONE, "has no meaning with --targets: it is about one target")
    assert options.targets is not None
    if options.do == "put":
        refuse(options, ("seq",), "has no meaning with --targets: signed items have theirs")
        check_storing(options)
    if options.do == "ping":
        refuse(options, ("remote",), "has no meaning with --targets, which names the nodes to ping")
    remotes = options.remote or None
    if remotes is not None:
        refuse(options, ("read_back", "wide"), "has no meaning with --remote, which names the nodes")
    return request_of(
        options,
        remotes=() if options.do == "ping" else remotes,
        at_least=options.seq,
        newer_than=options.newer_than,
        min_stored=options.min_stored,
        dry_run=options.dry_run,
        read_back=options.read_back,
        wide=options.wide,
        many=many_of(options),
    )


def many_of(options: Options) -> ManyOf:
    """How many targets are worked through. Raises `UsageError`."""
    journal = options.resume
    if journal is not None:
        if options.testnet:
            raise UsageError("--resume has no meaning with --testnet, which ends with this run")
        if str(journal) == STDIN or is_owned_file(journal, options):
            raise UsageError(f"--resume: {quoted(str(journal))} can't be it: name a file for the results")
        if not journal.parent.is_dir():
            raise UsageError(f"--resume: there is no folder {quoted(str(journal.parent))}")
    return ManyOf(
        file=options.targets,
        parallel=options.parallel,
        rate=options.rate or (_rate_of_named(options) if options.remote else None),
        least=options.least,
        journal=journal,
        progress=options.progress,
    )


def _rate_of_named(options: Options) -> float:
    return WRITES_A_SECOND if options.do == "put" else READS_A_SECOND


def check_storing(options: Options) -> None:
    """How puts are done, as for one. Raises `UsageError`."""
    if given(options, "dry_run"):
        refuse(options, ("read_back", "min_stored", "wide"), "has no meaning with --dry-run, which stores nothing")
    check_min_stored(options, options.remote or None)
