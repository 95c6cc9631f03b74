"""From screen to screen, by keys, links and commands, and back."""

from __future__ import annotations

from textual.app import App

from ..bindings.registry import VIEWS
from ..packets.parts import Link
from ..runtime.host import NodeHost
from ..screens.base import ExplorerScreen
from ..screens.dialogs.popup import Popup
from ..screens.notify import notify
from ..screens.places import Place, Places
from ..screens.verbs import views_of


class Navigation:
    """Which screen is shown, and which were before."""

    def __init__(self, app: App[int], host: NodeHost) -> None:
        """`host` remembers the screen for the next run."""
        self._app, self._host = app, host
        self.places = Places()

    async def show(self, name: str) -> None:
        """Goes to a screen."""
        if name != self._app.current_mode:
            self.places.left(self._place(), "", None)
            self._host.memory.screen = name
        await self._app.switch_mode(name)

    async def step(self, step: int) -> None:
        """Goes some screens on."""
        names = [view.name for view in VIEWS]
        await self.show(names[(names.index(self._app.current_mode) + step) % len(names)])

    def _place(self) -> Place:
        screen = self._app.screen
        return self._app.current_mode, screen.here() if isinstance(screen, ExplorerScreen) else None

    async def goes_after(self, link: Link, *, follows: bool = False) -> None:
        """Goes to what a link is about. `follows`: it is a link of what is shown, not of what was typed."""
        came_from = self._place()
        here = next(view.title for view in VIEWS if view.name == came_from[0])
        # A list leads on from itself where it can: the screen that one is on comes last.
        for name in sorted(views_of(link), key=lambda name: name == came_from[0]):
            if follows and name == came_from[0] == "lookup" and link.kind != "lookup":
                continue  # it would do no more than to offer the lookup that it shows once more
            if await self.open(name, link):
                self.places.left(came_from, here, link)
                self._host.memory.screen = name
                return
        await self._app.switch_mode(came_from[0])
        notify(self._app, f"Nothing more is known about {link.label}.")

    async def goes_to(self, view: str) -> ExplorerScreen | None:
        """Shows a screen and closes what lies over it, or says why it can't."""
        came_from = self._place()
        if await self.open(view, None) and isinstance(self._app.screen, ExplorerScreen):
            if view != came_from[0]:
                self.places.left(came_from, "", None)
            return self._app.screen
        notify(self._app, "A window is open on that screen: close it first.")
        return None

    async def open(self, name: str, link: Link | None) -> bool:
        """Shows a screen, and there what a link is about. Returns whether it could."""
        if all(view.name != name for view in VIEWS):
            return False
        await self._app.switch_mode(name)
        while isinstance(self._app.screen, Popup):  # it has nothing to lose; what is typed into a form stays
            await self._app.screen.dismiss()
        screen = self._app.screen
        if not isinstance(screen, ExplorerScreen):
            return False
        screen.tick()
        return link is None or screen.open_link(link)

    async def back(self) -> None:
        """Goes back to the place that was visited before."""
        place = self.places.back(self._place())
        if place is None:
            notify(self._app, "There is no place to go back to.")
        else:
            await self.open(*place)

    async def forward(self) -> None:
        """Goes forward to the place that one went back from."""
        place = self.places.forward(self._place())
        if place is None:
            notify(self._app, "There is no place to go forward to.")
        else:
            await self.open(*place)
