"""The explorer in a browser: a real Chromium shows it and its keys work; whoever else comes is turned away."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from support.apart import PATIENCE, ROOT

aiohttp = pytest.importorskip("aiohttp", reason="the extra serve is not installed")
pytest.importorskip("textual_serve", reason="the extra serve is not installed")

CHROMIUM = os.environ.get("DHTUI_CHROMIUM") or shutil.which("chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --remote-debugging-port=0 --window-size=1200,800"
)
FIND_TERMINAL = """
Object.defineProperty(Object.prototype, "fitAddon", {configurable: true, set(addon) {
    window.holder = this;
    Object.defineProperty(this, "fitAddon", {value: addon, writable: true, configurable: true});
}});
"""
"""Before the page's script runs: remembers the object that holds the terminal, which nothing else leads to."""
READ_TERMINAL = """
(() => {
    const buffer = window.holder ? window.holder.terminal.buffer.active : {length: 0};
    return Array.from({length: buffer.length}, (_, y) => buffer.getLine(y).translateToString()).join("\\n");
})()
"""


@asynccontextmanager
async def _started(*command: str, **more: Any) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, **more)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _said(process: Process, pattern: str) -> str:
    """What a process says on standard error, in the first line that matches."""
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        while line := (await process.stderr.readline()).decode():
            if found := re.search(pattern, line):
                return found[1]
    raise AssertionError(f"it never said {pattern}")


@asynccontextmanager
async def served(home: Path) -> AsyncIterator[tuple[Process, str]]:
    """``dhtui --serve`` on a testnet: its process and the address of its page."""
    environment = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    words = (sys.executable, "-m", "dhtui", "--serve=0", "--testnet=8")
    async with _started(*words, cwd=ROOT, env=environment) as process:
        url = await _said(process, r"the explorer is at (http://127\.0\.0\.1:\d+/\?token=\S+);")
        await _listening(int(url.partition("/?")[0].rpartition(":")[2]))
        yield process, url


async def _listening(port: int) -> None:
    """Returns once something takes connections there: the sentence comes a moment before."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


class Page:
    """A page of a browser, by the DevTools protocol."""

    def __init__(self, socket: Any) -> None:
        self._socket, self._calls = socket, 0

    async def call(self, method: str, **params: Any) -> Any:
        self._calls += 1
        await self._socket.send_json({"id": self._calls, "method": method, "params": params})
        while (answer := await self._socket.receive_json()).get("id") != self._calls:
            pass
        return answer["result"]

    async def press(self, key: str) -> None:
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=key, key=key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def shows(self, text: str) -> None:
        """Waits until the terminal in the page shows a text."""
        seen = ""
        try:
            async with asyncio.timeout(PATIENCE):
                while text not in seen:
                    answer = await self.call("Runtime.evaluate", expression=READ_TERMINAL)
                    seen = answer["result"].get("value", "")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{text!r} is not in the page:\n{seen}") from None


@asynccontextmanager
async def _browser(profile: Path) -> AsyncIterator[Page]:
    assert CHROMIUM is not None
    words = (CHROMIUM, *FLAGS.split(), f"--user-data-dir={profile}", "about:blank")
    async with _started(*words) as process, aiohttp.ClientSession() as session:
        address = await _said(process, r"DevTools listening on ws://([^/]+)")
        async with session.get(f"http://{address}/json/list") as answer:
            pages = await answer.json(content_type=None)
        url = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        async with session.ws_connect(url, max_msg_size=0) as socket:
            yield Page(socket)
            await socket.send_json({"id": 0, "method": "Browser.close"})
        async with asyncio.timeout(PATIENCE):
            await process.communicate()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install it, or name it in DHTUI_CHROMIUM")
async def test_a_browser_shows_the_explorer_and_its_keys_work(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, url), _browser(tmp_path / "profile") as page:
        await page.call("Page.enable")
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=FIND_TERMINAL)
        await page.call("Page.navigate", url=url)
        await page.shows("[1 Home]")
        await page.shows("8 nodes answer")
        await page.call("Runtime.evaluate", expression="window.holder.terminal.focus()")
        await page.press("2")
        await page.shows("[2 Table]")
        server.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            _, said = await server.communicate()
        assert server.returncode == 0
        assert "Traceback" not in said.decode()


async def test_only_our_own_page_is_let_in(tmp_path: Path) -> None:
    keeping = aiohttp.CookieJar(unsafe=True)  # also of a host that is an address
    async with served(tmp_path) as (process, entry), aiohttp.ClientSession(cookie_jar=keeping) as session:
        assert "whoever has this address" in await _said(process, "(.*warning.*)")
        url, _, token = entry.partition("?token=")
        port = url.rstrip("/").rpartition(":")[2]
        # Another user of the machine can reach the port, and knows no token.
        for path in ("", "?token=", f"?token={token[:-1]}", "ws", "static/js/textual.js"):
            async with session.get(url + path, headers={"Origin": url.rstrip("/")}, allow_redirects=False) as answer:
                assert answer.status == 403, path
        async with session.get(entry, allow_redirects=False) as answer:
            assert answer.status == 302 and token not in answer.headers["Location"]
        for path, headers, status in (
            ("", {}, 200),
            ("", {"Host": f"localhost:{port}"}, 302),
            ("", {"Host": f"rebound.example:{port}"}, 403),
            ("ws", {"Host": f"rebound.example:{port}", "Origin": f"http://rebound.example:{port}"}, 403),
            ("ws", {"Origin": "http://elsewhere.example"}, 403),
            ("ws", {"Origin": "null"}, 403),
            ("ws", {}, 403),
        ):
            async with session.get(url + path, headers=headers, allow_redirects=False) as answer:
                assert answer.status == status, (path, headers)
        async with session.get(url) as answer:
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            await process.communicate()
        assert process.returncode == 0
