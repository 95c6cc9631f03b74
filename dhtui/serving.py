"""The explorer in a browser: textual-serve on loopback, and a guard before it.

textual-serve starts an explorer for each page, and has no guard of its own: any web page that the user happens to
visit could connect to it from within the user's browser, and so could every other user of the machine. So the address
of the page holds a token that is made for each run, and who comes without it is turned away.
"""

from __future__ import annotations

import logging
import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from .errors import Failure
from .headless.output import Output
from .runtime.garbage import look_for_garbage
from .text.runs.running import not_bound_words
from .text.safe import safe_text

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"
SHUTDOWN = 2.0
"""Seconds for open pages to be told that it is over."""

WARNING = "whoever has this address, or can read what this browser keeps, can drive the explorer and holds its keys"
TOKEN_BYTES = 16


def serve(port: int, arguments: Sequence[str], output: Output) -> int:
    """Serves explorers with these arguments until SIGINT or SIGTERM; returns the exit code. Raises `Failure`."""
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError:
        raise Failure("--serve needs textual-serve: pip install 'dhtui[serve]'") from None

    output.outlives_readers = True
    look_for_garbage()
    token = secrets.token_urlsafe(TOKEN_BYTES)

    class Quiet(Server):
        """Tells where it is, and nothing else."""

        async def on_startup(self, app: web.Application) -> None:
            output.notes([f"dhtui: the explorer is at {self.public_url}/?token={token}; Ctrl+C ends it"])
            output.warn(WARNING)

        async def _make_app(self) -> web.Application:
            app = await super()._make_app()
            protect(app, self.public_url, token)
            return app

    with _bound(port) as listener:
        own = f"{HOST}:{listener.getsockname()[1]}"
        command = shlex.join([sys.executable, "-m", "dhtui", *arguments])
        _log_to(output)
        server = Quiet(command, title="dhtui", public_url=f"http://{own}")
        web.run_app(server._make_app(), sock=listener, print=None, access_log=None, shutdown_timeout=SHUTDOWN)
    return 0


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as problem:
        listener.close()
        raise Failure(f"--serve: {not_bound_words(f'{HOST}:{port}', problem)}") from None
    return listener


def protect(app: web.Application, url: str, token: str) -> None:
    """Lets in only what comes from our own page, at `url`, from a browser that has come with the token.

    The token is kept in a cookie then, and leaves the address: it is in no history and no Referer.

    Another site's page may connect to loopback too, and is told apart by its Origin; or it may have a name that leads
    to 127.0.0.1, and is told apart by its Host (DNS rebinding). Our own page loads nothing from elsewhere.
    """
    from aiohttp import web

    own = url.removeprefix("http://")
    cookie = f"dhtui-{own.rpartition(':')[2]}"  # the ports of a host share their cookies
    policy = f"default-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src ws://{own}; frame-ancestors 'none'"

    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.host == own.replace(HOST, "localhost") and request.path == "/":
            raise web.HTTPFound(f"{url}{request.path_qs}")
        if request.host != own or request.headers.get("Origin", url) != url:
            raise web.HTTPForbidden(text=f"This is only for {url}/\n")
        if request.path == "/ws" and "Origin" not in request.headers:
            raise web.HTTPForbidden(text="This is only for browsers\n")
        if request.path == "/" and _same(request.query.get("token", ""), token):
            entry = web.HTTPFound(f"{url}/")
            entry.set_cookie(cookie, token, httponly=True, samesite="Strict")
            raise entry
        if not _same(request.cookies.get(cookie, ""), token):
            raise web.HTTPForbidden(text="This is only for whoever has the address that dhtui printed.\n")
        return await handler(request)

    async def harden(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Content-Security-Policy"] = policy

    app.middlewares.append(check)
    app.on_response_prepare.append(harden)


def _same(given: str, token: str) -> bool:
    """Compares in a time that tells nothing."""
    return secrets.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode())


class _Lines(logging.Handler):
    """Lines that are safe, and no traceback."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        problem = record.exc_info[1] if record.exc_info else None
        why = f" ({type(problem).__name__})" if problem else ""
        self._output.notes([f"dhtui: {safe_text(record.getMessage(), 500)}{why}"])


def _log_to(output: Output) -> None:
    logging.basicConfig(level=logging.WARNING, handlers=[_Lines(output)])
