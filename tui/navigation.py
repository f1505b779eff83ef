"""Going from place to place: one way for every screen, with a history behind it.

A *place* is a view (``isoview.tui.views``), its subject (an entry, a pair of entries, a pid) and a
state that only the screen understands: which pane, what is selected. What a screen has to do:

* derive from :class:`PlacedScreen`, name its ``VIEW``, and stand in ``views.VIEWS``;
* say its ``subject`` and its ``crumb`` (one word or name for the breadcrumb);
* ``hint(view)`` may return a state of another view that fits what is selected here: opened by its
  digit from here, that view then stands at it;
* ``here()`` returns the state of the place (any small value), ``go_to(state)`` goes there. Both
  only run while the screen is mounted; after a reading has changed, go as near as possible.

What a screen, or anything with the app at hand, then does to move:

* ``app.navigation.go("symbols", entry, state)``: open a view, or go to the one that is open, at a
  state (None: as it is). It remembers where we were; ``[`` comes back, ``]`` goes there again.
* ``app.navigation.remember()`` right before a jump *inside* a screen: a link, a pointer's target,
  a finding from a guide section. Moving a cursor by a line is no jump.
* ``app.leave(self)`` when escape finds nothing open in the screen; that is remembered as well.
* ``Breadcrumb.show(navigation.crumbs(self), right, stage)`` for the line on top.

``[`` and ``]`` are the app's own keys: no screen binds them. The stack of screens never holds one
view of one subject twice: going to a place that lies below pops down to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.screen import Screen
from textual.worker import Worker

from isoview.inspectors.record import Record
from isoview.tui.views import view_of

if TYPE_CHECKING:
    from isoview.tui.app import IsoviewApp
    from isoview.tui.entry import Entry

MOST = 200
"""Places that are remembered; nobody walks back further."""


class Place(Record):
    """Somewhere that one can come back to."""

    view: str
    subject: object
    state: Any = None

    def same_screen(self, other: Place) -> bool:
        """Whether both are places on one screen."""
        return self.view == other.view and self.subject == other.subject


class PlacedScreen(Screen[None]):
    """A screen that knows where in it one is."""

    VIEW: ClassVar[str] = ""
    SHOWS_VIEWS: ClassVar[bool] = False
    """Whether the line of keys ends with the views that one can go to, where it has room."""
    arriving: Any = None  # the state to go to once the screen is mounted

    @property
    def isoview(self) -> IsoviewApp:
        return cast("IsoviewApp", self.app)

    @property
    def subject(self) -> object:
        """What the screen is about: its entry, if it has one."""
        return getattr(self, "entry", None)

    @property
    def crumb(self) -> str:
        """What the breadcrumb calls it."""
        return self.VIEW

    @property
    def entry_at_hand(self) -> Entry | None:
        """The module that a view of one module would show from here."""
        entry: Entry | None = getattr(self, "entry", None)
        return entry

    def on_compose(self) -> None:
        """Take the class of the screen's width before there is anything to lay out.

        Textual gives it after the first layout, and then styles, lays out and paints all anew.
        """
        widths = self.HORIZONTAL_BREAKPOINTS or []
        fitting = [name for least, name in widths if least <= self.app.size.width]
        for _, name in widths:
            self.set_class(name in fitting[-1:], name, update=False)

    def here(self) -> Any:
        """The state of the place: what is selected, and in which pane."""
        return None

    def go_to(self, state: Any) -> None:
        """Go to a state that :meth:`here` returned, or that a jump asks for."""

    def hint(self, view: str) -> Any:  # noqa: ARG002 - for those that have something to say
        """A state to open another view at: the one that fits what is selected here."""
        return None

    def on_mount(self) -> None:
        """Runs after the screen's own: Textual calls both."""
        state, self.arriving = self.arriving, None
        if state is not None:
            self.go_to(state)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A fault in a screen's own worker: it comes to the screen only, the app says it."""
        self.isoview.on_worker_state_changed(event)


class Navigation:
    """The places before and after this one."""

    def __init__(self, app: IsoviewApp) -> None:
        self._app = app
        self._before: list[Place] = []
        self._after: list[Place] = []

    @property
    def screen(self) -> PlacedScreen | None:
        """The screen one is at; a dialog over it is no place."""
        stack = reversed(self._app.screen_stack)
        return next((screen for screen in stack if isinstance(screen, PlacedScreen)), None)

    @property
    def entry(self) -> Entry | None:
        """The module at hand: the screen's own, or the nearest below it."""
        for screen in reversed(self._app.screen_stack):
            entry = screen.entry_at_hand if isinstance(screen, PlacedScreen) else None
            if entry is not None:
                return entry
        return self._app.entries[0] if len(self._app.entries) == 1 else None

    def place(self) -> Place | None:
        """Where one is now."""
        screen = self.screen
        if screen is None or not screen.is_mounted:
            return None
        return Place(screen.VIEW, screen.subject, screen.here())

    def remember(self) -> None:
        """Put this place into the history: a jump follows."""
        here = self.place()
        if here is not None and (not self._before or self._before[-1] != here):
            self._before.append(here)
            del self._before[:-MOST]
        self._after.clear()

    def go(self, view: str, subject: object = None, state: Any = None) -> None:
        """Remember this place, and go to another."""
        self.remember()
        self._show(Place(view, subject, state))

    def why_not(self, step: int) -> str | None:
        """Why there is no way back (-1) or forward (1)."""
        if step < 0:
            return None if self._before else "this is where you began"
        return None if self._after else "you have not gone back from anywhere"

    def walk(self, step: int) -> None:
        """Go one place back (-1) or forward (1)."""
        come_from, go_into = (
            (self._before, self._after) if step < 0 else (self._after, self._before)
        )
        here = self.place()
        while come_from:
            place = come_from.pop()
            if place == here:  # nothing was moved since: go one further
                continue
            if here is not None:
                go_into.append(here)
            self._show(place)
            return

    def leave_by(self, number: int) -> None:
        """Go down by so many screens, as far as there are any."""
        below = sum(isinstance(screen, PlacedScreen) for screen in self._app.screen_stack) - 1
        if min(number, below) > 0:
            self.remember()
        for _ in range(min(number, below)):
            self._app.pop_screen()

    def crumbs(self, screen: Screen[Any]) -> tuple[str, ...]:
        """The way to ``screen``: what lies below it, and itself."""
        names = ["isoview"]
        for below in self._app.screen_stack:
            if isinstance(below, PlacedScreen):
                names.append(below.crumb)
            if below is screen:
                break
        return tuple(names)

    def _show(self, place: Place) -> None:
        stack = self._app.screen_stack
        for depth, screen in enumerate(reversed(stack)):
            if isinstance(screen, PlacedScreen) and place.same_screen(
                Place(screen.VIEW, screen.subject)
            ):
                for _ in range(depth):
                    self._app.pop_screen()
                if place.state is not None:
                    screen.go_to(place.state)
                screen.refresh_bindings()
                return
        made = view_of(place.view).make(self._app, place.subject)
        made.arriving = place.state
        self._app.push_screen(made)
