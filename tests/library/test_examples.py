"""The examples of docs/library.md run, and print what they are shown to print."""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import re
from contextlib import redirect_stdout
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from support.apart import PATIENCE, ROOT, run_apart

import dhtui

from .sample import main

TEXT = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n(?:```text\n(.*?)```)?", TEXT, re.S)
"""Code, and what it prints."""


def kind(code: str) -> str:
    return "program" if "asyncio.run(" in code else "tests" if "def test_" in code else "lines"


async def run(code: CodeType, names: dict[str, Any]) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed):
        waiting = eval(code, names)  # noqa: S307  (our own text)
        if inspect.isawaitable(waiting):
            await waiting
    return printed.getvalue()


async def test_the_lines_print_what_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One after the other, as ``python -m asyncio`` takes them."""
    monkeypatch.setenv("HOME", str(tmp_path))
    names: dict[str, Any] = {"asyncio": asyncio}
    lines = [block for block in BLOCKS if kind(block[0]) == "lines"]
    assert len(lines) > 10
    try:
        async with asyncio.timeout(PATIENCE):
            for code, shown in lines:
                came = await run(compile(code, "docs/library.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
                assert OutputChecker().check_output(shown, came, ELLIPSIS), f"{code}\n{shown}\nbut\n{came}"
    finally:
        await names["node"].close()
        await names["net"].close()
    assert (tmp_path / ".local/state/my-crawler/node.json").exists()


def test_the_program_finds_peers(tmp_path: Path) -> None:
    (program,) = (code for code, _ in BLOCKS if kind(code) == "program")
    assert len(run_apart(program, tmp_path).splitlines()) == 6


async def test_the_typed_program_runs(tmp_path: Path) -> None:
    """What mypy has found well typed is true, too."""
    async with asyncio.timeout(PATIENCE):
        said = await main(tmp_path)
    puts = ["put True True", "put True True", "seq 1", "put True True", "seq 2"]
    assert said == ["6 peers", *puts, "two", "True", "True True True"]


def test_every_name_of_the_api_is_told_of_or_is_told_by_type() -> None:
    """The others are only met as types: of fields, of arguments and of what is raised."""
    told = set(re.findall(r"\w+", TEXT))
    assert set(dhtui.__all__) - told == {"Addr", "Blocklist", "Doubt", "Item", "MutableItem", "NodeInfo"} | {
        "SavedState",
        "Snapshot",
        "Status",
        "Stream",
        "Value",
    }
