"""What ``--help`` prints."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from ...actions.spec import ACTIONS
from ...errors import Exit
from ..flags import GROUPS, SETTINGS, Setting

_INTRODUCTION = (
    "dhtui [--do ACTION] [flags]",
    "",
    "A terminal explorer for the BitTorrent Mainline DHT, and its actions one by one.",
    "",
    "Flags are written --name value, --name=value or -name value; a switch is --name or --name=false.",
    "Actions:",
)

_EXAMPLES = """\
Examples:
  dhtui                                             open the explorer
  dhtui --testnet 64                                the same, offline, on a network in this process
  dhtui --record night.jsonl.gz                     the same, written down; --replay night.jsonl.gz plays it
  dhtui --do get_peers --target 'magnet:?xt=urn:btih:…'
  dhtui --do put --val 'Hello World!'               store an immutable item
  dhtui --do genkey --keyname me && dhtui --do put --keyname me --val v1
  dhtui --do ping --remote 127.0.0.1:6881 --json
"""


def help_text(width: int = 80) -> str:
    """What ``--help`` prints."""
    lines = [part for line in _INTRODUCTION for part in _wrapped(line, width, "")]
    for action in ACTIONS.values():
        lines += _entry(action.name, action.help, width)
    for group in GROUPS:
        lines += ["", f"{group}:"]
        for setting in SETTINGS:
            if setting.group == group:
                lines += _entry(f"--{setting.name} {setting.shape}".rstrip(), _explained(setting), width)
    lines += ["", "Exit codes:"]
    for code in Exit:
        lines += _entry(str(code.value), f"{code.meaning}.", width)
    return "\n".join(lines) + "\n\n" + _EXAMPLES


def _explained(setting: Setting) -> str:
    return f"{setting.help} Default: {setting.default}." if setting.default else setting.help


_INDENT = 18


def _entry(name: str, text: str, width: int) -> Iterable[str]:
    body = _wrapped(text, width, " " * _INDENT)
    if len(name) + 4 > _INDENT:
        return [f"  {name}", *body]
    return [f"  {name:<{_INDENT - 2}}{body[0].lstrip()}", *body[1:]]


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return wrap(text, max(40, width), initial_indent=indent, subsequent_indent=indent) or [""]
