"""The pages that people read: what stands in them, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("bench/*.md")))


def text_of(page: Path) -> str:
    """A page without its code, in which nothing is a link or a heading."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)


def links(page: Path) -> Iterator[tuple[str, str]]:
    """Path and anchor of each link to another page, a file or a part of the page itself."""
    for target in re.findall(r"\]\((?![a-z]+:)([^)\s]+)\)", text_of(page)):
        path, _, anchor = target.partition("#")
        yield path, anchor


def anchors(page: Path) -> set[str]:
    """What a link to a part of a page may name: its headings, as GitHub writes them."""
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", text_of(page), re.M):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return found


def between(page: Path, mark: str) -> str:
    """What stands between ``<!-- mark -->`` and ``<!-- /mark -->``."""
    return page.read_text(encoding="utf-8").split(f"<!-- {mark} -->")[1].split(f"<!-- /{mark} -->")[0].strip()
