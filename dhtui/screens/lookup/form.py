"""The form that starts a lookup: it checks what is typed, letter by letter, and says what will be looked for."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input

from ...bindings.registry import LEAVE, SUBMIT, form
from ...errors import UsageError
from ...lookups.ask import KINDS, Kind, LookupRequest, likely_kind, read_request
from ...text.spans import Line, fit
from ...widgets.bound import bound
from ...widgets.lines import Lines
from ...widgets.pick import Pick
from ...widgets.source_input import SourceInput
from ..dialogs.fields import TABS, field
from ..dialogs.window import Window

_WIDTH = 72


class LookupForm(Window[LookupRequest | None]):
    """Asks what to look up. The result is a request that is fit to be sent; `None`: nothing is to be done."""

    CSS_PATH = "lookup_form.tcss"
    BINDINGS = [bound(LEAVE, "cancel"), bound(SUBMIT), *TABS]  # noqa: RUF012
    ACTIONS = form("start", choose="kind")
    ABOUT = (
        "Look up an id, the peers of a torrent, or an item. The kind follows from what is typed, until it is chosen."
    )
    AUTO_FOCUS = "#target"

    def __init__(
        self,
        own: bytes,
        *,
        kind: Kind = "get_peers",
        target: str = "",
        known: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`known` is what can be found here: texts for the target with what they are."""
        super().__init__()
        self._own, self._kind, self._target, self._known = own, kind, target, tuple(known)
        self._chosen = bool(target)
        """The kind was chosen: it no longer follows from the target."""

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content("new lookup")
            yield from field("target", self._target_input())
            yield from field("kind", Pick(KINDS, KINDS.index(self._kind), id="kind"))
            salt = SourceInput(id="salt", placeholder="of a mutable item, if it has one")
            yield from field("salt", salt)
            yield Lines(id="verdict")
            yield Lines(*self._known_lines(), id="known")

    def _target_input(self) -> SourceInput:
        texts = [text for text, _ in self._known]
        return SourceInput(
            self._target,
            id="target",
            placeholder="id, infohash, public key, magnet link, or self",
            suggester=SuggestFromList(texts) if texts else None,
        )

    def _known_lines(self) -> list[Line]:
        if not self._known:
            return []
        head: Line = (("To be found on this testnet; type the first digits, then →:", "dim"),)
        return [(), head, *(((f"{words:<25}", "dim"), (fit(text, 41), "data")) for text, words in self._known)]

    def on_mount(self) -> None:
        """Says what is missing."""
        self._check()

    def _read(self) -> LookupRequest:
        target, salt = (self.query_one(name, Input).value for name in ("#target", "#salt"))
        return read_request(KINDS[self.query_one(Pick).chosen], target, salt, self._own)

    @on(Input.Changed)
    def follow(self, event: Input.Changed) -> None:
        """Checks what was typed so far; the kind follows from a target that tells it."""
        event.stop()
        likely = likely_kind(event.value) if event.input.id == "target" and not self._chosen else None
        if likely is not None:
            self.query_one(Pick).choose(KINDS.index(likely))
        self._check()

    @on(Pick.Changed)
    def kind_chosen(self) -> None:
        """The user knows better."""
        self._chosen = True
        self._check()

    def _check(self) -> None:
        verdict = self.query_one("#verdict", Lines)
        try:
            request = self._read()
        except UsageError as problem:
            blank = not self.query_one("#target", Input).value.strip()
            lines = wrap(f"{'…' if blank else '✗'} {problem}", _WIDTH)[:3]
            verdict.show([((line, "dim" if blank else "bad"),) for line in lines])
        else:
            targets = (request.target, *request.also)
            hashes: list[Line] = [((f"✓ {request.kind} {each.hex()}", "good"),) for each in targets]
            verdict.show([*hashes, *(((f"  {line}", "plain"),) for line in wrap(request.words, _WIDTH - 2))][:3])

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter in a field."""
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Starts the lookup, if it can be started."""
        try:
            request = self._read()
        except UsageError:
            self._check()
        else:
            self.dismiss(request)

    def action_cancel(self) -> None:
        """Nothing is to be done."""
        self.dismiss(None)
