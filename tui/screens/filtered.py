"""A screen whose list is filtered by what one types."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from isoview.tui.screens.panes import PanedScreen

if TYPE_CHECKING:
    from isoview.tui.filtering import Filter
    from isoview.tui.widgets.bars import FilterBar


class FilteredScreen(PanedScreen):
    """The filter's editor opens in the pane ``FILTER_IN``, below the list."""

    FILTER_IN: ClassVar[str] = "#findings-pane"
    filter: Filter | None = None

    def list_anew(self) -> None:
        """What the filter keeps has changed."""
        raise NotImplementedError

    def to_the_list(self) -> None:
        """Give the keys to the list."""
        raise NotImplementedError

    async def action_filter(self) -> None:
        from isoview.tui.widgets.bars import FilterBar

        if not self.query(FilterBar):
            await self.query_one(self.FILTER_IN).mount(FilterBar())
        self.query_one(FilterBar).open()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._take_filter(event.text)

    def on_filter_bar_left(self) -> None:
        self.to_the_list()

    def set_filter(self, text: str) -> None:
        """Filter by ``text`` as if it had been typed; empty shows everything."""
        for bar in self.query("FilterBar").results():
            cast("FilterBar", bar).put(text)
        self._take_filter(text)

    def _take_filter(self, text: str) -> None:
        from isoview.tui.filtering import Filter

        self.filter = Filter(text) or None
        self.list_anew()
        self.refresh_bindings()
