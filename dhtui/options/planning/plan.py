"""What the options ask for, checked as a whole: the request of one action, or the explorer."""

from __future__ import annotations

from ...actions.request import AnyRequest, Request
from ...actions.spec import ACTIONS
from ...errors import UsageError, quoted
from ...storage.named_file import STDIN
from ..fitting import refuse, refuse_in_explorer, refuse_of_many, refuse_unused
from ..options import Options
from .captures import check_capture
from .values import check_new_file


def plan(options: Options) -> AnyRequest:
    """The request that the options make. Raises `UsageError`."""
    action = ACTIONS[options.do or "bootstrap"]
    if not action.offline:
        check_limits(options)
        check_record(options)
    refuse_unused(options, action)
    if options.targets is not None or options.records is not None:
        from .many import plan as plan_many  # here, for most runs have one target

        return _staying(plan_many(options), options)
    refuse_of_many(options)
    request: AnyRequest = action.part("plan")(options)
    return _staying(request, options) if isinstance(request, Request) else request


def _staying(request: Request, options: Options) -> Request:
    """With what every action on the network has."""
    return request._replace(wait=options.wait, trace=options.vv, record=options.record)


def check_explorer(options: Options) -> None:
    """The explorer takes no flags that belong to an action. Raises `UsageError`."""
    if options.serve is not None:
        refuse(
            options,
            ("do", "wait", "record", "metrics"),
            "has no meaning with --serve: each page runs an explorer of its own",
        )
    if options.replay is not None:
        refuse(options, ("do", "wait"), "has no meaning with --replay: a recording is played without any node")
        if str(options.replay) == STDIN:
            raise UsageError("--replay: a recording is not read from standard input, where your keys come from")
        if not options.replay.exists():
            raise UsageError(f"--replay: there is no file {quoted(str(options.replay))}")
    if options.open is not None:
        if options.replay is not None:
            raise UsageError("--open and --replay exclude each other: a capture, or a recording of dhtui")
        if options.serve is not None and str(options.open) == STDIN:
            raise UsageError("--open: with --serve each page opens the capture anew, and standard input is read once")
        check_capture(options)
    check_limits(options)
    check_record(options)
    refuse_in_explorer(options)


def check_limits(options: Options) -> None:
    """Limits that depend on each other. Raises `UsageError`."""
    if options.kconcurrency is not None and options.kconcurrency > options.ksize:
        raise UsageError(f"--kconcurrency {options.kconcurrency} is more than a bucket holds (--ksize {options.ksize})")


def check_record(options: Options) -> None:
    """A recording is a new file in a folder that can be written to. Raises `UsageError`."""
    if options.record is not None:
        check_new_file("--record", options.record, "a recording", options)
