"""`dhtui/text` makes the sentences: other rooms hold none, but for what is listed here with its reason.

A sentence is a text of three words or more. Docstrings, what is raised or asserted, and the values of enums are none:
they are for developers, or tokens.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dhtui

PACKAGE = Path(dhtui.__file__).parent
NOT_YET = {
    "app": "notifications of the explorer",
    "attach": "why a node can't be attached to",
    "cli.py": "what is wrong with the command line",
    "headless": "lines of results, and what a run notes",
    "keyring": "the names of the forms that a key comes in",
    "options": "help, and what is wrong with an option",
    "packets": "verdicts on messages, and what a field means",
    "screens": "titles, labels and notifications",
    "serving.py": "what it says of the explorer in a browser",
    "storage": "it stands beside `text`: warnings of files that are damaged",
    "widgets": "titles and labels",
}
"""Rooms that still make sentences."""
DATA = {
    "__init__.py": "what the API is",
    "actions/spec.py": "the table of actions: help and fields",
    "bindings": "the table of keys",
    "conform/cases": "the rules, and what each case expects",
    "engine/defence/blocklist.py": "what is wrong with the lines of a list, for `BlocklistError`",
    "engine/simulation": "the names of attacks",
    "engine/testnet": "the names of attacks",
    "engine/checks.py": "names of arguments, for errors",
    "engine/items.py": "names of arguments, for errors",
    "engine/node.py": "names of arguments, for errors; messages for the log of a program",
    "engine/settings.py": "names of arguments, for errors",
    "engine/operations/callbacks.py": "messages for the log of a program",
    "engine/server.py": "what is sent to other nodes",
    "engine/outcome.py": "the meaning of error codes, a part of the API",
    "engine/upkeep/bootstrap.py": "the names of sources",
    "engine/views/details.py": "a pattern",
    "engine/views/events.py": "tokens of recordings",
    "engine/wire": "what is wrong with a message, for errors; the meaning of codes",
    "conform/messages.py": "a type",
    "items/value/forms.py": "what is wrong with a value, for errors",
    "lookups/compare.py": "the labels of the rows",
    "lookups/drawings": "titles, labels and legends",
    "lookups/same.py": "a title",
    "pytest.py": "options of the plugin",
    "runtime/metrics": "the table of figures, and HTTP",
    "sources/codec.py": "what is wrong with a line, for errors",
}
"""Tables, and parts of what is raised."""


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "text" not in path.relative_to(PACKAGE).parts]


def listed(path: Path, among: dict[str, str]) -> bool:
    name = path.relative_to(PACKAGE).as_posix()
    return any(name == each or name.startswith(f"{each}/") for each in among)


def _skipped(tree: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, what is raised, representations, the values of enums, annotations and parts of texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.Raise | ast.Assert | ast.AnnAssign):
            yield from ast.walk(node.annotation if isinstance(node, ast.AnnAssign) else node)
        elif isinstance(node, ast.FunctionDef) and node.name == "__repr__":
            yield from ast.walk(node)
        elif isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
            yield from (each for line in node.body if isinstance(line, ast.Assign) for each in ast.walk(line))
        elif isinstance(node, ast.JoinedStr):
            yield from node.values


def sentences(source: str) -> list[str]:
    """The texts of three words or more."""
    tree = ast.parse(source)
    skipped = {id(node) for node in _skipped(tree)}
    found = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "#" for part in node.values)
        else:
            continue
        if sum(any(char.isalpha() for char in word) for word in text.split()) >= 3:
            found.append(f"line {node.lineno}: {text[:80]}")
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_other_room_makes_a_sentence(path: Path) -> None:
    if not listed(path, NOT_YET) and not listed(path, DATA):
        assert sentences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", [*NOT_YET, *DATA])
def test_what_is_listed_is_there_and_has_some(name: str) -> None:
    found = [path for path in modules() if listed(path, {name: ""})]
    assert any(sentences(path.read_text(encoding="utf-8")) for path in found), "take it off the list"


@pytest.mark.parametrize(
    "source", ['say(f"it is {sign} gone")', 'WORDS = {1: "no node answered"}', "x = 'a b c'", 'return "not so good"']
)
def test_sentences_are_found(source: str) -> None:
    assert sentences(f"def f():\n    {source}")


@pytest.mark.parametrize(
    "source",
    ['"""A doc of words."""', 'raise ValueError("it is no key")', 'f"{a} and {b}"', "class A(StrEnum): X = 'a b c'"],
)
def test_others_are_not(source: str) -> None:
    assert not sentences(source)
