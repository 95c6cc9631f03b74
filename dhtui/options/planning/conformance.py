"""The request of a test of conformance."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from ...actions.request import ConformRequest
from ...conform.case import Case
from ...conform.catalogue import CASES
from ...conform.choice import chosen, read_known
from ...engine.wire.compact import Addr
from ...errors import UsageError, quoted
from ..options import Options
from .values import check_new_file, read_bytes

ENDINGS = (".json", ".xml", ".tap", ".sarif")
"""Of the file of --out: JSON, JUnit, the Test Anything Protocol, SARIF."""
MAX_KNOWN = 65_536
"""Bytes of a file of known failures."""


def conform(options: Options) -> ConformRequest:
    """One node, and the cases. Raises `UsageError`."""
    if not options.list and (not options.remote or len(options.remote) != 1):
        raise UsageError("conform needs --remote HOST:PORT, of one node, or --list")
    if options.seed is True:
        raise UsageError("conform: --seed needs a number, such as the one of the run that is to be repeated")
    cases = _cases(options)
    _check_out(options.out, options)
    if options.record is not None:
        check_new_file("--record", options.record, "a folder of recordings", options)
    return ConformRequest(
        action="conform",
        remote=options.remote[0] if options.remote else None,
        cases=cases,
        seed=options.seed or (0 if "seed" in options.given else None),
        known=_known(options),
        strict=options.strict,
        listed=options.list,
        mine=options.mine,
        long=options.long,
        listen=_listen(options.listen),
        out=options.out,
        record=options.record,
        deadline=options.deadline if "deadline" in options.given else None,
    )


def _cases(options: Options) -> tuple[Case, ...]:
    if options.cases is None:
        return CASES
    try:
        return chosen(CASES, options.cases)
    except ValueError as error:
        raise UsageError(f"--cases: {error}") from None


def _known(options: Options) -> dict[str, str]:
    if options.skip is None:
        return {}
    data = read_bytes("--skip", options.skip, MAX_KNOWN, options, "a list of known failures is shorter")
    try:
        return read_known(data.decode(), CASES)
    except UnicodeDecodeError:
        raise UsageError(f"--skip: {quoted(str(options.skip))} is not UTF-8 text") from None
    except ValueError as error:
        raise UsageError(f"--skip: {quoted(str(options.skip))}, {error}") from None


def _check_out(path: Path | None, options: Options) -> None:
    if path is None:
        return
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"--out: a report ends in {', '.join(ENDINGS)}, and its ending says what is written")
    check_new_file("--out", path, "a report", options)


def _listen(addrs: tuple[Addr, ...] | None) -> Addr | None:
    """The first node of our network: on loopback, at a port of its own, so that further ones can follow."""
    if addrs is None:
        return None
    addr = addrs[0]
    if len(addrs) > 1 or not ip_address(addr[0]).is_loopback or not addr[1]:
        raise UsageError("--listen: our small network needs a loopback address and a port, such as 127.0.9.1:6881")
    return addr
