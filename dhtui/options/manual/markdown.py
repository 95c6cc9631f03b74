"""The parts of docs/cli.md that are made from tables: actions, flags, environment and exit codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from ...actions.spec import ACTIONS, NODE_FLAGS, SPELLINGS
from ...errors import Exit
from ..fitting import EVERYWHERE
from ..flags import SETTINGS, Setting
from .usage import EXAMPLES


def renewed(page: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """A page with each of its parts made anew: what stands between ``<!-- name -->`` and ``<!-- /name -->``.

    Raises `KeyError` for a part that is not on the page.
    """
    for name, make in parts.items():
        pattern = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.S)
        if not pattern.search(page):
            raise KeyError(name)
        text = f"{make().strip()}\n"
        page = pattern.sub(lambda _, text=text: text, page, count=1)  # type: ignore[misc]
    return page


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`--{name}`" for name in names)


def examples() -> str:
    """Commands, with what they do."""
    width = max(len(command) for command, _ in EXAMPLES)
    return "\n".join(["```sh", *(f"{command:<{width}}  # {text}" for command, text in EXAMPLES), "```"])


def action_table() -> str:
    """All actions, and which flags they take."""
    rows = (
        (f"`{action.name}`", action.help, _code(action.flags.split()), f"`{action.command}`")
        for action in ACTIONS.values()
    )
    table = _table(("action", "what it does", "its flags", "an example"), rows)
    offline = ", ".join(f"`{action.name}`" for action in ACTIONS.values() if action.offline)
    spellings = ", ".join(f"`{other}` for `{name}`" for other, name in SPELLINGS.items())
    everywhere = _code(name.replace("_", "-") for name in EVERYWHERE if name != "do")
    return (
        f"{table}\n\n{offline} need no node; all others take {_code(NODE_FLAGS)} too. "
        f"Every action takes {everywhere}.\nAccepted spellings: {spellings}."
    )


def flag_table() -> str:
    """All flags."""
    return _table(("flag", "value", "default", "meaning"), map(_flag, SETTINGS))


def _flag(setting: Setting) -> tuple[str, ...]:
    star = "" if setting.in_file else " *"
    return f"`--{setting.name}`{star}", setting.shape, setting.default, setting.help


def environment_table() -> str:
    """The variables that stand for flags."""
    rows = ((f"`{each.variable}`", f"`--{each.name}`: {each.help}") for each in SETTINGS if each.variable)
    return _table(("variable", "stands for"), rows)


def exit_table() -> str:
    """All exit codes."""
    return _table(("code", "meaning"), ((str(code.value), code.meaning) for code in Exit))


PARTS: dict[str, Callable[[], str]] = {
    "examples": examples,
    "actions": action_table,
    "flags": flag_table,
    "environment": environment_table,
    "exit codes": exit_table,
}
"""The parts of docs/cli.md."""
