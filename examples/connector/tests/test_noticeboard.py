"""The connector keeps the contract: FormFlow's own tests, each on a fresh board."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from noticeboard import Noticeboard, NoticeboardSettings

from formflow.sdk.conformance import Trial
from formflow.sdk.conformance.suite import ConnectorTests


class TestNoticeboard(ConnectorTests):
    """What every connector must do, on a notice board."""

    def trial(self, place: Path) -> Trial:
        """Return a notice board in an empty folder, and how a person sees what hangs there."""
        board, elsewhere = place / "board", place / "elsewhere"
        board.mkdir()
        settings = NoticeboardSettings(board=board)
        no_board = NoticeboardSettings(board=place / "no board")

        @contextlib.contextmanager
        def away() -> Iterator[None]:
            board.rename(elsewhere)
            yield
            elsewhere.rename(board)

        return Trial(
            open=lambda context: Noticeboard(settings, context),
            landed=lambda: [card.stem for card in board.glob("*.txt")],
            out_of_reach=away,
            unusable=[lambda context: Noticeboard(no_board, context)],
        )
