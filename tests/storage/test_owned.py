"""What the program keeps for itself is never written to by anything else, whatever way leads there."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhtui.attach import place
from dhtui.items.keepalive import store
from dhtui.storage import node_state, owned, state_lock
from dhtui.storage.owned import is_owned


def test_the_names_are_those_of_the_modules() -> None:
    assert set(owned.NAMES) == {
        *(node_state.NAME, state_lock.NAME, store.NAME, store.LOCK),
        *(place.NAME, f"{place.NAME}.lock"),
    }


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("name", [*owned.NAMES, "KEEP.json", "keys", "keys/me", "keys/.notes/00", "keys/../node.json"])
def test_a_file_of_the_state_folder_is_owned_by_every_way(tmp_path: Path, name: str, there: bool) -> None:
    folder = tmp_path / "state"
    if there:
        (folder / "keys").mkdir(parents=True)
        (tmp_path / "link").symlink_to(folder)
        (tmp_path / "file").symlink_to(folder / name)
        assert is_owned(tmp_path / "link" / name, folder) and is_owned(tmp_path / "file", folder)
        assert is_owned(folder / name, tmp_path / "link")
    assert is_owned(folder / name, folder)
    assert is_owned(folder / ".." / "state" / name, folder)


@pytest.mark.parametrize("name", ["item.json", "keys.txt", "sub/node.json", "../node.json"])
def test_other_files_are_the_users(tmp_path: Path, name: str) -> None:
    (tmp_path / "state").mkdir()
    assert not is_owned(tmp_path / "state" / name, tmp_path / "state")
