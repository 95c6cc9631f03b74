"""A screen as it stands, as a picture, a page or text."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from textual.app import App

from ..bindings.keymap import key_of
from ..storage.atomic import write_new as write_file
from ..text.safe import safe_text
from .notify import notify
from .verbs import write_new

ENDINGS: Final = {"svg": "svg", "html": "html", "text": "txt"}
"""The forms, and how the names of their files end."""


def picture(app: App[Any], form: str) -> bytes:
    """What is shown, as ``svg``, ``html`` or ``text``; UTF-8."""
    width, height = app.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    # As Textual's `export_screenshot` does, which knows the first form only.
    console.print(app.screen._compositor.render_update(full=True, screen_stack=app._background_screens))
    if form == "svg":
        return console.export_svg(title=app.title).encode()
    if form == "html":
        return console.export_html(inline_styles=True).encode()
    text = console.export_text(styles=False)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines()).encode()


def shows_secret(app: App[Any]) -> bool:
    """Whether a private key is to be read on the screen."""
    return any(getattr(screen, "shows_secret", False) for screen in app.screen_stack)


async def write_picture(app: App[Any], form: str, name: str, path: Path | None) -> None:
    """Writes the screen as it stands to a new file: never over another one, and nothing that is secret.

    Without a path the file is called after `name`, in the present folder.
    """
    if shows_secret(app):
        notify(app, f"A private key is shown: {key_of('keys.reveal')} hides it; then the screen can be written.")
        return
    app.clear_notifications()
    drawn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    app.screen.call_after_refresh(drawn.set_result, None)
    await drawn
    content = picture(app, form)
    try:
        if path is None:
            path = await asyncio.to_thread(write_new, f"{name}.{ENDINGS[form]}", content, Path.cwd())
        else:
            await asyncio.to_thread(write_file, path, content, private=True)
    except FileExistsError:
        notify(app, f"{safe_text(str(path))} is there already: it is not overwritten.", bad=True)
    except (OSError, ValueError) as problem:
        notify(app, f"cannot write {safe_text(str(path or form))}: {safe_text(str(problem))}", bad=True)
    else:
        notify(app, f"written: {safe_text(str(path))}")
