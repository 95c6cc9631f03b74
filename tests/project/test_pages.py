"""Pages lead where they say, and README leads to all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pages import PAGES, ROOT, anchors, links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        found = page.parent / path if path else page
        assert found.exists(), path
        assert not anchor or anchor in anchors(found), f"{path}#{anchor}"


def test_readme_leads_to_every_page_in_docs() -> None:
    named = {(ROOT / path).resolve() for path, _ in links(ROOT / "README.md")}
    assert {page for page in PAGES if page.parent == ROOT / "docs"} <= named
