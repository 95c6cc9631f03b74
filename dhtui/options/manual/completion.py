"""Shell completions, made by shtab from an argparse parser that is built for nothing else."""

from __future__ import annotations

from argparse import ArgumentParser

import shtab

from ...actions.spec import ACTIONS
from ..flags import SETTINGS, SHELLS
from ..values import LOOKUP_WORDS

_CHOICES = {
    "do": tuple(ACTIONS),
    "print-completion": SHELLS,
    "bnodes": ("public", "no"),
    "remote": LOOKUP_WORDS,
    "target": ("self",),
}
_FILES = ("val-file", "blocklist", "config", "keyname", "record", "replay")
_FOLDERS = ("state-dir",)


def script(shell: str) -> str:
    """The completion script for one of `SHELLS`."""
    parser = ArgumentParser(prog="dhtui", add_help=False, allow_abbrev=False)
    for setting in SETTINGS:
        summary = setting.help.partition(". ")[0].rstrip(".").replace("%", "%%")
        if setting.is_switch:
            parser.add_argument(f"--{setting.name}", action="store_true", help=summary)
            continue
        choices = _CHOICES.get(setting.name)
        nargs = None if setting.alone is None else "?"
        action = parser.add_argument(f"--{setting.name}", help=summary, choices=choices, nargs=nargs)
        if setting.name in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        if setting.name in _FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return str(shtab.complete(parser, shell=shell))
