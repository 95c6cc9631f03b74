"""No code reads a sentence: states, reasons and results are values, and `dhtui/text` makes their sentences.

What can be seen in the source is looked for: comparisons with literals of several words, and sentences that are cut.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dhtui

PACKAGE = Path(dhtui.__file__).parent
CUTS = frozenset(
    ("startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "rsplit", "find")
)
"""Methods that look into a text."""
SENTENCES = frozenset(("why", "note", "summary", "detail", "words"))
"""Attributes that are sentences, for people."""
EXCEPTIONS = {
    "keyring/pem.py": "the labels of PEM are those of a file format",
}


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent.name != "text"]


def literals(node: ast.AST) -> Iterator[str]:
    """The text in a literal, or in a collection of them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        yield node.value if isinstance(node.value, str) else node.value.decode("latin-1")
    elif isinstance(node, ast.Tuple | ast.List | ast.Set | ast.JoinedStr):
        for part in node.elts if not isinstance(node, ast.JoinedStr) else node.values:
            yield from literals(part)


def is_sentence(text: str) -> bool:
    return " " in text and any(char.isalpha() for char in text)


def is_for_people(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in SENTENCES


def readings(tree: ast.AST) -> Iterator[str]:
    """Where a sentence is compared or cut."""
    for node in ast.walk(tree):
        found: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            found = [*sides]
            if any(map(is_for_people, sides)) and any(text for side in sides for text in literals(side)):
                yield f"line {node.lineno}: {ast.unparse(node)}"
                continue
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CUTS:
            found = [*node.args]
            if is_for_people(node.func.value):
                yield f"line {node.lineno}: {ast.unparse(node)}"
                continue
        elif isinstance(node, ast.MatchValue):
            found = [node.value]
        elif isinstance(node, ast.Subscript) and is_for_people(node.value):
            yield f"line {node.lineno}: {ast.unparse(node)}"
        if any(is_sentence(text) for each in found for text in literals(each)):
            yield f"line {node.lineno}: {ast.unparse(node)}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_code_compares_or_cuts_a_sentence(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() not in EXCEPTIONS:
        assert not list(readings(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "source",
    [
        'outcome.why == "no node answered"',
        'if "on the blocklist" in told: pass',
        'name.startswith("saved nodes")',
        'note.startswith("a ")',
        'view.why.partition(",")',
        "outcome.note[:4]",
        'state in ("passed over", "asked")',
        'match said:\n    case "timed out": pass',
    ],
)
def test_such_code_is_found(source: str) -> None:
    assert list(readings(ast.parse(source)))


@pytest.mark.parametrize("source", ['kind == "put"', 'text.split(" ")', "view.why", 'words += ", so far"', "not note"])
def test_other_code_is_not(source: str) -> None:
    assert not list(readings(ast.parse(source)))


TOKENS = {"headless/json_lines.py"}
"""Where the token of JSON and recordings is told of."""


def test_silence_has_one_word() -> None:
    """``timed out`` is the token of the core. People read ``silent``."""
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in docs and "timed out" in str(node.value):
                found.add(path.relative_to(PACKAGE).as_posix())
    assert {name for name in found if not name.startswith("engine/")} == TOKENS
