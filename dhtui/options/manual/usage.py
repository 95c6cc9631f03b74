"""What ``--help`` prints, and what is said to those who write an action as other programs want it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from itertools import pairwise
from textwrap import wrap

from ...actions.spec import ACTIONS, NODE_FLAGS, SPELLINGS, Action
from ...errors import Exit
from ..argv import StrayWord
from ..fitting import EVERYWHERE
from ..flags import BY_NAME, GROUPS, SETTINGS, Setting

INTRODUCTION = "A terminal explorer for the BitTorrent Mainline DHT, and its actions one by one."
SYNTAX = "Flags are written --name value, --name=value or -name value; a switch is --name or --name=false."
PRECEDENCE = "The command line goes before the environment, which goes before config.toml."
SYNOPSIS = "dhtui [--do ACTION] [flags]"

EXAMPLES = (
    ("dhtui", "open the explorer"),
    ("dhtui --testnet 64", "the same, offline, on a network in this process"),
    ("dhtui --record night.jsonl.gz", "the same, written down; --replay night.jsonl.gz plays it"),
    ("dhtui --do get_peers --target 'magnet:?xt=urn:btih:…'", "find the peers of a torrent"),
    ("dhtui --do put --val 'Hello World!'", "store an immutable item"),
    ("dhtui --do genkey --keyname me && dhtui --do put --keyname me --val v1", "store a mutable one"),
    ("dhtui --do ping --remote 127.0.0.1:6881 --json", "for a program"),
    ("dhtui --help put", "what one action takes"),
)


def help_text(width: int = 80, about: str = "") -> str:
    """What ``--help`` prints, of one action or of everything."""
    return _of_action(ACTIONS[about], width) if about else _of_everything(width)


def _of_everything(width: int) -> str:
    lines = [SYNOPSIS, "", *_wrapped(INTRODUCTION, width), "", *_wrapped(SYNTAX, width), "", "Actions:"]
    for action in ACTIONS.values():
        lines += _entry(action.name, action.help, width)
    for group in GROUPS:
        lines += ["", f"{group}:"]
        for setting in SETTINGS:
            if setting.group == group:
                lines += _flag(setting, width)
    lines += ["", "Environment:", *_wrapped(PRECEDENCE, width, "  ")]
    for setting in SETTINGS:
        if setting.variable:
            lines += _entry(setting.variable, f"As --{setting.name}.", width)
    lines += ["", "Exit codes:"]
    for code in Exit:
        lines += _entry(str(code.value), f"{code.meaning}.", width)
    return "\n".join([*lines, "", "Examples:", *(f"  {command}\n      {text}" for command, text in EXAMPLES)])


def _of_action(action: Action, width: int) -> str:
    needed = [setting for setting in SETTINGS if setting.name in action.flags.split()]
    lines = [f"dhtui --do {action.name} [flags]", "", *_wrapped(f"{action.help[0].upper()}{action.help[1:]}.", width)]
    if needed:
        lines += ["", "Flags:", *(line for setting in needed for line in _flag(setting, width))]
    if not action.offline:
        lines += ["", "Flags of every action on the network:", *_names(NODE_FLAGS, width)]
    lines += ["", "Flags of every action:", *_names((name.replace("_", "-") for name in EVERYWHERE), width)]
    return "\n".join([*lines, "", "Example:", f"  {action.command}", "", *_wrapped(_MORE, width)])


_MORE = "dhtui --help explains all flags, and the exit codes."


def _names(names: Iterable[str], width: int) -> list[str]:
    flags = (f"--{name} {BY_NAME[name].shape}".rstrip() for name in names)
    return _wrapped(", ".join(flag.replace(" ", "\0") for flag in flags), width, "  ")


def explained(setting: Setting) -> str:
    """The help of a flag, with its default."""
    return f"{setting.help} Default: {setting.default}." if setting.default else setting.help


_INDENT = 18


def _flag(setting: Setting, width: int) -> list[str]:
    return _entry(f"--{setting.name} {setting.shape}".rstrip(), explained(setting), width)


def _entry(name: str, text: str, width: int) -> list[str]:
    body = _wrapped(text, width, " " * _INDENT)
    if len(name) + 4 > _INDENT:
        return [f"  {name}", *body]
    return [f"  {name:<{_INDENT - 2}}{body[0].lstrip()}", *body[1:]]


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    lines = wrap(text, max(40, width), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines] or [""]


# ---- a word that is no flag ---------------------------------------------------------------------------------


def meant(stray: StrayWord) -> str:
    """What was most likely meant by a word that is no flag, to go behind what is wrong with it; or nothing."""
    before = list(stray.before)
    if taken := _flag_taken(before):
        return f"; {taken[0]} took {taken[1]} for its value"
    word = stray.word.replace("-", "_")
    word = SPELLINGS.get(word, word)
    if word in ("help", "version"):
        return f"; did you mean {shlex.join(['dhtui', f'--{word}', *stray.after])}?"
    given = _action_in(before)
    if given is not None and given.operand:
        action, operand, after = given, [stray.word], stray.after
    elif given is None and word in ACTIONS:
        action = ACTIONS[word]
        before += ["--do", word]
        bare = bool(action.operand and stray.after and not stray.after[0].startswith("-"))
        operand, after = list(stray.after[:1]) if bare else [], stray.after[1:] if bare else stray.after
    else:
        return ""
    command = ["dhtui", *before, *([f"--{action.operand}", *operand] if operand else []), *after]
    return f"; did you mean {shlex.join(command)}?"


def _flag_taken(words: list[str]) -> tuple[str, str] | None:
    """A flag that was given no value, and the flag behind it, which it took for one."""
    for flag, value in pairwise(words):
        one, other = (BY_NAME.get(each.removeprefix("-").removeprefix("-")) for each in (flag, value))
        if one and other and flag[0] == value[0] == "-" and not one.is_switch and one.alone is None:
            return flag, value
    return None


def _action_in(words: list[str]) -> Action | None:
    for flag, value in pairwise(words):
        if flag in ("--do", "-do"):
            return ACTIONS.get(SPELLINGS.get(value, value))
    return None
