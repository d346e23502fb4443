"""The connector keeps the contract: FormFlow's own checks, each on a fresh board."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from noticeboard import Noticeboard, NoticeboardSettings

from formflow.sdk.conformance import CHECKS, Trial


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_notice_board_keeps_the_contract(
    check: Callable[[Trial], None], tmp_path: Path
) -> None:
    board = tmp_path / "board"
    board.mkdir()
    settings = NoticeboardSettings(board=board)

    @contextlib.contextmanager
    def away() -> Iterator[None]:
        board.rename(tmp_path / "away")
        yield
        (tmp_path / "away").rename(board)

    def landed() -> list[str]:
        return [card.stem for card in board.glob("*.txt")]

    check(Trial(lambda context: Noticeboard(settings, context), landed, away))
