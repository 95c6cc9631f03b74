"""Shell completions: of bash, zsh and tcsh by shtab, from an argparse parser that is built for nothing else."""

from __future__ import annotations

from argparse import ArgumentParser

import shtab

from ..flags import SETTINGS, Setting
from . import fish

_FOLDER = "${DHTUI_STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/dhtui}/keys"
_ON_MACOS = "$HOME/Library/Application Support/dhtui/keys"
NAME = "^[A-Za-z0-9_][A-Za-z0-9._-]*$"
"""What a key can be called, and no shell takes for a command."""
_LIST = f"printf '%s\\n' bep44test; command ls -- \"{_FOLDER}\" \"{_ON_MACOS}\" 2>/dev/null | command grep -E '{NAME}'"
_PREAMBLE = {
    "bash": f'_dhtui_keys() {{\n  compgen -W "$({_LIST})" -- "$1"\n  compgen -f -- "$1"\n}}\n',
    "zsh": f'_dhtui_keys() {{\n  local -a names\n  names=(${{(f)"$({_LIST})"}})\n  compadd -a names\n  _files\n}}\n',
    "tcsh": "",
}
_KEYS = {"bash": "_dhtui_keys", "zsh": "_dhtui_keys", "tcsh": "f"}
_COMPLETE = {"file": shtab.FILE, "folder": shtab.DIRECTORY, "key": _KEYS}


def script(shell: str) -> str:
    """The completion script for one of `SHELLS`."""
    if shell == "fish":
        return fish.script()
    parser = ArgumentParser(prog="dhtui", add_help=False, allow_abbrev=False)
    for setting in SETTINGS:
        _add(parser, setting)
    return str(shtab.complete(parser, shell=shell, preamble=_PREAMBLE[shell]))


def _add(parser: ArgumentParser, setting: Setting) -> None:
    about = setting.summary.replace("%", "%%")
    if setting.is_switch:
        parser.add_argument(f"--{setting.name}", action="store_true", help=about)
        return
    nargs = None if setting.alone is None else "?"
    choices = setting.choices or None
    action = parser.add_argument(f"--{setting.name}", help=about, choices=choices, nargs=nargs)
    if setting.completes:
        action.complete = _COMPLETE[setting.completes]  # type: ignore[attr-defined]
