"""The request of a query that is made by hand."""

from __future__ import annotations

from ...actions.request import Request
from ...engine.wire.bencode import decode
from ...engine.wire.free import MAX_FREE, free_query, raw_query
from ...errors import UsageError
from ..fitting import refuse
from ..options import Options
from .network import request_of
from .values import read_bytes

_ANY_ID = bytes(20)


def query(options: Options) -> Request:
    """One node, and a method with arguments or the bytes of a datagram. Raises `UsageError`."""
    if not options.remote or len(options.remote) != 1:
        raise UsageError("query needs --remote HOST:PORT, of one node")
    if options.raw is not None:
        refuse(options, ("method", "args"), "has no meaning with --raw, which is a whole query")
        data = read_bytes("--raw", options.raw, MAX_FREE, options, "no query is that long")
        try:
            raw_query(_ANY_ID, data)
        except ValueError as error:
            raise UsageError(f"--raw: {error}") from None
        return request_of(options, remotes=options.remote, raw=data)
    if options.method is None:
        raise UsageError("query needs --method, such as ping or sample_infohashes, or --raw FILE")
    args = _arguments(options.args)
    try:
        free_query(_ANY_ID, options.method, decode(args))
    except ValueError as error:
        raise UsageError(f"query: {error}") from None
    return request_of(options, remotes=options.remote, method=options.method, args=args)


def _arguments(text: bytes | None) -> bytes:
    """The arguments, a bencoded dictionary."""
    if text is None:
        return b"de"
    from ...items.value import FormError, to_bencode

    try:
        args = to_bencode("json", text)
    except FormError as error:
        raise UsageError(f"--args: {error}") from None
    if args[:1] != b"d":
        raise UsageError('--args is an object of JSON, such as {"target": "hex:00ff…", "port": 6881}')
    return args
