"""The command line in this process: in a folder of its own, what it returned and printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dhtui.cli import main

Run = Callable[..., tuple[int, str, str]]
"""Takes the words of a command line; gives its exit code, standard output and standard error."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own state and settings stay out of the tests that import this."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line; no traceback ever reaches a user."""

    def run(*argv: str) -> tuple[int, str, str]:
        code = main(argv)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return run
