"""The manual page, in roff: ``dhtui --man | man -l -``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ... import __version__
from ...actions.spec import ACTIONS, NODE_FLAGS
from ...errors import Exit
from ..flags import GROUPS, SETTINGS
from .usage import EXAMPLES, INTRODUCTION, PRECEDENCE, SYNTAX, explained

_FILES = (
    ("~/.config/dhtui/config.toml", 'Flags by their names, such as qtimeout = "1.5s"; see --config.'),
    (
        "~/.local/state/dhtui",
        "The state: id and nodes (node.json), kept items (keep.json) and keys (keys/); see --state-dir.",
    ),
)
_STREAMS = (
    "Results go to standard output, one a line; everything else goes to standard error. A flag that is given is "
    "obeyed, or refused in one line before any packet is sent. No file is overwritten; - is standard input, for --out "
    "standard output."
)
_PURPOSE = "explore and command the BitTorrent Mainline DHT"


def page() -> str:
    """The whole page."""
    lines = [
        f'.TH DHTUI 1 "" "dhtui {escaped(__version__)}" "User Commands"',
        ".nh",
        *_section("NAME", [f"dhtui \\- {_PURPOSE}"]),
        *_section("SYNOPSIS", [".B dhtui", r"[\fB\-\-do\fR \fIACTION\fR] [\fIflags\fR]"]),
        *_section("DESCRIPTION", [*_paragraph(INTRODUCTION), ".PP", *_paragraph(SYNTAX), ".PP", *_paragraph(_STREAMS)]),
        *_section("ACTIONS", _actions()),
        *_section("OPTIONS", _options()),
        *_section("ENVIRONMENT", [*_paragraph(PRECEDENCE), *_variables()]),
        *_section("FILES", _terms(_FILES)),
        *_section("EXIT STATUS", _terms((str(code.value), f"{code.meaning}.") for code in Exit)),
        *_section("EXAMPLES", _terms((command, f"{text[0].upper()}{text[1:]}.") for command, text in EXAMPLES)),
    ]
    return "\n".join(lines) + "\n"


def _section(name: str, lines: Iterable[str]) -> list[str]:
    return [f".SH {name}", *lines]


def _actions() -> Iterator[str]:
    for action in ACTIONS.values():
        flags = f" Flags: {', '.join(f'--{flag}' for flag in action.flags.split())}." if action.flags else ""
        yield from _terms([(action.name, f"{action.help[0].upper()}{action.help[1:]}.{flags}")])
    offline = ", ".join(action.name for action in ACTIONS.values() if action.offline)
    yield ".PP"
    yield from _paragraph(
        f"{offline} need no node. All others take, too: {', '.join(f'--{flag}' for flag in NODE_FLAGS)}."
    )


def _options() -> Iterator[str]:
    for group in GROUPS:
        yield f".SS {escaped(group)}"
        for setting in SETTINGS:
            if setting.group == group:
                yield ".TP"
                shape = f" \\fI{escaped(setting.shape)}\\fR" if setting.shape else ""
                yield f"\\fB\\-\\-{escaped(setting.name)}\\fR{shape}"
                yield from _paragraph(explained(setting))


def _variables() -> Iterator[str]:
    return _terms((setting.variable, f"As --{setting.name}.") for setting in SETTINGS if setting.variable)


def _terms(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, text in pairs:
        yield ".TP"
        yield f"\\fB{escaped(term)}\\fR"
        yield from _paragraph(text)


def _paragraph(text: str) -> list[str]:
    return [escaped(text)]


def escaped(text: str) -> str:
    """Text that roff shows as it is: no escapes, no request at the beginning, no character beyond ASCII."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    plain = "".join(char if ord(char) < 128 else f"\\[u{ord(char):04X}]" for char in plain)
    return f"\\&{plain}" if plain[:1] == "." else plain
