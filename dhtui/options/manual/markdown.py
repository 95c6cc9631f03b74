"""The page docs/cli.md: actions, flags, environment and exit codes."""

from __future__ import annotations

from collections.abc import Iterable

from ...actions.spec import ACTIONS, NODE_FLAGS, SPELLINGS
from ...errors import Exit
from ..fitting import EVERYWHERE
from ..flags import SETTINGS, Setting
from .usage import EXAMPLES, INTRODUCTION, PRECEDENCE, SYNOPSIS, SYNTAX

_HEAD = f"""\
# The command line

{INTRODUCTION}

```sh
{SYNOPSIS}
```

{SYNTAX} The rules are those of Go's flag package: the word after a flag is its value
whatever it looks like (`-salt -abc`), and of a flag given twice the last one counts. A flag that is given is obeyed, or
refused with exit code 2 in one line, before any packet is sent. `-` is standard input, for `--out` standard output; no
file is overwritten, and no two flags read one source.

Results go to standard output, one a line; everything else (what happened at each node, warnings, progress, `--vv`) to
standard error. `--json` prints one object a line: [json.md](json.md) has its fields. `dhtui --help ACTION` prints what
one action takes.

This page is made from the tables of the program, and a test holds that it is current.
"""


def page() -> str:
    """The whole page."""
    parts = (
        _HEAD,
        f"## Examples\n\n{_examples()}",
        f"## Actions\n\n{_actions()}\n\n{_flags_of_all()}",
        f"## Flags\n\n(* not in config.toml)\n\n{flag_table()}",
        f"## Environment\n\n{PRECEDENCE} An empty variable says nothing.\n\n{_environment()}",
        f"## Exit codes\n\n{_exit_codes()}",
    )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |".replace("| --- ", "|---").replace(" ---|", "---|") for line in lines)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`--{name}`" for name in names)


def _examples() -> str:
    width = max(len(command) for command, _ in EXAMPLES)
    return "\n".join(["```sh", *(f"{command:<{width}}  # {text}" for command, text in EXAMPLES), "```"])


def _actions() -> str:
    rows = (
        (f"`{action.name}`", action.help, _code(action.flags.split()), f"`{action.command}`")
        for action in ACTIONS.values()
    )
    return _table(("action", "what it does", "its flags", "an example"), rows)


def _flags_of_all() -> str:
    offline = ", ".join(f"`{action.name}`" for action in ACTIONS.values() if action.offline)
    spellings = ", ".join(f"`{other}` for `{name}`" for other, name in SPELLINGS.items())
    everywhere = _code(name.replace("_", "-") for name in EVERYWHERE if name != "do")
    return (
        f"{offline} need no node; all others take {_code(NODE_FLAGS)} too. Every action takes {everywhere}.\n\n"
        "With `--remote` an action asks just those nodes; without it, or with `--remote closest_stores` or "
        "`closest_peers`, it does the full lookup first. `--wait` alone runs `bootstrap` and then serves. "
        f"Accepted spellings: {spellings}."
    )


def flag_table() -> str:
    """All flags."""
    return _table(("flag", "value", "default", "meaning"), map(_flag, SETTINGS))


def _flag(setting: Setting) -> tuple[str, ...]:
    star = "" if setting.in_file else " *"
    return f"`--{setting.name}`{star}", setting.shape, setting.default, setting.help


def _environment() -> str:
    rows = ((f"`{each.variable}`", f"`--{each.name}`: {each.help}") for each in SETTINGS if each.variable)
    return _table(("variable", "stands for"), rows)


def _exit_codes() -> str:
    return _table(("code", "meaning"), ((str(code.value), code.meaning) for code in Exit))
