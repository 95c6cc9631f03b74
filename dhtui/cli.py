"""The command line: reads it, then opens the explorer or runs one action. Returns the exit code.

Everything beyond the options is imported where it is needed, so that a small action starts fast.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import Exit, Failure, UsageError, quoted
from .headless.output import Output
from .options import config
from .options.options import Options
from .text.failure import failure_words

if TYPE_CHECKING:
    from .runtime.capture_file import CaptureFile
    from .sources.replay import Replay

BIG_RECORDING = 4 << 20
"""Bytes, from which on reading one takes seconds."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program. Returns one of `Exit`."""
    _open_streams()
    output = Output(as_json=False)
    try:
        code = _checked(sys.argv[1:] if argv is None else argv, output)
        output.close()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    # What a node did stands, whoever reads of it. Else the output was all that was asked for.
    return code or int(output.lost and not output.outlives_readers)


def _checked(argv: Sequence[str], output: Output) -> int:
    try:
        options = config.read(argv)
        output.as_json, output.quiet = options.json, options.quiet
        if options.log_json:
            output.log_as_json()
        return _run(options, argv, output)
    except UsageError as error:
        return output.fail(str(error), Exit.USAGE)
    except Failure as failure:
        return output.fail(str(failure), failure.code)
    except Exception as error:
        return output.fail(f"a fault of this program, please report it: {failure_words(error)}", Exit.FAILED)


def _open_streams() -> None:
    """Make all three standard streams usable, or at least something that can be asked.

    A closed one is opened, the wrong way round: using it is an error with words, and no socket of ours takes its
    number, to be written to by whoever means the stream. A terminal that is not UTF-8 gets escapes for what it can't
    show.
    """
    for number, (name, mode, way) in enumerate(
        (("stdin", "r", os.O_WRONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_RDONLY))
    ):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, way)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _run(options: Options, argv: Sequence[str], output: Output) -> int:
    if options.help is not None:
        from shutil import get_terminal_size

        from .options.manual.usage import help_text

        about = options.help or options.do or ""
        output.results([help_text(min(100, get_terminal_size().columns), about).rstrip()])
    elif options.version:
        from . import __version__

        output.results([f"dhtui {__version__}"])
    elif options.man:
        from .options.manual.man import page

        output.results([page().rstrip()])
    elif options.print_completion:
        from .options.manual.completion import script

        output.results([script(options.print_completion)])
    elif options.serve is not None or options.replay is not None or (options.do is None and not options.wait):
        return _explore(options, argv, output)
    else:
        return _act(options, output)
    return 0


def _explore(options: Options, argv: Sequence[str], output: Output) -> int:
    from .options.planning import check_explorer

    check_explorer(options)
    replay = _load(options.replay, output) if options.replay is not None else None
    capture = _open(options) if options.open is not None else None
    if options.serve is not None:
        from .runtime.launch import prepare
        from .serving import serve

        prepare(options, serving=True, keeping=False)  # what is wrong is said here, not once for each page
        return serve(options.serve, config.without("serve", argv), output)
    in_browser = os.environ.get("TEXTUAL_DRIVER", "")  # as `serving` starts it
    if not in_browser and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the explorer needs a terminal; without one name an action, such as --do bootstrap")
    if not in_browser:
        _check_encoding(getattr(sys.__stderr__, "encoding", ""))
    os.environ.pop("TEXTUAL_LOG", None)  # Textual's own log has every key pressed in it, passphrases too
    from .bindings.keymap import use

    use(options.keys)  # before the app's modules are loaded: some of their texts name keys
    from .app import run_explorer

    output.close()  # before the terminal is taken
    return run_explorer(options, replay, output, capture)


def _check_encoding(found: str) -> None:
    """The screen is drawn on standard error, in signs of Unicode. Raises `UsageError` where they would be garbled."""
    if not found or found.lower().replace("_", "-") in ("utf-8", "utf8"):
        return
    if os.environ.get("PYTHONIOENCODING"):
        why, remedy = "PYTHONIOENCODING", "leave that variable out"
    else:
        why, remedy = "the locale", "run it as LC_ALL=C.UTF-8 dhtui"
    raise UsageError(
        f"the explorer draws in UTF-8, and {why} says that this terminal has {quoted(found)}: {remedy}, "
        "if the terminal shows UTF-8. Actions, such as --do bootstrap, work in any encoding"
    )


def _load(path: Path, output: Output) -> Replay:
    from .sources.replay import Replay, ReplayError

    with suppress(OSError):
        if path.stat().st_size > BIG_RECORDING:
            output.notes([f"dhtui: reading and checking {quoted(str(path))}, this takes a while …"])
    try:
        return Replay.load(path)
    except ReplayError as problem:
        raise Failure(f"--replay: {problem}") from None


def _open(options: Options) -> CaptureFile:
    from .runtime.capture_file import open_capture

    assert options.open is not None
    return open_capture(options.open, options.me)


def _act(options: Options, output: Output) -> int:
    from .actions.request import ConformRequest, Request
    from .options.planning import plan

    request = plan(options)
    if isinstance(request, ConformRequest):
        from .headless.conformance.run import carry_out as test_node

        return test_node(request, output)
    if not isinstance(request, Request):
        from .headless.offline.run import carry_out

        return carry_out(request, output)
    from .headless.run import run
    from .runtime.place import Place

    return run(Place(options), request, output)
