"""The form that starts a lookup: it checks what is typed, letter by letter, and says what will be looked for."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input

from ...bindings.registry import LEAVE, SUBMIT, form
from ...lookups.ask import KINDS, Kind, LookupRequest, likely_kind, read_request
from ...text.spans import Line, fit
from ...widgets.bound import bound
from ...widgets.lines import Lines
from ...widgets.pick import Pick
from ...widgets.source_input import SourceInput
from ..dialogs.checked_form import CheckedForm
from ..dialogs.fields import TABS, field

_WIDTH = 72


class LookupForm(CheckedForm[LookupRequest | None, LookupRequest]):
    """Asks what to look up. The result is a request that is fit to be sent; `None`: nothing is to be done."""

    CSS_PATH = "lookup_form.tcss"
    BINDINGS = [bound(LEAVE, "cancel"), bound(SUBMIT), *TABS]  # noqa: RUF012
    ACTIONS = form("start", choose="kind")
    ABOUT = (
        "Look up an id, the peers of a torrent, or an item. The kind follows from what is typed, until it is chosen."
    )
    AUTO_FOCUS = "#target"
    FIRST = "target"

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

    def read(self) -> LookupRequest:
        """What is to be looked up."""
        target, salt = (self.query_one(name, Input).value for name in ("#target", "#salt"))
        return read_request(KINDS[self.query_one(Pick).chosen], target, salt, self._own)

    def typed(self, event: Input.Changed) -> None:
        """The kind follows from a target that tells it."""
        likely = likely_kind(event.value) if event.input.id == "target" and not self._chosen else None
        if likely is not None:
            self.query_one(Pick).choose(KINDS.index(likely))

    def chosen(self) -> None:
        """The user knows better."""
        self._chosen = True

    def tell_fault(self, problem: str, *, blank: bool) -> None:
        """In up to three lines."""
        lines = wrap(f"{'…' if blank else '✗'} {problem}", _WIDTH)[:3]
        self.query_one("#verdict", Lines).show([((line, "dim" if blank else "bad"),) for line in lines])

    def tell(self, request: LookupRequest) -> None:
        """What would be looked for."""
        targets = (request.target, *request.also)
        hashes: list[Line] = [((f"✓ {request.kind} {each.hex()}", "good"),) for each in targets]
        words: list[Line] = [((f"  {line}", "plain"),) for line in wrap(request.words, _WIDTH - 2)]
        self.query_one("#verdict", Lines).show([*hashes, *words][:3])

    def go(self, request: LookupRequest) -> None:
        """The screen starts it."""
        self.dismiss(request)

    def action_cancel(self) -> None:
        """Nothing is to be done."""
        self.dismiss(None)
