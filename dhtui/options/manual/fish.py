"""Completions for fish: the flags that the action on the line takes, their values, key names and files."""

from __future__ import annotations

from collections.abc import Iterator

from ...actions.spec import ACTIONS
from ..fitting import EVERYWHERE
from ..flags import SETTINGS, Setting

_HEAD = """\
# Completions of dhtui for fish.

function __dhtui_keys
    echo bep44test
    set -l folder $HOME/.local/state/dhtui
    set -q XDG_STATE_HOME; and set folder $XDG_STATE_HOME/dhtui
    test (uname) = Darwin; and set folder "$HOME/Library/Application Support/dhtui"
    set -q DHTUI_STATE_DIR; and set folder $DHTUI_STATE_DIR
    command ls -- $folder/keys 2>/dev/null | string match -r '^[A-Za-z0-9_][A-Za-z0-9._-]*$'
end

function __dhtui_action_is_one_of
    set -l words (commandline -opc)
    test (count $words) -gt 1; or return 0
    for at in (seq 2 (count $words))
        if contains -- $words[(math $at - 1)] --do -do
            contains -- $words[$at] $argv
            return
        end
    end
    return 0
end

complete -c dhtui -f"""

_VALUES = {
    "": "-x",
    "file": "-r -F",
    "folder": "-x -a '(__fish_complete_directories)'",
    "key": "-r -F -a '(__dhtui_keys)'",
}


def script() -> str:
    """The whole script."""
    lines = [_HEAD]
    for setting in SETTINGS:
        lines += _of(setting)
    return "\n".join(lines) + "\n"


def _of(setting: Setting) -> Iterator[str]:
    takers = [action.name for action in ACTIONS.values() if setting.name in action.takes]
    where = "" if setting.field in EVERYWHERE else f" -n {quoted('__dhtui_action_is_one_of ' + ' '.join(takers))}"
    about = quoted(setting.summary)
    head = f"complete -c dhtui -l {setting.name}{where}"
    if setting.choices == tuple(ACTIONS):
        for action in ACTIONS.values():
            yield f"{head} -x -a {action.name} -d {quoted(action.help)}"
    elif setting.is_switch:
        yield f"{head} -d {about}"
    elif setting.choices:
        yield f"{head} -x -a {quoted(' '.join(setting.choices))} -d {about}"
    else:
        yield f"{head} {'' if setting.alone else _VALUES[setting.completes]} -d {about}".replace("  ", " ")


def quoted(text: str) -> str:
    """A word for fish, in single quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
