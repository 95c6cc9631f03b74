"""Where the socket is, and that nobody but its user gets to it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from dhtui.attach import place
from dhtui.storage.owned import is_owned


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that a session ends with."""
    monkeypatch.setattr(place, "LONGEST", len(os.fsencode(tmp_path)) + 60)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "dhtui"


def test_it_is_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "LONGEST", 4096)
    folder = tmp_path / "state"
    assert place.place_of(folder) == folder / "control.sock", "which need not be there yet"
    folder.mkdir(mode=0o700)
    assert place.place_of(folder) == folder / "control.sock"
    assert is_owned(folder / "control.sock", folder) and is_owned(folder / "control.sock.lock", folder)


@pytest.mark.parametrize("name", ["x" * 100, "é" * 50])
def test_one_with_a_long_path_is_elsewhere_and_always_at_the_same_place(short: Path, tmp_path: Path, name: str) -> None:
    found = place.place_of(tmp_path / name)
    assert found.parent == short and place.fits(found) and found == place.place_of(tmp_path / "." / name)
    assert found != place.place_of(tmp_path / f"{name}2")


def test_one_whose_folder_others_can_enter_is_elsewhere(short: Path, tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    assert place.place_of(open_to_all).parent == short


def test_without_a_runtime_folder_it_is_among_the_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ("", "/" + "x" * 100):
        monkeypatch.setenv("XDG_RUNTIME_DIR", given)
        assert place.runtime_folder().name == f"dhtui-{os.geteuid()}"
        assert place.fits(place.runtime_folder() / ("x" * 29))


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707, 0o710])
def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "f"
    place.check_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(mode)
    with pytest.raises(ValueError, match=r"others can enter the folder .*: chmod 700 it"):
        place.check_folder(folder)


def test_a_folder_or_a_socket_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s"
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        place.check_socket(path)
        monkeypatch.setattr(place, "own_uid", lambda: os.geteuid() + 1)
        with pytest.raises(ValueError, match="belongs to another user"):
            place.check_folder(tmp_path)
        with pytest.raises(ValueError, match="belongs to another user"):
            place.check_socket(path)
    (tmp_path / "file").write_text("precious")
    with pytest.raises(ValueError, match="no socket"):
        place.check_socket(tmp_path / "file")


def test_the_system_says_who_is_at_the_other_end(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    with here, there:
        assert place.peer_of(here) == os.geteuid() and place.is_ours(here)
        monkeypatch.setattr(place, "peer_of", lambda sock: os.geteuid() + 1)
        assert not place.is_ours(here)
        monkeypatch.setattr(place, "peer_of", lambda sock: None)
        assert not place.is_ours(here), "where the system does not say, nobody is let in"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        monkeypatch.undo()
        assert not place.is_ours(other)
