"""The options of a run, from the command line, the environment and config.toml.

The command line goes before the environment, which goes before config.toml, which goes before the defaults.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import Exit, Failure, UsageError, nearest, quoted
from ..storage.named_file import STDIN, Overdue, read_named
from ..storage.owned import is_owned
from ..text.safe import safe_text
from . import argv as command_line
from .flags import BY_NAME, Setting
from .flags import SETTINGS as SETTINGS
from .options import Options as Options

APP = "dhtui"
MAX_CONFIG_BYTES = 1 << 20


def read(argv: Sequence[str]) -> Options:
    """The options of a command line, with those around it. Raises `UsageError`, `Failure`."""
    found = {BY_NAME[name].field: _value(BY_NAME[name], text, f"--{name}") for name, text in _given(argv).items()}
    given = frozenset(found)
    if found.get("help") is not None or found.get("version"):
        return Options(given=given, argv=tuple(argv), **found)  # also with a broken config.toml
    around = _from_environment(os.environ)
    patience = found.get("deadline", Options().deadline)
    values = _from_file(found.get("config", around.get("config")), patience) | around | found
    if found.get("vv") and "quiet" not in found:
        values["quiet"] = False  # of the file: the command line goes before it
    return Options(given=given, argv=tuple(argv), **values)


def without(name: str, argv: Sequence[str]) -> list[str]:
    """A command line that means the same, but for one flag. Raises `UsageError`."""
    return [f"--{other}={text}" for other, text in _given(argv).items() if other != name]


def _given(argv: Sequence[str]) -> dict[str, str]:
    switches = {setting.name: setting.is_switch for setting in SETTINGS}
    alone = {setting.name: setting.alone for setting in SETTINGS if setting.alone is not None}
    try:
        return command_line.read(["--help" if word == "-h" else word for word in argv], switches, alone)
    except command_line.StrayWord as stray:
        from .manual.usage import meant

        raise UsageError(f"{stray}{meant(stray)}") from None


def _value(setting: Setting, text: str, where: str) -> Any:
    try:
        return setting.read(text)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def state_folder(options: Options) -> Path:
    """The folder of node.json and keys/."""
    if options.state_dir is not None:
        return options.state_dir
    if (folder := _xdg("XDG_STATE_HOME", "~/.local/state")) is not None:
        return folder
    from platformdirs import user_state_path

    return user_state_path(APP, appauthor=False)


def keys_folder(options: Options) -> Path:
    """The folder of the keyring."""
    return state_folder(options) / "keys"


def is_owned_file(path: Path, options: Options) -> bool:
    """Whether a path leads to what the program keeps for itself, of this run or by default: state, keys, settings."""
    folders = (state_folder(options), state_folder(Options()))
    settings = [file for file in (options.config, config_file()) if file is not None]
    real = os.path.realpath(path)
    return any(is_owned(path, folder) for folder in folders) or real in map(os.path.realpath, settings)


def config_file() -> Path:
    """The file of settings that is read by default."""
    if (folder := _xdg("XDG_CONFIG_HOME", "~/.config")) is not None:
        return folder / "config.toml"
    from platformdirs import user_config_path

    return user_config_path(APP, appauthor=False) / "config.toml"


def _xdg(variable: str, default: str) -> Path | None:
    """Our folder in one of the XDG's, on Linux, as platformdirs names it: that takes ten times as long to load as this
    takes in all. `None` elsewhere."""
    if sys.platform != "linux" or "ANDROID_DATA" in os.environ:
        return None
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else Path(default).expanduser()) / APP


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings that have a variable of their own, by their field. An empty one says nothing."""
    named = [(setting, environment.get(setting.variable, "")) for setting in SETTINGS if setting.variable]
    return {setting.field: _value(setting, text, f"{setting.variable}") for setting, text in named if text}


# ---- config.toml --------------------------------------------------------------------------------------


def _from_file(named: Path | None, patience: float) -> dict[str, Any]:
    """The settings in config.toml by their field. A file that wasn't named need not exist.

    `patience`: seconds to wait for a pipe.
    """
    path = config_file() if named is None else named
    if str(path) == STDIN:
        raise UsageError("--config: settings are not read from standard input: name a file")
    try:
        data = read_named(path, MAX_CONFIG_BYTES, patience)
    except FileNotFoundError:
        if named is None:
            return {}
        raise UsageError(f"--config: there is no file {quoted(str(path))}") from None
    except Overdue as error:
        raise Failure(f"{quoted(str(path))}: {error.strerror} (--deadline)", Exit.DEADLINE) from None
    except OSError as error:
        raise UsageError(f"cannot read {quoted(str(path))}: {error.strerror}") from None
    return _settings(_document(data, path), path)


def _document(data: bytes, path: Path) -> Mapping[str, object]:
    import tomllib

    if len(data) > MAX_CONFIG_BYTES:
        raise UsageError(f"{quoted(str(path))} has more than {MAX_CONFIG_BYTES} bytes: it is no config.toml")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{quoted(str(path))} is not TOML: {safe_text(str(error))}") from None


def _settings(document: Mapping[str, object], path: Path) -> dict[str, Any]:
    allowed = {setting.name: setting for setting in SETTINGS if setting.in_file}
    found = {}
    for key, value in document.items():
        where = f"{quoted(str(path))}, {quoted(key)}"
        if key not in allowed:
            near = nearest(key, allowed)
            why = "it only makes sense on the command line" if key in BY_NAME else "there is no such setting"
            raise UsageError(f"{where}: {why}" + (f", did you mean {near}?" if near and key not in BY_NAME else ""))
        setting = allowed[key]
        found[setting.field] = _value(setting, _as_text(setting, value, where), where)
    return found


def _as_text(setting: Setting, value: object, where: str) -> str:
    """A TOML value as the command line would have it, so that there is one reader for both."""
    if setting.name == "keys" and isinstance(value, dict):
        from ..bindings import keymap

        try:
            return keymap.from_table(value)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None
    if setting.is_switch:
        if isinstance(value, bool):
            return str(value).lower()
        raise UsageError(f"{where}: true or false is needed")
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{where}: {setting.shape} is needed")
    return str(value)
