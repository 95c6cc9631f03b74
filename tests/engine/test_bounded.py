"""The dict with a bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.bounded import BoundedDict


@given(st.lists(st.tuples(st.integers(0, 6), st.integers())), st.integers(1, 5))
def test_it_holds_the_latest_entries_up_to_its_bound(puts: list[tuple[int, int]], most: int) -> None:
    """An entry that is put again counts as new."""
    kept: BoundedDict[int, int] = BoundedDict(most)
    for key, value in puts:
        kept.put(key, value)
        assert len(kept) <= most
    newest_first = list(dict.fromkeys(key for key, _ in reversed(puts)))[:most]
    assert list(kept) == newest_first[::-1]
    assert kept == {key: value for key, value in puts if key in newest_first}
