"""When papers that wait for their child's folder are looked at again."""

from __future__ import annotations

from formflow.core.clock import clock

LOOK_SECONDS = 300.0  # a folder may have been named again meanwhile


class Looks:
    """When that was last, by which pupil list, and whether there has been a reason since."""

    def __init__(self) -> None:
        self._by_list = -1
        self._at = 0.0
        self._has_news = False

    def is_due(self, by_list: int, *, has_news: bool) -> bool:
        """Return whether to look again: something was recorded, there is another list, or for a while nobody did."""
        self._has_news |= has_news
        is_old = clock.seconds() - self._at >= LOOK_SECONDS
        return self._has_news or is_old or by_list != self._by_list

    def begin(self, by_list: int) -> None:
        """Note that everything is looked at now."""
        self._by_list, self._at, self._has_news = by_list, clock.seconds(), False
