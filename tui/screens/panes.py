"""A screen of bordered panes: going round them, and giving one the whole screen."""

from typing import ClassVar

from textual.widget import Widget

from isoview.tui.navigation import PlacedScreen


class PanedScreen(PlacedScreen):
    """``PANES`` are the ids of what tab goes to, in order; a ``.pane`` is the frame around it."""

    PANES: ClassVar[tuple[str, ...]] = ()

    def on_mount(self) -> None:
        """Runs after the screen's own: a pane that had the whole screen last time has it again.

        Not where a jump leads to something that may stand in another pane.
        """
        name = self.isoview.settings.text(self._zoom_setting, self.PANES)
        if name is not None and self.arriving is None:
            pane = self.query_one(f"#{name}")
            self._bring_to_front(self._frame(pane))
            self.add_class("-zoomed")
            self.call_after_refresh(self.set_focus, self.focus_target(pane))

    @property
    def _zoom_setting(self) -> str:
        return f"zoom {self.VIEW}"

    def _keep_zoom(self) -> None:
        """Remember for the next time which pane has the whole screen, if one has."""
        inside = (name for name in self.PANES if self.is_in(name))
        name = next(inside, "") if self.has_class("-zoomed") else ""
        self.isoview.settings.put(self._zoom_setting, name)

    def focus_target(self, pane: Widget) -> Widget:
        """The widget of a pane that takes the keys."""
        return pane

    def action_pane(self, step: int) -> None:
        panes: list[Widget] = [self.query_one(f"#{name}") for name in self.PANES]
        inside = [i for i, pane in enumerate(panes) if self._is_in(pane)]
        pane = panes[(inside[0] + step) % len(panes) if inside else 0]
        if self.has_class("-zoomed") and self._frame(pane) is not None:
            self._bring_to_front(self._frame(pane))
        target = self.focus_target(pane)
        if target.display and not self.has_class("-zoomed"):
            self.set_focus(target)
        else:  # it can be focused when it can be seen
            self.call_after_refresh(self._focus_seen, target)

    def _focus_seen(self, target: Widget) -> None:
        self.set_focus(target)
        self._keep_zoom()

    @property
    def is_typing(self) -> bool:
        """Whether the keys go to an editor."""
        return self.focused is not None and self.focused.has_class("editor")

    def is_in(self, name: str) -> bool:
        """Whether the keys go to the pane of this name."""
        return self._is_in(self.query_one(f"#{name}"))

    def focus_pane(self, name: str) -> None:
        """Give the keys to the pane of this name."""
        self.set_focus(self.focus_target(self.query_one(f"#{name}")))

    def _is_in(self, pane: Widget) -> bool:
        return self.focused is not None and pane in self.focused.ancestors_with_self

    def _frame(self, widget: Widget | None) -> Widget | None:
        """The bordered pane around a widget."""
        around = widget.ancestors_with_self if widget is not None else ()
        return next((w for w in around if isinstance(w, Widget) and w.has_class("pane")), None)

    def _bring_to_front(self, frame: Widget | None) -> None:
        for pane in self.query(".pane"):
            pane.set_class(pane is frame, "-front")
        right = self.query_one("#right")
        right.set_class(frame is not None and right in frame.ancestors, "-holds-front")

    def action_zoom(self) -> None:
        frame = None if self.has_class("-zoomed") else self._frame(self.focused)
        if frame is None and not self.has_class("-zoomed"):
            self.notify("tab goes to a pane; z then gives it the whole screen.")
            return
        self._bring_to_front(frame)
        self.set_class(frame is not None, "-zoomed")
        self._keep_zoom()
