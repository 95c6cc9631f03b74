"""The form that announces a peer: it checks what is typed, letter by letter, and says what will be done."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from ...bindings.registry import LEAVE, form
from ...errors import UsageError
from ...options.values import integer, target, torrent
from ...widgets.bound import bound
from ...widgets.lines import Lines
from ...widgets.source_input import SourceInput
from ..dialogs.fields import TABS, field
from ..dialogs.window import Window

_WIDTH = 72
_PORT = integer(1, 65535)
INFOHASHES = "an infohash (40 hex digits, 32 characters of base32, 64 of a v2 torrent), or a magnet link"


@dataclass(frozen=True, slots=True)
class AnnounceRequest:
    """An announce to make."""

    info_hashes: tuple[bytes, ...]
    """20 bytes each; two of a hybrid torrent."""
    port: int
    """0: the one that our packets come from."""

    @property
    def words(self) -> str:
        """What will be done."""
        port = f"port {self.port}" if self.port else "the port that our packets come from"
        whom = "each of both, a hybrid torrent's" if len(self.info_hashes) > 1 else "it"
        return f"tell the 8 nodes closest to {whom}: a peer is here, at {port}"


def read_announce(text: str, port_text: str) -> AnnounceRequest:
    """What the fields of the form ask for. Raises `UsageError`, which says what is accepted."""
    text, port_text = text.strip(), port_text.strip()
    if not text:
        raise UsageError(f"type {INFOHASHES}")
    return AnnounceRequest(torrent(target(text)), _PORT(port_text) if port_text else 0)


class AnnounceForm(Window[AnnounceRequest | None]):
    """Asks what to announce. The result is fit to be sent; `None`: nothing is to be done."""

    CSS_PATH = "announce_form.tcss"
    BINDINGS = [bound(LEAVE, "cancel"), *TABS]  # noqa: RUF012 - Textual's own declaration
    ACTIONS = form("announce", choose="")
    ABOUT = "Tell the nodes closest to an infohash that a peer is here. Each letter is checked as it is typed."
    AUTO_FOCUS = "#infohash"

    def __init__(self, info_hash: str = "", note: str = "") -> None:
        """`note` is said below: why it may be of little use."""
        super().__init__()
        self._info_hash, self._note = info_hash, note

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content("announce a peer")
            placeholder = "infohash, v1 or v2, or a magnet link"
            yield from field("infohash", SourceInput(self._info_hash, id="infohash", placeholder=placeholder))
            placeholder = "empty: the one that our packets come from"
            yield from field("port", SourceInput(id="port", placeholder=placeholder))
            yield Lines(id="verdict")
            if self._note:
                yield Lines(*(((text, "warn"),) for text in wrap(self._note, _WIDTH)), id="note")

    def on_mount(self) -> None:
        """Says what is missing."""
        self._check()

    def _read(self) -> AnnounceRequest:
        return read_announce(self.query_one("#infohash", Input).value, self.query_one("#port", Input).value)

    @on(Input.Changed)
    def follow(self, event: Input.Changed) -> None:
        """Checks what was typed so far."""
        event.stop()
        self._check()

    def _check(self) -> None:
        verdict = self.query_one("#verdict", Lines)
        try:
            request = self._read()
        except UsageError as problem:
            blank = not self.query_one("#infohash", Input).value.strip()
            lines = wrap(f"{'…' if blank else '✗'} {problem}", _WIDTH)[:3]
            verdict.show([((line, "dim" if blank else "bad"),) for line in lines])
        else:
            lines = wrap(request.words, _WIDTH - 2)
            verdict.show(
                [
                    *(((f"✓ {each.hex()}", "good"),) for each in request.info_hashes),
                    *(((f"  {line}", "plain"),) for line in lines),
                ]
            )

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Announces, if that can be done."""
        event.stop()
        try:
            request = self._read()
        except UsageError:
            self._check()
        else:
            self.dismiss(request)

    def action_cancel(self) -> None:
        """Nothing is to be done."""
        self.dismiss(None)
