"""Pages lead where they say, their tables are those of the program, and all that has a page is led to."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhtui.options import config

from .pages import PAGES, ROOT, anchors, between, links

DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        found = page.parent / path if path else page
        assert found.exists(), path
        assert not anchor or anchor in anchors(found), f"{path}#{anchor}"


def test_readme_leads_to_every_page_in_docs() -> None:
    named = {(ROOT / path).resolve() for path, _ in links(ROOT / "README.md")}
    assert {page for page in PAGES if page.parent == DOCS} <= named


def test_the_table_of_flags_is_that_of_the_settings() -> None:
    assert between(DOCS / "cli.md", "flags") == config.flag_table()
