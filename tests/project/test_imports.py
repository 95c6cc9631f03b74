"""Imports run one way, and headless runs load neither Textual nor what they have no use for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dhtui.errors import Exit

ROOT = Path(__file__).parents[2]
HEAVY = {"textual", "rich", "netaddr"}
SELDOM = {"dhtui.keyring", "dhtui.items.keepalive", "dhtui.items.readback", "dhtui.items.conflict", "dhtui.sources"}
"""Rooms and modules that most actions have no use for."""

RUN_AND_TELL = """
import runpy, sys
sys.argv[0] = "dhtui"
try:
    runpy.run_module("dhtui", run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code or 0
else:
    code = 0
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""


def test_imports_run_one_way() -> None:
    pytest.importorskip("importlinter")
    run = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_command_line_loads_nothing_heavy() -> None:
    script = "import dhtui.cli, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())


def loaded_by(tmp_path: Path, *argv: str, codes: tuple[int, ...] = (0,)) -> set[str]:
    """The modules that a run has loaded when it ends."""
    run = subprocess.run(
        [sys.executable, "-c", RUN_AND_TELL, *argv],
        env={**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in codes, run.stderr
    loaded = set(run.stderr.splitlines()[-1].split())
    assert "dhtui" in loaded
    assert not HEAVY & loaded
    return loaded


def test_signing_loads_nothing_heavy(tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, "--do", "sign", "-keyname", "bep44test", "-val", "x")
    assert not {"asyncio", "dhtui.engine.core"} & loaded


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_version_and_help_load_no_engine(flag: str, tmp_path: Path) -> None:
    assert not {"dhtui.engine.items", "dhtui.engine.outcome", "nacl", "asyncio"} & loaded_by(tmp_path, flag)


def test_an_action_loads_what_it_needs(tmp_path: Path) -> None:
    node = ("--listen", "127.0.0.1:0", "--bnodes", "no", "--deadline", "100ms")
    silent = (Exit.NO_ANSWER, Exit.DEADLINE)
    pinging = loaded_by(tmp_path, "--do", "ping", "--remote", "127.0.0.1:9", *node, codes=silent)
    assert not SELDOM & pinging
    slow = {"nacl", "statistics", "dhtui.bindings.registry", "dhtui.headless.service", "dhtui.runtime.metrics"}
    assert not slow & pinging, "each takes some milliseconds"
    assert not SELDOM & loaded_by(tmp_path, "--do", "put", "--val", "x", "--remote", "127.0.0.1:9", *node, codes=silent)
    loaded = loaded_by(tmp_path, "--do", "keys")
    assert "dhtui.keyring" in loaded and not {"asyncio", "dhtui.items.keepalive", "dhtui.engine.core"} & loaded
